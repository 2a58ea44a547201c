/* What is wrong with scenarios, phrases or tables: each with file, line and column, gathered so that one run shows all.
 */
#ifndef SCRIPT_PROBLEM_H
#define SCRIPT_PROBLEM_H

#include <stddef.h>

struct problem {
	char *file;
	int line, column; /* from 1 */
	char *message;
};

struct problems {
	struct problem *items;
	size_t count;
};

void problems_add(struct problems *ps, const char *file, int line, int column, const char *format, ...)
		__attribute__((format(printf, 5, 6)));
/* Adds to the messages from index `from` on which line of a scenario used the phrase that they point into. */
void problems_used_at(struct problems *ps, size_t from, const char *file, int line);
/* The same for problems of a play that a row of a table fills in, named once for all rows: those from `from` on that
 * are there already since `table` are dropped, the others get the place of the row. */
void problems_of_row(struct problems *ps, size_t table, size_t from, const char *file, int line);
void problems_finish(struct problems *ps);

#endif
