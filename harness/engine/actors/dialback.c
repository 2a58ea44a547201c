#include "actors/dialback.h"

#include "base/buf.h"
#include "base/mem.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void to_hex(const unsigned char *digest, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * len] = '\0';
}

/* XEP-0185 wants the secret hashed, and in hexadecimal, before it serves as a key. */
static void set_key(EVP_MAC_CTX *hmac, const char *secret)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char hex[2 * SHA256_DIGEST_LENGTH + 1];
	SHA256((const unsigned char *)secret, strlen(secret), hash);
	to_hex(hash, sizeof hash, hex);
	OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0), OSSL_PARAM_construct_end()};
	EVP_MAC_init(hmac, (unsigned char *)hex, sizeof hex - 1, params);
}

/* A run has one secret. To find the algorithm and to prepare the key takes OpenSSL five times as long as to sign. */
static EVP_MAC_CTX *keyed_with(const char *secret)
{
	static EVP_MAC_CTX *hmac;
	static char *known;
	if (!hmac) {
		EVP_MAC *found = EVP_MAC_fetch(NULL, "HMAC", NULL);
		hmac = EVP_MAC_CTX_new(found);
		EVP_MAC_free(found);
	}
	if (!known || strcmp(known, secret) != 0) {
		free(known);
		known = mem_strdup(secret);
		set_key(hmac, secret);
	} else {
		EVP_MAC_init(hmac, NULL, 0, NULL); /* the same key again */
	}
	return hmac;
}

static void sign(const char *secret, const char *text, size_t len, unsigned char digest[SHA256_DIGEST_LENGTH])
{
	size_t size;
	EVP_MAC_CTX *hmac = keyed_with(secret);
	EVP_MAC_update(hmac, (const unsigned char *)text, len);
	EVP_MAC_final(hmac, digest, &size, SHA256_DIGEST_LENGTH);
}

void dialback_key(const char *secret, const char *receiving, const char *originating, const char *stream_id,
		char key[DIALBACK_KEY_CHARS + 1])
{
	struct buf text = {0};
	buf_printf(&text, "%s %s %s", receiving, originating, stream_id);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	sign(secret, buf_text(&text), text.len, digest);
	to_hex(digest, sizeof digest, key);
	buf_finish(&text);
}

void dialback_stream_id(const char *secret, unsigned long number, char id[DIALBACK_ID_CHARS + 1])
{
	char text[40];
	int len = snprintf(text, sizeof text, "stream %lu", number);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	sign(secret, text, (size_t)len, digest);
	to_hex(digest, DIALBACK_ID_CHARS / 2, id);
}
