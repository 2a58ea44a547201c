/* External components of the target (XEP-0114, jabber:component:accept): each connects to the target's component port,
 * proves that it knows the secret and then sends and receives stanzas for one domain. It answers no stanza by itself.
 */
#ifndef ACTORS_COMPONENT_H
#define ACTORS_COMPONENT_H

#include "actors/record.h"
#include "wire/conn.h"
#include "wire/stanza.h"

#include <uv.h>

struct component;
struct components;

struct components_callbacks {
	/* The handshake was accepted; of a bare one: the target's stream header came. */
	void (*on_ready)(void *ud, struct component *c);
	/* It never got that far; reason is one line for people and holds no secret. The component is dead, destroy it. */
	void (*on_failed)(void *ud, struct component *c, const char *reason);
	void (*on_stanza)(void *ud, struct component *c, struct stanza *stanza);
	/* The target was the first to end the stream. how: "error" (then condition says which), "end"
	 * ("</stream:stream>"), "fin" or "reset". on_closed follows, also for a component that was not ready. */
	void (*on_ended)(void *ud, struct component *c, const char *how, const char *condition);
	/* Came to its end after it was ready. condition: stream error of the target, or NULL; end: "</stream:stream>" was
	 * seen. The component is dead, destroy it. */
	void (*on_closed)(void *ud, struct component *c, enum close_kind kind, const char *condition, int end);
};

struct components_config {
	uv_loop_t *loop;
	const char *address; /* of the target */
	int port;
	const char *secret; /* of all components */
	struct recorder *recorder;
	const struct components_callbacks *callbacks;
	void *ud;
};

/* Strings of config are copied. */
struct components *components_create(const struct components_config *config);
void components_set_port(struct components *cs, int port);
int components_any(const struct components *cs); /* whether one lives, closing ones included */
void components_destroy(struct components *cs);	 /* destroys all of them; NULL is allowed */

/* Connects and authenticates for that domain; on_ready or on_failed follows, never inside this call. bare: only the
 * stream is opened; what is sent goes out without a handshake. owner is what records and component_owner() give back.
 */
struct component *component_create(struct components *cs, const char *domain, int bare, void *owner);
void *component_owner(const struct component *c);
int component_is_bare(const struct component *c);
int component_is_ready(const struct component *c);
void component_send(struct component *c, const char *octets, size_t len); /* ignored unless it is ready */
void component_disconnect(struct component *c); /* </stream:stream>; on_closed follows, or on_failed before on_ready */
void component_destroy(struct component *c);	/* NULL is allowed, also inside callbacks */

/* The proof of section 3: SHA-1 of stream id and secret, in hexadecimal and lower case. Caller frees. */
char *component_proof(const char *stream_id, const char *secret);

#endif
