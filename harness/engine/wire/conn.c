#include "wire/conn.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "wire/tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Two handles live in a conn: the socket, and a prepare handle that runs once after a loop turn in which something came
 * or was sent, so that what is sent within one turn leaves in one write. The conn is freed when both are closed. */

enum { LONG = 256 * 1024 }; /* octets sent in one call */
enum { OUT_KEPT = 1024 };	/* memory that an empty queue may keep */

struct conn {
	uv_tcp_t tcp;
	uv_prepare_t turn; /* active while something waits for the end of this turn */
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct conn_callbacks callbacks;
	void *ud;
	int open;		/* connected; also kept after the other side's end, for what is still to be sent */
	int failed;		/* libuv's error of a connect that could not even begin */
	int writing;	/* write is in use, with the octets of flight */
	int trickling;	/* conn_trickle() was called */
	int broken;		/* a write failed: reading will soon tell why */
	int finishing;	/* conn_finish() was called */
	int finished;	/* our FIN is on its way */
	int resetting;	/* conn_reset() was called */
	int reported;	/* on_close was called */
	int destroyed;	/* conn_destroy() was called */
	int owes_ack;	/* octets came, and nothing has gone out since that would carry the ACK */
	int handles;	/* not yet closed */
	struct buf out; /* octets for the wire */
	struct buf flight;
	struct tls *tls;
	struct buf plain; /* for after the handshake */
};

/* What is read is used up within the callback, so all connections of a thread share the space. */
static _Thread_local char wire_octets[65536];
static _Thread_local char clear_octets[16384]; /* as long as a TLS record can be */

const char *close_kind_text(enum close_kind kind)
{
	switch (kind) {
#define X(name, text)                                                                                                  \
	case name:                                                                                                         \
		return text;
		CLOSE_KIND_MAP(X)
#undef X
	}
	return "";
}

static enum close_kind kind_of(int error)
{
	switch (error) {
	case UV_ECONNREFUSED:
		return CLOSE_REFUSED;
	case UV_ECONNRESET:
	case UV_EPIPE:
	case UV_ECONNABORTED:
		return CLOSE_RESET;
	default:
		return CLOSE_UNREACHABLE;
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct conn *c = handle->data;
	c->handles--;
	if (c->destroyed) {
		if (!c->handles) {
			buf_finish(&c->out);
			buf_finish(&c->flight);
			buf_finish(&c->plain);
			tls_destroy(c->tls);
			free(c);
		}
	} else if (!c->reported) { /* only conn_reset() and a connect that could not begin close before that */
		c->reported = 1;
		c->callbacks.on_close(
				c->ud, c->resetting ? CLOSE_OURS : kind_of(c->failed), c->resetting ? "reset" : uv_strerror(c->failed));
	}
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle)) {
		uv_close(handle, on_handle_closed);
	}
}

/* libuv writes without MSG_NOSIGNAL. */
static void ignore_sigpipe(void)
{
	static int ignored;
	if (!ignored) {
		signal(SIGPIPE, SIG_IGN);
		ignored = 1;
	}
}

static struct conn *conn_create(uv_loop_t *loop)
{
	ignore_sigpipe();
	struct conn *c = mem_alloc(sizeof *c);
	uv_tcp_init(loop, &c->tcp);
	uv_prepare_init(loop, &c->turn);
	c->tcp.data = c;
	c->turn.data = c;
	c->handles = 2;
	return c;
}

/* Reading stops; what is queued still goes out where it can. */
static void report_close(struct conn *c, enum close_kind kind, const char *detail)
{
	if (c->reported || c->resetting || c->destroyed) {
		return;
	}
	c->reported = 1;
	if (!uv_is_closing((uv_handle_t *)&c->tcp)) {
		uv_read_stop((uv_stream_t *)&c->tcp);
	}
	c->callbacks.on_close(c->ud, kind, detail);
}

/* ---- sending ---- */

static void flush(struct conn *c);

static void on_written(uv_write_t *write, int status)
{
	struct conn *c = write->data;
	c->writing = 0;
	buf_finish(&c->flight);
	if (status < 0) {
		c->broken = 1;
		buf_finish(&c->out);
	} else if (!c->destroyed) {
		flush(c);
	}
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
	(void)shutdown;
	(void)status; /* if it failed, reading tells why */
}

/* What the socket does not take now goes with a request; meanwhile new octets gather in out. */
static void write_rest(struct conn *c, size_t taken)
{
	if (c->trickling) {
		buf_add(&c->flight, c->out.data, 1);
		buf_drop(&c->out, 1);
	} else {
		c->flight = c->out;
		c->out = (struct buf){0};
	}
	uv_buf_t rest = {.base = c->flight.data + taken, .len = c->flight.len - taken};
	c->write.data = c;
	if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &rest, 1, on_written) == 0) {
		c->writing = 1;
	} else {
		c->broken = 1;
		buf_finish(&c->flight);
	}
}

static void flush(struct conn *c)
{
	if (!c->open || c->writing || c->broken || c->finished || uv_is_closing((uv_handle_t *)&c->tcp)) {
		return;
	}
	if (c->out.len) {
		uv_buf_t all = {.base = c->out.data, .len = c->out.len};
		int n = c->trickling ? 0 : uv_try_write((uv_stream_t *)&c->tcp, &all, 1);
		c->owes_ack = 0;
		size_t taken = n > 0 ? (size_t)n : 0;
		if (taken < c->out.len) {
			write_rest(c, taken);
			return;
		}
		buf_clear(&c->out);
		if (c->out.cap > OUT_KEPT) {
			buf_finish(&c->out);
		}
	}
	/* While a handshake runs, the octets that wait for it come before the end. */
	if (c->finishing && !c->plain.len) {
		c->finished = 1;
		uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shut_down);
	}
}

/* At once: without it ejabberd, which waits for it before it sends more, waits 40 ms (lab notes, 1.7). The kernel
 * forgets the option with each answer. */
static void send_ack(struct conn *c)
{
	uv_os_fd_t fd;
	int on = 1;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
	}
	c->owes_ack = 0;
}

static void on_turn(uv_prepare_t *turn)
{
	struct conn *c = turn->data;
	uv_prepare_stop(turn);
	flush(c); /* calls nobody: what is started in this phase of the loop would wait for the next turn */
	if (c->owes_ack && !c->destroyed) {
		send_ack(c);
	}
}

static void flush_later(struct conn *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->turn)) {
		uv_prepare_start(&c->turn, on_turn);
	}
}

/* Megabytes are not copied before the socket has taken what it can. */
static size_t write_now(struct conn *c, const char *data, size_t len)
{
	flush(c);
	if (!c->open || c->writing || c->broken || c->out.len || c->trickling || uv_is_closing((uv_handle_t *)&c->tcp)) {
		return 0;
	}
	uv_buf_t all = {.base = (char *)data, .len = len};
	int n = uv_try_write((uv_stream_t *)&c->tcp, &all, 1);
	return n > 0 ? (size_t)n : 0;
}

void conn_send(struct conn *c, const char *data, size_t len)
{
	if (c->finishing || c->resetting || c->broken || c->destroyed) {
		return;
	}
	if (!c->tls) {
		size_t gone = len > LONG ? write_now(c, data, len) : 0;
		buf_add(&c->out, data + gone, len - gone);
	} else if (tls_state(c->tls) == TLS_HANDSHAKE) {
		buf_add(&c->plain, data, len);
	} else {
		tls_write(c->tls, data, len);
		tls_output(c->tls, &c->out);
	}
	flush_later(c);
}

void conn_trickle(struct conn *c)
{
	c->trickling = 1;
}

void conn_finish(struct conn *c)
{
	if (c->finishing || c->resetting || c->destroyed) {
		return;
	}
	c->finishing = 1;
	if (c->tls && !c->plain.len) {
		tls_finish(c->tls);
		tls_output(c->tls, &c->out);
	}
	flush_later(c);
}

/* ---- receiving ---- */

static void deliver(struct conn *c, const char *data, size_t len)
{
	if (!c->reported && !c->resetting && !c->destroyed) {
		c->callbacks.on_data(c->ud, data, len);
	}
}

static void on_handshake_complete(struct conn *c)
{
	if (c->plain.len) {
		tls_write(c->tls, c->plain.data, c->plain.len);
		buf_finish(&c->plain);
		if (c->finishing) {
			tls_finish(c->tls);
		}
		tls_output(c->tls, &c->out);
	}
	if (c->callbacks.on_secured) {
		c->callbacks.on_secured(c->ud);
	}
}

/* Runs TLS as far as the octets go that have come in. */
static void tls_run(struct conn *c)
{
	for (;;) {
		enum tls_state before = tls_state(c->tls);
		size_t len = tls_read(c->tls, clear_octets, sizeof clear_octets);
		tls_output(c->tls, &c->out);
		if (len) {
			deliver(c, clear_octets, len);
		} else if (before == TLS_HANDSHAKE && tls_state(c->tls) == TLS_OPEN) {
			on_handshake_complete(c);
		} else {
			break;
		}
		if (c->destroyed || c->resetting) {
			return;
		}
	}
	flush_later(c);
	if (tls_state(c->tls) == TLS_FAILED) {
		flush(c); /* the alert */
		report_close(c, CLOSE_TLS, tls_error(c->tls));
	} else if (tls_state(c->tls) == TLS_ENDED) {
		report_close(c, c->finishing ? CLOSE_OURS : CLOSE_FIN, "close_notify");
	}
}

static void on_end(struct conn *c)
{
	if (c->tls && tls_state(c->tls) == TLS_HANDSHAKE) {
		report_close(c, CLOSE_TLS, "the connection ended within the handshake");
	} else if (c->broken) {
		report_close(c, CLOSE_RESET, "a write failed");
	} else {
		report_close(c, c->finishing ? CLOSE_OURS : CLOSE_FIN, c->tls ? "no close_notify" : "");
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(wire_octets, sizeof wire_octets);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;
	if (n == 0) {
		return;
	}
	if (n == UV_EOF) {
		on_end(c);
		return;
	}
	if (n < 0) {
		report_close(c, kind_of((int)n), uv_strerror((int)n));
		return;
	}
	c->owes_ack = 1;
	flush_later(c);
	if (c->tls) {
		tls_receive(c->tls, buf->base, (size_t)n);
		tls_run(c);
	} else {
		deliver(c, buf->base, (size_t)n);
	}
}

/* ---- beginning and end ---- */

static void begin(struct conn *c)
{
	c->open = 1;
	uv_tcp_nodelay(&c->tcp, 1);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct conn *c = connect->data;
	if (c->destroyed || c->resetting) {
		return;
	}
	if (status < 0) {
		report_close(c, kind_of(status), uv_strerror(status));
		return;
	}
	begin(c);
	flush_later(c);
	if (c->callbacks.on_open) {
		c->callbacks.on_open(c->ud);
	}
}

struct conn *conn_connect(
		uv_loop_t *loop, const char *address, int port, const struct conn_callbacks *callbacks, void *ud)
{
	struct sockaddr_storage name = {0};
	if (uv_ip4_addr(address, port, (struct sockaddr_in *)&name) &&
			uv_ip6_addr(address, port, (struct sockaddr_in6 *)&name)) {
		return NULL;
	}
	struct conn *c = conn_create(loop);
	conn_set_callbacks(c, callbacks, ud);
	c->connect.data = c;
	c->failed = uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&name, on_connected);
	if (c->failed) {
		close_handle((uv_handle_t *)&c->tcp); /* reported from the loop, as all failures are */
	}
	return c;
}

struct conn *conn_accept(uv_stream_t *server)
{
	struct conn *c = conn_create(server->loop);
	if (uv_accept(server, (uv_stream_t *)&c->tcp)) {
		conn_destroy(c);
		return NULL;
	}
	begin(c);
	return c;
}

void conn_set_callbacks(struct conn *c, const struct conn_callbacks *callbacks, void *ud)
{
	c->callbacks = *callbacks;
	c->ud = ud;
}

/* What was sent before is still in the clear and leaves first: it waits in out, in order. A client's first words follow
 * at once. */
static int start_tls(struct conn *c, struct tls *tls, int server)
{
	if (!tls) {
		return ERR_TLS;
	}
	c->tls = tls;
	if (!server) {
		tls_read(c->tls, clear_octets, 0);
		tls_output(c->tls, &c->out);
		flush_later(c);
	}
	return 0;
}

int conn_start_tls_client(struct conn *c, const char *sni, const char *ca_file)
{
	return c->tls ? ERR_TLS : start_tls(c, tls_create_client(sni, ca_file), 0);
}

int conn_start_tls_server(struct conn *c, const char *certificate_file, const char *key_file)
{
	return c->tls ? ERR_TLS : start_tls(c, tls_create_server(certificate_file, key_file), 1);
}

int conn_start_tls(struct conn *c, const struct tls_setup *setup)
{
	return c->tls ? ERR_TLS : start_tls(c, tls_create(setup), setup->server);
}

const struct tls *conn_tls(const struct conn *c)
{
	return c->tls;
}

int conn_is_secured(const struct conn *c)
{
	return c->tls && (tls_state(c->tls) == TLS_OPEN || tls_state(c->tls) == TLS_ENDED);
}

void conn_reset(struct conn *c)
{
	if (c->resetting || c->destroyed) {
		return;
	}
	flush(c); /* as in conn_destroy(): half a stanza is to arrive before the reset */
	/* Not uv_tcp_close_reset(): it refuses once our FIN is on its way. */
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0) {
		struct linger at_once = {.l_onoff = 1, .l_linger = 0};
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	}
	c->resetting = 1;
	close_handle((uv_handle_t *)&c->tcp);
}

void conn_destroy(struct conn *c)
{
	if (!c || c->destroyed) {
		return;
	}
	if (!c->resetting) {
		flush(c); /* what was sent in this turn is not lost, as far as the socket takes it */
	}
	c->destroyed = 1;
	close_handle((uv_handle_t *)&c->turn);
	close_handle((uv_handle_t *)&c->tcp);
}
