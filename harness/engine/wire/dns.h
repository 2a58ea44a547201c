/* The engine's DNS responder: authoritative for the zone of the fake peers (RFC 1035, RFC 2782).
 *
 * SRV _xmpp-server._tcp.<name under the zone> gives the peers' port at <name>, or at the peers' address itself for
 * servers that ask somebody else for A records; A of any name under the zone gives the peers' address; a dotted-quad
 * name under no zone gives that address (ejabberd asks for it). _xmpps-server and AAAA get NODATA/NXDOMAIN as fits
 * unless a label says otherwise, names outside the zone NXDOMAIN. TTL 0.
 *
 * The first label of a name may say, for scenarios, what DNS knows of it; see below. */
#ifndef WIRE_DNS_H
#define WIRE_DNS_H

#include <netinet/in.h>
#include <stddef.h>
#include <uv.h>

#define DNS_NO_NAME "no-name"		  /* it does not exist */
#define DNS_FAILURE "dns-failure"	  /* SERVFAIL to every question */
#define DNS_SILENCE "dns-silence"	  /* no answer to any question */
#define DNS_CLOSED_PORT "closed-port" /* SRV leads to a port that nobody listens on */
#define DNS_BLACK_HOLE "black-hole"	  /* ... to one that neither accepts nor refuses */
#define DNS_PRIORITIES                                                                                                 \
	"priorities" /* two SRV records: the peers' port, and before it in the answer, but with a higher                   \
				  * number for priority, backup_port */
#define DNS_CLOSED_FIRST                                                                                               \
	"closed-first"					/* two SRV records: to a closed port, and for when that fails the peers' port      \
									 */
#define DNS_NO_SRV "no-srv"			/* no SRV records; its address is default_address */
#define DNS_WILDCARD "wildcard"		/* the same, but every name below it exists, as with *.name */
#define DNS_IPV6 "ipv6"				/* SRV leads to ipv6_port, and the only address is ::1 */
#define DNS_DIRECT_TLS "direct-tls" /* its only SRV record is _xmpps-server._tcp, to tls_port (XEP-0368) */

struct dns_zone {
	const char *name; /* "peers.test", lower case, no final dot */
	struct in_addr address;
	int port;
	/* For names of their own kind. */
	int backup_port, hole_port, ipv6_port, tls_port;
	struct in_addr default_address; /* somebody listens at port 5269 */
	int srv_names_address;			/* the target of SRV records is the address, written as a name */
};

/* Reads the question: its name in lower case without final dot ("?" for octets that no host name has), and its type. 1
 * if the query can be answered, 0 if it is to be dropped. */
int dns_question(const unsigned char *query, size_t len, char name[256], int *type);

/* Pure: answers one query. Returns the length written to out (at least 512 octets), or 0 where the query is to be
 * dropped (not a query, malformed, or DNS_SILENCE). Never reads beyond len. */
size_t dns_answer(const struct dns_zone *zone, const unsigned char *query, size_t len, unsigned char *out, size_t cap);

struct dns_server;

/* Binds UDP address:port (0: any). zone->name is copied. on_query (may be NULL) is told each question's name and type
 * for the journal. NULL on error with *error as in listener_create(). */
struct dns_server *dns_create(uv_loop_t *loop, const char *address, int port, const struct dns_zone *zone,
		void (*on_query)(void *ud, const char *name, int type), void *ud, char **error);
int dns_port(const struct dns_server *s);
void dns_set_peers_port(struct dns_server *s, int port);
void dns_destroy(struct dns_server *s); /* NULL is allowed */

#endif
