/* Steps that are hooks: decisions of an administrator, changes of the target, questions about its state. */
#include "base/buf.h"
#include "base/mem.h"
#include "judge/player_state.h"
#include "judge/roster.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS 3			 /* at the target's state, until it is as it should be */
#define LAST_LOOK 4		 /* quiet windows before the last one */
#define HOOK_DEADLINES 4 /* a restart takes longer than an answer */

void hook_call(struct player *p, const struct step *step, uint64_t now)
{
	const char *peer = step->actor >= 0 ? p->seats[step->actor].address : NULL;
	if (peer && (!strcmp(step->hook, "approve") || !strcmp(step->hook, "preapprove"))) {
		license(p, peer);
	}
	left_note(p, step->hook, peer);
	p->hook_tried++;
	p->hook_id = act_hook(p, step, peer);
	steps_wait_for(p, step, WAIT_HOOK, now + HOOK_DEADLINES * p->config.deadline);
}

static const struct step look = {.kind = STEP_PENDING, .hook = "pending"};

/* A fence says that the target has read what peers sent, not that it has dealt with it. A decision on a request waits
 * until the request is on the list, or for the quiet window where it is not or nobody can ask. */
void hook_settle(struct player *p, const struct step *step, uint64_t now)
{
	int decides = step->actor >= 0 && (!strcmp(step->hook, "approve") || !strcmp(step->hook, "deny"));
	if (!decides || !p->seats[step->actor].unsettled) {
		hook_call(p, step, now);
	} else if (p->config.has(p->config.ud, "hook:pending")) {
		p->looking = 1;
		p->hook_id = act_hook(p, &look, NULL);
		steps_wait_for(p, step, WAIT_HOOK, now + HOOK_DEADLINES * p->config.deadline);
	} else {
		steps_wait_for(p, step, WAIT_QUIET, now + p->config.quiet);
	}
}

/* What peers sent must have been read before an administrator decides on it, or before anything is judged by a roster.
 */
void hook_enter(struct player *p, const struct step *step, uint64_t now)
{
	int fenced = 0;
	p->hook_tried = 0;
	if (!has_hook(p, step)) {
		if (step_is_query(step)) {
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
		steps_wait_for_fences(p, step, WAIT_FENCE, now);
	} else if (step_is_query(step)) {
		hook_call(p, step, now);
	} else {
		hook_settle(p, step, now);
	}
}

/* The whole answer stands in the journal; a failure quotes what it is about. Caller unrefs. */
static struct evidence *another_answer(
		const struct player *p, const struct step *step, const char *address, const char *output)
{
	struct evidence *e = evidence_create(EVIDENCE_ANSWER);
	e->answer = roster_excerpt(step, address, &p->vars, output, &e->others);
	e->address = mem_strdup(address);
	e->step = step->text;
	e->hook = step->hook;
	return e;
}

static int answer_is_unreadable(struct player *p, const struct step *step, const char *address, const char *output)
{
	char *line = step->kind == STEP_ROSTER && address ? roster_unreadable(address, output) : NULL;
	int unreadable = line != NULL;
	if (unreadable) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE,
				"hook %s answered '%s'; expected lines of the form: domain none|to|from|both [ask] [pending]",
				step->hook, line);
	}
	free(line);
	return unreadable;
}

static void query_answered(struct player *p, const struct step *step, const char *output, uint64_t now)
{
	const char *address = step->actor < 0 ? NULL : p->seats[step->actor].address;
	if (answer_is_unreadable(p, step, address, output)) {
		play_fails(p, now);
		return;
	}
	int holds = roster_holds(step, address, &p->vars, output);
	p->asked_first = p->hook_tried == 1 ? now : p->asked_first;
	if (holds && p->hook_tried > 2 && now - p->asked_first > p->overtaken) {
		p->overtaken = now - p->asked_first;
	}
	if (!holds && p->hook_tried < LOOKS) { /* it may still be at work: look again */
		steps_wait_for(p, step, WAIT_QUIET, now + (p->hook_tried > 1 ? LAST_LOOK : 1) * p->config.quiet);
		return;
	}
	enum actor_class class = step->actor < 0 ? ACTOR_ADMIN : p->config.scenario->cast[step->actor].class;
	if (class == ACTOR_PEER || class == ACTOR_COMPONENT) {
		decide_list(p, address, output);
	}
	if (holds) {
		decide_step(p, step, 1, NULL);
	} else {
		struct evidence *e = another_answer(p, step, address, output);
		query_missed(p, step, e, now);
		evidence_unref(e);
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
		hook_call(p, step, now);
	} else {
		steps_wait_for(p, step, WAIT_QUIET, now + p->config.quiet);
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
	if (step_is_query(step)) {
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
