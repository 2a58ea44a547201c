#include "replay/arrivals.h"

#include "base/err.h"
#include "base/mem.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 100000000 /* of one journal */

void arrivals_want(struct arrivals *a, int64_t line)
{
	if (line <= 0 || line > LINES_MAX) {
		return;
	}
	size_t at = (size_t)line;
	if (at >= a->wanted_count) {
		size_t count = at + at / 2 + 1;
		a->wanted = mem_resize(a->wanted, count, 1);
		memset(a->wanted + a->wanted_count, 0, count - a->wanted_count);
		a->wanted_count = count;
	}
	a->wanted[at] = 1;
}

int arrivals_wants(const struct arrivals *a, int64_t line)
{
	return line > 0 && (uint64_t)line < a->wanted_count && a->wanted[line];
}

static struct incoming *find(struct arrivals *a, int64_t stream)
{
	for (size_t i = a->streams_count; i-- > 0;) { /* the youngest is the likeliest */
		if (a->streams[i].stream == stream) {
			return &a->streams[i];
		}
	}
	a->streams = mem_resize(a->streams, a->streams_count + 1, sizeof *a->streams);
	a->streams[a->streams_count] = (struct incoming){.stream = stream};
	return &a->streams[a->streams_count++];
}

struct reading {
	int header; /* the header is what is wanted */
	struct stanza *element;
};

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct reading *r = ud;
	if (r->header) {
		r->element = stream_header_element(header, raw, len);
	}
}

static void on_stanza(void *ud, struct stanza *stanza)
{
	struct reading *r = ud;
	if (!r->header && !r->element) {
		r->element = stanza_ref(stanza);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	(void)ud;
	(void)raw;
	(void)len;
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	(void)fault;
	(void)detail;
	on_end(ud, raw, len);
}

/* Namespaces and language of an element are those of its stream: the header is read before it each time. */
static struct stanza *element_of(const struct incoming *stream, const struct journal_line *l, int header)
{
	static const struct stream_callbacks callbacks = {on_header, on_stanza, on_end, on_fault};
	struct reading r = {.header = header};
	struct stream_parser *parser = stream_create(&stream_default_limits, &callbacks, &r);
	stream_feed(parser, stream->header, stream->len);
	if (!header) {
		stream_feed(parser, l->octets, l->len);
	}
	stream_destroy(parser);
	return r.element;
}

int arrivals_add(struct arrivals *a, const struct journal_line *l)
{
	int header = !strcmp(l->kind, "header");
	if (header && l->octets) {
		struct incoming *stream = find(a, l->stream);
		free(stream->header);
		stream->header = mem_strndup(l->octets, l->len);
		stream->len = l->len;
	}
	if (!arrivals_wants(a, l->number)) {
		return ERR_OK;
	}
	const struct incoming *stream = find(a, l->stream);
	struct stanza *element = stream->header && l->octets ? element_of(stream, l, header) : NULL;
	if (!element) {
		return ERR_SYNTAX;
	}
	element->line = (int)l->number;
	a->kept = mem_resize(a->kept, a->kept_count + 1, sizeof(struct stanza *));
	a->kept[a->kept_count++] = element;
	return ERR_OK;
}

struct stanza *arrivals_take(struct arrivals *a, int64_t line)
{
	for (size_t i = a->kept_count; i-- > 0;) {
		struct stanza *s = a->kept[i];
		if (s->line == line) {
			memmove(a->kept + i, a->kept + i + 1, (a->kept_count - i - 1) * sizeof(struct stanza *));
			a->kept_count--;
			return s;
		}
	}
	return NULL;
}

void arrivals_finish(struct arrivals *a)
{
	for (size_t i = 0; i < a->streams_count; i++) {
		free(a->streams[i].header);
	}
	for (size_t i = 0; i < a->kept_count; i++) {
		stanza_unref(a->kept[i]);
	}
	free(a->streams);
	free(a->wanted);
	free(a->kept);
	*a = (struct arrivals){0};
}
