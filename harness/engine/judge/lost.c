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
			free(f->detail);
			f->detail = NULL;
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
	free(r->trouble_detail);
	r->trouble = mem_strdup(why);
	r->trouble_detail = mem_strdup(detail);
	r->trouble_verdict = verdict;
	if (verdict != VERDICT_FAIL) {
		forget_violations(r);
	} else if (!p->over && p->open && !wait_passes(p->wait)) {
		p->fences_again = 1;
		steps_timeout(p, now); /* what it waits for will never come */
	}
}
