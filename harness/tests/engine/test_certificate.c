/* wire/certificate, and wire/tls between servers: two sides in memory, without a network */
#include "base/buf.h"
#include "run.h"
#include "wire/certificate.h"
#include "wire/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct authority *authority;

static struct certificate *issued(const char *domain, enum certificate_flaw flaw)
{
	struct certificate *c = authority_issue(authority, &domain, 1, flaw);
	ck_assert_ptr_nonnull(c);
	return c;
}

static void move(struct tls *from, struct tls *to)
{
	struct buf octets = {0};
	tls_output(from, &octets);
	tls_receive(to, buf_text(&octets), octets.len);
	buf_finish(&octets);
}

struct ends {
	struct tls *client, *server;
};

static void shake_hands(struct ends *e, const struct tls_setup *client, const struct tls_setup *server)
{
	char none[1];
	e->client = tls_create(client);
	e->server = tls_create(server);
	ck_assert_ptr_nonnull(e->client);
	ck_assert_ptr_nonnull(e->server);
	for (int i = 0; i < 4; i++) {
		tls_read(e->client, none, 0);
		move(e->client, e->server);
		tls_read(e->server, none, 0);
		move(e->server, e->client);
	}
	ck_assert_int_eq(tls_state(e->client), TLS_OPEN);
	ck_assert_int_eq(tls_state(e->server), TLS_OPEN);
}

static void finish(struct ends *e)
{
	tls_destroy(e->client);
	tls_destroy(e->server);
}

static struct tls_setup side(int server, const struct certificate *c)
{
	return (struct tls_setup){
			.server = server, .sni = server ? NULL : "srv.test", .certificate = c, .authority = authority};
}

START_TEST(both_sides_show_what_they_are)
{
	struct certificate *mine = issued("marlowe.peers.test", CERTIFICATE_RIGHT);
	const char *const names[] = {"srv.test", "second.test"};
	struct certificate *theirs = authority_issue(authority, names, 2, CERTIFICATE_RIGHT);
	struct tls_setup client = side(0, mine), server = side(1, theirs);
	struct ends e;
	shake_hands(&e, &client, &server);
	ck_assert(tls_covers(e.server, "marlowe.peers.test"));
	ck_assert(!tls_covers(e.server, "peers.test"));
	ck_assert(!tls_covers(e.server, "kyd.peers.test"));
	ck_assert(tls_covers(e.client, "srv.test"));
	ck_assert(tls_covers(e.client, "second.test"));
	ck_assert(!tls_covers(e.client, "off.test"));
	ck_assert_str_eq(tls_objection(e.client), "");
	ck_assert_str_eq(tls_version(e.client), "TLSv1.3");
	char text[8];
	tls_write(e.client, "octets", 6);
	move(e.client, e.server);
	ck_assert_uint_eq(tls_read(e.server, text, sizeof text), 6);
	finish(&e);
	client.at_most_1_2 = 1;
	shake_hands(&e, &client, &server);
	ck_assert_str_eq(tls_version(e.server), "TLSv1.2");
	ck_assert(tls_covers(e.server, "marlowe.peers.test"));
	ck_assert(tls_covers(e.client, "srv.test"));
	finish(&e);
	certificate_destroy(mine);
	certificate_destroy(theirs);
}
END_TEST

START_TEST(a_flaw_covers_nothing)
{
	static const struct {
		enum certificate_flaw flaw;
		const char *objection;
	} cases[] = {{CERTIFICATE_EXPIRED, "certificate has expired"},
			{CERTIFICATE_NOT_YET, "certificate is not yet valid"}, {CERTIFICATE_SELF_SIGNED, "self-signed certificate"},
			{CERTIFICATE_STRANGER, "unable to verify the first certificate"}, {CERTIFICATE_WRONG_NAME, ""},
			{CERTIFICATE_WRONG_USAGE, "unsuitable certificate purpose"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct certificate *bad = issued("marlowe.peers.test", cases[i].flaw);
		struct certificate *good = issued("srv.test", CERTIFICATE_RIGHT);
		struct ends e;
		for (int server = 0; server < 2; server++) {
			struct tls_setup own = side(server, bad), other = side(!server, good);
			shake_hands(&e, server ? &other : &own, server ? &own : &other);
			const struct tls *judge = server ? e.client : e.server;
			ck_assert(!tls_covers(judge, "marlowe.peers.test"));
			ck_assert_str_eq(tls_objection(judge), cases[i].objection);
			finish(&e);
		}
		certificate_destroy(bad);
		certificate_destroy(good);
	}
}
END_TEST

START_TEST(a_client_without_certificate)
{
	struct certificate *good = issued("srv.test", CERTIFICATE_RIGHT);
	struct tls_setup client = side(0, NULL), server = side(1, good);
	struct ends e;
	shake_hands(&e, &client, &server);
	ck_assert_str_eq(tls_objection(e.server), "no certificate");
	ck_assert(!tls_covers(e.server, "marlowe.peers.test"));
	finish(&e);
	server.certificate = NULL;
	ck_assert_ptr_null(tls_create(&server));
	certificate_destroy(good);
}
END_TEST

START_TEST(names_that_are_no_domains)
{
	static const char *const names[] = {"", "a,DNS:b", "a b", "a:b"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_ptr_null(authority_issue(authority, &names[i], 1, CERTIFICATE_RIGHT));
	}
	ck_assert_ptr_null(authority_issue(authority, NULL, 0, CERTIFICATE_RIGHT));
	ck_assert_int_eq(certificate_flaw_find("self-signed"), CERTIFICATE_SELF_SIGNED);
	ck_assert_int_eq(certificate_flaw_find("good"), -1);
}
END_TEST

START_TEST(files)
{
	char folder[] = "/tmp/test_certificate.XXXXXX", ca[64], chain[64], key[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	snprintf(chain, sizeof chain, "%s/target.crt", folder);
	snprintf(key, sizeof key, "%s/target.key", folder);
	struct certificate *c = issued("srv.test", CERTIFICATE_RIGHT);
	ck_assert_int_eq(authority_write(authority, ca), 0);
	ck_assert_int_eq(certificate_write(c, chain, key), 0);
	struct stat info;
	ck_assert_int_eq(stat(key, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0600);
	struct certificate *read = certificate_read(chain, key);
	struct authority *trusted = authority_read(ca);
	ck_assert_ptr_nonnull(read);
	ck_assert_ptr_nonnull(trusted);
	struct tls_setup client = side(0, NULL), server = side(1, read);
	client.authority = trusted;
	struct ends e;
	shake_hands(&e, &client, &server);
	ck_assert(tls_covers(e.client, "srv.test"));
	finish(&e);
	ck_assert_ptr_null(certificate_read(key, chain));
	ck_assert_ptr_null(certificate_read("/nowhere", key));
	ck_assert_ptr_null(authority_read("/nowhere"));
	ck_assert_int_ne(authority_write(authority, "/nowhere/ca.pem"), 0);
	ck_assert_int_ne(certificate_write(c, "/nowhere/target.crt", key), 0);
	certificate_destroy(read);
	authority_destroy(trusted);
	certificate_destroy(c);
	unlink(ca);
	unlink(chain);
	unlink(key);
	rmdir(folder);
}
END_TEST

static void begin(void)
{
	authority = authority_create();
	ck_assert_ptr_nonnull(authority);
}

static void end(void)
{
	authority_destroy(authority);
}

static Suite *make(void)
{
	Suite *suite = suite_create("certificate");
	TCase *tests = tcase_create("certificate");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, both_sides_show_what_they_are);
	tcase_add_test(tests, a_flaw_covers_nothing);
	tcase_add_test(tests, a_client_without_certificate);
	tcase_add_test(tests, names_that_are_no_domains);
	tcase_add_test(tests, files);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
