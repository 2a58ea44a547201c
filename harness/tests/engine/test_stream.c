/* wire/stream: header, namespaces, restart and stop */
#include "base/buf.h"
#include "base/err.h"
#include "feed.h"
#include "run.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

/* ---- the header ---- */

static void on_full_header(void *ud, const struct stream_header *h, const char *raw, size_t len)
{
	(void)raw;
	(void)len;
	buf_printf(ud, "%s|%s|%s|%s|%s|%d", h->from ? h->from : "-", h->to ? h->to : "-", h->id ? h->id : "-",
			h->version ? h->version : "-", h->content_ns, h->declares_dialback);
}

static void check_header(const char *octets, const char *expected)
{
	static const struct stream_callbacks only = {.on_header = on_full_header};
	struct buf seen = {0};
	struct stream_parser *p = stream_create(NULL, &only, &seen);
	ck_assert_int_eq(stream_feed(p, octets, strlen(octets)), 0);
	ck_assert_str_eq(buf_text(&seen), expected);
	stream_destroy(p);
	buf_finish(&seen);
}

START_TEST(header_is_told)
{
	check_header("<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM
				 "' from='a' to='b' id='c' version='1.0'>",
			"a|b|c|1.0|" NS_CLIENT "|0");
	check_header("<stream:stream xmlns:stream='" NS_STREAM "'>", "-|-|-|-||0");
	check_header("<stream:stream xmlns='" NS_SERVER "' xmlns:x='" NS_DIALBACK "' xmlns:stream='" NS_STREAM "' id=''>",
			"-|-||-|" NS_SERVER "|1");
	check_header("<s:stream xmlns='" NS_DIALBACK "' xmlns:s='" NS_STREAM "' s:id='no' id='&lt;&amp;amp;&#38;&apos;'>",
			"-|-|<&amp;&'|-|" NS_DIALBACK "|0");
}
END_TEST

START_TEST(header_as_an_element)
{
	struct stream_header header = {.from = "a&b", .id = "<", .version = "1.0", .lang = "en"};
	struct stanza *s = stream_header_element(&header, "octets", 6);
	ck_assert(node_is(s->root, "stream", NS_STREAM));
	ck_assert_str_eq(stanza_attr(s, "from"), "a&b");
	ck_assert_str_eq(stanza_attr(s, "id"), "<");
	ck_assert_ptr_null(stanza_attr(s, "to"));
	xmlChar *lang = xmlNodeGetLang(s->root);
	ck_assert_str_eq((char *)lang, "en");
	xmlFree(lang);
	ck_assert_str_eq(s->raw, "octets");
	stanza_unref(s);
}
END_TEST

/* ---- namespaces ---- */

static char *dump(const struct stanza *s)
{
	xmlBufferPtr b = xmlBufferCreate();
	xmlNodeDump(b, s->doc, s->root, 0, 0);
	char *text = strdup((const char *)xmlBufferContent(b));
	xmlBufferFree(b);
	return text;
}

/* The stanza must mean the same when it stands alone, and also when the parser is long gone. */
static void check_alone(const char *octets, const char *expected)
{
	struct feed feed = {.kept = 1};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN);
	ck_assert_int_eq(feed_text(&feed, octets), 0);
	stream_destroy(feed.parser);
	feed.parser = NULL;
	ck_assert_ptr_nonnull(feed.last);
	char *text = dump(feed.last);
	ck_assert_str_eq(text, expected);
	ck_assert_str_eq(feed.last->raw, octets);
	ck_assert_ptr_eq(feed.last->root->parent, (xmlNodePtr)feed.last->doc);
	free(text);
	feed_finish(&feed);
}

START_TEST(stanzas_stand_alone)
{
	check_alone("<a/>", "<a xmlns=\"" NS_SERVER "\"/>");
	check_alone("<a><b/><c xmlns='urn:c'/></a>", "<a xmlns=\"" NS_SERVER "\"><b/><c xmlns=\"urn:c\"/></a>");
	check_alone("<a xmlns='urn:a'><b/></a>", "<a xmlns=\"urn:a\"><b/></a>");
	check_alone("<db:result/>", "<db:result xmlns:db=\"" NS_DIALBACK "\"/>");
	check_alone("<a><db:b/></a>", "<a xmlns=\"" NS_SERVER "\" xmlns:db=\"" NS_DIALBACK "\"><db:b/></a>");
	check_alone("<a><b><c db:x='1'/></b></a>",
			"<a xmlns=\"" NS_SERVER "\" xmlns:db=\"" NS_DIALBACK "\"><b><c db:x=\"1\"/></b></a>");
	check_alone("<a db:x='1'/>", "<a xmlns=\"" NS_SERVER "\" xmlns:db=\"" NS_DIALBACK "\" db:x=\"1\"/>");
	check_alone("<stream:features><b/></stream:features>",
			"<stream:features xmlns:stream=\"" NS_STREAM "\" xmlns=\"" NS_SERVER "\"><b/></stream:features>");
	check_alone("<a xmlns:db='urn:x'><db:b/><db:c xmlns:db='" NS_DIALBACK "'/></a>",
			"<a xmlns:db=\"urn:x\" xmlns=\"" NS_SERVER "\"><db:b/><db:c xmlns:db=\"" NS_DIALBACK "\"/></a>");
	check_alone("<a xml:lang='en'/>", "<a xmlns=\"" NS_SERVER "\" xml:lang=\"en\"/>");
	check_alone("<a xmlns=''><b xmlns='" NS_SERVER "'/></a>", "<a xmlns=\"\"><b xmlns=\"" NS_SERVER "\"/></a>");
}
END_TEST

START_TEST(nodes_are_in_the_inherited_namespaces)
{
	struct feed feed = {.kept = 1};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN "<a db:x='1'><b/><stream:c/><d xmlns=''><e/></d></a>");
	const xmlNode *a = feed.last->root;
	ck_assert(node_is(a, "a", NS_SERVER));
	ck_assert_str_eq((const char *)a->properties->ns->href, NS_DIALBACK);
	ck_assert_ptr_null(node_attr(a, "x"));
	ck_assert_ptr_nonnull(node_child(a, "b", NS_SERVER));
	ck_assert_ptr_nonnull(node_child(a, "c", NS_STREAM));
	ck_assert_ptr_nonnull(node_child(node_child(a, "d", ""), "e", ""));
	feed_finish(&feed);
}
END_TEST

START_TEST(kept_stanzas_do_not_change)
{
	struct feed feed = {.kept = 1};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN "<a id='1'>one</a>");
	struct stanza *first = stanza_ref(feed.last);
	feed_text(&feed, "<b id='2'>two</b><c xml:id='i'/><d xml:id='i'/>");
	ck_assert(node_is(first->root, "a", NS_SERVER));
	ck_assert_str_eq(stanza_attr(first, "id"), "1");
	feed_finish(&feed);
	ck_assert_str_eq(first->raw, OPEN "<a id='1'>one</a>" + sizeof OPEN - 1);
	stanza_unref(first);
}
END_TEST

/* ---- restart, stop, rest ---- */

START_TEST(restart_inside_a_stanza_takes_the_rest)
{
	static const char octets[] = OPEN "<a/><proceed xmlns='" NS_TLS "'/><?xml version='1.0'?>" OPEN "<b/>" CLOSE;
	for (size_t most = 1; most < sizeof octets; most++) {
		struct feed feed = {.restart_after = "proceed"};
		feed_begin(&feed, NULL);
		ck_assert_int_eq(feed_pieces(&feed, octets, sizeof octets - 1, most, 0), 0);
		ck_assert_str_eq(buf_text(&feed.events), "header a proceed header b end");
		ck_assert_str_eq(buf_text(&feed.raw), octets);
		feed_finish(&feed);
	}
}
END_TEST

START_TEST(restart_many_times_in_one_feed)
{
	struct feed feed = {.restart_after = "a"};
	feed_begin(&feed, NULL);
	ck_assert_int_eq(feed_text(&feed, OPEN "<a/>" OPEN "<a></a>" OPEN "<b/><a/>" OPEN "<a/>"), 0);
	ck_assert_str_eq(buf_text(&feed.events), "header a header a header b a header a");
	ck_assert_int_eq(feed_text(&feed, "<b/>"), ERR_SYNTAX);
	ck_assert_str_eq(buf_text(&feed.events), "header a header a header b a header a invalid-namespace");
	feed_finish(&feed);
}
END_TEST

START_TEST(restart_between_feeds)
{
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	stream_restart(feed.parser);
	feed_text(&feed, OPEN "<a/> \n");
	stream_restart(feed.parser);
	feed_text(&feed, OPEN "<b/><half");
	stream_restart(feed.parser);
	stream_restart(feed.parser);
	feed_text(&feed, OPEN "<c/>");
	ck_assert_str_eq(buf_text(&feed.events), "header a header b header c");
	ck_assert_str_eq(buf_text(&feed.raw), OPEN "<a/> \n" OPEN "<b/><half" OPEN "<c/>");
	stream_rest(feed.parser);
	feed_text(&feed, "<d/>");
	ck_assert_str_eq(buf_text(&feed.events), "header a header b header c d");
	feed_finish(&feed);
}
END_TEST

START_TEST(between_stanzas)
{
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	static const struct {
		const char *octets;
		int between;
	} feeds[] = {{"<?xml version='1.0'?>", 0}, {OPEN, 1}, {"<a/>", 1}, {"<b", 0}, {"><c/>", 0}, {"</b>", 1},
			{"<d/>\n", 0}, {"<e/>", 1}, {"</f>", 0}};
	ck_assert_int_eq(stream_is_between(feed.parser), 0);
	for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
		feed_text(&feed, feeds[i].octets);
		ck_assert_int_eq(stream_is_between(feed.parser), feeds[i].between);
	}
	feed_finish(&feed);
}
END_TEST

START_TEST(restart_does_not_revive)
{
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN CLOSE);
	stream_restart(feed.parser);
	feed_text(&feed, OPEN);
	ck_assert_str_eq(buf_text(&feed.events), "header end");
	feed_finish(&feed);
}
END_TEST

START_TEST(stop_inside_callbacks)
{
	static const char *const after[] = {"header", "a", "end", "not-well-formed"};
	static const char *const events[] = {"header", "header a", "header a b end", "header a b not-well-formed"};
	for (int i = 0; i < 4; i++) {
		struct feed feed = {.stop_after = after[i]};
		feed_begin(&feed, NULL);
		feed_text(&feed, i == 3 ? OPEN "<a/><b/></c>" : OPEN "<a/><b/>" CLOSE);
		ck_assert_str_eq(buf_text(&feed.events), events[i]);
		feed_text(&feed, "<d/>");
		stream_stop(feed.parser);
		ck_assert_str_eq(buf_text(&feed.events), events[i]);
		feed_finish(&feed);
	}
}
END_TEST

START_TEST(stop_between_feeds)
{
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN "<a");
	stream_stop(feed.parser);
	ck_assert_int_eq(feed_text(&feed, "/>"), 0);
	ck_assert_str_eq(buf_text(&feed.events), "header");
	feed_finish(&feed);
	struct stream_parser *unused = stream_create(NULL, &feed_callbacks, NULL);
	stream_rest(unused);
	stream_stop(unused);
	stream_destroy(unused);
	stream_destroy(NULL);
}
END_TEST

START_TEST(conditions_have_names)
{
	ck_assert_str_eq(stream_fault_condition(STREAM_LIMIT), "policy-violation");
	ck_assert_str_eq(stream_fault_condition(STREAM_NO_FAULT), "undefined-condition");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("stream");
	TCase *tests = tcase_create("stream");
	tcase_add_test(tests, header_is_told);
	tcase_add_test(tests, header_as_an_element);
	tcase_add_test(tests, stanzas_stand_alone);
	tcase_add_test(tests, nodes_are_in_the_inherited_namespaces);
	tcase_add_test(tests, kept_stanzas_do_not_change);
	tcase_add_test(tests, restart_inside_a_stanza_takes_the_rest);
	tcase_add_test(tests, restart_many_times_in_one_feed);
	tcase_add_test(tests, restart_between_feeds);
	tcase_add_test(tests, between_stanzas);
	tcase_add_test(tests, restart_does_not_revive);
	tcase_add_test(tests, stop_inside_callbacks);
	tcase_add_test(tests, stop_between_feeds);
	tcase_add_test(tests, conditions_have_names);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
