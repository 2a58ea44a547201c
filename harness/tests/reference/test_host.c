/* reference/host: who is an administrator */
#include "host.h"

#include "base/mem.h"
#include "harness/tests/engine/run.h"

static char bard[] = "bard@srv.test", anne[] = "anne@srv.test";
static char *admins[] = {bard, anne};
static struct config_host configuration = {.admins = admins, .admins_count = 2};
static struct server server = {.config = {.hosts = &configuration, .hosts_count = 1}};
static int suspended[2];
static struct host host = {.server = &server, .config = &configuration, .suspended = suspended};

static int is_admin(const char *address)
{
	struct jid who;
	ck_assert_int_eq(jid_parse(address, &who), 0);
	int is = host_is_admin(&host, &who);
	jid_finish(&who);
	return is;
}

START_TEST(the_configuration_names_administrators)
{
	ck_assert(is_admin("bard@srv.test"));
	ck_assert(is_admin("BARD@SRV.test/phone"));
	ck_assert(!is_admin("kyd@srv.test"));
	ck_assert(!is_admin("bard@other.test"));
	ck_assert(!is_admin("srv.test"));
}
END_TEST

START_TEST(rights_are_taken_and_given_back)
{
	ck_assert_int_eq(host_suspend_admin(&host, "anne@srv.test", 1), 0);
	ck_assert(!is_admin("anne@srv.test"));
	ck_assert(is_admin("bard@srv.test"));
	ck_assert_int_eq(host_suspend_admin(&host, "anne@srv.test", 0), 0);
	ck_assert(is_admin("anne@srv.test"));
}
END_TEST

START_TEST(nobody_else_is_given_rights)
{
	ck_assert_int_eq(host_suspend_admin(&host, "kyd@srv.test", 0), -1);
	ck_assert(!is_admin("kyd@srv.test"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reference: host");
	TCase *tests = tcase_create("administrators");
	tcase_add_test(tests, the_configuration_names_administrators);
	tcase_add_test(tests, rights_are_taken_and_given_back);
	tcase_add_test(tests, nobody_else_is_given_rights);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
