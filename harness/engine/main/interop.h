/* `buddycheck-engine interop`: what two servers need to talk to each other under observation, and their administrators'
 * commands; the driver says what happens when (harness/README.md). Nothing is judged here. */
#ifndef MAIN_INTEROP_H
#define MAIN_INTEROP_H

/* From the first line of standard input to the end of it; the exit status. */
int interop_execute(const char *plan_line);

#endif
