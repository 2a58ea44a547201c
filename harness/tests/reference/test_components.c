/* Components of the reference server: who is served, and with what proof (XEP-0114). */
#include "components.h"

#include "harness/tests/engine/run.h"

#include <stdlib.h>

static int serves(const char *pattern, const char *domain)
{
	char *domains[] = {(char *)"other.test", (char *)pattern};
	struct config_components config = {.domains = domains, .domains_count = 2};
	return components_serves(&config, domain);
}

START_TEST(domains_are_served_as_the_configuration_names_them)
{
	ck_assert(serves("muc.srv.test", "muc.srv.test"));
	ck_assert(serves("muc.srv.test", "other.test"));
	ck_assert(!serves("muc.srv.test", "srv.test"));
	ck_assert(!serves("muc.srv.test", "x.muc.srv.test"));
	ck_assert(!serves("muc.srv.test", "localhost"));
}
END_TEST

START_TEST(a_star_is_one_label)
{
	ck_assert(serves("*.srv.test", "muc.srv.test"));
	ck_assert(serves("*.srv.test", "a-b.srv.test"));
	ck_assert(!serves("*.srv.test", "srv.test"));
	ck_assert(!serves("*.srv.test", ".srv.test"));
	ck_assert(!serves("*.srv.test", "a.b.srv.test"));
	ck_assert(!serves("*.srv.test", "evilsrv.test"));
	ck_assert(!serves("*.srv.test", "localhost"));
}
END_TEST

/* The examples of section 3; their secret is "test". */
START_TEST(the_proof_is_that_of_the_specification)
{
	char *proof = components_handshake("3BF96D32", "test");
	ck_assert_str_eq(proof, "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e");
	free(proof);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("reference: components");
	TCase *tests = tcase_create("components");
	tcase_add_test(tests, domains_are_served_as_the_configuration_names_them);
	tcase_add_test(tests, a_star_is_one_label);
	tcase_add_test(tests, the_proof_is_that_of_the_specification);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
