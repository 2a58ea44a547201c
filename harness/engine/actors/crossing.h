/* A recording relay between two servers: whoever connects to its port is carried on, octet for octet, to the server
 * behind it, while a parser for each direction tells the recorder what crosses. TLS is carried, too, but not read. */
#ifndef ACTORS_CROSSING_H
#define ACTORS_CROSSING_H

#include "actors/record.h"

#include <uv.h>

struct crossing;

struct crossing_config {
	uv_loop_t *loop;
	const char *listen_address;
	int listen_port; /* 0: any free one */
	struct recorder *recorder;
	void *owner; /* of the records; from_target: what the server behind the relay sent */
};

/* NULL on error, *error is then one line for the user to free(). */
struct crossing *crossing_create(const struct crossing_config *config, char **error);
int crossing_port(const struct crossing *c);
/* The server behind it. Who connects before that is refused. */
void crossing_set_target(struct crossing *c, const char *address, int port);
void crossing_destroy(struct crossing *c); /* with all connections; NULL is allowed; not inside the recorder */

#endif
