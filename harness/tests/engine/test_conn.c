/* wire/conn, wire/listener and (below, against a server in this file) wire/tls */
#include "base/buf.h"
#include "run.h"
#include "wire/conn.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* base/err.h is not for files with OpenSSL in them: both have an ERR_STATE. */

/* ---- two sides of a connection and what happens to them ---- */

enum what { NOTHING, DESTROY, RESET, FINISH, SEND_BACK };

struct side {
	struct conn *c;
	enum what on_open, on_secured, on_data, on_close;
	int opened, secured, data, closed; /* how often */
	int over;						   /* destroyed: nothing may be called any more */
	enum close_kind kind;
	char detail[200];
	struct buf in;
	struct tls_server *tls;
};

struct world {
	uv_loop_t loop;
	struct listener *listener;
	struct side client, server;
	enum what on_accept;
	int accepted;
};

static void act(struct side *s, enum what what, const char *data, size_t len)
{
	switch (what) {
	case NOTHING:
		break;
	case DESTROY:
		conn_destroy(s->c);
		s->c = NULL;
		s->over = 1;
		break;
	case RESET:
		conn_reset(s->c);
		break;
	case FINISH:
		conn_finish(s->c);
		break;
	case SEND_BACK:
		conn_send(s->c, data, len);
	}
}

static void on_open(void *ud)
{
	struct side *s = ud;
	ck_assert(!s->over);
	s->opened++;
	act(s, s->on_open, NULL, 0);
}

static void on_secured(void *ud)
{
	struct side *s = ud;
	ck_assert(!s->over);
	ck_assert(conn_is_secured(s->c));
	s->secured++;
	act(s, s->on_secured, NULL, 0);
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct side *s = ud;
	ck_assert(!s->over && !s->closed);
	ck_assert_uint_gt(len, 0);
	s->data++;
	buf_add(&s->in, data, len);
	act(s, s->on_data, data, len);
}

static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct side *s = ud;
	ck_assert(!s->over);
	s->closed++;
	s->kind = kind;
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	act(s, s->on_close, NULL, 0);
}

static const struct conn_callbacks callbacks = {on_open, on_secured, on_data, on_close};

static void on_accept(void *ud, struct conn *accepted)
{
	struct world *w = ud;
	w->accepted++;
	w->server.c = accepted;
	conn_set_callbacks(accepted, &callbacks, &w->server);
	act(&w->server, w->on_accept, NULL, 0);
}

static void world_begin(struct world *w)
{
	char *error = NULL;
	uv_loop_init(&w->loop);
	w->listener = listener_create(&w->loop, "127.0.0.1", 0, on_accept, w, &error);
	ck_assert_msg(w->listener != NULL, "%s", error);
}

static void world_connect(struct world *w)
{
	w->client.c = conn_connect(&w->loop, "127.0.0.1", listener_port(w->listener), &callbacks, &w->client);
	ck_assert_ptr_nonnull(w->client.c);
}

static void tls_server_destroy(struct tls_server *t);

static void world_finish(struct world *w)
{
	conn_destroy(w->client.c);
	conn_destroy(w->server.c);
	w->client.over = 1;
	w->server.over = 1;
	listener_destroy(w->listener);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&w->loop), 0);
	buf_finish(&w->client.in);
	buf_finish(&w->server.in);
	tls_server_destroy(w->server.tls);
}

#define RUN_UNTIL(w, condition)                                                                                        \
	while (!(condition)) {                                                                                             \
		uv_run(&(w)->loop, UV_RUN_ONCE);                                                                               \
	}

static void run_until_both_closed(struct world *w)
{
	RUN_UNTIL(w, w->client.closed && w->server.closed);
	ck_assert_int_eq(w->client.closed, 1);
	ck_assert_int_eq(w->server.closed, 1);
}

/* Connected on both sides. */
static void world_open(struct world *w)
{
	world_begin(w);
	world_connect(w);
	RUN_UNTIL(w, w->client.opened && w->accepted);
}

/* ---- TCP ---- */

START_TEST(echo)
{
	struct world w = {.server.on_data = SEND_BACK};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "before ", 7); /* waits until it is open */
	conn_send(w.client.c, "open", 4);
	RUN_UNTIL(&w, w.client.in.len == 11);
	ck_assert_str_eq(buf_text(&w.client.in), "before open");
	ck_assert_int_eq(w.server.data, 1); /* one turn, one write */
	ck_assert_int_eq(w.client.opened, 1);
	ck_assert_int_eq(w.server.opened, 0);
	ck_assert(!conn_is_secured(w.client.c));
	conn_send(w.client.c, "!", 1);
	RUN_UNTIL(&w, w.client.in.len == 12);
	ck_assert_str_eq(buf_text(&w.client.in), "before open!");
	world_finish(&w);
}
END_TEST

START_TEST(refused)
{
	struct world w = {0};
	world_begin(&w);
	int port = listener_port(w.listener);
	listener_destroy(w.listener);
	w.listener = NULL;
	uv_run(&w.loop, UV_RUN_DEFAULT);
	w.client.c = conn_connect(&w.loop, "127.0.0.1", port, &callbacks, &w.client);
	conn_send(w.client.c, "lost", 4);
	ck_assert_int_eq(w.client.closed, 0); /* from the loop only */
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_REFUSED);
	ck_assert_str_eq(w.client.detail, "connection refused");
	ck_assert_int_eq(w.client.opened, 0);
	conn_send(w.client.c, "lost", 4);
	conn_finish(w.client.c);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(unreachable)
{
	struct world w = {.client.on_close = DESTROY};
	world_begin(&w);
	w.client.c = conn_connect(&w.loop, "255.255.255.255", 1, &callbacks, &w.client);
	ck_assert_ptr_nonnull(w.client.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_UNREACHABLE);
	world_finish(&w);
}
END_TEST

START_TEST(addresses)
{
	struct world w = {0};
	world_begin(&w);
	ck_assert_ptr_null(conn_connect(&w.loop, "localhost", 1, &callbacks, NULL));
	ck_assert_ptr_null(conn_connect(&w.loop, "", 1, &callbacks, NULL));
	char *error = NULL;
	ck_assert_ptr_null(listener_create(&w.loop, "nowhere", 1, on_accept, NULL, &error));
	ck_assert_str_eq(error, "nowhere:1: invalid argument");
	free(error);
	ck_assert_ptr_null(listener_create(&w.loop, "127.0.0.1", listener_port(w.listener), on_accept, NULL, &error));
	ck_assert_ptr_nonnull(strstr(error, ": address already in use"));
	ck_assert_int_eq(strncmp(error, "127.0.0.1:", 10), 0);
	free(error);
	listener_destroy(NULL);
	conn_destroy(NULL);
	world_finish(&w);
}
END_TEST

START_TEST(fin_of_the_other_side)
{
	struct world w = {.client.on_close = FINISH};
	world_open(&w);
	conn_send(w.server.c, "bye", 3);
	conn_finish(w.server.c);
	conn_finish(w.server.c);
	conn_send(w.server.c, "too late", 8);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_str_eq(buf_text(&w.client.in), "bye");
	world_finish(&w);
}
END_TEST

START_TEST(octets_after_the_fin_of_the_other_side)
{
	struct world w = {0};
	world_open(&w);
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	conn_send(w.client.c, "last words", 10);
	conn_finish(w.client.c);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_str_eq(buf_text(&w.server.in), "last words");
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(finish_before_open)
{
	struct world w = {.server.on_close = FINISH};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "hi", 2);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_str_eq(buf_text(&w.server.in), "hi");
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	world_finish(&w);
}
END_TEST

START_TEST(reset_of_the_other_side)
{
	struct world w = {0};
	world_open(&w);
	conn_send(w.server.c, "lost", 4);
	conn_reset(w.server.c);
	conn_reset(w.server.c);
	ck_assert_int_eq(w.server.closed, 0);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_RESET);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	world_finish(&w);
}
END_TEST

START_TEST(reset_after_finish)
{
	struct world w = {0};
	world_open(&w);
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	conn_reset(w.client.c);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_RESET);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(reset_before_open)
{
	struct world w = {0};
	world_begin(&w);
	world_connect(&w);
	conn_reset(w.client.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	ck_assert_int_eq(w.client.opened, 0);
	world_finish(&w);
}
END_TEST

START_TEST(reset_while_the_other_side_writes)
{
	struct world w = {.server.on_data = RESET};
	world_open(&w);
	char *much = calloc(1, 8u << 20);
	conn_send(w.client.c, much, 8u << 20);
	free(much);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_RESET);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_int_eq(w.server.data, 1);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_when_open)
{
	struct world w = {.client.on_open = DESTROY};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "sent", 4);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_str_eq(buf_text(&w.server.in), "sent"); /* what was queued is not lost */
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_data)
{
	struct world w = {.client.on_data = DESTROY};
	world_open(&w);
	conn_send(w.server.c, "x", 1);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_int_eq(w.client.closed, 0);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_close)
{
	static const enum what ends[] = {FINISH, RESET, DESTROY};
	struct world w = {.client.on_close = DESTROY, .server.on_close = DESTROY};
	world_open(&w);
	act(&w.server, ends[_i], NULL, 0);
	RUN_UNTIL(&w, w.client.closed && (w.server.closed || w.server.over));
	ck_assert_int_eq(w.client.kind, ends[_i] == RESET ? CLOSE_RESET : CLOSE_FIN);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_accept)
{
	struct world w = {.on_accept = DESTROY};
	world_begin(&w);
	world_connect(&w);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_before_open)
{
	struct world w = {0};
	world_begin(&w);
	world_connect(&w);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
	ck_assert_int_eq(w.client.opened, 0);
}
END_TEST

START_TEST(destroy_while_closing)
{
	struct world w = {0};
	world_open(&w);
	conn_reset(w.client.c);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 0);
}
END_TEST

static void fill(char *data, size_t len)
{
	unsigned random = 1;
	for (size_t i = 0; i < len; i++) {
		random = random * 1103515245u + 12345u;
		data[i] = (char)(random >> 16);
	}
}

START_TEST(much_data_arrives_whole)
{
	enum { LEN = 12 << 20 };
	struct world w = {.server.on_data = SEND_BACK, .server.on_close = FINISH};
	char *much = malloc(LEN);
	fill(much, LEN);
	world_open(&w);
	conn_send(w.client.c, much, LEN / 2);
	conn_send(w.client.c, much + LEN / 2, LEN / 2);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	ck_assert_uint_eq(w.client.in.len, LEN);
	ck_assert_int_eq(memcmp(w.client.in.data, much, LEN), 0);
	free(much);
	world_finish(&w);
}
END_TEST

/* Long ones are offered to the socket at once, short ones at the end of the turn. */
START_TEST(long_and_short_pieces_keep_their_order)
{
	static const size_t lengths[] = {3, 300000, 7, 1, 2000000, 400000, 5, 6000000, 2};
	size_t total = 0;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		total += lengths[i];
	}
	char *much = malloc(2 * total);
	fill(much, 2 * total);
	struct world w = {.server.on_close = FINISH};
	world_begin(&w);
	world_connect(&w);
	const char *at = much;
	for (int opened = 0; opened < 2; opened++) {
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			conn_send(w.client.c, at, lengths[i]);
			at += lengths[i];
		}
		RUN_UNTIL(&w, w.client.opened); /* the first half waited for it */
	}
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_uint_eq(w.server.in.len, 2 * total);
	ck_assert_int_eq(memcmp(w.server.in.data, much, 2 * total), 0);
	free(much);
	world_finish(&w);
}
END_TEST

START_TEST(octets_leave_one_by_one)
{
	static const char text[] = "one after the other, and never two of them in one write";
	struct world w = {.server.on_close = FINISH};
	world_open(&w);
	conn_trickle(w.client.c);
	conn_send(w.client.c, text, sizeof text - 1);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_str_eq(buf_text(&w.server.in), text);
	ck_assert_int_gt(w.server.data, 1);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_with_much_unsent)
{
	struct world w = {0};
	world_open(&w);
	char *much = calloc(1, 8u << 20);
	conn_send(w.client.c, much, 8u << 20);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	free(much);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
}
END_TEST

START_TEST(many_connections)
{
	enum { MANY = 200 };
	struct world w = {.on_accept = DESTROY};
	world_begin(&w);
	struct side *sides = calloc(MANY, sizeof *sides);
	for (int i = 0; i < MANY; i++) {
		sides[i].c = conn_connect(&w.loop, "127.0.0.1", listener_port(w.listener), &callbacks, &sides[i]);
		sides[i].on_close = DESTROY;
	}
	for (int i = 0; i < MANY; i++) {
		RUN_UNTIL(&w, sides[i].closed);
		ck_assert_int_eq(sides[i].kind, CLOSE_FIN);
	}
	ck_assert_int_eq(w.accepted, MANY);
	free(sides);
	world_finish(&w);
}
END_TEST

START_TEST(kinds_have_names)
{
	ck_assert_str_eq(close_kind_text(CLOSE_FIN), "fin");
	ck_assert_str_eq(close_kind_text(CLOSE_OURS), "ours");
	ck_assert_str_eq(close_kind_text((enum close_kind)99), "");
}
END_TEST

/* ---- a TLS server over an accepted conn; key and certificate are made here and live in memory ---- */

static EVP_PKEY *key;
static X509 *certificate;

static void make_certificate(void)
{
	if (key) {
		return;
	}
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:srv.test");
	X509_add_ext(certificate, san, -1);
	X509_EXTENSION_free(san);
	X509_sign(certificate, key, EVP_sha256());
}

/* Path of a file in memory with the certificate; the descriptor is for the caller to close. */
static int certificate_file(char path[64])
{
	int fd = memfd_create("ca", 0);
	ck_assert_int_ge(fd, 0);
	FILE *file = fdopen(dup(fd), "w");
	PEM_write_X509(file, certificate);
	fclose(file);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

struct tls_server {
	struct conn *c;
	SSL *ssl;
	BIO *in, *out;
	struct buf clear; /* what it read */
	int echo, handshake_done, failed, ended, closed;
	char sni[64];
};

static void tls_server_flush(struct tls_server *t)
{
	char *data;
	long len = BIO_get_mem_data(t->out, &data);
	if (len > 0) {
		conn_send(t->c, data, (size_t)len);
		(void)BIO_reset(t->out);
	}
}

static void tls_server_write(struct tls_server *t, const char *data, size_t len)
{
	ck_assert_int_eq(SSL_write(t->ssl, data, (int)len), (int)len);
	tls_server_flush(t);
}

static void tls_server_data(void *ud, const char *data, size_t len)
{
	struct tls_server *t = ud;
	ck_assert_int_eq(BIO_write(t->in, data, (int)len), (int)len);
	char clear[4096];
	int n;
	do {
		ERR_clear_error();
		n = SSL_read(t->ssl, clear, sizeof clear); /* does the handshake as well */
		if (n > 0) {
			buf_add(&t->clear, clear, (size_t)n);
			if (t->echo) {
				tls_server_write(t, clear, (size_t)n);
			}
		}
	} while (n > 0);
	int reason = SSL_get_error(t->ssl, n);
	t->failed |= reason == SSL_ERROR_SSL;
	t->ended |= reason == SSL_ERROR_ZERO_RETURN;
	t->handshake_done = SSL_is_init_finished(t->ssl);
	const char *sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	snprintf(t->sni, sizeof t->sni, "%s", sni ? sni : "");
	tls_server_flush(t);
}

static void tls_server_close(void *ud, enum close_kind kind, const char *detail)
{
	(void)kind;
	(void)detail;
	struct tls_server *t = ud;
	t->closed = 1;
}

static const struct conn_callbacks tls_server_callbacks = {.on_data = tls_server_data, .on_close = tls_server_close};

static struct tls_server *tls_server_create(struct conn *c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(ctx, certificate);
	SSL_CTX_use_PrivateKey(ctx, key);
	struct tls_server *t = calloc(1, sizeof *t);
	t->c = c;
	t->ssl = SSL_new(ctx);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(t->in, -1);
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_accept_state(t->ssl);
	SSL_CTX_free(ctx);
	conn_set_callbacks(c, &tls_server_callbacks, t);
	return t;
}

static void tls_server_destroy(struct tls_server *t)
{
	if (t) {
		SSL_free(t->ssl);
		buf_finish(&t->clear);
		free(t);
	}
}

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

/* ---- TLS ---- */

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
	on_data(ud, data, len);
	struct side *s = ud;
	if (strcmp(buf_text(&s->in), "proceed") == 0) {
		ck_assert_int_eq(conn_start_tls_client(s->c, "srv.test", NULL), 0);
	}
}

START_TEST(tls_after_clear_octets)
{
	static const struct conn_callbacks starter = {on_open, on_secured, start_tls_on_data, on_close};
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

static void add_tcp(Suite *suite)
{
	TCase *tests = tcase_create("tcp");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_test(tests, echo);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, unreachable);
	tcase_add_test(tests, addresses);
	tcase_add_test(tests, fin_of_the_other_side);
	tcase_add_test(tests, octets_after_the_fin_of_the_other_side);
	tcase_add_test(tests, finish_before_open);
	tcase_add_test(tests, reset_of_the_other_side);
	tcase_add_test(tests, reset_after_finish);
	tcase_add_test(tests, reset_before_open);
	tcase_add_test(tests, reset_while_the_other_side_writes);
	tcase_add_test(tests, destroy_when_open);
	tcase_add_test(tests, destroy_on_data);
	tcase_add_loop_test(tests, destroy_on_close, 0, 3);
	tcase_add_test(tests, destroy_on_accept);
	tcase_add_test(tests, destroy_before_open);
	tcase_add_test(tests, destroy_while_closing);
	tcase_add_test(tests, much_data_arrives_whole);
	tcase_add_test(tests, long_and_short_pieces_keep_their_order);
	tcase_add_test(tests, octets_leave_one_by_one);
	tcase_add_test(tests, destroy_with_much_unsent);
	tcase_add_test(tests, many_connections);
	tcase_add_test(tests, kinds_have_names);
	suite_add_tcase(suite, tests);
}

static void add_tls(Suite *suite)
{
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
}

static Suite *make(void)
{
	Suite *suite = suite_create("conn");
	add_tcp(suite);
	add_tls(suite);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return failed;
}
