/* What a play is worth whose target did not survive it. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>

/* Connections that ended with the target looked like answers that were missing. */
static void forget_violations(struct result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct finding *f = &r->findings[i];
		if (f->verdict != VERDICT_PASS) {
			f->verdict = VERDICT_UNDECIDED;
			evidence_unref(f->evidence);
			f->evidence = NULL;
		}
	}
}

void player_lost(struct player *p, const char *why, const char *detail, enum verdict verdict, uint64_t now)
{
	struct result *r = &p->result;
	if (p->ended) {
		return;
	}
	free(r->trouble);
	evidence_unref(r->trouble_evidence);
	r->trouble_evidence = NULL;
	r->trouble = mem_strdup(why);
	if (detail && *detail) {
		r->trouble_evidence = evidence_create(EVIDENCE_LOST);
		r->trouble_evidence->said = mem_strdup(detail);
	}
	r->trouble_verdict = verdict;
	r->trouble_at = step_at(p, p->entering);
	if (verdict != VERDICT_FAIL) {
		forget_violations(r);
	} else if (!p->over && p->open && !wait_passes(p->wait)) {
		p->fences_again = 1;
		steps_timeout(p, now); /* what it waits for will never come */
	}
}
