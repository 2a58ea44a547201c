#include "script/lines.h"

#include "base/jtext.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1024 * 1024)

void lines_take(struct lines *ls, const struct line *line)
{
	ls->items = mem_grow(ls->items, ls->count, sizeof *ls->items);
	ls->items[ls->count++] = *line;
}

void lines_add(struct lines *ls, const struct line *line)
{
	struct line copy = *line;
	copy.text = mem_strdup(line->text);
	lines_take(ls, &copy);
}

static void add_raw(struct lines *ls, const char *file, int number, const char *start, size_t len)
{
	while (len && strchr(" \t\r", start[len - 1])) {
		len--;
	}
	struct line line = {.file = file, .number = number};
	size_t at = 0;
	while (at < len && start[at] == '\t') {
		at++;
	}
	line.indent = (int)at;
	while (at < len && start[at] == ' ') {
		at++;
		line.spaces++;
	}
	if (line.spaces) {
		line.indent++;
	}
	line.text = mem_strndup(start + at, len - at);
	lines_take(ls, &line);
}

void lines_split(struct lines *ls, const char *file, const char *text)
{
	int number = 1;
	while (*text) {
		size_t len = strcspn(text, "\n");
		add_raw(ls, file, number++, text, len);
		text += len;
		if (*text) {
			text++;
		}
	}
}

void lines_finish(struct lines *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		free(ls->items[i].text);
	}
	free(ls->items);
	*ls = (struct lines){0};
}

int line_is_comment(const struct line *line)
{
	return !line->text[0] ||
		   (!line->indent && (line->text[0] == '#' || !strncmp(line->text, "//", 2) || !strncmp(line->text, "--", 2)));
}

char *file_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		return NULL;
	}
	struct buf b = {0};
	char chunk[8192];
	size_t got;
	int error = 0;
	while ((got = fread(chunk, 1, sizeof chunk, f)) > 0 && !error) {
		buf_add(&b, chunk, got);
		if (b.len > FILE_MAX) {
			error = EFBIG;
		}
	}
	if (ferror(f)) {
		error = EIO;
	}
	fclose(f);
	/* What is read here goes to reports as JSON, so its rule decides what is UTF-8. */
	if (!error && (!jtext_fits(buf_text(&b), b.len) || strlen(buf_text(&b)) != b.len)) {
		error = EILSEQ;
	}
	if (error) {
		buf_finish(&b);
		errno = error;
		return NULL;
	}
	return buf_take(&b);
}
