/* What the files of the peer module share: peer.c (domains and the public calls), pair.c (our direction of a domain
 * pair), s2s_stream.c (one TCP connection), s2s_negotiate.c (TLS and SASL on it), s2s_inbound.c (the target's
 * direction). No other module includes this. */
#ifndef ACTORS_PEER_PARTS_H
#define ACTORS_PEER_PARTS_H

#include "actors/peer.h"
#include "wire/stream.h"

#include <netinet/in.h>

struct s2s;

struct door {
	struct peers *ps;
	const char *name;
	char address[INET6_ADDRSTRLEN];
	struct listener *listener; /* NULL: the machine does not have it */
};

struct peers {
	uv_loop_t *loop;
	struct listener *listener;
	struct door doors[PEER_DOORS];
	int hole[3]; /* a listening socket, and those that fill its queue; -1: none */
	int hole_port;
	char *listen_address;
	char *s2s_address; /* NULL until it is known */
	int s2s_port, tls_port;
	const struct authority *authority; /* NULL: no TLS */
	char *secret;
	unsigned long ids; /* stream ids given out */
	struct recorder *recorder;
	const struct peers_callbacks *callbacks;
	void *ud;
	struct peer **buckets; /* hash table by domain; bucket_count is a power of 2 */
	size_t bucket_count;
	size_t peer_count;
	struct s2s *strays; /* inbound streams that named no peer so far */
	uv_timer_t *sweep;	/* lets parsers of silent streams rest */
};

struct peer {
	struct peers *ps;
	struct peer *next; /* in the bucket */
	char *domain;
	void *owner;
	struct pair *pairs; /* one for each domain of the target */
	struct s2s *streams;
	enum peer_hold hold;
	const char *refusal; /* type of the answer to the target's keys, or NULL */
	struct peer_security security;
	struct peer_manner manner;
	struct certificate *certificate; /* made for the first stream that needs it */
};

/* Our direction, from a peer to one domain of the target. */
enum pair_state {
	PAIR_IDLE,	 /* nothing of ours to be sent; a stream may serve db:verify only */
	PAIR_BARE,	 /* a stream without dialback of ours: octets go out as they stand */
	PAIR_WANTED, /* db:result goes out as soon as the stream is open */
	PAIR_ASKED,	 /* db:result is out */
	PAIR_CONNECTED
};

struct chunk {
	struct chunk *next;
	size_t len;
	char octets[];
};

struct pair {
	struct pair *next; /* of the peer */
	struct peer *peer;
	char *target;
	enum pair_state state;
	struct s2s *out; /* NULL while there is no stream of ours */
	struct chunk *queue;
	struct chunk **queue_end;
	struct claim *claims;
	char *header; /* in the place of the stream header, or NULL */
};

/* The target's db:result for a pair: its key is verified with the target over our own stream of that pair. */
enum claim_state { CLAIM_WAITING, CLAIM_ASKED, CLAIM_HELD, CLAIM_VALID };

struct claim {
	struct claim *pair_next, *in_next;
	struct pair *pair;
	struct s2s *in; /* the stream that the key came on */
	char *key;
	enum claim_state state;
	const char *verdict, *condition; /* CLAIM_HELD: what is to be answered */
};

/* One TCP connection with one stream in each direction. */
struct s2s {
	struct s2s *prev, *next; /* of the peer or the strays */
	struct peers *ps;
	struct peer *peer; /* NULL: a stray */
	struct pair *pair; /* outbound: what it serves; NULL once the pair has given it up */
	struct conn *conn;
	const char *door; /* inbound: where it came in */
	struct stream_parser *parser;
	struct claim *claims; /* inbound */
	uv_timer_t *timer;	  /* runs while our end waits for the target's */
	int number;
	int outbound;
	int established;  /* TCP */
	int open;		  /* outbound: dialback elements may be sent */
	int version1;	  /* the target's header said version 1.0 */
	int bidi;		  /* outbound: two-way by XEP-0288 */
	int may_external; /* outbound: EXTERNAL was offered */
	int sasl_tried;	  /* outbound: EXTERNAL was asked for */
	int external;	  /* outbound: the target took it; inbound: we took the target's, for the domain opener */
	int header_sent;
	int end_sent;
	int end_seen;
	int target_began; /* the target ended the stream first */
	int end_told;	  /* on_ended was called */
	int header_held;  /* inbound: our header is still to come ... */
	char *opener;	  /* ... to this domain, or NULL */
	int silent;		  /* sweeps since octets came last */
	int busy;		  /* calls of ours that still need it */
	int dead;		  /* destroyed while busy */
	char *id;		  /* stream id: ours if inbound, else the target's */
	char *content_ns;
	char *condition; /* stream error of the target, or NULL */
};

/* peer.c */
char *domain_of(const char *jid);									  /* lower case, caller frees; NULL gives NULL */
struct peer *peers_within(const struct peers *ps, const char *name);  /* whose domain is a part of name, or NULL */
struct peer *peers_find_jid(const struct peers *ps, const char *jid); /* by the domain of an address; NULL is allowed */

/* doors.c */
void doors_open(struct peers *ps, const char *address); /* those that can be had */
void doors_close(struct peers *ps);

/* pair.c */
struct pair *pair_find(const struct peer *p, const char *target);
struct pair *pair_get(struct peer *p, const char *target); /* makes it where there is none */
void pair_want(struct pair *pair);						   /* has our key verified, opens a stream if needed */
void pair_bare(struct pair *pair, const char *header);	   /* header may be NULL */
void pair_queue(struct pair *pair, const char *octets, size_t len);
void pair_claim(struct pair *pair, struct s2s *in, const char *key); /* begins to verify a key of the target */
void pair_release(struct pair *pair);								 /* sends the answers that were held back */
int pair_validated(const struct pair *pair, const struct s2s *in);
void pair_forget_stream(struct s2s *in);					  /* an inbound stream goes: its claims go with it */
void pair_open(struct pair *pair);							  /* its stream can carry dialback now */
void pair_dialback(struct pair *pair, struct stanza *stanza); /* an answer came in on its stream */
/* Its stream is gone or of no use: what waits for it is lost. claim_condition: what the target is told about its own
 * keys. */
void pair_lost(struct pair *pair, const char *reason, const char *claim_condition);
void pair_abandon(struct pair *pair); /* lets go of its stream and forgets what waits, without a callback */
void pair_destroy(struct pair *pair);

/* s2s_stream.c */
struct s2s *s2s_accept(struct peers *ps, struct conn *conn, const char *door);
struct s2s *s2s_connect(struct pair *pair);							  /* NULL if the target's address is of no use */
void s2s_adopt(struct s2s *s, struct peer *p);						  /* a stray has named its peer */
int s2s_record(struct s2s *s, struct record r, const struct peer *p); /* owner and stream are filled in; the line */
void s2s_send_header(struct s2s *s, const char *to);
void s2s_begin(struct s2s *s); /* outbound: the header, as its pair wants it */
void s2s_send_raw_header(struct s2s *s, const char *octets);
void s2s_send(struct s2s *s, const char *octets, size_t len); /* recorded as one record; ignored after our end */
void s2s_close(struct s2s *s); /* </stream:stream>, and FIN after the target's (RFC 6120 section 4.4) or 2 s */
void s2s_end(struct s2s *s);   /* </stream:stream> and FIN */
void s2s_error(struct s2s *s, const char *condition); /* stream error, then s2s_end() */
void s2s_fall_silent(struct s2s *s);				  /* FIN without </stream:stream> */
void s2s_sweep(struct s2s *s);						  /* called once a second */
void s2s_destroy(struct s2s *s);

/* s2s_negotiate.c */
/* What the target's features allow or ask for before dialback. 1: a step was taken, another stream or its end follows.
 */
int negotiate_features(struct s2s *s, const struct stanza *features);
/* Outbound: asks for EXTERNAL where that was offered and is the peer's way. 0: it is not. */
int negotiate_external(struct s2s *s);
/* 1: it was an element of TLS or SASL, and is done with. */
int negotiate_element(struct s2s *s, const struct stanza *stanza);
void negotiate_secured(struct s2s *s); /* the handshake is complete */
void negotiate_accept(struct s2s *s);  /* inbound: TLS begins with the first octet (XEP-0368) */
void negotiate_direct(struct s2s *s);  /* outbound: the same */
void negotiate_offer(struct s2s *s);   /* inbound: sends our features */
/* Inbound: nothing but TLS may be negotiated now. */
int negotiate_insists(const struct s2s *s);

/* s2s_inbound.c */
void inbound_header(struct s2s *s, const struct stream_header *header);
void inbound_release(struct s2s *s);					   /* sends the header that was held back, if one was */
void inbound_refuse(struct s2s *s, const char *condition); /* a stream error, behind the header */
void inbound_dialback(struct s2s *s, struct stanza *stanza);

#endif
