/* What the player is told, and the journal's record of it. One line a cue, written before the player hears of it and
 * with the same time, so that the journal alone decides every verdict. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>

#define FACTS_MAX 10

struct facts {
	struct journal_fact items[FACTS_MAX];
	size_t count;
};

static void number(struct facts *f, const char *name, uint64_t value)
{
	f->items[f->count++] = (struct journal_fact){.name = name, .number = value};
}

static void text(struct facts *f, const char *name, const char *value)
{
	if (value) {
		f->items[f->count++] = (struct journal_fact){.name = name, .text = value};
	}
}

/* The time of the cue. */
static uint64_t note(struct play *p, int actor, const char *what, const struct facts *f)
{
	struct journal_entry e = {.time = run_now(p->run),
			.kind = "cue",
			.scenario = p->scenario->id,
			.repeat = p->repeat,
			.actor = actor >= 0 ? p->scenario->cast[actor].name : NULL,
			.detail = what,
			.facts = f ? f->items : NULL,
			.facts_count = f ? f->count : 0};
	journal_write(p->run->suite->journal, &e);
	return e.time;
}

/* One word a line; the first may be empty. */
static void list(struct buf *b, const char *kind, const char *name)
{
	buf_printf(b, "%s%s%s", b->data ? "\n" : "", kind, name);
}

/* All that player_config.has() would affirm. */
static void list_profile(struct buf *b, const struct profile *p)
{
	for (size_t i = 0; i < p->claims_count; i++) {
		list(b, "claim:", p->claims[i]);
	}
	for (size_t i = 0; i < p->hooks_count; i++) {
		list(b, "hook:", p->hooks[i].name);
	}
	for (size_t i = 0; i < p->accounts_count; i++) {
		list(b, "account:", p->accounts[i].name);
	}
	static const char *const others[] = {"dns_addresses", "ipv6", "off_domain", "s2s_plain", "s2s_tls", "s2s_dialback",
			"s2s_direct_tls_port", "virtual_hosts", "component", "components:2", "components:3", "components:4"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (profile_has(p, others[i])) {
			list(b, "", others[i]);
		}
	}
}

void cue_suite(struct suite *s)
{
	struct player_config config;
	suite_config(s, &config);
	struct buf has = {0};
	list_profile(&has, &s->plan.profile);
	struct facts f = {0};
	number(&f, "format", JOURNAL_FORMAT);
	number(&f, "seed", s->plan.seed);
	text(&f, "target", config.target);
	text(&f, "target2", config.target2);
	text(&f, "off", config.off);
	text(&f, "approval_command", config.approval_command);
	number(&f, "quiet", config.quiet);
	number(&f, "deadline", config.deadline);
	text(&f, "has", buf_text(&has));
	journal_write(s->journal,
			&(struct journal_entry){.time = suite_now(s), .kind = "run", .facts = f.items, .facts_count = f.count});
	buf_finish(&has);
}

void cue_start(struct play *p, const char *attempt)
{
	struct buf addresses = {0};
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		list(&addresses, "", p->links[i].address);
	}
	struct facts f = {0};
	text(&f, "token", p->token);
	text(&f, "addresses", buf_text(&addresses));
	uint64_t now = run_now(p->run);
	play_note_line(p, journal_write(p->run->suite->journal, &(struct journal_entry){.time = now,
																	.kind = "begin",
																	.scenario = p->scenario->id,
																	.repeat = p->repeat,
																	.detail = attempt,
																	.facts = f.items,
																	.facts_count = f.count}));
	buf_finish(&addresses);
	player_start(p->player, now);
}

void cue_connected(struct play *p, int actor, const char *full_jid)
{
	struct facts f = {0};
	text(&f, "jid", full_jid);
	player_on_connected(p->player, actor, full_jid, note(p, actor, "connected", &f));
}

void cue_connect_failed(struct play *p, int actor, const char *reason)
{
	struct facts f = {0};
	text(&f, "reason", reason);
	player_on_connect_failed(p->player, actor, reason, note(p, actor, "connect-failed", &f));
}

void cue_stanza(struct play *p, int actor, const struct player_stanza *ps)
{
	struct facts f = {0};
	number(&f, "line", (uint64_t)ps->journal);
	number(&f, "opened_by_target", (uint64_t)ps->opened_by_target);
	number(&f, "validated", (uint64_t)ps->validated);
	number(&f, "bidi", (uint64_t)ps->bidi);
	text(&f, "content_ns", ps->content_ns);
	player_on_stanza(p->player, actor, ps, note(p, actor, "stanza", &f));
}

void cue_opening(struct play *p, int actor, struct stanza *stanza)
{
	struct facts f = {0};
	number(&f, "line", (uint64_t)stanza->line);
	player_on_opening(p->player, actor, stanza, stanza->line, note(p, actor, "opening", &f));
}

void cue_closed(struct play *p, int actor, const char *how)
{
	struct facts f = {0};
	text(&f, "how", how);
	player_on_closed(p->player, actor, how, note(p, actor, "closed", &f));
}

void cue_opened(struct play *p, int actor)
{
	player_on_opened(p->player, actor, note(p, actor, "opened", NULL));
}

void cue_visited(struct play *p, int actor, const char *door)
{
	struct facts f = {0};
	number(&f, "line", (uint64_t)p->journal_last);
	text(&f, "door", door);
	player_on_visited(p->player, actor, door, p->journal_last, note(p, actor, "visited", &f));
}

void cue_ended(struct play *p, int actor, const char *how, const char *condition)
{
	struct facts f = {0};
	number(&f, "line", (uint64_t)p->journal_last);
	text(&f, "how", how);
	text(&f, "condition", condition);
	player_on_ended(p->player, actor, how, condition, p->journal_last, note(p, actor, "ended", &f));
}

void cue_streams(struct play *p, int actor, size_t own, size_t all)
{
	struct facts f = {0};
	number(&f, "own", own);
	number(&f, "all", all);
	player_on_streams(p->player, actor, own, all, note(p, actor, "streams", &f));
}

void cue_hook(struct play *p, int id, int ok, const char *output)
{
	struct facts f = {0};
	number(&f, "id", (uint64_t)id);
	number(&f, "ok", (uint64_t)ok);
	text(&f, "output", output);
	player_on_hook(p->player, id, ok, output, note(p, -1, "hook", &f));
}

void cue_fault(struct play *p, int actor, const char *detail)
{
	struct facts f = {0};
	text(&f, "reason", detail);
	player_on_fault(p->player, actor, detail, note(p, actor, "fault", &f));
}

/* The timer may come a little early: then the player is not told. */
void cue_deadline(struct play *p)
{
	if (run_now(p->run) >= player_deadline(p->player)) {
		player_on_deadline(p->player, note(p, -1, "deadline", NULL));
	}
}

void cue_withdraw(struct play *p, int actor)
{
	note(p, actor, "withdraw", NULL);
	player_withdraw(p->player, actor);
}

void cue_quiet(struct play *p, uint64_t quiet)
{
	struct facts f = {0};
	number(&f, "quiet", quiet);
	note(p, -1, "quiet", &f);
	player_set_quiet(p->player, quiet);
}

void cue_lost(struct play *p, const char *why, const char *detail, enum verdict verdict)
{
	struct facts f = {0};
	text(&f, "reason", why);
	text(&f, "shown", detail);
	text(&f, "verdict", verdict_text(verdict));
	player_lost(p->player, why, detail, verdict, note(p, -1, "lost", &f));
}

void cue_end(struct play *p, const char *why, enum verdict verdict)
{
	struct facts f = {0};
	text(&f, "reason", why);
	text(&f, "verdict", verdict_text(verdict));
	player_end(p->player, why, verdict, note(p, -1, "end", &f));
}
