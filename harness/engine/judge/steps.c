/* How each kind of step is entered, met, and missed. */
#include "base/mem.h"
#include "judge/player_state.h"
#include "judge/roster.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HOOK_DEADLINES 4 /* a restart takes longer than an answer */

static const char *name_of(const struct player *p, int actor)
{
	return actor < 0 ? "the target" : p->config.scenario->cast[actor].name;
}

static int is_client(const struct player *p, int actor)
{
	return actor_class_is_client(p->config.scenario->cast[actor].class);
}

static int is_query(const struct step *step)
{
	return step->kind == STEP_PENDING || step->kind == STEP_ROSTER;
}

static int acts(const struct step *step)
{
	return step->kind == STEP_CONNECT || step->kind == STEP_DISCONNECT || step->kind == STEP_RESET ||
		   step->kind == STEP_SEND || step->kind == STEP_SEND_RAW || step->kind == STEP_HOOK ||
		   step->kind == STEP_OPEN || step->kind == STEP_HOLD;
}

static void wait_for(struct player *p, const struct step *step, enum wait_kind kind, uint64_t deadline)
{
	p->open = step;
	p->wait = kind;
	p->deadline = deadline;
}

/* Of a receiving step, also of one inside of the open `Together:` or `either:`. */
static uint64_t step_deadline(const struct player *p, const struct step *step)
{
	return p->entered + (step->within_ms ? (uint64_t)step->within_ms * 1000 : p->config.deadline);
}

/* Arms end: all of `receives: nothing` when something acts (actor -1), those of one actor when it receives again. */
static void disarm(struct player *p, int actor)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->arms_count; i++) {
		struct arm *a = &p->arms[i];
		if (!a->until_act || (actor >= 0 && a->step->actor != actor)) {
			p->arms[kept++] = *a;
		}
	}
	p->arms_count = kept;
}

static void arm(struct player *p, const struct step *step, int until_act)
{
	p->arms = mem_resize(p->arms, p->arms_count + 1, sizeof *p->arms);
	p->arms[p->arms_count++] = (struct arm){.step = step, .until_act = until_act};
}

/* What came and nobody took breaks `receives: nothing`. */
void violations_after(struct player *p, int actor)
{
	struct seat *seat = &p->seats[actor];
	for (size_t e = 0; e < seat->inbox_count; e++) {
		struct entry *entry = &seat->inbox[e];
		if (entry->consumed || entry->soft) {
			continue;
		}
		for (size_t i = 0; i < p->arms_count; i++) {
			if (p->arms[i].until_act && p->arms[i].step->actor == actor) {
				entry->consumed = 1;
				decide_violation(p, p->arms[i].step, entry);
			}
		}
	}
}

static void play_is_over(struct player *p, uint64_t now)
{
	p->over = 1;
	p->open = NULL;
	p->deadline = PLAYER_NEVER;
	p->result.ended = now;
}

void play_fails(struct player *p, uint64_t now)
{
	p->frames_count = 0;
	play_is_over(p, now);
}

static void step_missed(struct player *p, const struct step *step, const char *detail)
{
	decide_step(p, step, 0, detail);
	size_t deciding = 0;
	for (size_t i = 0; i < step->checks_count; i++) {
		deciding += !(step->checks[i].xpath || step->checks[i].in_order);
	}
	if (!deciding) {
		char *place = step_place(p, step);
		decide_unmet(p, place, step, detail);
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

/* Of a `Together:`: its time is over, or its answer is there and does not fit. The others of its block stay open. */
static int inner_missed(struct player *p, const struct step *inner, uint64_t now)
{
	return now >= step_deadline(p, inner) || inbox_hopeless(p, inner);
}

/* Records the miss. 1: the play can go on without what was missed. */
static int receive_missed(struct player *p, const struct step *step)
{
	char *closest = inbox_closest(p, step);
	step_missed(p, step, closest);
	free(closest);
	if (!decide_spares(p, step)) {
		return 0;
	}
	inbox_drop_answer(p, step);
	p->late = mem_resize(p->late, p->late_count + 1, sizeof(const struct step *));
	p->late[p->late_count++] = step;
	return 1;
}

/* Of a `Together:`, those whose time is over or whose answer does not fit. 1: the play can go on without them; the
 * others are still waited for. */
static int together_missed(struct player *p, const struct step *step, uint64_t now)
{
	const struct steps *inner = &step->branches[0];
	int spared = 1;
	for (size_t i = 0; i < inner->count; i++) {
		if (!p->together[i] && inner_missed(p, &inner->items[i], now)) {
			p->together[i] = receive_missed(p, &inner->items[i]);
			spared &= p->together[i];
		}
	}
	return spared;
}

/* 1: the play goes on behind the step, or, in a `Together:`, with those that are still open; 0: it is over. */
static int step_fails(struct player *p, const struct step *step, uint64_t now)
{
	int goes_on = 0;
	if (step->kind == STEP_TOGETHER) {
		goes_on = together_missed(p, step, now);
	} else if (step->kind == STEP_EITHER) {
		/* One alternative would do: the first one names the requirement. Which one the rest belongs to is not known. */
		receive_missed(p, &step->branches[0].items[0]);
	} else {
		goes_on = receive_missed(p, step);
	}
	if (!goes_on) {
		play_fails(p, now);
	}
	return goes_on;
}

static int take(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	const struct entry *e = inbox_take(p, step);
	if (!e) {
		return 0;
	}
	for (size_t i = 0; i < step->bindings_count; i++) {
		char *value = xpath_text(step->bindings[i].xpath, e->stanza, &p->vars);
		vars_set(&p->vars, step->bindings[i].name, value);
		free(value);
	}
	if (!e->soft && !strcmp((const char *)e->stanza->root->name, "presence")) {
		seat->unsettled = 0; /* it came of what the peer had sent */
	}
	unsigned previous = seat->last_taken;
	seat->last_taken = e->number;
	decide_taken(p, step, e, previous);
	return 1;
}

static int try_together(struct player *p, const struct step *step, uint64_t now)
{
	const struct steps *inner = &step->branches[0];
	int hopeless = 0;
	for (size_t i = 0; i < inner->count; i++) {
		p->together[i] = p->together[i] || take(p, &inner->items[i]);
		hopeless |= !p->together[i] && inbox_hopeless(p, &inner->items[i]);
	}
	if (hopeless && !step_fails(p, step, now)) {
		return 0;
	}
	p->deadline = PLAYER_NEVER;
	for (size_t i = 0; i < inner->count; i++) {
		uint64_t own = step_deadline(p, &inner->items[i]);
		if (!p->together[i] && own < p->deadline) {
			p->deadline = own;
		}
	}
	return p->deadline == PLAYER_NEVER;
}

/* `receives: <iq/>`: the answer to a question that only marks a place. */
static int is_marker(const struct step *step)
{
	const xmlNode *root = step->template->root;
	return !strcmp((const char *)root->name, "iq") && !root->properties && !root->children;
}

/* A target may answer a question before it has done what it was to do before: a branch that begins with the answer has
 * to wait for the quiet window, in which another branch may still be met. */
static int has_settled(struct player *p, const struct step *marker, uint64_t now)
{
	if (p->settled == PLAYER_NEVER && inbox_holds(p, marker)) {
		p->settled = now + p->config.quiet;
		p->deadline = p->settled < p->deadline ? p->settled : p->deadline;
	}
	return now >= p->settled;
}

static int try_either(struct player *p, const struct step *step, uint64_t now)
{
	size_t hopeless = 0;
	for (size_t b = 0; b < step->branches_count; b++) {
		const struct step *first = &step->branches[b].items[0];
		int late = first->within_ms && now > step_deadline(p, first);
		if (is_marker(first) && !has_settled(p, first, now)) {
			continue;
		}
		if (!late && take(p, first)) {
			p->frames = mem_resize(p->frames, p->frames_count + 1, sizeof *p->frames);
			p->frames[p->frames_count++] = (struct frame){.steps = &step->branches[b], .next = 1};
			return 1;
		}
		hopeless += (size_t)inbox_hopeless(p, first);
	}
	return hopeless == step->branches_count && step_fails(p, step, now);
}

static int try_step(struct player *p, const struct step *step, uint64_t now)
{
	switch (step->kind) {
	case STEP_CONNECT:
	case STEP_OPEN:
		return p->seats[step->actor].connected;
	case STEP_TOGETHER:
		return try_together(p, step, now);
	case STEP_EITHER:
		return try_either(p, step, now);
	default:
		return take(p, step) || (inbox_hopeless(p, step) && step_fails(p, step, now));
	}
}

static void call_hook(struct player *p, const struct step *step, uint64_t now)
{
	const char *peer = step->actor >= 0 ? p->seats[step->actor].address : NULL;
	if (peer && (!strcmp(step->hook, "approve") || !strcmp(step->hook, "preapprove"))) {
		license(p, peer);
	}
	left_note(p, step->hook, peer);
	p->hook_tried++;
	p->hook_id = act_hook(p, step, peer);
	wait_for(p, step, WAIT_HOOK, now + HOOK_DEADLINES * p->config.deadline);
}

static const struct step look = {.kind = STEP_PENDING, .hook = "pending"};

/* A fence says that the target has read what peers sent, not that it has dealt with it. A decision on a request waits
 * until the request is on the list, or for the quiet window where it is not or nobody can ask. */
static void settle(struct player *p, const struct step *step, uint64_t now)
{
	int decides = step->actor >= 0 && (!strcmp(step->hook, "approve") || !strcmp(step->hook, "deny"));
	if (!decides || !p->seats[step->actor].unsettled) {
		call_hook(p, step, now);
	} else if (p->config.has(p->config.ud, "hook:pending")) {
		p->looking = 1;
		p->hook_id = act_hook(p, &look, NULL);
		wait_for(p, step, WAIT_HOOK, now + HOOK_DEADLINES * p->config.deadline);
	} else {
		wait_for(p, step, WAIT_QUIET, now + p->config.quiet);
	}
}

/* 1: the open step is met. */
static int try_open(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	switch (p->wait) {
	case WAIT_STEP:
		return try_step(p, step, now);
	case WAIT_FENCE:
		if (fences_open(p)) {
			return 0;
		}
		if (step->kind == STEP_HOOK) {
			settle(p, step, now);
		} else if (step->kind == STEP_NOTHING) {
			uint64_t own = (uint64_t)step->within_ms * 1000;
			wait_for(p, step, WAIT_QUIET, now + (own > p->config.quiet ? own : p->config.quiet));
		} else {
			call_hook(p, step, now);
		}
		return 0;
	default:
		return 0;
	}
}

static void enter_receiving(struct player *p, const struct step *step, uint64_t now)
{
	const struct steps *inner = step->branches;
	p->entered = now;
	p->settled = PLAYER_NEVER;
	uint64_t deadline = step->branches_count ? 0 : step_deadline(p, step);
	if (step->kind == STEP_RECEIVE) {
		disarm(p, step->actor);
	}
	for (size_t b = 0; b < step->branches_count; b++) {
		size_t count = step->kind == STEP_TOGETHER ? inner[b].count : 1;
		for (size_t i = 0; i < count; i++) {
			uint64_t own = step_deadline(p, &inner[b].items[i]);
			deadline = own > deadline ? own : deadline;
			disarm(p, inner[b].items[i].actor);
		}
	}
	if (step->kind == STEP_TOGETHER) {
		free(p->together);
		p->together = mem_alloc(inner[0].count * sizeof *p->together);
	}
	wait_for(p, step, WAIT_STEP, deadline);
}

static void enter_nothing(struct player *p, const struct step *step, uint64_t now)
{
	arm(p, step, 1);
	violations_after(p, step->actor);
	fence_send(p, step->actor);
	wait_for(p, step, WAIT_FENCE, now + p->config.deadline);
}

/* What peers sent must have been read before an administrator decides on it, or before anything is judged by a roster.
 */
static void enter_hook(struct player *p, const struct step *step, uint64_t now)
{
	int fenced = 0;
	p->hook_tried = 0;
	if (!has_hook(p, step)) {
		if (is_query(step)) {
			p->missing_hook = step->hook;
		} else {
			play_fails(p, now);
		}
		return;
	}
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		if (!actor_class_is_client(p->config.scenario->cast[i].class) && p->seats[i].sent_since_fence) {
			fence_needed(p, (int)i);
			fenced = 1;
		}
	}
	if (fenced) {
		wait_for(p, step, WAIT_FENCE, now + p->config.deadline);
	} else if (is_query(step)) {
		call_hook(p, step, now);
	} else {
		settle(p, step, now);
	}
}

/* A question about the target's state, or a comparison, whose answer was wrong: what follows can still be judged,
 * unless the play relies on it. */
static void query_missed(struct player *p, const struct step *step, const char *detail, uint64_t now)
{
	step_missed(p, step, detail);
	if (essential(step)) {
		play_fails(p, now);
	}
}

static void compare(struct player *p, const struct step *step, uint64_t now)
{
	char *left = vars_expand(&p->vars, step->left);
	char *right = vars_expand(&p->vars, step->right);
	int holds = (strcmp(left, right) == 0) != step->negate;
	int colon = step->text[strlen(step->text) - 1] == ':';
	char *detail = mem_printf("%s%s '%s' and '%s'", step->text, colon ? "" : ":", left, right);
	if (holds) {
		decide_step(p, step, 1, NULL);
	} else {
		query_missed(p, step, detail, now);
	}
	free(detail);
	free(left);
	free(right);
}

static void enter_send(struct player *p, const struct step *step, uint64_t now)
{
	if (actor_class_is_client(p->config.scenario->cast[step->actor].class) && !p->seats[step->actor].connected) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s is not connected any more: %s", name_of(p, step->actor),
				p->seats[step->actor].trouble ? p->seats[step->actor].trouble : "its stream is closed");
		play_fails(p, now);
		return;
	}
	act_send_step(p, step);
}

static void enter_connect(struct player *p, const struct step *step, uint64_t now)
{
	struct seat *seat = &p->seats[step->actor];
	seat->connected &= !seat->bare && step->kind == STEP_CONNECT;
	seat->bare = step->kind == STEP_OPEN;
	seat->bare_open = seat->leaving = 0;
	if (step->kind == STEP_OPEN) {
		seat->sees_dialback = 1;
		act_open(p, step->actor, step->raw ? vars_expand(&p->vars, step->raw) : NULL);
	} else {
		act_simple(p, ACTION_CONNECT, step->actor);
	}
	wait_for(p, step, WAIT_STEP, now + 2 * p->config.deadline);
}

static void enter_disconnect(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	int reset = step->kind == STEP_RESET;
	seat->hung_up = seat->connected && is_client(p, step->actor);
	seat->connected = 0;
	seat->bare = seat->bare_open = 0;
	seat->reset = reset;
	seat->leaving = !reset && !is_client(p, step->actor);
	act_simple(p, reset ? ACTION_RESET : ACTION_DISCONNECT, step->actor);
}

static void enter(struct player *p, const struct step *step, uint64_t now)
{
	if (acts(step)) {
		disarm(p, -1);
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
	case STEP_HOLD:
		p->seats[step->actor].holding = (int)step->hold;
		p->seats[step->actor].sees_dialback = 1;
		act_hold(p, step->actor, step->hold);
		break;
	case STEP_SEND:
		enter_send(p, step, now);
		break;
	case STEP_SEND_RAW:
		p->seats[step->actor].sent_since_fence = 1;
		p->seats[step->actor].sees_dialback = 1;
		p->seats[step->actor].reset = p->seats[step->actor].leaving = 0;
		act_send_raw(p, step->actor, vars_expand(&p->vars, step->raw), NULL, NULL);
		break;
	case STEP_NOTHING:
		enter_nothing(p, step, now);
		break;
	case STEP_NEVER:
		arm(p, step, 0);
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
		enter_hook(p, step, now);
		break;
	default:
		enter_receiving(p, step, now);
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
		if (!is_client(p, a->step->actor) || p->seats[a->step->actor].connected) {
			decide_step(p, a->step, 1, NULL);
		} else {
			result_trouble(&p->result, VERDICT_INCONCLUSIVE,
					"%s was not connected at the end, so silence is not proved", name_of(p, a->step->actor));
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
		if (a->until_act || (is_client(p, a->step->actor) && !seat->connected) || may_be_refused(p, a->step->actor)) {
			continue;
		}
		if (!seat->fence_open) {
			fence_send(p, a->step->actor);
		}
		fenced = 1;
	}
	if (fenced) {
		p->wait = WAIT_END_FENCE;
		p->deadline = now + p->config.deadline;
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
		enter(p, step, now);
	}
}

static void quiet_passed(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	if (is_query(step)) {
		call_hook(p, step, now);
		return;
	}
	if (step->kind == STEP_HOOK) {
		p->seats[step->actor].unsettled = 0;
		call_hook(p, step, now);
		return;
	}
	struct seat *seat = &p->seats[step->actor];
	seat->unsettled = 0;
	if (is_client(p, step->actor) && !seat->connected) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s was cut off before silence was proved: %s",
				name_of(p, step->actor), seat->trouble ? seat->trouble : "its stream is closed");
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
					name_of(p, (int)i), seat->trouble ? "; its streams: " : "", seat->trouble ? seat->trouble : "");
		}
	}
	play_fails(p, now);
}

void steps_timeout(struct player *p, uint64_t now)
{
	const struct step *step = p->open;
	if (p->wait == WAIT_STEP && step->kind == STEP_EITHER && now >= p->settled) {
		steps_advance(p, now);
		return;
	}
	p->timed_out |= p->wait != WAIT_QUIET && p->wait != WAIT_END_QUIET;
	switch (p->wait) {
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
			result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s could not connect: %s", name_of(p, step->actor),
					why ? why : "no answer in time");
			play_fails(p, now);
		} else if (step_fails(p, step, now)) {
			if (step->kind != STEP_TOGETHER || try_together(p, step, now)) {
				p->open = NULL;
				p->deadline = PLAYER_NEVER;
			}
			steps_advance(p, now);
		}
	}
}

static void query_answered(struct player *p, const struct step *step, const char *output, uint64_t now)
{
	const char *address = step->actor < 0 ? NULL : p->seats[step->actor].address;
	int holds = roster_holds(step, address, &p->vars, output);
	if (!holds && p->hook_tried < 2) {
		wait_for(p, step, WAIT_QUIET, now + p->config.quiet); /* it may still be at work: look again */
		return;
	}
	if (address && p->config.scenario->cast[step->actor].class == ACTOR_PEER) {
		decide_list(p, address, output);
	}
	if (holds) {
		decide_step(p, step, 1, NULL);
	} else {
		char *detail = mem_printf("%s%s%s%s; the answer of hook %s was:\n%s", step->text, address ? " (" : "",
				address ? address : "", address ? ")" : "", step->hook, output && *output ? output : "(empty)");
		query_missed(p, step, detail, now);
		free(detail);
	}
	p->open = NULL;
	p->deadline = PLAYER_NEVER;
}

/* The list of requests before a decision: with the request on it nothing has to be waited for. */
static void look_answered(struct player *p, const struct step *step, const char *output, uint64_t now)
{
	p->looking = 0;
	if (roster_holds(&look, p->seats[step->actor].address, &p->vars, output)) {
		p->seats[step->actor].unsettled = 0;
		call_hook(p, step, now);
	} else {
		wait_for(p, step, WAIT_QUIET, now + p->config.quiet);
	}
}

static void everybody_is_disconnected(struct player *p)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		p->seats[i].connected = 0;
		p->seats[i].fence_open = 0;
		p->seats[i].bare = p->seats[i].bare_open = p->seats[i].leaving = 0;
		free(p->seats[i].trouble);
		p->seats[i].trouble = NULL;
	}
}

void steps_hook_done(struct player *p, int ok, const char *output, uint64_t now)
{
	const struct step *step = p->open;
	if (p->looking) {
		look_answered(p, step, ok ? output : NULL, now);
		return;
	}
	if (!ok) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "hook %s failed: %s", step->hook,
				output ? output : "no reason given");
		play_fails(p, now);
		return;
	}
	if (is_query(step)) {
		query_answered(p, step, output, now);
	} else {
		left_undone(p, step->hook);
		if (hook_stops_target(step->hook)) {
			if (output && *output) { /* the target refused to start and has been put into order */
				left_undone(p, hook_undone_by(step->hook));
			}
			everybody_is_disconnected(p);
		}
		p->open = NULL;
		p->deadline = PLAYER_NEVER;
	}
	steps_advance(p, now);
}
