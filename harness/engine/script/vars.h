/* Names and their values: what ${name} stands for in a scenario. */
#ifndef SCRIPT_VARS_H
#define SCRIPT_VARS_H

#include "base/buf.h"

#include <stddef.h>

struct vars {
	struct var {
		char *name, *value;
		size_t len; /* of the name */
	} * items;
	size_t count;
};

void vars_set(struct vars *vs, const char *name, const char *value); /* replaces */
const char *vars_get(const struct vars *vs, const char *name);		 /* NULL if unknown; borrowed */
const char *vars_get_n(const struct vars *vs, const char *name, size_t len);
void vars_cut(struct vars *vs, size_t count); /* forgets all but those that were set first */
void vars_finish(struct vars *vs);

/* Names that stand for made-up texts: "filler:N" (N times the letter x, eight digits at most), "filler:N:TEXT" (N times
 * TEXT), "octets:c0af" (these octets, none of them zero). 1 if it is one; then the text is added to b, unless b is
 * NULL.
 */
int vars_made(const char *name, size_t len, struct buf *b);

/* text with every ${name} replaced; unknown names stay as they are. Caller frees. */
char *vars_expand(const struct vars *vs, const char *text);

/* Calls each(ud, name, len) for the name of every ${name} in text. */
void vars_names_in(const char *text, void (*each)(void *ud, const char *name, size_t len), void *ud);

#endif
