/* judge/verdict */
#include "judge/verdict.h"
#include "run.h"

START_TEST(each_verdict_has_a_row)
{
	static const char *const names[] = {"PASS", "SKIP", "UNREACHABLE", "INFO", "XFAIL", "WARN", "INCONCLUSIVE", "FLAKY",
			"XPASS", "FAIL", "ERROR", "UNDECIDED"};
	ck_assert_uint_eq(sizeof names / sizeof *names, VERDICT_COUNT + 1);
	for (int v = 0; v <= VERDICT_COUNT; v++) {
		ck_assert_str_eq(verdict_text((enum verdict)v), names[v]);
		ck_assert_str_eq(verdict_row((enum verdict)v)->name, names[v]);
	}
}
END_TEST

static const struct {
	enum verdict v;
	const char *tap, *directive, *junit;
	int exit;
} meanings[] = {
		{VERDICT_PASS, "ok", "", "pass", 0},
		{VERDICT_SKIP, "ok", "SKIP", "skipped", 0},
		{VERDICT_UNREACHABLE, "ok", "SKIP", "skipped", 0},
		{VERDICT_INFO, "ok", "", "pass", 0},
		{VERDICT_XFAIL, "not ok", "TODO", "skipped", 0},
		{VERDICT_WARN, "not ok", "TODO", "pass", 0},
		{VERDICT_INCONCLUSIVE, "not ok", "", "error", 3},
		{VERDICT_FLAKY, "not ok", "", "failure", 1},
		{VERDICT_XPASS, "not ok", "", "failure", 1},
		{VERDICT_FAIL, "not ok", "", "failure", 1},
		{VERDICT_ERROR, "not ok", "", "error", 3},
};

START_TEST(each_verdict_means_something_for_reports)
{
	const struct verdict_row *row = verdict_row(meanings[_i].v);
	ck_assert_str_eq(row->tap, meanings[_i].tap);
	ck_assert_str_eq(row->directive, meanings[_i].directive);
	ck_assert_str_eq(row->junit, meanings[_i].junit);
	ck_assert_int_eq(row->exit, meanings[_i].exit);
}
END_TEST

START_TEST(the_worse_of_two_is_found)
{
	for (int a = 0; a < VERDICT_COUNT; a++) {
		for (int b = 0; b < VERDICT_COUNT; b++) {
			/* the list is in order, from good to bad */
			ck_assert_int_eq((int)verdict_worse((enum verdict)a, (enum verdict)b), a > b ? a : b);
		}
		ck_assert_int_eq((int)verdict_worse((enum verdict)a, VERDICT_UNDECIDED), a);
		ck_assert_int_eq((int)verdict_worse(VERDICT_UNDECIDED, (enum verdict)a), a);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");
	tcase_add_test(tests, each_verdict_has_a_row);
	tcase_add_loop_test(tests, each_verdict_means_something_for_reports, 0, sizeof meanings / sizeof *meanings);
	tcase_add_test(tests, the_worse_of_two_is_found);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
