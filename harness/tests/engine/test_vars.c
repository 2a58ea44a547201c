/* script/vars */
#include "run.h"
#include "script/vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vars vs;

static void setup(void)
{
	vars_set(&vs, "target", "srv.test");
	vars_set(&vs, "Juliet's full JID", "juliet@srv.test/a}b");
	vars_set(&vs, "empty", "");
	vars_set(&vs, "hostile", "${target}$&\\1");
}

static void teardown(void)
{
	vars_finish(&vs);
}

START_TEST(values_are_found_and_replaced)
{
	ck_assert_str_eq(vars_get(&vs, "target"), "srv.test");
	ck_assert_str_eq(vars_get(&vs, "empty"), "");
	ck_assert_ptr_null(vars_get(&vs, "targe"));
	ck_assert_ptr_null(vars_get(&vs, "target2"));
	ck_assert_str_eq(vars_get_n(&vs, "target and more", 6), "srv.test");
	ck_assert_ptr_null(vars_get_n(&vs, "target", 5));
	vars_set(&vs, "target", "other.test");
	ck_assert_str_eq(vars_get(&vs, "target"), "other.test");
	ck_assert_uint_eq(vs.count, 4);
}
END_TEST

START_TEST(those_set_last_can_be_forgotten)
{
	vars_cut(&vs, 2);
	ck_assert_uint_eq(vs.count, 2);
	ck_assert_ptr_null(vars_get(&vs, "empty"));
	ck_assert_str_eq(vars_get(&vs, "Juliet's full JID"), "juliet@srv.test/a}b");
	for (int i = 0; i < 40; i++) {
		char name[8];
		snprintf(name, sizeof name, "n%d", i);
		vars_set(&vs, name, name);
	}
	ck_assert_uint_eq(vs.count, 42);
	ck_assert_str_eq(vars_get(&vs, "n39"), "n39");
	vars_cut(&vs, 50);
	ck_assert_uint_eq(vs.count, 42);
	vars_cut(&vs, 0);
	ck_assert_ptr_null(vars_get(&vs, "target"));
}
END_TEST

START_TEST(a_value_may_be_set_to_itself)
{
	vars_set(&vs, "target", vars_get(&vs, "target"));
	ck_assert_str_eq(vars_get(&vs, "target"), "srv.test");
}
END_TEST

static const struct {
	const char *text, *expanded;
} expansions[] = {
		{"", ""},
		{"plain {target} $target", "plain {target} $target"},
		{"${target}", "srv.test"},
		{"a ${target} b ${target}", "a srv.test b srv.test"},
		{"${Juliet's full JID}!", "juliet@srv.test/a}b!"},
		{"<${empty}>", "<>"},
		{"${unknown} and ${target}", "${unknown} and srv.test"},
		{"${}${target}", "${}srv.test"},
		{"${hostile}", "${target}$&\\1"}, /* what a value holds is not expanded again */
		{"$${target}}", "$srv.test}"},
		{"${target", "${target"},
		{"${target} ${", "srv.test ${"},
		{"<${filler:5}>${filler:1}${target}", "<xxxxx>xsrv.test"},
		{"${filler:0} ${filler:} ${filler:-1} ${filler:5x}", "${filler:0} ${filler:} ${filler:-1} ${filler:5x}"},
		{"${filler:3:<a>}${filler:2:</a>}", "<a><a><a></a></a>"},
		{"${filler:3:} ${filler::a} ${filler:x:a}", "${filler:3:} ${filler::a} ${filler:x:a}"},
		{"${octets:c0af7f}", "\xc0\xaf\x7f"},
		{"${octets:} ${octets:c} ${octets:C0} ${octets:00}", "${octets:} ${octets:c} ${octets:C0} ${octets:00}"},
		{"${filler:100000000} ${filler}", "${filler:100000000} ${filler}"},
};

START_TEST(expands)
{
	char *expanded = vars_expand(&vs, expansions[_i].text);
	ck_assert_str_eq(expanded, expansions[_i].expanded);
	free(expanded);
}
END_TEST

static void note(void *ud, const char *name, size_t len)
{
	struct buf *b = ud;
	buf_printf(b, "%.*s;", (int)len, name);
}

START_TEST(names_are_reported_in_order)
{
	struct buf names = {0};
	vars_names_in("${a} {b} ${Juliet's JID}${a}${} ${open", note, &names);
	ck_assert_str_eq(buf_text(&names), "a;Juliet's JID;a;;");
	buf_clear(&names);
	vars_names_in("", note, &names);
	ck_assert_str_eq(buf_text(&names), "");
	buf_finish(&names);
}
END_TEST

START_TEST(a_filler_has_eight_digits_at_most)
{
	ck_assert_int_eq(vars_made("filler:9990} and more", 11, NULL), 1);
	ck_assert_int_eq(vars_made("filler:99999999", 15, NULL), 1);
	ck_assert_int_eq(vars_made("filler:100000000", 16, NULL), 0);
	ck_assert_int_eq(vars_made("filler:", 7, NULL), 0);
	ck_assert_int_eq(vars_made("target", 6, NULL), 0);
	char *expanded = vars_expand(&vs, "${filler:100000}");
	ck_assert_uint_eq(strlen(expanded), 100000);
	ck_assert_uint_eq(strspn(expanded, "x"), 100000);
	free(expanded);
}
END_TEST

START_TEST(nothing_is_left_after_finish)
{
	vars_finish(&vs);
	ck_assert_uint_eq(vs.count, 0);
	ck_assert_ptr_null(vars_get(&vs, "target"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("vars");
	TCase *tests = tcase_create("vars");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, values_are_found_and_replaced);
	tcase_add_test(tests, those_set_last_can_be_forgotten);
	tcase_add_test(tests, a_value_may_be_set_to_itself);
	tcase_add_loop_test(tests, expands, 0, sizeof expansions / sizeof *expansions);
	tcase_add_test(tests, names_are_reported_in_order);
	tcase_add_test(tests, a_filler_has_eight_digits_at_most);
	tcase_add_test(tests, nothing_is_left_after_finish);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
