/* What a hook says of the target's roster: lines "jid subscription [ask|asked] [pending]". */
#ifndef JUDGE_ROSTER_H
#define JUDGE_ROSTER_H

#include "script/scenario.h"

/* Whether the answer of a hook is what a STEP_PENDING or STEP_ROSTER step asks for about jid (letter case does not
 * count). A peer that is not listed is `none`, one that is listed twice never fits. output may be NULL. */
int roster_holds(const struct step *step, const char *jid, const char *output);

#endif
