/* target/profile */
#include "base/err.h"
#include "run.h"
#include "target/profile.h"

#include <stdlib.h>
#include <string.h>

static const char complete[] =
		"{\"name\": \"prosody\", \"domains\": [\"srv.test\", \"two.test\"], \"off_domain\": \"off.test\","
		" \"c2s\": {\"address\": \"127.0.0.1\", \"port\": 5222, \"tls\": \"starttls\", \"ca\": \"/etc/ca.pem\"},"
		" \"s2s\": {\"address\": \"127.0.0.2\", \"port\": 5269},"
		" \"component\": {\"address\": \"127.0.0.2\", \"port\": 5347, \"secret\": \"x y\","
		"                 \"domains\": [\"muc.srv.test\", \"*.c.test\"]},"
		" \"peers\": {\"zone\": \"peers.test\", \"address\": \"127.0.0.3\", \"port\": 5269},"
		" \"dns\": {\"address\": \"127.0.0.4\", \"port\": 53},"
		" \"timing\": {\"quiet\": 70, \"final_quiet\": 400, \"deadline\": 6000, \"start\": 11000},"
		" \"accounts\": {\"admin\": {\"jid\": \"admin@srv.test\", \"password\": \"pa ss\"},"
		"                \"user\": {\"jid\": \"romeo@srv.test\", \"password\": \"\"}},"
		" \"claims\": {\"strict\": true, \"prompt\": false, \"other\": \"yes\"},"
		" \"hooks\": {\"approve\": {\"adhoc\": \"urn:approve\", \"fields\": {\"peer\": \"${peer}\", \"x\": \"y\"}},"
		"             \"pending\": {\"adhoc\": \"urn:pending\", \"result\": \"peers\"},"
		"             \"restart\": {\"driver\": true}}}";

static json_t *json;
static struct profile p;
static char *error;

static void setup(void)
{
	json = json_loads(complete, 0, NULL);
	ck_assert_ptr_nonnull(json);
}

static void teardown(void)
{
	profile_finish(&p);
	json_decref(json);
	free(error);
	error = NULL;
}

START_TEST(a_complete_profile_is_read)
{
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_ptr_null(error);
	ck_assert_str_eq(p.name, "prosody");
	ck_assert_uint_eq(p.domains_count, 2);
	ck_assert_str_eq(p.domains[0], "srv.test");
	ck_assert_str_eq(p.domains[1], "two.test");
	ck_assert_str_eq(p.off_domain, "off.test");
	ck_assert_str_eq(p.c2s_address, "127.0.0.1");
	ck_assert_int_eq(p.c2s_port, 5222);
	ck_assert_str_eq(p.tls, "starttls");
	ck_assert_str_eq(p.ca, "/etc/ca.pem");
	ck_assert_str_eq(p.s2s_address, "127.0.0.2");
	ck_assert_int_eq(p.s2s_port, 5269);
	ck_assert_str_eq(p.component.address, "127.0.0.2");
	ck_assert_int_eq(p.component.port, 5347);
	ck_assert_str_eq(p.component.secret, "x y");
	ck_assert_uint_eq(p.component.domains_count, 2);
	ck_assert_str_eq(p.component.domains[1], "*.c.test");
	ck_assert_str_eq(p.zone, "peers.test");
	ck_assert_str_eq(p.peers_address, "127.0.0.3");
	ck_assert_int_eq(p.peers_port, 5269);
	ck_assert_str_eq(p.dns_address, "127.0.0.4");
	ck_assert_int_eq(p.dns_port, 53);
	ck_assert_int_eq(p.quiet_ms, 70);
	ck_assert_int_eq(p.final_quiet_ms, 400);
	ck_assert_int_eq(p.deadline_ms, 6000);
	ck_assert_int_eq(p.start_ms, 11000);
}
END_TEST

START_TEST(accounts_and_hooks_are_found)
{
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_str_eq(profile_account(&p, "admin")->jid, "admin@srv.test");
	ck_assert_str_eq(profile_account(&p, "admin")->password, "pa ss");
	ck_assert_str_eq(profile_account(&p, "user")->password, "");
	ck_assert_ptr_null(profile_account(&p, "second_admin"));
	const struct hook *h = profile_hook(&p, "approve");
	ck_assert_str_eq(h->adhoc, "urn:approve");
	ck_assert_int_eq(h->driver, 0);
	ck_assert_ptr_null(h->result);
	ck_assert_uint_eq(h->fields_count, 2);
	ck_assert_str_eq(h->fields[0].name, "peer");
	ck_assert_str_eq(h->fields[0].value, "${peer}");
	ck_assert_str_eq(h->fields[1].name, "x");
	ck_assert_str_eq(profile_hook(&p, "pending")->result, "peers");
	ck_assert_int_eq(profile_hook(&p, "restart")->driver, 1);
	ck_assert_ptr_null(profile_hook(&p, "restart")->adhoc);
	ck_assert_ptr_null(profile_hook(&p, "kill"));
}
END_TEST

START_TEST(what_a_target_has)
{
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	static const struct {
		const char *what;
		int has;
	} facts[] = {{"claim:strict", 1}, {"claim:prompt", 0}, {"claim:other", 0}, {"claim:", 0}, {"hook:approve", 1},
			{"hook:kill", 0}, {"account:user", 1}, {"account:nobody", 0}, {"off_domain", 1}, {"virtual_hosts", 1},
			{"component", 1}, {"components:2", 1}, {"components:3", 0}, {"strict", 0}, {"", 0}};
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		ck_assert_msg(profile_has(&p, facts[i].what) == facts[i].has, "%s", facts[i].what);
	}
}
END_TEST

START_TEST(what_a_small_target_lacks)
{
	json_object_del(json, "off_domain");
	json_array_remove(json_object_get(json, "domains"), 1);
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "off_domain"), 0);
	ck_assert_int_eq(profile_has(&p, "virtual_hosts"), 0);
	ck_assert_int_eq(profile_has(&p, "s2s_tls"), 0);
	ck_assert_int_eq(profile_has(&p, "s2s_plain"), 1);
	ck_assert_int_eq(profile_has(&p, "s2s_dialback"), 1);
	ck_assert_int_eq(profile_has(&p, "s2s_direct_tls_port"), 0);
	profile_finish(&p);
	json_t *domains = json_object_get(json_object_get(json, "component"), "domains");
	json_array_remove(domains, 1);
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "component"), 1);
	ck_assert_int_eq(profile_has(&p, "components:2"), 0); /* one name is for one at a time */
	profile_finish(&p);
	json_array_set_new(domains, 0, json_string("*.srv.test"));
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "components:9"), 1);
	profile_finish(&p);
	json_object_del(json, "component");
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "component"), 0);
	ck_assert_int_eq(profile_has(&p, "components:2"), 0);
	profile_finish(&p);
	json_object_set_new(json_object_get(json, "s2s"), "tls", json_string("starttls"));
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "s2s_tls"), 1);
	ck_assert_int_eq(profile_has(&p, "s2s_plain"), 0);
	profile_finish(&p);
	json_object_set_new(json_object_get(json, "s2s"), "dialback", json_false());
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(profile_has(&p, "s2s_dialback"), 0);
}
END_TEST

START_TEST(what_may_be_left_out_has_defaults)
{
	static const char *const optional[] = {"timing", "accounts", "claims", "hooks", "off_domain"};
	for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
		json_object_del(json, optional[i]);
	}
	json_object_del(json_object_get(json, "c2s"), "port");
	json_object_del(json_object_get(json, "c2s"), "tls");
	json_object_del(json_object_get(json, "c2s"), "ca");
	json_object_del(json_object_get(json, "s2s"), "port");
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_OK);
	ck_assert_int_eq(p.quiet_ms, 60);
	ck_assert_int_eq(p.final_quiet_ms, 300);
	ck_assert_int_eq(p.deadline_ms, 5000);
	ck_assert_int_eq(p.start_ms, 10000);
	ck_assert_int_eq(p.c2s_port, 0);
	ck_assert_ptr_null(p.tls);
	ck_assert_ptr_null(p.off_domain);
	ck_assert_uint_eq(p.hooks_count, 0);
}
END_TEST

static const struct {
	const char *section, *key; /* section NULL: at the top */
	const char *message;
} required[] = {
		{NULL, "name", "profile: name; expected a text"},
		{NULL, "domains", "profile: domains; expected at least one domain"},
		{NULL, "c2s", "profile: c2s.address; expected a text"},
		{"c2s", "address", "profile: c2s.address; expected a text"},
		{"s2s", "address", "profile: s2s.address; expected a text"},
		{"peers", "zone", "profile: peers.zone; expected a text"},
		{"peers", "address", "profile: peers.address; expected a text"},
		{"dns", "address", "profile: dns.address; expected a text"},
};

START_TEST(what_is_missing_is_told)
{
	json_t *at = required[_i].section ? json_object_get(json, required[_i].section) : json;
	json_object_del(at, required[_i].key);
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, required[_i].message);
}
END_TEST

START_TEST(what_has_the_wrong_type_is_missing)
{
	json_t *at = required[_i].section ? json_object_get(json, required[_i].section) : json;
	json_object_set_new(at, required[_i].key, json_integer(7));
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, required[_i].message);
}
END_TEST

static const struct {
	const char *json; /* one account or hook */
	const char *message;
} inner[] = {
		{"{\"accounts\": {\"admin\": {\"password\": \"x\"}}}", "profile: admin.jid; expected a text"},
		{"{\"accounts\": {\"admin\": {\"jid\": \"a@b\"}}}", "profile: admin.password; expected a text"},
		{"{\"accounts\": {\"admin\": \"a@b\"}}", "profile: admin.jid; expected a text"},
		{"{\"hooks\": {\"approve\": {}}}", "profile: approve.adhoc; expected a text"},
		{"{\"hooks\": {\"approve\": true}}", "profile: approve.adhoc; expected a text"},
		{"{\"hooks\": {\"approve\": {\"driver\": false}}}", "profile: approve.adhoc; expected a text"},
		{"{\"hooks\": {\"approve\": {\"adhoc\": \"n\", \"fields\": {\"days\": 7}}}}",
				"profile: approve.days; expected a text"},
		{"{\"hooks\": {\"approve\": {\"adhoc\": \"n\", \"fields\": {\"days\": null}}}}",
				"profile: approve.days; expected a text"},
		{"{\"domains\": []}", "profile: domains; expected at least one domain"},
		{"{\"domains\": \"srv.test\"}", "profile: domains; expected at least one domain"},
};

START_TEST(accounts_and_hooks_must_be_complete)
{
	json_t *other = json_loads(inner[_i].json, 0, NULL);
	ck_assert_ptr_nonnull(other);
	json_object_update(json, other);
	json_decref(other);
	ck_assert_int_eq(profile_read(&p, json, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, inner[_i].message);
}
END_TEST

static const char *const odd[] = {"[]", "{}", "7", "null", "\"text\"", "{\"c2s\": []}"};

START_TEST(what_is_no_profile_is_refused)
{
	json_t *other = json_loads(odd[_i], JSON_DECODE_ANY, NULL);
	ck_assert_int_eq(profile_read(&p, other, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, "profile: name; expected a text");
	json_decref(other);
}
END_TEST

START_TEST(no_profile_at_all)
{
	ck_assert_int_eq(profile_read(&p, NULL, &error), ERR_SYNTAX);
	ck_assert_str_eq(error, "profile: name; expected a text");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("profile");
	TCase *tests = tcase_create("profile");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_complete_profile_is_read);
	tcase_add_test(tests, accounts_and_hooks_are_found);
	tcase_add_test(tests, what_a_target_has);
	tcase_add_test(tests, what_a_small_target_lacks);
	tcase_add_test(tests, what_may_be_left_out_has_defaults);
	tcase_add_loop_test(tests, what_is_missing_is_told, 0, sizeof required / sizeof *required);
	tcase_add_loop_test(tests, what_has_the_wrong_type_is_missing, 0, sizeof required / sizeof *required);
	tcase_add_loop_test(tests, accounts_and_hooks_must_be_complete, 0, sizeof inner / sizeof *inner);
	tcase_add_loop_test(tests, what_is_no_profile_is_refused, 0, sizeof odd / sizeof *odd);
	tcase_add_test(tests, no_profile_at_all);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
