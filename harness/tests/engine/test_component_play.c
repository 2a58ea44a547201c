/* judge/player: a component in the cast */
#include "run.h"
#include "stage.h"

#include <string.h>

#define CAST "[Component] Muc\n[Admin] Bard\n"
#define CLAIMS "component account:admin hook:pending hook:approve"

static struct stage *begin(const char *cast, const char *play)
{
	struct stage_set set = {.cast = cast ? cast : CAST, .claims = CLAIMS};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	return st;
}

static struct stage *attached(const char *play)
{
	char text[600];
	snprintf(text, sizeof text, "Muc connects\n%s", play);
	struct stage *st = begin("[Component] Muc\n", text);
	ck_assert_has(stage_actions(st), "Muc connect");
	stage_connected(st, "Muc");
	return st;
}

START_TEST(it_speaks_for_its_own_domain)
{
	struct stage *st =
			attached("Muc sends:\n	<presence type='subscribe'/>\nMuc receives:\n	<presence/>\n	TT-1 x\n");
	ck_assert_has(stage_actions(st), "from=\"muc");
	stage_hears(st, "Muc", "<presence/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_refused_handshake_is_the_reason)
{
	struct stage *st = begin(CAST, "Muc connects\nBard connects\nMuc receives:\n	<presence/>\n	TT-1 x\n");
	stage_connect_failed(st, "Muc", "the handshake was refused with not-authorized");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	ck_assert_str_eq(
			player_result(st->player)->reason, "Muc could not connect: the handshake was refused with not-authorized");
	stage_close(st);
}
END_TEST

START_TEST(silence_is_proved_by_a_question)
{
	struct stage *st = attached("Muc receives: nothing\n	TT-1 x\n");
	ck_assert_has(stage_actions(st), "disco#info");
	stage_fence(st, "Muc");
	stage_quiet(st);
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(it_answers_as_a_component)
{
	static const struct {
		const char *cast, *answer;
	} cases[] = {{"[Component] Muc\n", "category=\"component\" type=\"generic\""},
			{"[Component] Muc\n	identity: gateway/irc\n", "category=\"gateway\" type=\"irc\""}};
	struct stage *st = begin(cases[_i].cast, "Muc connects\nMuc receives:\n	<presence/>\n	TT-1 x\n");
	stage_connected(st, "Muc");
	stage_actions(st);
	stage_hears(st, "Muc", "<iq type='get' id='1'><query xmlns='urn:who'/></iq>");
	ck_assert_has(stage_actions(st), cases[_i].answer);
	stage_hears(st, "Muc", "<iq type='get' id='2'><query xmlns='urn:unknown'/></iq>");
	ck_assert_has(stage_actions(st), "service-unavailable");
	stage_close(st);
}
END_TEST

START_TEST(a_decision_waits_until_its_stanzas_are_read)
{
	struct stage *st =
			attached("Muc sends:\n	<presence type='subscribe'/>\nthe target lists Muc as pending\n	TT-1 x\n");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "disco#info");
	ck_assert_lacks(actions, "hook");
	stage_fence(st, "Muc");
	ck_assert_has(stage_actions(st), "hook pending");
	stage_close(st);
}
END_TEST

/* A target that ends its stream reads no more of it: nothing is to be waited for. */
START_TEST(the_end_of_its_stream_is_as_good_as_a_fence)
{
	static const char *const plays[] = {
			"Muc sends raw:\n	<bad/>\nMuc's stream is closed\nthe target does not list Muc as pending\n	TT-1 x\n",
			"Muc sends:\n	<presence/>\nthe target does not list Muc as pending\n	TT-1 x\n"};
	struct stage *st = attached(plays[_i]);
	ck_assert_lacks(stage_actions(st), "hook");
	stage_ended(st, "Muc", "error", "invalid-from");
	ck_assert_has(stage_actions(st), "hook pending");
	ck_assert_int_eq(stage_open_fences(st, "Muc"), _i); /* it is not put again */
	stage_hook(st, 1, "");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

START_TEST(its_silence_is_not_proved_by_the_end_of_its_stream)
{
	struct stage *st = attached("Muc receives: nothing\n	TT-1 x\n");
	stage_ended(st, "Muc", "end", NULL);
	stage_closed(st, "Muc", "the target closed the stream");
	stage_end(st);
	ck_assert_verdict(st, "INCONCLUSIVE");
	stage_close(st);
}
END_TEST

/* It has no way to ask anything, not even by dialback. */
START_TEST(without_handshake_it_has_no_fence)
{
	struct stage *st = begin("[Component] Muc\n", "Muc opens a stream\nMuc sends:\n	<presence type='subscribe'/>\n"
												  "the target does not list Muc as pending\n	TT-1 x\n");
	stage_opened(st, "Muc");
	const char *actions = stage_actions(st);
	ck_assert_lacks(actions, "verify");
	ck_assert_lacks(actions, "disco");
	ck_assert_has(actions, "hook pending");
	stage_close(st);
}
END_TEST

START_TEST(it_disconnects_and_comes_back)
{
	struct stage *st = attached("Muc disconnects\nMuc connects\nMuc receives:\n	<presence/>\n	TT-1 x\n");
	ck_assert_has(stage_actions(st), "Muc disconnects\nMuc connects\n");
	stage_closed(st, "Muc", "we did it"); /* the end of the first stream is no loss */
	stage_streams(st, "Muc", 0, 0);
	stage_connected(st, "Muc");
	stage_hears(st, "Muc", "<presence/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

/* What the target answers to that is not held against it. */
START_TEST(it_takes_back_what_it_asked_for_and_granted)
{
	struct stage *st = attached("Muc never receives:\n	<presence type='unsubscribed'/>\n	TT-1 x\n");
	stage_fence(st, "Muc");
	stage_timeout(st);
	ck_assert(player_is_over(st->player));
	stage_actions(st);
	player_withdraw(st->player, 0);
	stage_hears(st, "Muc", "<presence type='unsubscribed'/>");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "<presence type='unsubscribe' from='muc");
	ck_assert_has(actions, "<presence type='unsubscribed' from='muc");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("component in a play");
	TCase *tests = tcase_create("player");
	tcase_add_test(tests, it_speaks_for_its_own_domain);
	tcase_add_test(tests, a_refused_handshake_is_the_reason);
	tcase_add_test(tests, silence_is_proved_by_a_question);
	tcase_add_loop_test(tests, it_answers_as_a_component, 0, 2);
	tcase_add_test(tests, a_decision_waits_until_its_stanzas_are_read);
	tcase_add_loop_test(tests, the_end_of_its_stream_is_as_good_as_a_fence, 0, 2);
	tcase_add_test(tests, its_silence_is_not_proved_by_the_end_of_its_stream);
	tcase_add_test(tests, without_handshake_it_has_no_fence);
	tcase_add_test(tests, it_disconnects_and_comes_back);
	tcase_add_test(tests, it_takes_back_what_it_asked_for_and_granted);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
