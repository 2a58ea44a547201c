/* Client sessions: libstrophe logs in (SASL, bind) over a recording relay of ours, which carries the octets to the
 * target, does TLS, feeds the recorder and hands stanzas to the caller as they stood on the wire. libstrophe runs
 * inside the libuv loop (see lab.md section 2 for why its descriptors are low and its reads are repeated). */
#ifndef ACTORS_SESSION_H
#define ACTORS_SESSION_H

#include "actors/record.h"
#include "wire/conn.h"
#include "wire/stanza.h"

#include <uv.h>

enum session_tls { SESSION_PLAIN, SESSION_STARTTLS, SESSION_DIRECT_TLS };
enum session_tls session_tls_named(const char *name); /* "starttls", "direct"; all else, NULL too, is plain */

/* Where the login stops. */
enum session_extent {
	SESSION_BOUND,	 /* nowhere */
	SESSION_UNBOUND, /* authenticated, without a resource */
	SESSION_NAMELESS /* a stream, with TLS where the target has it, and nothing more */
};

struct session;
struct sessions;

struct session_account {
	const char *jid; /* bare */
	const char *password;
};

struct sessions_callbacks {
	/* With what the target begins a stream, its header (as an element) or its features, during the login; later
	 * whatever it says about the stream, such as the error with which it ends it. */
	void (*on_opening)(void *ud, struct session *session, struct stanza *stanza);
	/* As far as it was to go; session_jid() is the full JID, or the bare one where no resource was bound. */
	void (*on_ready)(void *ud, struct session *session);
	/* The login failed; reason is one line for people and holds no password. The session is dead, destroy it. */
	void (*on_failed)(void *ud, struct session *session, const char *reason);
	void (*on_stanza)(void *ud, struct session *session, struct stanza *stanza); /* only while ready */
	/* Came to its end after it was ready. condition: stream error of the target, or NULL; end: "</stream:stream>" was
	 * seen. */
	void (*on_closed)(void *ud, struct session *session, enum close_kind kind, const char *condition, int end);
};

struct sessions_config {
	uv_loop_t *loop;
	const char *c2s_address; /* of the target */
	int c2s_port;
	enum session_tls tls;
	const char *ca_file; /* NULL: certificates are not verified */
	struct recorder *recorder;
	const struct sessions_callbacks *callbacks;
	void *ud;
};

struct sessions *sessions_create(const struct sessions_config *config, char **error);
void sessions_set_target(struct sessions *ss, const char *c2s_address, int c2s_port);
int sessions_any(const struct sessions *ss); /* whether a session lives, closing ones included */
void sessions_destroy(struct sessions *ss);	 /* destroys all sessions */

/* Begins a login; resource NULL: the target chooses. owner is what records and session_owner() give back. */
struct session *session_create(
		struct sessions *ss, const struct session_account *account, const char *resource, void *owner);
/* The same, but the login stops where extent says. */
struct session *session_begin(
		struct sessions *ss, const struct session_account *account, enum session_extent extent, void *owner);
void *session_owner(const struct session *s);
void session_set_owner(struct session *s, void *owner);
const char *session_jid(const struct session *s);					  /* full JID, NULL before on_ready */
void session_send(struct session *s, const char *octets, size_t len); /* as they stand; ignored unless ready */
/* The same, of octets that are one stanza: written from a tree, or by us. */
void session_send_built(struct session *s, const char *octets, size_t len);
void session_disconnect(struct session *s); /* </stream:stream>; on_closed follows */
void session_destroy(struct session *s);	/* NULL is allowed, also inside callbacks */

/* Waits until the target's client port sends stream features: tries to connect until deadline_ms from now has passed.
 * done is called once with NULL, or with one line that says what was missing. One probe at a time. */
void sessions_probe(struct sessions *ss, const char *domain, unsigned deadline_ms,
		void (*done)(void *ud, const char *reason), void *ud);

#endif
