/* wire/tls: wire/conn over TLS */
#include "base/buf.h"
#include "run.h"
#include "tls_server.h"
#include "wire/conn.h"
#include "world.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connected, and the server speaks TLS from its first octet. */
static void world_open_tls(struct world *w)
{
	make_certificate();
	world_open(w);
	w->server.tls = tls_server_create(w->server.c);
}

static void world_secure(struct world *w)
{
	world_open_tls(w);
	ck_assert_int_eq(conn_start_tls_client(w->client.c, "srv.test", NULL), 0);
	RUN_UNTIL(w, w->client.secured && w->server.tls->handshake_done);
}

START_TEST(tls_echo)
{
	struct world w = {0};
	world_open_tls(&w);
	w.server.tls->echo = 1;
	ck_assert_int_eq(conn_start_tls_client(w.client.c, "srv.test", NULL), 0);
	ck_assert_int_lt(conn_start_tls_client(w.client.c, "srv.test", NULL), 0);
	conn_send(w.client.c, "early", 5); /* waits for the handshake */
	ck_assert(!conn_is_secured(w.client.c));
	RUN_UNTIL(&w, w.client.in.len == 5);
	ck_assert_str_eq(buf_text(&w.client.in), "early");
	ck_assert_int_eq(w.client.secured, 1);
	ck_assert_str_eq(w.server.tls->sni, "srv.test");
	conn_send(w.client.c, " later", 6);
	RUN_UNTIL(&w, w.client.in.len == 11);
	ck_assert_str_eq(buf_text(&w.client.in), "early later");
	ck_assert(conn_is_secured(w.client.c));
	world_finish(&w);
}
END_TEST

START_TEST(tls_from_the_first_octet)
{
	struct world w = {0};
	make_certificate();
	world_begin(&w);
	world_connect(&w);
	ck_assert_int_eq(conn_start_tls_client(w.client.c, NULL, NULL), 0);
	conn_send(w.client.c, "hello", 5);
	RUN_UNTIL(&w, w.accepted);
	w.server.tls = tls_server_create(w.server.c);
	RUN_UNTIL(&w, w.server.tls->clear.len == 5);
	ck_assert_str_eq(w.server.tls->sni, "");
	world_finish(&w);
}
END_TEST

static void start_tls_on_data(void *ud, const char *data, size_t len)
{
	side_on_data(ud, data, len);
	struct side *s = ud;
	if (strcmp(buf_text(&s->in), "proceed") == 0) {
		ck_assert_int_eq(conn_start_tls_client(s->c, "srv.test", NULL), 0);
	}
}

START_TEST(tls_after_clear_octets)
{
	static const struct conn_callbacks starter = {side_on_open, side_on_secured, start_tls_on_data, side_on_close};
	struct world w = {0};
	make_certificate();
	world_open(&w);
	conn_set_callbacks(w.client.c, &starter, &w.client);
	conn_send(w.client.c, "starttls", 8);
	RUN_UNTIL(&w, w.server.in.len == 8);
	w.server.tls = tls_server_create(w.server.c);
	conn_send(w.server.c, "proceed", 7);
	RUN_UNTIL(&w, w.client.secured && w.server.tls->handshake_done);
	tls_server_write(w.server.tls, "clear?", 6);
	RUN_UNTIL(&w, w.client.in.len == 13);
	ck_assert_str_eq(buf_text(&w.client.in), "proceedclear?");
	world_finish(&w);
}
END_TEST

START_TEST(tls_much_data_arrives_whole)
{
	enum { LEN = 3 << 20 };
	struct world w = {0};
	char *much = malloc(LEN);
	fill(much, LEN);
	world_secure(&w);
	w.server.tls->echo = 1;
	conn_send(w.client.c, much, LEN);
	RUN_UNTIL(&w, w.client.in.len == LEN);
	ck_assert_int_eq(memcmp(w.client.in.data, much, LEN), 0);
	free(much);
	world_finish(&w);
}
END_TEST

START_TEST(tls_finish)
{
	struct world w = {0};
	world_open_tls(&w);
	conn_start_tls_client(w.client.c, NULL, NULL);
	conn_send(w.client.c, "bye", 3);
	conn_finish(w.client.c); /* after the handshake and the octets that wait for it */
	RUN_UNTIL(&w, w.server.tls->closed);
	ck_assert_str_eq(buf_text(&w.server.tls->clear), "bye");
	ck_assert(w.server.tls->ended); /* close_notify came before the FIN */
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	world_finish(&w);
}
END_TEST

START_TEST(tls_end_of_the_other_side)
{
	struct world w = {.client.on_close = _i ? DESTROY : FINISH};
	world_secure(&w);
	tls_server_write(w.server.tls, "bye", 3);
	SSL_shutdown(w.server.tls->ssl);
	tls_server_flush(w.server.tls);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	ck_assert_str_eq(w.client.detail, "close_notify");
	ck_assert_str_eq(buf_text(&w.client.in), "bye");
	RUN_UNTIL(&w, w.server.tls->closed);
	ck_assert_int_eq(w.server.tls->ended, !_i);
	world_finish(&w);
}
END_TEST

START_TEST(tls_end_without_close_notify)
{
	struct world w = {0};
	world_secure(&w);
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	ck_assert_str_eq(w.client.detail, "no close_notify");
	world_finish(&w);
}
END_TEST

START_TEST(tls_reset)
{
	struct world w = {0};
	world_secure(&w);
	w.server.tls->echo = 1;
	conn_send(w.client.c, "x", 1);
	RUN_UNTIL(&w, w.client.in.len == 1); /* the end of the handshake is not on its way any more */
	conn_reset(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_RESET);
	world_finish(&w);
}
END_TEST

START_TEST(tls_with_one_who_does_not)
{
	struct world w = {.server.on_data = _i ? FINISH : NOTHING};
	world_open(&w);
	if (!_i) {
		conn_send(w.server.c, "<stream:stream>", 15);
	}
	conn_start_tls_client(w.client.c, NULL, NULL);
	conn_send(w.client.c, "secret", 6);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_TLS);
	ck_assert_uint_gt(strlen(w.client.detail), 0);
	ck_assert_int_eq(w.client.secured, 0);
	ck_assert_ptr_null(strstr(buf_text(&w.server.in), "secret"));
	world_finish(&w);
}
END_TEST

START_TEST(tls_wrong_record)
{
	struct world w = {0};
	world_secure(&w);
	conn_send(w.server.c, "\x17\x03\x03\x00\x20 these are no 32 octets of sense", 37);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_TLS);
	RUN_UNTIL(&w, w.server.tls->failed); /* the alert reached it */
	world_finish(&w);
}
END_TEST

START_TEST(tls_destroy_in_callbacks)
{
	struct world w = {.client.on_secured = _i == 0 ? DESTROY : NOTHING, .client.on_data = _i == 1 ? DESTROY : RESET};
	world_open_tls(&w);
	w.server.tls->echo = 1;
	conn_start_tls_client(w.client.c, NULL, NULL);
	conn_send(w.client.c, "x", 1);
	RUN_UNTIL(&w, w.server.tls->closed);
	ck_assert_int_eq(w.client.closed, _i == 2);
	world_finish(&w);
}
END_TEST

START_TEST(tls_verified)
{
	/* name that is asked for, and whether it succeeds */
	static const char *const names[] = {"srv.test", "other.test", NULL};
	struct world w = {0};
	world_open_tls(&w);
	char path[64];
	int fd = certificate_file(path);
	ck_assert_int_eq(conn_start_tls_client(w.client.c, names[_i], path), 0);
	RUN_UNTIL(&w, w.client.secured || w.client.closed);
	ck_assert_int_eq(w.client.secured, _i != 1);
	if (_i == 1) {
		ck_assert_int_eq(w.client.kind, CLOSE_TLS);
		ck_assert_str_eq(w.client.detail, "certificate verify failed: hostname mismatch");
	}
	close(fd);
	world_finish(&w);
}
END_TEST

START_TEST(tls_unknown_ca)
{
	struct world w = {0};
	world_open_tls(&w);
	ck_assert_int_lt(conn_start_tls_client(w.client.c, NULL, "/nowhere/ca.pem"), 0);
	ck_assert_int_lt(conn_start_tls_client(w.client.c, NULL, "/dev/null"), 0);
	/* It can be tried again. */
	ck_assert_int_eq(conn_start_tls_client(w.client.c, NULL, NULL), 0);
	RUN_UNTIL(&w, w.client.secured);
	world_finish(&w);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("conn: tls");
	TCase *tests = tcase_create("tls");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_test(tests, tls_echo);
	tcase_add_test(tests, tls_from_the_first_octet);
	tcase_add_test(tests, tls_after_clear_octets);
	tcase_add_test(tests, tls_much_data_arrives_whole);
	tcase_add_test(tests, tls_finish);
	tcase_add_loop_test(tests, tls_end_of_the_other_side, 0, 2);
	tcase_add_test(tests, tls_end_without_close_notify);
	tcase_add_test(tests, tls_reset);
	tcase_add_loop_test(tests, tls_with_one_who_does_not, 0, 2);
	tcase_add_test(tests, tls_wrong_record);
	tcase_add_loop_test(tests, tls_destroy_in_callbacks, 0, 3);
	tcase_add_loop_test(tests, tls_verified, 0, 3);
	tcase_add_test(tests, tls_unknown_ca);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	forget_certificate();
	return failed;
}
