/* journal/journal */
#include "base/mem.h"
#include "journal/journal.h"
#include "run.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct journal *j;

static void setup(void)
{
	strcpy(path, "/tmp/buddycheck-journal-XXXXXX");
	close(mkstemp(path));
	j = journal_create(path);
	ck_assert_ptr_nonnull(j);
}

static void teardown(void)
{
	journal_destroy(j);
	unlink(path);
}

/* Line n of the file as it is now. */
static json_t *line(int n)
{
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	char *text = NULL;
	size_t cap = 0;
	ssize_t len = -1;
	for (int i = 0; i < n; i++) {
		len = getline(&text, &cap, f);
	}
	fclose(f);
	ck_assert_int_gt((int)len, 0);
	ck_assert_int_eq(text[len - 1], '\n');
	json_t *json = json_loadb(text, (size_t)len, JSON_ALLOW_NUL, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	free(text);
	return json;
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

START_TEST(all_that_is_known_is_written)
{
	struct journal_entry e = {.time = 123456789012,
			.kind = "stanza",
			.scenario = "cancel/at-form",
			.actor = "Bard",
			.repeat = 2,
			.stream = 7,
			.direction = "in",
			.data = "<iq/>\n\"\\",
			.len = 8,
			.detail = "the answer"};
	ck_assert_int_eq(journal_write(j, &e), 1);
	journal_flush(j);
	json_t *json = line(1);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "n")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "t")), 123456789012);
	ck_assert_str_eq(text_of(json, "kind"), "stanza");
	ck_assert_str_eq(text_of(json, "scenario"), "cancel/at-form");
	ck_assert_str_eq(text_of(json, "actor"), "Bard");
	ck_assert_int_eq(json_integer_value(json_object_get(json, "repeat")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "stream")), 7);
	ck_assert_str_eq(text_of(json, "dir"), "in");
	ck_assert_str_eq(text_of(json, "data"), "<iq/>\n\"\\");
	ck_assert_str_eq(text_of(json, "detail"), "the answer");
	ck_assert_uint_eq(json_object_size(json), 10);
	json_decref(json);
	ck_assert_int_eq(journal_failed(j), 0);
}
END_TEST

START_TEST(what_does_not_apply_is_left_out)
{
	struct journal_entry e = {.kind = "begin"};
	journal_write(j, &e);
	journal_flush(j);
	json_t *json = line(1);
	ck_assert_uint_eq(json_object_size(json), 3);
	ck_assert_str_eq(text_of(json, "kind"), "begin");
	json_decref(json);
}
END_TEST

START_TEST(lines_are_numbered_from_one)
{
	struct journal_entry e = {.kind = "note"};
	for (int i = 1; i <= 1000; i++) {
		e.time = (uint64_t)i * 10;
		ck_assert_int_eq(journal_write(j, &e), i);
	}
	journal_flush(j);
	json_t *json = line(1000);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "n")), 1000);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "t")), 10000);
	json_decref(json);
}
END_TEST

static const struct {
	const char *data;
	size_t len;
	const char *octets; /* hex, or NULL: text */
} data[] = {
		{"", 0, NULL},
		{"plain", 3, NULL},
		{"\xc3\xa4\xf0\x9f\x8e\xad", 6, NULL},
		{"\x01\x1b[31m\x7f", 7, NULL},
		{"\xff\xfe\x00\x80", 4, "fffe0080"},
		{"ok\xc3", 3, "6f6bc3"},
		{"\xed\xa0\x80", 3, "eda080"},
		{"\xc0\x80", 2, "c080"},
};

START_TEST(octets_are_kept_exactly)
{
	struct journal_entry e = {.kind = "octets", .data = data[_i].data, .len = data[_i].len};
	journal_write(j, &e);
	journal_flush(j);
	json_t *json = line(1);
	if (data[_i].octets) {
		ck_assert_str_eq(text_of(json, "octets"), data[_i].octets);
		ck_assert_ptr_null(json_object_get(json, "data"));
	} else {
		const json_t *kept = json_object_get(json, "data");
		ck_assert_uint_eq(json_string_length(kept), data[_i].len);
		ck_assert_int_eq(memcmp(json_string_value(kept), data[_i].data, data[_i].len), 0);
		ck_assert_ptr_null(json_object_get(json, "octets"));
	}
	json_decref(json);
}
END_TEST

START_TEST(a_nul_within_text_is_kept)
{
	struct journal_entry e = {.kind = "octets", .data = "a\0b", .len = 3};
	journal_write(j, &e);
	journal_flush(j);
	json_t *json = line(1);
	ck_assert_uint_eq(json_string_length(json_object_get(json, "data")), 3);
	json_decref(json);
}
END_TEST

START_TEST(large_stanzas_stay_on_one_line)
{
	size_t len = 1000000;
	char *large = mem_alloc(len + 1);
	memset(large, '\n', len);
	struct journal_entry e = {.kind = "stanza", .data = large, .len = len};
	journal_write(j, &e);
	e.data = NULL;
	ck_assert_int_eq(journal_write(j, &e), 2);
	journal_flush(j);
	json_t *json = line(1);
	ck_assert_str_eq(text_of(json, "data"), large);
	json_decref(json);
	json = line(2);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "n")), 2);
	json_decref(json);
	free(large);
}
END_TEST

START_TEST(destroying_writes_the_rest)
{
	struct journal_entry e = {.kind = "last"};
	journal_write(j, &e);
	journal_destroy(j);
	j = NULL;
	json_t *json = line(1);
	ck_assert_str_eq(text_of(json, "kind"), "last");
	json_decref(json);
}
END_TEST

START_TEST(an_old_journal_is_replaced)
{
	struct journal_entry e = {.kind = "old"};
	journal_write(j, &e);
	journal_destroy(j);
	j = journal_create(path);
	e.kind = "new";
	ck_assert_int_eq(journal_write(j, &e), 1);
	journal_flush(j);
	json_t *json = line(1);
	ck_assert_str_eq(text_of(json, "kind"), "new");
	json_decref(json);
}
END_TEST

START_TEST(a_file_that_cannot_be_written)
{
	ck_assert_ptr_null(journal_create("/tmp/buddycheck/no/such/place/journal.jsonl"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(journal_create("/tmp"));
	ck_assert_int_eq(errno, EISDIR);
	journal_destroy(NULL);
}
END_TEST

START_TEST(facts_are_an_object_of_texts_and_numbers)
{
	const struct journal_fact facts[] = {{.name = "line", .number = 62}, {.name = "how", .text = "\"end\""},
			{.name = "bad", .text = "a\xff"}, {.name = "none", .text = ""}};
	ck_assert_int_eq(journal_write(j, &(struct journal_entry){.kind = "cue", .facts = facts, .facts_count = 4}), 1);
	ck_assert_int_eq(journal_write(j, &(struct journal_entry){.kind = "cue"}), 2);
	journal_flush(j);
	json_t *first = line(1);
	const json_t *all = json_object_get(first, "facts");
	ck_assert_uint_eq(json_object_size(all), 4);
	ck_assert_int_eq((int)json_integer_value(json_object_get(all, "line")), 62);
	ck_assert_str_eq(text_of(all, "how"), "\"end\"");
	ck_assert_str_eq(text_of(all, "bad"), "a?");
	ck_assert_str_eq(text_of(all, "none"), "");
	json_decref(first);
	json_t *second = line(2);
	ck_assert_ptr_null(json_object_get(second, "facts"));
	json_decref(second);
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
	struct journal *full = journal_create("/dev/full");
	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(journal_failed(full), 0);
	struct journal_entry e = {.kind = "note"};
	ck_assert_int_eq(journal_write(full, &e), 1);
	journal_flush(full);
	ck_assert_int_ne(journal_failed(full), 0);
	ck_assert_int_eq(journal_write(full, &e), 2);
	journal_flush(full);
	ck_assert_int_ne(journal_failed(full), 0);
	journal_destroy(full);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("journal");
	TCase *tests = tcase_create("journal");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, all_that_is_known_is_written);
	tcase_add_test(tests, what_does_not_apply_is_left_out);
	tcase_add_test(tests, lines_are_numbered_from_one);
	tcase_add_loop_test(tests, octets_are_kept_exactly, 0, sizeof data / sizeof *data);
	tcase_add_test(tests, a_nul_within_text_is_kept);
	tcase_add_test(tests, large_stanzas_stay_on_one_line);
	tcase_add_test(tests, destroying_writes_the_rest);
	tcase_add_test(tests, an_old_journal_is_replaced);
	tcase_add_test(tests, a_file_that_cannot_be_written);
	tcase_add_test(tests, facts_are_an_object_of_texts_and_numbers);
	tcase_add_test(tests, a_full_disk_is_noticed);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
