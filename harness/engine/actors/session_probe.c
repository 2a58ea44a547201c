/* Readiness of the target's client port: an open port says little, stream features say that somebody is at home. */
#include "actors/session_parts.h"

#include "actors/markup.h"
#include "base/mem.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 5

struct probe {
	struct sessions *ss;
	char *domain;
	unsigned deadline_ms;
	void (*done)(void *ud, const char *reason); /* NULL once it was called */
	void *ud;
	uv_timer_t *deadline, *retry;
	struct conn *conn;
	struct stream_parser *parser;
	int number;
	int end_sent;
	const char *missing; /* what the last attempt lacked */
	char *detail;
	int busy, dead;
};

static void write_record(struct probe *p, struct record record)
{
	record.stream = p->number;
	p->ss->recorder->record(p->ss->recorder->ud, &record);
}

static void free_probe(struct probe *p)
{
	stream_destroy(p->parser);
	free(p->domain);
	free(p->detail);
	free(p);
}

static void leave(struct probe *p)
{
	p->busy--;
	if (p->dead && !p->busy) {
		free_probe(p);
	}
}

/* Takes it out of everything; what is left is memory. */
static void detach(struct probe *p)
{
	if (p->ss->probe == p) {
		p->ss->probe = NULL;
	}
	if (p->conn && p->number) {
		write_record(p, (struct record){.kind = RECORD_CLOSE, .detail = close_kind_text(CLOSE_OURS)});
	}
	conn_destroy(p->conn);
	if (p->parser) {
		stream_stop(p->parser);
	}
	uv_close((uv_handle_t *)p->deadline, session_free_handle);
	uv_close((uv_handle_t *)p->retry, session_free_handle);
	p->dead = 1;
}

void probe_destroy(struct probe *p)
{
	if (!p || p->dead) {
		return;
	}
	detach(p);
	if (!p->busy) {
		free_probe(p);
	}
}

static void tell(struct probe *p, const char *reason)
{
	void (*done)(void *, const char *) = p->done;
	p->done = NULL;
	if (done) {
		done(p->ud, reason);
	}
}

static void send_octets(struct probe *p, enum record_kind kind, const char *octets, size_t len)
{
	write_record(p, (struct record){.kind = kind, .data = octets, .len = len});
	conn_send(p->conn, octets, len);
}

static void end(struct probe *p)
{
	if (!p->end_sent) {
		p->end_sent = 1;
		send_octets(p, RECORD_END, MARKUP_END, sizeof MARKUP_END - 1);
	}
}

static void on_deadline(uv_timer_t *timer);

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct probe *p = ud;
	(void)header;
	p->missing = "a stream header but no stream features";
	write_record(p, (struct record){.kind = RECORD_HEADER, .from_target = 1, .data = raw, .len = len});
}

static void on_element(void *ud, struct stanza *stanza)
{
	struct probe *p = ud;
	write_record(
			p, (struct record){.kind = RECORD_STANZA, .from_target = 1, .data = stanza->raw, .len = stanza->raw_len});
	if (node_is(stanza->root, "features", NS_STREAM)) {
		end(p);
		uv_timer_start(p->deadline, on_deadline, CLOSE_DEADLINE_MS, 0); /* for the target's end */
		tell(p, NULL);
	} else if (node_is(stanza->root, "error", NS_STREAM)) {
		free(p->detail);
		p->detail = mem_printf("stream error %s", stream_error_condition(stanza));
		p->missing = p->detail;
		end(p);
		conn_finish(p->conn);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	struct probe *p = ud;
	write_record(p, (struct record){.kind = RECORD_END, .from_target = 1, .data = raw, .len = len});
	end(p);
	conn_finish(p->conn);
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct probe *p = ud;
	(void)fault;
	write_record(p, (struct record){.kind = RECORD_FAULT, .from_target = 1, .data = raw, .len = len, .detail = detail});
	p->missing = "octets that are no XML stream";
	end(p);
	conn_finish(p->conn);
}

static const struct stream_callbacks parser_callbacks = {on_header, on_element, on_end, on_fault};

static void begin_stream(struct probe *p)
{
	p->missing = "a connection but no stream header";
	struct buf b = {0};
	markup_header(&b, &(struct markup_header){.content_ns = NS_CLIENT, .to = p->domain, .version = 1});
	send_octets(p, RECORD_HEADER, buf_text(&b), b.len);
	buf_finish(&b);
}

static void on_open(void *ud)
{
	struct probe *p = ud;
	p->number = recorder_new_stream(p->ss->recorder);
	char *data = mem_printf("out %s:%d", p->ss->address, p->ss->port);
	write_record(p, (struct record){.kind = RECORD_OPEN, .data = data, .len = strlen(data)});
	free(data);
	p->parser = stream_create(&stream_default_limits, &parser_callbacks, p);
	if (p->ss->tls != SESSION_DIRECT_TLS) {
		begin_stream(p);
	} else if (conn_start_tls_client(p->conn, p->domain, p->ss->ca_file)) {
		p->missing = "a connection, but TLS could not be started";
		conn_reset(p->conn);
	} else {
		p->missing = "a connection but no TLS handshake";
	}
}

static void on_secured(void *ud)
{
	struct probe *p = ud;
	write_record(p, (struct record){.kind = RECORD_TLS});
	begin_stream(p);
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct probe *p = ud;
	p->busy++;
	stream_feed(p->parser, data, len);
	leave(p);
}

static void on_retry(uv_timer_t *timer);

static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct probe *p = ud;
	if (p->number) {
		write_record(
				p, (struct record){
						   .kind = RECORD_CLOSE, .from_target = kind != CLOSE_OURS, .detail = close_kind_text(kind)});
	} else {
		free(p->detail);
		p->detail = mem_strdup(detail ? detail : close_kind_text(kind));
		p->missing = p->detail;
	}
	conn_destroy(p->conn);
	p->conn = NULL;
	stream_destroy(p->parser);
	p->parser = NULL;
	p->number = 0;
	p->end_sent = 0;
	if (p->done) {
		uv_timer_start(p->retry, on_retry, RETRY_MS, 0);
	} else {
		probe_destroy(p);
	}
}

static const struct conn_callbacks conn_callbacks = {on_open, on_secured, on_data, on_close};

static void on_retry(uv_timer_t *timer)
{
	struct probe *p = timer->data;
	p->conn = conn_connect(p->ss->loop, p->ss->address, p->ss->port, &conn_callbacks, p);
	if (!p->conn) {
		p->missing = "the address is not numeric";
	}
}

static void on_deadline(uv_timer_t *timer)
{
	struct probe *p = timer->data;
	if (!p->done) {
		probe_destroy(p); /* the target did not answer our end */
		return;
	}
	char *reason = mem_printf(
			"no stream features from %s:%d within %u ms: %s", p->ss->address, p->ss->port, p->deadline_ms, p->missing);
	p->busy++;
	tell(p, reason);
	free(reason);
	if (!p->dead) {
		detach(p);
	}
	leave(p);
}

static uv_timer_t *timer_of(struct probe *p)
{
	uv_timer_t *timer = mem_alloc(sizeof *timer);
	timer->data = p;
	uv_timer_init(p->ss->loop, timer);
	return timer;
}

void sessions_probe(struct sessions *ss, const char *domain, unsigned deadline_ms,
		void (*done)(void *ud, const char *reason), void *ud)
{
	probe_destroy(ss->probe); /* at most one that has its answer and waits for the close */
	struct probe *p = mem_alloc(sizeof *p);
	p->ss = ss;
	p->domain = mem_strdup(domain);
	p->deadline_ms = deadline_ms;
	p->done = done;
	p->ud = ud;
	p->missing = "no connection";
	p->deadline = timer_of(p);
	p->retry = timer_of(p);
	ss->probe = p;
	uv_timer_start(p->deadline, on_deadline, deadline_ms, 0);
	on_retry(p->retry);
}
