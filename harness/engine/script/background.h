/* Background rules: what actors answer by themselves, and what is tolerated without being expected. */
#ifndef SCRIPT_BACKGROUND_H
#define SCRIPT_BACKGROUND_H

#include "script/problem.h"
#include "script/template.h"

struct background_rule {
	const char *ns; /* content namespace of the streams of those that it is for */
	struct template *comes;
	struct template *answer; /* NULL: tolerated */
	int line;
};

struct background {
	struct background_rule *items;
	size_t count;
};

/* Adds the rules of one file; file is borrowed. */
void background_read(struct background *b, const char *file, const char *text, struct problems *ps);

/* The first rule that fits a stanza which came to an actor with streams of that content namespace, or NULL. */
const struct background_rule *background_find(
		const struct background *b, const char *ns, const struct stanza *stanza, const struct vars *vars);
void background_finish(struct background *b);

#endif
