#include "actors/dialback.h"

#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
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
static void sign(const char *secret, const char *text, size_t len, unsigned char digest[SHA256_DIGEST_LENGTH])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char hex[2 * SHA256_DIGEST_LENGTH + 1];
	SHA256((const unsigned char *)secret, strlen(secret), hash);
	to_hex(hash, sizeof hash, hex);
	HMAC(EVP_sha256(), hex, 2 * SHA256_DIGEST_LENGTH, (const unsigned char *)text, len, digest, NULL);
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
