#include "actors/dialback.h"
#include "actors/peer_parts.h" /* for the sweep, which takes seconds otherwise */
#include "base/mem.h"
#include "fake.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define STREAM                                                                                                         \
	"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "                            \
	"xmlns:db='jabber:server:dialback' "
#define FEATURES "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"

/* One peers object, and what its callbacks said as text. */
struct side {
	struct peers *peers;
	struct log log;
	struct buf events;
	struct buf openings;
	const char *wanted; /* for saw() */
	int destroy_on_stanza;
};

static uv_loop_t loop;
static struct fake_server target;
static struct side side;

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

static void side_init(struct side *s, int target_port)
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

static void side_finish(struct side *s)
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

static void saw(struct side *s, const char *event)
{
	s->wanted = event;
	run_until(&loop, has_seen, s, event);
}

static void logged(const struct side *s, const char *text)
{
	ck_assert_msg(strstr(buf_text(&s->log.lines), text) != NULL, "no %s in\n%s", text, buf_text(&s->log.lines));
}

/* Most tests: one peers object against a target that the test plays. */
static void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&target, &loop);
	side_init(&side, fake_port(&target));
}

static void teardown(void)
{
	side_finish(&side);
	fake_server_finish(&target);
	loop_finish(&loop);
}

static void send_text(struct peer *p, const char *to, const char *text)
{
	peer_send(p, to, text, strlen(text));
}

/* The target's answer to a stream header of ours. */
static struct fake *answer_stream(int n)
{
	struct fake *f = fake_accepted(&target, n);
	fake_expect(&loop, f, "version='1.0'>");
	fake_send(f, STREAM "id='T1' from='srv.test' to='m.test' version='1.0'>" FEATURES);
	return f;
}

static struct fake *authenticate(int n)
{
	struct fake *f = answer_stream(n);
	fake_expect(&loop, f, "</db:result>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='valid'/>");
	return f;
}

/* The target opens a stream to m.test. */
static void open_inbound(struct fake *f)
{
	fake_connect(f, &loop, peers_port(side.peers));
	fake_send(f, STREAM "from='srv.test' to='m.test' version='1.0'>");
	fake_expect(&loop, f,
			"<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
			"</stream:features>");
}

START_TEST(a_two_way_stream)
{
	struct peer *m = peer_create(side.peers, "m.test", "M");
	peer_secure(m, &(struct peer_security){.bidi = 1});
	send_text(m, "srv.test", "<iq id='1' from='m.test' to='srv.test' type='get'/>");
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, "version='1.0'>");
	fake_send(f, STREAM "id='T1' from='srv.test' to='m.test' version='1.0'>"
						"<stream:features><bidi xmlns='urn:xmpp:features:bidi'/></stream:features>");
	fake_expect(&loop, f, "<bidi xmlns='urn:xmpp:bidi'/><db:result ");
	fake_send(f, "<message id='early' from='srv.test' to='m.test'/>"
				 "<db:result from='srv.test' to='m.test' type='valid'/>"
				 "<message id='good' from='srv.test' to='m.test'/><message id='other' from='second.test' to='m.test'/>"
				 "<db:result from='second.test' to='m.test'>key</db:result>");
	saw(&side, "m.test got early unvalidated on our stream;");
	saw(&side, "m.test got good on our stream;m.test got other unvalidated on our stream;");
	/* The second domain's key is verified with that domain, over another stream. */
	struct fake *second = fake_accepted(&target, 2);
	fake_expect(&loop, second, "to='second.test'");
	fake_send(second, STREAM "id='T2' from='second.test' to='m.test' version='1.0'>" FEATURES);
	fake_expect(&loop, second, "<db:verify from='m.test' to='second.test' id='T1'>key</db:verify>");
	fake_send(second, "<db:verify from='second.test' to='m.test' id='T1' type='valid'/>");
	fake_expect(&loop, f, "<db:result from='m.test' to='second.test' type='valid'/>");
	fake_send(f, "<message id='then' from='second.test' to='m.test'/>");
	saw(&side, "m.test got then on our stream;");
}
END_TEST

START_TEST(two_sides_authenticate_each_other)
{
	struct side other;
	side_init(&other, peers_port(side.peers));
	peers_set_target(side.peers, "127.0.0.1", peers_port(other.peers));
	struct peer *a = peer_create(side.peers, "a.test", "A");
	struct peer *b = peer_create(other.peers, "b.test", "B");
	send_text(a, "b.test", "<iq id='1' from='a.test' to='b.test' type='get'/>");
	send_text(a, "b.test", "<iq id='2' from='a.test' to='b.test' type='get'/>");
	send_text(b, "a.test", "<iq id='3' from='b.test' to='a.test' type='get'/>");
	send_text(a, "b.test", "<iq id='4' from='A.test/x' to='u@B.TEST' type='get'/>");
	saw(&other, "b.test got 1;b.test got 2;b.test got 4;");
	saw(&side, "a.test got 3;");
	saw(&side, "a.test connected to b.test;");
	ck_assert_int_eq(side.log.recorder.streams, 2);
	ck_assert_int_eq(other.log.recorder.streams, 2);
	logged(&side, "#1 > open A out 127.0.0.1:");
	logged(&side, "#1 < stanza A <db:result from='b.test' to='a.test' type='valid'/>");
	logged(&other, "< stanza B <iq id='2'");
	side_finish(&other);
}
END_TEST

START_TEST(connect_is_told_once_and_again)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	authenticate(1);
	saw(&side, "m.test connected to srv.test;");
	peer_connect(p, "srv.test");
	saw(&side, "m.test connected to srv.test;m.test connected to srv.test;");
	ck_assert_int_eq(target.count, 1);
}
END_TEST

START_TEST(header_of_ours_is_complete)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f,
			"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
			"xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
			"from='m.test' to='srv.test' version='1.0'>");
	logged(&side, "#1 > header M <?xml version='1.0'?><stream:stream");
}
END_TEST

START_TEST(what_our_stream_begins_with_is_told)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	authenticate(1);
	saw(&side, "connected to srv.test");
	ck_assert_str_eq(buf_text(&side.openings), "stream srv.test;features -;");
	struct fake f = {0};
	open_inbound(&f);
	ck_assert_str_eq(buf_text(&side.openings), "stream srv.test;features -;"); /* that one is the target's */
	fake_finish(&f);
}
END_TEST

START_TEST(key_waits_for_features_only_with_version_1)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, ">");
	fake_send(f, STREAM "id='T9'>");
	char key[DIALBACK_KEY_CHARS + 1];
	dialback_key("secret", "srv.test", "m.test", "T9", key);
	fake_expect(&loop, f, "<db:result from='m.test' to='srv.test'>");
	fake_expect(&loop, f, key);
}
END_TEST

START_TEST(keys_are_verified_before_our_own_is_asked_for)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='m.test'>\n key1 \n</db:result>");
	struct fake *out = answer_stream(1);
	fake_expect(&loop, out, "<db:verify from='m.test' to='srv.test' id='");
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id("secret", 1, id);
	fake_expect(&loop, out, id);
	fake_expect(&loop, out, "'>key1</db:verify>");
	fake_send(&in, "<iq id='early' from='srv.test' to='m.test'/>");
	saw(&side, "m.test got early unvalidated;");
	char *answer = mem_printf("<db:verify from='srv.test' to='m.test' id='%s' type='valid'/>", id);
	fake_send(out, answer);
	free(answer);
	fake_expect(&loop, &in, "<db:result from='m.test' to='srv.test' type='valid'/>");
	fake_send(&in, "<iq id='late' from='bob@srv.test/x' to='m.test'/><iq id='forged' from='evil.test' to='m.test'/>"
				   "<iq id='odd' from='srv.test' to='a@b@m.test'/>");
	saw(&side, "m.test got late;m.test got forged unvalidated;m.test got odd;");
	ck_assert_ptr_null(strstr(buf_text(&out->in), "db:result"));
	fake_finish(&in);
}
END_TEST

START_TEST(bad_key_is_answered_invalid_and_closed)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='m.test'>bad</db:result>");
	struct fake *out = answer_stream(1);
	fake_expect(&loop, out, "bad</db:verify>");
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id("secret", 1, id);
	char *answer = mem_printf("<db:verify from='srv.test' to='m.test' id='%s' type='invalid'/>", id);
	fake_send(out, answer);
	free(answer);
	fake_expect(&loop, &in, "type='invalid'/></stream:stream>");
	fake_finish(&in);
}
END_TEST

START_TEST(keys_that_cannot_be_verified_are_dialback_errors)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='m.test'>key</db:result>");
	struct fake *out = answer_stream(1);
	fake_expect(&loop, out, "</db:verify>");
	conn_reset(out->conn);
	fake_expect(&loop, &in, "type='error'><error type='cancel'><remote-server-timeout");
	fake_send(&in, "<db:result from='srv.test' to='nobody.test'>key</db:result>");
	fake_expect(&loop, &in,
			"<db:result from='nobody.test' to='srv.test' type='error'><error type='cancel'>"
			"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>");
	fake_finish(&in);
}
END_TEST

START_TEST(a_stream_to_something_like_a_peer_is_told)
{
	static const char *const names[] = {
			"*.m.test", "m.test:5269", "x@y@m.test", "&lt;M.test>", "nobody.test", "m.test", "am.testing"};
	peer_create(side.peers, "m.test", "M");
	struct fake in[sizeof names / sizeof *names];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		fake_connect(&in[i], &loop, peers_port(side.peers));
		char *header = mem_printf(STREAM "from='%zu' to='%s' version='1.0'>", i, names[i]);
		fake_send(&in[i], header);
		fake_expect(&loop, &in[i], "id='");
		free(header);
	}
	ck_assert_str_eq(buf_text(&side.openings), "stream 0;stream 1;stream 2;stream 3;");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		fake_finish(&in[i]);
	}
}
END_TEST

START_TEST(unknown_domain_is_host_unknown)
{
	struct fake in;
	fake_connect(&in, &loop, peers_port(side.peers));
	fake_send(&in, STREAM "from='srv.test' to='nobody.test' version='1.0'>");
	fake_expect(&loop, &in, "id='");
	fake_expect(&loop, &in,
			"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
			"</stream:stream>");
	fake_send(&in, "</stream:stream>");
	fake_expect_close(&loop, &in);
	fake_finish(&in);
}
END_TEST

START_TEST(verify_on_a_separate_connection)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	answer_stream(1);
	char key[DIALBACK_KEY_CHARS + 1];
	dialback_key("secret", "srv.test", "m.test", "T1", key);
	struct fake in;
	open_inbound(&in);
	char *good = mem_printf("<db:verify from='srv.test' to='m.test' id='T1'>%s</db:verify>", key);
	char *bad = mem_printf("<db:verify from='srv.test' to='m.test' id='T2'>%s</db:verify>", key);
	fake_send(&in, good);
	fake_expect(&loop, &in, "<db:verify from='m.test' to='srv.test' id='T1' type='valid'/>");
	fake_send(&in, bad);
	fake_expect(&loop, &in, "<db:verify from='m.test' to='srv.test' id='T2' type='invalid'/>");
	fake_send(&in, "</stream:stream>");
	fake_expect(&loop, &in, "</stream:stream>");
	free(good);
	free(bad);
	fake_finish(&in);
}
END_TEST

START_TEST(header_without_version_gets_no_features)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	fake_connect(&in, &loop, peers_port(side.peers));
	fake_send(&in, STREAM ">");
	fake_expect(&loop, &in, "id='");
	fake_expect(&loop, &in, "'>");
	fake_send(&in, "<db:result from='srv.test' to='m.test'>key</db:result>");
	struct fake *out = answer_stream(1);
	fake_expect(&loop, out, "</db:verify>");
	ck_assert_ptr_null(strstr(buf_text(&in.in), "features"));
	ck_assert_ptr_null(strstr(buf_text(&in.in), "version='1.0'>"));
	logged(&side, "#1 < header - ");
	logged(&side, "#1 < stanza M <db:result");
	fake_finish(&in);
}
END_TEST

START_TEST(one_stream_carries_two_peers)
{
	peer_create(side.peers, "m.test", "M");
	peer_create(side.peers, "n.test", "N");
	struct fake in;
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='n.test'>key</db:result>");
	struct fake *out = fake_accepted(&target, 1);
	fake_expect(&loop, out, "from='n.test'");
	fake_send(out, STREAM "id='T1' from='srv.test' version='1.0'>" FEATURES);
	fake_expect(&loop, out, "</db:verify>");
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id("secret", 1, id);
	char *answer = mem_printf("<db:verify from='srv.test' to='n.test' id='%s' type='valid'/>", id);
	fake_send(out, answer);
	free(answer);
	fake_expect(&loop, &in, "<db:result from='n.test' to='srv.test' type='valid'/>");
	fake_send(&in, "<iq id='n' from='srv.test' to='n.test'/><iq id='m' from='srv.test' to='m.test'/>");
	saw(&side, "n.test got n;m.test got m unvalidated;");
	logged(&side, "#1 < stanza N <iq id='n'");
	fake_finish(&in);
}
END_TEST

START_TEST(end_of_the_target_is_answered_and_a_new_stream_opened)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	saw(&side, "connected");
	fake_send(f, "</stream:stream>");
	fake_expect(&loop, f, "</stream:stream>");
	fake_expect_close(&loop, f);
	conn_destroy(f->conn);
	f->conn = NULL;
	saw(&side, "m.test closed fin - end;");
	send_text(p, "srv.test", "<iq id='again'/>");
	f = authenticate(2);
	fake_expect(&loop, f, "<iq id='again'/>");
	logged(&side, "#1 < end M </stream:stream>\n#1 > end M </stream:stream>\n#1 < close M fin");
}
END_TEST

START_TEST(nothing_is_lost_between_end_and_close)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	saw(&side, "connected");
	fake_send(f, "</stream:stream>");
	fake_expect(&loop, f, "</stream:stream>");
	send_text(p, "srv.test", "<iq id='meanwhile'/>"); /* the first connection is still half open */
	f = authenticate(2);
	fake_expect(&loop, f, "<iq id='meanwhile'/>");
}
END_TEST

START_TEST(no_xml_on_our_stream_is_a_failure)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = fake_accepted(&target, 1);
	fake_send(f, "HTTP/1.1 400 Bad Request\r\n");
	saw(&side, "(the target sent octets that are no XML stream);");
	fake_expect(&loop, f, "</stream:stream>");
}
END_TEST

START_TEST(ways_to_fail)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	send_text(p, "srv.test", "<iq id='lost'/>");
	struct fake *f = answer_stream(1);
	fake_expect(&loop, f, "</db:result>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='invalid'/>");
	saw(&side, "m.test failed to srv.test: dialback: the target answered invalid;");
	send_text(p, "srv.test", "<iq id='lost too'/>");
	fake_expect(&loop, f, "</db:result>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='error'><error type='cancel'><item-not-found "
				 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>");
	saw(&side, "dialback: the target answered error item-not-found;");
	peer_connect(p, "srv.test");
	fake_expect(&loop, f, "</db:result>");
	fake_send(f, "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
	fake_expect(&loop, f, "</stream:stream>");
	fake_send(f, "</stream:stream>");
	conn_finish(f->conn);
	saw(&side, "the target closed the stream with policy-violation;m.test ended by error policy-violation;"
			   "m.test closed fin policy-violation end;");
	ck_assert_ptr_null(strstr(buf_text(&f->in), "lost"));
}
END_TEST

START_TEST(tls_that_is_required_is_a_clear_failure)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = fake_accepted(&target, 1);
	fake_send(f, STREAM "id='T1' version='1.0'><stream:features><starttls "
						"xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>");
	saw(&side, "failed to srv.test: the target requires TLS");
	fake_expect(&loop, f, "</stream:stream>");
}
END_TEST

START_TEST(target_that_is_not_there)
{
	struct fake_server gone;
	fake_listen(&gone, &loop);
	peers_set_target(side.peers, "127.0.0.1", fake_port(&gone));
	fake_server_finish(&gone);
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	saw(&side, "m.test failed to srv.test: no connection to the target's 127.0.0.1:");
	peers_set_target(side.peers, NULL, 0);
	peer_connect(p, "srv.test");
	saw(&side, "the target has no usable s2s address;");
}
END_TEST

START_TEST(stanzas_on_our_own_stream_are_told_apart)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	fake_send(f, "<iq id='back' from='srv.test' to='m.test'/>");
	saw(&side, "m.test got back unvalidated on our stream;");
}
END_TEST

START_TEST(what_is_no_xml_ends_the_stream)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	fake_send(&in, "<iq></message>");
	fake_expect(&loop, &in,
			"<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
			"</stream:stream>");
	logged(&side, "#1 < fault M <iq></message>");
	fake_finish(&in);
}
END_TEST

START_TEST(disconnect_ends_all_streams)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	struct fake in;
	open_inbound(&in);
	saw(&side, "connected");
	peer_disconnect(p, 0);
	fake_expect(&loop, f, "</stream:stream>");
	fake_expect(&loop, &in, "</stream:stream>");
	peer_disconnect(p, 0); /* once more takes no time from the target */
	run_ready(&loop);
	ck_assert_int_eq(f->closed, 0);
	fake_send(f, "<iq id='late' from='srv.test' to='m.test'/></stream:stream>");
	fake_expect_close(&loop, f); /* our FIN follows the target's end */
	conn_destroy(f->conn);
	f->conn = NULL;
	saw(&side, "got late unvalidated on our stream;m.test closed ours - end;");
	send_text(p, "srv.test", "<iq id='new'/>");
	f = authenticate(2);
	fake_expect(&loop, f, "<iq id='new'/>");
	fake_finish(&in);
}
END_TEST

START_TEST(disconnect_by_reset)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	saw(&side, "connected");
	peer_disconnect(p, 1);
	fake_expect_close(&loop, f);
	ck_assert_int_eq(f->kind, CLOSE_RESET);
	ck_assert_ptr_null(strstr(buf_text(&f->in), "</stream:stream>"));
	saw(&side, "m.test closed ours -;");
}
END_TEST

START_TEST(peer_may_be_destroyed_in_its_callback)
{
	peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	side.destroy_on_stanza = 1;
	fake_send(&in, "<iq id='1' from='srv.test' to='m.test'/><iq id='2' from='srv.test' to='m.test'/>");
	fake_expect_close(&loop, &in);
	ck_assert_ptr_null(strstr(buf_text(&side.events), "got 2"));
	ck_assert_ptr_null(peers_find(side.peers, "m.test"));
	fake_finish(&in);
}
END_TEST

START_TEST(virtual_hosts_have_pairs_of_their_own)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	authenticate(1);
	saw(&side, "m.test connected to srv.test;");
	peer_connect(p, "second.test");
	struct fake *f = answer_stream(2);
	fake_expect(&loop, f, "<db:result from='m.test' to='second.test'>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='valid'/>"); /* not what was asked */
	fake_send(f, "<db:result from='second.test' to='m.test' type='valid'/>");
	saw(&side, "m.test connected to second.test;");
	send_text(p, "second.test", "<iq id='2'/>");
	fake_expect(&loop, f, "<iq id='2'/>");
}
END_TEST

static int all_connected(void *ud)
{
	const struct side *s = ud;
	int count = 0;
	for (const char *at = buf_text(&s->events); (at = strstr(at, " got ")) != NULL; at++) {
		count++;
	}
	return count == 300;
}

START_TEST(hundreds_at_once)
{
	struct side other;
	side_init(&other, peers_port(side.peers));
	peers_set_target(side.peers, "127.0.0.1", peers_port(other.peers));
	peer_create(other.peers, "b.test", "B");
	for (int i = 0; i < 300; i++) {
		char domain[32];
		char stanza[80];
		snprintf(domain, sizeof domain, "p%d.test", i);
		snprintf(stanza, sizeof stanza, "<iq id='x' from='%s' to='b.test'/>", domain);
		send_text(peer_create(side.peers, domain, "A"), "b.test", stanza);
	}
	run_until(&loop, all_connected, &other, "all stanzas");
	ck_assert_ptr_null(strstr(buf_text(&other.events), "unvalidated"));
	ck_assert_int_eq(side.log.recorder.streams, 600);
	side_finish(&other);
}
END_TEST

/* Parsers of silent streams are put away after two sweeps, and come back with the next octets. */
START_TEST(silent_streams_wake_up)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	saw(&side, "connected");
	s2s_sweep(p->streams);
	s2s_sweep(p->streams);
	fake_send(f, "<iq id='back' from='srv.test' to='m.test'/>");
	saw(&side, "m.test got back unvalidated on our stream;");
}
END_TEST

START_TEST(a_bare_stream_carries_octets_as_they_stand)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_open(p, "srv.test", NULL);
	ck_assert_int_eq(peer_send_bare(p, "srv.test", "<first/>", 8), 1);
	struct fake *f = answer_stream(1);
	fake_expect(&loop, f, "<first/>");
	saw(&side, "m.test opened to srv.test;");
	ck_assert_int_eq(peer_send_bare(p, "srv.test", "<iq id='early'/>", 16), 1);
	fake_expect(&loop, f, "<iq id='early'/>");
	fake_send(f, "<db:verify from='srv.test' to='m.test' id='q' type='invalid'/>");
	saw(&side, "m.test got q unvalidated on our stream;");
	peer_connect(p, "srv.test"); /* dialback on the same stream */
	fake_expect(&loop, f, "<db:result from='m.test' to='srv.test'>");
	fake_send(f, "<db:result from='srv.test' to='m.test' type='valid'/>");
	saw(&side, "m.test connected to srv.test;");
	ck_assert_int_eq(target.count, 1);
}
END_TEST

START_TEST(a_bare_stream_replaces_the_one_before_and_may_begin_oddly)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	peer_connect(p, "srv.test");
	struct fake *f = authenticate(1);
	saw(&side, "connected");
	peer_open(p, "srv.test", "<!DOCTYPE odd>" STREAM ">");
	fake_expect(&loop, f, "</stream:stream>");
	f = fake_accepted(&target, 2);
	fake_expect(&loop, f, "<!DOCTYPE odd>" STREAM ">");
	fake_send(f, STREAM "id='T2'><stream:error><restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
						"</stream:error></stream:stream>");
	saw(&side, "m.test opened to srv.test;m.test ended by error restricted-xml;");
	ck_assert_int_eq(peer_send_bare(p, "srv.test", "<lost/>", 7), 0);
	ck_assert_int_eq(peer_send_bare(p, "second.test", "<lost/>", 7), 0);
	send_text(p, "srv.test", "<iq id='next'/>");
	f = answer_stream(3);
	fake_expect(&loop, f, "</db:result>");
	ck_assert_ptr_null(strstr(buf_text(&f->in), "DOCTYPE"));
}
END_TEST

START_TEST(a_bare_stream_to_nobody_fails)
{
	peers_set_target(side.peers, NULL, 0);
	peer_open(peer_create(side.peers, "m.test", "M"), "srv.test", NULL);
	saw(&side, "m.test failed to srv.test: ");
}
END_TEST

static void verify(struct fake *out, unsigned long stream)
{
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id("secret", stream, id);
	fake_expect(&loop, out, "</db:verify>");
	char *answer = mem_printf("<db:verify from='srv.test' to='m.test' id='%s' type='valid'/>", id);
	fake_send(out, answer);
	free(answer);
}

START_TEST(answers_are_held_back)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	struct fake in;
	peer_hold(p, PEER_HOLDS_ANSWERS);
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='m.test'>key</db:result>");
	saw(&side, "m.test visited;m.test got result unvalidated;");
	verify(answer_stream(1), 1);
	fake_send(&in, "<iq id='early' from='srv.test' to='m.test'/>");
	saw(&side, "got early unvalidated;");
	run_ready(&loop);
	ck_assert_ptr_null(strstr(buf_text(&in.in), "db:result"));
	peer_hold(p, PEER_HOLDS_NOTHING);
	fake_expect(&loop, &in, "<db:result from='m.test' to='srv.test' type='valid'/>");
	fake_finish(&in);
}
END_TEST

START_TEST(the_header_is_held_back)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	struct fake in;
	peer_hold(p, PEER_HOLDS_ALL);
	fake_connect(&in, &loop, peers_port(side.peers));
	fake_send(&in, STREAM "from='srv.test' to='m.test' version='1.0'>");
	saw(&side, "m.test visited;");
	run_ready(&loop);
	ck_assert_uint_eq(in.in.len, 0);
	peer_hold(p, PEER_HOLDS_ANSWERS);
	fake_expect(&loop, &in, "to='srv.test'");
	fake_expect(&loop, &in, "</stream:features>");
	fake_finish(&in);
}
END_TEST

START_TEST(keys_are_refused)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	struct fake in;
	peer_refuse(p, "error");
	open_inbound(&in);
	fake_send(&in, "<db:result from='srv.test' to='m.test'>key</db:result>");
	fake_expect(&loop, &in, "type='error'><error type='cancel'><remote-server-not-found");
	peer_refuse(p, "invalid");
	fake_send(&in, "<db:result from='srv.test' to='m.test'>key</db:result>");
	fake_expect(&loop, &in, "type='invalid'/></stream:stream>");
	saw(&side, "m.test got result unvalidated;m.test got result unvalidated;");
	ck_assert_int_eq(target.count, 0); /* nobody was asked */
	fake_finish(&in);
}
END_TEST

START_TEST(streams_are_counted)
{
	struct peer *p = peer_create(side.peers, "m.test", "M");
	struct fake in;
	open_inbound(&in);
	ck_assert_uint_eq(peer_streams(p, 0), 0);
	ck_assert_uint_eq(peer_streams(p, 1), 1);
	peer_connect(p, "srv.test");
	authenticate(1);
	saw(&side, "connected");
	ck_assert_uint_eq(peer_streams(p, 0), 1);
	ck_assert_uint_eq(peer_streams(p, 1), 2);
	fake_finish(&in);
}
END_TEST

START_TEST(a_server_before_1_0_has_no_version_and_no_features)
{
	struct peer *p = peer_create(side.peers, "m.test", NULL);
	peer_behave(p, &(struct peer_manner){.before_1_0 = 1});
	send_text(p, "srv.test", "<message id='1'/>");
	struct fake *out = fake_accepted(&target, 1);
	fake_expect(&loop, out, "to='srv.test'");
	ck_assert_ptr_null(strstr(buf_text(&out->in), " version='1.0'>"));
	/* A server of today may answer with a version, and sends no features. */
	fake_send(out, STREAM "id='T1' from='srv.test' to='m.test' version='1.0'>");
	fake_expect(&loop, out, "</db:result>");
	struct fake in;
	fake_connect(&in, &loop, peers_port(side.peers));
	fake_send(&in, STREAM "from='srv.test' to='m.test' version='1.0'><db:verify from='srv.test' to='m.test' id='x'>k"
						  "</db:verify>");
	fake_expect(&loop, &in, "type='invalid'/>");
	ck_assert_ptr_null(strstr(buf_text(&in.in), " version='1.0'>"));
	ck_assert_ptr_null(strstr(buf_text(&in.in), "features>"));
	fake_finish(&in);
}
END_TEST

static int is_closed(void *ud)
{
	return ((struct fake *)ud)->closed;
}

START_TEST(streams_are_half_closed)
{
	struct peer *p = peer_create(side.peers, "m.test", NULL);
	send_text(p, "srv.test", "<message id='1'/>");
	struct fake *out = authenticate(1);
	fake_expect(&loop, out, "<message id='1'/>");
	peer_half_close(p);
	run_until(&loop, is_closed, out, "FIN");
	ck_assert_int_eq(out->kind, CLOSE_FIN);
	ck_assert_ptr_null(strstr(buf_text(&out->in), "</stream:stream>"));
	ck_assert_uint_eq(peer_streams(p, 0), 1);
	send_text(p, "srv.test", "<message id='2'/>");
	fake_accepted(&target, 2);
	conn_finish(out->conn);
	saw(&side, "m.test closed ours -;");
}
END_TEST

START_TEST(the_targets_streams_are_ended_with_an_error)
{
	struct peer *p = peer_create(side.peers, "m.test", NULL);
	struct fake in, waiting;
	open_inbound(&in);
	peer_hold(p, PEER_HOLDS_ALL);
	fake_connect(&waiting, &loop, peers_port(side.peers));
	fake_send(&waiting, STREAM "from='srv.test' to='m.test' version='1.0'>");
	saw(&side, "m.test visited;m.test visited;");
	peer_end_visits(p, "see-other-host");
	static const char error[] = "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:";
	fake_expect(&loop, &in, error);
	fake_expect(&loop, &in, "</stream:error></stream:stream>");
	fake_expect(&loop, &waiting, "version='1.0'><stream:error>");
	fake_finish(&in);
	fake_finish(&waiting);
}
END_TEST

START_TEST(octets_trickle)
{
	struct peer *p = peer_create(side.peers, "m.test", NULL);
	peer_behave(p, &(struct peer_manner){.trickles = 1});
	send_text(p, "srv.test", "<message id='1'/>");
	struct fake *f = authenticate(1);
	fake_expect(&loop, f, "<message id='1'/>");
	struct fake in;
	open_inbound(&in);
	fake_finish(&in);
}
END_TEST

static void ignore(void *ud, const char *data, size_t len)
{
	(void)ud;
	(void)data;
	(void)len;
}

static void note_close(void *ud, enum close_kind kind, const char *detail)
{
	(void)ud;
	(void)kind;
	(void)detail;
}

static void visit(const char *address, int port, const char *told)
{
	struct conn *c = conn_connect(
			&loop, address, port, &(struct conn_callbacks){.on_data = ignore, .on_close = note_close}, NULL);
	static const char header[] = STREAM "from='srv.test' to='m.test' version='1.0'>";
	conn_send(c, header, sizeof header - 1);
	saw(&side, told);
	conn_destroy(c);
}

START_TEST(peers_have_more_than_one_door)
{
	peer_create(side.peers, "m.test", NULL);
	visit("127.0.0.1", peers_port(side.peers), "m.test visited;");
	visit("127.0.0.1", peers_door_port(side.peers, PEER_DOOR_BACKUP), "m.test visited at backup;");
	ck_assert_int_eq(peers_door_port(side.peers, PEER_DOOR_DEFAULT), 5269);
	visit(peers_door_address(side.peers, PEER_DOOR_DEFAULT), 5269, "m.test visited at default port;");
	if (peers_door_port(side.peers, PEER_DOOR_IPV6)) { /* a machine may have none */
		visit("::1", peers_door_port(side.peers, PEER_DOOR_IPV6), "m.test visited at IPv6;");
	}
}
END_TEST

START_TEST(a_hole_neither_accepts_nor_refuses)
{
	struct fake f;
	fake_connect(&f, &loop, peers_hole_port(side.peers));
	peer_create(side.peers, "m.test", NULL);
	visit("127.0.0.1", peers_port(side.peers), "m.test visited;");
	ck_assert(!f.open && !f.closed);
	fake_finish(&f);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("peer");
	TCase *tc = tcase_create("dialback");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_two_way_stream);
	tcase_add_test(tc, two_sides_authenticate_each_other);
	tcase_add_test(tc, connect_is_told_once_and_again);
	tcase_add_test(tc, header_of_ours_is_complete);
	tcase_add_test(tc, what_our_stream_begins_with_is_told);
	tcase_add_test(tc, key_waits_for_features_only_with_version_1);
	tcase_add_test(tc, keys_are_verified_before_our_own_is_asked_for);
	tcase_add_test(tc, bad_key_is_answered_invalid_and_closed);
	tcase_add_test(tc, keys_that_cannot_be_verified_are_dialback_errors);
	tcase_add_test(tc, a_stream_to_something_like_a_peer_is_told);
	tcase_add_test(tc, unknown_domain_is_host_unknown);
	tcase_add_test(tc, verify_on_a_separate_connection);
	tcase_add_test(tc, header_without_version_gets_no_features);
	tcase_add_test(tc, one_stream_carries_two_peers);
	tcase_add_test(tc, answers_are_held_back);
	tcase_add_test(tc, the_header_is_held_back);
	tcase_add_test(tc, keys_are_refused);
	suite_add_tcase(suite, tc);
	tc = tcase_create("streams");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, end_of_the_target_is_answered_and_a_new_stream_opened);
	tcase_add_test(tc, nothing_is_lost_between_end_and_close);
	tcase_add_test(tc, no_xml_on_our_stream_is_a_failure);
	tcase_add_test(tc, ways_to_fail);
	tcase_add_test(tc, tls_that_is_required_is_a_clear_failure);
	tcase_add_test(tc, target_that_is_not_there);
	tcase_add_test(tc, stanzas_on_our_own_stream_are_told_apart);
	tcase_add_test(tc, what_is_no_xml_ends_the_stream);
	tcase_add_test(tc, disconnect_ends_all_streams);
	tcase_add_test(tc, disconnect_by_reset);
	tcase_add_test(tc, peer_may_be_destroyed_in_its_callback);
	tcase_add_test(tc, virtual_hosts_have_pairs_of_their_own);
	tcase_add_test(tc, hundreds_at_once);
	tcase_add_test(tc, a_bare_stream_carries_octets_as_they_stand);
	tcase_add_test(tc, a_bare_stream_replaces_the_one_before_and_may_begin_oddly);
	tcase_add_test(tc, a_bare_stream_to_nobody_fails);
	tcase_add_test(tc, streams_are_counted);
	tcase_add_test(tc, a_server_before_1_0_has_no_version_and_no_features);
	tcase_add_test(tc, streams_are_half_closed);
	tcase_add_test(tc, the_targets_streams_are_ended_with_an_error);
	tcase_add_test(tc, octets_trickle);
	tcase_add_test(tc, peers_have_more_than_one_door);
	tcase_add_test(tc, a_hole_neither_accepts_nor_refuses);
	tcase_add_test(tc, silent_streams_wake_up);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
