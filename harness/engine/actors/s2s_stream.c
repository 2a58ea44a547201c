/* One TCP connection between a peer and the target: parser, records, headers, and the proper end. */
#include "actors/peer_parts.h"

#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CLOSE_DEADLINE_MS 2000

int s2s_record(struct s2s *s, struct record r, const struct peer *p)
{
	r.owner = p ? p->owner : NULL;
	r.stream = s->number;
	return s->ps->recorder->record(s->ps->recorder->ud, &r);
}

static void unlink_stream(struct s2s *s)
{
	struct s2s **head = s->peer ? &s->peer->streams : &s->ps->strays;
	if (s->prev) {
		s->prev->next = s->next;
	} else {
		*head = s->next;
	}
	if (s->next) {
		s->next->prev = s->prev;
	}
	s->prev = s->next = NULL;
}

static void link_stream(struct s2s *s)
{
	struct s2s **head = s->peer ? &s->peer->streams : &s->ps->strays;
	s->next = *head;
	if (s->next) {
		s->next->prev = s;
	}
	*head = s;
}

static void free_stream(struct s2s *s)
{
	stream_destroy(s->parser);
	free(s->id);
	free(s->content_ns);
	free(s->condition);
	free(s->opener);
	free(s);
}

/* A stream stays in memory while a callback runs that may have destroyed it. */
static void enter(struct s2s *s)
{
	s->busy++;
}

static void leave(struct s2s *s)
{
	s->busy--;
	if (s->dead && !s->busy) {
		free_stream(s);
	}
}

static void free_timer(uv_handle_t *timer)
{
	free(timer);
}

/* Takes it out of everything; what is left is memory. */
static void detach(struct s2s *s)
{
	pair_forget_stream(s);
	unlink_stream(s);
	conn_destroy(s->conn);
	s->conn = NULL;
	if (s->timer) {
		uv_close((uv_handle_t *)s->timer, free_timer);
		s->timer = NULL;
	}
	stream_stop(s->parser);
	s->dead = 1;
}

void s2s_destroy(struct s2s *s)
{
	s2s_record(s, (struct record){.kind = RECORD_CLOSE, .detail = close_kind_text(CLOSE_OURS)}, s->peer);
	detach(s);
	if (!s->busy) {
		free_stream(s);
	}
}

void s2s_adopt(struct s2s *s, struct peer *p)
{
	unlink_stream(s);
	s->peer = p;
	link_stream(s);
	if (p->manner.trickles) {
		conn_trickle(s->conn);
	}
}

void s2s_send(struct s2s *s, const char *octets, size_t len)
{
	if (s->end_sent) {
		return;
	}
	s2s_record(s, (struct record){.kind = RECORD_STANZA, .data = octets, .len = len}, s->peer);
	conn_send(s->conn, octets, len);
}

static int before_1_0(const struct s2s *s)
{
	return s->peer && s->peer->manner.before_1_0;
}

void s2s_send_header(struct s2s *s, const char *to)
{
	struct buf b = {0};
	markup_header(&b, &(struct markup_header){.content_ns = NS_SERVER,
							  .from = s->peer ? s->peer->domain : NULL,
							  .to = to,
							  .id = s->outbound ? NULL : s->id,
							  .version = (s->outbound || s->version1) && !before_1_0(s),
							  .dialback = 1});
	s->header_sent = 1;
	s2s_record(s, (struct record){.kind = RECORD_HEADER, .data = buf_text(&b), .len = b.len}, s->peer);
	conn_send(s->conn, buf_text(&b), b.len);
	buf_finish(&b);
}

void s2s_send_raw_header(struct s2s *s, const char *octets)
{
	s->header_sent = 1;
	s2s_record(s, (struct record){.kind = RECORD_HEADER, .data = octets, .len = strlen(octets)}, s->peer);
	conn_send(s->conn, octets, strlen(octets));
}

void s2s_begin(struct s2s *s)
{
	if (s->pair && s->pair->header) {
		s2s_send_raw_header(s, s->pair->header);
	} else if (s->pair) {
		s2s_send_header(s, s->pair->target);
	}
}

static void send_end(struct s2s *s)
{
	if (!s->end_sent && s->header_sent) {
		s2s_record(s, (struct record){.kind = RECORD_END, .data = MARKUP_END, .len = sizeof MARKUP_END - 1}, s->peer);
		conn_send(s->conn, MARKUP_END, sizeof MARKUP_END - 1);
	}
	s->end_sent = 1;
}

void s2s_end(struct s2s *s)
{
	send_end(s);
	conn_finish(s->conn);
}

static void on_timer(uv_timer_t *timer)
{
	struct s2s *s = timer->data;
	conn_finish(s->conn);
}

void s2s_close(struct s2s *s)
{
	if (s->timer) {
		return; /* our end is sent, the target's is waited for */
	}
	if (s->end_sent || !s->header_sent) {
		s2s_end(s);
		return;
	}
	send_end(s);
	s->timer = mem_alloc(sizeof *s->timer);
	s->timer->data = s;
	uv_timer_init(s->ps->loop, s->timer);
	uv_timer_start(s->timer, on_timer, CLOSE_DEADLINE_MS, 0);
}

/* RFC 6120 section 4.9.3.19: where the other host is; it is ourselves. */
static char *other_host(const struct s2s *s, const char *condition)
{
	if (strcmp(condition, "see-other-host") != 0) {
		return NULL;
	}
	return mem_printf("%s:%d", s->ps->listen_address, peers_port(s->ps));
}

void s2s_fall_silent(struct s2s *s)
{
	s->end_sent = 1;
	conn_finish(s->conn);
}

void s2s_error(struct s2s *s, const char *condition)
{
	struct buf b = {0};
	char *content = other_host(s, condition);
	markup_stream_error(&b, condition, content);
	free(content);
	s2s_send(s, buf_text(&b), b.len);
	buf_finish(&b);
	s2s_end(s);
}

/* ------------------------------------------------------------------------------------------ what the target sends */

static void tell_opening(struct s2s *s, struct stanza *stanza)
{
	if (s->outbound && s->peer && s->ps->callbacks->on_opening) {
		s->ps->callbacks->on_opening(s->ps->ud, s->peer, stanza);
	}
}

/* A stream to a name that no peer has, but that holds a peer's: whoever asked for it hears of it. */
static void tell_misdirected(
		const struct s2s *s, const struct stream_header *header, const char *raw, size_t len, int line)
{
	const struct peer *named = header->to ? peers_find(s->ps, header->to) : NULL;
	struct peer *p = header->to && !named ? peers_within(s->ps, header->to) : NULL;
	if (p && s->ps->callbacks->on_opening) {
		struct stanza *element = stream_header_element(header, raw, len);
		element->line = line;
		s->ps->callbacks->on_opening(s->ps->ud, p, element);
		stanza_unref(element);
	}
}

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct s2s *s = ud;
	s->version1 = header->version && atoi(header->version) >= 1;
	free(s->content_ns); /* there was a stream before TLS or SASL */
	s->content_ns = mem_strdup(header->content_ns);
	if (!s->outbound && !s->peer) {
		struct peer *p = peers_find_jid(s->ps, header->to);
		if (p) {
			s2s_adopt(s, p);
		}
	}
	int line =
			s2s_record(s, (struct record){.kind = RECORD_HEADER, .from_target = 1, .data = raw, .len = len}, s->peer);
	if (!s->outbound) {
		inbound_header(s, header);
		tell_misdirected(s, header, raw, len, line);
		return;
	}
	free(s->id);
	s->id = mem_strdup(header->id ? header->id : "");
	struct stanza *element = stream_header_element(header, raw, len);
	element->line = line;
	tell_opening(s, element);
	stanza_unref(element);
	if (!s->dead && (!s->version1 || before_1_0(s)) && s->pair) {
		s->open = 1;
		pair_open(s->pair);
	}
}

static void features_came(struct s2s *s, struct stanza *stanza)
{
	tell_opening(s, stanza);
	if (s->dead || !s->outbound || !s->pair || s->open) {
		return;
	}
	if (!negotiate_features(s, stanza)) {
		s->open = 1;
		pair_open(s->pair);
	}
}

static void tell_end(struct s2s *s, const char *how)
{
	if (!s->dead && s->outbound && s->peer && !s->end_told && s->ps->callbacks->on_ended) {
		s->end_told = 1;
		s->ps->callbacks->on_ended(s->ps->ud, s->peer, how, s->condition);
	}
}

/* Our direction is over as soon as one side ended it: what is sent from now on needs another stream. */
static void lose_pair(struct s2s *s, const char *how)
{
	if (!s->pair) {
		return;
	}
	char *reason;
	if (!s->established) {
		reason = mem_printf("no connection to the target's %s:%d: %s", s->ps->s2s_address, s->ps->s2s_port, how);
	} else if (s->condition) {
		reason = mem_printf("the target closed the stream with %s", s->condition);
	} else {
		reason = mem_printf("the stream to the target was closed before dialback was done (%s)", how);
	}
	pair_lost(s->pair, reason, s->established ? "remote-server-timeout" : "remote-connection-failed");
	free(reason);
}

static void error_came(struct s2s *s, const struct stanza *stanza)
{
	if (!s->condition) {
		s->condition = mem_strdup(stream_error_condition(stanza));
	}
	int first = !s->end_sent;
	s->target_began |= first;
	s2s_end(s);
	lose_pair(s, "stream error");
	if (first) {
		tell_end(s, "error");
	}
}

/* Stanzas and whatever else a correct target would not send on a stream like this. */
static void deliver(struct s2s *s, struct peer *p, struct stanza *stanza)
{
	if (!p || !s->ps->callbacks->on_stanza) {
		return;
	}
	struct peer_arrival arrival = {.stream = s->number, .opened_by_target = !s->outbound, .content_ns = s->content_ns};
	char *from = domain_of(stanza_attr(stanza, "from"));
	int proved = s->pair && s->pair->state == PAIR_CONNECTED;
	arrival.bidi = s->bidi ? 1 + proved : 0;
	if ((!s->outbound || s->bidi) && from && stanza_attr(stanza, "to")) {
		const struct pair *pair = pair_find(p, from);
		int external = s->external && p == s->peer && s->opener && strcmp(s->opener, from) == 0;
		arrival.validated = s->outbound ? proved && pair == s->pair : external;
		arrival.validated |= pair && pair_validated(pair, s);
	}
	free(from);
	s->ps->callbacks->on_stanza(s->ps->ud, p, stanza, &arrival);
}

static int is_dialback(const struct stanza *stanza)
{
	return node_is(stanza->root, "result", NS_DIALBACK) || node_is(stanza->root, "verify", NS_DIALBACK);
}

static void on_element(void *ud, struct stanza *stanza)
{
	struct s2s *s = ud;
	/* One stream may carry several domains of ours (XEP-0220 section 2.7): each element belongs to the peer it names.
	 */
	struct peer *p = s->outbound ? NULL : peers_find_jid(s->ps, stanza_attr(stanza, "to"));
	if (!s->peer && p && is_dialback(stanza)) {
		s2s_adopt(s, p);
	}
	p = p ? p : s->peer;
	stanza->line = s2s_record(s,
			(struct record){.kind = RECORD_STANZA, .from_target = 1, .data = stanza->raw, .len = stanza->raw_len}, p);
	if (node_is(stanza->root, "error", NS_STREAM)) {
		error_came(s, stanza);
	} else if (node_is(stanza->root, "features", NS_STREAM)) {
		features_came(s, stanza);
	} else if (negotiate_element(s, stanza)) {
		return;
	} else if (!s->outbound && negotiate_insists(s)) {
		s2s_error(s, "policy-violation");
	} else if (!is_dialback(stanza)) {
		deliver(s, p, stanza);
	} else if (!s->outbound || (s->bidi && !stanza_attr(stanza, "type"))) {
		inbound_dialback(s, stanza);
	} else if (s->pair) {
		pair_dialback(s->pair, stanza);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	struct s2s *s = ud;
	s2s_record(s, (struct record){.kind = RECORD_END, .from_target = 1, .data = raw, .len = len}, s->peer);
	s->end_seen = 1;
	int first = !s->end_sent;
	s->target_began |= first;
	s2s_end(s);
	lose_pair(s, "the target ended it");
	if (first) {
		tell_end(s, "end");
	}
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct s2s *s = ud;
	s2s_record(s, (struct record){.kind = RECORD_FAULT, .from_target = 1, .data = raw, .len = len, .detail = detail},
			s->peer);
	if (!s->header_sent) {
		s2s_send_header(s, NULL); /* RFC 6120 section 4.9.1.2: an error needs a stream to stand in */
	}
	s2s_error(s, stream_fault_condition(fault));
	lose_pair(s, "the target sent octets that are no XML stream");
}

static const struct stream_callbacks parser_callbacks = {on_header, on_element, on_end, on_fault};

/* --------------------------------------------------------------------------------------------------- the connection */

static int is_direct(const struct s2s *s)
{
	return s->peer && s->peer->security.direct;
}

static void on_open(void *ud)
{
	struct s2s *s = ud;
	s->established = 1;
	char *data = mem_printf("out %s:%d", s->ps->s2s_address, is_direct(s) ? s->ps->tls_port : s->ps->s2s_port);
	s2s_record(s, (struct record){.kind = RECORD_OPEN, .data = data, .len = strlen(data)}, s->peer);
	free(data);
	if (is_direct(s) && s->pair) {
		negotiate_direct(s);
	} else {
		s2s_begin(s);
	}
}

static void on_secured(void *ud)
{
	negotiate_secured(ud);
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct s2s *s = ud;
	s->silent = 0;
	enter(s);
	stream_feed(s->parser, data, len);
	leave(s);
}

void s2s_sweep(struct s2s *s)
{
	if (s->silent < 2 && ++s->silent == 2) {
		stream_rest(s->parser);
	}
}

static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct s2s *s = ud;
	enter(s);
	if (s->target_began && kind == CLOSE_OURS) {
		kind = CLOSE_FIN; /* we only followed */
	} else if (s->end_sent && !s->target_began && kind == CLOSE_FIN) {
		kind = CLOSE_OURS; /* the target followed */
	}
	int first = !s->end_sent;
	s->end_sent = 1; /* nothing can be sent any more, not even by what follows */
	s2s_record(s,
			(struct record){.kind = RECORD_CLOSE, .from_target = kind != CLOSE_OURS, .detail = close_kind_text(kind)},
			s->peer);
	pair_forget_stream(s);
	lose_pair(s, !s->established && detail ? detail : close_kind_text(kind));
	if (first && s->established) {
		tell_end(s, kind == CLOSE_RESET ? "reset" : "fin");
	}
	struct peer *told = !s->dead && s->established ? s->peer : NULL;
	if (!s->dead) {
		detach(s);
	}
	if (told && s->ps->callbacks->on_closed) {
		s->ps->callbacks->on_closed(s->ps->ud, told, s->number, kind, s->condition, s->end_seen);
	}
	leave(s);
}

static const struct conn_callbacks conn_callbacks = {
		.on_open = on_open,
		.on_secured = on_secured,
		.on_data = on_data,
		.on_close = on_close,
};

static struct s2s *create(struct peers *ps, struct peer *p, struct pair *pair)
{
	struct s2s *s = mem_alloc(sizeof *s);
	s->ps = ps;
	s->peer = p;
	s->pair = pair;
	s->outbound = pair != NULL;
	s->number = recorder_new_stream(ps->recorder);
	s->parser = stream_create(&stream_default_limits, &parser_callbacks, s);
	link_stream(s);
	return s;
}

struct s2s *s2s_accept(struct peers *ps, struct conn *conn, const char *door)
{
	struct s2s *s = create(ps, NULL, NULL);
	s->conn = conn;
	s->door = door;
	s->established = 1;
	conn_set_callbacks(conn, &conn_callbacks, s);
	s2s_record(s, (struct record){.kind = RECORD_OPEN, .from_target = 1, .data = "in", .len = 2}, NULL);
	return s;
}

struct s2s *s2s_connect(struct pair *pair)
{
	struct peers *ps = pair->peer->ps;
	if (!ps->s2s_address) {
		return NULL;
	}
	struct s2s *s = create(ps, pair->peer, pair);
	int port = is_direct(s) ? ps->tls_port : ps->s2s_port;
	s->conn = conn_connect(ps->loop, ps->s2s_address, port, &conn_callbacks, s);
	if (!s->conn) {
		unlink_stream(s);
		free_stream(s);
		return NULL;
	}
	if (pair->peer->manner.trickles) {
		conn_trickle(s->conn);
	}
	return s;
}
