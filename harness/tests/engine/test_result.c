/* judge/result */
#include "judge/result.h"

#include "base/mem.h"
#include "run.h"

#include <string.h>

static const int checks[4]; /* identities */

/* The evidence is the caller's. */
static struct finding make_finding(int check, enum verdict verdict, const char *detail)
{
	struct evidence *e = detail ? evidence_create(EVIDENCE_FAULT) : NULL;
	if (e) {
		e->said = mem_strdup(detail);
	}
	return (struct finding){.id = (char *)"TT-1",
			.strictness = STRICT_HARD,
			.verdict = verdict,
			.text = (char *)"text",
			.place = (char *)"a/b.scs:7",
			.line = 7,
			.evidence = e,
			.check = check < 0 ? NULL : &checks[check],
			.invariant = check < 0};
}

static void add(struct result *r, int check, enum verdict verdict, const char *detail)
{
	struct finding f = make_finding(check, verdict, detail);
	result_add(r, &f);
	evidence_unref(f.evidence);
}

START_TEST(strictness_says_how_a_violation_counts)
{
	ck_assert_int_eq(strictness_verdict(STRICT_HARD), VERDICT_FAIL);
	ck_assert_int_eq(strictness_verdict(STRICT_WARN), VERDICT_WARN);
	ck_assert_int_eq(strictness_verdict(STRICT_INFO), VERDICT_INFO);
}
END_TEST

START_TEST(findings_are_copied)
{
	struct result r = {0};
	char text[] = "text";
	struct finding f = make_finding(0, VERDICT_FAIL, "detail");
	f.text = text;
	f.part = (char *)"part";
	result_add(&r, &f);
	evidence_unref(f.evidence);
	text[0] = '\0';
	ck_assert_uint_eq(r.count, 1);
	ck_assert_str_eq(r.findings[0].text, "text");
	ck_assert_str_eq(r.findings[0].id, "TT-1");
	ck_assert_str_eq(r.findings[0].part, "part");
	ck_assert_str_eq(r.findings[0].place, "a/b.scs:7");
	ck_assert_int_eq(r.findings[0].line, 7);
	ck_assert_str_eq(evidence_text(r.findings[0].evidence), "detail");
	result_finish(&r);
	ck_assert_uint_eq(r.count, 0);
}
END_TEST

START_TEST(a_check_has_one_finding_the_worst)
{
	struct result r = {0};
	add(&r, 0, VERDICT_UNDECIDED, NULL);
	add(&r, 0, VERDICT_PASS, NULL);
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_PASS);
	add(&r, 0, VERDICT_FAIL, "first");
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_FAIL);
	add(&r, 0, VERDICT_FAIL, "second");
	add(&r, 0, VERDICT_PASS, NULL); /* proved after it was broken */
	add(&r, 0, VERDICT_UNDECIDED, NULL);
	ck_assert_uint_eq(r.count, 1);
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_FAIL);
	ck_assert_str_eq(evidence_text(r.findings[0].evidence), "first");
	add(&r, 1, VERDICT_PASS, NULL); /* another check of the same requirement */
	ck_assert_uint_eq(r.count, 2);
	result_finish(&r);
}
END_TEST

START_TEST(an_invariant_has_one_finding_of_its_own)
{
	struct result r = {0};
	add(&r, 0, VERDICT_PASS, NULL);
	add(&r, -1, VERDICT_FAIL, "first");
	add(&r, -1, VERDICT_FAIL, "second");
	ck_assert_uint_eq(r.count, 2);
	ck_assert_int_eq(r.findings[0].verdict, VERDICT_PASS);
	ck_assert_str_eq(evidence_text(r.findings[1].evidence), "first");
	struct finding other = make_finding(-1, VERDICT_FAIL, NULL);
	other.id = (char *)"TT-2";
	result_add(&r, &other);
	ck_assert_uint_eq(r.count, 3);
	result_finish(&r);
}
END_TEST

START_TEST(the_worst_finding_makes_the_verdict)
{
	static const enum verdict order[] = {VERDICT_PASS, VERDICT_UNDECIDED, VERDICT_INFO, VERDICT_WARN, VERDICT_FAIL};
	static const enum verdict expected[] = {VERDICT_PASS, VERDICT_PASS, VERDICT_INFO, VERDICT_WARN, VERDICT_FAIL};
	struct result r = {0};
	result_settle(&r);
	ck_assert_int_eq(r.verdict, VERDICT_PASS);
	ck_assert_str_eq(r.reason, "");
	for (int i = 0; i < 5; i++) {
		add(&r, i < 4 ? i : -1, order[i], "detail");
		result_settle(&r);
		ck_assert_int_eq(r.verdict, expected[i]);
		ck_assert_str_eq(r.reason, i < 2 ? "" : "TT-1 text");
		ck_assert_ptr_eq(result_worst(&r), i < 2 ? NULL : &r.findings[i]);
	}
	result_finish(&r);
}
END_TEST

START_TEST(the_first_of_equals_gives_the_reason)
{
	struct result r = {0};
	struct finding f = make_finding(0, VERDICT_FAIL, NULL);
	f.part = (char *)"part";
	f.text = (char *)"one";
	result_add(&r, &f);
	f = make_finding(1, VERDICT_FAIL, NULL);
	f.text = (char *)"two";
	result_add(&r, &f);
	result_settle(&r);
	ck_assert_str_eq(r.reason, "TT-1/part one");
	result_finish(&r);
}
END_TEST

START_TEST(the_first_trouble_stays)
{
	struct result r = {0};
	result_trouble(&r, VERDICT_INCONCLUSIVE, "%s %d", "reason", 1);
	result_trouble(&r, VERDICT_ERROR, "other");
	result_settle(&r);
	ck_assert_int_eq(r.verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(r.reason, "reason 1");
	result_finish(&r);
}
END_TEST

/* what was found, what the trouble was, what comes of it */
static const struct {
	enum verdict finding, trouble, verdict;
} mixed[] = {
		{VERDICT_PASS, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE},
		{VERDICT_WARN, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE},
		{VERDICT_FAIL, VERDICT_INCONCLUSIVE, VERDICT_FAIL},
		{VERDICT_FAIL, VERDICT_ERROR, VERDICT_ERROR},
		{VERDICT_PASS, VERDICT_SKIP, VERDICT_SKIP},
		{VERDICT_PASS, VERDICT_UNREACHABLE, VERDICT_UNREACHABLE},
		{VERDICT_WARN, VERDICT_SKIP, VERDICT_WARN},
		{VERDICT_PASS, VERDICT_FAIL, VERDICT_FAIL},
};

START_TEST(trouble_weighs_by_its_rank)
{
	struct result r = {0};
	add(&r, 0, mixed[_i].finding, "detail");
	result_trouble(&r, mixed[_i].trouble, "trouble");
	for (int twice = 0; twice < 2; twice++) { /* provisional, then settled */
		result_settle(&r);
		ck_assert_int_eq(r.verdict, mixed[_i].verdict);
		ck_assert_str_eq(r.reason, mixed[_i].verdict == mixed[_i].trouble ? "trouble" : "TT-1 text");
	}
	result_finish(&r);
}
END_TEST

START_TEST(a_long_reason_is_cut)
{
	struct result r = {0};
	char text[3000];
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	result_trouble(&r, VERDICT_ERROR, "%s", text);
	ck_assert_uint_eq(strlen(r.trouble), 1023);
	result_finish(&r);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("result");
	TCase *tests = tcase_create("result");
	tcase_add_test(tests, strictness_says_how_a_violation_counts);
	tcase_add_test(tests, findings_are_copied);
	tcase_add_test(tests, a_check_has_one_finding_the_worst);
	tcase_add_test(tests, an_invariant_has_one_finding_of_its_own);
	tcase_add_test(tests, the_worst_finding_makes_the_verdict);
	tcase_add_test(tests, the_first_of_equals_gives_the_reason);
	tcase_add_test(tests, the_first_trouble_stays);
	tcase_add_loop_test(tests, trouble_weighs_by_its_rank, 0, sizeof mixed / sizeof *mixed);
	tcase_add_test(tests, a_long_reason_is_cut);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
