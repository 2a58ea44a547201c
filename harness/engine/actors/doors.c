/* Where else the fake peers can be reached than at their port: what the DNS of scenarios leads to (wire/dns.h). */
#include "actors/peer_parts.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEFAULT_PORT = 5269, ADDRESSES_TRIED = 16 };

static void on_accept(void *ud, struct conn *accepted)
{
	const struct door *door = ud;
	s2s_accept(door->ps, accepted, door->name);
}

static void on_secure_accept(void *ud, struct conn *accepted)
{
	const struct door *door = ud;
	negotiate_accept(s2s_accept(door->ps, accepted, door->name));
}

static void open_door(struct peers *ps, enum peer_door which, const char *address, int port)
{
	static const char *const names[PEER_DOORS] = {"backup", "default port", "IPv6", "direct TLS"};
	struct door *door = &ps->doors[which];
	char *error = NULL;
	*door = (struct door){.ps = ps, .name = names[which]};
	snprintf(door->address, sizeof door->address, "%s", address);
	door->listener = listener_create(
			ps->loop, address, port, which == PEER_DOOR_TLS ? on_secure_accept : on_accept, door, &error);
	free(error); /* a door that cannot be had has port 0 */
}

/* The default port of an address that nobody else on this machine uses: other runs have theirs. */
static void open_default_port(struct peers *ps)
{
	static unsigned tried;
	for (int i = 0; i < ADDRESSES_TRIED && !ps->doors[PEER_DOOR_DEFAULT].listener; i++) {
		unsigned number = (unsigned)getpid() * 61u + tried++ * 7919u;
		char address[INET_ADDRSTRLEN];
		snprintf(address, sizeof address, "127.%u.%u.%u", 64 + number / 62500 % 128, 1 + number / 250 % 250,
				1 + number % 250);
		open_door(ps, PEER_DOOR_DEFAULT, address, DEFAULT_PORT);
	}
}

/* A port whose queue of connections is full, as nobody takes one from it: Linux drops what comes then. */
static void open_hole(struct peers *ps, const char *address)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t len = sizeof name;
	inet_pton(AF_INET, address, &name.sin_addr);
	for (size_t i = 0; i < sizeof ps->hole / sizeof *ps->hole; i++) {
		ps->hole[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (bind(ps->hole[0], (struct sockaddr *)&name, sizeof name) || listen(ps->hole[0], 0) ||
			getsockname(ps->hole[0], (struct sockaddr *)&name, &len)) {
		return;
	}
	for (size_t i = 1; i < sizeof ps->hole / sizeof *ps->hole; i++) {
		if (connect(ps->hole[i], (struct sockaddr *)&name, sizeof name) && i == 1 && errno != EINPROGRESS) {
			return;
		}
	}
	ps->hole_port = ntohs(name.sin_port);
}

void doors_open(struct peers *ps, const char *address)
{
	open_door(ps, PEER_DOOR_BACKUP, address, 0);
	open_door(ps, PEER_DOOR_IPV6, "::1", 0);
	if (ps->authority) {
		open_door(ps, PEER_DOOR_TLS, address, 0);
	}
	open_default_port(ps);
	open_hole(ps, address);
}

void doors_close(struct peers *ps)
{
	for (size_t i = 0; i < PEER_DOORS; i++) {
		listener_destroy(ps->doors[i].listener);
	}
	for (size_t i = 0; i < sizeof ps->hole / sizeof *ps->hole; i++) {
		if (ps->hole[i] >= 0) {
			close(ps->hole[i]);
		}
	}
}

int peers_door_port(const struct peers *ps, enum peer_door door)
{
	return ps->doors[door].listener ? listener_port(ps->doors[door].listener) : 0;
}

const char *peers_door_address(const struct peers *ps, enum peer_door door)
{
	return ps->doors[door].address;
}

int peers_hole_port(const struct peers *ps)
{
	return ps->hole_port;
}
