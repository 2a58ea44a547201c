#include "roster.h"

#include "base/err.h"
#include "base/mem.h"
#include "harness/tests/engine/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static char *path;
static struct roster_store *store;
static struct roster *roster;

static void open_all(void)
{
	char *error = NULL;
	store = roster_store_open(path, &error);
	ck_assert_msg(store != NULL, "%s", error);
	roster = roster_open(store, "srv.test");
}

static void close_all(void)
{
	roster_close(roster);
	roster_store_close(store);
	roster = NULL;
	store = NULL;
}

static void set_up(void)
{
	strcpy(directory, "/tmp/buddycheck-roster-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	path = mem_printf("%s/rosters.db", directory);
	open_all();
}

static void remove_file(const char *suffix)
{
	char *name = mem_printf("%s%s", path, suffix);
	unlink(name);
	free(name);
}

static void tear_down(void)
{
	close_all();
	remove_file("");
	remove_file("-wal");
	remove_file("-shm");
	rmdir(directory);
	free(path);
}

START_TEST(every_state_survives)
{
	for (int i = 0; i < SUB_STATES; i++) {
		char *peer = mem_printf("peer%d.test", i);
		ck_assert_int_eq(roster_set(roster, peer, (enum subscription)i), 0);
		free(peer);
	}
	close_all();
	open_all();
	for (int i = 0; i < SUB_STATES; i++) {
		char *peer = mem_printf("peer%d.test", i);
		ck_assert_int_eq(roster_get(roster, peer), i);
		free(peer);
	}
}
END_TEST

START_TEST(who_has_no_relation_is_forgotten)
{
	enum subscription state;
	roster_set(roster, "b.test", SUB_BOTH);
	roster_set(roster, "a.test", SUB_TO);
	roster_set(roster, "c.test", SUB_FROM);
	ck_assert_str_eq(roster_peer(roster, 0, &state), "a.test");
	ck_assert_str_eq(roster_peer(roster, 2, &state), "c.test");
	ck_assert_int_eq(state, SUB_FROM);
	roster_set(roster, "b.test", SUB_NONE);
	ck_assert_str_eq(roster_peer(roster, 1, &state), "c.test");
	ck_assert_ptr_null(roster_peer(roster, 2, &state));
	close_all();
	open_all();
	ck_assert_int_eq(roster_get(roster, "b.test"), SUB_NONE);
	ck_assert_ptr_null(roster_peer(roster, 2, &state));
}
END_TEST

START_TEST(hosts_have_rosters_of_their_own)
{
	struct roster *other = roster_open(store, "second.test");
	roster_set(roster, "peer.test", SUB_BOTH);
	ck_assert_int_eq(roster_get(other, "peer.test"), SUB_NONE);
	roster_set(other, "peer.test", SUB_NONE_IN);
	roster_close(other);
	close_all();
	open_all();
	ck_assert_int_eq(roster_get(roster, "peer.test"), SUB_BOTH);
}
END_TEST

START_TEST(a_pre_approval_lasts_until_the_approval)
{
	roster_preapprove(roster, "peer.test", 1);
	ck_assert_int_eq(roster_get(roster, "peer.test"), SUB_NONE);
	roster_set(roster, "peer.test", SUB_NONE_OUT);
	close_all();
	open_all();
	ck_assert(roster_is_preapproved(roster, "peer.test"));
	ck_assert_int_eq(roster_get(roster, "peer.test"), SUB_NONE_OUT);
	roster_set(roster, "peer.test", SUB_FROM_OUT);
	ck_assert(!roster_is_preapproved(roster, "peer.test"));
	roster_preapprove(roster, "other.test", 1);
	roster_preapprove(roster, "other.test", 0);
	close_all();
	open_all();
	ck_assert(!roster_is_preapproved(roster, "peer.test"));
	ck_assert(!roster_is_preapproved(roster, "other.test"));
}
END_TEST

START_TEST(what_was_set_survives_a_kill)
{
	close_all();
	pid_t child = fork();
	if (child == 0) {
		open_all();
		roster_set(roster, "peer.test", SUB_FROM_OUT);
		_exit(0); /* nothing is closed */
	}
	waitpid(child, NULL, 0);
	open_all();
	ck_assert_int_eq(roster_get(roster, "peer.test"), SUB_FROM_OUT);
}
END_TEST

START_TEST(a_damaged_file_gives_no_roster)
{
	close_all();
	remove_file("-wal");
	remove_file("-shm");
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 5000; i++) {
		fputs("this is no database ", file);
	}
	fclose(file);
	char *error = NULL;
	ck_assert_ptr_null(roster_store_open(path, &error));
	ck_assert_ptr_nonnull(strstr(error, "rosters.db"));
	free(error);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("roster");
	TCase *tc = tcase_create("roster");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, every_state_survives);
	tcase_add_test(tc, who_has_no_relation_is_forgotten);
	tcase_add_test(tc, hosts_have_rosters_of_their_own);
	tcase_add_test(tc, a_pre_approval_lasts_until_the_approval);
	tcase_add_test(tc, what_was_set_survives_a_kill);
	tcase_add_test(tc, a_damaged_file_gives_no_roster);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
