/* Who is served by incident handling and reputation: the access control that rests on the server roster. */
#include "incident.h"

#include "harness/tests/engine/run.h"
#include "roster.h"

#include <stdlib.h>
#include <string.h>

static struct server server;
static struct host hosts[2];
static struct roster_store *store;

static void set_up(void)
{
	char *error = NULL;
	store = roster_store_open(":memory:", &error);
	ck_assert_ptr_nonnull(store);
	server = (struct server){.hosts = hosts};
	for (size_t i = 0; i < 2; i++) {
		const char *domain = i ? "second.test" : "srv.test";
		hosts[i] = (struct host){.server = &server, .domain = domain, .roster = roster_open(store, domain)};
		hosts[i].incidents = incidents_create(hosts[i].roster);
	}
}

static void tear_down(void)
{
	for (size_t i = 0; i < 2; i++) {
		incidents_destroy(hosts[i].incidents);
		roster_close(hosts[i].roster);
	}
	roster_store_close(store);
}

static int is_buddy(struct host *host, const char *address)
{
	struct jid jid;
	ck_assert_int_eq(jid_parse(address, &jid), 0);
	int buddy = incident_is_buddy(host, &jid);
	jid_finish(&jid);
	return buddy;
}

START_TEST(only_from_and_both_are_members)
{
	for (int state = 0; state < SUB_STATES; state++) {
		ck_assert_int_eq(roster_set(hosts[0].roster, "marlowe.test", (enum subscription)state), 0);
		int member = state == SUB_FROM || state == SUB_FROM_OUT || state == SUB_BOTH;
		ck_assert_int_eq(is_buddy(&hosts[0], "marlowe.test"), member);
		ck_assert(!is_buddy(&hosts[1], "marlowe.test")); /* each host by its own roster */
	}
}
END_TEST

START_TEST(a_preapproved_peer_is_no_member_yet)
{
	ck_assert_int_eq(roster_preapprove(hosts[0].roster, "marlowe.test", 1), 0);
	ck_assert(!is_buddy(&hosts[0], "marlowe.test"));
}
END_TEST

START_TEST(what_belongs_to_a_buddy_is_none)
{
	static const char *const others[] = {
			"tybalt@marlowe.test", "marlowe.test/x", "theatre.marlowe.test", "test", "kyd.test"};
	ck_assert_int_eq(roster_set(hosts[0].roster, "marlowe.test", SUB_BOTH), 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ck_assert_msg(!is_buddy(&hosts[0], others[i]), "%s", others[i]);
	}
}
END_TEST

START_TEST(rights_end_at_once)
{
	ck_assert_int_eq(roster_set(hosts[0].roster, "marlowe.test", SUB_BOTH), 0);
	ck_assert(is_buddy(&hosts[0], "marlowe.test"));
	ck_assert_int_eq(roster_set(hosts[0].roster, "marlowe.test", SUB_TO), 0);
	ck_assert(!is_buddy(&hosts[0], "marlowe.test"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reference incident");
	TCase *tests = tcase_create("incident");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, only_from_and_both_are_members);
	tcase_add_test(tests, a_preapproved_peer_is_no_member_yet);
	tcase_add_test(tests, what_belongs_to_a_buddy_is_none);
	tcase_add_test(tests, rights_end_at_once);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
