#include "sessions.h"

#include "base/mem.h"
#include "harness/tests/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define NODE "http://jabber.org/protocol/admin#server-buddy"
#define BARD "bard@shakespeare.lit"

static struct sessions *sessions;

static void set_up(void)
{
	sessions = sessions_create();
}

static void tear_down(void)
{
	sessions_destroy(sessions);
}

START_TEST(a_session_is_found_by_its_owner_only)
{
	const char *id = sessions_open(sessions, NODE, BARD, 5);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, BARD, 6), SESSION_OPEN);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, "kyd@shakespeare.lit", 6), SESSION_UNKNOWN);
	ck_assert_int_eq(sessions_find(sessions, id, "another", BARD, 6), SESSION_UNKNOWN);
	ck_assert_int_eq(sessions_find(sessions, "made up", NODE, BARD, 6), SESSION_UNKNOWN);
}
END_TEST

START_TEST(an_empty_id_is_no_session)
{
	ck_assert_int_eq(sessions_find(sessions, "", NODE, BARD, 6), SESSION_UNKNOWN);
}
END_TEST

START_TEST(what_is_ended_stays_ended)
{
	char *id = mem_strdup(sessions_open(sessions, NODE, BARD, 5));
	sessions_end(sessions, id);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, BARD, 6), SESSION_OVER);
	sessions_open(sessions, NODE, BARD, 7);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, BARD, 8), SESSION_OVER);
	sessions_end(sessions, "made up");
	free(id);
}
END_TEST

START_TEST(a_session_lasts_an_hour)
{
	const char *id = sessions_open(sessions, NODE, BARD, 1000);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, BARD, 1000 + 3600 * 1000), SESSION_OPEN);
	ck_assert_int_eq(sessions_find(sessions, id, NODE, BARD, 1001 + 3600 * 1000), SESSION_OVER);
}
END_TEST

START_TEST(ids_are_long_and_different)
{
	char *first = mem_strdup(sessions_open(sessions, NODE, BARD, 1));
	ck_assert_uint_eq(strlen(first), 32);
	for (int i = 0; i < 500; i++) {
		ck_assert_str_ne(sessions_open(sessions, NODE, BARD, 1), first);
	}
	ck_assert_str_ne(sessions_spare_id(sessions), first);
	ck_assert_int_eq(sessions_find(sessions, sessions_spare_id(sessions), NODE, BARD, 2), SESSION_UNKNOWN);
	free(first);
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	char *first = mem_strdup(sessions_open(sessions, NODE, BARD, 1));
	for (int i = 0; i < 999; i++) {
		sessions_open(sessions, NODE, BARD, 1);
	}
	ck_assert_int_eq(sessions_find(sessions, first, NODE, BARD, 2), SESSION_OPEN);
	sessions_open(sessions, NODE, BARD, 1);
	ck_assert_int_eq(sessions_find(sessions, first, NODE, BARD, 2), SESSION_UNKNOWN);
	free(first);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("sessions");
	TCase *tc = tcase_create("sessions");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_session_is_found_by_its_owner_only);
	tcase_add_test(tc, an_empty_id_is_no_session);
	tcase_add_test(tc, what_is_ended_stays_ended);
	tcase_add_test(tc, a_session_lasts_an_hour);
	tcase_add_test(tc, ids_are_long_and_different);
	tcase_add_test(tc, the_oldest_makes_room);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
