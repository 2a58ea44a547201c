/* The way through a play: from step to step, waits that end, and the silence at its end. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

const char *actor_name(const struct player *p, int actor)
{
	return actor < 0 ? "the target" : p->config.scenario->cast[actor].name;
}

int seat_is_client(const struct player *p, int actor)
{
	return actor_class_is_client(p->config.scenario->cast[actor].class);
}

int seat_connects(const struct player *p, int actor)
{
	return actor_class_connects(p->config.scenario->cast[actor].class);
}

int step_is_query(const struct step *step)
{
	return step->kind == STEP_PENDING || step->kind == STEP_ROSTER;
}

int wait_passes(enum wait_kind kind)
{
	return kind == WAIT_NOTICED || kind == WAIT_QUIET || kind == WAIT_END_QUIET;
}

int seats_leaving(const struct player *p)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		if (p->seats[i].leaving) {
			return 1;
		}
	}
	return 0;
}

void steps_wait_for(struct player *p, const struct step *step, enum wait_kind kind, uint64_t deadline)
{
	p->open = step;
	p->wait = kind;
	p->deadline = deadline;
}

void steps_wait_for_fences(struct player *p, const struct step *step, enum wait_kind kind, uint64_t now)
{
	p->fences_again = 0;
	steps_wait_for(p, step, kind, now + p->config.deadline / 2);
}

/* Of a receiving step, also of one inside of the open `Together:` or `either:`. */
uint64_t step_deadline(const struct player *p, const struct step *step)
{
	return p->entered + (step->within_ms ? (uint64_t)step->within_ms * 1000 : p->config.deadline);
}

static void play_is_over(struct player *p, uint64_t now)
{
	p->over = 1;
	p->open = NULL;
	p->deadline = PLAYER_NEVER;
	p->result.ended = now;
}

void note_trouble_at(struct player *p)
{
	if (p->result.trouble && !p->result.trouble_at.file) {
		p->result.trouble_at = step_at(p, p->entering);
	}
}

void play_fails(struct player *p, uint64_t now)
{
	note_trouble_at(p);
	p->frames_count = 0;
	play_is_over(p, now);
}

void step_missed(struct player *p, const struct step *step, struct evidence *e)
{
	decide_step(p, step, 0, e);
	size_t deciding = 0;
	for (size_t i = 0; i < step->checks_count; i++) {
		deciding += !(step->checks[i].xpath || step->checks[i].in_order);
	}
	if (!deciding) {
		char *place = step_place(p, step);
		decide_unmet(p, place, step, e);
		free(place);
	}
}

/* A step that the play cannot go on without: it is relied on, or it decides nothing itself. */
static int essential(const struct step *step)
{
	int relies = !step->checks_count;
	for (size_t i = 0; i < step->checks_count; i++) {
		relies |= step->checks[i].relies;
	}
	return relies;
}

/* 1: the open step is met. */
static int try_open(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	switch (p->wait) {
	case WAIT_STEP:
		return step_try(p, step, now);
	case WAIT_GONE:
		if (!seats_leaving(p)) {
			steps_wait_for(p, step, WAIT_NOTICED, now + p->config.quiet);
		}
		return 0;
	case WAIT_FENCE:
		if (fences_open(p)) {
			return 0;
		}
		if (step->kind == STEP_HOOK) {
			hook_settle(p, step, now);
		} else if (step->kind == STEP_NOTHING) {
			uint64_t own = (uint64_t)step->within_ms * 1000;
			steps_wait_for(p, step, WAIT_QUIET, now + (own > p->config.quiet ? own : p->config.quiet));
		} else {
			hook_call(p, step, now);
		}
		return 0;
	default:
		return 0;
	}
}

/* A question about the target's state, or a comparison, whose answer was wrong: what follows can still be judged,
 * unless the play relies on it. */
void query_missed(struct player *p, const struct step *step, struct evidence *e, uint64_t now)
{
	step_missed(p, step, e);
	if (essential(step)) {
		play_fails(p, now);
	}
}

static const struct step *next_step(struct player *p)
{
	while (p->frames_count) {
		struct frame *f = &p->frames[p->frames_count - 1];
		if (f->next < f->steps->count) {
			return &f->steps->items[f->next++];
		}
		p->frames_count--;
	}
	return NULL;
}

static void end_is_quiet(struct player *p, uint64_t now)
{
	for (size_t i = 0; i < p->arms_count; i++) {
		const struct arm *a = &p->arms[i];
		if (a->until_act) {
			continue;
		}
		if (!seat_connects(p, a->step->actor) || p->seats[a->step->actor].connected) {
			decide_step(p, a->step, 1, NULL);
		} else {
			result_trouble(&p->result, VERDICT_INCONCLUSIVE,
					"%s was not connected at the end, so silence is not proved", actor_name(p, a->step->actor));
		}
	}
	play_is_over(p, now);
}

/* A target may refuse to talk to such a peer at all: no question of its own is answered for certain. */
static int may_be_refused(const struct player *p, int actor)
{
	const struct actor *a = &p->config.scenario->cast[actor];
	return a->certificate || (a->tls && !strcmp(a->tls, "none"));
}

/* The play has come through: prove the prohibitions that no `receives: nothing` proved. */
static void begin_end(struct player *p, uint64_t now)
{
	int fenced = 0;
	for (size_t i = 0; i < p->arms_count; i++) {
		const struct arm *a = &p->arms[i];
		const struct seat *seat = &p->seats[a->step->actor];
		if (a->until_act || (seat_connects(p, a->step->actor) && !seat->connected) ||
				may_be_refused(p, a->step->actor)) {
			continue;
		}
		if (!seat->fence_open) {
			fence_send(p, a->step->actor);
		}
		fenced = 1;
	}
	p->entering = NULL;
	if (fenced) {
		steps_wait_for_fences(p, NULL, WAIT_END_FENCE, now);
	} else {
		end_is_quiet(p, now);
	}
}

void steps_advance(struct player *p, uint64_t now)
{
	while (!p->over) {
		if (p->wait == WAIT_END_FENCE) {
			if (!fences_open(p)) {
				p->wait = WAIT_END_QUIET;
				p->deadline = now + p->config.quiet;
			}
			return;
		}
		if (p->wait == WAIT_END_QUIET) {
			return;
		}
		if (p->open) {
			if (!try_open(p, now)) {
				return;
			}
			p->open = NULL;
			p->deadline = PLAYER_NEVER;
			continue;
		}
		const struct step *step = next_step(p);
		if (!step) {
			begin_end(p, now);
			continue;
		}
		step_enter(p, step, now);
	}
}

static void quiet_passed(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	if (step_is_query(step)) {
		hook_call(p, step, now);
		return;
	}
	if (step->kind == STEP_HOOK) {
		p->seats[step->actor].unsettled = 0;
		hook_call(p, step, now);
		return;
	}
	struct seat *seat = &p->seats[step->actor];
	seat->unsettled = 0;
	if (seat_connects(p, step->actor) && !seat->connected) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s was cut off before silence was proved: %s",
				actor_name(p, step->actor), seat->trouble ? seat->trouble : "its stream is closed");
		play_fails(p, now);
		return;
	}
	decide_step(p, step, 1, NULL);
	p->open = NULL;
	p->deadline = PLAYER_NEVER;
	steps_advance(p, now);
}

static void fence_lost(struct player *p, uint64_t now)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		const struct seat *seat = &p->seats[i];
		if (seat->fence_open) {
			result_trouble(&p->result, VERDICT_INCONCLUSIVE,
					"fence lost: the target did not answer %s's question, so what it read and sent before is not "
					"known%s%s",
					actor_name(p, (int)i), seat->trouble ? "; its streams: " : "", seat->trouble ? seat->trouble : "");
		}
	}
	play_fails(p, now);
}

/* 1: there is more time, as fences that may have been lost were sent again. */
static int fences_get_time(struct player *p, uint64_t now)
{
	if ((p->wait != WAIT_FENCE && p->wait != WAIT_END_FENCE) || p->fences_again || !fences_repeat(p)) {
		return 0;
	}
	p->fences_again = 1;
	p->deadline = now + p->config.deadline - p->config.deadline / 2;
	return 1;
}

void steps_timeout(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	if (fences_get_time(p, now)) {
		return;
	}
	if (p->wait == WAIT_STEP && step->kind == STEP_EITHER && now >= p->settled) {
		steps_advance(p, now);
		return;
	}
	p->timed_out |= !wait_passes(p->wait);
	switch (p->wait) {
	case WAIT_GONE:
	case WAIT_NOTICED:
		p->open = NULL;
		p->deadline = PLAYER_NEVER;
		step_enter(p, step, now);
		steps_advance(p, now);
		break;
	case WAIT_END_QUIET:
		end_is_quiet(p, now);
		break;
	case WAIT_QUIET:
		quiet_passed(p, now);
		break;
	case WAIT_FENCE:
	case WAIT_END_FENCE:
		fence_lost(p, now);
		break;
	case WAIT_HOOK:
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "hook %s did not end in time", step->hook);
		play_fails(p, now);
		break;
	default:
		if (step->kind == STEP_CONNECT || step->kind == STEP_OPEN) {
			const char *why = p->seats[step->actor].trouble;
			result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s could not connect: %s", actor_name(p, step->actor),
					why ? why : "no answer in time");
			play_fails(p, now);
		} else if (step_fails(p, step, now)) {
			if (step->kind != STEP_TOGETHER || together_try(p, step, now)) {
				p->open = NULL;
				p->deadline = PLAYER_NEVER;
			}
			steps_advance(p, now);
		}
	}
}
