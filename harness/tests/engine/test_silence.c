/* judge/player: `receives: nothing` and `never receives` */
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

#define SUBSCRIBED "<presence type='subscribed'/>"
#define UNAVAILABLE "<presence type='unavailable'/>" /* tolerated */
#define PING "<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"

#define NOTHING                                                                                                        \
	"Marlowe receives: nothing\n"                                                                                      \
	"	TT-1 nothing comes\n"

static void ends_as(struct stage *st, const char *finding, const char *verdict)
{
	stage_end(st);
	ck_assert_finding(st, "TT-1", finding);
	ck_assert_verdict(st, verdict);
	stage_close(st);
}

/* What breaks silence is held against the requirement that forbids it, not against all that the step names. */
START_TEST(a_condition_says_what_is_an_offence)
{
	static const struct {
		const char *stanza, *subscribe, *anything, *verdict;
	} cases[] = {
			{"<presence type='subscribe'/>", "FAIL", "FAIL", "FAIL"},
			{"<presence type='subscribed'/>", "PASS", "FAIL", "FAIL"},
			{NULL, "PASS", "PASS", "PASS"},
	};
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 no request: not(@type = 'subscribe')\n"
								  "	TT-2 nothing at all\n");
	if (cases[_i].stanza) {
		stage_hears(st, "Marlowe", cases[_i].stanza);
	}
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", cases[_i].subscribe);
	ck_assert_finding(st, "TT-2", cases[_i].anything);
	ck_assert_ptr_null(player_result(st->player)->unexpected);
	stage_close(st);
}
END_TEST

static void ck_assert_waits(const struct stage *st, const char *what, int line, int quiet)
{
	struct player_wait w = player_waits_for(st->player);
	ck_assert_pstr_eq(w.what, what);
	ck_assert_int_eq(w.step ? w.step->line : 0, line);
	ck_assert_int_eq(w.quiet, quiet);
}

START_TEST(what_a_play_waits_for_can_be_asked)
{
	struct stage *st = stage_open("Marlowe connects\n"
								  "Marlowe never receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 never\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-2 something\n"
								  "the target approves Marlowe\n"
								  "Marlowe receives: nothing\n"
								  "	TT-3 nothing comes\n");
	int first = player_waits_for(st->player).step->line;
	ck_assert_waits(st, "a connection", first, 0);
	stage_connected(st, "Marlowe");
	ck_assert_waits(st, "a stanza", first + 4, 0);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_waits(st, "a hook", first + 7, 0);
	stage_hook(st, 1, "");
	ck_assert_waits(st, "the answer to a fence", first + 8, 0);
	stage_fence(st, "Marlowe");
	ck_assert_waits(st, "a quiet window", first + 8, 1);
	stage_quiet(st);
	ck_assert_waits(st, "the answer to the last fence", 0, 0);
	stage_fence(st, "Marlowe");
	ck_assert_waits(st, "the last quiet window", 0, 1);
	stage_quiet(st);
	ck_assert_waits(st, NULL, 0, 0);
	stage_close(st);
}
END_TEST

START_TEST(silence_may_have_to_last)
{
	struct stage *st = stage_open("Marlowe receives: nothing for 1s\n	TT-1 nothing comes\n");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + 1000000);
	stage_pass(st, 900000);
	ck_assert(!player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ends_as(st, "FAIL", "FAIL");
	st = stage_open("Marlowe receives: nothing for 1ms\n	TT-1 nothing comes\n");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET); /* never shorter than the quiet window */
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_violates_no_condition_is_noted)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n	TT-1 no request: not(@type = 'subscribe')\n");
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	ck_assert_ptr_nonnull(strstr(player_result(st->player)->unexpected, "type='subscribed'"));
	stage_close(st);
}
END_TEST

/* What a stream begins with can be taken, is no offence, and no stanza that another step missed. */
START_TEST(openings_can_be_forbidden)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<stream:stream to='{match:.*:.*}'/>\n"
								  "	TT-1 no port\n"
								  "Marlowe receives: nothing\n"
								  "	TT-2 nothing comes\n");
	stage_opens(st, "Marlowe", "<stream to='marlowe.test'/>");
	stage_opens(st, "Marlowe", "<stream to='marlowe.test:5269'/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(the_beginning_of_a_stream_is_no_stanza)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "Marlowe receives:\n"
								  "	<stream:features>\n"
								  "		<c ver='{bind:ver}'/>\n"
								  "	</stream:features>\n"
								  "Marlowe receives:\n"
								  "	<stream:stream from='example.org'/>\n"
								  "	TT-2 the header as well: @id and '${ver}' = '7'\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-3 something\n");
	stage_opens(st, "Marlowe", "<stream from='example.org' id='1'/>");
	stage_opens(st, "Marlowe", "<features><c xmlns='jabber:server' ver='7'/></features>");
	stage_opens(st, "Marlowe", "<features/>");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_timeout(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_finding(st, "TT-3", "FAIL");
	ck_assert_has(stage_detail(st, "TT-3"), "Marlowe received nothing that was still to be taken");
	stage_close(st);
}
END_TEST

START_TEST(a_peer_proves_silence)
{
	static const char *const answers[] = {"result", "error"};
	struct stage *st = stage_open(NOTHING);
	ck_assert_str_eq(stage_actions(st), "Marlowe sends to example.org: <iq type='get' id='k7-fence1-0' "
										"from='marlowe.test' to='example.org'>"
										"<query xmlns='http://jabber.org/protocol/disco#info'/></iq> # fence\n");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_DEADLINE / 2);
	stage_fence_as(st, "Marlowe", "example.org", answers[_i]);
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_pass(st, STAGE_QUIET - 1);
	ck_assert(!player_is_over(st->player));
	stage_pass(st, 1);
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(a_client_proves_silence)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard receives: nothing\n"
								  "	TT-1 nothing comes\n");
	stage_connected(st, "Bard");
	ck_assert_has(stage_actions(st), "Bard sends to example.org: <iq type='get' id='k7-fence1-0' to='example.org'>"
									 "<ping xmlns='urn:xmpp:ping'/></iq> # fence\n");
	stage_fence(st, "Bard");
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(a_remote_user_proves_silence)
{
	struct stage_set set = {.cast = "[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n"};
	struct stage *st = stage_set_up(&set, "Tybalt receives: nothing\n"
										  "	TT-1 nothing comes\n");
	stage_start(st);
	ck_assert_has(stage_actions(st), "from='tybalt@marlowe.test' to='example.org'");
	stage_hears(st, "Marlowe", SUBSCRIBED); /* not his */
	stage_fence(st, "Tybalt");
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(silence_is_not_proved_before_the_window_has_passed)
{
	struct stage *st = stage_open(NOTHING);
	stage_fence(st, "Marlowe");
	stage_pass(st, STAGE_QUIET - 1);
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

/* Every place at which a forbidden stanza may come. */
enum place { BEFORE_STEP, BEFORE_FENCE, IN_WINDOW, AFTER_PLAY, PLACES };

START_TEST(what_comes_breaks_silence)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n" NOTHING);
	if (_i == BEFORE_STEP) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_hears(st, "Kyd", SUBSCRIBED);
	if (_i == BEFORE_FENCE) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_fence(st, "Marlowe");
	if (_i == IN_WINDOW) {
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	stage_quiet(st);
	ck_assert(player_is_over(st->player)); /* the play goes on to its end in any case */
	if (_i == AFTER_PLAY) {
		stage_pass(st, 1000000);
		stage_hears(st, "Marlowe", SUBSCRIBED);
	}
	ck_assert_has(stage_detail(st, "TT-1"), "forbidden, but it came, line ");
	ck_assert_has(stage_detail(st, "TT-1"), "<presence from='example.org' to='marlowe.test' type='subscribed'/>");
	ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(what_was_taken_before_breaks_nothing)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_others_get_breaks_nothing)
{
	struct stage *st = stage_open(NOTHING);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_tolerated_breaks_nothing)
{
	static const char *const tolerated[] = {
			UNAVAILABLE, PING, "<iq type='set' id='u'><query xmlns='urn:unknown'/></iq>"};
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", tolerated[_i]);
	stage_quiet(st);
	stage_hears(st, "Marlowe", tolerated[_i]);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_tolerated_can_be_taken)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='unavailable'/>\n"
								  "	TT-1 it is told\n");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(what_is_set_aside_is_not_taken)
{
	struct stage *st = stage_open("Kyd receives:\n"
								  "	<presence/>\n"
								  "Marlowe sets aside what came\n"
								  "Marlowe receives:\n"
								  "	" UNAVAILABLE "\n"
								  "	TT-1 another one comes\n" NOTHING);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", "<presence type='subscribe'/>");
	stage_hears(st, "Kyd", "<presence/>");
	ck_assert_finding(st, "TT-1", "none");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL"); /* what is not tolerated stays there and breaks the silence */
	stage_close(st);
}
END_TEST

/* A tolerated stanza stays so when it comes twice while a step waits for it. */
START_TEST(what_is_tolerated_stays_so_when_a_step_wants_it)
{
	struct stage *st = stage_open("Together:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='unavailable'/>\n"
								  "	Kyd receives:\n"
								  "		<presence/>\n" NOTHING);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Kyd", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(silence_without_check_is_inconclusive_when_broken)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "Kyd receives: nothing\n"
								  "	TT-1 nothing comes\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_fence(st, "Kyd");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(all_checks_of_silence_are_decided)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 nothing comes\n"
								  "	TT-WARN nothing comes\n"
								  "	relies on TT-2 nothing comes\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-WARN", "WARN");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

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
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(a_fence_answered_after_its_time_proves_nothing)
{
	struct stage *st = stage_open(NOTHING);
	stage_pass(st, STAGE_DEADLINE);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
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
	ends_as(st, "PASS", "PASS");
}
END_TEST

START_TEST(silence_stays_armed_when_the_fence_is_lost)
{
	struct stage *st = stage_open(NOTHING);
	stage_timeout(st);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ends_as(st, "FAIL", "FAIL");
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
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
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
	ends_as(st, "PASS", "PASS");
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
		ends_as(st, "UNDECIDED", "INCONCLUSIVE");
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
	ends_as(st, "PASS", "PASS");
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
	ends_as(st, "FAIL", "FAIL");
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

/* --- never receives --- */

static const char never[] = "Marlowe receives:\n"
							"	<presence type='unsubscribed'/>\n"
							"Marlowe never receives:\n"
							"	<presence type='subscribed'/>\n"
							"	TT-1 no approval\n"
							"Kyd sends:\n"
							"	<message/>\n"
							"Marlowe receives:\n"
							"	<message/>\n";

START_TEST(never_is_proved_by_a_fence_at_the_end)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", SUBSCRIBED); /* before its place */
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_actions(st);
	stage_hears(st, "Marlowe", "<presence type='unsubscribe'/>"); /* another one */
	stage_hears(st, "Kyd", SUBSCRIBED);							  /* another actor */
	stage_hears(st, "Marlowe", "<message/>");
	ck_assert(!player_is_over(st->player));
	ck_assert_has(stage_actions(st), "# fence");
	stage_fence(st, "Marlowe");
	ck_assert_uint_eq(player_deadline(st->player), st->now + STAGE_QUIET);
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	ck_assert(!player_timed_out(st->player));
	ends_as(st, "PASS", "PASS");
}
END_TEST

/* before the acting step, before and after its fence, after the play */
START_TEST(never_is_broken_at_any_time)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	for (int place = 0; place < 4; place++) {
		if (place == _i) {
			stage_hears(st, "Marlowe", SUBSCRIBED);
		}
		if (place == 0) {
			stage_hears(st, "Marlowe", "<message/>");
		} else if (place == 1) {
			stage_fence(st, "Marlowe");
		} else if (place == 2) {
			stage_quiet(st);
			ck_assert(player_is_over(st->player));
		}
	}
	ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(never_counts_what_a_step_takes_or_what_is_tolerated)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<presence type='unavailable'/>\n"
								  "	TT-1 no presence\n"
								  "Marlowe never receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-2 no approval\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-3 an approval\n");
	stage_hears(st, "Marlowe", UNAVAILABLE);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert_int_eq(stage_open_fences(st, "Marlowe"), 1); /* one for both */
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "FAIL");
	ck_assert_finding(st, "TT-3", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(never_with_a_lost_fence_is_inconclusive)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_hears(st, "Marlowe", "<message/>");
	stage_pass(st, STAGE_DEADLINE);
	ck_assert(player_is_over(st->player));
	ck_assert(player_timed_out(st->player));
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

START_TEST(never_is_not_proved_by_a_play_that_fails)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_timeout(st); /* the message is missing */
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

START_TEST(never_holds_after_a_play_that_failed)
{
	struct stage *st = stage_open(never);
	stage_hears(st, "Marlowe", "<presence type='unsubscribed'/>");
	stage_timeout(st);
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ends_as(st, "FAIL", "FAIL");
}
END_TEST

START_TEST(never_in_a_branch_that_is_not_played_is_not_armed)
{
	struct stage *st = stage_open("either:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribe'/>\n"
								  "	Marlowe never receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-1 no approval\n"
								  "or:\n"
								  "	Marlowe receives:\n"
								  "		<presence type='subscribed'/>\n"
								  "		TT-2 approval\n");
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ck_assert(player_is_over(st->player));
	stage_hears(st, "Marlowe", SUBSCRIBED);
	ends_as(st, "UNDECIDED", "PASS");
}
END_TEST

START_TEST(never_waits_for_all_actors)
{
	struct stage *st = stage_open("Marlowe never receives:\n"
								  "	<presence/>\n"
								  "	TT-1 no presence\n"
								  "Kyd never receives:\n"
								  "	<presence/>\n"
								  "	TT-2 no presence\n");
	stage_fence(st, "Marlowe");
	stage_pass(st, STAGE_QUIET);
	ck_assert(!player_is_over(st->player));
	stage_fence(st, "Kyd");
	stage_quiet(st);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
}
END_TEST

/* A client that is gone cannot be asked: what it never received is not proved, not even by another's fence. */
START_TEST(never_of_a_client_that_is_gone_is_not_proved)
{
	struct stage *st = stage_open("Bard connects\n"
								  "Bard never receives:\n"
								  "	<presence/>\n"
								  "	TT-1 no presence\n"
								  "Marlowe never receives:\n"
								  "	<presence/>\n"
								  "	TT-2 no presence\n"
								  "Bard disconnects\n");
	stage_connected(st, "Bard");
	ck_assert_int_eq(stage_open_fences(st, "Bard"), 0);
	stage_fence(st, "Marlowe");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "UNDECIDED");
	ck_assert_finding(st, "TT-2", "PASS");
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
	st = stage_open("Bard connects\n"
					"Bard never receives:\n"
					"	<presence/>\n"
					"	TT-1 no presence\n");
	stage_connected(st, "Bard");
	stage_fence(st, "Bard");
	stage_closed(st, "Bard", "reset");
	stage_quiet(st);
	ends_as(st, "UNDECIDED", "INCONCLUSIVE");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("silence");
	TCase *tests = tcase_create("nothing");
	tcase_add_loop_test(tests, a_condition_says_what_is_an_offence, 0, 3);
	tcase_add_test(tests, silence_may_have_to_last);
	tcase_add_test(tests, what_a_play_waits_for_can_be_asked);
	tcase_add_test(tests, what_violates_no_condition_is_noted);
	tcase_add_test(tests, openings_can_be_forbidden);
	tcase_add_test(tests, the_beginning_of_a_stream_is_no_stanza);
	tcase_add_loop_test(tests, a_peer_proves_silence, 0, 2);
	tcase_add_test(tests, a_client_proves_silence);
	tcase_add_test(tests, a_remote_user_proves_silence);
	tcase_add_test(tests, silence_is_not_proved_before_the_window_has_passed);
	tcase_add_loop_test(tests, what_comes_breaks_silence, 0, PLACES);
	tcase_add_test(tests, what_was_taken_before_breaks_nothing);
	tcase_add_test(tests, what_others_get_breaks_nothing);
	tcase_add_loop_test(tests, what_is_tolerated_breaks_nothing, 0, 3);
	tcase_add_test(tests, what_is_tolerated_can_be_taken);
	tcase_add_test(tests, what_is_set_aside_is_not_taken);
	tcase_add_test(tests, what_is_tolerated_stays_so_when_a_step_wants_it);
	tcase_add_test(tests, silence_without_check_is_inconclusive_when_broken);
	tcase_add_test(tests, all_checks_of_silence_are_decided);
	suite_add_tcase(suite, tests);
	tests = tcase_create("fence");
	tcase_add_test(tests, a_lost_fence_is_never_a_pass);
	tcase_add_test(tests, a_fence_answered_after_its_time_proves_nothing);
	tcase_add_test(tests, a_fence_without_an_answer_is_sent_once_more);
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
	tests = tcase_create("never");
	tcase_add_test(tests, never_is_proved_by_a_fence_at_the_end);
	tcase_add_loop_test(tests, never_is_broken_at_any_time, 0, 4);
	tcase_add_test(tests, never_counts_what_a_step_takes_or_what_is_tolerated);
	tcase_add_test(tests, never_with_a_lost_fence_is_inconclusive);
	tcase_add_test(tests, never_is_not_proved_by_a_play_that_fails);
	tcase_add_test(tests, never_holds_after_a_play_that_failed);
	tcase_add_test(tests, never_in_a_branch_that_is_not_played_is_not_armed);
	tcase_add_test(tests, never_waits_for_all_actors);
	tcase_add_test(tests, never_of_a_client_that_is_gone_is_not_proved);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
