/* judge/player: what the checks of a step decide */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <string.h>

START_TEST(a_check_with_xpath_is_decided_by_the_stanza)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 it comes\n"
								  "	TT-2 it has the right sender: @from = '${target}' and @to = '${Marlowe}'\n"
								  "	TT-3 it has an id: @id\n"
								  "	TT-WARN it has a nick: nick:nick\n"
								  "	TT-INFO it has no delay: not(delay:delay)\n"
								  "Kyd receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-4 the play goes on\n");
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org'/>");
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Kyd", "<presence type='subscribe' from='x@example.org'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	ck_assert_has(stage_detail(st, "TT-2"), "does not hold: @from = '${target}' and @to = '${Marlowe}'");
	ck_assert_has(stage_detail(st, "TT-2"), "where ${target} is 'example.org', ${Marlowe} is 'marlowe.test'\n");
	ck_assert_lacks(stage_detail(st, "TT-3"), "where ");
	ck_assert_has(stage_detail(st, "TT-2"),
			"on line 1 of the journal: <presence to='marlowe.test' type='subscribe' from='x@example.org'");
	ck_assert_finding(st, "TT-3", "FAIL");
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-INFO", "PASS");
	ck_assert_finding(st, "TT-4", "PASS");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

/* requirement, what the target claims, verdict of the finding and of the scenario when the check is violated */
static const struct {
	const char *id, *claims, *finding, *verdict;
} strictness[] = {
		{"TT-1", "", "FAIL", "FAIL"},
		{"TT-WARN", "", "WARN", "WARN"},
		{"TT-INFO", "", "INFO", "INFO"},
		{"TT-COND", "", "WARN", "WARN"},
		{"TT-COND", " claim:bidi", "FAIL", "FAIL"},
		{"TT-COND", " hook:bidi", "WARN", "WARN"},
		{"TT-PARTS", "", "FAIL", "FAIL"},
		{"TT-PARTS/soft", "", "WARN", "WARN"},
		{"TT-PARTS/hint", "", "INFO", "INFO"},
		{"TT-PARTS/cond", "", "INFO", "INFO"},
		{"TT-PARTS/cond", " claim:bidi", "FAIL", "FAIL"},
};

START_TEST(the_table_says_how_a_violation_counts)
{
	char play[256];
	char claims[128];
	snprintf(play, sizeof play, "Marlowe receives:\n	<presence/>\n	%s text: @id\n", strictness[_i].id);
	snprintf(claims, sizeof claims, "account:admin%s", strictness[_i].claims);
	struct stage_set set = {.claims = claims};
	for (int holds = 0; holds < 2; holds++) {
		struct stage *st = stage_set_up(&set, play);
		stage_start(st);
		stage_hears(st, "Marlowe", holds ? "<presence id='a'/>" : "<presence/>");
		stage_end(st);
		ck_assert_finding(st, strictness[_i].id, holds ? "PASS" : strictness[_i].finding);
		ck_assert_verdict(st, holds ? "PASS" : strictness[_i].verdict);
		stage_close(st);
	}
}
END_TEST

START_TEST(a_missed_step_violates_its_checks_without_condition)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 it comes\n"
								  "	TT-2 it has an id: @id\n"
								  "	TT-3 it comes in order: in order\n"
								  "	TT-WARN it comes, please\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-4 another one\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_timeout(st);
	ck_assert(player_is_over(st->player)); /* a failed step ends the play */
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_finding(st, "TT-3", "UNDECIDED");
	ck_assert_finding(st, "TT-4", "UNDECIDED");
	ck_assert_verdict(st, "FAIL");
	ck_assert_str_eq(player_result(st->player)->reason, "TT-1 it comes");
	stage_close(st);
}
END_TEST

/* What stands below the step, and whether the play goes on when the step is missed. */
static const struct {
	const char *body;
	int goes_on;
} spared[] = {
		{"	<presence type='subscribe'/>\n	TT-WARN it comes, please\n", 1},
		{"	<presence type='subscribe'/>\n	TT-INFO it comes, perhaps\n", 1},
		{"	<presence type='subscribe'/>\n	TT-PARTS/soft it comes\n	TT-INFO it comes\n", 1},
		{"	<presence type='subscribe'/>\n	TT-WARN it comes\n	TT-3 if so, with an id: @id\n", 1},
		{"	<presence type='subscribe'/>\n	TT-COND it comes\n", 1},
		{"	<presence type='subscribe'/>\n	TT-WARN it comes\n	TT-3 it comes\n", 0},
		{"	<presence type='subscribe'/>\n	relies on TT-WARN it comes\n", 0},
		{"	<presence type='subscribe'/>\n	TT-WARN with an id: @id\n", 0},
		{"	<presence type='subscribe' id='{bind:x}'/>\n	TT-WARN it comes\n", 0},
		{"	<presence type='subscribe'/>\n", 0},
};

START_TEST(a_miss_that_only_warns_does_not_end_the_play)
{
	char play[512];
	snprintf(play, sizeof play, "Marlowe receives:\n%sKyd receives: nothing\n	TT-1 it is quiet\n", spared[_i].body);
	struct stage *st = stage_open(play);
	stage_timeout(st);
	ck_assert_int_eq(player_is_over(st->player), !spared[_i].goes_on);
	if (spared[_i].goes_on) {
		stage_fence(st, "Kyd");
		stage_quiet(st);
		ck_assert(player_is_over(st->player));
	}
	stage_end(st);
	ck_assert_finding(st, "TT-1", spared[_i].goes_on ? "PASS" : "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(what_comes_after_its_deadline_is_no_offence)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-WARN it comes, please\n"
								  "Marlowe receives: nothing\n"
								  "	TT-1 but nothing else does\n");
	stage_timeout(st);
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "WARN");
	stage_close(st);
}
END_TEST

START_TEST(an_answer_that_only_warns_is_no_offence_later)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard sends:\n"
								  "	<iq type='get'><query xmlns='urn:q'/></iq>\n"
								  "Bard receives:\n"
								  "	<iq type='result'/>\n"
								  "	TT-WARN it is answered\n"
								  "Bard receives: nothing\n"
								  "	TT-1 once\n");
	stage_connected(st, "Bard");
	stage_hears(st, "Bard",
			"<iq type='error' id='$ID'><error type='cancel'><item-not-found xmlns='" NS_STANZA_ERRORS
			"'/></error></iq>");
	ck_assert(!player_is_over(st->player));
	stage_fence(st, "Bard");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

static const struct {
	const char *answer, *told;
} answers[] = {
		{NULL, "Bard's last request was not answered"},
		{"<iq type='error' id='$ID'><error type='cancel'><item-not-found xmlns='" NS_STANZA_ERRORS "'/></error></iq>",
				"Bard was refused, line "},
		{"<iq type='result' id='$ID'><command xmlns='urn:c'><note type=\"error\">no</note></command></iq>",
				"Bard was refused, line "},
		{"<iq type='result' id='$ID'/>", NULL},
};

/* Why a peer got nothing is often to be read in what a client was told, or was not. */
START_TEST(a_missed_step_of_a_peer_tells_what_the_clients_were_told)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard sends:\n"
								  "	<iq type='set'><query xmlns='urn:q'/></iq>\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 it is asked\n");
	stage_connected(st, "Bard");
	if (answers[_i].answer) {
		stage_hears(st, "Bard", answers[_i].answer);
	}
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	if (answers[_i].told) {
		ck_assert_has(stage_detail(st, "TT-1"), answers[_i].told);
	} else {
		ck_assert_ptr_null(strstr(stage_detail(st, "TT-1"), "Bard"));
	}
	stage_close(st);
}
END_TEST

START_TEST(a_missed_step_without_check_is_inconclusive)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 another one\n");
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_str_eq(player_result(st->player)->reason, "test/play.scs:8: 'Marlowe receives:' was not met");
	ck_assert_ptr_null(strchr(player_result(st->player)->reason, '\n'));
	ck_assert_has(evidence_text(player_result(st->player)->trouble_evidence), "expected: <presence type='subscribe'/>");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(a_missed_step_with_conditions_only_is_inconclusive)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 it has an id: @id\n");
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	stage_close(st);
}
END_TEST

static const char relies[] = "Marlowe receives:\n"
							 "	<presence type='subscribe'/>\n"
							 "	relies on TT-1 the request comes\n"
							 "Marlowe receives:\n"
							 "	<presence type='subscribed'/>\n"
							 "	TT-2 the subject\n";

START_TEST(what_is_relied_on_decides_nothing_when_it_holds)
{
	struct stage *st = stage_open(relies);
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org'/>");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "none");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(what_is_relied_on_is_violated_when_it_fails)
{
	struct stage *st = stage_open(relies);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(what_is_relied_on_and_not_reached_is_not_told)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-2 the subject\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	relies on TT-1 the request comes\n");
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "none");
	stage_close(st);
}
END_TEST

START_TEST(one_requirement_in_two_checks_has_two_findings)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 it comes\n"
								  "	TT-1 it has an id: @id\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	ck_assert_uint_eq(stage_count(st, "TT-1"), 2);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(order_is_that_of_the_actors_own_stanzas)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 nothing was taken before: in order\n"
								  "Kyd receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-2 nothing was taken before: in order\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-3 after the first of Marlowe: in order\n");
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org'/>");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_hears(st, "Kyd", "<presence type='subscribe' from='x@example.org'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(checks_below_a_phrase_belong_to_its_last_receiving_step)
{
	struct stage_set set = {.phrases = "Phrase: {peer} is asked\n"
									   "{peer} receives:\n"
									   "	<presence type='subscribe' id='{bind:id}'/>\n"
									   "	relies on TT-2 it comes\n"};
	struct stage *st = stage_set_up(&set, "Marlowe is asked\n"
										  "	TT-1 in this way: @id = 'a'\n"
										  "Kyd is asked\n"
										  "	TT-3 in this way: @id = 'a'\n");
	stage_start(st);
	stage_hears(st, "Marlowe", "<presence type='subscribe' from='x@example.org' id='a'/>");
	stage_hears(st, "Kyd", "<presence type='subscribe' from='x@example.org' id='b'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "none");
	ck_assert_finding(st, "TT-3", "FAIL"); /* the names that a phrase binds are private to its use */
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: checks");
	TCase *tests = tcase_create("checks");
	tcase_add_test(tests, a_check_with_xpath_is_decided_by_the_stanza);
	tcase_add_loop_test(tests, the_table_says_how_a_violation_counts, 0, sizeof strictness / sizeof *strictness);
	tcase_add_test(tests, a_missed_step_violates_its_checks_without_condition);
	tcase_add_loop_test(tests, a_miss_that_only_warns_does_not_end_the_play, 0, sizeof spared / sizeof *spared);
	tcase_add_test(tests, what_comes_after_its_deadline_is_no_offence);
	tcase_add_test(tests, an_answer_that_only_warns_is_no_offence_later);
	tcase_add_test(tests, a_missed_step_without_check_is_inconclusive);
	tcase_add_loop_test(
			tests, a_missed_step_of_a_peer_tells_what_the_clients_were_told, 0, sizeof answers / sizeof *answers);
	tcase_add_test(tests, a_missed_step_with_conditions_only_is_inconclusive);
	tcase_add_test(tests, what_is_relied_on_decides_nothing_when_it_holds);
	tcase_add_test(tests, what_is_relied_on_is_violated_when_it_fails);
	tcase_add_test(tests, what_is_relied_on_and_not_reached_is_not_told);
	tcase_add_test(tests, one_requirement_in_two_checks_has_two_findings);
	tcase_add_test(tests, order_is_that_of_the_actors_own_stanzas);
	tcase_add_test(tests, checks_below_a_phrase_belong_to_its_last_receiving_step);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
