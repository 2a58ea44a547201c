/* target/stages: what stands behind a submitted form. */
#include "run.h"
#include "target/stages.h"
#include "wire/stanza.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "<command xmlns='http://jabber.org/protocol/commands' node='urn:n' sessionid='s&amp;1' status='executing'>"
#define NEXT "<actions execute='next'><prev/><next/></actions>"
#define COMPLETE "<actions execute='complete'><prev/><complete/></actions>"
#define FORM(fields)                                                                                                   \
	"<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:f</value></field>" fields    \
	"</x>"
#define SUBMITTED(value)                                                                                               \
	"<x xmlns='jabber:x:data' type='submit'><field var='peerjid'><value>" value "</value></field></x>"

/* "" where there is no such stage. Caller frees. */
static char *further(const char *answer, const char *submitted)
{
	struct stanza *a = stanza_parse(answer, NS_CLIENT);
	struct stanza *s = submitted ? stanza_parse(submitted, NS_CLIENT) : NULL;
	ck_assert(a != NULL && (s != NULL) == (submitted != NULL));
	xmlDocPtr doc = stages_further(a->root, s ? s->root : NULL);
	char *octets = doc ? node_octets(xmlDocGetRootElement(doc)) : strdup("");
	xmlFreeDoc(doc);
	stanza_unref(a);
	stanza_unref(s);
	return octets;
}

static void leads_to(const char *answer, const char *submitted, const char *expected)
{
	char *got = further(answer, submitted);
	ck_assert_str_eq(got, expected);
	free(got);
}

#define GOES_ON(attributes, content)                                                                                   \
	"<iq type=\"set\"><command xmlns=\"http://jabber.org/protocol/commands\" node=\"urn:n\" "                          \
	"sessionid=\"s&amp;1\"" attributes content
#define FILLED_IN(fields)                                                                                              \
	"><x xmlns=\"jabber:x:data\" type=\"submit\"><field var=\"FORM_TYPE\"><value>urn:f</value></field>" fields         \
	"</x></command></iq>"

START_TEST(a_stage_without_questions_is_passed)
{
	const char *submitted = SUBMITTED("a.test");
	leads_to(HEAD COMPLETE "<note>Sure?</note></command>", submitted, GOES_ON(" action=\"complete\"", "/></iq>"));
	leads_to(HEAD NEXT "</command>", submitted, GOES_ON(" action=\"next\"", "/></iq>"));
	leads_to(HEAD "</command>", submitted, GOES_ON("", "/></iq>"));
	leads_to(HEAD COMPLETE FORM("<field type='fixed'><value>Text</value></field>"
								"<field var='peerjid' type='fixed'><value>b.test</value></field>") "</command>",
			submitted,
			GOES_ON(" action=\"complete\"", FILLED_IN("<field var=\"peerjid\"><value>b.test</value></field>")));
}
END_TEST

START_TEST(a_stage_is_filled_in_with_its_own_values)
{
	leads_to(HEAD FORM("<field var='peerjid' type='jid-single'><value>a.test</value><required/></field>"
					   "<field var='tags' type='text-multi'><value>x &lt;</value><value>y</value></field>"
					   "<field var='loud' type='boolean'><value>0</value></field>"
					   "<field var='sure' type='boolean'/>") "</command>",
			SUBMITTED("a.test"),
			GOES_ON("", FILLED_IN("<field var=\"peerjid\"><value>a.test</value></field>"
								  "<field var=\"tags\"><value>x &lt;</value><value>y</value></field>"
								  "<field var=\"loud\"><value>0</value></field>"
								  "<field var=\"sure\"><value>1</value></field>")));
}
END_TEST

START_TEST(a_single_question_is_answered_with_yes)
{
	leads_to(HEAD FORM("<field var='sure' type='boolean'><value>0</value><required/></field>") "</command>",
			SUBMITTED("a.test"), GOES_ON("", FILLED_IN("<field var=\"sure\"><value>1</value></field>")));
}
END_TEST

/* These are refusals, which the play is to see. */
START_TEST(the_form_again_is_no_further_stage)
{
	const char *submitted = SUBMITTED("a.test");
	leads_to(HEAD FORM("<field var='peerjid' type='jid-single'/>") "</command>", submitted, "");
	leads_to(HEAD FORM("<field var='peerjid'><value>b.test</value></field>") "</command>", submitted, "");
	leads_to(HEAD FORM("<field var='other'><required/></field>") "</command>", submitted, "");
	leads_to(HEAD FORM("<field var='other'/>") "</command>", NULL, "");
	leads_to(HEAD COMPLETE "<note type='error'>No</note></command>", submitted, "");
	leads_to("<command xmlns='http://jabber.org/protocol/commands' status='completed'/>", submitted, "");
	leads_to("<command xmlns='http://jabber.org/protocol/commands'/>", submitted, "");
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("stages");
	TCase *tests = tcase_create("further");
	tcase_add_test(tests, a_stage_without_questions_is_passed);
	tcase_add_test(tests, a_stage_is_filled_in_with_its_own_values);
	tcase_add_test(tests, a_single_question_is_answered_with_yes);
	tcase_add_test(tests, the_form_again_is_no_further_stage);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
