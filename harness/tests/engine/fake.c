#include "fake.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void on_open(void *ud)
{
	struct fake *f = ud;
	f->open = 1;
}

static void on_data(void *ud, const char *data, size_t len)
{
	struct fake *f = ud;
	buf_add(&f->in, data, len);
}

static void on_close(void *ud, enum close_kind kind, const char *detail)
{
	struct fake *f = ud;
	(void)detail;
	f->closed = 1;
	f->kind = kind;
}

static const struct conn_callbacks callbacks = {.on_open = on_open, .on_data = on_data, .on_close = on_close};

static void on_accept(void *ud, struct conn *accepted)
{
	struct fake_server *s = ud;
	ck_assert_int_lt(s->count, FAKE_CONNS);
	struct fake *f = &s->conns[s->count++];
	f->conn = accepted;
	f->open = 1;
	conn_set_callbacks(accepted, &callbacks, f);
}

void fake_listen(struct fake_server *s, uv_loop_t *loop)
{
	char *error = NULL;
	memset(s, 0, sizeof *s);
	s->loop = loop;
	s->listener = listener_create(loop, "127.0.0.1", 0, on_accept, s, &error);
	ck_assert_msg(s->listener != NULL, "%s", error);
}

int fake_port(const struct fake_server *s)
{
	return listener_port(s->listener);
}

void fake_finish(struct fake *f)
{
	conn_destroy(f->conn);
	f->conn = NULL;
	buf_finish(&f->in);
}

void fake_server_finish(struct fake_server *s)
{
	for (int i = 0; i < s->count; i++) {
		fake_finish(&s->conns[i]);
	}
	listener_destroy(s->listener);
}

void fake_connect(struct fake *f, uv_loop_t *loop, int port)
{
	memset(f, 0, sizeof *f);
	f->conn = conn_connect(loop, "127.0.0.1", port, &callbacks, f);
	ck_assert_ptr_nonnull(f->conn);
}

void fake_send(struct fake *f, const char *text)
{
	conn_send(f->conn, text, strlen(text));
}

static void on_guard(uv_timer_t *timer)
{
	*(int *)timer->data = 1;
}

void run_until(uv_loop_t *loop, int (*condition)(void *ud), void *ud, const char *what)
{
	int late = 0;
	uv_timer_t guard;
	uv_timer_init(loop, &guard);
	guard.data = &late;
	uv_timer_start(&guard, on_guard, 30000, 0);
	while (!condition(ud) && !late) {
		uv_run(loop, UV_RUN_ONCE);
	}
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
	ck_assert_msg(!late, "it never came: %s", what);
}

struct wait {
	struct fake_server *server;
	struct fake *fake;
	int n;
	const char *text;
};

static int has_accepted(void *ud)
{
	const struct wait *w = ud;
	return w->server->count >= w->n;
}

struct fake *fake_accepted(struct fake_server *s, int n)
{
	struct wait w = {.server = s, .n = n};
	run_until(s->loop, has_accepted, &w, "a connection");
	return &s->conns[n - 1];
}

static const char *found(const struct wait *w)
{
	const struct fake *f = w->fake;
	return f->in.len > f->seen ? strstr(buf_text(&f->in) + f->seen, w->text) : NULL;
}

static int has_text(void *ud)
{
	const struct wait *w = ud;
	return found(w) != NULL || w->fake->closed;
}

void fake_expect(uv_loop_t *loop, struct fake *f, const char *text)
{
	struct wait w = {.fake = f, .text = text};
	run_until(loop, has_text, &w, text);
	const char *at = found(&w);
	ck_assert_msg(at != NULL, "closed without %s; received: %s", text, buf_text(&f->in));
	f->seen = (size_t)(at - buf_text(&f->in)) + strlen(text);
}

static int has_closed(void *ud)
{
	const struct fake *f = ud;
	return f->closed;
}

void fake_expect_close(uv_loop_t *loop, struct fake *f)
{
	run_until(loop, has_closed, f, "the end of the connection");
}

void run_ready(uv_loop_t *loop)
{
	/* Loopback delivers at once, so a few rounds see everything that follows from what was sent. */
	for (int i = 0; i < 20; i++) {
		uv_run(loop, UV_RUN_NOWAIT);
	}
}

void loop_finish(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(loop), 0);
}

static int write_line(void *ud, const struct record *record)
{
	struct log *l = ud;
	buf_printf(&l->lines, "#%d %c %s %s ", record->stream, record->from_target ? '<' : '>',
			record_kind_text(record->kind), record->owner ? (const char *)record->owner : "-");
	if (record->data) {
		buf_add(&l->lines, record->data, record->len);
	}
	buf_printf(&l->lines, "%s%s\n", record->data && record->detail ? " " : "", record->detail ? record->detail : "");
	return ++l->count;
}

void log_init(struct log *l)
{
	memset(l, 0, sizeof *l);
	l->recorder.record = write_line;
	l->recorder.ud = l;
}
