/* Results and the catalogue as JSON (harness/README.md). */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/buf.h"
#include "report/tap.h"
#include "script/catalogue.h"

/* The `result` event; waited: what it waited for longest, as JSON, or NULL where that is not known. */
void json_result(struct buf *b, const struct report_row *row, const char *file, const char *waited);

/* What `buddycheck-engine catalogue` prints; event: its name where it is an event, or NULL. */
void json_catalogue(struct buf *b, const struct catalogue *c, const char *event);

#endif
