/* The player of one scenario: a state machine without I/O and without a clock. Events go in, actions come out; the same
 * events give the same actions and the same verdict, live or from a stored journal.
 *
 * now is microseconds of a monotonic clock and never decreases. After each event the caller takes all actions. */
#ifndef JUDGE_PLAYER_H
#define JUDGE_PLAYER_H

#include "judge/result.h"
#include "script/catalogue.h"
#include "wire/stanza.h"

#include <stdint.h>

#define PLAYER_NEVER UINT64_MAX

struct player;

struct player_config {
	const struct catalogue *catalogue;
	const struct scenario *scenario;
	const char *token;					/* unique to this play */
	const char *target, *target2, *off; /* domains; target2 and off may be NULL */
	const char *approval_command;		/* node of the ad-hoc command that approves a peer, or NULL */
	const char *const *addresses;		/* per actor of the cast: domain of a peer, bare JID of others */
	uint64_t quiet, deadline;			/* microseconds */
	const char *rerun;					/* command that reruns a scenario, its id is put behind it; or NULL */
	/* What the target has: "claim:command", "hook:approve", "account:user", "off_domain", "virtual_hosts", "s2s_tls",
	 * "component", "components:2" (domains for so many). */
	int (*has)(void *ud, const char *what);
	void *ud;
};

enum action_kind {
	ACTION_CONNECT,
	ACTION_DISCONNECT,
	ACTION_RESET,
	ACTION_SEND,
	ACTION_HOOK,
	ACTION_OPEN, /* a stream without authentication */
	ACTION_HOLD,
	ACTION_HALF_CLOSE,
	ACTION_END_VISITS /* streams that the target opened */
};

struct action {
	enum action_kind kind;
	int actor;	  /* -1: the target */
	char *octets; /* ACTION_SEND; ACTION_OPEN: in the place of the stream header, or NULL; ACTION_END_VISITS: condition
				   */
	char *to_domain;  /* ACTION_SEND of a peer: domain of the target that it is for */
	int hook_id;	  /* ACTION_HOOK */
	const char *hook; /* its name */
	enum hook_stage stage;
	char *peer;				  /* address of the peer that the hook is about, or NULL */
	enum peer_step_hold hold; /* ACTION_HOLD */
	int bare;				  /* ACTION_SEND: on the stream of ACTION_OPEN only, lost where that is gone */
	int built;				  /* ACTION_SEND: one stanza, written from a tree */
	const char *note;		  /* why, where no step says it: "fence", "background", "withdraw"; or NULL */
};

struct player_stanza {
	struct stanza *stanza;
	int journal; /* line of the journal */
	int opened_by_target, validated;
	int bidi;				/* as in struct invariant_facts */
	const char *content_ns; /* NULL: that of the actor's class */
};

struct player *player_create(
		const struct player_config *config); /* strings are copied, catalogue and scenario borrowed */
void player_destroy(struct player *p);

void player_start(struct player *p, uint64_t now);
void player_on_connected(struct player *p, int actor, const char *full_jid, uint64_t now); /* full_jid NULL for peers */
void player_on_connect_failed(struct player *p, int actor, const char *reason, uint64_t now);
void player_on_stanza(struct player *p, int actor, const struct player_stanza *ps, uint64_t now);
/* With what the target began a stream that the actor opened, or tried to open one to something like the actor: its
 * header as an element, or its features. */
void player_on_opening(struct player *p, int actor, struct stanza *stanza, int journal, uint64_t now);
void player_on_closed(struct player *p, int actor, const char *how, uint64_t now);
/* Of a peer: the stream of ACTION_OPEN is there. */
void player_on_opened(struct player *p, int actor, uint64_t now);
/* The target opened a stream to it; door: which of the peer's ports it came to. */
void player_on_visited(struct player *p, int actor, const char *door, int journal, uint64_t now);
/* Of a peer: the target ended its stream; how as in the `closed` element of script/scenario.h, condition or NULL. */
void player_on_ended(struct player *p, int actor, const char *how, const char *condition, int journal, uint64_t now);
/* Of a peer: how many streams it has after one is gone, those that it opened and all. */
void player_on_streams(struct player *p, int actor, size_t own, size_t all, uint64_t now);
void player_on_hook(
		struct player *p, int id, int ok, const char *output, uint64_t now); /* output: lines, or the reason */
void player_on_fault(
		struct player *p, int actor, const char *detail, uint64_t now); /* the target sent what is no XML stream */
void player_on_deadline(struct player *p, uint64_t now);

uint64_t player_deadline(const struct player *p); /* when player_on_deadline() is due, or PLAYER_NEVER */
/* 1: what does not come by then is held against the target; 0: time alone had to pass, or there is more of it. */
int player_deadline_counts(const struct player *p);
int player_is_over(const struct player *p);	  /* the play is over; prohibitions stay armed until player_end() */
int player_forbids(const struct player *p);	  /* prohibitions are in force */
int player_timed_out(const struct player *p); /* a deadline passed that an answer should have met */
/* The longest time by which the answer to a question overtook what the target had to send before it, or do; 0: none
 * did. A quiet window that is not much longer proves nothing. */
uint64_t player_overtaken(const struct player *p);
void player_set_quiet(struct player *p, uint64_t quiet); /* for silence that begins from now on */
/* What the play waits for: what NULL when it is over; step NULL at the end of the play; quiet: only time must pass. */
struct player_wait {
	const char *what;
	const struct step *step;
	int quiet;
};
struct player_wait player_waits_for(const struct player *p);
/* Whether the actor acts, or is waited for, at or after the present place of the play. */
int player_needs(const struct player *p, int actor);
int player_next_action(struct player *p, struct action *action); /* 1: one was taken; action_finish() it */
void action_finish(struct action *action);

/* What the play has changed about the whole target and not put back: hooks to call, by number from 0; NULL at the end.
 * peer: address that the hook is about, or NULL. Both belong to the player. */
const char *player_left(const struct player *p, size_t number, const char **peer);

/* Has a component take back what it asked of the target and granted it: its domain is to be another play's. What comes
 * for it from now on, the target's answers to that, is not judged. */
void player_withdraw(struct player *p, int actor);

/* The target ended, or fell silent for good, during the play; player_end() follows. FAIL: this play and no other can be
 * the cause, and what it waits for is missed. INCONCLUSIVE: another may be, and what was missed is not held against the
 * target. why becomes the reason; detail: lines for people, or NULL. Both are copied. */
void player_lost(struct player *p, const char *why, const char *detail, enum verdict verdict, uint64_t now);
/* The run is over for this scenario: nothing is armed any more. Why: NULL, or what cut the play short. */
void player_end(struct player *p, const char *why, enum verdict verdict, uint64_t now);
const struct result *player_result(const struct player *p); /* settled after player_end(), provisional before */

/* The failure for people: what was required, where, what was open, the closest stanza, how to run it again. NULL when
 * there is nothing to explain; caller frees. */
char *player_explain(const struct player *p, const char *journal_path);

#endif
