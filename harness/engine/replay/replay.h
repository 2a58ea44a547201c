/* Judges a run again from its journal alone: every play's player gets the cues that stand there, with their times, and
 * what came is read from the octets. No I/O, no clock.
 *
 * The journal is also held against itself: its lines are numbered without a gap and in the order of time, what a play
 * sends is what its scenario has it send, and what came for a play was told to a player. What does not fit is told as a
 * problem; the rest is judged all the same. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "judge/player.h"

struct replay;

/* One play that began; of several attempts the last one counts. */
struct replayed {
	const struct scenario *scenario;
	int repeat;
	struct player *player;
	int ended;			 /* player_end() was called */
	int superseded;		 /* a later attempt counts */
	int64_t first, last; /* lines of the journal */
};

struct replay_problem {
	int64_t line; /* of the journal; 0: none */
	char *text;
};

/* catalogue is borrowed. rerun as in struct player_config. */
struct replay *replay_create(const struct catalogue *catalogue, const char *rerun);
void replay_destroy(struct replay *r);

/* The whole journal. 0; ERR_SYNTAX: it is no journal of this format, problem 0 says why, and nothing was judged. */
int replay_read(struct replay *r, const char *text, size_t len);

size_t replay_count(const struct replay *r);
struct replayed *replay_at(struct replay *r, size_t i);
size_t replay_problems(const struct replay *r); /* at most 100 are kept */
const struct replay_problem *replay_problem(const struct replay *r, size_t i);
uint64_t replay_seed(const struct replay *r);

#endif
