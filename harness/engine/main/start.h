/* What a run needs before its first event, and how it is taken down again. */
#ifndef MAIN_START_H
#define MAIN_START_H

#include "main/run.h"

/* Reads the plan, begins the journal, binds peers, DNS responder and relay. 0, or a code with *error (one line, to
 * free()). */
int start_bind(struct run *r, const char *plan_line, char **error);
/* Reads the catalogue and makes the plays. Codes as above. */
int start_read(struct run *r, char **error);
void start_undo(struct run *r);

/* Runs a plan; the exit status. */
int run_execute(const char *plan_line);

#endif
