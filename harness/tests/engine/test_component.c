/* A component's stream, played against a target by hand (XEP-0114). */
#include "actors/component.h"
#include "fake.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "test"
/* The stream id and the proof are those of the examples of XEP-0114 section 3. */
#define STREAM                                                                                                         \
	"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' "                  \
	"from='muc.srv.test' id='3BF96D32'>"
#define PROOF "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"
#define ERROR(condition)                                                                                               \
	"<stream:error><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"

static uv_loop_t loop;
static struct fake_server target;
static struct log records;
static struct buf events;
static struct components *components;
static int destroy_at_once;

static void on_ready(void *ud, struct component *c)
{
	(void)ud;
	buf_printf(&events, "ready %s;", (const char *)component_owner(c));
	if (destroy_at_once) {
		component_destroy(c);
	}
}

static void on_failed(void *ud, struct component *c, const char *reason)
{
	(void)ud;
	static const char place[] = "component muc.srv.test at the target's 127.0.0.1:";
	ck_assert_int_eq(strncmp(reason, place, strlen(place)), 0);
	const char *why = reason + strlen(place);
	buf_printf(&events, "failed%s;", why + strspn(why, "0123456789")); /* the port differs from run to run */
	component_destroy(c);
}

static void on_stanza(void *ud, struct component *c, struct stanza *stanza)
{
	(void)ud;
	buf_printf(&events, "got %s in %s;", stanza_attr(stanza, "id"), node_ns(stanza->root));
	if (destroy_at_once) {
		component_destroy(c);
	}
}

static void on_ended(void *ud, struct component *c, const char *how, const char *condition)
{
	(void)ud;
	buf_printf(&events, "ended %s %s;", how, condition ? condition : "-");
	if (destroy_at_once) {
		component_destroy(c);
	}
}

static void on_closed(void *ud, struct component *c, enum close_kind kind, const char *condition, int end)
{
	(void)ud;
	buf_printf(&events, "closed %s %s%s;", close_kind_text(kind), condition ? condition : "-", end ? " end" : "");
	component_destroy(c);
}

static const struct components_callbacks callbacks = {on_ready, on_failed, on_stanza, on_ended, on_closed};

static void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&target, &loop);
	log_init(&records);
	memset(&events, 0, sizeof events);
	destroy_at_once = 0;
	components = components_create(&(struct components_config){.loop = &loop,
			.address = "127.0.0.1",
			.port = 1,
			.secret = SECRET,
			.recorder = &records.recorder,
			.callbacks = &callbacks});
	components_set_port(components, fake_port(&target));
}

static void teardown(void)
{
	components_destroy(components);
	fake_server_finish(&target);
	loop_finish(&loop);
	ck_assert_ptr_null(strstr(buf_text(&records.lines), PROOF));
	ck_assert_ptr_null(strstr(buf_text(&events), PROOF));
	buf_finish(&records.lines);
	buf_finish(&events);
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

static struct fake *open_stream(int n)
{
	struct fake *f = fake_accepted(&target, n);
	fake_expect(&loop, f,
			"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
			"xmlns:stream='http://etherx.jabber.org/streams' to='muc.srv.test'>");
	return f;
}

static struct component *attach(struct fake **f)
{
	struct component *c = component_create(components, "muc.srv.test", 0, "Muc");
	*f = open_stream(1);
	fake_send(*f, STREAM);
	fake_expect(&loop, *f, "<handshake>" PROOF "</handshake>");
	ck_assert(!component_is_ready(c));
	fake_send(*f, "<handshake/>");
	saw("ready Muc;");
	ck_assert(component_is_ready(c));
	return c;
}

START_TEST(handshake_and_stanzas)
{
	struct fake *f;
	struct component *c = attach(&f);
	fake_send(f, "<iq id='1' type='get'/> <presence id='2'/>");
	saw("got 1 in jabber:component:accept;got 2 in jabber:component:accept;");
	component_send(c, "<presence/>", 11);
	fake_expect(&loop, f, "<presence/>");
	logged("#1 > open Muc out 127.0.0.1:");
	logged("#1 > header Muc <?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'");
	logged("#1 < header Muc <stream:stream");
	logged("#1 > stanza Muc <handshake>[redacted]</handshake>\n#1 < stanza Muc <handshake/>\n");
	logged("#1 < stanza Muc <iq id='1' type='get'/>\n#1 < stanza Muc  <presence id='2'/>\n");
	logged("#1 > stanza Muc <presence/>");
}
END_TEST

START_TEST(nothing_is_sent_before_the_handshake_is_accepted)
{
	struct component *c = component_create(components, "muc.srv.test", 0, "Muc");
	struct fake *f = open_stream(1);
	fake_send(f, STREAM);
	fake_expect(&loop, f, "</handshake>");
	component_send(c, "<presence/>", 11);
	run_ready(&loop);
	ck_assert_ptr_null(strstr(buf_text(&f->in), "<presence/>"));
}
END_TEST

START_TEST(bare_stream_is_ready_without_handshake)
{
	struct component *c = component_create(components, "muc.srv.test", 1, "Muc");
	struct fake *f = open_stream(1);
	fake_send(f, STREAM);
	saw("ready Muc;");
	component_send(c, "<presence/>", 11);
	fake_expect(&loop, f, "<presence/>");
	ck_assert_ptr_null(strstr(buf_text(&f->in), "handshake"));
}
END_TEST

START_TEST(refusals_are_one_clear_line)
{
	component_create(components, "muc.srv.test", 0, "Muc");
	struct fake *f = open_stream(1);
	fake_send(f, STREAM);
	fake_expect(&loop, f, "</handshake>");
	fake_send(f, ERROR("not-authorized"));
	fake_expect(&loop, f, "</stream:stream>");
	conn_finish(f->conn);
	saw("ended error not-authorized;failed: the handshake was refused with "
		"not-authorized (is the secret of the profile right?);");
	component_create(components, "muc.srv.test", 0, "Muc");
	f = open_stream(2);
	fake_send(f, STREAM ERROR("host-unknown"));
	conn_finish(f->conn);
	saw("failed: the handshake was refused with host-unknown (does the target serve this domain?);");
	component_create(components, "muc.srv.test", 0, "Muc");
	f = open_stream(3);
	conn_finish(f->conn);
	saw("failed: the stream was closed before the target's header (fin);");
	component_create(components, "muc.srv.test", 0, "Muc");
	f = open_stream(4);
	fake_send(f, STREAM);
	fake_expect(&loop, f, "</handshake>");
	conn_reset(f->conn);
	saw("failed: the stream was closed instead of an answer to the handshake (reset);");
	ck_assert(!components_any(components));
}
END_TEST

START_TEST(no_connection)
{
	components_set_port(components, 1);
	component_create(components, "muc.srv.test", 0, "Muc");
	saw("failed: no connection: ");
	ck_assert_str_eq(buf_text(&records.lines), "");
}
END_TEST

START_TEST(end_in_order_waits_for_the_targets_end)
{
	struct fake *f;
	struct component *c = attach(&f);
	component_disconnect(c);
	component_send(c, "<late/>", 7);
	fake_expect(&loop, f, "</stream:stream>");
	run_ready(&loop);
	ck_assert(!f->closed);
	fake_send(f, "<presence id='3'/></stream:stream>");
	fake_expect_close(&loop, f);
	conn_finish(f->conn);
	saw("got 3 in jabber:component:accept;closed ours - end;");
	ck_assert_ptr_null(strstr(buf_text(&f->in), "late"));
	ck_assert_ptr_null(strstr(buf_text(&events), "ended"));
	logged("#1 > end Muc </stream:stream>");
}
END_TEST

START_TEST(the_target_ends_it)
{
	struct fake *f;
	attach(&f);
	fake_send(f, ERROR("invalid-from"));
	fake_expect(&loop, f, "</stream:stream>");
	conn_finish(f->conn);
	saw("ended error invalid-from;closed fin invalid-from end;");
}
END_TEST

START_TEST(octets_that_are_no_xml)
{
	struct fake *f;
	attach(&f);
	fake_send(f, "<presence></iq>");
	fake_expect(&loop, f, "<not-well-formed");
	conn_finish(f->conn);
	logged("#1 < fault Muc <presence></iq>");
	saw("closed ours -;");
}
END_TEST

START_TEST(destroyed_inside_callbacks)
{
	destroy_at_once = 1;
	component_create(components, "muc.srv.test", 1, "Muc");
	struct fake *f = open_stream(1);
	fake_send(f, STREAM "<presence id='4'/>");
	saw("ready Muc;");
	fake_expect_close(&loop, f);
	component_create(components, "muc.srv.test", 0, "Muc");
	f = open_stream(2);
	fake_send(f, STREAM ERROR("conflict"));
	saw("ended error conflict;");
	fake_expect_close(&loop, f);
	ck_assert_ptr_null(strstr(buf_text(&events), "got"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("component");
	TCase *tests = tcase_create("streams");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, handshake_and_stanzas);
	tcase_add_test(tests, nothing_is_sent_before_the_handshake_is_accepted);
	tcase_add_test(tests, bare_stream_is_ready_without_handshake);
	tcase_add_test(tests, refusals_are_one_clear_line);
	tcase_add_test(tests, no_connection);
	tcase_add_test(tests, end_in_order_waits_for_the_targets_end);
	tcase_add_test(tests, the_target_ends_it);
	tcase_add_test(tests, octets_that_are_no_xml);
	tcase_add_test(tests, destroyed_inside_callbacks);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
