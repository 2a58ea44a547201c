/* What becomes of a run whose target ends without being asked to, or does not answer any more. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

static int under_way(const struct play *p)
{
	return p->begun && !p->ended && (!p->reported || p->doubtful);
}

static void let_go(struct run *r)
{
	uv_timer_stop(&r->timer);
	uv_timer_stop(&r->check_timer);
	r->checking = r->check_again = r->target_stopping = 0;
	hooks_reset(r->hooks);
	if (r->undoing) {
		r->undoing = 0;
		r->tidied = 0; /* what was being put back is begun anew */
	}
}

/* Blamed is only who was played alone since the target was started: what happened before it cannot be the cause. The
 * others that were under way the first time are cleared by that, and need not be played alone. */
static void blame(struct run *r, struct play *p, struct loss *loss)
{
	p->loss = loss;
	for (const struct play *attempt = p; attempt; attempt = attempt->before) {
		if (attempt->loss) {
			attempt->loss->blamed = p;
		}
	}
	for (size_t i = r->next; i < r->parallel_count; i++) {
		r->plays[i]->company = WITH_ALL;
	}
	play_lost(p, loss->reason, VERDICT_FAIL);
}

static int sent_later(const void *a, const void *b)
{
	const struct play *x = *(struct play *const *)a;
	const struct play *y = *(struct play *const *)b;
	return (y->sent_last > x->sent_last) - (y->sent_last < x->sent_last);
}

static int sent_earlier(const void *a, const void *b)
{
	return sent_later(b, a);
}

/* Puts a new attempt of each before what has not begun, the likeliest first: who sent last before the target ended, who
 * has waited longest for one that fell silent. */
static void play_again(struct run *r, struct play **suspects, size_t count, int ended)
{
	int side_by_side = r->next <= r->parallel_count;
	qsort(suspects, count, sizeof(struct play *), ended ? sent_later : sent_earlier);
	r->plays = mem_resize(r->plays, r->plays_count + count, sizeof(struct play *));
	memmove(r->plays + r->next + count, r->plays + r->next, (r->plays_count - r->next) * sizeof(struct play *));
	for (size_t i = 0; i < count; i++) {
		struct play *old = suspects[i];
		old->again = play_create(r, old->scenario, old->repeat, ALONE);
		old->again->before = old;
		r->plays[r->next + i] = old->again;
	}
	r->plays_count += count;
	r->parallel_count += side_by_side ? count : 0;
}

static size_t suspect(struct run *r, struct loss *loss, struct play **suspects)
{
	size_t count = 0;
	char *why = mem_printf("%s while this was under way, and others before or beside it", loss->reason);
	for (size_t i = 0; i < r->next; i++) {
		struct play *p = r->plays[i];
		if (under_way(p)) {
			p->loss = loss;
			play_lost(p, why, VERDICT_INCONCLUSIVE);
			suspects[count++] = p;
		}
	}
	free(why);
	return count;
}

void loss_happened(struct run *r, const char *reason, int ended)
{
	if (!r->suite->plan.profile.started_by_driver) {
		run_abort(r, r->phase == PHASE_LIVENESS ? "end" : "run", reason);
		return;
	}
	struct loss *loss = &r->losses[r->losses_count++];
	loss->reason = mem_strdup(reason);
	journal_note(r, NULL, -1, "lost", reason);
	let_go(r);
	struct play **suspects = mem_alloc(r->plays_count * sizeof *suspects);
	size_t count = 0;
	if (r->lone && !r->lone->ended) {
		blame(r, r->lone, loss);
	} else {
		count = suspect(r, loss, suspects);
	}
	run_end_plays(r, r->next);
	pool_finish(&r->pool);
	if (r->losses_count == LOSSES_MAX && (count || r->next < r->plays_count)) {
		char *text = mem_printf("%s, for the %dth time", reason, LOSSES_MAX);
		run_abort(r, "run", text);
		free(text);
	} else {
		play_again(r, suspects, count, ended);
		r->next < r->plays_count ? run_start_again(r) : run_finish(r);
	}
	free(suspects);
}

int loss_reports(const struct play *p)
{
	return p->ended && !(p->again && p->again->begun);
}

static void each_under_way(
		const struct run *r, const struct loss *loss, void (*tell)(void *ud, const char *id), void *ud)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		if (r->plays[i]->loss == loss) {
			tell(ud, r->plays[i]->scenario->id);
		}
	}
}

static void list_id(void *ud, const char *id)
{
	struct buf *text = ud;
	buf_printf(text, "%s%s", text->len ? ", " : "", id);
}

size_t loss_rows(const struct run *r, struct report_row *out, struct result *results)
{
	size_t count = 0;
	for (size_t i = 0; i < r->losses_count; i++) {
		const struct loss *loss = &r->losses[i];
		if (loss->blamed) {
			continue;
		}
		struct buf ids = {0};
		each_under_way(r, loss, list_id, &ids);
		results[count] = (struct result){.verdict = VERDICT_INCONCLUSIVE,
				.reason = mem_printf("%s, and no scenario can be blamed; under way: %s", loss->reason,
						ids.len ? buf_text(&ids) : "none")};
		buf_finish(&ids);
		out[count] = (struct report_row){
				.id = "run", .title = "The target stays alive", .repeat = 1, .repeats = 1, .result = &results[count]};
		count++;
	}
	return count;
}

static void add_id(void *ud, const char *id)
{
	json_array_append_new(ud, json_string(id));
}

void loss_json(const struct run *r, json_t *list)
{
	for (size_t i = 0; i < r->losses_count; i++) {
		const struct loss *loss = &r->losses[i];
		json_t *ids = json_array();
		each_under_way(r, loss, add_id, ids);
		json_array_append_new(list, json_pack("{s:s, s:o, s:s?}", "reason", loss->reason, "under_way", ids, "blamed",
											loss->blamed ? loss->blamed->scenario->id : NULL));
	}
}

void loss_finish(struct run *r)
{
	for (size_t i = 0; i < r->losses_count; i++) {
		free(r->losses[i].reason);
	}
}
