/* The target's direction: streams that it opened to a peer, its keys and its questions about ours. */
#include "actors/peer_parts.h"

#include "actors/dialback.h"
#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void inbound_header(struct s2s *s, const struct stream_header *header)
{
	int again = s->id != NULL; /* after TLS or SASL */
	char id[DIALBACK_ID_CHARS + 1];
	dialback_stream_id(s->ps->secret, ++s->ps->ids, id);
	free(s->id);
	s->id = mem_strdup(id);
	if (header->to && !s->peer) {
		s2s_send_header(s, header->from);
		s2s_error(s, "host-unknown");
		return;
	}
	if (!s->external) { /* else it stays the domain that was authenticated */
		free(s->opener);
		s->opener = domain_of(header->from);
	}
	s->header_held = 1;
	if (!s->peer || s->peer->hold != PEER_HOLDS_ALL) {
		inbound_release(s);
	}
	if (s->peer && !again && s->ps->callbacks->on_visited) {
		s->ps->callbacks->on_visited(s->ps->ud, s->peer, s->door);
	}
}

void inbound_release(struct s2s *s)
{
	if (!s->header_held) {
		return;
	}
	s->header_held = 0;
	s2s_send_header(s, s->opener);
	if (s->version1 && !(s->peer && s->peer->manner.before_1_0)) {
		negotiate_offer(s);
	}
}

void inbound_refuse(struct s2s *s, const char *condition)
{
	if (s->header_held) {
		s->header_held = 0;
		s2s_send_header(s, s->opener);
	}
	s2s_error(s, condition);
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

/* Whoever plays a peer that does not simply verify keys may wait for one. The peer is looked up anew: callbacks of the
 * claim may have destroyed it. */
static void tell_key(const struct s2s *s, struct stanza *stanza)
{
	struct peer *p = peers_find_jid(s->ps, stanza_attr(stanza, "to"));
	if (p && s->ps->callbacks->on_stanza && (p->hold != PEER_HOLDS_NOTHING || p->refusal)) {
		struct peer_arrival arrival = {.stream = s->number, .opened_by_target = 1, .content_ns = s->content_ns};
		s->ps->callbacks->on_stanza(s->ps->ud, p, stanza, &arrival);
	}
}

void inbound_dialback(struct s2s *s, struct stanza *stanza)
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
			tell_key(s, stanza);
		}
	}
	free(key);
	free(from);
}
