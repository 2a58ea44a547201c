/* judge/ask: steps that call a hook of the target, and what must be put back after them */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

#define ASKS                                                                                                           \
	"Marlowe sends:\n"                                                                                                 \
	"	<presence type='subscribe'/>\n"

static const struct {
	const char *line, *action;
} hooks[] = {
		{"the target restarts", "target hook restart -\n"},
		{"the target is killed", "target hook kill -\n"},
		{"the target accepts requests automatically", "target hook auto_on -\n"},
		{"the target accepts requests manually", "target hook auto_off -\n"},
		{"the target turns the function off", "target hook function_off -\n"},
		{"the target turns the function on", "target hook function_on -\n"},
		{"the target cannot write its store", "target hook store_read_only -\n"},
		{"the target can write its store again", "target hook store_writable -\n"},
		{"the target restarts on a damaged store", "target hook store_corrupt -\n"},
		{"the target restarts on its good store", "target hook store_repair -\n"},
		{"the target takes the admin rights of Bard", "target hook admin_revoke bard@example.org\n"},
		{"the target gives back the admin rights of Bard", "target hook admin_grant bard@example.org\n"},
		{"the target begins to approve Marlowe", "target hook approve marlowe.test begins\n"},
		{"the target finishes approving Marlowe", "target hook approve marlowe.test finishes\n"},
		{"the target begins to deny Marlowe", "target hook deny marlowe.test begins\n"},
		{"the target finishes denying Marlowe", "target hook deny marlowe.test finishes\n"},
		{"the target approves Marlowe", "target hook approve marlowe.test\n"},
		{"the target denies Marlowe", "target hook deny marlowe.test\n"},
		{"the target revokes Marlowe", "target hook revoke marlowe.test\n"},
		{"the target removes Marlowe", "target hook remove marlowe.test\n"},
		{"the target unsubscribes from Marlowe", "target hook unsubscribe marlowe.test\n"},
		{"the target lists Marlowe as pending", "target hook pending marlowe.test\n"},
		{"the target does not list Marlowe as pending", "target hook pending marlowe.test\n"},
		{"the target shows Marlowe as none", "target hook roster marlowe.test\n"},
};

START_TEST(a_hook_is_called_and_waited_for)
{
	char play[256];
	snprintf(play, sizeof play, "%s\n%s", hooks[_i].line, THEN);
	struct stage *st = stage_open(play);
	ck_assert_str_eq(stage_actions(st), hooks[_i].action);
	ck_assert_uint_eq(player_deadline(st->player), st->now + 4 * STAGE_DEADLINE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(!player_is_over(st->player));
	player_on_hook(st->player, st->hook_id + 1, 1, "", st->now); /* not the one that was called */
	ck_assert(!player_is_over(st->player));
	stage_hook(st, 0, "no such command");
	ck_assert(player_is_over(st->player));
	stage_hook(st, 1, "");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_has(player_result(st->player)->reason, " failed: no such command");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(a_hook_that_is_done_lets_the_play_go_on)
{
	struct stage *st = stage_open("the target denies Marlowe\n" THEN);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_hook(st, 1, NULL);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_hook_has_its_time)
{
	struct stage *st = stage_open("the target denies Marlowe\n" THEN);
	stage_pass(st, 4 * STAGE_DEADLINE - 1);
	ck_assert(!player_is_over(st->player));
	stage_pass(st, 1);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_str_eq(player_result(st->player)->reason, "hook deny did not end in time");
	stage_close(st);
	st = stage_open("the target denies Marlowe\n" THEN);
	stage_hook(st, 0, NULL);
	stage_end(st);
	ck_assert_str_eq(player_result(st->player)->reason, "hook deny failed: no reason given");
	stage_close(st);
}
END_TEST

START_TEST(what_a_peer_sent_is_read_before_a_hook)
{
	struct stage *st = stage_open(ASKS "Kyd sends:\n"
									   "	<message/>\n"
									   "the target approves Marlowe\n"
									   "the target shows Marlowe as from\n"
									   "	TT-1 it is so\n");
	const char *actions = stage_actions(st);
	ck_assert_lacks(actions, "hook");
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 1);
	ck_assert_int_eq(stage_open_fences(st, "Kyd"), 1); /* every peer that sent */
	stage_fence(st, "Marlowe");
	ck_assert_str_eq(stage_actions(st), "");
	stage_fence(st, "Kyd");
	ck_assert_str_eq(stage_actions(st), "target hook pending -\n");
	stage_hook(st, 1, "marlowe.test\n");
	ck_assert_str_eq(stage_actions(st), "target hook approve marlowe.test\n");
	stage_hook(st, 1, "");
	ck_assert_str_eq(stage_actions(st), "target hook roster marlowe.test\n"); /* nothing was sent since */
	stage_close(st);
}
END_TEST

/* What a target has read it may not have dealt with: 0: the request is not on the list, 1: the list cannot be had, 2:
 * there is no hook for it. */
START_TEST(a_decision_waits_for_its_request)
{
	struct stage_set set = {.claims = _i == 2 ? "account:admin hook:approve" : NULL};
	struct stage *st = stage_set_up(&set, "Marlowe sends:\n"
										  "	<presence type='subscribe'/>\n"
										  "the target approves Marlowe\n"
										  "Marlowe receives:\n"
										  "	<presence type='subscribed'/>\n"
										  "	TT-1 it is approved\n"
										  "the target approves Marlowe\n");
	stage_start(st);
	stage_fence(st, "Marlowe");
	if (_i < 2) {
		ck_assert_has(stage_actions(st), "target hook pending -\n");
		stage_hook(st, !_i, "kyd.test\n");
	}
	ck_assert_lacks(stage_actions(st), "hook");
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "target hook approve marlowe.test\n");
	stage_hook(st, 1, "");
	stage_hears(st, "Marlowe", SUBSCRIBED); /* so what was sent has been dealt with */
	ck_assert_str_eq(stage_actions(st), "target hook approve marlowe.test\n");
	stage_hook(st, 1, "");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_peer_that_sent_nothing_needs_no_fence)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard sends:\n"
								  "	<presence/>\n"
								  "Marlowe receives: nothing\n"
								  "the target approves Marlowe\n");
	stage_connected(st, "Bard");
	stage_fence(st, "Marlowe");
	stage_actions(st);
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "target hook approve marlowe.test\n");
	stage_close(st);
}
END_TEST

START_TEST(a_hook_without_its_fence_is_not_called)
{
	struct stage *st = stage_open(ASKS "the target approves Marlowe\n" THEN);
	stage_pass(st, STAGE_DEADLINE);
	ck_assert(player_is_over(st->player));
	ck_assert_lacks(stage_actions(st), "hook");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_has(player_result(st->player)->reason, "fence lost: the target did not answer Marlowe");
	stage_close(st);
}
END_TEST

START_TEST(a_restart_disconnects_everybody)
{
	static const char play[] = "Bard connects\n"
							   "%s\n"
							   "%s"
							   "Bard receives:\n"
							   "	<presence/>\n"
							   "	TT-1 something comes\n";
	static const char *const verbs[] = {"the target restarts", "the target is killed",
			"the target restarts on a damaged store", "the target restarts on its good store"};
	char text[256];
	/* without a new login */
	snprintf(text, sizeof text, play, verbs[_i], "Bard sends:\n	<presence/>\n");
	struct stage *st = stage_open(text);
	stage_connected(st, "Bard");
	stage_closed(st, "Bard", "reset"); /* while the hook runs: expected */
	ck_assert(!player_is_over(st->player));
	stage_hook(st, 1, "");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_str_eq(player_result(st->player)->reason, "Bard is not connected any more: its stream is closed");
	stage_close(st);
	/* with one */
	snprintf(text, sizeof text, play, verbs[_i], "Bard connects\n");
	st = stage_open(text);
	stage_connected(st, "Bard");
	stage_actions(st);
	stage_hook(st, 1, "");
	ck_assert_str_eq(stage_actions(st), "Bard connects\n");
	ck_assert(!player_is_over(st->player));
	stage_connected(st, "Bard");
	stage_hears(st, "Bard", SUBSCRIBED);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(other_hooks_disconnect_nobody)
{
	struct stage *st = stage_open("Bard connects\n"
								  "the target denies Marlowe\n"
								  "Bard sends:\n"
								  "	<presence/>\n");
	stage_connected(st, "Bard");
	stage_actions(st);
	stage_hook(st, 1, "");
	ck_assert_has(stage_actions(st), "Bard sends");
	stage_close(st);
}
END_TEST

static const struct {
	const char *change, *undo, *hook, *peer;
} changes[] = {
		{"the target accepts requests automatically", "the target accepts requests manually", "auto_off", NULL},
		{"the target cannot write its store", "the target can write its store again", "store_writable", NULL},
		{"the target restarts on a damaged store", "the target restarts on its good store", "store_repair", NULL},
		{"the target takes the admin rights of Bard", "the target gives back the admin rights of Bard", "admin_grant",
				"bard@example.org"},
};

START_TEST(a_change_of_the_target_is_left_until_it_is_put_back)
{
	char play[256];
	snprintf(play, sizeof play, "%s\n%s\n" THEN, changes[_i].change, changes[_i].undo);
	struct stage *st = stage_open(play);
	const char *peer = NULL;
	ck_assert_str_eq(player_left(st->player, 0, &peer), changes[_i].hook); /* from the call on */
	ck_assert_pstr_eq(peer, changes[_i].peer);
	ck_assert_ptr_null(player_left(st->player, 1, &peer));
	stage_hook(st, 1, NULL);
	ck_assert_str_eq(player_left(st->player, 0, &peer), changes[_i].hook);
	stage_hook(st, 1, NULL);
	ck_assert_ptr_null(player_left(st->player, 0, &peer));
	stage_close(st);
}
END_TEST

START_TEST(a_change_that_failed_may_have_happened)
{
	struct stage *st = stage_open("the target cannot write its store\n" THEN);
	const char *peer;
	stage_hook(st, 0, "half of it");
	ck_assert(player_is_over(st->player));
	ck_assert_str_eq(player_left(st->player, 0, &peer), "store_writable");
	stage_close(st);
}
END_TEST

START_TEST(a_target_that_refused_a_damaged_store_is_in_order_again)
{
	struct stage *st = stage_open("the target restarts on a damaged store\n" THEN);
	const char *peer;
	stage_hook(st, 1, "the target refused to start");
	ck_assert(!player_is_over(st->player));
	ck_assert_ptr_null(player_left(st->player, 0, &peer));
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("hook steps");
	TCase *tests = tcase_create("hooks");
	tcase_add_loop_test(tests, a_hook_is_called_and_waited_for, 0, sizeof hooks / sizeof *hooks);
	tcase_add_test(tests, a_hook_that_is_done_lets_the_play_go_on);
	tcase_add_test(tests, a_hook_has_its_time);
	tcase_add_test(tests, what_a_peer_sent_is_read_before_a_hook);
	tcase_add_loop_test(tests, a_decision_waits_for_its_request, 0, 3);
	tcase_add_test(tests, a_peer_that_sent_nothing_needs_no_fence);
	tcase_add_test(tests, a_hook_without_its_fence_is_not_called);
	tcase_add_loop_test(tests, a_restart_disconnects_everybody, 0, 4);
	tcase_add_loop_test(
			tests, a_change_of_the_target_is_left_until_it_is_put_back, 0, sizeof changes / sizeof *changes);
	tcase_add_test(tests, a_change_that_failed_may_have_happened);
	tcase_add_test(tests, a_target_that_refused_a_damaged_store_is_in_order_again);
	tcase_add_test(tests, other_hooks_disconnect_nobody);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
