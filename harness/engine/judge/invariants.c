#include "judge/invariants.h"

#include <string.h>

static int is_type(const struct stanza *s, const char *name, const char *type)
{
	const char *t = stanza_attr(s, "type");
	return !strcmp((const char *)s->root->name, name) && t && !strcmp(t, type);
}

static int is_target_domain(const struct invariant_facts *f, const char *jid)
{
	for (size_t i = 0; jid && f->targets[i]; i++) {
		if (!strcmp(f->targets[i], jid)) {
			return 1;
		}
	}
	return 0;
}

size_t invariants_check(const struct stanza *s, const struct invariant_facts *f, struct violation *out)
{
	size_t n = 0;
	const char *from = stanza_attr(s, "from");
	const char *to = stanza_attr(s, "to");
	const char *type = stanza_attr(s, "type");
	const char *ns = f->client ? NS_CLIENT : NS_SERVER;
	if (!f->component && strcmp(node_ns(s->root), ns) != 0) {
		out[n++] = (struct violation){"XC-046", "a stanza is qualified by the namespace of its stream"};
	}
	if (type && !strcmp(type, "error") && f->answers_error) {
		out[n++] = (struct violation){"XC-015", "an error is never answered with an error"};
	}
	if (stanza_is_answer(s) && f->answered_before) {
		out[n++] = (struct violation){"XC-016", "an IQ is answered once"};
	}
	if (f->client) {
		return n;
	}
	if (f->component) {
		/* no server: what is said about streams between servers does not hold */
	} else if (!from || !to) {
		out[n++] = (struct violation){"XC-001", "a stanza between servers has from and to"};
	} else if (!f->validated && f->opened_by_target) {
		out[n++] = (struct violation){"XC-002", "the from domain of a stanza was validated on its stream"};
	}
	if (f->component) {
		/* one stream for both directions */
	} else if (f->bidi) {
		if (f->bidi == 1) {
			out[n++] = (struct violation){"XC-025", "nothing is sent back before the peer is authenticated"};
		} else if (!f->validated) {
			out[n++] =
					(struct violation){"XC-026", "what comes back belongs to a pair of domains that was authenticated"};
		}
	} else if (!f->opened_by_target) {
		out[n++] = (struct violation){"XC-027", "without bidi nothing comes back on the stream that the peer opened"};
	}
	if (is_type(s, "presence", "subscribe") && is_target_domain(f, from) && !f->licensed) {
		out[n++] = (struct violation){
				"SB-001", "no subscribe leaves from the domain unless an administrator asked for it"};
	}
	return n;
}
