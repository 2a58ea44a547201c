/* The plan of a run, as the driver hands it over on standard input. */
#ifndef MAIN_PLAN_H
#define MAIN_PLAN_H

#include "report/expect.h"
#include "report/scope.h"
#include "target/profile.h"

#include <stdint.h>

struct plan {
	char *scenarios_dir, *journal, *rerun;
	char *certificates; /* folder for those of the target; NULL without TLS between servers */
	char *tap_path;
	int tap_version, strict;
	char **select;
	size_t select_count;
	int jobs, repeat;
	int instances; /* of the target that the driver can start, from 1 */
	uint64_t seed;
	double patience;
	struct expectations expect;
	struct scope scope;
	struct profile profile;
};

/* 0, or ERR_SYNTAX with *error (one line, to free()). */
int plan_read(struct plan *p, const char *line, char **error);
/* Of a plan: what is expected to fail, and what counts. 0, or ERR_SYNTAX with *error; expectations_finish() and
 * scope_finish() in any case. */
int plan_read_judging(const json_t *json, struct expectations *expect, struct scope *scope, char **error);
void plan_finish(struct plan *p);

#endif
