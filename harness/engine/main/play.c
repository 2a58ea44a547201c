/* One performance: gives the player its events and does what it asks for. */
#include "base/mem.h"
#include "main/run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT 600

/* Different for each play of a run: an odd factor only changes the order of the numbers below a power of two, so no
 * token comes twice before all have come. Random ones met once in a hundred runs, and answers went to the wrong play.
 */
static void make_token(char token[TOKEN_CHARS + 1], uint64_t seed, uint64_t number)
{
	static const char digits[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint64_t value = seed + number * 0x9E3779B97F4A7C15u;
	token[0] = 'k'; /* a letter first: the token stands in ids as well */
	for (int i = 1; i < TOKEN_CHARS; i++) {
		token[i] = digits[value & 31];
		value >>= 5;
	}
	token[TOKEN_CHARS] = '\0';
}

/* "Prince of Denmark" gives "princeofdenmark". */
static char *label(const char *name)
{
	char *out = mem_strdup(name);
	size_t n = 0;
	for (const char *c = name; *c; c++) {
		if (isalnum((unsigned char)*c)) {
			out[n++] = (char)tolower((unsigned char)*c);
		}
	}
	out[n] = '\0';
	return out;
}

static char *client_address(const struct run *r, const struct actor *a)
{
	const char *name = actor_class_account(a->class);
	const struct account *account = name ? profile_account(&r->plan.profile, name) : NULL;
	const char *jid = account ? account->jid : a->jid ? a->jid : "";
	return mem_strndup(jid, strcspn(jid, "/"));
}

/* The property `localpart:` as it stands, or that of another actor: "${Bard's localpart}". */
static char *localpart_of(const struct play *p, const char *value)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		const struct actor *other = &p->scenario->cast[i];
		char *form = mem_printf("${%s's localpart}", other->name);
		int same = !strcmp(form, value);
		free(form);
		if (same && actor_class_is_client(other->class)) {
			char *jid = client_address(p->run, other);
			jid[strcspn(jid, "@")] = '\0';
			return jid;
		}
	}
	return mem_strdup(value);
}

/* "subdomain: conference of Marlowe": a domain below that of a peer above; NULL if it is not that. */
static char *component_of(const struct play *p, size_t i)
{
	const char *property = p->scenario->cast[i].subdomain;
	const char *of = property ? strstr(property, " of ") : NULL;
	for (size_t n = 0; of && n < i; n++) {
		if (!strcmp(p->scenario->cast[n].name, of + 4)) {
			return mem_printf("%.*s.%s", (int)(of - property), property, p->links[n].address);
		}
	}
	return NULL;
}

static char *address_of(const struct play *p, size_t i)
{
	const struct actor *a = &p->scenario->cast[i];
	if (actor_class_is_client(a->class)) {
		return client_address(p->run, a);
	}
	char *component = component_of(p, i);
	if (component) {
		return component;
	}
	char *name = a->localpart ? localpart_of(p, a->localpart) : label(a->name);
	char *address = a->below >= 0			 ? mem_printf("%s.%s", name, p->links[a->below].address)
					: a->class == ACTOR_PEER ? mem_printf("%s-%s.%s", name, p->token, p->run->plan.profile.zone)
											 : mem_printf("%s@%s", name, p->links[a->of].address);
	free(name);
	if (a->reachable) {
		char *faulty = mem_printf("%s.%s", !strcmp(a->reachable, "no name") ? DNS_NO_NAME : DNS_CLOSED_PORT, address);
		free(address);
		return faulty;
	}
	if (a->subdomain) {
		int target = !strcmp(a->subdomain, "${target}");
		char *below = mem_printf("%s.%s", target ? p->run->plan.profile.domains[0] : a->subdomain, address);
		free(address);
		return below;
	}
	return address;
}

static int has(void *ud, const char *what)
{
	const struct run *r = ud;
	return profile_has(&r->plan.profile, what);
}

static uint64_t patient(const struct run *r, int ms)
{
	return (uint64_t)((double)ms * 1000.0 * r->plan.patience);
}

static void on_timer(uv_timer_t *timer)
{
	struct play *p = timer->data;
	player_on_deadline(p->player, run_now(p->run));
	play_pump(p);
}

struct play *play_create(struct run *r, const struct scenario *s, int repeat, enum company company)
{
	struct play *p = mem_alloc(sizeof *p);
	*p = (struct play){.run = r, .scenario = s, .repeat = repeat, .company = company};
	make_token(p->token, r->plan.seed, r->tokens++);
	p->links = mem_alloc(s->cast_count * sizeof *p->links);
	const char **addresses = mem_alloc(s->cast_count * sizeof *addresses);
	for (size_t i = 0; i < s->cast_count; i++) {
		p->links[i] = (struct seat_link){.play = p, .actor = (int)i};
		addresses[i] = p->links[i].address = address_of(p, i);
	}
	const struct profile *profile = &r->plan.profile;
	const struct hook *approve = profile_hook(profile, "approve");
	struct player_config config = {.catalogue = &r->catalogue,
			.scenario = s,
			.token = p->token,
			.target = profile->domains[0],
			.target2 = profile->domains_count > 1 ? profile->domains[1] : NULL,
			.off = profile->off_domain,
			.approval_command = approve ? approve->adhoc : NULL,
			.addresses = addresses,
			.quiet = patient(r, profile->quiet_ms),
			.deadline = patient(r, profile->deadline_ms),
			.rerun = r->plan.rerun,
			.has = has,
			.ud = r};
	p->player = player_create(&config);
	free(addresses);
	return p;
}

static void secure(struct peer *peer, const struct actor *a)
{
	const char *tls = a->tls ? a->tls : "";
	int flaw = a->certificate ? certificate_flaw_find(a->certificate) : CERTIFICATE_RIGHT;
	peer_secure(peer, &(struct peer_security){.tls = !strcmp(tls, "none")		? PEER_TLS_NONE
													 : !strcmp(tls, "required") ? PEER_TLS_REQUIRED
																				: PEER_TLS_OFFERED,
							  .at_most_1_2 = !strcmp(tls, "1.2"),
							  .certificate = flaw < 0 ? CERTIFICATE_RIGHT : (enum certificate_flaw)flaw,
							  .dialback_only = a->authentication != NULL,
							  .bidi = a->bidi != NULL});
}

void play_begin(struct play *p)
{
	p->begun = 1;
	p->run->active++;
	turns_claim(p);
	int attempt = 1;
	for (const struct play *before = p->before; before; before = before->before) {
		attempt++;
	}
	uv_timer_init(p->run->loop, &p->timer);
	p->timer.data = p;
	p->timer_open = 1;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (p->scenario->cast[i].class == ACTOR_PEER) {
			p->links[i].peer = peer_create(p->run->peers, p->links[i].address, &p->links[i]);
			peer_refuse(p->links[i].peer, p->scenario->cast[i].dialback);
			secure(p->links[i].peer, &p->scenario->cast[i]);
		}
	}
	control_event(json_pack("{s:s, s:s, s:i, s:i}", "event", "begin", "scenario", p->scenario->id, "repeat", p->repeat,
			"attempt", attempt));
	char *which = attempt > 1 ? mem_printf("attempt %d", attempt) : NULL;
	journal_note(p->run, p, -1, "begin", which);
	free(which);
	player_start(p->player, run_now(p->run));
	if (!player_is_over(p->player)) { /* what is skipped does nothing to the target */
		p->run->lone = p->run->since_start++ ? NULL : p;
	}
	play_pump(p);
}

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

/* The property `resource:` with ${token} filled in: what runs beside this play must not take the session over. */
static char *resource_of(const struct play *p, const struct actor *a)
{
	static const char name[] = "${token}";
	const char *at = a->resource ? strstr(a->resource, name) : NULL;
	return at ? mem_printf("%.*s%s%s", (int)(at - a->resource), a->resource, p->token, at + sizeof name - 1)
			  : mem_strdup(a->resource);
}

static void log_in(struct play *p, int actor)
{
	const struct actor *a = &p->scenario->cast[actor];
	struct seat_link *link = &p->links[actor];
	const char *name = actor_class_account(a->class);
	const struct account *known = name ? profile_account(&p->run->plan.profile, name) : NULL;
	struct session_account account = {.jid = link->address, .password = known ? known->password : a->password};
	free(link->account);
	link->account = mem_strdup(link->address);
	link->own = a->resource || a->class == ACTOR_CLIENT;
	link->session = link->own ? NULL : pool_take(&p->run->pool, link->account);
	if (link->session) {
		session_set_owner(link->session, link);
		journal_note(p->run, p, actor, "lend", session_jid(link->session));
		player_on_connected(p->player, actor, session_jid(link->session), run_now(p->run));
		return;
	}
	char *resource = resource_of(p, a);
	link->session = session_create(p->run->sessions, &account, resource, link);
	free(resource);
}

static void count_streams(struct play *p, int actor)
{
	const struct peer *peer = p->links[actor].peer;
	player_on_streams(p->player, actor, peer_streams(peer, 0), peer_streams(peer, 1), run_now(p->run));
}

static void hang_up(struct play *p, int actor, int reset)
{
	struct seat_link *link = &p->links[actor];
	if (link->peer) {
		peer_disconnect(link->peer, reset);
		if (!peer_streams(link->peer, 1)) {
			count_streams(p, actor); /* there was none to end */
		}
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
		session_send(session, a->octets, strlen(a->octets));
	}
}

static const enum peer_hold holds[] = {
		[HOLD_NOTHING] = PEER_HOLDS_NOTHING, [HOLD_ANSWERS] = PEER_HOLDS_ANSWERS, [HOLD_ALL] = PEER_HOLDS_ALL};

static void perform(struct play *p, const struct action *a)
{
	switch (a->kind) {
	case ACTION_CONNECT:
		if (p->links[a->actor].peer) {
			peer_connect(p->links[a->actor].peer, p->run->plan.profile.domains[0]);
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
		peer_open(p->links[a->actor].peer, p->run->plan.profile.domains[0], a->octets);
		break;
	case ACTION_HOLD:
		peer_hold(p->links[a->actor].peer, holds[a->hold]);
		break;
	}
}

static void release(struct play *p, struct seat_link *link)
{
	struct session *s = link->session;
	link->session = NULL;
	if (!s) {
		return;
	}
	if (!session_jid(s)) {
		session_destroy(s); /* it was still logging in */
	} else if (link->own) {
		session_set_owner(s, NULL);
		session_disconnect(s); /* in order: what was sent last must get there */
	} else {
		pool_give(&p->run->pool, link->account, s);
	}
}

/* Sessions that the rest of the play does not need go back at once, so that few logins serve many scenarios. */
static void release_early(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		struct seat_link *link = &p->links[i];
		int logging_in = link->session && !session_jid(link->session);
		if ((link->session || link->claims) && !logging_in && !player_needs(p->player, (int)i)) {
			release(p, link);
			turns_let_go(link);
		}
	}
}

static void set_timer(struct play *p)
{
	uint64_t deadline = player_deadline(p->player);
	uv_timer_stop(&p->timer);
	if (deadline != PLAYER_NEVER) {
		uint64_t now = run_now(p->run);
		uint64_t wait = deadline > now ? (deadline - now + 999) / 1000 : 0;
		uv_timer_start(&p->timer, on_timer, wait, 0);
	}
}

/* The play is over. */
static void leave(struct play *p)
{
	p->reported = 1;
	p->run->active--;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		turns_let_go(&p->links[i]);
	}
}

void play_pump(struct play *p)
{
	if (p->pumping || !p->begun || p->ended) {
		return;
	}
	p->pumping = 1;
	struct action a;
	while (player_next_action(p->player, &a)) {
		perform(p, &a);
		action_finish(&a);
	}
	p->pumping = 0;
	set_timer(p);
	release_early(p);
	int over = player_is_over(p->player) && !p->reported;
	if (over) {
		leave(p);
	}
	waits_note(p);
	if (over) {
		control_event(json_pack("{s:s, s:s, s:i, s:s}", "event", "judged", "scenario", p->scenario->id, "repeat",
				p->repeat, "verdict", verdict_text(player_result(p->player)->verdict)));
		run_play_over(p->run, p);
	}
}

void play_disconnect_peers(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (p->links[i].peer) {
			peer_disconnect(p->links[i].peer, 0);
		}
	}
}

void play_end(struct play *p, const char *why, enum verdict verdict)
{
	if (!p->begun || p->ended) {
		return;
	}
	if (!p->reported) {
		leave(p);
	}
	player_end(p->player, why, verdict, run_now(p->run));
	p->ended = 1;
	waits_note(p);
	journal_note(p->run, p, -1, "end-of-play", verdict_text(player_result(p->player)->verdict));
	struct result *result = (struct result *)player_result(p->player);
	result->journal_first = p->journal_first;
	result->journal_last = p->journal_last;
	hooks_forget_play(p->run->hooks, p);
	uv_close((uv_handle_t *)&p->timer, NULL);
	p->timer_open = 0;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		release(p, &p->links[i]);
	}
	play_disconnect_peers(p);
}

void play_destroy(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		free(p->links[i].address);
		free(p->links[i].account);
	}
	for (size_t i = 0; i < LAST_SENT; i++) {
		free(p->sent[i].excerpt);
	}
	free(p->links);
	player_destroy(p->player);
	free(p);
}

void play_note_sent(struct play *p, int actor, int line, const char *data, size_t len)
{
	struct sent *slot = &p->sent[p->sent_count++ % LAST_SENT];
	free(slot->excerpt);
	*slot = (struct sent){actor, line, mem_strndup(data, len < EXCERPT ? len : EXCERPT), len};
	p->sent_last = line;
}

void play_lost(struct play *p, const char *reason, enum verdict verdict)
{
	struct buf detail = {0};
	size_t first = p->sent_count > LAST_SENT ? p->sent_count - LAST_SENT : 0;
	for (size_t i = first; i < p->sent_count; i++) {
		const struct sent *s = &p->sent[i % LAST_SENT];
		buf_printf(&detail, "%s%s, line %d of the journal: %s", i == first ? "the last stanzas to the target:\n" : "\n",
				p->scenario->cast[s->actor].name, s->line, s->excerpt);
		if (s->octets > EXCERPT) {
			buf_printf(&detail, "... (%zu octets)", s->octets);
		}
	}
	player_lost(p->player, reason, buf_text(&detail), verdict, run_now(p->run));
	buf_finish(&detail);
	play_end(p, reason, verdict);
}

/* The play whose peers an octet run names: their domains hold its token. */
struct play *play_by_token(struct run *r, const char *raw, size_t len)
{
	char *zone = mem_printf(".%s", r->plan.profile.zone);
	const char *at = memmem(raw, len, zone, strlen(zone));
	struct play *found = NULL;
	if (at && at - raw >= TOKEN_CHARS) {
		for (size_t i = 0; i < r->plays_count && !found; i++) {
			if (!memcmp(at - TOKEN_CHARS, r->plays[i]->token, TOKEN_CHARS)) {
				found = r->plays[i];
			}
		}
	}
	free(zone);
	return found;
}

/* Before the player hears that a connection was lost. */
void play_doubt(struct play *p)
{
	p->doubtful |= !p->reported && !p->run->target_stopping;
	p->run->check_again |= p->run->checking; /* the question was put before */
}

/* --- events of peers --- */

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
	if (p->ended) {
		return;
	}
	struct player_stanza ps = {.stanza = stanza,
			.journal = p->journal_last,
			.opened_by_target = arrival->opened_by_target,
			.bidi = arrival->bidi,
			.validated = arrival->validated,
			.content_ns = arrival->content_ns};
	player_on_stanza(p->player, addressee(p, link->actor, stanza), &ps, run_now(p->run));
	play_pump(p);
}

static void peer_connected(void *ud, struct peer *peer, const char *target_domain)
{
	(void)ud;
	(void)target_domain;
	struct seat_link *link = peer_owner(peer);
	if (!link->play->ended) {
		player_on_connected(link->play->player, link->actor, NULL, run_now(link->play->run));
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

static void tell_failed(struct play *p, int actor, const char *text)
{
	player_on_connect_failed(p->player, actor, text, run_now(p->run));
}

static void tell_closed(struct play *p, int actor, const char *text)
{
	player_on_closed(p->player, actor, text, run_now(p->run));
}

static void peer_failed(void *ud, struct peer *peer, const char *target_domain, const char *reason)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	if (!p->ended) {
		char *text = mem_printf("stream to %s: %s", target_domain, reason);
		journal_note(p->run, p, link->actor, "failed", text);
		each_user_too(p, link->actor, tell_failed, text);
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
		each_user_too(link->play, link->actor, tell_closed, how);
		free(how);
	}
	if (!link->play->ended) {
		count_streams(link->play, link->actor);
		play_pump(link->play);
	}
	run_stream_gone(link->play->run);
}

static void tell_opening(struct seat_link *link, struct stanza *stanza)
{
	struct play *p = link->play;
	if (!p->ended) {
		player_on_opening(p->player, link->actor, stanza, p->journal_last, run_now(p->run));
		play_pump(p);
	}
}

static void peer_opened(void *ud, struct peer *peer, const char *target_domain)
{
	(void)ud;
	(void)target_domain;
	struct seat_link *link = peer_owner(peer);
	if (!link->play->ended) {
		player_on_opened(link->play->player, link->actor, run_now(link->play->run));
		play_pump(link->play);
	}
}

static void peer_visited(void *ud, struct peer *peer)
{
	(void)ud;
	struct seat_link *link = peer_owner(peer);
	struct play *p = link->play;
	if (!p->ended) {
		player_on_visited(p->player, link->actor, p->journal_last, run_now(p->run));
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
		player_on_ended(p->player, link->actor, how, condition, p->journal_last, run_now(p->run));
		play_pump(p);
	}
}

const struct peers_callbacks play_peers_callbacks = {
		peer_stanza, peer_connected, peer_failed, peer_closed, peer_opening, peer_opened, peer_visited, peer_ended};

/* --- events of sessions --- */

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
		player_on_connected(link->play->player, link->actor, session_jid(s), run_now(r));
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
		player_on_connect_failed(link->play->player, link->actor, reason, run_now(r));
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
	if (hooks_owns(r->hooks, s)) {
		hooks_stanza(r->hooks, stanza);
	}
	struct seat_link *own = session_owner(s);
	struct seat_link *link = meant_for(r, own, stanza);
	if (!link || !link->play->begun || link->play->ended) {
		return;
	}
	struct player_stanza ps = {.stanza = stanza,
			.journal = link == own ? link->play->journal_last : 0,
			.opened_by_target = 1,
			.validated = 1,
			.content_ns = NS_CLIENT};
	link->play->asked_on = s;
	player_on_stanza(link->play->player, link->actor, &ps, run_now(r));
	play_pump(link->play);
	link->play->asked_on = NULL;
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
		forget_session(link, s);
		session_destroy(s);
		if (link && !link->play->ended) {
			play_doubt(link->play);
			player_on_closed(link->play->player, link->actor, how, run_now(r));
			play_pump(link->play);
		}
	}
	free(how);
	run_stream_gone(r);
}

const struct sessions_callbacks play_sessions_callbacks = {
		session_opening, session_ready, session_failed, session_stanza, session_closed};
