/* The recording relay of one client session: libstrophe connects to it on loopback, it connects to the target, does TLS
 * there, and carries octets unchanged while two parsers tell the recorder and the session what they mean. After the
 * login the session speaks and listens for itself: libstrophe would only parse everything a second time. */
#ifndef ACTORS_RELAY_H
#define ACTORS_RELAY_H

#include "actors/record.h"
#include "actors/session.h"

struct relay;

struct relay_callbacks {
	/* An element at depth 1, in either direction, and each header of the target as an element; borrowed. */
	void (*on_element)(void *ud, struct stanza *stanza, int from_target);
	/* The target's connection is gone, or never came about; reason is one line for people. Comes once. */
	void (*on_closed)(void *ud, enum close_kind kind, const char *reason);
};

struct relay_config {
	uv_loop_t *loop;
	const char *address; /* of the target */
	int port;
	enum session_tls tls;
	const char *ca_file;
	const char *domain; /* for the relay's own stream header and as TLS server name */
	struct recorder *recorder;
	void *owner;
	const struct relay_callbacks *callbacks;
	void *ud;
};

/* Listens on loopback and begins to connect to the target. NULL on error, with *error for the user to free(). */
struct relay *relay_create(const struct relay_config *config, char **error);
int relay_port(const struct relay *r);
void relay_set_owner(struct relay *r, void *owner);
void relay_settle(struct relay *r);		  /* the login is over */
void relay_dismiss(struct relay *r);	  /* ... and libstrophe is not needed any more */
void relay_begin_stream(struct relay *r); /* instead of libstrophe: sends a header when it can */
void relay_end_stream(struct relay *r);	  /* </stream:stream>; the target's is waited for */
int relay_is_open(const struct relay *r); /* what is said now is not about TLS any more */
void relay_send(struct relay *r, const char *octets, size_t len);		/* as the client, after the login */
void relay_send_built(struct relay *r, const char *octets, size_t len); /* ... one stanza, written from a tree */
const char *relay_progress(const struct relay *r);						/* what the relay waits for, for a reason */
const char *relay_condition(const struct relay *r);						/* stream error of the target, or NULL */
int relay_end_seen(const struct relay *r);								/* the target sent </stream:stream> */
void relay_reset(struct relay *r);	 /* drops the target's connection; on_closed follows */
void relay_destroy(struct relay *r); /* NULL is allowed, also inside its callbacks */

#endif
