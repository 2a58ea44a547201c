/* actors/s2s_negotiate: two peers objects, each the other's target, with certificates of one authority */
#include "actors/peer.h"
#include "fake.h"
#include "run.h"

#include <string.h>

struct side {
	struct peers *peers;
	struct log log;
	struct buf events;
	const char *wanted;
};

static uv_loop_t loop;
static struct authority *authority;
static struct side ours, theirs;

static void on_stanza(void *ud, struct peer *peer, struct stanza *stanza, const struct peer_arrival *arrival)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s got %s%s;", peer_domain(peer), (const char *)stanza->root->name,
			arrival->validated ? "" : " unvalidated");
}

static void on_connected(void *ud, struct peer *peer, const char *target_domain)
{
	struct side *s = ud;
	buf_printf(&s->events, "%s connected to %s;", peer_domain(peer), target_domain);
}

static void on_failed(void *ud, struct peer *peer, const char *target_domain, const char *reason)
{
	struct side *s = ud;
	(void)target_domain;
	buf_printf(&s->events, "%s failed: %s;", peer_domain(peer), reason);
}

static void on_opened(void *ud, struct peer *peer, const char *target_domain)
{
	struct side *s = ud;
	(void)target_domain;
	buf_printf(&s->events, "%s opened;", peer_domain(peer));
}

static const struct peers_callbacks callbacks = {
		.on_stanza = on_stanza, .on_connected = on_connected, .on_failed = on_failed, .on_opened = on_opened};

static void side_init(struct side *s, const struct authority *with, int target_port)
{
	memset(s, 0, sizeof *s);
	log_init(&s->log);
	char *error = NULL;
	s->peers = peers_create(&(struct peers_config){.loop = &loop,
									.listen_address = "127.0.0.1",
									.s2s_address = "127.0.0.1",
									.s2s_port = target_port,
									.authority = with,
									.secret = "secret",
									.recorder = &s->log.recorder,
									.callbacks = &callbacks,
									.ud = s},
			&error);
	ck_assert_msg(s->peers != NULL, "%s", error);
}

static void side_finish(struct side *s)
{
	peers_destroy(s->peers);
	buf_finish(&s->events);
	buf_finish(&s->log.lines);
}

static void begin(const struct authority *with)
{
	side_init(&ours, authority, 0);
	side_init(&theirs, with, peers_port(ours.peers));
	peers_set_target(ours.peers, "127.0.0.1", peers_port(theirs.peers));
}

static void setup(void)
{
	uv_loop_init(&loop);
	authority = authority_create();
	ck_assert_ptr_nonnull(authority);
}

static void teardown(void)
{
	side_finish(&ours);
	side_finish(&theirs);
	authority_destroy(authority);
	loop_finish(&loop);
}

static int has_seen(void *ud)
{
	const struct side *s = ud;
	return strstr(buf_text(&s->events), s->wanted) != NULL;
}

static void saw(struct side *s, const char *event)
{
	s->wanted = event;
	run_until(&loop, has_seen, s, event);
}

static int logged(const struct side *s, const char *text)
{
	return strstr(buf_text(&s->log.lines), text) != NULL;
}

static void send_text(struct peer *p, const char *to, const char *text)
{
	peer_send(p, to, text, strlen(text));
}

#define HELLO "<message from='a.test' to='b.test'/>"

static void secure(struct peer *p, struct peer_security security)
{
	peer_secure(p, &security);
}

START_TEST(external_both_ways)
{
	begin(authority);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	struct peer *b = peer_create(theirs.peers, "b.test", "B");
	send_text(a, "b.test", HELLO);
	send_text(b, "a.test", "<message from='b.test' to='a.test'/>");
	saw(&theirs, "b.test got message;");
	saw(&ours, "a.test got message;");
	ck_assert(logged(&ours, " tls A"));
	ck_assert(logged(&ours, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>YS50ZXN0</auth>"));
	ck_assert(!logged(&ours, "<db:result"));
	ck_assert(!logged(&theirs, "<db:result"));
}
END_TEST

/* The port for direct TLS leads to it without STARTTLS; the name in TLS picks the certificate. */
START_TEST(tls_from_the_first_octet)
{
	begin(authority);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	peer_create(theirs.peers, "b.test", "B");
	peers_set_tls_port(ours.peers, peers_door_port(theirs.peers, PEER_DOOR_TLS));
	secure(a, (struct peer_security){.direct = 1});
	send_text(a, "b.test", HELLO);
	saw(&theirs, "b.test got message;");
	ck_assert(logged(&ours, " tls A"));
	ck_assert(logged(&ours, "mechanism='EXTERNAL'"));
	ck_assert(!logged(&ours, "<starttls"));
	peer_connect(a, "nobody.test");
	saw(&ours, "a.test failed: "); /* no certificate for that name */
}
END_TEST

START_TEST(dialback_inside_tls)
{
	begin(authority);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	struct peer *b = peer_create(theirs.peers, "b.test", "B");
	secure(a, (struct peer_security){.dialback_only = 1, .at_most_1_2 = 1});
	send_text(a, "b.test", HELLO);
	saw(&theirs, "b.test got message;");
	send_text(b, "a.test", "<message from='b.test' to='a.test'/>");
	saw(&ours, "a.test got message;");
	ck_assert(logged(&ours, " tls A"));
	ck_assert(logged(&ours, "<db:result"));
	ck_assert(!logged(&ours, "mechanism='EXTERNAL'"));
	ck_assert(!logged(&theirs, "mechanism='EXTERNAL'")); /* a does not offer it */
}
END_TEST

START_TEST(a_wrong_certificate_is_not_offered_external)
{
	begin(authority);
	static const enum certificate_flaw flaws[] = {
			CERTIFICATE_EXPIRED, CERTIFICATE_SELF_SIGNED, CERTIFICATE_WRONG_NAME, CERTIFICATE_STRANGER};
	struct peer *b = peer_create(theirs.peers, "b.test", "B");
	(void)b;
	for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
		char domain[] = "a0.test";
		domain[1] = (char)('0' + i);
		struct peer *a = peer_create(ours.peers, domain, "A");
		secure(a, (struct peer_security){.certificate = flaws[i]});
		peer_connect(a, "b.test");
		saw(&ours, domain);
		saw(&ours, "connected to b.test;");
	}
	ck_assert(logged(&ours, " tls A"));
	ck_assert(!logged(&ours, "> stanza A <auth"));
}
END_TEST

START_TEST(one_side_without_tls)
{
	begin(NULL);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	struct peer *strict = peer_create(ours.peers, "strict.test", "S");
	struct peer *b = peer_create(theirs.peers, "b.test", "B");
	secure(strict, (struct peer_security){.tls = PEER_TLS_REQUIRED});
	send_text(a, "b.test", HELLO);
	saw(&theirs, "b.test got message;");
	ck_assert(!logged(&ours, " tls A"));
	peer_connect(strict, "b.test");
	saw(&ours, "strict.test failed: the peer requires TLS, and the target offers none;");
	peer_connect(b, "strict.test");
	saw(&theirs, "b.test failed: the target requires TLS between servers, and the profile has none ([s2s] tls);");
}
END_TEST

/* A play that authenticates by itself sees what comes of it, and what it sends then goes out on the new stream. */
START_TEST(a_bare_stream_with_external)
{
	static const char wrong[] = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>Yi50ZXN0</auth>";
	static const char right[] = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>";
	begin(authority);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	peer_create(theirs.peers, "b.test", "B");
	peer_open(a, "b.test", NULL);
	saw(&ours, "a.test opened;");
	ck_assert(logged(&ours, " tls A"));
	peer_send_bare(a, "b.test", wrong, sizeof wrong - 1);
	saw(&ours, "a.test got failure");
	ck_assert(logged(&ours, "<invalid-authzid/>"));
	peer_send_bare(a, "b.test", right, sizeof right - 1);
	saw(&ours, "a.test got success");
	peer_send_bare(a, "b.test", HELLO, sizeof HELLO - 1);
	saw(&theirs, "b.test got message;");
}
END_TEST

START_TEST(a_bare_stream_is_authenticated_later)
{
	begin(authority);
	struct peer *a = peer_create(ours.peers, "a.test", "A");
	peer_create(theirs.peers, "b.test", "B");
	peer_open(a, "b.test", NULL);
	saw(&ours, "a.test opened;");
	ck_assert(!logged(&ours, "<auth "));
	peer_connect(a, "b.test");
	saw(&ours, "a.test connected to b.test;");
	ck_assert(logged(&ours, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>YS50ZXN0</auth>"));
	ck_assert(!logged(&ours, "<db:result"));
	peer_send(a, "b.test", HELLO, sizeof HELLO - 1);
	saw(&theirs, "b.test got message;");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("peer_tls");
	TCase *tests = tcase_create("peer_tls");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, external_both_ways);
	tcase_add_test(tests, tls_from_the_first_octet);
	tcase_add_test(tests, dialback_inside_tls);
	tcase_add_test(tests, a_wrong_certificate_is_not_offered_external);
	tcase_add_test(tests, one_side_without_tls);
	tcase_add_test(tests, a_bare_stream_with_external);
	tcase_add_test(tests, a_bare_stream_is_authenticated_later);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
