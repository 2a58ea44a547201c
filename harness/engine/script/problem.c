#include "script/problem.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define ROW " (row "

static int is_same(const struct problem *known, const struct problem *p)
{
	size_t len = strlen(p->message);
	return known->line == p->line && known->column == p->column && !strcmp(known->file, p->file) &&
		   !strncmp(known->message, p->message, len) && !strncmp(known->message + len, ROW, strlen(ROW));
}

static int is_known(const struct problems *ps, size_t from, size_t to, const struct problem *p)
{
	for (size_t i = from; i < to; i++) {
		if (is_same(&ps->items[i], p)) {
			return 1;
		}
	}
	return 0;
}

void problems_of_row(struct problems *ps, size_t table, size_t from, const char *file, int line)
{
	size_t kept = from;
	for (size_t i = from; i < ps->count; i++) {
		struct problem p = ps->items[i];
		if (is_known(ps, table, from, &p)) {
			free(p.file);
			free(p.message);
			continue;
		}
		char *longer = mem_printf("%s" ROW "%s:%d)", p.message, file, line);
		free(p.message);
		p.message = longer;
		ps->items[kept++] = p;
	}
	ps->count = kept;
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
