/* The two directions of a session's stream as events: records, secrets, restarts, STARTTLS, ends. */
#include "actors/relay_parts.h"

#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>

static int is_secret(const struct stanza *stanza)
{
	static const char *const names[] = {"auth", "response", "challenge", "success"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (node_is(stanza->root, names[i], NS_SASL)) {
			return 1;
		}
	}
	return 0;
}

static void record_element(struct relay *r, struct stanza *stanza, int from_target)
{
	struct record record = {
			.kind = RECORD_STANZA, .from_target = from_target, .data = stanza->raw, .len = stanza->raw_len};
	struct buf b = {0};
	if (is_secret(stanza)) {
		markup_redacted(&b, stanza->raw, stanza->raw_len);
		record.data = buf_text(&b);
		record.len = b.len;
	}
	stanza->line = relay_record(r, record);
	buf_finish(&b);
}

static void client_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct relay *r = ud;
	(void)header;
	r->header_sent = 1;
	relay_record(r, (struct record){.kind = RECORD_HEADER, .data = raw, .len = len});
}

static void client_element(void *ud, struct stanza *stanza)
{
	struct relay *r = ud;
	record_element(r, stanza, 0);
	r->callbacks->on_element(r->ud, stanza, 0);
}

static void client_end(void *ud, const char *raw, size_t len)
{
	struct relay *r = ud;
	relay_record(r, (struct record){.kind = RECORD_END, .data = raw, .len = len});
	r->end_sent = 1;
}

static void client_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct relay *r = ud;
	(void)fault;
	r->client_lost = 1;
	relay_record(r, (struct record){.kind = RECORD_FAULT, .data = raw, .len = len, .detail = detail});
}

const struct stream_callbacks relay_client_parser = {client_header, client_element, client_end, client_fault};

static void negotiate_tls(struct relay *r, const struct stanza *stanza)
{
	static const char request[] = "<starttls xmlns='" NS_TLS "'/>";
	if (node_is(stanza->root, "features", NS_STREAM)) {
		if (node_child(stanza->root, "starttls", NS_TLS)) {
			relay_send_own(r, RECORD_STANZA, request, sizeof request - 1);
		} else {
			relay_give_up(r, "the target offers no STARTTLS");
		}
	} else if (node_is(stanza->root, "proceed", NS_TLS)) {
		stream_restart(r->from_target);
		relay_start_tls(r);
	} else if (node_is(stanza->root, "failure", NS_TLS)) {
		relay_give_up(r, "the target refused STARTTLS");
	}
}

static void error_came(struct relay *r, const struct stanza *stanza)
{
	if (!r->condition) {
		r->condition = mem_strdup(stream_error_condition(stanza));
	}
	r->target_began |= !r->end_sent;
}

static void target_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	struct relay *r = ud;
	int line = relay_record(r, (struct record){.kind = RECORD_HEADER, .from_target = 1, .data = raw, .len = len});
	struct stanza *element = stream_header_element(header, raw, len);
	element->line = line;
	r->callbacks->on_element(r->ud, element, 1);
	stanza_unref(element);
}

static void target_element(void *ud, struct stanza *stanza)
{
	struct relay *r = ud;
	record_element(r, stanza, 1);
	if (node_is(stanza->root, "error", NS_STREAM)) {
		error_came(r, stanza);
	} else if (r->phase == PHASE_STARTTLS) {
		if (node_is(stanza->root, "features", NS_STREAM)) {
			r->callbacks->on_element(r->ud, stanza, 1);
		}
		if (!r->dead) {
			negotiate_tls(r, stanza);
		}
		return;
	} else if (node_is(stanza->root, "success", NS_SASL)) {
		stream_restart(r->from_target);
		stream_restart(r->from_client);
	}
	r->callbacks->on_element(r->ud, stanza, 1);
}

static void target_end(void *ud, const char *raw, size_t len)
{
	struct relay *r = ud;
	relay_record(r, (struct record){.kind = RECORD_END, .from_target = 1, .data = raw, .len = len});
	r->end_seen = 1;
	r->target_began |= !r->end_sent;
	relay_end_target(r); /* libstrophe drops its connection without an answer */
	conn_finish(r->target);
}

static void target_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct relay *r = ud;
	relay_record(r, (struct record){.kind = RECORD_FAULT, .from_target = 1, .data = raw, .len = len, .detail = detail});
	struct buf b = {0};
	markup_stream_error(&b, stream_fault_condition(fault), NULL);
	if (!r->end_sent && r->header_sent && r->phase != PHASE_TLS) {
		relay_send_own(r, RECORD_STANZA, buf_text(&b), b.len);
	}
	buf_finish(&b);
	const char *what = r->phase == PHASE_TLS ? "octets before TLS was established" : "octets that are no XML stream";
	char *reason = mem_printf("the target sent %s: %s", what, detail ? detail : stream_fault_condition(fault));
	relay_give_up(r, reason);
	free(reason);
}

const struct stream_callbacks relay_target_parser = {target_header, target_element, target_end, target_fault};
