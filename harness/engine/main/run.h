/* A suite: the catalogue, the actors and the players in one event loop; and its runs, one for each instance of the
 * target. Files of main/ only. */
#ifndef MAIN_RUN_H
#define MAIN_RUN_H

#include "actors/component.h"
#include "actors/peer.h"
#include "actors/pool.h"
#include "actors/session.h"
#include "journal/journal.h"
#include "judge/player.h"
#include "main/control.h"
#include "main/plan.h"
#include "report/tap.h"
#include "script/catalogue.h"
#include "target/adhoc.h"
#include "wire/dns.h"

#include <uv.h>

#define TOKEN_CHARS 5
#define LAST_SENT 3	 /* stanzas that are shown of a play that the target did not survive */
#define LOSSES_MAX 8 /* then the run is cut short */

enum phase {
	PHASE_START,	 /* waiting for the driver to start the target */
	PHASE_READY,	 /* waiting for stream features */
	PHASE_LOGIN,	 /* the first login */
	PHASE_PARALLEL,	 /* scenarios side by side */
	PHASE_SETTLE,	 /* their prohibitions stay armed a while */
	PHASE_EXCLUSIVE, /* the others, one group after the other */
	PHASE_LIVENESS,	 /* does the target still answer? */
	PHASE_OVER		 /* reported; streams are being closed in order */
};

struct run;
struct suite;

/* Which plays may run at the same time. */
enum company {
	WITH_ALL,
	WITH_RESTARTS, /* those that restart the target share the restart, and so on */
	WITH_KILLS,
	WITH_FUNCTION, /* they switch the function */
	WITH_AUTO,	   /* they switch automatic approval */
	ALONE,
	LAST, /* alone, after all others: they spoil the target's store */
	COMPANIES
};

/* What a play waits for, and what it waited for longest. */
struct play_waits {
	struct player_wait now, longest;
	uint64_t since, longest_us;
	int busy; /* it waits for something else than time */
	int asks; /* and not for other plays */
};

/* One performance of a scenario. */
struct play {
	struct run *run;
	const struct scenario *scenario;
	int repeat;
	enum company company;
	char token[TOKEN_CHARS + 1];
	struct player *player;
	struct seat_link {
		struct play *play; /* the link is the owner that actors give back */
		int actor;
		struct peer *peer;
		struct session *session;
		struct component *component;
		enum { ATTACH_NO, ATTACH, ATTACH_BARE } attach; /* once the component's stream before is gone */
		size_t domain;									/* of the component: number in the profile */
		char *address;
		char *account; /* bare JID of the session, to give it back under */
		int own;	   /* not to be lent to others afterwards */
		int claims;	   /* counted in run.claims, or holds the component's domain */
	} * links;
	uv_timer_t timer;
	int timer_open;
	struct {
		uint64_t deadline; /* the player's, which is told later: */
		uint64_t until;	   /* PLAYER_NEVER: not yet known when */
		uint64_t left;	   /* of a hook that waits for other plays: what is left of its deadline */
	} respite;
	int asks_target; /* a liveness check is to show whether the target still works */
	uint64_t quiet;	 /* the window when it began */
	int begun, reported, ended;
	int held;					 /* it waits for others, to have the same done to the target */
	int doubtful;				 /* its end may come from the target's: it missed an answer or lost a connection */
	struct play *before, *again; /* the attempts before and after this one, where the target was lost */
	struct loss *loss;			 /* this attempt was under way then */
	struct sent {				 /* the last stanzas to the target, a ring */
		int actor, line;
		char *excerpt;
		size_t octets; /* of the whole */
	} sent[LAST_SENT];
	size_t sent_count;
	int sent_last; /* line of the journal */
	int pumping;
	struct session *asked_on; /* while a client's stanza is handled: the session it came on, maybe another play's */
	int journal_first, journal_last;
	struct play_waits waits;
};

/* The target ended without being asked to, or did not answer any more. */
struct loss {
	char *reason;
	const struct play *blamed; /* or NULL */
};

/* What is played against one instance of the target. */
struct run {
	struct suite *suite;
	size_t instance; /* which one, from 0 */
	struct peers *peers;
	struct sessions *sessions;
	struct pool pool;
	struct components *components; /* NULL: the target has no port for them */
	int *domains_held;			   /* per component domain of the profile: a play has it */
	size_t domains_given;		   /* to plays, one after the other */
	struct dns_server *dns;
	struct play **plays; /* in the order of enum company */
	size_t plays_count, parallel_count;
	size_t next;				  /* of the plays that have not begun */
	size_t active;				  /* begun, play not over */
	uint64_t forbade;			  /* when the last play was over that forbids something beyond its end; or 0 */
	size_t claims[ACTOR_CLASSES]; /* clients of each class that plays under way still need */
	size_t tidied; /* of the plays that have begun: what they changed about the target is being put back */
	int undoing;   /* hooks under way that put it back */
	enum phase phase;
	uv_timer_t timer;
	uv_timer_t check_timer; /* deadline of the login or of a liveness check */
	uint64_t check_began;	/* microseconds */
	uint64_t heard;			/* when the target said something to a play last */
	uv_idle_t next_turn;	/* begins plays, or ends the run, outside of other events */
	struct hook_runner *hooks;
	struct {
		int one;				   /* one session of a command for each requester is all that the target allows */
		struct open_command *open; /* then: what plays have open, or have left open */
		size_t count;
		struct held_command *held; /* and what waits until their last command is done with */
		size_t held_count;
		int numbers;
		uv_timer_t timer;
		int looks, opened, refused; /* while that is found out: answers to come, what they say */
		void (*looked)(struct run *r, const char *reason);
	} commands;
	int checking; /* a liveness check is under way: nothing begins */
	int check_again;
	struct loss losses[LOSSES_MAX];
	size_t losses_count;
	size_t since_start;	 /* plays since the target was started */
	struct play *lone;	 /* the first of them, while it is the only one */
	int target_stopping; /* the driver restarts or kills it for us */
	int closed;			 /* over, and all streams are closed */
	struct {
		size_t busy; /* plays that wait for something else than time */
		int quiet;	 /* nothing but quiet windows keeps it from going on */
	} waits;
};

/* What all runs have in common. */
struct suite {
	uv_loop_t *loop;
	struct plan plan;
	struct catalogue catalogue;
	int catalogue_read;
	struct journal *journal;
	struct recorder recorder;
	struct authority *authority; /* of all certificates; NULL without TLS between servers */
	struct control *control;
	uv_prepare_t before_poll;
	struct {
		struct play **plays; /* whose timers are over; they are told once what has come was read */
		size_t count;
		uv_check_t after_poll;
		uv_idle_t no_wait;
	} due;
	uint64_t started;  /* of the loop's high resolution clock, nanoseconds */
	uint64_t tokens;   /* that were given to plays */
	struct run **runs; /* at most plan.instances; the others are not needed */
	size_t runs_count;
	char *abort_reason; /* of the first run that was cut short, or NULL */
	int exit;
	struct {
		uint64_t overtaken; /* the longest that was seen */
		uint64_t quiet;		/* the window for it; 0: that of the profile is long enough */
		size_t again;		/* plays that were played once more */
	} hasty;
	struct {
		size_t asking; /* plays of all runs that wait for their target: the instances share the machine */
		int quiet;	   /* all runs that are not over are */
		uint64_t since, total;
	} waits;
};

uint64_t suite_now(const struct suite *s);		   /* microseconds since it began */
uint64_t run_now(const struct run *r);			   /* the same */
void run_play_over(struct run *r, struct play *p); /* called once per play when its player is over */
void run_end_finished(struct run *r);			   /* ends the plays that are over: the target is about to be stopped */
void run_wake(struct run *r);					   /* something has changed: perhaps more can begin */
void run_check_liveness(struct run *r);
void run_undone(struct run *r, const char *reason); /* a hook of hooks_undo() is done; reason: it failed, or NULL */
void run_stream_gone(struct run *r);				/* a stream or session came to its end */
void run_closed(uv_timer_t *timer);	 /* of a run that is over: all its streams are closed, or time is up */
void run_start_again(struct run *r); /* the target, which the driver starts; then the plays that have not begun */

/* end.c */
int suite_over(const struct suite *s);			 /* all runs are */
void run_end_plays(struct run *r, size_t count); /* of the first `count` plays, those that have begun */
void run_finish(struct run *r);
void run_abort(struct run *r, const char *step, const char *reason);

/* address.c */
/* The play's own, different for each number below a power of two. */
void play_token(char token[TOKEN_CHARS + 1], uint64_t seed, uint64_t number);
/* Of the actor number i, once those before it have theirs; caller frees. */
char *play_address(const struct play *p, size_t i);

/* perform.c */
void play_perform(struct play *p, const struct action *a);
void play_perform_all(struct play *p);					   /* whatever the player asks for */
void play_count_streams(struct play *p, int actor);		   /* tells the player how many streams its peer has */
void play_release(struct play *p, struct seat_link *link); /* the session goes back, or ends */
void play_release_early(struct play *p);
void play_attach(struct seat_link *link); /* the component, as link->attach says */

/* play.c */
void suite_config(const struct suite *s, struct player_config *config); /* what holds for all plays */
struct play *play_create(struct run *r, const struct scenario *s, int repeat, enum company company);
void play_begin(struct play *p);
void play_pump(struct play *p); /* performs what the player asks for */
void play_end(struct play *p, const char *why, enum verdict verdict);
void play_disconnect_peers(struct play *p); /* in order; also what the target opened after the end of the play */
void play_destroy(struct play *p);
struct play *play_by_token(struct run *r, const char *raw, size_t len);

/* The play loses a connection, perhaps because the target ended: it counts when the target has been heard of again. */
void play_doubt(struct play *p);
/* Ends a play that the target did not survive: FAIL or INCONCLUSIVE. */
void play_lost(struct play *p, const char *reason, enum verdict verdict);
void play_note_sent(struct play *p, int actor, int line, const char *data, size_t len);

/* deadlines.c */
void deadlines_init(struct suite *s);
void deadlines_watch(struct play *p);				   /* the player's deadline may have changed */
void deadlines_answered(struct run *r, uint64_t took); /* the target answered a ping, after so many microseconds */
void deadlines_hold(struct play *p);				   /* its deadline stands still: others have to act first */
void deadlines_go_on(struct play *p);				   /* it runs again */

/* cue.c: what the player is told, written into the journal first, so that replay/ can tell it the same again */
void cue_suite(struct suite *s); /* the first line: what holds for all plays */
void cue_start(struct play *p, const char *attempt);
void cue_connected(struct play *p, int actor, const char *full_jid);
void cue_connect_failed(struct play *p, int actor, const char *reason);
void cue_stanza(struct play *p, int actor, const struct player_stanza *ps);
void cue_opening(struct play *p, int actor, struct stanza *stanza);
void cue_closed(struct play *p, int actor, const char *how);
void cue_opened(struct play *p, int actor);
void cue_visited(struct play *p, int actor, const char *door);
void cue_ended(struct play *p, int actor, const char *how, const char *condition);
void cue_streams(struct play *p, int actor, size_t own, size_t all);
void cue_hook(struct play *p, int id, int ok, const char *output);
void cue_fault(struct play *p, int actor, const char *detail);
void cue_deadline(struct play *p);
void cue_withdraw(struct play *p, int actor);
void cue_quiet(struct play *p, uint64_t quiet);
void cue_lost(struct play *p, const char *why, const char *detail, enum verdict verdict);
void cue_end(struct play *p, const char *why, enum verdict verdict);

/* turns.c */
enum company turns_company(const struct scenario *s);
size_t turns_windows(const struct steps *steps); /* quiet windows one after the other, at most */
int turns_forbids(const struct steps *steps);	 /* perhaps beyond the end of the play */
/* How long what is forbidden stays forbidden when no play is left, in microseconds: the final quiet window from the
 * last end of a play that forbids something beyond it (forbade; 0: none did), for the others a quiet window. */
uint64_t turns_settling(uint64_t now, uint64_t forbade, uint64_t final_quiet, uint64_t quiet);
/* Whether so many ordinary plays are worth a second instance. */
int turns_two(const struct plan *plan, size_t ordinary);
/* Which instance of the target each company gets that is there; the number of those that are needed, at most
 * `instances`. */
size_t turns_spread(const int there[COMPANIES], size_t instances, size_t instance_of[COMPANIES]);
int turns_share(const struct play *first, const struct play *other); /* may they do it to the target together? */
struct play *turns_take(struct run *r);		 /* the next play, now at r->plays[r->next]; NULL: none may begin as yet */
void turns_claim(struct play *p);			 /* it begins */
void turns_let_go(struct seat_link *link);	 /* its play needs this client or component no longer */
int turns_has_domains(const struct play *p); /* nobody else has the domains of its components */
/* A domain that stands in the profile is lent to one play after the other; others are made up for one. */
int turns_lends_domain(const struct seat_link *link);

/* loss.c */
/* The target is lost. Has it started again and plays what was under way once more, each play alone, until it is known
 * which one the target does not survive; or ends the run, where that cannot be done. ended: the process did. */
void loss_happened(struct run *r, const char *reason, int ended);
int loss_reports(const struct play *p); /* 0: a later attempt counts instead */
/* One row for each loss that nobody can be blamed for; `out` has room for LOSSES_MAX, free results with loss_finish().
 */
size_t loss_rows(const struct run *r, struct report_row *out, struct result *results);
void loss_json(const struct run *r, json_t *list); /* appends one object for each */
void loss_finish(struct run *r);

/* traffic.c: callback tables for the actors. */
extern const struct peers_callbacks play_peers_callbacks;
extern const struct sessions_callbacks play_sessions_callbacks;
extern const struct components_callbacks play_components_callbacks;

/* events.c: to the journal */
int record_actor(void *ud, const struct record *record);
void play_note_line(struct play *p, int line); /* p NULL: a line of no play */
int journal_note(struct run *r, const struct play *p, int actor, const char *kind, const char *detail);

/* commands.c */
/* Finds out how many sessions of a command the target allows; s: an administrator's, or NULL. */
void commands_look(struct run *r, struct session *s, void (*done)(struct run *r, const char *reason));
int commands_stanza(struct run *r, struct session *s, const struct stanza *stanza); /* 1: it was no play's */
/* A play needs the session no longer: what is open on it is cancelled. class: of the client. */
void commands_leave(struct run *r, struct session *s, enum actor_class class);
/* 1: the play's octets go out later, when its command of the same kind has been answered. */
int commands_holds(struct run *r, struct session *s, const char *octets);
void commands_session_gone(struct run *r, const struct session *s, enum actor_class class);
void commands_finish(struct run *r);

/* hasty.c */
uint64_t hasty_quiet(const struct suite *s); /* the quiet window, in microseconds */
void hasty_note(const struct play *p);		 /* something happened in a play */
/* Plays whose verdict may come from a window that was too short get another attempt, next in turn; 1: there are some.
 */
int hasty_again(struct run *r);
json_t *hasty_json(const struct suite *s); /* JSON null: no window was too short */

/* waits.c */
void waits_note(struct play *p);		  /* something happened in a play */
void waits_note_run(struct run *r);		  /* the phase changed, or the time up to now is to be counted */
json_t *waits_json(const struct play *p); /* what it waited for longest; new */

/* hooks.c */
struct hook_runner *hooks_create(struct run *r);
void hooks_destroy(struct hook_runner *h);
void hooks_call(struct hook_runner *h, struct play *p, const struct action *a);
/* A play came to its end: those that wait for a restart may be the only ones left. */
void hooks_meet(struct hook_runner *h);
/* Puts back what a play that is over has left changed; run_undone() follows. */
void hooks_undo(struct hook_runner *h, struct play *p, const char *hook, const char *peer);
/* The target ended without being asked to. 1: a hook is under way that it may refuse in this way. */
int hooks_target_exited(struct hook_runner *h);
void hooks_driver_answer(struct hook_runner *h, const json_t *fields);
struct session *hooks_session(const struct hook_runner *h); /* that is logged in, or NULL */
int hooks_owns(const struct hook_runner *h, const struct session *s);
void hooks_session_ready(struct hook_runner *h);
void hooks_session_gone(struct hook_runner *h, const char *reason);
int hooks_stanza(struct hook_runner *h, const struct stanza *s); /* 1: it answers something of the engine's own */
void hooks_forget_play(struct hook_runner *h, const struct play *p);
void hooks_disconnect(struct hook_runner *h);
json_t *hooks_software(const struct hook_runner *h); /* what the target says it is (XEP-0092); JSON null: nothing */
void hooks_reset(struct hook_runner *h); /* the target is gone: forgets all calls, the question and the session */
/* Asks the target for a sign of life as the admin; done(run, reason): NULL when it answered. Includes the login. */
void hooks_ping(struct hook_runner *h, void (*done)(struct run *r, const char *reason));

#endif
