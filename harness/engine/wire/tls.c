#include "wire/tls.h"

#include "base/mem.h"
#include "wire/certificate_parts.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define ALPN "\x0bxmpp-server" /* RFC 7301 section 3.1, with its length */

struct tls {
	SSL *ssl;
	const struct certificate *(*pick)(void *ud, const char *name);
	void *ud;
	BIO *in, *out; /* owned by ssl */
	enum tls_state state;
	char error[160];
};

static SSL_CTX *context_create(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	if (ctx) {
		SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	}
	return ctx;
}

/* Not verifying contexts are alike and dear (1 ms), so all connections share one. */
static SSL_CTX *context_new(const char *ca_file)
{
	SSL_CTX *ctx = context_create(TLS_client_method());
	if (ctx && ca_file) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		if (SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1) {
			SSL_CTX_free(ctx);
			return NULL;
		}
	}
	return ctx;
}

static SSL_CTX *context_get(const char *ca_file)
{
	static SSL_CTX *unverified;
	if (ca_file) {
		return context_new(ca_file);
	}
	if (!unverified) {
		unverified = context_new(NULL);
	}
	if (unverified) {
		SSL_CTX_up_ref(unverified);
	}
	return unverified;
}

/* The hostname rules of TLS know no domain in square brackets or address literals; those go without SNI. */
static int set_name(SSL *ssl, const char *sni, int verify)
{
	if (SSL_set_tlsext_host_name(ssl, sni) != 1) {
		return 0;
	}
	return !verify || SSL_set1_host(ssl, sni) == 1;
}

static struct tls *over_memory(SSL *ssl)
{
	struct tls *t = mem_alloc(sizeof *t);
	t->ssl = ssl;
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(t->in, -1); /* an empty BIO means "not yet", not "end" */
	SSL_set_bio(ssl, t->in, t->out);
	return t;
}

struct tls *tls_create_client(const char *sni, const char *ca_file)
{
	ERR_clear_error();
	SSL_CTX *ctx = context_get(ca_file);
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	SSL_CTX_free(ctx);
	if (!ssl || (sni && !set_name(ssl, sni, ca_file != NULL))) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return over_memory(ssl);
}

/* Reading the files again for each connection costs little beside the handshake, and sees a renewed certificate. */
struct tls *tls_create_server(const char *certificate_file, const char *key_file)
{
	ERR_clear_error();
	SSL_CTX *ctx = context_create(TLS_server_method());
	SSL *ssl = NULL;
	if (ctx && SSL_CTX_use_certificate_chain_file(ctx, certificate_file) == 1 &&
			SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(ctx) == 1) {
		ssl = SSL_new(ctx);
	}
	SSL_CTX_free(ctx);
	if (!ssl) {
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return over_memory(ssl);
}

/* A wrong certificate is for the owner to judge. The verification's result stays as it is. */
static int accept_all(int good, X509_STORE_CTX *store)
{
	(void)good;
	(void)store;
	return 1;
}

static int show(SSL *ssl, const struct certificate *own)
{
	return SSL_use_certificate(ssl, own->own) == 1 && SSL_use_PrivateKey(ssl, own->key) == 1 &&
		   (!own->rest || SSL_set1_chain(ssl, own->rest) == 1);
}

static int on_name(SSL *ssl, int *alert, void *ud)
{
	(void)ud;
	const struct tls *t = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (!t->pick) {
		return SSL_TLSEXT_ERR_OK;
	}
	const struct certificate *own = name ? t->pick(t->ud, name) : NULL;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return own && show(ssl, own) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *offered,
		unsigned offered_len, void *ud)
{
	(void)ssl;
	(void)ud;
	int found = SSL_select_next_proto(
			(unsigned char **)out, len, (const unsigned char *)ALPN, sizeof ALPN - 1, offered, offered_len);
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int use_setup(SSL *ssl, const struct tls_setup *setup)
{
	const struct certificate *own = setup->certificate;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, accept_all);
	if (setup->authority && SSL_set1_verify_cert_store(ssl, setup->authority->store) != 1) {
		return 0;
	}
	if (setup->at_most_1_2 && SSL_set_max_proto_version(ssl, TLS1_2_VERSION) != 1) {
		return 0;
	}
	if (own && !show(ssl, own)) {
		return 0;
	}
	if (setup->direct && !setup->server &&
			SSL_set_alpn_protos(ssl, (const unsigned char *)ALPN, sizeof ALPN - 1) != 0) {
		return 0;
	}
	return setup->server ? own || setup->pick : !setup->sni || SSL_set_tlsext_host_name(ssl, setup->sni) == 1;
}

/* Contexts are dear and these are alike: what differs is set for each connection. */
struct tls *tls_create(const struct tls_setup *setup)
{
	static SSL_CTX *contexts[2];
	ERR_clear_error();
	SSL_CTX **ctx = &contexts[setup->server != 0];
	if (!*ctx) {
		*ctx = context_create(setup->server ? TLS_server_method() : TLS_client_method());
		if (*ctx && setup->server) {
			SSL_CTX_set_tlsext_servername_callback(*ctx, on_name);
			SSL_CTX_set_alpn_select_cb(*ctx, on_alpn, NULL);
		}
	}
	SSL *ssl = *ctx ? SSL_new(*ctx) : NULL;
	if (!ssl || !use_setup(ssl, setup)) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (setup->server) {
		SSL_set_accept_state(ssl);
	} else {
		SSL_set_connect_state(ssl);
	}
	struct tls *t = over_memory(ssl);
	t->pick = setup->pick;
	t->ud = setup->ud;
	SSL_set_app_data(ssl, t);
	return t;
}

const char *tls_objection(const struct tls *t)
{
	long result = SSL_get_verify_result(t->ssl);
	if (!SSL_get0_peer_certificate(t->ssl)) {
		return "no certificate";
	}
	return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

int tls_names(const struct tls *t, const char *domain)
{
	X509 *theirs = SSL_get0_peer_certificate(t->ssl);
	return theirs && X509_check_host(theirs, domain, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

int tls_covers(const struct tls *t, const char *domain)
{
	return *tls_objection(t) == '\0' && tls_names(t, domain);
}

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

void tls_receive(struct tls *t, const char *data, size_t len)
{
	while (len) {
		int n = BIO_write(t->in, data, len > INT_MAX ? INT_MAX : (int)len);
		if (n <= 0) {
			t->state = TLS_FAILED;
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

static void fail(struct tls *t)
{
	unsigned long code = ERR_get_error();
	long verify = SSL_get_verify_result(t->ssl);
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	snprintf(t->error, sizeof t->error, "%s%s%s", reason ? reason : "TLS failed", verify != X509_V_OK ? ": " : "",
			verify != X509_V_OK && SSL_get_verify_mode(t->ssl) ? X509_verify_cert_error_string(verify) : "");
	t->state = TLS_FAILED;
}

/* What a call that did not succeed means for the state. */
static void judge(struct tls *t, int rc)
{
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		t->state = TLS_ENDED;
		break;
	default:
		fail(t);
	}
}

size_t tls_read(struct tls *t, char *data, size_t cap)
{
	ERR_clear_error();
	if (t->state == TLS_HANDSHAKE) {
		int rc = SSL_do_handshake(t->ssl);
		if (rc == 1) {
			t->state = TLS_OPEN;
		} else {
			judge(t, rc);
		}
		return 0; /* so the caller sees the new state before the first octet */
	}
	if (t->state != TLS_OPEN) {
		return 0;
	}
	int n = SSL_read(t->ssl, data, cap > INT_MAX ? INT_MAX : (int)cap);
	if (n > 0) {
		return (size_t)n;
	}
	judge(t, n);
	return 0;
}

enum tls_state tls_state(const struct tls *t)
{
	return t->state;
}

void tls_write(struct tls *t, const char *data, size_t len)
{
	ERR_clear_error();
	while (len && (t->state == TLS_OPEN || t->state == TLS_ENDED)) {
		int n = SSL_write(t->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
		if (n <= 0) { /* a memory BIO takes everything, so there is no "later" */
			fail(t);
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

void tls_finish(struct tls *t)
{
	ERR_clear_error();
	if (t->state == TLS_OPEN || t->state == TLS_ENDED) {
		SSL_shutdown(t->ssl);
		ERR_clear_error();
	}
}

void tls_output(struct tls *t, struct buf *out)
{
	char *data;
	long len = BIO_get_mem_data(t->out, &data);
	if (len > 0) {
		buf_add(out, data, (size_t)len);
		(void)BIO_reset(t->out);
	}
}

const char *tls_error(const struct tls *t)
{
	return t->error;
}

void tls_destroy(struct tls *t)
{
	if (t) {
		SSL_free(t->ssl);
		free(t);
	}
}
