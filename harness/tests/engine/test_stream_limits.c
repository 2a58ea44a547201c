/* wire/stream: limits, and streams that try to cost much */
#include "base/buf.h"
#include "base/err.h"
#include "feed.h"
#include "run.h"
#include "wire/stream.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct stream_limits small = {.stanza_octets = 300, .depth = 3, .attributes = 4};

static void check_limited(const char *octets, const char *events)
{
	for (size_t most = 1; most < 1000; most += 333) {
		struct feed feed = {0};
		feed_begin(&feed, &small);
		int rc = feed_pieces(&feed, octets, strlen(octets), most, 0);
		ck_assert_str_eq(buf_text(&feed.events), events);
		ck_assert_int_eq(rc, strstr(events, "policy-violation") ? ERR_LIMIT : 0);
		feed_finish(&feed);
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
	struct feed feed = {0};
	feed_begin(&feed, NULL);
	ck_assert_int_eq(feed_pieces(&feed, octets, strlen(octets), most, 0), rc);
	ck_assert_str_eq(buf_text(&feed.events), events);
	feed_finish(&feed);
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
	struct feed feed = {.kept = 1};
	feed_begin(&feed, NULL);
	feed_text(&feed, OPEN);
	for (int i = 0; i < 30000; i++) {
		char name[40], text[160];
		snprintf(name, sizeof name, "a%d-0123456789-0123456789", i);
		/* A tag is half there whenever the parser may be made anew. */
		snprintf(text, sizeof text, "%s <%s><db:b/></%s> <", i ? "c/>" : "", name, name);
		ck_assert_int_eq(feed_text(&feed, text), 0);
		ck_assert_str_eq((const char *)feed.last->root->name, name);
		ck_assert_ptr_nonnull(node_child(feed.last->root, "b", NS_DIALBACK));
	}
	feed_finish(&feed);
}
END_TEST

/* All parsers have one dictionary, which is made anew when one of them has filled it. */
START_TEST(another_parser_does_not_notice)
{
	struct feed flood = {0}, other = {.kept = 1};
	feed_begin(&flood, NULL);
	feed_begin(&other, NULL);
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
	feed_finish(&other);
	feed_finish(&flood);
	ck_assert(node_is(before->root, "before", NS_SERVER)); /* also without any parser */
	ck_assert_str_eq(stanza_attr(before, "a"), "1");
	ck_assert_str_eq(stanza_attr(after, "c"), "2");
	stanza_unref(before);
	stanza_unref(after);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("stream: limits");
	TCase *tests = tcase_create("hostile");
	tcase_set_timeout(tests, 60); /* for sanitizers and valgrind */
	tcase_add_test(tests, limits_hold);
	tcase_add_test(tests, deep_nesting_is_refused);
	tcase_add_test(tests, depth_up_to_the_limit_is_fine);
	tcase_add_test(tests, many_attributes_are_refused_fast);
	tcase_add_test(tests, long_values_are_fine);
	tcase_add_test(tests, many_names_are_forgotten);
	tcase_add_test(tests, another_parser_does_not_notice);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
