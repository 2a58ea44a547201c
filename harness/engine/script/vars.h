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

/* N of the name "filler:N", which stands for N times the letter x (eight digits at most); 0 if it is none. */
size_t vars_filler(const char *name, size_t len);

/* text with every ${name} replaced; unknown names stay as they are. Caller frees. */
char *vars_expand(const struct vars *vs, const char *text);

/* Calls each(ud, name, len) for the name of every ${name} in text. */
void vars_names_in(const char *text, void (*each)(void *ud, const char *name, size_t len), void *ud);

#endif
