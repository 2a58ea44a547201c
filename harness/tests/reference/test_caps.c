/* What the reference server announces, held against the engine's own reading of the specifications. */
#include "caps.h"

#include "base/mem.h"
#include "disco.h"
#include "harness/tests/engine/run.h"
#include "link.h"
#include "roster.h"
#include "script/caps.h"
#include "wire/stanza.h"

#include <stdlib.h>
#include <string.h>

static struct server server;
static struct host host;
static struct config_host config;
static struct roster_store *store;

static void set_up(void)
{
	char *error = NULL;
	store = roster_store_open(":memory:", &error);
	ck_assert_ptr_nonnull(store);
	server = (struct server){.hosts = &host};
	host = (struct host){
			.server = &server, .config = &config, .domain = "srv.test", .roster = roster_open(store, "srv.test")};
}

static void tear_down(void)
{
	roster_close(host.roster);
	roster_close(host.kept);
	roster_store_close(store);
}

/* What disco#info says, as stanza. */
static struct stanza *told(int function)
{
	const char *features[DISCO_FEATURES_MAX];
	size_t count = disco_features(&host, NULL, function, features);
	struct buf b = {0};
	buf_add_text(&b, "<query xmlns='" NS_DISCO_INFO "'><identity category='server' type='im' name='" DISCO_NAME "'/>");
	for (size_t i = 0; i < count; i++) {
		buf_printf(&b, "<feature var='%s'/>", features[i]);
	}
	buf_add_text(&b, "</query>");
	struct stanza *s = stanza_parse(buf_text(&b), NS_SERVER);
	buf_finish(&b);
	return s;
}

static void announces(const char *hash)
{
	struct buf b = {0};
	caps_write(&b, &host);
	ck_assert_msg(strstr(buf_text(&b), hash) != NULL, "no %s in %s", hash, buf_text(&b));
	buf_finish(&b);
}

static void check_hashes(int function)
{
	struct stanza *info = told(function);
	char *hash = caps_hash(info->root, "sha-1");
	announces(hash);
	char *node = mem_printf("https://xmpp.org/extensions/xep-0267.html#reference#%s", hash);
	int with;
	ck_assert(caps_is_node(&host, node, &with));
	ck_assert_int_eq(with, function);
	free(node);
	free(hash);
	static const char *const algorithms[] = {"sha-256", "sha3-256"};
	for (size_t i = 0; i < 2; i++) {
		hash = caps2_hash(info->root, algorithms[i], LINK_LANGUAGE);
		announces(hash);
		node = mem_printf("urn:xmpp:caps#%s.%s", algorithms[i], hash);
		ck_assert(caps_is_node(&host, node, &with));
		ck_assert_int_eq(with, function);
		free(node);
		free(hash);
	}
	stanza_unref(info);
}

START_TEST(hashes_are_those_of_what_is_told)
{
	check_hashes(1);
	host.kept = host.roster; /* switched off */
	host.roster = NULL;
	check_hashes(0);
	host.roster = host.kept; /* and on again */
	host.kept = NULL;
	check_hashes(1);
}
END_TEST

START_TEST(a_public_server_says_so_in_its_hash)
{
	config.card.name = (char *)"public";
	check_hashes(1);
	config.card.name = NULL;
}
END_TEST

START_TEST(earlier_sets_are_known)
{
	struct stanza *info = told(0);
	char *hash = caps2_hash(info->root, "sha-256", LINK_LANGUAGE);
	char *node = mem_printf("urn:xmpp:caps#sha-256.%s", hash);
	int function;
	ck_assert(caps_is_node(&host, node, &function));
	ck_assert(!function);
	free(node);
	free(hash);
	stanza_unref(info);
}
END_TEST

START_TEST(other_nodes_are_not)
{
	static const char *const nodes[] = {"", "x", "urn:xmpp:caps#", "urn:xmpp:caps#sha-256.",
			"urn:xmpp:caps#sha-256.AAAA", "https://xmpp.org/extensions/xep-0267.html#reference#",
			"http://jabber.org/protocol/commands"};
	int function;
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		ck_assert(!caps_is_node(&host, nodes[i], &function));
	}
}
END_TEST

START_TEST(features_are_in_the_order_of_their_octets)
{
	const char *features[DISCO_FEATURES_MAX];
	size_t count = disco_features(&host, NULL, 1, features);
	for (size_t i = 1; i < count; i++) {
		ck_assert_int_lt(strcmp(features[i - 1], features[i]), 0);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reference caps");
	TCase *tests = tcase_create("caps");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, hashes_are_those_of_what_is_told);
	tcase_add_test(tests, a_public_server_says_so_in_its_hash);
	tcase_add_test(tests, earlier_sets_are_known);
	tcase_add_test(tests, other_nodes_are_not);
	tcase_add_test(tests, features_are_in_the_order_of_their_octets);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
