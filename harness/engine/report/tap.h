/* TAP 14 with YAML diagnostics, and TAP 13 for prove (testanything.org). Pure: rows in, text out. */
#ifndef REPORT_TAP_H
#define REPORT_TAP_H

#include "base/buf.h"
#include "judge/result.h"

struct report_row {
	const char *id, *title;
	int repeat, repeats; /* of one scenario; 1 of 1 normally */
	const struct result *result;
	char *failure; /* text for people, or NULL */
};

struct tap_options {
	int version;		  /* 14 or 13 */
	int strict;			  /* a WARN is not excused by TODO */
	const char *bail_out; /* why the run could not go on, or NULL */
};

void tap_write(struct buf *out, const struct report_row *rows, size_t count, const struct tap_options *options);

#endif
