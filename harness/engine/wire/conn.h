/* A TCP connection on libuv, with TLS over memory BIOs when asked for. Octets given to callbacks are decrypted ones.
 *
 * Ownership: the caller owns a conn until conn_destroy(); after that no callback runs. conn_destroy() may be called
 * inside any callback. on_close comes exactly once for a conn that was not destroyed before. TCP_NODELAY and (after
 * each receive) TCP_QUICKACK are set on every socket. What is sent within one turn of the loop leaves in one write (do
 * not send from a uv_prepare_t's callback: it would wait a turn). The memory goes when the loop has closed the handles,
 * so run it once more before uv_loop_close(). SIGPIPE is ignored from the first conn on. */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include <stddef.h>
#include <uv.h>

#define CLOSE_KIND_MAP(X)                                                                                              \
	X(CLOSE_FIN, "fin")			/* the other side ended its direction */                                               \
	X(CLOSE_RESET, "reset")		/* TCP reset */                                                                        \
	X(CLOSE_REFUSED, "refused") /* connect failed at once */                                                           \
	X(CLOSE_UNREACHABLE, "unreachable")                                                                                \
	X(CLOSE_TLS, "tls")	  /* handshake or record failed */                                                             \
	X(CLOSE_OURS, "ours") /* we ended it: conn_finish() was flushed and answered, or conn_reset() */

enum close_kind {
#define X(name, text) name,
	CLOSE_KIND_MAP(X)
#undef X
};

const char *close_kind_text(enum close_kind kind);

struct conn;
struct tls; /* wire/tls.h */
struct tls_setup;

struct conn_callbacks {
	void (*on_open)(void *ud);	  /* connected (not called for accepted ones) */
	void (*on_secured)(void *ud); /* TLS handshake complete */
	void (*on_data)(void *ud, const char *data, size_t len);
	void (*on_close)(void *ud, enum close_kind kind, const char *detail);
};

/* Numeric address (IPv4 or IPv6) and port; the result arrives in on_open or on_close. NULL only if the address is not
 * numeric. */
struct conn *conn_connect(
		uv_loop_t *loop, const char *address, int port, const struct conn_callbacks *callbacks, void *ud);

void conn_send(struct conn *c, const char *data, size_t len); /* copied; queued until open or secured */

/* From now on every octet leaves in a write of its own. */
void conn_trickle(struct conn *c);

/* Starts TLS as client (RFC 6120 section 5.4.3.3); octets sent from now on go through it. sni may be NULL. Certificates
 * are not verified unless ca_file is given. Returns 0 or ERR_TLS. */
int conn_start_tls_client(struct conn *c, const char *sni, const char *ca_file);
/* Starts TLS as server, with PEM files; octets sent from now on go through it. Returns 0 or ERR_TLS. */
int conn_start_tls_server(struct conn *c, const char *certificate_file, const char *key_file);
/* Starts TLS between servers, either side. Returns 0 or ERR_TLS. */
int conn_start_tls(struct conn *c, const struct tls_setup *setup);
int conn_is_secured(const struct conn *c);
const struct tls *conn_tls(const struct conn *c); /* NULL where none was started */

void conn_finish(struct conn *c);  /* flush, then FIN; on_close when the other side ends too */
void conn_reset(struct conn *c);   /* TCP reset, behind what was sent, as far as the socket takes that at once */
void conn_destroy(struct conn *c); /* NULL is allowed */

/* A listener on address:port (0: any free port). */
struct listener;
typedef void (*listener_accept)(void *ud, struct conn *accepted);

/* NULL on error; *error then holds one line for the user ("127.0.0.1:5269: address already in use") to free(). */
struct listener *listener_create(
		uv_loop_t *loop, const char *address, int port, listener_accept on_accept, void *ud, char **error);
struct conn *conn_accept(uv_stream_t *server); /* for the listener; NULL if there is nothing to accept */
int listener_port(const struct listener *l);
void conn_set_callbacks(
		struct conn *c, const struct conn_callbacks *callbacks, void *ud); /* for accepted ones, inside on_accept */
void listener_destroy(struct listener *l);								   /* NULL is allowed */

#endif
