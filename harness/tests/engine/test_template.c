/* script/template: reading and sending. Matching is in test_match.c. */
#include "base/mem.h"
#include "run.h"
#include "script/template.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static struct problems ps;
static struct vars vars;
static struct lines ls;
static struct template *t;

static void teardown(void)
{
	problems_finish(&ps);
	vars_finish(&vars);
	lines_finish(&ls);
	template_destroy(t);
	t = NULL;
}

static struct template *make_template(const char *text, enum template_use use)
{
	teardown();
	lines_split(&ls, "a/b.scs", text);
	t = template_create(ls.items, ls.count, NS_CLIENT, use, 0, &ps);
	return t;
}

static char *octets_of(const struct template *of, const struct template_defaults *defaults)
{
	struct stanza *s = template_build(of, &vars, defaults);
	char *octets = mem_strdup(s->raw);
	stanza_unref(s);
	return octets;
}

/* What a template sends. */
static char *sent(const char *text, const char *from, const char *to, const char *id)
{
	struct lines one = {0};
	struct problems none = {0};
	lines_split(&one, "f", text);
	struct template *made = template_create(one.items, one.count, NS_CLIENT, TEMPLATE_SEND, 0, &none);
	ck_assert_msg(made != NULL, "%s", none.count ? none.items[0].message : "?");
	struct template_defaults defaults = {.from = from, .to = to, .id = id};
	char *octets = octets_of(made, &defaults);
	template_destroy(made);
	lines_finish(&one);
	problems_finish(&none);
	return octets;
}

static void sends(const char *text, const char *expected)
{
	char *octets = sent(text, NULL, NULL, NULL);
	ck_assert_str_eq(octets, expected);
	free(octets);
}

START_TEST(text_is_kept_as_written)
{
	make_template("\t\t<iq type='get'>\n\t\t\t<query xmlns='urn:q'\n\t\t\t\t  a='1'/>\n\t\t</iq>", TEMPLATE_RECEIVE);
	ck_assert_str_eq(t->text, "<iq type='get'>\n\t<query xmlns='urn:q'\n\t\t  a='1'/>\n</iq>");
	make_template("  <iq>\n    <a xmlns='urn:a'/>\n  </iq>", TEMPLATE_RECEIVE);
	ck_assert_str_eq(t->text, "<iq>\n  <a xmlns='urn:a'/>\n</iq>");
}
END_TEST

START_TEST(tree_has_the_default_namespace)
{
	make_template("<iq type='get'><!-- note --><a><b xmlns=''/></a></iq>", TEMPLATE_RECEIVE);
	ck_assert(node_is(t->root, "iq", NS_CLIENT));
	ck_assert_str_eq(template_attr(t, "type"), "get");
	ck_assert_ptr_null(template_attr(t, "id"));
	xmlNodePtr a = node_child(t->root, "a", NS_CLIENT);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(node_child(a, "b", ""));
}
END_TEST

START_TEST(prefixes_need_no_declaration)
{
	make_template("<stream:features><db:x/></stream:features>", TEMPLATE_RECEIVE);
	ck_assert(node_is(t->root, "features", NS_STREAM));
	make_template("<iq scansion:strict='true'/>", TEMPLATE_RECEIVE);
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

static const struct {
	const char *text;
	int line, column;
	const char *message; /* its start */
} refused[] = {
		{"\t<iq>", 1, 2, "expected one well-formed element: "},
		{"\t<iq>\n\t\t<a></b>\n\t</iq>", 2, 3, "expected one well-formed element: "},
		{"\t<iq>\n\t</presence>", 2, 2, "expected one well-formed element: "},
		{"<iq a='1' a='2'/>", 1, 1, "expected one well-formed element: "},
		{"<x:iq/>", 1, 1, "expected one well-formed element: "},
		{"<iq>&unknown;</iq>", 1, 1, "expected one well-formed element: "},
		{"<iq></wrap>", 1, 1, "expected one well-formed element: "},
		{"<iq/></wrap><wrap>", 1, 1, "expected one well-formed element: "},
		{"<!DOCTYPE a><iq/>", 1, 1, "expected one well-formed element: "},
		{"<iq", 1, 1, "expected one well-formed element: "},
		{"<iq to='<'/>", 1, 1, "expected one well-formed element: "},
		{"text", 1, 1, "text outside of the stanza; expected one element"},
		{"<iq/>\ntext", 2, 1, "text outside of the stanza; expected one element"},
		{"<!-- only this -->", 1, 1, "expected one element"},
		{"\t<iq/>\n\t<presence/>", 2, 2,
				"a second element <presence>; expected one element (is a `receives:` line missing?)"},
};

START_TEST(refuses_what_is_not_one_element)
{
	ck_assert_ptr_null(make_template(refused[_i].text, TEMPLATE_RECEIVE));
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_str_eq(ps.items[0].file, "a/b.scs");
	ck_assert_int_eq(ps.items[0].line, refused[_i].line);
	ck_assert_int_eq(ps.items[0].column, refused[_i].column);
	ck_assert_msg(
			!strncmp(ps.items[0].message, refused[_i].message, strlen(refused[_i].message)), "%s", ps.items[0].message);
	ck_assert_ptr_null(strchr(ps.items[0].message, '\n'));
}
END_TEST

static const struct {
	const char *text, *named;
} patterns[] = {
		{"<iq id='{any}'/>", "id='{any}'"},
		{"<iq id='{absent}'/>", "id='{absent}'"},
		{"<iq id='{match:.*}'/>", "id='{match:.*}'"},
		{"<iq id='{bind:x}'/>", "id='{bind:x}'"},
		{"<iq id='{scansion:any}'/>", "id='{scansion:any}'"},
		{"<iq id='{scansion:capture:x}'/>", "id='{scansion:capture:x}'"},
		{"<iq><a><b c='{any}'/></a></iq>", "c='{any}'"},
		{"<iq scansion:strict='false'/>", "strict='false'"},
		{"<iq><a scansion:strict='true'/></iq>", "strict='true'"},
		{"<message><body>{any}</body></message>", "{any}"},
		{"<message><body>\n\t{bind:text}\n</body></message>", "{bind:text}"},
};

START_TEST(refuses_patterns_to_send)
{
	ck_assert_ptr_null(make_template(patterns[_i].text, TEMPLATE_SEND));
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_int_eq(ps.items[0].line, 1);
	char *message = mem_printf("\"%s\" in a stanza to send; patterns are for `receives` (is a `receives:` line "
							   "missing?)",
			patterns[_i].named);
	ck_assert_str_eq(ps.items[0].message, message);
	free(message);
	if (!strstr(patterns[_i].text, ">{absent}<")) {
		ck_assert_ptr_nonnull(make_template(patterns[_i].text, TEMPLATE_RECEIVE));
		ck_assert_uint_eq(ps.count, 0);
	}
}
END_TEST

static const char *const broken[] = {"<iq id='{bind:'/>", "<iq id='{bind:}'/>", "<iq id='{bind:x'/>",
		"<iq id='{match:'/>", "<iq id='{match:}'/>", "<iq id='{match:abc'/>", "<iq id='{match:(}'/>",
		"<iq id='{match:[a}'/>", "<iq id='{scansion:capture:}'/>", "<iq id='{scansion:capture:x'/>",
		"<iq id='{scansion:some}'/>", "<iq><a>{absent}</a></iq>", "<iq><a> {bind:x </a></iq>",
		"<iq scansion:strict='yes'/>", "<iq scansion:strikt='true'/>"};

START_TEST(refuses_broken_patterns)
{
	ck_assert_ptr_null(make_template(broken[_i], TEMPLATE_RECEIVE));
	ck_assert_uint_eq(ps.count, 1);
	ck_assert_ptr_nonnull(strstr(ps.items[0].message, "is no pattern; expected {any}, "));
}
END_TEST

START_TEST(other_braces_are_text)
{
	ck_assert_ptr_nonnull(make_template("<iq id='{}' a='{x}' b='{match'>{\"json\": 1}</iq>", TEMPLATE_RECEIVE));
	ck_assert_ptr_nonnull(make_template("<iq id='{}' a='x{any}' b='{anything}'>{json}</iq>", TEMPLATE_SEND));
	ck_assert_uint_eq(ps.count, 0);
}
END_TEST

START_TEST(only_what_was_written_is_sent)
{
	sends("<presence/>", "<presence/>");
	sends("<iq type='get'>\n\t<query xmlns='urn:q'/>\n</iq>", "<iq type=\"get\"><query xmlns=\"urn:q\"/></iq>");
	sends("<message><body> two  spaces </body></message>", "<message><body> two  spaces </body></message>");
	sends("<message><body><![CDATA[a<b]]></body></message>", "<message><body>a&lt;b</body></message>");
	sends("<iq a='&apos;&quot;&amp;&lt;&#9;'>&gt;</iq>", "<iq a=\"'&quot;&amp;&lt;&#9;\">&gt;</iq>");
	sends("<message xml:lang='en'/>", "<message xml:lang=\"en\"/>");
	sends("<iq><a xmlns=''/></iq>", "<iq><a xmlns=\"\"/></iq>");
	sends("<!-- note --><presence/>", "<presence/>");
}
END_TEST

START_TEST(variables_are_filled_in_and_escaped)
{
	vars_set(&vars, "evil", "</body>&amp;<x a='1\"'/>${evil}");
	vars_set(&vars, "target", "srv.test");
	sends("<message to='a@${target}/${target}'><body>for ${evil}</body></message>",
			"<message to=\"a@srv.test/srv.test\"><body>for "
			"&lt;/body&gt;&amp;amp;&lt;x a='1\"'/&gt;${evil}</body></message>");
	sends("<message><a b='${evil}'/></message>",
			"<message><a b=\"&lt;/body&gt;&amp;amp;&lt;x a='1&quot;'/&gt;${evil}\"/></message>");
	sends("<a xml:lang='${target}'>${none} <b>${target}</b> ${target}</a>",
			"<a xml:lang=\"srv.test\">${none} <b>srv.test</b> srv.test</a>");
}
END_TEST

START_TEST(defaults_fill_gaps_only)
{
	char *octets = sent("<iq type='get'/>", "a.test", "srv.test", "i&1");
	ck_assert_str_eq(octets, "<iq type=\"get\" from=\"a.test\" to=\"srv.test\" id=\"i&amp;1\"/>");
	free(octets);
	octets = sent("<iq from='x' to='' id='y'/>", "a.test", "srv.test", "i1");
	ck_assert_str_eq(octets, "<iq from=\"x\" to=\"\" id=\"y\"/>");
	free(octets);
}
END_TEST

START_TEST(what_is_sent_can_be_looked_at)
{
	make_template("<iq type='set'><a xmlns='urn:a' b='${n}'>${n}</a></iq>", TEMPLATE_SEND);
	vars_set(&vars, "n", "1 < 2");
	struct stanza *s = template_build(t, &vars, &(struct template_defaults){.to = "srv.test"});
	ck_assert_str_eq(s->raw, "<iq type=\"set\" to=\"srv.test\"><a xmlns=\"urn:a\" b=\"1 &lt; 2\">1 &lt; 2</a></iq>");
	ck_assert_uint_eq(s->raw_len, strlen(s->raw));
	ck_assert(node_is(s->root, "iq", NS_CLIENT));
	ck_assert_str_eq(stanza_attr(s, "to"), "srv.test");
	const xmlNode *a = node_child(s->root, "a", "urn:a");
	ck_assert_str_eq(node_attr(a, "b"), "1 < 2");
	char *text = node_text(a);
	ck_assert_str_eq(text, "1 < 2");
	free(text);
	stanza_unref(s);
}
END_TEST

START_TEST(a_template_is_sent_more_than_once)
{
	make_template("<message id='${n}'><body>${n}</body></message>", TEMPLATE_SEND);
	struct template_defaults none = {0};
	vars_set(&vars, "n", "1");
	char *one = octets_of(t, &none);
	vars_set(&vars, "n", "2");
	char *two = octets_of(t, &none);
	ck_assert_str_eq(one, "<message id=\"1\"><body>1</body></message>");
	ck_assert_str_eq(two, "<message id=\"2\"><body>2</body></message>");
	free(one);
	free(two);
}
END_TEST

static struct buf names;

static void use(void *ud, const char *name, size_t len)
{
	buf_printf(ud, "use %.*s;", (int)len, name);
}

static void bind(void *ud, const char *name, size_t len)
{
	buf_printf(ud, "bind %.*s;", (int)len, name);
}

static void capture(void *ud, const char *name, size_t len)
{
	buf_printf(ud, "capture %.*s;", (int)len, name);
}

START_TEST(a_broken_one_leaves_nothing_to_the_next)
{
	ck_assert_ptr_null(make_template("<iq xmlns:a='urn:a'><a:b", TEMPLATE_SEND));
	ck_assert_ptr_nonnull(make_template("<message/>", TEMPLATE_SEND));
	template_forget_shared();
	sends("<presence/>", "<presence/>");
	char *octets = octets_of(t, &(struct template_defaults){0});
	ck_assert_str_eq(octets, "<message/>"); /* it outlives what it was read with */
	free(octets);
}
END_TEST

/* The template that one line makes; to be destroyed. */
static struct template *of(const char *text, const char *ns, enum template_use use, int scansion_rule)
{
	struct line line = {.file = "f", .number = 1, .text = (char *)text};
	struct problems none = {0};
	struct template *made = template_create(&line, 1, ns, use, scansion_rule, &none);
	problems_finish(&none);
	return made;
}

START_TEST(equal_ones_are_one)
{
	static const char text[] = "<iq><a xmlns='urn:a'>${name}</a></iq>";
	t = of(text, NS_CLIENT, TEMPLATE_SEND, 0);
	struct template *same = of(text, NS_CLIENT, TEMPLATE_SEND, 0);
	ck_assert_ptr_eq(t, same);
	struct template *others[] = {of(text, NS_SERVER, TEMPLATE_SEND, 0), of(text, NS_CLIENT, TEMPLATE_RECEIVE, 0),
			of(text, NS_CLIENT, TEMPLATE_SEND, 1), of(text, NS_CLIENT, TEMPLATE_RECEIVE, 1),
			of("<iq> <a xmlns='urn:a'>${name}</a></iq>", NS_CLIENT, TEMPLATE_SEND, 0)};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ck_assert_ptr_nonnull(others[i]);
		ck_assert_ptr_ne(t, others[i]);
		for (size_t n = 0; n < i; n++) {
			ck_assert_ptr_ne(others[n], others[i]);
		}
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		template_destroy(others[i]);
	}
	template_destroy(same);
	template_forget_shared();
	vars_set(&vars, "name", "x");
	char *octets = octets_of(t, &(struct template_defaults){.id = "1"});
	ck_assert_str_eq(octets, "<iq id=\"1\"><a xmlns=\"urn:a\">x</a></iq>"); /* each user keeps it alive */
	free(octets);
	same = of(text, NS_CLIENT, TEMPLATE_SEND, 0);
	ck_assert_ptr_ne(t, same);
	template_destroy(same);
	template_forget_shared();
	template_forget_shared();
}
END_TEST

START_TEST(a_wrong_one_is_told_each_time)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(make_template("<iq><a></iq>", TEMPLATE_SEND));
		ck_assert_uint_eq(ps.count, 1);
	}
}
END_TEST

START_TEST(names_are_reported)
{
	make_template("<iq to=\"${Bard's full JID}\" id='{bind:first}'><a b='x${one}${two}'> {bind:text} </a>"
				  "<c d='{scansion:capture:last}'>${three}</c><e f='{match:${four}/.*}'/></iq>",
			TEMPLATE_RECEIVE);
	struct template_names callbacks = {use, bind, capture, &names};
	template_each_name(t, &callbacks);
	ck_assert_str_eq(buf_text(&names),
			"use Bard's full JID;bind first;use one;use two;bind text;capture last;use three;"
			"use four;");
	buf_finish(&names);
}
END_TEST

START_TEST(modes_have_names)
{
	ck_assert_str_eq(match_mode_text(MATCH_LOOSE), "non-strict");
	ck_assert_str_eq(match_mode_text(MATCH_STRICT), "strict");
	ck_assert_str_eq(match_mode_text(MATCH_UNORDERED), "strict, any order");
	template_destroy(NULL);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("template");
	TCase *tests = tcase_create("reading");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, text_is_kept_as_written);
	tcase_add_test(tests, tree_has_the_default_namespace);
	tcase_add_test(tests, prefixes_need_no_declaration);
	tcase_add_loop_test(tests, refuses_what_is_not_one_element, 0, sizeof refused / sizeof *refused);
	tcase_add_loop_test(tests, refuses_patterns_to_send, 0, sizeof patterns / sizeof *patterns);
	tcase_add_loop_test(tests, refuses_broken_patterns, 0, sizeof broken / sizeof *broken);
	tcase_add_test(tests, other_braces_are_text);
	tcase_add_test(tests, a_broken_one_leaves_nothing_to_the_next);
	tcase_add_test(tests, equal_ones_are_one);
	tcase_add_test(tests, a_wrong_one_is_told_each_time);
	tcase_add_test(tests, names_are_reported);
	tcase_add_test(tests, modes_have_names);
	suite_add_tcase(suite, tests);
	tests = tcase_create("sending");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, only_what_was_written_is_sent);
	tcase_add_test(tests, variables_are_filled_in_and_escaped);
	tcase_add_test(tests, defaults_fill_gaps_only);
	tcase_add_test(tests, what_is_sent_can_be_looked_at);
	tcase_add_test(tests, a_template_is_sent_more_than_once);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
