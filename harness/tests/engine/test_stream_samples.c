/* wire/stream: good, bad and changed streams, and what they are turned into */
#include "base/buf.h"
#include "base/err.h"
#include "feed.h"
#include "run.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct sample {
	const char *octets;
	size_t len;
	const char *events;
};

#define SAMPLE(octets, events)                                                                                         \
	{                                                                                                                  \
		octets, sizeof octets - 1, events                                                                              \
	}

static const struct sample good[] = {
		SAMPLE("", ""),
		SAMPLE(OPEN, "header"),
		SAMPLE("<?xml version='1.0' encoding='utf-8'?>\n" OPEN "\n<a/>\n" CLOSE, "header a end"),
		SAMPLE("\xef\xbb\xbf" OPEN "<a/>", "header a"),
		SAMPLE(" \n" OPEN "<a/>", "header a"),
		SAMPLE("<stream:stream xmlns:stream='" NS_STREAM "'/>", "header end"),
		SAMPLE("<s:stream xmlns:s='" NS_STREAM "'><a/></s:stream>", "header a end"),
		SAMPLE("<stream xmlns='" NS_STREAM "'><a xmlns=''/></stream>", "header a end"),
		SAMPLE(OPEN "<a><b><c/></b>text</a><d>x</d><e/>" CLOSE, "header a d e end"),
		SAMPLE(OPEN "  <a/>\r\n\t<b/>\r<c>\r\n</c>\r" CLOSE, "header a b c end"),
		SAMPLE(OPEN "<a x='>' y=\"'>\" z='/>'>></a><b/>", "header a b"),
		SAMPLE("<stream:stream a='>' xmlns:stream='" NS_STREAM "' b='/>'><a/>", "header a"),
		SAMPLE(OPEN "<a\n\tx = '1'\n/><b ></b ><c />", "header a b c"),
		SAMPLE(OPEN "<a>\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80</a><\xc3\xa4 \xc3\xb6='\xc3\xbc'/>", "header a \xc3\xa4"),
		SAMPLE(OPEN "<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;</a>", "header a"),
		SAMPLE(OPEN "<a><![CDATA[<b>]] ></a>]]]></a><c/>", "header a c"),
		SAMPLE(OPEN "<stream:features/><db:result>k</db:result><stream:error/>", "header features result error"),
		SAMPLE(OPEN "<a x:y='' xmlns:x='urn:x'/><b xmlns:x='urn:z'><x:c/></b>", "header a b"),
		SAMPLE(OPEN "<stream:stream/><a><stream:stream></stream:stream></a>", "header stream a"),
		SAMPLE(OPEN "<a/>" CLOSE "<b/>\0<!-- junk", "header a end"),
		SAMPLE(OPEN CLOSE CLOSE, "header end"),
		SAMPLE(OPEN "<a", "header"),
		SAMPLE(OPEN "<a/> \n ", "header a"),
		SAMPLE(OPEN "<a xmlns='not a URI'/><b xmlns='relative'/>", "header a b"),
};

static const struct sample bad[] = {
		/* not XML, or not XML any more */
		SAMPLE("HTTP/1.1 400 Bad Request\r\n\r\n", "not-well-formed"),
		SAMPLE("\x16\x03\x01\x02\x00\x01\x00\x01", "not-well-formed"),
		SAMPLE("text" OPEN, "not-well-formed"),
		SAMPLE(" <?xml version='1.0'?>" OPEN, "not-well-formed"),
		SAMPLE("<?xml version='2.0'?>" OPEN, "not-well-formed"),
		SAMPLE("</stream:stream>", "not-well-formed"),
		SAMPLE(OPEN "<?xml version='1.0'?><a/>", "header not-well-formed"),
		SAMPLE(OPEN "<a></b>", "header not-well-formed"),
		SAMPLE(OPEN "<a><b></a></b>", "header not-well-formed"),
		SAMPLE(OPEN "<a/></a>", "header a not-well-formed"),
		SAMPLE(OPEN "<a b=''b=''/>", "header not-well-formed"),
		SAMPLE(OPEN "<a b='' b=''/>", "header not-well-formed"),
		SAMPLE(OPEN "<a b/>", "header not-well-formed"),
		SAMPLE(OPEN "<a b='<'/><c/>", "header not-well-formed"),
		SAMPLE(OPEN "< a/>", "header not-well-formed"),
		SAMPLE(OPEN "<a>]]></a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>&#0;</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>&#xD800;</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>& </a><b>;</b>", "header not-well-formed"),
		SAMPLE(OPEN "<a/>text<b/>", "header a not-well-formed"),
		SAMPLE(OPEN "<a/>&#65;<b/>", "header a not-well-formed"),
		SAMPLE(OPEN "<![CDATA[x]]><b/>", "header not-well-formed"),
		/* octets that are no characters */
		SAMPLE("\0\0\0\0" OPEN, "not-well-formed"),
		SAMPLE(OPEN "<a>x\0</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a/>\0<b/>", "header a not-well-formed"),
		SAMPLE(OPEN "<a b='\0'/>", "header not-well-formed"),
		SAMPLE(OPEN "<a\0/>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\x01</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xef\xbf\xbe</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a b='\xef\xbf\xbf'/>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xff</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xc3(</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\x80</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xc1\x81</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xe0\x81\x81</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xed\xa0\x80</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a>\xf4\x90\x80\x80</a>", "header not-well-formed"),
		SAMPLE(OPEN "<a b='\xc1\x81'/>", "header not-well-formed"),
		SAMPLE(OPEN "<a\xc1\x81/>", "header not-well-formed"),
		/* namespaces */
		SAMPLE("<stream:stream>", "not-well-formed"),
		SAMPLE(OPEN "<x:a/><b/>", "header not-well-formed"),
		SAMPLE(OPEN "<a x:b=''/>", "header not-well-formed"),
		SAMPLE(OPEN "<a><x:b/></a>", "header not-well-formed"),
		SAMPLE(OPEN "<a:b:c xmlns:a='urn:a'/>", "header not-well-formed"),
		SAMPLE(OPEN "<a xmlns:x=''/>", "header not-well-formed"),
		SAMPLE(OPEN "<a xmlns:xmlns='urn:x'/>", "header not-well-formed"),
		SAMPLE(OPEN "<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='' y:b=''/>", "header not-well-formed"),
		/* RFC 6120 section 11.1 */
		SAMPLE("<!-- --><stream/>", "restricted-xml"),
		SAMPLE("<?foo bar?>" OPEN, "restricted-xml"),
		SAMPLE("<!DOCTYPE stream:stream>" OPEN, "restricted-xml"),
		SAMPLE("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" OPEN, "restricted-xml"),
		SAMPLE("<!DOCTYPE a PUBLIC 'a' 'http://127.0.0.1:1/a.dtd'>" OPEN, "restricted-xml"),
		SAMPLE("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" OPEN "<a>&e;</a>", "restricted-xml"),
		SAMPLE("<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;'>"
			   "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]>" OPEN "<a>&e;</a>",
				"restricted-xml"),
		SAMPLE("<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]>" OPEN, "restricted-xml"),
		SAMPLE(OPEN "<!-- x --><a/>", "header restricted-xml"),
		SAMPLE(OPEN "<a><!-- x --></a>", "header restricted-xml"),
		SAMPLE(OPEN "<a><?b c?></a>", "header restricted-xml"),
		SAMPLE(OPEN "<a/><?b c?>", "header a restricted-xml"),
		SAMPLE(OPEN "<a>&b;</a>", "header restricted-xml"),
		SAMPLE(OPEN "<a b='&c;'/>", "header restricted-xml"),
		/* encodings */
		SAMPLE("<?xml version='1.0' encoding='ISO-8859-1'?>" OPEN "<a>\xe4</a>", "unsupported-encoding"),
		SAMPLE("<?xml version='1.0' encoding='UTF-16'?>" OPEN, "unsupported-encoding"),
		SAMPLE("<?xml version='1.0' encoding='none-such'?>" OPEN, "unsupported-encoding"),
		SAMPLE("\xff\xfe<\0s\0t\0r\0", "unsupported-encoding"),
		SAMPLE("\xfe\xff\0<\0s\0t\0r", "unsupported-encoding"),
		/* other roots */
		SAMPLE("<stream>", "invalid-namespace"),
		SAMPLE("<stream xmlns='jabber:client'/>", "invalid-namespace"),
		SAMPLE("<stream:features xmlns:stream='" NS_STREAM "'>", "invalid-namespace"),
		SAMPLE("<iq xmlns='jabber:client'/>", "invalid-namespace"),
		SAMPLE("<html>", "invalid-namespace"),
};

enum { GOOD = sizeof good / sizeof *good, BAD = sizeof bad / sizeof *bad };

/* Octets that belong to events; the end of a good sample that belongs to none is found by comparing. */
static void check_raw(const struct feed *feed, const struct sample *sample)
{
	ck_assert_uint_le(feed->raw.len, sample->len);
	ck_assert_int_eq(memcmp(buf_text(&feed->raw), sample->octets, feed->raw.len), 0);
}

static void check_sample(const struct sample *sample, size_t most, int rests, int rc)
{
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	ck_assert_int_eq(feed_pieces(&feed, sample->octets, sample->len, most, rests), rc);
	ck_assert_msg(
			strcmp(buf_text(&feed.events), sample->events) == 0, "%s gave %s", sample->octets, buf_text(&feed.events));
	check_raw(&feed, sample);
	/* After a fault or the end nothing comes any more. */
	if (rc || strstr(sample->events, "end")) {
		ck_assert_int_eq(feed_text(&feed, OPEN "<a/>"), rc);
		ck_assert_str_eq(buf_text(&feed.events), sample->events);
	}
	feed_finish(&feed);
}

START_TEST(good_streams)
{
	check_sample(&good[_i], SIZE_MAX, 0, 0);
	check_sample(&good[_i], 1, 0, 0);
	check_sample(&good[_i], 7, 0, 0);
	check_sample(&good[_i], 1, 1, 0);
	check_sample(&good[_i], 5, 1, 0);
}
END_TEST

START_TEST(bad_streams)
{
	check_sample(&bad[_i], SIZE_MAX, 0, ERR_SYNTAX);
	check_sample(&bad[_i], 1, 0, ERR_SYNTAX);
	check_sample(&bad[_i], 7, 0, ERR_SYNTAX);
	check_sample(&bad[_i], 1, 1, ERR_SYNTAX);
}
END_TEST

/* Where the last event ends with the input, all octets are in events, faults included. */
START_TEST(raw_is_the_whole_input)
{
	static const char octets[] = "<?xml version='1.0'?>\n" OPEN " <a/>\n<b> x </b>\r\n" CLOSE;
	for (size_t most = 1; most < sizeof octets; most++) {
		struct feed feed = {0};
		feed_begin(&feed, NULL);
		feed_pieces(&feed, octets, sizeof octets - 1, most, 0);
		ck_assert_str_eq(buf_text(&feed.raw), octets);
		feed_finish(&feed);
	}
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	ck_assert_int_eq(feed_text(&feed, OPEN "<a/> <b></c> the rest"), ERR_SYNTAX);
	ck_assert_str_eq(buf_text(&feed.raw), OPEN "<a/> <b></c> the rest");
	feed_finish(&feed);
}
END_TEST

/* Octets of good samples, a few of them changed: whatever comes out, nothing may break, and what is reported must be
 * the octets that went in. */
START_TEST(changed_streams_do_no_harm)
{
	uint32_t random = (uint32_t)_i * 7919 + 1;
	for (int round = 0; round < 200; round++) {
		random = random * 1664525u + 1013904223u;
		const struct sample *sample = &good[random % GOOD];
		char *octets = malloc(sample->len + 1);
		memcpy(octets, sample->octets, sample->len);
		for (int i = 0; sample->len && i < 3; i++) {
			random = random * 1664525u + 1013904223u;
			octets[(random >> 8) % sample->len] = "<>&;'\"/!?-[]:= \0\x80\xff"
												  "ax"[(random >> 24) % 20];
		}
		struct feed feed = {.kept = 1};
		feed_begin(&feed, NULL);
		feed_pieces(&feed, octets, sample->len, 1 + random % 40, (random & 1) != 0);
		ck_assert_int_eq(memcmp(buf_text(&feed.raw), octets, feed.raw.len), 0);
		feed_finish(&feed);
		free(octets);
	}
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("stream: samples");
	TCase *tests = tcase_create("hostile");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_loop_test(tests, bad_streams, 0, BAD);
	tcase_add_loop_test(tests, changed_streams_do_no_harm, 0, 20);
	suite_add_tcase(suite, tests);
	tests = tcase_create("stream");
	tcase_add_loop_test(tests, good_streams, 0, GOOD);
	tcase_add_test(tests, raw_is_the_whole_input);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
