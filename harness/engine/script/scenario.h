/* A scenario as read: cast, and play as a tree of steps in which all phrases are expanded. scenarios/README.md is the
 * grammar. Read-only after reading; the player keeps its state elsewhere. */
#ifndef SCRIPT_SCENARIO_H
#define SCRIPT_SCENARIO_H

#include "script/template.h"
#include "script/xpath.h"

#include <stddef.h>

#define ACTOR_CLASS_MAP(X)                                                                                             \
	X(ACTOR_ADMIN, "Admin", "admin")                                                                                   \
	X(ACTOR_SECOND_ADMIN, "SecondAdmin", "second_admin")                                                               \
	X(ACTOR_HOST_ADMIN, "HostAdmin", "host_admin")                                                                     \
	X(ACTOR_USER, "User", "user")                                                                                      \
	X(ACTOR_CLIENT, "Client", NULL)                                                                                    \
	X(ACTOR_PEER, "Peer", NULL)                                                                                        \
	X(ACTOR_REMOTE_USER, "RemoteUser", NULL)                                                                           \
	X(ACTOR_COMPONENT, "Component", NULL)

enum actor_class {
#define X(name, text, account) name,
	ACTOR_CLASS_MAP(X)
#undef X
};
#define X(name, text, account) +1
enum { ACTOR_CLASSES = 0 ACTOR_CLASS_MAP(X) };
#undef X

const char *actor_class_text(enum actor_class class);
const char *actor_class_account(enum actor_class class); /* key of the profile's account, or NULL */
int actor_class_is_client(enum actor_class class);
int actor_class_is_admin(enum actor_class class);
/* Has one stream of its own, which a `connects` step opens: clients and components. */
int actor_class_connects(enum actor_class class);
const char *actor_class_ns(enum actor_class class); /* content namespace of its streams */
struct actor;
int actor_has_own_session(const struct actor *a); /* a client that gets no session that is lent from play to play */

#define COMPONENTS_MAX 4 /* of one cast; cue.c lists what a profile has for so many */

struct actor {
	char *name;
	enum actor_class class;
	int of;	   /* RemoteUser: index of the peer; else -1 */
	int below; /* Peer: index of the peer in whose domain its own lies; else -1 */
	/* properties, NULL if not given */
	char *jid, *password, *connect_host, *connect_port, *resource, *localpart, *subdomain, *identity, *dialback,
			*reachable, *tls, *certificate, *authentication, *bidi, *login, *version, *dns, *connects, *writes;
	int line;
	int used;
	int of_group; /* one of `Name x N` */
};

struct check {
	char *id, *part, *text; /* part NULL: the main part */
	char *expr;				/* XPath as written, or NULL: decided by the step */
	struct xpath *xpath;
	int in_order; /* "in order" instead of XPath */
	int relies;	  /* "relies on": decides nothing when it holds */
	const char *file;
	int line;
	int play_line; /* in the expanded play, from 1 */
};

/* "bind NAME: XPATH" below a step that receives. */
struct binding {
	char *name;
	struct xpath *xpath; /* NULL: it was no XPath, which was told */
};

#define STEP_KIND_MAP(X)                                                                                               \
	X(STEP_CONNECT)                                                                                                    \
	X(STEP_DISCONNECT)                                                                                                 \
	X(STEP_RESET)                                                                                                      \
	X(STEP_SEND)                                                                                                       \
	X(STEP_SEND_RAW)                                                                                                   \
	X(STEP_RECEIVE)                                                                                                    \
	X(STEP_NOTHING)                                                                                                    \
	X(STEP_NEVER)                                                                                                      \
	X(STEP_OPEN)                                                                                                       \
	X(STEP_HOLD)                                                                                                       \
	X(STEP_HALF_CLOSE)                                                                                                 \
	X(STEP_END_VISITS)                                                                                                 \
	X(STEP_TOGETHER)                                                                                                   \
	X(STEP_EITHER)                                                                                                     \
	X(STEP_COMPARE)                                                                                                    \
	X(STEP_HOOK)                                                                                                       \
	X(STEP_PENDING)                                                                                                    \
	X(STEP_ROSTER)                                                                                                     \
	X(STEP_SET_ASIDE)                                                                                                  \
	X(STEP_UNREACHABLE)

/* What a peer holds back on streams that the target opened. */
enum peer_step_hold { HOLD_NOTHING, HOLD_ANSWERS, HOLD_ALL };

/* Events of streams stand in the inbox of a peer as elements of this namespace: `closed` (attribute `how`: "error",
 * "end", "fin", "reset"; the condition of a stream error as child), `opened`. */
#define NS_STREAM_EVENT "urn:x-buddycheck:stream"

enum step_kind {
#define X(name) name,
	STEP_KIND_MAP(X)
#undef X
};

#define SUBSCRIPTION_MAP(X)                                                                                            \
	X(SUB_NONE, "none")                                                                                                \
	X(SUB_TO, "to")                                                                                                    \
	X(SUB_FROM, "from")                                                                                                \
	X(SUB_BOTH, "both")

enum subscription {
#define X(name, text) name,
	SUBSCRIPTION_MAP(X)
#undef X
};

const char *subscription_text(enum subscription s);
int subscription_parse(const char *text, size_t len, enum subscription *out); /* 0 or -1 */

struct roster_state {
	enum subscription subscription;
	int asked;
	int pending; /* named: compared; not named: free */
};

/* A decision that is an ad-hoc command may be held between its form and its submission. */
enum hook_stage { HOOK_WHOLE, HOOK_BEGINS, HOOK_FINISHES };

int hook_stops_target(const char *hook);	  /* afterwards it has been started again: all streams are down */
int hook_touches_others(const char *hook);	  /* what it changes is felt by every scenario */
const char *hook_undone_by(const char *hook); /* the hook that puts back what it changes, or NULL */

struct steps {
	struct step *items;
	size_t count;
};

struct step {
	enum step_kind kind;
	char *text; /* the line, names filled in */
	const char *file;
	int line;
	int used_at;   /* line of the scenario that used the phrase, or 0 */
	int play_line; /* in the expanded play, from 1 */
	int actor;	   /* index in cast, -1: the target */
	struct template *template;
	char *raw; /* STEP_SEND_RAW: octets; STEP_OPEN: the stream header or NULL; STEP_UNREACHABLE: the reason;
				* STEP_END_VISITS: the condition */
	enum peer_step_hold hold; /* STEP_HOLD */
	int within_ms; /* 0: the profile's deadline; of STEP_NOTHING: how long it lasts, 0: the profile's quiet window */
	int negate;	   /* "is not", "does not list", "nobody like" */
	struct check *checks;
	size_t checks_count;
	struct binding *bindings;
	size_t bindings_count;
	struct steps *branches; /* STEP_TOGETHER: one; STEP_EITHER: two or more */
	size_t branches_count;
	char *left, *right;			 /* STEP_COMPARE */
	char *pattern;				 /* STEP_PENDING, STEP_ROSTER: "nobody like" this, and no actor; else NULL */
	const char *hook;			 /* STEP_HOOK, _PENDING, _ROSTER: name of the hook */
	enum hook_stage stage;		 /* STEP_HOOK */
	struct roster_state *states; /* STEP_ROSTER: accepted ones */
	size_t states_count;
};

struct scenario {
	char *id;	 /* "cancel/at-form" */
	char *file;	 /* "cancel/at-form.scs" */
	char *table; /* "state/appendix-a.tsv" if a row of it filled in the play, or NULL */
	int row;	 /* its line */
	char *title, *description;
	int exclusive, slow;
	char **needs;
	size_t needs_count;
	struct actor *cast;
	size_t cast_count;
	struct steps play;
	char *expanded; /* the play as text, phrases expanded */
};

void scenario_destroy(struct scenario *s); /* NULL is allowed */

/* A script as scansion knows it: clients only, and no check. It passes when the play comes through, and fails where it
 * does not. */
int scenario_is_plain(const struct scenario *s);

/* Every step in document order, inner ones after the step that holds them. */
void steps_each(const struct steps *steps, void (*each)(void *ud, const struct step *step), void *ud);

/* Every check of the play. */
void scenario_each_check(
		const struct scenario *s, void (*each)(void *ud, const struct step *step, const struct check *check), void *ud);

#endif
