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
void problems_finish(struct problems *ps);

#endif
