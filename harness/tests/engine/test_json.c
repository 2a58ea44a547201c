/* report/json: results and the catalogue as harness/README.md promises them. */
#include "base/err.h"
#include "base/mem.h"
#include "report/json.h"
#include "run.h"

#include <ftw.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *json;

static void drop_json(void)
{
	json_decref(json);
	json = NULL;
}

/* As the driver reads it; the text is given back. */
static void read_json(struct buf *b)
{
	json_error_t error;
	json = json_loadb(buf_text(b), b->len, 0, &error);
	ck_assert_msg(json != NULL, "%s: %s", error.text, buf_text(b));
	ck_assert_ptr_null(strchr(buf_text(b), '\n'));
	buf_finish(b);
}

static void read_result(const struct report_row *row, const char *file)
{
	struct buf b = {0};
	json_result(&b, row, file, NULL);
	read_json(&b);
}

/* The value at "scenarios/0/id". */
static const json_t *at(const char *path)
{
	char *copy = mem_strdup(path);
	const json_t *v = json;
	for (char *save = NULL, *key = strtok_r(copy, "/", &save); key; key = strtok_r(NULL, "/", &save)) {
		v = json_is_array(v) ? json_array_get(v, (size_t)atoi(key)) : json_object_get(v, key);
	}
	free(copy);
	return v;
}

static void text_is(const char *path, const char *expected)
{
	const char *text = json_string_value(at(path));
	ck_assert_msg(text != NULL, "%s is no text", path);
	ck_assert_msg(!strcmp(text, expected), "%s is '%s', expected '%s'", path, text, expected);
}

static void number_is(const char *path, json_int_t expected)
{
	ck_assert_msg(json_is_integer(at(path)), "%s is no number", path);
	ck_assert_int_eq(json_integer_value(at(path)), expected);
}

static void is(const char *path, const char *expected)
{
	char *text = json_dumps(at(path), JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	ck_assert_msg(text != NULL, "%s is not there", path);
	ck_assert_msg(!strcmp(text, expected), "%s is %s, expected %s", path, text, expected);
	free(text);
}

static struct evidence missed = {.refs = 1,
		.kind = EVIDENCE_MISSED,
		.actor = "Marlowe",
		.line = 30,
		.stanza = "<presence type='unsubscribe'/>",
		.expected = "<presence type='subscribe'/>",
		.where = "presence@type",
		.mode = "loose",
		.wanted = "subscribe",
		.got = "unsubscribe"};

static struct finding findings[] = {
		{.id = "SB-001",
				.strictness = STRICT_HARD,
				.verdict = VERDICT_FAIL,
				.text = "the request comes",
				.place = "cancel/at-form.scs:23",
				.number = 2,
				.evidence = &missed,
				.at = {.file = "cancel/at-form.scs",
						.line = 23,
						.phrase = "phrases/peer.scs",
						.phrase_line = 4,
						.table = "cancel/all.tsv",
						.row = 7,
						.play_line = 12},
				.play_line = 14,
				.line = 23},
		{.id = "SB-002",
				.part = "time",
				.strictness = STRICT_WARN,
				.verdict = VERDICT_PASS,
				.text = "\"soon\"\n",
				.place = "cancel/at-form.scs:30",
				.line = 30},
		{.id = "SB-003",
				.strictness = STRICT_INFO,
				.verdict = VERDICT_UNDECIDED,
				.text = "",
				.place = "cancel/at-form.scs:31",
				.line = 31},
};

START_TEST(a_result_is_complete)
{
	struct result r = {.verdict = VERDICT_FAIL,
			.reason = "SB-001 the request comes",
			.findings = findings,
			.count = 3,
			.started = 1000000,
			.ended = 1002500,
			.journal_first = 4,
			.journal_last = 99};
	struct report_row row = {.id = "cancel/at-form",
			.title = "At the form",
			.repeat = 2,
			.repeats = 3,
			.result = &r,
			.failure = "FAIL SB-001\n  it did \"not\"\n"};
	read_result(&row, "cancel/at-form.scs");
	ck_assert_ptr_nonnull(json);
	text_is("event", "result");
	text_is("scenario", "cancel/at-form");
	number_is("repeat", 2);
	text_is("title", "At the form");
	text_is("file", "cancel/at-form.scs");
	text_is("verdict", "FAIL");
	text_is("reason", "SB-001 the request comes");
	ck_assert(json_real_value(at("ms")) == 2.5);
	text_is("failure", "FAIL SB-001\n  it did \"not\"\n");
	is("journal", "[4,99]");
	ck_assert_uint_eq(json_array_size(at("checks")), 3);
	text_is("checks/0/id", "SB-001");
	text_is("checks/0/part", "");
	text_is("checks/0/strictness", "HARD");
	text_is("checks/0/verdict", "FAIL");
	text_is("checks/0/text", "the request comes");
	number_is("checks/0/line", 23);
	text_is("checks/0/place", "cancel/at-form.scs:23");
	number_is("checks/0/number", 2);
	text_is("checks/0/detail",
			"expected: <presence type='subscribe'/>\nclosest, line 30 of the journal: <presence type='unsubscribe'/>\n"
			"first difference at presence@type (loose): expected 'subscribe', got 'unsubscribe'");
	number_is("checks/0/play_line", 14);
	is("checks/0/at",
			"{\"file\":\"cancel/at-form.scs\",\"line\":23,\"phrase\":{\"file\":\"phrases/peer.scs\",\"line\":4},"
			"\"play_line\":12,\"row\":{\"file\":\"cancel/all.tsv\",\"line\":7}}");
	is("checks/0/evidence", "{\"actor\":\"Marlowe\",\"difference\":{\"expected\":\"subscribe\",\"got\":\"unsubscribe\","
							"\"mode\":\"loose\","
							"\"where\":\"presence@type\"},\"expected\":\"<presence "
							"type='subscribe'/>\",\"kind\":\"missed\",\"line\":30,"
							"\"stanza\":\"<presence type='unsubscribe'/>\"}");
	is("checks/1/detail", "null");
	ck_assert_ptr_null(at("checks/1/evidence"));
	text_is("checks/1/part", "time");
	text_is("checks/1/strictness", "WARN");
	text_is("checks/1/verdict", "PASS");
	text_is("checks/1/text", "\"soon\"\n");
	text_is("checks/2/strictness", "INFO");
	text_is("checks/2/verdict", "UNDECIDED");
}
END_TEST

START_TEST(a_result_without_findings)
{
	struct result r = {.verdict = VERDICT_PASS, .reason = ""};
	struct report_row row = {.id = "a/b", .title = "", .repeat = 1, .repeats = 1, .result = &r};
	read_result(&row, "a/b.scs");
	ck_assert_ptr_nonnull(json);
	text_is("verdict", "PASS");
	text_is("reason", "");
	is("checks", "[]");
	is("failure", "null");
	is("journal", "[0,0]");
	is("trouble", "null");
	is("unexpected", "[]");
	ck_assert_ptr_null(at("waited"));
	drop_json();
	struct buf b = {0};
	json_result(&b, &row, "a/b.scs", "{\"ms\":1.5}");
	read_json(&b);
	is("waited", "{\"ms\":1.5}");
	drop_json();
	r.reason = NULL;
	read_result(&row, "a/b.scs");
	text_is("reason", "");
}
END_TEST

/* The fields of each kind; what a kind does not have is left out. */
static struct refusal refusals[] = {{"Bard", 4, "<iq type='error'/>"}, {.actor = "Kyd"}};
static struct var values[] = {{"ver", "q1", 3}};

static struct {
	struct evidence evidence;
	const char *json;
} seen[] = {
		{{.kind = EVIDENCE_MISSED,
				 .actor = "Marlowe",
				 .expected = "<a/>",
				 .streams = "reset",
				 .refusals = refusals,
				 .refusals_count = 2},
				"{\"actor\":\"Marlowe\",\"expected\":\"<a/"
				">\",\"kind\":\"missed\",\"refusals\":[{\"actor\":\"Bard\",\"line\":4,"
				"\"stanza\":\"<iq type='error'/>\"},{\"actor\":\"Kyd\"}],\"streams\":\"reset\"}"},
		{{.kind = EVIDENCE_CONDITION, .line = 2, .stanza = "<a/>", .condition = "@x", .values = {values, 1}},
				"{\"condition\":\"@x\",\"kind\":\"condition\",\"line\":2,\"stanza\":\"<a/"
				">\",\"values\":{\"ver\":\"q1\"}}"},
		{{.kind = EVIDENCE_FORBIDDEN, .line = 2, .stanza = "<a", .octets = 900},
				"{\"kind\":\"forbidden\",\"line\":2,\"octets\":900,\"stanza\":\"<a\"}"},
		{{.kind = EVIDENCE_ANSWER,
				 .step = "s",
				 .hook = "roster",
				 .address = "m.test",
				 .answer = "m.test to",
				 .others = 3},
				"{\"address\":\"m.test\",\"answer\":\"m.test to\",\"hook\":\"roster\",\"kind\":\"answer\",\"others\":3,"
				"\"step\":\"s\"}"},
		{{.kind = EVIDENCE_COMPARISON, .step = "${a} is ${b}", .left = "1", .right = ""},
				"{\"kind\":\"comparison\",\"left\":\"1\",\"right\":\"\",\"step\":\"${a} is ${b}\"}"},
		{{.kind = EVIDENCE_FAULT, .said = "a comment"}, "{\"kind\":\"fault\",\"said\":\"a comment\"}"},
};

START_TEST(each_kind_of_evidence_has_its_fields)
{
	struct evidence *list[] = {&seen[_i].evidence};
	struct result r = {.verdict = VERDICT_INCONCLUSIVE,
			.trouble = "it was not met",
			.trouble_verdict = VERDICT_INCONCLUSIVE,
			.trouble_evidence = list[0],
			.trouble_at = {.file = "a/b.scs", .line = 9, .play_line = 3},
			.unexpected = list,
			.unexpected_count = 1};
	struct report_row row = {.id = "a/b", .title = "", .repeat = 1, .repeats = 1, .result = &r};
	read_result(&row, "a/b.scs");
	text_is("trouble/verdict", "INCONCLUSIVE");
	text_is("trouble/text", "it was not met");
	is("trouble/at", "{\"file\":\"a/b.scs\",\"line\":9,\"play_line\":3}");
	is("trouble/evidence", seen[_i].json);
	is("unexpected/0", seen[_i].json);
}
END_TEST

START_TEST(hostile_octets_do_not_lose_the_result)
{
	struct finding bad = findings[0];
	bad.text = "caf\xe9 \xc3\xa4";
	struct result r = {.verdict = VERDICT_FAIL, .reason = "\xff\x80 said", .findings = &bad, .count = 1};
	struct report_row row = {.id = "a/b", .title = "T", .repeat = 1, .repeats = 1, .result = &r, .failure = "a\xc0\nb"};
	read_result(&row, "a/b.scs");
	ck_assert_ptr_nonnull(json);
	text_is("checks/0/text", "caf? ??");
	text_is("reason", "?? said");
	text_is("failure", "a?\nb");
}
END_TEST

/* --- catalogue --- */

static char dir[64];
static struct catalogue c;

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
	strcpy(dir, "/tmp/buddycheck-json-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_dir("phrases");
	make_dir("area");
	write_text("requirements.tsv",
			"id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_"
			"none\tnotes\n"
			"SB-001\tXEP-0267 2\tMUST\tserver\tarea\tIt does.\tSeen.\tNone.\tHARD\ttime=WARN; shape=fancy?HARD:INFO\t\t"
			"a \"note\"\n"
			"SB-002\tRFC\tMAY\tserver\tarea\tIt may.\tSeen.\tNone.\tfancy?WARN:INFO\t\tnot seen\t\n");
	write_text("phrases/p.scs", "Phrase: {who} waits\n{who} receives: nothing\n\tSB-001/time nothing comes\n");
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
	drop_json();
	catalogue_finish(&c);
	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void read_catalogue_as(const char *event)
{
	drop_json();
	catalogue_finish(&c);
	ck_assert_int_eq(catalogue_read(&c, dir), ERR_OK);
	struct buf b = {0};
	json_catalogue(&b, &c, event);
	read_json(&b);
	ck_assert_ptr_nonnull(json);
}

static void read_catalogue(void)
{
	read_catalogue_as(NULL);
}

START_TEST(the_catalogue_may_be_an_event)
{
	read_catalogue_as("catalogue");
	text_is("event", "catalogue");
	ck_assert_uint_eq(json_array_size(at("requirements")), 2);
}
END_TEST

START_TEST(a_scenario_of_a_table_names_its_row)
{
	write_text("area/t.tsv", "id\tplay\tid-of\nother/one\tp\tSB-001\n");
	write_text("area/p.play", "# One\n[Admin] Bard\n-----\nBard connects\nBard receives: nothing\n\t{id-of} x\n");
	read_catalogue();
	is("errors", "[]");
	text_is("scenarios/0/id", "other/one");
	text_is("scenarios/0/file", "area/p.play");
	text_is("scenarios/0/row", "area/t.tsv:2");
}
END_TEST

START_TEST(the_catalogue_is_complete)
{
	write_text("area/one.scs", "# One\n# About \xc3\xa4\n## exclusive\n## needs: restart, fancy\n[Admin] Bard\n"
							   "[RemoteUser] T of P\n-----\nBard connects\n");
	write_text("area/two.scs", "# Two\n## slow\n[Admin] Bard\n[Peer] Kit Marlowe\n-----\nBard connects\nBard waits\n"
							   "Kit Marlowe receives:\n\t<iq/>\n\trelies on SB-002 x\n\tSB-001 y\n\tSB-001 z\n");
	read_catalogue();
	ck_assert_uint_eq(json_object_size(json), 4);
	ck_assert_uint_eq(json_array_size(at("scenarios")), 2);
	text_is("scenarios/0/id", "area/one");
	text_is("scenarios/0/file", "area/one.scs");
	text_is("scenarios/0/title", "One");
	text_is("scenarios/0/description", "About \xc3\xa4");
	is("scenarios/0/exclusive", "true");
	is("scenarios/0/slow", "false");
	is("scenarios/0/needs", "[\"restart\",\"fancy\"]");
	is("scenarios/0/requirements", "[]");
	text_is("scenarios/0/play", "Bard connects\n");
	ck_assert_ptr_null(at("scenarios/0/row"));
	is("scenarios/1/exclusive", "false");
	is("scenarios/1/slow", "true");
	is("scenarios/1/needs", "[]");
	is("scenarios/1/actors", "[{\"class\":\"Admin\",\"line\":3,\"name\":\"Bard\"},"
							 "{\"class\":\"Peer\",\"line\":4,\"name\":\"Kit Marlowe\"}]");
	is("scenarios/1/requirements", "[\"SB-001\"]");
	text_is("scenarios/1/play", "Bard connects\nBard receives: nothing\n\tSB-001/time nothing comes\n"
								"Kit Marlowe receives:\n\t<iq/>\n\trelies on SB-002 x\n\tSB-001 y\n\tSB-001 z\n");
	ck_assert_uint_eq(json_array_size(at("requirements")), 2);
	text_is("requirements/0/id", "SB-001");
	text_is("requirements/0/source", "XEP-0267 2");
	text_is("requirements/0/level", "MUST");
	text_is("requirements/0/area", "area");
	text_is("requirements/0/statement", "It does.");
	text_is("requirements/0/strictness", "HARD");
	is("requirements/0/parts", "{\"shape\":\"fancy?HARD:INFO\",\"time\":\"WARN\"}");
	text_is("requirements/0/why_none", "");
	text_is("requirements/0/notes", "a \"note\"");
	is("requirements/0/scenarios", "[\"area/two\"]");
	text_is("requirements/1/strictness", "fancy?WARN:INFO");
	is("requirements/1/parts", "{}");
	text_is("requirements/1/why_none", "not seen");
	is("requirements/1/scenarios", "[]");
}
END_TEST

START_TEST(errors_have_their_place)
{
	write_text("area/bad.scs", "# Bad\n[Admin] Bard\n-----\nBard connects\nBard waits\nBrad connects\n");
	write_text("area/latin1.scs", "# caf\xe9\n");
	read_catalogue();
	ck_assert_uint_eq(json_array_size(at("scenarios")), 1);
	ck_assert_uint_eq(json_array_size(at("errors")), 2);
	is("errors/0",
			"{\"column\":1,\"file\":\"area/bad.scs\",\"line\":6,\"message\":\"'Brad connects' is no step: expected an "
			"actor of the cast with a verb, `the target ...`, or a phrase\"}");
	text_is("errors/1/file", "area/latin1.scs");
	number_is("errors/1/line", 1);
}
END_TEST

START_TEST(no_errors_is_an_empty_list)
{
	read_catalogue();
	is("errors", "[]");
	is("scenarios", "[]");
}
END_TEST

START_TEST(verdicts_are_described)
{
	read_catalogue();
	ck_assert_uint_eq(json_array_size(at("verdicts")), VERDICT_COUNT);
	is("verdicts/0", "{\"exit\":0,\"junit\":\"pass\",\"name\":\"PASS\",\"rank\":0,\"tap\":\"ok\"}");
	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		const json_t *v = json_array_get(at("verdicts"), i);
		const char *junit = json_string_value(json_object_get(v, "junit"));
		json_int_t status = json_integer_value(json_object_get(v, "exit"));
		ck_assert(!strcmp(junit, "pass") || !strcmp(junit, "failure") || !strcmp(junit, "error") ||
				  !strcmp(junit, "skipped"));
		ck_assert(status == 0 || status == 1 || status == 3);
		/* What fails in JUnit must fail the run, and the other way round. */
		ck_assert_int_eq(status != 0, !strcmp(junit, "failure") || !strcmp(junit, "error"));
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("results");
	tcase_add_checked_fixture(tests, NULL, drop_json);
	tcase_add_test(tests, a_result_is_complete);
	tcase_add_test(tests, a_result_without_findings);
	tcase_add_loop_test(tests, each_kind_of_evidence_has_its_fields, 0, (int)(sizeof seen / sizeof *seen));
	tcase_add_test(tests, hostile_octets_do_not_lose_the_result);
	suite_add_tcase(suite, tests);
	tests = tcase_create("catalogue");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_catalogue_is_complete);
	tcase_add_test(tests, the_catalogue_may_be_an_event);
	tcase_add_test(tests, a_scenario_of_a_table_names_its_row);
	tcase_add_test(tests, errors_have_their_place);
	tcase_add_test(tests, no_errors_is_an_empty_list);
	tcase_add_test(tests, verdicts_are_described);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
