/* What was seen that a finding is about. The lines for people and the fields of reports are both made from it. */
#ifndef JUDGE_EVIDENCE_H
#define JUDGE_EVIDENCE_H

#include "script/vars.h"

#include <stddef.h>

#define EVIDENCE_MAP(X)                                                                                                \
	X(MISSED, "missed")			/* what was waited for did not come */                                                 \
	X(CONDITION, "condition")	/* a stanza came, and a condition on it does not hold */                               \
	X(ORDER, "order")			/* a stanza came before another one that should have been first */                     \
	X(FORBIDDEN, "forbidden")	/* a stanza came that must not come */                                                 \
	X(UNEXPECTED, "unexpected") /* a stanza came that nobody asked for, and violates nothing */                        \
	X(RULE, "rule")				/* a stanza breaks a rule that holds on every stanza */                                \
	X(ANSWER, "answer")			/* the answer of a hook is another one */                                              \
	X(LIST, "list")				/* an entry that a hook shows breaks a rule that holds on every list */                \
	X(COMPARISON, "comparison") /* two values are not as they should be */                                             \
	X(FAULT, "fault")			/* octets that are no XML stream */                                                    \
	X(LOST, "lost")				/* what was sent last to a target that did not survive it */

enum evidence_kind {
#define X(name, text) EVIDENCE_##name,
	EVIDENCE_MAP(X)
#undef X
};

/* A client's last request, where it was refused or not answered: often the reason why a peer has got nothing. */
struct refusal {
	const char *actor; /* borrowed from the scenario */
	int line;		   /* of the journal: the answer; 0: there is none */
	char *stanza;
};

/* Texts belong to the evidence unless they are said to be borrowed from the scenario. */
struct evidence {
	int refs;
	enum evidence_kind kind;
	const char *actor;				   /* whom it came to, or should have come to; NULL: nobody. Borrowed */
	int line;						   /* of the journal, where the stanza stands; 0: there is none */
	char *stanza;					   /* that came, MISSED: the closest one; its first octets */
	size_t octets;					   /* of all of the stanza, where the text says that it goes on; else 0 */
	char *expected;					   /* MISSED: the stanza that was waited for */
	char *where, *wanted, *got, *mode; /* MISSED: the first difference, with the mode of matching in force there */
	int missing;					   /* MISSED: the difference is that nothing stands there */
	char *streams;					   /* MISSED: why the actor's streams failed, or NULL */
	struct refusal *refusals;		   /* MISSED */
	size_t refusals_count;
	char *condition;	/* CONDITION: as written */
	struct vars values; /* CONDITION: what names in it stand for */
	const char *step;	/* ANSWER, COMPARISON: what was to hold. Borrowed */
	const char *hook;	/* ANSWER. Borrowed */
	char *address;		/* ANSWER, LIST: whom it is about, or NULL */
	char *answer;		/* ANSWER: the lines about it, or NULL; LIST: the entry */
	size_t others;		/* ANSWER: lines about others, which are left out */
	char *left, *right; /* COMPARISON */
	char *said;			/* FAULT, LOST: in words */
	char *text;			/* made when it is asked for first */
};

const char *evidence_kind_text(enum evidence_kind kind);

struct evidence *evidence_create(enum evidence_kind kind); /* with one reference */
struct evidence *evidence_ref(struct evidence *e);		   /* NULL is allowed, here and below */
void evidence_unref(struct evidence *e);

/* Lines for people, without indentation; NULL for NULL. Call it when nothing is changed any more. Borrowed. */
const char *evidence_text(struct evidence *e);

#endif
