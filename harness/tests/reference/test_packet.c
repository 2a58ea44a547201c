#include "packet.h"

#include "harness/tests/engine/run.h"

#include <string.h>

static const char *const texts[] = {
		"<iq type='result' id='a1' from='capulet.lit' to='juliet@capulet.lit/balcony'/>",
		"<iq type='result' id='a&#39;&#60;b&#62;&#38;#39;' from='capulet.lit' to='montague.lit'><q type='no'/></iq>",
		"<presence id='4f-1' from='capulet.lit' to='b\u00fccher.example'><c xmlns='urn:example' node='n'/></presence>",
		"<presence from='capulet.lit' to='montague.lit' type='subscribe' id='x/y=z'/>",
		"<message to='romeo@montague.lit' from='capulet.lit'><body>type='x'</body></message>",
		"<presence/>",
};

static void is_same(const char *read, const char *parsed)
{
	ck_assert_int_eq(!read, !parsed);
	if (read) {
		ck_assert_str_eq(read, parsed);
	}
}

START_TEST(what_only_goes_out_is_read_as_the_rest)
{
	struct packet read = packet_read(texts[_i]);
	struct packet parsed = packet_parse(texts[_i]);
	ck_assert_ptr_null(read.stanza);
	ck_assert_int_eq(read.local, parsed.local);
	is_same(read.name, parsed.name);
	is_same(read.type, parsed.type);
	is_same(read.id, parsed.id);
	is_same(read.from.domain, parsed.from.domain);
	is_same(read.to.local, parsed.to.local);
	is_same(read.to.domain, parsed.to.domain);
	is_same(read.to.resource, parsed.to.resource);
	packet_finish(&read);
	packet_finish(&parsed);
}
END_TEST

START_TEST(it_goes_out_as_it_stands)
{
	struct packet read = packet_read(texts[_i]);
	struct buf b = {0};
	packet_write(&b, &read);
	ck_assert_str_eq(buf_text(&b), texts[_i]);
	buf_finish(&b);
	packet_finish(&read);
}
END_TEST

START_TEST(what_is_no_stanza_of_the_stream)
{
	static const struct {
		const char *text, *objection;
	} cases[] = {{"<presence/>", NULL}, {"<message/>", NULL}, {"<iq/>", NULL}, {"<note/>", "unsupported-stanza-type"},
			{"<presence xmlns='jabber:client'/>", "unsupported-stanza-type"},
			{"<presence xmlns='urn:example'/>", "unsupported-stanza-type"},
			{"<q:presence xmlns:q='jabber:server'/>", "bad-namespace-prefix"},
			{"<q:presence xmlns:q='urn:example'/>", "unsupported-stanza-type"}};
	struct stanza *element = stanza_parse(cases[_i].text, NS_SERVER);
	const char *objection = packet_objection(element, NS_SERVER);
	ck_assert_str_eq(objection ? objection : "none", cases[_i].objection ? cases[_i].objection : "none");
	stanza_unref(element);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("packet");
	TCase *tc = tcase_create("our own");
	tcase_add_loop_test(tc, what_only_goes_out_is_read_as_the_rest, 0, sizeof texts / sizeof *texts);
	tcase_add_loop_test(tc, it_goes_out_as_it_stands, 0, sizeof texts / sizeof *texts);
	suite_add_tcase(suite, tc);
	TCase *other = tcase_create("others'");
	tcase_add_loop_test(other, what_is_no_stanza_of_the_stream, 0, 8);
	suite_add_tcase(suite, other);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
