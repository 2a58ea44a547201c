/* What a run judges: requirements of some strictness, or of a conformance profile. What else is found counts as INFO.
 */
#ifndef REPORT_SCOPE_H
#define REPORT_SCOPE_H

#include "judge/result.h"

struct scope {
	enum strictness least; /* INFO: all are judged */
	char **requirements;   /* ids, or NULL: all */
	size_t count;
};

void scope_finish(struct scope *s);

/* A violation of what is not judged becomes INFO. 1: the result is to be settled anew. */
int scope_apply(const struct scope *s, struct result *r);

#endif
