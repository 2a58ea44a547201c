/* Hooks: ad-hoc commands through an admin session of the engine's own, the others through the driver. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 20 /* of a call whose command is in use */
#define NS_VERSION "jabber:iq:version"

struct call {
	struct play *play; /* NULL: it was forgotten meanwhile */
	int player_id;	   /* of the player's action */
	int number;		   /* of the run */
	int driver;
	int held;	 /* waits until all plays under way want the same done to the target */
	int asked;	 /* the driver is at work on it */
	int lead;	 /* number of the call that does it for this one, too; or 0 */
	int due;	 /* answers of the driver that are still to come */
	int refused; /* the target did not come up: the driver puts it right before the play goes on */
	int undoes;	 /* run_undone() is to hear of it, not the player */
	int begins;	 /* the play wants its form only */
	int queued;	 /* waits until its command is free, on a target with one session of it at a time */
	int tries;
	char *peer;
	int parked; /* begun; its submission waits for the step that finishes it */
	const char *name;
	struct adhoc_call adhoc;
	char *pending; /* octets that wait for the session, or for the finishing step */
};

struct hook_runner {
	struct run *run;
	struct session *session; /* lives as long as the target does */
	struct call *calls;
	size_t count;
	int numbers;
	void (*ping_done)(struct run *r, const char *reason);
	uv_timer_t *again; /* when queued calls are tried again */
	char *ping_id;	   /* while the answer is awaited */
	char *version_id;  /* of the question what the target runs (XEP-0092); NULL: not asked yet */
	json_t *software;  /* the answer, or NULL */
};

struct hook_runner *hooks_create(struct run *r)
{
	struct hook_runner *h = mem_alloc(sizeof *h);
	h->run = r;
	return h;
}

static void remove_call(struct hook_runner *h, size_t i)
{
	adhoc_finish(&h->calls[i].adhoc);
	free(h->calls[i].pending);
	free(h->calls[i].peer);
	if (i < --h->count) {
		h->calls[i] = h->calls[h->count];
	}
	h->calls[h->count] = (struct call){0};
}

void hooks_reset(struct hook_runner *h)
{
	while (h->count) {
		remove_call(h, h->count - 1);
	}
	session_destroy(h->session);
	h->session = NULL;
	h->ping_done = NULL;
	free(h->ping_id);
	h->ping_id = NULL;
}

static void free_timer(uv_handle_t *timer)
{
	free(timer);
}

void hooks_destroy(struct hook_runner *h)
{
	hooks_reset(h);
	if (h->again) {
		uv_close((uv_handle_t *)h->again, free_timer);
	}
	free(h->version_id);
	json_decref(h->software);
	free(h->calls);
	free(h);
}

static void start_call(struct hook_runner *h, struct call *c, const char *peer);

static void start_queued(struct hook_runner *h)
{
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (c->queued) {
			char *peer = c->peer;
			c->peer = NULL;
			c->queued = 0;
			start_call(h, c, peer);
			free(peer);
		}
	}
}

static void on_again(uv_timer_t *timer)
{
	start_queued(timer->data);
}

/* A play's administrator has a session of the same command: it is tried again a little later. 1: so it is. */
static int must_wait(struct hook_runner *h, struct call *c, const struct stanza *s)
{
	const char *type = stanza_attr(s, "type");
	int refused = type && !strcmp(type, "error");
	if (!h->run->commands.one || c->adhoc.stage != 1 || !refused || c->tries++ >= TRIES) {
		return 0;
	}
	c->peer = mem_strdup(c->adhoc.peer);
	adhoc_finish(&c->adhoc);
	c->queued = 1;
	if (!h->again) {
		h->again = mem_alloc(sizeof *h->again);
		uv_timer_init(h->run->suite->loop, h->again);
		h->again->data = h;
	}
	uv_timer_start(h->again, on_again, (uint64_t)h->run->suite->plan.profile.quiet_ms, 0);
	return 1;
}

/* The call is over: the slot is free before the player hears of it, for it may call the next hook at once. */
static void call_done(struct hook_runner *h, size_t i, int ok, const char *output)
{
	struct play *p = h->calls[i].play;
	int id = h->calls[i].player_id;
	int undoes = h->calls[i].undoes;
	int number = h->calls[i].number;
	char *text = mem_strdup(output);
	size_t first = text ? strcspn(text, "\n") : 0; /* the rest stands in the cue, and may be a whole roster */
	char *note = mem_printf("%s: %s%s%.*s%s", h->calls[i].name, ok ? "done" : "failed", first ? ", " : "", (int)first,
			first ? text : "", first && text[first] && text[first + 1] ? " ..." : "");
	journal_note(h->run, p, -1, "hook-answer", note);
	remove_call(h, i);
	if (undoes) {
		run_undone(h->run, ok ? NULL : text ? text : "no reason given");
	} else if (p && !p->ended) {
		p->held = 0;
		cue_hook(p, id, ok, text);
		play_pump(p);
	}
	for (size_t other = 0; other < h->count;) {
		if (h->calls[other].lead == number) {
			call_done(h, other, ok, text);
			other = 0; /* the slots have moved */
		} else {
			other++;
		}
	}
	free(note);
	free(text);
	start_queued(h);
}

static void need_session(struct hook_runner *h)
{
	const struct account *admin = profile_account(&h->run->suite->plan.profile, "admin");
	if (h->session || !admin) {
		return;
	}
	struct session_account account = {.jid = admin->jid, .password = admin->password};
	h->session = session_create(h->run->sessions, &account, NULL, NULL);
}

static void send_or_keep(struct hook_runner *h, struct call *c, char *octets)
{
	if (h->session && session_jid(h->session)) {
		session_send_built(h->session, octets, strlen(octets));
		free(octets);
	} else {
		c->pending = octets;
		need_session(h);
	}
}

static void ask_driver(struct hook_runner *h, struct call *c, const char *hook, const char *peer)
{
	const struct profile *profile = &h->run->suite->plan.profile;
	c->asked = 1;
	c->due++;
	control_event(json_pack("{s:s, s:i, s:i, s:s, s:s, s:{s:s, s:s}}", "event", "hook", "instance",
			(int)h->run->instance, "id", c->number, "name", hook, "scenario", c->play ? c->play->scenario->id : "",
			"facts", "peer", peer ? peer : "", "domain", profile->domains[0]));
}

/* Another call has a session of the same command, or is to have one. */
static int is_busy(const struct hook_runner *h, const struct call *c, const char *node)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct call *other = &h->calls[i];
		if (other != c && !other->queued && other->adhoc.hook && !strcmp(other->adhoc.hook->adhoc, node)) {
			return 1;
		}
	}
	return 0;
}

static void start_call(struct hook_runner *h, struct call *c, const char *peer)
{
	if (c->driver) {
		h->run->target_stopping |= hook_stops_target(c->name);
		ask_driver(h, c, c->name, peer);
		return;
	}
	const struct hook *hook = profile_hook(&h->run->suite->plan.profile, c->name);
	if (h->run->commands.one && is_busy(h, c, hook->adhoc)) {
		free(c->peer);
		c->peer = mem_strdup(peer);
		c->queued = 1;
		return;
	}
	char id[32];
	snprintf(id, sizeof id, "hook%d", c->number);
	char *octets = adhoc_begin(&c->adhoc, hook, h->run->suite->plan.profile.domains[0], peer, id);
	send_or_keep(h, c, octets);
}

/* Plays that run together share what they do to the target: it comes when every play that is under way waits for it.
 */
void hooks_meet(struct hook_runner *h)
{
	size_t held = 0;
	for (size_t i = 0; i < h->count; i++) {
		held += (size_t)h->calls[i].held;
	}
	if (!held || held < h->run->active || h->run->checking) {
		return;
	}
	run_end_finished(h->run);
	struct call *lead = NULL;
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (!c->held || (lead && strcmp(c->name, lead->name) != 0)) {
			continue;
		}
		c->held = 0;
		if (c->play && !hook_stops_target(c->name)) { /* else the target's start has a deadline of its own */
			deadlines_go_on(c->play);
		}
		c->lead = lead ? lead->number : 0;
		lead = lead ? lead : c;
	}
	if (lead) { /* else it went with a play that ended */
		start_call(h, lead, NULL);
	}
}

static struct call *add_call(struct hook_runner *h, struct play *p, const char *name, const char *peer)
{
	char *note = mem_printf("%s%s%s", name, peer ? " " : "", peer ? peer : "");
	journal_note(h->run, p, -1, "hook", note);
	free(note);
	const struct hook *hook = profile_hook(&h->run->suite->plan.profile, name);
	h->calls = mem_resize(h->calls, h->count + 1, sizeof *h->calls);
	struct call *c = &h->calls[h->count++];
	*c = (struct call){.play = p, .number = ++h->numbers, .name = name, .driver = !hook || hook->driver};
	return c;
}

static void begin_call(struct hook_runner *h, struct call *c, const char *peer)
{
	if (hook_touches_others(c->name) && !peer) {
		c->held = 1;
		if (c->play) {
			c->play->held = 1;
			deadlines_hold(c->play);
		}
		hooks_meet(h);
	} else {
		start_call(h, c, peer);
	}
}

/* The call that the play began and has not finished, or NULL. */
static struct call *parked_call(struct hook_runner *h, const struct play *p, const struct action *a)
{
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (c->parked && c->play == p && !strcmp(c->name, a->hook) && a->peer && !strcmp(c->adhoc.peer, a->peer)) {
			return c;
		}
	}
	return NULL;
}

void hooks_call(struct hook_runner *h, struct play *p, const struct action *a)
{
	struct call *c = a->stage == HOOK_FINISHES ? parked_call(h, p, a) : NULL;
	if (c) {
		char *octets = c->pending;
		c->pending = NULL;
		c->parked = 0;
		c->player_id = a->hook_id;
		send_or_keep(h, c, octets);
		return;
	}
	c = add_call(h, p, a->hook, a->peer);
	c->player_id = a->hook_id;
	c->begins = a->stage == HOOK_BEGINS;
	if (c->begins && (c->driver || h->run->commands.one)) {
		call_done(h, h->count - 1, 1, NULL); /* decided as a whole when the play finishes it */
		return;
	}
	begin_call(h, c, a->peer);
}

void hooks_undo(struct hook_runner *h, struct play *p, const char *hook, const char *peer)
{
	struct call *c = add_call(h, p, hook, peer);
	c->undoes = 1;
	h->run->undoing++;
	begin_call(h, c, peer);
}

/* A target may refuse to start on a damaged store. Then its administrator puts the good one back, and the play goes on
 * with that. 1: this is what happens. */
static int refuse_store(struct hook_runner *h)
{
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		const char *repair = c->asked ? hook_undone_by(c->name) : NULL;
		if (repair && hook_stops_target(c->name) && !c->refused) {
			c->refused = 1;
			journal_note(h->run, c->play, -1, "hook", repair);
			ask_driver(h, c, repair, NULL);
			return 1;
		}
	}
	return 0;
}

int hooks_target_exited(struct hook_runner *h)
{
	return h && refuse_store(h);
}

/* After a restart the target is ready when it sends stream features again. */
static void restarted(void *ud, const char *reason)
{
	struct hook_runner *h = ud;
	if (reason) {
		if (!refuse_store(h)) {
			run_abort(h->run, "restart", reason);
		}
		return;
	}
	h->run->target_stopping = 0;
	/* A play may call its next hook inside call_done(): that call is not asked yet. */
	for (size_t i = 0; i < h->count;) {
		if (h->calls[i].asked && hook_stops_target(h->calls[i].name)) {
			call_done(h, i, 1, h->calls[i].refused ? "the target refused to start and was repaired" : NULL);
			i = 0;
		} else {
			i++;
		}
	}
}

void hooks_driver_answer(struct hook_runner *h, const json_t *fields)
{
	int number = (int)json_integer_value(json_object_get(fields, "id"));
	int ok = json_is_true(json_object_get(fields, "ok"));
	const char *output = json_string_value(json_object_get(fields, ok ? "output" : "reason"));
	for (size_t i = 0; i < h->count; i++) {
		if (h->calls[i].number != number) {
			continue;
		}
		if (--h->calls[i].due > 0) {
			return; /* it has been asked for more meanwhile */
		}
		if (ok && h->run->target_stopping) {
			sessions_probe(h->run->sessions, h->run->suite->plan.profile.domains[0],
					(unsigned)h->run->suite->plan.profile.start_ms, restarted, h);
		} else if (h->run->target_stopping) {
			run_abort(h->run, "restart", output ? output : "the driver gave no reason");
		} else {
			call_done(h, i, ok, output);
		}
		return;
	}
}

struct session *hooks_session(const struct hook_runner *h)
{
	return h->session && session_jid(h->session) ? h->session : NULL;
}

int hooks_owns(const struct hook_runner *h, const struct session *s)
{
	return h && h->session == s;
}

/* Once a run, beside the first ping; nobody waits for the answer. */
static void ask_version(struct hook_runner *h)
{
	if (h->version_id) {
		return;
	}
	h->version_id = mem_strdup("version1");
	char *question = mem_printf("<iq type='get' id='%s' to='%s'><query xmlns='" NS_VERSION "'/></iq>", h->version_id,
			h->run->suite->plan.profile.domains[0]);
	session_send_built(h->session, question, strlen(question));
	free(question);
}

static void version_answered(struct hook_runner *h, const struct stanza *s)
{
	static const char *const names[] = {"name", "version", "os"};
	const xmlNode *query = node_child(s->root, "query", NS_VERSION);
	if (!query || h->software) {
		return;
	}
	h->software = json_object();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const xmlNode *child = node_child(query, names[i], NS_VERSION);
		char *text = child ? node_text(child) : NULL;
		if (text) {
			json_object_set_new(h->software, names[i], json_string(text));
		}
		free(text);
	}
}

json_t *hooks_software(const struct hook_runner *h)
{
	return h && h->software ? json_incref(h->software) : json_null();
}

static void send_ping(struct hook_runner *h)
{
	if (h->ping_done && !h->ping_id) {
		ask_version(h);
		h->ping_id = mem_printf("alive%d", ++h->numbers);
		char *ping = mem_printf("<iq type='get' id='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", h->ping_id,
				h->run->suite->plan.profile.domains[0]);
		journal_note(h->run, NULL, -1, "liveness", NULL);
		session_send_built(h->session, ping, strlen(ping));
		free(ping);
	}
}

void hooks_session_ready(struct hook_runner *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->calls[i].pending && !h->calls[i].parked) {
			session_send_built(h->session, h->calls[i].pending, strlen(h->calls[i].pending));
			free(h->calls[i].pending);
			h->calls[i].pending = NULL;
		}
	}
	send_ping(h);
}

static void ping_answered(struct hook_runner *h, const char *reason)
{
	void (*done)(struct run * r, const char *reason) = h->ping_done;
	h->ping_done = NULL;
	free(h->ping_id);
	h->ping_id = NULL;
	if (done) {
		done(h->run, reason);
	}
}

void hooks_session_gone(struct hook_runner *h, const char *reason)
{
	session_destroy(h->session);
	h->session = NULL;
	for (size_t i = h->count; i-- > 0;) {
		struct play *p = i < h->count ? h->calls[i].play : NULL;
		if (i < h->count && h->calls[i].parked) {
			remove_call(h, i);
		} else if (i < h->count && !h->calls[i].driver) {
			if (p) {
				play_doubt(p);
			}
			call_done(h, i, 0, reason);
		}
	}
	/* A question that a restart overtook says nothing: the target must come up again by itself. */
	ping_answered(h, h->run->target_stopping ? NULL : reason);
}

/* The form is there: the play goes on, and finishes the command later. */
static void park(struct hook_runner *h, struct call *c, char *octets)
{
	struct play *p = c->play;
	c->parked = 1;
	c->begins = 0;
	c->pending = octets;
	journal_note(h->run, p, -1, "hook-answer", "the form is there");
	if (p && !p->ended) {
		cue_hook(p, c->player_id, 1, NULL);
		play_pump(p);
	}
}

int hooks_stanza(struct hook_runner *h, const struct stanza *s)
{
	const char *id = stanza_attr(s, "id");
	if (!id || strcmp((const char *)s->root->name, "iq") != 0) {
		return 0;
	}
	if (h->ping_id && !strcmp(id, h->ping_id)) {
		ping_answered(h, NULL);
		return 1;
	}
	if (h->version_id && !strcmp(id, h->version_id)) {
		version_answered(h, s);
		return 1;
	}
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (c->driver || !c->adhoc.id || strcmp(c->adhoc.id, id) != 0) {
			continue;
		}
		if (must_wait(h, c, s)) {
			return 1;
		}
		char *octets = NULL;
		enum adhoc_state state = adhoc_answer(&c->adhoc, s, &octets);
		if (state == ADHOC_GOES_ON && c->begins) {
			park(h, c, octets);
		} else if (c->begins) {
			/* No form yet: perhaps one session at a time. The decision is taken as a whole when the play finishes it.
			 */
			call_done(h, i, 1, NULL);
		} else if (state == ADHOC_GOES_ON) {
			send_or_keep(h, c, octets);
		} else {
			call_done(h, i, state == ADHOC_DONE, buf_text(&c->adhoc.output));
		}
		return 1;
	}
	return 0;
}

void hooks_forget_play(struct hook_runner *h, const struct play *p)
{
	for (size_t i = h->count; i-- > 0;) {
		struct call *c = &h->calls[i];
		if (c->play == p && c->parked) {
			remove_call(h, i);
		} else if (c->play == p) {
			c->play = NULL;
		}
	}
}

void hooks_disconnect(struct hook_runner *h)
{
	if (h->session && session_jid(h->session)) {
		session_disconnect(h->session);
	} else {
		session_destroy(h->session);
		h->session = NULL;
	}
}

void hooks_ping(struct hook_runner *h, void (*done)(struct run *r, const char *reason))
{
	h->ping_done = done;
	if (h->session && session_jid(h->session)) {
		send_ping(h);
	} else if (profile_account(&h->run->suite->plan.profile, "admin")) {
		need_session(h);
	} else {
		ping_answered(h, NULL);
	}
}
