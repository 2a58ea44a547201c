/* What happens to the actors of a play: connections, stanzas, the ends of streams, answers of hooks. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

#define FENCES_AGAIN 3 /* a target that ends every stream answers no question */

static void set_trouble(struct seat *seat, const char *how)
{
	free(seat->trouble);
	seat->trouble = mem_strdup(how);
}

void player_on_connected(struct player *p, int actor, const char *full_jid, uint64_t now)
{
	p->seats[actor].connected = 1;
	set_trouble(&p->seats[actor], NULL);
	if (full_jid) {
		name_set(p, p->config.scenario->cast[actor].name, "'s full JID", full_jid);
	}
	steps_advance(p, now);
}

void player_on_connect_failed(struct player *p, int actor, const char *reason, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	set_trouble(seat, reason);
	if (p->over || !p->open) {
		return;
	}
	int connects = p->open->kind == STEP_CONNECT || p->open->kind == STEP_OPEN;
	int waits = connects ? p->open->actor == actor : p->wait == WAIT_FENCE && seat->fence_open;
	if (waits) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s could not connect: %s",
				p->config.scenario->cast[actor].name, reason);
		play_fails(p, now);
	}
}

static struct entry *keep(struct player *p, int actor, const struct player_stanza *ps, int soft)
{
	struct seat *seat = &p->seats[actor];
	seat->inbox = mem_resize(seat->inbox, seat->inbox_count + 1, sizeof *seat->inbox);
	struct entry *e = &seat->inbox[seat->inbox_count++];
	*e = (struct entry){
			.stanza = stanza_ref(ps->stanza), .journal = ps->journal, .soft = soft, .number = ++p->arrivals};
	return e;
}

static int is_request(const struct stanza *s)
{
	const char *type = stanza_attr(s, "type");
	return !strcmp((const char *)s->root->name, "iq") && type && (!strcmp(type, "get") || !strcmp(type, "set"));
}

int step_fits(const struct player *p, int actor, const struct step *step, const struct stanza *s)
{
	if (step->kind != STEP_RECEIVE || step->actor != actor) {
		return 0;
	}
	struct template_defaults defaults = {.id = implied_id(p, step)};
	return template_match(step->template, s, &p->vars, &defaults, NULL, NULL);
}

/* Whether a step that is open now wants this stanza: then the background keeps still. */
static int step_wants(const struct player *p, int actor, const struct stanza *s)
{
	const struct step *step = p->open;
	if (!step || p->wait != WAIT_STEP || p->over) {
		return 0;
	}
	if (step_fits(p, actor, step, s)) {
		return 1;
	}
	for (size_t b = 0; b < step->branches_count; b++) {
		size_t count = step->kind == STEP_TOGETHER ? step->branches[b].count : 1;
		for (size_t i = 0; i < count; i++) {
			int met = step->kind == STEP_TOGETHER && p->together[i];
			if (!met && step_fits(p, actor, &step->branches[b].items[i], s)) {
				return 1;
			}
		}
	}
	return 0;
}

/* 1: the stanza is tolerated, whether or not a step takes it. */
static int background(struct player *p, int actor, const struct stanza *s)
{
	enum actor_class class = p->config.scenario->cast[actor].class;
	if (class == ACTOR_CLIENT) {
		return 0;
	}
	const struct background_rule *rule =
			background_find(&p->config.catalogue->background, actor_class_ns(class), s, &p->vars);
	if (rule ? rule->answer != NULL : is_request(s)) {
		if (!step_wants(p, actor, s)) {
			rule ? act_answer(p, actor, s, rule) : act_refuse(p, actor, s);
		}
		return 1;
	}
	return rule != NULL;
}

static void check_never(struct player *p, int actor, const struct entry *e)
{
	for (size_t i = 0; i < p->arms_count; i++) {
		const struct step *step = p->arms[i].step;
		if (!p->arms[i].until_act && step->actor == actor &&
				template_match(step->template, e->stanza, &p->vars, NULL, NULL, NULL)) {
			decide_violation(p, step, e);
		}
	}
}

void player_on_stanza(struct player *p, int actor, const struct player_stanza *ps, uint64_t now)
{
	const char *ns = node_ns(ps->stanza->root);
	int dialback = !strcmp(ns, NS_DIALBACK);
	int sasl = !strcmp(ns, NS_SASL);
	if (p->ended || p->seats[actor].withdrawn) {
		return;
	}
	if (!dialback && !sasl) {
		decide_invariants(p, actor, ps);
	}
	if (fence_takes(p, actor, ps->stanza)) {
		steps_advance(p, now);
		return;
	}
	if (further_takes(p, actor, ps->stanza)) {
		return;
	}
	if (dialback && !p->seats[actor].sees_dialback) {
		return; /* an answer that nobody waits for any more is dropped silently (XEP-0220 section 2.1.2) */
	}
	silences_broken(p, actor, ps->stanza, now);
	int soft = background(p, actor, ps->stanza) || inbox_is_late(p, actor, ps->stanza) || dialback || sasl;
	const struct entry *e = keep(p, actor, ps, soft);
	check_never(p, actor, e);
	steps_advance(p, now);
	violations_after(p, actor);
}

void player_on_opening(struct player *p, int actor, struct stanza *stanza, int journal, uint64_t now)
{
	if (!p->ended) {
		check_never(p, actor, keep(p, actor, &(struct player_stanza){.stanza = stanza, .journal = journal}, 1));
		steps_advance(p, now);
	}
}

void player_on_closed(struct player *p, int actor, const char *how, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	if (seat->hung_up) {
		seat->hung_up = 0; /* the end of a session that the play itself ended, perhaps after the next one began */
		return;
	}
	set_trouble(seat, how);
	if (!seat_connects(p, actor)) {
		return;
	}
	seat->connected = 0;
	if (p->over || !p->open || p->wait == WAIT_HOOK || p->wait == WAIT_QUIET) {
		return;
	}
	int waits = p->open->actor == actor && (p->wait == WAIT_STEP || p->wait == WAIT_FENCE);
	if (waits) {
		steps_timeout(p, now);
	}
}

/* An event of a stream stands in the inbox, where steps can take it; it breaks no silence. */
/* Takes the stanza over. */
static void keep_event(struct player *p, int actor, struct stanza *s, int journal)
{
	keep(p, actor, &(struct player_stanza){.stanza = s, .journal = journal}, 1);
	stanza_unref(s);
}

/* Nearly each stream is one that the target opens. */
static struct stanza *opened_event(const char *door)
{
	xmlDocPtr doc = xmlNewDoc(NULL);
	xmlNodePtr root = xmlNewDocNode(doc, NULL, (const xmlChar *)"opened", NULL);
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, xmlNewNs(root, (const xmlChar *)NS_STREAM_EVENT, NULL));
	node_set(root, "at", door);
	char *text = mem_printf("<opened xmlns='" NS_STREAM_EVENT "' at='%s'/>", door);
	struct stanza *s = stanza_create(doc, text, strlen(text));
	free(text);
	return s;
}

void player_on_opened(struct player *p, int actor, uint64_t now)
{
	p->seats[actor].connected = 1;
	p->seats[actor].bare_open = 1;
	steps_advance(p, now);
}

void player_on_visited(struct player *p, int actor, const char *door, int journal, uint64_t now)
{
	keep_event(p, actor, opened_event(door), journal);
	steps_advance(p, now);
}

void player_on_ended(struct player *p, int actor, const char *how, const char *condition, int journal, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	char *text = condition ? mem_printf("<closed xmlns='" NS_STREAM_EVENT "' how='%s'><%s xmlns='" NS_STREAM_ERRORS
										"'/></closed>",
									 how, condition)
						   : mem_printf("<closed xmlns='" NS_STREAM_EVENT "' how='%s'/>", how);
	if (p->ended) {
		free(text);
		return;
	}
	keep_event(p, actor, stanza_parse(text, NULL), journal);
	free(text);
	seat->bare_open = 0;
	/* To a stream that is just being opened this is the answer. */
	seat->connected = p->open && p->open->kind == STEP_OPEN && p->open->actor == actor;
	/* A question that the target has not read, or will not answer any more, is put again on another stream. A target
	 * that ended the stream without a word may be gone altogether. */
	int in_order = condition || !strcmp(how, "end");
	int again = !seat_connects(p, actor); /* a component has no other stream */
	if (!again) {
		seat->sent_since_fence = 0; /* it has been read, or will never be */
		if (p->open && p->open->kind >= STEP_HOOK && p->open->kind <= STEP_ROSTER) {
			seat->fence_open = 0; /* the same: no silence is to be proved */
		}
	}
	if (!p->over && again && in_order && seat->fence_open && !seat->leaving && seat->fence_again < FENCES_AGAIN) {
		seat->fence_again++;
		fence_send(p, actor);
	}
	steps_advance(p, now);
}

void player_on_streams(struct player *p, int actor, size_t own, size_t all, uint64_t now)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		struct seat *seat = &p->seats[i];
		if ((int)i != actor && p->config.scenario->cast[i].of != actor) {
			continue;
		}
		/* What it sent has been read, or will never be. */
		if (!own && !p->seats[actor].reset) {
			seat->sent_since_fence = 0;
		}
		if ((!all && seat->leaving) || (!own && seat->half_closed)) {
			seat->leaving = seat->half_closed = 0;
			seat->fence_open = 0;
		}
		seat->visits = (int)(all - own);
	}
	if (!p->ended) {
		steps_advance(p, now);
	}
}

void player_on_hook(struct player *p, int id, int ok, const char *output, uint64_t now)
{
	if (!p->over && p->open && p->wait == WAIT_HOOK && id == p->hook_id) {
		steps_hook_done(p, ok, output, now);
	}
}

void player_on_fault(struct player *p, int actor, const char *detail, uint64_t now)
{
	(void)now;
	if (p->ended) {
		return;
	}
	set_trouble(&p->seats[actor], detail);
	struct finding f = {.id = (char *)"XC-048",
			.strictness = STRICT_HARD,
			.verdict = VERDICT_FAIL,
			.text = (char *)"the target sends well-formed XML without what streams must not carry",
			.place = p->config.scenario->file,
			.line = 1,
			.at = {.file = p->config.scenario->file, .line = 1},
			.evidence = evidence_create(EVIDENCE_FAULT),
			.invariant = 1};
	f.evidence->actor = actor_name(p, actor);
	f.evidence->said = mem_strdup(detail);
	result_add(&p->result, &f);
	evidence_unref(f.evidence);
}
