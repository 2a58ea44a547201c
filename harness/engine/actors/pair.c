/* Our direction of a domain pair: one stream to the target, our key, the queue, and the db:verify requests for the keys
 * that the target sent to us. Sending our db:result and asking for the target's keys never wait for each other: many
 * servers verify ours only after we accepted theirs. */
#include "actors/peer_parts.h"

#include "actors/dialback.h"
#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct pair *pair_find(const struct peer *p, const char *target)
{
	struct pair *pair = p->pairs;
	while (pair && strcmp(pair->target, target) != 0) {
		pair = pair->next;
	}
	return pair;
}

struct pair *pair_get(struct peer *p, const char *target)
{
	struct pair *pair = pair_find(p, target);
	if (!pair) {
		pair = mem_alloc(sizeof *pair);
		pair->peer = p;
		pair->target = mem_strdup(target);
		pair->queue_end = &pair->queue;
		pair->next = p->pairs;
		p->pairs = pair;
	}
	return pair;
}

void pair_queue(struct pair *pair, const char *octets, size_t len)
{
	struct chunk *c = mem_alloc(sizeof *c + len);
	c->len = len;
	memcpy(c->octets, octets, len);
	*pair->queue_end = c;
	pair->queue_end = &c->next;
}

static struct chunk *take_queue(struct pair *pair)
{
	struct chunk *queue = pair->queue;
	pair->queue = NULL;
	pair->queue_end = &pair->queue;
	return queue;
}

static void drop_queue(struct pair *pair)
{
	for (struct chunk *c = take_queue(pair), *next; c; c = next) {
		next = c->next;
		free(c);
	}
}

static void send_dialback(struct s2s *s, const struct markup_dialback *d)
{
	struct buf b = {0};
	markup_dialback(&b, d);
	s2s_send(s, buf_text(&b), b.len);
	buf_finish(&b);
}

static void claim_destroy(struct claim *claim)
{
	struct claim **at = &claim->pair->claims;
	while (*at != claim) {
		at = &(*at)->pair_next;
	}
	*at = claim->pair_next;
	at = &claim->in->claims;
	while (*at != claim) {
		at = &(*at)->in_next;
	}
	*at = claim->in_next;
	free(claim->key);
	free(claim);
}

static void claim_ask(struct claim *claim)
{
	struct pair *pair = claim->pair;
	claim->state = CLAIM_ASKED;
	send_dialback(pair->out, &(struct markup_dialback){.element = "verify",
									 .from = pair->peer->domain,
									 .to = pair->target,
									 .id = claim->in->id,
									 .key = claim->key});
}

/* Tells the target what became of its key, or keeps it: type and condition are literals. type as in XEP-0220
 * section 2.2.1. */
static void claim_answer(struct claim *claim, const char *type, const char *condition)
{
	struct s2s *in = claim->in;
	if (claim->pair->peer->hold != PEER_HOLDS_NOTHING) {
		claim->state = CLAIM_HELD;
		claim->verdict = type;
		claim->condition = condition;
		return;
	}
	send_dialback(in, &(struct markup_dialback){.element = "result",
							  .from = claim->pair->peer->domain,
							  .to = claim->pair->target,
							  .type = type,
							  .condition = condition});
	if (strcmp(type, "valid") == 0) {
		claim->state = CLAIM_VALID;
		return;
	}
	claim_destroy(claim);
	if (!condition && !in->claims) {
		s2s_end(in); /* an invalid key and nothing else on that stream: it MUST be closed */
	}
}

static void open_stream(struct pair *pair)
{
	if (pair->out) {
		/* One that a play has opened is authenticated now. */
		if (pair->out->open && !(pair->state == PAIR_WANTED && negotiate_external(pair->out))) {
			pair_open(pair);
		}
		return;
	}
	pair->out = s2s_connect(pair);
	if (!pair->out) {
		pair_lost(pair, "the target has no usable s2s address", "remote-connection-failed");
	}
}

void pair_want(struct pair *pair)
{
	if (pair->state == PAIR_IDLE || pair->state == PAIR_BARE) {
		pair->state = PAIR_WANTED;
		open_stream(pair);
	}
}

void pair_bare(struct pair *pair, const char *header)
{
	if (pair->out) {
		s2s_close(pair->out);
		pair_abandon(pair);
	}
	free(pair->header);
	pair->header = mem_strdup(header);
	pair->state = PAIR_BARE;
	open_stream(pair);
}

void pair_claim(struct pair *pair, struct s2s *in, const char *key)
{
	struct claim *claim = mem_alloc(sizeof *claim);
	claim->pair = pair;
	claim->in = in;
	claim->key = mem_strdup(key);
	/* At the end, so that keys are verified in the order they came in. */
	struct claim **at = &pair->claims;
	while (*at) {
		at = &(*at)->pair_next;
	}
	*at = claim;
	claim->in_next = in->claims;
	in->claims = claim;
	const char *refusal = pair->peer->refusal;
	if (refusal) {
		claim_answer(claim, refusal, strcmp(refusal, "error") == 0 ? "remote-server-not-found" : NULL);
	} else {
		open_stream(pair);
	}
}

void pair_release(struct pair *pair)
{
	for (struct claim *c = pair->claims, *next; c; c = next) {
		next = c->pair_next;
		if (c->state == CLAIM_HELD) {
			claim_answer(c, c->verdict, c->condition);
		}
	}
}

int pair_validated(const struct pair *pair, const struct s2s *in)
{
	for (const struct claim *c = pair->claims; c; c = c->pair_next) {
		if (c->in == in && c->state == CLAIM_VALID) {
			return 1;
		}
	}
	return 0;
}

void pair_forget_stream(struct s2s *in)
{
	for (struct claim *c = in->claims, *next; c; c = next) {
		next = c->in_next;
		claim_destroy(c);
	}
}

static void send_queue(struct pair *pair)
{
	for (struct chunk *c = take_queue(pair), *next; c; c = next) {
		next = c->next;
		s2s_send(pair->out, c->octets, c->len);
		free(c);
	}
}

static void bare(struct pair *pair)
{
	const struct peers *ps = pair->peer->ps;
	send_queue(pair);
	if (ps->callbacks->on_opened) {
		ps->callbacks->on_opened(ps->ud, pair->peer, pair->target);
	}
}

static void connected(struct pair *pair)
{
	pair->state = PAIR_CONNECTED;
	send_queue(pair);
	struct peers *ps = pair->peer->ps;
	if (ps->callbacks->on_connected) {
		ps->callbacks->on_connected(ps->ud, pair->peer, pair->target);
	}
}

void pair_open(struct pair *pair)
{
	struct s2s *out = pair->out;
	for (struct claim *c = pair->claims; c; c = c->pair_next) {
		if (c->state == CLAIM_WAITING) {
			claim_ask(c);
		}
	}
	if (pair->state == PAIR_BARE) {
		bare(pair); /* whoever hears of it may want the pair at once, and has begun with it then */
		return;
	}
	if (pair->state != PAIR_WANTED) {
		return;
	}
	if (out->external) {
		connected(pair);
		return;
	}
	pair->state = PAIR_ASKED;
	char key[DIALBACK_KEY_CHARS + 1];
	dialback_key(pair->peer->ps->secret, pair->target, pair->peer->domain, out->id, key);
	send_dialback(out,
			&(struct markup_dialback){.element = "result", .from = pair->peer->domain, .to = pair->target, .key = key});
}

static void fail(struct pair *pair, const char *reason)
{
	pair->state = PAIR_IDLE;
	drop_queue(pair);
	struct peers *ps = pair->peer->ps;
	if (ps->callbacks->on_failed) {
		ps->callbacks->on_failed(ps->ud, pair->peer, pair->target, reason);
	}
}

/* Of an answer of type error; its <error/> is in the stream's namespace, not in that of dialback (XEP-0220
 * section 2.5). */
static const char *error_condition(const struct stanza *stanza)
{
	const xmlNode *error = node_child(stanza->root, "error", NULL);
	const xmlNode *condition = error ? node_child(error, NULL, NS_STANZA_ERRORS) : NULL;
	return condition ? (const char *)condition->name : NULL;
}

/* The stream that asked is gone, or a play asked with octets of its own: whoever plays the peer knows. */
static void unasked_came(struct pair *pair, struct stanza *stanza)
{
	struct peers *ps = pair->peer->ps;
	if (ps->callbacks->on_stanza) {
		struct peer_arrival arrival = {.stream = pair->out->number, .content_ns = pair->out->content_ns};
		ps->callbacks->on_stanza(ps->ud, pair->peer, stanza, &arrival);
	}
}

static void result_came(struct pair *pair, struct stanza *stanza, const char *type)
{
	if (pair->state != PAIR_ASKED) {
		unasked_came(pair, stanza);
		return;
	}
	if (strcmp(type, "valid") == 0) {
		connected(pair);
		return;
	}
	const char *condition = error_condition(stanza);
	char *reason =
			mem_printf("dialback: the target answered %s%s%s", type, condition ? " " : "", condition ? condition : "");
	fail(pair, reason);
	free(reason);
}

static void verify_came(struct pair *pair, struct stanza *stanza, const char *type)
{
	const char *id = stanza_attr(stanza, "id");
	struct claim *claim = pair->claims;
	while (claim && (claim->state != CLAIM_ASKED || !id || strcmp(claim->in->id, id) != 0)) {
		claim = claim->pair_next;
	}
	if (!claim) {
		unasked_came(pair, stanza);
		return;
	}
	if (strcmp(type, "valid") == 0) {
		claim_answer(claim, "valid", NULL);
	} else if (strcmp(type, "invalid") == 0) {
		claim_answer(claim, "invalid", NULL);
	} else {
		claim_answer(claim, "error", "remote-server-not-found");
	}
}

/* XEP-0220 section 3.1: an answer counts only where addresses match the request. */
static int addressed(const struct pair *pair, const struct stanza *stanza)
{
	char *from = domain_of(stanza_attr(stanza, "from"));
	char *to = domain_of(stanza_attr(stanza, "to"));
	int match = from && to && strcmp(from, pair->target) == 0 && strcmp(to, pair->peer->domain) == 0;
	free(from);
	free(to);
	return match;
}

void pair_dialback(struct pair *pair, struct stanza *stanza)
{
	const char *type = stanza_attr(stanza, "type");
	if (!type || !addressed(pair, stanza)) {
		return;
	}
	if (node_is(stanza->root, "result", NS_DIALBACK)) {
		result_came(pair, stanza, type);
	} else {
		verify_came(pair, stanza, type);
	}
}

/* Answers the claims that can not be verified any more. */
static void give_up_claims(struct pair *pair, const char *condition)
{
	for (struct claim *c = pair->claims, *next; c; c = next) {
		next = c->pair_next;
		if (c->state == CLAIM_WAITING || c->state == CLAIM_ASKED) {
			claim_answer(c, "error", condition);
		}
	}
}

static void forget_bare(struct pair *pair)
{
	if (pair->state == PAIR_BARE) {
		drop_queue(pair);
	}
	free(pair->header);
	pair->header = NULL;
}

void pair_lost(struct pair *pair, const char *reason, const char *claim_condition)
{
	int unreachable = !pair->out || !pair->out->established;
	int waited = pair->state == PAIR_WANTED || pair->state == PAIR_ASKED || (pair->state == PAIR_BARE && unreachable);
	if (pair->out) {
		pair->out->pair = NULL;
		pair->out = NULL;
	}
	forget_bare(pair);
	give_up_claims(pair, claim_condition);
	pair->state = PAIR_IDLE;
	if (waited) {
		fail(pair, reason);
	}
}

void pair_abandon(struct pair *pair)
{
	if (pair->out) {
		pair->out->pair = NULL;
		pair->out = NULL;
	}
	forget_bare(pair);
	pair->state = PAIR_IDLE;
	drop_queue(pair);
	give_up_claims(pair, "remote-server-timeout");
}

void pair_destroy(struct pair *pair)
{
	if (pair->out) {
		pair->out->pair = NULL;
	}
	for (struct claim *c = pair->claims, *next; c; c = next) {
		next = c->pair_next;
		claim_destroy(c);
	}
	drop_queue(pair);
	free(pair->header);
	free(pair->target);
	free(pair);
}
