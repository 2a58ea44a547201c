/* How each kind of step is entered. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

static int acts(const struct step *step)
{
	return step->kind == STEP_CONNECT || step->kind == STEP_DISCONNECT || step->kind == STEP_RESET ||
		   step->kind == STEP_SEND || step->kind == STEP_SEND_RAW || step->kind == STEP_HOOK ||
		   step->kind == STEP_OPEN || step->kind == STEP_HOLD || step->kind == STEP_HALF_CLOSE ||
		   step->kind == STEP_END_VISITS;
}

static void enter_receiving(struct player *p, const struct step *step, uint64_t now)
{
	const struct steps *inner = step->branches;
	p->entered = now;
	p->arrivals_before = p->arrivals;
	p->settled = PLAYER_NEVER;
	uint64_t deadline = step->branches_count ? 0 : step_deadline(p, step);
	if (step->kind == STEP_RECEIVE) {
		arms_end(p, step->actor);
	}
	for (size_t b = 0; b < step->branches_count; b++) {
		size_t count = step->kind == STEP_TOGETHER ? inner[b].count : 1;
		for (size_t i = 0; i < count; i++) {
			uint64_t own = step_deadline(p, &inner[b].items[i]);
			deadline = own > deadline ? own : deadline;
			arms_end(p, inner[b].items[i].actor);
		}
	}
	if (step->kind == STEP_TOGETHER) {
		free(p->together);
		p->together = mem_alloc(inner[0].count * sizeof *p->together);
	}
	steps_wait_for(p, step, WAIT_STEP, deadline);
}

static void enter_nothing(struct player *p, const struct step *step, uint64_t now)
{
	arms_add(p, step, 1);
	violations_after(p, step->actor);
	fence_send(p, step->actor);
	steps_wait_for_fences(p, step, WAIT_FENCE, now);
}

static void compare(struct player *p, const struct step *step, uint64_t now)
{
	char *left = vars_expand(&p->vars, step->left);
	char *right = vars_expand(&p->vars, step->right);
	int holds = (strcmp(left, right) == 0) != step->negate;
	struct evidence *e = evidence_create(EVIDENCE_COMPARISON);
	e->step = step->text;
	e->left = left;
	e->right = right;
	if (holds) {
		decide_step(p, step, 1, NULL);
	} else {
		query_missed(p, step, e, now);
	}
	evidence_unref(e);
}

static void enter_send(struct player *p, const struct step *step, uint64_t now)
{
	struct seat *seat = &p->seats[step->actor];
	if (seat_connects(p, step->actor) && !seat->connected) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s is not connected any more: %s", actor_name(p, step->actor),
				seat->trouble ? seat->trouble : "its stream is closed");
		play_fails(p, now);
		return;
	}
	if (step->kind == STEP_SEND) {
		act_send_step(p, step);
		return;
	}
	seat->sent_since_fence = 1;
	seat->sees_dialback = 1;
	seat->reset = seat->leaving = seat->half_closed = 0;
	act_send_raw(p, step->actor, vars_expand(&p->vars, step->raw), NULL, NULL);
}

static void enter_connect(struct player *p, const struct step *step, uint64_t now)
{
	struct seat *seat = &p->seats[step->actor];
	seat->connected &= !seat->bare && step->kind == STEP_CONNECT;
	seat->bare = step->kind == STEP_OPEN;
	seat->bare_open = seat->leaving = seat->half_closed = 0;
	if (step->kind == STEP_OPEN) {
		seat->sees_dialback = 1;
		act_open(p, step->actor, step->raw ? vars_expand(&p->vars, step->raw) : NULL);
	} else {
		act_simple(p, ACTION_CONNECT, step->actor);
	}
	steps_wait_for(p, step, WAIT_STEP, now + 2 * p->config.deadline);
}

static void enter_half_close(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	seat->connected = seat->bare = seat->bare_open = 0;
	seat->half_closed = 1;
	act_simple(p, ACTION_HALF_CLOSE, step->actor);
}

static void enter_disconnect(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	int reset = step->kind == STEP_RESET;
	seat->hung_up = seat->connected && seat_connects(p, step->actor);
	seat->connected = 0;
	seat->bare = seat->bare_open = 0;
	seat->reset = reset;
	seat->broken = !seat_is_client(p, step->actor);
	seat->leaving = !reset && seat->broken;
	act_simple(p, reset ? ACTION_RESET : ACTION_DISCONNECT, step->actor);
}

/* What the target says on a stream that ended without its notice is lost without its fault: it gets time to notice
 * before the play gives it something to say. 1: the play waits for that. */
static int lets_notice(struct player *p, const struct step *step, uint64_t now)
{
	if (step->kind != STEP_SEND && step->kind != STEP_SEND_RAW && step->kind != STEP_HOOK) {
		return 0;
	}
	int broken = 0;
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		broken |= p->seats[i].broken;
		p->seats[i].broken = 0;
	}
	if (broken && seats_leaving(p)) {
		steps_wait_for(p, step, WAIT_GONE, now + p->config.deadline);
	} else if (broken) {
		steps_wait_for(p, step, WAIT_NOTICED, now + p->config.quiet);
	}
	return broken;
}

/* What comes now may come of this step: of what a peer does, or what the target decides about it, for that peer; of all
 * else, for anybody. */
static void silences_end(struct player *p, const struct step *step)
{
	int one = (step->kind == STEP_SEND || step->kind == STEP_HOOK) && step->actor >= 0 &&
			  p->config.scenario->cast[step->actor].class == ACTOR_PEER;
	size_t kept = 0;
	for (size_t i = 0; one && i < p->silences_count; i++) {
		if (p->silences[i].actor != step->actor) {
			p->silences[kept++] = p->silences[i];
		}
	}
	p->silences_count = kept;
}

void step_enter(struct player *p, const struct step *step, uint64_t now)
{
	p->entering = step;
	if (lets_notice(p, step, now)) {
		return;
	}
	if (acts(step)) {
		arms_end(p, -1);
		silences_end(p, step);
	}
	switch (step->kind) {
	case STEP_CONNECT:
	case STEP_OPEN:
		enter_connect(p, step, now);
		break;
	case STEP_DISCONNECT:
	case STEP_RESET:
		enter_disconnect(p, step);
		break;
	case STEP_HALF_CLOSE:
		enter_half_close(p, step);
		break;
	case STEP_END_VISITS:
		p->seats[step->actor].visits = -1;
		act_end_visits(p, step->actor, step->raw);
		steps_wait_for(p, step, WAIT_STEP, now + p->config.deadline);
		break;
	case STEP_HOLD:
		p->seats[step->actor].holding = (int)step->hold;
		p->seats[step->actor].sees_dialback = 1;
		act_hold(p, step->actor, step->hold);
		break;
	case STEP_SEND:
	case STEP_SEND_RAW:
		enter_send(p, step, now);
		break;
	case STEP_NOTHING:
		enter_nothing(p, step, now);
		break;
	case STEP_NEVER:
		arms_add(p, step, 0);
		break;
	case STEP_COMPARE:
		compare(p, step, now);
		break;
	case STEP_UNREACHABLE:
		result_trouble(&p->result, VERDICT_UNREACHABLE, "%s", step->raw);
		play_fails(p, now);
		break;
	case STEP_SET_ASIDE:
		inbox_set_aside(p, step->actor);
		break;
	case STEP_HOOK:
	case STEP_PENDING:
	case STEP_ROSTER:
		hook_enter(p, step, now);
		break;
	default:
		enter_receiving(p, step, now);
	}
}
