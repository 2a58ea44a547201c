#include "actors/relay_parts.h"

#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { BUILT_MAX = 64 * 1024 };

int relay_record(const struct relay *r, struct record record)
{
	record.owner = r->owner;
	record.stream = r->number;
	return r->recorder->record(r->recorder->ud, &record);
}

static void free_relay(struct relay *r)
{
	stream_destroy(r->from_client);
	stream_destroy(r->from_target);
	buf_finish(&r->waiting);
	free(r->address);
	free(r->ca_file);
	free(r->domain);
	free(r->condition);
	free(r->reason);
	free(r);
}

static void leave(struct relay *r)
{
	r->busy--;
	if (r->dead && !r->busy) {
		free_relay(r);
	}
}

/* Octets of the relay's own, recorded as what they are. */
void relay_send_own(struct relay *r, enum record_kind kind, const char *octets, size_t len)
{
	relay_record(r, (struct record){.kind = kind, .data = octets, .len = len});
	conn_send(r->target, octets, len);
}

void relay_end_target(struct relay *r)
{
	if (r->end_sent) {
		return;
	}
	r->end_sent = 1;
	if (r->phase == PHASE_TLS) {
		conn_reset(r->target); /* within a handshake nothing else can be said */
		return;
	}
	if (r->header_sent) {
		relay_send_own(r, RECORD_END, MARKUP_END, sizeof MARKUP_END - 1);
	}
	conn_finish(r->target);
}

void relay_give_up(struct relay *r, const char *reason)
{
	if (!r->reason && !r->end_sent) {
		r->reason = mem_strdup(reason);
	}
	relay_end_target(r);
}

/* -------------------------------------------------------------------------------------------- client towards target */

static void carry_to_target(struct relay *r, const char *data, size_t len)
{
	if (r->end_sent) {
		return;
	}
	if (r->client_lost) {
		relay_record(r, (struct record){.kind = RECORD_FAULT, .data = data, .len = len, .detail = "after a fault"});
	} else {
		stream_feed(r->from_client, data, len);
	}
	if (r->dead || !r->target) {
		return;
	}
	/* After the client's end there is no FIN yet: the target's end is to come first (RFC 6120 section 4.4). */
	conn_send(r->target, data, len);
}

static void client_data(void *ud, const char *data, size_t len)
{
	struct relay *r = ud;
	if (r->phase == PHASE_OPEN) {
		r->busy++;
		carry_to_target(r, data, len);
		leave(r);
	} else if (r->phase != PHASE_CLOSED) {
		buf_add(&r->waiting, data, len);
	}
}

static void client_closed(void *ud, enum close_kind kind, const char *detail)
{
	struct relay *r = ud;
	(void)kind;
	(void)detail;
	conn_destroy(r->client);
	r->client = NULL;
	if (r->phase != PHASE_CLOSED) {
		relay_give_up(r, "the client library gave up");
	}
}

static const struct conn_callbacks client_conn = {.on_data = client_data, .on_close = client_closed};

static void on_accept(void *ud, struct conn *accepted)
{
	struct relay *r = ud;
	if (r->client) {
		conn_destroy(accepted); /* somebody else on this machine */
		return;
	}
	r->client = accepted;
	conn_set_callbacks(accepted, &client_conn, r);
}

/* -------------------------------------------------------------------------------------------- target towards client */

static void begin(struct relay *r)
{
	r->phase = PHASE_OPEN;
	if (r->waiting.len) {
		carry_to_target(r, buf_text(&r->waiting), r->waiting.len);
		buf_finish(&r->waiting);
	}
}

void relay_start_tls(struct relay *r)
{
	r->phase = PHASE_TLS;
	if (conn_start_tls_client(r->target, r->domain, r->ca_file)) {
		relay_give_up(r, "TLS could not be started (certificate authority file?)");
	}
}

static void target_open(void *ud)
{
	struct relay *r = ud;
	char *data = mem_printf("out %s:%d", r->address, r->port);
	relay_record(r, (struct record){.kind = RECORD_OPEN, .data = data, .len = strlen(data)});
	free(data);
	if (r->tls == SESSION_DIRECT_TLS) {
		relay_start_tls(r);
	} else if (r->tls == SESSION_STARTTLS) {
		r->phase = PHASE_STARTTLS;
		r->header_sent = 1;
		struct buf b = {0};
		markup_header(&b, &(struct markup_header){.content_ns = NS_CLIENT, .to = r->domain, .version = 1});
		relay_send_own(r, RECORD_HEADER, buf_text(&b), b.len);
		buf_finish(&b);
	} else {
		r->busy++;
		begin(r);
		leave(r);
	}
}

static void target_secured(void *ud)
{
	struct relay *r = ud;
	r->header_sent = 0; /* of the stream that begins now */
	relay_record(r, (struct record){.kind = RECORD_TLS});
	r->busy++;
	begin(r);
	leave(r);
}

static void target_data(void *ud, const char *data, size_t len)
{
	struct relay *r = ud;
	int carry = r->phase == PHASE_OPEN;
	r->busy++;
	stream_feed(r->from_target, data, len);
	if (!r->dead && carry && !r->settled && r->client) {
		conn_send(r->client, data, len);
	}
	leave(r);
}

static void target_closed(void *ud, enum close_kind kind, const char *detail)
{
	struct relay *r = ud;
	enum phase before = r->phase;
	r->phase = PHASE_CLOSED;
	if (r->target_began && kind == CLOSE_OURS) {
		kind = CLOSE_FIN; /* we only followed */
	} else if (r->end_sent && !r->target_began && kind == CLOSE_FIN) {
		kind = CLOSE_OURS; /* the target followed */
	}
	relay_record(r,
			(struct record){.kind = RECORD_CLOSE, .from_target = kind != CLOSE_OURS, .detail = close_kind_text(kind)});
	conn_destroy(r->target);
	r->target = NULL;
	char *reason;
	if (r->condition) {
		reason = mem_printf("the target closed the stream with %s", r->condition);
	} else if (r->reason) {
		reason = mem_strdup(r->reason);
	} else if (before == PHASE_CONNECTING) {
		reason = mem_printf("no connection to %s:%d: %s", r->address, r->port, detail ? detail : close_kind_text(kind));
	} else if (kind == CLOSE_TLS) {
		reason = mem_printf("TLS failed%s%s", detail ? ": " : "", detail ? detail : "");
	} else {
		reason = mem_printf("the target closed the connection (%s)", close_kind_text(kind));
	}
	r->busy++;
	r->callbacks->on_closed(r->ud, kind, reason);
	free(reason);
	leave(r);
}

static const struct conn_callbacks target_conn = {
		.on_open = target_open,
		.on_secured = target_secured,
		.on_data = target_data,
		.on_close = target_closed,
};

/* --------------------------------------------------------------------------------------------------------- lifetime */

struct relay *relay_create(const struct relay_config *config, char **error)
{
	struct relay *r = mem_alloc(sizeof *r);
	r->listener = listener_create(config->loop, "127.0.0.1", 0, on_accept, r, error);
	if (!r->listener) {
		goto no_listener;
	}
	r->callbacks = config->callbacks;
	r->ud = config->ud;
	r->recorder = config->recorder;
	r->owner = config->owner;
	r->tls = config->tls;
	r->address = mem_strdup(config->address ? config->address : "");
	r->port = config->port;
	r->ca_file = mem_strdup(config->ca_file);
	r->domain = mem_strdup(config->domain);
	r->target = conn_connect(config->loop, r->address, r->port, &target_conn, r);
	if (!r->target) {
		*error = mem_printf("%s:%d: not a numeric address", r->address, r->port);
		goto no_target;
	}
	r->from_client = stream_create(&stream_default_limits, &relay_client_parser, r);
	r->from_target = stream_create(&stream_default_limits, &relay_target_parser, r);
	r->number = recorder_new_stream(r->recorder);
	return r;
no_target:
	listener_destroy(r->listener);
no_listener:
	free_relay(r);
	return NULL;
}

int relay_port(const struct relay *r)
{
	return listener_port(r->listener);
}

void relay_set_owner(struct relay *r, void *owner)
{
	r->owner = owner;
}

void relay_settle(struct relay *r)
{
	r->settled = 1;
}

void relay_dismiss(struct relay *r)
{
	r->settled = 1;
	conn_destroy(r->client);
	r->client = NULL;
}

void relay_begin_stream(struct relay *r)
{
	markup_header(&r->waiting, &(struct markup_header){.content_ns = NS_CLIENT, .to = r->domain, .version = 1});
}

void relay_end_stream(struct relay *r)
{
	r->busy++;
	carry_to_target(r, MARKUP_END, sizeof MARKUP_END - 1);
	r->end_sent = 1; /* also where the octets before it were no XML */
	leave(r);
}

int relay_is_open(const struct relay *r)
{
	return r->phase == PHASE_OPEN;
}

void relay_send(struct relay *r, const char *octets, size_t len)
{
	r->busy++;
	carry_to_target(r, octets, len);
	leave(r);
}

/* Nothing in it that a stream could not hold, or the journal should not. */
static int is_plain(const char *octets, size_t len)
{
	size_t printable = 0;
	while (printable < len && octets[printable] >= ' ' && octets[printable] <= '~') {
		printable++;
	}
	return len && len <= BUILT_MAX && printable == len && !memmem(octets, len, NS_SASL, sizeof NS_SASL - 1);
}

/* What else came from the client is parsed to know the stanzas in it. */
void relay_send_built(struct relay *r, const char *octets, size_t len)
{
	int between = r->target && r->settled && !r->end_sent && !r->client_lost && stream_is_between(r->from_client);
	if (!between || !is_plain(octets, len)) {
		relay_send(r, octets, len);
		return;
	}
	relay_record(r, (struct record){.kind = RECORD_STANZA, .data = octets, .len = len});
	conn_send(r->target, octets, len);
}

const char *relay_progress(const struct relay *r)
{
	static const char *const texts[] = {
			[PHASE_CONNECTING] = "the connection was not established",
			[PHASE_STARTTLS] = "STARTTLS was not answered",
			[PHASE_TLS] = "the TLS handshake was not completed",
			[PHASE_OPEN] = "the stream was established, the login was not completed",
			[PHASE_CLOSED] = "the connection was closed",
	};
	return r->reason ? r->reason : texts[r->phase];
}

const char *relay_condition(const struct relay *r)
{
	return r->condition;
}

int relay_end_seen(const struct relay *r)
{
	return r->end_seen;
}

void relay_reset(struct relay *r)
{
	if (r->target) {
		r->end_sent = 1;
		conn_reset(r->target);
	}
}

void relay_destroy(struct relay *r)
{
	if (!r) {
		return;
	}
	if (r->target) {
		relay_record(r, (struct record){.kind = RECORD_CLOSE, .detail = close_kind_text(CLOSE_OURS)});
	}
	listener_destroy(r->listener);
	conn_destroy(r->client);
	conn_destroy(r->target);
	stream_stop(r->from_client);
	stream_stop(r->from_target);
	r->dead = 1;
	if (!r->busy) {
		free_relay(r);
	}
}
