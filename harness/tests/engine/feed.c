#include "feed.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void feed_event(struct feed *feed, const char *event, const char *raw, size_t len)
{
	buf_printf(&feed->events, "%s%s", feed->events.len ? " " : "", event);
	buf_add(&feed->raw, raw, len);
	if (feed->stop_after && strcmp(event, feed->stop_after) == 0) {
		stream_stop(feed->parser);
	}
}

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	(void)header;
	feed_event(ud, "header", raw, len);
}

static void on_stanza(void *ud, struct stanza *stanza)
{
	struct feed *feed = ud;
	const char *name = (const char *)stanza->root->name;
	ck_assert_uint_eq(strlen(stanza->raw), stanza->raw_len);
	if (feed->kept) {
		stanza_unref(feed->last);
		feed->last = stanza_ref(stanza);
	}
	feed_event(feed, name, stanza->raw, stanza->raw_len);
	if (feed->restart_after && strcmp(name, feed->restart_after) == 0) {
		stream_restart(feed->parser);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	feed_event(ud, "end", raw, len);
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	ck_assert_uint_gt(strlen(detail), 0);
	ck_assert_ptr_null(strchr(detail, '\n'));
	feed_event(ud, stream_fault_condition(fault), raw, len);
}

const struct stream_callbacks feed_callbacks = {on_header, on_stanza, on_end, on_fault};

void feed_begin(struct feed *feed, const struct stream_limits *limits)
{
	feed->parser = stream_create(limits, &feed_callbacks, feed);
}

void feed_finish(struct feed *feed)
{
	stream_destroy(feed->parser);
	stanza_unref(feed->last);
	buf_finish(&feed->events);
	buf_finish(&feed->raw);
}

int feed_text(struct feed *feed, const char *text)
{
	return stream_feed(feed->parser, text, strlen(text));
}

int feed_pieces(struct feed *feed, const char *data, size_t len, size_t most, int rests)
{
	uint32_t random = 12345;
	int rc = 0;
	while (len && !rc) {
		random = random * 1103515245u + 12345u;
		size_t piece = 1 + (random >> 8) % most;
		if (piece > len) {
			piece = len;
		}
		/* A copy of its own shows the sanitizers what is read beyond it. */
		char *copy = malloc(piece);
		memcpy(copy, data, piece);
		rc = stream_feed(feed->parser, copy, piece);
		free(copy);
		if (rests) {
			stream_rest(feed->parser);
		}
		data += piece;
		len -= piece;
	}
	return rc;
}
