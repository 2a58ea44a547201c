/* One line of a journal, read. Pointers are borrowed from its JSON. */
#ifndef REPLAY_LINE_H
#define REPLAY_LINE_H

#include <jansson.h>
#include <stdint.h>

struct journal_line {
	json_t *json; /* owned */
	int64_t number;
	uint64_t time;
	const char *kind;
	const char *scenario, *actor, *detail; /* NULL where absent */
	int repeat;							   /* 1 where it is not said */
	int64_t stream;						   /* 0: none */
	int in, out;						   /* directions; none is possible */
	char *octets;						   /* owned; NULL: none */
	size_t len;
	const json_t *facts; /* NULL: none */
};

/* 0, or ERR_SYNTAX: it is no line of a journal. line_finish() in any case. */
int line_read(struct journal_line *l, const char *octets, size_t len);
void line_finish(struct journal_line *l);

const char *line_text(const struct journal_line *l, const char *fact); /* NULL where there is none */
uint64_t line_count(const struct journal_line *l, const char *fact);   /* 0 where there is none */

#endif
