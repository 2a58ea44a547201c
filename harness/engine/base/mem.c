#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
	fputs("buddycheck-engine: out of memory\n", stderr);
	_Exit(3);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p) {
		out_of_memory();
	}
	return p;
}

void *mem_resize(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		out_of_memory();
	}
	size_t total = count * size;
	void *p = realloc(old, total ? total : 1);
	if (!p) {
		out_of_memory();
	}
	return p;
}

void *mem_grow(void *old, size_t count, size_t size)
{
	int full = !(count & (count - 1)); /* room is always for a power of two */
	return full ? mem_resize(old, count ? 2 * count : 1, size) : old;
}

char *mem_strndup(const char *text, size_t len)
{
	char *copy = mem_resize(NULL, len + 1, 1); /* calloc() takes none of malloc()'s quick ways */
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *mem_strdup(const char *text)
{
	return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = NULL;
	int len = vasprintf(&text, format, args); /* one pass; measuring first took as long as writing */
	va_end(args);
	if (len < 0) {
		out_of_memory();
	}
	return text;
}
