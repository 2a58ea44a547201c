#include "actors/peer_parts.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64
#define SWEEP_MS 1000

char *domain_of(const char *jid)
{
	if (!jid) {
		return NULL;
	}
	size_t len = strcspn(jid, "/");
	const char *at = memchr(jid, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - jid);
		jid = at + 1;
	}
	char *domain = mem_strndup(jid, len);
	for (char *c = domain; *c; c++) {
		if (*c >= 'A' && *c <= 'Z') {
			*c = (char)(*c - 'A' + 'a');
		}
	}
	return domain;
}

/* FNV-1a: domains are short and come from scenarios, not from an attacker. */
static size_t hash(const char *domain)
{
	size_t h = 14695981039346656037u;
	for (; *domain; domain++) {
		h = (h ^ (unsigned char)*domain) * 1099511628211u;
	}
	return h;
}

static struct peer **slot(const struct peers *ps, const char *domain)
{
	struct peer **at = &ps->buckets[hash(domain) & (ps->bucket_count - 1)];
	while (*at && strcmp((*at)->domain, domain) != 0) {
		at = &(*at)->next;
	}
	return at;
}

static void grow(struct peers *ps)
{
	struct peer **old = ps->buckets;
	size_t old_count = ps->bucket_count;
	ps->bucket_count = old_count * 2;
	ps->buckets = mem_alloc(ps->bucket_count * sizeof(void *));
	for (size_t i = 0; i < old_count; i++) {
		for (struct peer *p = old[i], *next; p; p = next) {
			next = p->next;
			p->next = NULL;
			*slot(ps, p->domain) = p;
		}
	}
	free(old);
}

static void on_accept(void *ud, struct conn *accepted)
{
	s2s_accept(ud, accepted, "main");
}

/* Thousands of peers are silent most of the time, and a parser costs more memory than all the rest of a stream. */
static void on_sweep(uv_timer_t *timer)
{
	struct peers *ps = timer->data;
	for (size_t i = 0; i < ps->bucket_count; i++) {
		for (const struct peer *p = ps->buckets[i]; p; p = p->next) {
			for (struct s2s *s = p->streams; s; s = s->next) {
				s2s_sweep(s);
			}
		}
	}
}

static void start_sweep(struct peers *ps)
{
	ps->sweep = mem_alloc(sizeof *ps->sweep);
	ps->sweep->data = ps;
	uv_timer_init(ps->loop, ps->sweep);
	uv_timer_start(ps->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	uv_unref((uv_handle_t *)ps->sweep); /* it alone must not keep the loop alive */
}

static void free_timer(uv_handle_t *timer)
{
	free(timer);
}

struct peers *peers_create(const struct peers_config *config, char **error)
{
	struct peers *ps = mem_alloc(sizeof *ps);
	ps->listener = listener_create(config->loop, config->listen_address, config->listen_port, on_accept, ps, error);
	if (!ps->listener) {
		free(ps);
		return NULL;
	}
	ps->loop = config->loop;
	ps->listen_address = mem_strdup(config->listen_address);
	ps->s2s_address = mem_strdup(config->s2s_address);
	ps->s2s_port = config->s2s_port;
	ps->authority = config->authority;
	doors_open(ps, config->listen_address);
	ps->secret = mem_strdup(config->secret);
	ps->recorder = config->recorder;
	ps->callbacks = config->callbacks;
	ps->ud = config->ud;
	ps->bucket_count = FIRST_BUCKETS;
	ps->buckets = mem_alloc(ps->bucket_count * sizeof(void *));
	start_sweep(ps);
	return ps;
}

int peers_port(const struct peers *ps)
{
	return listener_port(ps->listener);
}

void peers_set_target(struct peers *ps, const char *s2s_address, int s2s_port)
{
	free(ps->s2s_address);
	ps->s2s_address = mem_strdup(s2s_address);
	ps->s2s_port = s2s_port;
}

void peers_set_tls_port(struct peers *ps, int port)
{
	ps->tls_port = port;
}

static size_t count_streams(const struct s2s *s)
{
	size_t n = 0;
	for (; s; s = s->next) {
		n++;
	}
	return n;
}

size_t peers_streams(const struct peers *ps)
{
	size_t n = count_streams(ps->strays);
	for (size_t i = 0; i < ps->bucket_count; i++) {
		for (const struct peer *p = ps->buckets[i]; p; p = p->next) {
			n += count_streams(p->streams);
		}
	}
	return n;
}

void peers_destroy(struct peers *ps)
{
	if (!ps) {
		return;
	}
	listener_destroy(ps->listener);
	doors_close(ps);
	uv_close((uv_handle_t *)ps->sweep, free_timer);
	for (size_t i = 0; i < ps->bucket_count; i++) {
		for (struct peer *p = ps->buckets[i], *next; p; p = next) {
			next = p->next;
			peer_destroy(p);
		}
	}
	while (ps->strays) {
		s2s_destroy(ps->strays);
	}
	free(ps->buckets);
	free(ps->listen_address);
	free(ps->s2s_address);
	free(ps->secret);
	free(ps);
}

struct peer *peer_create(struct peers *ps, const char *domain, void *owner)
{
	if (ps->peer_count >= ps->bucket_count) {
		grow(ps);
	}
	struct peer *p = mem_alloc(sizeof *p);
	p->ps = ps;
	p->domain = mem_strdup(domain);
	p->owner = owner;
	/* At the head of its chain, so that a domain that is made anew hides the old one. */
	struct peer **bucket = &ps->buckets[hash(domain) & (ps->bucket_count - 1)];
	p->next = *bucket;
	*bucket = p;
	ps->peer_count++;
	return p;
}

struct peer *peers_find(const struct peers *ps, const char *domain)
{
	return *slot(ps, domain);
}

struct peer *peers_find_jid(const struct peers *ps, const char *jid)
{
	char *domain = domain_of(jid);
	struct peer *p = domain ? peers_find(ps, domain) : NULL;
	free(domain);
	return p;
}

struct peer *peers_within(const struct peers *ps, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	struct peer *p = NULL;
	for (; *name && !p; name++) {
		char *part = mem_strndup(name, strspn(name, letters));
		p = *part ? peers_find_jid(ps, part) : NULL;
		free(part);
	}
	return p;
}

const char *peer_domain(const struct peer *p)
{
	return p->domain;
}

void *peer_owner(const struct peer *p)
{
	return p->owner;
}

void peer_send(struct peer *p, const char *target_domain, const char *octets, size_t len)
{
	struct pair *pair = pair_get(p, target_domain);
	if (pair->state == PAIR_CONNECTED) {
		s2s_send(pair->out, octets, len);
		return;
	}
	pair_queue(pair, octets, len);
	pair_want(pair);
}

int peer_send_bare(struct peer *p, const char *target_domain, const char *octets, size_t len)
{
	struct pair *pair = pair_find(p, target_domain);
	if (!pair || pair->state != PAIR_BARE) {
		return 0;
	}
	if (pair->out->open) {
		s2s_send(pair->out, octets, len);
	} else {
		pair_queue(pair, octets, len);
	}
	return 1;
}

void peer_open(struct peer *p, const char *target_domain, const char *header)
{
	pair_bare(pair_get(p, target_domain), header);
}

void peer_hold(struct peer *p, enum peer_hold hold)
{
	p->hold = hold;
	if (hold != PEER_HOLDS_ALL) {
		for (struct s2s *s = p->streams; s; s = s->next) {
			inbound_release(s);
		}
	}
	for (struct pair *pair = hold == PEER_HOLDS_NOTHING ? p->pairs : NULL; pair; pair = pair->next) {
		pair_release(pair);
	}
}

void peer_refuse(struct peer *p, const char *type)
{
	p->refusal = type;
}

void peer_secure(struct peer *p, const struct peer_security *security)
{
	p->security = *security;
	certificate_destroy(p->certificate);
	p->certificate = NULL;
}

void peer_behave(struct peer *p, const struct peer_manner *manner)
{
	p->manner = *manner;
}

size_t peer_streams(const struct peer *p, int all)
{
	size_t n = 0;
	for (const struct s2s *s = p->streams; s; s = s->next) {
		n += all || s->outbound;
	}
	return n;
}

void peer_connect(struct peer *p, const char *target_domain)
{
	struct pair *pair = pair_get(p, target_domain);
	if (pair->state != PAIR_CONNECTED) {
		pair_want(pair);
	} else if (p->ps->callbacks->on_connected) {
		p->ps->callbacks->on_connected(p->ps->ud, p, pair->target);
	}
}

void peer_disconnect(struct peer *p, int reset)
{
	/* Ends come first: then pairs tell those streams nothing any more when they let go. No callback runs in here but
	 * for resets, and what was queued is lost as the caller wants it. */
	for (struct s2s *s = p->streams; s; s = s->next) {
		if (reset) {
			s->end_sent = 1;
		} else {
			s2s_close(s);
		}
	}
	for (struct pair *pair = p->pairs; pair; pair = pair->next) {
		pair_abandon(pair);
	}
	for (struct s2s *s = reset ? p->streams : NULL, *next; s; s = next) {
		next = s->next;
		conn_reset(s->conn);
	}
}

void peer_half_close(struct peer *p)
{
	for (struct s2s *s = p->streams; s; s = s->next) {
		if (s->outbound) {
			s2s_fall_silent(s);
		}
	}
	for (struct pair *pair = p->pairs; pair; pair = pair->next) {
		pair_abandon(pair);
	}
}

void peer_end_visits(struct peer *p, const char *condition)
{
	for (struct s2s *s = p->streams; s; s = s->next) {
		if (!s->outbound) {
			inbound_refuse(s, condition);
		}
	}
}

void peer_destroy(struct peer *p)
{
	struct peers *ps = p->ps;
	while (p->pairs) {
		struct pair *pair = p->pairs;
		p->pairs = pair->next;
		pair_destroy(pair);
	}
	while (p->streams) {
		s2s_destroy(p->streams);
	}
	struct peer **at = &ps->buckets[hash(p->domain) & (ps->bucket_count - 1)];
	while (*at != p) {
		at = &(*at)->next;
	}
	*at = p->next;
	ps->peer_count--;
	certificate_destroy(p->certificate);
	free(p->domain);
	free(p);
}
