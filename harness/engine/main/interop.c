#include "main/interop.h"

#include "actors/crossing.h"
#include "actors/session.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "main/control.h"
#include "target/adhoc.h"
#include "target/profile.h"
#include "wire/dns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who sent the octets of a record: names[0] towards the server, names[1] the server itself. */
struct origin {
	const char *names[2];
	int between_servers; /* the engine sends nothing itself there */
};

/* One of the two servers. */
struct side {
	struct interop *interop;
	int number;
	struct profile profile;
	struct crossing *crossing; /* leads to this server */
	struct dns_server *dns;	   /* answers this server's questions: where the other one is */
	struct sessions *sessions;
	struct session *admin;
	struct origin client, server;
	struct adhoc_call call;
	char *waiting; /* octets of the call, until the administrator is logged in */
	int call_id;   /* 0: no call is under way */
};

struct interop {
	uv_loop_t *loop;
	uv_prepare_t before_poll;
	uint64_t started;
	struct journal *journal;
	struct recorder recorder;
	struct control *control;
	struct side sides[2];
};

static struct side *other(const struct side *s)
{
	return &s->interop->sides[!s->number];
}

static uint64_t now(const struct interop *n)
{
	return (uv_hrtime() - n->started) / 1000;
}

static int on_record(void *ud, const struct record *r)
{
	struct interop *n = ud;
	const struct origin *origin = r->owner;
	return journal_write(
			n->journal, &(struct journal_entry){.time = now(n),
								.kind = record_kind_text(r->kind),
								.actor = origin ? origin->names[!!r->from_target] : NULL,
								.stream = r->stream,
								.direction = r->from_target || (origin && origin->between_servers) ? "in" : "out",
								.data = r->data,
								.len = r->len,
								.detail = r->detail});
}

static void on_query(void *ud, const char *name, int type)
{
	struct side *s = ud;
	char *detail = mem_printf("%s type %d", name, type);
	journal_write(s->interop->journal,
			&(struct journal_entry){
					.time = now(s->interop), .kind = "dns", .actor = s->profile.domains[0], .detail = detail});
	free(detail);
}

/* ---- administrators' commands ---- */

static void answer(struct side *s, int ok, const char *output)
{
	const char *name = s->call.hook ? s->call.hook->name : "";
	char *detail = mem_printf("%s: %s%s%s", name, ok ? "done" : "failed", *output ? ", " : "", output);
	journal_write(s->interop->journal,
			&(struct journal_entry){
					.time = now(s->interop), .kind = "hook-answer", .actor = s->profile.domains[0], .detail = detail});
	free(detail);
	control_event(json_pack("{s:s, s:i, s:b, s:s?}", "event", "answer", "id", s->call_id, "ok", ok, "output", output));
	adhoc_finish(&s->call);
	free(s->waiting);
	s->waiting = NULL;
	s->call_id = 0;
}

static void send_or_keep(struct side *s, char *octets)
{
	if (s->admin && session_jid(s->admin)) {
		session_send(s->admin, octets, strlen(octets));
		free(octets);
		return;
	}
	s->waiting = octets;
	if (!s->admin) {
		const struct account *admin = profile_account(&s->profile, "admin");
		struct session_account account = {.jid = admin->jid, .password = admin->password};
		s->admin = session_create(s->sessions, &account, NULL, &s->client);
	}
}

static struct side *side_of(struct interop *n, const struct session *session)
{
	return &n->sides[n->sides[1].admin == session];
}

static void on_ready(void *ud, struct session *session)
{
	struct side *s = side_of(ud, session);
	char *octets = s->waiting;
	s->waiting = NULL;
	if (octets) {
		send_or_keep(s, octets);
	}
}

static void admin_gone(struct side *s, const char *reason)
{
	session_destroy(s->admin);
	s->admin = NULL;
	if (s->call_id) {
		answer(s, 0, reason);
	}
}

static void on_failed(void *ud, struct session *session, const char *reason)
{
	admin_gone(side_of(ud, session), reason);
}

static void on_closed(void *ud, struct session *session, enum close_kind kind, const char *condition, int end)
{
	(void)end;
	admin_gone(side_of(ud, session), condition ? condition : close_kind_text(kind));
}

static void on_stanza(void *ud, struct session *session, struct stanza *stanza)
{
	struct side *s = side_of(ud, session);
	const char *id = stanza_attr(stanza, "id");
	if (!s->call_id || !id || !stanza_is_answer(stanza) || strcmp(id, s->call.id) != 0) {
		return;
	}
	char *octets = NULL;
	enum adhoc_state state = adhoc_answer(&s->call, stanza, &octets);
	if (state == ADHOC_GOES_ON) {
		send_or_keep(s, octets);
	} else {
		answer(s, state == ADHOC_DONE, buf_text(&s->call.output));
	}
}

static const struct sessions_callbacks sessions_callbacks = {
		.on_ready = on_ready, .on_failed = on_failed, .on_stanza = on_stanza, .on_closed = on_closed};

static void call(struct side *s, int id, const char *name)
{
	const struct hook *hook = profile_hook(&s->profile, name);
	if (s->call_id || !hook || !hook->adhoc || !profile_account(&s->profile, "admin")) {
		control_event(json_pack("{s:s, s:i, s:b, s:s}", "event", "answer", "id", id, "ok", 0, "output",
				s->call_id ? "one command at a time" : "no such command or no administrator in the profile"));
		return;
	}
	char text[32];
	snprintf(text, sizeof text, "hook%d", id);
	s->call_id = id;
	send_or_keep(s, adhoc_begin(&s->call, hook, s->profile.domains[0], other(s)->profile.domains[0], text));
}

/* ---- the driver ---- */

static void features_came(void *ud, const char *reason)
{
	struct side *s = ud;
	if (reason) {
		control_event(json_pack("{s:s, s:i, s:s}", "event", "unready", "side", s->number, "reason", reason));
	} else {
		control_event(json_pack("{s:s, s:i}", "event", "ready", "side", s->number));
	}
}

static void server_started(struct side *s, int c2s_port, int s2s_port)
{
	crossing_set_target(s->crossing, s->profile.s2s_address, s2s_port);
	sessions_set_target(s->sessions, s->profile.c2s_address, c2s_port);
	sessions_probe(s->sessions, s->profile.domains[0], (unsigned)s->profile.start_ms, features_came, s);
}

static int number(const json_t *fields, const char *key)
{
	return (int)json_integer_value(json_object_get(fields, key));
}

static void on_command(void *ud, const char *command, const json_t *fields)
{
	struct interop *n = ud;
	struct side *s = &n->sides[number(fields, "side") == 1];
	if (!strcmp(command, "started")) {
		server_started(s, number(fields, "c2s_port"), number(fields, "s2s_port"));
	} else if (!strcmp(command, "call")) {
		const char *name = json_string_value(json_object_get(fields, "hook"));
		call(s, number(fields, "id"), name ? name : "");
	} else if (!strcmp(command, "end")) {
		uv_stop(n->loop);
	}
}

static void on_gone(void *ud)
{
	uv_stop(((struct interop *)ud)->loop);
}

static void on_before_poll(uv_prepare_t *prepare)
{
	journal_flush(((struct interop *)prepare->data)->journal);
}

/* ---- from the plan to the end ---- */

static int read_plan(struct interop *n, const char *line, char **error)
{
	json_t *plan = json_loads(line, 0, NULL);
	const char *journal = json_string_value(json_object_get(plan, "journal"));
	const json_t *sides = json_object_get(plan, "sides");
	if (!journal || json_array_size(sides) != 2) {
		*error = mem_strdup("plan: expected a journal and two sides");
	}
	for (int i = 0; i < 2 && !*error; i++) {
		profile_read(&n->sides[i].profile, json_array_get(sides, (size_t)i), error);
	}
	n->journal = *error ? NULL : journal_create(journal);
	if (!*error && !n->journal) {
		*error = mem_printf("%s cannot be written: %s", journal, strerror(errno));
	}
	json_decref(plan);
	return *error ? -1 : 0;
}

/* What the side needs of its own, but the name server, which gives the port of the other side's relay. */
static int open_side(struct side *s, char **error)
{
	struct interop *n = s->interop;
	const struct profile *p = &s->profile;
	s->client = (struct origin){.names = {"admin", p->domains[0]}};
	s->server = (struct origin){.names = {other(s)->profile.domains[0], p->domains[0]}, .between_servers = 1};
	s->crossing = crossing_create(&(struct crossing_config){.loop = n->loop,
										  .listen_address = other(s)->profile.peers_address,
										  .listen_port = other(s)->profile.peers_port,
										  .recorder = &n->recorder,
										  .owner = &s->server},
			error);
	s->sessions = s->crossing ? sessions_create(&(struct sessions_config){.loop = n->loop,
														.c2s_address = p->c2s_address,
														.c2s_port = p->c2s_port,
														.tls = session_tls_named(p->tls),
														.ca_file = p->ca,
														.recorder = &n->recorder,
														.callbacks = &sessions_callbacks,
														.ud = n},
										error)
							  : NULL;
	return s->sessions ? 0 : -1;
}

static int open_names(struct side *s, char **error)
{
	const struct profile *p = &s->profile;
	struct dns_zone zone = {.name = other(s)->profile.domains[0],
			.port = crossing_port(other(s)->crossing),
			.srv_names_address = p->srv_names_address};
	if (inet_pton(AF_INET, p->peers_address, &zone.address) != 1) {
		*error = mem_printf("profile: peers.address '%s'; expected an IPv4 address", p->peers_address);
		return -1;
	}
	s->dns = dns_create(s->interop->loop, p->dns_address, p->dns_port, &zone, on_query, s, error);
	return s->dns ? 0 : -1;
}

static json_t *bound(const struct side *s)
{
	return json_pack("{s:s, s:i, s:s, s:i}", "peers_address", s->profile.peers_address, "peers_port",
			crossing_port(other(s)->crossing), "dns_address", s->profile.dns_address, "dns_port", dns_port(s->dns));
}

static void close_side(struct side *s)
{
	session_destroy(s->admin);
	sessions_destroy(s->sessions);
	crossing_destroy(s->crossing);
	dns_destroy(s->dns);
	adhoc_finish(&s->call);
	free(s->waiting);
	profile_finish(&s->profile);
}

static void close_handle(uv_handle_t *handle, void *ud)
{
	(void)ud;
	if (!uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

static void converse(struct interop *n)
{
	static const struct control_callbacks callbacks = {on_command, on_gone};
	uv_prepare_init(n->loop, &n->before_poll);
	n->before_poll.data = n;
	uv_prepare_start(&n->before_poll, on_before_poll);
	n->control = control_create(n->loop, &callbacks, n);
	control_event(json_pack("{s:s, s:[o, o]}", "event", "bound", "sides", bound(&n->sides[0]), bound(&n->sides[1])));
	if (n->control) {
		uv_run(n->loop, UV_RUN_DEFAULT);
	}
	control_destroy(n->control);
}

int interop_execute(const char *plan_line)
{
	struct interop n = {.loop = uv_default_loop(), .started = uv_hrtime()};
	char *error = NULL;
	n.recorder = (struct recorder){.record = on_record, .ud = &n};
	for (int i = 0; i < 2; i++) {
		n.sides[i].interop = &n;
		n.sides[i].number = i;
	}
	int bad = read_plan(&n, plan_line, &error) || open_side(&n.sides[0], &error) || open_side(&n.sides[1], &error) ||
			  open_names(&n.sides[0], &error) || open_names(&n.sides[1], &error);
	if (bad) {
		fprintf(stderr, "buddycheck-engine: %s\n", error);
		free(error);
	} else {
		converse(&n);
	}
	close_side(&n.sides[0]);
	close_side(&n.sides[1]);
	uv_walk(n.loop, close_handle, NULL);
	uv_run(n.loop, UV_RUN_DEFAULT);
	uv_loop_close(n.loop);
	journal_destroy(n.journal);
	return bad ? 2 : 0;
}
