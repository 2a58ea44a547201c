/* Octets to stream events: a parser for one direction of one XML stream, on libxml2's push parser.
 *
 * What RFC 6120 section 11.1 forbids (comments, processing instructions, DTDs, entity references other than the
 * predefined ones) and what exceeds the limits ends the stream with a fault; so does what is not well-formed, for
 * namespaces too. After a fault, or after the end of the stream, nothing is reported any more. A few faults ("&"
 * without
 * ";", "<" in an attribute's value, a comment without end) are seen only when the octets after them have come.
 *
 * Callbacks may call nothing on the parser but stream_stop(). */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include "wire/stanza.h"

#include <stddef.h>

struct stream_limits {
	size_t stanza_octets; /* largest stanza on the wire */
	int depth;			  /* deepest element, the stanza itself is 1 */
	int attributes;		  /* most attributes on one element */
};

extern const struct stream_limits stream_default_limits; /* 1 MiB, 128, 64 */

#define STREAM_FAULT_MAP(X)                                                                                            \
	X(STREAM_NOT_WELL_FORMED, "not-well-formed")                                                                       \
	X(STREAM_RESTRICTED_XML, "restricted-xml")                                                                         \
	X(STREAM_BAD_HEADER, "invalid-namespace")                                                                          \
	X(STREAM_LIMIT, "policy-violation")                                                                                \
	X(STREAM_ENCODING, "unsupported-encoding")

enum stream_fault {
	STREAM_NO_FAULT = 0,
#define X(name, condition) name,
	STREAM_FAULT_MAP(X)
#undef X
};

/* The stream error condition of RFC 6120 section 4.9.3 that fits the fault. */
const char *stream_fault_condition(enum stream_fault fault);

struct stream_header {
	const char *from, *to, *id, *version; /* NULL where absent; borrowed for the callback */
	const char *lang;					  /* xml:lang, as those */
	const char *content_ns;				  /* jabber:client or jabber:server; "" if none is declared */
	int declares_dialback;				  /* a prefix is bound to jabber:server:dialback */
};

/* The header as an element without content, so that it can be handled like a stanza; raw are its octets. One reference
 * for the caller. */
struct stanza *stream_header_element(const struct stream_header *header, const char *raw, size_t len);

struct stream_callbacks {
	/* raw, here and in stanza->raw, is everything since the previous event: concatenated, the raw octets of all events
	 * are the octets that were fed (an XML declaration stands before the header, white space between stanzas before a
	 * stanza). */
	void (*on_header)(void *ud, const struct stream_header *header, const char *raw, size_t len);
	void (*on_stanza)(void *ud, struct stanza *stanza);	   /* borrowed; stanza_ref() to keep */
	void (*on_end)(void *ud, const char *raw, size_t len); /* </stream:stream> */
	void (*on_fault)(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len);
};

struct stream_parser;

struct stream_parser *stream_create(
		const struct stream_limits *limits, const struct stream_callbacks *callbacks, void *ud);

/* Feeds octets; callbacks run inside. Octets after the end of the stream are ignored. Returns 0, or the error of a
 * fault (ERR_SYNTAX, ERR_LIMIT) that was reported now or before. */
int stream_feed(struct stream_parser *p, const char *data, size_t len);

/* A new stream begins with the next octet (after TLS or SASL, RFC 6120 section 4.3.3). May be called inside on_stanza:
 * it then takes effect after the callback, and octets of this feed that follow belong to the new stream. */
void stream_restart(struct stream_parser *p);

/* Whether the next octet begins a stanza, or is between two; 0 inside a callback. */
int stream_is_between(const struct stream_parser *p);

/* Frees what an idle stream does not need; the next octets rebuild it from the header. For streams that are silent for
 * long; not inside a callback. Does nothing inside a stanza. */
void stream_rest(struct stream_parser *p);

void stream_stop(struct stream_parser *p);	  /* no further callbacks, allowed inside a callback */
void stream_destroy(struct stream_parser *p); /* NULL is allowed; not inside a callback */

#endif
