/* Two sides of a connection in a loop of their own, and what happens to them, for the tests of connections. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "base/buf.h"
#include "tls_server.h"
#include "wire/conn.h"

enum what { NOTHING, DESTROY, RESET, FINISH, SEND_BACK };

struct side {
	struct conn *c;
	enum what on_open, on_secured, on_data, on_close;
	int opened, secured, data, closed; /* how often */
	int over;						   /* destroyed: nothing may be called any more */
	enum close_kind kind;
	char detail[200];
	struct buf in;
	struct tls_server *tls; /* freed with the world */
};

struct world {
	uv_loop_t loop;
	struct listener *listener;
	struct side client, server;
	enum what on_accept;
	int accepted;
};

/* Does that to the connection of a side. */
void act(struct side *s, enum what what, const char *data, size_t len);

/* Callbacks of a side: they note what came and do what the side is to do then. */
void side_on_open(void *ud);
void side_on_secured(void *ud);
void side_on_data(void *ud, const char *data, size_t len);
void side_on_close(void *ud, enum close_kind kind, const char *detail);
extern const struct conn_callbacks side_callbacks; /* all of them */

void world_on_accept(void *ud, struct conn *accepted); /* callback of the listener: the server's side */
void world_begin(struct world *w);					   /* a listener */
void world_connect(struct world *w);
void world_open(struct world *w); /* both, until it is connected on both sides */
void world_finish(struct world *w);

#define RUN_UNTIL(w, condition)                                                                                        \
	while (!(condition)) {                                                                                             \
		uv_run(&(w)->loop, UV_RUN_ONCE);                                                                               \
	}

void run_until_both_closed(struct world *w);

/* Octets that look random, the same each time. */
void fill(char *data, size_t len);

#endif
