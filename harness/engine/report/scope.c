#include "report/scope.h"

#include <stdlib.h>
#include <string.h>

void scope_finish(struct scope *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->requirements[i]);
	}
	free(s->requirements);
	*s = (struct scope){0};
}

static int is_judged(const struct scope *s, const struct finding *f)
{
	if (f->strictness < s->least) {
		return 0;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (!strcmp(s->requirements[i], f->id)) {
			return 1;
		}
	}
	return !s->requirements;
}

int scope_apply(const struct scope *s, struct result *r)
{
	int changed = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct finding *f = &r->findings[i];
		if ((f->verdict == VERDICT_FAIL || f->verdict == VERDICT_WARN) && !is_judged(s, f)) {
			f->verdict = VERDICT_INFO;
			changed = 1;
		}
	}
	/* Settling would undo the verdict that an expectation gave to the scenario as a whole. */
	return changed && r->verdict != VERDICT_XFAIL && r->verdict != VERDICT_XPASS;
}
