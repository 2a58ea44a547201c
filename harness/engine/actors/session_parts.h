/* What the files of the session module share: session.c (lifecycle), strophe.c (libstrophe inside libuv),
 * session_probe.c (readiness). No other module includes this. */
#ifndef ACTORS_SESSION_PARTS_H
#define ACTORS_SESSION_PARTS_H

#include "actors/relay.h"
#include "actors/session.h"

#include <strophe.h>

/* libstrophe uses select(), which aborts the process for a descriptor of 1024 or more. Low descriptors are held back
 * here from the start, and lent to it one by one. */
#define LOW_DESCRIPTORS 128

/* After a refusal, or after our end of the stream: what is still to come comes at once or never. */
#define CLOSE_DEADLINE_MS 2000

struct sessions {
	uv_loop_t *loop;
	char *address; /* of the target */
	int port;
	enum session_tls tls;
	char *ca_file;
	struct recorder *recorder;
	const struct sessions_callbacks *callbacks;
	void *ud;
	struct session *first;
	struct probe *probe; /* NULL if none runs */
	int low[LOW_DESCRIPTORS];
	int low_count;
};

enum session_state {
	SESSION_LOGIN,
	SESSION_READY,
	SESSION_CLOSING, /* we sent </stream:stream> */
	SESSION_OVER	 /* on_failed or on_closed was called, or is about to be */
};

/* Stanzas of the target that came between bind and on_ready. */
struct held {
	struct held *next;
	struct stanza *stanza;
};

struct session {
	struct sessions *ss;
	struct session *prev, *next;
	void *owner;
	char *account;	/* bare JID */
	char *full_jid; /* NULL before on_ready */
	enum session_state state;
	enum session_extent extent;
	int authenticated;
	struct relay *relay;
	struct strophe *strophe;
	uv_timer_t *timer; /* deadline of the login, or of the close */
	char *reason;	   /* why the login failed, known before it can be told */
	char *refusal;	   /* condition of the target's SASL failure */
	char **login_ids;  /* ids of the IQs that libstrophe sent */
	size_t login_id_count;
	struct held *held;
	struct held **held_end;
	int busy, dead;
};

/* strophe.c: one libstrophe connection, pumped by the readiness of its descriptor. Callbacks run outside of libstrophe.
 */
struct strophe;

struct strophe_callbacks {
	void (*on_bound)(void *ud, const char *full_jid);
	void (*on_gone)(void *ud); /* it closed its side; nothing more comes */
};

struct strophe *strophe_create(struct sessions *ss, const char *jid, const char *password, const struct relay *relay,
		const struct strophe_callbacks *callbacks, void *ud);
void strophe_disconnect(struct strophe *st);
void strophe_destroy(struct strophe *st); /* NULL is allowed, also inside its callbacks */

void strophe_hold_low(struct sessions *ss); /* fills the reserve of low descriptors as far as it goes */
void strophe_release_low(struct sessions *ss);

/* session_probe.c */
void probe_destroy(struct probe *p); /* NULL is allowed */

void session_free_handle(uv_handle_t *handle); /* close callback for handles of their own memory */

#endif
