/* script/requirements */
#include "base/buf.h"
#include "run.h"
#include "script/requirements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                                           \
	"id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_none\tnotes\n"
#define ROW(id, strictness, parts)                                                                                     \
	id "\tXEP-0267 2\tMUST\tserver\tcommand\tIt does.\tSeen.\tNone.\t" strictness "\t" parts "\twhy\tnote\n"

static char path[64];
static struct requirements rs;
static struct problems ps;

static void setup(void)
{
	strcpy(path, "/tmp/buddycheck-requirements-XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	requirements_finish(&rs);
	problems_finish(&ps);
	unlink(path);
}

static void read_text(const char *text)
{
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	requirements_finish(&rs);
	problems_finish(&ps);
	requirements_read(&rs, path, "requirements.tsv", &ps);
}

static void has_problem(int line, const char *message)
{
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].file, "requirements.tsv");
	ck_assert_int_eq(ps.items[0].line, line);
	ck_assert_int_eq(ps.items[0].column, 1);
	ck_assert_str_eq(ps.items[0].message, message);
}

static int claims(void *ud, const char *claim)
{
	return !strcmp(ud, claim);
}

START_TEST(rows_are_read_and_sorted)
{
	read_text(HEAD ROW("SB-002", "WARN", "") "\n" ROW("AH-001", "HARD", "time=WARN; shape=INFO"));
	ck_assert_uint_eq(ps.count, 0);
	ck_assert_uint_eq(rs.count, 2);
	ck_assert_str_eq(rs.items[0].id, "AH-001");
	ck_assert_int_eq(rs.items[0].line, 4);
	const struct requirement *r = requirements_find(&rs, "SB-002");
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->source, "XEP-0267 2");
	ck_assert_str_eq(r->level, "MUST");
	ck_assert_str_eq(r->subject, "server");
	ck_assert_str_eq(r->area, "command");
	ck_assert_str_eq(r->statement, "It does.");
	ck_assert_str_eq(r->observable, "Seen.");
	ck_assert_str_eq(r->preconditions, "None.");
	ck_assert_str_eq(r->strictness_cell, "WARN");
	ck_assert_str_eq(r->parts_cell, "");
	ck_assert_str_eq(r->why_none, "why");
	ck_assert_str_eq(r->notes, "note");
	ck_assert_int_eq(r->line, 2);
	ck_assert_ptr_null(requirements_find(&rs, "SB-00"));
	ck_assert_ptr_null(requirements_find(&rs, "SB-0022"));
	ck_assert_ptr_null(requirements_find(&rs, ""));
}
END_TEST

START_TEST(strictness_follows_claims_and_parts)
{
	read_text(HEAD ROW("SB-001", "INFO", "") ROW("SB-002", "strict?HARD:WARN", "time=WARN;shape=fancy?INFO:HARD; "));
	ck_assert_uint_eq(ps.count, 0);
	const struct requirement *one = requirements_find(&rs, "SB-001");
	const struct requirement *two = requirements_find(&rs, "SB-002");
	ck_assert_int_eq(requirement_strictness(one, NULL, claims, ""), STRICT_INFO);
	ck_assert_int_eq(requirement_strictness(two, NULL, claims, "strict"), STRICT_HARD);
	ck_assert_int_eq(requirement_strictness(two, NULL, claims, "fancy"), STRICT_WARN);
	ck_assert_int_eq(requirement_strictness(two, "time", claims, "strict"), STRICT_WARN);
	ck_assert_int_eq(requirement_strictness(two, "shape", claims, "fancy"), STRICT_INFO);
	ck_assert_int_eq(requirement_strictness(two, "shape", claims, "strict"), STRICT_HARD);
	ck_assert_uint_eq(two->parts_count, 2);
	ck_assert_str_eq(requirement_part(two, "shape")->name, "shape");
	ck_assert_ptr_null(requirement_part(two, "shap"));
	ck_assert_ptr_null(requirement_part(one, "shape"));
}
END_TEST

START_TEST(strictness_has_words)
{
	ck_assert_str_eq(strictness_text(STRICT_HARD), "HARD");
	ck_assert_str_eq(strictness_text(STRICT_WARN), "WARN");
	ck_assert_str_eq(strictness_text(STRICT_INFO), "INFO");
}
END_TEST

static const char *const bad_rules[] = {"", "MUST", "hard", "HARD ", "HARDER", "?", "a?HARD", "a?HARD:", "a?:WARN",
		"a?HARD:WARN:INFO", "a?HARD:b?WARN:INFO", "HARD:WARN"};

START_TEST(bad_strictness_is_a_problem)
{
	struct buf text = {0};
	struct buf message = {0};
	buf_printf(&text, HEAD "SB-001\ts\tl\ts\ta\ts\to\tp\t%s\t\t\t\n", bad_rules[_i]);
	buf_printf(&message, "strictness '%s'; expected HARD, WARN, INFO or claim?HARD:WARN", bad_rules[_i]);
	read_text(buf_text(&text));
	has_problem(2, buf_text(&message));
	buf_finish(&text);
	buf_finish(&message);
}
END_TEST

static const char *const bad_parts[] = {"time", "time=", "time=SOON", "=", "time=WARN; shape", "time=a?WARN; x=HARD"};

START_TEST(bad_parts_are_a_problem)
{
	struct buf text = {0};
	struct buf message = {0};
	buf_printf(&text, HEAD "SB-001\ts\tl\ts\ta\ts\to\tp\tHARD\t%s\t\t\n", bad_parts[_i]);
	buf_printf(&message, "parts '%s'; expected name=STRICTNESS; name=STRICTNESS", bad_parts[_i]);
	read_text(buf_text(&text));
	has_problem(2, buf_text(&message));
	buf_finish(&text);
	buf_finish(&message);
}
END_TEST

START_TEST(every_row_has_twelve_cells)
{
	read_text(HEAD "SB-001\tonly\n" ROW("SB-002", "HARD", ""));
	has_problem(2, "2 cells; expected 12 separated by tabs");
	ck_assert_uint_eq(rs.count, 1);
	read_text(HEAD "SB-001\ts\tl\ts\ta\ts\to\tp\tHARD\t\t\tnote\tmore\tmore\n");
	has_problem(2, "14 cells; expected 12 separated by tabs");
	ck_assert_uint_eq(rs.count, 0);
}
END_TEST

START_TEST(an_id_stands_once)
{
	read_text(HEAD ROW("SB-001", "HARD", "") ROW("SB-002", "HARD", "") ROW("SB-001", "WARN", ""));
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].message, "id 'SB-001' stands twice");
}
END_TEST

START_TEST(the_head_is_checked)
{
	read_text("id\tsource\tstrictness\n");
	has_problem(1, "column 3; expected 'level'");
	read_text("id\tsource\n");
	has_problem(1, "column 3; expected 'level'");
	read_text("");
	has_problem(1, "column 1; expected 'id'");
	read_text("id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_none\t"
			  "notes\tmore\n");
	has_problem(1, "13 columns; expected 12");
}
END_TEST

START_TEST(a_missing_table_is_a_problem)
{
	requirements_read(&rs, "/tmp/buddycheck/no/such/table", "requirements.tsv", &ps);
	has_problem(1, "cannot be read: No such file or directory");
	ck_assert_uint_eq(rs.count, 0);
	ck_assert_ptr_null(requirements_find(&rs, "SB-001"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("requirements");
	TCase *tests = tcase_create("requirements");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, rows_are_read_and_sorted);
	tcase_add_test(tests, strictness_follows_claims_and_parts);
	tcase_add_test(tests, strictness_has_words);
	tcase_add_loop_test(tests, bad_strictness_is_a_problem, 0, sizeof bad_rules / sizeof *bad_rules);
	tcase_add_loop_test(tests, bad_parts_are_a_problem, 0, sizeof bad_parts / sizeof *bad_parts);
	tcase_add_test(tests, every_row_has_twelve_cells);
	tcase_add_test(tests, an_id_stands_once);
	tcase_add_test(tests, the_head_is_checked);
	tcase_add_test(tests, a_missing_table_is_a_problem);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
