/* actors/pool: sessions that wait to be lent again. */
#include "actors/pool.h"
#include "fake.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

static const struct session_account admin = {"admin@srv.test", "secret"};
static const struct session_account user = {"romeo@srv.test", "secret"};

static uv_loop_t loop;
static struct fake_server target;
static struct log records;
static struct sessions *sessions;
static struct pool pool;
static int ready;
static int forgotten; /* what pool_forget() said when the session was closed */

static void on_ready(void *ud, struct session *s)
{
	(void)ud;
	(void)s;
	ready++;
}

static void on_failed(void *ud, struct session *s, const char *reason)
{
	(void)ud;
	(void)s;
	ck_abort_msg("%s", reason);
}

static void on_stanza(void *ud, struct session *s, struct stanza *stanza)
{
	(void)ud;
	(void)s;
	(void)stanza;
}

static void on_closed(void *ud, struct session *s, enum close_kind kind, const char *condition, int end)
{
	(void)ud;
	(void)kind;
	(void)condition;
	(void)end;
	forgotten = pool_forget(&pool, s);
	session_destroy(s);
}

static const struct sessions_callbacks callbacks = {
		.on_ready = on_ready, .on_failed = on_failed, .on_stanza = on_stanza, .on_closed = on_closed};

static void setup(void)
{
	uv_loop_init(&loop);
	fake_listen(&target, &loop);
	log_init(&records);
	pool = (struct pool){0};
	ready = 0;
	forgotten = -1;
	char *error = NULL;
	sessions = sessions_create(&(struct sessions_config){.loop = &loop,
									   .c2s_address = "127.0.0.1",
									   .c2s_port = fake_port(&target),
									   .recorder = &records.recorder,
									   .callbacks = &callbacks},
			&error);
	ck_assert_ptr_nonnull(sessions);
}

static void teardown(void)
{
	pool_finish(&pool);
	sessions_destroy(sessions);
	fake_server_finish(&target);
	loop_finish(&loop);
	buf_finish(&records.lines);
}

static int is_ready(void *ud)
{
	(void)ud;
	return ready > 0;
}

static int is_forgotten(void *ud)
{
	(void)ud;
	return forgotten >= 0;
}

#define STREAM                                                                                                         \
	"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"

static struct fake *log_in(void)
{
	struct fake *f = fake_accepted(&target, 1);
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
						"<mechanism>PLAIN</mechanism></mechanisms></stream:features>");
	fake_expect(&loop, f, "</auth>");
	fake_send(f, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	fake_expect(&loop, f, "<stream:stream");
	fake_send(f, STREAM "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
	fake_expect(&loop, f, "</iq>");
	fake_send(f, "<iq type='result' id='_xmpp_bind1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
				 "<jid>admin@srv.test/r1</jid></bind></iq>");
	run_until(&loop, is_ready, NULL, "ready");
	return f;
}

START_TEST(sessions_are_lent_by_account)
{
	struct session *a = session_create(sessions, &admin, NULL, "Bard");
	struct session *b = session_create(sessions, &admin, NULL, "Kit");
	struct session *c = session_create(sessions, &user, NULL, "Romeo");
	ck_assert_ptr_null(pool_take(&pool, "admin@srv.test"));
	pool_give(&pool, "admin@srv.test", a);
	pool_give(&pool, "romeo@srv.test", c);
	pool_give(&pool, "admin@srv.test", b);
	ck_assert_uint_eq(pool.count, 3);
	ck_assert_ptr_null(session_owner(a));
	ck_assert_ptr_null(session_owner(c));
	ck_assert_ptr_null(pool_take(&pool, "juliet@srv.test"));
	ck_assert_ptr_null(pool_take(&pool, "admin@srv"));
	ck_assert_ptr_eq(pool_take(&pool, "romeo@srv.test"), c);
	ck_assert_ptr_null(pool_take(&pool, "romeo@srv.test"));
	struct session *one = pool_take(&pool, "admin@srv.test");
	struct session *two = pool_take(&pool, "admin@srv.test");
	ck_assert((one == a && two == b) || (one == b && two == a));
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_ptr_null(pool_take(&pool, "admin@srv.test"));
}
END_TEST

START_TEST(sessions_that_ended_are_forgotten)
{
	struct session *a = session_create(sessions, &admin, NULL, NULL);
	struct session *b = session_create(sessions, &user, NULL, NULL);
	pool_give(&pool, "admin@srv.test", a);
	ck_assert_int_eq(pool_forget(&pool, b), 0);
	ck_assert_int_eq(pool_forget(&pool, a), 1);
	ck_assert_int_eq(pool_forget(&pool, a), 0);
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_ptr_null(pool_take(&pool, "admin@srv.test"));
	session_destroy(a); /* forgetting does not destroy */
}
END_TEST

START_TEST(idle_sessions_end_with_the_pool)
{
	pool_give(&pool, "admin@srv.test", session_create(sessions, &admin, NULL, NULL));
	pool_give(&pool, "romeo@srv.test", session_create(sessions, &user, NULL, NULL));
	pool_finish(&pool);
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_ptr_null(pool_take(&pool, "admin@srv.test"));
	pool_finish(&pool);
}
END_TEST

START_TEST(idle_sessions_say_goodbye)
{
	struct session *s = session_create(sessions, &admin, NULL, "Bard");
	struct fake *f = log_in();
	pool_disconnect(&pool); /* nobody is idle: nothing happens */
	pool_give(&pool, "admin@srv.test", s);
	pool_disconnect(&pool);
	fake_expect(&loop, f, "</stream:stream>");
	fake_send(f, "</stream:stream>");
	conn_finish(f->conn);
	run_until(&loop, is_forgotten, NULL, "closed");
	ck_assert_int_eq(forgotten, 1);
	ck_assert_uint_eq(pool.count, 0);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("pool");
	TCase *tests = tcase_create("pool");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, sessions_are_lent_by_account);
	tcase_add_test(tests, sessions_that_ended_are_forgotten);
	tcase_add_test(tests, idle_sessions_end_with_the_pool);
	tcase_add_test(tests, idle_sessions_say_goodbye);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
