/* What plays wait for: others begin while they wait for time only. And how long nothing but quiet windows keeps the run
 * from going on, for `make bench`. */
#include "main/run.h"

void waits_note_run(struct run *r)
{
	struct suite *s = r->suite;
	uint64_t now = run_now(r);
	if (s->waits.quiet) {
		s->waits.total += now - s->waits.since;
	}
	s->waits.since = now;
	r->waits.quiet = r->active ? !r->waits.busy : r->phase == PHASE_SETTLE;
	s->waits.quiet = !suite_over(s);
	for (size_t i = 0; i < s->runs_count; i++) {
		s->waits.quiet &= s->runs[i]->waits.quiet || s->runs[i]->phase == PHASE_OVER;
	}
}

void waits_note(struct play *p)
{
	uint64_t now = run_now(p->run);
	struct player_wait wait = player_waits_for(p->player);
	struct play_waits *w = &p->waits;
	if (wait.what != w->now.what || wait.step != w->now.step) {
		if (w->now.what && now - w->since > w->longest_us) {
			w->longest = w->now;
			w->longest_us = now - w->since;
		}
		w->now = wait;
		w->since = now;
	}
	int busy = !p->reported && !wait.quiet;
	int asks = busy && !p->held;
	struct suite *s = p->run->suite;
	p->run->waits.busy += (size_t)(busy - w->busy);
	s->waits.asking += (size_t)(asks - w->asks);
	for (size_t i = 0; w->asks && !asks && i < s->runs_count; i++) {
		run_wake(s->runs[i]);
	}
	w->busy = busy;
	w->asks = asks;
	waits_note_run(p->run);
}

json_t *waits_json(const struct play *p)
{
	const struct play_waits *w = &p->waits;
	if (!w->longest.what) {
		return json_null();
	}
	const struct step *step = w->longest.step;
	return json_pack("{s:f, s:s, s:o, s:o}", "ms", (double)w->longest_us / 1000.0, "for", w->longest.what, "line",
			step ? json_integer(step->used_at ? step->used_at : step->line) : json_null(), "step",
			step ? json_string(step->text) : json_null());
}
