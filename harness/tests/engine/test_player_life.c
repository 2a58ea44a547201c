/* judge/player: what actors do by themselves, connections, what is skipped, how it ends, determinism */
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <stdlib.h>

#define SUBSCRIBE "<presence type='subscribe' from='x@example.org'/>"
#define SUBSCRIBED "<presence type='subscribed'/>"
#define PING "<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"
#define UNKNOWN "<iq type='set' id='u1'><query xmlns='urn:unknown'/></iq>"
#define VERSION "<iq type='get' id='v1'><query xmlns='jabber:iq:version'/></iq>"

static const char waits[] = "Marlowe receives:\n"
							"	<presence type='subscribed'/>\n"
							"	TT-1 it comes\n";

START_TEST(a_peer_answers_by_itself)
{
	struct stage *st = stage_open(waits);
	stage_hears(st, "Kyd", PING);
	ck_assert_str_eq(stage_actions(st), "Kyd sends to example.org: <iq type=\"result\" "
										"from=\"kyd.test\" to=\"example.org\" id=\"p1\"/> # background\n");
	stage_close(st);
}
END_TEST

START_TEST(unknown_questions_are_refused)
{
	struct stage *st = stage_open(waits);
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

/* --- sending --- */

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

/* --- [Client]: the next stanza must match --- */

static const char scansion[] = "Romeo connects\n"
							   "Romeo receives:\n"
							   "	<presence id='1'/>\n"
							   "	TT-1 first\n"
							   "Romeo receives:\n"
							   "	<presence id='2'/>\n"
							   "	TT-2 second\n";

static struct stage *open_scansion(const char *play)
{
	struct stage_set set = {.cast = "[Client] Romeo\n\tjid: romeo@example.org\n\tpassword: x\n"};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	stage_connected(st, "Romeo");
	return st;
}

START_TEST(the_next_stanza_of_a_client_must_match)
{
	struct stage *st = open_scansion(scansion);
	stage_hears(st, "Romeo", "<presence id='1'/>");
	stage_hears(st, "Romeo", "<presence id='2'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
	st = open_scansion(scansion);
	stage_hears(st, "Romeo", "<presence id='2'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
	/* also when all are there before the step is reached */
	struct stage_set set = {.cast = "[Client] Romeo\n\tjid: romeo@example.org\n[Peer] Kyd\n"};
	st = stage_set_up(&set, "Romeo connects\n"
							"Kyd receives:\n"
							"	<presence/>\n"
							"Romeo receives:\n"
							"	<presence id='1'/>\n"
							"	TT-1 first\n");
	stage_start(st);
	stage_connected(st, "Romeo");
	stage_hears(st, "Romeo", "<presence id='2'/>");
	stage_hears(st, "Romeo", "<presence id='1'/>");
	stage_hears(st, "Kyd", "<presence/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

/* A script of scansion has no checks: its steps are what it checks. */
static const char script[] = "Romeo connects\n"
							 "Romeo sends\n"
							 "	<iq type='get' id='a'><q xmlns='urn:q'/></iq>\n"
							 "Romeo receives\n"
							 "	<iq type='result' id='a'><q xmlns='urn:q' v='{scansion:capture:first}'/></iq>\n"
							 "Romeo receives\n"
							 "	<message id='{scansion:capture:first}'/>\n";

START_TEST(a_script_of_scansion_passes_or_fails)
{
	struct stage *st = open_scansion(script);
	stage_hears(st, "Romeo", "<iq type='result' id='a'><q xmlns='urn:q' v='1'/></iq>");
	stage_hears(st, "Romeo", "<message id='2'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
	st = open_scansion(script);
	stage_hears(st, "Romeo", "<iq type='result' id='a'><q xmlns='urn:q' v='1' w='2'/></iq>");
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	ck_assert_str_eq(player_result(st->player)->reason, "test/play.scs:11: 'Romeo receives' was not met");
	ck_assert_has(player_result(st->player)->trouble_detail, "first difference at iq/q@w");
	stage_close(st);
	st = open_scansion(script);
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_script_of_scansion_proves_silence)
{
	struct stage *st = open_scansion("Romeo connects\n"
									 "Romeo receives: nothing\n");
	stage_hears(st, "Romeo", "<presence/>");
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_client_is_not_helped)
{
	struct stage *st = open_scansion("Romeo connects\n"
									 "Romeo sends:\n"
									 "	<iq type='get' id='a'/>\n"
									 "Romeo receives:\n"
									 "	<iq/>\n"
									 "	TT-1 any IQ\n"
									 "Romeo receives:\n"
									 "	<presence/>\n"
									 "	TT-2 presence\n");
	ck_assert_has(stage_actions(st), "<iq type=\"get\" id=\"a\"/>");
	stage_hears(st, "Romeo", VERSION);
	ck_assert_str_eq(stage_actions(st), ""); /* no background, no implied id */
	stage_hears(st, "Romeo", "<message/>");	 /* not tolerated */
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

/* --- connections --- */

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
	ck_assert(!player_is_over(st->player)); /* nobody waits for it */
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
	struct stage *st = stage_open(waits);
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

/* --- what is skipped --- */

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

/* --- the end --- */

START_TEST(a_play_that_is_cut_short_is_not_passed)
{
	static const enum verdict verdicts[] = {VERDICT_INCONCLUSIVE, VERDICT_FAIL, VERDICT_ERROR};
	for (size_t i = 0; i < 3; i++) {
		struct stage *st = stage_open(waits);
		player_end(st->player, "run: the target ended", verdicts[i], 2000);
		ck_assert_verdict(st, verdict_text(verdicts[i]));
		ck_assert_str_eq(player_result(st->player)->reason, "run: the target ended");
		ck_assert_finding(st, "TT-1", "UNDECIDED");
		ck_assert_uint_eq(player_result(st->player)->ended, 2000);
		stage_close(st);
	}
	struct stage *st = stage_open(waits);
	player_end(st->player, NULL, VERDICT_PASS, 2000);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(a_play_that_is_over_keeps_its_verdict)
{
	struct stage *st = stage_open(waits);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	player_end(st->player, "the target ended", VERDICT_INCONCLUSIVE, 9000);
	ck_assert_verdict(st, "PASS");
	ck_assert_uint_eq(player_result(st->player)->ended, 1001);
	player_end(st->player, "again", VERDICT_ERROR, 9001);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

/* The target is lost: what the play waits for is missed, and that is held against it. */
START_TEST(a_play_that_the_target_does_not_survive_alone_fails)
{
	struct stage *st = stage_open(waits);
	player_lost(st->player, "the target ended", "Bard sent <x/>", VERDICT_FAIL, 2000);
	player_end(st->player, NULL, VERDICT_PASS, 2000);
	ck_assert_verdict(st, "FAIL");
	ck_assert_str_eq(player_result(st->player)->reason, "the target ended");
	ck_assert_finding(st, "TT-1", "FAIL");
	char *text = player_explain(st->player, NULL);
	ck_assert_has(text, "FAIL: the target ended\n    Bard sent <x/>\nFAIL TT-1");
	free(text);
	player_lost(st->player, "once more", NULL, VERDICT_INCONCLUSIVE, 3000);
	ck_assert_str_eq(player_result(st->player)->reason, "the target ended");
	stage_close(st);
}
END_TEST

START_TEST(a_play_that_is_over_fails_as_well_when_the_target_does_not_survive_it)
{
	struct stage *st = stage_open(waits);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	player_lost(st->player, "the target ended", NULL, VERDICT_FAIL, 9000);
	player_end(st->player, NULL, VERDICT_PASS, 9000);
	ck_assert_verdict(st, "FAIL");
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_uint_eq(player_result(st->player)->ended, 1001);
	stage_close(st);
}
END_TEST

START_TEST(silence_is_not_proved_by_a_target_that_ended)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 silence\n");
	stage_fence(st, "Marlowe");
	player_lost(st->player, "the target ended", NULL, VERDICT_FAIL, st->now);
	player_end(st->player, NULL, VERDICT_PASS, st->now);
	ck_assert_verdict(st, "FAIL");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	stage_close(st);
}
END_TEST

/* Another play may be the cause: connections that ended with the target are no missing answers. */
START_TEST(a_play_that_another_may_have_cut_is_not_held_against_the_target)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-2 it comes\n"
								  "Bard receives:\n"
								  "	<message/>\n"
								  "	TT-1 it comes\n");
	stage_connected(st, "Bard");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_closed(st, "Bard", "fin");
	ck_assert(player_is_over(st->player));
	ck_assert_verdict(st, "FAIL");
	player_lost(st->player, "the target ended", NULL, VERDICT_INCONCLUSIVE, 9000);
	player_end(st->player, NULL, VERDICT_PASS, 9000);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_failure_weighs_more_than_what_is_open)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 with an id: @id\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(nothing_counts_after_the_end)
{
	struct stage *st = stage_open(waits);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>"); /* without licence */
	stage_hears(st, "Marlowe", PING);
	player_on_fault(st->player, 1, "a comment", st->now);
	player_on_deadline(st->player, st->now);
	stage_connected(st, "Marlowe");
	stage_closed(st, "Marlowe", "reset");
	stage_connect_failed(st, "Marlowe", "refused");
	ck_assert_str_eq(stage_actions(st), "");
	ck_assert_uint_eq(player_result(st->player)->count, 1);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(octets_that_are_no_stream_fail)
{
	struct stage *st = stage_open(waits);
	player_on_fault(st->player, 1, "a comment", st->now);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_end(st);
	ck_assert_finding(st, "XC-048", "FAIL");
	ck_assert_str_eq(stage_detail(st, "XC-048"), "a comment");
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(actions_that_nobody_takes_are_freed)
{
	struct stage_set set = {0};
	struct stage *st = stage_set_up(&set, "Marlowe sends:\n	<presence/>\nthe target approves Marlowe\n");
	player_start(st->player, st->now);
	stage_close(st);
}
END_TEST

/* --- determinism --- */

static char *performance(void)
{
	struct stage_set set = {.target2 = "second.test"};
	struct stage *st = stage_set_up(&set, "Bard connects\n"
										  "Marlowe sends:\n"
										  "	<presence type='subscribe' to='${target2}'/>\n"
										  "the target approves Marlowe\n"
										  "Kyd never receives:\n"
										  "	<presence type='subscribe'/>\n"
										  "	TT-1 nobody asks Kyd\n"
										  "either:\n"
										  "	Marlowe receives:\n"
										  "		<presence type='subscribed' id='{bind:id}'/>\n"
										  "		TT-2 with an id: @id = 'other'\n"
										  "or:\n"
										  "	Marlowe receives:\n"
										  "		<presence type='unsubscribed'/>\n"
										  "Marlowe receives: nothing\n"
										  "	TT-3 silence\n");
	stage_start(st);
	stage_connected(st, "Bard");
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", PING);
	stage_hook(st, 1, "marlowe.test\n"); /* the request is there */
	stage_hook(st, 1, "");
	stage_hears(st, "Marlowe", "<presence type='subscribed' id='a'/>");
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_quiet(st);
	stage_fence(st, "Kyd");
	stage_hears(st, "Kyd", "<presence type='subscribe'/>");
	stage_quiet(st);
	stage_end(st);
	char *text = player_explain(st->player, "run/journal.jsonl");
	struct buf all = {0};
	buf_printf(&all, "%s%s%s%llu\n", buf_text(&st->history), text, stage_verdict(st),
			(unsigned long long)player_result(st->player)->ended);
	free(text);
	stage_close(st);
	return buf_take(&all);
}

START_TEST(the_same_events_give_the_same_actions_and_verdict)
{
	char *first = performance();
	char *second = performance();
	ck_assert_str_eq(first, second);
	ck_assert_has(first, "target hook approve marlowe.test");
	ck_assert_has(first, "TT-1");
	ck_assert_has(first, "SB-001");
	ck_assert_has(first, "TT-3");
	free(first);
	free(second);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: life");
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
	tests = tcase_create("clients and connections");
	tcase_add_test(tests, the_next_stanza_of_a_client_must_match);
	tcase_add_test(tests, a_script_of_scansion_passes_or_fails);
	tcase_add_test(tests, a_script_of_scansion_proves_silence);
	tcase_add_test(tests, a_client_is_not_helped);
	tcase_add_test(tests, a_login_is_waited_for);
	tcase_add_test(tests, a_login_that_fails_is_inconclusive);
	tcase_add_test(tests, a_login_that_is_closed_is_inconclusive);
	tcase_add_test(tests, a_client_that_is_closed_misses_its_step_at_once);
	tcase_add_test(tests, a_client_that_is_closed_cannot_send);
	tcase_add_test(tests, old_trouble_is_forgotten);
	tcase_add_test(tests, a_late_close_does_not_harm_the_next_login);
	tcase_add_test(tests, a_close_after_the_next_login_is_noticed);
	tcase_add_test(tests, a_peer_connects_resets_and_disconnects);
	tcase_add_test(tests, it_is_known_who_is_needed_still);
	suite_add_tcase(suite, tests);
	tests = tcase_create("beginning and end");
	tcase_add_loop_test(tests, a_hook_in_a_branch_is_needed_when_it_is_played, 0, 2);
	tcase_add_loop_test(tests, a_question_without_hook_leaves_the_rest_to_be_judged, 0, 2);
	tcase_add_loop_test(tests, what_the_profile_lacks_is_skipped, 0, sizeof skips / sizeof *skips);
	tcase_add_test(tests, a_play_that_is_cut_short_is_not_passed);
	tcase_add_test(tests, a_play_that_is_over_keeps_its_verdict);
	tcase_add_test(tests, a_play_that_the_target_does_not_survive_alone_fails);
	tcase_add_test(tests, a_play_that_is_over_fails_as_well_when_the_target_does_not_survive_it);
	tcase_add_test(tests, silence_is_not_proved_by_a_target_that_ended);
	tcase_add_test(tests, a_play_that_another_may_have_cut_is_not_held_against_the_target);
	tcase_add_test(tests, a_failure_weighs_more_than_what_is_open);
	tcase_add_test(tests, nothing_counts_after_the_end);
	tcase_add_test(tests, octets_that_are_no_stream_fail);
	tcase_add_test(tests, actions_that_nobody_takes_are_freed);
	tcase_add_test(tests, the_same_events_give_the_same_actions_and_verdict);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
