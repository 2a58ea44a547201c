/* What the two halves of the stream parser share: stream_sax.c (libxml2's callbacks make events of elements) and
 * stream.c (feeding, long tags, life). No other module includes this. */
#ifndef WIRE_STREAM_PARTS_H
#define WIRE_STREAM_PARTS_H

#include "base/buf.h"
#include "wire/stream.h"

#include <libxml/parser.h>

/* How the octets are counted: every octet that is fed has a position, from 0 when the parser is created. Each event
 * owns the octets from the previous one up to its own end, which is known exactly because libxml2 calls back when it
 * has read the '>'. Octets of earlier feeds that no event owns yet wait in tail; those of this feed are used in place.
 */

enum stream_state { STREAM_OPEN, STREAM_ENDED, STREAM_FAULTED, STREAM_STOPPED };

/* A namespace declaration of the stream header; the strings live in libxml2's dictionary, so pointers can be compared.
 */
struct header_ns {
	const xmlChar *prefix; /* NULL for the default namespace */
	const xmlChar *uri;
	int declared; /* on the stanza that is being built */
};

/* Where the end of a long tag is being looked for. */
struct tag_scan {
	int running;
	size_t at;	/* position of the next octet to look at */
	size_t end; /* position after the last long tag that was found complete */
	char quote; /* inside a value: its quote */
	int attributes;
};

struct stream_parser {
	struct stream_limits limits;
	struct stream_callbacks callbacks;
	void *ud;
	enum stream_state state;
	enum stream_fault fault; /* found, not necessarily reported yet */
	char *detail;
	xmlParserCtxtPtr ctxt; /* NULL while it is not needed */
	xmlDocPtr spare;	   /* an empty document, or NULL */
	int depth;			   /* open elements, the stream itself included */
	int restart;		   /* asked for inside on_stanza */
	int replaying;		   /* the header is being parsed again, nothing is reported */
	size_t origin;		   /* position of the first octet that ctxt got */
	size_t fed;			   /* position after the last one */
	size_t reported;	   /* position of the first octet that no event owns */
	struct buf tail;	   /* octets from reported on, of earlier feeds */
	const char *now;	   /* octets of this feed ... */
	size_t now_at;		   /* ... and the position of the first */
	struct tag_scan tag;
	struct buf header; /* its octets, to parse again */
	struct header_ns *ns;
	int ns_count;
	int ns_missing;		   /* how many are not declared on the stanza */
	const xmlChar **pairs; /* room for the declarations of a stanza's root */
	int pairs_max;
};

/* stream_sax.c */
void stream_ctxt_create(struct stream_parser *p); /* libxml2's parser with our callbacks */
void stream_ctxt_destroy(struct stream_parser *p);
/* 1 if so many names have come that whoever sends them may mean harm. What begins from now on gets another dictionary;
 * the old one goes with the last parser or stanza that uses it. */
int stream_names_are_many(const struct stream_parser *p);
void stream_set_fault(struct stream_parser *p, enum stream_fault fault, const char *detail); /* the first one counts */
/* Position of the next octet that libxml2 reads; not to be asked after xmlStopParser(). */
size_t stream_position(const struct stream_parser *p);
/* The octets in one piece at a position that is not reported yet; *len: how many there are up to end. */
const char *stream_octets_at(const struct stream_parser *p, size_t at, size_t end, size_t *len);
/* All octets from the last event up to end; valid until the next event is settled. */
const char *stream_raw_until(struct stream_parser *p, size_t end, size_t *len);

#endif
