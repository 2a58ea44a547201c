/* wire/dns and wire/dns_server */
#include "base/buf.h"
#include "run.h"
#include "wire/dns.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { A = 1, NS = 2, TXT = 16, AAAA = 28, SRV = 33, ANY = 255 };

static struct dns_zone zone(void)
{
	struct dns_zone z = {.name = "peers.test",
			.port = 25269,
			.backup_port = 25270,
			.hole_port = 25271,
			.ipv6_port = 25272,
			.tls_port = 25273};
	inet_pton(AF_INET, "127.9.9.9", &z.default_address);
	inet_pton(AF_INET, "127.0.0.3", &z.address);
	return z;
}

/* ---- queries ---- */

static void add16(struct buf *b, unsigned value)
{
	const char octets[2] = {(char)(value >> 8), (char)value};
	buf_add(b, octets, 2);
}

static void add_name(struct buf *b, const char *name)
{
	while (*name) {
		char label = (char)strcspn(name, ".");
		buf_add(b, &label, 1);
		buf_add(b, name, (size_t)label);
		name += label + (name[(size_t)label] == '.');
	}
	buf_add(b, "", 1);
}

static struct buf make_query(const char *name, unsigned type)
{
	struct buf b = {0};
	add16(&b, 0xabcd);
	add16(&b, 0x0100);
	add16(&b, 1);
	buf_add(&b, "\0\0\0\0\0\0", 6);
	add_name(&b, name);
	add16(&b, type);
	add16(&b, 1);
	return b;
}

/* ---- answers as text: "rcode name type value" ---- */

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static size_t get_name(const unsigned char *message, size_t len, size_t at, struct buf *text)
{
	size_t end = 0;
	while (message[at]) {
		ck_assert_uint_lt(at, len);
		if (message[at] >= 0xc0) {
			end = end ? end : at + 2;
			at = get16(message + at) & 0x3fff;
			continue;
		}
		buf_add(text, message + at + 1, message[at]);
		buf_add_text(text, ".");
		at += 1u + message[at];
	}
	return end ? end : at + 1;
}

/* One record at at; returns where the next one begins. */
static size_t get_record(const unsigned char *message, size_t len, size_t at, struct buf *text)
{
	buf_add_text(text, " ");
	at = get_name(message, len, at, text);
	ck_assert_uint_le(at + 10, len);
	unsigned type = get16(message + at);
	ck_assert_uint_eq(get16(message + at + 2), 1);
	ck_assert_uint_eq(get16(message + at + 4) + get16(message + at + 6), 0); /* TTL */
	size_t end = at + 10 + get16(message + at + 8);
	ck_assert_uint_le(end, len);
	at += 10;
	if (type == A) {
		char address[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, message + at, address, sizeof address);
		buf_printf(text, " A %s", address);
		at += 4;
	} else if (type == AAAA) {
		char address[INET6_ADDRSTRLEN];
		inet_ntop(AF_INET6, message + at, address, sizeof address);
		buf_printf(text, " AAAA %s", address);
		at += 16;
	} else if (type == SRV) {
		buf_printf(text, " SRV %u %u %u ", get16(message + at), get16(message + at + 2), get16(message + at + 4));
		at = get_name(message, len, at + 6, text);
	} else {
		ck_assert_uint_eq(type, 6);
		buf_add_text(text, " SOA");
		struct buf ignored = {0};
		at = get_name(message, len, at, &ignored);
		at = get_name(message, len, at, &ignored) + 20;
		buf_finish(&ignored);
	}
	ck_assert_uint_eq(at, end);
	return at;
}

static void describe(const unsigned char *answer, size_t len, const struct buf *query, struct buf *text)
{
	size_t question = 0;
	while (query->data[12 + question]) {
		question += 1u + (unsigned char)query->data[12 + question];
	}
	question += 5;
	ck_assert_uint_ge(len, 12 + question);
	ck_assert_int_eq(memcmp(answer, query->data, 2), 0);
	ck_assert_int_eq(memcmp(answer + 12, query->data + 12, question), 0); /* case and all */
	ck_assert_uint_eq(answer[2] & 0x84, 0x84);							  /* QR, AA */
	ck_assert_uint_eq(get16(answer + 4), 1);
	ck_assert_uint_eq(get16(answer + 10), 0);
	buf_printf(text, "%d%s", answer[3] & 15, answer[2] & 2 ? " TC" : "");
	size_t at = 12 + question;
	for (unsigned i = get16(answer + 6) + get16(answer + 8); i; i--) {
		at = get_record(answer, len, at, text);
	}
	ck_assert_uint_eq(at, len);
}

static void check_query(const struct buf *query, const char *expected)
{
	struct dns_zone z = zone();
	unsigned char answer[512];
	struct buf text = {0};
	size_t len = dns_answer(&z, (const unsigned char *)query->data, query->len, answer, sizeof answer);
	ck_assert_uint_gt(len, 0);
	describe(answer, len, query, &text);
	ck_assert_str_eq(buf_text(&text), expected);
	buf_finish(&text);
}

static void check(const char *name, unsigned type, const char *expected)
{
	struct buf query = make_query(name, type);
	check_query(&query, expected);
	buf_finish(&query);
}

START_TEST(services_of_peers)
{
	check("_xmpp-server._tcp.romeo.peers.test", SRV,
			"0 _xmpp-server._tcp.romeo.peers.test. SRV 0 0 25269 romeo.peers.test.");
	check("_xmpp-server._tcp.peers.test", SRV, "0 _xmpp-server._tcp.peers.test. SRV 0 0 25269 peers.test.");
	check("_xmpp-server._tcp.a.b.c.peers.test", ANY,
			"0 _xmpp-server._tcp.a.b.c.peers.test. SRV 0 0 25269 a.b.c.peers.test.");
	check("_xmpp-server._tcp.romeo.peers.test", A, "0 peers.test. SOA");
	check("_xmpps-server._tcp.romeo.peers.test", SRV, "3 peers.test. SOA");
	check("_xmpp-client._tcp.romeo.peers.test", SRV, "3 peers.test. SOA");
	check("_xmpp-server._tcp._xmpp-server._tcp.romeo.peers.test", SRV, "3 peers.test. SOA");
	check("_xmpp-server._tcp.example.org", SRV, "3");
	check("_xmpp-server._tcp", SRV, "3");
}
END_TEST

START_TEST(services_at_an_address)
{
	struct dns_zone z = zone();
	z.srv_names_address = 1;
	unsigned char answer[512];
	struct buf query = make_query("_xmpp-server._tcp.romeo.peers.test", SRV);
	struct buf text = {0};
	size_t len = dns_answer(&z, (const unsigned char *)query.data, query.len, answer, sizeof answer);
	describe(answer, len, &query, &text);
	ck_assert_str_eq(buf_text(&text), "0 _xmpp-server._tcp.romeo.peers.test. SRV 0 0 25269 127.0.0.3.");
	buf_finish(&text);
	buf_finish(&query);
}
END_TEST

START_TEST(addresses_of_peers)
{
	check("romeo.peers.test", A, "0 romeo.peers.test. A 127.0.0.3");
	check("romeo.peers.test", ANY, "0 romeo.peers.test. A 127.0.0.3");
	check("peers.test", A, "0 peers.test. A 127.0.0.3");
	check("romeo.peers.test", AAAA, "0 peers.test. SOA");
	check("romeo.peers.test", TXT, "0 peers.test. SOA");
	check("romeo.peers.test", NS, "0 peers.test. SOA");
	check("romeo.peers.test", SRV, "0 peers.test. SOA");
	check("romeopeers.test", A, "3");
	check("test", A, "3");
	check("peers.test.example", A, "3");
	check("", A, "3");
	check("127.0.0.9", A, "0 127.0.0.9. A 127.0.0.9");
	check("127.0.0.9", AAAA, "0");
	check("127.0.0.256", A, "3");
	check("127.0.9", A, "3");
}
END_TEST

START_TEST(faults_of_names)
{
	check("_xmpp-server._tcp.no-name.romeo.peers.test", SRV, "3 peers.test. SOA");
	check("no-name.romeo.peers.test", A, "3 peers.test. SOA");
	check("_xmpp-server._tcp.closed-port.romeo.peers.test", SRV,
			"0 _xmpp-server._tcp.closed-port.romeo.peers.test. SRV 0 0 1 closed-port.romeo.peers.test.");
	check("closed-port.romeo.peers.test", A, "0 closed-port.romeo.peers.test. A 127.0.0.3");
	check("no-names.romeo.peers.test", A, "0 no-names.romeo.peers.test. A 127.0.0.3");
	check("_xmpp-server._tcp.dns-failure.romeo.peers.test", SRV, "2");
	check("dns-failure.romeo.peers.test", AAAA, "2");
	check("_xmpp-server._tcp.black-hole.romeo.peers.test", SRV,
			"0 _xmpp-server._tcp.black-hole.romeo.peers.test. SRV 0 0 25271 black-hole.romeo.peers.test.");
	struct buf query = make_query("_xmpp-server._tcp.dns-silence.romeo.peers.test", SRV);
	struct dns_zone z = zone();
	unsigned char answer[512];
	ck_assert_uint_eq(dns_answer(&z, (const unsigned char *)query.data, query.len, answer, sizeof answer), 0);
	buf_finish(&query);
}
END_TEST

START_TEST(layouts_of_names)
{
	check("_xmpp-server._tcp.priorities.peers.test", SRV,
			"0 _xmpp-server._tcp.priorities.peers.test. SRV 20 100 25270 priorities.peers.test."
			" _xmpp-server._tcp.priorities.peers.test. SRV 10 0 25269 priorities.peers.test.");
	check("_xmpp-server._tcp.closed-first.peers.test", SRV,
			"0 _xmpp-server._tcp.closed-first.peers.test. SRV 20 100 25269 closed-first.peers.test."
			" _xmpp-server._tcp.closed-first.peers.test. SRV 10 0 1 closed-first.peers.test.");
	check("_xmpp-server._tcp.no-srv.peers.test", SRV, "3 peers.test. SOA");
	check("no-srv.peers.test", A, "0 no-srv.peers.test. A 127.9.9.9");
	check("_xmpp-server._tcp.wildcard.peers.test", SRV, "0 peers.test. SOA");
	check("wildcard.peers.test", A, "0 wildcard.peers.test. A 127.9.9.9");
	check("_xmpp-server._tcp.ipv6.peers.test", SRV,
			"0 _xmpp-server._tcp.ipv6.peers.test. SRV 0 0 25272 ipv6.peers.test.");
	check("_xmpps-server._tcp.direct-tls.peers.test", SRV,
			"0 _xmpps-server._tcp.direct-tls.peers.test. SRV 0 0 25273 direct-tls.peers.test.");
	check("_xmpp-server._tcp.direct-tls.peers.test", SRV, "3 peers.test. SOA");
	check("direct-tls.peers.test", A, "0 direct-tls.peers.test. A 127.0.0.3");
	check("ipv6.peers.test", A, "0 peers.test. SOA");
	check("ipv6.peers.test", AAAA, "0 ipv6.peers.test. AAAA ::1");
}
END_TEST

START_TEST(case_is_echoed_and_ignored)
{
	check("_XMPP-Server._Tcp.RoMeo.Peers.TEST", SRV,
			"0 _XMPP-Server._Tcp.RoMeo.Peers.TEST. SRV 0 0 25269 RoMeo.Peers.TEST.");
	check("JULIET.PEERS.TEST", A, "0 JULIET.PEERS.TEST. A 127.0.0.3");
	check("JULIET.PEERS.TEST", AAAA, "0 PEERS.TEST. SOA");
}
END_TEST

START_TEST(edns_is_tolerated)
{
	struct buf query = make_query("romeo.peers.test", A);
	query.data[11] = 1;
	buf_add(&query, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
	check_query(&query, "0 romeo.peers.test. A 127.0.0.3");
	buf_finish(&query);
}
END_TEST

START_TEST(other_queries_are_declined)
{
	struct buf query = make_query("romeo.peers.test", A);
	query.data[2] = 0x10; /* opcode STATUS */
	check_query(&query, "4");
	query.data[2] = 0;
	check_query(&query, "0 romeo.peers.test. A 127.0.0.3");
	query.data[query.len - 1] = 3; /* class CH */
	check_query(&query, "5");
	query.data[query.len - 1] = (char)255;
	check_query(&query, "0 romeo.peers.test. A 127.0.0.3");
	buf_finish(&query);
}
END_TEST

START_TEST(strange_labels_match_nothing)
{
	struct buf query = make_query("x.peers.test", A);
	query.data[13] = '.';
	check_query(&query, "0 ..peers.test. A 127.0.0.3"); /* any name below the zone */
	buf_finish(&query);
	query = make_query("peersxtest", A);
	query.data[18] = '.'; /* one label, which reads like the zone */
	check_query(&query, "3");
	buf_finish(&query);
}
END_TEST

START_TEST(longest_names)
{
#define LABEL "0123456789012345678901234567890123456789012345678901234567890."
#define PEER LABEL LABEL LABEL "0123456789012345678901234567890123456.peers.test"
	static const char name[] = "_xmpp-server._tcp." PEER;
	ck_assert_uint_eq(sizeof name - 1, 252);
	check(name, SRV, "0 TC");
	check(PEER, A, "0 " PEER ". A 127.0.0.3");
#undef LABEL
#undef PEER
}
END_TEST

/* ---- what is dropped ---- */

static size_t answer_exact(const void *query, size_t len)
{
	struct dns_zone z = zone();
	unsigned char answer[512];
	/* A copy of its own shows the sanitizers what is read beyond it. */
	unsigned char *copy = malloc(len ? len : 1);
	memcpy(copy, query, len);
	size_t answered = dns_answer(&z, copy, len, answer, sizeof answer);
	char name[256];
	int type;
	ck_assert_int_eq(dns_question(copy, len, name, &type), answered > 0);
	ck_assert_uint_le(answered, sizeof answer);
	free(copy);
	return answered;
}

START_TEST(truncated_queries_are_dropped)
{
	struct buf query = make_query("_xmpp-server._tcp.romeo.peers.test", SRV);
	for (size_t len = 0; len < query.len; len++) {
		ck_assert_uint_eq(answer_exact(query.data, len), 0);
	}
	ck_assert_uint_gt(answer_exact(query.data, query.len), 0);
	buf_finish(&query);
}
END_TEST

START_TEST(responses_and_other_counts_are_dropped)
{
	struct buf query = make_query("romeo.peers.test", A);
	query.data[2] = (char)0x81;
	ck_assert_uint_eq(answer_exact(query.data, query.len), 0);
	query.data[2] = 1;
	for (int count = 0; count < 256; count++) {
		query.data[5] = (char)count;
		ck_assert_int_eq(answer_exact(query.data, query.len) > 0, count == 1);
	}
	query.data[5] = 1;
	memset(query.data + 6, 0xff, 6); /* records that are not there */
	ck_assert_uint_gt(answer_exact(query.data, query.len), 0);
	buf_finish(&query);
}
END_TEST

START_TEST(compressed_questions_are_dropped)
{
	static const char to_itself[] = "\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1";
	static const char to_header[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\0\0\1\0\1";
	static const char to_beyond[] = "\0\1\1\0\0\1\0\0\0\0\0\0\xff\xff\0\1\0\1";
	static const char reserved[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x40\0\1\0\1";
	static const char too_long[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x3f"
								   "a\0\1\0\1";
	ck_assert_uint_eq(answer_exact(to_itself, sizeof to_itself - 1), 0);
	ck_assert_uint_eq(answer_exact(to_header, sizeof to_header - 1), 0);
	ck_assert_uint_eq(answer_exact(to_beyond, sizeof to_beyond - 1), 0);
	ck_assert_uint_eq(answer_exact(reserved, sizeof reserved - 1), 0);
	ck_assert_uint_eq(answer_exact(too_long, sizeof too_long - 1), 0);
}
END_TEST

START_TEST(too_long_names_are_dropped)
{
	for (int labels = 120; labels < 140; labels++) {
		struct buf name = {0};
		for (int i = 0; i < labels; i++) {
			buf_add_text(&name, i ? ".a" : "a");
		}
		struct buf query = make_query(buf_text(&name), A);
		ck_assert_int_eq(answer_exact(query.data, query.len) > 0, labels <= 127);
		buf_finish(&query);
		buf_finish(&name);
	}
}
END_TEST

START_TEST(small_space_gives_no_answer)
{
	struct buf query = make_query("romeo.peers.test", A);
	struct dns_zone z = zone();
	unsigned char answer[512];
	ck_assert_uint_eq(dns_answer(&z, (unsigned char *)query.data, query.len, answer, 511), 0);
	buf_finish(&query);
}
END_TEST

START_TEST(random_octets_do_no_harm)
{
	uint32_t random = 1;
	for (int round = 0; round < 50000; round++) {
		struct buf query = make_query(round & 1 ? "_xmpp-server._tcp.a.peers.test" : "b.peers.test", SRV);
		for (int i = 0; i < 4; i++) {
			random = random * 1664525u + 1013904223u;
			size_t at = (round & 2 ? 12u : 0u) + (random >> 8) % (query.len - 12);
			query.data[at] = (char)(random >> 24);
		}
		answer_exact(query.data, query.len - (round & 4 ? random % 20 : 0));
		buf_finish(&query);
	}
}
END_TEST

/* ---- the server ---- */

struct client {
	uv_udp_t udp;
	struct buf answer;
	char name[256];
	int type, queries;
	char octets[1024];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	struct client *client = handle->data;
	*buf = uv_buf_init(client->octets, sizeof client->octets);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	(void)flags;
	struct client *client = udp->data;
	if (from) {
		buf_add(&client->answer, buf->base, (size_t)n);
	}
}

static void on_query(void *ud, const char *name, int type)
{
	struct client *client = ud;
	snprintf(client->name, sizeof client->name, "%s", name);
	client->type = type;
	client->queries++;
}

static void ask(struct client *client, int port, const char *name, unsigned type, const char *expected)
{
	struct sockaddr_in to;
	uv_ip4_addr("127.0.0.1", port, &to);
	uv_buf_t junk = uv_buf_init((char[]){"junk"}, 4);
	ck_assert_int_eq(uv_udp_try_send(&client->udp, &junk, 1, (struct sockaddr *)&to), 4);
	struct buf query = make_query(name, type);
	uv_buf_t buf = uv_buf_init(query.data, (unsigned)query.len);
	ck_assert_int_eq(uv_udp_try_send(&client->udp, &buf, 1, (struct sockaddr *)&to), (int)query.len);
	buf_clear(&client->answer);
	while (!client->answer.len) {
		uv_run(client->udp.loop, UV_RUN_ONCE);
	}
	struct buf text = {0};
	describe((unsigned char *)client->answer.data, client->answer.len, &query, &text);
	ck_assert_str_eq(buf_text(&text), expected);
	buf_finish(&text);
	buf_finish(&query);
}

START_TEST(server_answers)
{
	uv_loop_t loop;
	uv_loop_init(&loop);
	struct client client = {0};
	uv_udp_init(&loop, &client.udp);
	client.udp.data = &client;
	struct sockaddr_in any;
	uv_ip4_addr("127.0.0.1", 0, &any);
	ck_assert_int_eq(uv_udp_bind(&client.udp, (struct sockaddr *)&any, 0), 0);
	uv_udp_recv_start(&client.udp, on_alloc, on_datagram);

	char *error = NULL;
	char name[] = "peers.test";
	struct dns_zone z = zone();
	z.name = name;
	struct dns_server *server = dns_create(&loop, "127.0.0.1", 0, &z, on_query, &client, &error);
	ck_assert_ptr_nonnull(server);
	name[0] = 'x'; /* the name was copied */
	ask(&client, dns_port(server), "A.peers.test", A, "0 A.peers.test. A 127.0.0.3");
	ck_assert_str_eq(client.name, "a.peers.test");
	ck_assert_int_eq(client.type, A);
	dns_set_peers_port(server, 4711);
	ask(&client, dns_port(server), "_xmpp-server._tcp.b.peers.test", SRV,
			"0 _xmpp-server._tcp.b.peers.test. SRV 0 0 4711 b.peers.test.");
	ck_assert_int_eq(client.queries, 2);

	char *expected = NULL;
	ck_assert_ptr_null(dns_create(&loop, "127.0.0.1", dns_port(server), &z, NULL, NULL, &error));
	ck_assert_int_gt(asprintf(&expected, "127.0.0.1:%d: address already in use", dns_port(server)), 0);
	ck_assert_str_eq(error, expected);
	free(error);
	free(expected);
	ck_assert_ptr_null(dns_create(&loop, "not-an-address", 0, &z, NULL, NULL, &error));
	free(error);

	dns_destroy(server);
	dns_destroy(NULL);
	uv_close((uv_handle_t *)&client.udp, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	buf_finish(&client.answer);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("dns");
	TCase *tests = tcase_create("dns");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_test(tests, services_of_peers);
	tcase_add_test(tests, services_at_an_address);
	tcase_add_test(tests, addresses_of_peers);
	tcase_add_test(tests, faults_of_names);
	tcase_add_test(tests, layouts_of_names);
	tcase_add_test(tests, case_is_echoed_and_ignored);
	tcase_add_test(tests, edns_is_tolerated);
	tcase_add_test(tests, other_queries_are_declined);
	tcase_add_test(tests, strange_labels_match_nothing);
	tcase_add_test(tests, longest_names);
	tcase_add_test(tests, truncated_queries_are_dropped);
	tcase_add_test(tests, responses_and_other_counts_are_dropped);
	tcase_add_test(tests, compressed_questions_are_dropped);
	tcase_add_test(tests, too_long_names_are_dropped);
	tcase_add_test(tests, small_space_gives_no_answer);
	tcase_add_test(tests, random_octets_do_no_harm);
	tcase_add_test(tests, server_answers);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
