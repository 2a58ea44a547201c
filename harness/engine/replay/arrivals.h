/* What came from the target, read again from the octets in the journal. */
#ifndef REPLAY_ARRIVALS_H
#define REPLAY_ARRIVALS_H

#include "replay/line.h"
#include "wire/stanza.h"

#include <stddef.h>

struct arrivals {
	struct incoming {
		int64_t stream;
		char *header;
		size_t len;
	} * streams;
	size_t streams_count;
	char *wanted; /* per line of the journal: a cue speaks of it */
	size_t wanted_count;
	struct stanza **kept; /* those of them that came and have not been taken */
	size_t kept_count;
};

void arrivals_want(struct arrivals *a, int64_t line); /* before the line comes */
int arrivals_wants(const struct arrivals *a, int64_t line);
/* A line `header` or `stanza` from the target. 0, or ERR_SYNTAX: a cue speaks of it, and it is no element of an XML
 * stream. */
int arrivals_add(struct arrivals *a, const struct journal_line *l);
/* The element of that line, for the caller to unref; NULL: it did not come, or was taken before. */
struct stanza *arrivals_take(struct arrivals *a, int64_t line);
void arrivals_finish(struct arrivals *a);

#endif
