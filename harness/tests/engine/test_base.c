/* base/err, base/mem and base/buf. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "run.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

START_TEST(err_has_names_and_texts)
{
	ck_assert_str_eq(err_name(ERR_SYNTAX), "ERR_SYNTAX");
	ck_assert_str_eq(err_text(ERR_LIMIT), "input exceeds a limit");
	ck_assert_str_eq(err_name(ERR_OK), "ERR_OK");
	ck_assert_str_eq(err_text(12345), "no error");
#define X(name, value, text)                                                                                           \
	ck_assert_int_lt(name, 0);                                                                                         \
	ck_assert_str_eq(err_name(name), #name);
	ERR_MAP(X)
#undef X
}
END_TEST

START_TEST(mem_is_zeroed_and_never_null)
{
	char *p = mem_alloc(100);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(p[i], 0);
	}
	free(p);
	p = mem_alloc(0);
	ck_assert_ptr_nonnull(p);
	free(p);
	p = mem_resize(NULL, 0, 8);
	ck_assert_ptr_nonnull(p);
	free(p);
}
END_TEST

START_TEST(mem_grows_by_doubling)
{
	int *numbers = NULL;
	for (size_t i = 0; i < 1000; i++) {
		const int *before = numbers;
		numbers = mem_grow(numbers, i, sizeof *numbers);
		ck_assert(numbers == before || !(i & (i - 1)));
		numbers[i] = (int)i;
	}
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(numbers[i], i);
	}
	free(numbers);
}
END_TEST

START_TEST(mem_copies_texts)
{
	ck_assert_ptr_null(mem_strdup(NULL));
	char *copy = mem_strdup("");
	ck_assert_str_eq(copy, "");
	free(copy);
	copy = mem_strndup("romeo@montague", 5);
	ck_assert_str_eq(copy, "romeo");
	free(copy);
	copy = mem_printf("%s-%d", "srv", 42);
	ck_assert_str_eq(copy, "srv-42");
	free(copy);
}
END_TEST

START_TEST(mem_overflow_ends_the_process)
{
	mem_resize(NULL, SIZE_MAX, 2);
}
END_TEST

START_TEST(buf_is_empty_when_zeroed)
{
	struct buf b = {0};
	ck_assert_str_eq(buf_text(&b), "");
	buf_clear(&b);
	buf_drop(&b, 10);
	buf_add(&b, NULL, 0);
	ck_assert_uint_eq(b.len, 0);
	char *text = buf_take(&b);
	ck_assert_str_eq(text, "");
	free(text);
	buf_finish(&b);
}
END_TEST

START_TEST(buf_grows_and_ends_with_nul)
{
	struct buf b = {0};
	for (int i = 0; i < 1000; i++) {
		buf_add(&b, "abc\0", 4);
		ck_assert_int_eq(b.data[b.len], 0);
	}
	ck_assert_uint_eq(b.len, 4000);
	ck_assert_int_eq(memcmp(b.data + 3996, "abc\0", 4), 0);
	buf_clear(&b);
	ck_assert_str_eq(buf_text(&b), "");
	buf_add_text(&b, "hello");
	buf_printf(&b, " %s %05d", "world", 7);
	ck_assert_str_eq(buf_text(&b), "hello world 00007");
	buf_finish(&b);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buf_takes_no_more_for_megabytes_than_they_need)
{
	struct buf b = {0};
	buf_add_text(&b, "<a>");
	buf_fill(&b, 'x', 1000000);
	ck_assert_uint_eq(b.len, 1000003);
	ck_assert_uint_eq(b.cap, 1000004);
	buf_fill(&b, 'y', 0);
	ck_assert_uint_eq(strspn(b.data + 3, "x"), 1000000);
	ck_assert_int_eq(b.data[b.len], 0);
	buf_add_text(&b, "</a>");
	ck_assert_str_eq(b.data + b.len - 5, "x</a>");
	ck_assert_uint_ge(b.cap, 2000000); /* what goes on growing grows by more */
	buf_finish(&b);
}
END_TEST

START_TEST(buf_drops_from_the_front)
{
	struct buf b = {0};
	buf_add_text(&b, "0123456789");
	buf_drop(&b, 0);
	ck_assert_str_eq(buf_text(&b), "0123456789");
	buf_drop(&b, 7);
	ck_assert_str_eq(buf_text(&b), "789");
	buf_drop(&b, 3);
	ck_assert_str_eq(buf_text(&b), "");
	buf_add_text(&b, "x");
	char *text = buf_take(&b);
	ck_assert_str_eq(text, "x");
	ck_assert_uint_eq(b.len, 0);
	free(text);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("base");
	TCase *tests = tcase_create("base");
	tcase_add_test(tests, err_has_names_and_texts);
	tcase_add_test(tests, mem_is_zeroed_and_never_null);
	tcase_add_test(tests, mem_grows_by_doubling);
	tcase_add_test(tests, mem_copies_texts);
	const char *fork = getenv("CK_FORK");
	if (!fork || strcmp(fork, "no") != 0) {
		tcase_add_exit_test(tests, mem_overflow_ends_the_process, 3);
	}
	tcase_add_test(tests, buf_is_empty_when_zeroed);
	tcase_add_test(tests, buf_grows_and_ends_with_nul);
	tcase_add_test(tests, buf_takes_no_more_for_megabytes_than_they_need);
	tcase_add_test(tests, buf_drops_from_the_front);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
