/* The list in fault.h and the table in fixtures/faults.toml are one list. */
#include "fault.h"

#include "base/err.h"
#include "base/mem.h"
#include "harness/tests/engine/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "fixtures/faults.toml"
#define VARIANTS "fixtures/variants.toml"
#define ALLOW "\n[allow]\n"
#define REQUIREMENTS "scenarios/requirements.tsv"

static char *contents(const char *path)
{
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: to be run in the checkout's top directory", path);
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	char *text = mem_alloc(size + 1);
	ck_assert_uint_eq(fread(text, 1, size, file), size);
	fclose(file);
	return text;
}

START_TEST(the_table_has_the_list_in_its_order)
{
	char *text = contents(TABLE);
	const char *at = text;
	for (int i = 0; i < FAULT_COUNT; i++) {
		at = strstr(at, "\n[");
		ck_assert_msg(at != NULL, "%s lacks %s", TABLE, fault_name((enum fault_id)i));
		char *head = mem_printf("\n[%s]\n", fault_name((enum fault_id)i));
		ck_assert_msg(strncmp(at, head, strlen(head)) == 0, "expected %s at %.10s", fault_name((enum fault_id)i), at);
		free(head);
		at++;
	}
	const char *more = strstr(at, "\n[");
	if (more && strncmp(more, ALLOW, strlen(ALLOW)) == 0) { /* the last table is about scenarios */
		more = strstr(more + 1, "\n[");
	}
	ck_assert_msg(more == NULL, "%s has more than fault.h", TABLE);
	free(text);
}
END_TEST

START_TEST(the_table_of_variants_has_their_list)
{
	char *text = contents(VARIANTS);
	const char *at = text;
	for (int i = FAULT_COUNT; i < SWITCH_COUNT; i++) {
		char *head = mem_printf("\n[%s]\n", fault_name((enum fault_id)i));
		at = strstr(at, "\n[");
		ck_assert_msg(
				at && strncmp(at, head, strlen(head)) == 0, "%s lacks %s", VARIANTS, fault_name((enum fault_id)i));
		free(head);
		at++;
	}
	ck_assert_msg(strstr(at, "\n[") == NULL, "%s has more than fault.h", VARIANTS);
	free(text);
}
END_TEST

static int count(const char *text, const char *what)
{
	int n = 0;
	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

START_TEST(every_entry_is_complete)
{
	char *text = contents(TABLE);
	ck_assert_int_eq(count(text, "\ndoes = \""), FAULT_COUNT);
	ck_assert_int_eq(count(text, "\nviolates = [\""), FAULT_COUNT);
	ck_assert_int_eq(count(text, "\ndetected_by = [\""), FAULT_COUNT);
	ck_assert_int_eq(count(text, "\nexpected = \"fail\"\n") + count(text, "\nexpected = \"warn\"\n"), FAULT_COUNT);
	free(text);
}
END_TEST

START_TEST(every_requirement_exists)
{
	char *text = contents(TABLE);
	char *requirements = contents(REQUIREMENTS);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "violates", 8) != 0) {
			continue;
		}
		for (char *at = strchr(line, '"'); at; at = strchr(at + 1, '"')) {
			char *end = strchr(at + 1, '"');
			char *row = mem_printf("\n%.*s\t", (int)(end - at - 1), at + 1);
			ck_assert_msg(strstr(requirements, row) != NULL, "no requirement %s", row + 1);
			free(row);
			at = end;
		}
	}
	free(requirements);
	free(text);
}
END_TEST

START_TEST(none_is_on_by_itself)
{
	for (int i = 0; i < SWITCH_COUNT; i++) {
		ck_assert_int_eq(fault((enum fault_id)i), 0);
	}
}
END_TEST

START_TEST(several_are_switched_on)
{
	char *unknown = NULL;
	ck_assert_int_eq(fault_enable("M024,M001", &unknown), 0);
	ck_assert(fault(M024) && fault(M001) && !fault(M003));
	ck_assert_int_eq(fault_enable("M003,M02", &unknown), ERR_NOT_FOUND);
	ck_assert_str_eq(unknown, "M02");
	free(unknown);
	ck_assert_int_eq(fault_enable("", &unknown), ERR_NOT_FOUND);
	free(unknown);
	memset(fault_switches, 0, sizeof fault_switches);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("fault");
	TCase *tc = tcase_create("table");
	tcase_add_test(tc, none_is_on_by_itself);
	tcase_add_test(tc, the_table_has_the_list_in_its_order);
	tcase_add_test(tc, the_table_of_variants_has_their_list);
	tcase_add_test(tc, every_entry_is_complete);
	tcase_add_test(tc, every_requirement_exists);
	tcase_add_test(tc, several_are_switched_on);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
