/* Sessions that are logged in and idle, to be lent again: a login costs far more than a stanza. */
#ifndef ACTORS_POOL_H
#define ACTORS_POOL_H

#include "actors/session.h"

struct pool {
	struct pool_entry {
		char *account; /* bare JID */
		struct session *session;
	} * idle;
	size_t count;
};

/* An idle session of that account, taken out; NULL if there is none. */
struct session *pool_take(struct pool *p, const char *account);
/* Gives a ready session back; its owner becomes NULL. */
void pool_give(struct pool *p, const char *account, struct session *session);
/* The session came to its end: takes it out if it is idle; 1 if it was. Not destroyed here. */
int pool_forget(struct pool *p, const struct session *session);
void pool_disconnect(struct pool *p); /* </stream:stream> on all idle sessions; their on_closed follows */
void pool_finish(struct pool *p);	  /* destroys the idle sessions */

#endif
