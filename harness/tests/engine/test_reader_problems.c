/* script/reader: what is wrong in a play, and hostile input */
#include "base/buf.h"
#include "reading.h"
#include "run.h"

#include <libxml/parser.h>

static const struct {
	const char *text;
	int line, column; /* line from 1 in the play */
	const char *message;
} plays[] = {
		{"Brad connects\n", 1, 1, "'Brad connects' " NO_STEP},
		{"Bard\n", 1, 1, "'Bard' " NO_STEP},
		{"Bard connect\n", 1, 1, "'Bard connect' " NO_STEP},
		{"Bard Connects\n", 1, 1, "'Bard Connects' " NO_STEP},
		{"Bard connects now\n", 1, 1, "'Bard connects now' " NO_STEP},
		{"Bards connects\n", 1, 1, "'Bards connects' " NO_STEP},
		{"Bard never sends:\n", 1, 1, "'Bard never sends:' " NO_STEP},
		{"the target sleeps\n", 1, 1, "'the target sleeps' " NO_STEP},
		{"the target restarts now\n", 1, 1, "'the target restarts now' " NO_STEP},
		{"the target approves\n", 1, 1, "'the target approves' " NO_STEP},
		{"the target lists Marlowe\n", 1, 1, "'the target lists Marlowe' " NO_STEP},
		{"the target lists Marlowe as pending today\n", 1, 1, "'the target lists Marlowe as pending today' " NO_STEP},
		{"the target shows nobody like a(\n", 1, 1, "'a(' is no regular expression"},
		{"the target lists nobody like a\n", 1, 1, "'the target lists nobody like a' " NO_STEP},
		{"the target lists nobody like  as pending\n", 1, 1, "'the target lists nobody like  as pending' " NO_STEP},
		{"the target shows Marlowe\n", 1, 1, "'the target shows Marlowe' " NO_STEP},
		{"the target approves Brad\n", 1, 1, "'Brad' is no peer or remote user of the cast"},
		{"the target approves Bard\n", 1, 1, "'Bard' is no peer or remote user of the cast"},
		{"the target lists Kit as pending\n", 1, 1, "'Kit' is no peer or remote user of the cast"},
		{"${a} equals ${b}\n", 1, 1, "'${a} equals ${b}' " NO_STEP},
		{"x is ${b}\n", 1, 1, "'x is ${b}' " NO_STEP},
		{"${a} is\n", 1, 1, "'${a} is' " NO_STEP},
		{"Together\n", 1, 1, "'Together' " NO_STEP},
		/* bodies */
		{"Bard sends:\nBard connects\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard sends:\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard receives:\n\tSB-001 alone\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard sends:\n\t<iq/>\n\tSB-001 sent\n", 3, 2, "a check below `sends`; checks stand below what is received"},
		{"Bard sends:\n\t<iq/>\n\t<iq/>\n", 3, 2,
				"a second element <iq>; expected one element (is a `receives:` line missing?)"},
		{"Bard sends:\n\t<iq id='{bind:a}'/>\n", 2, 2,
				"\"id='{bind:a}'\" in a stanza to send; patterns are for `receives` (is a `receives:` line missing?)"},
		{"Marlowe sends raw:\n", 1, 1, "expected an indented line of octets below this line"},
		{"Marlowe sends raw:\n\t<a>\n\t</b>\n", 3, 2, "raw octets are one line"},
		{"Bard sends raw:\n\t<a>\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, sends raw octets"},
		{"Tybalt sends raw:\n\t<a>\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, sends raw octets"},
		{"Bard receives: nothing\n\t<iq/>\n", 2, 2, NO_CHECK},
		{"Bard connects\n\t<iq/>\n", 2, 2, NO_CHECK},
		{"the target restarts\n\tsoon\n", 2, 2, NO_CHECK},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text\n\tand more\n", 4, 2, NO_CHECK},
		{"Bard resets\n", 1, 1, "only a peer resets"},
		{"unreachable:\n", 1, 1, "expected `unreachable: why`, with nothing below it"},
		{"unreachable: so\n\tSB-001 x\n", 1, 1, "expected `unreachable: why`, with nothing below it"},
		{"Bard opens a stream\n", 1, 1, "only a peer and a component open streams"},
		{"Tybalt holds back its answers\n", 1, 1, "only a peer holds back answers and ends streams like that"},
		{"Bard half-closes its streams\n", 1, 1, "only a peer holds back answers and ends streams like that"},
		{"Bard ends the target's streams with reset\n", 1, 1,
				"only a peer holds back answers and ends streams like that"},
		{"Marlowe ends the target's streams with joy\n", 1, 1, "expected a condition of RFC 6120 section 4.9.3"},
		{"Marlowe opens a stream\n\tSB-001 x\n", 1, 1, "nothing stands below this step"},
		{"Marlowe opens a stream with:\n", 1, 1, "expected an indented line of octets below this line"},
		{"Bard's stream is closed\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, has a stream that can be waited "
				"for"},
		{"Marlowe's stream is closed with\n", 1, 1, "'Marlowe's stream is closed with' " NO_STEP},
		{"the target opens a stream to Bard\n", 1, 1, "'Bard' is no peer or remote user of the cast"},
		{"Tybalt connects\n", 1, 1, "a remote user has no connection of its own; its peer connects and disconnects"},
		{"Tybalt disconnects\n", 1, 1, "a remote user has no connection of its own; its peer connects and disconnects"},
		/* indentation */
		{"\tBard connects\n", 1, 2, "unexpected indentation: this line belongs to no step"},
		{"  Bard connects\n", 1, 2, "unexpected indentation: this line belongs to no step"},
		{"either:\n\tBard receives:\n\t\t<iq/>\nor:\n\t\tBard receives:\n\t\t\t<iq/>\n\tBard receives:\n\t\t<iq/>\n", 5,
				3, "unexpected indentation: this line belongs to no step"},
		/* blocks */
		{"or:\n\tBard receives:\n\t\t<iq/>\n", 1, 1, "`or:` without `either:` before it"},
		{"Bard connects\nor:\n\tBard receives:\n\t\t<iq/>\n", 2, 1, "`or:` without `either:` before it"},
		{"Together:\n", 1, 1, "expected steps below this line"},
		{"either:\nor:\n\tBard receives:\n\t\t<iq/>\n", 1, 1, "expected steps below this line"},
		{"Together:\n\tBard receives:\n\t\t<iq/>\n\tBard connects\n", 4, 1,
				"only `receives` steps stand below `Together:`"},
		{"Together:\n\tTogether:\n\t\tBard receives:\n\t\t\t<iq/>\n", 2, 1,
				"only `receives` steps stand below `Together:`"},
		{"either:\n\tBard connects\nor:\n\tBard receives:\n\t\t<iq/>\n", 2, 1,
				"a branch begins with a `receives` step: it decides which branch is played"},
		{"either:\n\tBard receives:\n\t\t<iq/>\nor:\n\tBard receives: nothing\n", 5, 1,
				"a branch begins with a `receives` step: it decides which branch is played"},
		/* checks */
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: @type =\n", 3, 2, "'@type =' is no XPath 1.0 expression"},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: y:a\n", 3, 2, "'y:a' has an unknown prefix or function"},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: @a = ${target}\n", 3, 2,
				"a variable in XPath stands alone in quotes: '${name}'"},
};

START_TEST(problems_of_groups)
{
	read_play("For each peer of Marlowe:\n\tMarlowe connects\n");
	only_problem(PLAY_AT, 1, "expected a group of the cast: `[Peer] Name x 20`");
	read_text("# T\n[Peer] Crowd x 9\n---\nFor each peer of Crowd:\nCrowd 1 connects\n");
	only_problem(4, 1, "expected steps below this line");
	read_text("# T\n[Peer] Crowd x 9\n---\nFor each peer of Crowd:\n\tCrowd sleeps\n");
	only_problem(5, 1, "'Crowd 1 sleeps' " NO_STEP);
}
END_TEST

START_TEST(what_is_wrong_in_the_play)
{
	read_play(plays[_i].text);
	only_problem(PLAY_AT - 1 + plays[_i].line, plays[_i].column, plays[_i].message);
}
END_TEST

START_TEST(a_problem_does_not_hide_the_next)
{
	read_play("Brad connects\nBard sends:\n\t<iq\nBard sendz:\n\t<iq/>\nBard connects\n");
	ck_assert_uint_eq(problems.count, 3);
	ck_assert_int_eq(problems.items[0].line, PLAY_AT);
	ck_assert_int_eq(problems.items[1].line, PLAY_AT + 2);
	ck_assert_int_eq(problems.items[2].line, PLAY_AT + 3);
	ck_assert_int_eq(step(scenario->play.count - 1)->kind, STEP_CONNECT);
}
END_TEST

START_TEST(deep_nesting_is_read)
{
	struct buf play = {0};
	for (int i = 0; i < 500; i++) {
		for (int tab = 0; tab < i; tab++) {
			buf_add_text(&play, "\t");
		}
		buf_add_text(&play, "either:\n");
	}
	read_play(buf_text(&play));
	ck_assert_uint_gt(problems.count, 0);
	buf_finish(&play);
}
END_TEST

START_TEST(odd_octets_are_read)
{
	static const char *const odd[] = {"\r\r\r", "-----", "[", "]", "[]", "##", "#", "\t", ":", "${", "${} is ",
			"the target ", "the target shows  as ", "the target lists  as pending", "Bard ", "Bard :", "Bard receives",
			"Bard receives within", "Together:\n\tor:", "either:\n\teither:\n\tor:", "\x01\x7f", "\xff\xfe",
			"Bard sends:\n\t<", "Bard sends:\n\t&#0;", "Bard receives:\n\t<a b='{bind:", "Marlowe as as pending"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		read_text(odd[i]);
		ck_assert_uint_gt(problems.count, 0);
		read_play(odd[i]);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader: problems");
	TCase *tests = tcase_create("problems");
	tcase_add_checked_fixture(tests, NULL, reading_finish);
	tcase_add_test(tests, problems_of_groups);
	tcase_add_loop_test(tests, what_is_wrong_in_the_play, 0, sizeof plays / sizeof *plays);
	tcase_add_test(tests, a_problem_does_not_hide_the_next);
	tcase_add_test(tests, deep_nesting_is_read);
	tcase_add_test(tests, odd_octets_are_read);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
