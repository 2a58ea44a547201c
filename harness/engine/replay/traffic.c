/* The stanzas of a journal against its cues: a play sends what its scenario has it send and nothing else, and what came
 * for it was told to a player. What never went out is no offence: a stream may have ended before. */
#include "base/mem.h"
#include "replay/plays.h"

#include <stdlib.h>
#include <string.h>

#define CUT ((size_t)64 * 1024) /* the journal keeps so much of what we send */

void sends_expect(struct replayed_play *p)
{
	struct action a;
	while (player_next_action(p->shown.player, &a)) {
		if (a.kind == ACTION_SEND) {
			const struct actor *actor = &p->shown.scenario->cast[a.actor];
			p->due = mem_resize(p->due, p->due_count + 1, sizeof *p->due);
			p->due[p->due_count++] = (struct due){.actor = actor->of >= 0 ? actor->of : a.actor,
					.octets = mem_strdup(a.octets),
					.len = strlen(a.octets)};
		}
		action_finish(&a);
	}
}

/* The others are what peers and clients need to have a stream at all. */
static int is_stanza(const struct journal_line *l)
{
	static const char *const names[] = {"<iq", "<presence", "<message"};
	const char *octets = l->octets ? l->octets + strspn(l->octets, " \t\r\n") : "";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t len = strlen(names[i]);
		if (!strncmp(octets, names[i], len) && strchr(" \t\r\n/>", octets[len])) {
			return !strstr(octets, "_xmpp_"); /* libstrophe's own: bind and session */
		}
	}
	return 0;
}

/* 1: the play was to send this. */
static int take(struct replayed_play *p, int actor, const struct journal_line *l)
{
	for (size_t i = 0; i < p->due_count; i++) {
		struct due *d = &p->due[i];
		int cut = d->len > CUT && l->len == CUT;
		if ((actor < 0 || d->actor == actor) && (d->len == l->len || cut) && !memcmp(d->octets, l->octets, l->len)) {
			free(d->octets);
			memmove(d, d + 1, (p->due_count - i - 1) * sizeof *d);
			p->due_count--;
			return 1;
		}
	}
	return 0;
}

void sends_check(struct replay *r, const struct journal_line *l)
{
	struct replayed_play *p = l->scenario ? plays_current(r, l) : NULL;
	if (!p || !is_stanza(l) || take(p, plays_actor(p, l->actor), l)) {
		return;
	}
	/* What a client answers by itself goes back on the session that asked, which another play may have borrowed. */
	for (size_t i = r->count; i-- > 0;) {
		if (take(r->plays[i], -1, l)) {
			return;
		}
	}
	replay_tell(r, l->number, "%s: %s does not send this in its scenario", l->scenario, l->actor ? l->actor : "nobody");
}

void arrivals_check(struct replay *r, const struct journal_line *l)
{
	const struct replayed_play *p = l->scenario ? plays_current(r, l) : NULL;
	int actor = p ? plays_actor(p, l->actor) : -1;
	/* On streams of an attempt that was broken off something may still come, and is no matter of the next one. */
	if (actor < 0 || p->again || p->shown.ended || arrivals_wants(&r->arrivals, l->number) || !is_stanza(l)) {
		return;
	}
	/* A client's session is lent, and one of its stanzas may be meant for another play; a peer that insists on TLS
	 * takes nothing before. */
	const struct actor *a = &p->shown.scenario->cast[actor];
	if (a->class == ACTOR_COMPONENT || (a->class == ACTOR_PEER && !a->tls)) {
		replay_tell(r, l->number, "%s: this came for %s, who was not told of it", l->scenario, a->name);
	}
}
