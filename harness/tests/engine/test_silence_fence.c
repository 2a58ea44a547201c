/* judge/player: the fence that proves silence, and how long silence stays armed */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

/* --- the fence --- */

START_TEST(a_lost_fence_is_never_a_pass)
{
	struct stage *st = stage_open(NOTHING);
	stage_closed(st, "Marlowe", "reset");
	stage_hears(st, "Kyd", "<iq type='result' id='k7-fence1-0'/>"); /* not Marlowe's answer */
	stage_pass(st, STAGE_DEADLINE - 3);
	ck_assert(!player_is_over(st->player));
	stage_pass(st, 1);
	ck_assert(player_is_over(st->player));
	ck_assert(player_timed_out(st->player));
	ck_assert_has(player_result(st->player)->trouble, "fence lost: the target did not answer Marlowe");
	ck_assert_has(player_result(st->player)->trouble, "its streams: reset");
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(a_fence_answered_after_its_time_proves_nothing)
{
	struct stage *st = stage_open(NOTHING);
	stage_pass(st, STAGE_DEADLINE);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(a_fence_without_an_answer_is_sent_once_more)
{
	struct stage *st = stage_open(NOTHING);
	stage_actions(st);
	stage_pass(st, STAGE_DEADLINE / 2);
	ck_assert_has(stage_actions(st), "id='k7-fence2-0'");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_DEADLINE / 2);
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-fence1-0'/>"); /* what was said after it may be under way */
	ck_assert_uint_eq(player_deadline(st->player), st->now - 1 + STAGE_DEADLINE / 2);
	stage_hears(st, "Marlowe", "<iq type='result' id='k7-fence2-0'/>");
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

/* The target is only asked for a sign of life where a deadline would be held against it. */
START_TEST(a_deadline_counts_that_ends_a_wait_for_the_target)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 it is granted\n"
								  "either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<iq/>\n" NOTHING);
	ck_assert(player_deadline_counts(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_deadline_counts(st->player));
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	ck_assert(!player_deadline_counts(st->player)); /* the fence is sent once more first */
	stage_pass(st, STAGE_DEADLINE / 2);
	ck_assert(player_deadline_counts(st->player));
	stage_fence(st, "Marlowe");
	ck_assert(!player_deadline_counts(st->player)); /* a quiet window */
	stage_quiet(st);
	ck_assert(!player_deadline_counts(st->player)); /* over */
	stage_close(st);
}
END_TEST

START_TEST(the_end_of_streams_serves_as_a_fence_for_the_whole_deadline)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<presence type='subscribe'/>\n"
								  "Marlowe disconnects\n"
								  "the target lists Kyd as pending\n"
								  "	TT-1 it is listed\n");
	stage_pass(st, STAGE_DEADLINE - 3);
	ck_assert(!player_is_over(st->player));
	stage_close(st);
}
END_TEST

START_TEST(silence_stays_armed_when_the_fence_is_lost)
{
	struct stage *st = stage_open(NOTHING);
	stage_timeout(st);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(a_fence_that_cannot_be_sent_is_inconclusive)
{
	struct stage *st = stage_open(NOTHING);
	stage_connect_failed(st, "Kyd", "refused");
	ck_assert(!player_is_over(st->player));
	stage_connect_failed(st, "Marlowe", "refused");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_str_eq(player_result(st->player)->reason, "Marlowe could not connect: refused");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(the_question_itself_is_no_answer)
{
	struct stage *st = stage_open(NOTHING);
	/* echoed back: a request with the fence's id is none */
	stage_hears(st, "Marlowe", "<iq type='get' id='k7-fence1-0'><query xmlns='urn:q'/></iq>");
	ck_assert_uint_gt(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_timeout(st);
	stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(an_old_fence_does_not_stand_for_a_new_one)
{
	struct stage *st = stage_open(NOTHING "Kyd sends:\n"
										  "	<message/>\n"
										  "Marlowe receives: nothing\n"
										  "	TT-2 still nothing\n");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_fence_again(st, "Marlowe");
	ck_assert_uint_gt(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	ck_assert_verdict(st, "INCONCLUSIVE"); /* and the answer that came twice is told: XC-016 */
	ck_assert_finding(st, "XC-016", "WARN");
	stage_close(st);
}
END_TEST

START_TEST(both_domains_are_asked)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Marlowe sends:\n"
										  "	<presence to='${target2}'/>\n" NOTHING);
	stage_start(st);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 2);
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "Marlowe sends to example.org: <iq type='get' id='k7-fence2-0'");
	ck_assert_has(actions, "Marlowe sends to second.test: <iq type='get' id='k7-fence2-1' from='marlowe.test' "
						   "to='second.test'");
	ck_assert(stage_fence_as(st, "Marlowe", "second.test", "result"));
	ck_assert_uint_gt(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_pass(st, STAGE_QUIET);
	ck_assert(!player_is_over(st->player));
	ck_assert(stage_fence_as(st, "Marlowe", "example.org", "error"));
	stage_quiet(st);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(the_second_domain_is_asked_only_if_it_is_named)
{
	struct stage_set set = {.target2 = "second.test", .off = "off.test"};
	struct stage *st = stage_set_up(&set, NOTHING);
	stage_start(st);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 1);
	stage_close(st);
	st = stage_set_up(&set, "Marlowe sends:\n"
							"	<presence to='${off}'/>\n" NOTHING);
	stage_start(st);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 2);
	stage_close(st);
}
END_TEST

START_TEST(a_client_asks_its_own_domain)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Bard connects\n"
										  "Bard sends:\n"
										  "	<message to='${target2}'/>\n"
										  "Bard receives: nothing\n"
										  "	TT-1 nothing comes\n");
	stage_start(st);
	stage_connected(st, "Bard");
	ck_assert_int_eq(stage_open_fences(st, "Bard"), 1);
	stage_close(st);
}
END_TEST

START_TEST(a_client_that_is_cut_off_proves_nothing)
{
	for (int in_window = 0; in_window < 2; in_window++) {
		struct stage *st = stage_open("Bard connects\n"
									  "Bard receives: nothing\n"
									  "	TT-1 nothing comes\n");
		stage_connected(st, "Bard");
		if (in_window) {
			stage_fence(st, "Bard");
		}
		stage_closed(st, "Bard", "the target closed the stream");
		stage_quiet(st);
		ck_assert(player_is_over(st->player));
		ck_assert_has(player_result(st->player)->trouble, "the target closed the stream");
		stage_ends_as(st, "UNDECIDED", "INCONCLUSIVE");
	}
}
END_TEST

/* --- how long it is armed --- */

static const char *const disarming[] = {
		"Kyd sends:\n	<presence/>\n",
		"Kyd connects\n",
		"Kyd disconnects\n",
		"Kyd resets\n",
		"the target accepts requests manually\n",
};

START_TEST(the_next_step_that_acts_disarms)
{
	char play[256];
	snprintf(play, sizeof play, "%s%sKyd receives:\n	<presence/>\n", NOTHING, disarming[_i]);
	struct stage *st = stage_open(play);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ck_assert(!player_is_over(st->player));
	if (stage_open_fences(st, "Kyd")) {
		stage_fence(st, "Kyd");
	}
	stage_connected(st, "Kyd");
	stage_hook(st, 1, "");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "PASS", "PASS");
}
END_TEST

static const char *const keeping[] = {
		"Kyd receives:\n"
		"	<presence/>\n",
		"Kyd receives: nothing\n",
		"${target} is ${target}\n"
		"	TT-2 it is\n"
		"Kyd receives:\n"
		"	<presence/>\n",
		"Kyd never receives:\n"
		"	<message/>\n"
		"	TT-2 no message\n"
		"Kyd receives:\n"
		"	<presence/>\n",
		"the target shows Kyd as none\n"
		"	TT-2 nothing came of it\n",
		"the target lists Kyd as pending\n"
		"	TT-2 it waits\n",
};

START_TEST(other_steps_do_not_disarm)
{
	char play[256];
	snprintf(play, sizeof play, "%s%s", NOTHING, keeping[_i]);
	struct stage *st = stage_open(play);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_ends_as(st, "FAIL", "FAIL");
}
END_TEST

static const char *const receiving[] = {
		"Marlowe receives:\n"
		"	<presence/>\n"
		"	TT-2 now it comes\n",
		"Together:\n"
		"	Kyd receives:\n"
		"		<message/>\n"
		"	Marlowe receives:\n"
		"		<presence/>\n"
		"		TT-2 now it comes\n",
		"either:\n"
		"	Kyd receives:\n"
		"		<message/>\n"
		"or:\n"
		"	Marlowe receives:\n"
		"		<presence/>\n"
		"		TT-2 now it comes\n",
};

START_TEST(an_actor_that_receives_again_is_disarmed)
{
	char play[256];
	snprintf(play, sizeof play, "%sKyd receives: nothing\n	TT-3 silence\n%s", NOTHING, receiving[_i]);
	struct stage *st = stage_open(play);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_hears(st, "Marlowe", "<message/>"); /* between: nothing forbids it any more */
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_hears(st, "Kyd", "<message/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", _i == 0 ? "FAIL" : "PASS"); /* Kyd receives again in the blocks only */
	stage_close(st);
}
END_TEST

/* A target may end every stream of such a peer: at the end of the play no question of its own proves its silence. */
START_TEST(a_peer_that_may_be_refused_is_asked_nothing_at_the_end)
{
	static const char *const casts[] = {"[Peer] Marlowe\n\tcertificate: expired\n", "[Peer] Marlowe\n\ttls: none\n",
			"[Peer] Marlowe\n\ttls: 1.2\n"};
	struct stage_set set = {.cast = casts[_i], .claims = "s2s_tls"};
	struct stage *st = stage_set_up(&set, "Marlowe never receives:\n\t<presence/>\n\tTT-1 x\n");
	stage_start(st);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), _i == 2);
	ck_assert_int_eq(player_is_over(st->player), _i != 2);
	stage_hears(st, "Marlowe", "<presence/>"); /* forbidden for good nonetheless */
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(two_prohibitions_in_force_are_both_broken)
{
	struct stage *st = stage_open(NOTHING "Marlowe receives: nothing\n"
										  "	TT-2 still nothing\n");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("silence: fence");
	TCase *tests = tcase_create("fence");
	tcase_add_test(tests, a_lost_fence_is_never_a_pass);
	tcase_add_test(tests, a_fence_answered_after_its_time_proves_nothing);
	tcase_add_test(tests, a_fence_without_an_answer_is_sent_once_more);
	tcase_add_test(tests, a_deadline_counts_that_ends_a_wait_for_the_target);
	tcase_add_test(tests, the_end_of_streams_serves_as_a_fence_for_the_whole_deadline);
	tcase_add_test(tests, silence_stays_armed_when_the_fence_is_lost);
	tcase_add_test(tests, a_fence_that_cannot_be_sent_is_inconclusive);
	tcase_add_test(tests, the_question_itself_is_no_answer);
	tcase_add_test(tests, an_old_fence_does_not_stand_for_a_new_one);
	tcase_add_test(tests, both_domains_are_asked);
	tcase_add_test(tests, the_second_domain_is_asked_only_if_it_is_named);
	tcase_add_test(tests, a_client_asks_its_own_domain);
	tcase_add_test(tests, a_client_that_is_cut_off_proves_nothing);
	suite_add_tcase(suite, tests);
	tests = tcase_create("armed");
	tcase_add_loop_test(tests, the_next_step_that_acts_disarms, 0, sizeof disarming / sizeof *disarming);
	tcase_add_loop_test(tests, other_steps_do_not_disarm, 0, sizeof keeping / sizeof *keeping);
	tcase_add_loop_test(tests, an_actor_that_receives_again_is_disarmed, 0, sizeof receiving / sizeof *receiving);
	tcase_add_loop_test(tests, a_peer_that_may_be_refused_is_asked_nothing_at_the_end, 0, 3);
	tcase_add_test(tests, two_prohibitions_in_force_are_both_broken);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
