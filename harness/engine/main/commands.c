/* A target may allow one session of a command for each requester (XEP-0050 section 3.3). Whether it does is found out
 * before the first play. Then plays take turns with an administrator, and what a play leaves open is cancelled before
 * the next one begins. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define SERVER_BUDDY "http://jabber.org/protocol/admin#server-buddy"

/* A session of a command that a client has open. */
struct open_command {
	struct session *session; /* of the client */
	char *to, *node, *id;
	char *submission;		/* id of the IQ that is to bring it to its end, while that is not answered */
	char *cancel;			/* id of the IQ that ends it, while its answer is waited for */
	enum actor_class class; /* while that goes on, no play with such a client begins */
};

static uint64_t patience(const struct run *r)
{
	return (uint64_t)(r->suite->plan.profile.deadline_ms * r->suite->plan.patience);
}

static struct open_command *find(struct run *r, const struct session *s, const char *id)
{
	for (size_t i = 0; id && i < r->commands.count; i++) {
		struct open_command *c = &r->commands.open[i];
		if (c->session == s && !strcmp(c->id, id)) {
			return c;
		}
	}
	return NULL;
}

static void forget(struct run *r, struct open_command *c)
{
	if (c->cancel) {
		r->claims[c->class]--;
		run_wake(r);
	}
	free(c->to);
	free(c->node);
	free(c->id);
	free(c->cancel);
	free(c->submission);
	struct open_command *last = &r->commands.open[--r->commands.count];
	if (c != last) {
		*c = *last;
	}
	*last = (struct open_command){0};
}

static void note(struct run *r, struct session *s, const char *from, const xmlNode *command)
{
	const char *status = node_attr(command, "status");
	const char *id = node_attr(command, "sessionid");
	const char *node = node_attr(command, "node");
	struct open_command *c = find(r, s, id);
	int executing = status && !strcmp(status, "executing");
	if (c && !executing) {
		forget(r, c);
	} else if (!c && executing && id && node) {
		r->commands.open = mem_resize(r->commands.open, r->commands.count + 1, sizeof *r->commands.open);
		r->commands.open[r->commands.count++] = (struct open_command){
				.session = s, .to = mem_strdup(from), .node = mem_strdup(node), .id = mem_strdup(id)};
	}
}

/* ---- what plays send ---- */

/* What a play wants to have while its last command of that kind is under way. */
struct held_command {
	struct session *session;
	char *octets;
};

static void let_go(struct run *r, const struct session *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->commands.held_count; i++) {
		struct held_command *h = &r->commands.held[i];
		if (h->session != s) {
			r->commands.held[kept++] = *h;
			continue;
		}
		session_send(h->session, h->octets, strlen(h->octets));
		free(h->octets);
	}
	r->commands.held_count = kept;
}

static void forget_held(struct run *r, const struct session *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->commands.held_count; i++) {
		if (r->commands.held[i].session == s || !s) {
			free(r->commands.held[i].octets);
		} else {
			r->commands.held[kept++] = r->commands.held[i];
		}
	}
	r->commands.held_count = kept;
}

static void answered(struct run *r, struct session *s, const char *id)
{
	for (size_t i = 0; i < r->commands.count; i++) {
		struct open_command *c = &r->commands.open[i];
		if (c->session == s && c->submission && !strcmp(c->submission, id)) {
			free(c->submission);
			c->submission = NULL;
			let_go(r, s);
			return;
		}
	}
}

static void note_submission(struct run *r, struct session *s, const struct stanza *iq, const xmlNode *command)
{
	struct open_command *c = find(r, s, node_attr(command, "sessionid"));
	const char *id = stanza_attr(iq, "id");
	if (c && id) {
		free(c->submission);
		c->submission = mem_strdup(id);
	}
}

static int is_under_way(const struct run *r, const struct session *s, const char *node)
{
	for (size_t i = 0; i < r->commands.count; i++) {
		const struct open_command *c = &r->commands.open[i];
		if (c->session == s && c->submission && !strcmp(c->node, node)) {
			return 1;
		}
	}
	return 0;
}

int commands_holds(struct run *r, struct session *s, const char *octets)
{
	struct stanza *iq = r->commands.one ? stanza_parse(octets, NS_CLIENT) : NULL;
	const xmlNode *command = iq ? node_child(iq->root, "command", NS_COMMANDS) : NULL;
	const char *node = command ? node_attr(command, "node") : NULL;
	int holds = 0;
	if (node && node_attr(command, "sessionid")) {
		note_submission(r, s, iq, command);
	} else if (node && is_under_way(r, s, node)) {
		holds = 1;
		r->commands.held = mem_resize(r->commands.held, r->commands.held_count + 1, sizeof *r->commands.held);
		r->commands.held[r->commands.held_count++] = (struct held_command){.session = s, .octets = mem_strdup(octets)};
	}
	stanza_unref(iq);
	return holds;
}

/* ---- what plays leave ---- */

static void on_late(uv_timer_t *timer)
{
	struct run *r = timer->data;
	for (size_t i = r->commands.count; i-- > 0;) {
		if (r->commands.open[i].cancel) {
			forget(r, &r->commands.open[i]); /* it does not answer: a play will say so */
		}
	}
}

/* <iq><command action='...'/></iq>; sessionid may be NULL. Caller frees. */
static char *request(const char *id, const char *to, const char *node, const char *action, const char *sessionid)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr iq = xmlNewDocNode(doc, NULL, (const xmlChar *)"iq", NULL);
	xmlDocSetRootElement(doc, iq);
	node_set(iq, "type", "set");
	node_set(iq, "id", id);
	node_set(iq, "to", to);
	xmlNodePtr command = node_add(iq, "command", NS_COMMANDS);
	node_set(command, "node", node);
	node_set(command, "action", action);
	node_set(command, "sessionid", sessionid);
	char *octets = node_octets(iq);
	xmlFreeDoc(doc);
	return octets;
}

static void send_away(struct session *s, char *octets)
{
	session_send_built(s, octets, strlen(octets));
	free(octets);
}

void commands_leave(struct run *r, struct session *s, enum actor_class class)
{
	for (size_t i = 0; i < r->commands.count; i++) {
		struct open_command *c = &r->commands.open[i];
		if (c->session != s || c->cancel) {
			continue;
		}
		c->cancel = mem_printf("cancel%d", ++r->commands.numbers);
		c->class = class;
		r->claims[class]++;
		send_away(s, request(c->cancel, c->to, c->node, "cancel", c->id));
		uv_timer_start(&r->commands.timer, on_late, patience(r), 0);
	}
}

/* What was open on it may be in the way of others of the same account. */
void commands_session_gone(struct run *r, const struct session *s, enum actor_class class)
{
	struct session *other = class == ACTOR_ADMIN ? hooks_session(r->hooks) : NULL;
	forget_held(r, s);
	for (size_t i = r->commands.count; i-- > 0;) {
		struct open_command *c = &r->commands.open[i];
		if (c->session == s && !c->cancel && other) {
			c->session = other;
		} else if (c->session == s) {
			forget(r, c);
		}
	}
	if (other) {
		commands_leave(r, other, class);
	}
}

/* ---- how many sessions are allowed ---- */

static void look_ends(struct run *r)
{
	void (*done)(struct run * r, const char *reason) = r->commands.looked;
	uv_timer_stop(&r->commands.timer);
	r->commands.looked = NULL;
	r->commands.looks = 0;
	if (r->commands.one) {
		journal_note(r, NULL, -1, "one-session", "the target allows one session of a command for each requester");
	}
	if (done) {
		done(r, NULL);
	}
}

static void on_look_late(uv_timer_t *timer)
{
	look_ends(timer->data); /* what does not answer is the plays' matter */
}

void commands_look(struct run *r, struct session *s, void (*done)(struct run *r, const char *reason))
{
	const char *domain = r->suite->plan.profile.domains[0];
	if (!s || !profile_has(&r->suite->plan.profile, "claim:command")) {
		done(r, NULL);
		return;
	}
	r->commands.looked = done;
	r->commands.looks = 2;
	uv_timer_start(&r->commands.timer, on_look_late, patience(r), 0);
	for (size_t i = 0; i < 2; i++) {
		send_away(s, request(i ? "look2" : "look1", domain, SERVER_BUDDY, "execute", NULL));
	}
}

/* Two were asked for at once. What is allowed is ended; the first play of a target with one at a time waits for that.
 */
static int look_takes(struct run *r, struct session *s, const struct stanza *stanza, const char *id)
{
	if (!r->commands.looks || strncmp(id, "look", 4) != 0) {
		return 0;
	}
	const xmlNode *command = node_child(stanza->root, "command", NS_COMMANDS);
	const char *session = command ? node_attr(command, "sessionid") : NULL;
	r->commands.looks--;
	if (session && strcmp(id, "look-end") != 0) {
		send_away(s, request("look-end", r->suite->plan.profile.domains[0], SERVER_BUDDY, "cancel", session));
		r->commands.looks++;
		r->commands.opened++;
	}
	const char *type = stanza_attr(stanza, "type");
	r->commands.refused |=
			type && !strcmp(type, "error") && strcmp(id, "look-end") != 0; /* with which error, AH-034 says */
	if (!r->commands.looks) {
		r->commands.one = r->commands.opened == 1 && r->commands.refused;
		look_ends(r);
	}
	return 1;
}

int commands_stanza(struct run *r, struct session *s, const struct stanza *stanza)
{
	const char *id = stanza_is_answer(stanza) ? stanza_attr(stanza, "id") : NULL;
	if (!id || look_takes(r, s, stanza, id)) {
		return id != NULL;
	}
	for (size_t i = 0; r->commands.one && i < r->commands.count; i++) {
		struct open_command *c = &r->commands.open[i];
		if (c->cancel && !strcmp(c->cancel, id)) {
			forget(r, c); /* cancelled, or over already */
			return 1;
		}
	}
	if (!r->commands.one || hooks_owns(r->hooks, s)) {
		return 0;
	}
	answered(r, s, id);
	const xmlNode *command = node_child(stanza->root, "command", NS_COMMANDS);
	const char *from = stanza_attr(stanza, "from");
	if (command) {
		note(r, s, from ? from : r->suite->plan.profile.domains[0], command);
	}
	return 0;
}

void commands_finish(struct run *r)
{
	while (r->commands.count) {
		forget(r, &r->commands.open[0]);
	}
	forget_held(r, NULL);
	free(r->commands.held);
	free(r->commands.open);
	r->commands.held = NULL;
	r->commands.open = NULL;
}
