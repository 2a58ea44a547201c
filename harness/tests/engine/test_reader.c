/* script/reader: scenarios/README.md as far as it can be read. What scenario_check() adds is in test_static.c. */
#include "base/buf.h"
#include "base/mem.h"
#include "run.h"
#include "script/reader.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "area/name.scs"

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

static void read_text(const char *text)
{
	scenario_destroy(s);
	problems_finish(&ps);
	s = scenario_read(FILE_NAME, text, &phrases, &ps);
	ck_assert_ptr_nonnull(s);
}

#define CAST                                                                                                           \
	"# T\n[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n[Peer] Kit Marlowe\n[User] Romeo\n"            \
	"[Client] Romeo's phone\n-----\n"
#define PLAY_AT 9 /* line of the first step after CAST */

static void read_play(const char *play)
{
	char *text = mem_printf(CAST "%s", play);
	read_text(text);
	free(text);
}

static void add_phrases(const char *text)
{
	phrases_read(&phrases, "phrases/p.scs", text, &ps);
	ck_assert_uint_eq(ps.count, 0);
}

static void no_problem(void)
{
	for (size_t i = 0; i < ps.count; i++) {
		ck_abort_msg("%s:%d:%d: %s", ps.items[i].file, ps.items[i].line, ps.items[i].column, ps.items[i].message);
	}
}

static void problem_is(size_t i, const char *file, int line, int column, const char *message)
{
	ck_assert_uint_gt(ps.count, i);
	const struct problem *p = &ps.items[i];
	ck_assert_str_eq(p->message, message);
	ck_assert_str_eq(p->file, file);
	ck_assert_int_eq(p->line, line);
	ck_assert_int_eq(p->column, column);
}

static void only_problem(int line, int column, const char *message)
{
	problem_is(0, FILE_NAME, line, column, message);
	ck_assert_uint_eq(ps.count, 1);
}

static const struct step *step(size_t i)
{
	ck_assert_uint_gt(s->play.count, i);
	return &s->play.items[i];
}

static const char *actor(const struct step *at)
{
	return at->actor < 0 ? "" : s->cast[at->actor].name;
}

/* --- head --- */

START_TEST(head_is_read)
{
	read_text("# The title\n#  and what\n# it is about\n\n# not the description\n## exclusive\n##slow\n"
			  "## needs: restart,  auto_on\n## needs: off_domain\n## status: stable\n// vim: ts=4\n-- note\n"
			  "[Admin] Bard\n[Peer] Marlowe\n---\n# comment\nBard connects\n");
	no_problem();
	ck_assert_str_eq(s->id, "area/name");
	ck_assert_str_eq(s->file, FILE_NAME);
	ck_assert_str_eq(s->title, "The title");
	ck_assert_str_eq(s->description, "and what it is about");
	ck_assert_int_eq(s->exclusive, 1);
	ck_assert_int_eq(s->slow, 1);
	ck_assert_uint_eq(s->needs_count, 3);
	ck_assert_str_eq(s->needs[0], "restart");
	ck_assert_str_eq(s->needs[1], "auto_on");
	ck_assert_str_eq(s->needs[2], "off_domain");
	ck_assert_uint_eq(s->cast_count, 2);
	ck_assert_uint_eq(s->play.count, 1);
	ck_assert_int_eq(step(0)->line, 17);
}
END_TEST

START_TEST(a_plain_head_has_defaults)
{
	read_text("# T\n[Admin] Bard\n---\nBard connects\n");
	no_problem();
	ck_assert_str_eq(s->description, "");
	ck_assert_int_eq(s->exclusive, 0);
	ck_assert_int_eq(s->slow, 0);
	ck_assert_uint_eq(s->needs_count, 0);
}
END_TEST

START_TEST(all_classes_and_properties)
{
	read_text("# T\n[Admin] A\n[SecondAdmin] B\n[HostAdmin] C\n[User] D\n[Client] E's phone\n\tjid: e@srv.test/r\n"
			  "\tpassword:  pass word \n\tconnect_host: 127.0.0.1\n\tconnect_port: 5222\n\tresource: phone\n"
			  "[Peer] F\n[RemoteUser]   G H of F\n\tlocalpart: gh\n[Peer] I\n\tsubdomain: b\u00fccher\n\tidentity: "
			  "gateway/sms\n[Peer] J below F\n-----\n");
	no_problem();
	static const struct {
		const char *name;
		enum actor_class class;
		int of, line;
	} expected[] = {{"A", ACTOR_ADMIN, -1, 2}, {"B", ACTOR_SECOND_ADMIN, -1, 3}, {"C", ACTOR_HOST_ADMIN, -1, 4},
			{"D", ACTOR_USER, -1, 5}, {"E's phone", ACTOR_CLIENT, -1, 6}, {"F", ACTOR_PEER, -1, 12},
			{"G H", ACTOR_REMOTE_USER, 5, 13}, {"I", ACTOR_PEER, -1, 15}, {"J", ACTOR_PEER, -1, 18}};
	ck_assert_uint_eq(s->cast_count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < s->cast_count; i++) {
		ck_assert_str_eq(s->cast[i].name, expected[i].name);
		ck_assert_int_eq(s->cast[i].class, expected[i].class);
		ck_assert_int_eq(s->cast[i].of, expected[i].of);
		ck_assert_int_eq(s->cast[i].line, expected[i].line);
	}
	ck_assert_str_eq(s->cast[4].jid, "e@srv.test/r");
	ck_assert_str_eq(s->cast[4].password, "pass word");
	ck_assert_str_eq(s->cast[4].connect_host, "127.0.0.1");
	ck_assert_str_eq(s->cast[4].connect_port, "5222");
	ck_assert_str_eq(s->cast[4].resource, "phone");
	ck_assert_ptr_null(s->cast[4].localpart);
	ck_assert_str_eq(s->cast[6].localpart, "gh");
	ck_assert_str_eq(s->cast[7].subdomain, "b\u00fccher");
	ck_assert_str_eq(s->cast[7].identity, "gateway/sms");
	ck_assert_ptr_null(s->cast[5].identity);
	ck_assert_ptr_null(s->cast[5].subdomain);
	ck_assert_int_eq(s->cast[8].below, 5);
	ck_assert_int_eq(s->cast[7].below, -1);
	ck_assert_ptr_null(s->cast[0].jid);
}
END_TEST

START_TEST(classes_are_described)
{
	ck_assert_str_eq(actor_class_text(ACTOR_REMOTE_USER), "RemoteUser");
	ck_assert_str_eq(actor_class_account(ACTOR_SECOND_ADMIN), "second_admin");
	ck_assert_ptr_null(actor_class_account(ACTOR_PEER));
	ck_assert_ptr_null(actor_class_account(ACTOR_CLIENT));
	ck_assert(actor_class_is_client(ACTOR_CLIENT) && actor_class_is_client(ACTOR_USER));
	ck_assert(!actor_class_is_client(ACTOR_PEER) && !actor_class_is_client(ACTOR_REMOTE_USER));
	ck_assert(actor_class_is_admin(ACTOR_HOST_ADMIN) && !actor_class_is_admin(ACTOR_USER));
	ck_assert_str_eq(subscription_text(SUB_FROM), "from");
	enum subscription sub;
	ck_assert_int_eq(subscription_parse("both, asked", 4, &sub), 0);
	ck_assert_int_eq(sub, SUB_BOTH);
	ck_assert_int_eq(subscription_parse("both", 3, &sub), -1);
	ck_assert_int_eq(subscription_parse("", 0, &sub), -1);
}
END_TEST

#define CLASSES                                                                                                        \
	"unknown class; expected [Admin], [SecondAdmin], [HostAdmin], [User], [Client], [Peer], [RemoteUser] or "          \
	"[Component]"
#define OF "expected `[RemoteUser] Name of Peer` or `[Peer] Name below Peer` with a peer that stands above"
#define PROPERTIES                                                                                                     \
	"unknown property; expected jid:, password:, connect_host:, connect_port:, resource:, localpart:, subdomain:, "    \
	"identity:, dialback:, reachable:, tls:, certificate:, authentication:, bidi:, login:, version:, dns:, "           \
	"connects: or writes: below an actor"
#define HEAD_LINE "expected a comment, a tag, an actor or a line of dashes"
#define SEPARATOR "expected a line of dashes between cast and play"

static const struct {
	const char *text;
	int line, column;
	const char *message;
} heads[] = {
		{"[Admin] Bard\n---\n", 1, 1, "expected a title: `# Title` on the first line"},
		{"# T\n## quick\n---\n", 2, 1, "unknown tag 'quick'; expected exclusive, slow or needs:"},
		{"# T\n##\n---\n", 2, 1, "unknown tag ''; expected exclusive, slow or needs:"},
		{"# T\n[Server] Verona\n---\n", 2, 1, CLASSES},
		{"# T\n[admin] Bard\n---\n", 2, 1, CLASSES},
		{"# T\n[Admin Bard\n---\n", 2, 1, CLASSES},
		{"# T\n[] Bard\n---\n", 2, 1, CLASSES},
		{"# T\n[Admin]\n---\n", 2, 1, "expected a name"},
		{"# T\n[Admin] Bard\n[Peer] Bard\n---\n", 3, 1, "'Bard' is in the cast already"},
		{"# T\n[RemoteUser] Tybalt\n---\n", 2, 1, OF},
		{"# T\n[RemoteUser] Tybalt of Marlowe\n[Peer] Marlowe\n---\n", 2, 1, OF},
		{"# T\n[User] Marlowe\n[RemoteUser] Tybalt of Marlowe\n---\n", 3, 1, OF},
		{"# T\n[User] Marlowe\n[Peer] Kyd below Marlowe\n---\n", 3, 1, OF},
		{"# T\n[Peer] Crowd x 0\n---\n", 2, 1, "a group has 1 to 1000 peers"},
		{"# T\n[Peer] Crowd x 1001\n---\n", 2, 1, "a group has 1 to 1000 peers"},
		{"# T\n[Peer] Crowd 2\n[Peer] Crowd x 2\n---\n", 3, 1, "'Crowd 2' is in the cast already"},
		{"# T\n[Peer] Crowd x 2\n\tsubdomain: a\n---\n", 3, 2, "the peers of a group have no properties"},
		{"# T\n[Admin] Bard\n\tage: 7\n---\n", 3, 2, PROPERTIES},
		{"# T\n[Admin] Bard\n\tjid x\n---\n", 3, 2, PROPERTIES},
		{"# T\n\tjid: a@b\n---\n", 2, 2, PROPERTIES},
		{"# T\n[Peer] A\n\tdialback: good\n---\n", 3, 2, "expected dialback: valid, invalid or error"},
		{"# T\n[Peer] A\n\treachable: no\n---\n", 3, 2,
				"expected reachable: no name, closed port, black hole, DNS fails or DNS is silent"},
		{"# T\n[Peer] A\n\ttls: 1.1\n---\n", 3, 2, "expected tls: none, required or 1.2"},
		{"# T\n[Peer] A\n\tcertificate: old\n---\n", 3, 2,
				"expected certificate: expired, not yet valid, self-signed, unknown authority, wrong name or wrong "
				"usage"},
		{"# T\n[Peer] A\n\tauthentication: none\n---\n", 3, 2, "expected authentication: dialback"},
		{"# T\n[Peer] A\n\tbidi: no\n---\n", 3, 2, "expected bidi: yes"},
		{"# T\nBard connects\n---\n", 2, 1, HEAD_LINE},
		{"# T\n[Admin] Bard\n", 2, 1, SEPARATOR},
		{"# T\n[Admin] Bard\n--\n", 3, 1, SEPARATOR},
		{"# T\n[Admin] Bard\n\n--- x\n", 4, 1, SEPARATOR},
};

START_TEST(what_is_wrong_in_the_head)
{
	read_text(heads[_i].text);
	only_problem(heads[_i].line, heads[_i].column, heads[_i].message);
}
END_TEST

START_TEST(an_empty_file_has_problems)
{
	read_text("");
	problem_is(0, FILE_NAME, 1, 1, SEPARATOR);
	problem_is(1, FILE_NAME, 1, 1, "expected a title: `# Title` on the first line");
	ck_assert_uint_eq(ps.count, 2);
	ck_assert_str_eq(s->title, "area/name");
	ck_assert_str_eq(s->expanded, "");
	scenario_destroy(NULL);
}
END_TEST

START_TEST(a_missing_separator_is_told_with_the_lines_it_spoils)
{
	read_text("# T\n[Admin] Bard\n\nBard connects\n");
	problem_is(0, FILE_NAME, 4, 1, HEAD_LINE);
	problem_is(1, FILE_NAME, 4, 1, SEPARATOR);
	ck_assert_uint_eq(s->play.count, 0);
}
END_TEST

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
	ck_assert_uint_eq(s->play.count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < s->play.count; i++) {
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
	for (size_t i = 0; i < s->cast_count; i++) {
		ck_assert_int_eq(s->cast[i].used, 1);
	}
}
END_TEST

START_TEST(raw_octets_are_kept_as_they_stand)
{
	read_play("Marlowe sends raw:\n\t<a b='${target}'><c></a>&#xFFFE; <q:x/>\n");
	no_problem();
	ck_assert_uint_eq(s->play.count, 1);
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
	ck_assert_uint_eq(s->play.count, 8);
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
	ck_assert_str_eq(s->cast[0].dialback, "error");
	ck_assert_str_eq(s->cast[0].tls, "1.2");
	ck_assert_str_eq(s->cast[0].certificate, "wrong name");
	ck_assert_str_eq(s->cast[0].authentication, "dialback");
	ck_assert_str_eq(s->cast[1].reachable, "no name");
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
		ck_assert_uint_eq(ps.count, 1);
		ck_assert_ptr_nonnull(strstr(ps.items[0].message, "is no step"));
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
	ck_assert_uint_eq(s->cast_count, 5);
	ck_assert_str_eq(s->cast[2].name, "Crowd 3");
	ck_assert_str_eq(s->cast[3].name, "A x b");
	ck_assert_str_eq(s->cast[4].name, "C x 2");
	ck_assert_uint_eq(s->play.count, 7);
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
	ck_assert_str_eq(s->expanded,
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
	ck_assert_uint_eq(s->play.count, 2);
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
	steps_each(&s->play, note_line, &b);
	ck_assert_str_eq(buf_text(&b), "9;13;14;18;20;");
	buf_clear(&b);
	scenario_each_check(s, note_check, &b);
	ck_assert_str_eq(buf_text(&b), "9 SB-001;9 SB-002;14 SB-003;20 SB-004;");
	buf_finish(&b);
}
END_TEST

#define NO_STEP "is no step: expected an actor of the cast with a verb, `the target ...`, or a phrase"
#define NO_CHECK "expected a check: `ID text` or `ID text: XPath`, or `bind NAME: XPath`"

static const struct {
	const char *text;
	int line, column; /* line from 1 in the play */
	const char *message;
} plays[] = {
		{"Brad connects\n", 1, 1, "'Brad connects' " NO_STEP},
		{"Bard\n", 1, 1, "'Bard' " NO_STEP},
		{"Bard connect\n", 1, 1, "'Bard connect' " NO_STEP},
		{"Bard Connects\n", 1, 1, "'Bard Connects' " NO_STEP},
		{"Bard connects now\n", 1, 1, "'Bard connects now' " NO_STEP},
		{"Bards connects\n", 1, 1, "'Bards connects' " NO_STEP},
		{"Bard never sends:\n", 1, 1, "'Bard never sends:' " NO_STEP},
		{"the target sleeps\n", 1, 1, "'the target sleeps' " NO_STEP},
		{"the target restarts now\n", 1, 1, "'the target restarts now' " NO_STEP},
		{"the target approves\n", 1, 1, "'the target approves' " NO_STEP},
		{"the target lists Marlowe\n", 1, 1, "'the target lists Marlowe' " NO_STEP},
		{"the target lists Marlowe as pending today\n", 1, 1, "'the target lists Marlowe as pending today' " NO_STEP},
		{"the target shows nobody like a(\n", 1, 1, "'a(' is no regular expression"},
		{"the target lists nobody like a\n", 1, 1, "'the target lists nobody like a' " NO_STEP},
		{"the target lists nobody like  as pending\n", 1, 1, "'the target lists nobody like  as pending' " NO_STEP},
		{"the target shows Marlowe\n", 1, 1, "'the target shows Marlowe' " NO_STEP},
		{"the target approves Brad\n", 1, 1, "'Brad' is no peer or remote user of the cast"},
		{"the target approves Bard\n", 1, 1, "'Bard' is no peer or remote user of the cast"},
		{"the target lists Kit as pending\n", 1, 1, "'Kit' is no peer or remote user of the cast"},
		{"${a} equals ${b}\n", 1, 1, "'${a} equals ${b}' " NO_STEP},
		{"x is ${b}\n", 1, 1, "'x is ${b}' " NO_STEP},
		{"${a} is\n", 1, 1, "'${a} is' " NO_STEP},
		{"Together\n", 1, 1, "'Together' " NO_STEP},
		/* bodies */
		{"Bard sends:\nBard connects\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard sends:\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard receives:\n\tSB-001 alone\n", 1, 1, "expected an indented stanza below this line"},
		{"Bard sends:\n\t<iq/>\n\tSB-001 sent\n", 3, 2, "a check below `sends`; checks stand below what is received"},
		{"Bard sends:\n\t<iq/>\n\t<iq/>\n", 3, 2,
				"a second element <iq>; expected one element (is a `receives:` line missing?)"},
		{"Bard sends:\n\t<iq id='{bind:a}'/>\n", 2, 2,
				"\"id='{bind:a}'\" in a stanza to send; patterns are for `receives` (is a `receives:` line missing?)"},
		{"Marlowe sends raw:\n", 1, 1, "expected an indented line of octets below this line"},
		{"Marlowe sends raw:\n\t<a>\n\t</b>\n", 3, 2, "raw octets are one line"},
		{"Bard sends raw:\n\t<a>\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, sends raw octets"},
		{"Tybalt sends raw:\n\t<a>\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, sends raw octets"},
		{"Bard receives: nothing\n\t<iq/>\n", 2, 2, NO_CHECK},
		{"Bard connects\n\t<iq/>\n", 2, 2, NO_CHECK},
		{"the target restarts\n\tsoon\n", 2, 2, NO_CHECK},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text\n\tand more\n", 4, 2, NO_CHECK},
		{"Bard resets\n", 1, 1, "only a peer resets"},
		{"unreachable:\n", 1, 1, "expected `unreachable: why`, with nothing below it"},
		{"unreachable: so\n\tSB-001 x\n", 1, 1, "expected `unreachable: why`, with nothing below it"},
		{"Bard opens a stream\n", 1, 1, "only a peer and a component open streams"},
		{"Tybalt holds back its answers\n", 1, 1, "only a peer holds back answers and ends streams like that"},
		{"Bard half-closes its streams\n", 1, 1, "only a peer holds back answers and ends streams like that"},
		{"Bard ends the target's streams with reset\n", 1, 1,
				"only a peer holds back answers and ends streams like that"},
		{"Marlowe ends the target's streams with joy\n", 1, 1, "expected a condition of RFC 6120 section 4.9.3"},
		{"Marlowe opens a stream\n\tSB-001 x\n", 1, 1, "nothing stands below this step"},
		{"Marlowe opens a stream with:\n", 1, 1, "expected an indented line of octets below this line"},
		{"Bard's stream is closed\n", 1, 1,
				"only a peer, a component, or a client with `resource:` or `login:`, has a stream that can be waited "
				"for"},
		{"Marlowe's stream is closed with\n", 1, 1, "'Marlowe's stream is closed with' " NO_STEP},
		{"the target opens a stream to Bard\n", 1, 1, "'Bard' is no peer or remote user of the cast"},
		{"Tybalt connects\n", 1, 1, "a remote user has no connection of its own; its peer connects and disconnects"},
		{"Tybalt disconnects\n", 1, 1, "a remote user has no connection of its own; its peer connects and disconnects"},
		/* indentation */
		{"\tBard connects\n", 1, 2, "unexpected indentation: this line belongs to no step"},
		{"  Bard connects\n", 1, 2, "unexpected indentation: this line belongs to no step"},
		{"either:\n\tBard receives:\n\t\t<iq/>\nor:\n\t\tBard receives:\n\t\t\t<iq/>\n\tBard receives:\n\t\t<iq/>\n", 5,
				3, "unexpected indentation: this line belongs to no step"},
		/* blocks */
		{"or:\n\tBard receives:\n\t\t<iq/>\n", 1, 1, "`or:` without `either:` before it"},
		{"Bard connects\nor:\n\tBard receives:\n\t\t<iq/>\n", 2, 1, "`or:` without `either:` before it"},
		{"Together:\n", 1, 1, "expected steps below this line"},
		{"either:\nor:\n\tBard receives:\n\t\t<iq/>\n", 1, 1, "expected steps below this line"},
		{"Together:\n\tBard receives:\n\t\t<iq/>\n\tBard connects\n", 4, 1,
				"only `receives` steps stand below `Together:`"},
		{"Together:\n\tTogether:\n\t\tBard receives:\n\t\t\t<iq/>\n", 2, 1,
				"only `receives` steps stand below `Together:`"},
		{"either:\n\tBard connects\nor:\n\tBard receives:\n\t\t<iq/>\n", 2, 1,
				"a branch begins with a `receives` step: it decides which branch is played"},
		{"either:\n\tBard receives:\n\t\t<iq/>\nor:\n\tBard receives: nothing\n", 5, 1,
				"a branch begins with a `receives` step: it decides which branch is played"},
		/* checks */
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: @type =\n", 3, 2, "'@type =' is no XPath 1.0 expression"},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: y:a\n", 3, 2, "'y:a' has an unknown prefix or function"},
		{"Bard receives:\n\t<iq/>\n\tSB-001 text: @a = ${target}\n", 3, 2,
				"a variable in XPath stands alone in quotes: '${name}'"},
};

START_TEST(problems_of_groups)
{
	read_play("For each peer of Marlowe:\n\tMarlowe connects\n");
	only_problem(PLAY_AT, 1, "expected a group of the cast: `[Peer] Name x 20`");
	read_text("# T\n[Peer] Crowd x 9\n---\nFor each peer of Crowd:\nCrowd 1 connects\n");
	only_problem(4, 1, "expected steps below this line");
	read_text("# T\n[Peer] Crowd x 9\n---\nFor each peer of Crowd:\n\tCrowd sleeps\n");
	only_problem(5, 1, "'Crowd 1 sleeps' " NO_STEP);
}
END_TEST

START_TEST(what_is_wrong_in_the_play)
{
	read_play(plays[_i].text);
	only_problem(PLAY_AT - 1 + plays[_i].line, plays[_i].column, plays[_i].message);
}
END_TEST

START_TEST(a_problem_does_not_hide_the_next)
{
	read_play("Brad connects\nBard sends:\n\t<iq\nBard sendz:\n\t<iq/>\nBard connects\n");
	ck_assert_uint_eq(ps.count, 3);
	ck_assert_int_eq(ps.items[0].line, PLAY_AT);
	ck_assert_int_eq(ps.items[1].line, PLAY_AT + 2);
	ck_assert_int_eq(ps.items[2].line, PLAY_AT + 3);
	ck_assert_int_eq(step(s->play.count - 1)->kind, STEP_CONNECT);
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

/* --- phrases --- */

START_TEST(a_phrase_becomes_its_steps)
{
	add_phrases("Phrase: {admin} asks {peer}\n\n{admin} sends:\n\t<iq to='${{peer}}'/>\n{peer} receives:\n"
				"\t<iq/>\n\tSB-001 it comes\n");
	read_play("Bard connects\nBard asks Marlowe\n\tSB-002 below the phrase\nBard asks Kit Marlowe:\n");
	no_problem();
	ck_assert_uint_eq(s->play.count, 5);
	ck_assert_str_eq(step(1)->text, "Bard sends:");
	ck_assert_str_eq(step(1)->file, "phrases/p.scs");
	ck_assert_int_eq(step(1)->line, 3);
	ck_assert_int_eq(step(1)->used_at, PLAY_AT + 1);
	ck_assert_str_eq(step(1)->template->text, "<iq to='${Marlowe}'/>");
	ck_assert_str_eq(actor(step(2)), "Marlowe");
	ck_assert_uint_eq(step(2)->checks_count, 2);
	ck_assert_str_eq(step(2)->checks[0].file, "phrases/p.scs");
	ck_assert_int_eq(step(2)->checks[0].line, 7);
	ck_assert_str_eq(step(2)->checks[1].id, "SB-002");
	ck_assert_str_eq(step(2)->checks[1].file, FILE_NAME);
	ck_assert_int_eq(step(2)->checks[1].line, PLAY_AT + 2);
	ck_assert_str_eq(actor(step(4)), "Kit Marlowe");
	ck_assert_int_eq(step(4)->used_at, PLAY_AT + 3);
}
END_TEST

START_TEST(checks_below_a_phrase_belong_to_its_last_receiving_step)
{
	add_phrases("Phrase: one\nMarlowe receives:\n\t<iq/>\nMarlowe receives: nothing\nBard connects\n"
				"Phrase: two\nMarlowe receives:\n\t<iq/>\nTogether:\n\tBard receives:\n\t\t<iq/>\n"
				"\tMarlowe receives:\n\t\t<iq/>\nPhrase: three\nthe target lists Marlowe as pending\n"
				"Phrase: four\nthe target shows Marlowe as both\nPhrase: five\nMarlowe never receives:\n\t<iq/>\n");
	read_play("one\n\tSB-001 x\ntwo\n\tSB-002 x\nthree\n\tSB-003 x\nfour\n\tSB-004 x\nfive\n\tSB-005 x\n");
	no_problem();
	ck_assert_uint_eq(step(0)->checks_count, 0);
	ck_assert_str_eq(step(1)->checks[0].id, "SB-001");
	ck_assert_uint_eq(step(3)->checks_count, 0);
	ck_assert_uint_eq(step(4)->branches[0].items[0].checks_count, 0);
	ck_assert_str_eq(step(4)->branches[0].items[1].checks[0].id, "SB-002");
	ck_assert_str_eq(step(5)->checks[0].id, "SB-003");
	ck_assert_str_eq(step(6)->checks[0].id, "SB-004");
	ck_assert_str_eq(step(7)->checks[0].id, "SB-005");
}
END_TEST

START_TEST(a_phrase_that_ends_in_branches_takes_no_checks)
{
	add_phrases("Phrase: {who} hears\n{who} receives:\n\t<a/>\neither:\n\t{who} receives:\n\t\t<b/>\nor:\n\t{who} "
				"receives:\n"
				"\t\t<c/>\n");
	read_play("Bard hears\n\tSB-001 which?\n");
	only_problem(
			PLAY_AT, 1, "checks below a phrase that ends in branches: it is not clear which stanza they are about");
}
END_TEST

START_TEST(a_phrase_that_receives_nothing_takes_no_checks)
{
	add_phrases("Phrase: {who} comes\n{who} connects\n");
	read_play("Bard comes\n\tSB-001 it does\n");
	only_problem(PLAY_AT, 1, "checks below a phrase that receives nothing");
	read_play("Bard comes\n\tand goes\n");
	only_problem(PLAY_AT, 1, "checks below a phrase that receives nothing");
}
END_TEST

START_TEST(phrases_within_phrases_and_branches)
{
	add_phrases("Phrase: {a} asks {b}\n{a} sends:\n\t<iq/>\n{b} hears it\nPhrase: {b} hears it\neither:\n"
				"\t{b} receives:\n\t\t<iq id='{bind:id}'/>\n\t{b} says ${id}\nor:\n\t{b} receives:\n\t\t<presence/>\n"
				"Phrase: {b} says {text}\n{b} sends:\n\t<iq id='{text}'/>\n");
	read_play("either:\n\tBard receives:\n\t\t<iq/>\n\tBard asks Marlowe\nor:\n\tBard receives:\n\t\t<message/>\n");
	no_problem();
	const struct steps *branch = &step(0)->branches[0];
	ck_assert_uint_eq(branch->count, 3);
	const struct step *inner = &branch->items[2];
	ck_assert_int_eq(inner->kind, STEP_EITHER);
	ck_assert_int_eq(inner->used_at, PLAY_AT + 3);
	ck_assert_str_eq(template_attr(inner->branches[0].items[0].template, "id"), "{bind:id#2}");
	ck_assert_str_eq(template_attr(inner->branches[0].items[1].template, "id"), "${id#2}");
	ck_assert_str_eq(s->expanded, "either:\n\tBard receives:\n\t\t<iq/>\n\tBard sends:\n\t\t<iq/>\n\teither:\n"
								  "\t\tMarlowe receives:\n\t\t\t<iq id='{bind:id#2}'/>\n\t\tMarlowe sends:\n"
								  "\t\t\t<iq id='${id#2}'/>\n\tor:\n\t\tMarlowe receives:\n\t\t\t<presence/>\n"
								  "or:\n\tBard receives:\n\t\t<message/>\n");
}
END_TEST

START_TEST(the_expanded_play_is_text)
{
	add_phrases("Phrase: {a} asks\n# note\n{a} sends:\n\t<iq>\n\n\t\t<x/>\n\t</iq>\n");
	read_play("# comment\nBard connects\n\nBard asks\nMarlowe receives: nothing\n\tSB-001 text\n\t\tgoes on\n");
	no_problem();
	ck_assert_str_eq(s->expanded, "Bard connects\nBard sends:\n\t<iq>\n\t\t<x/>\n\t</iq>\n"
								  "Marlowe receives: nothing\n\tSB-001 text\n\t\tgoes on\n");
}
END_TEST

START_TEST(phrases_do_not_lead_back)
{
	add_phrases("Phrase: {a} loops\n\n{a} connects\n{a} loops\n{a} loops\n");
	read_play("Bard loops\n");
	ck_assert_uint_eq(ps.count, 2);
	problem_is(0, "phrases/p.scs", 4, 1, "this phrase leads back to itself (used at area/name.scs:9)");
	problem_is(1, "phrases/p.scs", 5, 1, "this phrase leads back to itself (used at area/name.scs:9)");
	teardown();
	add_phrases("Phrase: {a} pings\n{a} pongs\n\nPhrase: {a} pongs\n{a} pings\n");
	read_play("either:\n\tBard receives:\n\t\t<iq/>\n\tBard pings\nor:\n\tBard receives:\n\t\t<iq/>\n");
	ck_assert_uint_eq(ps.count, 1);
	problem_is(0, "phrases/p.scs", 5, 2, "this phrase leads back to itself (used at area/name.scs:12)");
}
END_TEST

START_TEST(phrases_nest_to_a_limit)
{
	struct buf text = {0};
	for (int i = 0; i < 17; i++) {
		buf_printf(&text, "Phrase: phrase number %d.\nphrase number %d.\n", i, i + 1);
	}
	buf_add_text(&text, "Phrase: phrase number 17.\nBard connects\n");
	add_phrases(buf_text(&text));
	buf_finish(&text);
	read_play("phrase number 2.\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_CONNECT);
	read_play("phrase number 1.\n");
	problem_is(0, "phrases/p.scs", 34, 1, "phrases nest too deeply (used at area/name.scs:9)");
}
END_TEST

START_TEST(one_phrase_may_be_used_twice_side_by_side)
{
	add_phrases("Phrase: {a} comes\n{a} connects\nPhrase: all come\nBard comes\nRomeo comes\n");
	read_play("all come\nBard comes\n");
	no_problem();
	ck_assert_uint_eq(s->play.count, 3);
}
END_TEST

START_TEST(two_phrases_that_fit_are_a_problem)
{
	add_phrases("Phrase: {a} asks {b}\n{a} connects\n\nPhrase: {who} asks {whom}\n{who} connects\n");
	read_play("Bard asks Marlowe\n");
	only_problem(PLAY_AT, 1, "two phrases fit: phrases/p.scs:1 and phrases/p.scs:4");
}
END_TEST

START_TEST(problems_in_a_phrase_say_who_used_it)
{
	add_phrases("# about\nPhrase: {a} asks {b}\n\n{a} sends:\n\t<iq>\n\t</presence>\n{b} receives:\n\t<iq/>\n"
				"\tSB-001 x: @a =\nthe target approves {b}\n{a} runs\n");
	read_play("Bard connects\n\nBrad asks Bard\n");
	ck_assert_uint_eq(ps.count, 4);
	problem_is(0, "phrases/p.scs", 4, 1, "'Brad sends:' " NO_STEP " (used at area/name.scs:11)");
	problem_is(1, "phrases/p.scs", 9, 2, "'@a =' is no XPath 1.0 expression (used at area/name.scs:11)");
	problem_is(2, "phrases/p.scs", 10, 1, "'Bard' is no peer or remote user of the cast (used at area/name.scs:11)");
	problem_is(3, "phrases/p.scs", 11, 1, "'Brad runs' " NO_STEP " (used at area/name.scs:11)");
	read_play("Bard asks Marlowe\n");
	ck_assert_uint_eq(ps.count, 3);
	ck_assert_str_eq(ps.items[0].file, "phrases/p.scs");
	ck_assert_int_eq(ps.items[0].line, 6);
	ck_assert_ptr_nonnull(strstr(ps.items[0].message, " (used at area/name.scs:9)"));
}
END_TEST

START_TEST(a_verb_goes_before_a_phrase)
{
	add_phrases("Phrase: {a} connects\n{a} disconnects\n");
	read_play("Bard connects\n");
	no_problem();
	ck_assert_int_eq(step(0)->kind, STEP_CONNECT);
}
END_TEST

/* --- hostile input --- */

START_TEST(deep_nesting_is_read)
{
	struct buf play = {0};
	for (int i = 0; i < 500; i++) {
		for (int tab = 0; tab < i; tab++) {
			buf_add_text(&play, "\t");
		}
		buf_add_text(&play, "either:\n");
	}
	read_play(buf_text(&play));
	ck_assert_uint_gt(ps.count, 0);
	buf_finish(&play);
}
END_TEST

START_TEST(odd_octets_are_read)
{
	static const char *const odd[] = {"\r\r\r", "-----", "[", "]", "[]", "##", "#", "\t", ":", "${", "${} is ",
			"the target ", "the target shows  as ", "the target lists  as pending", "Bard ", "Bard :", "Bard receives",
			"Bard receives within", "Together:\n\tor:", "either:\n\teither:\n\tor:", "\x01\x7f", "\xff\xfe",
			"Bard sends:\n\t<", "Bard sends:\n\t&#0;", "Bard receives:\n\t<a b='{bind:", "Marlowe as as pending"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		read_text(odd[i]);
		ck_assert_uint_gt(ps.count, 0);
		read_play(odd[i]);
	}
}
END_TEST

/* --- scansion --- */

/* A script as people write for scansion: two devices of one account, all forms of its syntax. */
static const char scansion[] =
		"# Carbons: a message that one device sends shows on the other\n"
		"# See XEP-0280\n"
		"## status: stable\n"
		"## slow\n"
		"\n"
		"[Client] Juliet\n"
		"\tjid: juliet@localhost\n"
		"\tpassword: secret\n"
		"\n"
		"[Client] Juliet's phone\n"
		"    jid: juliet@localhost/phone\n"
		"    password: secret\n"
		"    connect_host: 127.0.0.1\n"
		"    connect_port: 5222\n"
		"    resource: phone\n"
		"\n"
		"// vim: syntax=xml\n"
		"---------\n"
		"\n"
		"Juliet connects\n"
		"\n"
		"# comments stand anywhere\n"
		"Juliet's phone connects\n"
		"-- Juliet disconnects\n"
		"\n"
		"Juliet's phone sends:\n"
		"\t<iq type=\"set\" id='enable'>\n"
		"\t\t<enable xmlns=\"urn:xmpp:carbons:2\"/>\n"
		"\t</iq>\n"
		"\n"
		"Juliet's phone receives\n"
		"\t<iq to=\"${Juliet's phone's full JID}\" type='result' id='enable'/>\n"
		"\n"
		"Juliet sends\n"
		"\t<message xml:lang='en'\n"
		"\t         to=\"romeo@localhost\"\n"
		"\t\t type='chat'>\n"
		"\t\t<body>It&apos;s me &amp; &quot;you&quot;</body>\n"
		"\t</message>\n"
		"\n"
		"Juliet's phone receives:\n"
		"\t<message from=\"${Juliet's JID}\" to=\"${Juliet's phone's full JID}\">\n"
		"\t\t<sent xmlns='urn:xmpp:carbons:2'>\n"
		"\t\t\t<forwarded xmlns='urn:xmpp:forward:0'>\n"
		"\t\t\t\t<delay xmlns='urn:xmpp:delay' stamp='{scansion:any}' scansion:strict=\"false\"/>\n"
		"\t\t\t\t<message xmlns='jabber:client' id=\"{scansion:capture:first}\" xml:lang='en'>\n"
		"\t\t\t\t\t<body>It&apos;s me &amp; &quot;you&quot;</body>\n"
		"\t\t\t\t</message>\n"
		"\t\t\t</forwarded>\n"
		"\t\t</sent>\n"
		"\t\t<note scansion:strict='true'/>\n"
		"\t</message>\n"
		"\n"
		"Juliet receives: nothing\n"
		"\n"
		"Juliet disconnects\n"
		"\n"
		"// recording ended\n";

START_TEST(scansion_scripts_are_read)
{
	read_text(scansion);
	no_problem();
	ck_assert_str_eq(s->title, "Carbons: a message that one device sends shows on the other");
	ck_assert_str_eq(s->description, "See XEP-0280");
	ck_assert_int_eq(s->slow, 1);
	ck_assert_uint_eq(s->cast_count, 2);
	ck_assert_str_eq(s->cast[1].name, "Juliet's phone");
	ck_assert_str_eq(s->cast[1].resource, "phone");
	static const enum step_kind kinds[] = {STEP_CONNECT, STEP_CONNECT, STEP_SEND, STEP_RECEIVE, STEP_SEND, STEP_RECEIVE,
			STEP_NOTHING, STEP_DISCONNECT};
	static const int actors[] = {0, 1, 1, 1, 0, 1, 0, 0};
	ck_assert_uint_eq(s->play.count, sizeof kinds / sizeof *kinds);
	for (size_t i = 0; i < s->play.count; i++) {
		ck_assert_int_eq(step(i)->kind, kinds[i]);
		ck_assert_int_eq(step(i)->actor, actors[i]);
	}
	const struct template *sent = step(4)->template;
	ck_assert_str_eq(template_attr(sent, "to"), "romeo@localhost");
	ck_assert_str_eq(template_attr(sent, "type"), "chat");
	char *body = node_text(node_child(sent->root, "body", NS_CLIENT));
	ck_assert_str_eq(body, "It's me & \"you\"");
	free(body);
}
END_TEST

START_TEST(scansion_scripts_are_matched)
{
	read_text(scansion);
	struct vars vars = {0};
	struct vars binds = {0};
	struct mismatch why = {0};
	vars_set(&vars, "Juliet's JID", "juliet@localhost");
	vars_set(&vars, "Juliet's phone's full JID", "juliet@localhost/phone");
#define CARBON(sent, stamp, forwarded, note)                                                                           \
	"<message from='juliet@localhost' to='juliet@localhost/phone' type='chat'><sent xmlns='urn:xmpp:carbons:2'" sent   \
	"><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'" stamp "/>"                                  \
	"<message xmlns='jabber:client' id='m1' xml:lang='en'><body>It&apos;s me &amp; \"you\"</body>" forwarded           \
	"</message></forwarded></sent>" note "<other xmlns='urn:o'/></message>"
	static const struct {
		const char *text, *where;
	} carbons[] = {{CARBON("", " stamp='2024' from='x'", "", "<note/>"), NULL},
			{CARBON(" x='1'", " stamp='2024'", "", "<note/>"), "message/sent@x"},
			{CARBON("", "", "", "<note/>"), "message/sent/forwarded/delay@stamp"},
			{CARBON("", " stamp='2024'", "<x/>", "<note/>"), "message/sent/forwarded/message"},
			{CARBON("", " stamp='2024'", "", "<note x='1'/>"), "message/note@x"}};
	for (size_t i = 0; i < sizeof carbons / sizeof *carbons; i++) {
		struct stanza *stanza = stanza_parse(carbons[i].text, NS_CLIENT);
		ck_assert_ptr_nonnull(stanza);
		int ok = template_match(step(5)->template, stanza, &vars, NULL, &binds, &why);
		ck_assert_pstr_eq(why.where, carbons[i].where);
		ck_assert_int_eq(ok, !carbons[i].where);
		mismatch_finish(&why);
		stanza_unref(stanza);
	}
	ck_assert_str_eq(vars_get(&binds, "first"), "m1");
	vars_finish(&vars);
	vars_finish(&binds);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader");
	TCase *tests = tcase_create("head");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, head_is_read);
	tcase_add_test(tests, a_plain_head_has_defaults);
	tcase_add_test(tests, all_classes_and_properties);
	tcase_add_test(tests, classes_are_described);
	tcase_add_loop_test(tests, what_is_wrong_in_the_head, 0, sizeof heads / sizeof *heads);
	tcase_add_test(tests, an_empty_file_has_problems);
	tcase_add_test(tests, a_missing_separator_is_told_with_the_lines_it_spoils);
	suite_add_tcase(suite, tests);
	tests = tcase_create("steps");
	tcase_add_checked_fixture(tests, NULL, teardown);
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
	tcase_add_test(tests, problems_of_groups);
	tcase_add_test(tests, comparisons);
	tcase_add_test(tests, blocks_nest);
	tcase_add_test(tests, steps_and_checks_are_visited_in_order);
	tcase_add_loop_test(tests, what_is_wrong_in_the_play, 0, sizeof plays / sizeof *plays);
	tcase_add_test(tests, a_problem_does_not_hide_the_next);
	tcase_add_test(tests, checks_are_read);
	tcase_add_test(tests, what_looks_like_an_id_only);
	tcase_add_test(tests, deep_nesting_is_read);
	tcase_add_test(tests, odd_octets_are_read);
	suite_add_tcase(suite, tests);
	tests = tcase_create("phrases");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, a_phrase_becomes_its_steps);
	tcase_add_test(tests, checks_below_a_phrase_belong_to_its_last_receiving_step);
	tcase_add_test(tests, a_phrase_that_receives_nothing_takes_no_checks);
	tcase_add_test(tests, a_phrase_that_ends_in_branches_takes_no_checks);
	tcase_add_test(tests, phrases_within_phrases_and_branches);
	tcase_add_test(tests, the_expanded_play_is_text);
	tcase_add_test(tests, phrases_do_not_lead_back);
	tcase_add_test(tests, phrases_nest_to_a_limit);
	tcase_add_test(tests, one_phrase_may_be_used_twice_side_by_side);
	tcase_add_test(tests, two_phrases_that_fit_are_a_problem);
	tcase_add_test(tests, problems_in_a_phrase_say_who_used_it);
	tcase_add_test(tests, a_verb_goes_before_a_phrase);
	suite_add_tcase(suite, tests);
	tests = tcase_create("scansion");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, scansion_scripts_are_read);
	tcase_add_test(tests, scansion_scripts_are_matched);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
