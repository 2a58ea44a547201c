/* judge/player: [Client], whose next stanza must match as in scansion */
#include "plays.h"
#include "run.h"
#include "stage.h"

#include <libxml/parser.h>

static const char scansion[] = "Romeo connects\n"
							   "Romeo receives:\n"
							   "	<presence id='1'/>\n"
							   "	TT-1 first\n"
							   "Romeo receives:\n"
							   "	<presence id='2'/>\n"
							   "	TT-2 second\n";

static struct stage *open_scansion(const char *play)
{
	struct stage_set set = {.cast = "[Client] Romeo\n\tjid: romeo@example.org\n\tpassword: x\n"};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	stage_connected(st, "Romeo");
	return st;
}

START_TEST(the_next_stanza_of_a_client_must_match)
{
	struct stage *st = open_scansion(scansion);
	stage_hears(st, "Romeo", "<presence id='1'/>");
	stage_hears(st, "Romeo", "<presence id='2'/>");
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "PASS");
	stage_close(st);
	st = open_scansion(scansion);
	stage_hears(st, "Romeo", "<presence id='2'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	ck_assert_finding(st, "TT-2", "UNDECIDED");
	stage_close(st);
	/* also when all are there before the step is reached */
	struct stage_set set = {.cast = "[Client] Romeo\n\tjid: romeo@example.org\n[Peer] Kyd\n"};
	st = stage_set_up(&set, "Romeo connects\n"
							"Kyd receives:\n"
							"	<presence/>\n"
							"Romeo receives:\n"
							"	<presence id='1'/>\n"
							"	TT-1 first\n");
	stage_start(st);
	stage_connected(st, "Romeo");
	stage_hears(st, "Romeo", "<presence id='2'/>");
	stage_hears(st, "Romeo", "<presence id='1'/>");
	stage_hears(st, "Kyd", "<presence/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "FAIL");
	stage_close(st);
}
END_TEST

/* A script of scansion has no checks: its steps are what it checks. */
static const char script[] = "Romeo connects\n"
							 "Romeo sends\n"
							 "	<iq type='get' id='a'><q xmlns='urn:q'/></iq>\n"
							 "Romeo receives\n"
							 "	<iq type='result' id='a'><q xmlns='urn:q' v='{scansion:capture:first}'/></iq>\n"
							 "Romeo receives\n"
							 "	<message id='{scansion:capture:first}'/>\n";

START_TEST(a_script_of_scansion_passes_or_fails)
{
	struct stage *st = open_scansion(script);
	stage_hears(st, "Romeo", "<iq type='result' id='a'><q xmlns='urn:q' v='1'/></iq>");
	stage_hears(st, "Romeo", "<message id='2'/>");
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_verdict(st, "PASS");
	stage_close(st);
	st = open_scansion(script);
	stage_hears(st, "Romeo", "<iq type='result' id='a'><q xmlns='urn:q' v='1' w='2'/></iq>");
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	ck_assert_str_eq(player_result(st->player)->reason, "test/play.scs:11: 'Romeo receives' was not met");
	ck_assert_has(evidence_text(player_result(st->player)->trouble_evidence), "first difference at iq/q@w");
	stage_close(st);
	st = open_scansion(script);
	stage_timeout(st);
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_script_of_scansion_proves_silence)
{
	struct stage *st = open_scansion("Romeo connects\n"
									 "Romeo receives: nothing\n");
	stage_hears(st, "Romeo", "<presence/>");
	stage_end(st);
	ck_assert_verdict(st, "FAIL");
	stage_close(st);
}
END_TEST

START_TEST(a_client_is_not_helped)
{
	struct stage *st = open_scansion("Romeo connects\n"
									 "Romeo sends:\n"
									 "	<iq type='get' id='a'/>\n"
									 "Romeo receives:\n"
									 "	<iq/>\n"
									 "	TT-1 any IQ\n"
									 "Romeo receives:\n"
									 "	<presence/>\n"
									 "	TT-2 presence\n");
	ck_assert_has(stage_actions(st), "<iq type=\"get\" id=\"a\"/>");
	stage_hears(st, "Romeo", VERSION);
	ck_assert_str_eq(stage_actions(st), ""); /* no background, no implied id */
	stage_hears(st, "Romeo", "<message/>");	 /* not tolerated */
	ck_assert(player_is_over(st->player));
	stage_end(st);
	ck_assert_finding(st, "TT-1", "PASS");
	ck_assert_finding(st, "TT-2", "FAIL");
	stage_close(st);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("player: clients");
	TCase *tests = tcase_create("clients");
	tcase_add_test(tests, the_next_stanza_of_a_client_must_match);
	tcase_add_test(tests, a_script_of_scansion_passes_or_fails);
	tcase_add_test(tests, a_script_of_scansion_proves_silence);
	tcase_add_test(tests, a_client_is_not_helped);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	int failed = run_suite(make);
	xmlCleanupParser();
	return failed;
}
