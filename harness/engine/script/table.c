#include "script/table.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ID, PLAY, FIXED };

static const char *const fixed[FIXED] = {"id", "play"};

/* Length of the name at text, 0 if there is none. It begins with a letter: `{2}` repeats something in a pattern. */
static size_t name_length(const char *text)
{
	size_t len = 0;
	while (isalnum((unsigned char)text[len]) || (len && (text[len] == '_' || text[len] == '-'))) {
		len++;
	}
	return isalpha((unsigned char)text[0]) ? len : 0;
}

/* `{any}` and `{absent}` mean something else in stanzas. */
static int is_pattern(const char *name, size_t len)
{
	return (len == 3 && !memcmp(name, "any", 3)) || (len == 6 && !memcmp(name, "absent", 6));
}

/* Cells of a line, which is cut at its tabs; their number goes to *count. */
static const char **split(char *line, size_t *count)
{
	const char **cells = NULL;
	*count = 0;
	while (line) {
		cells = mem_resize(cells, *count + 1, sizeof *cells);
		cells[(*count)++] = line;
		line = strchr(line, '\t');
		if (line) {
			*line++ = '\0';
		}
	}
	return cells;
}

static int find_column(const struct table *t, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(t->columns[i]) == len && !memcmp(t->columns[i], name, len)) {
			return (int)i;
		}
	}
	return -1;
}

/* 0, or -1 with a problem. */
static int read_head(struct table *t, char *line, struct problems *ps)
{
	t->columns = split(line, &t->columns_count);
	t->used = mem_alloc(t->columns_count * sizeof *t->used);
	for (size_t i = 0; i < FIXED; i++) {
		if (i >= t->columns_count || strcmp(t->columns[i], fixed[i]) != 0) {
			problems_add(ps, t->file, 1, 1, "column %zu; expected '%s'", i + 1, fixed[i]);
			return -1;
		}
	}
	for (size_t i = FIXED; i < t->columns_count; i++) {
		const char *name = t->columns[i];
		size_t len = name_length(name);
		if (!len || name[len] || is_pattern(name, len) || find_column(t, i, name, len) >= 0) {
			problems_add(ps, t->file, 1, 1,
					"column %zu is called '%s'; expected a name of its own: a letter, then letters, digits, '-' and "
					"'_'; "
					"not any or absent",
					i + 1, name);
			return -1;
		}
	}
	t->used[ID] = t->used[PLAY] = 1;
	return 0;
}

/* "area/name" */
static int is_id(const char *text)
{
	const char *slash = strchr(text, '/');
	return slash && slash > text && slash[1] && !strchr(slash + 1, '/') && !strpbrk(text, " ,*?[]") && *text != '.';
}

static void read_row(struct table *t, char *line, int number, struct problems *ps)
{
	size_t count;
	struct table_row row = {.cells = split(line, &count), .line = number};
	if (count != t->columns_count) {
		problems_add(ps, t->file, number, 1, "%zu cells; expected %zu separated by tabs", count, t->columns_count);
	} else if (!is_id(row.cells[ID])) {
		problems_add(ps, t->file, number, 1, "id '%s'; expected area/name", row.cells[ID]);
	} else if (!*row.cells[PLAY] || strchr(row.cells[PLAY], '/')) {
		problems_add(ps, t->file, number, 1, "play '%s'; expected the name of a .play file beside the table",
				row.cells[PLAY]);
	} else {
		row.id = row.cells[ID];
		row.play = row.cells[PLAY];
		t->rows = mem_resize(t->rows, t->rows_count + 1, sizeof *t->rows);
		t->rows[t->rows_count++] = row;
		return;
	}
	free(row.cells);
}

void table_read(struct table *t, const char *file, const char *text, struct problems *ps)
{
	*t = (struct table){.file = mem_strdup(file), .text = mem_strdup(text)};
	int number = 1;
	for (char *at = t->text, *next; *at || number == 1; at = next, number++) {
		size_t len = strcspn(at, "\n");
		next = at + len + (at[len] != '\0');
		at[len] = '\0';
		if (number == 1) {
			if (read_head(t, at, ps)) {
				return;
			}
		} else if (*at) {
			read_row(t, at, number, ps);
		}
	}
	if (number == 2) {
		problems_add(ps, t->file, 1, 1, "expected rows below the names of the columns");
	}
}

/* Length of the name in `{name}` at text, 0 if there is none. */
static size_t named_length(const char *text)
{
	size_t len = *text == '{' ? name_length(text + 1) : 0;
	return len && text[len + 1] == '}' ? len : 0;
}

char *table_fill_in(
		struct table *t, const struct table_row *row, const char *play, const char *text, struct problems *ps)
{
	struct buf b = {0};
	int line = 1;
	for (const char *start = text, *c = text; *c;) {
		size_t len = c == text || c[-1] != '$' ? named_length(c) : 0;
		int column = len ? find_column(t, t->columns_count, c + 1, len) : -1;
		if (column >= 0) {
			buf_add_text(&b, row->cells[column]);
			t->used[column] = 1;
			c += len + 2;
			continue;
		}
		if (len && !is_pattern(c + 1, len)) {
			problems_add(ps, play, line, (int)(c - start) + 1, "%.*s is no column of %s", (int)len + 2, c, t->file);
		}
		if (*c == '\n') {
			line++;
			start = c + 1;
		}
		buf_add(&b, c++, 1);
	}
	return buf_take(&b);
}

void table_check_used(const struct table *t, struct problems *ps)
{
	for (size_t i = 0; t->rows_count && i < t->columns_count; i++) {
		if (!t->used[i]) {
			problems_add(ps, t->file, 1, 1, "column '%s' is used by no play of this table: expected {%s} in one",
					t->columns[i], t->columns[i]);
		}
	}
}

void table_finish(struct table *t)
{
	for (size_t i = 0; i < t->rows_count; i++) {
		free(t->rows[i].cells);
	}
	free(t->rows);
	free(t->columns);
	free(t->used);
	free(t->text);
	free(t->file);
	*t = (struct table){0};
}
