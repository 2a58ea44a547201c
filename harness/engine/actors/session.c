#include "actors/session_parts.h"

#include "actors/markup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define LOGIN_DEADLINE_MS 60000 /* who waits for the login has a shorter one, or is patient with a busy target */

enum session_tls session_tls_named(const char *name)
{
	if (name && !strcmp(name, "starttls")) {
		return SESSION_STARTTLS;
	}
	return name && !strcmp(name, "direct") ? SESSION_DIRECT_TLS : SESSION_PLAIN;
}

struct sessions *sessions_create(const struct sessions_config *config, char **error)
{
	(void)error; /* nothing can fail so far: the relays listen one by one */
	struct sessions *ss = mem_alloc(sizeof *ss);
	ss->loop = config->loop;
	ss->address = mem_strdup(config->c2s_address);
	ss->port = config->c2s_port;
	ss->tls = config->tls;
	ss->ca_file = mem_strdup(config->ca_file);
	ss->recorder = config->recorder;
	ss->callbacks = config->callbacks;
	ss->ud = config->ud;
	xmpp_initialize();
	strophe_hold_low(ss);
	return ss;
}

void sessions_set_target(struct sessions *ss, const char *c2s_address, int c2s_port)
{
	free(ss->address);
	ss->address = mem_strdup(c2s_address);
	ss->port = c2s_port;
}

int sessions_any(const struct sessions *ss)
{
	return ss->first != NULL;
}

void sessions_destroy(struct sessions *ss)
{
	if (!ss) {
		return;
	}
	while (ss->first) {
		session_destroy(ss->first);
	}
	probe_destroy(ss->probe);
	strophe_release_low(ss);
	xmpp_shutdown();
	free(ss->address);
	free(ss->ca_file);
	free(ss);
}

static void drop_held(struct session *s)
{
	while (s->held) {
		struct held *h = s->held;
		s->held = h->next;
		stanza_unref(h->stanza);
		free(h);
	}
	s->held_end = &s->held;
}

static void free_session(struct session *s)
{
	drop_held(s);
	for (size_t i = 0; i < s->login_id_count; i++) {
		free(s->login_ids[i]);
	}
	free(s->login_ids);
	free(s->account);
	free(s->full_jid);
	free(s->reason);
	free(s->refusal);
	free(s);
}

static void leave(struct session *s)
{
	s->busy--;
	if (s->dead && !s->busy) {
		free_session(s);
	}
}

static void close_timer(struct session *s)
{
	if (s->timer) {
		uv_close((uv_handle_t *)s->timer, session_free_handle);
		s->timer = NULL;
	}
}

/* Gives back everything but the session itself, which belongs to the caller. */
static void release(struct session *s)
{
	s->state = SESSION_OVER;
	close_timer(s);
	strophe_destroy(s->strophe);
	s->strophe = NULL;
	relay_destroy(s->relay);
	s->relay = NULL;
}

static void login_failed(struct session *s, const char *reason)
{
	char *line = s->refusal ? mem_printf("login of %s refused: %s", s->account, s->refusal)
							: mem_printf("login of %s failed: %s", s->account, reason);
	release(s);
	if (s->ss->callbacks->on_failed) {
		s->ss->callbacks->on_failed(s->ss->ud, s, line);
	}
	free(line);
}

static void on_timer(uv_timer_t *timer)
{
	struct session *s = timer->data;
	s->busy++;
	if (s->state == SESSION_CLOSING) {
		relay_reset(s->relay);
	} else if (s->state == SESSION_LOGIN && s->reason) {
		login_failed(s, s->reason);
	} else if (s->state == SESSION_LOGIN) {
		char *reason = mem_printf(
				"no answer from the target within %d s (%s)", LOGIN_DEADLINE_MS / 1000, relay_progress(s->relay));
		login_failed(s, reason);
		free(reason);
	}
	leave(s);
}

/* ----------------------------------------------------------------------------------------------- what the relay saw */

static int answers_login(const struct session *s, const struct stanza *stanza)
{
	const char *id = node_is(stanza->root, "iq", NULL) ? stanza_attr(stanza, "id") : NULL;
	for (size_t i = 0; id && i < s->login_id_count; i++) {
		if (strcmp(s->login_ids[i], id) == 0) {
			return 1;
		}
	}
	return 0;
}

static void become_ready(struct session *s, const char *full_jid);

/* What comes after these features is the caller's affair: libstrophe has done its part, if it had one. */
static int login_ends(const struct session *s, const struct stanza *stanza)
{
	int offers = node_is(stanza->root, "features", NS_STREAM) && relay_is_open(s->relay);
	return offers && (s->extent == SESSION_NAMELESS || (s->extent == SESSION_UNBOUND && s->authenticated));
}

static void stop_login(struct session *s)
{
	relay_dismiss(s->relay);
	strophe_destroy(s->strophe);
	s->strophe = NULL;
	become_ready(s, s->account);
}

static void login_element(struct session *s, struct stanza *stanza, int from_target)
{
	const char *id = stanza_attr(stanza, "id");
	if (!from_target) {
		if (id && node_is(stanza->root, "iq", NULL)) {
			s->login_ids = mem_resize(s->login_ids, s->login_id_count + 1, sizeof *s->login_ids);
			s->login_ids[s->login_id_count++] = mem_strdup(id);
		}
		return;
	}
	if (node_is(stanza->root, "stream", NS_STREAM) || node_is(stanza->root, "features", NS_STREAM)) {
		if (s->ss->callbacks->on_opening) {
			s->ss->callbacks->on_opening(s->ss->ud, s, stanza);
		}
		if (!s->dead && s->state == SESSION_LOGIN && login_ends(s, stanza)) {
			stop_login(s);
		}
	} else if (node_is(stanza->root, "failure", NS_SASL)) {
		const xmlNode *condition = stanza->root->children;
		while (condition && (condition->type != XML_ELEMENT_NODE || node_is(condition, "text", NULL))) {
			condition = condition->next;
		}
		free(s->refusal);
		s->refusal = mem_strdup(condition ? (const char *)condition->name : "no condition given");
		uv_timer_start(s->timer, on_timer, CLOSE_DEADLINE_MS, 0);
	} else if (node_is(stanza->root, "success", NS_SASL)) {
		s->authenticated = 1; /* an earlier mechanism may have been refused */
		free(s->refusal);
		s->refusal = NULL;
		uv_timer_start(s->timer, on_timer, LOGIN_DEADLINE_MS, 0);
	} else if (node_is(stanza->root, NULL, NS_CLIENT) && !answers_login(s, stanza)) {
		struct held *h = mem_alloc(sizeof *h);
		h->stanza = stanza_ref(stanza);
		*s->held_end = h;
		s->held_end = &h->next;
	}
}

static void relay_element(void *ud, struct stanza *stanza, int from_target)
{
	struct session *s = ud;
	if (s->state == SESSION_LOGIN) {
		s->busy++;
		login_element(s, stanza, from_target);
		leave(s);
		return;
	}
	int stream_level = strcmp(node_ns(stanza->root), NS_STREAM) == 0;
	if (from_target && stream_level && s->state != SESSION_OVER && s->ss->callbacks->on_opening) {
		s->ss->callbacks->on_opening(s->ss->ud, s, stanza);
	}
	if (from_target && !stream_level && s->state != SESSION_OVER && s->ss->callbacks->on_stanza) {
		s->ss->callbacks->on_stanza(s->ss->ud, s, stanza);
	}
}

static void relay_closed(void *ud, enum close_kind kind, const char *reason)
{
	struct session *s = ud;
	s->busy++;
	if (s->state == SESSION_LOGIN) {
		login_failed(s, reason);
	} else if (s->state != SESSION_OVER) {
		char *condition = mem_strdup(relay_condition(s->relay));
		int end = relay_end_seen(s->relay);
		release(s);
		if (s->ss->callbacks->on_closed) {
			s->ss->callbacks->on_closed(s->ss->ud, s, kind, condition, end);
		}
		free(condition);
	}
	leave(s);
}

static const struct relay_callbacks relay_callbacks = {relay_element, relay_closed};

/* ------------------------------------------------------------------------------------------- what libstrophe reports
 */

static void become_ready(struct session *s, const char *full_jid)
{
	s->busy++;
	uv_timer_stop(s->timer);
	s->full_jid = mem_strdup(full_jid);
	s->state = SESSION_READY;
	relay_settle(s->relay);
	if (s->ss->callbacks->on_ready) {
		s->ss->callbacks->on_ready(s->ss->ud, s);
	}
	while (s->held && !s->dead && s->state == SESSION_READY) {
		struct held *h = s->held;
		s->held = h->next;
		if (s->ss->callbacks->on_stanza) {
			s->ss->callbacks->on_stanza(s->ss->ud, s, h->stanza);
		}
		stanza_unref(h->stanza);
		free(h);
	}
	leave(s);
}

static void strophe_bound(void *ud, const char *full_jid)
{
	struct session *s = ud;
	become_ready(s, full_jid ? full_jid : s->account);
}

/* The relay sees the same and ends the target's stream; this only makes sure that it comes to an end. */
static void strophe_gone(void *ud)
{
	struct session *s = ud;
	if (s->state == SESSION_READY) {
		s->state = SESSION_CLOSING;
	}
	if (s->state != SESSION_OVER) {
		uv_timer_start(s->timer, on_timer, CLOSE_DEADLINE_MS, 0);
	}
}

static const struct strophe_callbacks strophe_callbacks = {strophe_bound, strophe_gone};

/* ------------------------------------------------------------------------------------------------------- public calls
 */

static char *domain_part(const char *bare_jid)
{
	const char *at = strchr(bare_jid, '@');
	return mem_strdup(at ? at + 1 : bare_jid);
}

/* NULL, or why the login cannot even begin; caller frees. */
static char *begin_login(struct session *s, const struct session_account *account, const char *resource)
{
	char *error = NULL;
	char *domain = domain_part(account->jid);
	struct sessions *ss = s->ss;
	s->relay = relay_create(&(struct relay_config){.loop = ss->loop,
									.address = ss->address,
									.port = ss->port,
									.tls = ss->tls,
									.ca_file = ss->ca_file,
									.domain = domain,
									.recorder = ss->recorder,
									.owner = s->owner,
									.callbacks = &relay_callbacks,
									.ud = s},
			&error);
	free(domain);
	if (!s->relay) {
		return error;
	}
	if (s->extent == SESSION_NAMELESS) {
		relay_begin_stream(s->relay);
		return NULL;
	}
	char *jid = resource ? mem_printf("%s/%s", account->jid, resource) : mem_strdup(account->jid);
	s->strophe = strophe_create(ss, jid, account->password, s->relay, &strophe_callbacks, s);
	free(jid);
	return s->strophe ? NULL : mem_strdup("libstrophe got no socket (too many open descriptors?)");
}

static struct session *create(struct sessions *ss, const struct session_account *account, const char *resource,
		enum session_extent extent, void *owner)
{
	struct session *s = mem_alloc(sizeof *s);
	s->ss = ss;
	s->owner = owner;
	s->extent = extent;
	s->account = mem_strdup(account->jid);
	s->held_end = &s->held;
	s->next = ss->first;
	if (s->next) {
		s->next->prev = s;
	}
	ss->first = s;
	s->timer = mem_alloc(sizeof *s->timer);
	s->timer->data = s;
	uv_timer_init(ss->loop, s->timer);
	s->reason = begin_login(s, account, resource);
	/* The caller does not hold the session yet, so even an early failure is told from the loop. */
	uv_timer_start(s->timer, on_timer, s->reason ? 0 : LOGIN_DEADLINE_MS, 0);
	return s;
}

struct session *session_create(
		struct sessions *ss, const struct session_account *account, const char *resource, void *owner)
{
	return create(ss, account, resource, SESSION_BOUND, owner);
}

struct session *session_begin(
		struct sessions *ss, const struct session_account *account, enum session_extent extent, void *owner)
{
	return create(ss, account, NULL, extent, owner);
}

void *session_owner(const struct session *s)
{
	return s->owner;
}

void session_set_owner(struct session *s, void *owner)
{
	s->owner = owner;
	if (s->relay) {
		relay_set_owner(s->relay, owner);
	}
}

const char *session_jid(const struct session *s)
{
	return s->full_jid;
}

void session_send(struct session *s, const char *octets, size_t len)
{
	if (s->state == SESSION_READY) {
		relay_send(s->relay, octets, len);
	}
}

void session_send_built(struct session *s, const char *octets, size_t len)
{
	if (s->state == SESSION_READY) {
		relay_send_built(s->relay, octets, len);
	}
}

void session_disconnect(struct session *s)
{
	if (s->state == SESSION_LOGIN) {
		free(s->reason);
		s->reason = mem_strdup("it was disconnected during the login");
		uv_timer_start(s->timer, on_timer, 0, 0);
	} else if (s->state == SESSION_READY) {
		s->state = SESSION_CLOSING;
		uv_timer_start(s->timer, on_timer, CLOSE_DEADLINE_MS, 0);
		if (s->strophe) {
			strophe_disconnect(s->strophe);
		} else {
			relay_end_stream(s->relay);
		}
	}
}

void session_destroy(struct session *s)
{
	if (!s || s->dead) {
		return;
	}
	release(s);
	if (s->prev) {
		s->prev->next = s->next;
	} else {
		s->ss->first = s->next;
	}
	if (s->next) {
		s->next->prev = s->prev;
	}
	s->dead = 1;
	if (!s->busy) {
		free_session(s);
	}
}
