/* A quiet window that is too short for the target: how that is noticed, and what is done about it. A target that
 * answers a question before it has sent, or done, what was due before may be given up on too early. Where one is seen
 * to take that long, silence is waited for longer from then on, and what was found wrong before is played once more. */
#include "base/mem.h"
#include "main/run.h"

#define TIMES 2						/* what was seen may not be the longest that there is */
#define LONGEST ((uint64_t)1000000) /* microseconds; nobody waits longer for every silence */

static uint64_t given(const struct suite *s)
{
	return (uint64_t)(s->plan.profile.quiet_ms * 1000.0 * s->plan.patience);
}

uint64_t hasty_quiet(const struct suite *s)
{
	return s->hasty.quiet > given(s) ? s->hasty.quiet : given(s);
}

static void wait_longer(struct suite *s)
{
	for (size_t i = 0; i < s->runs_count; i++) {
		const struct run *r = s->runs[i];
		for (size_t n = 0; n < r->next; n++) {
			if (r->plays[n]->begun && !r->plays[n]->ended) {
				cue_quiet(r->plays[n], s->hasty.quiet);
			}
		}
	}
}

void hasty_note(const struct play *p)
{
	struct suite *s = p->run->suite;
	uint64_t seen = player_overtaken(p->player);
	if (seen <= s->hasty.overtaken) {
		return;
	}
	s->hasty.overtaken = seen;
	uint64_t quiet = seen * TIMES < LONGEST ? seen * TIMES : LONGEST;
	if (quiet > hasty_quiet(s)) {
		s->hasty.quiet = quiet;
		wait_longer(s);
		char *text = mem_printf(
				"an answer overtook what was due before it by %.0f ms: the quiet window is %.0f ms from here on",
				(double)seen / 1000.0, (double)quiet / 1000.0);
		journal_note(p->run, p, -1, "hasty", text);
		free(text);
	}
}

static int is_in_doubt(const struct play *p)
{
	if (!p->reported || p->ended || p->again || p->quiet >= p->run->suite->hasty.quiet) {
		return 0;
	}
	enum verdict v = player_result(p->player)->verdict;
	return v == VERDICT_FAIL || v == VERDICT_WARN || v == VERDICT_INCONCLUSIVE;
}

int hasty_again(struct run *r)
{
	size_t before = r->next;
	int side_by_side = before <= r->parallel_count;
	size_t count = 0;
	for (size_t i = 0; i < before; i++) {
		struct play *old = r->plays[i];
		if (!is_in_doubt(old)) {
			continue;
		}
		play_end(old, NULL, VERDICT_PASS);
		old->again = play_create(r, old->scenario, old->repeat, side_by_side ? WITH_ALL : ALONE);
		old->again->before = old;
		r->plays = mem_resize(r->plays, r->plays_count + 1, sizeof(struct play *));
		for (size_t n = r->plays_count++; n > before + count; n--) {
			r->plays[n] = r->plays[n - 1];
		}
		r->plays[before + count++] = old->again;
	}
	r->parallel_count += side_by_side ? count : 0;
	r->suite->hasty.again += count;
	return count > 0;
}

/* Each once, however often it is repeated. */
static void list_again(const struct run *r, json_t *ids)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		if (r->plays[i]->again) {
			json_object_set_new(ids, r->plays[i]->scenario->id, json_null());
		}
	}
}

json_t *hasty_json(const struct suite *s)
{
	if (!s->hasty.quiet) {
		return json_null();
	}
	json_t *ids = json_object();
	for (size_t i = 0; i < s->runs_count; i++) {
		list_again(s->runs[i], ids);
	}
	json_t *scenarios = json_array();
	const char *id;
	json_t *nothing;
	json_object_foreach(ids, id, nothing)
	{
		json_array_append_new(scenarios, json_string(id));
	}
	json_decref(ids);
	return json_pack("{s:f, s:f, s:f, s:i, s:o}", "ms", (double)s->hasty.overtaken / 1000.0, "given_ms",
			(double)given(s) / 1000.0, "quiet_ms", (double)s->hasty.quiet / 1000.0, "again", (int)s->hasty.again,
			"scenarios", scenarios);
}
