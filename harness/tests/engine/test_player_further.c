/* judge/further: the further stages of a command */
#include "base/mem.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "<command xmlns='http://jabber.org/protocol/commands' node='urn:n' sessionid='s1'"
#define CONFIRM "<iq type='result' id='%s'>" COMMAND " status='executing'><note>Sure?</note></command></iq>"

static const char submission[] = "Bard connects\n"
								 "Bard sends:\n"
								 "	<iq type='set'>" COMMAND "><x xmlns='jabber:x:data' type='submit'>"
								 "<field var='f'><value>v</value></field></x></command></iq>\n"
								 "Marlowe connects\n"
								 "Bard receives:\n"
								 "	<iq type='result'/>\n"
								 "	TT-1 it is completed: *[@status = 'completed']\n";

static void confirm(struct stage *st, const char *id)
{
	char *answer = mem_printf(CONFIRM, id);
	stage_hears(st, "Bard", answer);
	free(answer);
}

START_TEST(a_client_goes_through_further_stages_by_itself)
{
	struct stage *st = stage_open(submission);
	stage_connected(st, "Bard");
	stage_actions(st);
	ck_assert(player_needs(st->player, 0));
	stage_hears(
			st, "Bard", "<iq type='result' id='$ID'>" COMMAND " status='executing'><note>Sure?</note></command></iq>");
	const char *actions = stage_actions(st);
	ck_assert_has(actions, "sessionid=\"s1\"/></iq>");
	const char *id = strstr(actions, " id=\"");
	ck_assert(id != NULL);
	char *own = mem_strndup(id + 5, strcspn(id + 5, "\""));
	stage_connected(st, "Marlowe");
	ck_assert(!player_is_over(st->player));
	char *answer = mem_printf("<iq type='result' id='%s'>" COMMAND " status='completed'/></iq>", own);
	stage_hears(st, "Bard", answer);
	free(answer);
	free(own);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_verdict(st, "PASS");
	stage_close(st);
}
END_TEST

START_TEST(a_command_without_end_is_seen)
{
	struct stage *st = stage_open(submission);
	stage_connected(st, "Bard");
	stage_connected(st, "Marlowe");
	char id[64] = "$ID";
	stage_actions(st);
	for (int i = 0; i < 3; i++) {
		confirm(st, id);
		const char *at = strstr(stage_actions(st), " id=\"");
		ck_assert_msg(at != NULL, "after stage %d", i);
		snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 5, "\""), at + 5);
	}
	confirm(st, id);
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: further stages");
	TCase *tests = tcase_create("further stages");
	tcase_add_test(tests, a_client_goes_through_further_stages_by_itself);
	tcase_add_test(tests, a_command_without_end_is_seen);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
