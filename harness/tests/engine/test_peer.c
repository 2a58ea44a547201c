/* actors/peer: streams, how they end, doors */
#include "actors/peer_parts.h" /* for the sweep, which takes seconds otherwise */
#include "fake.h"
#include "peer_side.h"
#include "run.h"

#include <string.h>

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
	Suite *suite = suite_create("peer: streams");
	TCase *tests = tcase_create("streams");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, end_of_the_target_is_answered_and_a_new_stream_opened);
	tcase_add_test(tests, nothing_is_lost_between_end_and_close);
	tcase_add_test(tests, no_xml_on_our_stream_is_a_failure);
	tcase_add_test(tests, ways_to_fail);
	tcase_add_test(tests, tls_that_is_required_is_a_clear_failure);
	tcase_add_test(tests, target_that_is_not_there);
	tcase_add_test(tests, stanzas_on_our_own_stream_are_told_apart);
	tcase_add_test(tests, what_is_no_xml_ends_the_stream);
	tcase_add_test(tests, disconnect_ends_all_streams);
	tcase_add_test(tests, disconnect_by_reset);
	tcase_add_test(tests, peer_may_be_destroyed_in_its_callback);
	tcase_add_test(tests, virtual_hosts_have_pairs_of_their_own);
	tcase_add_test(tests, hundreds_at_once);
	tcase_add_test(tests, a_bare_stream_carries_octets_as_they_stand);
	tcase_add_test(tests, a_bare_stream_replaces_the_one_before_and_may_begin_oddly);
	tcase_add_test(tests, a_bare_stream_to_nobody_fails);
	tcase_add_test(tests, streams_are_counted);
	tcase_add_test(tests, a_server_before_1_0_has_no_version_and_no_features);
	tcase_add_test(tests, streams_are_half_closed);
	tcase_add_test(tests, the_targets_streams_are_ended_with_an_error);
	tcase_add_test(tests, octets_trickle);
	tcase_add_test(tests, peers_have_more_than_one_door);
	tcase_add_test(tests, a_hole_neither_accepts_nor_refuses);
	tcase_add_test(tests, silent_streams_wake_up);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
