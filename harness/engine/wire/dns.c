#include "wire/dns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Numbers of RFC 1035 section 3.2 and 4.1. */
enum { TYPE_A = 1, TYPE_SOA = 6, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_ANY = 255 };
enum { CLASS_IN = 1, CLASS_ANY = 255 };
enum { RCODE_OK = 0, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5 };
enum { HEADER = 12, FLAG_QR = 0x8000, FLAG_AA = 0x0400, FLAG_TC = 0x0200, FLAG_RD = 0x0100, FLAG_RA = 0x0080 };

enum { CLOSED_PORT = 1 }; /* tcpmux: hosts that serve it are not met any more */

#define SRV_PREFIX "_xmpp-server._tcp."
#define TLS_SRV_PREFIX "_xmpps-server._tcp."

struct question {
	char name[256];			 /* lower case, without final dot */
	const unsigned char *at; /* the name as it stands in the query ... */
	size_t octets;			 /* ... with its final zero octet */
	unsigned type, class, flags;
};

static unsigned read16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* A question has nothing before it that its name could point to, so a compressed name is malformed here. */
static size_t read_name(const unsigned char *p, size_t len, char name[256])
{
	size_t at = 0, out = 0;
	while (at < len && p[at]) {
		size_t label = p[at++];
		if (label > 63 || label >= len - at || at + label > 254) {
			return 0;
		}
		if (out) {
			name[out++] = '.';
		}
		for (; label; label--, at++) {
			int c = tolower(p[at]);
			name[out++] = isalnum(c) || c == '-' || c == '_' ? (char)c : '?';
		}
	}
	name[out] = '\0';
	return at < len ? at + 1 : 0;
}

static int read_question(const unsigned char *query, size_t len, struct question *q)
{
	if (len < HEADER + 5 || query[2] & 0x80 || read16(query + 4) != 1) {
		return 0;
	}
	q->at = query + HEADER;
	q->octets = read_name(q->at, len - HEADER, q->name);
	if (!q->octets || len - HEADER - q->octets < 4) {
		return 0;
	}
	q->flags = read16(query + 2);
	q->type = read16(q->at + q->octets);
	q->class = read16(q->at + q->octets + 2);
	return 1; /* what follows (EDNS, padding) does not matter for the answer */
}

int dns_question(const unsigned char *query, size_t len, char name[256], int *type)
{
	struct question q;
	if (!read_question(query, len, &q)) {
		return 0;
	}
	memcpy(name, q.name, sizeof q.name);
	*type = (int)q.type;
	return 1;
}

/* ---- what the answer is ---- */

enum { SERVICES_MAX = 2 };

struct answer {
	unsigned rcode;
	unsigned type;			/* of the records, 0 if there are none */
	struct in_addr address; /* A */
	size_t target;			/* SRV: where in the question's name the target begins */
	struct service {
		unsigned priority, weight;
		int port;
	} services[SERVICES_MAX];
	size_t count; /* of records */
	int in_zone;
	int silent;
};

static int in_zone(const struct dns_zone *zone, const char *name)
{
	size_t len = strlen(name), zone_len = strlen(zone->name);
	return len >= zone_len && strcmp(name + len - zone_len, zone->name) == 0 &&
		   (len == zone_len || name[len - zone_len - 1] == '.');
}

static int asks_for(const struct question *q, unsigned type)
{
	return q->type == type || q->type == TYPE_ANY;
}

static int begins(const char *name, const char *label)
{
	size_t len = strlen(label);
	return strncmp(name, label, len) == 0 && name[len] == '.';
}

static void add_service(struct answer *a, unsigned priority, unsigned weight, int port)
{
	a->services[a->count++] = (struct service){.priority = priority, .weight = weight, .port = port};
}

static void answer_srv(const struct dns_zone *zone, const char *host, struct answer *a)
{
	a->type = TYPE_SRV;
	if (begins(host, DNS_NO_SRV) || begins(host, DNS_DIRECT_TLS)) {
		a->type = 0;
		a->rcode = RCODE_NXDOMAIN;
	} else if (begins(host, DNS_WILDCARD)) {
		a->type = 0;
	} else if (begins(host, DNS_CLOSED_PORT)) {
		add_service(a, 0, 0, CLOSED_PORT);
	} else if (begins(host, DNS_BLACK_HOLE)) {
		add_service(a, 0, 0, zone->hole_port);
	} else if (begins(host, DNS_IPV6)) {
		add_service(a, 0, 0, zone->ipv6_port);
	} else if (begins(host, DNS_PRIORITIES)) {
		add_service(a, 20, 100, zone->backup_port);
		add_service(a, 10, 0, zone->port);
	} else if (begins(host, DNS_CLOSED_FIRST)) {
		add_service(a, 20, 100, zone->port);
		add_service(a, 10, 0, CLOSED_PORT);
	} else {
		add_service(a, 0, 0, zone->port);
	}
}

static void answer_address(const struct dns_zone *zone, const struct question *q, struct answer *a)
{
	unsigned family = begins(q->name, DNS_IPV6) ? TYPE_AAAA : TYPE_A;
	int elsewhere = begins(q->name, DNS_NO_SRV) || begins(q->name, DNS_WILDCARD);
	a->address = elsewhere ? zone->default_address : zone->address;
	if (asks_for(q, family)) {
		a->type = family;
		a->count = 1;
	}
}

/* Whose direct TLS is asked for; "" where it is something else. */
static const char *secure_host(const char *name)
{
	static const size_t prefix = sizeof TLS_SRV_PREFIX - 1;
	return strncmp(name, TLS_SRV_PREFIX, prefix) == 0 ? name + prefix : "";
}

static void answer_name(const struct dns_zone *zone, const struct question *q, struct answer *a)
{
	static const size_t prefix = sizeof SRV_PREFIX - 1;
	if (inet_pton(AF_INET, q->name, &a->address) == 1) {
		a->type = asks_for(q, TYPE_A) ? TYPE_A : 0;
		a->count = a->type != 0;
		return;
	}
	a->in_zone = in_zone(zone, q->name);
	int srv = strncmp(q->name, SRV_PREFIX, prefix) == 0;
	const char *host = srv ? q->name + prefix : q->name;
	a->silent = begins(host, DNS_SILENCE);
	if (begins(host, DNS_NO_NAME) || begins(host, DNS_FAILURE)) {
		a->rcode = begins(host, DNS_FAILURE) ? RCODE_SERVFAIL : RCODE_NXDOMAIN;
	} else if (a->in_zone && srv && *host != '_' && in_zone(zone, host)) {
		if (asks_for(q, TYPE_SRV)) {
			answer_srv(zone, host, a);
		}
		a->target = prefix;
	} else if (a->in_zone && begins(secure_host(q->name), DNS_DIRECT_TLS)) {
		if (asks_for(q, TYPE_SRV)) {
			a->type = TYPE_SRV;
			add_service(a, 0, 0, zone->tls_port);
		}
		a->target = sizeof TLS_SRV_PREFIX - 1;
	} else if (a->in_zone && q->name[0] != '_') {
		answer_address(zone, q, a);
	} else {
		a->rcode = RCODE_NXDOMAIN; /* services that the peers do not have, among them _xmpps-server */
	}
}

static struct answer find_answer(const struct dns_zone *zone, const struct question *q)
{
	struct answer a = {0};
	if (q->flags & 0x7800) { /* opcode */
		a.rcode = RCODE_NOTIMP;
	} else if (q->class != CLASS_IN && q->class != CLASS_ANY) {
		a.rcode = RCODE_REFUSED;
	} else {
		answer_name(zone, q, &a);
	}
	return a;
}

/* ---- writing it ---- */

struct writer {
	unsigned char *out;
	size_t len, cap;
	int overflow;
};

static void put(struct writer *w, const void *data, size_t len)
{
	if (len > w->cap - w->len) {
		w->overflow = 1;
		return;
	}
	memcpy(w->out + w->len, data, len);
	w->len += len;
}

static void put16(struct writer *w, unsigned value)
{
	const unsigned char octets[2] = {(unsigned char)(value >> 8), (unsigned char)value};
	put(w, octets, 2);
}

/* Owner (a pointer to that octet of the message), type, class IN, TTL 0 and the length of what follows. */
static void put_record(struct writer *w, size_t owner, unsigned type, size_t length)
{
	put16(w, 0xc000 | (unsigned)owner);
	put16(w, type);
	put16(w, CLASS_IN);
	put16(w, 0);
	put16(w, 0);
	put16(w, (unsigned)length);
}

/* "127.0.0.3" as a name of four labels. */
static size_t address_labels(struct in_addr address, unsigned char out[INET_ADDRSTRLEN + 1])
{
	char text[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &address, text, sizeof text);
	size_t n = 0;
	for (const char *label = text; *label;) {
		size_t len = strcspn(label, ".");
		out[n++] = (unsigned char)len;
		memcpy(out + n, label, len);
		n += len;
		label += len + (label[len] == '.');
	}
	out[n++] = 0;
	return n;
}

static void put_srv(struct writer *w, const struct service *s, const void *target, size_t len)
{
	put_record(w, HEADER, TYPE_SRV, 6 + len);
	put16(w, s->priority);
	put16(w, s->weight);
	put16(w, (unsigned)s->port);
	put(w, target, len);
}

static void put_service(struct writer *w, const struct dns_zone *zone, const struct question *q, const struct answer *a,
		const struct service *s)
{
	if (zone->srv_names_address) {
		unsigned char labels[INET_ADDRSTRLEN + 1];
		put_srv(w, s, labels, address_labels(zone->address, labels));
	} else {
		/* The target may not be compressed (RFC 2782). In the wire form a name begins one octet earlier than in the
		 * text form, and each dot is a length, so the distance is the same. */
		put_srv(w, s, q->at + a->target, q->octets - a->target);
	}
}

static void put_answer(struct writer *w, const struct dns_zone *zone, const struct question *q, const struct answer *a)
{
	if (a->type == TYPE_A) {
		put_record(w, HEADER, TYPE_A, sizeof a->address);
		put(w, &a->address, sizeof a->address);
	} else if (a->type == TYPE_AAAA) {
		put_record(w, HEADER, TYPE_AAAA, sizeof in6addr_loopback);
		put(w, &in6addr_loopback, sizeof in6addr_loopback);
	}
	for (size_t i = 0; a->type == TYPE_SRV && i < a->count; i++) {
		put_service(w, zone, q, a, &a->services[i]);
	}
}

/* RFC 2308 section 3: says to whom the negative answer belongs and that it is not to be kept. */
static void put_soa(struct writer *w, const struct dns_zone *zone, const struct question *q)
{
	size_t apex = HEADER + strlen(q->name) - strlen(zone->name);
	put_record(w, apex, TYPE_SOA, 2 + 2 + 5 * 4L);
	put16(w, 0xc000 | (unsigned)apex);
	put16(w, 0xc000 | (unsigned)apex);
	for (int i = 0; i < 5; i++) { /* serial, refresh, retry, expire, minimum */
		put16(w, 0);
		put16(w, 0);
	}
}

size_t dns_answer(const struct dns_zone *zone, const unsigned char *query, size_t len, unsigned char *out, size_t cap)
{
	struct question q;
	if (cap < 512 || !read_question(query, len, &q)) {
		return 0;
	}
	struct answer a = find_answer(zone, &q);
	if (a.silent) {
		return 0;
	}
	int soa = a.in_zone && !a.type && a.rcode != RCODE_SERVFAIL;
	unsigned flags = FLAG_QR | FLAG_AA | a.rcode | (q.flags & (0x7800 | FLAG_RD)) | (q.flags & FLAG_RD ? FLAG_RA : 0);

	struct writer w = {.out = out, .cap = cap};
	put(&w, query, 2);
	put16(&w, flags);
	put16(&w, 1);
	put16(&w, (unsigned)a.count);
	put16(&w, soa ? 1 : 0);
	put16(&w, 0);
	put(&w, q.at, q.octets + 4);
	size_t question_end = w.len;
	if (a.type) {
		put_answer(&w, zone, &q, &a);
	} else if (soa) {
		put_soa(&w, zone, &q);
	}
	if (w.overflow) { /* a name of more than 220 octets: only TCP, which nobody offers, could carry it */
		w.len = question_end;
		out[2] |= FLAG_TC >> 8;
		memset(out + 6, 0, 6);
	}
	return w.len;
}
