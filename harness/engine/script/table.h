/* A table of scenarios: `<area>/<name>.tsv`. Each row makes one scenario of a play, `<area>/<play>.play`, in which
 * `{column}` stands for the row's cell. The first two columns are `id` (the scenario's) and `play`; the others are the
 * table's own. */
#ifndef SCRIPT_TABLE_H
#define SCRIPT_TABLE_H

#include "script/problem.h"

#include <stddef.h>

struct table {
	char *file; /* "state/appendix-a.tsv" */
	char *text; /* that names and cells point into */
	const char **columns;
	int *used; /* per column: some play has it */
	size_t columns_count;
	struct table_row {
		const char *id, *play;
		const char **cells; /* one for each column */
		int line;
	} * rows;
	size_t rows_count;
};

/* Rows that are wrong are left out; what is wrong goes to ps. */
void table_read(struct table *t, const char *file, const char *text, struct problems *ps);

/* The text of a play for one row, for free(). Line numbers stay as they are. play is the file shown in problems. */
char *table_fill_in(
		struct table *t, const struct table_row *row, const char *play, const char *text, struct problems *ps);

/* Columns that no play has had. */
void table_check_used(const struct table *t, struct problems *ps);
void table_finish(struct table *t);

#endif
