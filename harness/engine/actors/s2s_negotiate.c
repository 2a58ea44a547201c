/* STARTTLS and SASL EXTERNAL on one connection, as initiating and as receiving entity (RFC 6120 sections 5 and 6,
 * XEP-0178 section 3). Where one side has no TLS, dialback without it is tried. */
#include "actors/peer_parts.h"

#include "actors/markup.h"
#include "base/mem.h"
#include "wire/tls.h"

#include <idn2.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NS_BIDI_FEATURE "urn:xmpp:features:bidi"
#define NS_BIDI "urn:xmpp:bidi"

static void say(struct s2s *s, const char *text)
{
	s2s_send(s, text, strlen(text));
}

static int has_tls(const struct s2s *s)
{
	return s->peer && s->ps->authority && s->peer->security.tls != PEER_TLS_NONE;
}

int negotiate_insists(const struct s2s *s)
{
	return has_tls(s) && s->peer->security.tls == PEER_TLS_REQUIRED && !conn_is_secured(s->conn);
}

static void restart(struct s2s *s)
{
	stream_restart(s->parser);
	s->header_sent = 0;
	s->open = 0;
}

/* ---- TLS ---- */

/* As certificates and TLS know domains: in A-labels. Caller frees. */
static char *ascii_of(const char *domain)
{
	char *ascii = NULL;
	if (idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK) {
		return mem_strdup(domain);
	}
	char *copy = mem_strdup(ascii);
	idn2_free(ascii);
	return copy;
}

static const struct certificate *certificate_of(struct peer *p)
{
	if (!p->certificate) {
		char *domain = ascii_of(p->domain);
		const char *const names[] = {domain};
		p->certificate = authority_issue(p->ps->authority, names, 1, p->security.certificate);
		free(domain);
	}
	return p->certificate;
}

static void begin_tls(struct s2s *s, int direct)
{
	char *name = s->pair ? ascii_of(s->pair->target) : NULL;
	struct tls_setup setup = {.server = !s->outbound,
			.sni = name,
			.certificate = certificate_of(s->peer),
			.authority = s->ps->authority,
			.at_most_1_2 = s->peer->security.at_most_1_2,
			.direct = direct};
	if (conn_start_tls(s->conn, &setup)) {
		conn_reset(s->conn);
	}
	free(name);
}

static void start_tls(struct s2s *s)
{
	restart(s);
	begin_tls(s, 0);
}

void negotiate_direct(struct s2s *s)
{
	begin_tls(s, 1);
}

/* The client names the peer before it has said anything else. */
static const struct certificate *pick(void *ud, const char *name)
{
	struct s2s *s = ud;
	struct peer *p = s->peer ? s->peer : peers_find_jid(s->ps, name);
	if (p && !s->peer) {
		s2s_adopt(s, p);
	}
	return p ? certificate_of(p) : NULL;
}

void negotiate_accept(struct s2s *s)
{
	struct tls_setup setup = {.server = 1, .authority = s->ps->authority, .direct = 1, .pick = pick, .ud = s};
	if (conn_start_tls(s->conn, &setup)) {
		conn_reset(s->conn);
	}
}

void negotiate_secured(struct s2s *s)
{
	const struct tls *tls = conn_tls(s->conn);
	s2s_record(s, (struct record){.kind = RECORD_TLS, .detail = tls_version(tls)}, s->peer);
	s2s_begin(s); /* the receiving entity waits for the other's header */
}

/* ---- initiating ---- */

static void give_up(struct s2s *s, const char *reason)
{
	pair_lost(s->pair, reason, "remote-connection-failed");
	if (!s->dead) {
		s2s_end(s);
	}
}

static int offers_external(const xmlNode *features)
{
	const xmlNode *mechanisms = node_child(features, "mechanisms", NS_SASL);
	int found = 0;
	for (const xmlNode *n = mechanisms ? mechanisms->children : NULL; n && !found; n = n->next) {
		char *text = node_is(n, "mechanism", NS_SASL) ? node_text(n) : NULL;
		found = text && strcmp(text, "EXTERNAL") == 0;
		free(text);
	}
	return found;
}

/* With the authorization identity, for servers of before XEP-0178 1.1 (section 3). */
static void authenticate(struct s2s *s)
{
	size_t len = strlen(s->peer->domain);
	char *identity = mem_alloc(4 * (len / 3 + 1) + 1);
	EVP_EncodeBlock((unsigned char *)identity, (const unsigned char *)s->peer->domain, (int)len);
	char *auth = mem_printf("<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>%s</auth>", identity);
	s->sasl_tried = 1;
	say(s, auth);
	free(auth);
	free(identity);
}

int negotiate_features(struct s2s *s, const struct stanza *features)
{
	const xmlNode *tls = node_child(features->root, "starttls", NS_TLS);
	int secured = conn_is_secured(s->conn);
	int bare = s->pair->state == PAIR_BARE;
	if (tls && !secured && has_tls(s)) {
		say(s, "<starttls xmlns='" NS_TLS "'/>");
		return 1;
	}
	if (tls && !secured && !bare && !s->ps->authority && node_child(tls, "required", NS_TLS)) {
		give_up(s, "the target requires TLS between servers, and the profile has none ([s2s] tls)");
		return 1;
	}
	if (negotiate_insists(s)) {
		give_up(s, "the peer requires TLS, and the target offers none");
		return 1;
	}
	if (s->peer->security.bidi && !s->bidi && node_child(features->root, "bidi", NS_BIDI_FEATURE)) {
		s->bidi = 1;
		say(s, "<bidi xmlns='" NS_BIDI "'/>"); /* before SASL and dialback (XEP-0288 section 2.2) */
	}
	s->may_external = secured && !s->peer->security.dialback_only && offers_external(features->root);
	return !bare && negotiate_external(s);
}

int negotiate_external(struct s2s *s)
{
	if (!s->may_external || s->sasl_tried) {
		return 0;
	}
	s->open = 0;
	authenticate(s);
	return 1;
}

/* A play that speaks for itself on its stream sees what its SASL came to. */
static int initiating_element(struct s2s *s, const struct stanza *stanza)
{
	const xmlNode *root = stanza->root;
	int bare = !s->pair || s->pair->state == PAIR_BARE; /* NULL: the play has ended it meanwhile */
	if (node_is(root, "proceed", NS_TLS) && s->peer && !conn_tls(s->conn)) {
		start_tls(s);
	} else if (node_is(root, "failure", NS_TLS) && s->pair) {
		give_up(s, "the target answered STARTTLS with a failure");
	} else if (node_is(root, "success", NS_SASL)) {
		if (s->pair) {
			s->external = 1;
			restart(s);
			s2s_begin(s);
		}
		return !bare;
	} else if (node_is(root, "failure", NS_SASL) && !bare) {
		if (s->pair && !s->open) {
			s->open = 1;
			pair_open(s->pair); /* by dialback, then */
		}
	} else {
		return 0;
	}
	return 1;
}

/* ---- receiving ---- */

/* The target's certificate is good for the domain that its stream is from, and nothing but EXTERNAL would be put to the
 * test otherwise: a peer that does not take keys as it should has to get one. */
static int takes_external(const struct s2s *s)
{
	const struct peer *p = s->peer;
	if (!conn_is_secured(s->conn) || !s->opener || s->external || p->security.dialback_only || p->refusal ||
			p->hold != PEER_HOLDS_NOTHING) {
		return 0;
	}
	char *name = ascii_of(s->opener);
	int covered = tls_covers(conn_tls(s->conn), name);
	free(name);
	return covered;
}

void negotiate_offer(struct s2s *s)
{
	struct buf b = {0};
	buf_add_text(&b, "<stream:features>");
	if (has_tls(s) && !conn_is_secured(s->conn)) {
		buf_printf(&b, "<starttls xmlns='" NS_TLS "'>%s</starttls>", negotiate_insists(s) ? "<required/>" : "");
	}
	if (s->peer && takes_external(s)) {
		buf_add_text(&b, "<mechanisms xmlns='" NS_SASL "'><mechanism>EXTERNAL</mechanism></mechanisms>");
	}
	if (!negotiate_insists(s)) {
		buf_add_text(&b, MARKUP_DIALBACK_FEATURE);
	}
	buf_add_text(&b, "</stream:features>");
	say(s, buf_text(&b));
	buf_finish(&b);
}

/* Is that response an identity which the certificate allows? None at all means the domain that the stream is from. */
static int allows(const struct s2s *s, const char *response)
{
	size_t len = strlen(response);
	if (strcmp(response, "=") == 0) {
		return 1;
	}
	unsigned char *identity = mem_alloc(len + 1);
	int count = EVP_DecodeBlock(identity, (const unsigned char *)response, (int)len);
	int allowed = count > 0 && strcmp((const char *)identity, s->opener) == 0;
	free(identity);
	return allowed;
}

static void judge(struct s2s *s, const struct stanza *stanza)
{
	const char *mechanism = stanza_attr(stanza, "mechanism");
	char *response = node_text(stanza->root);
	if (!takes_external(s) ||
			(node_is(stanza->root, "auth", NS_SASL) && (!mechanism || strcmp(mechanism, "EXTERNAL") != 0))) {
		say(s, "<failure xmlns='" NS_SASL "'><invalid-mechanism/></failure>");
	} else if (!*response) {
		say(s, "<challenge xmlns='" NS_SASL "'/>"); /* RFC 6120 section 6.4.2: no initial response */
	} else if (!allows(s, response)) {
		say(s, "<failure xmlns='" NS_SASL "'><invalid-authzid/></failure>");
	} else {
		say(s, "<success xmlns='" NS_SASL "'/>");
		s->external = 1;
		restart(s);
	}
	free(response);
}

static int receiving_element(struct s2s *s, const struct stanza *stanza)
{
	const xmlNode *root = stanza->root;
	if (node_is(root, "starttls", NS_TLS)) {
		if (has_tls(s) && !conn_tls(s->conn)) {
			say(s, "<proceed xmlns='" NS_TLS "'/>");
			start_tls(s);
		} else {
			say(s, "<failure xmlns='" NS_TLS "'/>");
			s2s_end(s); /* RFC 6120 section 5.4.2.2 */
		}
		return 1;
	}
	if (s->peer && (node_is(root, "auth", NS_SASL) || node_is(root, "response", NS_SASL))) {
		judge(s, stanza);
		return 1;
	}
	return 0;
}

int negotiate_element(struct s2s *s, const struct stanza *stanza)
{
	return s->outbound ? initiating_element(s, stanza) : receiving_element(s, stanza);
}
