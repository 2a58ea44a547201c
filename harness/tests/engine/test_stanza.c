/* wire/stanza */
#include "run.h"
#include "wire/stanza.h"

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>

START_TEST(parse_keeps_octets_and_tree)
{
	static const char text[] = " <iq id='a' type='get'><query xmlns='urn:q'><x a='1'/>t</query></iq>";
	struct stanza *s = stanza_parse(text, NS_SERVER);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(s->raw, text);
	ck_assert_uint_eq(s->raw_len, sizeof text - 1);
	ck_assert(node_is(s->root, "iq", NS_SERVER));
	ck_assert_ptr_eq(xmlDocGetRootElement(s->doc), s->root);
	ck_assert_str_eq(stanza_attr(s, "id"), "a");
	ck_assert_ptr_null(stanza_attr(s, "to"));
	xmlNodePtr query = node_child(s->root, "query", NULL);
	ck_assert_ptr_nonnull(query);
	ck_assert_str_eq(node_ns(query), "urn:q");
	ck_assert_str_eq(node_attr(node_child(query, NULL, NULL), "a"), "1");
	stanza_unref(s);
}
END_TEST

START_TEST(parse_without_default_namespace)
{
	struct stanza *s = stanza_parse("<a><b xmlns='urn:b'/><c/></a>", NULL);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(node_ns(s->root), "");
	ck_assert_ptr_nonnull(node_child(s->root, "b", "urn:b"));
	ck_assert_ptr_null(node_child(s->root, "b", ""));
	ck_assert_ptr_nonnull(node_child(s->root, "c", ""));
	stanza_unref(s);
}
END_TEST

START_TEST(parse_escapes_the_default_namespace)
{
	struct stanza *s = stanza_parse("<a/>", "urn:'<>\"");
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(node_ns(s->root), "urn:'<>\"");
	stanza_unref(s);
}
END_TEST

static const char *const refused[] = {
		"",
		" ",
		"text",
		"<a>",
		"<a/><b/>",
		"<a/>text",
		"text<a/>",
		"</a>",
		"<a></b>",
		"<a/></_:stream>",
		"</_:stream>",
		"<x:a/>",
		"<a><!-- comment --></a>",
		"<?xml version='1.0'?><a/>",
		"<!DOCTYPE a><a/>",
		"<a>&b;</a>",
		"<a",
};

START_TEST(parse_refuses)
{
	ck_assert_ptr_null(stanza_parse(refused[_i], NS_CLIENT));
}
END_TEST

START_TEST(attributes_are_decoded)
{
	struct stanza *s = stanza_parse("<a empty='' all='&lt;&amp;&gt;&quot;&apos;&#x41;&#38;lt;' x:n='1' n='2' "
									"long='0123456789012345678901234567890123456789' xmlns:x='urn:x'/>",
			NULL);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(stanza_attr(s, "empty"), "");
	ck_assert_str_eq(stanza_attr(s, "all"), "<&>\"'A&lt;");
	ck_assert_str_eq(stanza_attr(s, "n"), "2");
	ck_assert_str_eq(stanza_attr(s, "long"), "0123456789012345678901234567890123456789");
	stanza_unref(s);
}
END_TEST

START_TEST(text_is_gathered)
{
	struct stanza *s = stanza_parse("<a>one <b>two</b><![CDATA[<three>]]>&#10;</a>", NULL);
	ck_assert_ptr_nonnull(s);
	char *text = node_text(s->root);
	ck_assert_str_eq(text, "one two<three>\n");
	free(text);
	stanza_unref(s);
	s = stanza_parse("<a/>", NULL);
	text = node_text(s->root);
	ck_assert_str_eq(text, "");
	free(text);
	stanza_unref(s);
}
END_TEST

START_TEST(error_condition_is_found)
{
	struct stanza *s = stanza_parse("<iq type='error'><query xmlns='urn:q'/><error type='cancel'>"
									"<text xmlns='" NS_STANZA_ERRORS "'>no</text><special xmlns='urn:app'/>"
									"<item-not-found xmlns='" NS_STANZA_ERRORS "'/></error></iq>",
			NS_CLIENT);
	ck_assert_str_eq(stanza_error_condition(s), "item-not-found");
	stanza_unref(s);
	s = stanza_parse("<iq type='result'><error xmlns='urn:other'/></iq>", NS_CLIENT);
	ck_assert_ptr_null(stanza_error_condition(s));
	stanza_unref(s);
	s = stanza_parse("<iq type='error'><error/></iq>", NS_CLIENT);
	ck_assert_ptr_null(stanza_error_condition(s));
	stanza_unref(s);
}
END_TEST

START_TEST(references_are_counted)
{
	struct stanza *s = stanza_parse("<a/>", NULL);
	ck_assert_ptr_eq(stanza_ref(s), s);
	stanza_unref(s);
	ck_assert_str_eq((const char *)s->root->name, "a");
	stanza_unref(s);
	stanza_unref(NULL);
}
END_TEST

START_TEST(create_takes_a_document)
{
	xmlDocPtr doc = xmlReadDoc(BAD_CAST "<presence to='a&amp;b'/>", NULL, NULL, 0);
	struct stanza *s = stanza_create(doc, "raw\0octets", 10);
	ck_assert_str_eq(stanza_attr(s, "to"), "a&b");
	ck_assert_int_eq(memcmp(s->raw, "raw\0octets", 11), 0);
	stanza_unref(s);
	s = stanza_create(xmlReadDoc(BAD_CAST "<a/>", NULL, NULL, 0), NULL, 0);
	ck_assert_str_eq(s->raw, "");
	stanza_unref(s);
}
END_TEST

START_TEST(xpath_works_on_the_tree)
{
	struct stanza *s = stanza_parse("<iq><query xmlns='urn:q'><x/><x/></query></iq>", NS_SERVER);
	xmlXPathContextPtr context = xmlXPathNewContext(s->doc);
	xmlXPathRegisterNs(context, BAD_CAST "s", BAD_CAST NS_SERVER);
	xmlXPathRegisterNs(context, BAD_CAST "q", BAD_CAST "urn:q");
	xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST "count(/s:iq/q:query/q:x)", context);
	ck_assert_int_eq((int)found->floatval, 2);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	stanza_unref(s);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("stanza");
	TCase *tests = tcase_create("stanza");
	tcase_add_test(tests, parse_keeps_octets_and_tree);
	tcase_add_test(tests, parse_without_default_namespace);
	tcase_add_test(tests, parse_escapes_the_default_namespace);
	tcase_add_loop_test(tests, parse_refuses, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, attributes_are_decoded);
	tcase_add_test(tests, text_is_gathered);
	tcase_add_test(tests, error_condition_is_found);
	tcase_add_test(tests, references_are_counted);
	tcase_add_test(tests, create_takes_a_document);
	tcase_add_test(tests, xpath_works_on_the_tree);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
