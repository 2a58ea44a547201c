/* XPath 1.0 checks on a stanza. The context node is the stanza; prefixes come from one table; '${name}' in quotes is a
 * variable of the scenario and safe for any value. Functions of our own: caps.h. */
#ifndef SCRIPT_XPATH_H
#define SCRIPT_XPATH_H

#include "script/vars.h"
#include "wire/stanza.h"

struct xpath;

/* NULL if expr is no XPath; *error is then one line to free(). Equal expressions are one; each is to be destroyed as
 * often as it was created. */
struct xpath *xpath_create(const char *expr, char **error);
/* 1 or 0: what the expression gives as a boolean; -1 if it cannot be evaluated (an unknown prefix or function). */
int xpath_holds(const struct xpath *x, const struct stanza *stanza, const struct vars *vars);
/* What the expression gives as text, "" where it cannot be evaluated; caller frees. */
char *xpath_text(const struct xpath *x, const struct stanza *stanza, const struct vars *vars);
/* Names of the variables, for static checks. */
size_t xpath_names(const struct xpath *x, const char *const **names);
void xpath_destroy(struct xpath *x); /* NULL is allowed */
void xpath_forget_shared(void);		 /* nothing is to be created or evaluated for now: frees what they share */

#endif
