/* Gives the players what comes from the target: callbacks of peers and of client sessions. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

/* A stanza to user@peer belongs to the remote user, everything else to the peer. */
static int addressee(const struct play *p, int peer, const struct stanza *s)
{
	const char *to = stanza_attr(s, "to");
	size_t len = to ? strcspn(to, "/") : 0;
	for (size_t i = 0; to && i < p->scenario->cast_count; i++) {
		const struct actor *a = &p->scenario->cast[i];
		if (a->class == ACTOR_REMOTE_USER && a->of == peer && strlen(p->links[i].address) == len &&
				!strncmp(p->links[i].address, to, len)) {
			return (int)i;
		}
	}
	return peer;
}

static void peer_stanza(void *ud, struct peer *peer, struct stanza *stanza, const struct peer_arrival *arrival)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	p->run->heard = run_now(p->run);
	if (p->ended) {
		return;
	}
	struct player_stanza ps = {.stanza = stanza,
			.journal = stanza->line,
			.opened_by_target = arrival->opened_by_target,
			.bidi = arrival->bidi,
			.validated = arrival->validated,
			.content_ns = arrival->content_ns};
	cue_stanza(p, addressee(p, link->actor, stanza), &ps);
	play_pump(p);
}

static void peer_connected(void *ud, struct peer *peer, const char *target_domain)
{
	(void)ud;
	(void)target_domain;
	struct seat_link *link = peer_owner(peer);
	if (!link->play->ended) {
		cue_connected(link->play, link->actor, NULL);
		play_pump(link->play);
	}
}

static void each_user_too(
		struct play *p, int peer, void (*tell)(struct play *p, int actor, const char *text), const char *text)
{
	play_doubt(p);
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if ((int)i == peer || p->scenario->cast[i].of == peer) {
			tell(p, (int)i, text);
		}
	}
	play_pump(p);
}

static void peer_failed(void *ud, struct peer *peer, const char *target_domain, const char *reason)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	if (!p->ended) {
		char *text = mem_printf("stream to %s: %s", target_domain, reason);
		journal_note(p->run, p, link->actor, "failed", text);
		each_user_too(p, link->actor, cue_connect_failed, text);
		free(text);
	}
}

static char *how_closed(enum close_kind kind, const char *condition, int end)
{
	if (condition) {
		return mem_printf("the target ended the stream with %s", condition);
	}
	return mem_printf("the target closed the stream (%s%s)", end ? "</stream:stream>, " : "", close_kind_text(kind));
}

static void peer_closed(void *ud, struct peer *peer, int stream, enum close_kind kind, const char *condition, int end)
{
	(void)ud;
	(void)stream;
	struct seat_link *link = peer_owner(peer);
	if (!link->play->ended && kind != CLOSE_OURS) {
		char *how = how_closed(kind, condition, end);
		each_user_too(link->play, link->actor, cue_closed, how);
		free(how);
	}
	if (!link->play->ended) {
		play_count_streams(link->play, link->actor);
		play_pump(link->play);
	}
	run_stream_gone(link->play->run);
}

static void tell_opening(struct seat_link *link, struct stanza *stanza)
{
	struct play *p = link->play;
	if (!p->ended) {
		cue_opening(p, link->actor, stanza);
		play_pump(p);
	}
}

static void peer_opened(void *ud, struct peer *peer, const char *target_domain)
{
	(void)ud;
	(void)target_domain;
	struct seat_link *link = peer_owner(peer);
	if (!link->play->ended) {
		cue_opened(link->play, link->actor);
		play_pump(link->play);
	}
}

static void peer_visited(void *ud, struct peer *peer, const char *door)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	if (!p->ended) {
		cue_visited(p, link->actor, door);
		play_pump(p);
	}
}

static void peer_opening(void *ud, struct peer *peer, struct stanza *stanza)
{
	(void)ud;
	tell_opening(peer_owner(peer), stanza);
}

static void peer_ended(void *ud, struct peer *peer, const char *how, const char *condition)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	if (!p->ended) {
		cue_ended(p, link->actor, how, condition);
		play_pump(p);
	}
}

const struct peers_callbacks play_peers_callbacks = {
		peer_stanza, peer_connected, peer_failed, peer_closed, peer_opening, peer_opened, peer_visited, peer_ended};

/* Only to whom the session is its own: what the target began a lent one with was another play's. */
static void session_opening(void *ud, struct session *s, struct stanza *stanza)
{
	struct run *r = ud;
	struct seat_link *link = hooks_owns(r->hooks, s) ? NULL : session_owner(s);
	if (link && link->own) {
		tell_opening(link, stanza);
	}
}

static void session_ready(void *ud, struct session *s)
{
	struct run *r = ud;
	struct seat_link *link = session_owner(s);
	if (hooks_owns(r->hooks, s)) {
		hooks_session_ready(r->hooks);
	} else if (link && !link->play->ended) {
		cue_connected(link->play, link->actor, session_jid(s));
		play_pump(link->play);
	}
}

/* The link may hold a newer session already: `disconnects` and `connects` follow each other at once. */
static void forget_session(struct seat_link *link, const struct session *s)
{
	if (link && link->session == s) {
		link->session = NULL;
	}
}

static void session_failed(void *ud, struct session *s, const char *reason)
{
	struct run *r = ud;
	struct seat_link *link = session_owner(s);
	if (hooks_owns(r->hooks, s)) {
		hooks_session_gone(r->hooks, reason);
		return;
	}
	forget_session(link, s);
	session_destroy(s);
	if (link && !link->play->ended) {
		play_doubt(link->play);
		cue_connect_failed(link->play, link->actor, reason);
		play_pump(link->play);
	}
}

/* Ids of IQs that plays send begin with their token. */
static struct play *play_by_id(struct run *r, const char *id)
{
	for (size_t i = 0; id && i < r->plays_count; i++) {
		if (!strncmp(id, r->plays[i]->token, TOKEN_CHARS) && id[TOKEN_CHARS] == '-') {
			return r->plays[i];
		}
	}
	return NULL;
}

/* Sessions are lent to many: answers to another play, and what names the peers of another play, are meant for that one.
 */
static struct seat_link *meant_for(struct run *r, struct seat_link *link, const struct stanza *s)
{
	struct play *p = stanza_is_answer(s) ? play_by_id(r, stanza_attr(s, "id")) : play_by_token(r, s->raw, s->raw_len);
	if (!p || (link && p == link->play)) {
		return link;
	}
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (link ? p->scenario->cast[i].class == link->play->scenario->cast[link->actor].class
				 : p->scenario->cast[i].class == ACTOR_ADMIN) {
			return &p->links[i];
		}
	}
	return NULL;
}

static void session_stanza(void *ud, struct session *s, struct stanza *stanza)
{
	struct run *r = ud;
	r->heard = run_now(r);
	if (commands_stanza(r, s, stanza) || (hooks_owns(r->hooks, s) && hooks_stanza(r->hooks, stanza))) {
		return;
	}
	struct seat_link *own = session_owner(s);
	struct seat_link *link = meant_for(r, own, stanza);
	if (!link || !link->play->begun || link->play->ended) {
		return;
	}
	struct player_stanza ps = {
			.stanza = stanza, .journal = stanza->line, .opened_by_target = 1, .validated = 1, .content_ns = NS_CLIENT};
	link->play->asked_on = s;
	cue_stanza(link->play, link->actor, &ps);
	play_pump(link->play);
	link->play->asked_on = NULL;
}

/* Before it counts as closed: a step may wait for the end. */
static void tell_client_ended(const struct seat_link *link, enum close_kind kind, const char *condition, int end)
{
	struct play *p = link->play;
	const char *how = condition ? "error" : end ? "end" : kind == CLOSE_RESET ? "reset" : "fin";
	if (kind != CLOSE_OURS && actor_has_own_session(&p->scenario->cast[link->actor])) {
		cue_ended(p, link->actor, how, condition);
	}
}

static void session_closed(void *ud, struct session *s, enum close_kind kind, const char *condition, int end)
{
	struct run *r = ud;
	struct seat_link *link = session_owner(s);
	char *how = how_closed(kind, condition, end);
	if (hooks_owns(r->hooks, s)) {
		hooks_session_gone(r->hooks, how);
	} else {
		pool_forget(&r->pool, s);
		commands_session_gone(r, s, link ? link->play->scenario->cast[link->actor].class : ACTOR_USER);
		forget_session(link, s);
		session_destroy(s);
		if (link && !link->play->ended) {
			play_doubt(link->play);
			tell_client_ended(link, kind, condition, end);
			cue_closed(link->play, link->actor, how);
			play_pump(link->play);
		}
	}
	free(how);
	run_stream_gone(r);
}

const struct sessions_callbacks play_sessions_callbacks = {
		session_opening, session_ready, session_failed, session_stanza, session_closed};

/* --- components --- */

static void component_ready(void *ud, struct component *c)
{
	(void)ud;
	struct seat_link *link = component_owner(c);
	struct play *p = link->play;
	if (p->ended) {
		component_disconnect(c); /* it came too late */
		return;
	}
	if (component_is_bare(c)) {
		cue_opened(p, link->actor);
	} else {
		cue_connected(p, link->actor, NULL);
	}
	play_pump(p);
}

static void component_stanza(void *ud, struct component *c, struct stanza *stanza)
{
	(void)ud;
	struct seat_link *link = component_owner(c);
	struct play *p = link->play;
	if (!p->ended) {
		struct player_stanza ps = {.stanza = stanza,
				.journal = stanza->line,
				.opened_by_target = 1,
				.validated = 1,
				.content_ns = NS_COMPONENT};
		cue_stanza(p, link->actor, &ps);
		play_pump(p);
	}
}

static void component_ended(void *ud, struct component *c, const char *how, const char *condition)
{
	(void)ud;
	struct seat_link *link = component_owner(c);
	struct play *p = link->play;
	if (!p->ended) {
		cue_ended(p, link->actor, how, condition);
		play_pump(p);
	}
}

/* Another stream may wait for the end of this one; where the play is over its domain is free. */
static void component_gone(struct seat_link *link, struct component *c)
{
	struct play *p = link->play;
	component_destroy(c);
	link->component = NULL;
	if (!p->ended) {
		cue_streams(p, link->actor, 0, 0);
		play_pump(p);
	}
	if (link->attach != ATTACH_NO) {
		play_attach(link);
	} else if (p->reported) {
		turns_let_go(link);
	}
	run_stream_gone(p->run);
}

static void component_failed(void *ud, struct component *c, const char *reason)
{
	(void)ud;
	struct seat_link *link = component_owner(c);
	struct play *p = link->play;
	if (!p->ended) {
		play_doubt(p);
		journal_note(p->run, p, link->actor, "failed", reason);
		cue_connect_failed(p, link->actor, reason);
		play_pump(p);
	}
	component_gone(link, c);
}

static void component_closed(void *ud, struct component *c, enum close_kind kind, const char *condition, int end)
{
	(void)ud;
	struct seat_link *link = component_owner(c);
	struct play *p = link->play;
	if (!p->ended) {
		char *how = how_closed(kind, condition, end);
		if (kind != CLOSE_OURS) {
			play_doubt(p);
		}
		cue_closed(p, link->actor, how);
		free(how);
		play_pump(p);
	}
	component_gone(link, c);
}

const struct components_callbacks play_components_callbacks = {
		component_ready, component_failed, component_stanza, component_ended, component_closed};
