/* What the player tells the caller to do. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

#define SERVER_BUDDY "http://jabber.org/protocol/admin#server-buddy"
#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_DATA "jabber:x:data"

static void push(struct player *p, const struct action *a)
{
	p->actions = mem_resize(p->actions, p->actions_count + 1, sizeof *p->actions);
	p->actions[p->actions_count++] = *a;
}

void act_simple(struct player *p, enum action_kind kind, int actor)
{
	push(p, &(struct action){.kind = kind, .actor = actor});
}

void act_open(struct player *p, int actor, char *header)
{
	push(p, &(struct action){.kind = ACTION_OPEN, .actor = actor, .octets = header});
}

void act_end_visits(struct player *p, int actor, const char *condition)
{
	push(p, &(struct action){.kind = ACTION_END_VISITS, .actor = actor, .octets = mem_strdup(condition)});
}

void act_hold(struct player *p, int actor, enum peer_step_hold hold)
{
	push(p, &(struct action){.kind = ACTION_HOLD, .actor = actor, .hold = hold});
}

int act_hook(struct player *p, const struct step *step, const char *peer)
{
	int id = ++p->ids;
	push(p, &(struct action){.kind = ACTION_HOOK,
					.actor = -1,
					.hook_id = id,
					.hook = step->hook,
					.stage = step->stage,
					.peer = mem_strdup(peer)});
	return id;
}

static void send_octets(struct player *p, int actor, char *octets, const char *to_domain, const char *note, int built)
{
	struct seat *seat = &p->seats[actor];
	int fence = note && !strcmp(note, "fence");
	int bare = fence ? seat->bare_open : seat->bare;
	seat->bare_open &= bare; /* the stream gets authenticated for the octets */
	push(p, &(struct action){.kind = ACTION_SEND,
					.actor = actor,
					.octets = octets,
					.to_domain = mem_strdup(to_domain ? to_domain : p->config.target),
					.bare = bare,
					.built = built,
					.note = note});
}

void act_send_raw(struct player *p, int actor, char *octets, const char *to_domain, const char *note)
{
	send_octets(p, actor, octets, to_domain, note, 0);
}

void license(struct player *p, const char *peer)
{
	if (*peer) {
		vars_set(&p->licensed, peer, "");
	}
}

/* An administrator's submission of the server-buddy form is the explicit request of XEP-0267 section 1, also with a
 * form of type cancel (XEP-0050 section 3.5.1: to be read as submit). */
static void note_order(struct player *p, const struct stanza *s)
{
	const xmlNode *command = node_child(s->root, "command", NS_COMMANDS);
	const char *node = command ? node_attr(command, "node") : NULL;
	const char *action = command ? node_attr(command, "action") : NULL;
	const xmlNode *form = command ? node_child(command, "x", NS_DATA) : NULL;
	if (!node || strcmp(node, SERVER_BUDDY) != 0 || !form || (action && !strcmp(action, "cancel"))) {
		return;
	}
	for (const xmlNode *field = form->children; field; field = field->next) {
		if (node_is(field, "field", NS_DATA)) {
			char *value = node_text(field);
			license(p, value);
			free(value);
		}
	}
}

static void note_sent(struct player *p, int actor, const struct stanza *s)
{
	struct seat *seat = &p->seats[actor];
	const char *id = stanza_attr(s, "id");
	const char *type = stanza_attr(s, "type");
	const struct actor *a = &p->config.scenario->cast[actor];
	int answer = type && (!strcmp(type, "result") || !strcmp(type, "error"));
	if (id && !answer && !strcmp((const char *)s->root->name, "iq")) {
		free(seat->last_iq);
		seat->last_iq = mem_strdup(id);
		decide_answer_due(seat, id);
	}
	if (id && type && !strcmp(type, "error")) {
		vars_set(&seat->errors_sent, id, "");
	}
	if (actor_class_is_client(a->class) && a->class != ACTOR_CLIENT) {
		further_note(seat, s);
	}
	if (actor_class_is_admin(a->class) || a->class == ACTOR_CLIENT) {
		note_order(p, s);
	}
	if (left_has(p, "auto_off") && type && !strcmp(type, "subscribe")) {
		license(p, seat->address);
	}
	seat->sent_since_fence = 1;
	seat->reset = seat->leaving = seat->half_closed = 0;
	int peer = !actor_class_is_client(a->class);
	seat->unsettled |= peer && !strcmp((const char *)s->root->name, "presence");
}

/* The domain of the target that a peer's stanza is for; the main one if it is for none of them. */
static const char *route(const struct player *p, const char *to)
{
	const char *at = to ? strrchr(to, '@') : NULL;
	const char *domain = at ? at + 1 : to;
	size_t len = domain ? strcspn(domain, "/") : 0;
	for (size_t i = 0; domain && p->targets[i]; i++) {
		if (strlen(p->targets[i]) == len && !strncasecmp(p->targets[i], domain, len)) {
			return p->targets[i];
		}
	}
	return p->config.target;
}

void act_send_step(struct player *p, const struct step *step)
{
	const struct actor *a = &p->config.scenario->cast[step->actor];
	int iq = !strcmp((const char *)step->template->root->name, "iq");
	int presence = !strcmp((const char *)step->template->root->name, "presence");
	char id[64];
	snprintf(id, sizeof id, "%s-%d", p->config.token, ++p->ids);
	struct template_defaults defaults = {0};
	if (a->class != ACTOR_CLIENT) {
		int peer = !actor_class_is_client(a->class);
		defaults.from = peer ? p->seats[step->actor].address : NULL;
		defaults.to = peer || !presence ? p->config.target : NULL;
		defaults.id = iq ? id : NULL;
	}
	struct stanza *s = template_build(step->template, &p->vars, &defaults);
	note_sent(p, step->actor, s);
	send_octets(p, step->actor, mem_strdup(s->raw), route(p, stanza_attr(s, "to")), NULL, 1);
	stanza_unref(s);
}

void player_withdraw(struct player *p, int actor)
{
	static const char *const types[] = {"unsubscribe", "unsubscribed"};
	p->seats[actor].withdrawn = 1;
	for (size_t i = 0; p->targets[i / 2]; i++) {
		char *presence = mem_printf(
				"<presence type='%s' from='%s' to='%s'/>", types[i % 2], p->seats[actor].address, p->targets[i / 2]);
		act_send_raw(p, actor, presence, p->targets[i / 2], "withdraw");
	}
}

/* The body as it goes back to whom the stanza came from. */
static char *reply(const struct stanza *s, struct stanza *body)
{
	static const char *const swap[][2] = {{"from", "to"}, {"to", "from"}, {"id", "id"}};
	for (size_t i = 0; i < 3; i++) {
		const char *value = stanza_attr(s, swap[i][1]);
		if (value) {
			xmlSetProp(body->root, (const xmlChar *)swap[i][0], (const xmlChar *)value);
		}
	}
	return node_octets(body->root);
}

void act_answer(struct player *p, int actor, const struct stanza *s, const struct background_rule *rule)
{
	struct template_defaults none = {0};
	const struct actor *a = &p->config.scenario->cast[actor];
	const char *identity = a->identity ? a->identity : a->class == ACTOR_COMPONENT ? "component/generic" : "server/im";
	const char *slash = strchr(identity, '/');
	char *category = mem_strndup(identity, (size_t)(slash - identity));
	vars_set(&p->vars, "own category", category);
	vars_set(&p->vars, "own type", slash + 1);
	free(category);
	struct stanza *body = template_build(rule->answer, &p->vars, &none);
	act_send_raw(p, actor, reply(s, body), route(p, stanza_attr(s, "from")), "background");
	stanza_unref(body);
}

void act_refuse(struct player *p, int actor, const struct stanza *s)
{
	static const char refusal[] =
			"<iq type='error'><error type='cancel'><service-unavailable xmlns='" NS_STANZA_ERRORS "'/></error></iq>";
	const char *id = stanza_attr(s, "id");
	if (id) {
		vars_set(&p->seats[actor].errors_sent, id, "");
	}
	struct stanza *body = stanza_parse(refusal, node_ns(s->root));
	act_send_raw(p, actor, reply(s, body), route(p, stanza_attr(s, "from")), "background");
	stanza_unref(body);
}

/* Nothing comes back to a peer that has not authorised the target, or is not authenticated itself, but what answers
 * dialback on its own stream: it asks about a key. */
static int fence_by_dialback(const struct player *p, int actor)
{
	const struct seat *seat = &p->seats[actor];
	return seat->bare_open || seat->holding;
}

static char *fence_octets(const struct player *p, int actor, size_t n, const char *to)
{
	const struct seat *seat = &p->seats[actor];
	if (actor_class_is_client(p->config.scenario->cast[actor].class)) {
		return mem_printf("<iq type='get' id='%s-fence%d-%zu' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
				p->config.token, seat->fence_serial, n, to);
	}
	if (fence_by_dialback(p, actor)) {
		return mem_printf("<db:verify xmlns:db='" NS_DIALBACK
						  "' id='%s-fence%d-%zu' from='%s' to='%s'>fence</db:verify>",
				p->config.token, seat->fence_serial, n, seat->address, to);
	}
	return mem_printf("<iq type='get' id='%s-fence%d-%zu' from='%s' to='%s'>"
					  "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
			p->config.token, seat->fence_serial, n, seat->address, to);
}

void fence_needed(struct player *p, int actor)
{
	struct seat *seat = &p->seats[actor];
	if (seat->leaving || seat->half_closed) {
		seat->fence_open = 1; /* player_on_streams() closes it */
	} else if (p->config.scenario->cast[actor].class == ACTOR_COMPONENT && seat->bare) {
		/* without handshake it cannot ask anything: it has no dialback either */
	} else {
		fence_send(p, actor);
	}
}

/* A fence goes to every domain of the target that the scenario deals with: each may use a stream of its own. */
void fence_send(struct player *p, int actor)
{
	struct seat *seat = &p->seats[actor];
	const struct actor *a = &p->config.scenario->cast[actor];
	int client = actor_class_is_client(a->class);
	seat->fence_serial = ++p->ids;
	seat->fence_open = 0;
	seat->sent_since_fence = 0;
	if (a->dialback && !seat->bare_open) {
		act_open(p, actor, NULL); /* a target that is refused may take no key of the peer either */
		seat->bare_open = 1;
	}
	int one = client || seat->bare_open; /* a bare stream leads to the main domain */
	for (size_t i = 0; p->targets[i] && (!one || !i); i++) {
		const char *own = strchr(seat->address, '@');
		const char *to = client && own ? own + 1 : p->targets[i];
		act_send_raw(p, actor, fence_octets(p, actor, i, to), p->targets[i], "fence");
		seat->fence_open++;
	}
}

int fences_repeat(struct player *p)
{
	int more = 0;
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		const struct seat *seat = &p->seats[i];
		int speaks = seat->connected || !seat_connects(p, (int)i);
		int ends = seat->leaving || seat->half_closed; /* that its streams are gone will be the answer */
		if (seat->fence_open && speaks && !ends) {
			fence_send(p, (int)i);
		}
		more |= seat->fence_open && (speaks || ends);
	}
	return more;
}

int fence_takes(struct player *p, int actor, const struct stanza *s)
{
	struct seat *seat = &p->seats[actor];
	const char *id = stanza_attr(s, "id");
	const char *type = stanza_attr(s, "type");
	char prefix[64];
	snprintf(prefix, sizeof prefix, "%s-fence", p->config.token);
	if (!id || strncmp(id, prefix, strlen(prefix)) != 0 || !type ||
			(strcmp(type, "result") != 0 && strcmp(type, "error") != 0 && strcmp(type, "invalid") != 0)) {
		return 0;
	}
	snprintf(prefix, sizeof prefix, "%s-fence%d-", p->config.token, seat->fence_serial);
	if (!strncmp(id, prefix, strlen(prefix)) && seat->fence_open) {
		seat->fence_open--;
		seat->fence_again = 0;
	}
	return 1;
}

int fences_open(const struct player *p)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		if (p->seats[i].fence_open) {
			return 1;
		}
	}
	return 0;
}
