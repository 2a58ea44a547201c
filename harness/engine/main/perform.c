/* Does what the player asks for: log-ins, streams, stanzas, hooks; and gives sessions back. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

static struct seat_link *wire_link(struct play *p, int actor)
{
	const struct actor *a = &p->scenario->cast[actor];
	return &p->links[a->class == ACTOR_REMOTE_USER ? a->of : actor];
}

/* A session in which presence was sent is not as the next borrower expects it, and one in which the client claimed an
 * address may be ended for it (RFC 6120 section 8.1.2.1). */
static int changes_session(const char *octets)
{
	const char *from = strstr(octets, " from=");
	return !strncmp(octets, "<presence", 9) || (from && from < octets + strcspn(octets, ">"));
}

/* text, which it takes, with ${name} filled in where it stands first. */
static char *fill_in(char *text, const char *name, const char *value)
{
	char *form = mem_printf("${%s}", name);
	const char *at = strstr(text, form);
	char *filled = at ? mem_printf("%.*s%s%s", (int)(at - text), text, value, at + strlen(form)) : text;
	if (at) {
		free(text);
	}
	free(form);
	return filled;
}

/* The property `resource:`, filled in, or NULL. ${token}: what runs beside this play must not take the session over. */
static char *resource_of(const struct play *p, const struct actor *a)
{
	if (!a->resource) {
		return NULL;
	}
	char *text = fill_in(mem_strdup(a->resource), "token", p->token);
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		text = fill_in(text, p->scenario->cast[i].name, p->links[i].address);
	}
	return text;
}

static void log_in(struct play *p, int actor)
{
	const struct actor *a = &p->scenario->cast[actor];
	struct seat_link *link = &p->links[actor];
	const char *name = actor_class_account(a->class);
	const struct account *known = name ? profile_account(&p->run->suite->plan.profile, name) : NULL;
	struct session_account account = {.jid = link->address, .password = known ? known->password : a->password};
	free(link->account);
	link->account = mem_strdup(link->address);
	link->own = actor_has_own_session(a);
	link->session = link->own ? NULL : pool_take(&p->run->pool, link->account);
	if (link->session) {
		session_set_owner(link->session, link);
		journal_note(p->run, p, actor, "lend", session_jid(link->session));
		cue_connected(p, actor, session_jid(link->session));
		return;
	}
	if (a->login) {
		enum session_extent extent = !strcmp(a->login, "none") ? SESSION_NAMELESS : SESSION_UNBOUND;
		link->session = session_begin(p->run->sessions, &account, extent, link);
		return;
	}
	char *resource = resource_of(p, a);
	link->session = session_create(p->run->sessions, &account, resource, link);
	free(resource);
}

void play_attach(struct seat_link *link)
{
	int bare = link->attach == ATTACH_BARE;
	link->attach = ATTACH_NO;
	link->component = component_create(link->play->run->components, link->address, bare, link);
}

/* The target may answer a second stream for the same domain with a conflict: one after the other. */
static void attach(struct play *p, int actor, int bare)
{
	struct seat_link *link = &p->links[actor];
	link->attach = bare ? ATTACH_BARE : ATTACH;
	if (!link->component) {
		play_attach(link);
	}
}

void play_count_streams(struct play *p, int actor)
{
	const struct peer *peer = p->links[actor].peer;
	cue_streams(p, actor, peer_streams(peer, 0), peer_streams(peer, 1));
}

static void hang_up(struct play *p, int actor, int reset)
{
	struct seat_link *link = &p->links[actor];
	if (link->peer) {
		peer_disconnect(link->peer, reset);
		if (!peer_streams(link->peer, 1)) {
			play_count_streams(p, actor); /* there was none to end */
		}
	} else if (link->component) {
		component_disconnect(link->component);
	} else if (p->scenario->cast[actor].class == ACTOR_COMPONENT) {
		cue_streams(p, actor, 0, 0); /* there was none to end */
	} else if (link->session) {
		link->own = 1;
		session_disconnect(link->session);
	}
}

static void send_stanza(struct play *p, const struct action *a)
{
	struct seat_link *link = wire_link(p, a->actor);
	if (a->note) {
		journal_note(p->run, p, a->actor, a->note, NULL);
	}
	if (p->scenario->cast[a->actor].class == ACTOR_COMPONENT) {
		if (link->component) {
			component_send(link->component, a->octets, strlen(a->octets));
		}
		return;
	}
	if (a->bare) {
		if (!peer_send_bare(link->peer, a->to_domain, a->octets, strlen(a->octets))) {
			journal_note(p->run, p, a->actor, "dropped", "its stream is gone");
		}
	} else if (link->peer) {
		peer_send(link->peer, a->to_domain, a->octets, strlen(a->octets));
		return;
	}
	/* What an actor answers by itself goes back where the question came from. */
	int by_itself = a->note && !strcmp(a->note, "background");
	struct session *session = by_itself && p->asked_on ? p->asked_on : link->session;
	if (session) {
		link->own |= session == link->session && changes_session(a->octets);
		if (commands_holds(p->run, session, a->octets)) {
			return;
		}
		void (*send)(struct session * s, const char *octets, size_t len) = a->built ? session_send_built : session_send;
		send(session, a->octets, strlen(a->octets));
	}
}

static const enum peer_hold holds[] = {
		[HOLD_NOTHING] = PEER_HOLDS_NOTHING, [HOLD_ANSWERS] = PEER_HOLDS_ANSWERS, [HOLD_ALL] = PEER_HOLDS_ALL};

void play_perform(struct play *p, const struct action *a)
{
	switch (a->kind) {
	case ACTION_CONNECT:
		if (p->links[a->actor].peer) {
			peer_connect(p->links[a->actor].peer, p->run->suite->plan.profile.domains[0]);
		} else if (p->scenario->cast[a->actor].class == ACTOR_COMPONENT) {
			attach(p, a->actor, 0);
		} else {
			log_in(p, a->actor);
		}
		break;
	case ACTION_DISCONNECT:
	case ACTION_RESET:
		hang_up(p, a->actor, a->kind == ACTION_RESET);
		break;
	case ACTION_SEND:
		send_stanza(p, a);
		break;
	case ACTION_HOOK:
		hooks_call(p->run->hooks, p, a);
		break;
	case ACTION_OPEN:
		if (p->links[a->actor].peer) {
			peer_open(p->links[a->actor].peer, p->run->suite->plan.profile.domains[0], a->octets);
		} else {
			attach(p, a->actor, 1);
		}
		break;
	case ACTION_HOLD:
		peer_hold(p->links[a->actor].peer, holds[a->hold]);
		break;
	case ACTION_HALF_CLOSE:
		peer_half_close(p->links[a->actor].peer);
		play_count_streams(p, a->actor);
		break;
	case ACTION_END_VISITS:
		peer_end_visits(p->links[a->actor].peer, a->octets);
		play_count_streams(p, a->actor);
		break;
	}
}

void play_perform_all(struct play *p)
{
	struct action a;
	while (player_next_action(p->player, &a)) {
		play_perform(p, &a);
		action_finish(&a);
	}
}

/* The next play that gets its domain must not meet what this one left. */
static void release_component(struct play *p, struct seat_link *link)
{
	link->attach = ATTACH_NO;
	int speaks = component_is_ready(link->component) && !component_is_bare(link->component);
	if (speaks && turns_lends_domain(link) && !p->ended) {
		cue_withdraw(p, link->actor);
		play_perform_all(p);
	}
	component_disconnect(link->component);
}

void play_release(struct play *p, struct seat_link *link)
{
	if (link->component) {
		release_component(p, link);
		return;
	}
	struct session *s = link->session;
	link->session = NULL;
	if (!s) {
		return;
	}
	session_set_owner(s, NULL);
	commands_leave(p->run, s, p->scenario->cast[link->actor].class);
	if (!session_jid(s)) {
		session_destroy(s); /* it was still logging in */
	} else if (link->own) {
		session_disconnect(s); /* in order: what was sent last must get there */
	} else {
		pool_give(&p->run->pool, link->account, s);
	}
}

/* Sessions that the rest of the play does not need go back at once, so that few logins serve many scenarios. */
void play_release_early(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		struct seat_link *link = &p->links[i];
		int logging_in = link->session && !session_jid(link->session);
		if (p->scenario->cast[i].class == ACTOR_COMPONENT) {
			continue; /* what it left at the target belongs to the play */
		}
		if ((link->session || link->claims) && !logging_in && !player_needs(p->player, (int)i)) {
			play_release(p, link);
			turns_let_go(link);
		}
	}
}
