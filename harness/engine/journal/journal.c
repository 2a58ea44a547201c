#include "journal/journal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER ((size_t)256 * 1024)

struct journal {
	FILE *file;
	int lines;
	int failed;
	struct buf line; /* kept between lines */
};

struct journal *journal_create(const char *path)
{
	FILE *f = fopen(path, "we");
	if (!f) {
		return NULL;
	}
	setvbuf(f, NULL, _IOFBF, BUFFER);
	struct journal *j = mem_alloc(sizeof *j);
	j->file = f;
	return j;
}

/* A journal line is written for every stanza: building a tree of JSON objects for each cost a quarter of the engine's
 * instructions, so the line is written as text. */
static void add_string(struct buf *b, const char *text, size_t len)
{
	buf_add(b, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t plain = i;
		while (plain < len && (unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') {
			plain++;
		}
		buf_add(b, text + i, plain - i);
		if (plain < len) {
			unsigned char c = (unsigned char)text[plain++];
			if (c == '\n') {
				buf_add(b, "\\n", 2);
			} else if (c < 0x20) {
				buf_printf(b, "\\u%04x", c);
			} else {
				buf_add(b, (char[]){'\\', (char)c}, 2);
			}
		}
		i = plain;
	}
	buf_add(b, "\"", 1);
}

static int is_ascii(const char *data, size_t len)
{
	unsigned char all = 0;
	for (size_t i = 0; i < len; i++) {
		all |= (unsigned char)data[i];
	}
	return all < 0x80;
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
	if (value && is_utf8(value, strlen(value))) {
		buf_add_text(b, ",\"");
		buf_add_text(b, key);
		buf_add_text(b, "\":");
		add_string(b, value, strlen(value));
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
	struct buf *b = &j->line;
	buf_clear(b);
	add_number(b, "{\"n\":", (uint64_t)++j->lines);
	add_number(b, ",\"t\":", e->time);
	add_text(b, "kind", e->kind);
	add_text(b, "scenario", e->scenario);
	if (e->repeat > 1) {
		add_number(b, ",\"repeat\":", (uint64_t)e->repeat);
	}
	add_text(b, "actor", e->actor);
	if (e->stream) {
		add_number(b, ",\"stream\":", (uint64_t)e->stream);
	}
	add_text(b, "dir", e->direction);
	if (e->data) {
		add_octets(b, e->data, e->len);
	}
	add_text(b, "detail", e->detail);
	add_facts(b, e->facts, e->facts_count);
	buf_add_text(b, "}\n");
	j->failed |= fwrite(b->data, 1, b->len, j->file) != b->len;
	return j->lines;
}

void journal_flush(struct journal *j)
{
	j->failed |= fflush(j->file) != 0;
}

int journal_failed(const struct journal *j)
{
	return j->failed;
}

void journal_destroy(struct journal *j)
{
	if (j) {
		fclose(j->file);
		buf_finish(&j->line);
		free(j);
	}
}
