/* libstrophe inside libuv. It has no readiness interface of its own: its descriptor is watched here, and every wake-up
 * runs its loop once or more without waiting. Each connection has a context of its own, so that a wake-up costs the
 * same however many sessions there are. */
#include "actors/session_parts.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

/* What one run of libstrophe's loop reads at most. */
#define STROPHE_READ 4096

struct strophe {
	struct sessions *ss;
	const struct relay *relay;
	const struct strophe_callbacks *callbacks;
	void *ud;
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	uv_poll_t *poll;
	int fd;
	int bound; /* libstrophe has finished the login */
	int told;  /* on_bound was called */
	int gone;
	int told_gone;
	int busy, dead;
};

void session_free_handle(uv_handle_t *handle)
{
	free(handle);
}

void strophe_hold_low(struct sessions *ss)
{
	while (ss->low_count < LOW_DESCRIPTORS) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			return;
		}
		if (fd >= FD_SETSIZE) {
			close(fd);
			return;
		}
		ss->low[ss->low_count++] = fd;
	}
}

void strophe_release_low(struct sessions *ss)
{
	while (ss->low_count) {
		close(ss->low[--ss->low_count]);
	}
}

static void stop_watching(struct strophe *st)
{
	if (st->poll) {
		uv_poll_stop(st->poll);
		uv_close((uv_handle_t *)st->poll, session_free_handle);
		st->poll = NULL;
	}
}

static int readable(const struct strophe *st)
{
	int octets = 0;
	return ioctl(st->fd, FIONREAD, &octets) == 0 ? octets : 0;
}

/* What a handler sends leaves with the next run only, so during the login the last run is one that read nothing. */
static void run(struct strophe *st)
{
	int idle = 0;
	int idle_wanted = st->told ? 0 : 2;
	int octets;
	do {
		octets = readable(st);
		idle += octets == 0;
		xmpp_run_once(st->ctx, 0);
	} while (!st->gone && (octets > STROPHE_READ || idle < idle_wanted));
}

static void on_readiness(uv_poll_t *poll, int status, int events);

static void watch(struct strophe *st)
{
	if (st->poll) {
		int connecting = !xmpp_conn_is_connected(st->conn);
		uv_poll_start(st->poll, UV_READABLE | (connecting ? UV_WRITABLE : 0), on_readiness);
	}
}

static void pump(struct strophe *st)
{
	st->busy++;
	run(st);
	if (st->gone) {
		stop_watching(st);
		strophe_hold_low(
				st->ss); /* libstrophe has closed its descriptor: at once, before another socket gets the number */
	} else {
		watch(st);
	}
	if (st->bound && !st->told) {
		st->told = 1;
		st->callbacks->on_bound(st->ud, xmpp_conn_get_bound_jid(st->conn));
	}
	if (st->gone && !st->told_gone && !st->dead) {
		st->told_gone = 1;
		st->callbacks->on_gone(st->ud);
	}
	st->busy--;
	if (st->dead && !st->busy) {
		free(st);
	}
}

static void on_readiness(uv_poll_t *poll, int status, int events)
{
	(void)status; /* an error shows in libstrophe's own read */
	(void)events;
	pump(poll->data);
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error, void *ud)
{
	struct strophe *st = ud;
	(void)conn;
	(void)error;
	(void)stream_error;
	if (event == XMPP_CONN_CONNECT) {
		st->bound = 1;
	} else {
		st->gone = 1;
	}
}

/* The socket callback gets no pointer of ours, but it runs inside xmpp_connect_client() only. */
static int new_socket;

static int on_socket(xmpp_conn_t *conn, void *sock)
{
	(void)conn;
	new_socket = *(int *)sock;
	if (new_socket < FD_SETSIZE) {
		return 0;
	}
	errno = EMFILE; /* libstrophe reads it: a stale EINPROGRESS would count as success */
	return -1;
}

static int begin_connect(struct strophe *st)
{
	if (st->ss->low_count) {
		close(st->ss->low[--st->ss->low_count]);
	}
	new_socket = -1;
	int rc = xmpp_connect_client(st->conn, "127.0.0.1", (unsigned short)relay_port(st->relay), on_event, st);
	st->fd = new_socket;
	return rc;
}

struct strophe *strophe_create(struct sessions *ss, const char *jid, const char *password, const struct relay *relay,
		const struct strophe_callbacks *callbacks, void *ud)
{
	struct strophe *st = mem_alloc(sizeof *st);
	st->ss = ss;
	st->relay = relay;
	st->callbacks = callbacks;
	st->ud = ud;
	st->ctx = xmpp_ctx_new(NULL, NULL);
	st->conn = xmpp_conn_new(st->ctx);
	xmpp_conn_set_flags(st->conn, XMPP_CONN_FLAG_DISABLE_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	xmpp_conn_set_jid(st->conn, jid);
	xmpp_conn_set_pass(st->conn, password);
	xmpp_conn_set_sockopt_callback(st->conn, on_socket);
	if (begin_connect(st) != XMPP_EOK || st->fd < 0) {
		strophe_destroy(st);
		return NULL;
	}
	st->poll = mem_alloc(sizeof *st->poll);
	st->poll->data = st;
	uv_poll_init(ss->loop, st->poll, st->fd);
	watch(st);
	return st;
}

void strophe_disconnect(struct strophe *st)
{
	if (!st->gone) {
		xmpp_disconnect(st->conn);
		pump(st);
	}
}

void strophe_destroy(struct strophe *st)
{
	if (!st || st->dead) {
		return;
	}
	/* Callbacks run outside of libstrophe, so it can go at once; its descriptor is closed after poll has forgotten it.
	 */
	stop_watching(st);
	xmpp_conn_release(st->conn);
	xmpp_ctx_free(st->ctx);
	strophe_hold_low(st->ss);
	st->dead = 1;
	if (!st->busy) {
		free(st);
	}
}
