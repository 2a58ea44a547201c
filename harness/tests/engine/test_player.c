/* judge/player: stanzas that meet steps or miss them */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

#define ASKS                                                                                                           \
	"Marlowe sends:\n"                                                                                                 \
	"	<iq type='get'>\n"                                                                                               \
	"		<query xmlns='urn:q'/>\n"                                                                                       \
	"	</iq>\n"

static const char expects_subscribed[] = "Marlowe sends:\n"
										 "	<presence type='subscribe'/>\n"
										 "Marlowe receives:\n"
										 "	<presence type='subscribed'/>\n"
										 "	TT-1 it is approved\n";

START_TEST(raw_octets_are_sent_as_they_stand)
{
	struct stage *st = stage_open("Marlowe sends raw:\n"
								  "	<a b='${target}'><c>${Marlowe's parent domain}</a>&#xFFFE;\n"
								  "the target lists Marlowe as pending\n"
								  "	TT-1 it waits\n");
	/* what the target makes of them is fenced like a stanza */
	ck_assert_has(stage_actions(st), "Marlowe sends to example.org: <a b='example.org'><c>test</a>&#xFFFE;\n");
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 1);
	stage_fence(st, "Marlowe");
	stage_hook(st, 1, "marlowe.test\n");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

#define VERIFIED "<db:verify xmlns:db='jabber:server:dialback' id='x' type='invalid'/>"

START_TEST(a_dialback_answer_is_for_those_who_sent_octets)
{
	struct stage *st = stage_open("Marlowe sends raw:\n"
								  "	<db:verify id='x'/>\n"
								  "Kyd never receives:\n"
								  "	" VERIFIED "\n"
								  "	TT-2 nobody asked\n"
								  "Marlowe receives:\n"
								  "	<db:verify xmlns:db='jabber:server:dialback'/>\n"
								  "	TT-1 invalid: @type = 'invalid'\n");
	stage_hears_with(st, "Kyd", VERIFIED, 0, 0);
	stage_hears_with(st, "Marlowe", VERIFIED, 0, 0);
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_stanza_that_matches_meets_the_step)
{
	struct stage *st = stage_open(expects_subscribed);
	ck_assert_str_eq(stage_actions(st), "Marlowe sends to example.org: <presence type=\"subscribe\" "
										"from=\"marlowe.test\" to=\"example.org\"/>\n");
	ck_assert(!player_is_over(st->player));
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_DEADLINE);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	ck_assert_uint_eq(player_deadline(st->player), PLAYER_NEVER);
	ck_assert_uint_eq(player_result(st->player)->started, 1000);
	ck_assert_uint_eq(player_result(st->player)->ended, 1001);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "PASS");
	ck_assert_ptr_null(player_explain(st->player, "j"));
	ck_assert(!player_timed_out(st->player));
	stage_close(st);
}
END_TEST

START_TEST(nothing_at_the_deadline_misses_the_step)
{
	struct stage *st = stage_open(expects_subscribed);
	stage_pass(st, STAGE_DEADLINE - 1);
	ck_assert(!player_is_over(st->player));
	stage_pass(st, 1);
	ck_assert(player_is_over(st->player));
	ck_assert(player_timed_out(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_verdict(st, "FAIL");
	ck_assert_has(stage_detail(st, "TT-1"), "Marlowe received nothing that was still to be taken");
	stage_close(st);
}
END_TEST

START_TEST(a_stanza_of_another_actor_does_not_count)
{
	struct stage *st = stage_open(expects_subscribed);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_step_has_a_deadline_of_its_own)
{
	struct stage *st = stage_open("Marlowe receives within 2s:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 in time\n"
								  "Marlowe receives within 250ms:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-2 in time\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 2000000);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_uint_eq(player_deadline(st->player), st->now + 250000);
	stage_pass(st, 250000);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(the_deadline_is_not_early)
{
	struct stage *st = stage_open(expects_subscribed);
	player_on_deadline(st->player, player_deadline(st->player) - 1);
	ck_assert(!player_is_over(st->player));
	stage_close(st);
}
END_TEST

static const char three_steps[] = "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 first\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-2 second: in order\n"
								  "Marlowe receives:\n"
								  "	<presence type='unsubscribed'/>\n"
								  "	TT-3 third: in order\n";

START_TEST(what_came_before_stays_for_later_steps)
{
	struct stage *st = stage_open(three_steps);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_hears(st, "Marlowe", "<message/>");
	stage_hears(st, "Bard", SUBSCRIBED);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "FAIL"); /* it came too early */
	ck_assert_has(stage_detail(st, "TT-3"), "came too early, line 1 of the journal");
	stage_close(st);
}
END_TEST

START_TEST(the_first_that_matches_is_taken)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "Marlowe receives:\n"
								  "	<presence id='{bind:first}'/>\n"
								  "	TT-1 something comes: @id = 'a'\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-2 then the next: @id = 'b' and '${first}' = 'a'\n");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='a'/>");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='b'/>");
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_stanza_is_taken_once)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 again\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(!player_is_over(st->player));
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(an_answer_is_that_to_the_last_iq)
{
	struct stage *st = stage_open(ASKS ASKS "Marlowe receives:\n"
											"	<iq type='result'/>\n"
											"	TT-1 it is answered\n");
	ck_assert_str_eq(st->seats[1].last_id, "k7-2");
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-1'/>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-2'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(the_last_iq_is_a_question_not_an_answer)
{
	struct stage *st = stage_open(ASKS "Marlowe sends:\n"
									   "	<iq type='result' id='theirs'/>\n"
									   "Marlowe receives:\n"
									   "	<iq/>\n"
									   "	TT-1 it is answered\n");
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-1'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(each_actor_has_a_last_iq)
{
	struct stage *st = stage_open(ASKS "Kyd sends:\n"
									   "	<iq type='get' id='kyds'><query xmlns='urn:q'/></iq>\n"
									   "Marlowe receives:\n"
									   "	<iq/>\n"
									   "	TT-1 it is answered\n");
	stage_hears(st, "Marlowe", "<iq type='result' id='kyds'/>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-1'/>");
	ck_assert(player_is_over(st->player));
	stage_close(st);
}
END_TEST

START_TEST(an_id_in_the_template_counts_for_itself)
{
	struct stage *st = stage_open(ASKS "Marlowe receives:\n"
									   "	<iq type='result' id='own'/>\n"
									   "	TT-1 it is answered\n");
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<iq type='result' id='own'/>");
	ck_assert(player_is_over(st->player));
	stage_close(st);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_fails_at_once)
{
	struct stage *st = stage_open(ASKS "Marlowe receives:\n"
									   "	<iq type='result'/>\n"
									   "	TT-1 it is answered with a result\n");
	stage_hears(st, "Marlowe", "<iq type='error' id='other'>" ERROR "</iq>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_has(stage_detail(st, "TT-1"), "first difference at iq@type (non-strict): expected 'result', got 'error'");
	stage_close(st);
}
END_TEST

START_TEST(the_closest_stanza_is_shown)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed' id='1'><nick xmlns='urn:n'/></presence>\n"
								  "	TT-1 it comes\n");
	stage_hears(st, "Marlowe", "<message/>");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='2'/>");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='1'/>");
	stage_hears(st, "Marlowe", "<presence type='unsubscribed' id='1'/>");
	stage_timeout(st);
	stage_end(st);
	ck_assert_has(stage_detail(st, "TT-1"), "closest, line 3 of the journal: ");
	ck_assert_has(
			stage_detail(st, "TT-1"), "first difference at presence/nick (non-strict): expected 'an element <nick");
	stage_close(st);
}
END_TEST

START_TEST(an_answer_that_waits_already_fails_at_once)
{
	struct stage *st = stage_open(ASKS "Kyd receives:\n"
									   "	<presence/>\n"
									   "Marlowe receives:\n"
									   "	<iq type='result'/>\n"
									   "	TT-1 it is answered with a result\n");
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'>" ERROR "</iq>");
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_question_with_the_same_id_is_no_answer)
{
	struct stage *st = stage_open(ASKS "Marlowe receives:\n"
									   "	<iq type='result'/>\n"
									   "	TT-1 it is answered with a result\n");
	stage_hears(st, "Marlowe", "<iq type='get' id='$ID'><query xmlns='urn:q'/></iq>");
	ck_assert(!player_is_over(st->player));
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player");
	TCase *tests = tcase_create("receives");
	tcase_add_test(tests, raw_octets_are_sent_as_they_stand);
	tcase_add_test(tests, a_dialback_answer_is_for_those_who_sent_octets);
	tcase_add_test(tests, a_stanza_that_matches_meets_the_step);
	tcase_add_test(tests, nothing_at_the_deadline_misses_the_step);
	tcase_add_test(tests, a_stanza_of_another_actor_does_not_count);
	tcase_add_test(tests, a_step_has_a_deadline_of_its_own);
	tcase_add_test(tests, the_deadline_is_not_early);
	tcase_add_test(tests, what_came_before_stays_for_later_steps);
	tcase_add_test(tests, the_first_that_matches_is_taken);
	tcase_add_test(tests, a_stanza_is_taken_once);
	tcase_add_test(tests, an_answer_is_that_to_the_last_iq);
	tcase_add_test(tests, the_last_iq_is_a_question_not_an_answer);
	tcase_add_test(tests, each_actor_has_a_last_iq);
	tcase_add_test(tests, an_id_in_the_template_counts_for_itself);
	tcase_add_test(tests, an_answer_that_does_not_fit_fails_at_once);
	tcase_add_test(tests, the_closest_stanza_is_shown);
	tcase_add_test(tests, an_answer_that_waits_already_fails_at_once);
	tcase_add_test(tests, a_question_with_the_same_id_is_no_answer);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
