/* main/hasty: what is told about a quiet window that was too short. */
#include "main/run.h"
#include "run.h"

#include <jansson.h>
#include <stdlib.h>

static struct scenario scenarios[] = {{.id = (char *)"a/one"}, {.id = (char *)"a/two"}, {.id = (char *)"a/three"}};
static struct play again;
static struct play plays[] = {{.scenario = &scenarios[0], .again = &again}, {.scenario = &scenarios[1]},
		{.scenario = &scenarios[2], .again = &again}, {.scenario = &scenarios[0], .repeat = 2, .again = &again}};
static struct play *first[] = {&plays[0], &plays[1]};
static struct play *second[] = {&plays[2], &plays[3]};
static struct run runs[] = {{.plays = first, .plays_count = 2}, {.plays = second, .plays_count = 2}};
static struct run *both[] = {&runs[0], &runs[1]};

static char *told(struct suite *s)
{
	json_t *json = hasty_json(s);
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	json_decref(json);
	return text;
}

START_TEST(a_window_that_is_long_enough_is_not_told)
{
	struct suite s = {.runs = both, .runs_count = 2};
	char *text = told(&s);
	ck_assert_str_eq(text, "null");
	free(text);
}
END_TEST

START_TEST(one_that_was_too_short_is_told_with_what_was_played_again)
{
	struct suite s = {.runs = both, .runs_count = 2};
	s.plan.profile.quiet_ms = 60;
	s.plan.patience = 2;
	s.hasty.overtaken = 150500;
	s.hasty.quiet = 301000;
	s.hasty.again = 3;
	char *text = told(&s);
	ck_assert_str_eq(text, "{\"ms\":150.5,\"given_ms\":120.0,\"quiet_ms\":301.0,\"again\":3,"
						   "\"scenarios\":[\"a/one\",\"a/three\"]}");
	free(text);
	ck_assert_uint_eq(hasty_quiet(&s), 301000);
	s.hasty.quiet = 0;
	ck_assert_uint_eq(hasty_quiet(&s), 120000);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("hasty");
	TCase *tests = tcase_create("hasty");
	tcase_add_test(tests, a_window_that_is_long_enough_is_not_told);
	tcase_add_test(tests, one_that_was_too_short_is_told_with_what_was_played_again);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
