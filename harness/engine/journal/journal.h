/* The journal: one JSON object a line for everything that happens in a run, in order. Nothing is judged that is not in
 * it.
 *
 * Keys: n (line number, from 1), t (microseconds since the run began), kind, and where they apply scenario, repeat,
 * actor, stream, dir ("in" from the target, "out" to it), data (octets as text) or octets (hex, where they are no
 * UTF-8), detail, facts (an object of texts and numbers). */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_FORMAT 2 /* what replay/ reads; harness/README.md tells the kinds */

struct journal;

struct journal_fact {
	const char *name, *text; /* text NULL: it is the number */
	uint64_t number;
};

struct journal_entry {
	uint64_t time;
	const char *kind;
	const char *scenario, *actor; /* NULL: none */
	int repeat;					  /* from 1; 0: not said */
	int stream;					  /* 0: none */
	const char *direction;		  /* "in", "out" or NULL */
	const char *data;
	size_t len;
	const char *detail;
	const struct journal_fact *facts;
	size_t facts_count;
};

/* NULL with errno set if the file cannot be written. */
struct journal *journal_create(const char *path);
int journal_write(struct journal *j, const struct journal_entry *e); /* the line's number */
/* Hands everything written so far to the system: called once a turn of the loop, so that a killed engine leaves a
 * journal that reads up to its last turn. */
void journal_flush(struct journal *j);
int journal_failed(const struct journal *j); /* a write failed (disk full) */
void journal_destroy(struct journal *j);

#endif
