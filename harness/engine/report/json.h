/* Results and the catalogue as JSON (harness/README.md). */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "report/tap.h"
#include "script/catalogue.h"

#include <jansson.h>

/* The `result` event. The caller owns the reference. */
json_t *json_result(const struct report_row *row, const char *file);

/* What `buddycheck-engine catalogue` prints. */
json_t *json_catalogue(const struct catalogue *c);

#endif
