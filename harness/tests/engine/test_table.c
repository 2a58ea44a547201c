/* script/table: rows of a table, and the plays that they fill in. */
#include "run.h"
#include "script/table.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "state/a.tsv"

static struct table t;
static struct problems ps;

static void teardown(void)
{
	table_finish(&t);
	problems_finish(&ps);
}

static void read_table(const char *text)
{
	teardown();
	table_read(&t, FILE_NAME, text, &ps);
}

static void only_problem(const char *file, int line, int column, const char *message)
{
	ck_assert_uint_ge(ps.count, 1);
	ck_assert_str_eq(ps.items[0].message, message);
	ck_assert_str_eq(ps.items[0].file, file);
	ck_assert_int_eq(ps.items[0].line, line);
	ck_assert_int_eq(ps.items[0].column, column);
	ck_assert_uint_eq(ps.count, 1);
}

static void fills_in(size_t row, const char *play, const char *expected)
{
	ck_assert_uint_gt(t.rows_count, row);
	char *text = table_fill_in(&t, &t.rows[row], "state/p.play", play, &ps);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(rows_are_read)
{
	read_table("id\tplay\tstate\tneeds\nsm-in/x@N\tp\tN\t\n\nsm-in/x@T\tq\tT\tcommand");
	ck_assert_uint_eq(ps.count, 0);
	ck_assert_uint_eq(t.rows_count, 2);
	ck_assert_str_eq(t.rows[0].id, "sm-in/x@N");
	ck_assert_str_eq(t.rows[0].play, "p");
	ck_assert_str_eq(t.rows[0].cells[3], "");
	ck_assert_int_eq(t.rows[0].line, 2);
	ck_assert_str_eq(t.rows[1].id, "sm-in/x@T");
	ck_assert_str_eq(t.rows[1].cells[3], "command");
	ck_assert_int_eq(t.rows[1].line, 4);
}
END_TEST

START_TEST(cells_are_filled_in)
{
	read_table("id\tplay\tstate\tneeds\na/b\tp\tN\t\n");
	fills_in(0, "# In {state}: {id}\n## needs: {needs}\n{state}{state} {stat e}\n",
			"# In N: a/b\n## needs: \nNN {stat e}\n");
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

/* What braces mean elsewhere stays as it is. */
START_TEST(patterns_and_variables_stay)
{
	static const char play[] = "<a b='{any}' c='{absent}' d='{bind:state}' e='{match:[a-z]{2}}' f='${state}'/> {} {";
	read_table("id\tplay\tstate\na/b\tp\tN\n");
	fills_in(0, play, play);
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(an_unknown_column_is_named_with_its_place)
{
	read_table("id\tplay\tstate\na/b\tp\tN\n");
	fills_in(0, "# {state}\n\t<a b='{stat}'/>\n", "# N\n\t<a b='{stat}'/>\n");
	only_problem("state/p.play", 2, 8, "{stat} is no column of " FILE_NAME);
}
END_TEST

START_TEST(a_column_that_nothing_uses_is_named)
{
	read_table("id\tplay\tstate\tnext\na/b\tp\tN\tT\n");
	fills_in(0, "{state}\n", "N\n");
	table_check_used(&t, &ps);
	only_problem(FILE_NAME, 1, 1, "column 'next' is used by no play of this table: expected {next} in one");
}
END_TEST

#define BAD_NAME "; expected a name of its own: a letter, then letters, digits, '-' and '_'; not any or absent"

static const struct {
	const char *text;
	int line;
	const char *message;
} bad[] = {
		{"", 1, "column 1; expected 'id'"},
		{"play\tid\na/b\tp\n", 1, "column 1; expected 'id'"},
		{"id\na/b\n", 1, "column 2; expected 'play'"},
		{"id\tplay\tany\na/b\tp\tx\n", 1, "column 3 is called 'any'" BAD_NAME},
		{"id\tplay\ta b\na/b\tp\tx\n", 1, "column 3 is called 'a b'" BAD_NAME},
		{"id\tplay\t\na/b\tp\tx\n", 1, "column 3 is called ''" BAD_NAME},
		{"id\tplay\t2\na/b\tp\tx\n", 1, "column 3 is called '2'" BAD_NAME},
		{"id\tplay\ta\ta\na/b\tp\tx\tx\n", 1, "column 4 is called 'a'" BAD_NAME},
		{"id\tplay\n", 1, "expected rows below the names of the columns"},
		{"id\tplay\ta\na/b\tp\tx\na/c\tp\n", 3, "2 cells; expected 3 separated by tabs"},
		{"id\tplay\na/b\tp\tx\n", 2, "3 cells; expected 2 separated by tabs"},
		{"id\tplay\nb\tp\n", 2, "id 'b'; expected area/name"},
		{"id\tplay\n/b\tp\n", 2, "id '/b'; expected area/name"},
		{"id\tplay\na/\tp\n", 2, "id 'a/'; expected area/name"},
		{"id\tplay\na/b/c\tp\n", 2, "id 'a/b/c'; expected area/name"},
		{"id\tplay\na/b c\tp\n", 2, "id 'a/b c'; expected area/name"},
		{"id\tplay\na/b\t\n", 2, "play ''; expected the name of a .play file beside the table"},
		{"id\tplay\na/b\t../p\n", 2, "play '../p'; expected the name of a .play file beside the table"},
};

START_TEST(a_bad_table_is_one_clear_line)
{
	read_table(bad[_i].text);
	only_problem(FILE_NAME, bad[_i].line, 1, bad[_i].message);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("table");
	TCase *tests = tcase_create("table");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, rows_are_read);
	tcase_add_test(tests, cells_are_filled_in);
	tcase_add_test(tests, patterns_and_variables_stay);
	tcase_add_test(tests, an_unknown_column_is_named_with_its_place);
	tcase_add_test(tests, a_column_that_nothing_uses_is_named);
	tcase_add_loop_test(tests, a_bad_table_is_one_clear_line, 0, (int)(sizeof bad / sizeof *bad));
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
