/* judge/player: `Together:` */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const char together[] = "Together:\n"
							   "	Marlowe receives:\n"
							   "		<presence type='subscribe'/>\n"
							   "		TT-1 Marlowe is asked\n"
							   "		TT-2 with an id: @id\n"
							   "	Kyd receives:\n"
							   "		<presence type='subscribe'/>\n"
							   "		TT-3 Kyd is asked\n"
							   "Marlowe receives:\n"
							   "	<presence type='subscribed'/>\n"
							   "	TT-4 the play goes on\n";

START_TEST(together_is_met_in_any_order)
{
	for (int order = 0; order < 2; order++) {
		struct stage *st = stage_open(together);
		stage_hears(st, order ? "Marlowe" : "Kyd", SUBSCRIBE);
		stage_hears(st, "Marlowe", SUBSCRIBED); /* stays for later */
		ck_assert(!player_is_over(st->player));
		stage_hears(st, order ? "Kyd" : "Marlowe", SUBSCRIBE);
		ck_assert(player_is_over(st->player));
		stage_end(st);
		ck_assert_finding(st, "TT-1", "PASS");
		ck_assert_finding(st, "TT-2", "FAIL");
		ck_assert_finding(st, "TT-3", "PASS");
		ck_assert_finding(st, "TT-4", "PASS");
		stage_close(st);
	}
}
END_TEST

START_TEST(together_names_what_is_missing)
{
	struct stage *st = stage_open(together);
	stage_hears(st, "Kyd", SUBSCRIBE);
	stage_timeout(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-3", "PASS");
	ck_assert_finding(st, "TT-4", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(together_takes_one_stanza_for_one_step)
{
	struct stage *st = stage_open("Together:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-1 once\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-2 twice\n");
	stage_hears(st, "Marlowe", SUBSCRIBE);
	ck_assert(!player_is_over(st->player));
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

static const char spared_together[] = "Together:\n"
									  "	Marlowe receives:\n"
									  "		<presence type='subscribed'/>\n"
									  "		TT-WARN it would be nice\n"
									  "	Kyd receives:\n"
									  "		<presence type='subscribed'/>\n"
									  "		TT-2 it must come\n"
									  "Marlowe receives:\n"
									  "	<presence type='unsubscribed'/>\n"
									  "	TT-3 behind it\n";

START_TEST(together_spares_what_need_not_come)
{
	struct stage *st = stage_open(spared_together);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_timeout(st);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "PASS");
	ck_assert_verdict(st, "WARN");
	stage_close(st);
	/* both missing: the one that must come ends the play */
	st = stage_open(spared_together);
	stage_timeout(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "FAIL");
	ck_assert_finding(st, "TT-3", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(together_goes_on_with_those_that_are_open)
{
	struct stage *st = stage_open("Together:\n"
								  "	Marlowe receives within 1s:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-WARN soon, please\n"
								  "	Kyd receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-2 it must come\n");
	stage_timeout(st);
	ck_assert(!player_is_over(st->player));
	ck_assert_uint_gt(player_deadline(st->player), st->now);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

static const char answer_and_request[] = "Bard connects\n"
										 "Bard sends:\n"
										 "	<iq type='set'><query xmlns='urn:q'/></iq>\n"
										 "Kyd receives:\n"
										 "	<presence type='subscribed'/>\n"
										 "Together:\n"
										 "	Bard receives:\n"
										 "		<iq type='result'/>\n"
										 "		TT-1 the order is taken\n"
										 "	Marlowe receives:\n"
										 "		<presence type='subscribe'/>\n"
										 "		TT-2 the request comes\n";

/* The wrong answer ends the play at once, but says nothing of the request, which has time yet. */
START_TEST(together_with_a_wrong_answer_leaves_the_others_undecided)
{
	struct stage *st = stage_open(answer_and_request);
	stage_connected(st, "Bard");
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_hears(st, "Bard", "<iq type='error' id='$ID'>" ERROR "</iq>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

/* What is in the inbox is taken before the wrong answer is judged. */
START_TEST(together_with_a_wrong_answer_takes_what_is_there)
{
	struct stage *st = stage_open(answer_and_request);
	stage_connected(st, "Bard");
	stage_hears(st, "Bard", "<iq type='error' id='$ID'>" ERROR "</iq>");
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(together_heeds_deadlines_of_its_steps)
{
	struct stage *st = stage_open("Together:\n"
								  "	Marlowe receives within 1s:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-1 Marlowe is asked soon\n"
								  "	Kyd receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-2 Kyd is asked\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 1000000);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED"); /* its time was not over */
	stage_close(st);
	st = stage_open("Together:\n"
					"	Marlowe receives within 10s:\n"
					"		<presence type='subscribe'/>\n"
					"		TT-1 Marlowe is asked soon\n"
					"	Kyd receives:\n"
					"		<presence type='subscribe'/>\n"
					"		TT-2 Kyd is asked\n");
	uint64_t began = st->now;
	ck_assert_uint_eq(player_deadline(st->player), began + STAGE_DEADLINE);
	stage_hears(st, "Kyd", SUBSCRIBE);
	ck_assert_uint_eq(player_deadline(st->player), began + 10000000);
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: together");
	TCase *tests = tcase_create("together");
	tcase_add_test(tests, together_is_met_in_any_order);
	tcase_add_test(tests, together_names_what_is_missing);
	tcase_add_test(tests, together_takes_one_stanza_for_one_step);
	tcase_add_test(tests, together_with_a_wrong_answer_leaves_the_others_undecided);
	tcase_add_test(tests, together_with_a_wrong_answer_takes_what_is_there);
	tcase_add_test(tests, together_heeds_deadlines_of_its_steps);
	tcase_add_test(tests, together_spares_what_need_not_come);
	tcase_add_test(tests, together_goes_on_with_those_that_are_open);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
