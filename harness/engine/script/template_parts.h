/* What the files that deal with patterns share. */
#ifndef SCRIPT_TEMPLATE_PARTS_H
#define SCRIPT_TEMPLATE_PARTS_H

#include "script/template.h"

#include <regex.h>

/* The element's own text without white space around it. Caller frees. */
char *node_own_text(const xmlNode *node);

/* Compiles what stands between "{match:" and "}": it must fit a whole value, and the values of variables in it stand
 * for themselves. 0, or -1 if it is no regular expression. vars NULL: the values do not matter. */
int match_regex(regex_t *re, const char *pattern, size_t len, const struct vars *vars);

/* Part of template_forget_shared(): frees the expressions that are kept compiled. */
void match_forget_shared(void);

#endif
