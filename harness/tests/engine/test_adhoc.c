/* target/adhoc: hooks as ad-hoc commands, spoken without a wire. */
#include "run.h"
#include "target/adhoc.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS "http://jabber.org/protocol/commands"
#define COMMAND "<command xmlns='" COMMANDS "' node='urn:approve'"
#define DATA "<x xmlns='jabber:x:data' type='"

static struct hook_field fields[] = {{"peer", "${peer}"}, {"note", "for ${peer} & co <${other}>"}};
static const struct hook approve = {.name = "approve", .adhoc = "urn:approve", .fields = fields, .fields_count = 2};
static const struct hook pending = {.name = "pending", .adhoc = "urn:pending", .result = "peers"};

static struct adhoc_call call;
static char *octets;

static void teardown(void)
{
	adhoc_finish(&call);
	free(octets);
	octets = NULL;
}

static void begin(const struct hook *hook, const char *peer)
{
	teardown();
	octets = adhoc_begin(&call, hook, "srv.test", peer, "hook-7");
}

static enum adhoc_state answer(const char *text)
{
	struct stanza *s = stanza_parse(text, NS_CLIENT);
	ck_assert_msg(s != NULL, "%s", text);
	free(octets);
	octets = NULL;
	enum adhoc_state state = adhoc_answer(&call, s, &octets);
	ck_assert_int_eq(octets != NULL, state == ADHOC_GOES_ON);
	stanza_unref(s);
	return state;
}

#define FORM                                                                                                           \
	"<iq type='result' id='hook-7-1' from='srv.test'>" COMMAND " status='executing' sessionid=\"s'1&amp;\">" DATA      \
	"form'><field var='FORM_TYPE' type='hidden'><value>urn:form&amp;type</value></field><field var='peer' "            \
	"type='jid-single'/></x></command></iq>"
#define ERROR(condition)                                                                                               \
	"<iq type='error' id='x'><error type='cancel'><" condition                                                         \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"                                                           \
	"</iq>"

START_TEST(execute_is_sent)
{
	begin(&approve, "p1.test");
	ck_assert_str_eq(octets, "<iq type=\"set\" id=\"hook-7-1\" to=\"srv.test\"><command xmlns=\"" COMMANDS
							 "\" node=\"urn:approve\" action=\"execute\"/></iq>");
	ck_assert_str_eq(call.id, "hook-7-1");
}
END_TEST

START_TEST(one_stage)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'/></iq>"), ADHOC_DONE);
	ck_assert_str_eq(buf_text(&call.output), "");
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND "/></iq>"), ADHOC_DONE);
}
END_TEST

START_TEST(two_stages)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_str_eq(call.id, "hook-7-2");
	ck_assert_str_eq(octets,
			"<iq type=\"set\" id=\"hook-7-2\" to=\"srv.test\"><command xmlns=\"" COMMANDS
			"\" node=\"urn:approve\" sessionid=\"s'1&amp;\"><x xmlns=\"jabber:x:data\" type=\"submit\">"
			"<field var=\"FORM_TYPE\"><value>urn:form&amp;type</value></field>"
			"<field var=\"peer\"><value>p1.test</value></field>"
			"<field var=\"note\"><value>for p1.test &amp; co &lt;${other}&gt;</value></field>"
			"</x></command></iq>");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'/></iq>"), ADHOC_DONE);
}
END_TEST

#define CONFIRM "<iq type='result'>" COMMAND " status='executing' sessionid='s1'><note>Sure?</note></command></iq>"

START_TEST(further_stages_are_gone_through)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_int_eq(answer(CONFIRM), ADHOC_GOES_ON);
	ck_assert_str_eq(call.id, "hook-7-3");
	ck_assert_str_eq(octets, "<iq type=\"set\" id=\"hook-7-3\" to=\"srv.test\"><command xmlns=\"" COMMANDS
							 "\" node=\"urn:approve\" sessionid=\"s1\"/></iq>");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'/></iq>"), ADHOC_DONE);
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(answer(CONFIRM), ADHOC_GOES_ON);
	}
	ck_assert_int_eq(answer(CONFIRM), ADHOC_DONE); /* it never comes to an end: refused */
}
END_TEST

START_TEST(a_form_without_form_type_or_session)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='executing'/></iq>"), ADHOC_GOES_ON);
	ck_assert_ptr_null(strstr(octets, "FORM_TYPE"));
	ck_assert_ptr_null(strstr(octets, "sessionid"));
	ck_assert_ptr_nonnull(strstr(octets, "<value>p1.test</value>"));
}
END_TEST

START_TEST(xml_in_names_is_escaped)
{
	static const char evil[] = "p'\"</value><x a='1'>&amp;]]>${peer}";
	begin(&approve, evil);
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	struct stanza *s = stanza_parse(octets, NS_CLIENT);
	ck_assert_ptr_nonnull(s);
	xmlNodePtr form = node_child(node_child(s->root, "command", COMMANDS), "x", "jabber:x:data");
	xmlNodePtr field = node_child(form, "field", "jabber:x:data")->next;
	ck_assert_str_eq(node_attr(field, "var"), "peer");
	char *value = node_text(node_child(field, "value", "jabber:x:data"));
	ck_assert_str_eq(value, evil);
	free(value);
	stanza_unref(s);
	struct hook odd = {.adhoc = "a'\"<&>"};
	free(octets);
	adhoc_finish(&call);
	octets = adhoc_begin(&call, &odd, "s<&\"", "p", "i<&\"");
	s = stanza_parse(octets, NS_CLIENT);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(stanza_attr(s, "to"), "s<&\"");
	ck_assert_str_eq(stanza_attr(s, "id"), "i<&\"-1");
	ck_assert_str_eq(node_attr(node_child(s->root, "command", COMMANDS), "node"), "a'\"<&>");
	stanza_unref(s);
}
END_TEST

START_TEST(a_hook_without_peer)
{
	begin(&approve, NULL);
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_ptr_nonnull(strstr(octets, "<field var=\"peer\"><value></value></field>"));
}
END_TEST

START_TEST(result_lines_are_read)
{
	begin(&pending, NULL);
	ck_assert_int_eq(
			answer("<iq type='result'>" COMMAND " status='completed'>" DATA
				   "result'><field var='other'><value>no</value></field><field var='peers'><value>p1.test</value>"
				   "<value/><value>p2 &amp; &lt;p3&gt;</value><junk/></field><field><value>no</value></field>"
				   "<field xmlns='urn:o' var='peers'><value>no</value></field></x></command></iq>"),
			ADHOC_DONE);
	ck_assert_str_eq(buf_text(&call.output), "p1.test\n\np2 & <p3>\n");
	begin(&pending, NULL);
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'/></iq>"), ADHOC_DONE);
	ck_assert_str_eq(buf_text(&call.output), "");
}
END_TEST

START_TEST(result_lines_after_two_stages)
{
	struct hook both = pending;
	both.fields = fields;
	both.fields_count = 1;
	begin(&both, "p1.test");
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'>" DATA
							"result'><field var='peers'><value>p1.test</value></field></x></command></iq>"),
			ADHOC_DONE);
	ck_assert_str_eq(buf_text(&call.output), "p1.test\n");
}
END_TEST

START_TEST(results_that_nobody_asked_for)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND " status='completed'>" DATA
							"result'><field var='peers'><value>p1.test</value></field></x></command></iq>"),
			ADHOC_DONE);
	ck_assert_str_eq(buf_text(&call.output), "");
}
END_TEST

static const char *const refusals[] = {
		ERROR("item-not-found"), ERROR("forbidden"), ERROR("feature-not-implemented"), ERROR("service-unavailable")};
static const char *const conditions[] = {
		"item-not-found", "forbidden", "feature-not-implemented", "service-unavailable"};

START_TEST(no_such_command_at_any_stage)
{
	struct buf expected = {0};
	buf_printf(&expected, "the command 'urn:approve' was answered with %s", conditions[_i]);
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(refusals[_i]), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), buf_text(&expected));
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_int_eq(answer(refusals[_i]), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), buf_text(&expected));
	buf_finish(&expected);
}
END_TEST

START_TEST(refused_at_stage_one)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer(ERROR("not-allowed")), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), "the command 'urn:approve' was answered with not-allowed");
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='error'/>"), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), "the command 'urn:approve' was answered with an error");
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'/>"), ADHOC_FAILED);
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq>" COMMAND "/></iq>"), ADHOC_FAILED);
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'><command xmlns='urn:other'/></iq>"), ADHOC_FAILED);
}
END_TEST

/* What can be refused at the second stage is what was submitted: there was nothing to approve. */
START_TEST(refused_at_stage_two)
{
	static const char *const answers[] = {ERROR("not-acceptable"), ERROR("bad-request"), "<iq type='error'/>", FORM,
			"<iq type='result'>" COMMAND " status='canceled'/></iq>",
			"<iq type='result'>" COMMAND
			" status='completed'><note type='error'>no such request</note></command></iq>"};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		begin(&approve, "p1.test");
		ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
		ck_assert_int_eq(answer(answers[i]), ADHOC_DONE);
		ck_assert_str_eq(buf_text(&call.output), "");
	}
}
END_TEST

/* A question that is refused is not answered with "nobody". */
START_TEST(a_question_refused_at_stage_two)
{
	begin(&pending, NULL);
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_int_eq(answer(ERROR("bad-request")), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), "the command 'urn:pending' was answered with bad-request");
	begin(&pending, NULL);
	ck_assert_int_eq(answer(FORM), ADHOC_GOES_ON);
	ck_assert_int_eq(answer(FORM), ADHOC_FAILED);
	ck_assert_str_eq(buf_text(&call.output), "the command 'urn:pending' was answered with its form again");
}
END_TEST

START_TEST(an_error_note_at_stage_one)
{
	begin(&approve, "p1.test");
	ck_assert_int_eq(answer("<iq type='result'>" COMMAND
							" status='completed'><note type='error'>no such request</note></command></iq>"),
			ADHOC_DONE);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("adhoc");
	TCase *tests = tcase_create("adhoc");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, execute_is_sent);
	tcase_add_test(tests, one_stage);
	tcase_add_test(tests, two_stages);
	tcase_add_test(tests, a_form_without_form_type_or_session);
	tcase_add_test(tests, xml_in_names_is_escaped);
	tcase_add_test(tests, a_hook_without_peer);
	tcase_add_test(tests, further_stages_are_gone_through);
	tcase_add_test(tests, result_lines_are_read);
	tcase_add_test(tests, result_lines_after_two_stages);
	tcase_add_test(tests, results_that_nobody_asked_for);
	tcase_add_loop_test(tests, no_such_command_at_any_stage, 0, sizeof refusals / sizeof *refusals);
	tcase_add_test(tests, refused_at_stage_one);
	tcase_add_test(tests, refused_at_stage_two);
	tcase_add_test(tests, a_question_refused_at_stage_two);
	tcase_add_test(tests, an_error_note_at_stage_one);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
