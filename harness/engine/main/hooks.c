/* Hooks: ad-hoc commands through an admin session of the engine's own, the others through the driver. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

struct call {
	struct play *play; /* NULL: it was forgotten meanwhile */
	int player_id;	   /* of the player's action */
	int number;		   /* of the run */
	int driver;
	int held;  /* waits until all plays under way want the target stopped */
	int asked; /* the driver is at work on it */
	const char *name;
	struct adhoc_call adhoc;
	char *pending; /* octets that wait for the session */
};

struct hook_runner {
	struct run *run;
	struct session *session; /* lives as long as the target does */
	struct call *calls;
	size_t count;
	int numbers;
	void (*ping_done)(struct run *r, const char *reason);
	char *ping_id; /* while the answer is awaited */
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
	h->calls[i] = h->calls[--h->count];
}

void hooks_destroy(struct hook_runner *h)
{
	while (h->count) {
		remove_call(h, h->count - 1);
	}
	session_destroy(h->session);
	free(h->calls);
	free(h->ping_id);
	free(h);
}

/* The call is over: the slot is free before the player hears of it, for it may call the next hook at once. */
static void call_done(struct hook_runner *h, size_t i, int ok, const char *output)
{
	struct play *p = h->calls[i].play;
	int id = h->calls[i].player_id;
	char *text = mem_strdup(output);
	char *note = mem_printf(
			"%s: %s%s%s", h->calls[i].name, ok ? "done" : "failed", text && *text ? ", " : "", text ? text : "");
	journal_note(h->run, p, -1, "hook-answer", note);
	remove_call(h, i);
	if (p && !p->ended) {
		player_on_hook(p->player, id, ok, text, run_now(h->run));
		play_pump(p);
	}
	free(note);
	free(text);
}

static void need_session(struct hook_runner *h)
{
	const struct account *admin = profile_account(&h->run->plan.profile, "admin");
	if (h->session || !admin) {
		return;
	}
	struct session_account account = {.jid = admin->jid, .password = admin->password};
	h->session = session_create(h->run->sessions, &account, NULL, NULL);
}

static void send_or_keep(struct hook_runner *h, struct call *c, char *octets)
{
	if (h->session && session_jid(h->session)) {
		session_send(h->session, octets, strlen(octets));
		free(octets);
	} else {
		c->pending = octets;
		need_session(h);
	}
}

static void ask_driver(struct hook_runner *h, struct call *c, const struct play *p, const char *peer)
{
	const struct profile *profile = &h->run->plan.profile;
	c->asked = 1;
	control_event(json_pack("{s:s, s:i, s:s, s:s, s:{s:s, s:s}}", "event", "hook", "id", c->number, "name", c->name,
			"scenario", p->scenario->id, "facts", "peer", peer ? peer : "", "domain", profile->domains[0]));
}

static int stops_target(const char *hook)
{
	return !strcmp(hook, "restart") || !strcmp(hook, "kill");
}

/* Plays that run together share a restart: it comes when every play that is under way waits for it. */
void hooks_meet(struct hook_runner *h)
{
	size_t held = 0;
	for (size_t i = 0; i < h->count; i++) {
		held += (size_t)h->calls[i].held;
	}
	if (!held || held < h->run->active) {
		return;
	}
	run_end_finished(h->run);
	h->run->target_stopping = 1;
	int first = 1;
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (c->held) {
			c->held = 0;
			c->asked = 1;
			if (first) {
				ask_driver(h, c, c->play, NULL);
			}
			first = 0;
		}
	}
}

void hooks_call(struct hook_runner *h, struct play *p, const struct action *a)
{
	const struct hook *hook = profile_hook(&h->run->plan.profile, a->hook);
	char *note = mem_printf("%s%s%s", a->hook, a->peer ? " " : "", a->peer ? a->peer : "");
	journal_note(h->run, p, -1, "hook", note);
	free(note);
	h->calls = mem_resize(h->calls, h->count + 1, sizeof *h->calls);
	struct call *c = &h->calls[h->count++];
	*c = (struct call){.play = p,
			.player_id = a->hook_id,
			.number = ++h->numbers,
			.name = a->hook,
			.driver = !hook || hook->driver};
	if (c->driver && stops_target(a->hook)) {
		c->held = 1;
		hooks_meet(h);
		return;
	}
	if (c->driver) {
		ask_driver(h, c, p, a->peer);
		return;
	}
	char id[32];
	snprintf(id, sizeof id, "hook%d", c->number);
	char *octets = adhoc_begin(&c->adhoc, hook, h->run->plan.profile.domains[0], a->peer, id);
	send_or_keep(h, c, octets);
}

/* After a restart the target is ready when it sends stream features again. */
static void restarted(void *ud, const char *reason)
{
	struct hook_runner *h = ud;
	if (reason) {
		run_abort(h->run, "restart", reason);
		return;
	}
	h->run->target_stopping = 0;
	/* A play may call its next hook inside call_done(): that call is not asked yet. */
	for (size_t i = 0; i < h->count;) {
		if (h->calls[i].asked && stops_target(h->calls[i].name)) {
			call_done(h, i, 1, NULL);
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
		if (ok && h->run->target_stopping) {
			sessions_probe(h->run->sessions, h->run->plan.profile.domains[0], (unsigned)h->run->plan.profile.start_ms,
					restarted, h);
		} else if (h->run->target_stopping) {
			run_abort(h->run, "restart", output ? output : "the driver gave no reason");
		} else {
			call_done(h, i, ok, output);
		}
		return;
	}
}

int hooks_owns(const struct hook_runner *h, const struct session *s)
{
	return h && h->session == s;
}

static void send_ping(struct hook_runner *h)
{
	if (h->ping_done && !h->ping_id) {
		h->ping_id = mem_printf("alive%d", ++h->numbers);
		char *ping = mem_printf("<iq type='get' id='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", h->ping_id,
				h->run->plan.profile.domains[0]);
		journal_note(h->run, NULL, -1, "liveness", NULL);
		session_send(h->session, ping, strlen(ping));
		free(ping);
	}
}

void hooks_session_ready(struct hook_runner *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->calls[i].pending) {
			session_send(h->session, h->calls[i].pending, strlen(h->calls[i].pending));
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
		if (i < h->count && !h->calls[i].driver) {
			call_done(h, i, 0, reason);
		}
	}
	/* A question that a restart overtook says nothing: the target must come up again by itself. */
	ping_answered(h, h->run->target_stopping ? NULL : reason);
}

void hooks_stanza(struct hook_runner *h, const struct stanza *s)
{
	const char *id = stanza_attr(s, "id");
	if (!id || strcmp((const char *)s->root->name, "iq") != 0) {
		return;
	}
	if (h->ping_id && !strcmp(id, h->ping_id)) {
		ping_answered(h, NULL);
		return;
	}
	for (size_t i = 0; i < h->count; i++) {
		struct call *c = &h->calls[i];
		if (c->driver || !c->adhoc.id || strcmp(c->adhoc.id, id) != 0) {
			continue;
		}
		char *octets = NULL;
		enum adhoc_state state = adhoc_answer(&c->adhoc, s, &octets);
		if (state == ADHOC_GOES_ON) {
			send_or_keep(h, c, octets);
		} else {
			call_done(h, i, state == ADHOC_DONE, buf_text(&c->adhoc.output));
		}
		return;
	}
}

void hooks_forget_play(struct hook_runner *h, const struct play *p)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->calls[i].play == p) {
			h->calls[i].play = NULL;
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
	} else if (profile_account(&h->run->plan.profile, "admin")) {
		need_session(h);
	} else {
		ping_answered(h, NULL);
	}
}
