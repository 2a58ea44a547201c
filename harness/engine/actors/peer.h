/* Fake peer servers: any number of domains on one listener, server dialback both ways (XEP-0220), and where the run has
 * an authority for certificates STARTTLS and SASL EXTERNAL both ways (XEP-0178).
 *
 * A peer behaves like a correct server as far as streams go: it opens a stream to the target on demand, has its key
 * verified, answers db:verify for its keys, and verifies the target's keys with the target before it accepts stanzas
 * from it. It answers no stanza by itself. */
#ifndef ACTORS_PEER_H
#define ACTORS_PEER_H

#include "actors/record.h"
#include "wire/certificate.h"
#include "wire/conn.h"
#include "wire/stanza.h"

#include <uv.h>

struct peer;
struct peers;

/* Where a stanza came from. */
struct peer_arrival {
	int stream;				/* as in struct record */
	int opened_by_target;	/* 0: it came back on the stream that the peer opened, which is one-way without bidi */
	int bidi;				/* 1: on such a stream, two-way by XEP-0288; 2: and the peer is authenticated on it */
	int validated;			/* the stanza's from domain was validated on this stream, for the peer that gets it */
	const char *content_ns; /* default namespace of the stream */
};

struct peers_callbacks {
	/* A top-level element that is not stream management: features, stream errors, dialback, TLS and SASL are handled
	 * inside, except for an answer to a db:verify that the peer itself did not send, and to SASL that it did not begin.
	 */
	void (*on_stanza)(void *ud, struct peer *peer, struct stanza *stanza, const struct peer_arrival *arrival);
	/* peer may send to that domain of the target now. */
	void (*on_connected)(void *ud, struct peer *peer, const char *target_domain);
	/* What was queued for that domain is lost; reason is one line for people ("dialback: the target answered invalid").
	 */
	void (*on_failed)(void *ud, struct peer *peer, const char *target_domain, const char *reason);
	/* A stream that belonged to peer is gone; condition: stream error of the target, or NULL; end: "</stream:stream>"
	 * was seen. */
	void (*on_closed)(void *ud, struct peer *peer, int stream, enum close_kind kind, const char *condition, int end);
	/* With what the target begins a stream that the peer opened: its header (as an element), its features. Also the
	 * header of a stream to a name that no peer has, but that holds the domain of this one. */
	void (*on_opening)(void *ud, struct peer *peer, struct stanza *stanza);
	/* The stream of peer_open() can be used. */
	void (*on_opened)(void *ud, struct peer *peer, const char *target_domain);
	/* The target opened a stream to peer, at the port that the name says: "main" or that of a door. */
	void (*on_visited)(void *ud, struct peer *peer, const char *door);
	/* The target was the first to end a stream that peer opened. how: "error" (then condition says which), "end"
	 * ("</stream:stream>"), "fin" or "reset". Before on_closed. */
	void (*on_ended)(void *ud, struct peer *peer, const char *how, const char *condition);
};

/* What a peer does not send, for the time being, on streams that the target opened. */
enum peer_hold {
	PEER_HOLDS_NOTHING,
	PEER_HOLDS_ANSWERS, /* what became of the target's key */
	PEER_HOLDS_ALL		/* not even a stream header */
};

enum peer_tls {
	PEER_TLS_OFFERED,  /* it offers STARTTLS, and uses it where the target offers it */
	PEER_TLS_REQUIRED, /* it takes and sends nothing without */
	PEER_TLS_NONE
};

/* All zero: a correct server with a right certificate. Without an authority in peers_config there is no TLS at all. */
struct peer_security {
	enum peer_tls tls;
	enum certificate_flaw certificate; /* of its own */
	int at_most_1_2;				   /* TLS 1.3 is not spoken */
	int dialback_only;				   /* SASL EXTERNAL is neither offered nor used */
	int bidi;						   /* its own streams become two-way where the target offers it (XEP-0288) */
	int direct;						   /* its own streams go to the target's port for direct TLS (XEP-0368) */
};

/* Ports beside that of peers_port(): another one, 5269 of another address, one of ::1, one where TLS begins at once. */
enum peer_door { PEER_DOOR_BACKUP, PEER_DOOR_DEFAULT, PEER_DOOR_IPV6, PEER_DOOR_TLS, PEER_DOORS };

/* All zero: a correct server of today. */
struct peer_manner {
	int before_1_0; /* its streams have no version, no features, no TLS: dialback only (RFC 3920 section 4.4.1) */
	int trickles;	/* each octet leaves alone */
};

struct peers_config {
	uv_loop_t *loop;
	const char *listen_address; /* port 0: any free one */
	int listen_port;
	const char *s2s_address; /* of the target; may be set later, before the first send */
	int s2s_port;
	const struct authority *authority; /* issues the peers' certificates and judges the target's; NULL: no TLS. Kept */
	const char *secret;				   /* for dialback keys and stream ids; the run's seed makes it repeatable */
	struct recorder *recorder;
	const struct peers_callbacks *callbacks;
	void *ud;
};

/* NULL on error, *error is then one line for the user to free(). Strings of config are copied. */
struct peers *peers_create(const struct peers_config *config, char **error);
int peers_port(const struct peers *ps);
int peers_door_port(const struct peers *ps, enum peer_door door); /* 0: the machine does not have it */
const char *peers_door_address(const struct peers *ps, enum peer_door door);
int peers_hole_port(
		const struct peers *ps); /* a port of the peers' address that neither accepts nor refuses; 0: none */
void peers_set_target(struct peers *ps, const char *s2s_address, int s2s_port);
void peers_set_tls_port(struct peers *ps, int port); /* of the target, for direct TLS */
/* Connections that are open or closing, of all peers. */
size_t peers_streams(const struct peers *ps);
void peers_destroy(struct peers *ps); /* destroys all peers and connections; NULL is allowed */

/* A new domain (lower case). owner is what records and peer_owner() give back. */
struct peer *peer_create(struct peers *ps, const char *domain, void *owner);
struct peer *peers_find(const struct peers *ps, const char *domain); /* NULL if there is none */
const char *peer_domain(const struct peer *p);
void *peer_owner(const struct peer *p);

/* Sends octets (one or more complete stanzas) to a domain of the target, opening and authenticating a stream first
 * where there is none. Order is kept. */
void peer_send(struct peer *p, const char *target_domain, const char *octets, size_t len);
/* Sends octets on the stream of peer_open(), or as soon as it is there; 0 if it is gone and they are lost. */
int peer_send_bare(struct peer *p, const char *target_domain, const char *octets, size_t len);
/* Opens and authenticates without sending; on_connected or on_failed follows (on_connected at once where it is open).
 */
void peer_connect(struct peer *p, const char *target_domain);
/* Opens a stream without authenticating: what is sent from now on goes out on it as it stands, until it ends or
 * peer_connect() is called. header: octets in the place of the stream header, or NULL. on_opened, on_ended or on_failed
 * follows. A stream to that domain that is open already is ended first. */
void peer_open(struct peer *p, const char *target_domain, const char *header);
/* From now on; with PEER_HOLDS_NOTHING what was held back is sent. */
void peer_hold(struct peer *p, enum peer_hold hold);
/* What the peer answers to the target's keys without asking: "valid", "invalid", "error", or NULL to verify them. */
void peer_refuse(struct peer *p, const char *type);
/* For streams from now on. */
void peer_secure(struct peer *p, const struct peer_security *security);
void peer_behave(struct peer *p, const struct peer_manner *manner);
/* Its streams that are open or closing: those that it opened, or all. */
size_t peer_streams(const struct peer *p, int all);
/* Ends all streams of the peer: with </stream:stream>, and FIN once the target has ended its side (or after 2 s), or
 * (reset) with TCP resets. What was queued is lost without on_failed. */
void peer_disconnect(struct peer *p, int reset);
/* Ends its direction of the streams that it opened, with FIN and without a word; what is sent later takes new ones. */
void peer_half_close(struct peer *p);
/* Ends the streams that the target opened to it with that stream error, also where the target still waits for a header.
 */
void peer_end_visits(struct peer *p, const char *condition);
void peer_destroy(struct peer *p);

#endif
