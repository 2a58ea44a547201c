#include "wire/certificate.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/certificate_parts.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* base/err.h is not for files with OpenSSL in them: both have an ERR_STATE. */
enum { DONE = 0, NOT_WRITTEN = -1 };

enum { DAY = 24 * 60 * 60 };

int certificate_flaw_find(const char *text)
{
	static const char *const names[] = {
#define X(name, text) text,
			CERTIFICATE_FLAW_MAP(X)
#undef X
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], text) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* ---- reading ---- */

struct certificate *certificate_read(const char *chain_file, const char *key_file)
{
	struct certificate *c = mem_alloc(sizeof *c);
	FILE *file = fopen(chain_file, "re");
	if (file) {
		c->own = PEM_read_X509(file, NULL, NULL, NULL);
		c->rest = sk_X509_new_null();
		for (X509 *next; (next = PEM_read_X509(file, NULL, NULL, NULL));) {
			sk_X509_push(c->rest, next);
		}
		fclose(file);
	}
	file = fopen(key_file, "re");
	if (file) {
		c->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	int usable = c->own && c->key && X509_check_private_key(c->own, c->key) == 1;
	ERR_clear_error();
	if (!usable) {
		certificate_destroy(c);
		return NULL;
	}
	return c;
}

void certificate_destroy(struct certificate *c)
{
	if (c) {
		X509_free(c->own);
		sk_X509_pop_free(c->rest, X509_free);
		EVP_PKEY_free(c->key);
		free(c);
	}
}

struct authority *authority_read(const char *file)
{
	struct authority *a = mem_alloc(sizeof *a);
	a->store = X509_STORE_new();
	int usable = a->store && X509_STORE_load_file(a->store, file) == 1;
	ERR_clear_error();
	if (!usable) {
		authority_destroy(a);
		return NULL;
	}
	return a;
}

void authority_destroy(struct authority *a)
{
	if (a) {
		X509_STORE_free(a->store);
		X509_free(a->own);
		EVP_PKEY_free(a->key);
		free(a);
	}
}

/* ---- issuing ---- */

static int add_extension(X509 *x, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, (X509 *)issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int done = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return done;
}

/* Neither "," nor ":" can get into a name: they have a meaning in the text that makes an extension. */
static int is_domain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	return *text && text[strspn(text, letters)] == '\0';
}

static int add_names(X509 *x, const char *before, const char *const *domains, size_t count)
{
	struct buf names = {0};
	int good = count != 0;
	for (size_t i = 0; i < count; i++) {
		good = good && is_domain(domains[i]);
		buf_printf(&names, "%sDNS:%s%s", i ? "," : "", before, domains[i]);
	}
	good = good && add_extension(x, x, NID_subject_alt_name, buf_text(&names));
	buf_finish(&names);
	return good;
}

/* Two authorities of the same name would be mistaken for each other, and two certificates of the same number too. */
static int identify(X509 *x, const char *before, const char *name)
{
	unsigned char number[8];
	char common[65];
	snprintf(common, sizeof common, "%s%s", before,
			name); /* longer ones are no common name (RFC 5280, ub-common-name) */
	BIGNUM *serial = RAND_bytes(number, sizeof number) == 1 ? BN_bin2bn(number, sizeof number, NULL) : NULL;
	int done = serial && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) &&
			   X509_NAME_add_entry_by_txt(
					   X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1, 0) == 1;
	BN_free(serial);
	return done;
}

static X509 *begin(const char *before, const char *name, EVP_PKEY *key, long from, long to)
{
	X509 *x = X509_new();
	if (x && X509_set_version(x, X509_VERSION_3) == 1 && identify(x, before, name) && X509_set_pubkey(x, key) == 1 &&
			X509_gmtime_adj(X509_getm_notBefore(x), from) && X509_gmtime_adj(X509_getm_notAfter(x), to)) {
		return x;
	}
	X509_free(x);
	return NULL;
}

struct authority *authority_create(void)
{
	struct authority *a = mem_alloc(sizeof *a);
	a->store = X509_STORE_new();
	a->key = EVP_EC_gen("P-256");
	a->own = a->key ? begin("", "buddycheck authority of one run", a->key, -DAY, 30L * DAY) : NULL;
	if (a->store && a->own && X509_set_issuer_name(a->own, X509_get_subject_name(a->own)) == 1 &&
			add_extension(a->own, a->own, NID_basic_constraints, "critical,CA:TRUE") &&
			add_extension(a->own, a->own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
			add_extension(a->own, a->own, NID_subject_key_identifier, "hash") &&
			X509_sign(a->own, a->key, EVP_sha256()) && X509_STORE_add_cert(a->store, a->own) == 1) {
		return a;
	}
	ERR_clear_error();
	authority_destroy(a);
	return NULL;
}

static struct certificate *issue(
		const struct authority *a, const char *const *domains, size_t count, enum certificate_flaw flaw)
{
	struct certificate *c = mem_alloc(sizeof *c);
	int own = flaw == CERTIFICATE_SELF_SIGNED;
	const char *before = flaw == CERTIFICATE_WRONG_NAME ? "not-" : "";
	c->key = EVP_EC_gen("P-256");
	c->own = c->key && count ? begin(before, domains[0], c->key, flaw == CERTIFICATE_NOT_YET ? DAY : -2L * DAY,
									   flaw == CERTIFICATE_EXPIRED ? -DAY : 30L * DAY)
							 : NULL;
	const X509 *issuer = own ? c->own : a->own;
	if (c->own && X509_set_issuer_name(c->own, X509_get_subject_name(issuer)) == 1 &&
			add_names(c->own, before, domains, count) &&
			add_extension(c->own, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
			add_extension(c->own, issuer, NID_key_usage, "critical,digitalSignature") &&
			add_extension(c->own, issuer, NID_ext_key_usage,
					flaw == CERTIFICATE_WRONG_USAGE ? "codeSigning" : "serverAuth,clientAuth") &&
			add_extension(c->own, issuer, NID_subject_key_identifier, "hash") &&
			(own || add_extension(c->own, issuer, NID_authority_key_identifier, "keyid")) &&
			X509_sign(c->own, own ? c->key : a->key, EVP_sha256())) {
		return c;
	}
	ERR_clear_error();
	certificate_destroy(c);
	return NULL;
}

struct certificate *authority_issue(
		const struct authority *a, const char *const *domains, size_t count, enum certificate_flaw flaw)
{
	if (flaw != CERTIFICATE_STRANGER) {
		return issue(a, domains, count, flaw);
	}
	struct authority *stranger = authority_create();
	struct certificate *c = stranger ? issue(stranger, domains, count, flaw) : NULL;
	authority_destroy(stranger);
	return c;
}

/* ---- writing ---- */

static FILE *create_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int finish_file(FILE *file, int good)
{
	return fclose(file) == 0 && good ? DONE : NOT_WRITTEN;
}

static int write_certificate(const X509 *x, const char *name)
{
	FILE *file = create_file(name);
	return file ? finish_file(file, PEM_write_X509(file, x) == 1) : NOT_WRITTEN;
}

int authority_write(const struct authority *a, const char *file)
{
	return write_certificate(a->own, file);
}

int certificate_write(const struct certificate *c, const char *file, const char *key_file)
{
	FILE *key = create_file(key_file);
	if (!key || finish_file(key, PEM_write_PrivateKey(key, c->key, NULL, NULL, 0, NULL, NULL) == 1)) {
		return NOT_WRITTEN;
	}
	return write_certificate(c->own, file);
}
