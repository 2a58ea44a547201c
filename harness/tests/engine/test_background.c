/* script/background */
#include "run.h"
#include "script/background.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static struct background b;
static struct problems ps;
static struct vars vars;

static void teardown(void)
{
	background_finish(&b);
	problems_finish(&ps);
	vars_finish(&vars);
}

static const char rules[] = "# what peers do\n"
							"\n"
							"a peer answers:\n"
							"\t<iq type='get'>\n"
							"\t\t<ping xmlns='urn:xmpp:ping'/>\n"
							"\t</iq>\n"
							"\t<iq type='result'/>\n"
							"\n"
							"a peer answers:\n"
							"\t<iq type='get'>\n"
							"\t\t<query xmlns='urn:q'/>\n"
							"\t</iq>\n"
							"# the answer\n"
							"\t<iq type='result'>\n"
							"\n"
							"\t\t<query xmlns='urn:q'><a/></query>\n"
							"\t</iq>\n"
							"a peer tolerates:\n"
							"\t<presence from='{match:[^@]*}'/>\n"
							"a client tolerates:\n"
							"\t<message/>\n"
							"a client answers:\n"
							"\t<iq\n"
							"\t\ttype='get'/>\n"
							"\t<iq type='error'/>\n"
							"a peer tolerates:\n"
							"\t<iq/>";

/* Line of the rule that fits, 0 if none does. */
static int rule_for(const char *ns, const char *text)
{
	struct stanza *s = stanza_parse(text, ns);
	const struct background_rule *r = background_find(&b, ns, s, &vars);
	stanza_unref(s);
	return r ? r->line : 0;
}

START_TEST(rules_are_read)
{
	background_read(&b, "phrases/b.rules", rules, &ps);
	ck_assert_uint_eq(ps.count, 0);
	static const struct {
		const char *ns;
		int line, answers;
	} expected[] = {{NS_SERVER, 3, 1}, {NS_COMPONENT, 3, 1}, {NS_SERVER, 9, 1}, {NS_COMPONENT, 9, 1},
			{NS_SERVER, 18, 0}, {NS_COMPONENT, 18, 0}, {NS_CLIENT, 20, 0}, {NS_CLIENT, 22, 1}, {NS_SERVER, 26, 0},
			{NS_COMPONENT, 26, 0}};
	ck_assert_uint_eq(b.count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < b.count; i++) {
		ck_assert_str_eq(b.items[i].ns, expected[i].ns);
		ck_assert_int_eq(b.items[i].line, expected[i].line);
		ck_assert_int_eq(b.items[i].answer != NULL, expected[i].answers);
		ck_assert_ptr_nonnull(b.items[i].comes);
	}
	struct stanza *s = template_build(
			b.items[2].answer, &vars, &(struct template_defaults){.from = "p1.test", .to = "srv.test", .id = "q1"});
	ck_assert_str_eq(s->raw, "<iq type=\"result\" from=\"p1.test\" to=\"srv.test\" id=\"q1\">"
							 "<query xmlns=\"urn:q\"><a/></query></iq>");
	stanza_unref(s);
}
END_TEST

START_TEST(the_first_rule_that_fits_is_found)
{
	background_read(&b, "phrases/b.rules", rules, &ps);
	ck_assert_int_eq(rule_for(NS_SERVER, "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"), 3);
	ck_assert_int_eq(rule_for(NS_SERVER, "<iq type='get'><query xmlns='urn:q'/></iq>"), 9);
	ck_assert_int_eq(rule_for(NS_SERVER, "<iq type='set'><query xmlns='urn:q'/></iq>"), 26);
	ck_assert_int_eq(rule_for(NS_SERVER, "<presence from='srv.test'/>"), 18);
	ck_assert_int_eq(rule_for(NS_SERVER, "<presence from='a@srv.test'/>"), 0);
	ck_assert_int_eq(rule_for(NS_SERVER, "<message/>"), 0);
	ck_assert_int_eq(rule_for(NS_CLIENT, "<message from='a@b'><body>x</body></message>"), 20);
	ck_assert_int_eq(rule_for(NS_CLIENT, "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"), 22);
	ck_assert_int_eq(rule_for(NS_CLIENT, "<presence from='srv.test'/>"), 0);
	ck_assert_int_eq(rule_for(NS_COMPONENT, "<presence from='srv.test'/>"), 18);
	ck_assert_int_eq(rule_for(NS_COMPONENT, "<message/>"), 0);
}
END_TEST

START_TEST(files_add_up)
{
	background_read(&b, "1.rules", "a peer tolerates:\n\t<message/>\n", &ps);
	background_read(&b, "2.rules", "a peer tolerates:\n\t<iq/>\n", &ps);
	background_read(&b, "3.rules", "", &ps);
	background_read(&b, "4.rules", "# only\n\n// comments\n", &ps);
	ck_assert_uint_eq(ps.count, 0);
	ck_assert_uint_eq(b.count, 4); /* each for peers and for components */
}
END_TEST

#define EXPECTED "expected `a peer answers:`, `a peer tolerates:`, `a client answers:` or `a client tolerates:`"

static const struct {
	const char *text, *message;
	int line;
} bad[] = {
		{"\na peer hopes:\n\t<iq/>\n", EXPECTED, 2},
		{"a server tolerates:\n\t<iq/>\n", EXPECTED, 1},
		{"a peer tolerates\n\t<iq/>\n", EXPECTED, 1},
		{"a\n", EXPECTED, 1},
		{"\t<iq/>\n", EXPECTED, 1},
		{"a peer tolerates:\n", "expected one stanza below this line", 1},
		{"a peer tolerates:\n\t<iq>\n", "expected one stanza below this line", 1},
		{"a peer tolerates:\n\t<iq/>\n\t<iq/>\n", "expected one stanza below this line", 1},
		{"a peer tolerates:\n\t<iq/><iq/>\n", "expected one stanza below this line", 1},
		{"a peer tolerates:\n\t<iq id='{match:(}'/>\n", "expected one stanza below this line", 1},
		{"a client answers:\n\t<iq/>\n", "expected two stanzas below this line", 1},
		{"a client answers:\n\t<iq/>\n\t<iq/>\n\t<iq/>\n", "expected two stanzas below this line", 1},
		{"a client answers:\n\t<iq/>\n\t<iq\n", "expected two stanzas below this line", 1},
		{"a client answers:\n\t<iq/>\n\t<iq id='{any}'/>\n", "expected two stanzas below this line", 1},
};

START_TEST(what_is_no_rule_is_a_problem)
{
	background_read(&b, "phrases/b.rules", bad[_i].text, &ps);
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].file, "phrases/b.rules");
	ck_assert_int_eq(ps.items[0].line, bad[_i].line);
	ck_assert_int_eq(ps.items[0].column, 1);
	ck_assert_str_eq(ps.items[0].message, bad[_i].message);
	ck_assert_uint_eq(b.count, 0);
}
END_TEST

START_TEST(a_bad_rule_does_not_hide_the_next)
{
	background_read(&b, "phrases/b.rules", "a peer hopes:\n\t<iq/>\na peer tolerates:\n\t<iq/>\n", &ps);
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_uint_eq(b.count, 2);
	ck_assert_int_eq(b.items[0].line, 3);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("background");
	TCase *tests = tcase_create("background");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, rules_are_read);
	tcase_add_test(tests, the_first_rule_that_fits_is_found);
	tcase_add_test(tests, files_add_up);
	tcase_add_loop_test(tests, what_is_no_rule_is_a_problem, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tests, a_bad_rule_does_not_hide_the_next);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
