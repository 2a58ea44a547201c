#include "tls_server.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static EVP_PKEY *key;
static X509 *certificate;

void make_certificate(void)
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

int certificate_file(char path[64])
{
	int fd = memfd_create("ca", 0);
	ck_assert_int_ge(fd, 0);
	FILE *file = fdopen(dup(fd), "w");
	PEM_write_X509(file, certificate);
	fclose(file);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

void tls_server_flush(struct tls_server *t)
{
	char *data;
	long len = BIO_get_mem_data(t->out, &data);
	if (len > 0) {
		conn_send(t->c, data, (size_t)len);
		(void)BIO_reset(t->out);
	}
}

void tls_server_write(struct tls_server *t, const char *data, size_t len)
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

struct tls_server *tls_server_create(struct conn *c)
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

void tls_server_destroy(struct tls_server *t)
{
	if (t) {
		SSL_free(t->ssl);
		buf_finish(&t->clear);
		free(t);
	}
}

void forget_certificate(void)
{
	EVP_PKEY_free(key);
	X509_free(certificate);
	key = NULL;
	certificate = NULL;
}
