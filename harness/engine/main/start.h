/* What a run needs before its first event, and how it is taken down again. */
#ifndef MAIN_START_H
#define MAIN_START_H

#include "main/run.h"

/* Reads the plan and begins the journal. 0, or a code with *error (one line, to free()). */
int start_plan(struct suite *s, const char *plan_line, char **error);
/* Adds a run: binds its peers and its DNS responder and tells the driver, who starts an instance of the target. Codes
 * as above. */
int start_run(struct suite *s, char **error);
/* Reads the catalogue, unless it is there, and makes the plays, and more runs where they need them. Codes as above. */
int start_read(struct suite *s, char **error);
void start_undo(struct suite *s);
void start_free(struct suite *s); /* the runs, when the loop is done with them */

void run_init_timers(struct run *r);

/* Runs a plan; the exit status. catalogue: that of the plan's scenarios_dir if it was read already, taken over; or
 * NULL.
 */
int suite_execute(const char *plan_line, const struct catalogue *catalogue);

#endif
