/* What a run needs before its first event, and how it is taken down again. */
#ifndef MAIN_START_H
#define MAIN_START_H

#include "main/run.h"

/* Reads the plan, the catalogue and the journal's path. 0, or a code with *error (one line, to free()). */
int start_read(struct run *r, const char *plan_line, char **error);
/* Binds peers, DNS responder and relay, and makes the plays. */
int start_bind(struct run *r, char **error);
void start_undo(struct run *r);

/* Runs a plan; the exit status. */
int run_execute(const char *plan_line);

#endif
