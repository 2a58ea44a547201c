/* How a receiving step is met, and missed. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

/* Of a `Together:`: its time is over, or its answer is there and does not fit. The others of its block stay open. */
static int inner_missed(struct player *p, const struct step *inner, uint64_t now)
{
	return now >= step_deadline(p, inner) || inbox_hopeless(p, inner);
}

/* Records the miss. 1: the play can go on without what was missed. */
static int receive_missed(struct player *p, const struct step *step)
{
	struct evidence *closest = inbox_closest(p, step);
	step_missed(p, step, closest);
	evidence_unref(closest);
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
int step_fails(struct player *p, const struct step *step, uint64_t now)
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

int together_try(struct player *p, const struct step *step, uint64_t now)
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
		p->marked = now;
		p->settled = now + p->config.quiet;
		p->deadline = p->settled < p->deadline ? p->settled : p->deadline;
	}
	return now >= p->settled;
}

static void note_overtaken(struct player *p, uint64_t since, uint64_t now)
{
	p->overtaken = now - since > p->overtaken ? now - since : p->overtaken;
}

static void note_choice(struct player *p, const struct step *either, const struct step *first, uint64_t now)
{
	if (p->settled != PLAYER_NEVER && !is_marker(first)) {
		note_overtaken(p, p->marked, now);
	} else if (is_marker(first)) {
		p->silences = mem_resize(p->silences, p->silences_count + 1, sizeof *p->silences);
		p->silences[p->silences_count++] =
				(struct silence){.either = either, .actor = first->actor, .since = p->marked};
	}
}

void silences_broken(struct player *p, int actor, const struct stanza *s, uint64_t now)
{
	for (size_t i = 0; i < p->silences_count; i++) {
		const struct step *either = p->silences[i].either;
		for (size_t b = 0; b < either->branches_count; b++) {
			const struct step *first = &either->branches[b].items[0];
			if (!is_marker(first) && step_fits(p, actor, first, s)) {
				note_overtaken(p, p->silences[i].since, now);
			}
		}
	}
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
			violations_before(p, &step->branches[b]);
			note_choice(p, step, first, now);
			return 1;
		}
		hopeless += (size_t)inbox_hopeless(p, first);
	}
	return hopeless == step->branches_count && step_fails(p, step, now);
}

int step_try(struct player *p, const struct step *step, uint64_t now)
{
	switch (step->kind) {
	case STEP_CONNECT:
	case STEP_OPEN:
		return p->seats[step->actor].connected;
	case STEP_END_VISITS:
		return p->seats[step->actor].visits == 0;
	case STEP_TOGETHER:
		return together_try(p, step, now);
	case STEP_EITHER:
		return try_either(p, step, now);
	default:
		return take(p, step) || (inbox_hopeless(p, step) && step_fails(p, step, now));
	}
}
