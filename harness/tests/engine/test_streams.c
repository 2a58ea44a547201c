/* judge/player: streams as such: opened without authentication, ended, held back, and what serves as a fence then */
#include "base/mem.h"
#include "run.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#define APPROVE "the target approves Marlowe\n"
/* The hook comes: a decision begins with a look at the list of requests. */
#define ASKS_FOR_REQUEST "target hook pending -\n"
#define SUBSCRIBE "Marlowe sends:\n	<presence type='subscribe'/>\n"

static const char closed_or_answered[] = "either:\n"
										 "	Marlowe's stream is closed:\n"
										 "		TT-1 the condition says why: streams:invalid-from\n"
										 "or:\n"
										 "	Marlowe receives:\n"
										 "		<iq/>\n"
										 "		TT-2 it went on: false()\n";

START_TEST(the_end_of_a_stream_is_received)
{
	static const struct {
		const char *how, *condition, *finding;
	} cases[] = {{"error", "invalid-from", "PASS"}, {"error", "not-authorized", "FAIL"}, {"end", NULL, "FAIL"},
			{"fin", NULL, "FAIL"}, {"reset", NULL, "FAIL"}};
	struct stage *st = stage_open(closed_or_answered);
	stage_ended(st, "Marlowe", cases[_i].how, cases[_i].condition);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", cases[_i].finding);
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(a_stream_that_goes_on_is_the_other_branch)
{
	struct stage *st = stage_open(closed_or_answered);
	stage_hears(st, "Marlowe", "<iq type='result' id='x'/>");
	stage_quiet(st); /* a mere answer decides only when nothing else came */
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(events_of_streams_break_no_silence)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n	TT-1 nothing comes\n");
	stage_ended(st, "Kyd", "end", NULL);
	stage_visited(st, "Marlowe");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

/* A client with a session of its own: what it sends raw goes out, and the end of its stream is received. */
START_TEST(the_end_of_a_clients_stream_is_received)
{
	const struct stage_set set = {.cast = "[User] Romeo\n\tlogin: none\n"};
	struct stage *st = stage_set_up(&set, "Romeo connects\n"
										  "Romeo sends raw:\n	<a &&\n"
										  "Romeo's stream is closed:\n	TT-1 why: streams:not-authorized\n");
	stage_start(st);
	stage_connected(st, "Romeo");
	ck_assert_has(stage_actions(st), "<a &&");
	stage_ended(st, "Romeo", "error", "not-authorized");
	stage_closed(st, "Romeo", "the target ended the stream with not-authorized");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(nothing_is_sent_raw_after_a_clients_stream)
{
	const struct stage_set set = {.cast = "[User] Romeo\n\tlogin: without resource\n"};
	struct stage *st = stage_set_up(&set, "Romeo connects\n"
										  "Romeo's stream is closed\n"
										  "Romeo sends raw:\n	<a &&\n"
										  "Romeo receives:\n	<iq/>\n	TT-1 it is answered\n");
	stage_start(st);
	stage_connected(st, "Romeo");
	stage_ended(st, "Romeo", "fin", NULL);
	stage_closed(st, "Romeo", "gone");
	ck_assert_lacks(stage_actions(st), "<a &&");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(a_visit_is_received)
{
	struct stage *st = stage_open("the target opens a stream to Marlowe:\n	TT-1 it comes\n");
	stage_visited(st, "Kyd");
	ck_assert(!player_is_over(st->player));
	stage_visited(st, "Marlowe");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_visit_says_where)
{
	struct stage *st = stage_open("the target opens a stream to Marlowe:\n	TT-1 there: @at = 'main'\n"
								  "the target opens a stream to Marlowe:\n	TT-2 not there: @at = 'backup'\n");
	stage_visited(st, "Marlowe");
	stage_visited(st, "Marlowe");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(dns_that_the_target_does_not_ask_is_skipped)
{
	static const struct {
		const char *dns, *claims, *verdict;
	} cases[] = {{"several priorities", "", "UNREACHABLE"}, {"no SRV", "", "SKIP"},
			{"wildcard", "dns_addresses", "UNREACHABLE"}, {"IPv6", "dns_addresses", "SKIP"},
			{"IPv6", "dns_addresses ipv6", "UNREACHABLE"}, {"direct TLS", "", "SKIP"},
			{"direct TLS", "s2s_tls", "UNREACHABLE"}};
	char *cast = mem_printf("[Peer] Marlowe\n\tdns: %s\n", cases[_i].dns);
	const struct stage_set set = {.cast = cast, .claims = cases[_i].claims};
	struct stage *st =
			stage_set_up(&set, "either:\n	Marlowe receives:\n		<iq/>\n	unreachable: so\nor:\n	Marlowe receives:\n"
							   "		<iq/>\n		TT-1 x\n");
	stage_start(st);
	if (!player_is_over(st->player)) {
		stage_hears(st, "Marlowe", "<iq type='result' id='x'/>");
		stage_quiet(st);
	}
	stage_end(st);
	ck_assert_verdict(st, cases[_i].verdict);
	stage_close(st);
	free(cast);
}
END_TEST

START_TEST(direct_tls_needs_a_port_of_the_target)
{
	static const struct {
		const char *claims;
		int skipped;
	} cases[] = {{"", 1}, {"s2s_direct_tls_port", 0}};
	const struct stage_set set = {.cast = "[Peer] Marlowe\n\tconnects: direct TLS\n", .claims = cases[_i].claims};
	struct stage *st = stage_set_up(&set, "Marlowe receives:\n	<iq/>\n	TT-1 x\n");
	stage_start(st);
	ck_assert_int_eq(player_is_over(st->player), cases[_i].skipped);
	stage_close(st);
}
END_TEST

START_TEST(a_bare_stream_is_waited_for)
{
	struct stage *st = stage_open("Marlowe opens a stream\n"
								  "Marlowe sends raw:\n"
								  "	<x from='${Marlowe}'/>\n");
	ck_assert_str_eq(stage_actions(st), "Marlowe opens\n");
	stage_opened(st, "Marlowe");
	ck_assert_str_eq(stage_actions(st), "Marlowe sends to bare example.org: <x from='marlowe.test'/>\n");
	ck_assert(player_is_over(st->player));
	stage_close(st);
}
END_TEST

/* What would be sent on another stream would be authenticated. */
START_TEST(on_a_bare_stream_only)
{
	struct stage *st = stage_open("Marlowe opens a stream\n"
								  "Marlowe's stream is closed\n" SUBSCRIBE "Marlowe connects\n" SUBSCRIBE);
	stage_opened(st, "Marlowe");
	stage_actions(st);
	stage_ended(st, "Marlowe", "end", NULL);
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "Marlowe sends to bare example.org: <presence ");
	ck_assert_has(actions, "Marlowe connects\n");
	stage_connected(st, "Marlowe");
	ck_assert_has(stage_actions(st), "Marlowe sends to example.org: ");
	stage_close(st);
}
END_TEST

/* What SASL came to on a stream that the play authenticates by itself can be received, and is no stanza: no rule of
 * stanzas holds for it, and it breaks no silence. */
START_TEST(the_outcome_of_sasl_is_no_stanza)
{
	struct stage *st = stage_open("Marlowe opens a stream\n"
								  "Marlowe sends raw:\n"
								  "	<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${Kyd in base64}</auth>\n"
								  "Marlowe receives:\n"
								  "	<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>\n"
								  "	TT-1 it is refused: *[local-name() = 'invalid-authzid']\n"
								  "Marlowe receives: nothing\n");
	stage_opened(st, "Marlowe");
	ck_assert_has(stage_actions(st), ">a3lkLnRlc3Q=</auth>"); /* kyd.test */
	stage_hears_with(
			st, "Marlowe", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-authzid/></failure>", 0, 0);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_hears_with(st, "Marlowe", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", 0, 0);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_header_of_the_plays_own_may_be_refused)
{
	struct stage *st = stage_open("Marlowe opens a stream with:\n"
								  "	<!DOCTYPE x><${Marlowe}>\n"
								  "Marlowe's stream is closed:\n"
								  "	TT-1 the stream ends\n");
	ck_assert_str_eq(stage_actions(st), "Marlowe opens <!DOCTYPE x><marlowe.test>\n");
	stage_ended(st, "Marlowe", "error", "restricted-xml");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_stream_that_cannot_be_opened_decides_nothing)
{
	struct stage *st = stage_open("Marlowe opens a stream\n");
	stage_connect_failed(st, "Marlowe", "refused");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

/* On a stream without authentication only dialback is answered. */
START_TEST(a_bare_stream_is_fenced_by_dialback)
{
	struct stage *st = stage_open("Marlowe opens a stream\n" SUBSCRIBE APPROVE);
	stage_opened(st, "Marlowe");
	ck_assert_has(stage_actions(st), "<db:verify xmlns:db='jabber:server:dialback' id='k7-fence");
	stage_hears(st, "Marlowe", "<db:verify xmlns:db='jabber:server:dialback' id='k7-fence2-0' type='invalid'/>");
	ck_assert_str_eq(stage_actions(st), ASKS_FOR_REQUEST);
	stage_close(st);
}
END_TEST

START_TEST(a_fence_is_put_again_when_its_stream_ends)
{
	struct stage *st = stage_open("Marlowe opens a stream\n" SUBSCRIBE APPROVE);
	stage_opened(st, "Marlowe");
	stage_actions(st);
	stage_ended(st, "Marlowe", "error", "not-authorized");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
	ck_assert_lacks(actions, "bare");
	stage_fence_as(st, "Marlowe", "example.org", "result");
	stage_fence_as(st, "Marlowe", "example.org", "result");
	ck_assert_str_eq(stage_actions(st), ASKS_FOR_REQUEST);
	stage_close(st);
}
END_TEST

START_TEST(a_target_that_ends_every_stream_is_asked_a_few_times)
{
	struct stage *st = stage_open(SUBSCRIBE APPROVE);
	for (int i = 0; i < 3; i++) {
		stage_actions(st);
		stage_ended(st, "Marlowe", "end", NULL);
		ck_assert_has(stage_actions(st), "# fence\n");
	}
	stage_ended(st, "Marlowe", "end", NULL);
	ck_assert_str_eq(stage_actions(st), "");
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

/* A target that ended the stream without a word may have crashed: whoever asks again would be told that nobody is
 * there, before the driver can say so. */
START_TEST(a_fence_is_not_put_again_after_a_bare_fin)
{
	struct stage *st = stage_open(SUBSCRIBE APPROVE);
	stage_actions(st);
	stage_ended(st, "Marlowe", "fin", NULL);
	ck_assert_str_eq(stage_actions(st), "");
	stage_close(st);
}
END_TEST

START_TEST(an_ended_stream_needs_no_fence)
{
	struct stage *st = stage_open("Bard connects\n" SUBSCRIBE "Bard receives:\n	<presence/>\n" APPROVE);
	stage_connected(st, "Bard");
	stage_ended(st, "Marlowe", "error", "invalid-from");
	stage_streams(st, "Marlowe", 0, 1);
	stage_actions(st);
	stage_hears(st, "Bard", "<presence/>");
	ck_assert_str_eq(stage_actions(st), ASKS_FOR_REQUEST);
	stage_close(st);
}
END_TEST

START_TEST(after_the_orderly_end_the_hook_waits_for_the_last_stream)
{
	struct stage *st = stage_open(SUBSCRIBE "Marlowe disconnects\n" APPROVE);
	ck_assert_has(stage_actions(st), "Marlowe disconnects\n");
	stage_streams(st, "Marlowe", 0, 1);
	ck_assert_str_eq(stage_actions(st), "");
	stage_streams(st, "Marlowe", 0, 0);
	ck_assert_str_eq(stage_actions(st), "");
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), ASKS_FOR_REQUEST);
	stage_close(st);
}
END_TEST

START_TEST(a_target_has_time_to_notice_that_streams_ended)
{
	/* What it says on a stream that it takes for alive is lost. */
	struct stage *st = stage_open("Bard connects\nMarlowe disconnects\nKyd resets\nBard sends:\n\t<presence/>\n"
								  "Bard sends:\n\t<message/>\n");
	stage_connected(st, "Bard");
	stage_streams(st, "Kyd", 0, 0);
	ck_assert_str_eq(stage_actions(st), "Bard connects\nMarlowe disconnects\nKyd resets\n");
	ck_assert_str_eq(player_waits_for(st->player).what, "the end of a peer's streams");
	stage_streams(st, "Marlowe", 0, 0);
	ck_assert_str_eq(stage_actions(st), "");
	ck_assert(player_waits_for(st->player).quiet);
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "Bard sends to example.org: <presence/>\n"
										"Bard sends to example.org: <message to=\"example.org\"/>\n");
	stage_close(st);
}
END_TEST

START_TEST(a_target_that_does_not_end_its_streams_delays_the_play_only)
{
	struct stage *st = stage_open("Marlowe disconnects\nthe target revokes Marlowe\n");
	stage_streams(st, "Marlowe", 0, 1);
	stage_pass(st, STAGE_DEADLINE);
	ck_assert_str_eq(stage_actions(st), "Marlowe disconnects\ntarget hook revoke marlowe.test\n");
	ck_assert(player_timed_out(st->player));
	stage_close(st);
}
END_TEST

START_TEST(after_the_end_of_its_direction_the_hook_waits_for_those_streams)
{
	struct stage *st = stage_open(SUBSCRIBE "Marlowe half-closes its streams\n" APPROVE);
	ck_assert_has(stage_actions(st), "Marlowe half-closes\n");
	stage_streams(st, "Marlowe", 1, 2);
	ck_assert_str_eq(stage_actions(st), "");
	stage_streams(st, "Marlowe", 0, 1);
	ck_assert_str_eq(stage_actions(st), ASKS_FOR_REQUEST);
	stage_close(st);
}
END_TEST

START_TEST(the_end_of_the_targets_streams_is_waited_for)
{
	struct stage *st = stage_open("Marlowe ends the target's streams with host-gone\nBard connects\n");
	ck_assert_str_eq(stage_actions(st), "Marlowe ends visits host-gone\n");
	stage_streams(st, "Marlowe", 1, 2);
	ck_assert_str_eq(stage_actions(st), "");
	stage_streams(st, "Marlowe", 1, 1);
	ck_assert_str_eq(stage_actions(st), "Bard connects\n");
	stage_close(st);
}
END_TEST

START_TEST(after_a_reset_a_fence_is_needed)
{
	struct stage *st = stage_open(SUBSCRIBE "Marlowe resets\nBard connects\n" APPROVE);
	stage_streams(st, "Marlowe", 0, 0);
	stage_actions(st);
	stage_connected(st, "Bard");
	stage_quiet(st);
	ck_assert_has(stage_actions(st), "# fence\n");
	stage_close(st);
}
END_TEST

START_TEST(remote_users_share_the_streams_of_their_peer)
{
	struct stage_set set = {.cast = "[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Tybalt sends:\n"
										  "	<presence type='subscribe'/>\n"
										  "Bard connects\n" APPROVE);
	stage_start(st);
	stage_streams(st, "Marlowe", 0, 0);
	stage_actions(st);
	stage_connected(st, "Bard");
	ck_assert_str_eq(stage_actions(st), "target hook approve marlowe.test\n");
	stage_close(st);
}
END_TEST

START_TEST(a_peer_that_refuses_keys_is_fenced_on_a_bare_stream)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n	dialback: invalid\n"};
	struct stage *st = stage_set_up(&set, "Marlowe receives:\n	<result xmlns='jabber:server:dialback'/>\n"
										  "Marlowe receives: nothing\n	TT-1 nothing comes\n");
	stage_start(st);
	stage_hears(st, "Marlowe", "<result xmlns='jabber:server:dialback'>key</result>");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "Marlowe opens\nMarlowe sends to bare example.org: <db:verify ");
	stage_hears(st, "Marlowe", "<verify xmlns='jabber:server:dialback' id='k7-fence1-0' type='invalid'/>");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(what_is_held_back)
{
	struct stage *st = stage_open("Marlowe holds back its answers\n"
								  "Marlowe receives:\n"
								  "	<result xmlns='jabber:server:dialback'/>\n"
								  "Marlowe receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "Marlowe holds back its stream header\n"
								  "Marlowe answers\n");
	ck_assert_str_eq(stage_actions(st), "Marlowe holds 1\n");
	stage_hears(st, "Marlowe", "<result xmlns='jabber:server:dialback'>key</result>");
	ck_assert_has(stage_actions(st), "<db:verify ");
	stage_hears(st, "Marlowe", "<verify xmlns='jabber:server:dialback' id='k7-fence1-0' type='invalid'/>");
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "Marlowe holds 2\nMarlowe holds 0\n");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: streams");
	TCase *tests = tcase_create("streams");
	tcase_add_loop_test(tests, the_end_of_a_stream_is_received, 0, 5);
	tcase_add_test(tests, a_stream_that_goes_on_is_the_other_branch);
	tcase_add_test(tests, events_of_streams_break_no_silence);
	tcase_add_test(tests, the_end_of_a_clients_stream_is_received);
	tcase_add_test(tests, nothing_is_sent_raw_after_a_clients_stream);
	tcase_add_test(tests, a_visit_is_received);
	tcase_add_test(tests, a_visit_says_where);
	tcase_add_loop_test(tests, dns_that_the_target_does_not_ask_is_skipped, 0, 7);
	tcase_add_loop_test(tests, direct_tls_needs_a_port_of_the_target, 0, 2);
	tcase_add_test(tests, a_bare_stream_is_waited_for);
	tcase_add_test(tests, on_a_bare_stream_only);
	tcase_add_test(tests, the_outcome_of_sasl_is_no_stanza);
	tcase_add_test(tests, a_header_of_the_plays_own_may_be_refused);
	tcase_add_test(tests, a_stream_that_cannot_be_opened_decides_nothing);
	tcase_add_test(tests, a_bare_stream_is_fenced_by_dialback);
	tcase_add_test(tests, a_fence_is_put_again_when_its_stream_ends);
	tcase_add_test(tests, a_target_that_ends_every_stream_is_asked_a_few_times);
	tcase_add_test(tests, a_fence_is_not_put_again_after_a_bare_fin);
	tcase_add_test(tests, an_ended_stream_needs_no_fence);
	tcase_add_test(tests, after_the_orderly_end_the_hook_waits_for_the_last_stream);
	tcase_add_test(tests, a_target_has_time_to_notice_that_streams_ended);
	tcase_add_test(tests, a_target_that_does_not_end_its_streams_delays_the_play_only);
	tcase_add_test(tests, after_the_end_of_its_direction_the_hook_waits_for_those_streams);
	tcase_add_test(tests, the_end_of_the_targets_streams_is_waited_for);
	tcase_add_test(tests, after_a_reset_a_fence_is_needed);
	tcase_add_test(tests, remote_users_share_the_streams_of_their_peer);
	tcase_add_test(tests, what_is_held_back);
	tcase_add_test(tests, a_peer_that_refuses_keys_is_fenced_on_a_bare_stream);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
