/* judge/invariants, and the facts that the player gives them */
#include "judge/invariants.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <string.h>

#define FROM_TO "from='example.org' to='marlowe.test' "

static const char *const targets[] = {"example.org", "second.test", NULL};

/* stanza, its namespace, facts, ids of the rules that it breaks */
static const struct {
	const char *stanza, *ns;
	struct invariant_facts facts;
	const char *broken;
} rules[] = {
		{"<message " FROM_TO "/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, ""},
		/* namespace */
		{"<message " FROM_TO "/>", NS_CLIENT, {.opened_by_target = 1, .validated = 1}, "XC-046 "},
		{"<message " FROM_TO "/>", "", {.opened_by_target = 1, .validated = 1}, "XC-046 "},
		{"<message " FROM_TO "/>", NS_CLIENT, {.client = 1}, ""},
		{"<message " FROM_TO "/>", NS_SERVER, {.client = 1}, "XC-046 "},
		{"<message " FROM_TO "/>", NS_COMPONENT, {.component = 1, .opened_by_target = 1, .validated = 1}, ""},
		{"<message " FROM_TO "/>", NS_SERVER, {.component = 1}, ""},
		{"<message/>", NS_COMPONENT, {.component = 1}, ""},
		{"<presence " FROM_TO "type='subscribe'/>", NS_COMPONENT, {.component = 1}, "SB-001 "},
		{"<presence " FROM_TO "type='subscribe'/>", NS_COMPONENT, {.component = 1, .licensed = 1}, ""},
		{"<iq " FROM_TO "type='error'/>", NS_COMPONENT, {.component = 1, .answers_error = 1}, "XC-015 "},
		/* addresses */
		{"<message from='example.org'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, "XC-001 "},
		{"<message to='marlowe.test'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, "XC-001 "},
		{"<message/>", NS_CLIENT, {.client = 1}, ""},
		{"<message " FROM_TO "/>", NS_SERVER, {.opened_by_target = 1}, "XC-002 "},
		{"<message/>", NS_SERVER, {.opened_by_target = 1}, "XC-001 "},
		{"<message " FROM_TO "/>", NS_SERVER, {.bidi = 1}, "XC-025 "},
		{"<message " FROM_TO "/>", NS_SERVER, {.bidi = 2}, "XC-026 "},
		{"<message " FROM_TO "/>", NS_SERVER, {.bidi = 2, .validated = 1}, ""},
		/* direction */
		{"<message " FROM_TO "/>", NS_SERVER, {.validated = 1}, "XC-027 "},
		{"<message " FROM_TO "/>", NS_SERVER, {0}, "XC-027 "},
		{"<message " FROM_TO "/>", NS_CLIENT, {.client = 1, .opened_by_target = 0}, ""},
		/* errors of errors */
		{"<message " FROM_TO "type='error'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .answers_error = 1},
				"XC-015 "},
		{"<iq " FROM_TO "type='error'/>", NS_CLIENT, {.client = 1, .answers_error = 1}, "XC-015 "},
		{"<iq " FROM_TO "type='result'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .answers_error = 1}, ""},
		{"<message " FROM_TO "/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .answers_error = 1}, ""},
		/* answers */
		{"<iq " FROM_TO "type='result'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .answered_before = 1},
				"XC-016 "},
		{"<iq " FROM_TO "type='error'/>", NS_CLIENT, {.client = 1, .answered_before = 1}, "XC-016 "},
		{"<iq " FROM_TO "type='get'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .answered_before = 1}, ""},
		{"<presence " FROM_TO "type='error'/>", NS_SERVER,
				{.opened_by_target = 1, .validated = 1, .answered_before = 1}, ""},
		/* unsolicited requests */
		{"<presence " FROM_TO "type='subscribe'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, "SB-001 "},
		{"<presence " FROM_TO "type='subscribe'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1, .licensed = 1},
				""},
		{"<presence from='second.test' to='marlowe.test' type='subscribe'/>", NS_SERVER,
				{.opened_by_target = 1, .validated = 1}, "SB-001 "},
		{"<presence from='x@example.org' to='marlowe.test' type='subscribe'/>", NS_SERVER,
				{.opened_by_target = 1, .validated = 1}, ""},
		{"<presence from='third.test' to='marlowe.test' type='subscribe'/>", NS_SERVER,
				{.opened_by_target = 1, .validated = 1}, ""},
		{"<presence " FROM_TO "type='subscribed'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, ""},
		{"<presence " FROM_TO "/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, ""},
		{"<message " FROM_TO "type='subscribe'/>", NS_SERVER, {.opened_by_target = 1, .validated = 1}, ""},
		{"<presence " FROM_TO "type='subscribe'/>", NS_CLIENT, {.client = 1}, ""},
		/* several at once */
		{"<presence from='example.org' type='subscribe'/>", NS_CLIENT, {0}, "XC-046 XC-001 XC-027 SB-001 "},
};

START_TEST(a_rule_names_what_breaks_it)
{
	struct stanza *s = stanza_parse(rules[_i].stanza, rules[_i].ns);
	struct invariant_facts facts = rules[_i].facts;
	facts.targets = targets;
	struct violation found[VIOLATIONS_MAX];
	size_t n = invariants_check(s, &facts, found);
	struct buf ids = {0};
	for (size_t i = 0; i < n; i++) {
		buf_printf(&ids, "%s ", found[i].id);
		ck_assert(*found[i].text);
	}
	ck_assert_str_eq(buf_text(&ids), rules[_i].broken);
	buf_finish(&ids);
	stanza_unref(s);
}
END_TEST

/* --- as the player uses them --- */

static const char idle[] = "Bard connects\n"
						   "Bard receives:\n"
						   "	<presence/>\n"
						   "	TT-1 x\n";

START_TEST(the_player_checks_every_stanza)
{
	struct stage *st = stage_open(idle);
	stage_hears_with(st, "Marlowe", "<presence type='unavailable'/>", 0, 1);
	stage_hears_with(st, "Marlowe", "<presence type='unavailable'/>", 1, 0);
	stage_hears(st, "Kyd", "<presence xmlns='jabber:client' type='unavailable'/>");
	ck_assert_finding(st, "XC-027", "FAIL");
	ck_assert_finding(st, "XC-002", "FAIL");
	ck_assert_finding(st, "XC-046", "FAIL");
	ck_assert_has(stage_detail(st, "XC-002"), "line 2 of the journal: <presence from='example.org'");
	ck_assert(!player_is_over(st->player));
	stage_close(st);
}
END_TEST

START_TEST(a_fence_is_no_exception)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 silence\n");
	stage_hears_with(st, "Marlowe", "<iq type='result' id='k7-fence1-0'/>", 0, 1);
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "XC-027", "FAIL");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(the_rules_hold_after_the_play)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<message/>\n"
								  "${target} is ${target}\n"
								  "	TT-1 x\n");
	ck_assert(player_is_over(st->player));
	ck_assert_verdict(st, "PASS");
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	stage_end(st);
	ck_assert_finding(st, "SB-001", "FAIL");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(an_error_must_not_be_answered_by_an_error)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<message type='error' id='e1'/>\n"
								  "Marlowe sends:\n"
								  "	<message id='m1'/>\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 x\n");
	stage_hears(st, "Marlowe", "<message type='error' id='m1'/>");
	stage_hears(st, "Marlowe", "<message id='e1'/>");
	stage_hears(st, "Kyd", "<message type='error' id='e1'/>"); /* Kyd sent none */
	ck_assert_finding(st, "XC-015", "none");
	stage_hears(st, "Marlowe", "<message type='error' id='e1'/>");
	ck_assert_finding(st, "XC-015", "FAIL");
	stage_close(st);
}
END_TEST

/* An error that the background sent counts as well. */
START_TEST(a_refusal_must_not_be_answered_by_an_error)
{
	struct stage *st = stage_open(idle);
	stage_hears(st, "Marlowe", "<iq type='set' id='u'><query xmlns='urn:unknown'/></iq>");
	stage_hears(st, "Marlowe", "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
	stage_hears(st, "Marlowe", "<iq type='error' id='p'/>"); /* it was answered with a result */
	ck_assert_finding(st, "XC-015", "none");
	stage_hears(st, "Marlowe", "<iq type='error' id='u'/>");
	ck_assert_finding(st, "XC-015", "FAIL");
	stage_close(st);
}
END_TEST

static const char asks_with_one_id[] = "Marlowe sends:\n"
									   "	<iq type='get' id='same'/>\n"
									   "Marlowe receives:\n"
									   "	<iq/>\n"
									   "Marlowe sends:\n"
									   "	<iq type='get' id='same'/>\n"
									   "Marlowe receives:\n"
									   "	<iq/>\n"
									   "	TT-1 it is answered again\n";

START_TEST(a_question_is_answered_once)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<iq type='get'/>\n"
								  "Marlowe receives:\n"
								  "	<iq/>\n"
								  "	TT-1 it is answered\n");
	stage_hears(st, "Kyd", "<iq type='result' id='$ID'/>");
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	ck_assert_finding(st, "XC-016", "none");
	stage_hears(st, "Marlowe", "<iq type='error' id='$ID'/>");
	ck_assert_finding(st, "XC-016", "WARN"); /* as the table of this test says */
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "WARN");
	stage_close(st);
}
END_TEST

START_TEST(an_id_may_be_used_again)
{
	struct stage *st = stage_open(asks_with_one_id);
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	ck_assert(player_is_over(st->player));
	ck_assert_finding(st, "XC-016", "none");
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	ck_assert_finding(st, "XC-016", "WARN");
	stage_close(st);
}
END_TEST

/* Two questions with one id before any answer. */
START_TEST(an_id_may_be_used_twice_at_once)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<iq type='get' id='same'/>\n"
								  "Marlowe sends:\n"
								  "	<iq type='get' id='same'/>\n"
								  "Kyd receives:\n"
								  "	<presence/>\n");
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	ck_assert_finding(st, "XC-016", "none");
	stage_hears(st, "Marlowe", "<iq type='result' id='same'/>");
	ck_assert_finding(st, "XC-016", "WARN");
	stage_close(st);
}
END_TEST

/* --- what licenses a request to a peer --- */

#define FORM(attributes, type, jid)                                                                                    \
	"	<iq type='set'>\n"                                                                                               \
	"		<command xmlns='http://jabber.org/protocol/commands' "                                                          \
	"node='http://jabber.org/protocol/admin#server-buddy' "                                                            \
	"sessionid='s' " attributes ">\n"                                                                                  \
	"			<x xmlns='jabber:x:data' type='" type "'>\n"                                                           \
	"				<field var='peerjid'><value>" jid "</value></field>\n"                                             \
	"			</x>\n"                                                                                                        \
	"		</command>\n"                                                                                                   \
	"	</iq>\n"

#define WAITS                                                                                                          \
	"Kyd receives:\n"                                                                                                  \
	"	<presence type='subscribed'/>\n"

static const struct {
	const char *cast, *play;
	int licensed;
} licences[] = {
		{NULL, WAITS, 0},
		{NULL, "Bard connects\nBard sends:\n" FORM("", "submit", "${Marlowe}") WAITS, 1},
		{NULL, "Bard connects\nBard sends:\n" FORM("action='complete'", "submit", "${Marlowe}") WAITS, 1},
		{NULL, "Bard connects\nBard sends:\n" FORM("", "submit", "MARLOWE.test/x") WAITS, 1},
		{NULL, "Bard connects\nBard sends:\n" FORM("", "submit", "${Kyd}") WAITS, 0},
		{NULL, "Bard connects\nBard sends:\n" FORM("", "submit", "") WAITS, 0},
		{NULL, "Bard connects\nBard sends:\n" FORM("action='cancel'", "submit", "${Marlowe}") WAITS, 0},
		{NULL, "Bard connects\nBard sends:\n" FORM("", "cancel", "${Marlowe}") WAITS, 1},
		{NULL,
				"Bard connects\nBard sends:\n	<iq type='set'><command xmlns='http://jabber.org/protocol/commands' "
				"node='http://jabber.org/protocol/admin#server-buddy'/></iq>\n" WAITS,
				0},
		{NULL,
				"Bard connects\nBard sends:\n	<iq type='set'><command xmlns='http://jabber.org/protocol/commands' "
				"node='other'><x xmlns='jabber:x:data' type='submit'><field var='peerjid'><value>${Marlowe}</value>"
				"</field></x></command></iq>\n" WAITS,
				0},
		{NULL, "Bard connects\nBard sends:\n	<message><body>${Marlowe}</body></message>\n" WAITS, 0},
		{"[User] Bard\n[Peer] Marlowe\n[Peer] Kyd\n",
				"Bard connects\nBard sends:\n" FORM("", "submit", "${Marlowe}") WAITS, 0},
		{"[SecondAdmin] Bard\n[Peer] Marlowe\n[Peer] Kyd\n",
				"Bard connects\nBard sends:\n" FORM("", "submit", "${Marlowe}") WAITS, 1},
		{"[Peer] Bard\n[Peer] Marlowe\n[Peer] Kyd\n",
				"Bard connects\nBard sends:\n" FORM("", "submit", "${Marlowe}") WAITS, 0},
		{NULL, "the target approves Marlowe\n", 1},
		{NULL, "the target approves Kyd\n", 0},
		{NULL, "the target denies Marlowe\n", 0},
		{NULL, "Marlowe sends:\n	<presence type='subscribe'/>\n" WAITS, 0},
};

START_TEST(an_order_licenses_a_request)
{
	struct stage_set set = {.cast = licences[_i].cast};
	struct stage *st = stage_set_up(&set, licences[_i].play);
	stage_start(st);
	if (strstr(licences[_i].play, "connects")) {
		stage_connected(st, "Bard");
	}
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	ck_assert_finding(st, "SB-001", licences[_i].licensed ? "none" : "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(automatic_mode_licenses_who_asks)
{
	struct stage *st = stage_open("the target accepts requests automatically\n"
								  "Marlowe sends:\n"
								  "	<presence type='subscribe'/>\n"
								  "Kyd sends:\n"
								  "	<presence type='subscribed'/>\n"
								  "the target accepts requests manually\n"
								  "Kyd sends:\n"
								  "	<presence type='subscribe'/>\n"
								  "Kyd receives:\n"
								  "	<presence type='unsubscribed'/>\n");
	const char *peer;
	ck_assert_str_eq(player_left(st->player, 0, &peer), "auto_off"); /* from the call on */
	stage_hook(st, 1, "");
	ck_assert_str_eq(player_left(st->player, 0, &peer), "auto_off");
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	ck_assert_finding(st, "SB-001", "none");
	stage_fence(st, "Marlowe");
	stage_fence(st, "Kyd");
	stage_hook(st, 1, "");
	ck_assert_ptr_null(player_left(st->player, 0, &peer));
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	ck_assert_finding(st, "SB-001", "none");
	stage_hears(st, "Kyd", "<presence type='subscribe'/>");
	ck_assert_finding(st, "SB-001", "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("invariants");
	TCase *tests = tcase_create("rules");
	tcase_add_loop_test(tests, a_rule_names_what_breaks_it, 0, sizeof rules / sizeof *rules);
	suite_add_tcase(suite, tests);
	tests = tcase_create("player");
	tcase_add_test(tests, the_player_checks_every_stanza);
	tcase_add_test(tests, a_fence_is_no_exception);
	tcase_add_test(tests, the_rules_hold_after_the_play);
	tcase_add_test(tests, an_error_must_not_be_answered_by_an_error);
	tcase_add_test(tests, a_refusal_must_not_be_answered_by_an_error);
	tcase_add_test(tests, a_question_is_answered_once);
	tcase_add_test(tests, an_id_may_be_used_again);
	tcase_add_test(tests, an_id_may_be_used_twice_at_once);
	tcase_add_loop_test(tests, an_order_licenses_a_request, 0, sizeof licences / sizeof *licences);
	tcase_add_test(tests, automatic_mode_licenses_who_asks);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
