/* script/phrases: what the file says, which phrase fits, and what a use becomes. */
#include "base/buf.h"
#include "base/mem.h"
#include "run.h"
#include "script/phrases.h"

#include <stdlib.h>
#include <string.h>

static struct phrases phrases;
static struct problems ps;

static void teardown(void)
{
	phrases_finish(&phrases);
	problems_finish(&ps);
}

static void add(const char *text)
{
	phrases_read(&phrases, "phrases/p.scs", text, &ps);
}

static struct phrase *find(const char *text)
{
	struct line line = {.text = (char *)text, .number = 9, .indent = 1, .file = "a/b.scs"};
	return phrases_find(&phrases, &line, &ps);
}

/* The lines of a use at indentation 1, "indent text" each. */
static char *expand(const char *text)
{
	struct line line = {.text = (char *)text, .number = 9, .indent = 1, .file = "a/b.scs"};
	struct phrase *p = phrases_find(&phrases, &line, &ps);
	ck_assert_ptr_nonnull(p);
	struct lines out = {0};
	phrase_expand(&phrases, p, &line, &out);
	struct buf b = {0};
	for (size_t i = 0; i < out.count; i++) {
		ck_assert_str_eq(out.items[i].file, "phrases/p.scs");
		ck_assert_int_eq(out.items[i].used_at, 9);
		buf_printf(&b, "%d %s\n", out.items[i].indent, out.items[i].text);
	}
	lines_finish(&out);
	return buf_take(&b);
}

static void becomes(const char *text, const char *expected)
{
	char *got = expand(text);
	ck_assert_str_eq(got, expected);
	free(got);
}

START_TEST(a_file_defines_phrases)
{
	add("# about\n\nPhrase: {admin} opens the form as {session}\n\n{admin} sends:\n\t<iq/>\n\n# between\n"
		"// and\nPhrase: nothing happens\nA waits\n");
	ck_assert_uint_eq(ps.count, 0);
	ck_assert_uint_eq(phrases.count, 2);
	ck_assert_str_eq(phrases.items[0].pattern, "{admin} opens the form as {session}");
	ck_assert_uint_eq(phrases.items[0].params_count, 2);
	ck_assert_str_eq(phrases.items[0].params[0], "admin");
	ck_assert_str_eq(phrases.items[0].params[1], "session");
	ck_assert_str_eq(phrases.items[0].file, "phrases/p.scs");
	ck_assert_int_eq(phrases.items[0].line, 3);
	ck_assert_uint_eq(phrases.items[0].body.count, 2);
	ck_assert_int_eq(phrases.items[0].body.items[1].number, 6);
	ck_assert_int_eq(phrases.items[1].line, 10);
	ck_assert_uint_eq(phrases.items[1].params_count, 0);
	ck_assert_uint_eq(phrases.items[1].body.count, 1);
}
END_TEST

START_TEST(names_bound_by_xpath_are_private_as_well)
{
	add("Phrase: {who} looks as {name}\n{who} receives:\n\t<iq/>\n\tbind hash: string(@ver)\n"
		"\tbind {name}: '${hash}'\n\tbinding hash: x\n");
	becomes("Marlowe looks as seen", "1 Marlowe receives:\n2 <iq/>\n2 bind hash#1: string(@ver)\n"
									 "2 bind seen: '${hash#1}'\n2 binding hash: x\n");
}
END_TEST

static const struct {
	const char *text, *message;
	int line;
} bad[] = {
		{"Bard connects\n", "expected `Phrase: ...` before the first step", 1},
		{"# about\n\n\tBard connects\n", "expected `Phrase: ...` before the first step", 3},
		{"Phrase:\n", "expected `Phrase: text with {parameters}`", 1},
		{"# about\nPhrase:  \t\n", "expected `Phrase: text with {parameters}`", 2},
		{"Phrase: {a} {b} {c} {d} {e} {f} {g} {h} {i} {j}\n", "expected `Phrase: text with {parameters}`", 1},
};

START_TEST(what_is_no_phrase_is_a_problem)
{
	add(bad[_i].text);
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].file, "phrases/p.scs");
	ck_assert_int_eq(ps.items[0].line, bad[_i].line);
	ck_assert_int_eq(ps.items[0].column, 1);
	ck_assert_str_eq(ps.items[0].message, bad[_i].message);
	ck_assert_uint_eq(phrases.count, 0);
}
END_TEST

START_TEST(parameters_are_filled_in)
{
	add("Phrase: {admin} submits {what} for {peer}\n{admin} sends:\n\t<iq to='{peer}' a='{admin}{what}'/>\n"
		"{peer} waits for ${{peer}}\n\n\t\tdeep {other} {ad min} {} { {admin\n");
	becomes("Bard submits the form for Tybalt of Marlowe",
			"1 Bard sends:\n2 <iq to='Tybalt of Marlowe' a='Bardthe form'/>\n"
			"1 Tybalt of Marlowe waits for ${Tybalt of Marlowe}\n3 deep {other} {ad min} {} { {admin\n");
	/* What comes in through a parameter is not looked at again. */
	becomes("{peer} submits ${x} for {admin}", "1 {peer} sends:\n2 <iq to='{admin}' a='{peer}${x}'/>\n"
											   "1 {admin} waits for ${{admin}}\n3 deep {other} {ad min} {} { {admin\n");
}
END_TEST

START_TEST(nine_parameters_are_enough)
{
	add("Phrase: {a} {b} {c} {d} {e} {f} {g} {h} {i}\n{i}{h}{g}{f}{e}{d}{c}{b}{a}\n");
	becomes("1 2 3 4 5 6 7 8 9", "1 987654321\n");
}
END_TEST

START_TEST(a_colon_may_end_the_use)
{
	add("Phrase: {who} waits\n{who} ok\n");
	becomes("Bard waits", "1 Bard ok\n");
	becomes("Bard waits:", "1 Bard ok\n");
}
END_TEST

START_TEST(literal_text_is_literal)
{
	add("Phrase: {who} (really) asks a.b* [x] $1 ^ + ? | \\ {open\n{who}\n");
	ck_assert_ptr_nonnull(find("Bard (really) asks a.b* [x] $1 ^ + ? | \\ {open"));
	ck_assert_ptr_null(find("Bard (really) asks aXb* [x] $1 ^ + ? | \\ {open"));
	ck_assert_ptr_null(find("Bard really asks a.b* [x] $1 ^ + ? | \\ {open"));
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(the_whole_line_must_fit)
{
	add("Phrase: {who} waits\n{who} ok\n");
	ck_assert_ptr_null(find("Bard waits longer"));
	ck_assert_ptr_null(find(" waits"));
	ck_assert_ptr_null(find("Bard"));
	ck_assert_ptr_null(find(""));
	ck_assert_int_eq(phrases.items[0].used, 0);
	ck_assert_ptr_nonnull(find("Bard waits"));
	ck_assert_int_eq(phrases.items[0].used, 1);
}
END_TEST

START_TEST(the_most_literal_phrase_wins)
{
	add("Phrase: {who} answers {x}\nA\nPhrase: {who} answers {x} by mail\nB\nPhrase: {who} answers {x} {y}\nC\n");
	becomes("Bard answers it by mail", "1 B\n");
	becomes("Bard answers it", "1 A\n");
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(two_that_fit_equally_are_a_problem)
{
	add("Phrase: {who} asks {x}\nA\n\nPhrase: {a} asks {b}\nB\n");
	ck_assert_ptr_nonnull(find("Bard asks Marlowe"));
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].file, "a/b.scs");
	ck_assert_int_eq(ps.items[0].line, 9);
	ck_assert_int_eq(ps.items[0].column, 2);
	ck_assert_str_eq(ps.items[0].message, "two phrases fit: phrases/p.scs:1 and phrases/p.scs:4");
}
END_TEST

START_TEST(a_better_third_ends_the_doubt)
{
	add("Phrase: {who} asks {x}\nA\nPhrase: {a} asks {b}\nB\nPhrase: {a} asks {b} now\nC\n");
	becomes("Bard asks Marlowe now", "1 C\n");
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(names_bound_in_the_phrase_are_private)
{
	add("Phrase: {who} runs\n{who} a='{bind:session}'\n{who} b='${session}' c='${target}' d='${sessions}'\n"
		"@x = '${session}'\n");
	becomes("Bard runs", "1 Bard a='{bind:session#1}'\n1 Bard b='${session#1}' c='${target}' d='${sessions}'\n"
						 "1 @x = '${session#1}'\n");
	becomes("Kit runs", "1 Kit a='{bind:session#2}'\n1 Kit b='${session#2}' c='${target}' d='${sessions}'\n"
						"1 @x = '${session#2}'\n");
}
END_TEST

START_TEST(names_that_come_in_belong_to_the_scenario)
{
	add("Phrase: {who} opens {session} with {text}\n{who} a='{bind:{session}}' b='${{session}}' c='{bind:id}'\n"
		"{text} ${id}\n");
	/* A name of the scenario that is spelt like the private one stays the scenario's. */
	becomes("Bard opens first with ${id}", "1 Bard a='{bind:first}' b='${first}' c='{bind:id#1}'\n1 ${id} ${id#1}\n");
}
END_TEST

START_TEST(a_use_within_a_phrase_points_to_the_scenario)
{
	add("Phrase: outer\ninner\nPhrase: inner\nA\n");
	struct line line = {.text = "inner", .number = 2, .file = "phrases/p.scs", .used_at = 42};
	struct lines out = {0};
	phrase_expand(&phrases, phrases_find(&phrases, &line, &ps), &line, &out);
	ck_assert_int_eq(out.items[0].used_at, 42);
	ck_assert_int_eq(out.items[0].number, 4);
	lines_finish(&out);
}
END_TEST

START_TEST(long_lines_are_no_trouble)
{
	add("Phrase: {a} and {b} and {c} and {d}\n{a}{d}\n");
	char *text = mem_alloc(20001);
	for (int i = 0; i < 20000; i++) {
		text[i] = " and x"[i % 6];
	}
	ck_assert_ptr_nonnull(find(text + 4));
	free(text);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("phrases");
	TCase *tests = tcase_create("phrases");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, a_file_defines_phrases);
	tcase_add_test(tests, names_bound_by_xpath_are_private_as_well);
	tcase_add_loop_test(tests, what_is_no_phrase_is_a_problem, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tests, parameters_are_filled_in);
	tcase_add_test(tests, nine_parameters_are_enough);
	tcase_add_test(tests, a_colon_may_end_the_use);
	tcase_add_test(tests, literal_text_is_literal);
	tcase_add_test(tests, the_whole_line_must_fit);
	tcase_add_test(tests, the_most_literal_phrase_wins);
	tcase_add_test(tests, two_that_fit_equally_are_a_problem);
	tcase_add_test(tests, a_better_third_ends_the_doubt);
	tcase_add_test(tests, names_bound_in_the_phrase_are_private);
	tcase_add_test(tests, names_that_come_in_belong_to_the_scenario);
	tcase_add_test(tests, a_use_within_a_phrase_points_to_the_scenario);
	tcase_add_test(tests, long_lines_are_no_trouble);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
