/* TLS over memory, as client or server: ciphertext goes in and out as octets, no socket is known here. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include "base/buf.h"
#include "wire/certificate.h"

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

/* Either side between servers: shows its own certificate, asks for the other's, and goes on whatever that is;
 * tls_covers() tells. Strings and objects are borrowed for the call. */
struct tls_setup {
	int server;							   /* which side we are */
	const char *sni;					   /* or NULL */
	const struct certificate *certificate; /* ours; NULL (as client only): none */
	const struct authority *authority;	   /* what the other's is checked with; NULL: nothing covers */
	int at_most_1_2;					   /* TLS 1.3 is not spoken */
	int direct;							   /* no STARTTLS before: says by ALPN what is spoken (XEP-0368) */
	/* As server, instead of a certificate: gives the one for the name that the client asks for, borrowed; NULL refuses
	 * it. Comes once, inside tls_read(). */
	const struct certificate *(*pick)(void *ud, const char *name);
	void *ud;
};

struct tls *tls_create(const struct tls_setup *setup); /* NULL where it cannot be used */

/* After the handshake: did the other side show a valid certificate for that domain (RFC 6120 section 13.7.2)? */
int tls_covers(const struct tls *t, const char *domain);
/* The name alone: does its certificate, valid or not, name that domain? */
int tls_names(const struct tls *t, const char *domain);
/* Why its certificate is not valid, whatever the domain: one line, "" where it is valid. */
const char *tls_objection(const struct tls *t);
const char *tls_version(const struct tls *t); /* "TLSv1.3" */

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
