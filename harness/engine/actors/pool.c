#include "actors/pool.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct session *take_at(struct pool *p, size_t i)
{
	struct session *s = p->idle[i].session;
	free(p->idle[i].account);
	p->idle[i] = p->idle[--p->count];
	return s;
}

struct session *pool_take(struct pool *p, const char *account)
{
	for (size_t i = 0; i < p->count; i++) {
		if (!strcmp(p->idle[i].account, account)) {
			return take_at(p, i);
		}
	}
	return NULL;
}

void pool_give(struct pool *p, const char *account, struct session *session)
{
	session_set_owner(session, NULL);
	p->idle = mem_resize(p->idle, p->count + 1, sizeof *p->idle);
	p->idle[p->count++] = (struct pool_entry){.account = mem_strdup(account), .session = session};
}

int pool_forget(struct pool *p, const struct session *session)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->idle[i].session == session) {
			take_at(p, i);
			return 1;
		}
	}
	return 0;
}

void pool_disconnect(struct pool *p)
{
	for (size_t i = 0; i < p->count; i++) {
		session_disconnect(p->idle[i].session);
	}
}

void pool_finish(struct pool *p)
{
	while (p->count) {
		session_destroy(take_at(p, 0));
	}
	free(p->idle);
	*p = (struct pool){0};
}
