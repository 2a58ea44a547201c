#include "script/problem.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void problems_add(struct problems *ps, const char *file, int line, int column, const char *format, ...)
{
	char message[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	ps->items = mem_resize(ps->items, ps->count + 1, sizeof *ps->items);
	ps->items[ps->count++] =
			(struct problem){.file = mem_strdup(file), .line = line, .column = column, .message = mem_strdup(message)};
}

void problems_used_at(struct problems *ps, size_t from, const char *file, int line)
{
	for (size_t i = from; i < ps->count; i++) {
		char *longer = mem_printf("%s (used at %s:%d)", ps->items[i].message, file, line);
		free(ps->items[i].message);
		ps->items[i].message = longer;
	}
}

void problems_finish(struct problems *ps)
{
	for (size_t i = 0; i < ps->count; i++) {
		free(ps->items[i].file);
		free(ps->items[i].message);
	}
	free(ps->items);
	*ps = (struct problems){0};
}
