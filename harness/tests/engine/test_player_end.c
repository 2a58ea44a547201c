/* judge/player: how a play ends, and that the same events end it in the same way */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <stdlib.h>

/* --- the end --- */

START_TEST(a_play_that_is_cut_short_is_not_passed)
{
	static const enum verdict verdicts[] = {VERDICT_INCONCLUSIVE, VERDICT_FAIL, VERDICT_ERROR};
	for (size_t i = 0; i < 3; i++) {
		struct stage *st = stage_open(WAITS);
		player_end(st->player, "run: the target ended", verdicts[i], 2000);
		ck_assert_verdict(st, verdict_text(verdicts[i]));
		ck_assert_str_eq(player_result(st->player)->reason, "run: the target ended");
		ck_assert_finding(st, "TT-1", "UNDECIDED");
		ck_assert_uint_eq(player_result(st->player)->ended, 2000);
		stage_close(st);
	}
	struct stage *st = stage_open(WAITS);
	player_end(st->player, NULL, VERDICT_PASS, 2000);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(a_play_that_is_over_keeps_its_verdict)
{
	struct stage *st = stage_open(WAITS);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	player_end(st->player, "the target ended", VERDICT_INCONCLUSIVE, 9000);
	ck_assert_verdict(st, "PASS");
	ck_assert_uint_eq(player_result(st->player)->ended, 1001);
	player_end(st->player, "again", VERDICT_ERROR, 9001);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* The target is lost: what the play WAITS for is missed, and that is held against it. */
START_TEST(a_play_that_the_target_does_not_survive_alone_fails)
{
	struct stage *st = stage_open(WAITS);
	player_lost(st->player, "the target ended", "Bard sent <x/>", VERDICT_FAIL, 2000);
	player_end(st->player, NULL, VERDICT_PASS, 2000);
	ck_assert_verdict(st, "FAIL");
	ck_assert_str_eq(player_result(st->player)->reason, "the target ended");
	ck_assert_finding(st, "TT-1", "FAIL");
	char *text = player_explain(st->player, NULL);
	ck_assert_has(text, "FAIL: the target ended\n    Bard sent <x/>\nFAIL TT-1");
	free(text);
	player_lost(st->player, "once more", NULL, VERDICT_INCONCLUSIVE, 3000);
	ck_assert_str_eq(player_result(st->player)->reason, "the target ended");
	stage_close(st);
}
END_TEST

START_TEST(a_play_that_is_over_fails_as_well_when_the_target_does_not_survive_it)
{
	struct stage *st = stage_open(WAITS);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	player_lost(st->player, "the target ended", NULL, VERDICT_FAIL, 9000);
	player_end(st->player, NULL, VERDICT_PASS, 9000);
	ck_assert_verdict(st, "FAIL");
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_uint_eq(player_result(st->player)->ended, 1001);
	stage_close(st);
}
END_TEST

START_TEST(silence_is_not_proved_by_a_target_that_ended)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 silence\n");
	stage_fence(st, "Marlowe");
	player_lost(st->player, "the target ended", NULL, VERDICT_FAIL, st->now);
	player_end(st->player, NULL, VERDICT_PASS, st->now);
	ck_assert_verdict(st, "FAIL");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	stage_close(st);
}
END_TEST

/* Another play may be the cause: connections that ended with the target are no missing answers. */
START_TEST(a_play_that_another_may_have_cut_is_not_held_against_the_target)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-2 it comes\n"
								  "Bard receives:\n"
								  "	<message/>\n"
								  "	TT-1 it comes\n");
	stage_connected(st, "Bard");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_closed(st, "Bard", "fin");
	ck_assert(player_is_over(st->player));
	ck_assert_verdict(st, "FAIL");
	player_lost(st->player, "the target ended", NULL, VERDICT_INCONCLUSIVE, 9000);
	player_end(st->player, NULL, VERDICT_PASS, 9000);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_weighs_more_than_what_is_open)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 with an id: @id\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(nothing_counts_after_the_end)
{
	struct stage *st = stage_open(WAITS);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>"); /* without licence */
	stage_hears(st, "Marlowe", PING);
	player_on_fault(st->player, 1, "a comment", st->now);
	player_on_deadline(st->player, st->now);
	stage_connected(st, "Marlowe");
	stage_closed(st, "Marlowe", "reset");
	stage_connect_failed(st, "Marlowe", "refused");
	ck_assert_str_eq(stage_actions(st), "");
	ck_assert_uint_eq(player_result(st->player)->count, 1);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(octets_that_are_no_stream_fail)
{
	struct stage *st = stage_open(WAITS);
	player_on_fault(st->player, 1, "a comment", st->now);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	ck_assert_finding(st, "XC-048", "FAIL");
	ck_assert_str_eq(stage_detail(st, "XC-048"), "a comment");
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(actions_that_nobody_takes_are_freed)
{
	struct stage_set set = {0};
	struct stage *st = stage_set_up(&set, "Marlowe sends:\n	<presence/>\nthe target approves Marlowe\n");
	player_start(st->player, st->now);
	stage_close(st);
}
END_TEST

/* --- determinism --- */

static char *performance(void)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Bard connects\n"
										  "Marlowe sends:\n"
										  "	<presence type='subscribe' to='${target2}'/>\n"
										  "the target approves Marlowe\n"
										  "Kyd never receives:\n"
										  "	<presence type='subscribe'/>\n"
										  "	TT-1 nobody asks Kyd\n"
										  "either:\n"
										  "	Marlowe receives:\n"
										  "		<presence type='subscribed' id='{bind:id}'/>\n"
										  "		TT-2 with an id: @id = 'other'\n"
										  "or:\n"
										  "	Marlowe receives:\n"
										  "		<presence type='unsubscribed'/>\n"
										  "Marlowe receives: nothing\n"
										  "	TT-3 silence\n");
	stage_start(st);
	stage_connected(st, "Bard");
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", PING);
	stage_hook(st, 1, "marlowe.test\n"); /* the request is there */
	stage_hook(st, 1, "");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='a'/>");
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_quiet(st);
	stage_fence(st, "Kyd");
	stage_hears(st, "Kyd", "<presence type='subscribe'/>");
	stage_quiet(st);
	stage_end(st);
	char *text = player_explain(st->player, "run/journal.jsonl");
	struct buf all = {0};
	buf_printf(&all, "%s%s%s%llu\n", buf_text(&st->history), text, stage_verdict(st),
			(unsigned long long)player_result(st->player)->ended);
	free(text);
	stage_close(st);
	return buf_take(&all);
}

START_TEST(the_same_events_give_the_same_actions_and_verdict)
{
	char *first = performance();
	char *second = performance();
	ck_assert_str_eq(first, second);
	ck_assert_has(first, "target hook approve marlowe.test");
	ck_assert_has(first, "TT-1");
	ck_assert_has(first, "SB-001");
	ck_assert_has(first, "TT-3");
	free(first);
	free(second);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: end");
	TCase *tests = tcase_create("beginning and end");
	tcase_add_test(tests, a_play_that_is_cut_short_is_not_passed);
	tcase_add_test(tests, a_play_that_is_over_keeps_its_verdict);
	tcase_add_test(tests, a_play_that_the_target_does_not_survive_alone_fails);
	tcase_add_test(tests, a_play_that_is_over_fails_as_well_when_the_target_does_not_survive_it);
	tcase_add_test(tests, silence_is_not_proved_by_a_target_that_ended);
	tcase_add_test(tests, a_play_that_another_may_have_cut_is_not_held_against_the_target);
	tcase_add_test(tests, a_failure_weighs_more_than_what_is_open);
	tcase_add_test(tests, nothing_counts_after_the_end);
	tcase_add_test(tests, octets_that_are_no_stream_fail);
	tcase_add_test(tests, actions_that_nobody_takes_are_freed);
	tcase_add_test(tests, the_same_events_give_the_same_actions_and_verdict);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
