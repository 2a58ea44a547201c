/* script/reader: phrases in a play */
#include "base/buf.h"
#include "reading.h"
#include "run.h"

#include <libxml/parser.h>
#include <string.h>

START_TEST(a_phrase_becomes_its_steps)
{
	add_phrases("Phrase: {admin} asks {peer}\n\n{admin} sends:\n\t<iq to='${{peer}}'/>\n{peer} receives:\n"
				"\t<iq/>\n\tSB-001 it comes\n");
	read_play("Bard connects\nBard asks Marlowe\n\tSB-002 below the phrase\nBard asks Kit Marlowe:\n");
	no_problem();
	ck_assert_uint_eq(scenario->play.count, 5);
	ck_assert_str_eq(step(1)->text, "Bard sends:");
	ck_assert_str_eq(step(1)->file, "phrases/p.scs");
	ck_assert_int_eq(step(1)->line, 3);
	ck_assert_int_eq(step(1)->used_at, PLAY_AT + 1);
	ck_assert_str_eq(step(1)->template->text, "<iq to='${Marlowe}'/>");
	ck_assert_str_eq(actor(step(2)), "Marlowe");
	ck_assert_uint_eq(step(2)->checks_count, 2);
	ck_assert_str_eq(step(2)->checks[0].file, "phrases/p.scs");
	ck_assert_int_eq(step(2)->checks[0].line, 7);
	ck_assert_str_eq(step(2)->checks[1].id, "SB-002");
	ck_assert_str_eq(step(2)->checks[1].file, FILE_NAME);
	ck_assert_int_eq(step(2)->checks[1].line, PLAY_AT + 2);
	ck_assert_str_eq(actor(step(4)), "Kit Marlowe");
	ck_assert_int_eq(step(4)->used_at, PLAY_AT + 3);
}
END_TEST

START_TEST(checks_below_a_phrase_belong_to_its_last_receiving_step)
{
	add_phrases("Phrase: one\nMarlowe receives:\n\t<iq/>\nMarlowe receives: nothing\nBard connects\n"
				"Phrase: two\nMarlowe receives:\n\t<iq/>\nTogether:\n\tBard receives:\n\t\t<iq/>\n"
				"\tMarlowe receives:\n\t\t<iq/>\nPhrase: three\nthe target lists Marlowe as pending\n"
				"Phrase: four\nthe target shows Marlowe as both\nPhrase: five\nMarlowe never receives:\n\t<iq/>\n");
	read_play("one\n\tSB-001 x\ntwo\n\tSB-002 x\nthree\n\tSB-003 x\nfour\n\tSB-004 x\nfive\n\tSB-005 x\n");
	no_problem();
	ck_assert_uint_eq(step(0)->checks_count, 0);
	ck_assert_str_eq(step(1)->checks[0].id, "SB-001");
	ck_assert_uint_eq(step(3)->checks_count, 0);
	ck_assert_uint_eq(step(4)->branches[0].items[0].checks_count, 0);
	ck_assert_str_eq(step(4)->branches[0].items[1].checks[0].id, "SB-002");
	ck_assert_str_eq(step(5)->checks[0].id, "SB-003");
	ck_assert_str_eq(step(6)->checks[0].id, "SB-004");
	ck_assert_str_eq(step(7)->checks[0].id, "SB-005");
}
END_TEST

START_TEST(a_phrase_that_ends_in_branches_takes_no_checks)
{
	add_phrases("Phrase: {who} hears\n{who} receives:\n\t<a/>\neither:\n\t{who} receives:\n\t\t<b/>\nor:\n\t{who} "
				"receives:\n"
				"\t\t<c/>\n");
	read_play("Bard hears\n\tSB-001 which?\n");
	only_problem(
			PLAY_AT, 1, "checks below a phrase that ends in branches: it is not clear which stanza they are about");
}
END_TEST

START_TEST(a_phrase_that_receives_nothing_takes_no_checks)
{
	add_phrases("Phrase: {who} comes\n{who} connects\n");
	read_play("Bard comes\n\tSB-001 it does\n");
	only_problem(PLAY_AT, 1, "checks below a phrase that receives nothing");
	read_play("Bard comes\n\tand goes\n");
	only_problem(PLAY_AT, 1, "checks below a phrase that receives nothing");
}
END_TEST

START_TEST(phrases_within_phrases_and_branches)
{
	add_phrases("Phrase: {a} asks {b}\n{a} sends:\n\t<iq/>\n{b} hears it\nPhrase: {b} hears it\neither:\n"
				"\t{b} receives:\n\t\t<iq id='{bind:id}'/>\n\t{b} says ${id}\nor:\n\t{b} receives:\n\t\t<presence/>\n"
				"Phrase: {b} says {text}\n{b} sends:\n\t<iq id='{text}'/>\n");
	read_play("either:\n\tBard receives:\n\t\t<iq/>\n\tBard asks Marlowe\nor:\n\tBard receives:\n\t\t<message/>\n");
	no_problem();
	const struct steps *branch = &step(0)->branches[0];
	ck_assert_uint_eq(branch->count, 3);
	const struct step *inner = &branch->items[2];
	ck_assert_int_eq(inner->kind, STEP_EITHER);
	ck_assert_int_eq(inner->used_at, PLAY_AT + 3);
	ck_assert_str_eq(template_attr(inner->branches[0].items[0].template, "id"), "{bind:id#2}");
	ck_assert_str_eq(template_attr(inner->branches[0].items[1].template, "id"), "${id#2}");
	ck_assert_str_eq(scenario->expanded, "either:\n\tBard receives:\n\t\t<iq/>\n\tBard sends:\n\t\t<iq/>\n\teither:\n"
										 "\t\tMarlowe receives:\n\t\t\t<iq id='{bind:id#2}'/>\n\t\tMarlowe sends:\n"
										 "\t\t\t<iq id='${id#2}'/>\n\tor:\n\t\tMarlowe receives:\n\t\t\t<presence/>\n"
										 "or:\n\tBard receives:\n\t\t<message/>\n");
}
END_TEST

START_TEST(the_expanded_play_is_text)
{
	add_phrases("Phrase: {a} asks\n# note\n{a} sends:\n\t<iq>\n\n\t\t<x/>\n\t</iq>\n");
	read_play("# comment\nBard connects\n\nBard asks\nMarlowe receives: nothing\n\tSB-001 text\n\t\tgoes on\n");
	no_problem();
	ck_assert_str_eq(scenario->expanded, "Bard connects\nBard sends:\n\t<iq>\n\t\t<x/>\n\t</iq>\n"
										 "Marlowe receives: nothing\n\tSB-001 text\n\t\tgoes on\n");
}
END_TEST

static void stands_at(const char *text, int line)
{
	const char *at = scenario->expanded;
	for (int i = 1; i < line; i++) {
		at = strchr(at, '\n');
		ck_assert_msg(at != NULL, "there is no line %d for '%s'", line, text);
		at++;
	}
	ck_assert_int_gt(line, 0);
	at += strspn(at, "\t");
	ck_assert_msg(!strncmp(at, text, strlen(text)), "line %d is not '%s' but '%.60s'", line, text, at);
}

static void is_shown_there(void *ud, const struct step *at)
{
	(void)ud;
	stands_at(at->text, at->play_line);
	for (size_t i = 0; i < at->checks_count; i++) {
		stands_at(at->checks[i].id, at->checks[i].play_line);
	}
}

START_TEST(steps_and_checks_know_where_the_expanded_play_shows_them)
{
	add_phrases("Phrase: {who} is asked\n\n{who} sends:\n\t<iq>\n\t\t<x/>\n\t</iq>\n{who} is told\n\n"
				"Phrase: {who} is told\n\nTogether:\n\t{who} receives:\n\t\t<iq/>\n\t\tSB-001 of the phrase\n");
	read_play("Bard connects\nBard is asked:\n\tSB-002 below the phrase\neither:\n\tBard "
			  "receives:\n\t\t<iq/>\n\t\tSB-003 a:\n"
			  "\t\t\t@type\n\t\tbind x: @id\n\t\tSB-004 b\n\tBard is told:\n\t\tSB-005 c\nor:\n\tBard "
			  "receives:\n\t\t<iq/>\n"
			  "Bard receives: nothing\n\tSB-006 d\n");
	no_problem();
	steps_each(&scenario->play, is_shown_there, NULL);
	ck_assert_int_eq(step(0)->play_line, 1);
	ck_assert_int_eq(step(1)->play_line, 2);
}
END_TEST

START_TEST(steps_for_each_of_a_group_are_shown_once)
{
	add_phrases("Phrase: {who} is told\n\n{who} sends:\n\t<iq/>\n{who} receives:\n\t<iq/>\n\tSB-001 of the phrase\n");
	read_text("# T\n[Peer] Crowd x 2\n---\nFor each peer of Crowd:\n\tCrowd connects\n\tCrowd is told:\n\t\tSB-002 a\n"
			  "\tCrowd receives:\n\t\t<iq/>\n\t\tSB-003 b\nCrowd 2 disconnects\n");
	no_problem();
	static const int lines[] = {2, 3, 3, 5, 2, 3, 3, 5, 8};
	ck_assert_uint_eq(scenario->play.count, 9);
	for (size_t i = 0; i < 9; i++) {
		ck_assert_int_eq(step(i)->play_line, lines[i]);
	}
	ck_assert_int_eq(step(6)->checks[0].play_line, 3);
	ck_assert_int_eq(step(6)->checks[1].play_line, 4);
	ck_assert_int_eq(step(7)->checks[0].play_line, 7);
	stands_at("Crowd 2 disconnects", step(8)->play_line);
}
END_TEST

START_TEST(phrases_do_not_lead_back)
{
	add_phrases("Phrase: {a} loops\n\n{a} connects\n{a} loops\n{a} loops\n");
	read_play("Bard loops\n");
	ck_assert_uint_eq(problems.count, 2);
	problem_is(0, "phrases/p.scs", 4, 1, "this phrase leads back to itself (used at area/name.scs:9)");
	problem_is(1, "phrases/p.scs", 5, 1, "this phrase leads back to itself (used at area/name.scs:9)");
	reading_finish();
	add_phrases("Phrase: {a} pings\n{a} pongs\n\nPhrase: {a} pongs\n{a} pings\n");
	read_play("either:\n\tBard receives:\n\t\t<iq/>\n\tBard pings\nor:\n\tBard receives:\n\t\t<iq/>\n");
	ck_assert_uint_eq(problems.count, 1);
	problem_is(0, "phrases/p.scs", 5, 2, "this phrase leads back to itself (used at area/name.scs:12)");
}
END_TEST

START_TEST(phrases_nest_to_a_limit)
{
	struct buf text = {0};
	for (int i = 0; i < 17; i++) {
		buf_printf(&text, "Phrase: phrase number %d.\nphrase number %d.\n", i, i + 1);
	}
	buf_add_text(&text, "Phrase: phrase number 17.\nBard connects\n");
	add_phrases(buf_text(&text));
	buf_finish(&text);
	read_play("phrase number 2.\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_CONNECT);
	read_play("phrase number 1.\n");
	problem_is(0, "phrases/p.scs", 34, 1, "phrases nest too deeply (used at area/name.scs:9)");
}
END_TEST

START_TEST(one_phrase_may_be_used_twice_side_by_side)
{
	add_phrases("Phrase: {a} comes\n{a} connects\nPhrase: all come\nBard comes\nRomeo comes\n");
	read_play("all come\nBard comes\n");
	no_problem();
	ck_assert_uint_eq(scenario->play.count, 3);
}
END_TEST

START_TEST(two_phrases_that_fit_are_a_problem)
{
	add_phrases("Phrase: {a} asks {b}\n{a} connects\n\nPhrase: {who} asks {whom}\n{who} connects\n");
	read_play("Bard asks Marlowe\n");
	only_problem(PLAY_AT, 1, "two phrases fit: phrases/p.scs:1 and phrases/p.scs:4");
}
END_TEST

START_TEST(problems_in_a_phrase_say_who_used_it)
{
	add_phrases("# about\nPhrase: {a} asks {b}\n\n{a} sends:\n\t<iq>\n\t</presence>\n{b} receives:\n\t<iq/>\n"
				"\tSB-001 x: @a =\nthe target approves {b}\n{a} runs\n");
	read_play("Bard connects\n\nBrad asks Bard\n");
	ck_assert_uint_eq(problems.count, 4);
	problem_is(0, "phrases/p.scs", 4, 1, "'Brad sends:' " NO_STEP " (used at area/name.scs:11)");
	problem_is(1, "phrases/p.scs", 9, 2, "'@a =' is no XPath 1.0 expression (used at area/name.scs:11)");
	problem_is(2, "phrases/p.scs", 10, 1, "'Bard' is no peer or remote user of the cast (used at area/name.scs:11)");
	problem_is(3, "phrases/p.scs", 11, 1, "'Brad runs' " NO_STEP " (used at area/name.scs:11)");
	read_play("Bard asks Marlowe\n");
	ck_assert_uint_eq(problems.count, 3);
	ck_assert_str_eq(problems.items[0].file, "phrases/p.scs");
	ck_assert_int_eq(problems.items[0].line, 6);
	ck_assert_ptr_nonnull(strstr(problems.items[0].message, " (used at area/name.scs:9)"));
}
END_TEST

START_TEST(a_verb_goes_before_a_phrase)
{
	add_phrases("Phrase: {a} connects\n{a} disconnects\n");
	read_play("Bard connects\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_CONNECT);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader: phrases");
	TCase *tests = tcase_create("phrases");
	tcase_add_checked_fixture(tests, NULL, reading_finish);
	tcase_add_test(tests, a_phrase_becomes_its_steps);
	tcase_add_test(tests, checks_below_a_phrase_belong_to_its_last_receiving_step);
	tcase_add_test(tests, a_phrase_that_receives_nothing_takes_no_checks);
	tcase_add_test(tests, a_phrase_that_ends_in_branches_takes_no_checks);
	tcase_add_test(tests, phrases_within_phrases_and_branches);
	tcase_add_test(tests, the_expanded_play_is_text);
	tcase_add_test(tests, steps_and_checks_know_where_the_expanded_play_shows_them);
	tcase_add_test(tests, steps_for_each_of_a_group_are_shown_once);
	tcase_add_test(tests, phrases_do_not_lead_back);
	tcase_add_test(tests, phrases_nest_to_a_limit);
	tcase_add_test(tests, one_phrase_may_be_used_twice_side_by_side);
	tcase_add_test(tests, two_phrases_that_fit_are_a_problem);
	tcase_add_test(tests, problems_in_a_phrase_say_who_used_it);
	tcase_add_test(tests, a_verb_goes_before_a_phrase);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
