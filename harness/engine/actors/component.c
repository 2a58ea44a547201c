#include "actors/component.h"

#include "actors/markup.h"
#include "base/mem.h"
#include "wire/stream.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_DEADLINE_MS 2000 /* after our end of the stream: what is still to come comes at once or never */
#define SHA1_OCTETS 20

struct components {
	uv_loop_t *loop;
	char *address;
	int port;
	char *secret;
	struct recorder *recorder;
	const struct components_callbacks *callbacks;
	void *ud;
	struct component *first;
};

enum component_state {
	COMPONENT_OPENING, /* no stream header of the target so far */
	COMPONENT_PROVING, /* the handshake is out */
	COMPONENT_READY,
	COMPONENT_OVER /* on_failed or on_closed was called, or is about to be */
};

struct component {
	struct components *cs;
	struct component *next;
	void *owner;
	char *domain;
	int bare;
	enum component_state state;
	struct conn *conn;
	struct stream_parser *parser;
	uv_timer_t *timer; /* runs at the start where there is no connection, and while our end waits for the target's */
	int number;		   /* as in struct record; 0 before the connection is there */
	int end_sent, end_seen, target_began;
	char *condition; /* stream error of the target, or NULL */
	int busy, dead;
};

char *component_proof(const char *stream_id, const char *secret)
{
	unsigned char digest[SHA1_OCTETS];
	char *both = mem_printf("%s%s", stream_id, secret);
	EVP_Digest(both, strlen(both), digest, NULL, EVP_sha1(), NULL);
	OPENSSL_cleanse(both, strlen(both));
	free(both);
	char *text = mem_alloc(2 * sizeof digest + 1);
	for (size_t i = 0; i < sizeof digest; i++) {
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	}
	return text;
}

struct components *components_create(const struct components_config *config)
{
	struct components *cs = mem_alloc(sizeof *cs);
	*cs = (struct components){.loop = config->loop,
			.address = mem_strdup(config->address),
			.port = config->port,
			.secret = mem_strdup(config->secret),
			.recorder = config->recorder,
			.callbacks = config->callbacks,
			.ud = config->ud};
	return cs;
}

void components_set_port(struct components *cs, int port)
{
	cs->port = port;
}

int components_any(const struct components *cs)
{
	return cs->first != NULL;
}

void components_destroy(struct components *cs)
{
	if (!cs) {
		return;
	}
	for (struct component *c = cs->first, *next; c; c = next) {
		next = c->next;
		component_destroy(c);
	}
	free(cs->address);
	free(cs->secret);
	free(cs);
}

/* The line of the journal. */
static int write_record(const struct component *c, struct record record)
{
	record.owner = c->owner;
	record.stream = c->number;
	return c->cs->recorder->record(c->cs->recorder->ud, &record);
}

static void free_component(struct component *c)
{
	stream_destroy(c->parser);
	free(c->domain);
	free(c->condition);
	free(c);
}

/* It stays in memory while a callback runs that may have destroyed it. */
static void leave(struct component *c)
{
	c->busy--;
	if (c->dead && !c->busy) {
		free_component(c);
	}
}

static void free_timer(uv_handle_t *timer)
{
	free(timer);
}

static void release(struct component *c)
{
	c->state = COMPONENT_OVER;
	conn_destroy(c->conn);
	c->conn = NULL;
	if (c->timer) {
		uv_close((uv_handle_t *)c->timer, free_timer);
		c->timer = NULL;
	}
	if (c->parser) {
		stream_stop(c->parser);
	}
}

static void tell_failed(struct component *c, const char *why)
{
	char *reason = mem_printf("component %s at the target's %s:%d: %s", c->domain, c->cs->address, c->cs->port, why);
	release(c);
	c->cs->callbacks->on_failed(c->cs->ud, c, reason);
	free(reason);
}

/* Why it did not get ready. */
static char *failure(const struct component *c, const char *how)
{
	static const char *const hints[][2] = {{"not-authorized", " (is the secret of the profile right?)"},
			{"host-unknown", " (does the target serve this domain?)"},
			{"conflict", " (is another component attached for this domain?)"}};
	if (c->condition) {
		const char *hint = "";
		for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
			hint = strcmp(c->condition, hints[i][0]) == 0 ? hints[i][1] : hint;
		}
		return mem_printf("the handshake was refused with %s%s", c->condition, hint);
	}
	if (c->state == COMPONENT_PROVING) {
		return mem_printf("the stream was closed instead of an answer to the handshake (%s)", how);
	}
	return c->number ? mem_printf("the stream was closed before the target's header (%s)", how)
					 : mem_printf("no connection: %s", how);
}

static void send_octets(struct component *c, enum record_kind kind, const char *octets, size_t len)
{
	if (!c->end_sent) {
		write_record(c, (struct record){.kind = kind, .data = octets, .len = len});
		conn_send(c->conn, octets, len);
	}
}

static void send_end(struct component *c)
{
	send_octets(c, RECORD_END, MARKUP_END, sizeof MARKUP_END - 1);
	c->end_sent = 1;
}

static void tell_ended(struct component *c, const char *how)
{
	if (!c->end_sent && !c->target_began) {
		c->target_began = 1;
		c->cs->callbacks->on_ended(c->cs->ud, c, how, c->condition);
	}
}

/* ------------------------------------------------------------------------------------------ what the target sends */

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct component *c = ud;
	write_record(c, (struct record){.kind = RECORD_HEADER, .from_target = 1, .data = raw, .len = len});
	if (c->bare) {
		c->state = COMPONENT_READY;
		c->cs->callbacks->on_ready(c->cs->ud, c);
		return;
	}
	char *proof = component_proof(header->id ? header->id : "", c->cs->secret);
	char *handshake = mem_printf("<handshake>%s</handshake>", proof);
	static const char shown[] = "<handshake>[redacted]</handshake>"; /* the secret can be guessed from the proof */
	c->state = COMPONENT_PROVING;
	write_record(c, (struct record){.kind = RECORD_STANZA, .data = shown, .len = sizeof shown - 1});
	conn_send(c->conn, handshake, strlen(handshake));
	free(handshake);
	free(proof);
}

static void error_came(struct component *c, const struct stanza *stanza)
{
	if (!c->condition) {
		c->condition = mem_strdup(stream_error_condition(stanza));
	}
	tell_ended(c, "error");
	if (!c->dead) {
		send_end(c);
		conn_finish(c->conn);
	}
}

static void on_element(void *ud, struct stanza *stanza)
{
	struct component *c = ud;
	stanza->line = write_record(
			c, (struct record){.kind = RECORD_STANZA, .from_target = 1, .data = stanza->raw, .len = stanza->raw_len});
	if (node_is(stanza->root, "error", NS_STREAM)) {
		error_came(c, stanza);
	} else if (c->state == COMPONENT_PROVING && node_is(stanza->root, "handshake", NS_COMPONENT)) {
		c->state = COMPONENT_READY;
		c->cs->callbacks->on_ready(c->cs->ud, c);
	} else if (c->state == COMPONENT_READY && strcmp(node_ns(stanza->root), NS_STREAM) != 0) {
		c->cs->callbacks->on_stanza(c->cs->ud, c, stanza);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	struct component *c = ud;
	write_record(c, (struct record){.kind = RECORD_END, .from_target = 1, .data = raw, .len = len});
	c->end_seen = 1;
	tell_ended(c, "end");
	if (!c->dead) {
		send_end(c);
		conn_finish(c->conn);
	}
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct component *c = ud;
	write_record(c, (struct record){.kind = RECORD_FAULT, .from_target = 1, .data = raw, .len = len, .detail = detail});
	struct buf b = {0};
	markup_stream_error(&b, stream_fault_condition(fault), NULL);
	send_octets(c, RECORD_STANZA, buf_text(&b), b.len);
	buf_finish(&b);
	send_end(c);
	conn_finish(c->conn);
}

static const struct stream_callbacks parser_callbacks = {on_header, on_element, on_end, on_fault};

/* --------------------------------------------------------------------------------------------------- the connection */

static void on_open(void *ud)
{
	struct component *c = ud;
	c->number = recorder_new_stream(c->cs->recorder);
	char *place = mem_printf("out %s:%d", c->cs->address, c->cs->port);
	write_record(c, (struct record){.kind = RECORD_OPEN, .data = place, .len = strlen(place)});
	free(place);
	c->parser = stream_create(&stream_default_limits, &parser_callbacks, c);
	struct buf b = {0};
	markup_header(&b, &(struct markup_header){.content_ns = NS_COMPONENT, .to = c->domain});
	send_octets(c, RECORD_HEADER, buf_text(&b), b.len);
	buf_finish(&b);
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct component *c = ud;
	c->busy++;
	stream_feed(c->parser, data, len);
	leave(c);
}

static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct component *c = ud;
	c->busy++;
	if (c->target_began && kind == CLOSE_OURS) {
		kind = CLOSE_FIN; /* we only followed */
	} else if (c->end_sent && !c->target_began && kind == CLOSE_FIN) {
		kind = CLOSE_OURS; /* the target followed */
	}
	if (c->number) {
		write_record(
				c, (struct record){
						   .kind = RECORD_CLOSE, .from_target = kind != CLOSE_OURS, .detail = close_kind_text(kind)});
	}
	if (c->number && kind != CLOSE_OURS) {
		tell_ended(c, kind == CLOSE_RESET ? "reset" : "fin");
	}
	if (c->dead) {
		/* destroyed by the callback */
	} else if (c->state != COMPONENT_READY) {
		char *why = failure(c, !c->number && detail ? detail : close_kind_text(kind));
		tell_failed(c, why);
		free(why);
	} else {
		release(c);
		c->cs->callbacks->on_closed(c->cs->ud, c, kind, c->condition, c->end_seen);
	}
	leave(c);
}

static const struct conn_callbacks conn_callbacks = {.on_open = on_open, .on_data = on_data, .on_close = on_close};

/* ------------------------------------------------------------------------------------------------- public calls */

static void on_no_connection(uv_timer_t *timer)
{
	struct component *c = timer->data;
	c->busy++;
	tell_failed(c, "no connection: the address is not numeric");
	leave(c);
}

static void on_late(uv_timer_t *timer)
{
	struct component *c = timer->data;
	conn_reset(c->conn);
}

static void start_timer(struct component *c, uv_timer_cb callback, uint64_t ms)
{
	c->timer = mem_alloc(sizeof *c->timer);
	c->timer->data = c;
	uv_timer_init(c->cs->loop, c->timer);
	uv_timer_start(c->timer, callback, ms, 0);
}

struct component *component_create(struct components *cs, const char *domain, int bare, void *owner)
{
	struct component *c = mem_alloc(sizeof *c);
	*c = (struct component){.cs = cs, .owner = owner, .domain = mem_strdup(domain), .bare = bare, .next = cs->first};
	cs->first = c;
	c->conn = conn_connect(cs->loop, cs->address, cs->port, &conn_callbacks, c);
	if (!c->conn) {
		start_timer(c, on_no_connection, 0);
	}
	return c;
}

void *component_owner(const struct component *c)
{
	return c->owner;
}

int component_is_bare(const struct component *c)
{
	return c->bare;
}

int component_is_ready(const struct component *c)
{
	return c->state == COMPONENT_READY && !c->end_sent;
}

void component_send(struct component *c, const char *octets, size_t len)
{
	if (component_is_ready(c)) {
		send_octets(c, RECORD_STANZA, octets, len);
	}
}

void component_disconnect(struct component *c)
{
	if (c->state == COMPONENT_OVER || c->end_sent || !c->conn) {
		return;
	}
	if (!c->number) {
		conn_reset(c->conn);
		return;
	}
	send_end(c); /* FIN follows the target's end (RFC 6120 section 4.4) */
	start_timer(c, on_late, CLOSE_DEADLINE_MS);
}

void component_destroy(struct component *c)
{
	if (!c || c->dead) {
		return;
	}
	if (c->conn && c->number) {
		write_record(c, (struct record){.kind = RECORD_CLOSE, .detail = close_kind_text(CLOSE_OURS)});
	}
	release(c);
	struct component **at = &c->cs->first;
	while (*at != c) {
		at = &(*at)->next;
	}
	*at = c->next;
	c->dead = 1;
	if (!c->busy) {
		free_component(c);
	}
}
