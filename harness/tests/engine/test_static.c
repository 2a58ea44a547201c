/* script/check_static: scenario_check(), what the grammar cannot say. */
#include "base/mem.h"
#include "run.h"
#include "script/reader.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static struct requirement_part parts[] = {{.name = "time"}};
static struct requirement rows[] = {
		{.id = "AH-001"}, {.id = "SB-001"}, {.id = "SB-002", .parts = parts, .parts_count = 1}};
static const struct requirements table = {.file = "requirements.tsv", .items = rows, .count = 3};

static struct phrases phrases;
static struct problems ps;
static struct scenario *s;

static void teardown(void)
{
	scenario_destroy(s);
	s = NULL;
	phrases_finish(&phrases);
	problems_finish(&ps);
}

static void check_text(const char *text)
{
	teardown();
	s = scenario_read("area/name.scs", text, &phrases, &ps);
	for (size_t i = 0; i < ps.count; i++) {
		ck_abort_msg("%d: %s", ps.items[i].line, ps.items[i].message);
	}
	scenario_check(s, &table, &ps);
}

#define CAST "# T\n## exclusive\n[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n-----\n"
#define PLAY_AT 7
#define CHECKED "Bard connects\nTybalt receives: nothing\n\tSB-001 silence\n"

static void check_play(const char *play)
{
	char *text = mem_printf(CAST "%s", play);
	check_text(text);
	free(text);
}

static void no_problem(void)
{
	for (size_t i = 0; i < ps.count; i++) {
		ck_abort_msg("%s:%d: %s", ps.items[i].file, ps.items[i].line, ps.items[i].message);
	}
}

static void only_problem(const char *file, int line, const char *message)
{
	ck_assert_uint_ge(ps.count, 1);
	ck_assert_str_eq(ps.items[0].message, message);
	ck_assert_str_eq(ps.items[0].file, file);
	ck_assert_int_eq(ps.items[0].line, line);
	ck_assert_int_eq(ps.items[0].column, 1);
	ck_assert_uint_eq(ps.count, 1);
}

#define UNKNOWN(name)                                                                                                  \
	"unknown name ${" name "}; expected an actor, target, target2, off, token, approval command or a bound name"
#define CONDITION "a condition needs a stanza: only `receives` steps have one"

static const struct {
	const char *play; /* after CHECKED */
	int line;		  /* from 1 in the play; 0: no problem */
	const char *message;
} plays[] = {
		{"", 0, NULL},
		/* names */
		{"Bard receives:\n\t<iq id='{bind:x}' from='${x}'/>\n\tSB-001 x\n", 4, UNKNOWN("x")},
		{"Bard sends:\n\t<iq to='${target} ${target2} ${off} ${token}' from=\"${Bard} ${Bard's JID} ${Bard's full JID} "
		 "${Marlowe} ${Marlowe's JID} ${Tybalt} ${Tybalt's JID} ${Tybalt's full JID}\"/>\n",
				0, NULL},
		{"Bard sends:\n\t<iq to='${nobody}'/>\n", 4, UNKNOWN("nobody")},
		{"Marlowe sends raw:\n\t<a to='${nobody}'>\n", 4, UNKNOWN("nobody")},
		{"Bard sends:\n\t<iq to='${filler:x}'/>\n", 4, UNKNOWN("filler:x")},
		{"Bard sends:\n\t<iq>\n\t\t<a>${Target}</a>\n\t</iq>\n", 4, UNKNOWN("Target")},
		{"Bard sends:\n\t<iq to=\"${Bard's nick}\"/>\n", 4, UNKNOWN("Bard's nick")},
		{"Bard sends:\n\t<iq to='${}'/>\n", 4, UNKNOWN("")},
		{"Bard receives:\n\t<iq from='{match:${nobody}/.*}'/>\n", 4, UNKNOWN("nobody")},
		{"Bard receives:\n\t<iq/>\n\tSB-001 x: @from = '${nobody}'\n", 4, UNKNOWN("nobody")},
		{"${nobody} is ${target}\n\tSB-001 x\n", 4, UNKNOWN("nobody")},
		{"${target} is ${nobody}\n\tSB-001 x\n", 4, UNKNOWN("nobody")},
		{"either:\n\tBard receives:\n\t\t<iq/>\n\tunreachable: why\n\tBard sends:\n\t\t<iq/>\nor:\n\tBard "
		 "receives:\n\t\t<iq/>\n",
				8, "'Bard sends:' can never be reached: the play is over before it"},
		{"either:\n\tBard receives:\n\t\t<iq/>\n\tunreachable: ${why}\nor:\n\tBard receives:\n\t\t<iq/>\n", 0, NULL},
		/* binding */
		{"Bard receives:\n\t<iq id='{bind:a}'><b>{scansion:capture:c}</b></iq>\n\tSB-001 x: @id = '${a}'\n"
		 "${a} is ${c}\n\tSB-001 x\nBard sends:\n\t<iq id='${a}'/>\n",
				0, NULL},
		{"Bard sends:\n\t<iq id='${a}'/>\nBard receives:\n\t<iq id='{bind:a}'/>\n", 4, UNKNOWN("a")},
		{"Bard receives:\n\t<iq id='{bind:a}'/>\nBard receives:\n\t<iq id='{bind:a}'/>\n", 6,
				"'a' is bound already; compare with ${...} instead"},
		{"Bard receives:\n\t<iq id='{bind:a}' to='{bind:a}'/>\n", 4,
				"'a' is bound already; compare with ${...} instead"},
		{"Bard receives:\n\t<iq id='{bind:a}'/>\n\tbind b: concat(@to, '${a}')\n\tSB-001 x: '${b}'\n${b} is "
		 "x\n\tSB-001 x\n",
				0, NULL},
		{"Bard receives:\n\t<iq/>\n\tbind a: '${b}'\n\tbind b: @to\n", 4, UNKNOWN("b")},
		{"Bard receives:\n\t<iq id='{bind:a}'/>\n\tbind a: @to\n", 4,
				"'a' is bound already; compare with ${...} instead"},
		{"Bard receives: nothing\n\tbind a: @to\n\tSB-001 x\n", 4,
				"'Bard receives: nothing' takes no stanza: only below `receives` can a name be bound"},
		/* what a stream begins with */
		{"Bard receives:\n\t<stream:features/>\n\tSB-001 x\n", 4,
				"Bard may get a session that began long ago; expected the property `resource:`"},
		{"Marlowe receives:\n\t<stream:features/>\n\tSB-001 x\n", 0, NULL},
		{"Bard receives:\n\t<iq id='{bind:target}'/>\n", 4, "'target' is bound already; compare with ${...} instead"},
		{"Bard receives:\n\t<iq id='{bind:Marlowe}'/>\n", 4, "'Marlowe' is bound already; compare with ${...} instead"},
		{"Bard receives:\n\t<iq id='{scansion:capture:a}'/>\nBard receives:\n\t<iq id='{scansion:capture:a}' "
		 "to='{scansion:capture:a}'/>\nBard sends:\n\t<iq id='${a}'/>\n",
				0, NULL},
		{"Bard receives:\n\t<iq id='{scansion:capture:target}'/>\n", 4,
				"'target' has a meaning already; a capture needs a name of its own"},
		{"Bard receives:\n\t<iq id='{bind:a}'/>\nBard receives:\n\t<iq id='{scansion:capture:a}'/>\n", 6,
				"'a' has a meaning already; a capture needs a name of its own"},
		{"Bard receives:\n\t<iq id='{scansion:capture:a}'/>\nBard receives:\n\t<iq id='{bind:a}'/>\n", 6,
				"'a' is bound already; compare with ${...} instead"},
		/* branches */
		{"either:\n\tBard receives:\n\t\t<iq id='{bind:a}'/>\nor:\n\tBard receives:\n\t\t<iq id='{bind:a}' "
		 "to='{bind:b}'/>\nBard sends:\n\t<iq id='${a}' to='${b}'/>\n",
				0, NULL},
		{"either:\n\tBard receives:\n\t\t<iq id='{bind:a}'/>\nor:\n\tBard receives:\n\t\t<iq/>\n\tBard sends:\n\t\t<iq "
		 "id='${a}'/>\n",
				10, UNKNOWN("a")},
		{"either:\n\tBard receives:\n\t\t<iq id='{bind:a}'/>\nor:\n\tBard receives:\n\t\t<iq/>\nBard receives:\n\t<iq "
		 "id='{bind:a}'/>\n",
				10, "'a' is bound already; compare with ${...} instead"},
		{"either:\n\tBard receives:\n\t\t<iq/>\n", 4, "`either:` stands alone; expected `or:` after it"},
		{"Together:\n\tBard receives:\n\t\t<iq id='{bind:a}'/>\n\tTybalt receives:\n\t\t<iq to='{bind:a}'/>\n", 7,
				"'a' is bound already; compare with ${...} instead"},
		/* connections */
		{"Bard disconnects\nBard sends:\n\t<iq/>\n", 5,
				"Bard is not connected here; expected a `connects` step before"},
		{"Bard disconnects\nBard receives: nothing\n", 5,
				"Bard is not connected here; expected a `connects` step before"},
		{"Bard disconnects\nBard disconnects\n", 5, "Bard is not connected here; expected a `connects` step before"},
		{"Bard disconnects\nBard never receives:\n\t<iq/>\n\tSB-001 x\n", 5,
				"Bard is not connected here; expected a `connects` step before"},
		{"Bard disconnects\nBard connects\nBard receives:\n\t<iq/>\n", 0, NULL},
		{"the target restarts\nBard sends:\n\t<iq/>\n", 5,
				"Bard is not connected here; expected a `connects` step before"},
		{"the target is killed\nBard receives:\n\t<iq/>\n", 5,
				"Bard is not connected here; expected a `connects` step before"},
		{"the target restarts\nBard connects\nBard sends:\n\t<iq/>\n", 0, NULL},
		{"the target approves Marlowe\nBard sends:\n\t<iq/>\n", 0, NULL},
		{"Marlowe sends:\n\t<iq/>\nTybalt sends:\n\t<iq/>\nMarlowe disconnects\nMarlowe sends:\n\t<iq/>\n", 0, NULL},
		{"either:\n\tTybalt receives:\n\t\t<iq/>\n\tBard disconnects\nor:\n\tTybalt receives:\n\t\t<presence/>\n\tBard "
		 "sends:\n\t\t<iq/>\n",
				0, NULL},
		{"Bard disconnects\neither:\n\tTybalt receives:\n\t\t<iq/>\n\tBard connects\nor:\n\tTybalt receives:\n"
		 "\t\t<presence/>\nBard sends:\n\t<iq/>\n",
				0, NULL},
		{"either:\n\tTybalt receives:\n\t\t<iq/>\n\tBard disconnects\nor:\n\tTybalt receives:\n\t\t<presence/>\n\tBard "
		 "disconnects\nBard sends:\n\t<iq/>\n",
				12, "Bard is not connected here; expected a `connects` step before"},
		/* checks */
		{"Bard receives:\n\t<iq/>\n\tSB-404 x\n", 6,
				"unknown requirement 'SB-404'; expected an id of requirements.tsv"},
		{"Bard receives:\n\t<iq/>\n\trelies on SB-404 x\n", 6,
				"unknown requirement 'SB-404'; expected an id of requirements.tsv"},
		{"Bard receives:\n\t<iq/>\n\tSB-002/time x\n\tSB-002 x\n", 0, NULL},
		{"Bard receives:\n\t<iq/>\n\tSB-002/shape x\n", 6, "requirement SB-002 has no part 'shape'"},
		{"Bard receives:\n\t<iq/>\n\tSB-001/time x\n", 6, "requirement SB-001 has no part 'time'"},
		{"Bard receives:\n\t<iq/>\n\tSB-001/ x\n", 6, "requirement SB-001 has no part ''"},
		{"Bard receives:\n\t<iq/>\n\tSB-001 x: @type\n\tSB-001 x: in order\n", 0, NULL},
		{"Bard receives: nothing\n\tSB-001 x: @type\n", 0, NULL},
		{"Bard receives: nothing\n\tSB-001 x: in order\n", 5, CONDITION},
		{"Bard never receives:\n\t<iq/>\n\tSB-001 x: @type\n", 0, NULL},
		{"the target shows Marlowe as both\n\tSB-001 x: @type\n", 5, CONDITION},
		{"the target shows nobody like ${nick}/.*\n\tSB-001 x\n", 4, UNKNOWN("nick")},
		{"${target} is ${target}\n\tSB-001 x: @type\n", 5, CONDITION},
		{"${target} is ${target}\n", 4, "a comparison without a check decides nothing: '${target} is ${target}'"},
		{"Marlowe never receives:\n\t<iq/>\n", 4,
				"a prohibition without a check decides nothing: 'Marlowe never receives:'"},
};

START_TEST(plays_are_checked)
{
	char *play = mem_printf(CHECKED "%s", plays[_i].play);
	check_play(play);
	free(play);
	if (plays[_i].line) {
		only_problem("area/name.scs", PLAY_AT - 1 + plays[_i].line, plays[_i].message);
	} else {
		no_problem();
	}
}
END_TEST

static const struct {
	const char *play;
	int line; /* 0: no problem */
	const char *message;
} component_plays[] = {
		{"Muc connects\nMuc sends:\n\t<presence/>\nMuc disconnects\nMuc opens a stream\nMuc sends raw:\n\t<x/>\n", 0,
				NULL},
		{"Muc sends:\n\t<presence/>\n", 1, "Muc is not connected here; expected a `connects` step before"},
		{"Muc receives:\n\t<presence/>\n", 1, "Muc is not connected here; expected a `connects` step before"},
		{"Muc connects\nMuc connects\n", 2, "Muc has a stream already; expected a `disconnects` step before"},
		{"Muc connects\nMuc opens a stream\n", 2, "Muc has a stream already; expected a `disconnects` step before"},
		{"Muc connects\nMuc's stream is closed\nMuc connects\n", 0, NULL},
		{"Muc connects\nMuc's stream is closed\nMuc sends:\n\t<presence/>\n", 3,
				"Muc is not connected here; expected a `connects` step before"},
};

START_TEST(a_component_connects_before_it_acts)
{
	static const char check[] = "${target} is ${Muc}\n\tSB-001 x\n";
	char *text = mem_printf("# t\n[Component] Muc\n---\n%s%s", component_plays[_i].play, check);
	check_text(text);
	free(text);
	if (component_plays[_i].line) {
		only_problem("area/name.scs", 3 + component_plays[_i].line, component_plays[_i].message);
	} else {
		no_problem();
	}
}
END_TEST

START_TEST(a_cast_has_few_components)
{
	check_text("# t\n[Component] A\n[Component] B\n[Component] C\n[Component] D\n[Component] E\n---\n"
			   "${target} is ${A}${B}${C}${D}${E}\n\tSB-001 x\n");
	only_problem("area/name.scs", 6, "a cast has at most 4 components");
}
END_TEST

START_TEST(a_client_connects_before_it_acts)
{
	check_play("Bard sends:\n\t<iq/>\nTybalt receives: nothing\n\tSB-001 x\n");
	only_problem("area/name.scs", PLAY_AT, "Bard is not connected here; expected a `connects` step before");
}
END_TEST

/* Who edits a scenario is told of every mistake, not of the first one. */
START_TEST(a_stanza_that_cannot_be_read_ends_nothing)
{
	teardown();
	s = scenario_read("area/name.scs",
			"# T\n[Admin] Bard\n-----\nBard connects\nBard receives:\n\t<iq/>\n\tbind a: @id\n\t\t= 1\n"
			"Bard receives:\n\t<iq/>\n\ttext\n\t<iq/>\n\tSB-001 x\n",
			&phrases, &ps);
	ck_assert_uint_ge(ps.count, 1);
	size_t before = ps.count;
	scenario_check(s, &table, &ps);
	ck_assert_uint_ge(ps.count, before);
}
END_TEST

START_TEST(something_must_be_decided)
{
	check_play("Bard connects\nTybalt receives: nothing\n");
	only_problem("area/name.scs", 1, "decides no requirement: expected at least one check");
	check_play("Bard connects\nTybalt receives: nothing\n\trelies on SB-001 x\n");
	only_problem("area/name.scs", 1, "decides no requirement: expected at least one check");
	check_play(
			"Bard connects\neither:\n\tTybalt receives:\n\t\t<iq/>\n\t\tSB-001 x\nor:\n\tBard receives:\n\t\t<iq/>\n");
	no_problem();
}
END_TEST

START_TEST(an_identity_is_a_peers)
{
	static const char *const heads[] = {"[Admin] Bard\n\tidentity: server/im\n", "[Peer] Bard\n\tidentity: server\n",
			"[Peer] Bard\n\tidentity: directory/server\n"};
	for (size_t i = 0; i < 3; i++) {
		char *text = mem_printf("# T\n%s-----\nBard connects\nBard receives: nothing\n\tSB-001 x\n", heads[i]);
		check_text(text);
		free(text);
		if (i < 2) {
			only_problem("area/name.scs", 2, "expected `identity: CATEGORY/TYPE` below a peer or component");
		} else {
			no_problem();
		}
	}
}
END_TEST

START_TEST(long_silence_is_slow)
{
	check_play("Bard connects\nTybalt receives: nothing for 1s\n\tSB-001 x\n");
	no_problem();
	check_play("Bard connects\nTybalt receives: nothing for 2s\n\tSB-001 x\n");
	only_problem("area/name.scs", PLAY_AT + 1,
			"'Tybalt receives: nothing for 2s' takes its time: expected the tag `## slow`");
}
END_TEST

#define CLIENTS "# T\n[Client] Romeo\n\tjid: romeo@localhost\n[Client] Juliet\n\tjid: juliet@localhost\n"

START_TEST(a_script_of_scansion_needs_no_checks)
{
	check_text(CLIENTS "-----\nRomeo connects\nRomeo sends\n\t<presence/>\nRomeo receives\n\t<presence/>\n");
	no_problem();
	check_text(CLIENTS "[Peer] Kyd\n-----\nRomeo connects\nRomeo receives\n\t<presence/>\n");
	ck_assert_uint_eq(ps.count, 3); /* no check, and two actors that are not used */
	ck_assert_str_eq(ps.items[0].message, "decides no requirement: expected at least one check");
	check_text(CLIENTS "-----\nRomeo connects\nRomeo receives\n\t<presence/>\n\tSB-001 x\n");
	only_problem("area/name.scs", 4, "actor 'Juliet' is never used");
	check_text(CLIENTS "-----\n");
	only_problem("area/name.scs", 1, "the play has no steps");
}
END_TEST

START_TEST(a_subdomain_is_that_of_a_peer_above)
{
	static const char play[] = "-----\nTheatre receives: nothing\n\tSB-001 x\n";
	char *text = mem_printf("# T\n[Peer] Kyd\n[Peer] Theatre\n\tsubdomain: theatre of Kyd\n%s", play);
	check_text(text);
	free(text);
	no_problem();
	text = mem_printf("# T\n[Peer] Theatre\n\tsubdomain: theatre of Kyd\n%s", play);
	check_text(text);
	free(text);
	only_problem("area/name.scs", 2, "'Kyd' is no peer that stands above; expected `subdomain: label of Peer`");
}
END_TEST

START_TEST(who_is_not_logged_in_proves_no_silence)
{
	check_text("# T\n[User] Romeo\n\tlogin: none\n---\nRomeo connects\nRomeo receives: nothing\n\tSB-001 x\n");
	only_problem("area/name.scs", 6, "nothing proves that Romeo has got all there is: it is not logged in");
	check_text("# T\n[User] Romeo\n\tlogin: none\n---\nRomeo connects\nRomeo never receives:\n\t<iq/>\n\tSB-001 x\n");
	only_problem("area/name.scs", 6, "nothing proves that Romeo has got all there is: it is not logged in");
	check_text("# T\n[User] Romeo\n\tlogin: none\n---\nRomeo connects\nRomeo receives:\n\t<stream:features/>\n"
			   "\tSB-001 x\n");
	no_problem();
}
END_TEST

START_TEST(a_play_has_steps)
{
	check_text("# T\n-----\n# nothing\n");
	only_problem("area/name.scs", 1, "the play has no steps");
}
END_TEST

START_TEST(every_actor_is_used)
{
	check_text("# T\n[Admin] Bard\n[Peer] Marlowe\n[User] Romeo\n[Peer] Kit\n-----\nBard connects\nBard sends:\n"
			   "\t<iq to=\"${Romeo's JID}\"/>\nBard receives: nothing\n\tSB-001 x\n");
	ck_assert_uint_eq(ps.count, 2);
	ck_assert_str_eq(ps.items[0].message, "actor 'Marlowe' is never used");
	ck_assert_int_eq(ps.items[0].line, 3);
	ck_assert_str_eq(ps.items[1].message, "actor 'Kit' is never used");
	ck_assert_int_eq(ps.items[1].line, 5);
}
END_TEST

static const char *const uses[] = {
		"Marlowe receives: nothing\n\tSB-001 x\n",
		"Bard receives:\n\t<iq/>\n\tSB-001 x: @from = '${Marlowe}'\n",
		"Bard receives:\n\t<iq from='${Marlowe}'/>\n\tSB-001 x\n",
		"Bard receives:\n\t<iq/>\n\tSB-001 x\nthe target approves Marlowe\n",
		"the target does not list Marlowe as pending\n\tSB-001 x\n",
		"the target shows Marlowe as none\n\tSB-001 x\n",
		"${Marlowe} is ${target}\n\tSB-001 x\n",
		"either:\n\tBard receives:\n\t\t<iq/>\n\t\tSB-001 x\nor:\n\tMarlowe receives:\n\t\t<iq/>\n",
};

START_TEST(ways_to_use_an_actor)
{
	char *text = mem_printf("# T\n[Admin] Bard\n[Peer] Marlowe\n-----\nBard connects\n%s", uses[_i]);
	check_text(text);
	free(text);
	no_problem();
}
END_TEST

START_TEST(names_that_only_begin_alike_use_nobody)
{
	check_text("# T\n[Admin] Bard\n[Peer] Kit\n[Peer] Kit Marlowe\n-----\nBard connects\nBard receives:\n"
			   "\t<iq from='${Kit Marlowe}'/>\n\tSB-001 x\n");
	only_problem("area/name.scs", 3, "actor 'Kit' is never used");
}
END_TEST

START_TEST(what_touches_the_whole_target_is_exclusive)
{
	static const char *const texts[] = {"the target restarts", "the target is killed",
			"the target restarts on a damaged store", "the target cannot write its store",
			"the target accepts requests automatically"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = mem_printf("# T\n[Peer] Marlowe\n-----\nMarlowe receives: nothing\n\tSB-001 x\n%s\n", texts[i]);
		char *message = mem_printf("'%s' touches all scenarios: expected the tag `## exclusive`", texts[i]);
		check_text(text);
		only_problem("area/name.scs", 6, message);
		free(text);
		free(message);
	}
}
END_TEST

START_TEST(problems_in_a_phrase_say_who_used_it)
{
	teardown();
	phrases_read(&phrases, "phrases/p.scs",
			"Phrase: {a} asks\n\n{a} sends:\n\t<iq to='${nobody}'/>\n{a} receives:\n\t<iq/>\n\tSB-404 x\n", &ps);
	s = scenario_read("area/name.scs", "# T\n[Admin] Bard\n-----\n# now\nBard asks\n\tSB-001 x\n", &phrases, &ps);
	ck_assert_uint_eq(ps.count, 0);
	scenario_check(s, &table, &ps);
	ck_assert_uint_eq(ps.count, 4);
	ck_assert_str_eq(ps.items[0].message,
			"Bard is not connected here; expected a `connects` step before (used at area/name.scs:5)");
	ck_assert_str_eq(ps.items[0].file, "phrases/p.scs");
	ck_assert_int_eq(ps.items[0].line, 3);
	ck_assert_str_eq(ps.items[1].message, UNKNOWN("nobody") " (used at area/name.scs:5)");
	ck_assert_int_eq(ps.items[1].line, 3);
	ck_assert_str_eq(ps.items[3].message, "unknown requirement 'SB-404'; expected an id of requirements.tsv");
	ck_assert_str_eq(ps.items[3].file, "phrases/p.scs");
	ck_assert_int_eq(ps.items[3].line, 7);
}
END_TEST

START_TEST(names_bound_in_phrases_do_not_meet)
{
	teardown();
	phrases_read(&phrases, "phrases/p.scs",
			"Phrase: {a} asks\n{a} receives:\n\t<iq id='{bind:id}'/>\n\tSB-001 x: @id = '${id}'\n"
			"Phrase: {a} opens {session}\n{a} receives:\n\t<iq id='{bind:{session}}'/>\n",
			&ps);
	s = scenario_read("area/name.scs",
			"# T\n[Admin] Bard\n-----\nBard connects\nBard asks\nBard asks\nBard opens one\nBard opens two\nBard "
			"sends:\n"
			"\t<iq id='${one}${two}'/>\n",
			&phrases, &ps);
	scenario_check(s, &table, &ps);
	no_problem();
	scenario_destroy(s);
	s = scenario_read("area/name.scs",
			"# T\n[Admin] Bard\n-----\nBard connects\nBard asks\nBard sends:\n\t<iq id='${id}'/>\n", &phrases, &ps);
	scenario_check(s, &table, &ps);
	only_problem("area/name.scs", 6, UNKNOWN("id"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("static");
	TCase *tests = tcase_create("static");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_loop_test(tests, plays_are_checked, 0, sizeof plays / sizeof *plays);
	tcase_add_loop_test(
			tests, a_component_connects_before_it_acts, 0, sizeof component_plays / sizeof *component_plays);
	tcase_add_test(tests, a_cast_has_few_components);
	tcase_add_test(tests, a_client_connects_before_it_acts);
	tcase_add_test(tests, a_stanza_that_cannot_be_read_ends_nothing);
	tcase_add_test(tests, something_must_be_decided);
	tcase_add_test(tests, an_identity_is_a_peers);
	tcase_add_test(tests, long_silence_is_slow);
	tcase_add_test(tests, a_script_of_scansion_needs_no_checks);
	tcase_add_test(tests, a_subdomain_is_that_of_a_peer_above);
	tcase_add_test(tests, who_is_not_logged_in_proves_no_silence);
	tcase_add_test(tests, a_play_has_steps);
	tcase_add_test(tests, every_actor_is_used);
	tcase_add_loop_test(tests, ways_to_use_an_actor, 0, sizeof uses / sizeof *uses);
	tcase_add_test(tests, names_that_only_begin_alike_use_nobody);
	tcase_add_test(tests, what_touches_the_whole_target_is_exclusive);
	tcase_add_test(tests, problems_in_a_phrase_say_who_used_it);
	tcase_add_test(tests, names_bound_in_phrases_do_not_meet);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
