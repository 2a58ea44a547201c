/* judge/explain and report/json: a failure as text and as fields, against golden files. From the root of the
 * repository; BUDDYCHECK_GOLDEN=update writes the files anew. */
#include "base/mem.h"
#include "report/json.h"
#include "run.h"
#include "script/lines.h"
#include "stage.h"

#include <errno.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "harness/tests/golden/engine/explain-%s"

static void write_golden(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void compare(const char *name, const char *text)
{
	char *path = mem_printf(GOLDEN, name);
	const char *mode = getenv("BUDDYCHECK_GOLDEN");
	if (mode && !strcmp(mode, "update")) {
		write_golden(path, text);
	}
	char *golden = file_read(path);
	ck_assert_msg(golden != NULL, "%s: %s", path, strerror(errno));
	ck_assert_str_eq(text, golden);
	free(golden);
	free(path);
}

/* As the driver gets it, without what stands there for every scenario. */
static char *fields(const struct result *result)
{
	static const char *const kept[] = {"checks", "trouble", "unexpected"};
	struct report_row row = {.id = "test/play", .title = "", .repeat = 1, .repeats = 1, .result = result};
	struct buf b = {0};
	json_result(&b, &row, "test/play.scs", NULL);
	json_t *event = json_loadb(buf_text(&b), b.len, 0, NULL);
	ck_assert_ptr_nonnull(event);
	json_t *some = json_object();
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		json_object_set(some, kept[i], json_object_get(event, kept[i]));
	}
	char *dumped = json_dumps(some, JSON_INDENT(1));
	char *text = mem_printf("%s\n", dumped);
	free(dumped);
	json_decref(some);
	json_decref(event);
	buf_finish(&b);
	return text;
}

/* Ends the play, puts it at lines 12 to 40 of a journal and compares what is explained. */
static void explains(struct stage *st, const char *name)
{
	stage_end(st);
	struct result *result = (struct result *)player_result(st->player);
	result->journal_first = 12;
	result->journal_last = 40;
	char *text = player_explain(st->player, "out/run-1/journal.jsonl");
	ck_assert_ptr_nonnull(text);
	char *file = mem_printf("%s.txt", name);
	compare(file, text);
	free(file);
	free(text);
	file = mem_printf("%s.json", name);
	text = fields(result);
	compare(file, text);
	free(file);
	free(text);
	stage_close(st);
}

START_TEST(a_missed_step)
{
	struct stage *st = stage_open("Marlowe sends:\n"
								  "	<iq type='get'>\n"
								  "		<query xmlns='http://jabber.org/protocol/disco#info'/>\n"
								  "	</iq>\n"
								  "Marlowe receives:\n"
								  "	<iq type='result' id='${token}-7'>\n"
								  "		<query xmlns='http://jabber.org/protocol/disco#info'>\n"
								  "			<feature var='urn:xmpp:server-presence'/>\n"
								  "		</query>\n"
								  "	</iq>\n"
								  "	TT-1 the feature is shown\n"
								  "	TT-2 it stands there once: count(info:query/info:feature) = 1\n"
								  "Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-PARTS/soft then presence comes\n");
	stage_hears(st, "Marlowe", "<message><body>hello</body></message>");
	stage_hears(st, "Marlowe",
			"<iq type='result' id='k7-7'><query xmlns='http://jabber.org/protocol/disco#info'>"
			"<feature var='urn:xmpp:ping'/></query></iq>");
	explains(st, "missed-step");
}
END_TEST

START_TEST(a_missed_step_with_an_empty_inbox)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "	TT-1 the request comes\n");
	stage_closed(st, "Marlowe", "the target ended the stream with host-unknown");
	stage_timeout(st);
	explains(st, "nothing-came");
}
END_TEST

START_TEST(a_step_without_check)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribe'/>\n"
								  "Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 the approval comes\n");
	stage_timeout(st);
	explains(st, "no-check");
}
END_TEST

START_TEST(a_condition_that_does_not_hold)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 it comes\n"
								  "	TT-WARN it goes from bare domain to bare domain: @from = '${target}' and @to = "
								  "'${Marlowe}'\n");
	stage_hears(st, "Marlowe", "<presence type='subscribed' from='example.org/resource'/>");
	explains(st, "condition");
}
END_TEST

START_TEST(a_silence_that_was_broken)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 one order makes one request\n");
	stage_fence(st, "Marlowe");
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	stage_quiet(st);
	explains(st, "silence");
}
END_TEST

START_TEST(a_fence_that_was_lost)
{
	struct stage *st = stage_open("Marlowe receives: nothing\n"
								  "	TT-1 one order makes one request\n");
	stage_closed(st, "Marlowe", "the target closed the stream (</stream:stream>, FIN)");
	stage_pass(st, STAGE_DEADLINE);
	explains(st, "fence-lost");
}
END_TEST

START_TEST(an_invariant_that_was_broken)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence type='subscribed'/>\n"
								  "	TT-1 it comes\n");
	stage_hears(st, "Kyd", "<presence type='subscribe'/>");
	stage_hears(st, "Kyd", "<presence type='subscribe' id='again'/>");
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	explains(st, "invariant");
}
END_TEST

START_TEST(a_place_in_a_phrase)
{
	struct stage_set set = {.phrases = "# Phrases of this test\n"
									   "\n"
									   "Phrase: {peer} becomes a buddy\n"
									   "\n"
									   "{peer} is approved\n"
									   "\n"
									   "Phrase: {peer} is approved\n"
									   "\n"
									   "{peer} receives:\n"
									   "	<presence type='subscribed' id='{bind:id}'/>\n"
									   "	relies on TT-1 the peer is approved\n"};
	struct stage *st = stage_set_up(&set, "Kyd connects\n"
										  "\n"
										  "Marlowe becomes a buddy\n");
	stage_start(st);
	stage_connected(st, "Kyd");
	stage_hears(st, "Marlowe", "<presence type='subscribed'/>");
	stage_timeout(st);
	explains(st, "phrase");
}
END_TEST

START_TEST(a_place_in_a_table)
{
	struct stage_set set = {
			.phrases = "Phrase: {peer} is approved\n{peer} receives:\n	<presence type='subscribed'/>\n	TT-1 x\n"};
	struct stage *st = stage_set_up(&set, "Marlowe is approved\n");
	st->scenario->table = mem_strdup("test/table.tsv");
	st->scenario->row = 3;
	stage_start(st);
	stage_timeout(st);
	explains(st, "row");
}
END_TEST

START_TEST(a_state_that_is_another)
{
	struct stage *st = stage_open("the target shows Marlowe as both\n"
								  "	TT-1 they are buddies\n");
	stage_shows(st, "kyd.test none\nmarlowe.test to ask\n");
	explains(st, "roster");
}
END_TEST

START_TEST(several_findings)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence id='{bind:id}'/>\n"
								  "	TT-INFO it has a type: @type\n"
								  "	TT-PARTS/soft it has a nick: nick:nick\n"
								  "	TT-2 it has an id: @id\n"
								  "${id} is not a1\n"
								  "	TT-3 it is another one\n"
								  "Kyd receives:\n"
								  "	<presence/>\n"
								  "	TT-4 Kyd is told\n"
								  "Kyd receives:\n"
								  "	<message/>\n"
								  "	TT-PARTS/hint Kyd is told more\n"
								  "	TT-COND Kyd is told more: in order\n");
	stage_hears_with(st, "Marlowe", "<presence id='a1'/>", 0, 1);
	stage_timeout(st);
	explains(st, "several");
}
END_TEST

START_TEST(a_play_that_was_cut_short)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<presence/>\n"
								  "	TT-1 it comes\n");
	player_end(st->player, "run: the target ended: signal 11", VERDICT_FAIL, st->now);
	explains(st, "cut-short");
}
END_TEST

START_TEST(long_stanzas_are_cut)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<message/>\n"
								  "	TT-1 it has a subject: s:subject\n");
	char stanza[1200];
	snprintf(stanza, sizeof stanza, "<message><body>%01000d</body></message>", 0);
	stage_hears(st, "Marlowe", stanza);
	explains(st, "long");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	struct stage *st = stage_open("Marlowe receives:\n"
								  "	<message/>\n"
								  "	TT-1 it comes\n");
	stage_timeout(st);
	stage_end(st);
	char *text = player_explain(st->player, "journal");
	ck_assert_lacks(text, "journal:"); /* nothing was written there */
	free(text);
	((struct result *)player_result(st->player))->journal_last = 1;
	text = player_explain(st->player, NULL);
	ck_assert_lacks(text, "journal:");
	ck_assert_has(text, "again: buddycheck run test/play\n");
	free(text);
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("explain");
	TCase *tests = tcase_create("explain");
	tcase_add_test(tests, a_missed_step);
	tcase_add_test(tests, a_missed_step_with_an_empty_inbox);
	tcase_add_test(tests, a_step_without_check);
	tcase_add_test(tests, a_condition_that_does_not_hold);
	tcase_add_test(tests, a_silence_that_was_broken);
	tcase_add_test(tests, a_fence_that_was_lost);
	tcase_add_test(tests, an_invariant_that_was_broken);
	tcase_add_test(tests, a_place_in_a_phrase);
	tcase_add_test(tests, a_place_in_a_table);
	tcase_add_test(tests, a_state_that_is_another);
	tcase_add_test(tests, several_findings);
	tcase_add_test(tests, a_play_that_was_cut_short);
	tcase_add_test(tests, long_stanzas_are_cut);
	tcase_add_test(tests, what_is_not_known_is_left_out);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
