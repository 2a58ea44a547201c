#include "jid.h"

#include "base/err.h"
#include "base/mem.h"
#include "harness/tests/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_63 "montague-montague-montague-montague-montague-montague-montague1"

static const struct {
	const char *given, *normal; /* NULL: refused */
} domains[] = {
		{"capulet.lit", "capulet.lit"},
		{"CAPULET.Lit", "capulet.lit"},
		{"capulet.lit.", "capulet.lit"},
		{"localhost", "localhost"},
		{"a-b.c-d-e.7", "a-b.c-d-e.7"},
		{LABEL_63 ".lit", LABEL_63 ".lit"},
		{LABEL_63 "m.lit", NULL},
		{LABEL_63 "." LABEL_63 "." LABEL_63 ".example", LABEL_63 "." LABEL_63 "." LABEL_63 ".example"},
		{LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".example", NULL},
		{"b\u00fccher.example", "b\u00fccher.example"},
		{"xn--bcher-kva.example", "b\u00fccher.example"},
		{"XN--BCHER-KVA.EXAMPLE.", "b\u00fccher.example"},
		{"B\u00dcCHER.example", "b\u00fccher.example"},
		{"bu\u0308cher.example", "b\u00fccher.example"},
		{"192.0.2.1", "192.0.2.1"},
		{"[2001:db8::1]", "[2001:db8::1]"},
		{"[2001:DB8::1]", "[2001:db8::1]"},
		{"", NULL},
		{".", NULL},
		{"capulet..lit", NULL},
		{"capulet.lit..", NULL},
		{".capulet.lit", NULL},
		{"2001:db8::1", NULL},
		{"[2001:db8::1", NULL},
		{"capulet.lit:5269", NULL},
		{"juliet@capulet.lit", NULL},
		{"capulet.lit/balcony", NULL},
		{"*.capulet.lit", NULL},
		{"*", NULL},
		{"%00", NULL},
		{"../capulet", NULL},
		{" capulet.lit", NULL},
		{"capulet.lit\n", NULL},
		{"capulet.lit\u00a0", NULL},
		{"cap_ulet.lit", NULL},
		{"<capulet>", NULL},
		{"capulet\uff20lit", NULL},
		{"capu\u00adlet.lit", NULL},
		{"capu\u200blet.lit", NULL},
		{"\u202ecapulet.lit", NULL},
		{"capu\u0378let.lit", NULL},
		{"-capulet.lit", NULL},
		{"capulet-.lit", NULL},
		{"capulet.-lit", NULL},
		{"capulet.lit-", NULL},
		{"ca--pulet.lit", NULL},
};

START_TEST(domains_have_one_form)
{
	char *normal = jid_domain(domains[_i].given);
	if (domains[_i].normal) {
		ck_assert_ptr_nonnull(normal);
		ck_assert_str_eq(normal, domains[_i].normal);
		char *again = jid_domain(normal);
		ck_assert_str_eq(again, normal);
		free(again);
	} else {
		ck_assert_msg(!normal, "'%s' became '%s'", domains[_i].given, normal);
	}
	free(normal);
}
END_TEST

static char *repeated(const char *unit, size_t times)
{
	char *text = mem_alloc(strlen(unit) * times + 1);
	for (size_t i = 0; i < times; i++) {
		memcpy(text + i * strlen(unit), unit, strlen(unit));
	}
	return text;
}

START_TEST(labels_and_names_have_a_length)
{
	char *label = repeated("a", 63);
	char *longer = repeated("a", 64);
	char *name = repeated("abcdefghi.", 103);
	char *normal = jid_domain(label);
	ck_assert_ptr_nonnull(normal);
	ck_assert_ptr_null(jid_domain(longer));
	ck_assert_ptr_null(jid_domain(name));
	free(normal);
	free(label);
	free(longer);
	free(name);
}
END_TEST

static const struct {
	const char *given, *normal;
} addresses[] = {
		{"Juliet@CAPULET.lit/Balcony", "juliet@capulet.lit/Balcony"},
		{"capulet.lit", "capulet.lit"},
		{"capulet.lit./a@b/c", "capulet.lit/a@b/c"},
		{"@capulet.lit", NULL},
		{"juliet@", NULL},
		{"a@b@capulet.lit", NULL},
		{"capulet.lit/", NULL},
		{"ju liet@capulet.lit", NULL},
		{"ju<liet@capulet.lit", NULL},
		{"capulet.lit/a\nb", NULL},
		{"//", NULL},
		{"", NULL},
};

START_TEST(addresses_have_one_form)
{
	struct jid jid;
	int code = jid_parse(addresses[_i].given, &jid);
	ck_assert_int_eq(code, addresses[_i].normal ? 0 : ERR_ADDRESS);
	if (!code) {
		char *text = jid_text(&jid);
		ck_assert_str_eq(text, addresses[_i].normal);
		free(text);
		jid_finish(&jid);
	}
}
END_TEST

START_TEST(nothing_is_no_address)
{
	struct jid jid;
	ck_assert_int_eq(jid_parse(NULL, &jid), ERR_ADDRESS);
}
END_TEST

START_TEST(dns_gets_a_labels)
{
	char *ascii = jid_ascii_domain("b\u00fccher.example");
	ck_assert_str_eq(ascii, "xn--bcher-kva.example");
	free(ascii);
	ck_assert_ptr_null(jid_ascii_domain("192.0.2.1"));
	ck_assert_ptr_null(jid_ascii_domain("[2001:db8::1]"));
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("jid");
	TCase *tc = tcase_create("addresses");
	tcase_add_loop_test(tc, domains_have_one_form, 0, sizeof domains / sizeof *domains);
	tcase_add_test(tc, labels_and_names_have_a_length);
	tcase_add_loop_test(tc, addresses_have_one_form, 0, sizeof addresses / sizeof *addresses);
	tcase_add_test(tc, nothing_is_no_address);
	tcase_add_test(tc, dns_gets_a_labels);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
