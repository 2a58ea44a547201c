/* wire/conn and wire/listener over TCP */
#include "base/buf.h"
#include "run.h"
#include "wire/conn.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

START_TEST(echo)
{
	struct world w = {.server.on_data = SEND_BACK};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "before ", 7); /* waits until it is open */
	conn_send(w.client.c, "open", 4);
	RUN_UNTIL(&w, w.client.in.len == 11);
	ck_assert_str_eq(buf_text(&w.client.in), "before open");
	ck_assert_int_eq(w.server.data, 1); /* one turn, one write */
	ck_assert_int_eq(w.client.opened, 1);
	ck_assert_int_eq(w.server.opened, 0);
	ck_assert(!conn_is_secured(w.client.c));
	conn_send(w.client.c, "!", 1);
	RUN_UNTIL(&w, w.client.in.len == 12);
	ck_assert_str_eq(buf_text(&w.client.in), "before open!");
	world_finish(&w);
}
END_TEST

START_TEST(refused)
{
	struct world w = {0};
	world_begin(&w);
	int port = listener_port(w.listener);
	listener_destroy(w.listener);
	w.listener = NULL;
	uv_run(&w.loop, UV_RUN_DEFAULT);
	w.client.c = conn_connect(&w.loop, "127.0.0.1", port, &side_callbacks, &w.client);
	conn_send(w.client.c, "lost", 4);
	ck_assert_int_eq(w.client.closed, 0); /* from the loop only */
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_REFUSED);
	ck_assert_str_eq(w.client.detail, "connection refused");
	ck_assert_int_eq(w.client.opened, 0);
	conn_send(w.client.c, "lost", 4);
	conn_finish(w.client.c);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(unreachable)
{
	struct world w = {.client.on_close = DESTROY};
	world_begin(&w);
	w.client.c = conn_connect(&w.loop, "255.255.255.255", 1, &side_callbacks, &w.client);
	ck_assert_ptr_nonnull(w.client.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_UNREACHABLE);
	world_finish(&w);
}
END_TEST

START_TEST(addresses)
{
	struct world w = {0};
	world_begin(&w);
	ck_assert_ptr_null(conn_connect(&w.loop, "localhost", 1, &side_callbacks, NULL));
	ck_assert_ptr_null(conn_connect(&w.loop, "", 1, &side_callbacks, NULL));
	char *error = NULL;
	ck_assert_ptr_null(listener_create(&w.loop, "nowhere", 1, world_on_accept, NULL, &error));
	ck_assert_str_eq(error, "nowhere:1: invalid argument");
	free(error);
	ck_assert_ptr_null(listener_create(&w.loop, "127.0.0.1", listener_port(w.listener), world_on_accept, NULL, &error));
	ck_assert_ptr_nonnull(strstr(error, ": address already in use"));
	ck_assert_int_eq(strncmp(error, "127.0.0.1:", 10), 0);
	free(error);
	listener_destroy(NULL);
	conn_destroy(NULL);
	world_finish(&w);
}
END_TEST

START_TEST(fin_of_the_other_side)
{
	struct world w = {.client.on_close = FINISH};
	world_open(&w);
	conn_send(w.server.c, "bye", 3);
	conn_finish(w.server.c);
	conn_finish(w.server.c);
	conn_send(w.server.c, "too late", 8);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_str_eq(buf_text(&w.client.in), "bye");
	world_finish(&w);
}
END_TEST

START_TEST(octets_after_the_fin_of_the_other_side)
{
	struct world w = {0};
	world_open(&w);
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	conn_send(w.client.c, "last words", 10);
	conn_finish(w.client.c);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_str_eq(buf_text(&w.server.in), "last words");
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(finish_before_open)
{
	struct world w = {.server.on_close = FINISH};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "hi", 2);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_str_eq(buf_text(&w.server.in), "hi");
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	world_finish(&w);
}
END_TEST

START_TEST(reset_of_the_other_side)
{
	struct world w = {0};
	world_open(&w);
	conn_reset(w.server.c);
	conn_reset(w.server.c);
	ck_assert_int_eq(w.server.closed, 0);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_RESET);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	world_finish(&w);
}
END_TEST

START_TEST(reset_behind_octets)
{
	struct world w = {0};
	world_open(&w);
	conn_send(w.server.c, "half", 4);
	conn_reset(w.server.c);
	run_until_both_closed(&w);
	ck_assert_str_eq(buf_text(&w.client.in), "half");
	world_finish(&w);
}
END_TEST

START_TEST(reset_after_finish)
{
	struct world w = {0};
	world_open(&w);
	conn_finish(w.server.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	conn_reset(w.client.c);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_RESET);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 1);
}
END_TEST

START_TEST(reset_before_open)
{
	struct world w = {0};
	world_begin(&w);
	world_connect(&w);
	conn_reset(w.client.c);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	ck_assert_int_eq(w.client.opened, 0);
	world_finish(&w);
}
END_TEST

START_TEST(reset_while_the_other_side_writes)
{
	struct world w = {.server.on_data = RESET};
	world_open(&w);
	char *much = calloc(1, 8u << 20);
	conn_send(w.client.c, much, 8u << 20);
	free(much);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_RESET);
	ck_assert_int_eq(w.server.kind, CLOSE_OURS);
	ck_assert_int_eq(w.server.data, 1);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_when_open)
{
	struct world w = {.client.on_open = DESTROY};
	world_begin(&w);
	world_connect(&w);
	conn_send(w.client.c, "sent", 4);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_str_eq(buf_text(&w.server.in), "sent"); /* what was queued is not lost */
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_data)
{
	struct world w = {.client.on_data = DESTROY};
	world_open(&w);
	conn_send(w.server.c, "x", 1);
	RUN_UNTIL(&w, w.server.closed);
	ck_assert_int_eq(w.server.kind, CLOSE_FIN);
	ck_assert_int_eq(w.client.closed, 0);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_close)
{
	static const enum what ends[] = {FINISH, RESET, DESTROY};
	struct world w = {.client.on_close = DESTROY, .server.on_close = DESTROY};
	world_open(&w);
	act(&w.server, ends[_i], NULL, 0);
	RUN_UNTIL(&w, w.client.closed && (w.server.closed || w.server.over));
	ck_assert_int_eq(w.client.kind, ends[_i] == RESET ? CLOSE_RESET : CLOSE_FIN);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_on_accept)
{
	struct world w = {.on_accept = DESTROY};
	world_begin(&w);
	world_connect(&w);
	RUN_UNTIL(&w, w.client.closed);
	ck_assert_int_eq(w.client.kind, CLOSE_FIN);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_before_open)
{
	struct world w = {0};
	world_begin(&w);
	world_connect(&w);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
	ck_assert_int_eq(w.client.opened, 0);
}
END_TEST

START_TEST(destroy_while_closing)
{
	struct world w = {0};
	world_open(&w);
	conn_reset(w.client.c);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
	ck_assert_int_eq(w.client.closed, 0);
}
END_TEST

START_TEST(much_data_arrives_whole)
{
	enum { LEN = 12 << 20 };
	struct world w = {.server.on_data = SEND_BACK, .server.on_close = FINISH};
	char *much = malloc(LEN);
	fill(much, LEN);
	world_open(&w);
	conn_send(w.client.c, much, LEN / 2);
	conn_send(w.client.c, much + LEN / 2, LEN / 2);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_int_eq(w.client.kind, CLOSE_OURS);
	ck_assert_uint_eq(w.client.in.len, LEN);
	ck_assert_int_eq(memcmp(w.client.in.data, much, LEN), 0);
	free(much);
	world_finish(&w);
}
END_TEST

/* Long ones are offered to the socket at once, short ones at the end of the turn. */
START_TEST(long_and_short_pieces_keep_their_order)
{
	static const size_t lengths[] = {3, 300000, 7, 1, 2000000, 400000, 5, 6000000, 2};
	size_t total = 0;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		total += lengths[i];
	}
	char *much = malloc(2 * total);
	fill(much, 2 * total);
	struct world w = {.server.on_close = FINISH};
	world_begin(&w);
	world_connect(&w);
	const char *at = much;
	for (int opened = 0; opened < 2; opened++) {
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			conn_send(w.client.c, at, lengths[i]);
			at += lengths[i];
		}
		RUN_UNTIL(&w, w.client.opened); /* the first half waited for it */
	}
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_uint_eq(w.server.in.len, 2 * total);
	ck_assert_int_eq(memcmp(w.server.in.data, much, 2 * total), 0);
	free(much);
	world_finish(&w);
}
END_TEST

START_TEST(octets_leave_one_by_one)
{
	static const char text[] = "one after the other, and never two of them in one write";
	struct world w = {.server.on_close = FINISH};
	world_open(&w);
	conn_trickle(w.client.c);
	conn_send(w.client.c, text, sizeof text - 1);
	conn_finish(w.client.c);
	run_until_both_closed(&w);
	ck_assert_str_eq(buf_text(&w.server.in), text);
	ck_assert_int_gt(w.server.data, 1);
	world_finish(&w);
}
END_TEST

START_TEST(destroy_with_much_unsent)
{
	struct world w = {0};
	world_open(&w);
	char *much = calloc(1, 8u << 20);
	conn_send(w.client.c, much, 8u << 20);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	free(much);
	act(&w.client, DESTROY, NULL, 0);
	world_finish(&w);
}
END_TEST

START_TEST(many_connections)
{
	enum { MANY = 200 };
	struct world w = {.on_accept = DESTROY};
	world_begin(&w);
	struct side *sides = calloc(MANY, sizeof *sides);
	for (int i = 0; i < MANY; i++) {
		sides[i].c = conn_connect(&w.loop, "127.0.0.1", listener_port(w.listener), &side_callbacks, &sides[i]);
		sides[i].on_close = DESTROY;
	}
	for (int i = 0; i < MANY; i++) {
		RUN_UNTIL(&w, sides[i].closed);
		ck_assert_int_eq(sides[i].kind, CLOSE_FIN);
	}
	ck_assert_int_eq(w.accepted, MANY);
	free(sides);
	world_finish(&w);
}
END_TEST

START_TEST(kinds_have_names)
{
	ck_assert_str_eq(close_kind_text(CLOSE_FIN), "fin");
	ck_assert_str_eq(close_kind_text(CLOSE_OURS), "ours");
	ck_assert_str_eq(close_kind_text((enum close_kind)99), "");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("conn");
	TCase *tests = tcase_create("tcp");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_test(tests, echo);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, unreachable);
	tcase_add_test(tests, addresses);
	tcase_add_test(tests, fin_of_the_other_side);
	tcase_add_test(tests, octets_after_the_fin_of_the_other_side);
	tcase_add_test(tests, finish_before_open);
	tcase_add_test(tests, reset_of_the_other_side);
	tcase_add_test(tests, reset_behind_octets);
	tcase_add_test(tests, reset_after_finish);
	tcase_add_test(tests, reset_before_open);
	tcase_add_test(tests, reset_while_the_other_side_writes);
	tcase_add_test(tests, destroy_when_open);
	tcase_add_test(tests, destroy_on_data);
	tcase_add_loop_test(tests, destroy_on_close, 0, 3);
	tcase_add_test(tests, destroy_on_accept);
	tcase_add_test(tests, destroy_before_open);
	tcase_add_test(tests, destroy_while_closing);
	tcase_add_test(tests, much_data_arrives_whole);
	tcase_add_test(tests, long_and_short_pieces_keep_their_order);
	tcase_add_test(tests, octets_leave_one_by_one);
	tcase_add_test(tests, destroy_with_much_unsent);
	tcase_add_test(tests, many_connections);
	tcase_add_test(tests, kinds_have_names);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
