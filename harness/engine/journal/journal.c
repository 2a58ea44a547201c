#include "journal/journal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many octets are written without waiting for the end of the turn. */
#define WAITING_MAX ((size_t)64 * 1024)

struct journal {
	int fd;
	int lines;
	int failed;
	struct buf waiting; /* lines that are not written yet */
};

struct journal *journal_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		return NULL;
	}
	struct journal *j = mem_alloc(sizeof *j);
	j->fd = fd;
	return j;
}

/* A journal line is written for every stanza: building a tree of JSON objects for each cost a quarter of the engine's
 * instructions, so the line is written as text. */
static void add_string(struct buf *b, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	enum { LONGEST = 6 }; /* \u001f */
	buf_reserve(b, LONGEST * len + 2);
	char *out = b->data + b->len;
	*out++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c != '"' && c != '\\') {
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

static int is_ascii(const char *data, size_t len)
{
	uint64_t all = 0;
	uint64_t some;
	for (; len >= sizeof some; data += sizeof some, len -= sizeof some) {
		memcpy(&some, data, sizeof some);
		all |= some;
	}
	some = 0;
	memcpy(&some, data, len);
	return !((all | some) & 0x8080808080808080u);
}

static void add_number(struct buf *b, const char *key, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add_text(b, key);
	buf_add(b, digits + at, sizeof digits - at);
}

/* Jansson refuses what no JSON reader would take: overlong forms and surrogates, which libxml2's check lets through. */
static int is_utf8(const char *data, size_t len)
{
	if (is_ascii(data, len)) {
		return 1;
	}
	json_t *text = json_stringn(data, len);
	int good = text != NULL;
	json_decref(text);
	return good;
}

static void add_octets(struct buf *b, const char *data, size_t len)
{
	if (is_utf8(data, len)) {
		buf_add_text(b, ",\"data\":");
		add_string(b, data, len);
	} else {
		buf_add_text(b, ",\"octets\":\"");
		for (size_t i = 0; i < len; i++) {
			buf_printf(b, "%02x", (unsigned char)data[i]);
		}
		buf_add_text(b, "\"");
	}
}

static void add_text(struct buf *b, const char *key, const char *value)
{
	size_t len = value ? strlen(value) : 0;
	if (value && is_utf8(value, len)) {
		buf_add_text(b, key);
		add_string(b, value, len);
	}
}

/* A text that is no UTF-8 is marked, not left out: a fact that is missing would tell something else. */
static void add_fact(struct buf *b, const struct journal_fact *f)
{
	buf_printf(b, "\"%s\":", f->name);
	if (!f->text) {
		add_number(b, "", f->number);
	} else if (is_utf8(f->text, strlen(f->text))) {
		add_string(b, f->text, strlen(f->text));
	} else {
		char *plain = mem_strdup(f->text);
		for (char *c = plain; *c; c++) {
			if ((unsigned char)*c >= 0x80) {
				*c = '?';
			}
		}
		add_string(b, plain, strlen(plain));
		free(plain);
	}
}

static void add_facts(struct buf *b, const struct journal_fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_text(b, i ? "," : ",\"facts\":{");
		add_fact(b, &facts[i]);
	}
	if (count) {
		buf_add_text(b, "}");
	}
}

int journal_write(struct journal *j, const struct journal_entry *e)
{
	struct buf *b = &j->waiting;
	add_number(b, "{\"n\":", (uint64_t)++j->lines);
	add_number(b, ",\"t\":", e->time);
	add_text(b, ",\"kind\":", e->kind);
	add_text(b, ",\"scenario\":", e->scenario);
	if (e->repeat > 1) {
		add_number(b, ",\"repeat\":", (uint64_t)e->repeat);
	}
	add_text(b, ",\"actor\":", e->actor);
	if (e->stream) {
		add_number(b, ",\"stream\":", (uint64_t)e->stream);
	}
	add_text(b, ",\"dir\":", e->direction);
	if (e->data) {
		add_octets(b, e->data, e->len);
	}
	add_text(b, ",\"detail\":", e->detail);
	add_facts(b, e->facts, e->facts_count);
	buf_add_text(b, "}\n");
	if (b->len > WAITING_MAX) {
		journal_flush(j);
	}
	return j->lines;
}

void journal_flush(struct journal *j)
{
	size_t written = 0;
	while (written < j->waiting.len) {
		ssize_t n = write(j->fd, j->waiting.data + written, j->waiting.len - written);
		if (n < 0 && errno != EINTR) {
			j->failed = 1;
			break;
		}
		written += n > 0 ? (size_t)n : 0;
	}
	buf_clear(&j->waiting);
	if (j->waiting.cap > 4 * WAITING_MAX) {
		buf_finish(&j->waiting); /* there was a huge stanza */
	}
}

int journal_failed(const struct journal *j)
{
	return j->failed;
}

void journal_destroy(struct journal *j)
{
	if (j) {
		journal_flush(j);
		close(j->fd);
		buf_finish(&j->waiting);
		free(j);
	}
}
