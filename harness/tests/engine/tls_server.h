/* A TLS server over an accepted conn; key and certificate are made here and live in memory. */
#ifndef TESTS_TLS_SERVER_H
#define TESTS_TLS_SERVER_H

#include "base/buf.h"
#include "wire/conn.h"

#include <openssl/ssl.h>

/* base/err.h is not for files with OpenSSL in them: both have an ERR_STATE. */

struct tls_server {
	struct conn *c;
	SSL *ssl;
	BIO *in, *out;
	struct buf clear; /* what it read */
	int echo, handshake_done, failed, ended, closed;
	char sni[64];
};

/* For srv.test; made once, needed by all servers. */
void make_certificate(void);
/* Path of a file in memory with the certificate; the descriptor is for the caller to close. */
int certificate_file(char path[64]);
void forget_certificate(void);

struct tls_server *tls_server_create(struct conn *c);
void tls_server_write(struct tls_server *t, const char *data, size_t len);
void tls_server_flush(struct tls_server *t);   /* what it has to say goes to the conn */
void tls_server_destroy(struct tls_server *t); /* not the conn */

#endif
