/* script/caps: the examples of XEP-0115 section 5.2 and 5.3 and of XEP-0390 section 4.5, and what must not be accepted
 */
#include "run.h"
#include "script/caps.h"
#include "script/xpath.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define QUERY(content) "<query xmlns='http://jabber.org/protocol/disco#info'>" content "</query>"
#define FORM(content) "<x xmlns='jabber:x:data' type='result'>" content "</x>"
#define FIELD(var, values) "<field var='" var "'>" values "</field>"
#define TYPE(type) "<field var='FORM_TYPE' type='hidden'><value>" type "</value></field>"
#define PC "<identity category='client' type='pc'/>"

#define EXODUS                                                                                                         \
	QUERY("<identity category='client' type='pc' name='Exodus 0.9.1'/>"                                                \
		  "<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>"            \
		  "<feature var='http://jabber.org/protocol/disco#items'/>"                                                    \
		  "<feature var='http://jabber.org/protocol/disco#info'/>")
#define PSI                                                                                                            \
	QUERY("<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"                                      \
		  "<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"                                 \
		  "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>"     \
		  "<feature var='http://jabber.org/protocol/disco#items'/><feature "                                           \
		  "var='http://jabber.org/protocol/muc'/>" FORM(FIELD("software", "<value>Psi</value>") FIELD(                 \
				  "os", "<value>Mac</value>") FIELD("ip_version", "<value>ipv6</value><value>ipv4</value>")            \
						  TYPE("urn:xmpp:dataforms:softwareinfo") FIELD("software_version", "<value>0.11</value>")     \
								  FIELD("os_version", "<value>10.5.1</value>")))
#define BOMBUS                                                                                                         \
	QUERY("<identity category='client' name='BombusMod' type='mobile'/><feature var='http://jabber.org/protocol/si'/>" \
		  "<feature var='http://jabber.org/protocol/bytestreams'/><feature "                                           \
		  "var='http://jabber.org/protocol/chatstates'/>"                                                              \
		  "<feature var='http://jabber.org/protocol/disco#info'/><feature "                                            \
		  "var='http://jabber.org/protocol/disco#items'/>"                                                             \
		  "<feature var='urn:xmpp:ping'/><feature var='jabber:iq:time'/><feature var='jabber:iq:privacy'/>"            \
		  "<feature var='jabber:iq:version'/><feature var='http://jabber.org/protocol/rosterx'/>"                      \
		  "<feature var='urn:xmpp:time'/><feature var='jabber:x:oob'/><feature "                                       \
		  "var='http://jabber.org/protocol/ibb'/>"                                                                     \
		  "<feature var='http://jabber.org/protocol/si/profile/file-transfer'/><feature var='urn:xmpp:receipts'/>"     \
		  "<feature var='jabber:iq:roster'/><feature var='jabber:iq:last'/>")

static char *with_caps2(const xmlNode *query, const char *algorithm)
{
	return caps2_hash(query, algorithm, "");
}

static char *with_caps2_in_english(const xmlNode *query, const char *algorithm)
{
	return caps2_hash(query, algorithm, "en");
}

static const struct {
	char *(*hash)(const xmlNode *query, const char *algorithm);
	const char *algorithm, *query, *expected;
} cases[] = {
		{caps_hash, "sha-1", EXODUS, "QgayPKawpkPSDYmwT/WM94uAlu0="},
		{caps_hash, "sha-1", PSI, "q07IKJEyjvHSyhy//CH0CxmKi8w="},
		{caps_hash, "sha-256", QUERY(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		{caps_hash, "rot-13", EXODUS, NULL},
		{with_caps2, "sha-256", BOMBUS, "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="},
		{with_caps2, "sha3-256", BOMBUS, "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="},
		{with_caps2, "whirl", BOMBUS, NULL},
		/* ill-formed: XEP-0115 section 5.4, 3.3 to 3.5 */
		{caps_hash, "sha-1", QUERY(PC PC), NULL},
		{caps_hash, "sha-1", QUERY("<feature var='a'/><feature var='a'/>"), NULL},
		{caps_hash, "sha-1", QUERY(FORM(TYPE("a")) FORM(TYPE("a") FIELD("b", ""))), NULL},
		{caps_hash, "sha-1",
				QUERY(FORM("<field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field>")), NULL},
		/* XEP-0390 section 4.1, 1 to 3 */
		{with_caps2, "sha-256", QUERY("<other xmlns='urn:x'/>"), NULL},
		{with_caps2, "sha-256", QUERY(FORM(TYPE("a") "<reported/>")), NULL},
		{with_caps2, "sha-256", QUERY(FORM(FIELD("b", ""))), NULL},
};

static char *hash(const char *text, const char *algorithm, char *(*function)(const xmlNode *, const char *))
{
	struct stanza *s = stanza_parse(text, NS_CLIENT);
	ck_assert_ptr_nonnull(s);
	char *result = function(s->root, algorithm);
	stanza_unref(s);
	return result;
}

START_TEST(gives_what_the_specifications_say)
{
	char *got = hash(cases[_i].query, cases[_i].algorithm, cases[_i].hash);
	if (cases[_i].expected) {
		ck_assert_str_eq(got, cases[_i].expected);
	} else {
		ck_assert_ptr_null(got);
	}
	free(got);
}
END_TEST

/* Pairs that must hash alike: order does not count, a form without hidden FORM_TYPE is left out. */
static const char *const alike[][2] = {
		{QUERY(PC "<identity category='client-x' type='a'/>"), QUERY("<identity category='client-x' type='a'/>" PC)},
		{QUERY(PC FORM(FIELD("b", "<value>1</value>"))), QUERY(PC)},
		{QUERY(PC FORM(FIELD("FORM_TYPE", "<value>1</value>"))), QUERY(PC)},
		{QUERY(FORM(TYPE("a") FIELD("b", "")) FORM(TYPE("c"))), QUERY(FORM(TYPE("c")) FORM(FIELD("b", "") TYPE("a")))},
};

START_TEST(order_does_not_count)
{
	char *a = hash(alike[_i][0], "sha-1", caps_hash);
	char *b = hash(alike[_i][1], "sha-1", caps_hash);
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
}
END_TEST

/* "client-x" sorts before "client/": identities sort by category first, not by the text with slashes. */
START_TEST(identities_sort_by_their_parts)
{
	char *got = hash(QUERY("<identity category='client-x' type='a'/>" PC), "sha-1", caps_hash);
	ck_assert_str_eq(got, "PS++cm6n1zt7AVDvq4UW3BrflBg=");
	free(got);
}
END_TEST

START_TEST(language_is_inherited_in_caps_2_only)
{
	const char *outer = "<query xmlns='http://jabber.org/protocol/disco#info' xml:lang='en'>" PC "</query>";
	const char *inner = QUERY("<identity category='client' type='pc' xml:lang='en'/>");
	char *a = hash(outer, "sha-256", with_caps2);
	char *b = hash(inner, "sha-256", with_caps2);
	char *c = hash(outer, "sha-256", caps_hash);
	char *d = hash(QUERY(PC), "sha-256", caps_hash);
	char *e = hash(QUERY(PC), "sha-256", with_caps2_in_english);
	ck_assert_str_eq(a, b);
	ck_assert_str_eq(a, e);
	ck_assert_str_eq(c, d);
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
}
END_TEST

static const struct {
	const char *expr, *value;
} calls[] = {
		{"caps:hash(info:query, 'sha-1')", "QgayPKawpkPSDYmwT/WM94uAlu0="},
		{"caps:hash(info:nothing, 'sha-1')", ""},
		{"caps:hash(info:query, 'rot-13')", ""},
		{"string-length(caps2:hash(info:query, 'sha-256', 'en'))", "44"},
		{"caps:hash('x', 'sha-1')", ""},
};

START_TEST(are_functions_of_xpath)
{
	char *error = NULL;
	struct stanza *s = stanza_parse("<iq>" EXODUS "</iq>", NS_CLIENT);
	struct xpath *x = xpath_create(calls[_i].expr, &error);
	if (!x) {
		ck_assert_str_eq(calls[_i].value, ""); /* no node-set: known before it is played */
		free(error);
	} else {
		char *text = xpath_text(x, s, NULL);
		ck_assert_str_eq(text, calls[_i].value);
		free(text);
	}
	xpath_destroy(x);
	stanza_unref(s);
}
END_TEST

START_TEST(a_wrong_number_of_arguments_is_refused)
{
	char *error = NULL;
	ck_assert_ptr_null(xpath_create("caps:hash(info:query)", &error));
	ck_assert_ptr_nonnull(error);
	free(error);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("caps");
	TCase *tests = tcase_create("caps");
	tcase_add_loop_test(tests, gives_what_the_specifications_say, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tests, order_does_not_count, 0, sizeof alike / sizeof *alike);
	tcase_add_test(tests, identities_sort_by_their_parts);
	tcase_add_test(tests, language_is_inherited_in_caps_2_only);
	tcase_add_loop_test(tests, are_functions_of_xpath, 0, sizeof calls / sizeof *calls);
	tcase_add_test(tests, a_wrong_number_of_arguments_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
