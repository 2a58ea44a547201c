/* script/reader: the steps of a play and the checks below them */
#include "base/buf.h"
#include "base/mem.h"
#include "reading.h"
#include "run.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

/* --- steps --- */

START_TEST(steps_of_actors)
{
	read_play("Bard connects\nBard disconnects\nMarlowe resets\nBard sends:\n\t<presence/>\nMarlowe receives:\n"
			  "\t<presence/>\nBard receives: nothing\nMarlowe never receives:\n\t<iq/>\nRomeo's phone connects:\n"
			  "Kit Marlowe sends\n\t<iq/>\nTybalt receives\n\t<iq/>\nTybalt receives nothing\nRomeo never receives\n"
			  "\t<iq/>\n");
	no_problem();
	static const struct {
		enum step_kind kind;
		const char *actor, *text;
		int line;
	} expected[] = {{STEP_CONNECT, "Bard", "Bard connects", 9}, {STEP_DISCONNECT, "Bard", "Bard disconnects", 10},
			{STEP_RESET, "Marlowe", "Marlowe resets", 11}, {STEP_SEND, "Bard", "Bard sends:", 12},
			{STEP_RECEIVE, "Marlowe", "Marlowe receives:", 14}, {STEP_NOTHING, "Bard", "Bard receives: nothing", 16},
			{STEP_NEVER, "Marlowe", "Marlowe never receives:", 17},
			{STEP_CONNECT, "Romeo's phone", "Romeo's phone connects:", 19},
			{STEP_SEND, "Kit Marlowe", "Kit Marlowe sends", 20}, {STEP_RECEIVE, "Tybalt", "Tybalt receives", 22},
			{STEP_NOTHING, "Tybalt", "Tybalt receives nothing", 24}, {STEP_NEVER, "Romeo", "Romeo never receives", 25}};
	ck_assert_uint_eq(scenario->play.count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < scenario->play.count; i++) {
		const struct step *at = step(i);
		ck_assert_int_eq(at->kind, expected[i].kind);
		ck_assert_str_eq(actor(at), expected[i].actor);
		ck_assert_str_eq(at->text, expected[i].text);
		ck_assert_str_eq(at->file, FILE_NAME);
		ck_assert_int_eq(at->line, expected[i].line);
		ck_assert_int_eq(at->used_at, 0);
		ck_assert_int_eq(at->within_ms, 0);
		ck_assert_int_eq(
				at->template != NULL, at->kind == STEP_SEND || at->kind == STEP_RECEIVE || at->kind == STEP_NEVER);
	}
	for (size_t i = 0; i < scenario->cast_count; i++) {
		ck_assert_int_eq(scenario->cast[i].used, 1);
	}
}
END_TEST

START_TEST(raw_octets_are_kept_as_they_stand)
{
	read_play("Marlowe sends raw:\n\t<a b='${target}'><c></a>&#xFFFE; <q:x/>\n");
	no_problem();
	ck_assert_uint_eq(scenario->play.count, 1);
	ck_assert_int_eq(step(0)->kind, STEP_SEND_RAW);
	ck_assert_str_eq(step(0)->raw, "<a b='${target}'><c></a>&#xFFFE; <q:x/>");
	ck_assert_ptr_null(step(0)->template);
}
END_TEST

START_TEST(steps_about_streams)
{
	read_play(
			"Marlowe opens a stream\nMarlowe opens a stream with:\n\t<?xml?><a>\nMarlowe holds back its answers\n"
			"Marlowe holds back its stream header\nMarlowe answers\nKit Marlowe's stream is closed:\n\tSB-001 it ends\n"
			"the target opens a stream to Marlowe:\n\tSB-002 it comes\nMarlowe's stream is closed\n");
	no_problem();
	ck_assert_uint_eq(scenario->play.count, 8);
	ck_assert_int_eq(step(0)->kind, STEP_OPEN);
	ck_assert_ptr_null(step(0)->raw);
	ck_assert_int_eq(step(1)->kind, STEP_OPEN);
	ck_assert_str_eq(step(1)->raw, "<?xml?><a>");
	static const enum peer_step_hold holds[] = {HOLD_ANSWERS, HOLD_ALL, HOLD_NOTHING};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(step(2 + i)->kind, STEP_HOLD);
		ck_assert_int_eq(step(2 + i)->hold, holds[i]);
	}
	static const char *const events[] = {"closed", "opened", "closed"};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(step(5 + i)->kind, STEP_RECEIVE);
		ck_assert(node_is(step(5 + i)->template->root, events[i], NS_STREAM_EVENT));
		ck_assert_uint_eq(step(5 + i)->checks_count, i < 2);
	}
	ck_assert_str_eq(actor(step(5)), "Kit Marlowe");
	ck_assert_str_eq(actor(step(6)), "Marlowe");
}
END_TEST

START_TEST(steps_that_end_streams)
{
	read_play("Marlowe half-closes its streams\nMarlowe ends the target's streams with see-other-host\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_HALF_CLOSE);
	ck_assert_int_eq(step(1)->kind, STEP_END_VISITS);
	ck_assert_str_eq(step(1)->raw, "see-other-host");
}
END_TEST

START_TEST(properties_with_a_choice)
{
	read_text("# T\n[Peer] A\n\tdialback: error\n\treachable: closed port\n\ttls: 1.2\n\tcertificate: wrong name\n"
			  "\tauthentication: dialback\n[Peer] B\n\tdialback: invalid\n"
			  "\treachable: no name\n---\n");
	no_problem();
	ck_assert_str_eq(scenario->cast[0].dialback, "error");
	ck_assert_str_eq(scenario->cast[0].tls, "1.2");
	ck_assert_str_eq(scenario->cast[0].certificate, "wrong name");
	ck_assert_str_eq(scenario->cast[0].authentication, "dialback");
	ck_assert_str_eq(scenario->cast[1].reachable, "no name");
}
END_TEST

START_TEST(stanzas_have_the_namespace_of_their_stream)
{
	read_play("Bard sends:\n\t<iq/>\nMarlowe sends:\n\t<iq/>\nTybalt receives:\n\t<iq/>\nRomeo's phone receives:\n"
			  "\t<iq/>\n");
	no_problem();
	ck_assert_str_eq(node_ns(step(0)->template->root), NS_CLIENT);
	ck_assert_str_eq(node_ns(step(1)->template->root), NS_SERVER);
	ck_assert_str_eq(node_ns(step(2)->template->root), NS_SERVER);
	ck_assert_str_eq(node_ns(step(3)->template->root), NS_CLIENT);
	ck_assert_int_eq(step(2)->template->scansion_rule, 0);
	ck_assert_int_eq(step(3)->template->scansion_rule, 1);
}
END_TEST

static const struct {
	const char *text;
	int ms; /* 0: no step */
} deadlines[] = {
		{"within 2s", 2000},
		{"within 500ms:", 500},
		{"within 0.5s:", 500},
		{"within 5000ms:", 5000},
		{"within 3600s:", 3600000},
		{"within 3601s:", 0},
		{"within 2:", 0},
		{"within 2 s:", 0},
		{"within 0s:", 0},
		{"within 0.1ms:", 0},
		{"within -1s:", 0},
		{"within nans:", 0},
		{"within infs:", 0},
		{"within 1e300s:", 0},
		{"within s:", 0},
		{"within :", 0},
		{"within 2sec:", 0},
		{"without 2s:", 0},
};

START_TEST(deadlines_of_their_own)
{
	char *play = mem_printf("Marlowe receives %s\n\t<iq/>\n", deadlines[_i].text);
	read_play(play);
	free(play);
	if (deadlines[_i].ms) {
		no_problem();
		ck_assert_int_eq(step(0)->kind, STEP_RECEIVE);
		ck_assert_int_eq(step(0)->within_ms, deadlines[_i].ms);
	} else {
		ck_assert_uint_eq(problems.count, 1);
		ck_assert_ptr_nonnull(strstr(problems.items[0].message, "is no step"));
	}
}
END_TEST

START_TEST(steps_of_the_target)
{
	static const struct {
		const char *text, *hook, *actor;
		enum step_kind kind;
		int negate;
	} expected[] = {{"the target restarts", "restart", "", STEP_HOOK, 0},
			{"the target is killed", "kill", "", STEP_HOOK, 0},
			{"the target accepts requests automatically", "auto_on", "", STEP_HOOK, 0},
			{"the target accepts requests manually", "auto_off", "", STEP_HOOK, 0},
			{"the target turns the function off", "function_off", "", STEP_HOOK, 0},
			{"the target turns the function on", "function_on", "", STEP_HOOK, 0},
			{"the target approves Marlowe", "approve", "Marlowe", STEP_HOOK, 0},
			{"the target denies Kit Marlowe", "deny", "Kit Marlowe", STEP_HOOK, 0},
			{"the target revokes Marlowe", "revoke", "Marlowe", STEP_HOOK, 0},
			{"the target removes Tybalt", "remove", "Tybalt", STEP_HOOK, 0},
			{"the target unsubscribes from Marlowe", "unsubscribe", "Marlowe", STEP_HOOK, 0},
			{"the target shows nobody like .*/x", "roster", "", STEP_ROSTER, 1},
			{"the target lists nobody like .*/x as pending", "pending", "", STEP_PENDING, 1},
			{"the target lists Marlowe as pending", "pending", "Marlowe", STEP_PENDING, 0},
			{"the target does not list Kit Marlowe as pending", "pending", "Kit Marlowe", STEP_PENDING, 1},
			{"the target shows Marlowe as both", "roster", "Marlowe", STEP_ROSTER, 0}};
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		char *play = mem_printf("%s\n\tSB-001 it does\n", expected[i].text);
		read_play(play);
		free(play);
		no_problem();
		ck_assert_int_eq(step(0)->kind, expected[i].kind);
		ck_assert_str_eq(step(0)->hook, expected[i].hook);
		ck_assert_str_eq(actor(step(0)), expected[i].actor);
		ck_assert_int_eq(step(0)->negate, expected[i].negate);
		ck_assert_uint_eq(step(0)->checks_count, 1);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t count; /* 0: a problem */
	struct roster_state states[3];
} rosters[] = {
		{"none", 1, {{SUB_NONE, 0, 0}}},
		{"to, asked", 1, {{SUB_TO, 1, 0}}},
		{"from, pending", 1, {{SUB_FROM, 0, 1}}},
		{"none, asked, pending", 1, {{SUB_NONE, 1, 1}}},
		{"none, pending, asked", 1, {{SUB_NONE, 1, 1}}},
		{"both or from, asked or none", 3, {{SUB_BOTH, 0, 0}, {SUB_FROM, 1, 0}, {SUB_NONE, 0, 0}}},
		{"friend", 0, {{0}}},
		{"both and from", 0, {{0}}},
		{"both or", 0, {{0}}},
		{"or both", 0, {{0}}},
		{"both, ask", 0, {{0}}},
		{"both asked", 0, {{0}}},
		{"none, Pending", 0, {{0}}},
		{"both or or from", 0, {{0}}},
};

START_TEST(states_of_a_roster)
{
	char *play = mem_printf("the target shows Marlowe as %s\n", rosters[_i].text);
	read_play(play);
	free(play);
	if (!rosters[_i].count) {
		only_problem(PLAY_AT, 1, "expected none, to, from or both, with `, asked` or `, pending`, joined by ` or `");
		return;
	}
	no_problem();
	ck_assert_uint_eq(step(0)->states_count, rosters[_i].count);
	for (size_t i = 0; i < rosters[_i].count; i++) {
		ck_assert_int_eq(step(0)->states[i].subscription, rosters[_i].states[i].subscription);
		ck_assert_int_eq(step(0)->states[i].asked, rosters[_i].states[i].asked);
		ck_assert_int_eq(step(0)->states[i].pending, rosters[_i].states[i].pending);
	}
}
END_TEST

START_TEST(steps_for_each_of_a_group)
{
	read_text("# T\n[Peer] Crowd x 3\n[Peer] A x b\n[User] C x 2\n---\nFor each peer of Crowd:\n\tCrowd receives:\n"
			  "\t\t<iq to='${Crowd}'>\n\t\t\t<x>Crowds, Crowd's</x>\n\t\t</iq>\n\t\tSB-001 Crowd gets it\n\tthe target "
			  "denies "
			  "Crowd\nCrowd 2 connects\n");
	no_problem();
	ck_assert_uint_eq(scenario->cast_count, 5);
	ck_assert_str_eq(scenario->cast[2].name, "Crowd 3");
	ck_assert_str_eq(scenario->cast[3].name, "A x b");
	ck_assert_str_eq(scenario->cast[4].name, "C x 2");
	ck_assert_uint_eq(scenario->play.count, 7);
	for (size_t i = 0; i < 3; i++) {
		char *to = mem_printf("${Crowd %zu}", i + 1);
		char *text = mem_printf("Crowds, Crowd %zu's", i + 1);
		const struct step *receives = step(2 * i);
		ck_assert_int_eq(receives->kind, STEP_RECEIVE);
		ck_assert_int_eq(receives->actor, (int)i);
		ck_assert_str_eq(node_attr(receives->template->root, "to"), to);
		char *body = node_text(node_child(receives->template->root, "x", NULL));
		ck_assert_str_eq(body, text);
		ck_assert_uint_eq(receives->checks_count, 1);
		ck_assert_int_eq(step(2 * i + 1)->kind, STEP_HOOK);
		ck_assert_int_eq(step(2 * i + 1)->actor, (int)i);
		free(body);
		free(to);
		free(text);
	}
	ck_assert_str_eq(scenario->expanded,
			"For each peer of Crowd:\n\tCrowd receives:\n\t\t<iq to='${Crowd}'>\n\t\t\t<x>Crowds, "
			"Crowd's</x>\n\t\t</iq>\n\t\tSB-001 Crowd gets it\n\tthe target denies Crowd\nCrowd 2 "
			"connects\n");
}
END_TEST

START_TEST(comparisons)
{
	read_play("${a} is ${b}\n\tSB-001 same\n${a}-${b} is not x y\n\tSB-001 other\n${Romeo's JID} is ${a}:\n"
			  "\tSB-001 same\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_COMPARE);
	ck_assert_int_eq(step(0)->negate, 0);
	ck_assert_str_eq(step(0)->left, "${a}");
	ck_assert_str_eq(step(0)->right, "${b}");
	ck_assert_uint_eq(step(0)->checks_count, 1);
	ck_assert_int_eq(step(1)->negate, 1);
	ck_assert_str_eq(step(1)->left, "${a}-${b}");
	ck_assert_str_eq(step(1)->right, "x y");
	ck_assert_str_eq(step(2)->left, "${Romeo's JID}");
	ck_assert_str_eq(step(2)->right, "${a}");
}
END_TEST

START_TEST(blocks_nest)
{
	read_play(
			"either:\n\tMarlowe receives:\n\t\t<iq/>\n\t\tSB-001 first\n\tTogether:\n\t\tBard receives:\n\t\t\t<iq/>\n"
			"\t\tMarlowe receives:\n\t\t\t<presence/>\n\teither:\n\t\tBard receives:\n\t\t\t<iq/>\n\tor:\n"
			"\t\tMarlowe receives:\n\t\t\t<iq/>\n\t\tBard disconnects\nor:\n\tBard receives:\n\t\t<message/>\nor:\n"
			"\tBard receives:\n\t\t<presence/>\nBard connects\n");
	no_problem();
	ck_assert_uint_eq(scenario->play.count, 2);
	ck_assert_int_eq(step(0)->kind, STEP_EITHER);
	ck_assert_uint_eq(step(0)->branches_count, 3);
	const struct steps *first = &step(0)->branches[0];
	ck_assert_uint_eq(first->count, 3);
	ck_assert_uint_eq(first->items[0].checks_count, 1);
	ck_assert_int_eq(first->items[1].kind, STEP_TOGETHER);
	ck_assert_uint_eq(first->items[1].branches_count, 1);
	ck_assert_uint_eq(first->items[1].branches[0].count, 2);
	ck_assert_int_eq(first->items[2].kind, STEP_EITHER);
	ck_assert_uint_eq(first->items[2].branches_count, 2);
	ck_assert_uint_eq(first->items[2].branches[1].count, 2);
	ck_assert_uint_eq(step(0)->branches[1].count, 1);
	ck_assert_uint_eq(step(0)->branches[2].count, 1);
	ck_assert_int_eq(step(1)->kind, STEP_CONNECT);
}
END_TEST

static void note_line(void *ud, const struct step *at)
{
	buf_printf(ud, "%d;", at->line);
}

static void note_check(void *ud, const struct step *at, const struct check *check)
{
	buf_printf(ud, "%d %s;", at->line, check->id);
}

START_TEST(steps_and_checks_are_visited_in_order)
{
	read_play("Marlowe receives:\n\t<iq/>\n\tSB-001 a\n\tSB-002 b\neither:\n\tBard receives:\n\t\t<iq/>\n\t\tSB-003 c\n"
			  "or:\n\tBard receives:\n\t\t<iq/>\nBard receives: nothing\n\tSB-004 d\n");
	no_problem();
	struct buf b = {0};
	steps_each(&scenario->play, note_line, &b);
	ck_assert_str_eq(buf_text(&b), "9;13;14;18;20;");
	buf_clear(&b);
	scenario_each_check(scenario, note_check, &b);
	ck_assert_str_eq(buf_text(&b), "9 SB-001;9 SB-002;14 SB-003;20 SB-004;");
	buf_finish(&b);
}
END_TEST

/* --- checks --- */

START_TEST(checks_are_read)
{
	read_play("Marlowe receives:\n\t<iq type='get'\n\t\tid='1'/>\n"
			  "\tSB-010 the request reaches the peer\n"
			  "\tSB-011 from the domain: @from = '${target}' and\n\t\t@to = '${Marlowe}'\n"
			  "\tPS-I-SUBD-NPO/late it is: in order\n"
			  "\trelies on SB-012/early with a part: not(@x)\n"
			  "\trelies on SB-013 the\n\t\tlast one\n"
			  "\tAH-001\n"
			  "\tAH-002 text: self::s:iq\n");
	no_problem();
	static const struct {
		const char *id, *part, *text, *expr;
		int in_order, relies, line;
	} expected[] = {{"SB-010", NULL, "the request reaches the peer", NULL, 0, 0, 12},
			{"SB-011", NULL, "from the domain", "@from = '${target}' and @to = '${Marlowe}'", 0, 0, 13},
			{"PS-I-SUBD-NPO", "late", "it is", "in order", 1, 0, 15},
			{"SB-012", "early", "with a part", "not(@x)", 0, 1, 16}, {"SB-013", NULL, "the last one", NULL, 0, 1, 17},
			{"AH-001", NULL, "", NULL, 0, 0, 19}, {"AH-002", NULL, "text", "self::s:iq", 0, 0, 20}};
	ck_assert_uint_eq(step(0)->checks_count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < step(0)->checks_count; i++) {
		const struct check *c = &step(0)->checks[i];
		ck_assert_str_eq(c->id, expected[i].id);
		ck_assert_pstr_eq(c->part, expected[i].part);
		ck_assert_str_eq(c->text, expected[i].text);
		ck_assert_pstr_eq(c->expr, expected[i].expr);
		ck_assert_int_eq(c->xpath != NULL, expected[i].expr && !expected[i].in_order);
		ck_assert_int_eq(c->in_order, expected[i].in_order);
		ck_assert_int_eq(c->relies, expected[i].relies);
		ck_assert_str_eq(c->file, FILE_NAME);
		ck_assert_int_eq(c->line, expected[i].line);
	}
}
END_TEST

START_TEST(what_looks_like_an_id_only)
{
	static const char *const others[] = {
			"A-1 x", "ABCD-1 x", "sb-010 x", "SB- x", "SB010 x", "SB-01a x", "<a/>", "relies SB-010 x", "relies on x"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char *play = mem_printf("Bard receives: nothing\n\t%s\n", others[i]);
		read_play(play);
		free(play);
		only_problem(PLAY_AT + 1, 2, NO_CHECK);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader: steps");
	TCase *tests = tcase_create("steps");
	tcase_add_checked_fixture(tests, NULL, reading_finish);
	tcase_add_test(tests, steps_of_actors);
	tcase_add_test(tests, raw_octets_are_kept_as_they_stand);
	tcase_add_test(tests, steps_about_streams);
	tcase_add_test(tests, steps_that_end_streams);
	tcase_add_test(tests, properties_with_a_choice);
	tcase_add_test(tests, stanzas_have_the_namespace_of_their_stream);
	tcase_add_loop_test(tests, deadlines_of_their_own, 0, sizeof deadlines / sizeof *deadlines);
	tcase_add_test(tests, steps_of_the_target);
	tcase_add_loop_test(tests, states_of_a_roster, 0, sizeof rosters / sizeof *rosters);
	tcase_add_test(tests, steps_for_each_of_a_group);
	tcase_add_test(tests, comparisons);
	tcase_add_test(tests, blocks_nest);
	tcase_add_test(tests, steps_and_checks_are_visited_in_order);
	tcase_add_test(tests, checks_are_read);
	tcase_add_test(tests, what_looks_like_an_id_only);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
