/* report/flaky */
#include "report/flaky.h"
#include "run.h"

enum { MOST = 6 };

static struct report_row rows[MOST], found[MOST / 2];
static struct result given[MOST], made[MOST / 2];

/* Rows from pairs of a scenario and a verdict; how many of the scenarios are flaky. */
static size_t find(size_t count, const char *const *ids, const enum verdict *verdicts)
{
	for (size_t i = 0; i < count; i++) {
		given[i] = (struct result){.verdict = verdicts[i], .reason = (char *)""};
		rows[i] = (struct report_row){
				.id = ids[i], .title = "A title", .repeat = (int)i + 1, .repeats = (int)count, .result = &given[i]};
	}
	return flaky_find(rows, count, found, made);
}

START_TEST(equal_verdicts_are_not_flaky)
{
	static const char *const ids[] = {"a/a", "a/a", "b/b", "b/b"};
	static const enum verdict verdicts[] = {VERDICT_PASS, VERDICT_PASS, VERDICT_FAIL, VERDICT_FAIL};
	ck_assert_uint_eq(find(4, ids, verdicts), 0);
	ck_assert_uint_eq(find(0, NULL, NULL), 0);
}
END_TEST

START_TEST(different_verdicts_are_told_the_worst_first)
{
	static const char *const ids[] = {"a/a", "a/a", "b/b", "b/b", "b/b", "c/c"};
	static const enum verdict verdicts[] = {
			VERDICT_PASS, VERDICT_PASS, VERDICT_PASS, VERDICT_FAIL, VERDICT_PASS, VERDICT_WARN};
	ck_assert_uint_eq(find(6, ids, verdicts), 1);
	ck_assert_str_eq(found[0].id, "b/b");
	ck_assert_int_eq(made[0].verdict, VERDICT_FLAKY);
	ck_assert_str_eq(made[0].reason, "1 FAIL, 2 PASS in 3 repetitions");
	flaky_finish(made, 1);
}
END_TEST

START_TEST(tap_has_a_test_point_of_its_own)
{
	static const char *const ids[] = {"b/b", "b/b"};
	static const enum verdict verdicts[] = {VERDICT_WARN, VERDICT_INCONCLUSIVE};
	static const struct tap_options options = {.version = 14};
	struct buf text = {0};
	size_t count = find(2, ids, verdicts);
	tap_write(&text, found, count, &options);
	ck_assert_str_eq(buf_text(&text), "TAP version 14\n1..1\nnot ok 1 - b/b: A title\n  ---\n  verdict: \"FLAKY\"\n"
									  "  reason: \"1 INCONCLUSIVE, 1 WARN in 2 repetitions\"\n  ...\n");
	buf_finish(&text);
	flaky_finish(made, count);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("flaky");
	TCase *tests = tcase_create("flaky");
	tcase_add_test(tests, equal_verdicts_are_not_flaky);
	tcase_add_test(tests, different_verdicts_are_told_the_worst_first);
	tcase_add_test(tests, tap_has_a_test_point_of_its_own);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
