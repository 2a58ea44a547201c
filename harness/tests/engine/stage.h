/* A stage for one player: a scenario from a string, made-up events and times in, the player's actions as text out. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "judge/player.h"

#include <check.h>

#define STAGE_QUIET UINT64_C(60000)		 /* microseconds */
#define STAGE_DEADLINE UINT64_C(5000000) /* microseconds */

struct stage {
	struct catalogue catalogue;
	struct problems problems;
	struct scenario *scenario;
	struct player *player;
	uint64_t now;
	int journal;		/* line of the stanza that came last */
	struct buf actions; /* one a line, since stage_actions() was called last */
	char *shown;		/* what stage_actions() gave last */
	struct buf history; /* all actions since the beginning */
	struct stage_seat {
		char *address;
		char *last_id;	/* of the last stanza that the play (not fence or background) sent */
		char *fences;	/* "domain id\n" of fences that are not answered */
		char *answered; /* id of the fence that was answered last */
	} * seats;
	int hook_id;
	const char *claims; /* what the profile has: words separated by spaces */
};

struct stage_set {
	const char *tags;		   /* "## needs: x\n" */
	const char *cast;		   /* NULL: an administrator Bard, peers Marlowe and Kyd */
	const char *phrases;	   /* text of a phrase file, or NULL */
	const char *target2, *off; /* domains, or NULL */
	const char *approval_command;
	const char *claims; /* NULL: "account:admin account:user" and all hooks */
};

/* The requirements are those of stage.c (TT-...); lines of a play that is not read well end the test. Bard is given for
 * a cast of NULL. Not started. */
struct stage *stage_set_up(const struct stage_set *set, const char *play);
struct stage *stage_open(const char *play); /* default set, started */
void stage_start(struct stage *st);
void stage_close(struct stage *st);

/* Events. The stanza's missing 'from' and 'to' are added; "$ID" stands for the id of the last IQ that the actor sent.
 */
void stage_connected(struct stage *st, const char *actor);
void stage_connect_failed(struct stage *st, const char *actor, const char *reason);
void stage_hears(struct stage *st, const char *actor, const char *stanza);
void stage_hears_with(struct stage *st, const char *actor, const char *stanza, int opened_by_target, int validated);
void stage_opens(struct stage *st, const char *actor, const char *element); /* header or features of its stream */
void stage_closed(struct stage *st, const char *actor, const char *how);
/* Streams of a peer: the one it opens, one that the target opens, the target's end of one, and how many are left. */
void stage_opened(struct stage *st, const char *actor);
void stage_visited(struct stage *st, const char *actor);
void stage_ended(struct stage *st, const char *actor, const char *how, const char *condition);
void stage_streams(struct stage *st, const char *actor, size_t own, size_t all);
void stage_hook(struct stage *st, int ok, const char *output); /* answers the hook that was called last */
void stage_shows(struct stage *st, const char *output); /* answers each look of a question whose answer is wrong */
void stage_fence(struct stage *st, const char *actor);	/* answers all fences of an actor with results */
/* Answers one fence of the actor to that domain; 0 if there is none. */
int stage_fence_as(struct stage *st, const char *actor, const char *domain, const char *type);
void stage_fence_again(struct stage *st, const char *actor); /* repeats the answer to the last fence */
void stage_pass(struct stage *st, uint64_t microseconds);	 /* time passes, deadlines on the way are told */
void stage_quiet(struct stage *st);							 /* the quiet window passes */
void stage_timeout(struct stage *st);						 /* time passes up to the next deadline */
void stage_end(struct stage *st);

/* What the player did since the last call, one action a line; borrowed. */
const char *stage_actions(struct stage *st);
int stage_open_fences(const struct stage *st, const char *actor);
const char *stage_verdict(const struct stage *st);
/* Verdict of the first finding with that id ("TT-PARTS/soft"), or "none". */
const char *stage_finding(const struct stage *st, const char *id);
const char *stage_detail(const struct stage *st, const char *id); /* "" if it has none */
size_t stage_count(const struct stage *st, const char *id);		  /* findings with that id */
/* Ends the play, compares the verdicts of TT-1 and of the play, closes the stage. */
void stage_ends_as(struct stage *st, const char *finding, const char *verdict);

#define ck_assert_has(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "expected '%s' in '%s'", (part), (text))
#define ck_assert_lacks(text, part)                                                                                    \
	ck_assert_msg(strstr((text), (part)) == NULL, "did not expect '%s' in '%s'", (part), (text))
#define ck_assert_verdict(st, expected) ck_assert_str_eq(stage_verdict(st), expected)
#define ck_assert_finding(st, id, expected) ck_assert_str_eq(stage_finding(st, id), expected)

#endif
