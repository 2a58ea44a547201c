/* judge/player: hooks, roster states, pending requests */
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

#define SUBSCRIBED "<presence type='subscribed'/>"
#define ASKS                                                                                                           \
	"Marlowe sends:\n"                                                                                                 \
	"	<presence type='subscribe'/>\n"
#define THEN                                                                                                           \
	"Kyd receives:\n"                                                                                                  \
	"	<presence type='subscribed'/>\n"                                                                                 \
	"	TT-2 the play goes on\n"

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

/* --- what must be put back --- */

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

/* --- what the hooks show --- */

static const struct {
	const char *step, *output;
	int holds;
} shown[] = {
		{"shows Marlowe as none", "", 1},
		{"shows Marlowe as none", "kyd.test both\n", 1},
		{"shows Marlowe as none", "marlowe.test none\n", 1},
		{"shows Marlowe as none", "marlowe.test to\n", 0},
		{"shows Marlowe as none", "marlowe.test none ask\n", 0},
		{"shows Marlowe as none", "marlowe.test none pending\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none ask\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none asked\n", 1},
		{"shows Marlowe as none, asked", "marlowe.test none\n", 0},
		{"shows Marlowe as none, asked", "", 0},
		{"shows Marlowe as none, asked", "marlowe.test none ask pending\n", 1},
		{"shows Marlowe as none, pending", "marlowe.test none pending\n", 1},
		{"shows Marlowe as none, pending", "marlowe.test none\n", 0},
		{"shows Marlowe as none, pending", "marlowe.test none ask pending\n", 0},
		{"shows Marlowe as none, asked, pending", "marlowe.test none pending ask\n", 1},
		{"shows Marlowe as none, asked, pending", "marlowe.test none pending\n", 0},
		{"shows Marlowe as to", "marlowe.test to\n", 1},
		{"shows Marlowe as to", "marlowe.test from\n", 0},
		{"shows Marlowe as to", "marlowe.test both\n", 0},
		{"shows Marlowe as from", "marlowe.test from\n", 1},
		{"shows Marlowe as from, asked", "marlowe.test from ask\n", 1},
		{"shows Marlowe as both", "kyd.test none\nmarlowe.test both\n", 1},
		{"shows Marlowe as both", "kyd.test none\r\nMARLOWE.test \tboth \r\n", 1},
		{"shows Marlowe as both", "marlowe.test both", 1},
		{"shows Marlowe as both", "marlowe.tes both\nmarlowe.test.org both\nxmarlowe.test both\n", 0},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test both\n", 0},
		{"shows Marlowe as none", "marlowe.test none\nmarlowe.test none\n", 0},
		{"shows Marlowe as from or both", "marlowe.test both\n", 1},
		{"shows Marlowe as from or both", "marlowe.test from\n", 1},
		{"shows Marlowe as from or both", "marlowe.test to\n", 0},
		{"shows Marlowe as from or both", "marlowe.test from ask\n", 0},
		{"shows Marlowe as none or none, asked", "marlowe.test none ask\n", 1},
		{"shows Marlowe as none or none, asked", "", 1},
		{"shows Marlowe as both", "marlowe.test. both\n", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test. none\n", 0},
		{"shows Marlowe as both", "marlowe.test both\nMarlowe.test both\n", 0},
		{"shows Marlowe as both", "marlowe.test/x both\n", 0},
		{"shows nobody like .*[@/ ].*", "", 1},
		{"shows nobody like .*[@/].*", "kyd.test both\nmarlowe.test none\n", 1},
		{"shows nobody like .*[@/].*", "kyd.test both\nmarlowe.test/x none\n", 0},
		{"shows nobody like ${Marlowe}/x none", "marlowe.test/x none\n", 0},
		{"shows nobody like ${Marlowe}/x", "marlowe.test/x none\n", 1},
		{"shows nobody like ${Marlowe} none", "marlowextest none\n", 1},
		{"lists nobody like .*/.* as pending", "marlowe.test\n", 1},
		{"lists nobody like .*/.* as pending", "marlowe.test/x\n", 0},
		{"lists Marlowe as pending", "marlowe.test\n", 1},
		{"lists Marlowe as pending", "kyd.test\nMarlowe.Test pending\n", 1},
		{"lists Marlowe as pending", "kyd.test\n", 0},
		{"lists Marlowe as pending", "", 0},
		{"lists Marlowe as pending", "marlowe.test\nmarlowe.test\n", 0},
		{"does not list Marlowe as pending", "", 1},
		{"does not list Marlowe as pending", "kyd.test\n", 1},
		{"does not list Marlowe as pending", "marlowe.test\n", 0},
		{"does not list Marlowe as pending", "marlowe.test\nmarlowe.test\n", 0},
};

START_TEST(what_a_hook_shows_is_compared)
{
	char play[256];
	snprintf(play, sizeof play, "the target %s\n	TT-1 it is so\n%s", shown[_i].step, THEN);
	struct stage *st = stage_open(play);
	shown[_i].holds ? stage_hook(st, 1, shown[_i].output) : stage_shows(st, shown[_i].output);
	ck_assert(!player_is_over(st->player));
	ck_assert_finding(st, "TT-1", shown[_i].holds ? "PASS" : "FAIL");
	stage_hears(st, "Kyd", SUBSCRIBED); /* a finding of the state does not end the play */
	stage_end(st);
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

/* Rules for every list, whatever the step asks. */
static const struct {
	const char *step, *output, *id;
	int broken;
} lists[] = {
		{"shows Marlowe as both", "marlowe.test both\nkyd.test/x to\nKYD.test to\n", "SB-024/written", 0},
		{"shows Marlowe as both", "marlowe.test both\nkyd.test/x to\n", "PS-127", 0},
		{"shows Marlowe as both", "Marlowe.test both\n", "SB-024/written", 1},
		{"shows Marlowe as both", "marlowe.test. both\n", "SB-024/written", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test/x none\n", "PS-127", 1},
		{"shows Marlowe as both", "marlowe.test both\nmarlowe.test/x none\n", "SB-024/written", 0},
		{"lists Marlowe as pending", "MARLOWE.TEST\n", "SB-024/written", 1},
		{"lists Marlowe as pending", "marlowe.test\nx.marlowe.test/y\n", "PS-127", 0},
		{"shows Tybalt as none", "TYBALT@marlowe.test both\n", "SB-024/written", 0},
		{"shows Tybalt as none", "marlowe.test/x both\n", "PS-127", 0},
};

START_TEST(every_list_holds_domains_in_normal_form)
{
	char play[256];
	snprintf(play, sizeof play, "the target %s\n	TT-1 it is so\n", lists[_i].step);
	struct stage_set set = {.cast = "[Peer] Marlowe\n[Peer] Kyd\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	stage_hook(st, 1, lists[_i].output);
	if (!player_is_over(st->player)) {
		stage_quiet(st);
		stage_hook(st, 1, lists[_i].output);
	}
	stage_end(st);
	ck_assert_uint_eq(stage_count(st, lists[_i].id), (size_t)lists[_i].broken);
	ck_assert_has(stage_detail(st, lists[_i].id), lists[_i].broken ? "the list shows marlowe.test as: " : "");
	stage_close(st);
}
END_TEST

START_TEST(no_output_is_an_empty_list)
{
	struct stage *st = stage_open("the target does not list Marlowe as pending\n"
								  "	TT-1 it is not there\n");
	stage_hook(st, 1, NULL);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_state_that_does_not_fit_is_looked_at_again)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	ck_assert_has(stage_actions(st), "hook roster");
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_str_eq(stage_actions(st), "");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_quiet(st);
	ck_assert_str_eq(stage_actions(st), "target hook roster marlowe.test\n");
	stage_hook(st, 1, "marlowe.test both\n");
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* A target that takes its time has to be waited for longer everywhere. */
START_TEST(a_state_that_comes_late_is_noted)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	stage_hook(st, 1, "marlowe.test to\n");
	stage_quiet(st);
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 4 * STAGE_QUIET);
	ck_assert_uint_eq(player_overtaken(st->player), 0);
	stage_timeout(st);
	stage_hook(st, 1, "marlowe.test both\n");
	ck_assert_uint_ge(player_overtaken(st->player), 5 * STAGE_QUIET);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(the_last_look_decides)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n"
								  "the target shows Marlowe as to\n"
								  "	TT-2 they are not\n");
	stage_hook(st, 1, "marlowe.test to\n");
	stage_quiet(st);
	stage_hook(st, 1, "marlowe.test to\n");
	stage_timeout(st);
	stage_actions(st);
	stage_hook(st, 1, "marlowe.test to\n");
	ck_assert_has(stage_detail(st, "TT-1"), "the target shows Marlowe as both (marlowe.test); the answer of hook "
											"roster was:\nmarlowe.test to");
	ck_assert_str_eq(stage_actions(st), "target hook roster marlowe.test\n");
	ck_assert(!player_is_over(st->player)); /* each step has looks of its own */
	stage_shows(st, "");
	ck_assert_has(stage_detail(st, "TT-2"), "(empty)");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_quotes_the_lines_that_it_is_about)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n"
								  "the target shows nobody like .*@.*\n"
								  "	TT-2 no user is a buddy\n");
	stage_shows(st, "kyd.test none\nMARLOWE.test. to ask\ngreene.test both\nx.marlowe.test from\n");
	ck_assert_str_eq(stage_detail(st, "TT-1"),
			"the target shows Marlowe as both (marlowe.test), 2 lines about others left "
			"out; the answer of hook roster was:\nMARLOWE.test. to ask\n"
			"x.marlowe.test from");
	stage_shows(st, "a@kyd.test none\nmarlowe.test to\n");
	ck_assert_str_eq(stage_detail(st, "TT-2"), "the target shows nobody like .*@.*, 1 line about others left out; the "
											   "answer of hook roster was:\na@kyd.test none");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_says_that_a_list_holds_nothing_about_the_peer)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	stage_shows(st, "kyd.test none\n");
	ck_assert_str_eq(stage_detail(st, "TT-1"),
			"the target shows Marlowe as both (marlowe.test), 1 line about others left "
			"out; the answer of hook roster was:\n(nothing about marlowe.test)");
	stage_close(st);
}
END_TEST

static const struct {
	const char *answer, *verdict;
} rosters[] = {
		{"marlowe.test none ask", "PASS"},
		{"marlowe.test none, asked", "PASS"},
		{"marlowe.test asked,none,pending", "PASS"},
		{"kyd.test who knows\nmarlowe.test none ask", "PASS"},
		{"marlowe.test none", "FAIL"},
		{"marlowe.test", "INCONCLUSIVE"},
		{"marlowe.test ask", "INCONCLUSIVE"},
		{"marlowe.test none waiting", "INCONCLUSIVE"},
		{"marlowe.test subscription=none ask", "INCONCLUSIVE"},
};

/* A hook that speaks another language is no state of the target. */
START_TEST(a_roster_that_cannot_be_read_decides_nothing)
{
	struct stage *st = stage_open("the target shows Marlowe as none, asked\n"
								  "	TT-1 the request waits\n");
	if (!strcmp(rosters[_i].verdict, "FAIL")) {
		stage_shows(st, rosters[_i].answer);
	} else {
		stage_hook(st, 1, rosters[_i].answer);
	}
	stage_end(st);
	ck_assert_verdict(st, rosters[_i].verdict);
	if (!strcmp(rosters[_i].verdict, "INCONCLUSIVE")) {
		ck_assert_has(player_result(st->player)->reason, rosters[_i].answer);
		ck_assert_has(player_result(st->player)->reason,
				"expected lines of the form: domain none|to|from|both [ask] [pending]");
	}
	stage_close(st);
}
END_TEST

/* What follows is judged only if the state is not what the play stands on. */
START_TEST(a_state_that_is_relied_on_ends_the_play)
{
	static const char *const checks[] = {"	relies on TT-1 the set-up worked\n", ""};
	for (int i = 0; i < 2; i++) {
		char play[256];
		snprintf(play, sizeof play, "the target shows Marlowe as both\n%s%s", checks[i], THEN);
		struct stage *st = stage_open(play);
		stage_shows(st, "");
		ck_assert(player_is_over(st->player));
		stage_hears(st, "Kyd", SUBSCRIBED);
		stage_end(st);
		ck_assert_finding(st, "TT-1", i ? "none" : "FAIL");
		ck_assert_finding(st, "TT-2", "UNDECIDED");
		ck_assert_verdict(st, i ? "INCONCLUSIVE" : "FAIL");
		stage_close(st);
		st = stage_open(play);
		stage_hook(st, 1, "marlowe.test both\n");
		stage_hears(st, "Kyd", SUBSCRIBED);
		stage_end(st);
		ck_assert_finding(st, "TT-1", "none");
		ck_assert_verdict(st, "PASS");
		stage_close(st);
	}
}
END_TEST

START_TEST(remote_users_have_states_too)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Tybalt sends:\n"
										  "	<presence type='subscribe'/>\n"
										  "the target lists Tybalt as pending\n"
										  "	TT-1 he waits\n");
	stage_start(st);
	stage_fence(st, "Tybalt");
	ck_assert_has(stage_actions(st), "target hook pending tybalt@marlowe.test\n");
	stage_hook(st, 1, "marlowe.test\ntybalt@marlowe.test\n");
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* Silence stays armed while the target is asked, and a hook that acts ends it. */
START_TEST(a_hook_step_ends_silence_only_if_it_acts)
{
	struct stage *st = stage_open("Kyd receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "the target shows Marlowe as none\n"
								  "	TT-2 no state\n"
								  "the target approves Marlowe\n");
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_hook(st, 1, "");
	stage_hears(st, "Kyd", SUBSCRIBED); /* the approval is under way */
	stage_hook(st, 1, "");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
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
	tcase_add_test(tests, a_hook_step_ends_silence_only_if_it_acts);
	suite_add_tcase(suite, tests);
	tests = tcase_create("states");
	tcase_add_loop_test(tests, what_a_hook_shows_is_compared, 0, sizeof shown / sizeof *shown);
	tcase_add_loop_test(tests, every_list_holds_domains_in_normal_form, 0, sizeof lists / sizeof *lists);
	tcase_add_test(tests, no_output_is_an_empty_list);
	tcase_add_test(tests, a_state_that_does_not_fit_is_looked_at_again);
	tcase_add_test(tests, the_last_look_decides);
	tcase_add_test(tests, a_state_that_comes_late_is_noted);
	tcase_add_test(tests, a_failure_quotes_the_lines_that_it_is_about);
	tcase_add_test(tests, a_failure_says_that_a_list_holds_nothing_about_the_peer);
	tcase_add_loop_test(tests, a_roster_that_cannot_be_read_decides_nothing, 0, sizeof rosters / sizeof *rosters);
	tcase_add_test(tests, a_state_that_is_relied_on_ends_the_play);
	tcase_add_test(tests, remote_users_have_states_too);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
