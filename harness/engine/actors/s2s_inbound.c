/* The target's direction: streams that it opened to a peer, its keys and its questions about ours. */
#include "actors/peer_parts.h"

#include "actors/dialback.h"
#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void inbound_header(struct s2s *s, const struct stream_header *header)
{
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id(s->ps->secret, ++s->ps->ids, id);
	free(s->id);
	s->id = mem_strdup(id);
	s2s_send_header(s, header->from);
	if (header->to && !s->peer) {
		s2s_error(s, "host-unknown");
	} else if (s->version1) {
		s2s_send(s, MARKUP_DIALBACK_FEATURES, sizeof MARKUP_DIALBACK_FEATURES - 1);
	}
}

static void answer(struct s2s *s, const struct stanza *request, const char *type)
{
	int unknown = strcmp(type, "error") == 0;
	struct buf b = {0};
	markup_dialback(&b, &(struct markup_dialback){.element = (const char *)request->root->name,
								.from = stanza_attr(request, "to"),
								.to = stanza_attr(request, "from"),
								.id = stanza_attr(request, "id"),
								.type = type,
								.condition = unknown ? "item-not-found" : NULL});
	s2s_send(s, buf_text(&b), b.len);
	buf_finish(&b);
}

/* Character data of the element without the white space that XEP-0220's own examples have around keys. */
static char *key_of(const struct stanza *stanza)
{
	static const char blank[] = " \t\r\n";
	char *text = node_text(stanza->root);
	char *start = text + strspn(text, blank);
	char *key = mem_strndup(start, strcspn(start, blank));
	free(text);
	return key;
}

/* The key is ours if the same input gives it again; no state is needed (XEP-0220 section 2.2.2). */
static const char *judge_key(const struct peer *p, const struct stanza *stanza, const char *key)
{
	const char *id = stanza_attr(stanza, "id");
	char *receiving = domain_of(stanza_attr(stanza, "from"));
	char ours[DIALBACK_KEY_CHARS + 1];
	dialback_key(p->ps->secret, receiving, p->domain, id ? id : "", ours);
	free(receiving);
	return strcmp(key, ours) == 0 ? "valid" : "invalid";
}

void inbound_dialback(struct s2s *s, const struct stanza *stanza)
{
	char *from = domain_of(stanza_attr(stanza, "from"));
	struct peer *p = peers_find_jid(s->ps, stanza_attr(stanza, "to"));
	char *key = key_of(stanza);
	/* A type makes it an answer, and answers belong on streams that we opened. */
	if (!stanza_attr(stanza, "type") && from) {
		if (!p) {
			answer(s, stanza, "error");
		} else if (node_is(stanza->root, "verify", NS_DIALBACK)) {
			answer(s, stanza, judge_key(p, stanza, key));
		} else {
			pair_claim(pair_get(p, from), s, key);
		}
	}
	free(key);
	free(from);
}
