/* judge/ask: steps about what the hooks show: `the target shows ...`, `the target lists ...` */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const struct {
	const char *step, *output;
	int holds;
} shown[] = {
		{"shows Marlowe as none", "", 1},
		{"shows Marlowe as none", "kyd.test both\n", 1},
		{"shows Marlowe as none", "marlowe.test none\n", 1},
		{"shows Marlowe as none", "marlowe.test to\n", 0},
		{"shows Marlowe as none", "marlowe.test none ask\n", 0},
		{"shows Marlowe as none", "marlowe.test none pending\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none ask\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none asked\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none\n", 0},
		{"shows Marlowe as none, asked", "", 0},
		{"shows Marlowe as none, asked", "marlowe.test none ask pending\n", 1},
		{"shows Marlowe as none, pending", "marlowe.test none pending\n", 1},
		{"shows Marlowe as none, pending", "marlowe.test none\n", 0},
		{"shows Marlowe as none, pending", "marlowe.test none ask pending\n", 0},
		{"shows Marlowe as none, asked, pending", "marlowe.test none pending ask\n", 1},
		{"shows Marlowe as none, asked, pending", "marlowe.test none pending\n", 0},
		{"shows Marlowe as to", "marlowe.test to\n", 1},
		{"shows Marlowe as to", "marlowe.test from\n", 0},
		{"shows Marlowe as to", "marlowe.test both\n", 0},
		{"shows Marlowe as from", "marlowe.test from\n", 1},
		{"shows Marlowe as from, asked", "marlowe.test from ask\n", 1},
		{"shows Marlowe as both", "kyd.test none\nmarlowe.test both\n", 1},
		{"shows Marlowe as both", "kyd.test none\r\nMARLOWE.test \tboth \r\n", 1},
		{"shows Marlowe as both", "marlowe.test both", 1},
		{"shows Marlowe as both", "marlowe.tes both\nmarlowe.test.org both\nxmarlowe.test both\n", 0},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test both\n", 0},
		{"shows Marlowe as none", "marlowe.test none\nmarlowe.test none\n", 0},
		{"shows Marlowe as from or both", "marlowe.test both\n", 1},
		{"shows Marlowe as from or both", "marlowe.test from\n", 1},
		{"shows Marlowe as from or both", "marlowe.test to\n", 0},
		{"shows Marlowe as from or both", "marlowe.test from ask\n", 0},
		{"shows Marlowe as none or none, asked", "marlowe.test none ask\n", 1},
		{"shows Marlowe as none or none, asked", "", 1},
		{"shows Marlowe as both", "marlowe.test. both\n", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test. none\n", 0},
		{"shows Marlowe as both", "marlowe.test both\nMarlowe.test both\n", 0},
		{"shows Marlowe as both", "marlowe.test/x both\n", 0},
		{"shows nobody like .*[@/ ].*", "", 1},
		{"shows nobody like .*[@/].*", "kyd.test both\nmarlowe.test none\n", 1},
		{"shows nobody like .*[@/].*", "kyd.test both\nmarlowe.test/x none\n", 0},
		{"shows nobody like ${Marlowe}/x none", "marlowe.test/x none\n", 0},
		{"shows nobody like ${Marlowe}/x", "marlowe.test/x none\n", 1},
		{"shows nobody like ${Marlowe} none", "marlowextest none\n", 1},
		{"lists nobody like .*/.* as pending", "marlowe.test\n", 1},
		{"lists nobody like .*/.* as pending", "marlowe.test/x\n", 0},
		{"lists Marlowe as pending", "marlowe.test\n", 1},
		{"lists Marlowe as pending", "kyd.test\nMarlowe.Test pending\n", 1},
		{"lists Marlowe as pending", "kyd.test\n", 0},
		{"lists Marlowe as pending", "", 0},
		{"lists Marlowe as pending", "marlowe.test\nmarlowe.test\n", 0},
		{"does not list Marlowe as pending", "", 1},
		{"does not list Marlowe as pending", "kyd.test\n", 1},
		{"does not list Marlowe as pending", "marlowe.test\n", 0},
		{"does not list Marlowe as pending", "marlowe.test\nmarlowe.test\n", 0},
};

START_TEST(what_a_hook_shows_is_compared)
{
	char play[256];
	snprintf(play, sizeof play, "the target %s\n	TT-1 it is so\n%s", shown[_i].step, THEN);
	struct stage *st = stage_open(play);
	shown[_i].holds ? stage_hook(st, 1, shown[_i].output) : stage_shows(st, shown[_i].output);
	ck_assert(!player_is_over(st->player));
	ck_assert_finding(st, "TT-1", shown[_i].holds ? "PASS" : "FAIL");
	stage_hears(st, "Kyd", SUBSCRIBED); /* a finding of the state does not end the play */
	stage_end(st);
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

/* Rules for every list, whatever the step asks. */
static const struct {
	const char *step, *output, *id;
	int broken;
} lists[] = {
		{"shows Marlowe as both", "marlowe.test both\nkyd.test/x to\nKYD.test to\n", "SB-024/written", 0},
		{"shows Marlowe as both", "marlowe.test both\nkyd.test/x to\n", "PS-127", 0},
		{"shows Marlowe as both", "Marlowe.test both\n", "SB-024/written", 1},
		{"shows Marlowe as both", "marlowe.test. both\n", "SB-024/written", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test/x none\n", "PS-127", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test/x none\n", "SB-024/written", 0},
		{"lists Marlowe as pending", "MARLOWE.TEST\n", "SB-024/written", 1},
		{"lists Marlowe as pending", "marlowe.test\nx.marlowe.test/y\n", "PS-127", 0},
		{"shows Tybalt as none", "TYBALT@marlowe.test both\n", "SB-024/written", 0},
		{"shows Tybalt as none", "marlowe.test/x both\n", "PS-127", 0},
};

START_TEST(every_list_holds_domains_in_normal_form)
{
	char play[256];
	snprintf(play, sizeof play, "the target %s\n	TT-1 it is so\n", lists[_i].step);
	struct stage_set set = {.cast = "[Peer] Marlowe\n[Peer] Kyd\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	stage_hook(st, 1, lists[_i].output);
	if (!player_is_over(st->player)) {
		stage_quiet(st);
		stage_hook(st, 1, lists[_i].output);
	}
	stage_end(st);
	ck_assert_uint_eq(stage_count(st, lists[_i].id), (size_t)lists[_i].broken);
	ck_assert_has(stage_detail(st, lists[_i].id), lists[_i].broken ? "the list shows marlowe.test as: " : "");
	stage_close(st);
}
END_TEST

START_TEST(no_output_is_an_empty_list)
{
	struct stage *st = stage_open("the target does not list Marlowe as pending\n"
								  "	TT-1 it is not there\n");
	stage_hook(st, 1, NULL);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_state_that_does_not_fit_is_looked_at_again)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	ck_assert_has(stage_actions(st), "hook roster");
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_str_eq(stage_actions(st), "");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "target hook roster marlowe.test\n");
	stage_hook(st, 1, "marlowe.test both\n");
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* A target that takes its time has to be waited for longer everywhere. */
START_TEST(a_state_that_comes_late_is_noted)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	stage_hook(st, 1, "marlowe.test to\n");
	stage_quiet(st);
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 4 * STAGE_QUIET);
	ck_assert_uint_eq(player_overtaken(st->player), 0);
	stage_timeout(st);
	stage_hook(st, 1, "marlowe.test both\n");
	ck_assert_uint_ge(player_overtaken(st->player), 5 * STAGE_QUIET);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(the_last_look_decides)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n"
								  "the target shows Marlowe as to\n"
								  "	TT-2 they are not\n");
	stage_hook(st, 1, "marlowe.test to\n");
	stage_quiet(st);
	stage_hook(st, 1, "marlowe.test to\n");
	stage_timeout(st);
	stage_actions(st);
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_has(stage_detail(st, "TT-1"), "the target shows Marlowe as both (marlowe.test); the answer of hook "
											"roster was:\nmarlowe.test to");
	ck_assert_str_eq(stage_actions(st), "target hook roster marlowe.test\n");
	ck_assert(!player_is_over(st->player)); /* each step has looks of its own */
	stage_shows(st, "");
	ck_assert_has(stage_detail(st, "TT-2"), "(empty)");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_quotes_the_lines_that_it_is_about)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n"
								  "the target shows nobody like .*@.*\n"
								  "	TT-2 no user is a buddy\n");
	stage_shows(st, "kyd.test none\nMARLOWE.test. to ask\ngreene.test both\nx.marlowe.test from\n");
	ck_assert_str_eq(stage_detail(st, "TT-1"),
			"the target shows Marlowe as both (marlowe.test), 2 lines about others left "
			"out; the answer of hook roster was:\nMARLOWE.test. to ask\n"
			"x.marlowe.test from");
	stage_shows(st, "a@kyd.test none\nmarlowe.test to\n");
	ck_assert_str_eq(stage_detail(st, "TT-2"), "the target shows nobody like .*@.*, 1 line about others left out; the "
											   "answer of hook roster was:\na@kyd.test none");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_says_that_a_list_holds_nothing_about_the_peer)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	stage_shows(st, "kyd.test none\n");
	ck_assert_str_eq(stage_detail(st, "TT-1"),
			"the target shows Marlowe as both (marlowe.test), 1 line about others left "
			"out; the answer of hook roster was:\n(nothing about marlowe.test)");
	stage_close(st);
}
END_TEST

static const struct {
	const char *answer, *verdict;
} rosters[] = {
		{"marlowe.test none ask", "PASS"},
		{"marlowe.test none, asked", "PASS"},
		{"marlowe.test asked,none,pending", "PASS"},
		{"kyd.test who knows\nmarlowe.test none ask", "PASS"},
		{"marlowe.test none", "FAIL"},
		{"marlowe.test", "INCONCLUSIVE"},
		{"marlowe.test ask", "INCONCLUSIVE"},
		{"marlowe.test none waiting", "INCONCLUSIVE"},
		{"marlowe.test subscription=none ask", "INCONCLUSIVE"},
};

/* A hook that speaks another language is no state of the target. */
START_TEST(a_roster_that_cannot_be_read_decides_nothing)
{
	struct stage *st = stage_open("the target shows Marlowe as none, asked\n"
								  "	TT-1 the request waits\n");
	if (!strcmp(rosters[_i].verdict, "FAIL")) {
		stage_shows(st, rosters[_i].answer);
	} else {
		stage_hook(st, 1, rosters[_i].answer);
	}
	stage_end(st);
	ck_assert_verdict(st, rosters[_i].verdict);
	if (!strcmp(rosters[_i].verdict, "INCONCLUSIVE")) {
		ck_assert_has(player_result(st->player)->reason, rosters[_i].answer);
		ck_assert_has(player_result(st->player)->reason,
				"expected lines of the form: domain none|to|from|both [ask] [pending]");
	}
	stage_close(st);
}
END_TEST

/* What follows is judged only if the state is not what the play stands on. */
START_TEST(a_state_that_is_relied_on_ends_the_play)
{
	static const char *const checks[] = {"	relies on TT-1 the set-up worked\n", ""};
	for (int i = 0; i < 2; i++) {
		char play[256];
		snprintf(play, sizeof play, "the target shows Marlowe as both\n%s%s", checks[i], THEN);
		struct stage *st = stage_open(play);
		stage_shows(st, "");
		ck_assert(player_is_over(st->player));
		stage_hears(st, "Kyd", SUBSCRIBED);
		stage_end(st);
		ck_assert_finding(st, "TT-1", i ? "none" : "FAIL");
		ck_assert_finding(st, "TT-2", "UNDECIDED");
		ck_assert_verdict(st, i ? "INCONCLUSIVE" : "FAIL");
		stage_close(st);
		st = stage_open(play);
		stage_hook(st, 1, "marlowe.test both\n");
		stage_hears(st, "Kyd", SUBSCRIBED);
		stage_end(st);
		ck_assert_finding(st, "TT-1", "none");
		ck_assert_verdict(st, "PASS");
		stage_close(st);
	}
}
END_TEST

START_TEST(remote_users_have_states_too)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Tybalt sends:\n"
										  "	<presence type='subscribe'/>\n"
										  "the target lists Tybalt as pending\n"
										  "	TT-1 he waits\n");
	stage_start(st);
	stage_fence(st, "Tybalt");
	ck_assert_has(stage_actions(st), "target hook pending tybalt@marlowe.test\n");
	stage_hook(st, 1, "marlowe.test\ntybalt@marlowe.test\n");
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* Silence stays armed while the target is asked, and a hook that acts ends it. */
START_TEST(a_hook_step_ends_silence_only_if_it_acts)
{
	struct stage *st = stage_open("Kyd receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "the target shows Marlowe as none\n"
								  "	TT-2 no state\n"
								  "the target approves Marlowe\n");
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_hook(st, 1, "");
	stage_hears(st, "Kyd", SUBSCRIBED); /* the approval is under way */
	stage_hook(st, 1, "");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("hook states");
	TCase *tests = tcase_create("hooks");
	tcase_add_test(tests, a_hook_step_ends_silence_only_if_it_acts);
	suite_add_tcase(suite, tests);
	tests = tcase_create("states");
	tcase_add_loop_test(tests, what_a_hook_shows_is_compared, 0, sizeof shown / sizeof *shown);
	tcase_add_loop_test(tests, every_list_holds_domains_in_normal_form, 0, sizeof lists / sizeof *lists);
	tcase_add_test(tests, no_output_is_an_empty_list);
	tcase_add_test(tests, a_state_that_does_not_fit_is_looked_at_again);
	tcase_add_test(tests, the_last_look_decides);
	tcase_add_test(tests, a_state_that_comes_late_is_noted);
	tcase_add_test(tests, a_failure_quotes_the_lines_that_it_is_about);
	tcase_add_test(tests, a_failure_says_that_a_list_holds_nothing_about_the_peer);
	tcase_add_loop_test(tests, a_roster_that_cannot_be_read_decides_nothing, 0, sizeof rosters / sizeof *rosters);
	tcase_add_test(tests, a_state_that_is_relied_on_ends_the_play);
	tcase_add_test(tests, remote_users_have_states_too);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
