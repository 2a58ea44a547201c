/* judge/player: `either:` and `or:` */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <stdio.h>

static const char either[] = "either:\n"
							 "	Marlowe receives:\n"
							 "		<presence type='subscribe' id='{bind:id}'/>\n"
							 "		TT-1 it is asked\n"
							 "	Marlowe sends:\n"
							 "		<presence type='subscribed' id='yes-${id}'/>\n"
							 "or:\n"
							 "	Marlowe receives:\n"
							 "		<presence type='subscribed' id='{bind:id}'/>\n"
							 "		TT-2 it is approved\n"
							 "	Marlowe sends:\n"
							 "		<presence type='unsubscribe' id='no-${id}'/>\n"
							 "Marlowe receives:\n"
							 "	<presence type='unsubscribed' id='${id}'/>\n"
							 "	TT-3 then it ends\n";

START_TEST(the_branch_that_fits_is_played)
{
	struct stage *st = stage_open(either);
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org' id='1'/>");
	ck_assert_has(stage_actions(st), "type=\"subscribed\" id=\"yes-1\"");
	stage_hears(st, "Marlowe", "<presence type='unsubscribed' id='1'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-3", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
	st = stage_open(either);
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='2'/>");
	ck_assert_has(stage_actions(st), "type=\"unsubscribe\" id=\"no-2\"");
	stage_hears(st, "Marlowe", "<presence type='unsubscribed' id='2'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(no_branch_fits)
{
	struct stage *st = stage_open(either);
	stage_hears(st, "Marlowe", "<message/>");
	stage_timeout(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL"); /* the first branch names the requirement */
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-3", "UNDECIDED");
	stage_close(st);
}
END_TEST

static const char either_answer[] = "Marlowe sends:\n"
									"	<iq type='get'><query xmlns='urn:q'/></iq>\n"
									"either:\n"
									"	Marlowe receives:\n"
									"		<iq type='result'><query xmlns='urn:q'/></iq>\n"
									"		TT-1 it is answered\n"
									"or:\n"
									"	Marlowe receives:\n"
									"		<iq type='error'><error type='auth'/></iq>\n"
									"		TT-2 it is refused: @id\n";

static const char either_marker[] = "Marlowe sends:\n"
									"	<iq type='get'><query xmlns='urn:q'/></iq>\n"
									"either:\n"
									"	Marlowe receives:\n"
									"		<presence type='subscribed'/>\n"
									"		TT-1 it is approved\n"
									"	Marlowe receives:\n"
									"		<iq/>\n"
									"		TT-3 and answered\n"
									"or:\n"
									"	Marlowe receives:\n"
									"		<iq/>\n"
									"		TT-2 it is not approved\n";

START_TEST(an_answer_that_marks_a_place_waits_for_what_may_come_later)
{
	struct stage *st = stage_open(either_marker);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	ck_assert(!player_is_over(st->player));
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
	st = stage_open(either_marker);
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
	st = stage_open(either_marker); /* no answer at all */
	stage_timeout(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

/* What was given up for, and came after all, tells how long the target takes. */
START_TEST(what_an_answer_has_overtaken_is_noted)
{
	struct stage *st = stage_open(either_marker);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_pass(st, 40000);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_uint_ge(player_overtaken(st->player), 40000);
	ck_assert_uint_lt(player_overtaken(st->player), 60000);
	stage_end(st);
	stage_close(st);
	st = stage_open(either_marker);
	player_set_quiet(st->player, 100000);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_pass(st, 100001);
	ck_assert(player_is_over(st->player));
	ck_assert_uint_eq(player_overtaken(st->player), 0);
	stage_hears(st, "Marlowe", SUBSCRIBE); /* no branch begins with that */
	ck_assert_uint_eq(player_overtaken(st->player), 0);
	stage_pass(st, 50000);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_uint_ge(player_overtaken(st->player), 150000);
	stage_end(st);
	stage_close(st);
}
END_TEST

/* After the play's next deed what comes may come of that. */
START_TEST(what_comes_of_another_deed_has_not_been_overtaken)
{
	char play[1024];
	snprintf(play, sizeof play, "%s%s", either_marker, "Marlowe sends:\n	<presence type='subscribe'/>\n");
	struct stage *st = stage_open(play);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_uint_eq(player_overtaken(st->player), 0);
	stage_end(st);
	stage_close(st);
}
END_TEST

/* Another peer's deed brings this one nothing. */
START_TEST(what_comes_after_another_peers_deed_may_have_been_overtaken)
{
	char play[1024];
	snprintf(play, sizeof play, "%s%s", either_marker, "Kyd sends:\n	<presence type='subscribe'/>\n");
	struct stage *st = stage_open(play);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_uint_gt(player_overtaken(st->player), 0);
	stage_end(st);
	stage_close(st);
}
END_TEST

START_TEST(a_wrong_answer_fails_once_it_fits_no_branch)
{
	struct stage *st = stage_open(either_answer);
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'><error type='auth'/></iq>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
	st = stage_open(either_answer);
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(a_wrong_answer_leaves_the_other_branch_its_time)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<iq type='get'><query xmlns='urn:q'/></iq>\n"
								  "either:\n"
								  "	Marlowe receives:\n"
								  "		<iq type='result'/>\n"
								  "		TT-1 it is answered\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-2 it is asked\n");
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

static const char either_never[] = "Marlowe sends:\n"
								   "	<iq type='get'><query xmlns='urn:q'/></iq>\n"
								   "either:\n"
								   "	Marlowe receives:\n"
								   "		<iq type='error'/>\n"
								   "		TT-1 it is refused\n"
								   "	Marlowe never receives:\n"
								   "		<presence type='subscribe'/>\n"
								   "		TT-2 what was refused asks nobody\n"
								   "	Kyd never receives:\n"
								   "		<presence type='subscribe'/>\n"
								   "		TT-3 nor anybody else\n"
								   "or:\n"
								   "	Marlowe receives:\n"
								   "		<iq type='result'/>\n"
								   "		TT-4 it is answered\n";

/* Which of two stanzas came first decides nothing. */
START_TEST(what_a_branch_forbids_may_not_have_come_before_it)
{
	struct stage *st = stage_open(either_never);
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	stage_fence(st, "Marlowe");
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
	st = stage_open(either_never); /* the other branch forbids nothing */
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-4", "PASS");
	stage_close(st);
}
END_TEST

/* What the branch takes itself, what came before the `either:` and what stands behind another step is not meant. */
START_TEST(what_a_branch_forbids_begins_with_its_either)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 one is asked\n"
								  "either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-2 the other is asked\n"
								  "	Marlowe never receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-3 once\n"
								  "	Kyd receives:\n"
								  "		<presence type='unsubscribe'/>\n"
								  "	Kyd never receives:\n"
								  "		<presence/>\n"
								  "		TT-4 then it is left alone\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<message/>\n");
	stage_hears(st, "Kyd", "<presence type='unsubscribe'/>");
	stage_hears(st, "Kyd", SUBSCRIBE);
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_fence(st, "Marlowe");
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-3", "PASS");
	ck_assert_finding(st, "TT-4", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(xpath_binds_names)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='{bind:type}'/>\n"
								  "	bind both: concat(@id, '${type}')\n"
								  "	TT-1 checks know it: '${both}' = '7subscribe'\n"
								  "${both} is 7subscribe:\n"
								  "	TT-2 so do comparisons\n"
								  "Marlowe receives:\n"
								  "	<presence id='${both}'/>\n"
								  "	TT-3 and templates\n");
	stage_hears(st, "Marlowe", "<presence type='subscribe' id='7'/>");
	stage_hears(st, "Marlowe", "<presence id='7subscribe'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(branches_have_deadlines_of_their_own)
{
	static const char play[] = "either:\n"
							   "	Marlowe receives within 1s:\n"
							   "		<presence type='subscribe'/>\n"
							   "		TT-1 it is asked soon\n"
							   "or:\n"
							   "	Marlowe receives within 8s:\n"
							   "		<presence type='subscribed'/>\n"
							   "		TT-2 it is approved at last\n";
	struct stage *st = stage_open(play);
	ck_assert_uint_eq(player_deadline(st->player), st->now + 8000000);
	stage_pass(st, 1000000);
	stage_hears(st, "Marlowe", SUBSCRIBE); /* too late */
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
	st = stage_open(play);
	stage_hears(st, "Marlowe", SUBSCRIBE);
	ck_assert(player_is_over(st->player));
	stage_close(st);
}
END_TEST

START_TEST(blocks_stand_in_branches)
{
	struct stage *st = stage_open("either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "	Together:\n"
								  "		Marlowe receives:\n"
								  "			<presence type='subscribed'/>\n"
								  "			TT-1 one\n"
								  "		Kyd receives:\n"
								  "			<presence type='subscribed'/>\n"
								  "			TT-2 two\n"
								  "	either:\n"
								  "		Kyd receives:\n"
								  "			<presence type='subscribe'/>\n"
								  "			TT-3 three\n"
								  "	or:\n"
								  "		Kyd receives:\n"
								  "			<message/>\n"
								  "or:\n"
								  "	Kyd receives:\n"
								  "		<iq type='get'/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='unsubscribed'/>\n"
								  "	TT-4 four\n");
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_hears(st, "Kyd", SUBSCRIBE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "PASS");
	ck_assert_finding(st, "TT-4", "PASS");
	stage_close(st);
}
END_TEST

/* A way through the play on which no check stands is no pass. */
START_TEST(a_branch_without_checks_decides_nothing)
{
	struct stage *st = stage_open("either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "		TT-1 it is asked\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribed'/>\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_verdict(st, "UNREACHABLE");
	stage_close(st);
}
END_TEST

/* The target went a way that is allowed, but not to the place that the play is about. */
START_TEST(an_unreachable_place_ends_the_play)
{
	struct stage *st = stage_open("either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "	unreachable: the target asks by itself\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "Marlowe receives: nothing\n"
								  "	TT-1 silence\n");
	stage_hears(st, "Marlowe", SUBSCRIBE);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_verdict(st, "UNREACHABLE");
	ck_assert_str_eq(player_result(st->player)->reason, "the target asks by itself");
	stage_close(st);
}
END_TEST

START_TEST(what_was_violated_before_an_unreachable_place_counts)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 with an id: @id\n"
								  "unreachable: no further\n");
	stage_hears(st, "Marlowe", SUBSCRIBE);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: either");
	TCase *tests = tcase_create("either");
	tcase_add_test(tests, the_branch_that_fits_is_played);
	tcase_add_test(tests, no_branch_fits);
	tcase_add_test(tests, an_answer_that_marks_a_place_waits_for_what_may_come_later);
	tcase_add_test(tests, what_an_answer_has_overtaken_is_noted);
	tcase_add_test(tests, what_comes_of_another_deed_has_not_been_overtaken);
	tcase_add_test(tests, what_comes_after_another_peers_deed_may_have_been_overtaken);
	tcase_add_test(tests, a_wrong_answer_fails_once_it_fits_no_branch);
	tcase_add_test(tests, a_wrong_answer_leaves_the_other_branch_its_time);
	tcase_add_test(tests, what_a_branch_forbids_may_not_have_come_before_it);
	tcase_add_test(tests, what_a_branch_forbids_begins_with_its_either);
	tcase_add_test(tests, xpath_binds_names);
	tcase_add_test(tests, branches_have_deadlines_of_their_own);
	tcase_add_test(tests, blocks_stand_in_branches);
	tcase_add_test(tests, a_branch_without_checks_decides_nothing);
	tcase_add_test(tests, an_unreachable_place_ends_the_play);
	tcase_add_test(tests, what_was_violated_before_an_unreachable_place_counts);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
