#include "base/jtext.h"

#include "base/mem.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void add_string(struct buf *b, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	static const char escaped[256] = {[0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1};
	enum { LONGEST = 6 }; /* \u001f */
	buf_reserve(b, LONGEST * len + 2);
	char *out = b->data + b->len;
	*out++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (!escaped[c]) {
			*out++ = (char)c;
			continue;
		}
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

static int is_ascii(const char *text, size_t len)
{
	uint64_t all = 0;
	uint64_t some;
	for (; len >= sizeof some; text += sizeof some, len -= sizeof some) {
		memcpy(&some, text, sizeof some);
		all |= some;
	}
	some = 0;
	memcpy(&some, text, len);
	return !((all | some) & 0x8080808080808080u);
}

int jtext_fits(const char *text, size_t len)
{
	if (is_ascii(text, len)) {
		return 1;
	}
	json_t *string = json_stringn(text, len); /* libxml2's check lets through what Jansson refuses */
	int fits = string != NULL;
	json_decref(string);
	return fits;
}
