/* judge/player: `never receives` */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const char never[] = "Marlowe receives:\n"
							"	<presence type='unsubscribed'/>\n"
							"Marlowe never receives:\n"
							"	<presence type='subscribed'/>\n"
							"	TT-1 no approval\n"
							"Kyd sends:\n"
							"	<message/>\n"
							"Marlowe receives:\n"
							"	<message/>\n";

START_TEST(never_is_proved_by_a_fence_at_the_end)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", SUBSCRIBED); /* before its place */
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_actions(st);
	stage_hears(st, "Marlowe", "<presence type='unsubscribe'/>"); /* another one */
	stage_hears(st, "Kyd", SUBSCRIBED);							  /* another actor */
	stage_hears(st, "Marlowe", "<message/>");
	ck_assert(!player_is_over(st->player));
	ck_assert_has(stage_actions(st), "# fence");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

/* before the acting step, before and after its fence, after the play */
START_TEST(never_is_broken_at_any_time)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	for (int place = 0; place < 4; place++) {
		if (place == _i) {
			stage_hears(st, "Marlowe", SUBSCRIBED);
		}
		if (place == 0) {
			stage_hears(st, "Marlowe", "<message/>");
		} else if (place == 1) {
			stage_fence(st, "Marlowe");
		} else if (place == 2) {
			stage_quiet(st);
			ck_assert(player_is_over(st->player));
		}
	}
	stage_ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(never_counts_what_a_step_takes_or_what_is_tolerated)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<presence type='unavailable'/>\n"
								  "	TT-1 no presence\n"
								  "Marlowe never receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-2 no approval\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-3 an approval\n");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 1); /* one for both */
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "FAIL");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(never_with_a_lost_fence_is_inconclusive)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_hears(st, "Marlowe", "<message/>");
	stage_pass(st, STAGE_DEADLINE);
	ck_assert(player_is_over(st->player));
	ck_assert(player_timed_out(st->player));
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(never_is_not_proved_by_a_play_that_fails)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_timeout(st); /* the message is missing */
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(never_holds_after_a_play_that_failed)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_timeout(st);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(never_in_a_branch_that_is_not_played_is_not_armed)
{
	struct stage *st = stage_open("either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "	Marlowe never receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-1 no approval\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-2 approval\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "UNDECIDED", "PASS");
}
END_TEST

START_TEST(never_waits_for_all_actors)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<presence/>\n"
								  "	TT-1 no presence\n"
								  "Kyd never receives:\n"
								  "	<presence/>\n"
								  "	TT-2 no presence\n");
	stage_fence(st, "Marlowe");
	stage_pass(st, STAGE_QUIET);
	ck_assert(!player_is_over(st->player));
	stage_fence(st, "Kyd");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

/* A client that is gone cannot be asked: what it never received is not proved, not even by another's fence. */
START_TEST(never_of_a_client_that_is_gone_is_not_proved)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard never receives:\n"
								  "	<presence/>\n"
								  "	TT-1 no presence\n"
								  "Marlowe never receives:\n"
								  "	<presence/>\n"
								  "	TT-2 no presence\n"
								  "Bard disconnects\n");
	stage_connected(st, "Bard");
	ck_assert_int_eq(stage_open_fences(st, "Bard"), 0);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
	st = stage_open("Bard connects\n"
					"Bard never receives:\n"
					"	<presence/>\n"
					"	TT-1 no presence\n");
	stage_connected(st, "Bard");
	stage_fence(st, "Bard");
	stage_closed(st, "Bard", "reset");
	stage_quiet(st);
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("never");
	TCase *tests = tcase_create("never");
	tcase_add_test(tests, never_is_proved_by_a_fence_at_the_end);
	tcase_add_loop_test(tests, never_is_broken_at_any_time, 0, 4);
	tcase_add_test(tests, never_counts_what_a_step_takes_or_what_is_tolerated);
	tcase_add_test(tests, never_with_a_lost_fence_is_inconclusive);
	tcase_add_test(tests, never_is_not_proved_by_a_play_that_fails);
	tcase_add_test(tests, never_holds_after_a_play_that_failed);
	tcase_add_test(tests, never_in_a_branch_that_is_not_played_is_not_armed);
	tcase_add_test(tests, never_waits_for_all_actors);
	tcase_add_test(tests, never_of_a_client_that_is_gone_is_not_proved);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
