/* script/xpath */
#include "run.h"
#include "script/xpath.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static struct vars vars;

static void setup(void)
{
	vars_set(&vars, "target", "srv.test");
	vars_set(&vars, "Juliet's full JID", "juliet@srv.test/it's");
	vars_set(&vars, "evil", "' or true() or \"");
	vars_set(&vars, "both", "a'b\"c");
}

static void teardown(void)
{
	vars_finish(&vars);
}

static int holds(const char *expr, const char *text, const char *ns)
{
	char *error = NULL;
	struct xpath *x = xpath_create(expr, &error);
	ck_assert_msg(x != NULL, "%s: %s", expr, error);
	struct stanza *s = stanza_parse(text, ns);
	ck_assert_ptr_nonnull(s);
	int result = xpath_holds(x, s, &vars);
	stanza_unref(s);
	xpath_destroy(x);
	return result;
}

#define COMMAND                                                                                                        \
	"<iq type='result' from='srv.test' to=\"juliet@srv.test/it's\"><command "                                          \
	"xmlns='http://jabber.org/protocol/commands' "                                                                     \
	"status='executing'><x xmlns='jabber:x:data'><field var='peerjid'><value>a</value></field></x></command></iq>"

static const struct {
	const char *expr;
	int expected;
} on_command[] = {
		{"@type = 'result'", 1},
		{"@type", 1},
		{"@id", 0},
		{"not(@id)", 1},
		{"cmd:command/x:x/x:field[@var = 'peerjid']/x:value = 'a'", 1},
		{"command", 0},
		{"s:command", 0},
		{"self::s:iq", 1},
		{"/s:iq/cmd:command[@status = \"executing\"]", 1},
		{"count(cmd:command) = 1 and count(*) = 1", 1},
		{"string-length(cmd:command/@status) > 3", 1},
		{"'text'", 1},
		{"''", 0},
		{"0", 0},
		{"false()", 0},
		/* variables */
		{"@from = '${target}'", 1},
		{"@from = \"${target}\"", 1},
		{"@to = \"${Juliet's full JID}\"", 1},
		{"@from = '${evil}'", 0},
		{"starts-with(@to, concat('juliet@', '${target}'))", 1},
		{"'${both}' = concat('a', \"'\", 'b', '\"', 'c')", 1},
		{"'${unknown}' = ''", 1},
		{"'${target}' = '${target}'", 1},
};

START_TEST(checks_on_a_command)
{
	ck_assert_int_eq(holds(on_command[_i].expr, COMMAND, NS_CLIENT), on_command[_i].expected);
}
END_TEST

static const struct {
	const char *expr, *stanza;
} prefixes[] = {
		{"info:query/info:feature", "<iq><query xmlns='http://jabber.org/protocol/disco#info'><feature/></query></iq>"},
		{"items:query", "<iq><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"},
		{"s:error/err:gone", "<iq><error><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"},
		{"roster:query", "<iq><query xmlns='jabber:iq:roster'/></iq>"},
		{"ping:ping", "<iq><ping xmlns='urn:xmpp:ping'/></iq>"},
		{"version:query", "<iq><query xmlns='jabber:iq:version'/></iq>"},
		{"self::stream:error/streams:conflict", "<error xmlns='http://etherx.jabber.org/streams'><conflict "
												"xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"},
		{"self::db:result", "<result xmlns='jabber:server:dialback'/>"},
		{"caps:c", "<presence><c xmlns='http://jabber.org/protocol/caps'/></presence>"},
		{"nick:nick", "<presence><nick xmlns='http://jabber.org/protocol/nick'/></presence>"},
		{"delay:delay", "<presence><delay xmlns='urn:xmpp:delay'/></presence>"},
};

START_TEST(prefixes_are_known)
{
	ck_assert_int_eq(holds(prefixes[_i].expr, prefixes[_i].stanza, NS_CLIENT), 1);
	ck_assert_int_eq(holds(prefixes[_i].expr, "<iq/>", NS_CLIENT), 0);
}
END_TEST

START_TEST(s_is_the_namespace_of_the_stanza)
{
	ck_assert_int_eq(holds("s:body", "<message><body/></message>", NS_CLIENT), 1);
	ck_assert_int_eq(holds("s:body", "<message><body/></message>", NS_SERVER), 1);
	ck_assert_int_eq(holds("s:body", "<message><body xmlns='jabber:client'/></message>", NS_SERVER), 0);
}
END_TEST

static const struct {
	const char *expr, *error;
} refused[] = {
		{"", "'' is no XPath 1.0 expression"},
		{"@type =", "'@type =' is no XPath 1.0 expression"},
		{"@type = 'open", "'@type = 'open' is no XPath 1.0 expression"},
		{"cmd:command[", "'cmd:command[' is no XPath 1.0 expression"},
		{"nobody:query", "'nobody:query' has an unknown prefix or function"},
		{"matches(@id, 'x')", "'matches(@id, 'x')' has an unknown prefix or function"},
		{"$name = 'x'", "'$name = 'x'' has an unknown prefix or function"},
		{"@from = ${target}", "a variable in XPath stands alone in quotes: '${name}'"},
		{"@from = 'a@${target}'", "a variable in XPath stands alone in quotes: '${name}'"},
		{"@from = '${a}${b}'", "a variable in XPath stands alone in quotes: '${name}'"},
		{"@from = '${}'", "a variable in XPath stands alone in quotes: '${name}'"},
		{"@to = '${Juliet's full JID}'", "a variable in XPath stands alone in quotes: '${name}'"},
};

START_TEST(refuses_what_is_no_xpath)
{
	char *error = "not set";
	ck_assert_ptr_null(xpath_create(refused[_i].expr, &error));
	ck_assert_str_eq(error, refused[_i].error);
	free(error);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
	struct buf deep = {0};
	char *error;
	for (int i = 0; i < 4096; i++) {
		buf_add_text(&deep, "(");
	}
	ck_assert_ptr_null(xpath_create(buf_text(&deep), &error));
	ck_assert_ptr_nonnull(strstr(error, "is no XPath 1.0 expression"));
	free(error);
	buf_add_text(&deep, "(");
	ck_assert_ptr_null(xpath_create(buf_text(&deep), &error));
	ck_assert_str_eq(error, "XPath of more than 4096 octets");
	free(error);
	buf_finish(&deep);
}
END_TEST

START_TEST(what_cannot_be_evaluated_is_told)
{
	/* The unknown prefix is not reached on a stanza without type. */
	ck_assert_int_eq(holds("@type and nobody:query", "<iq/>", NS_CLIENT), 0);
	ck_assert_int_eq(holds("@type and nobody:query", "<iq type='get'/>", NS_CLIENT), -1);
}
END_TEST

START_TEST(names_are_told)
{
	char *error;
	struct xpath *x = xpath_create("@from = '${target}' or @to = \"${Juliet's full JID}\" or @id = 'x'", &error);
	const char *const *names;
	ck_assert_uint_eq(xpath_names(x, &names), 2);
	ck_assert_str_eq(names[0], "target");
	ck_assert_str_eq(names[1], "Juliet's full JID");
	xpath_destroy(x);
	xpath_destroy(NULL);
}
END_TEST

START_TEST(a_check_without_variables_needs_no_values)
{
	char *error;
	struct xpath *x = xpath_create("@type", &error);
	struct stanza *s = stanza_parse("<iq type='get'/>", NS_CLIENT);
	ck_assert_int_eq(xpath_holds(x, s, NULL), 1);
	stanza_unref(s);
	xpath_destroy(x);
}
END_TEST

START_TEST(equal_ones_are_one)
{
	char *error;
	struct xpath *x = xpath_create("@to = '${target}'", &error);
	struct xpath *same = xpath_create("@to = '${target}'", &error);
	struct xpath *other = xpath_create("@to = '${both}'", &error);
	ck_assert_ptr_eq(x, same);
	ck_assert_ptr_ne(x, other);
	xpath_destroy(same);
	xpath_forget_shared();
	struct stanza *s = stanza_parse("<iq to='srv.test'/>", NS_CLIENT);
	ck_assert_int_eq(xpath_holds(x, s, &vars), 1); /* each user keeps it alive */
	ck_assert_int_eq(xpath_holds(other, s, &vars), 0);
	same = xpath_create("@to = '${target}'", &error);
	ck_assert_ptr_ne(x, same);
	ck_assert_int_eq(xpath_holds(same, s, &vars), 1);
	xpath_destroy(same);
	xpath_destroy(other);
	xpath_destroy(x);
	xpath_forget_shared();
	xpath_forget_shared();
	stanza_unref(s);
}
END_TEST

/* They share a context of libxml2's. */
START_TEST(one_evaluation_leaves_nothing_to_the_next)
{
	char *error;
	struct xpath *x = xpath_create("//x[position() = last()]/@to = '${target}'", &error);
	struct xpath *fails = xpath_create("x[@to and nobody:query]", &error);
	struct xpath *s_query = xpath_create("count(s:query)", &error);
	struct stanza *client = stanza_parse("<iq><query/><x xmlns='' to='a'/><x xmlns='' to='srv.test'/></iq>", NS_CLIENT);
	struct stanza *server = stanza_parse("<iq><query xmlns='jabber:client'/></iq>", NS_SERVER);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(xpath_holds(x, client, &vars), 1);
		ck_assert_int_eq(xpath_holds(fails, client, &vars), -1);
		ck_assert_int_eq(xpath_holds(s_query, client, &vars), 1);
		ck_assert_int_eq(xpath_holds(s_query, server, &vars), 0);
		ck_assert_int_eq(xpath_holds(x, server, &vars), 0);
		char *text = xpath_text(s_query, client, NULL);
		ck_assert_str_eq(text, "1");
		free(text);
		/* The variables of x are known by names of their own only while x is evaluated. */
		ck_assert_ptr_null(xpath_create("@id = $v0", &error));
		free(error);
	}
	stanza_unref(client);
	stanza_unref(server);
	xpath_destroy(x);
	xpath_destroy(fails);
	xpath_destroy(s_query);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("xpath");
	TCase *tests = tcase_create("xpath");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, checks_on_a_command, 0, sizeof on_command / sizeof *on_command);
	tcase_add_loop_test(tests, prefixes_are_known, 0, sizeof prefixes / sizeof *prefixes);
	tcase_add_test(tests, s_is_the_namespace_of_the_stanza);
	tcase_add_loop_test(tests, refuses_what_is_no_xpath, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, nesting_has_a_limit);
	tcase_add_test(tests, what_cannot_be_evaluated_is_told);
	tcase_add_test(tests, names_are_told);
	tcase_add_test(tests, a_check_without_variables_needs_no_values);
	tcase_add_test(tests, equal_ones_are_one);
	tcase_add_test(tests, one_evaluation_leaves_nothing_to_the_next);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
