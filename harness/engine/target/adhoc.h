/* A hook that is an ad-hoc command of the target (XEP-0050): execute, submit the fields, read the answer. No I/O here.
 */
#ifndef TARGET_ADHOC_H
#define TARGET_ADHOC_H

#include "base/buf.h"
#include "target/profile.h"
#include "wire/stanza.h"

struct adhoc_call {
	const struct hook *hook;
	char *to, *peer;
	char *id; /* of the IQ that is under way */
	int stage;
	int further;		 /* stages behind the form so far */
	struct stanza *sent; /* the submission under way */
	struct buf output;	 /* lines of the result field, or the reason of a failure */
};

enum adhoc_state { ADHOC_GOES_ON, ADHOC_DONE, ADHOC_FAILED };

/* id is unique among calls; strings are copied, hook is borrowed. Returns the octets to send, for free(). */
char *adhoc_begin(struct adhoc_call *c, const struct hook *hook, const char *to, const char *peer, const char *id);

/* The answer to c->id. ADHOC_GOES_ON: *octets is to be sent. ADHOC_DONE: the target has carried it out or has refused
 * it as it may (nothing to approve); output holds the answer. ADHOC_FAILED: the hook itself does not work here (no such
 * command, not allowed); output says so in one line. */
enum adhoc_state adhoc_answer(struct adhoc_call *c, const struct stanza *s, char **octets);
void adhoc_finish(struct adhoc_call *c);

#endif
