/* report/expect, report/scope */
#include "report/expect.h"
#include "report/scope.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

static const int identities[4];
static struct result r;

static void teardown(void)
{
	result_finish(&r);
}

static void add(struct result *to, const char *id, const char *part, enum strictness strictness, enum verdict verdict)
{
	struct finding f = {.id = (char *)id,
			.part = (char *)part,
			.strictness = strictness,
			.verdict = verdict,
			.text = (char *)"it holds",
			.place = (char *)"a/b.scs:7",
			.check = &identities[to->count]};
	result_add(to, &f);
	result_settle(to);
}

static struct expectation expect_whole(const char *scenario, enum verdict verdict)
{
	return (struct expectation){.scenario = (char *)scenario,
			.verdict = verdict,
			.reason = (char *)"known",
			.place = (char *)"expect.toml:3"};
}

static struct expectation expect_requirement(const char *scenario, const char *id, const char *part)
{
	return (struct expectation){.scenario = (char *)scenario,
			.requirement = (char *)id,
			.part = (char *)part,
			.verdict = VERDICT_UNDECIDED,
			.reason = (char *)"known",
			.place = (char *)"expect.toml:3"};
}

static void apply(struct expectation e)
{
	const struct expectations all = {.items = &e, .count = 1};
	expect_apply(&all, "a/b", &r);
}

START_TEST(a_failure_that_was_expected_is_xfail)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	apply(expect_whole("a/b", VERDICT_UNDECIDED));
	ck_assert_int_eq(r.verdict, VERDICT_XFAIL);
	ck_assert_str_eq(r.reason, "known (FAIL: TT-1 it holds)");
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_FAIL);
}
END_TEST

START_TEST(another_scenario_is_left_alone)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	apply(expect_whole("a/c", VERDICT_UNDECIDED));
	apply(expect_requirement("a/c", "TT-1", NULL));
	apply(expect_requirement(NULL, "TT-2", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_FAIL);
}
END_TEST

/* What a scenario came to, what was expected of it, what that makes. */
static const struct {
	enum verdict is, expected, becomes;
} wholes[] = {
		{VERDICT_WARN, VERDICT_UNDECIDED, VERDICT_XFAIL},
		{VERDICT_WARN, VERDICT_WARN, VERDICT_XFAIL},
		{VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE, VERDICT_XFAIL},
		{VERDICT_PASS, VERDICT_UNDECIDED, VERDICT_XPASS},
		{VERDICT_INFO, VERDICT_FAIL, VERDICT_XPASS},
		{VERDICT_PASS, VERDICT_INCONCLUSIVE, VERDICT_XPASS},
		{VERDICT_WARN, VERDICT_FAIL, VERDICT_XPASS},
		{VERDICT_FAIL, VERDICT_WARN, VERDICT_FAIL},
		{VERDICT_INCONCLUSIVE, VERDICT_UNDECIDED, VERDICT_INCONCLUSIVE},
		{VERDICT_ERROR, VERDICT_UNDECIDED, VERDICT_ERROR},
		{VERDICT_SKIP, VERDICT_UNDECIDED, VERDICT_SKIP},
		{VERDICT_UNREACHABLE, VERDICT_FAIL, VERDICT_UNREACHABLE},
};

START_TEST(a_scenario_comes_to_what_was_expected_or_not)
{
	r.verdict = wholes[_i].is;
	r.reason = strdup("seen");
	apply(expect_whole("a/b", wholes[_i].expected));
	ck_assert_str_eq(verdict_text(r.verdict), verdict_text(wholes[_i].becomes));
}
END_TEST

START_TEST(a_requirement_that_was_expected_to_fail_hides_no_other)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	add(&r, "TT-2", NULL, STRICT_HARD, VERDICT_FAIL);
	apply(expect_requirement(NULL, "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_FAIL);
	ck_assert_str_eq(r.reason, "TT-2 it holds");
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_XFAIL);
	apply(expect_requirement(NULL, "TT-2", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_XFAIL);
}
END_TEST

START_TEST(a_part_is_expected_by_itself)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_PASS);
	add(&r, "TT-1", "condition", STRICT_WARN, VERDICT_WARN);
	apply(expect_requirement(NULL, "TT-1", "other"));
	ck_assert_int_eq(r.verdict, VERDICT_WARN);
	apply(expect_requirement("a/b", "TT-1", "condition"));
	ck_assert_int_eq(r.verdict, VERDICT_XFAIL);
	ck_assert_str_eq(r.reason, "known (WARN: TT-1/condition it holds)");
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_PASS);
}
END_TEST

START_TEST(a_requirement_that_holds_in_its_scenario_is_xpass)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_PASS);
	apply(expect_requirement(NULL, "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_PASS); /* elsewhere it may fail */
	apply(expect_requirement("a/b", "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_XPASS);
	ck_assert_str_eq(r.reason, "expected to fail, but it came to PASS: known (expect.toml:3)");
}
END_TEST

START_TEST(what_was_not_reached_is_no_unexpected_pass)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_PASS);
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_UNDECIDED);
	add(&r, "TT-2", NULL, STRICT_HARD, VERDICT_FAIL);
	apply(expect_requirement("a/b", "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_FAIL);
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_PASS);
}
END_TEST

/* --- requirements that pass wherever --- */

static struct check decides = {.id = (char *)"TT-1"};
static struct step step = {.checks = &decides, .checks_count = 1};
static struct scenario played = {.id = (char *)"a/b", .play = {.items = &step, .count = 1}};
static struct scenario another = {.id = (char *)"a/c", .play = {.items = &step, .count = 1}};
static struct scenario *scenarios[] = {&played, &another};

static size_t passes(size_t known, struct result *made)
{
	struct expectation e = expect_requirement(NULL, "TT-1", NULL);
	const struct expectations all = {.items = &e, .count = 1};
	const struct catalogue catalogue = {.scenarios = scenarios, .count = known};
	const struct report_row row = {.id = "a/b", .title = "A title", .repeat = 1, .repeats = 1, .result = &r};
	struct report_row out;
	return expect_find_passes(&all, &catalogue, &row, 1, &out, made);
}

START_TEST(a_requirement_that_fails_nowhere_gets_a_row)
{
	struct result made = {0};
	ck_assert_uint_eq(passes(1, &made), 0); /* not decided */
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_PASS);
	ck_assert_uint_eq(passes(2, &made), 0); /* not everything was played */
	ck_assert_uint_eq(passes(1, &made), 1);
	ck_assert_int_eq(made.verdict, VERDICT_XPASS);
	ck_assert_str_eq(
			made.reason, "expected to fail, but it holds in every scenario that decides it: known (expect.toml:3)");
	result_finish(&made);
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	ck_assert_uint_eq(passes(1, &made), 0);
	apply(expect_requirement(NULL, "TT-1", NULL));
	ck_assert_uint_eq(passes(1, &made), 0);
}
END_TEST

/* --- scope --- */

/* As a run does it. */
static void limit(const struct scope *scope, struct expectation e)
{
	const struct expectations all = {.items = &e, .count = 1};
	if (scope_apply(scope, &r)) {
		expect_settle(&all, "a/b", &r);
	}
}

static const struct expectation unrelated = {.scenario = (char *)"a/c"};

START_TEST(what_is_not_judged_is_info)
{
	char *ids[] = {(char *)"TT-2"};
	struct scope scope = {.least = STRICT_HARD};
	add(&r, "TT-1", NULL, STRICT_WARN, VERDICT_WARN);
	limit(&(struct scope){.least = STRICT_WARN}, unrelated);
	ck_assert_int_eq(r.verdict, VERDICT_WARN);
	limit(&scope, unrelated);
	ck_assert_int_eq(r.verdict, VERDICT_INFO);
	add(&r, "TT-2", NULL, STRICT_HARD, VERDICT_FAIL);
	scope = (struct scope){.requirements = ids, .count = 1};
	limit(&scope, unrelated);
	ck_assert_int_eq(r.verdict, VERDICT_FAIL);
	ids[0] = (char *)"TT-1";
	limit(&scope, unrelated);
	ck_assert_int_eq(r.verdict, VERDICT_INFO);
}
END_TEST

START_TEST(what_was_expected_stays_outside_of_the_scope)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	apply(expect_whole("a/b", VERDICT_UNDECIDED));
	limit(&(struct scope){.requirements = (char *[]){(char *)"TT-2"}, .count = 1}, unrelated);
	ck_assert_int_eq(r.verdict, VERDICT_XFAIL);
}
END_TEST

START_TEST(what_remains_of_the_scope_keeps_its_reason)
{
	add(&r, "TT-1", NULL, STRICT_HARD, VERDICT_FAIL);
	add(&r, "TT-2", NULL, STRICT_WARN, VERDICT_WARN);
	apply(expect_requirement(NULL, "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_WARN);
	limit(&(struct scope){.least = STRICT_HARD}, expect_requirement(NULL, "TT-1", NULL));
	ck_assert_int_eq(r.verdict, VERDICT_XFAIL);
	ck_assert_str_eq(r.reason, "known (FAIL: TT-1 it holds)");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("expect");
	TCase *tests = tcase_create("expect");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, a_failure_that_was_expected_is_xfail);
	tcase_add_test(tests, another_scenario_is_left_alone);
	tcase_add_loop_test(tests, a_scenario_comes_to_what_was_expected_or_not, 0, sizeof wholes / sizeof *wholes);
	tcase_add_test(tests, a_requirement_that_was_expected_to_fail_hides_no_other);
	tcase_add_test(tests, a_part_is_expected_by_itself);
	tcase_add_test(tests, a_requirement_that_holds_in_its_scenario_is_xpass);
	tcase_add_test(tests, what_was_not_reached_is_no_unexpected_pass);
	tcase_add_test(tests, a_requirement_that_fails_nowhere_gets_a_row);
	tcase_add_test(tests, what_is_not_judged_is_info);
	tcase_add_test(tests, what_was_expected_stays_outside_of_the_scope);
	tcase_add_test(tests, what_remains_of_the_scope_keeps_its_reason);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
