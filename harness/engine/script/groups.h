/* Groups of peers: `[Peer] Crowd x 200` makes the actors Crowd 1 to Crowd 200, and the steps below
 * `For each peer of Crowd:` are read once for each of them. */
#ifndef SCRIPT_GROUPS_H
#define SCRIPT_GROUPS_H

#include "script/scenario.h"

/* Of a name in the cast: how many members, 0 if it is no group, -1 if there cannot be so many; *name_len then is the
 * length of the group's own name. */
int group_count(const char *text, size_t *name_len);
char *group_member(const char *group, size_t len, int number); /* "Crowd 7"; caller frees */
int group_size(const struct scenario *s, const char *group);   /* 0 if there is no such group */

/* The line with the member's name wherever the group's stands as a whole word. Caller frees. */
char *group_fill_in(const char *text, const char *group, int number);

#endif
