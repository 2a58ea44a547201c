/* The plays of a journal: what was sent, what came, and what the players make of it. Files of replay/ only. */
#ifndef REPLAY_PLAYS_H
#define REPLAY_PLAYS_H

#include "replay/arrivals.h"
#include "replay/line.h"
#include "replay/replay.h"

#include <stddef.h>

/* What a play is to send and has not sent yet. */
struct due {
	int actor; /* whose stream it goes out on */
	char *octets;
	size_t len;
};

struct replayed_play {
	struct replayed shown;
	struct due *due;
	size_t due_count;
	int again; /* not the first attempt */
};

struct replay {
	const struct catalogue *catalogue;
	char *rerun;
	json_t *header; /* of the journal: facts that hold for all plays */
	struct replayed_play **plays;
	size_t count;
	json_t *current; /* scenario and repetition -> number of the play */
	struct arrivals arrivals;
	struct replay_problem *problems;
	size_t problems_count;
	int64_t number;
	uint64_t time;
	int over;
};

void replay_tell(struct replay *r, int64_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* plays.c */
void plays_begin(struct replay *r, const struct journal_line *l);
void plays_finish(struct replay *r);
struct replayed_play *plays_current(struct replay *r, const struct journal_line *l); /* NULL: it has not begun */
int plays_actor(const struct replayed_play *p, const char *name);					 /* -1: nobody of the cast */

/* cues.c */
void cues_follow(struct replay *r, const struct journal_line *l);

/* traffic.c: what the player asks for and what went out; what came and what a player was told */
void sends_expect(struct replayed_play *p);
void sends_check(struct replay *r, const struct journal_line *l);
void arrivals_check(struct replay *r, const struct journal_line *l);

#endif
