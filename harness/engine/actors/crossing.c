#include "actors/crossing.h"

#include "base/mem.h"
#include "wire/conn.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

/* One direction of a crossing stream. */
struct lane {
	struct carriage *carriage;
	struct conn *conn; /* where the octets come from; NULL when it is gone */
	struct stream_parser *parser;
	int from_target;
	int unread; /* no XML that can be read any more */
};

/* One connection on each side of the relay. */
struct carriage {
	struct crossing *crossing;
	struct carriage *next;
	struct lane caller, target;
	int number;
};

struct crossing {
	uv_loop_t *loop;
	struct listener *listener;
	struct recorder *recorder;
	void *owner;
	char *address;
	int port;
	struct carriage *all;
};

static void record(const struct lane *l, struct record r)
{
	struct recorder *recorder = l->carriage->crossing->recorder;
	r.owner = l->carriage->crossing->owner;
	r.stream = l->carriage->number;
	r.from_target = l->from_target;
	recorder->record(recorder->ud, &r);
}

static struct lane *opposite(const struct lane *l)
{
	return l->from_target ? &l->carriage->caller : &l->carriage->target;
}

/* ---- what crosses ---- */

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	(void)header;
	record(ud, (struct record){.kind = RECORD_HEADER, .data = raw, .len = len});
}

static void on_stanza(void *ud, struct stanza *stanza)
{
	struct lane *l = ud;
	record(l, (struct record){.kind = RECORD_STANZA, .data = stanza->raw, .len = stanza->raw_len});
	if (node_is(stanza->root, "proceed", NS_TLS)) {
		record(l, (struct record){.kind = RECORD_TLS, .detail = "carried, but not read"});
		l->unread = opposite(l)->unread = 1;
		stream_stop(l->parser);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	record(ud, (struct record){.kind = RECORD_END, .data = raw, .len = len});
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	struct lane *l = ud;
	(void)fault;
	l->unread = 1;
	record(l, (struct record){.kind = RECORD_FAULT, .data = raw, .len = len, .detail = detail});
}

static const struct stream_callbacks parser_callbacks = {on_header, on_stanza, on_end, on_fault};

/* ---- connections ---- */

static void lane_finish(struct lane *l)
{
	conn_destroy(l->conn);
	stream_destroy(l->parser);
}

static void carriage_free(struct carriage *g)
{
	lane_finish(&g->caller);
	lane_finish(&g->target);
	free(g);
}

static void carriage_destroy(struct carriage *g)
{
	struct carriage **at = &g->crossing->all;
	while (*at != g) {
		at = &(*at)->next;
	}
	*at = g->next;
	carriage_free(g);
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct lane *l = ud;
	if (!l->unread) {
		stream_feed(l->parser, data, len);
	}
	if (opposite(l)->conn) {
		conn_send(opposite(l)->conn, data, len);
	}
}

static void on_open(void *ud)
{
	struct lane *l = ud;
	struct crossing *c = l->carriage->crossing;
	char *data = mem_printf("out %s:%d", c->address, c->port);
	record(l, (struct record){.kind = RECORD_OPEN, .data = data, .len = strlen(data)});
	free(data);
}

/* The end of one side becomes the end of the other, of the same kind. */
static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct lane *l = ud;
	struct lane *other = opposite(l);
	(void)detail;
	conn_destroy(l->conn);
	l->conn = NULL;
	if (kind != CLOSE_OURS) {
		record(l, (struct record){.kind = RECORD_CLOSE, .detail = close_kind_text(kind)});
	}
	if (!other->conn) {
		carriage_destroy(l->carriage);
	} else if (kind == CLOSE_FIN) {
		conn_finish(other->conn);
	} else if (kind != CLOSE_OURS) {
		conn_reset(other->conn);
	}
}

static const struct conn_callbacks conn_callbacks = {.on_open = on_open, .on_data = on_data, .on_close = on_close};

static void on_accept(void *ud, struct conn *accepted)
{
	struct crossing *c = ud;
	struct carriage *g = c->address ? mem_alloc(sizeof *g) : NULL;
	struct conn *target = g ? conn_connect(c->loop, c->address, c->port, &conn_callbacks, &g->target) : NULL;
	if (!target) {
		free(g);
		conn_reset(accepted);
		conn_destroy(accepted);
		return;
	}
	*g = (struct carriage){.crossing = c, .next = c->all, .number = recorder_new_stream(c->recorder)};
	c->all = g;
	g->caller = (struct lane){.carriage = g, .conn = accepted};
	g->target = (struct lane){.carriage = g, .conn = target, .from_target = 1};
	g->caller.parser = stream_create(&stream_default_limits, &parser_callbacks, &g->caller);
	g->target.parser = stream_create(&stream_default_limits, &parser_callbacks, &g->target);
	conn_set_callbacks(accepted, &conn_callbacks, &g->caller);
	record(&g->caller, (struct record){.kind = RECORD_OPEN, .data = "in", .len = 2});
}

/* ---- lifetime ---- */

struct crossing *crossing_create(const struct crossing_config *config, char **error)
{
	struct crossing *c = mem_alloc(sizeof *c);
	c->listener = listener_create(config->loop, config->listen_address, config->listen_port, on_accept, c, error);
	if (!c->listener) {
		free(c);
		return NULL;
	}
	c->loop = config->loop;
	c->recorder = config->recorder;
	c->owner = config->owner;
	return c;
}

int crossing_port(const struct crossing *c)
{
	return listener_port(c->listener);
}

void crossing_set_target(struct crossing *c, const char *address, int port)
{
	free(c->address);
	c->address = mem_strdup(address);
	c->port = port;
}

void crossing_destroy(struct crossing *c)
{
	if (!c) {
		return;
	}
	for (struct carriage *g = c->all, *next; g; g = next) {
		next = g->next;
		carriage_free(g);
	}
	listener_destroy(c->listener);
	free(c->address);
	free(c);
}
