/* script/match: stanzas against templates. */
#include "base/mem.h"
#include "run.h"
#include "script/template.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static struct vars vars;
static struct vars binds;
static struct mismatch why;

static void setup(void)
{
	vars_set(&vars, "target", "srv.test");
	vars_set(&vars, "Marlowe", "p1.peers.test");
	vars_set(&vars, "known", "k1");
	vars_set(&vars, "odd", "a.b*c");
}

static void teardown(void)
{
	vars_finish(&vars);
	vars_finish(&binds);
	mismatch_finish(&why);
}

static int matches_with(const char *pattern, const char *text, int scansion_rule, const char *implied_id)
{
	struct lines ls = {0};
	struct problems ps = {0};
	lines_split(&ls, "f", pattern);
	struct template *t = template_create(ls.items, ls.count, NS_CLIENT, TEMPLATE_RECEIVE, scansion_rule, &ps);
	ck_assert_msg(t != NULL, "%s: %s", pattern, ps.count ? ps.items[0].message : "?");
	struct stanza *stanza = stanza_parse(text, NS_CLIENT);
	ck_assert_msg(stanza != NULL, "%s", text);
	struct template_defaults defaults = {.from = "f", .to = "t", .id = implied_id};
	mismatch_finish(&why);
	int without = template_match(t, stanza, &vars, &defaults, NULL, NULL);
	int ok = template_match(t, stanza, &vars, &defaults, &binds, &why);
	ck_assert_int_eq(ok, without);
	if (ok) {
		ck_assert_ptr_null(why.where);
		ck_assert_ptr_null(why.expected);
		ck_assert_ptr_null(why.got);
	} else {
		ck_assert_ptr_nonnull(why.where);
		ck_assert_ptr_nonnull(why.expected);
		ck_assert_ptr_nonnull(why.got);
	}
	stanza_unref(stanza);
	template_destroy(t);
	lines_finish(&ls);
	problems_finish(&ps);
	return ok;
}

static int matches(const char *pattern, const char *text)
{
	return matches_with(pattern, text, 0, NULL);
}

#define Q "<query xmlns='urn:q'"
#define STRICT Q " scansion:strict='true'"
#define UNORDERED Q " scansion:strict='unordered'"

static const struct {
	const char *pattern, *stanza;
	int expected;
} cases[] = {
		/* names and namespaces */
		{"<iq/>", "<iq/>", 1},
		{"<iq/>", "<presence/>", 0},
		{"<iq/>", "<iq xmlns='jabber:server'/>", 0},
		{"<iq xmlns='jabber:server'/>", "<iq xmlns='jabber:server'/>", 1},
		{"<iq>" Q "/></iq>", "<iq><p:query xmlns:p='urn:q'/></iq>", 1},
		{"<iq>" Q "/></iq>", "<iq><query xmlns='urn:other'/></iq>", 0},
		{"<iq>" Q "/></iq>", "<iq><query/></iq>", 0},
		{"<iq><query/></iq>", "<iq>" Q "/></iq>", 0},
		{"<iq>" Q "><x/></query></iq>", "<iq>" Q "><x xmlns='jabber:client'/></query></iq>", 0},
		{"<stream:error><a/></stream:error>", "<e:error xmlns:e='http://etherx.jabber.org/streams'><a/></e:error>", 1},
		/* attributes */
		{"<iq type='get'/>", "<iq type='get' id='1' xml:lang='en'/>", 1},
		{"<iq type='get'/>", "<iq type='set'/>", 0},
		{"<iq type='get'/>", "<iq/>", 0},
		{"<iq type=''/>", "<iq type=''/>", 1},
		{"<iq type=''/>", "<iq/>", 0},
		{"<iq type=''/>", "<iq type='x'/>", 0},
		{"<iq a='&lt;&amp;&quot;'/>", "<iq a='&#60;&amp;&#34;'/>", 1},
		{"<iq xml:lang='en'/>", "<iq xml:lang='en'/>", 1},
		{"<iq xml:lang='en'/>", "<iq lang='en'/>", 0},
		{"<iq lang='en'/>", "<iq xml:lang='en'/>", 0},
		{"<iq x:n='1' xmlns:x='urn:x'/>", "<iq y:n='1' xmlns:y='urn:x'/>", 1},
		{"<iq x:n='1' xmlns:x='urn:x'/>", "<iq x:n='1' xmlns:x='urn:y'/>", 0},
		{"<iq x:n='1' n='2' xmlns:x='urn:x'/>", "<iq n='2' x:n='1' xmlns:x='urn:x'/>", 1},
		/* variables */
		{"<iq to='${target}'/>", "<iq to='srv.test'/>", 1},
		{"<iq to='a@${target}/${known}'/>", "<iq to='a@srv.test/k1'/>", 1},
		{"<iq to='${target}'/>", "<iq to='${target}'/>", 0},
		{"<iq to='${unknown}'/>", "<iq to=''/>", 0},
		{"<iq><a>for ${target}</a></iq>", "<iq><a>for srv.test</a></iq>", 1},
		/* patterns */
		{"<iq id='{any}'/>", "<iq id=''/>", 1},
		{"<iq id='{any}'/>", "<iq/>", 0},
		{"<iq id='{scansion:any}'/>", "<iq id='x'/>", 1},
		{"<iq id='{scansion:any}'/>", "<iq/>", 0},
		{"<iq id='{absent}'/>", "<iq/>", 1},
		{"<iq id='{absent}'/>", "<iq id=''/>", 0},
		{"<iq id='{match:a+b}'/>", "<iq id='aab'/>", 1},
		{"<iq id='{match:a+b}'/>", "<iq id='xaab'/>", 0},
		{"<iq id='{match:a+b}'/>", "<iq id='aabx'/>", 0},
		{"<iq id='{match:a+b}'/>", "<iq/>", 0},
		{"<iq id='{match:a|b}'/>", "<iq id='ax'/>", 0},
		{"<iq id='{match:[^@]*}'/>", "<iq id=''/>", 1},
		{"<iq id='{match:[a-z]{2,3}}'/>", "<iq id='abc'/>", 1},
		{"<iq id='{match:[a-z]{2,3}}'/>", "<iq id='abcd'/>", 0},
		{"<iq from='{match:${target}(/.*)?}'/>", "<iq from='srv.test'/>", 1},
		{"<iq from='{match:${target}(/.*)?}'/>", "<iq from='srv.test/x'/>", 1},
		{"<iq from='{match:${target}(/.*)?}'/>", "<iq from='srvxtest'/>", 0},
		{"<iq from='{match:x${odd}+}'/>", "<iq from='xa.b*cc'/>", 1},
		{"<iq from='{match:x${odd}+}'/>", "<iq from='xa.bbc'/>", 0},
		{"<iq><a>{any}</a></iq>", "<iq><a/></iq>", 1},
		{"<iq><a>{match:[0-9]+}</a></iq>", "<iq><a> 42\n</a></iq>", 1},
		{"<iq><a>{match:[0-9]+}</a></iq>", "<iq><a>x</a></iq>", 0},
		{"<iq><a>{any}</a></iq>", "<iq/>", 0},
		{"<iq id='{bind:known}'/>", "<iq id='k1'/>", 1},
		{"<iq id='{bind:known}'/>", "<iq id='k2'/>", 0},
		{"<iq id='{bind:b}' to='{bind:b}'/>", "<iq id='1' to='1'/>", 1},
		{"<iq id='{bind:b}' to='{bind:b}'/>", "<iq id='1' to='2'/>", 0},
		{"<iq id='{bind:b}'/>", "<iq/>", 0},
		/* text */
		{"<iq><a/></iq>", "<iq><a>text</a></iq>", 1},
		{"<iq><a>text</a></iq>", "<iq><a/></iq>", 0},
		{"<iq><a>\n\ttext\n</a></iq>", "<iq><a>text</a></iq>", 1},
		{"<iq><a>text</a></iq>", "<iq><a>  text\n</a></iq>", 1},
		{"<iq><a>two words</a></iq>", "<iq><a>two  words</a></iq>", 0},
		{"<iq><a>text</a></iq>", "<iq><a><![CDATA[text]]></a></iq>", 1},
		{"<iq><a>text</a></iq>", "<iq><a><b>text</b></a></iq>", 0},
		{"<iq><a>&lt;b&gt;</a></iq>", "<iq><a>&lt;b&gt;</a></iq>", 1},
		/* children, non-strict */
		{"<iq>" Q "/></iq>", "<iq><other xmlns='urn:o'/>" Q "/></iq>", 1},
		{"<iq>" Q "><b/><a/></query></iq>", "<iq>" Q "><a/><c/><b/></query></iq>", 1},
		{"<iq>" Q "><a/><a/></query></iq>", "<iq>" Q "><a/></query></iq>", 0},
		{"<iq>" Q "><a/><a/></query></iq>", "<iq>" Q "><a/><b/><a/></query></iq>", 1},
		{"<iq>" Q "><a v='2'/></query></iq>", "<iq>" Q "><a v='1'/><a v='2'/></query></iq>", 1},
		{"<iq>" Q "><a v='2'/></query></iq>", "<iq>" Q "><a v='1'/><a v='3'/></query></iq>", 0},
		{"<iq>" Q "><a><b/></a></query></iq>", "<iq>" Q "><a/><a><b/></a></query></iq>", 1},
		{"<iq>" Q "><a/></query></iq>", "<iq>" Q "><b><a/></b></query></iq>", 0},
		/* each child of the template has one of its own, if there is any way at all */
		{"<iq>" Q "><a/><a v='1'/></query></iq>", "<iq>" Q "><a v='1'/><a/></query></iq>", 1},
		{"<iq>" Q "><a/><a v='1'/></query></iq>", "<iq>" Q "><a v='1'/><a v='2'/></query></iq>", 1},
		{"<iq>" Q "><a/><a v='1'/></query></iq>", "<iq>" Q "><a v='1'/></query></iq>", 0},
		{"<iq>" Q "><a v='{any}'/><a w='{any}'/><a v='1'/></query></iq>",
				"<iq>" Q "><a v='1' w='1'/><a v='1'/><a v='2'/></query></iq>", 1},
		{"<iq>" Q "><a/><a v='{any}'/><a v='1'/></query></iq>", "<iq>" Q "><a v='1'/><a v='2'/><a/></query></iq>", 1},
		{"<iq>" Q "><a v='{any}'/><a v='1'/></query></iq>", "<iq>" Q "><a v='1'/><a/></query></iq>", 0},
		{"<iq>" Q "><f><v/></f><f><v>1</v></f></query></iq>", "<iq>" Q "><f><v>1</v></f><f><v>2</v></f></query></iq>",
				1},
		{"<iq>" UNORDERED "><a n='{any}'/><a n='1'/></query></iq>", "<iq>" Q "><a n='1'/><a n='2'/></query></iq>", 1},
		{"<iq>" UNORDERED "><a n='{any}'/><a n='1'/></query></iq>", "<iq>" Q "><a n='2'/><a n='2'/></query></iq>", 0},
		/* strict */
		{"<iq>" STRICT "/></iq>", "<iq id='1'>" Q "/></iq>", 1},
		{"<iq>" STRICT "/></iq>", "<iq>" Q " n='1'/></iq>", 0},
		{"<iq>" STRICT "/></iq>", "<iq>" Q " xml:lang='en'/></iq>", 0},
		{"<iq>" STRICT "/></iq>", "<iq>" Q ">text</query></iq>", 0},
		{"<iq>" STRICT "/></iq>", "<iq>" Q "> \n </query></iq>", 1},
		{"<iq>" STRICT "/></iq>", "<iq>" Q "><a/></query></iq>", 0},
		{"<iq>" STRICT "><a/><b/></query></iq>", "<iq>" Q "><a/><b/></query></iq>", 1},
		{"<iq>" STRICT "><a/><b/></query></iq>", "<iq>" Q "><b/><a/></query></iq>", 0},
		{"<iq>" STRICT "><a/><b/></query></iq>", "<iq>" Q "><a/></query></iq>", 0},
		{"<iq>" STRICT "><a/></query></iq>", "<iq>" Q "><a/><b/></query></iq>", 0},
		{"<iq>" STRICT "><a/></query></iq>", "<iq>" Q "><a n='1'/></query></iq>", 0},
		{"<iq>" STRICT "><a/></query></iq>", "<iq>" Q "><a><b/></a></query></iq>", 0},
		{"<iq>" STRICT " n='{any}'/></iq>", "<iq>" Q " n='1'/></iq>", 1},
		{"<iq>" STRICT " n='{absent}'/></iq>", "<iq>" Q "/></iq>", 1},
		{"<iq>" STRICT "><a scansion:strict='false'/></query></iq>", "<iq>" Q "><a n='1'>t<c/></a></query></iq>", 1},
		{"<iq>" STRICT "><a scansion:strict='false'><b/></a></query></iq>", "<iq>" Q "><a><b n='1'/></a></query></iq>",
				1},
		{"<iq scansion:strict='true'/>", "<iq id='1'/>", 0},
		{"<iq scansion:strict='true'>" Q "/></iq>", "<iq>" Q "/></iq>", 1},
		/* strict in any order */
		{"<iq>" UNORDERED "><a/><b/></query></iq>", "<iq>" Q "><b/><a/></query></iq>", 1},
		{"<iq>" UNORDERED "><a/><b/></query></iq>", "<iq>" Q "><b/><a/><c/></query></iq>", 0},
		{"<iq>" UNORDERED "><a/><b/></query></iq>", "<iq>" Q "><a/></query></iq>", 0},
		{"<iq>" UNORDERED "><a/><b/></query></iq>", "<iq>" Q "><a/><a/></query></iq>", 0},
		{"<iq>" UNORDERED "><a/></query></iq>", "<iq>" Q "><a n='1'/></query></iq>", 0},
		{"<iq>" UNORDERED "/></iq>", "<iq>" Q " n='1'/></iq>", 0},
		{"<iq>" UNORDERED "><a><b/><c/></a></query></iq>", "<iq>" Q "><a><c/><b/></a></query></iq>", 1},
		/* the rule of [Client] actors does not apply to others */
		{"<iq>" Q "/></iq>", "<iq>" Q " n='1'>t<a/></query></iq>", 1},
};

START_TEST(matching)
{
	ck_assert_msg(matches(cases[_i].pattern, cases[_i].stanza) == cases[_i].expected,
			"%s %s %s: at %s expected %s got %s", cases[_i].pattern,
			cases[_i].expected ? "must match" : "must not match", cases[_i].stanza, why.where ? why.where : "",
			why.expected ? why.expected : "", why.got ? why.got : "");
}
END_TEST

static const struct {
	const char *pattern, *stanza;
	int expected;
} scansion[] = {
		{"<iq><a/></iq>", "<iq id='1'><a n='1'>t</a><b/></iq>", 1},
		{"<iq>" Q "/></iq>", "<iq id='1'>" Q "/><more xmlns='urn:m'/></iq>", 1},
		{"<iq>" Q "/></iq>", "<iq>" Q " n='1'/></iq>", 0},
		{"<iq>" Q "/></iq>", "<iq>" Q ">t</query></iq>", 0},
		{"<iq>" Q "><a/><b/></query></iq>", "<iq>" Q "><b/><a/></query></iq>", 0},
		{"<iq>" Q "><a/></query></iq>", "<iq>" Q "><a n='1'/></query></iq>", 0},
		{"<iq>" Q " scansion:strict='false'/></iq>", "<iq>" Q " n='1'>t<a/></query></iq>", 1},
		{"<iq>" Q " scansion:strict='unordered'><a/><b/></query></iq>", "<iq>" Q "><b/><a/></query></iq>", 1},
		{"<iq>" Q " n='{scansion:any}'/></iq>", "<iq>" Q " n='1'/></iq>", 1},
		{"<message><error><gone xmlns='urn:e'/></error></message>",
				"<message><error type='cancel'><gone xmlns='urn:e'/></error></message>", 1},
		{"<message><error><gone xmlns='urn:e'/></error></message>",
				"<message><error type='cancel'><gone xmlns='urn:e'>x</gone></error></message>", 0},
};

START_TEST(scansion_rule)
{
	ck_assert_int_eq(matches_with(scansion[_i].pattern, scansion[_i].stanza, 1, NULL), scansion[_i].expected);
}
END_TEST

START_TEST(names_are_bound_when_all_matches)
{
	ck_assert(matches("<iq id='{bind:id}' to='{scansion:capture:to}'><a>{bind:text}</a></iq>",
			"<iq id='1&amp;' to=''><a> some text </a></iq>"));
	ck_assert_uint_eq(binds.count, 3);
	ck_assert_str_eq(vars_get(&binds, "id"), "1&");
	ck_assert_str_eq(vars_get(&binds, "to"), "");
	ck_assert_str_eq(vars_get(&binds, "text"), "some text");
	vars_finish(&binds);
	ck_assert(!matches("<iq id='{bind:id}'><a/></iq>", "<iq id='1'/>"));
	ck_assert_uint_eq(binds.count, 0);
}
END_TEST

START_TEST(a_child_that_does_not_fit_binds_nothing)
{
	ck_assert(matches("<iq>" Q "><f n='{bind:n}'><v>yes</v></f></query></iq>",
			"<iq>" Q "><f n='1'><v>no</v></f><f n='2'><v>yes</v></f></query></iq>"));
	ck_assert_uint_eq(binds.count, 1);
	ck_assert_str_eq(vars_get(&binds, "n"), "2");
}
END_TEST

/* The first child takes the stanza's first one, and gives it back when the second fits nothing else. */
START_TEST(only_the_pairs_that_stay_bind)
{
	ck_assert(matches("<iq>" Q "><a v='{bind:x}'/><a v='1' w='{bind:y}'/></query></iq>",
			"<iq>" Q "><a v='1' w='one'/><a v='2' w='two'/></query></iq>"));
	ck_assert_uint_eq(binds.count, 2);
	ck_assert_str_eq(vars_get(&binds, "x"), "2");
	ck_assert_str_eq(vars_get(&binds, "y"), "one");
}
END_TEST

START_TEST(many_children_are_matched_in_time)
{
	struct buf pattern = {0};
	struct buf text = {0};
	buf_add_text(&pattern, "<iq>" Q ">");
	buf_add_text(&text, "<iq>" Q ">");
	for (int i = 0; i < 60; i++) {
		buf_add_text(&pattern, i < 59 ? "<a/>" : "<a last='1'/>");
		buf_add_text(&text, i ? "<a/>" : "<a last='1'/>");
	}
	buf_add_text(&pattern, "</query></iq>");
	buf_add_text(&text, "</query></iq>");
	ck_assert(matches(buf_text(&pattern), buf_text(&text)));
	buf_finish(&pattern);
	buf_finish(&text);
}
END_TEST

START_TEST(a_capture_takes_each_value_anew)
{
	vars_set(&vars, "start", "old");
	ck_assert(matches("<iq id='{scansion:capture:start}'/>", "<iq id='new'/>"));
	ck_assert_str_eq(vars_get(&binds, "start"), "new");
	ck_assert(!matches("<iq id='{scansion:capture:start}'/>", "<iq/>"));
}
END_TEST

START_TEST(what_was_known_is_not_bound_again)
{
	ck_assert(matches("<iq id='{bind:known}'/>", "<iq id='k1'/>"));
	ck_assert_uint_eq(binds.count, 0);
	ck_assert_str_eq(vars_get(&vars, "known"), "k1");
}
END_TEST

static const struct {
	const char *pattern, *stanza, *where, *expected, *got;
	enum match_mode mode;
} differences[] = {
		{"<iq/>", "<presence/>", "iq", "iq", "presence", MATCH_LOOSE},
		{"<iq type='get'/>", "<iq type='set'/>", "iq@type", "get", "set", MATCH_LOOSE},
		{"<iq to='${target}'/>", "<iq to='x'/>", "iq@to", "srv.test", "x", MATCH_LOOSE},
		{"<iq type='get'/>", "<iq/>", "iq@type", "get", "nothing", MATCH_LOOSE},
		{"<iq type='{absent}'/>", "<iq type='get'/>", "iq@type", "{absent}", "get", MATCH_LOOSE},
		{"<iq><a>1 ${known}</a></iq>", "<iq><a>2</a></iq>", "iq/a/text()", "1 k1", "2", MATCH_LOOSE},
		{"<iq>" Q "/></iq>", "<iq/>", "iq/query", "an element <query xmlns='urn:q'>", "nothing", MATCH_LOOSE},
		{"<iq>" Q "/></iq>", "<iq><query/></iq>", "iq/query", "an element <query xmlns='urn:q'>", "nothing",
				MATCH_LOOSE},
		{"<iq>" Q "><a><b c='1'/></a></query></iq>", "<iq>" Q "><a><b c='2'/></a></query></iq>", "iq/query/a/b@c", "1",
				"2", MATCH_LOOSE},
		/* of two children that do not fit, the one that is closer is told */
		{"<iq>" Q "><a b='1' c='2' d='3'/></query></iq>",
				"<iq>" Q "><a b='0'/><a b='1' c='2' d='4'/><a b='1' c='3'/></query></iq>", "iq/query/a@d", "3", "4",
				MATCH_LOOSE},
		{"<iq>" STRICT "/></iq>", "<iq>" Q " n='1'/></iq>", "iq/query@n", "no such attribute", "1", MATCH_STRICT},
		{"<iq>" STRICT "/></iq>", "<iq>" Q ">t</query></iq>", "iq/query/text()", "", "t", MATCH_STRICT},
		{"<iq>" STRICT "/></iq>", "<iq>" Q "><x/></query></iq>", "iq/query", "no further element", "x", MATCH_STRICT},
		{"<iq>" STRICT "><a/><b/></query></iq>", "<iq>" Q "><b/><a/></query></iq>", "iq/query/a", "<a xmlns='urn:q'>",
				"b", MATCH_STRICT},
		{"<iq>" STRICT "><a/></query></iq>", "<iq>" Q "/></iq>", "iq/query/a", "<a xmlns='urn:q'>", "nothing",
				MATCH_STRICT},
		{"<iq>" STRICT "><a scansion:strict='false' n='1'/></query></iq>", "<iq>" Q "><a n='2'/></query></iq>",
				"iq/query/a@n", "1", "2", MATCH_LOOSE},
		{"<iq>" UNORDERED "/></iq>", "<iq>" Q "><x/></query></iq>", "iq/query", "no further elements", "more",
				MATCH_UNORDERED},
		{"<iq>" UNORDERED "><a/></query></iq>", "<iq>" Q "/></iq>", "iq/query/a", "an element <a xmlns='urn:q'>",
				"nothing", MATCH_UNORDERED},
};

START_TEST(first_difference)
{
	ck_assert(!matches(differences[_i].pattern, differences[_i].stanza));
	ck_assert_str_eq(why.where, differences[_i].where);
	ck_assert_str_eq(why.expected, differences[_i].expected);
	ck_assert_str_eq(why.got, differences[_i].got);
	ck_assert_int_eq(why.mode, differences[_i].mode);
}
END_TEST

static int score(const char *pattern, const char *text, const char *implied_id)
{
	ck_assert(!matches_with(pattern, text, 0, implied_id));
	return why.score;
}

START_TEST(closer_stanzas_score_higher)
{
	static const char pattern[] = "<iq type='result' to='a'>" Q " n='1'><x/></query></iq>";
	int last = -1;
	static const char *const closer_and_closer[] = {"<presence/>", "<iq type='error'/>", "<iq type='result'/>",
			"<iq type='result' to='a'/>", "<iq type='result' to='a'>" Q "/></iq>",
			"<iq type='result' to='a'>" Q " n='1'/></iq>"};
	for (size_t i = 0; i < sizeof closer_and_closer / sizeof *closer_and_closer; i++) {
		int now = score(pattern, closer_and_closer[i], NULL);
		ck_assert_msg(now > last, "%s: %d after %d", closer_and_closer[i], now, last);
		last = now;
	}
}
END_TEST

START_TEST(the_answer_has_the_id_of_the_question)
{
	ck_assert(matches_with("<iq type='result'/>", "<iq type='result' id='q1'/>", 0, "q1"));
	ck_assert(!matches_with("<iq type='result'/>", "<iq type='result' id='q2'/>", 0, "q1"));
	ck_assert_str_eq(why.where, "iq@id");
	ck_assert_str_eq(why.expected, "q1");
	ck_assert_str_eq(why.got, "q2");
	ck_assert(!matches_with("<iq type='result'/>", "<iq type='result'/>", 0, "q1"));
	ck_assert_str_eq(why.got, "nothing");
	ck_assert(matches_with("<iq type='result' id='q2'/>", "<iq type='result' id='q2'/>", 0, "q1"));
	ck_assert(matches_with("<iq type='result'/>", "<iq type='result'/>", 0, NULL));
	/* An answer of the wrong type is closer to what was expected than any other IQ. */
	ck_assert_int_gt(score("<iq type='result'/>", "<iq type='error' id='q1'/>", "q1"),
			score("<iq type='result'/>", "<iq type='error' id='q2'/>", "q1"));
}
END_TEST

START_TEST(from_and_to_are_not_implied)
{
	ck_assert(matches("<iq/>", "<iq from='x' to='y'/>"));
}
END_TEST

START_TEST(deep_trees_are_compared)
{
	struct buf pattern = {0};
	struct buf text = {0};
	for (int i = 0; i < 150; i++) {
		buf_add_text(&pattern, "<a>");
		buf_add_text(&text, "<a x='1'>");
	}
	buf_add_text(&pattern, "<b/>");
	buf_add_text(&text, "<c/>");
	for (int i = 0; i < 150; i++) {
		buf_add_text(&pattern, "</a>");
		buf_add_text(&text, "</a>");
	}
	ck_assert(!matches(buf_text(&pattern), buf_text(&text)));
	ck_assert_int_eq(why.score, 150);
	ck_assert_ptr_nonnull(strstr(why.where, "a/a/a/b"));
	buf_finish(&pattern);
	buf_finish(&text);
}
END_TEST

/* More than are kept compiled, with and without variables. */
START_TEST(many_expressions_keep_their_meaning)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 40; i++) {
			char *pattern = mem_printf("<iq id='{match:%s[0-9]+-%d}'/>", i % 2 ? "${target}" : "x", i);
			char *same = mem_printf("<iq id='%s%d-%d'/>", i % 2 ? "srv.test" : "x", round, i);
			char *other = mem_printf("<iq id='%s%d-%d'/>", i % 2 ? "srvxtest" : "x", round, i + i % 2 - 1);
			ck_assert(matches(pattern, same));
			ck_assert(!matches(pattern, other));
			free(pattern);
			free(same);
			free(other);
		}
	}
	template_forget_shared();
	ck_assert(matches("<iq id='{match:a+}'/>", "<iq id='aa'/>"));
	template_forget_shared();
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("match");
	TCase *tests = tcase_create("match");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, matching, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tests, scansion_rule, 0, sizeof scansion / sizeof *scansion);
	tcase_add_test(tests, names_are_bound_when_all_matches);
	tcase_add_test(tests, a_child_that_does_not_fit_binds_nothing);
	tcase_add_test(tests, only_the_pairs_that_stay_bind);
	tcase_add_test(tests, many_children_are_matched_in_time);
	tcase_add_test(tests, a_capture_takes_each_value_anew);
	tcase_add_test(tests, what_was_known_is_not_bound_again);
	tcase_add_loop_test(tests, first_difference, 0, sizeof differences / sizeof *differences);
	tcase_add_test(tests, closer_stanzas_score_higher);
	tcase_add_test(tests, the_answer_has_the_id_of_the_question);
	tcase_add_test(tests, from_and_to_are_not_implied);
	tcase_add_test(tests, deep_trees_are_compared);
	tcase_add_test(tests, many_expressions_keep_their_meaning);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
