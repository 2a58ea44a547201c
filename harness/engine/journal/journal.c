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

static void set_octets(json_t *line, const char *data, size_t len)
{
	json_t *text = json_stringn(data, len);
	if (text) {
		json_object_set_new(line, "data", text);
		return;
	}
	struct buf hex = {0};
	for (size_t i = 0; i < len; i++) {
		buf_printf(&hex, "%02x", (unsigned char)data[i]);
	}
	json_object_set_new(line, "octets", json_string(buf_text(&hex)));
	buf_finish(&hex);
}

static void set_text(json_t *line, const char *key, const char *value)
{
	if (value) {
		json_object_set_new(line, key, json_string(value));
	}
}

int journal_write(struct journal *j, const struct journal_entry *e)
{
	json_t *line = json_object();
	json_object_set_new(line, "n", json_integer(++j->lines));
	json_object_set_new(line, "t", json_integer((json_int_t)e->time));
	set_text(line, "kind", e->kind);
	set_text(line, "scenario", e->scenario);
	if (e->repeat > 1) {
		json_object_set_new(line, "repeat", json_integer(e->repeat));
	}
	set_text(line, "actor", e->actor);
	if (e->stream) {
		json_object_set_new(line, "stream", json_integer(e->stream));
	}
	set_text(line, "dir", e->direction);
	if (e->data) {
		set_octets(line, e->data, e->len);
	}
	set_text(line, "detail", e->detail);
	char *text = json_dumps(line, JSON_COMPACT);
	j->failed |= !text || fputs(text, j->file) == EOF || putc('\n', j->file) == EOF;
	free(text);
	json_decref(line);
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
		free(j);
	}
}
