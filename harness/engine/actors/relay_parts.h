/* What the files of the relay share: relay.c (connections), relay_streams.c (what the octets mean). */
#ifndef ACTORS_RELAY_PARTS_H
#define ACTORS_RELAY_PARTS_H

#include "actors/relay.h"
#include "base/buf.h"
#include "wire/stream.h"

/* What the connection to the target is at. Octets of the client wait until PHASE_OPEN. */
enum phase { PHASE_CONNECTING, PHASE_STARTTLS, PHASE_TLS, PHASE_OPEN, PHASE_CLOSED };

struct relay {
	const struct relay_callbacks *callbacks;
	void *ud;
	struct recorder *recorder;
	void *owner;
	enum session_tls tls;
	char *address, *ca_file, *domain;
	int port;
	int number;
	enum phase phase;
	struct listener *listener;
	struct conn *client, *target;
	struct stream_parser *from_client, *from_target;
	struct buf waiting; /* octets of the client that came before PHASE_OPEN */
	int settled;		/* the login is over: what the target sends is not carried on */
	int client_lost;	/* the client's octets are no XML any more */
	int header_sent, end_sent, end_seen, target_began;
	char *condition; /* stream error of the target */
	char *reason;	 /* why the relay itself ended it */
	int busy, dead;
};

/* relay.c */
int relay_record(const struct relay *r, struct record record); /* fills in owner and stream; the line */
void relay_send_own(
		struct relay *r, enum record_kind kind, const char *octets, size_t len); /* octets of the relay's own */
void relay_end_target(struct relay *r); /* </stream:stream> if a stream is open, and FIN */
void relay_give_up(struct relay *r, const char *reason);
void relay_start_tls(struct relay *r);

/* relay_streams.c */
extern const struct stream_callbacks relay_client_parser, relay_target_parser;

#endif
