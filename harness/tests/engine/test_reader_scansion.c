/* script/reader: scripts as people write them for scansion */
#include "reading.h"
#include "run.h"

#include <libxml/parser.h>
#include <stdlib.h>

/* A script as people write for scansion: two devices of one account, all forms of its syntax. */
static const char scansion[] =
		"# Carbons: a message that one device sends shows on the other\n"
		"# See XEP-0280\n"
		"## status: stable\n"
		"## slow\n"
		"\n"
		"[Client] Juliet\n"
		"\tjid: juliet@localhost\n"
		"\tpassword: secret\n"
		"\n"
		"[Client] Juliet's phone\n"
		"    jid: juliet@localhost/phone\n"
		"    password: secret\n"
		"    connect_host: 127.0.0.1\n"
		"    connect_port: 5222\n"
		"    resource: phone\n"
		"\n"
		"// vim: syntax=xml\n"
		"---------\n"
		"\n"
		"Juliet connects\n"
		"\n"
		"# comments stand anywhere\n"
		"Juliet's phone connects\n"
		"-- Juliet disconnects\n"
		"\n"
		"Juliet's phone sends:\n"
		"\t<iq type=\"set\" id='enable'>\n"
		"\t\t<enable xmlns=\"urn:xmpp:carbons:2\"/>\n"
		"\t</iq>\n"
		"\n"
		"Juliet's phone receives\n"
		"\t<iq to=\"${Juliet's phone's full JID}\" type='result' id='enable'/>\n"
		"\n"
		"Juliet sends\n"
		"\t<message xml:lang='en'\n"
		"\t         to=\"romeo@localhost\"\n"
		"\t\t type='chat'>\n"
		"\t\t<body>It&apos;s me &amp; &quot;you&quot;</body>\n"
		"\t</message>\n"
		"\n"
		"Juliet's phone receives:\n"
		"\t<message from=\"${Juliet's JID}\" to=\"${Juliet's phone's full JID}\">\n"
		"\t\t<sent xmlns='urn:xmpp:carbons:2'>\n"
		"\t\t\t<forwarded xmlns='urn:xmpp:forward:0'>\n"
		"\t\t\t\t<delay xmlns='urn:xmpp:delay' stamp='{scansion:any}' scansion:strict=\"false\"/>\n"
		"\t\t\t\t<message xmlns='jabber:client' id=\"{scansion:capture:first}\" xml:lang='en'>\n"
		"\t\t\t\t\t<body>It&apos;s me &amp; &quot;you&quot;</body>\n"
		"\t\t\t\t</message>\n"
		"\t\t\t</forwarded>\n"
		"\t\t</sent>\n"
		"\t\t<note scansion:strict='true'/>\n"
		"\t</message>\n"
		"\n"
		"Juliet receives: nothing\n"
		"\n"
		"Juliet disconnects\n"
		"\n"
		"// recording ended\n";

START_TEST(scansion_scripts_are_read)
{
	read_text(scansion);
	no_problem();
	ck_assert_str_eq(scenario->title, "Carbons: a message that one device sends shows on the other");
	ck_assert_str_eq(scenario->description, "See XEP-0280");
	ck_assert_int_eq(scenario->slow, 1);
	ck_assert_uint_eq(scenario->cast_count, 2);
	ck_assert_str_eq(scenario->cast[1].name, "Juliet's phone");
	ck_assert_str_eq(scenario->cast[1].resource, "phone");
	static const enum step_kind kinds[] = {STEP_CONNECT, STEP_CONNECT, STEP_SEND, STEP_RECEIVE, STEP_SEND, STEP_RECEIVE,
			STEP_NOTHING, STEP_DISCONNECT};
	static const int actors[] = {0, 1, 1, 1, 0, 1, 0, 0};
	ck_assert_uint_eq(scenario->play.count, sizeof kinds / sizeof *kinds);
	for (size_t i = 0; i < scenario->play.count; i++) {
		ck_assert_int_eq(step(i)->kind, kinds[i]);
		ck_assert_int_eq(step(i)->actor, actors[i]);
	}
	const struct template *sent = step(4)->template;
	ck_assert_str_eq(template_attr(sent, "to"), "romeo@localhost");
	ck_assert_str_eq(template_attr(sent, "type"), "chat");
	char *body = node_text(node_child(sent->root, "body", NS_CLIENT));
	ck_assert_str_eq(body, "It's me & \"you\"");
	free(body);
}
END_TEST

START_TEST(scansion_scripts_are_matched)
{
	read_text(scansion);
	struct vars vars = {0};
	struct vars binds = {0};
	struct mismatch why = {0};
	vars_set(&vars, "Juliet's JID", "juliet@localhost");
	vars_set(&vars, "Juliet's phone's full JID", "juliet@localhost/phone");
#define CARBON(sent, stamp, forwarded, note)                                                                           \
	"<message from='juliet@localhost' to='juliet@localhost/phone' type='chat'><sent xmlns='urn:xmpp:carbons:2'" sent   \
	"><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'" stamp "/>"                                  \
	"<message xmlns='jabber:client' id='m1' xml:lang='en'><body>It&apos;s me &amp; \"you\"</body>" forwarded           \
	"</message></forwarded></sent>" note "<other xmlns='urn:o'/></message>"
	static const struct {
		const char *text, *where;
	} carbons[] = {{CARBON("", " stamp='2024' from='x'", "", "<note/>"), NULL},
			{CARBON(" x='1'", " stamp='2024'", "", "<note/>"), "message/sent@x"},
			{CARBON("", "", "", "<note/>"), "message/sent/forwarded/delay@stamp"},
			{CARBON("", " stamp='2024'", "<x/>", "<note/>"), "message/sent/forwarded/message"},
			{CARBON("", " stamp='2024'", "", "<note x='1'/>"), "message/note@x"}};
	for (size_t i = 0; i < sizeof carbons / sizeof *carbons; i++) {
		struct stanza *stanza = stanza_parse(carbons[i].text, NS_CLIENT);
		ck_assert_ptr_nonnull(stanza);
		int ok = template_match(step(5)->template, stanza, &vars, NULL, &binds, &why);
		ck_assert_pstr_eq(why.where, carbons[i].where);
		ck_assert_int_eq(ok, !carbons[i].where);
		mismatch_finish(&why);
		stanza_unref(stanza);
	}
	ck_assert_str_eq(vars_get(&binds, "first"), "m1");
	vars_finish(&vars);
	vars_finish(&binds);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reader: scansion");
	TCase *tests = tcase_create("scansion");
	tcase_add_checked_fixture(tests, NULL, reading_finish);
	tcase_add_test(tests, scansion_scripts_are_read);
	tcase_add_test(tests, scansion_scripts_are_matched);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
