/* actors/crossing: what one server sends reaches the other, octet for octet, and the recorder. */
#include "actors/crossing.h"

#include "fake.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>"

static uv_loop_t loop;
static struct fake_server server;
static struct fake caller;
static struct log records;
static struct crossing *crossing;

static void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&server, &loop);
	log_init(&records);
	char *error = NULL;
	crossing = crossing_create(
			&(struct crossing_config){
					.loop = &loop, .listen_address = "127.0.0.1", .recorder = &records.recorder, .owner = "x"},
			&error);
	ck_assert_ptr_nonnull(crossing);
}

static void teardown(void)
{
	fake_finish(&caller);
	crossing_destroy(crossing);
	fake_server_finish(&server);
	loop_finish(&loop);
	buf_finish(&records.lines);
}

static struct fake *connected(void)
{
	crossing_set_target(crossing, "127.0.0.1", fake_port(&server));
	fake_connect(&caller, &loop, crossing_port(crossing));
	return fake_accepted(&server, 1);
}

static void says(struct fake *f, const char *text)
{
	conn_send(f->conn, text, strlen(text));
}

static void recorded(const char *line)
{
	ck_assert_msg(
			strstr(buf_text(&records.lines), line) != NULL, "expected '%s' in:\n%s", line, buf_text(&records.lines));
}

START_TEST(octets_cross_both_ways_and_are_recorded)
{
	struct fake *target = connected();
	says(&caller, HEADER "<presence type='subscribe'/>");
	fake_expect(&loop, target, HEADER "<presence type='subscribe'/>");
	says(target, HEADER "<presence  type='subscribed'/>");
	fake_expect(&loop, &caller, HEADER "<presence  type='subscribed'/>");
	recorded("#1 > open x in\n");
	recorded("#1 < open x out 127.0.0.1:");
	recorded("#1 > header x " HEADER "\n#1 > stanza x <presence type='subscribe'/>\n");
	recorded("#1 < header x " HEADER "\n#1 < stanza x <presence  type='subscribed'/>\n");
}
END_TEST

START_TEST(an_end_becomes_the_end_of_the_other_side)
{
	struct fake *target = connected();
	says(&caller, HEADER "</stream:stream>");
	fake_expect(&loop, target, "</stream:stream>");
	conn_finish(caller.conn);
	fake_expect_close(&loop, target);
	ck_assert_int_eq(target->kind, CLOSE_FIN);
	recorded("#1 > end x </stream:stream>\n#1 > close x fin\n");
}
END_TEST

START_TEST(a_reset_becomes_a_reset)
{
	struct fake *target = connected();
	says(&caller, HEADER);
	fake_expect(&loop, target, HEADER);
	conn_reset(target->conn);
	fake_expect_close(&loop, &caller);
	ck_assert_int_eq(caller.kind, CLOSE_RESET);
	recorded("#1 < close x reset\n");
}
END_TEST

START_TEST(octets_after_starttls_are_carried_but_not_read)
{
	struct fake *target = connected();
	says(&caller, HEADER "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	fake_expect(&loop, target, "<starttls");
	says(target, HEADER "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	fake_expect(&loop, &caller, "<proceed");
	recorded("#1 < tls x carried, but not read\n");
	size_t before = records.lines.len;
	says(&caller, "\x16\x03\x01 hello");
	fake_expect(&loop, target, "\x16\x03\x01 hello");
	says(target, "\x16\x03\x03 hello");
	fake_expect(&loop, &caller, "\x16\x03\x03 hello");
	ck_assert_uint_eq(records.lines.len, before);
}
END_TEST

START_TEST(what_is_no_xml_is_carried_too)
{
	struct fake *target = connected();
	says(&caller, HEADER "<!-- x --><a/>");
	fake_expect(&loop, target, "<!-- x --><a/>");
	recorded("#1 > fault x ");
	says(&caller, "<b/>");
	fake_expect(&loop, target, "<b/>");
}
END_TEST

START_TEST(nobody_behind_it_is_a_reset)
{
	fake_connect(&caller, &loop, crossing_port(crossing));
	fake_expect_close(&loop, &caller);
	ck_assert_uint_eq(records.lines.len, 0);
}
END_TEST

START_TEST(a_server_that_does_not_listen_is_a_reset)
{
	struct fake_server gone;
	fake_listen(&gone, &loop);
	int port = fake_port(&gone);
	fake_server_finish(&gone);
	run_ready(&loop);
	crossing_set_target(crossing, "127.0.0.1", port);
	fake_connect(&caller, &loop, crossing_port(crossing));
	fake_expect_close(&loop, &caller);
	recorded("#1 < close x refused\n");
}
END_TEST

START_TEST(streams_that_are_open_end_with_it)
{
	struct fake *target = connected();
	says(&caller, HEADER);
	fake_expect(&loop, target, HEADER);
	crossing_destroy(crossing);
	crossing = NULL;
	fake_expect_close(&loop, target);
	fake_expect_close(&loop, &caller);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("crossing");
	TCase *tc = tcase_create("all");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, octets_cross_both_ways_and_are_recorded);
	tcase_add_test(tc, an_end_becomes_the_end_of_the_other_side);
	tcase_add_test(tc, a_reset_becomes_a_reset);
	tcase_add_test(tc, octets_after_starttls_are_carried_but_not_read);
	tcase_add_test(tc, what_is_no_xml_is_carried_too);
	tcase_add_test(tc, nobody_behind_it_is_a_reset);
	tcase_add_test(tc, a_server_that_does_not_listen_is_a_reset);
	tcase_add_test(tc, streams_that_are_open_end_with_it);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
