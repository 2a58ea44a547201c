/* What a hook says of the target's roster: lines "jid subscription [ask|asked] [pending]", commas between the words or
 * not. */
#ifndef JUDGE_ROSTER_H
#define JUDGE_ROSTER_H

#include "script/scenario.h"
#include "script/vars.h"

/* Whether the answer of a hook is what a STEP_PENDING or STEP_ROSTER step asks for about jid. Addresses are compared as
 * in RFC 7622 section 3.2: neither letter case nor a final dot of the domain counts. A peer that is not listed is
 * `none`, one that is listed twice, perhaps in two ways of writing, never fits. For a step with a pattern jid is NULL,
 * and vars stand for themselves in it. output may be NULL. */
int roster_holds(const struct step *step, const char *jid, const struct vars *vars, const char *output);

/* The lines of the answer that matter for the step: those in which jid occurs, or that fit the pattern. NULL if there
 * is none; caller frees. *others: how many lines there are besides. */
char *roster_excerpt(
		const struct step *step, const char *jid, const struct vars *vars, const char *output, size_t *others);

/* The first line about jid that is none of a roster (an unknown word, no subscription), or NULL; caller frees. */
char *roster_unreadable(const char *jid, const char *output);

enum roster_flaw {
	ROSTER_WRITTEN,	 /* an entry of the domain is not written in normal form */
	ROSTER_RESOURCE, /* an entry of the domain has a resource */
	ROSTER_FLAWS
};

/* The first entry of a domain with that flaw, or NULL; caller frees. */
char *roster_flawed(enum roster_flaw flaw, const char *domain, const char *output);

#endif
