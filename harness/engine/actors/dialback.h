/* Dialback keys and stream ids (XEP-0220 section 2.4 and XEP-0185), without I/O. */
#ifndef ACTORS_DIALBACK_H
#define ACTORS_DIALBACK_H

#define DIALBACK_KEY_CHARS 64
#define DIALBACK_ID_CHARS 24

/* HMAC-SHA256 over "receiving originating stream-id" with the hex SHA-256 of the secret as key, in lower-case hex
 * (XEP-0185 section 2). key has room for 65 characters. */
void dialback_key(const char *secret, const char *receiving, const char *originating, const char *stream_id,
		char key[DIALBACK_KEY_CHARS + 1]);

/* The number-th stream id that belongs to the secret: nobody without the secret can guess it (RFC 6120 section 4.7.3),
 * and a run with the same secret has the same ids. */
void dialback_stream_id(const char *secret, unsigned long number, char id[DIALBACK_ID_CHARS + 1]);

#endif
