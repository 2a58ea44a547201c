/* wire/stream */
#include "base/buf.h"
#include "base/err.h"
#include "run.h"
#include "wire/stream.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN "<stream:stream xmlns:stream='" NS_STREAM "' xmlns='" NS_SERVER "' xmlns:db='" NS_DIALBACK "'>"
#define CLOSE "</stream:stream>"

/* ---- what a stream was turned into ---- */

struct log {
	struct stream_parser *parser;
	struct buf events; /* one word each: "header", the name of a stanza, "end", the condition of a fault */
	struct buf raw;	   /* octets of all events */
	struct stanza *last;
	const char *restart_after; /* name of a stanza */
	const char *stop_after;
	int kept; /* stanzas are kept in last */
};

static void log_event(struct log *log, const char *event, const char *raw, size_t len)
{
	buf_printf(&log->events, "%s%s", log->events.len ? " " : "", event);
	buf_add(&log->raw, raw, len);
	if (log->stop_after && strcmp(event, log->stop_after) == 0) {
		stream_stop(log->parser);
	}
}

static void on_header(void *ud, const struct stream_header *header, const char *raw, size_t len)
{
	(void)header;
	log_event(ud, "header", raw, len);
}

static void on_stanza(void *ud, struct stanza *stanza)
{
	struct log *log = ud;
	const char *name = (const char *)stanza->root->name;
	ck_assert_uint_eq(strlen(stanza->raw), stanza->raw_len);
	if (log->kept) {
		stanza_unref(log->last);
		log->last = stanza_ref(stanza);
	}
	log_event(log, name, stanza->raw, stanza->raw_len);
	if (log->restart_after && strcmp(name, log->restart_after) == 0) {
		stream_restart(log->parser);
	}
}

static void on_end(void *ud, const char *raw, size_t len)
{
	log_event(ud, "end", raw, len);
}

static void on_fault(void *ud, enum stream_fault fault, const char *detail, const char *raw, size_t len)
{
	ck_assert_uint_gt(strlen(detail), 0);
	ck_assert_ptr_null(strchr(detail, '\n'));
	log_event(ud, stream_fault_condition(fault), raw, len);
}

static const struct stream_callbacks callbacks = {on_header, on_stanza, on_end, on_fault};

static void log_begin(struct log *log, const struct stream_limits *limits)
{
	log->parser = stream_create(limits, &callbacks, log);
}

static void log_finish(struct log *log)
{
	stream_destroy(log->parser);
	stanza_unref(log->last);
	buf_finish(&log->events);
	buf_finish(&log->raw);
}

static int feed_text(struct log *log, const char *text)
{
	return stream_feed(log->parser, text, strlen(text));
}

/* Feeds in pieces of 1 to most octets, in the same way each time; rests now and then. Stops after a fault. */
static int feed_pieces(struct log *log, const char *data, size_t len, size_t most, int rests)
{
	uint32_t random = 12345;
	int rc = 0;
	while (len && !rc) {
		random = random * 1103515245u + 12345u;
		size_t piece = 1 + (random >> 8) % most;
		if (piece > len) {
			piece = len;
		}
		/* A copy of its own shows the sanitizers what is read beyond it. */
		char *copy = malloc(piece);
		memcpy(copy, data, piece);
		rc = stream_feed(log->parser, copy, piece);
		free(copy);
		if (rests) {
			stream_rest(log->parser);
		}
		data += piece;
		len -= piece;
	}
	return rc;
}

/* ---- streams and what they are turned into ---- */

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
static void check_raw(const struct log *log, const struct sample *sample)
{
	ck_assert_uint_le(log->raw.len, sample->len);
	ck_assert_int_eq(memcmp(buf_text(&log->raw), sample->octets, log->raw.len), 0);
}

static void check_sample(const struct sample *sample, size_t most, int rests, int rc)
{
	struct log log = {0};
	log_begin(&log, NULL);
	ck_assert_int_eq(feed_pieces(&log, sample->octets, sample->len, most, rests), rc);
	ck_assert_msg(
			strcmp(buf_text(&log.events), sample->events) == 0, "%s gave %s", sample->octets, buf_text(&log.events));
	check_raw(&log, sample);
	/* After a fault or the end nothing comes any more. */
	if (rc || strstr(sample->events, "end")) {
		ck_assert_int_eq(feed_text(&log, OPEN "<a/>"), rc);
		ck_assert_str_eq(buf_text(&log.events), sample->events);
	}
	log_finish(&log);
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
		struct log log = {0};
		log_begin(&log, NULL);
		feed_pieces(&log, octets, sizeof octets - 1, most, 0);
		ck_assert_str_eq(buf_text(&log.raw), octets);
		log_finish(&log);
	}
	struct log log = {0};
	log_begin(&log, NULL);
	ck_assert_int_eq(feed_text(&log, OPEN "<a/> <b></c> the rest"), ERR_SYNTAX);
	ck_assert_str_eq(buf_text(&log.raw), OPEN "<a/> <b></c> the rest");
	log_finish(&log);
}
END_TEST

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
	struct log log = {.kept = 1};
	log_begin(&log, NULL);
	feed_text(&log, OPEN);
	ck_assert_int_eq(feed_text(&log, octets), 0);
	stream_destroy(log.parser);
	log.parser = NULL;
	ck_assert_ptr_nonnull(log.last);
	char *text = dump(log.last);
	ck_assert_str_eq(text, expected);
	ck_assert_str_eq(log.last->raw, octets);
	ck_assert_ptr_eq(log.last->root->parent, (xmlNodePtr)log.last->doc);
	free(text);
	log_finish(&log);
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
	struct log log = {.kept = 1};
	log_begin(&log, NULL);
	feed_text(&log, OPEN "<a db:x='1'><b/><stream:c/><d xmlns=''><e/></d></a>");
	const xmlNode *a = log.last->root;
	ck_assert(node_is(a, "a", NS_SERVER));
	ck_assert_str_eq((const char *)a->properties->ns->href, NS_DIALBACK);
	ck_assert_ptr_null(node_attr(a, "x"));
	ck_assert_ptr_nonnull(node_child(a, "b", NS_SERVER));
	ck_assert_ptr_nonnull(node_child(a, "c", NS_STREAM));
	ck_assert_ptr_nonnull(node_child(node_child(a, "d", ""), "e", ""));
	log_finish(&log);
}
END_TEST

START_TEST(kept_stanzas_do_not_change)
{
	struct log log = {.kept = 1};
	log_begin(&log, NULL);
	feed_text(&log, OPEN "<a id='1'>one</a>");
	struct stanza *first = stanza_ref(log.last);
	feed_text(&log, "<b id='2'>two</b><c xml:id='i'/><d xml:id='i'/>");
	ck_assert(node_is(first->root, "a", NS_SERVER));
	ck_assert_str_eq(stanza_attr(first, "id"), "1");
	log_finish(&log);
	ck_assert_str_eq(first->raw, OPEN "<a id='1'>one</a>" + sizeof OPEN - 1);
	stanza_unref(first);
}
END_TEST

/* ---- limits ---- */

static const struct stream_limits small = {.stanza_octets = 300, .depth = 3, .attributes = 4};

static void check_limited(const char *octets, const char *events)
{
	for (size_t most = 1; most < 1000; most += 333) {
		struct log log = {0};
		log_begin(&log, &small);
		int rc = feed_pieces(&log, octets, strlen(octets), most, 0);
		ck_assert_str_eq(buf_text(&log.events), events);
		ck_assert_int_eq(rc, strstr(events, "policy-violation") ? ERR_LIMIT : 0);
		log_finish(&log);
	}
}

/* before, fill up to len octets, after */
static char *filled(const char *before, char fill, size_t len, const char *after)
{
	struct buf b = {0};
	buf_add_text(&b, before);
	for (size_t i = 0; i < len; i++) {
		buf_add(&b, &fill, 1);
	}
	buf_add_text(&b, after);
	return buf_take(&b);
}

static void check_filled(const char *before, char fill, size_t len, const char *after, const char *events)
{
	char *octets = filled(before, fill, len, after);
	check_limited(octets, events);
	free(octets);
}

START_TEST(limits_hold)
{
	check_limited(OPEN "<a><b><c/></b></a>", "header a");
	check_limited(OPEN "<a><b><c><d/></c></b></a>", "header policy-violation");
	check_limited(OPEN "<a b='' c='' d='' e=''/>", "header a");
	check_limited(OPEN "<a b='' c='' d='' e='' f=''/>", "header policy-violation");
	check_limited(OPEN "<a xmlns:b='b:' xmlns:c='c:' d='' e='' f=''/>", "header policy-violation");
	check_filled(OPEN "<a>", 'x', 293, "</a><b/>", "header a b");
	check_filled(OPEN "<a>", 'x', 294, "</a><b/>", "header policy-violation");
	check_filled(OPEN "<a b='", 'x', 291, "'/><b/>", "header a b");
	check_filled(OPEN "<a b='", 'x', 292, "'/><b/>", "header policy-violation");
	check_filled(OPEN "<a>", 'x', 400, "", "header policy-violation");
	check_filled(OPEN "<a b='", 'x', 400, "", "header policy-violation");
	check_filled(OPEN "<", 'x', 400, "", "header policy-violation");
	check_filled(OPEN, ' ', 400, "", "header policy-violation");
	check_filled(OPEN "<!--", ' ', 400, "", "header policy-violation");
	check_filled(OPEN "<a><![CDATA[", ' ', 400, "", "header policy-violation");
	check_filled("", ' ', 400, "", "policy-violation");
	check_filled("<stream:stream a='", ' ', 400, "", "policy-violation");
	check_filled("<stream:stream a='", ' ', 400, "' xmlns:stream='" NS_STREAM "'>", "policy-violation");
}
END_TEST

static void check_hostile(const char *octets, size_t most, const char *events, int rc)
{
	struct log log = {0};
	log_begin(&log, NULL);
	ck_assert_int_eq(feed_pieces(&log, octets, strlen(octets), most, 0), rc);
	ck_assert_str_eq(buf_text(&log.events), events);
	log_finish(&log);
}

START_TEST(deep_nesting_is_refused)
{
	struct buf b = {0};
	buf_add_text(&b, OPEN);
	for (int i = 0; i < 100000; i++) {
		buf_add_text(&b, "<a>");
	}
	check_hostile(buf_text(&b), SIZE_MAX, "header policy-violation", ERR_LIMIT);
	check_hostile(buf_text(&b), 3, "header policy-violation", ERR_LIMIT);
	buf_finish(&b);
}
END_TEST

START_TEST(depth_up_to_the_limit_is_fine)
{
	struct buf b = {0};
	buf_add_text(&b, OPEN);
	for (int i = 0; i < stream_default_limits.depth; i++) {
		buf_add_text(&b, "<a>");
	}
	for (int i = 0; i < stream_default_limits.depth; i++) {
		buf_add_text(&b, "</a>");
	}
	check_hostile(buf_text(&b), SIZE_MAX, "header a", 0);
	buf_finish(&b);
}
END_TEST

/* Without care these take libxml2 minutes: it compares each with each. */
START_TEST(many_attributes_are_refused_fast)
{
	struct buf b = {0};
	buf_add_text(&b, OPEN "<a");
	for (int i = 0; i < 60000; i++) {
		buf_printf(&b, " a%d='>'", i);
	}
	buf_add_text(&b, "/>");
	check_hostile(buf_text(&b), SIZE_MAX, "header policy-violation", ERR_LIMIT);
	check_hostile(buf_text(&b), 1000, "header policy-violation", ERR_LIMIT);
	buf_finish(&b);
}
END_TEST

START_TEST(long_values_are_fine)
{
	/* A million octets in one attribute, in small pieces, with what looks like an end of the tag. */
	char *octets = filled(OPEN "<a b=\"'='='='='/>", '>', 1000000, "\" c='d'/><e/>");
	check_hostile(octets, SIZE_MAX, "header a e", 0);
	check_hostile(octets, 500, "header a e", 0);
	free(octets);
	octets = filled(OPEN "<a b='", 'x', 100000, "<'/><b/>");
	check_hostile(octets, 500, "header not-well-formed", ERR_SYNTAX);
	free(octets);
	octets = filled(OPEN "<!-- ", 'x', 100000, "");
	check_hostile(octets, 500, "header restricted-xml", ERR_SYNTAX);
	free(octets);
	octets = filled(OPEN "<a b='", 'x', 2000000, "");
	check_hostile(octets, 50000, "header policy-violation", ERR_LIMIT);
	free(octets);
	octets = filled(OPEN "<a>", 'x', 1000000, "</a><b/>");
	check_hostile(octets, 500, "header a b", 0);
	free(octets);
}
END_TEST

/* libxml2 keeps every name it ever saw; the parser is made anew in time, which nobody may notice. */
START_TEST(many_names_are_forgotten)
{
	struct log log = {.kept = 1};
	log_begin(&log, NULL);
	feed_text(&log, OPEN);
	for (int i = 0; i < 30000; i++) {
		char name[40], text[160];
		snprintf(name, sizeof name, "a%d-0123456789-0123456789", i);
		/* A tag is half there whenever the parser may be made anew. */
		snprintf(text, sizeof text, "%s <%s><db:b/></%s> <", i ? "c/>" : "", name, name);
		ck_assert_int_eq(feed_text(&log, text), 0);
		ck_assert_str_eq((const char *)log.last->root->name, name);
		ck_assert_ptr_nonnull(node_child(log.last->root, "b", NS_DIALBACK));
	}
	log_finish(&log);
}
END_TEST

/* All parsers have one dictionary, which is made anew when one of them has filled it. */
START_TEST(another_parser_does_not_notice)
{
	struct log flood = {0}, other = {.kept = 1};
	log_begin(&flood, NULL);
	log_begin(&other, NULL);
	feed_text(&flood, OPEN);
	feed_text(&other, OPEN "<before a='1'/>");
	struct stanza *before = stanza_ref(other.last);
	for (int i = 0; i < 10000; i++) {
		char text[200];
		snprintf(text, sizeof text, "<a%d-0123456789-0123456789-0123456789/>", i);
		ck_assert_int_eq(feed_text(&flood, text), 0);
		if (i % 100 == 0) {
			ck_assert_int_eq(feed_text(&other, i % 200 ? "<db:b/></open>" : "<open c='2'>"), 0);
		}
	}
	ck_assert(node_is(other.last->root, "open", NS_SERVER));
	ck_assert_ptr_nonnull(node_child(other.last->root, "b", NS_DIALBACK));
	struct stanza *after = stanza_ref(other.last);
	log_finish(&other);
	log_finish(&flood);
	ck_assert(node_is(before->root, "before", NS_SERVER)); /* also without any parser */
	ck_assert_str_eq(stanza_attr(before, "a"), "1");
	ck_assert_str_eq(stanza_attr(after, "c"), "2");
	stanza_unref(before);
	stanza_unref(after);
}
END_TEST

/* ---- restart, stop, rest ---- */

START_TEST(restart_inside_a_stanza_takes_the_rest)
{
	static const char octets[] = OPEN "<a/><proceed xmlns='" NS_TLS "'/><?xml version='1.0'?>" OPEN "<b/>" CLOSE;
	for (size_t most = 1; most < sizeof octets; most++) {
		struct log log = {.restart_after = "proceed"};
		log_begin(&log, NULL);
		ck_assert_int_eq(feed_pieces(&log, octets, sizeof octets - 1, most, 0), 0);
		ck_assert_str_eq(buf_text(&log.events), "header a proceed header b end");
		ck_assert_str_eq(buf_text(&log.raw), octets);
		log_finish(&log);
	}
}
END_TEST

START_TEST(restart_many_times_in_one_feed)
{
	struct log log = {.restart_after = "a"};
	log_begin(&log, NULL);
	ck_assert_int_eq(feed_text(&log, OPEN "<a/>" OPEN "<a></a>" OPEN "<b/><a/>" OPEN "<a/>"), 0);
	ck_assert_str_eq(buf_text(&log.events), "header a header a header b a header a");
	ck_assert_int_eq(feed_text(&log, "<b/>"), ERR_SYNTAX);
	ck_assert_str_eq(buf_text(&log.events), "header a header a header b a header a invalid-namespace");
	log_finish(&log);
}
END_TEST

START_TEST(restart_between_feeds)
{
	struct log log = {0};
	log_begin(&log, NULL);
	stream_restart(log.parser);
	feed_text(&log, OPEN "<a/> \n");
	stream_restart(log.parser);
	feed_text(&log, OPEN "<b/><half");
	stream_restart(log.parser);
	stream_restart(log.parser);
	feed_text(&log, OPEN "<c/>");
	ck_assert_str_eq(buf_text(&log.events), "header a header b header c");
	ck_assert_str_eq(buf_text(&log.raw), OPEN "<a/> \n" OPEN "<b/><half" OPEN "<c/>");
	stream_rest(log.parser);
	feed_text(&log, "<d/>");
	ck_assert_str_eq(buf_text(&log.events), "header a header b header c d");
	log_finish(&log);
}
END_TEST

START_TEST(restart_does_not_revive)
{
	struct log log = {0};
	log_begin(&log, NULL);
	feed_text(&log, OPEN CLOSE);
	stream_restart(log.parser);
	feed_text(&log, OPEN);
	ck_assert_str_eq(buf_text(&log.events), "header end");
	log_finish(&log);
}
END_TEST

START_TEST(stop_inside_callbacks)
{
	static const char *const after[] = {"header", "a", "end", "not-well-formed"};
	static const char *const events[] = {"header", "header a", "header a b end", "header a b not-well-formed"};
	for (int i = 0; i < 4; i++) {
		struct log log = {.stop_after = after[i]};
		log_begin(&log, NULL);
		feed_text(&log, i == 3 ? OPEN "<a/><b/></c>" : OPEN "<a/><b/>" CLOSE);
		ck_assert_str_eq(buf_text(&log.events), events[i]);
		feed_text(&log, "<d/>");
		stream_stop(log.parser);
		ck_assert_str_eq(buf_text(&log.events), events[i]);
		log_finish(&log);
	}
}
END_TEST

START_TEST(stop_between_feeds)
{
	struct log log = {0};
	log_begin(&log, NULL);
	feed_text(&log, OPEN "<a");
	stream_stop(log.parser);
	ck_assert_int_eq(feed_text(&log, "/>"), 0);
	ck_assert_str_eq(buf_text(&log.events), "header");
	log_finish(&log);
	struct stream_parser *unused = stream_create(NULL, &callbacks, NULL);
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
		struct log log = {.kept = 1};
		log_begin(&log, NULL);
		feed_pieces(&log, octets, sample->len, 1 + random % 40, (random & 1) != 0);
		ck_assert_int_eq(memcmp(buf_text(&log.raw), octets, log.raw.len), 0);
		log_finish(&log);
		free(octets);
	}
}
END_TEST

static void add_hostile(Suite *suite)
{
	TCase *tests = tcase_create("hostile");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_loop_test(tests, bad_streams, 0, BAD);
	tcase_add_test(tests, limits_hold);
	tcase_add_test(tests, deep_nesting_is_refused);
	tcase_add_test(tests, depth_up_to_the_limit_is_fine);
	tcase_add_test(tests, many_attributes_are_refused_fast);
	tcase_add_test(tests, long_values_are_fine);
	tcase_add_test(tests, many_names_are_forgotten);
	tcase_add_test(tests, another_parser_does_not_notice);
	tcase_add_loop_test(tests, changed_streams_do_no_harm, 0, 20);
	suite_add_tcase(suite, tests);
}

static Suite *make(void)
{
	Suite *suite = suite_create("stream");
	TCase *tests = tcase_create("stream");
	tcase_add_loop_test(tests, good_streams, 0, GOOD);
	tcase_add_test(tests, raw_is_the_whole_input);
	tcase_add_test(tests, header_is_told);
	tcase_add_test(tests, header_as_an_element);
	tcase_add_test(tests, stanzas_stand_alone);
	tcase_add_test(tests, nodes_are_in_the_inherited_namespaces);
	tcase_add_test(tests, kept_stanzas_do_not_change);
	tcase_add_test(tests, restart_inside_a_stanza_takes_the_rest);
	tcase_add_test(tests, restart_many_times_in_one_feed);
	tcase_add_test(tests, restart_between_feeds);
	tcase_add_test(tests, restart_does_not_revive);
	tcase_add_test(tests, stop_inside_callbacks);
	tcase_add_test(tests, stop_between_feeds);
	tcase_add_test(tests, conditions_have_names);
	suite_add_tcase(suite, tests);
	add_hostile(suite);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
