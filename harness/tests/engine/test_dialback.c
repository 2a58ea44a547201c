#include "actors/dialback.h"
#include "run.h"

#include <string.h>

/* XEP-0185 section 3. */
START_TEST(key_of_xep_0185)
{
	char key[DIALBACK_KEY_CHARS + 1];
	dialback_key("s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F", key);
	ck_assert_str_eq(key, "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643");
}
END_TEST

/* XEP-0220 sections 2.1.1 and 2.2.2. */
START_TEST(keys_of_xep_0220)
{
	char key[DIALBACK_KEY_CHARS + 1];
	dialback_key("s3cr3tf0rd14lb4ck", "montague.example", "capulet.example", "D60000229F", key);
	ck_assert_str_eq(key, "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3");
	dialback_key("d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25", key);
	ck_assert_str_eq(key, "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d");
}
END_TEST

/* The key is kept between calls; that of another secret must not be used. */
START_TEST(secrets_may_change_with_each_key)
{
	for (int i = 0; i < 6; i++) {
		char key[DIALBACK_KEY_CHARS + 1];
		if (i != 2) { /* once the same twice in a row */
			dialback_key("s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F", key);
			ck_assert_str_eq(key, "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643");
		}
		if (i != 4) {
			dialback_key("d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25", key);
			ck_assert_str_eq(key, "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d");
		}
	}
}
END_TEST

START_TEST(keys_differ_by_every_input)
{
	char key[DIALBACK_KEY_CHARS + 1];
	char other[DIALBACK_KEY_CHARS + 1];
	dialback_key("s", "example.inf", "orm.example", "1", key);
	dialback_key("s", "example.in", "form.example", "1", other);
	ck_assert_str_ne(key, other);
	dialback_key("t", "example.inf", "orm.example", "1", other);
	ck_assert_str_ne(key, other);
	dialback_key("s", "example.inf", "orm.example", "2", other);
	ck_assert_str_ne(key, other);
}
END_TEST

START_TEST(stream_ids_repeat_with_the_secret)
{
	char id[DIALBACK_ID_CHARS + 1];
	char other[DIALBACK_ID_CHARS + 1];
	dialback_stream_id("secret", 1, id);
	dialback_stream_id("secret", 1, other);
	ck_assert_str_eq(id, other);
	ck_assert_uint_eq(strlen(id), DIALBACK_ID_CHARS);
	dialback_stream_id("secret", 2, other);
	ck_assert_str_ne(id, other);
	dialback_stream_id("another", 1, other);
	ck_assert_str_ne(id, other);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("dialback");
	TCase *tc = tcase_create("keys");
	tcase_add_test(tc, key_of_xep_0185);
	tcase_add_test(tc, keys_of_xep_0220);
	tcase_add_test(tc, secrets_may_change_with_each_key);
	tcase_add_test(tc, keys_differ_by_every_input);
	tcase_add_test(tc, stream_ids_repeat_with_the_secret);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
