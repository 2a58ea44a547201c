/* Judges a kept run again from its journal: `buddycheck-engine judge` (harness/README.md). */
#ifndef MAIN_REJUDGE_H
#define MAIN_REJUDGE_H

int rejudge_execute(const char *plan_line); /* exit status of the process */

#endif
