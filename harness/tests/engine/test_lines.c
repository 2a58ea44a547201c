/* script/lines and script/problem */
#include "base/mem.h"
#include "run.h"
#include "script/lines.h"
#include "script/problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(lines_know_their_place)
{
	struct lines ls = {0};
	lines_split(&ls, "a/b.scs", "one\n\n\ttwo \t\r\n\t\t  three  four\n    five\n\t");
	ck_assert_uint_eq(ls.count, 6);
	static const struct {
		const char *text;
		int indent, spaces;
	} expected[] = {{"one", 0, 0}, {"", 0, 0}, {"two", 1, 0}, {"three  four", 3, 2}, {"five", 1, 4}, {"", 0, 0}};
	for (size_t i = 0; i < ls.count; i++) {
		ck_assert_str_eq(ls.items[i].text, expected[i].text);
		ck_assert_int_eq(ls.items[i].indent, expected[i].indent);
		ck_assert_int_eq(ls.items[i].spaces, expected[i].spaces);
		ck_assert_int_eq(ls.items[i].number, (int)i + 1);
		ck_assert_str_eq(ls.items[i].file, "a/b.scs");
		ck_assert_int_eq(ls.items[i].used_at, 0);
	}
	lines_finish(&ls);
	ck_assert_uint_eq(ls.count, 0);
}
END_TEST

START_TEST(nothing_makes_no_lines)
{
	struct lines ls = {0};
	lines_split(&ls, "f", "");
	ck_assert_uint_eq(ls.count, 0);
	lines_split(&ls, "f", "last line without end");
	ck_assert_uint_eq(ls.count, 1);
	lines_finish(&ls);
}
END_TEST

START_TEST(added_lines_are_copies)
{
	char text[] = "text";
	struct line line = {.text = text, .indent = 2, .number = 7, .file = "f", .used_at = 3};
	struct lines ls = {0};
	lines_add(&ls, &line);
	text[0] = 'x';
	ck_assert_str_eq(ls.items[0].text, "text");
	ck_assert_int_eq(ls.items[0].indent, 2);
	ck_assert_int_eq(ls.items[0].number, 7);
	ck_assert_int_eq(ls.items[0].used_at, 3);
	lines_finish(&ls);
}
END_TEST

static const struct {
	const char *text;
	int comment;
} comments[] = {
		{"# note", 1},
		{"## slow", 1},
		{"// vim: ts=4", 1},
		{"-- Romeo connects", 1},
		{"-----", 1},
		{" ", 1},
		{"\t", 1},
		{"\t# below a step", 0},
		{"\t// below a step", 0},
		{"/ one", 0},
		{"- one", 0},
		{"Romeo connects", 0},
};

START_TEST(comments_begin_at_the_margin)
{
	struct lines ls = {0};
	lines_split(&ls, "f", comments[_i].text);
	ck_assert_int_eq(line_is_comment(&ls.items[0]), comments[_i].comment);
	lines_finish(&ls);
}
END_TEST

#define MIB ((size_t)1024 * 1024)

static char path[64];

static void make_file(void)
{
	strcpy(path, "/tmp/buddycheck-lines-XXXXXX");
	close(mkstemp(path));
}

static void drop_file(void)
{
	unlink(path);
}

static void write_file(const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	fclose(f);
}

START_TEST(files_are_read_whole)
{
	char *text = file_read(path);
	ck_assert_str_eq(text, "");
	free(text);
	write_file("a\n\xc3\xa4\n", 5);
	text = file_read(path);
	ck_assert_str_eq(text, "a\n\xc3\xa4\n");
	free(text);
	char *large = mem_alloc(MIB + 1);
	memset(large, 'x', MIB);
	write_file(large, MIB);
	text = file_read(path);
	ck_assert_str_eq(text, large);
	free(text);
	free(large);
}
END_TEST

START_TEST(large_files_are_refused)
{
	char *large = mem_alloc(MIB + 1);
	memset(large, 'x', MIB + 1);
	write_file(large, MIB + 1);
	ck_assert_ptr_null(file_read(path));
	ck_assert_int_eq(errno, EFBIG);
	free(large);
}
END_TEST

static const struct {
	const char *data;
	size_t len;
} not_text[] = {
		{"a\0b", 3}, {"a\0", 2}, {"caf\xe9\n", 5}, /* Latin-1 */
		{"\xc3", 1},							   /* cut short */
		{"\xc0\xaf", 2},						   /* too long a form */
		{"\xed\xa0\x80", 3},					   /* surrogate */
		{"\xf4\x90\x80\x80", 4},				   /* beyond U+10FFFF */
		{"\xff\xfe\x41\x00", 4},				   /* UTF-16 */
		{"fine \x80 not fine\n", 16},			   /* continuation without a start */
};

START_TEST(what_is_no_text_is_refused)
{
	write_file(not_text[_i].data, not_text[_i].len);
	ck_assert_ptr_null(file_read(path));
	ck_assert_int_eq(errno, EILSEQ);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	ck_assert_ptr_null(file_read("/tmp/buddycheck/no/such/file"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(file_read("/tmp"));
	ck_assert_int_ne(errno, 0);
}
END_TEST

START_TEST(problems_are_gathered)
{
	struct problems ps = {0};
	char file[] = "a.scs";
	problems_add(&ps, file, 3, 2, "expected %d, not '%s'", 1, "two");
	file[0] = 'b';
	problems_add(&ps, file, 4, 1, "%s", "second");
	ck_assert_uint_eq(ps.count, 2);
	ck_assert_str_eq(ps.items[0].file, "a.scs");
	ck_assert_int_eq(ps.items[0].line, 3);
	ck_assert_int_eq(ps.items[0].column, 2);
	ck_assert_str_eq(ps.items[0].message, "expected 1, not 'two'");
	problems_used_at(&ps, 1, "cancel/at-form.scs", 12);
	ck_assert_str_eq(ps.items[0].message, "expected 1, not 'two'");
	ck_assert_str_eq(ps.items[1].message, "second (used at cancel/at-form.scs:12)");
	problems_finish(&ps);
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(long_problems_are_cut)
{
	struct problems ps = {0};
	char *huge = mem_alloc(100001);
	memset(huge, 'x', 100000);
	problems_add(&ps, "f", 1, 1, "%s", huge);
	ck_assert_uint_eq(strlen(ps.items[0].message), 1023);
	problems_finish(&ps);
	free(huge);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("lines");
	TCase *tests = tcase_create("lines");
	tcase_add_test(tests, lines_know_their_place);
	tcase_add_test(tests, nothing_makes_no_lines);
	tcase_add_test(tests, added_lines_are_copies);
	tcase_add_loop_test(tests, comments_begin_at_the_margin, 0, sizeof comments / sizeof *comments);
	suite_add_tcase(suite, tests);
	tests = tcase_create("files");
	tcase_add_checked_fixture(tests, make_file, drop_file);
	tcase_add_test(tests, files_are_read_whole);
	tcase_add_test(tests, large_files_are_refused);
	tcase_add_loop_test(tests, what_is_no_text_is_refused, 0, sizeof not_text / sizeof *not_text);
	tcase_add_test(tests, what_is_no_file_is_refused);
	suite_add_tcase(suite, tests);
	tests = tcase_create("problems");
	tcase_add_test(tests, problems_are_gathered);
	tcase_add_test(tests, long_problems_are_cut);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
