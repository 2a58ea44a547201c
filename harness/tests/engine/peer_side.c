#include "peer_side.h"

#include <check.h>
#include <string.h>

uv_loop_t loop;
struct fake_server target;
struct side side;

static void on_stanza(void *ud, struct peer *peer, struct stanza *stanza, const struct peer_arrival *arrival)
{
	struct side *s = ud;
	const char *id = stanza_attr(stanza, "id");
	buf_printf(&s->events, "%s got %s%s%s;", peer_domain(peer), id ? id : (const char *)stanza->root->name,
			arrival->validated ? "" : " unvalidated", arrival->opened_by_target ? "" : " on our stream");
	if (s->destroy_on_stanza) {
		peer_destroy(peer);
	}
}

static void on_connected(void *ud, struct peer *peer, const char *target_domain)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s connected to %s;", peer_domain(peer), target_domain);
}

static void on_failed(void *ud, struct peer *peer, const char *target_domain, const char *reason)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s failed to %s: %s;", peer_domain(peer), target_domain, reason);
}

static void on_closed(void *ud, struct peer *peer, int stream, enum close_kind kind, const char *condition, int end)
{
	struct side *s = ud;
	(void)stream;
	buf_printf(&s->events, "%s closed %s %s%s;", peer_domain(peer), close_kind_text(kind), condition ? condition : "-",
			end ? " end" : "");
}

static void on_opening(void *ud, struct peer *peer, struct stanza *stanza)
{
	(void)peer;
	struct side *s = ud;
	const char *from = stanza_attr(stanza, "from");
	buf_printf(&s->openings, "%s %s;", (const char *)stanza->root->name, from ? from : "-");
}

static void on_opened(void *ud, struct peer *peer, const char *target_domain)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s opened to %s;", peer_domain(peer), target_domain);
}

static void on_visited(void *ud, struct peer *peer, const char *door)
{
	struct side *s = ud;
	int main = strcmp(door, "main") == 0;
	buf_printf(&s->events, "%s visited%s%s;", peer_domain(peer), main ? "" : " at ", main ? "" : door);
}

static void on_ended(void *ud, struct peer *peer, const char *how, const char *condition)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s ended by %s %s;", peer_domain(peer), how, condition ? condition : "-");
}

static const struct peers_callbacks callbacks = {
		on_stanza, on_connected, on_failed, on_closed, on_opening, on_opened, on_visited, on_ended};

void side_init(struct side *s, int target_port)
{
	memset(s, 0, sizeof *s);
	log_init(&s->log);
	char *error = NULL;
	s->peers = peers_create(&(struct peers_config){.loop = &loop,
									.listen_address = "127.0.0.1",
									.s2s_address = "127.0.0.1",
									.s2s_port = target_port,
									.secret = "secret",
									.recorder = &s->log.recorder,
									.callbacks = &callbacks,
									.ud = s},
			&error);
	ck_assert_msg(s->peers != NULL, "%s", error);
}

void side_finish(struct side *s)
{
	peers_destroy(s->peers);
	buf_finish(&s->events);
	buf_finish(&s->openings);
	buf_finish(&s->log.lines);
}

static int has_seen(void *ud)
{
	const struct side *s = ud;
	return strstr(buf_text(&s->events), s->wanted) != NULL;
}

void saw(struct side *s, const char *event)
{
	s->wanted = event;
	run_until(&loop, has_seen, s, event);
}

void logged(const struct side *s, const char *text)
{
	ck_assert_msg(strstr(buf_text(&s->log.lines), text) != NULL, "no %s in\n%s", text, buf_text(&s->log.lines));
}

void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&target, &loop);
	side_init(&side, fake_port(&target));
}

void teardown(void)
{
	side_finish(&side);
	fake_server_finish(&target);
	loop_finish(&loop);
}

void send_text(struct peer *p, const char *to, const char *text)
{
	peer_send(p, to, text, strlen(text));
}

struct fake *answer_stream(int n)
{
	struct fake *f = fake_accepted(&target, n);
	fake_expect(&loop, f, "version='1.0'>");
	fake_send(f, STREAM "id='T1' from='srv.test' to='m.test' version='1.0'>" FEATURES);
	return f;
}

struct fake *authenticate(int n)
{
	struct fake *f = answer_stream(n);
	fake_expect(&loop, f, "</db:result>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='valid'/>");
	return f;
}

void open_inbound(struct fake *f)
{
	fake_connect(f, &loop, peers_port(side.peers));
	fake_send(f, STREAM "from='srv.test' to='m.test' version='1.0'>");
	fake_expect(&loop, f,
			"<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
			"</stream:features>");
}
