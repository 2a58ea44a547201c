/* judge/player: what actors answer by themselves, and what is added to what they send */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

#define UNKNOWN "<iq type='set' id='u1'><query xmlns='urn:unknown'/></iq>"

START_TEST(a_peer_answers_by_itself)
{
	struct stage *st = stage_open(WAITS);
	stage_hears(st, "Kyd", PING);
	ck_assert_str_eq(stage_actions(st), "Kyd sends to example.org: <iq type=\"result\" "
										"from=\"kyd.test\" to=\"example.org\" id=\"p1\"/> # background\n");
	stage_close(st);
}
END_TEST

START_TEST(unknown_questions_are_refused)
{
	struct stage *st = stage_open(WAITS);
	stage_hears(st, "Marlowe", UNKNOWN);
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "type=\"error\" from=\"marlowe.test\" to=\"example.org\" id=\"u1\"");
	ck_assert_has(actions, "<service-unavailable xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/>");
	/* neither answers nor other stanzas are answered */
	stage_hears(st, "Marlowe", "<iq type='result' id='x'/>");
	stage_hears(st, "Marlowe", "<iq type='error' id='y'/>");
	stage_hears(st, "Marlowe", "<iq id='z'/>");
	stage_hears(st, "Marlowe", "<message type='get'/>");
	ck_assert_str_eq(stage_actions(st), "");
	stage_close(st);
}
END_TEST

START_TEST(a_client_has_other_rules_than_a_peer)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard receives:\n"
								  "	<presence/>\n"
								  "	TT-1 it comes\n");
	stage_connected(st, "Bard");
	stage_actions(st);
	stage_hears(st, "Bard", VERSION);
	ck_assert_has(stage_actions(st), "<name>a client</name>");
	stage_hears(st, "Bard", PING);
	ck_assert_has(stage_actions(st), "service-unavailable");
	stage_hears(st, "Marlowe", VERSION);
	ck_assert_has(stage_actions(st), "service-unavailable");
	stage_close(st);
}
END_TEST

START_TEST(the_background_answers_to_the_domain_that_asked)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Marlowe receives:\n"
										  "	<presence to='${target2}'/>\n"
										  "	TT-1 it comes\n");
	stage_start(st);
	stage_hears(st, "Marlowe", "<iq type='get' id='p1' from='a@SECOND.test/r'><ping xmlns='urn:xmpp:ping'/></iq>");
	ck_assert_has(stage_actions(st), "Marlowe sends to second.test: ");
	stage_hears(st, "Marlowe", "<iq type='get' id='p1' from='third.test'><ping xmlns='urn:xmpp:ping'/></iq>");
	ck_assert_has(stage_actions(st), "Marlowe sends to example.org: ");
	stage_close(st);
}
END_TEST

START_TEST(the_background_knows_who_a_peer_is)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n[Peer] Kyd\n\tidentity: directory/server\n"};
	struct stage *st = stage_set_up(&set, "Marlowe receives:\n"
										  "	<presence/>\n"
										  "	TT-1 it comes\n"
										  "Kyd receives: nothing\n"
										  "	TT-2 nothing else\n");
	stage_start(st);
	stage_hears(st, "Marlowe", "<iq type='get' id='p1'><query xmlns='urn:who'/></iq>");
	ck_assert_has(stage_actions(st), "category=\"server\" type=\"im\"");
	stage_hears(st, "Kyd", "<iq type='get' id='p2'><query xmlns='urn:who'/></iq>");
	ck_assert_has(stage_actions(st), "category=\"directory\" type=\"server\"");
	stage_close(st);
}
END_TEST

START_TEST(the_background_keeps_still_when_the_open_step_wants_it)
{
	static const char play[] = "Marlowe receives:\n"
							   "	<iq type='get' id='{bind:id}'><ping xmlns='urn:xmpp:ping'/></iq>\n"
							   "	TT-1 it is asked\n"
							   "Marlowe sends:\n"
							   "	<iq type='error' id='${id}'/>\n";
	struct stage *st = stage_open(play);
	stage_hears(st, "Kyd", PING);
	ck_assert_has(stage_actions(st), "# background");
	stage_hears(st, "Marlowe", PING);
	const char *actions = stage_actions(st);
	ck_assert_lacks(actions, "# background");
	ck_assert_has(actions, "type=\"error\" id=\"p1\"");
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", PING); /* and answers when the play is over */
	ck_assert_has(stage_actions(st), "# background");
	stage_close(st);
}
END_TEST

START_TEST(the_background_keeps_still_for_steps_in_blocks)
{
	static const char *const plays[] = {
			"Together:\n"
			"	Marlowe receives:\n"
			"		<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>\n"
			"	Kyd receives:\n"
			"		<presence/>\n",
			"either:\n"
			"	Kyd receives:\n"
			"		<presence/>\n"
			"or:\n"
			"	Marlowe receives:\n"
			"		<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>\n"
			"	Marlowe receives:\n"
			"		<iq type='set'><query xmlns='urn:unknown'/></iq>\n",
	};
	struct stage *st = stage_open(plays[_i]);
	stage_hears(st, "Marlowe", UNKNOWN); /* not the first of its branch */
	ck_assert_has(stage_actions(st), "# background");
	stage_hears(st, "Marlowe", PING);
	ck_assert_str_eq(stage_actions(st), "");
	stage_hears(st, "Marlowe", PING); /* the step has its stanza already */
	ck_assert_has(stage_actions(st), "# background");
	stage_close(st);
}
END_TEST

/* `<iq/>` is the answer to the last IQ: a question of the target is not what the step wants. */
START_TEST(a_question_is_answered_while_an_answer_is_awaited)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<iq type='get'><query xmlns='urn:q'/></iq>\n"
								  "Marlowe receives:\n"
								  "	<iq/>\n"
								  "	TT-1 it is answered\n"
								  "Marlowe receives: nothing\n"
								  "	TT-2 and nothing else\n");
	stage_actions(st);
	stage_hears(st, "Marlowe", PING);
	ck_assert_has(stage_actions(st), "# background");
	stage_hears(st, "Marlowe", "<iq type='result' id='$ID'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(what_is_missing_is_added)
{
	struct stage_set set = {.cast = "[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Bard connects\n"
										  "Bard sends:\n"
										  "	<iq type='get'/>\n"
										  "Bard sends:\n"
										  "	<presence/>\n"
										  "Bard sends:\n"
										  "	<iq type='get' to='a' id='b'/>\n"
										  "Marlowe sends:\n"
										  "	<iq type='get'/>\n"
										  "Marlowe sends:\n"
										  "	<message from='a' to='b'/>\n"
										  "Tybalt sends:\n"
										  "	<presence/>\n");
	stage_start(st);
	stage_connected(st, "Bard");
	ck_assert_str_eq(stage_actions(st), "Bard connects\n"
										"Bard sends to example.org: <iq type=\"get\" to=\"example.org\" id=\"k7-1\"/>\n"
										"Bard sends to example.org: <presence/>\n"
										"Bard sends to example.org: <iq type=\"get\" to=\"a\" id=\"b\"/>\n"
										"Marlowe sends to example.org: <iq type=\"get\" from=\"marlowe.test\" "
										"to=\"example.org\" id=\"k7-4\"/>\n"
										"Marlowe sends to example.org: <message from=\"a\" to=\"b\"/>\n"
										"Tybalt sends to example.org: <presence from=\"tybalt@marlowe.test\" "
										"to=\"example.org\"/>\n");
	stage_close(st);
}
END_TEST

START_TEST(stanzas_go_to_the_domain_that_they_name)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Marlowe sends:\n"
										  "	<message to='a@${target2}/r'/>\n"
										  "Marlowe sends:\n"
										  "	<message to='EXAMPLE.ORG'/>\n"
										  "Marlowe sends:\n"
										  "	<message to='second.test.evil'/>\n"
										  "Marlowe sends:\n"
										  "	<message to='second'/>\n");
	stage_start(st);
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "Marlowe sends to second.test: <message to=\"a@second.test/r\"");
	ck_assert_has(actions, "Marlowe sends to example.org: <message to=\"EXAMPLE.ORG\"");
	ck_assert_has(actions, "Marlowe sends to example.org: <message to=\"second.test.evil\"");
	ck_assert_has(actions, "Marlowe sends to example.org: <message to=\"second\"");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: background");
	TCase *tests = tcase_create("background");
	tcase_add_test(tests, a_peer_answers_by_itself);
	tcase_add_test(tests, unknown_questions_are_refused);
	tcase_add_test(tests, a_client_has_other_rules_than_a_peer);
	tcase_add_test(tests, the_background_answers_to_the_domain_that_asked);
	tcase_add_test(tests, the_background_knows_who_a_peer_is);
	tcase_add_test(tests, the_background_keeps_still_when_the_open_step_wants_it);
	tcase_add_loop_test(tests, the_background_keeps_still_for_steps_in_blocks, 0, 2);
	tcase_add_test(tests, a_question_is_answered_while_an_answer_is_awaited);
	tcase_add_test(tests, what_is_missing_is_added);
	tcase_add_test(tests, stanzas_go_to_the_domain_that_they_name);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
