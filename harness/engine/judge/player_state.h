/* The player's insides, shared by the files of judge/ only. */
#ifndef JUDGE_PLAYER_STATE_H
#define JUDGE_PLAYER_STATE_H

#include "base/buf.h"
#include "judge/player.h"

#define TARGETS_MAX 4

struct entry {
	struct stanza *stanza;
	int journal;
	int soft;		 /* tolerated: may be taken, breaks no silence */
	int consumed;	 /* taken by a step, or reported */
	unsigned number; /* order of arrival */
};

/* What an actor of the cast is in this play. */
struct seat {
	char *address;
	int connected; /* clients */
	struct entry *inbox;
	size_t inbox_count;
	char *last_iq;		 /* id of the last IQ that it sent */
	unsigned last_taken; /* number of the last stanza that a step took */
	int sent_since_fence;
	int unsettled;	   /* a peer sent presence, and no quiet window has passed since it was read */
	int sees_dialback; /* the play has to do with it: its answers can be received */
	int bare;		   /* it speaks on a stream without authentication only ... */
	int bare_open;	   /* ... which is open */
	int holding;	   /* enum peer_step_hold */
	int leaving;	   /* a peer that ended its streams in order: they are not all gone yet */
	int half_closed;   /* a peer that ended its direction of its streams: they are not all gone yet */
	int visits;		   /* streams that the target opened to a peer and that are still there; -1: not counted yet */
	int reset;		   /* ... with TCP resets: what it sent before may never be read */
	int broken;		   /* the play ended its streams, and the target may not have noticed yet */
	int fence_open;	   /* answers still missing */
	int fence_serial;
	int fence_again;		 /* how often the open one was put again */
	char *trouble;			 /* why its streams failed last, or NULL */
	struct vars errors_sent; /* ids of error stanzas that it sent */
	struct vars answers_due; /* ids of IQs: how many answers may still come */
	struct submission *submissions;
	size_t submissions_count;
	int withdrawn; /* a component whose play is over: what still comes is no business of it */
	int hung_up;   /* a client's session was ended by the play, its close is to come */
};

/* A form that a client has submitted, until it is known what came of it. */
struct submission {
	char *id;		   /* of the IQ that is under way */
	char *stands_for;  /* id of the play's own IQ, whose answer the last stage's is; NULL: that is it itself */
	struct stanza *iq; /* the form is in it */
	int stages;		   /* further ones so far */
};

/* A prohibition in force. */
struct arm {
	const struct step *step;
	int until_act; /* `receives: nothing`: ends with the next step that acts */
};

enum wait_kind {
	WAIT_STEP,
	WAIT_GONE,	  /* streams that the play has ended are still there */
	WAIT_NOTICED, /* they are gone, and the target gets the time to notice */
	WAIT_FENCE,
	WAIT_QUIET,
	WAIT_HOOK,
	WAIT_END_FENCE,
	WAIT_END_QUIET
};

/* A branch was chosen because nothing else came within the quiet window after the answer to a marker. */
struct silence {
	const struct step *either;
	int actor;		/* who got the answer */
	uint64_t since; /* when that answer was there */
};

struct left {
	const char *hook;
	char *peer;
};

struct frame {
	const struct steps *steps;
	size_t next;
};

struct player {
	struct player_config config;
	const char *targets[TARGETS_MAX + 1];
	struct seat *seats;
	struct vars vars;
	struct frame *frames;
	size_t frames_count;
	const struct step *open;	 /* the step that is waited for, or NULL */
	const struct step *entering; /* the last one that was entered, or NULL */
	enum wait_kind wait;
	uint64_t deadline;
	int fences_again;		  /* those of the open step were sent a second time */
	uint64_t entered;		  /* when the open step began to wait */
	unsigned arrivals_before; /* stanzas that had come by then */
	int looking;			  /* at the list of requests, before the open step's decision */
	int hook_id, hook_tried;  /* of the open step; tried: how often the answer was read */
	uint64_t marked;		  /* when the answer to a marker was there */
	struct silence *silences; /* since the play acted last in a way that may have to do with them */
	size_t silences_count;
	uint64_t overtaken;	  /* see player_overtaken() */
	uint64_t asked_first; /* when the open question about the target's state was answered first */
	uint64_t settled;	  /* when a branch that begins with any answer may be played, or PLAYER_NEVER */
	int *together;		  /* per inner step: met, or missed without ending the play */
	struct arm *arms;
	size_t arms_count;
	const struct step *
			*late; /* missed without ending the play: what they waited for may still come, and is no offence */
	size_t late_count;
	struct action *actions;
	size_t actions_count, actions_taken;
	struct vars licensed; /* peers (or what an admin wrote) that may be subscribed to */
	struct left *left;	  /* hooks that put back what the play has changed */
	size_t left_count;
	const char *missing_hook; /* a question that could not be put, or NULL */
	unsigned arrivals;
	int ids;
	int over, ended, timed_out;
	struct result result;
};

/* player.c */
void name_set(struct player *p, const char *name, const char *form, const char *value); /* ${name form} */

/* needs.c */
void needs_check(struct player *p);						 /* what is missing makes the play SKIP */
int has_hook(struct player *p, const struct step *step); /* 0: a step that must be carried out makes the play SKIP */

/* happens.c */
int step_fits(const struct player *p, int actor, const struct step *step, const struct stanza *s);

/* inbox.c */
struct entry *inbox_take(struct player *p, const struct step *step); /* the first stanza that fits, marked; or NULL */
int inbox_holds(struct player *p, const struct step *step);			 /* one that fits is there */
int inbox_hopeless(struct player *p, const struct step *step);		 /* the awaited answer is there and does not fit */
void inbox_drop_answer(struct player *p, const struct step *step);	 /* the answer that made it hopeless is judged */
int inbox_is_late(const struct player *p, int actor, const struct stanza *s); /* a step that was missed waited for it */
void inbox_set_aside(struct player *p, int actor); /* what is tolerated and there: no later step takes it */
struct evidence *inbox_closest(struct player *p, const struct step *step); /* EVIDENCE_MISSED; caller unrefs */
const char *implied_id(const struct player *p, const struct step *step);   /* or NULL */

/* decide.c */
void decide_step(struct player *p, const struct step *step, int met, struct evidence *e); /* checks without condition */
void decide_taken(struct player *p, const struct step *step, const struct entry *e, unsigned previous);
void decide_violation(struct player *p, const struct step *step, const struct entry *e); /* of a prohibition */
void decide_invariants(struct player *p, int actor, const struct player_stanza *ps);
void decide_list(struct player *p, const char *domain, const char *output); /* rules for every list that a hook shows */
void decide_answer_due(struct seat *seat, const char *id);					/* an IQ with that id was sent */
void decide_open_checks(struct player *p); /* at the end: what was not reached is UNDECIDED */
char *step_place(const struct player *p, const struct step *step);
struct play_place step_at(const struct player *p, const struct step *step); /* its parts; of NULL no place */
/* Whether the play can go on without what the step was to receive: the miss is no more than WARN, the play does not
 * rely on it and binds nothing in it. */
int decide_spares(struct player *p, const struct step *step);
/* A step without a check was not met: INCONCLUSIVE, or FAIL in a plain script, whose steps are what it checks. */
void decide_unmet(struct player *p, const char *place, const struct step *step, struct evidence *e);

/* actions.c */
void act_send_step(struct player *p, const struct step *step);
void act_send_raw(struct player *p, int actor, char *octets, const char *to_domain, const char *note);
void act_simple(struct player *p, enum action_kind kind, int actor);
void act_open(struct player *p, int actor, char *header); /* takes header */
void act_end_visits(struct player *p, int actor, const char *condition);
void act_hold(struct player *p, int actor, enum peer_step_hold hold);
int act_hook(struct player *p, const struct step *step, const char *peer);
void act_answer(struct player *p, int actor, const struct stanza *s, const struct background_rule *rule);
void act_refuse(struct player *p, int actor, const struct stanza *s); /* service-unavailable to an IQ */
void fence_send(struct player *p, int actor);
void fence_needed(struct player *p, int actor); /* sends one, unless the end of its streams serves as one */
int fence_takes(struct player *p, int actor, const struct stanza *s); /* 1: it was an answer to a fence */
int fences_open(const struct player *p);
int fences_repeat(struct player *p); /* once more what was not answered; 0: no answer can come any more */
void license(struct player *p, const char *peer);

/* further.c */
void further_note(struct seat *seat, const struct stanza *s); /* the play sends it */
/* 1: it leads to a further stage, and the client has gone on by itself. What is the answer of such a stage gets the id
 * of the play's own IQ. */
int further_takes(struct player *p, int actor, struct stanza *s);
void further_forget(struct seat *seat);

/* left.c */
void left_note(struct player *p, const char *hook, const char *peer);
void left_undone(struct player *p, const char *hook);
int left_has(const struct player *p, const char *hook);
void left_finish(struct player *p);

/* steps.c */
const char *actor_name(const struct player *p, int actor); /* -1: the target */
int seat_is_client(const struct player *p, int actor);
int seat_connects(const struct player *p, int actor); /* it can do nothing without a stream of its own */
int seats_leaving(const struct player *p);			  /* of some, streams that the play has ended are still there */
int step_is_query(const struct step *step);			  /* a question about the target's state */
int wait_passes(enum wait_kind kind);				  /* a wait that nothing but time ends */
void steps_wait_for(struct player *p, const struct step *step, enum wait_kind kind, uint64_t deadline);
/* For the answers to all fences that are open. Half the time later they are sent again: what was said on a stream that
 * broke meanwhile may be lost (RFC 6120 section 10.4.1 asks for a new stream, nothing tells what became of the rest).
 */
void steps_wait_for_fences(struct player *p, const struct step *step, enum wait_kind kind, uint64_t now);
uint64_t step_deadline(const struct player *p, const struct step *step);
void step_missed(struct player *p, const struct step *step, struct evidence *e);
/* A question about the target's state, or a comparison, whose answer was wrong. */
void query_missed(struct player *p, const struct step *step, struct evidence *e, uint64_t now);
void steps_advance(struct player *p, uint64_t now);
void steps_timeout(struct player *p, uint64_t now);
void play_fails(struct player *p, uint64_t now); /* ends the play early */
void note_trouble_at(struct player *p);			 /* if there is trouble: at the step that was entered last */

/* enter.c */
void step_enter(struct player *p, const struct step *step, uint64_t now);

/* meet.c */
/* Something came: perhaps what a branch was given up for. */
void silences_broken(struct player *p, int actor, const struct stanza *s, uint64_t now);
int step_try(struct player *p, const struct step *step, uint64_t now); /* 1: the open step is met */
int together_try(struct player *p, const struct step *step, uint64_t now);
/* 1: the play goes on behind the step, or, in a `Together:`, with those that are still open; 0: it is over. */
int step_fails(struct player *p, const struct step *step, uint64_t now);

/* ask.c */
void hook_enter(struct player *p, const struct step *step, uint64_t now);
void hook_settle(struct player *p, const struct step *step, uint64_t now); /* all that peers sent was read */
void hook_call(struct player *p, const struct step *step, uint64_t now);
void steps_hook_done(struct player *p, int ok, const char *output, uint64_t now);

/* arms.c */
void arms_add(struct player *p, const struct step *step, int until_act);
/* Arms end: all of `receives: nothing` when something acts (actor -1), those of one actor when it receives again. */
void arms_end(struct player *p, int actor);
void violations_after(struct player *p, int actor);
void violations_before(struct player *p, const struct steps *branch); /* the branch of an `either:` is chosen */

#endif
