/* What stands behind a submitted form (XEP-0050 section 2.4.2): the form again, because it was not accepted, or a
 * further stage, such as a question whether all this is meant. Ruling A21. Pure. */
#ifndef TARGET_STAGES_H
#define TARGET_STAGES_H

#include <libxml/tree.h>

#define STAGES_MAX 3 /* further stages of one command; a target that asks for more never comes to its end */

/* The <command/> that goes on from there with the stage's own values (a single question to be answered with yes or no
 * is answered with yes): a document with an <iq/> of type set, without id and addresses. NULL: the answer is no such
 * stage. answer: the <command/> of the target; submitted: the form that it answers, or NULL. Caller frees. */
xmlDocPtr stages_further(const xmlNode *answer, const xmlNode *submitted);

#endif
