/* base/jtext: what is written must be what any JSON reader reads. */
#include "base/jtext.h"
#include "base/mem.h"
#include "run.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct buf b;

static void teardown(void)
{
	buf_finish(&b);
}

static json_t *read_back(void)
{
	json_error_t error;
	json_t *json = json_loadb(buf_text(&b), b.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	ck_assert_msg(json != NULL, "%s: %s", error.text, buf_text(&b));
	return json;
}

START_TEST(commas_come_by_themselves)
{
	jtext_open(&b, NULL, '{');
	jtext_open(&b, "empty", '{');
	jtext_close(&b, '}');
	jtext_open(&b, "list", '[');
	jtext_text(&b, NULL, "{");
	jtext_text(&b, NULL, "[");
	jtext_open(&b, NULL, '[');
	jtext_close(&b, ']');
	jtext_number(&b, NULL, 0);
	jtext_close(&b, ']');
	jtext_bool(&b, "yes", 1);
	jtext_bool(&b, "no", 0);
	jtext_raw(&b, "raw", "null");
	jtext_text(&b, "text", NULL);
	jtext_close(&b, '}');
	ck_assert_str_eq(buf_text(&b), "{\"empty\":{},\"list\":[\"{\",\"[\",[],0],\"yes\":true,\"no\":false,\"raw\":null,"
								   "\"text\":\"\"}");
}
END_TEST

START_TEST(one_value_a_line)
{
	for (int i = 0; i < 2; i++) {
		jtext_open(&b, NULL, '{');
		jtext_close(&b, '}');
		buf_add_text(&b, "\n");
	}
	ck_assert_str_eq(buf_text(&b), "{}\n{}\n");
}
END_TEST

static const long long numbers[] = {0, 1, -1, 10, 1234567890, LLONG_MAX, LLONG_MIN};

START_TEST(numbers_are_kept)
{
	jtext_number(&b, NULL, numbers[_i]);
	json_t *json = read_back();
	ck_assert_int_eq(json_integer_value(json), numbers[_i]);
	json_decref(json);
}
END_TEST

START_TEST(every_character_of_ascii_is_kept)
{
	char all[128];
	for (size_t i = 0; i < sizeof all; i++) {
		all[i] = (char)i;
	}
	jtext_octets(&b, NULL, all, sizeof all);
	json_t *json = read_back();
	ck_assert_uint_eq(json_string_length(json), sizeof all);
	ck_assert_int_eq(memcmp(json_string_value(json), all, sizeof all), 0);
	json_decref(json);
}
END_TEST

static const struct {
	const char *text, *read;
} texts[] = {
		{"", ""},
		{"\"\\/\b\t\n\r", "\"\\/\b\t\n\r"},
		{"\xc3\xa4\xf0\x9f\x8e\xad", "\xc3\xa4\xf0\x9f\x8e\xad"},
		{"caf\xe9 \xc3\xa4", "caf? ??"},
		{"\xed\xa0\x80", "???"},
		{"\xc0\x80", "??"},
};

START_TEST(texts_are_kept_or_marked)
{
	jtext_text(&b, NULL, texts[_i].text);
	json_t *json = read_back();
	ck_assert_str_eq(json_string_value(json), texts[_i].read);
	ck_assert_int_eq(jtext_fits(texts[_i].text, strlen(texts[_i].text)), !strcmp(texts[_i].text, texts[_i].read));
	json_decref(json);
}
END_TEST

/* What needs an escape gets it wherever it stands, and whatever stands beside it. */
START_TEST(escapes_are_found_wherever_they_stand)
{
	static const char others[] = {'a', ' ', '!', '#', '[', ']', 0x7f, 0x01, (char)0xc3};
	char octets[21];
	for (size_t other = 0; other < sizeof others; other++) {
		for (size_t at = 0; at < sizeof octets; at++) {
			memset(octets, others[other], sizeof octets);
			octets[at] = (char)_i;
			size_t len = 2;
			for (size_t i = 0; i < sizeof octets; i++) {
				unsigned char c = (unsigned char)octets[i];
				len += c == '\n' || c == '"' || c == '\\' ? 2 : c < 0x20 ? 6 : 1;
			}
			buf_clear(&b);
			jtext_octets(&b, NULL, octets, sizeof octets);
			ck_assert_uint_eq(b.len, len);
		}
	}
}
END_TEST

/* What is no ASCII is found wherever it stands. */
START_TEST(one_octet_that_is_no_text_is_enough)
{
	char octets[21];
	for (size_t len = 1; len <= sizeof octets; len++) {
		memset(octets, 'a', sizeof octets);
		ck_assert_int_eq(jtext_fits(octets, len), 1);
		for (size_t at = 0; at < len; at++) {
			octets[at] = (char)0x80;
			ck_assert_int_eq(jtext_fits(octets, len), 0);
			octets[at] = 'a';
		}
	}
}
END_TEST

static size_t encode(unsigned code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len; --i; code >>= 6) {
		out[i] = (char)(0x80 | (code & 0x3F));
	}
	out[0] = (char)((0xF00u >> len & 0xFF) | code);
	return len;
}

START_TEST(every_character_fits)
{
	unsigned wrong = 0; /* the first one; an assertion for each would take seconds */
	for (unsigned code = 0; code < 0x140000 && !wrong; code++) {
		char text[12] = "ab";
		size_t len = 2 + encode(code, text + 2);
		text[len++] = 'c';
		int fits = code < 0xD800 || (code > 0xDFFF && code < 0x110000);
		int cut_off = code >= 0x80 && jtext_fits(text, len - 2);
		wrong = jtext_fits(text, len) != fits || cut_off ? code : 0;
	}
	ck_assert_msg(!wrong, "U+%X", wrong);
}
END_TEST

/* Every beginning of a character with every octet behind it: as Jansson, which others read with, sees it. */
START_TEST(all_octets_are_judged_as_jansson_does)
{
	unsigned wrong = 0;
	for (unsigned first = 0x80; first < 0x100; first++) {
		for (unsigned second = 0; second < 0x100; second++) {
			static const char *const rests[] = {"", "\x80", "\x80\x80", "\xbf\xbf", "\x80z", "\xc0\x80", "aaaaaaaaaaa"};
			for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
				char text[20];
				text[0] = (char)first;
				text[1] = (char)second;
				size_t len = 2 + strlen(rests[i]);
				memcpy(text + 2, rests[i], len - 2);
				json_t *json = json_stringn(text, len);
				wrong = jtext_fits(text, len) != (json != NULL) ? first << 8 | second : wrong;
				json_decref(json);
			}
		}
	}
	ck_assert_msg(!wrong, "%04x", wrong);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("jtext");
	TCase *tests = tcase_create("jtext");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, commas_come_by_themselves);
	tcase_add_test(tests, one_value_a_line);
	tcase_add_loop_test(tests, numbers_are_kept, 0, sizeof numbers / sizeof *numbers);
	tcase_add_test(tests, every_character_of_ascii_is_kept);
	tcase_add_loop_test(tests, escapes_are_found_wherever_they_stand, 0, 256);
	tcase_add_loop_test(tests, texts_are_kept_or_marked, 0, sizeof texts / sizeof *texts);
	tcase_add_test(tests, one_octet_that_is_no_text_is_enough);
	tcase_add_test(tests, every_character_fits);
	tcase_add_test(tests, all_octets_are_judged_as_jansson_does);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
