/* Rules that hold on every stanza of the target, whatever the scenario. Pure: facts in, violated requirement out. */
#ifndef JUDGE_INVARIANTS_H
#define JUDGE_INVARIANTS_H

#include "wire/stanza.h"

#include <stddef.h>

struct invariant_facts {
	int client;					/* came to a client, else to a fake peer or a component */
	int component;				/* came to a component */
	int opened_by_target;		/* peer: on a stream that the target opened */
	int bidi;					/* peer: on its own stream, 1 two-way by XEP-0288, 2 and the peer is authenticated */
	int validated;				/* peer: the pair of from and to was validated on the stream */
	const char *content_ns;		/* default namespace of the stream */
	const char *const *targets; /* domains of the target, main one first, NULL at the end */
	int licensed;				/* a subscribe to this peer was ordered or approved */
	int answers_error;			/* its id is that of an error stanza which was sent to the target */
	int answered_before;		/* an IQ answer with this id came before */
};

struct violation {
	const char *id;	  /* requirement */
	const char *text; /* what the rule says */
};

#define VIOLATIONS_MAX 8

/* Writes at most VIOLATIONS_MAX violations; returns their number. */
size_t invariants_check(const struct stanza *s, const struct invariant_facts *facts, struct violation *out);

#endif
