/* judge/player: bound names and comparisons */
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const char names[] = "Marlowe receives:\n"
							"	<presence id='{bind:a}'/>\n"
							"Marlowe receives:\n"
							"	<presence id='{bind:b}'/>\n"
							"${a} is ${b}\n"
							"	TT-1 the same\n"
							"${a} is not ${b}\n"
							"	TT-2 another\n"
							"${a} is one\n"
							"	TT-3 that one\n";

START_TEST(bound_names_are_compared)
{
	for (int same = 0; same < 2; same++) {
		struct stage *st = stage_open(names);
		stage_hears(st, "Marlowe", "<presence id='one'/>");
		stage_hears(st, "Marlowe", same ? "<presence id='one'/>" : "<presence id='two'/>");
		ck_assert(player_is_over(st->player)); /* a comparison that fails does not end the play */
		stage_end(st);
		ck_assert_finding(st, "TT-1", same ? "PASS" : "FAIL");
		ck_assert_finding(st, "TT-2", same ? "FAIL" : "PASS");
		ck_assert_finding(st, "TT-3", "PASS");
		ck_assert_has(stage_detail(st, same ? "TT-2" : "TT-1"), same ? "'one' and 'one'" : "'one' and 'two'");
		stage_close(st);
	}
}
END_TEST

START_TEST(a_comparison_that_is_relied_on_ends_the_play)
{
	struct stage *st = stage_open("${target} is ${Marlowe}\n"
								  "	relies on TT-1 the same\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-2 something\n");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(names_that_are_always_there)
{
	struct stage_set set = {.target2 = "second.test",
			.off = "off.test",
			.approval_command = "urn:approve",
			.cast = "[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st =
			stage_set_up(&set, "Bard connects\n"
							   "Marlowe sends:\n"
							   "	<message a='${target} ${target2} ${off} ${token}' b='${Marlowe} ${Bard} ${Tybalt}'>"
							   "<body>${Bard's JID} ${Bard's full JID} ${Marlowe's full JID}</body>"
							   "<x>${approval command}</x></message>\n");
	stage_start(st);
	stage_connected(st, "Bard");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "a=\"example.org second.test off.test k7\"");
	ck_assert_has(actions, "b=\"marlowe.test bard@example.org tybalt@marlowe.test\"");
	ck_assert_has(actions, "bard@example.org bard@example.org/r marlowe.test</body>");
	ck_assert_has(actions, "<x>urn:approve</x>");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: names");
	TCase *tests = tcase_create("names");
	tcase_add_test(tests, bound_names_are_compared);
	tcase_add_test(tests, a_comparison_that_is_relied_on_ends_the_play);
	tcase_add_test(tests, names_that_are_always_there);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
