/* The stream-level elements of actors: headers, features, dialback, stream errors. Pure. */
#ifndef ACTORS_MARKUP_H
#define ACTORS_MARKUP_H

#include "base/buf.h"
#include "wire/stanza.h"

#define NS_DIALBACK_FEATURE "urn:xmpp:features:dialback"

/* Adds text with the characters escaped that may not stand in an attribute value or in character data. */
void markup_escaped(struct buf *b, const char *text);

struct markup_header {
	const char *content_ns;
	const char *from, *to, *id; /* NULL: left out */
	int version;				/* 0: left out, as towards a peer that sent none (RFC 6120 section 4.7.5) */
	int dialback;				/* declares xmlns:db */
};

void markup_header(struct buf *b, const struct markup_header *h);

struct markup_dialback {
	const char *element; /* "result" or "verify" */
	const char *from, *to;
	const char *id;		   /* NULL: left out */
	const char *type;	   /* NULL: a request */
	const char *key;	   /* or NULL */
	const char *condition; /* of an error, or NULL (XEP-0220 section 2.5) */
};

void markup_dialback(struct buf *b, const struct markup_dialback *d);
void markup_stream_error(
		struct buf *b, const char *condition, const char *content); /* content: of the condition, or NULL */

/* Condition of a <stream:error/> (RFC 6120 section 4.9.2); "undefined-condition" where it names none. Borrowed. */
const char *stream_error_condition(const struct stanza *stanza);

/* Adds one element as it stood on the wire, with what stands between its start and end tag replaced by "[redacted]". */
void markup_redacted(struct buf *b, const char *raw, size_t len);

#define MARKUP_END "</stream:stream>"
#define MARKUP_DIALBACK_FEATURE "<dialback xmlns='" NS_DIALBACK_FEATURE "'><errors/></dialback>"

#endif
