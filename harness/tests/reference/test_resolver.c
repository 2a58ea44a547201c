/* resolver: where a domain's server is, asked of the engine's own name server */
#include "resolver.h"

#include "base/buf.h"
#include "fault.h"
#include "harness/tests/engine/run.h"
#include "wire/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uv_loop_t loop;
static struct dns_server *dns;
static struct resolver *resolver;
static struct buf found; /* "address:port;" of all, and "." behind an answer */

static void setup(void)
{
	char *error = NULL;
	struct dns_zone zone = {
			.name = "peers.test", .port = 25269, .backup_port = 25270, .ipv6_port = 25271, .tls_port = 25272};
	inet_pton(AF_INET, "127.0.0.3", &zone.address);
	inet_pton(AF_INET, "127.9.9.9", &zone.default_address);
	memset(&found, 0, sizeof found);
	uv_loop_init(&loop);
	dns = dns_create(&loop, "127.0.0.1", 0, &zone, NULL, NULL, &error);
	ck_assert_msg(dns != NULL, "%s", error);
	char server[32];
	snprintf(server, sizeof server, "127.0.0.1:%d", dns_port(dns));
	resolver = resolver_create(&loop, server, &error);
	ck_assert_msg(resolver != NULL, "%s", error);
}

static void teardown(void)
{
	memset(fault_switches, 0, sizeof fault_switches);
	resolver_destroy(resolver);
	dns_destroy(dns);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	buf_finish(&found);
}

static void on_done(void *ud, const struct resolver_target *targets, size_t count)
{
	(void)ud;
	for (size_t i = 0; i < count; i++) {
		buf_printf(&found, "%s:%d%s;", targets[i].address, targets[i].port, targets[i].direct_tls ? " direct" : "");
	}
	buf_add_text(&found, ".");
}

static const char *resolve(const char *domain)
{
	buf_clear(&found);
	resolver_ask(resolver, domain, on_done, NULL);
	ck_assert_uint_eq(found.len, 0); /* never inside the question */
	while (!found.len) {
		uv_run(&loop, UV_RUN_ONCE);
	}
	return buf_text(&found);
}

START_TEST(servers_are_found)
{
	ck_assert_str_eq(resolve("a.peers.test"), "127.0.0.3:25269;.");
	ck_assert_str_eq(resolve("priorities.a.peers.test"), "127.0.0.3:25269;127.0.0.3:25270;.");
	ck_assert_str_eq(resolve("closed-first.a.peers.test"), "127.0.0.3:1;127.0.0.3:25269;.");
	ck_assert_str_eq(resolve("ipv6.a.peers.test"), "::1:25271;.");
}
END_TEST

START_TEST(without_srv_records_it_is_the_default_port)
{
	ck_assert_str_eq(resolve("no-srv.a.peers.test"), "127.9.9.9:5269;.");
	ck_assert_str_eq(resolve("wildcard.a.peers.test"), "127.9.9.9:5269;.");
}
END_TEST

START_TEST(nothing_is_found)
{
	ck_assert_str_eq(resolve("no-name.a.peers.test"), ".");
	ck_assert_str_eq(resolve("dns-failure.a.peers.test"), ".");
	ck_assert_str_eq(resolve("elsewhere.test"), ".");
}
END_TEST

START_TEST(silence_keeps_nobody_waiting)
{
	struct resolver_query *silent = resolver_ask(resolver, "dns-silence.a.peers.test", on_done, NULL);
	ck_assert_str_eq(resolve("b.peers.test"), "127.0.0.3:25269;.");
	resolver_cancel(silent);
}
END_TEST

static void on_one(void *ud, const struct resolver_target *targets, size_t count)
{
	(void)targets;
	*(size_t *)ud += count;
}

START_TEST(many_at_once_are_all_answered)
{
	size_t answered = 0;
	for (int i = 0; i < 1000; i++) {
		char domain[40];
		snprintf(domain, sizeof domain, "n%d.peers.test", i);
		resolver_ask(resolver, domain, on_one, &answered);
	}
	while (answered < 1000) {
		uv_run(&loop, UV_RUN_ONCE);
	}
}
END_TEST

START_TEST(what_waits_ends_with_the_resolver)
{
	size_t answered = 0;
	for (int i = 0; i < 200; i++) {
		resolver_ask(resolver, "dns-silence.a.peers.test", on_one, &answered);
	}
	ck_assert_uint_eq(answered, 0); /* teardown finds nothing left */
}
END_TEST

START_TEST(direct_tls_is_asked_for_where_it_is_wanted)
{
	ck_assert_str_eq(resolve("direct-tls.a.peers.test"), "127.0.0.3:5269;.");
	resolver_use_direct_tls(resolver);
	ck_assert_str_eq(resolve("direct-tls.a.peers.test"), "127.0.0.3:25272 direct;.");
	ck_assert_str_eq(resolve("priorities.a.peers.test"), "127.0.0.3:25269;127.0.0.3:25270;.");
	ck_assert_str_eq(resolve("no-srv.a.peers.test"), "127.9.9.9:5269;.");
}
END_TEST

START_TEST(faults)
{
	fault_switches[N299] = 1;
	ck_assert_str_eq(resolve("priorities.a.peers.test"), "127.0.0.3:25270;127.0.0.3:25269;.");
	fault_switches[N300] = 1;
	ck_assert_str_eq(resolve("priorities.a.peers.test"), "127.0.0.3:25270;.");
	fault_switches[N301] = 1;
	ck_assert_str_eq(resolve("no-srv.a.peers.test"), ".");
	fault_switches[N302] = 1;
	ck_assert_str_eq(resolve("ipv6.a.peers.test"), ".");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reference: resolver");
	TCase *tests = tcase_create("resolver");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, servers_are_found);
	tcase_add_test(tests, without_srv_records_it_is_the_default_port);
	tcase_add_test(tests, nothing_is_found);
	tcase_add_test(tests, silence_keeps_nobody_waiting);
	tcase_add_test(tests, many_at_once_are_all_answered);
	tcase_add_test(tests, what_waits_ends_with_the_resolver);
	tcase_add_test(tests, direct_tls_is_asked_for_where_it_is_wanted);
	tcase_add_test(tests, faults);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
