/* Phrases: lines of a play that stand for steps. */
#ifndef SCRIPT_PHRASES_H
#define SCRIPT_PHRASES_H

#include "script/lines.h"
#include "script/problem.h"

struct phrase {
	char *pattern; /* "{admin} submits the server-buddy form for {peer}" */
	struct piece {
		char *text;
		size_t len;
	} * pieces;			/* the texts before, between and behind the parameters; one more than there are parameters */
	char last;			/* character of each line that fits, or 0 where a parameter stands there */
	const char *needle; /* the longest of them: a line without it cannot fit */
	char **params;
	size_t params_count;
	size_t literal; /* characters outside of parameters: the more, the better the fit */
	struct lines body;
	const char *file;
	int line;
	int used;
};

struct phrases {
	struct phrase *items;
	size_t count;
	int uses; /* numbers each use, to keep the names of uses apart */
};

/* Adds the phrases of one file; file is borrowed. */
void phrases_read(struct phrases *ps, const char *file, const char *text, struct problems *problems);

/* Finds the phrase that fits a line: NULL if none does; if two fit equally well a problem is added and one is returned.
 */
struct phrase *phrases_find(struct phrases *ps, const struct line *line, struct problems *problems);

/* The phrase's lines for one use, parameters filled in, indented like the line that uses it, private names made unique.
 */
void phrase_expand(struct phrases *ps, const struct phrase *p, const struct line *use, struct lines *out);
void phrases_finish(struct phrases *ps);

#endif
