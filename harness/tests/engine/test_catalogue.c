/* script/catalogue: a directory of scenarios, and our own. */
#include "base/err.h"
#include "base/mem.h"
#include "run.h"
#include "script/catalogue.h"

#include <errno.h>
#include <ftw.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct catalogue c;

#define HEAD                                                                                                           \
	"id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_none\tnotes\n"
#define TABLE HEAD "SB-001\ts\tMUST\ts\ta\ts\to\tp\tHARD\t\t\t\n"
#define SCENARIO(title) "# " title "\n[Admin] Bard\n-----\nBard comes\nBard receives: nothing\n\tSB-001 x\n"
#define PHRASES "Phrase: {who} comes\n{who} connects\n"

static void write_text(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void make_dir(const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	free(path);
}

static void setup(void)
{
	strcpy(dir, "/tmp/buddycheck-catalogue-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_dir("phrases");
	make_dir("cancel");
	make_dir("adhoc");
	write_text("requirements.tsv", TABLE);
	write_text("phrases/p.scs", PHRASES);
	write_text("phrases/b.rules", "a peer tolerates:\n\t<message/>\n");
	write_text("cancel/one.scs", SCENARIO("One"));
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	catalogue_finish(&c);
	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void problem_is(size_t i, const char *file, int line, const char *message)
{
	ck_assert_uint_gt(c.problems.count, i);
	ck_assert_str_eq(c.problems.items[i].message, message);
	ck_assert_str_eq(c.problems.items[i].file, file);
	ck_assert_int_eq(c.problems.items[i].line, line);
}

START_TEST(a_directory_is_read)
{
	write_text("cancel/a.scs", SCENARIO("A"));
	write_text("adhoc/z.scs", SCENARIO("Z"));
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 0);
	ck_assert_uint_eq(c.requirements.count, 1);
	ck_assert_uint_eq(c.phrases.count, 1);
	ck_assert_uint_eq(c.background.count, 2);
	ck_assert_uint_eq(c.count, 3);
	ck_assert_str_eq(c.scenarios[0]->id, "adhoc/z");
	ck_assert_str_eq(c.scenarios[1]->id, "cancel/a");
	ck_assert_str_eq(c.scenarios[2]->id, "cancel/one");
	ck_assert_str_eq(c.scenarios[2]->play.items[0].file, "phrases/p.scs");
	ck_assert_str_eq(c.scenarios[2]->play.items[1].file, "cancel/one.scs");
	ck_assert_ptr_eq(catalogue_find(&c, "cancel/a"), c.scenarios[1]);
	ck_assert_ptr_null(catalogue_find(&c, "cancel"));
	ck_assert_ptr_null(catalogue_find(&c, "cancel/a.scs"));
	ck_assert_ptr_null(catalogue_find(&c, ""));
}
END_TEST

START_TEST(other_files_are_left_alone)
{
	write_text("README.md", "text");
	write_text("top.scs", "no scenario");
	write_text("cancel/notes.txt", "text");
	write_text("cancel/.hidden.scs", "no scenario");
	write_text("cancel/.scs", "no scenario");
	make_dir(".git");
	write_text(".git/x.scs", "no scenario");
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 0);
	ck_assert_uint_eq(c.count, 1);
}
END_TEST

START_TEST(a_directory_that_is_not_there)
{
	char *missing = mem_printf("%s/nowhere", dir);
	ck_assert_int_eq(catalogue_read(&c, missing), ERR_NOT_FOUND);
	ck_assert_int_eq(errno, ENOENT);
	free(missing);
	catalogue_finish(&c);
	char *file = mem_printf("%s/requirements.tsv", dir);
	ck_assert_int_eq(catalogue_read(&c, file), ERR_NOT_FOUND);
	free(file);
}
END_TEST

START_TEST(an_empty_directory_lacks_its_table)
{
	char *empty = mem_printf("%s/adhoc", dir);
	ck_assert_int_eq(catalogue_read(&c, empty), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 1);
	problem_is(0, "requirements.tsv", 1, "cannot be read: No such file or directory");
	ck_assert_uint_eq(c.count, 0);
	free(empty);
}
END_TEST

START_TEST(problems_of_all_files_are_gathered)
{
	write_text("requirements.tsv", TABLE "SB-002\tx\n");
	write_text("phrases/q.scs", "no phrase\n");
	write_text("phrases/c.rules", "a peer hopes:\n");
	write_text("cancel/two.scs", "# T\n[Admin] Bard\n-----\nBard comes\nBard receives: nothing\n\tSB-404 x\n");
	write_text("adhoc/latin1.scs", "# caf\xe9\n");
	make_dir("adhoc/dir.scs");
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 6);
	problem_is(0, "requirements.tsv", 3, "2 cells; expected 12 separated by tabs");
	problem_is(1, "phrases/q.scs", 1, "expected `Phrase: ...` before the first step");
	ck_assert_str_eq(c.problems.items[2].file, "phrases/c.rules");
	ck_assert_str_eq(c.problems.items[3].file, "adhoc/dir.scs");
	problem_is(4, "adhoc/latin1.scs", 1, "cannot be read: Invalid or incomplete multibyte or wide character");
	problem_is(5, "cancel/two.scs", 6, "unknown requirement 'SB-404'; expected an id of requirements.tsv");
	ck_assert_uint_eq(c.count, 2);
}
END_TEST

START_TEST(phrases_of_several_files_may_use_each_other)
{
	write_text("phrases/a.scs", "Phrase: all come\nBard comes\n");
	write_text("cancel/one.scs", "# T\n[Admin] Bard\n-----\nall come\nBard receives: nothing\n\tSB-001 x\n");
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 0);
	ck_assert_int_eq(c.phrases.items[0].used, 1);
	ck_assert_int_eq(c.phrases.items[1].used, 1);
}
END_TEST

#define ROWS "id\tplay\twho\trequirement\n"
#define PLAY "# {who} is silent\n[Admin] {who}\n-----\n{who} comes\n\n{who} receives: nothing\n\t{requirement} x\n"

START_TEST(each_row_of_a_table_makes_a_scenario)
{
	make_dir("tables");
	write_text("tables/t.tsv", ROWS "cancel/b\tp\tBard\tSB-001\ntwo/a\tp\tAnn\tSB-001\n");
	write_text("tables/p.play", PLAY);
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 0);
	ck_assert_uint_eq(c.count, 3);
	const struct scenario *s = catalogue_find(&c, "two/a");
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(s->title, "Ann is silent");
	ck_assert_str_eq(s->file, "tables/p.play");
	ck_assert_str_eq(s->table, "tables/t.tsv");
	ck_assert_int_eq(s->row, 3);
	ck_assert_str_eq(s->expanded, "Ann connects\nAnn receives: nothing\n\tSB-001 x\n");
	ck_assert_str_eq(s->play.items[1].file, "tables/p.play");
	ck_assert_int_eq(s->play.items[1].line, 6);
	ck_assert_str_eq(catalogue_find(&c, "cancel/b")->title, "Bard is silent");
	ck_assert_ptr_null(catalogue_find(&c, "cancel/one")->table);
}
END_TEST

/* A play that is wrong for every row is said to be so once, with the first row. */
START_TEST(problems_of_a_play_name_the_row)
{
	make_dir("tables");
	write_text("tables/t.tsv", ROWS "a/b\tp\tBard\tSB-404\na/c\tp\tBard\tSB-404\na/d\tp\tBard\tSB-405\n");
	write_text("tables/p.play", PLAY "Brad comes\n");
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 3);
	problem_is(0, "phrases/p.scs", 2,
			"'Brad connects' is no step: expected an actor of the cast with a verb, `the target ...`, or a phrase "
			"(used "
			"at tables/p.play:8) (row tables/t.tsv:2)");
	problem_is(1, "tables/p.play", 7,
			"unknown requirement 'SB-404'; expected an id of requirements.tsv (row tables/t.tsv:2)");
	problem_is(2, "tables/p.play", 7,
			"unknown requirement 'SB-405'; expected an id of requirements.tsv (row tables/t.tsv:4)");
}
END_TEST

START_TEST(rows_that_lead_nowhere)
{
	make_dir("tables");
	write_text("tables/t.tsv", ROWS "cancel/one\tp\tBard\tSB-001\na/b\tp\tBard\tSB-001\na/b\tp\tBard\tSB-001\n"
									"a/c\tq\tBard\tSB-001\n");
	write_text("tables/p.play", PLAY);
	write_text("tables/r.play", PLAY);
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	ck_assert_uint_eq(c.problems.count, 4);
	problem_is(0, "tables/t.tsv", 5,
			"play 'q': tables/q.play cannot be read: No such file or directory (row tables/t.tsv:5)");
	problem_is(1, "tables/r.play", 1, "no row of a table uses this play");
	problem_is(2, "tables/t.tsv", 4, "id 'a/b' stands twice: also in tables/t.tsv");
	problem_is(3, "tables/t.tsv", 2, "id 'cancel/one' stands twice: also in cancel/one.scs");
}
END_TEST

START_TEST(our_own_scenarios_have_no_problems)
{
	const char *source = getenv("BUDDYCHECK_SOURCE");
	char *path = mem_printf("%s/scenarios", source ? source : ".");
	ck_assert_int_eq(catalogue_read(&c, path), ERR_OK);
	free(path);
	for (size_t i = 0; i < c.problems.count; i++) {
		ck_abort_msg("%s:%d:%d: %s", c.problems.items[i].file, c.problems.items[i].line, c.problems.items[i].column,
				c.problems.items[i].message);
	}
	ck_assert_uint_gt(c.count, 0);
	ck_assert_uint_gt(c.requirements.count, 0);
	for (size_t i = 1; i < c.count; i++) {
		ck_assert_str_ne(c.scenarios[i]->id, c.scenarios[i - 1]->id);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("catalogue");
	TCase *tests = tcase_create("catalogue");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_directory_is_read);
	tcase_add_test(tests, other_files_are_left_alone);
	tcase_add_test(tests, a_directory_that_is_not_there);
	tcase_add_test(tests, an_empty_directory_lacks_its_table);
	tcase_add_test(tests, problems_of_all_files_are_gathered);
	tcase_add_test(tests, phrases_of_several_files_may_use_each_other);
	tcase_add_test(tests, each_row_of_a_table_makes_a_scenario);
	tcase_add_test(tests, problems_of_a_play_name_the_row);
	tcase_add_test(tests, rows_that_lead_nowhere);
	tcase_add_test(tests, our_own_scenarios_have_no_problems);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
