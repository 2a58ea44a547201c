/* Scripted ends of connections for the tests of actors: everything a test needs to play a server by hand in one loop.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "actors/record.h"
#include "base/buf.h"
#include "wire/conn.h"

#define FAKE_CONNS 1024

/* One end of a connection: what it received stays in `in`. */
struct fake {
	struct conn *conn;
	struct buf in;
	size_t seen; /* how far fake_expect() has read */
	int open;
	int closed;
	enum close_kind kind;
};

/* A listener that keeps all connections in the order they came. */
struct fake_server {
	uv_loop_t *loop;
	struct listener *listener;
	struct fake conns[FAKE_CONNS];
	int count;
};

void fake_listen(struct fake_server *s, uv_loop_t *loop);
int fake_port(const struct fake_server *s);
void fake_server_finish(struct fake_server *s);

void fake_connect(struct fake *f, uv_loop_t *loop, int port);
void fake_send(struct fake *f, const char *text);
void fake_finish(struct fake *f);

/* Runs the loop until *condition is true; fails the test after 30 s. */
void run_until(uv_loop_t *loop, int (*condition)(void *ud), void *ud, const char *what);
/* Runs the loop until the n-th connection is there. */
struct fake *fake_accepted(struct fake_server *s, int n);
/* Runs the loop until text was received after what earlier calls expected. */
void fake_expect(uv_loop_t *loop, struct fake *f, const char *text);
void fake_expect_close(uv_loop_t *loop, struct fake *f);
/* Runs the loop until nothing is ready any more: what was to happen without waiting has happened. */
void run_ready(uv_loop_t *loop);
/* Lets close callbacks run and closes the loop; fails if handles are left. */
void loop_finish(uv_loop_t *loop);

/* A recorder that writes "#1 > stanza <...>" lines ('>' is ours, '<' the target's). */
struct log {
	struct recorder recorder;
	struct buf lines;
	int count;
};

void log_init(struct log *l);

#endif
