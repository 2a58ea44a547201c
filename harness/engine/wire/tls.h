/* TLS over memory, as client or server: ciphertext goes in and out as octets, no socket is known here. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include "base/buf.h"

#include <stddef.h>

enum tls_state {
	TLS_HANDSHAKE,
	TLS_OPEN,
	TLS_ENDED, /* the other side sent close_notify; writing is still possible */
	TLS_FAILED
};

struct tls;

/* sni may be NULL. Without ca_file nothing is verified; with it, the chain, and the name if sni is given. NULL where
 * ca_file cannot be read or sni cannot be a name. */
struct tls *tls_create_client(const char *sni, const char *ca_file);

/* The server's side, with a certificate chain and its key from PEM files; the client is not asked for one. NULL where
 * they cannot be used. */
struct tls *tls_create_server(const char *certificate_file, const char *key_file);

/* Ciphertext from the wire. */
void tls_receive(struct tls *t, const char *data, size_t len);

/* Goes on with the handshake, or reads plaintext: returns the number of octets, 0 where there are no more now. Look at
 * tls_state() after it. */
size_t tls_read(struct tls *t, char *data, size_t cap);
enum tls_state tls_state(const struct tls *t);

void tls_write(struct tls *t, const char *data, size_t len); /* only in TLS_OPEN and TLS_ENDED */
void tls_finish(struct tls *t);								 /* close_notify */

/* Moves the ciphertext that is to be sent to the end of out. To be called after each of the functions above. */
void tls_output(struct tls *t, struct buf *out);

const char *tls_error(const struct tls *t); /* one line; "" if there was none */
void tls_destroy(struct tls *t);			/* NULL is allowed */

#endif
