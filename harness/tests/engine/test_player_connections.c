/* judge/player: logins, resets and closed connections of actors */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const char connects[] = "Bard connects\n"
							   "Bard sends:\n"
							   "	<iq type='get'><query xmlns='urn:q'/></iq>\n"
							   "Bard receives:\n"
							   "	<iq type='result'/>\n"
							   "	TT-1 it is answered\n"
							   "Bard sends:\n"
							   "	<presence/>\n";

START_TEST(a_login_is_waited_for)
{
	struct stage *st = stage_open(connects);
	ck_assert_str_eq(stage_actions(st), "Bard connects\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 2 * STAGE_DEADLINE);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_str_eq(stage_actions(st), "");
	stage_connected(st, "Bard");
	ck_assert_has(stage_actions(st), "Bard sends");
	stage_close(st);
}
END_TEST

START_TEST(a_login_that_fails_is_inconclusive)
{
	for (int timeout = 0; timeout < 2; timeout++) {
		struct stage *st = stage_open(connects);
		if (timeout) {
			stage_connect_failed(st, "Marlowe", "not this one");
			ck_assert(!player_is_over(st->player));
			stage_timeout(st);
		} else {
			stage_connect_failed(st, "Bard", "not-authorized");
		}
		ck_assert(player_is_over(st->player));
		ck_assert_int_eq(player_timed_out(st->player), timeout);
		stage_end(st);
		ck_assert_verdict(st, "INCONCLUSIVE");
		ck_assert_str_eq(player_result(st->player)->reason,
				timeout ? "Bard could not connect: no answer in time" : "Bard could not connect: not-authorized");
		ck_assert_finding(st, "TT-1", "UNDECIDED");
		stage_close(st);
	}
}
END_TEST

START_TEST(a_login_that_is_closed_is_inconclusive)
{
	struct stage *st = stage_open(connects);
	stage_closed(st, "Bard", "reset");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_str_eq(player_result(st->player)->reason, "Bard could not connect: reset");
	stage_close(st);
}
END_TEST

START_TEST(a_client_that_is_closed_misses_its_step_at_once)
{
	struct stage *st = stage_open(connects);
	stage_connected(st, "Bard");
	stage_closed(st, "Marlowe", "a peer's streams come and go");
	stage_closed(st, "Kyd", "reset");
	ck_assert(!player_is_over(st->player));
	stage_closed(st, "Bard", "the target closed the stream");
	ck_assert(player_is_over(st->player));
	ck_assert(player_timed_out(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_has(stage_detail(st, "TT-1"), "its streams: the target closed the stream");
	stage_close(st);
}
END_TEST

START_TEST(a_client_that_is_closed_cannot_send)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "Bard sends:\n"
								  "	<presence/>\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 another\n");
	stage_connected(st, "Bard");
	stage_closed(st, "Bard", "conflict");
	ck_assert(!player_is_over(st->player)); /* nobody WAITS for it */
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_str_eq(player_result(st->player)->reason, "Bard is not connected any more: conflict");
	stage_close(st);
}
END_TEST

START_TEST(old_trouble_is_forgotten)
{
	struct stage *st = stage_open(WAITS);
	stage_connect_failed(st, "Marlowe", "refused once");
	ck_assert(!player_is_over(st->player));
	stage_connected(st, "Marlowe");
	stage_timeout(st);
	stage_end(st);
	ck_assert_lacks(stage_detail(st, "TT-1"), "refused once");
	stage_close(st);
}
END_TEST

/* The close of a session that the play ended may come after the next login began. */
START_TEST(a_late_close_does_not_harm_the_next_login)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard disconnects\n"
								  "Bard connects\n"
								  "Bard receives:\n"
								  "	<presence/>\n"
								  "	TT-1 something comes\n");
	stage_connected(st, "Bard");
	ck_assert_str_eq(stage_actions(st), "Bard connects\nBard disconnects\nBard connects\n");
	stage_closed(st, "Bard", "</stream:stream>");
	ck_assert(!player_is_over(st->player));
	stage_connected(st, "Bard");
	stage_hears(st, "Bard", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_close_after_the_next_login_is_noticed)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard disconnects\n"
								  "Bard connects\n"
								  "Bard receives:\n"
								  "	<presence/>\n"
								  "	TT-1 something comes\n");
	stage_connected(st, "Bard");
	stage_closed(st, "Bard", "</stream:stream>");
	stage_connected(st, "Bard");
	stage_closed(st, "Bard", "reset");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_has(stage_detail(st, "TT-1"), "its streams: reset");
	stage_close(st);
}
END_TEST

START_TEST(a_peer_connects_resets_and_disconnects)
{
	struct stage *st = stage_open("Marlowe connects\n"
								  "Marlowe resets\n"
								  "Marlowe connects\n"
								  "Marlowe disconnects\n"
								  "Kyd connects\n");
	ck_assert_str_eq(stage_actions(st), "Marlowe connects\n");
	stage_connected(st, "Kyd"); /* opened by itself; asked for later */
	stage_connected(st, "Marlowe");
	ck_assert_str_eq(stage_actions(st), "Marlowe resets\nMarlowe connects\n");
	stage_connected(st, "Marlowe");
	ck_assert_str_eq(stage_actions(st), "Marlowe disconnects\nKyd connects\n");
	ck_assert(player_is_over(st->player));
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: connections");
	TCase *tests = tcase_create("connections");
	tcase_add_test(tests, a_login_is_waited_for);
	tcase_add_test(tests, a_login_that_fails_is_inconclusive);
	tcase_add_test(tests, a_login_that_is_closed_is_inconclusive);
	tcase_add_test(tests, a_client_that_is_closed_misses_its_step_at_once);
	tcase_add_test(tests, a_client_that_is_closed_cannot_send);
	tcase_add_test(tests, old_trouble_is_forgotten);
	tcase_add_test(tests, a_late_close_does_not_harm_the_next_login);
	tcase_add_test(tests, a_close_after_the_next_login_is_noticed);
	tcase_add_test(tests, a_peer_connects_resets_and_disconnects);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
