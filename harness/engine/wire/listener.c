#include "wire/conn.h"

#include "base/mem.h"

#include <netinet/in.h>
#include <stdlib.h>

struct listener {
	uv_tcp_t tcp;
	listener_accept on_accept;
	void *ud;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct listener *l = server->data;
	struct conn *c = status == 0 ? conn_accept(server) : NULL;
	if (c) {
		l->on_accept(l->ud, c);
	}
}

struct listener *listener_create(
		uv_loop_t *loop, const char *address, int port, listener_accept on_accept, void *ud, char **error)
{
	struct sockaddr_storage name = {0};
	struct listener *l = mem_alloc(sizeof *l);
	l->on_accept = on_accept;
	l->ud = ud;
	uv_tcp_init(loop, &l->tcp);
	l->tcp.data = l;
	int rc = uv_ip4_addr(address, port, (struct sockaddr_in *)&name);
	if (rc) {
		rc = uv_ip6_addr(address, port, (struct sockaddr_in6 *)&name);
	}
	if (!rc) {
		rc = uv_tcp_bind(&l->tcp, (struct sockaddr *)&name, 0);
	}
	if (!rc) {
		rc = uv_listen((uv_stream_t *)&l->tcp, 4096, on_connection);
	}
	if (rc) {
		*error = mem_printf("%s:%d: %s", address, port, uv_strerror(rc));
		listener_destroy(l);
		return NULL;
	}
	return l;
}

int listener_port(const struct listener *l)
{
	struct sockaddr_storage name = {0};
	int len = sizeof name;
	if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&name, &len)) {
		return 0;
	}
	/* The port stands at the same place in both families. */
	return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

void listener_destroy(struct listener *l)
{
	if (l) {
		uv_close((uv_handle_t *)&l->tcp, on_closed);
	}
}
