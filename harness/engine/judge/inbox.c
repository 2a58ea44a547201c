/* Taking stanzas out of an actor's inbox, and saying why none was taken. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

#define EXCERPT 600

static int is_answer_template(const struct template *t)
{
	const char *type = template_attr(t, "type");
	return !strcmp((const char *)t->root->name, "iq") && !template_attr(t, "id") &&
		   (!type || !strcmp(type, "result") || !strcmp(type, "error"));
}

const char *implied_id(const struct player *p, const struct step *step)
{
	const struct actor *a = &p->config.scenario->cast[step->actor];
	return a->class != ACTOR_CLIENT && is_answer_template(step->template) ? p->seats[step->actor].last_iq : NULL;
}

static struct entry *find(struct player *p, const struct step *step, struct vars *binds)
{
	struct seat *seat = &p->seats[step->actor];
	struct template_defaults defaults = {.id = implied_id(p, step)};
	int next_only = p->config.scenario->cast[step->actor].class == ACTOR_CLIENT;
	for (size_t i = 0; i < seat->inbox_count; i++) {
		struct entry *e = &seat->inbox[i];
		if (e->consumed) {
			continue;
		}
		if (template_match(step->template, e->stanza, &p->vars, &defaults, binds, NULL)) {
			return e;
		}
		if (next_only && !e->soft) {
			return NULL;
		}
	}
	return NULL;
}

struct entry *inbox_take(struct player *p, const struct step *step)
{
	struct entry *e = find(p, step, &p->vars);
	if (e) {
		e->consumed = 1;
	}
	return e;
}

int inbox_holds(struct player *p, const struct step *step)
{
	return find(p, step, NULL) != NULL;
}

/* The id that the step's stanza must have, if it is known; caller frees. */
static char *awaited_id(const struct player *p, const struct step *step)
{
	const char *id = template_attr(step->template, "id");
	if (!id) {
		return mem_strdup(implied_id(p, step));
	}
	char *expanded = vars_expand(&p->vars, id);
	if (strchr(expanded, '{')) {
		free(expanded);
		return NULL;
	}
	return expanded;
}

/* The stanza that stands where the awaited one should be, or NULL. */
static struct entry *wrong_answer(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	int next_only = p->config.scenario->cast[step->actor].class == ACTOR_CLIENT;
	char *id = strcmp((const char *)step->template->root->name, "iq") ? NULL : awaited_id(p, step);
	struct entry *wrong = NULL;
	for (size_t i = 0; i < seat->inbox_count && !wrong; i++) {
		struct entry *e = &seat->inbox[i];
		const char *got = stanza_attr(e->stanza, "id");
		const char *type = stanza_attr(e->stanza, "type");
		int answer = type && (!strcmp(type, "result") || !strcmp(type, "error"));
		if (!e->consumed && ((next_only && !e->soft) || (id && got && answer && !strcmp(id, got)))) {
			wrong = e;
		}
	}
	free(id);
	return wrong;
}

int inbox_hopeless(struct player *p, const struct step *step)
{
	return wrong_answer(p, step) != NULL;
}

void inbox_drop_answer(struct player *p, const struct step *step)
{
	struct entry *e = wrong_answer(p, step);
	if (e) {
		e->consumed = 1;
	}
}

int inbox_is_late(const struct player *p, int actor, const struct stanza *s)
{
	for (size_t i = 0; i < p->late_count; i++) {
		if (p->late[i]->actor == actor && template_match(p->late[i]->template, s, &p->vars, NULL, NULL, NULL)) {
			return 1;
		}
	}
	return 0;
}

static const struct entry *answer_to(const struct seat *seat, const char *id)
{
	for (size_t i = seat->inbox_count; i > 0; i--) {
		const struct stanza *stanza = seat->inbox[i - 1].stanza;
		const char *answered = stanza_attr(stanza, "id");
		if (answered && !strcmp(answered, id) && stanza_is_answer(stanza)) {
			return &seat->inbox[i - 1];
		}
	}
	return NULL;
}

static char *beginning(const struct stanza *s)
{
	const char *raw = s->raw + strspn(s->raw, " \t\r\n");
	return mem_strndup(raw, strnlen(raw, EXCERPT));
}

static void add_refusal(struct evidence *e, const char *actor, const struct entry *answer)
{
	e->refusals = mem_resize(e->refusals, e->refusals_count + 1, sizeof *e->refusals);
	e->refusals[e->refusals_count++] = (struct refusal){
			.actor = actor, .line = answer ? answer->journal : 0, .stanza = answer ? beginning(answer->stanza) : NULL};
}

/* What a client was told, or was not: often the reason why a peer has got nothing. */
static void ask_clients(const struct player *p, struct evidence *e)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		const struct seat *seat = &p->seats[i];
		const struct actor *a = &p->config.scenario->cast[i];
		if (!actor_class_is_client(a->class) || !seat->connected || !seat->last_iq) {
			continue;
		}
		const struct entry *answer = answer_to(seat, seat->last_iq);
		const char *raw = answer ? answer->stanza->raw : NULL;
		if (!answer || strstr(raw, "type='error'") || strstr(raw, "type=\"error\"")) {
			add_refusal(e, a->name, answer);
		}
	}
}

struct evidence *inbox_closest(struct player *p, const struct step *step)
{
	struct seat *seat = &p->seats[step->actor];
	struct template_defaults defaults = {.id = implied_id(p, step)};
	struct mismatch best = {.score = -1};
	const struct entry *closest = NULL;
	for (size_t i = 0; i < seat->inbox_count; i++) {
		const struct entry *e = &seat->inbox[i];
		struct mismatch why = {0};
		int comparable =
				!strcmp(node_ns(step->template->root), NS_STREAM) || strcmp(node_ns(e->stanza->root), NS_STREAM) != 0;
		if (e->consumed || !comparable || template_match(step->template, e->stanza, &p->vars, &defaults, NULL, &why) ||
				why.score <= best.score) {
			mismatch_finish(&why);
			continue;
		}
		mismatch_finish(&best);
		best = why;
		closest = e;
	}
	struct evidence *e = evidence_create(EVIDENCE_MISSED);
	e->actor = actor_name(p, step->actor);
	e->expected = vars_expand(&p->vars, step->template->text);
	if (closest) {
		e->line = closest->journal;
		e->stanza = beginning(closest->stanza);
		e->where = mem_strdup(best.where);
		e->wanted = mem_strdup(best.expected);
		e->got = mem_strdup(best.got);
		e->missing = best.missing;
		e->mode = mem_strdup(match_mode_text(best.mode));
	}
	e->streams = mem_strdup(seat->trouble);
	if (!seat_is_client(p, step->actor)) {
		ask_clients(p, e);
	}
	mismatch_finish(&best);
	return e;
}

void inbox_set_aside(struct player *p, int actor)
{
	struct seat *seat = &p->seats[actor];
	for (size_t e = 0; e < seat->inbox_count; e++) {
		seat->inbox[e].consumed |= seat->inbox[e].soft;
	}
}
