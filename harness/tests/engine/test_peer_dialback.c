/* actors/s2s_negotiate: how streams are opened and authenticated by dialback */
#include "actors/dialback.h"
#include "actors/peer_parts.h" /* for the sweep, which takes seconds otherwise */
#include "base/mem.h"
#include "fake.h"
#include "peer_side.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

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

static Suite *make(void)
{
	Suite *suite = suite_create("peer: dialback");
	TCase *tests = tcase_create("dialback");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_two_way_stream);
	tcase_add_test(tests, two_sides_authenticate_each_other);
	tcase_add_test(tests, connect_is_told_once_and_again);
	tcase_add_test(tests, header_of_ours_is_complete);
	tcase_add_test(tests, what_our_stream_begins_with_is_told);
	tcase_add_test(tests, key_waits_for_features_only_with_version_1);
	tcase_add_test(tests, keys_are_verified_before_our_own_is_asked_for);
	tcase_add_test(tests, bad_key_is_answered_invalid_and_closed);
	tcase_add_test(tests, keys_that_cannot_be_verified_are_dialback_errors);
	tcase_add_test(tests, a_stream_to_something_like_a_peer_is_told);
	tcase_add_test(tests, unknown_domain_is_host_unknown);
	tcase_add_test(tests, verify_on_a_separate_connection);
	tcase_add_test(tests, header_without_version_gets_no_features);
	tcase_add_test(tests, one_stream_carries_two_peers);
	tcase_add_test(tests, answers_are_held_back);
	tcase_add_test(tests, the_header_is_held_back);
	tcase_add_test(tests, keys_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
