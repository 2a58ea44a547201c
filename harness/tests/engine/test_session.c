#include "actors/session.h"

#include "base/mem.h"
#include "fake.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define STREAM                                                                                                         \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "       \
	"from='srv.test' id='S1' version='1.0'>"
#define SASL_FEATURES                                                                                                  \
	"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"  \
	"</stream:features>"
#define BIND_FEATURES "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
#define BOUND                                                                                                          \
	"<iq type='result' id='_xmpp_bind1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>admin@srv.test/r1</jid>"   \
	"</bind></iq>"

static const struct session_account admin = {"admin@srv.test", "pa'ss%s<1>"};

static uv_loop_t loop;
static struct fake_server target;
static struct log records;
static struct buf events, openings;
static struct sessions *sessions;
static int destroy_at_once;

static void on_opening(void *ud, struct session *s, struct stanza *stanza)
{
	(void)ud;
	(void)s;
	buf_printf(&openings, "%s%s;", (const char *)stanza->root->name, stanza->root->children ? " full" : "");
}

static void on_ready(void *ud, struct session *s)
{
	(void)ud;
	buf_printf(&events, "ready %s;", session_jid(s));
	if (destroy_at_once) {
		session_destroy(s);
	}
}

static void on_failed(void *ud, struct session *s, const char *reason)
{
	(void)ud;
	(void)s;
	buf_printf(&events, "%s;", reason);
	if (destroy_at_once) {
		session_destroy(s);
	}
}

static void on_stanza(void *ud, struct session *s, struct stanza *stanza)
{
	(void)ud;
	const char *id = stanza_attr(stanza, "id");
	buf_printf(&events, "got %s;", id ? id : "?");
	if (destroy_at_once) {
		session_destroy(s);
	}
}

static void on_closed(void *ud, struct session *s, enum close_kind kind, const char *condition, int end)
{
	(void)ud;
	(void)s;
	buf_printf(&events, "closed %s %s%s;", close_kind_text(kind), condition ? condition : "-", end ? " end" : "");
}

static const struct sessions_callbacks callbacks = {.on_opening = on_opening,
		.on_ready = on_ready,
		.on_failed = on_failed,
		.on_stanza = on_stanza,
		.on_closed = on_closed};

static void start(enum session_tls tls)
{
	char *error = NULL;
	sessions = sessions_create(&(struct sessions_config){.loop = &loop,
									   .c2s_address = "127.0.0.1",
									   .c2s_port = fake_port(&target),
									   .tls = tls,
									   .recorder = &records.recorder,
									   .callbacks = &callbacks},
			&error);
	ck_assert_ptr_nonnull(sessions);
}

static void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&target, &loop);
	log_init(&records);
	memset(&events, 0, sizeof events);
	memset(&openings, 0, sizeof openings);
	destroy_at_once = 0;
	start(SESSION_PLAIN);
}

static void teardown(void)
{
	sessions_destroy(sessions);
	fake_server_finish(&target);
	loop_finish(&loop);
	ck_assert_ptr_null(strstr(buf_text(&records.lines), "pa'ss"));
	ck_assert_ptr_null(strstr(buf_text(&records.lines), "AGFkbWlu")); /* base64 of "\0admin..." */
	ck_assert_ptr_null(strstr(buf_text(&events), "pa'ss"));
	buf_finish(&records.lines);
	buf_finish(&events);
	buf_finish(&openings);
}

static int has_seen(void *ud)
{
	return strstr(buf_text(&events), ud) != NULL;
}

static void saw(char *event)
{
	run_until(&loop, has_seen, event, event);
}

static void logged(const char *text)
{
	ck_assert_msg(strstr(buf_text(&records.lines), text) != NULL, "no %s in\n%s", text, buf_text(&records.lines));
}

static struct fake *accept_auth(int n)
{
	struct fake *f = fake_accepted(&target, n);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM SASL_FEATURES);
	fake_expect(&loop, f, "mechanism=\"PLAIN\"");
	fake_expect(&loop, f, "</auth>");
	return f;
}

static struct fake *log_in(int n, const char *after_bind)
{
	struct fake *f = accept_auth(n);
	fake_send(f, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM BIND_FEATURES);
	fake_expect(&loop, f, "_xmpp_bind1");
	fake_expect(&loop, f, "</iq>");
	fake_send(f, BOUND);
	fake_send(f, after_bind);
	saw("ready admin@srv.test/r1;");
	return f;
}

START_TEST(login_and_stanzas)
{
	struct session *s = session_create(sessions, &admin, "r1", "Bard");
	ck_assert_ptr_null(session_jid(s));
	struct fake *f = log_in(1, "<message id='with bind'/>");
	saw("ready admin@srv.test/r1;got with bind;");
	fake_send(f, "<iq id='1' type='get'/> <presence id='2'/>");
	saw("got 1;got 2;");
	session_send(s, "<message id='%s%n'/>", 20);
	fake_expect(&loop, f, "<message id='%s%n'/>");
	logged("#1 > open Bard out 127.0.0.1:");
	logged(">[redacted]</auth>\n");
	logged("#1 < stanza Bard <iq id='1' type='get'/>\n#1 < stanza Bard  <presence id='2'/>\n");
	logged("#1 > stanza Bard <message id='%s%n'/>");
	ck_assert_str_eq(buf_text(&openings), "stream;features full;stream;features full;");
	session_set_owner(s, "Second");
	fake_send(f, "<iq id='3'/>");
	saw("got 3;");
	logged("< stanza Second <iq id='3'/>");
}
END_TEST

START_TEST(wrong_password_is_refused_with_its_condition)
{
	struct session *s = session_create(sessions, &admin, NULL, NULL);
	struct fake *f = accept_auth(1);
	fake_send(f, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><text>no</text><not-authorized/></failure>");
	fake_expect(&loop, f, "</stream:stream>");
	fake_send(f, "</stream:stream>");
	conn_finish(f->conn);
	saw("login of admin@srv.test refused: not-authorized;");
	session_destroy(s);
}
END_TEST

START_TEST(close_in_the_middle_of_the_login)
{
	destroy_at_once = 1;
	session_create(sessions, &admin, NULL, NULL);
	struct fake *f = accept_auth(1);
	conn_finish(f->conn);
	saw("login of admin@srv.test failed: the target closed the connection (fin);");
	session_create(sessions, &admin, NULL, NULL);
	f = accept_auth(2);
	conn_reset(f->conn);
	saw("login of admin@srv.test failed: the target closed the connection (reset);");
	session_create(sessions, &admin, NULL, NULL);
	f = accept_auth(3);
	fake_send(f, "<stream:error><system-shutdown "
				 "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
	conn_finish(f->conn);
	saw("the target closed the stream with system-shutdown;");
}
END_TEST

START_TEST(nobody_listens)
{
	struct fake_server gone;
	fake_listen(&gone, &loop);
	sessions_set_target(sessions, "127.0.0.1", fake_port(&gone));
	fake_server_finish(&gone);
	session_create(sessions, &admin, NULL, NULL);
	saw("login of admin@srv.test failed: no connection to 127.0.0.1:");
	sessions_set_target(sessions, "localhost", 5222);
	session_create(sessions, &admin, NULL, NULL);
	saw("login of admin@srv.test failed: localhost:5222: ");
}
END_TEST

START_TEST(octets_that_are_no_xml)
{
	session_create(sessions, &admin, NULL, NULL);
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, "HTTP/1.1 400 Bad Request\r\n");
	conn_finish(f->conn);
	saw("login of admin@srv.test failed: the target sent octets that are no XML stream");
}
END_TEST

START_TEST(several_at_once)
{
	const struct session_account other = {"bob@srv.test", "x"};
	struct session *first = session_create(sessions, &admin, NULL, "A");
	session_create(sessions, &other, NULL, "B");
	fake_accepted(&target, 2);
	struct fake *f = log_in(1, "");
	session_send(first, "<presence/>", 11);
	fake_expect(&loop, f, "<presence/>");
	logged("#1 > stanza A <presence/>");
	accept_auth(2);
	logged("#2 > stanza B <auth");
}
END_TEST

static struct fake *authenticated(int n)
{
	struct fake *f = accept_auth(n);
	fake_send(f, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM BIND_FEATURES);
	return f;
}

/* What is built is recorded as it is; what a stream could not hold, or the journal should not, is looked at first. */
START_TEST(built_stanzas)
{
	struct session *s = session_create(sessions, &admin, NULL, "A");
	struct fake *f = log_in(1, "");
	static const char whole[] = "<iq id='1'/>", half[] = "<message", rest[] = " id='2'/>";
	static const char secret[] = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>c2VjcmV0</auth>";
	static const char control[] = "<presence to='\x01'/>";
	session_send_built(s, whole, sizeof whole - 1);
	logged("#1 > stanza A <iq id='1'/>");
	session_send(s, half, sizeof half - 1);
	session_send_built(s, rest, sizeof rest - 1);
	logged("#1 > stanza A <message id='2'/>");
	session_send_built(s, secret, sizeof secret - 1);
	logged("#1 > stanza A <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>");
	ck_assert_ptr_null(strstr(buf_text(&records.lines), "c2VjcmV0"));
	session_send_built(s, control, sizeof control - 1);
	logged("#1 > fault A <presence");
	session_send_built(s, whole, sizeof whole - 1);
	logged("#1 > fault A <iq id='1'/>");
	fake_expect(&loop, f, "c2VjcmV0</auth><presence to='\x01'/><iq id='1'/>");
}
END_TEST

START_TEST(login_stops_before_a_resource_is_bound)
{
	struct session *s = session_begin(sessions, &admin, SESSION_UNBOUND, "Bard");
	struct fake *f = authenticated(1);
	saw("ready admin@srv.test;");
	session_send(s, "<message/>&&", 12);
	fake_expect(&loop, f, "<message/>&&");
	ck_assert_ptr_null(strstr(buf_text(&f->in), "_xmpp_bind1"));
	session_send(s, "<more>", 6); /* also behind what is no XML */
	fake_expect(&loop, f, "<more>");
	session_disconnect(s);
	fake_expect(&loop, f, "</stream:stream>");
	fake_send(f, "</stream:stream>");
	conn_finish(f->conn);
	saw("closed ours");
}
END_TEST

START_TEST(login_does_not_begin)
{
	struct session *s = session_begin(sessions, &admin, SESSION_NAMELESS, "Bard");
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM SASL_FEATURES);
	saw("ready admin@srv.test;");
	session_send(s, "<iq id='1'/>", 12);
	fake_expect(&loop, f, "<iq id='1'/>");
	fake_send(f, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
				 "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
				 "</stream:stream>");
	saw("got ?;");
	fake_expect(&loop, f, "</stream:stream>");
	conn_finish(f->conn);
	saw("closed fin not-authorized end;");
	ck_assert_str_eq(buf_text(&openings), "stream;features full;error full;");
}
END_TEST

START_TEST(target_ends_the_session)
{
	struct session *s = session_create(sessions, &admin, NULL, "Bard");
	struct fake *f = log_in(1, "");
	fake_send(
			f, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
	fake_expect(&loop, f, "</stream:stream>");
	conn_finish(f->conn);
	saw("closed fin conflict end;");
	session_send(s, "<presence/>", 11);
	session_disconnect(s);
	session_destroy(s);
}
END_TEST

START_TEST(we_end_the_session)
{
	struct session *s = session_create(sessions, &admin, NULL, "Bard");
	struct fake *f = log_in(1, "");
	session_disconnect(s);
	fake_expect(&loop, f, "</stream:stream>");
	fake_send(f, "</stream:stream>");
	conn_finish(f->conn);
	saw("closed ours - end;");
	logged("#1 > end Bard </stream:stream>\n#1 < end Bard </stream:stream>\n#1 > close Bard ours\n");
}
END_TEST

START_TEST(sessions_may_be_destroyed_in_callbacks)
{
	destroy_at_once = 1;
	session_create(sessions, &admin, NULL, NULL);
	log_in(1, "<message id='never'/>");
	run_ready(&loop);
	ck_assert_ptr_null(strstr(buf_text(&events), "got"));
	destroy_at_once = 0;
	session_create(sessions, &admin, NULL, NULL);
	buf_clear(&events);
	struct fake *f = log_in(2, "");
	destroy_at_once = 1;
	fake_send(f, "<iq id='1'/><iq id='2'/>");
	saw("got 1;");
	run_ready(&loop);
	ck_assert_ptr_null(strstr(buf_text(&events), "got 2"));
}
END_TEST

#define BIG 3000000

START_TEST(large_stanzas_pass_both_ways)
{
	struct session *s = session_create(sessions, &admin, NULL, NULL);
	struct fake *f = log_in(1, "");
	struct buf big = {0};
	buf_add_text(&big, "<message id='big'>");
	while (big.len < BIG) {
		buf_add_text(&big, "<x/>");
	}
	buf_add_text(&big, "</message><message id='end'/>");
	session_send(s, buf_text(&big), big.len);
	fake_expect(&loop, f, "<message id='end'/>");
	buf_clear(&big);
	buf_add_text(&big, "<message id='large'><body>");
	while (big.len < 500000) {
		buf_add_text(&big, "octets ");
	}
	buf_add_text(&big, "</body></message><message id='end'/>");
	fake_send(f, buf_text(&big));
	saw("got large;got end;");
	buf_finish(&big);
}
END_TEST

START_TEST(starttls_is_spoken_by_the_relay)
{
	sessions_destroy(sessions);
	start(SESSION_STARTTLS);
	session_create(sessions, &admin, NULL, NULL);
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, "<stream:stream xmlns='jabber:client'");
	fake_send(f, STREAM "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>");
	fake_expect(&loop, f, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	fake_send(f, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	fake_expect(&loop, f, "\x16\x03\x01"); /* ClientHello */
	fake_send(f, "this is no TLS, and long enough for a record header");
	saw("login of admin@srv.test failed: TLS failed");
	ck_assert_str_eq(buf_text(&openings), "stream;features full;");
	session_create(sessions, &admin, NULL, NULL);
	f = fake_accepted(&target, 2);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>");
	fake_expect(&loop, f, "<starttls");
	fake_send(f, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><injected/>");
	saw("login of admin@srv.test failed: the target sent octets before TLS was established");
	session_create(sessions, &admin, NULL, NULL);
	f = fake_accepted(&target, 3);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM SASL_FEATURES);
	fake_expect(&loop, f, "</stream:stream>");
	conn_finish(f->conn);
	saw("login of admin@srv.test failed: the target offers no STARTTLS;");
}
END_TEST

static void on_probed(void *ud, const char *reason)
{
	(void)ud;
	buf_printf(&events, "probed %s;", reason ? reason : "well");
}

START_TEST(probe_waits_for_features)
{
	sessions_probe(sessions, "srv.test", 4000, on_probed, NULL);
	struct fake *f = fake_accepted(&target, 1);
	conn_reset(f->conn);
	f = fake_accepted(&target, 2);
	fake_expect(&loop, f, "to='srv.test' version='1.0'>");
	fake_send(f, STREAM);
	run_ready(&loop);
	ck_assert_str_eq(buf_text(&events), "");
	fake_send(f, SASL_FEATURES);
	saw("probed well;");
	fake_expect(&loop, f, "</stream:stream>");
}
END_TEST

/* The deadline has to pass. On a busy machine that may happen before so much as the connection is there: then once more
 * with twice the time. */
static void probe_lacks(const char *what)
{
	unsigned ms = 20;
	do {
		buf_clear(&events);
		sessions_probe(sessions, "srv.test", ms, on_probed, NULL);
		char *within = mem_printf("within %u ms: ", ms);
		saw(within);
		free(within);
		ms *= 2;
	} while (!strstr(buf_text(&events), what) && ms < 10000);
	ck_assert_ptr_nonnull(strstr(buf_text(&events), what));
}

START_TEST(probe_says_what_is_missing)
{
	probe_lacks("a connection but no stream header;");
	struct fake_server gone;
	fake_listen(&gone, &loop);
	sessions_set_target(sessions, "127.0.0.1", fake_port(&gone));
	fake_server_finish(&gone);
	probe_lacks("refused");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("login");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, login_and_stanzas);
	tcase_add_test(tc, wrong_password_is_refused_with_its_condition);
	tcase_add_test(tc, close_in_the_middle_of_the_login);
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, octets_that_are_no_xml);
	tcase_add_test(tc, several_at_once);
	tcase_add_test(tc, built_stanzas);
	tcase_add_test(tc, login_stops_before_a_resource_is_bound);
	tcase_add_test(tc, login_does_not_begin);
	tcase_add_test(tc, starttls_is_spoken_by_the_relay);
	suite_add_tcase(suite, tc);
	tc = tcase_create("ready");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, target_ends_the_session);
	tcase_add_test(tc, we_end_the_session);
	tcase_add_test(tc, sessions_may_be_destroyed_in_callbacks);
	tcase_add_test(tc, large_stanzas_pass_both_ways);
	tcase_add_test(tc, probe_waits_for_features);
	tcase_add_test(tc, probe_says_what_is_missing);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
