/* main/plan */
#include "base/err.h"
#include "base/mem.h"
#include "main/plan.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE                                                                                                        \
	"{\"name\": \"p\", \"domains\": [\"srv.test\"], \"c2s\": {\"address\": \"a\"}, \"s2s\": {\"address\": \"b\"}, "    \
	"\"peers\": {\"zone\": \"z\", \"address\": \"c\"}, \"dns\": {\"address\": \"d\"}}"

static struct plan p;
static char *error;

static void teardown(void)
{
	plan_finish(&p);
	free(error);
	error = NULL;
}

START_TEST(a_complete_plan_is_read)
{
	ck_assert_int_eq(
			plan_read(&p,
					"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"cancel/at-form\", \"a/b\"], "
					"\"jobs\": 4, \"seed\": 12345678901, \"patience\": 2.5, \"repeat\": 3, \"journal\": \"/j\", "
					"\"tap\": {\"path\": \"/t\", \"version\": 13, \"strict\": true}, \"rerun\": \"run it\", "
					"\"profile\": " PROFILE "}",
					&error),
			ERR_OK);
	ck_assert_ptr_null(error);
	ck_assert_str_eq(p.scenarios_dir, "/s");
	ck_assert_uint_eq(p.select_count, 2);
	ck_assert_str_eq(p.select[0], "cancel/at-form");
	ck_assert_str_eq(p.select[1], "a/b");
	ck_assert_int_eq(p.jobs, 4);
	ck_assert_uint_eq(p.seed, 12345678901u);
	ck_assert(p.patience == 2.5);
	ck_assert_int_eq(p.repeat, 3);
	ck_assert_str_eq(p.journal, "/j");
	ck_assert_str_eq(p.tap_path, "/t");
	ck_assert_int_eq(p.tap_version, 13);
	ck_assert_int_eq(p.strict, 1);
	ck_assert_str_eq(p.rerun, "run it");
	ck_assert_str_eq(p.profile.name, "p");
	ck_assert_str_eq(p.profile.dns_address, "d");
}
END_TEST

#define SMALL                                                                                                          \
	"\"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": {\"path\": \"/t\"}, "             \
	"\"profile\": " PROFILE

START_TEST(what_may_be_left_out_has_defaults)
{
	ck_assert_int_eq(plan_read(&p, "{\"plan\": 1, " SMALL "}", &error), ERR_OK);
	ck_assert_int_eq(p.jobs, 0);
	ck_assert_uint_eq(p.seed, 1);
	ck_assert(p.patience == 1);
	ck_assert_int_eq(p.repeat, 1);
	ck_assert_int_eq(p.instances, 1);
	ck_assert_int_eq(p.tap_version, 14);
	ck_assert_int_eq(p.strict, 0);
	ck_assert_ptr_null(p.rerun);
}
END_TEST

START_TEST(tls_between_servers_needs_a_folder_for_certificates)
{
	static const char plan[] =
			"{\"plan\": 1, %s\"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", "
			"\"tap\": {\"path\": \"/t\"}, \"profile\": {\"name\": \"p\", \"domains\": [\"srv.test\"], "
			"\"c2s\": {\"address\": \"a\"}, \"s2s\": {\"address\": \"b\", \"tls\": \"starttls\"}, "
			"\"peers\": {\"zone\": \"z\", \"address\": \"c\"}, \"dns\": {\"address\": \"d\"}}}";
	char line[1024];
	snprintf(line, sizeof line, plan, "\"certificates\": \"/c\", ");
	ck_assert_int_eq(plan_read(&p, line, &error), ERR_OK);
	ck_assert_str_eq(p.certificates, "/c");
	plan_finish(&p);
	snprintf(line, sizeof line, plan, "");
	ck_assert_int_eq(plan_read(&p, line, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, "plan: expected certificates, a folder, where s2s.tls is starttls");
}
END_TEST

START_TEST(expectations_and_scope_are_read)
{
	ck_assert_int_eq(
			plan_read(&p,
					"{\"plan\": 1, \"expect\": [{\"scenario\": \"a/b\", \"requirement\": null, \"verdict\": \"WARN\", "
					"\"reason\": \"r\", \"place\": \"f:1\"}, {\"scenario\": null, \"requirement\": \"TT-1\", "
					"\"part\": \"on\", \"verdict\": null, \"reason\": \"s\", \"place\": \"f:2\"}], "
					"\"scope\": {\"least\": \"HARD\", \"requirements\": [\"TT-1\", \"TT-2\"]}, " SMALL "}",
					&error),
			ERR_OK);
	ck_assert_uint_eq(p.expect.count, 2);
	ck_assert_str_eq(p.expect.items[0].scenario, "a/b");
	ck_assert_ptr_null(p.expect.items[0].requirement);
	ck_assert_int_eq(p.expect.items[0].verdict, VERDICT_WARN);
	ck_assert_str_eq(p.expect.items[1].part, "on");
	ck_assert_str_eq(p.expect.items[1].place, "f:2");
	ck_assert_int_eq(p.expect.items[1].verdict, VERDICT_UNDECIDED);
	ck_assert_int_eq(p.scope.least, STRICT_HARD);
	ck_assert_uint_eq(p.scope.count, 2);
	ck_assert_str_eq(p.scope.requirements[1], "TT-2");
}
END_TEST

static const char *const bad_extras[] = {
		"\"expect\": [{\"scenario\": \"a/b\", \"place\": \"f:1\"}]",
		"\"expect\": [{\"reason\": \"r\", \"place\": \"f:1\"}]",
		"\"expect\": [{\"scenario\": \"a/b\", \"verdict\": \"PASS\", \"reason\": \"r\", \"place\": \"f:1\"}]",
		"\"scope\": {\"least\": \"MUST\"}",
};

START_TEST(bad_expectations_and_scopes_are_refused)
{
	char line[1024];
	snprintf(line, sizeof line, "{\"plan\": 1, %s, " SMALL "}", bad_extras[_i]);
	ck_assert_int_eq(plan_read(&p, line, &error), ERR_SYNTAX);
	ck_assert_ptr_nonnull(strstr(error, _i < 3 ? "expect" : "scope.least"));
}
END_TEST

START_TEST(patience_is_positive)
{
	ck_assert_int_eq(plan_read(&p, "{\"plan\": 1, \"patience\": 3, " SMALL "}", &error), ERR_OK);
	ck_assert(p.patience == 3);
	plan_finish(&p);
	ck_assert_int_eq(plan_read(&p, "{\"plan\": 1, \"patience\": 0, " SMALL "}", &error), ERR_OK);
	ck_assert(p.patience == 1);
	plan_finish(&p);
	ck_assert_int_eq(plan_read(&p, "{\"plan\": 1, \"patience\": -2.5, " SMALL "}", &error), ERR_OK);
	ck_assert(p.patience == 1);
}
END_TEST

#define RANGE "plan: expected repeat and instances from 1, jobs from 0, tap.version 13 or 14"
#define MISSING "plan: expected scenarios_dir, journal, tap.path and at least one id in select"

static const struct {
	const char *text, *message; /* the message's start */
} refused[] = {
		{"", "plan: "},
		{"run", "plan: "},
		{"{\"plan\": 1", "plan: "},
		{"{\"plan\": 1, \"x\": \"\xff\"}", "plan: "},
		{"[]", "plan: expected \"plan\": 1"},
		{"{}", "plan: expected \"plan\": 1"},
		{"{\"plan\": 2, " SMALL "}", "plan: expected \"plan\": 1"},
		{"{\"plan\": \"1\", " SMALL "}", "plan: expected \"plan\": 1"},
		{"{\"plan\": 1}", MISSING},
		{"{\"plan\": 1, \"repeat\": 0, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": "
		 "{\"path\": \"/t\"}, \"profile\": " PROFILE "}",
				RANGE},
		{"{\"plan\": 1, \"instances\": 0, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", "
		 "\"tap\": "
		 "{\"path\": \"/t\"}, \"profile\": " PROFILE "}",
				RANGE},
		{"{\"plan\": 1, \"jobs\": -1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": "
		 "{\"path\": \"/t\"}, \"profile\": " PROFILE "}",
				RANGE},
		{"{\"plan\": 1, \"jobs\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": "
		 "{\"path\": \"/t\", \"version\": 12}, \"profile\": " PROFILE "}",
				RANGE},
		{"{\"plan\": 1, \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": {\"path\": \"/t\"}, \"profile\": " PROFILE
		 "}",
				MISSING},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"tap\": {\"path\": \"/t\"}, "
		 "\"profile\": " PROFILE "}",
				MISSING},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"profile\": " PROFILE
		 "}",
				MISSING},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [], \"journal\": \"/j\", \"tap\": {\"path\": \"/t\"}, "
		 "\"profile\": " PROFILE "}",
				MISSING},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": \"a/b\", \"journal\": \"/j\", \"tap\": {\"path\": "
		 "\"/t\"}, "
		 "\"profile\": " PROFILE "}",
				MISSING},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": {\"path\": "
		 "\"/t\"}}",
				"profile: name; expected a text"},
		{"{\"plan\": 1, \"scenarios_dir\": \"/s\", \"select\": [\"a/b\"], \"journal\": \"/j\", \"tap\": {\"path\": "
		 "\"/t\"}, "
		 "\"profile\": {\"name\": \"p\"}}",
				"profile: c2s.address; expected a text"},
};

START_TEST(what_is_no_plan_is_refused)
{
	ck_assert_int_eq(plan_read(&p, refused[_i].text, &error), ERR_SYNTAX);
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(!strncmp(error, refused[_i].message, strlen(refused[_i].message)), "%s", error);
	ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, a_complete_plan_is_read);
	tcase_add_test(tests, what_may_be_left_out_has_defaults);
	tcase_add_test(tests, tls_between_servers_needs_a_folder_for_certificates);
	tcase_add_test(tests, expectations_and_scope_are_read);
	tcase_add_loop_test(tests, bad_expectations_and_scopes_are_refused, 0, sizeof bad_extras / sizeof *bad_extras);
	tcase_add_test(tests, patience_is_positive);
	tcase_add_loop_test(tests, what_is_no_plan_is_refused, 0, sizeof refused / sizeof *refused);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
