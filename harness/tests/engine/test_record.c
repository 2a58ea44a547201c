#include "actors/markup.h"
#include "actors/record.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

START_TEST(kinds_have_names)
{
	ck_assert_str_eq(record_kind_text(RECORD_OPEN), "open");
	ck_assert_str_eq(record_kind_text(RECORD_CLOSE), "close");
	ck_assert_str_eq(record_kind_text((enum record_kind)99), "unknown");
}
END_TEST

START_TEST(streams_are_numbered_from_one)
{
	struct recorder r = {0};
	ck_assert_int_eq(recorder_new_stream(&r), 1);
	ck_assert_int_eq(recorder_new_stream(&r), 2);
}
END_TEST

static void expect_redacted(const char *raw, const char *redacted)
{
	struct buf b = {0};
	markup_redacted(&b, raw, strlen(raw));
	ck_assert_str_eq(buf_text(&b), redacted);
	buf_finish(&b);
}

START_TEST(secrets_are_redacted)
{
	expect_redacted("<auth mechanism='PLAIN'>AGJvYgBzZWNyZXQ=</auth>", "<auth mechanism='PLAIN'>[redacted]</auth>");
	expect_redacted("\n <auth a='x>y' b=\">\">s</auth>", "\n <auth a='x>y' b=\">\">[redacted]</auth>");
	expect_redacted("<response/>", "<response/>");
	expect_redacted("<success></success>", "<success></success>");
	expect_redacted("<a><b>secret</b></a>", "<a>[redacted]</a>");
}
END_TEST

START_TEST(headers_say_what_is_given)
{
	struct buf b = {0};
	markup_header(&b, &(struct markup_header){.content_ns = NS_SERVER, .from = "a'b", .version = 1, .dialback = 1});
	ck_assert_str_eq(buf_text(&b),
			"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
			"xmlns:db='jabber:server:dialback' from='a&apos;b' version='1.0'>");
	buf_clear(&b);
	markup_header(&b, &(struct markup_header){.content_ns = NS_CLIENT, .to = "x", .id = "1"});
	ck_assert_str_eq(buf_text(&b),
			"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
			"to='x' id='1'>");
	buf_finish(&b);
}
END_TEST

START_TEST(stream_errors_have_conditions)
{
	struct stanza *s = stanza_parse("<e:error xmlns:e='http://etherx.jabber.org/streams'><text "
									"xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</text><host-unknown "
									"xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></e:error>",
			NS_SERVER);
	ck_assert_str_eq(stream_error_condition(s), "host-unknown");
	stanza_unref(s);
	s = stanza_parse("<error/>", NS_STREAM);
	ck_assert_str_eq(stream_error_condition(s), "undefined-condition");
	stanza_unref(s);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");
	tcase_add_test(tc, kinds_have_names);
	tcase_add_test(tc, streams_are_numbered_from_one);
	suite_add_tcase(suite, tc);
	tc = tcase_create("markup");
	tcase_add_test(tc, secrets_are_redacted);
	tcase_add_test(tc, headers_say_what_is_given);
	tcase_add_test(tc, stream_errors_have_conditions);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
