/* script/reader: title, tags and cast. What scenario_check() adds is in test_static.c. */
#include "reading.h"
#include "run.h"

#include <libxml/parser.h>

START_TEST(head_is_read)
{
	read_text("# The title\n#  and what\n# it is about\n\n# not the description\n## exclusive\n##slow\n"
			  "## needs: restart,  auto_on\n## needs: off_domain\n## status: stable\n// vim: ts=4\n-- note\n"
			  "[Admin] Bard\n[Peer] Marlowe\n---\n# comment\nBard connects\n");
	no_problem();
	ck_assert_str_eq(scenario->id, "area/name");
	ck_assert_str_eq(scenario->file, FILE_NAME);
	ck_assert_str_eq(scenario->title, "The title");
	ck_assert_str_eq(scenario->description, "and what it is about");
	ck_assert_int_eq(scenario->exclusive, 1);
	ck_assert_int_eq(scenario->slow, 1);
	ck_assert_uint_eq(scenario->needs_count, 3);
	ck_assert_str_eq(scenario->needs[0], "restart");
	ck_assert_str_eq(scenario->needs[1], "auto_on");
	ck_assert_str_eq(scenario->needs[2], "off_domain");
	ck_assert_uint_eq(scenario->cast_count, 2);
	ck_assert_uint_eq(scenario->play.count, 1);
	ck_assert_int_eq(step(0)->line, 17);
}
END_TEST

START_TEST(a_plain_head_has_defaults)
{
	read_text("# T\n[Admin] Bard\n---\nBard connects\n");
	no_problem();
	ck_assert_str_eq(scenario->description, "");
	ck_assert_int_eq(scenario->exclusive, 0);
	ck_assert_int_eq(scenario->slow, 0);
	ck_assert_uint_eq(scenario->needs_count, 0);
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
	ck_assert_uint_eq(scenario->cast_count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < scenario->cast_count; i++) {
		ck_assert_str_eq(scenario->cast[i].name, expected[i].name);
		ck_assert_int_eq(scenario->cast[i].class, expected[i].class);
		ck_assert_int_eq(scenario->cast[i].of, expected[i].of);
		ck_assert_int_eq(scenario->cast[i].line, expected[i].line);
	}
	ck_assert_str_eq(scenario->cast[4].jid, "e@srv.test/r");
	ck_assert_str_eq(scenario->cast[4].password, "pass word");
	ck_assert_str_eq(scenario->cast[4].connect_host, "127.0.0.1");
	ck_assert_str_eq(scenario->cast[4].connect_port, "5222");
	ck_assert_str_eq(scenario->cast[4].resource, "phone");
	ck_assert_ptr_null(scenario->cast[4].localpart);
	ck_assert_str_eq(scenario->cast[6].localpart, "gh");
	ck_assert_str_eq(scenario->cast[7].subdomain, "b\u00fccher");
	ck_assert_str_eq(scenario->cast[7].identity, "gateway/sms");
	ck_assert_ptr_null(scenario->cast[5].identity);
	ck_assert_ptr_null(scenario->cast[5].subdomain);
	ck_assert_int_eq(scenario->cast[8].below, 5);
	ck_assert_int_eq(scenario->cast[7].below, -1);
	ck_assert_ptr_null(scenario->cast[0].jid);
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
	ck_assert_uint_eq(problems.count, 2);
	ck_assert_str_eq(scenario->title, "area/name");
	ck_assert_str_eq(scenario->expanded, "");
	scenario_destroy(NULL);
}
END_TEST

START_TEST(a_missing_separator_is_told_with_the_lines_it_spoils)
{
	read_text("# T\n[Admin] Bard\n\nBard connects\n");
	problem_is(0, FILE_NAME, 4, 1, HEAD_LINE);
	problem_is(1, FILE_NAME, 4, 1, SEPARATOR);
	ck_assert_uint_eq(scenario->play.count, 0);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader: head");
	TCase *tests = tcase_create("head");
	tcase_add_checked_fixture(tests, NULL, reading_finish);
	tcase_add_test(tests, head_is_read);
	tcase_add_test(tests, a_plain_head_has_defaults);
	tcase_add_test(tests, all_classes_and_properties);
	tcase_add_test(tests, classes_are_described);
	tcase_add_loop_test(tests, what_is_wrong_in_the_head, 0, sizeof heads / sizeof *heads);
	tcase_add_test(tests, an_empty_file_has_problems);
	tcase_add_test(tests, a_missing_separator_is_told_with_the_lines_it_spoils);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
