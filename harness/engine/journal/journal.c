#include "journal/journal.h"

#include "base/jtext.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
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

static void add_octets(struct buf *b, const char *data, size_t len)
{
	if (jtext_fits(data, len)) {
		jtext_octets(b, "data", data, len);
		return;
	}
	struct buf hex = {0};
	for (size_t i = 0; i < len; i++) {
		buf_printf(&hex, "%02x", (unsigned char)data[i]);
	}
	jtext_octets(b, "octets", buf_text(&hex), hex.len);
	buf_finish(&hex);
}

static void add_text(struct buf *b, const char *key, const char *value)
{
	size_t len = value ? strlen(value) : 0;
	if (value && jtext_fits(value, len)) {
		jtext_octets(b, key, value, len);
	}
}

/* A text that is no UTF-8 is marked, not left out: a fact that is missing would tell something else. */
static void add_facts(struct buf *b, const struct journal_fact *facts, size_t count)
{
	jtext_open(b, "facts", '{');
	for (size_t i = 0; i < count; i++) {
		if (facts[i].text) {
			jtext_text(b, facts[i].name, facts[i].text);
		} else {
			jtext_number(b, facts[i].name, (long long)facts[i].number);
		}
	}
	jtext_close(b, '}');
}

int journal_write(struct journal *j, const struct journal_entry *e)
{
	struct buf *b = &j->waiting;
	jtext_open(b, NULL, '{');
	jtext_number(b, "n", ++j->lines);
	jtext_number(b, "t", (long long)e->time);
	add_text(b, "kind", e->kind);
	add_text(b, "scenario", e->scenario);
	if (e->repeat > 1) {
		jtext_number(b, "repeat", e->repeat);
	}
	add_text(b, "actor", e->actor);
	if (e->stream) {
		jtext_number(b, "stream", e->stream);
	}
	add_text(b, "dir", e->direction);
	if (e->data) {
		add_octets(b, e->data, e->len);
	}
	add_text(b, "detail", e->detail);
	if (e->facts_count) {
		add_facts(b, e->facts, e->facts_count);
	}
	jtext_close(b, '}');
	buf_add_text(b, "\n");
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
