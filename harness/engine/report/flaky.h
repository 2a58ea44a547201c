/* Scenarios whose repetitions differ. Pure: rows in, rows out. */
#ifndef REPORT_FLAKY_H
#define REPORT_FLAKY_H

#include "report/tap.h"

/* Writes one row for every scenario whose repetitions have different verdicts, its verdict FLAKY; the number of rows.
 * Rows are in the order of ids; `out` has room for half as many. The results are new: flaky_finish frees them. */
size_t flaky_find(const struct report_row *rows, size_t count, struct report_row *out, struct result *results);
void flaky_finish(struct result *results, size_t count);

#endif
