#include "base/jtext.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ESCAPE_MAX = 6 }; /* \u001f */

static char *add_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	*out++ = '\\';
	if (c >= 0x20) {
		*out++ = (char)c;
	} else if (c == '\n') {
		*out++ = 'n';
	} else {
		memcpy(out, "u00", 3);
		out[3] = hex[c >> 4];
		out[4] = hex[c & 15];
		out += 5;
	}
	return out;
}

#define EACH(octet) (0x0101010101010101u * (octet))

/* Whether one of eight octets is 0: then its highest bit is set in the result, and perhaps that of one after it. */
static uint64_t zero_octets(uint64_t eight)
{
	return (eight - EACH(1)) & ~eight & EACH(0x80);
}

/* How many octets from the first on stand for themselves; nearly all do, so they are looked at by eights. */
static size_t plain_length(const char *text, size_t len)
{
	static const char escaped[256] = {[0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1};
	size_t at = 0;
	uint64_t eight;
	for (; len - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, text + at, sizeof eight);
		uint64_t control = (eight - EACH(0x20)) & ~eight & EACH(0x80);
		if (control | zero_octets(eight ^ EACH('"')) | zero_octets(eight ^ EACH('\\'))) {
			break;
		}
	}
	while (at < len && !escaped[(unsigned char)text[at]]) {
		at++;
	}
	return at;
}

static void add_string(struct buf *b, const char *text, size_t len)
{
	buf_reserve(b, ESCAPE_MAX * len + 2);
	char *out = b->data + b->len;
	*out++ = '"';
	for (size_t i = 0; i < len; i++) {
		size_t plain = i;
		i += plain_length(text + i, len - i);
		memcpy(out, text + plain, i - plain);
		out += i - plain;
		if (i < len) {
			out = add_escape(out, (unsigned char)text[i]);
		}
	}
	*out++ = '"';
	*out = '\0';
	b->len = (size_t)(out - b->data);
}

/* The comma, where something stands before, and the key. A string ends with a quotation mark, so a bracket at the end
 * is one that was opened. */
static void begin_value(struct buf *b, const char *key)
{
	size_t len = key ? strlen(key) : 0;
	buf_reserve(b, len + sizeof ",\"\":" - 1);
	char *out = b->data + b->len;
	char last = '\n';
	if (b->len) {
		last = out[-1];
	}
	if (last != '{' && last != '[' && last != '\n') { /* which ends a value that stood for itself */
		*out++ = ',';
	}
	if (key) {
		*out++ = '"';
		memcpy(out, key, len);
		out += len;
		*out++ = '"';
		*out++ = ':';
	}
	b->len = (size_t)(out - b->data);
}

void jtext_open(struct buf *b, const char *key, char bracket)
{
	begin_value(b, key);
	buf_add(b, &bracket, 1);
}

void jtext_close(struct buf *b, char bracket)
{
	buf_add(b, &bracket, 1);
}

void jtext_number(struct buf *b, const char *key, long long number)
{
	char digits[20];
	size_t at = sizeof digits;
	unsigned long long value = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	begin_value(b, key);
	buf_add(b, "-", number < 0);
	buf_add(b, digits + at, sizeof digits - at);
}

void jtext_bool(struct buf *b, const char *key, int yes)
{
	jtext_raw(b, key, yes ? "true" : "false");
}

void jtext_raw(struct buf *b, const char *key, const char *json)
{
	begin_value(b, key);
	buf_add_text(b, json);
}

void jtext_octets(struct buf *b, const char *key, const char *text, size_t len)
{
	begin_value(b, key);
	add_string(b, text, len);
}

void jtext_text(struct buf *b, const char *key, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	if (!len || jtext_fits(text, len)) {
		jtext_octets(b, key, text, len);
		return;
	}
	char *plain = mem_strndup(text, len);
	for (char *c = plain; *c; c++) {
		*c = (char)(*c & 0x80 ? '?' : *c);
	}
	jtext_octets(b, key, plain, len);
	free(plain);
}

/* How many octets from the first on are ASCII; up to seven fewer, for they are looked at by eights. */
static size_t ascii_length(const char *text, size_t len)
{
	size_t at = 0;
	uint64_t eight;
	for (; len - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, text + at, sizeof eight);
		if (eight & EACH(0x80)) {
			break;
		}
	}
	return at;
}

/* The octets of the character at p (RFC 3629 section 4), 0 if it is none. */
static size_t character_length(const unsigned char *p, size_t left)
{
	size_t len = *p < 0x80 ? 1 : *p < 0xC2 ? 0 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF5 ? 4 : 0;
	if (len > left) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80) {
			return 0;
		}
	}
	int overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
	int surrogate = p[0] == 0xED && p[1] >= 0xA0;
	int too_large = p[0] == 0xF4 && p[1] >= 0x90;
	return overlong || surrogate || too_large ? 0 : len;
}

int jtext_fits(const char *text, size_t len)
{
	for (size_t at = ascii_length(text, len); at < len;) {
		size_t octets = character_length((const unsigned char *)text + at, len - at);
		if (!octets) {
			return 0;
		}
		at += octets;
		at += octets > 1 ? ascii_length(text + at, len - at) : 0;
	}
	return 1;
}
