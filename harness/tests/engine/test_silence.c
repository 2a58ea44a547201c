/* judge/player: `receives: nothing` */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

/* What breaks silence is held against the requirement that forbids it, not against all that the step names. */
START_TEST(a_condition_says_what_is_an_offence)
{
	static const struct {
		const char *stanza, *subscribe, *anything, *verdict;
	} cases[] = {
			{"<presence type='subscribe'/>", "FAIL", "FAIL", "FAIL"},
			{"<presence type='subscribed'/>", "PASS", "FAIL", "FAIL"},
			{NULL, "PASS", "PASS", "PASS"},
	};
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 no request: not(@type = 'subscribe')\n"
								  "	TT-2 nothing at all\n");
	if (cases[_i].stanza) {
		stage_hears(st, "Marlowe", cases[_i].stanza);
	}
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", cases[_i].subscribe);
	ck_assert_finding(st, "TT-2", cases[_i].anything);
	ck_assert_uint_eq(player_result(st->player)->unexpected_count, 0);
	stage_close(st);
}
END_TEST

static void ck_assert_waits(const struct stage *st, const char *what, int line, int quiet)
{
	struct player_wait w = player_waits_for(st->player);
	ck_assert_pstr_eq(w.what, what);
	ck_assert_int_eq(w.step ? w.step->line : 0, line);
	ck_assert_int_eq(w.quiet, quiet);
}

START_TEST(what_a_play_waits_for_can_be_asked)
{
	struct stage *st = stage_open("Marlowe connects\n"
								  "Marlowe never receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 never\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-2 something\n"
								  "the target approves Marlowe\n"
								  "Marlowe receives: nothing\n"
								  "	TT-3 nothing comes\n");
	int first = player_waits_for(st->player).step->line;
	ck_assert_waits(st, "a connection", first, 0);
	stage_connected(st, "Marlowe");
	ck_assert_waits(st, "a stanza", first + 4, 0);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_waits(st, "a hook", first + 7, 0);
	stage_hook(st, 1, "");
	ck_assert_waits(st, "the answer to a fence", first + 8, 0);
	stage_fence(st, "Marlowe");
	ck_assert_waits(st, "a quiet window", first + 8, 1);
	stage_quiet(st);
	ck_assert_waits(st, "the answer to the last fence", 0, 0);
	stage_fence(st, "Marlowe");
	ck_assert_waits(st, "the last quiet window", 0, 1);
	stage_quiet(st);
	ck_assert_waits(st, NULL, 0, 0);
	stage_close(st);
}
END_TEST

START_TEST(silence_may_have_to_last)
{
	struct stage *st = stage_open("Marlowe receives: nothing for 1s\n	TT-1 nothing comes\n");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 1000000);
	stage_pass(st, 900000);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "FAIL", "FAIL");
	st = stage_open("Marlowe receives: nothing for 1ms\n	TT-1 nothing comes\n");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET); /* never shorter than the quiet window */
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_violates_no_condition_is_noted)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n	TT-1 no request: not(@type = 'subscribe')\n");
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	ck_assert_uint_eq(player_result(st->player)->unexpected_count, 1);
	ck_assert_has(evidence_text(player_result(st->player)->unexpected[0]), "type='subscribed'");
	stage_close(st);
}
END_TEST

/* What a stream begins with can be taken, is no offence, and no stanza that another step missed. */
START_TEST(openings_can_be_forbidden)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<stream:stream to='{match:.*:.*}'/>\n"
								  "	TT-1 no port\n"
								  "Marlowe receives: nothing\n"
								  "	TT-2 nothing comes\n");
	stage_opens(st, "Marlowe", "<stream to='marlowe.test'/>");
	stage_opens(st, "Marlowe", "<stream to='marlowe.test:5269'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(the_beginning_of_a_stream_is_no_stanza)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "Marlowe receives:\n"
								  "	<stream:features>\n"
								  "		<c ver='{bind:ver}'/>\n"
								  "	</stream:features>\n"
								  "Marlowe receives:\n"
								  "	<stream:stream from='example.org'/>\n"
								  "	TT-2 the header as well: @id and '${ver}' = '7'\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-3 something\n");
	stage_opens(st, "Marlowe", "<stream from='example.org' id='1'/>");
	stage_opens(st, "Marlowe", "<features><c xmlns='jabber:server' ver='7'/></features>");
	stage_opens(st, "Marlowe", "<features/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "FAIL");
	ck_assert_has(stage_detail(st, "TT-3"), "Marlowe received nothing that was still to be taken");
	stage_close(st);
}
END_TEST

START_TEST(a_peer_proves_silence)
{
	static const char *const answers[] = {"result", "error"};
	struct stage *st = stage_open(NOTHING);
	ck_assert_str_eq(stage_actions(st), "Marlowe sends to example.org: <iq type='get' id='k7-fence1-0' "
										"from='marlowe.test' to='example.org'>"
										"<query xmlns='http://jabber.org/protocol/disco#info'/></iq> # fence\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_DEADLINE / 2);
	stage_fence_as(st, "Marlowe", "example.org", answers[_i]);
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_pass(st, STAGE_QUIET - 1);
	ck_assert(!player_is_over(st->player));
	stage_pass(st, 1);
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(a_client_proves_silence)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard receives: nothing\n"
								  "	TT-1 nothing comes\n");
	stage_connected(st, "Bard");
	ck_assert_has(stage_actions(st), "Bard sends to example.org: <iq type='get' id='k7-fence1-0' to='example.org'>"
									 "<ping xmlns='urn:xmpp:ping'/></iq> # fence\n");
	stage_fence(st, "Bard");
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(a_remote_user_proves_silence)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Tybalt receives: nothing\n"
										  "	TT-1 nothing comes\n");
	stage_start(st);
	ck_assert_has(stage_actions(st), "from='tybalt@marlowe.test' to='example.org'");
	stage_hears(st, "Marlowe", SUBSCRIBED); /* not his */
	stage_fence(st, "Tybalt");
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(silence_is_not_proved_before_the_window_has_passed)
{
	struct stage *st = stage_open(NOTHING);
	stage_fence(st, "Marlowe");
	stage_pass(st, STAGE_QUIET - 1);
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

/* Every place at which a forbidden stanza may come. */
enum place { BEFORE_STEP, BEFORE_FENCE, IN_WINDOW, AFTER_PLAY, PLACES };

START_TEST(what_comes_breaks_silence)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n" NOTHING);
	if (_i == BEFORE_STEP) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_hears(st, "Kyd", SUBSCRIBED);
	if (_i == BEFORE_FENCE) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_fence(st, "Marlowe");
	if (_i == IN_WINDOW) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_quiet(st);
	ck_assert(player_is_over(st->player)); /* the play goes on to its end in any case */
	if (_i == AFTER_PLAY) {
		stage_pass(st, 1000000);
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	ck_assert_has(stage_detail(st, "TT-1"), "forbidden, but it came, line ");
	ck_assert_has(stage_detail(st, "TT-1"), "<presence from='example.org' to='marlowe.test' type='subscribed'/>");
	stage_ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(what_was_taken_before_breaks_nothing)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_others_get_breaks_nothing)
{
	struct stage *st = stage_open(NOTHING);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_tolerated_breaks_nothing)
{
	static const char *const tolerated[] = {
			UNAVAILABLE, PING, "<iq type='set' id='u'><query xmlns='urn:unknown'/></iq>"};
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_quiet(st);
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_tolerated_can_be_taken)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='unavailable'/>\n"
								  "	TT-1 it is told\n");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_set_aside_is_not_taken)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n"
								  "Marlowe sets aside what came\n"
								  "Marlowe receives:\n"
								  "	" UNAVAILABLE "\n"
								  "	TT-1 another one comes\n" NOTHING);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	stage_hears(st, "Kyd", "<presence/>");
	ck_assert_finding(st, "TT-1", "none");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL"); /* what is not tolerated stays there and breaks the silence */
	stage_close(st);
}
END_TEST

/* A tolerated stanza stays so when it comes twice while a step waits for it. */
START_TEST(what_is_tolerated_stays_so_when_a_step_wants_it)
{
	struct stage *st = stage_open("Together:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='unavailable'/>\n"
								  "	Kyd receives:\n"
								  "		<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(silence_without_check_is_inconclusive_when_broken)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "Kyd receives: nothing\n"
								  "	TT-1 nothing comes\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(all_checks_of_silence_are_decided)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "	TT-WARN nothing comes\n"
								  "	relies on TT-2 nothing comes\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("silence");
	TCase *tests = tcase_create("nothing");
	tcase_add_loop_test(tests, a_condition_says_what_is_an_offence, 0, 3);
	tcase_add_test(tests, silence_may_have_to_last);
	tcase_add_test(tests, what_a_play_waits_for_can_be_asked);
	tcase_add_test(tests, what_violates_no_condition_is_noted);
	tcase_add_test(tests, openings_can_be_forbidden);
	tcase_add_test(tests, the_beginning_of_a_stream_is_no_stanza);
	tcase_add_loop_test(tests, a_peer_proves_silence, 0, 2);
	tcase_add_test(tests, a_client_proves_silence);
	tcase_add_test(tests, a_remote_user_proves_silence);
	tcase_add_test(tests, silence_is_not_proved_before_the_window_has_passed);
	tcase_add_loop_test(tests, what_comes_breaks_silence, 0, PLACES);
	tcase_add_test(tests, what_was_taken_before_breaks_nothing);
	tcase_add_test(tests, what_others_get_breaks_nothing);
	tcase_add_loop_test(tests, what_is_tolerated_breaks_nothing, 0, 3);
	tcase_add_test(tests, what_is_tolerated_can_be_taken);
	tcase_add_test(tests, what_is_set_aside_is_not_taken);
	tcase_add_test(tests, what_is_tolerated_stays_so_when_a_step_wants_it);
	tcase_add_test(tests, silence_without_check_is_inconclusive_when_broken);
	tcase_add_test(tests, all_checks_of_silence_are_decided);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
