/* Streams fed to a parser, and what they were turned into, for the tests of the parser. */
#ifndef TESTS_FEED_H
#define TESTS_FEED_H

#include "base/buf.h"
#include "wire/stream.h"

#define OPEN "<stream:stream xmlns:stream='" NS_STREAM "' xmlns='" NS_SERVER "' xmlns:db='" NS_DIALBACK "'>"
#define CLOSE "</stream:stream>"

struct feed {
	struct stream_parser *parser;
	struct buf events; /* one word each: "header", the name of a stanza, "end", the condition of a fault */
	struct buf raw;	   /* octets of all events */
	struct stanza *last;
	const char *restart_after; /* name of a stanza */
	const char *stop_after;
	int kept; /* stanzas are kept in last */
};

extern const struct stream_callbacks feed_callbacks; /* a feed is their ud */

void feed_begin(struct feed *feed, const struct stream_limits *limits); /* NULL: the usual ones */
void feed_finish(struct feed *feed);

/* What stream_feed() returns. */
int feed_text(struct feed *feed, const char *text);
/* Feeds in pieces of 1 to most octets, in the same way each time; rests now and then. Stops after a fault. */
int feed_pieces(struct feed *feed, const char *data, size_t len, size_t most, int rests);

#endif
