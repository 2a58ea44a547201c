/* From the journal's cues to the player's events. */
#include "base/mem.h"
#include "replay/plays.h"

#include <limits.h>
#include <string.h>

struct cue {
	struct replay *replay;
	const struct journal_line *line;
	struct replayed_play *play;
	struct player *player;
	int actor; /* -1: none */
};

static int number(const struct cue *c, const char *fact)
{
	uint64_t value = line_count(c->line, fact);
	return value > INT_MAX ? INT_MAX : (int)value;
}

static const char *text(const struct cue *c, const char *fact)
{
	return line_text(c->line, fact);
}

static const char *reason(const struct cue *c, const char *fact)
{
	const char *value = text(c, fact);
	return value ? value : "";
}

static void follow_stanza(const struct cue *c, struct stanza *s)
{
	struct player_stanza ps = {.stanza = s,
			.journal = s->line,
			.opened_by_target = number(c, "opened_by_target"),
			.validated = number(c, "validated"),
			.bidi = number(c, "bidi"),
			.content_ns = text(c, "content_ns")};
	player_on_stanza(c->player, c->actor, &ps, c->line->time);
}

static void follow_opening(const struct cue *c, struct stanza *s)
{
	player_on_opening(c->player, c->actor, s, s->line, c->line->time);
}

static void with_arrival(const struct cue *c, void (*follow)(const struct cue *c, struct stanza *s))
{
	struct stanza *s = arrivals_take(&c->replay->arrivals, number(c, "line"));
	if (s) {
		follow(c, s);
	} else {
		replay_tell(c->replay, c->line->number,
				"%s is told of line %d, on which nothing came that it was not told before", c->line->scenario,
				number(c, "line"));
	}
	stanza_unref(s);
}

static void on_stanza(const struct cue *c)
{
	with_arrival(c, follow_stanza);
}

static void on_opening(const struct cue *c)
{
	with_arrival(c, follow_opening);
}

static void on_connected(const struct cue *c)
{
	player_on_connected(c->player, c->actor, text(c, "jid"), c->line->time);
}

static void on_connect_failed(const struct cue *c)
{
	player_on_connect_failed(c->player, c->actor, reason(c, "reason"), c->line->time);
}

static void on_closed(const struct cue *c)
{
	player_on_closed(c->player, c->actor, reason(c, "how"), c->line->time);
}

static void on_opened(const struct cue *c)
{
	player_on_opened(c->player, c->actor, c->line->time);
}

static void on_visited(const struct cue *c)
{
	const char *door = text(c, "door");
	if (!door || strpbrk(door, "'<&")) {
		replay_tell(c->replay, c->line->number, "%s: no port that a stream comes to", c->line->scenario);
		return;
	}
	player_on_visited(c->player, c->actor, door, number(c, "line"), c->line->time);
}

static void on_ended(const struct cue *c)
{
	const char *how = reason(c, "how");
	const char *condition = text(c, "condition");
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	if (!*how || how[strspn(how, letters)] || (condition && (!*condition || condition[strspn(condition, letters)]))) {
		replay_tell(c->replay, c->line->number, "%s: no way in which a stream ends", c->line->scenario);
		return;
	}
	player_on_ended(c->player, c->actor, how, condition, number(c, "line"), c->line->time);
}

static void on_streams(const struct cue *c)
{
	player_on_streams(c->player, c->actor, (size_t)number(c, "own"), (size_t)number(c, "all"), c->line->time);
}

static void on_hook(const struct cue *c)
{
	player_on_hook(c->player, number(c, "id"), number(c, "ok"), text(c, "output"), c->line->time);
}

static void on_fault(const struct cue *c)
{
	player_on_fault(c->player, c->actor, reason(c, "reason"), c->line->time);
}

static void on_withdraw(const struct cue *c)
{
	player_withdraw(c->player, c->actor);
}

static void on_deadline(const struct cue *c)
{
	player_on_deadline(c->player, c->line->time);
}

static void on_quiet(const struct cue *c)
{
	player_set_quiet(c->player, line_count(c->line, "quiet"));
}

static enum verdict verdict_of(const struct cue *c)
{
	const char *name = text(c, "verdict");
	for (int v = 0; name && v < VERDICT_COUNT; v++) {
		if (!strcmp(name, verdict_text((enum verdict)v))) {
			return (enum verdict)v;
		}
	}
	return VERDICT_ERROR;
}

static void on_lost(const struct cue *c)
{
	player_lost(c->player, reason(c, "reason"), text(c, "shown"), verdict_of(c), c->line->time);
}

static void on_end(const struct cue *c)
{
	c->play->shown.ended = 1;
	player_end(c->player, text(c, "reason"), verdict_of(c), c->line->time);
}

static const struct {
	const char *name;
	int needs_actor;
	void (*follow)(const struct cue *c);
} cues[] = {
		{"stanza", 1, on_stanza},
		{"opening", 1, on_opening},
		{"connected", 1, on_connected},
		{"connect-failed", 1, on_connect_failed},
		{"closed", 1, on_closed},
		{"opened", 1, on_opened},
		{"visited", 1, on_visited},
		{"ended", 1, on_ended},
		{"streams", 1, on_streams},
		{"fault", 1, on_fault},
		{"withdraw", 1, on_withdraw},
		{"hook", 0, on_hook},
		{"deadline", 0, on_deadline},
		{"quiet", 0, on_quiet},
		{"lost", 0, on_lost},
		{"end", 0, on_end},
};

void cues_follow(struct replay *r, const struct journal_line *l)
{
	struct cue c = {.replay = r, .line = l, .play = plays_current(r, l), .actor = -1};
	const char *name = l->detail ? l->detail : "";
	if (!c.play) {
		replay_tell(r, l->number, "a cue for %s, which has not begun", l->scenario ? l->scenario : "no scenario");
		return;
	}
	if (c.play->shown.ended) {
		replay_tell(r, l->number, "a cue for %s after its end", l->scenario);
		return;
	}
	c.player = c.play->shown.player;
	c.actor = plays_actor(c.play, l->actor);
	for (size_t i = 0; i < sizeof cues / sizeof *cues; i++) {
		if (strcmp(cues[i].name, name) != 0) {
			continue;
		}
		if (cues[i].needs_actor && c.actor < 0) {
			replay_tell(r, l->number, "a cue for '%s', who is not in the cast of %s", l->actor ? l->actor : "",
					l->scenario);
			return;
		}
		cues[i].follow(&c);
		sends_expect(c.play);
		return;
	}
	replay_tell(r, l->number, "an unknown cue, '%s'", name);
}
