/* judge/player: which actors and hooks a play needs still, and what is skipped without them */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

START_TEST(it_is_known_who_is_needed_still)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard sends:\n"
								  "	<iq type='get'/>\n"
								  "Bard receives:\n"
								  "	<iq/>\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "either:\n"
								  "	Kyd receives:\n"
								  "		<presence/>\n"
								  "or:\n"
								  "	Kyd receives:\n"
								  "		<message/>\n"
								  "Marlowe never receives:\n"
								  "	<message/>\n"
								  "	TT-1 no message\n");
	stage_connected(st, "Bard");
	ck_assert(player_needs(st->player, 0));
	stage_hears(st, "Bard", "<iq type='result' id='$ID'/>");
	ck_assert(!player_needs(st->player, 0));
	ck_assert(player_needs(st->player, 1));
	ck_assert(player_needs(st->player, 2));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_needs(st->player, 2));
	stage_hears(st, "Kyd", "<message/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	ck_assert(player_needs(st->player, 1)); /* its prohibition is in force */
	ck_assert(!player_needs(st->player, 2));
	stage_close(st);
}
END_TEST

static const struct {
	struct stage_set set;
	const char *play, *reason;
} skips[] = {
		{{0}, "the target approves Marlowe\n" /* */, NULL},
		{{.claims = "account:admin"}, "the target approves Marlowe\n", "the profile has no hook 'approve'"},
		{{.tags = "## needs: bidi"}, "Marlowe sends:\n\t<presence/>\n", "needs bidi, which the profile does not have"},
		{{.tags = "## needs: bidi", .claims = "account:admin claim:bidi"}, "Marlowe sends:\n\t<presence/>\n", NULL},
		{{.tags = "## needs: restart"}, "Marlowe sends:\n\t<presence/>\n", NULL},
		{{.tags = "## needs: virtual_hosts, second_admin", .claims = "account:admin virtual_hosts"},
				"Marlowe sends:\n\t<presence/>\n", "needs second_admin, which the profile does not have"},
		{{.claims = "account:user"}, "Marlowe sends:\n\t<presence/>\n", "the profile has no account 'admin'"},
		{{.cast = "[Peer] Marlowe\n", .claims = ""}, "Marlowe sends:\n\t<presence/>\n", NULL},
		{{.cast = "[Peer] Marlowe\n\ttls: none\n", .claims = ""}, "Marlowe sends:\n\t<presence/>\n",
				"needs TLS between servers, which the profile does not have"},
		{{.cast = "[Peer] Marlowe\n\tcertificate: expired\n", .claims = "s2s_tls"}, "Marlowe sends:\n\t<presence/>\n",
				NULL},
		{{.cast = "[Component] Muc\n", .claims = ""}, "Muc connects\n",
				"needs a component, for which the profile has no port"},
		{{.cast = "[Component] Muc\n", .claims = "component"}, "Muc connects\n", NULL},
		{{.cast = "[Component] Muc\n[Component] Irc\n", .claims = "component"}, "Muc connects\nIrc connects\n",
				"needs 2 components, for which the profile has too few domains"},
		{{.cast = "[Component] Muc\n[Component] Irc\n", .claims = "component components:2"},
				"Muc connects\nIrc connects\n", NULL},
		{{0}, "Marlowe sends:\n\t<presence to='${target2}'/>\n", "the profile names no second domain"},
		{{0}, "Marlowe sends:\n\t<presence to='${off}'/>\n", "the profile names no domain with the function off"},
		{{0}, "Marlowe sends:\n\t<iq node='${approval command}'/>\n",
				"the profile's hook 'approve' is no ad-hoc command"},
		{{.approval_command = "x"}, "Marlowe sends:\n\t<iq node='${approval command}'/>\n", NULL},
		{{.target2 = "second.test", .off = "off.test"}, "Marlowe sends:\n\t<presence to='${target2}' from='${off}'/>\n",
				NULL},
};

/* A hook in a branch is missed only when the branch is played. */
START_TEST(a_hook_in_a_branch_is_needed_when_it_is_played)
{
	static const char play[] = "either:\n\tMarlowe receives:\n\t\t<presence/>\n\t\tTT-1 x\n"
							   "or:\n\tMarlowe receives:\n\t\t<message/>\n\tthe target approves Marlowe\n";
	struct stage_set set = {.claims = "account:admin"};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", _i ? "<message/>" : "<presence/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, _i ? "SKIP" : "PASS");
	ck_assert_str_eq(player_result(st->player)->reason, _i ? "the profile has no hook 'approve'" : "");
	stage_close(st);
}
END_TEST

/* A question that cannot be put leaves its own checks undecided; only where nothing else is decided the play is SKIP.
 */
START_TEST(a_question_without_hook_leaves_the_rest_to_be_judged)
{
	static const char *const plays[] = {
			"Marlowe receives:\n\t<presence/>\n\tTT-1 x\nthe target shows Marlowe as none\n\tTT-2 y\n",
			"Marlowe receives:\n\t<presence/>\nthe target shows Marlowe as none\n\tTT-2 y\n"};
	struct stage_set set = {.claims = "account:admin"};
	struct stage *st = stage_set_up(&set, plays[_i]);
	stage_start(st);
	stage_hears(st, "Marlowe", "<presence/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, _i ? "SKIP" : "PASS");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
}
END_TEST

START_TEST(what_the_profile_lacks_is_skipped)
{
	struct stage *st = stage_set_up(&skips[_i].set, skips[_i].play);
	stage_start(st);
	if (!skips[_i].reason) {
		ck_assert_str_ne(stage_actions(st), "");
		stage_close(st);
		return;
	}
	ck_assert(player_is_over(st->player));
	ck_assert_str_eq(stage_actions(st), "");
	stage_end(st);
	ck_assert_verdict(st, "SKIP");
	ck_assert_str_eq(player_result(st->player)->reason, skips[_i].reason);
	ck_assert_uint_eq(player_result(st->player)->count, 0);
	ck_assert_ptr_null(player_explain(st->player, NULL));
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: needs");
	TCase *tests = tcase_create("clients and connections");
	tcase_add_test(tests, it_is_known_who_is_needed_still);
	suite_add_tcase(suite, tests);
	tests = tcase_create("beginning and end");
	tcase_add_loop_test(tests, a_hook_in_a_branch_is_needed_when_it_is_played, 0, 2);
	tcase_add_loop_test(tests, a_question_without_hook_leaves_the_rest_to_be_judged, 0, 2);
	tcase_add_loop_test(tests, what_the_profile_lacks_is_skipped, 0, sizeof skips / sizeof *skips);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
