/* What actors tell the journal: everything that crosses a wire, after decryption, in both directions. Actors know no
 * scenario: owner is the pointer that was given with the peer or session (NULL while it is not known whose stream it
 * is). */
#ifndef ACTORS_RECORD_H
#define ACTORS_RECORD_H

#include <stddef.h>

#define RECORD_KIND_MAP(X)                                                                                             \
	X(RECORD_OPEN, "open")	   /* TCP connection established; data: "out 127.0.0.1:5269" or "in" */                    \
	X(RECORD_TLS, "tls")	   /* TLS established */                                                                   \
	X(RECORD_HEADER, "header") /* stream header, with what stood before it */                                          \
	X(RECORD_STANZA,                                                                                                   \
			"stanza")		 /* an element at depth 1: stanza, features, dialback, SASL, with white space before it */ \
	X(RECORD_END, "end")	 /* </stream:stream> */                                                                    \
	X(RECORD_FAULT, "fault") /* octets that are no XML stream; detail says why */                                      \
	X(RECORD_CLOSE, "close") /* detail: the close kind (wire/conn.h) */

enum record_kind {
#define X(name, text) name,
	RECORD_KIND_MAP(X)
#undef X
};

const char *record_kind_text(enum record_kind kind);

struct record {
	enum record_kind kind;
	void *owner;
	int stream;		  /* number of the TCP connection within the run, from 1 */
	int from_target;  /* direction */
	const char *data; /* octets; NULL if none. Secrets (SASL) are replaced by "[redacted]" before they get here */
	size_t len;
	const char *detail; /* or NULL */
};

struct recorder {
	int (*record)(void *ud, const struct record *record); /* line of the journal */
	void *ud;
	int streams; /* counts TCP connections, for the numbers */
};

int recorder_new_stream(struct recorder *r); /* next number */

#endif
