#include "wire/dns.h"

#include "base/mem.h"

#include <stdlib.h>

enum { QUEUE_OCTETS = 1 << 20 };
enum { UDP_OCTETS = 512 }; /* RFC 1035 section 4.2.1; queries with EDNS are hardly longer */

struct dns_server {
	uv_udp_t udp;
	struct dns_zone zone;
	char *zone_name;
	void (*on_query)(void *ud, const char *name, int type);
	void *ud;
	char query[4096];
};

static void on_closed(uv_handle_t *handle)
{
	struct dns_server *s = handle->data;
	free(s->zone_name);
	free(s);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	struct dns_server *s = handle->data;
	*buf = uv_buf_init(s->query, sizeof s->query);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	struct dns_server *s = udp->data;
	if (n <= 0 || !from || flags & UV_UDP_PARTIAL) {
		return;
	}
	const unsigned char *query = (const unsigned char *)buf->base;
	unsigned char answer[UDP_OCTETS];
	size_t len = dns_answer(&s->zone, query, (size_t)n, answer, sizeof answer);
	if (len) {
		/* If the socket does not take it, it is a lost datagram as any: resolvers ask again. */
		uv_buf_t out = uv_buf_init((char *)answer, (unsigned)len);
		uv_udp_try_send(udp, &out, 1, from);
	}
	char name[256];
	int type;
	if (s->on_query && dns_question(query, (size_t)n, name, &type)) {
		s->on_query(s->ud, name, type); /* last: it may destroy the server */
	}
}

struct dns_server *dns_create(uv_loop_t *loop, const char *address, int port, const struct dns_zone *zone,
		void (*on_query)(void *ud, const char *name, int type), void *ud, char **error)
{
	struct sockaddr_storage name = {0};
	struct dns_server *s = mem_alloc(sizeof *s);
	s->zone_name = mem_strdup(zone->name);
	s->zone = *zone;
	s->zone.name = s->zone_name;
	s->on_query = on_query;
	s->ud = ud;
	uv_udp_init(loop, &s->udp);
	s->udp.data = s;
	int rc = uv_ip4_addr(address, port, (struct sockaddr_in *)&name);
	if (rc) {
		rc = uv_ip6_addr(address, port, (struct sockaddr_in6 *)&name);
	}
	if (!rc) {
		rc = uv_udp_bind(&s->udp, (struct sockaddr *)&name, 0);
	}
	if (!rc) {
		int octets = QUEUE_OCTETS; /* a target that starts may ask for hundreds of names at once */
		uv_recv_buffer_size((uv_handle_t *)&s->udp, &octets);
		rc = uv_udp_recv_start(&s->udp, on_alloc, on_datagram);
	}
	if (rc) {
		*error = mem_printf("%s:%d: %s", address, port, uv_strerror(rc));
		dns_destroy(s);
		return NULL;
	}
	return s;
}

int dns_port(const struct dns_server *s)
{
	struct sockaddr_storage name = {0};
	int len = sizeof name;
	if (uv_udp_getsockname(&s->udp, (struct sockaddr *)&name, &len)) {
		return 0;
	}
	/* The port stands at the same place in both families. */
	return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

void dns_set_peers_port(struct dns_server *s, int port)
{
	s->zone.port = port;
}

void dns_destroy(struct dns_server *s)
{
	if (s) {
		uv_close((uv_handle_t *)&s->udp, on_closed);
	}
}
