/* When plays are told that a deadline has passed.
 *
 * Not before everything was read that had come by then. And a deadline that would be held against the target waits for
 * the answer to a ping that is sent when it passes: what the target was told before has been read by then, on whatever
 * stream it came. Ten times as long as the ping took, the target gets to finish what it had begun, which may take it a
 * few exchanges more: next to nothing where it is idle and says nothing, seconds where it is busy. A ping that is not
 * answered is the loss of the target, see run_check_liveness(). */
#include "base/mem.h"
#include "main/run.h"

#define PINGS 10

static uint64_t deadline_of(const struct play *p)
{
	uint64_t deadline = player_deadline(p->player);
	return deadline != PLAYER_NEVER && deadline == p->respite.deadline ? p->respite.until : deadline;
}

static void extend(struct play *p, uint64_t until)
{
	p->respite.deadline = player_deadline(p->player);
	p->respite.until = until;
	deadlines_watch(p);
}

/* 1: the target is asked first, or has been. */
static int gets_respite(struct play *p)
{
	struct run *r = p->run;
	int known = p->respite.deadline == player_deadline(p->player);
	if (known || !player_deadline_counts(p->player) || r->target_stopping || r->phase == PHASE_OVER) {
		return 0;
	}
	p->asks_target = 1;
	extend(p, PLAYER_NEVER);
	run_check_liveness(r);
	return 1;
}

static void after_poll(uv_check_t *check)
{
	struct suite *s = check->data;
	struct play **due = s->due.plays;
	size_t count = s->due.count;
	uv_check_stop(check);
	uv_idle_stop(&s->due.no_wait);
	s->due.plays = NULL;
	s->due.count = 0;
	for (size_t i = 0; i < count; i++) {
		struct play *p = due[i];
		if (p->ended) {
			continue;
		}
		if (run_now(p->run) >= deadline_of(p) && !gets_respite(p)) {
			cue_deadline(p);
		}
		play_pump(p);
	}
	free(due);
}

static void go_round(uv_idle_t *idle)
{
	(void)idle; /* that it is active keeps the loop from waiting */
}

static void on_timer(uv_timer_t *timer)
{
	struct play *p = timer->data;
	struct suite *s = p->run->suite;
	s->due.plays = mem_resize(s->due.plays, s->due.count + 1, sizeof(struct play *));
	s->due.plays[s->due.count++] = p;
	uv_check_start(&s->due.after_poll, after_poll);
	uv_idle_start(&s->due.no_wait, go_round);
}

void deadlines_init(struct suite *s)
{
	uv_check_init(s->loop, &s->due.after_poll);
	uv_idle_init(s->loop, &s->due.no_wait);
	s->due.after_poll.data = s;
}

void deadlines_watch(struct play *p)
{
	uint64_t deadline = deadline_of(p);
	uv_timer_stop(&p->timer);
	if (deadline != PLAYER_NEVER) {
		uint64_t now = run_now(p->run);
		uint64_t wait = deadline > now ? (deadline - now + 999) / 1000 : 0;
		uv_timer_start(&p->timer, on_timer, wait, 0);
	}
}

void deadlines_answered(struct run *r, uint64_t took)
{
	for (size_t i = 0; i < r->next; i++) {
		struct play *p = r->plays[i];
		if (p->asks_target && !p->ended) {
			p->asks_target = 0;
			p->respite.until = run_now(r) + PINGS * took;
			deadlines_watch(p);
		}
	}
}

void deadlines_hold(struct play *p)
{
	uint64_t now = run_now(p->run);
	uint64_t deadline = player_deadline(p->player);
	p->respite.left = deadline > now ? deadline - now : 0;
	extend(p, PLAYER_NEVER);
}

void deadlines_go_on(struct play *p)
{
	extend(p, run_now(p->run) + p->respite.left);
}
