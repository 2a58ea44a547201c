#include "world.h"

#include <check.h>
#include <stdio.h>

void act(struct side *s, enum what what, const char *data, size_t len)
{
	switch (what) {
	case NOTHING:
		break;
	case DESTROY:
		conn_destroy(s->c);
		s->c = NULL;
		s->over = 1;
		break;
	case RESET:
		conn_reset(s->c);
		break;
	case FINISH:
		conn_finish(s->c);
		break;
	case SEND_BACK:
		conn_send(s->c, data, len);
	}
}

void side_on_open(void *ud)
{
	struct side *s = ud;
	ck_assert(!s->over);
	s->opened++;
	act(s, s->on_open, NULL, 0);
}

void side_on_secured(void *ud)
{
	struct side *s = ud;
	ck_assert(!s->over);
	ck_assert(conn_is_secured(s->c));
	s->secured++;
	act(s, s->on_secured, NULL, 0);
}

void side_on_data(void *ud, const char *data, size_t len)
{
	struct side *s = ud;
	ck_assert(!s->over && !s->closed);
	ck_assert_uint_gt(len, 0);
	s->data++;
	buf_add(&s->in, data, len);
	act(s, s->on_data, data, len);
}

void side_on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct side *s = ud;
	ck_assert(!s->over);
	s->closed++;
	s->kind = kind;
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	act(s, s->on_close, NULL, 0);
}

const struct conn_callbacks side_callbacks = {side_on_open, side_on_secured, side_on_data, side_on_close};

void world_on_accept(void *ud, struct conn *accepted)
{
	struct world *w = ud;
	w->accepted++;
	w->server.c = accepted;
	conn_set_callbacks(accepted, &side_callbacks, &w->server);
	act(&w->server, w->on_accept, NULL, 0);
}

void world_begin(struct world *w)
{
	char *error = NULL;
	uv_loop_init(&w->loop);
	w->listener = listener_create(&w->loop, "127.0.0.1", 0, world_on_accept, w, &error);
	ck_assert_msg(w->listener != NULL, "%s", error);
}

void world_connect(struct world *w)
{
	w->client.c = conn_connect(&w->loop, "127.0.0.1", listener_port(w->listener), &side_callbacks, &w->client);
	ck_assert_ptr_nonnull(w->client.c);
}

void world_finish(struct world *w)
{
	conn_destroy(w->client.c);
	conn_destroy(w->server.c);
	w->client.over = 1;
	w->server.over = 1;
	listener_destroy(w->listener);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&w->loop), 0);
	buf_finish(&w->client.in);
	buf_finish(&w->server.in);
	tls_server_destroy(w->server.tls);
}

void run_until_both_closed(struct world *w)
{
	RUN_UNTIL(w, w->client.closed && w->server.closed);
	ck_assert_int_eq(w->client.closed, 1);
	ck_assert_int_eq(w->server.closed, 1);
}

void world_open(struct world *w)
{
	world_begin(w);
	world_connect(w);
	RUN_UNTIL(w, w->client.opened && w->accepted);
}

void fill(char *data, size_t len)
{
	unsigned random = 1;
	for (size_t i = 0; i < len; i++) {
		random = random * 1103515245u + 12345u;
		data[i] = (char)(random >> 16);
	}
}
