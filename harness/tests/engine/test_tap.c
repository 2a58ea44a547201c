/* report/tap: golden files. They were read by prove (13) and by python3-tap (14); see harness/tests/golden/engine/. */
#include "base/mem.h"
#include "report/tap.h"
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct finding found(const char *id, const char *part, enum verdict verdict)
{
	return (struct finding){.id = (char *)id, .part = (char *)part, .verdict = verdict};
}

#define ODD "say \"#1\" \\ and\n\r\t\x1b[31m red\x7f \xc2\x85 \xe2\x80\xa8 \xc3\xa4 \xf0\x9f\x8e\xad # TODO no"

/* All verdicts and everything that has to be escaped, in one report. */
static void write_report(struct buf *out, const struct tap_options *options)
{
	static const char *const reasons[VERDICT_COUNT] = {
			[VERDICT_PASS] = "",
			[VERDICT_SKIP] = "the target has no hook 'restart'",
			[VERDICT_UNREACHABLE] = "the target cannot be brought there",
			[VERDICT_INFO] = "SB-003 told only",
			[VERDICT_XFAIL] = "known: issue #12",
			[VERDICT_WARN] = "SB-002/time it takes long",
			[VERDICT_INCONCLUSIVE] = "the fence was lost",
			[VERDICT_FLAKY] = "1 of 3 failed",
			[VERDICT_XPASS] = "expected to fail",
			[VERDICT_FAIL] = "SB-001 the request reaches the peer",
			[VERDICT_ERROR] = "the engine could not go on",
	};
	struct finding findings[] = {found("SB-001", NULL, VERDICT_FAIL), found("SB-002", "time", VERDICT_WARN),
			found("SB-003", NULL, VERDICT_UNDECIDED)};
	struct result results[VERDICT_COUNT + 4] = {0};
	struct report_row rows[VERDICT_COUNT + 4] = {0};
	size_t n = 0;
	for (; n < VERDICT_COUNT; n++) {
		results[n] = (struct result){.verdict = (enum verdict)n, .reason = (char *)reasons[n]};
		rows[n] = (struct report_row){.id = "area/name",
				.title = verdict_text((enum verdict)n),
				.repeat = 1,
				.repeats = 1,
				.result = &results[n]};
	}
	results[VERDICT_FAIL].findings = findings;
	results[VERDICT_FAIL].count = 3;
	rows[VERDICT_FAIL].failure = "FAIL SB-001 (HARD): it does\n  required: \"this\" [XEP-0267]\n\n    # got: <iq/>\n";
	results[n] = (struct result){.verdict = VERDICT_FAIL, .reason = ODD};
	rows[n] = (struct report_row){.id = "odd/#\\",
			.title = ODD,
			.repeat = 1,
			.repeats = 1,
			.result = &results[n],
			.failure = "    indented first\n" ODD "\n...\n---\n%YAML: - [x]\n\n"};
	n++;
	for (int i = 0; i < 2; i++, n++) {
		results[n] = (struct result){.verdict = i ? VERDICT_WARN : VERDICT_PASS, .reason = ODD};
		rows[n] = (struct report_row){
				.id = "twice", .title = "Twice", .repeat = i + 1, .repeats = 2, .result = &results[n]};
	}
	results[n] = (struct result){.verdict = VERDICT_ERROR, .reason = ""};
	rows[n] = (struct report_row){
			.id = "empty", .title = "", .repeat = 1, .repeats = 1, .result = &results[n], .failure = ""};
	n++;
	tap_write(out, rows, n, options);
}

static void compare(const struct buf *out, const char *name)
{
	const char *source = getenv("BUDDYCHECK_SOURCE");
	char *path = mem_printf("%s/harness/tests/golden/engine/%s", source ? source : ".", name);
	/* BUDDYCHECK_GOLDEN=write makes the files anew; what changed is then for people to judge. */
	const char *golden = getenv("BUDDYCHECK_GOLDEN");
	FILE *f = fopen(path, golden && !strcmp(golden, "write") ? "wb+" : "rb");
	ck_assert_msg(f != NULL, "%s: %s (run from the root of the repository)", path, strerror(errno));
	if (golden && !strcmp(golden, "write")) {
		fwrite(out->data, 1, out->len, f);
		rewind(f);
	}
	struct buf expected = {0};
	char chunk[4096];
	size_t got;
	while ((got = fread(chunk, 1, sizeof chunk, f)) > 0) {
		buf_add(&expected, chunk, got);
	}
	fclose(f);
	free(path);
	ck_assert_str_eq(buf_text(out), buf_text(&expected));
	ck_assert_uint_eq(out->len, expected.len);
	buf_finish(&expected);
}

static const struct {
	const char *name;
	struct tap_options options;
} reports[] = {
		{"all-verdicts.14.tap", {.version = 14}},
		{"all-verdicts.13.tap", {.version = 13}},
		{"strict.14.tap", {.version = 14, .strict = 1}},
		{"strict.13.tap", {.version = 13, .strict = 1}},
		{"bail-out.14.tap", {.version = 14, .bail_out = "the target ended: " ODD}},
		{"bail-out.13.tap", {.version = 13, .bail_out = "the target ended: " ODD}},
};

START_TEST(golden)
{
	struct buf out = {0};
	write_report(&out, &reports[_i].options);
	compare(&out, reports[_i].name);
	buf_finish(&out);
}
END_TEST

/* "ok 1 - a: b" of one verdict. */
static void point_is(enum verdict verdict, int strict, const char *expected)
{
	struct result r = {.verdict = verdict, .reason = "why"};
	struct report_row row = {.id = "a", .title = "b", .repeat = 1, .repeats = 1, .result = &r};
	struct tap_options options = {.version = 14, .strict = strict};
	struct buf out = {0};
	tap_write(&out, &row, 1, &options);
	static const char head[] = "TAP version 14\n1..1\n";
	ck_assert_int_eq(strncmp(buf_text(&out), head, sizeof head - 1), 0);
	char *line = mem_strndup(out.data + sizeof head - 1, strcspn(out.data + sizeof head - 1, "\n"));
	ck_assert_str_eq(line, expected);
	free(line);
	buf_finish(&out);
}

START_TEST(only_some_verdicts_are_excused)
{
	point_is(VERDICT_PASS, 0, "ok 1 - a: b");
	point_is(VERDICT_SKIP, 0, "ok 1 - a: b # SKIP why");
	point_is(VERDICT_UNREACHABLE, 0, "ok 1 - a: b # SKIP why");
	point_is(VERDICT_INFO, 0, "ok 1 - a: b");
	point_is(VERDICT_XFAIL, 0, "not ok 1 - a: b # TODO expected: why");
	point_is(VERDICT_WARN, 0, "not ok 1 - a: b # TODO should: why");
	point_is(VERDICT_INCONCLUSIVE, 0, "not ok 1 - a: b");
	point_is(VERDICT_FLAKY, 0, "not ok 1 - a: b");
	point_is(VERDICT_XPASS, 0, "not ok 1 - a: b");
	point_is(VERDICT_FAIL, 0, "not ok 1 - a: b");
	point_is(VERDICT_ERROR, 0, "not ok 1 - a: b");
	point_is(VERDICT_WARN, 1, "not ok 1 - a: b");
	point_is(VERDICT_XFAIL, 1, "not ok 1 - a: b # TODO expected: why");
	point_is(VERDICT_SKIP, 1, "ok 1 - a: b # SKIP why");
}
END_TEST

START_TEST(an_empty_report)
{
	struct buf out = {0};
	tap_write(&out, NULL, 0, &(struct tap_options){.version = 14, .bail_out = "no target"});
	ck_assert_str_eq(buf_text(&out), "TAP version 14\n1..0\nBail out! no target\n");
	buf_clear(&out);
	tap_write(&out, NULL, 0, &(struct tap_options){.version = 13});
	ck_assert_str_eq(buf_text(&out), "TAP version 13\n1..0\n");
	buf_finish(&out);
}
END_TEST

START_TEST(every_line_is_one_line)
{
	struct buf out = {0};
	write_report(&out, &(struct tap_options){.version = 14, .bail_out = ODD});
	for (const char *c = buf_text(&out); *c; c++) {
		ck_assert_msg((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t', "%02x", (unsigned char)*c);
		ck_assert_int_ne(*c, 0x7f);
	}
	ck_assert_ptr_null(strstr(buf_text(&out), "\xc2\x85"));
	ck_assert_ptr_null(strstr(buf_text(&out), "\xe2\x80\xa8"));
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\xf0\x9f\x8e\xad"));
	buf_finish(&out);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("tap");
	TCase *tests = tcase_create("tap");
	tcase_add_loop_test(tests, golden, 0, sizeof reports / sizeof *reports);
	tcase_add_test(tests, only_some_verdicts_are_excused);
	tcase_add_test(tests, an_empty_report);
	tcase_add_test(tests, every_line_is_one_line);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
