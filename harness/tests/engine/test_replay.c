/* replay/: a journal judged again */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "replay/replay.h"
#include "run.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                                         \
	"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "                            \
	"xmlns:db='jabber:server:dialback' from='example.org' to='marlowe.test' id='s1' version='1.0'>"
/* As a template gives it. */
#define SUBSCRIBE "<presence type=\"subscribe\" from=\"marlowe.test\" to=\"example.org\"/>"
#define SUBSCRIBED "<presence from='example.org' to='marlowe.test' type='subscribed'/>"
#define FENCE_ANSWER "<iq from='example.org' to='marlowe.test' id='k7-fence1-0' type='result'/>"
#define FENCE                                                                                                          \
	"<iq type='get' id='k7-fence1-0' from='marlowe.test' to='example.org'>"                                            \
	"<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"

static const char asks[] = "Marlowe sends:\n"
						   "	<presence type='subscribe'/>\n"
						   "Marlowe receives:\n"
						   "	<presence type='subscribed'/>\n"
						   "	TT-1 it is approved\n";

/* A journal in the making, and what is made of it. */
struct desk {
	struct stage *st; /* for its catalogue and scenario */
	struct scenario *scenarios[1];
	struct buf text;
	int line;
	unsigned long long time;
	struct replay *replay;
	int status;
};

static struct desk desk;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line; n and t stand before it. Apostrophes stand for quotation marks, backquotes for apostrophes. */
static void add(const char *format, ...)
{
	char rest[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(rest, sizeof rest, format, args);
	va_end(args);
	for (char *c = rest; *c; c++) {
		if (*c == '\'' || *c == '`') {
			*c = *c == '`' ? '\'' : '"';
		}
	}
	buf_printf(&desk.text, "{\"n\":%d,\"t\":%llu,%s}\n", ++desk.line, desk.time += 10, rest);
}

static void set_scene(const char *play)
{
	desk = (struct desk){0};
	struct stage_set set = {.cast = "[Peer] Marlowe\n"};
	desk.st = stage_set_up(&set, play);
	desk.scenarios[0] = desk.st->scenario;
	desk.st->catalogue.scenarios = desk.scenarios;
	desk.st->catalogue.count = 1;
	add("'kind':'run','facts':{'format':2,'seed':7,'target':'example.org','quiet':60000,'deadline':5000000,'has':"
		"'hook:pending'}");
}

static void clear_away(void)
{
	replay_destroy(desk.replay);
	desk.st->catalogue.scenarios = NULL;
	desk.st->catalogue.count = 0;
	stage_close(desk.st);
	buf_finish(&desk.text);
}

static void begin(const char *detail)
{
	add("'kind':'begin','scenario':'test/play'%s,'facts':{'token':'k7','addresses':'marlowe.test'}", detail);
}

static void cue(const char *what, const char *facts)
{
	add("'kind':'cue','scenario':'test/play','actor':'Marlowe','detail':'%s','facts':{%s}", what, facts);
}

static void crosses(const char *kind, const char *direction, const char *octets)
{
	struct buf quoted = {0};
	for (const char *c = octets; *c; c++) {
		buf_printf(&quoted, "%s%c", *c == '"' ? "\\" : "", *c == '\'' ? '`' : *c);
	}
	add("'kind':'%s','scenario':'test/play','actor':'Marlowe','stream':3,'dir':'%s','data':'%s'", kind, direction,
			buf_text(&quoted));
	buf_finish(&quoted);
}

/* It comes on a stream that the target opened, and the player is told. */
static void comes(const char *octets)
{
	char facts[128];
	crosses("stanza", "in", octets);
	snprintf(facts, sizeof facts, "'line':%d,'opened_by_target':1,'validated':1,'content_ns':'jabber:server'",
			desk.line);
	cue("stanza", facts);
}

static void time_passes(unsigned long long microseconds)
{
	desk.time += microseconds;
	cue("deadline", "");
}

static void ends(const char *verdict)
{
	cue("end", "'verdict':'PASS'");
	add("'kind':'end-of-play','scenario':'test/play','detail':'%s'", verdict);
}

static void the_run_ends(void)
{
	add("'kind':'end'");
}

static void judge(void)
{
	desk.replay = replay_create(&desk.st->catalogue, "buddycheck run");
	desk.status = replay_read(desk.replay, buf_text(&desk.text), desk.text.len);
}

static const char *verdict(size_t play)
{
	return verdict_text(player_result(replay_at(desk.replay, play)->player)->verdict);
}

static void expect_problem(size_t i, int line, const char *part)
{
	ck_assert_uint_gt(replay_problems(desk.replay), i);
	const struct replay_problem *p = replay_problem(desk.replay, i);
	ck_assert_has(p->text, part);
	ck_assert_int_eq((int)p->line, line);
}

static void expect_no_problem(void)
{
	if (replay_problems(desk.replay)) {
		ck_abort_msg("%s", replay_problem(desk.replay, 0)->text);
	}
}

/* The scenario of asks, approved. Lines: 1 run, 2 begin, 3 header, 4 what is sent, 5 what comes, 6 its cue, 7 and 8 the
 * play's end, 9 the run's. */
static void record_approval(const char *answer, const char *outcome)
{
	begin("");
	crosses("header", "in", HEADER);
	crosses("stanza", "out", SUBSCRIBE);
	comes(answer);
	ends(outcome);
	the_run_ends();
}

START_TEST(what_passed_passes_again)
{
	set_scene(asks);
	record_approval(SUBSCRIBED, "PASS");
	judge();
	ck_assert_int_eq(desk.status, 0);
	expect_no_problem();
	ck_assert_uint_eq(replay_count(desk.replay), 1);
	ck_assert_str_eq(verdict(0), "PASS");
	const struct replayed *p = replay_at(desk.replay, 0);
	ck_assert_int_eq((int)p->first, 2);
	ck_assert_int_eq((int)p->last, 8);
	ck_assert_int_eq(p->repeat, 1);
	ck_assert(p->ended && !p->superseded);
	ck_assert_uint_eq(player_result(p->player)->started, 20);
	ck_assert_uint_eq(replay_seed(desk.replay), 7);
	clear_away();
}
END_TEST

START_TEST(other_octets_come_to_another_verdict)
{
	set_scene(asks);
	record_approval("<presence from='example.org' to='marlowe.test' type='unsubscribed'/>", "PASS");
	judge();
	ck_assert_str_eq(verdict(0), "INCONCLUSIVE");
	expect_problem(0, 8, "test/play came to PASS; judged again it is INCONCLUSIVE");
	clear_away();
}
END_TEST

START_TEST(a_deadline_is_a_cue)
{
	set_scene(asks);
	begin("");
	crosses("stanza", "out", SUBSCRIBE);
	time_passes(5000000);
	ends("FAIL");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "FAIL");
	clear_away();
}
END_TEST

START_TEST(a_deadline_that_was_not_due_is_none)
{
	set_scene(asks);
	begin("");
	crosses("stanza", "out", SUBSCRIBE);
	time_passes(4000000);
	ends("FAIL");
	the_run_ends();
	judge();
	ck_assert_str_eq(verdict(0), "INCONCLUSIVE");
	expect_problem(0, 6, "judged again it is INCONCLUSIVE");
	clear_away();
}
END_TEST

static void record_silence(const char *what_comes, const char *outcome)
{
	begin("");
	crosses("header", "in", HEADER);
	crosses("stanza", "out", FENCE);
	if (what_comes) {
		comes(what_comes);
	}
	comes(FENCE_ANSWER);
	time_passes(60000);
	ends(outcome);
	the_run_ends();
	judge();
}

START_TEST(silence_is_proved_again)
{
	set_scene("Marlowe receives: nothing\n	TT-1 it keeps still\n");
	record_silence(NULL, "PASS");
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "PASS");
	clear_away();
}
END_TEST

START_TEST(what_breaks_silence_breaks_it_again)
{
	set_scene("Marlowe receives: nothing\n	TT-1 it keeps still\n");
	record_silence("<presence from='example.org' to='marlowe.test' type='subscribe'/>", "FAIL");
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "FAIL");
	const struct finding *f = result_worst(player_result(replay_at(desk.replay, 0)->player));
	ck_assert_has(evidence_text(f->evidence), "line 5 of the journal: <presence");
	clear_away();
}
END_TEST

START_TEST(what_a_hook_answered_is_in_the_journal)
{
	static const char *const answers[][2] = {{"marlowe.test", "PASS"}, {"kyd.test", "FAIL"}};
	set_scene("the target lists Marlowe as pending\n	TT-1 the request waits\n");
	char facts[64];
	snprintf(facts, sizeof facts, "'id':1,'ok':1,'output':'%s'", answers[_i][0]);
	begin("");
	cue("hook", facts);
	for (int look = 2; _i && look <= 3; look++) {
		time_passes(look == 2 ? 60000 : 240000);
		snprintf(facts, sizeof facts, "'id':%d,'ok':1,'output':'%s'", look, answers[_i][0]);
		cue("hook", facts);
	}
	ends(answers[_i][1]);
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), answers[_i][1]);
	clear_away();
}
END_TEST

START_TEST(a_missing_hook_is_skipped_again)
{
	set_scene("the target restarts\nMarlowe receives: nothing\n	TT-1 it keeps still\n");
	begin("");
	ends("SKIP");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "SKIP");
	clear_away();
}
END_TEST

START_TEST(ends_of_streams_are_cues)
{
	set_scene("Marlowe opens a stream\nMarlowe's stream is closed\n	TT-1 with an error: streams:host-unknown\n");
	begin("");
	cue("opened", "");
	cue("ended", "'line':2,'how':'error','condition':'host-unknown'");
	ends("PASS");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "PASS");
	clear_away();
}
END_TEST

START_TEST(headers_can_be_received)
{
	set_scene("Marlowe opens a stream\n"
			  "Marlowe receives:\n	<stream:stream from='${target}' id='{bind:id}'/>\n"
			  "	TT-1 it has a number: @id = 's1'\n");
	begin("");
	cue("opened", "");
	crosses("header", "in", "<?xml version='1.0'?>" HEADER);
	cue("opening", "'line':4");
	ends("PASS");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "PASS");
	clear_away();
}
END_TEST

START_TEST(a_lost_target_is_blamed_again)
{
	set_scene(asks);
	begin("");
	crosses("stanza", "out", SUBSCRIBE);
	add("'kind':'lost','detail':'the target ended'");
	cue("lost", "'reason':'the target ended','shown':'','verdict':'FAIL'");
	cue("end", "'reason':'the target ended','verdict':'FAIL'");
	add("'kind':'end-of-play','scenario':'test/play','detail':'FAIL'");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_str_eq(verdict(0), "FAIL");
	clear_away();
}
END_TEST

START_TEST(the_last_attempt_counts)
{
	set_scene(asks);
	begin("");
	cue("lost", "'reason':'the target ended','shown':'','verdict':'INCONCLUSIVE'");
	ends("INCONCLUSIVE");
	begin(",'detail':'attempt 2'");
	crosses("stanza", "in", SUBSCRIBED); /* on a stream of the first attempt */
	crosses("header", "in", HEADER);
	crosses("stanza", "out", SUBSCRIBE);
	comes(SUBSCRIBED);
	ends("PASS");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_uint_eq(replay_count(desk.replay), 2);
	ck_assert(replay_at(desk.replay, 0)->superseded);
	ck_assert(!replay_at(desk.replay, 1)->superseded);
	ck_assert_str_eq(verdict(1), "PASS");
	clear_away();
}
END_TEST

START_TEST(a_united_journal_has_several_beginnings)
{
	set_scene(asks);
	record_approval(SUBSCRIBED, "PASS");
	add("'kind':'run','facts':{'format':2,'seed':7,'target':'example.org','quiet':60000,'deadline':1000000,'has':''}");
	add("'kind':'begin','scenario':'test/play','repeat':2,'facts':{'token':'k7','addresses':'marlowe.test'}");
	desk.time += 1000000;
	add("'kind':'cue','scenario':'test/play','repeat':2,'detail':'deadline'");
	add("'kind':'cue','scenario':'test/play','repeat':2,'detail':'end','facts':{'verdict':'PASS'}");
	add("'kind':'end-of-play','scenario':'test/play','repeat':2,'detail':'FAIL'");
	the_run_ends();
	judge();
	expect_no_problem();
	ck_assert_uint_eq(replay_count(desk.replay), 2);
	ck_assert_str_eq(verdict(0), "PASS");
	ck_assert_str_eq(verdict(1), "FAIL");
	clear_away();
}
END_TEST

/* --- edited journals --- */

static void edit(const char *from, const char *to)
{
	char *old = buf_take(&desk.text);
	char *at = strstr(old, from);
	ck_assert_msg(at != NULL, "no '%s' in %s", from, old);
	buf_printf(&desk.text, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
	free(old);
}

static const struct {
	const char *from, *to;
	int line;
	const char *problem;
} edits[] = {
		{"\\\"subscribe", "\\\"unsubscribe", 4, "Marlowe does not send this in its scenario"},
		{"\"line\":5", "\"line\":4", 5, "this came for Marlowe, who was not told of it"},
		{"\"line\":5", "\"line\":77", 5, "who was not told"},
		{"\"n\":5", "\"n\":6", 5, "is missing: line 6 follows line 4"},
		{"\"t\":50", "\"t\":5", 5, "is older than the line before it"},
		{"{\"n\":5", "[\"n\":5", 5, "is no line of a journal"},
		{"\"n\":5", "\"n\":5,\"n\":5", 5, "is no line of a journal"},
		{"\"actor\":\"Marlowe\",\"detail\":\"stanza\"", "\"actor\":\"Kyd\",\"detail\":\"stanza\"", 6,
				"a cue for 'Kyd', who is not in the cast"},
		{"\"detail\":\"stanza\"", "\"detail\":\"applause\"", 6, "an unknown cue, 'applause'"},
		{"\"kind\":\"begin\",\"scenario\":\"test/play\"", "\"kind\":\"begin\",\"scenario\":\"test/other\"", 2,
				"scenario 'test/other' is not in the catalogue"},
		{"\"addresses\":\"marlowe.test\"", "\"addresses\":\"marlowe.test\\nkyd.test\"", 2, "another cast"},
		{"<presence from='example.org'", "<presence from=example.org'", 5, "it is no element of an XML stream"},
		{",\"detail\":\"PASS\"}", ",\"detail\":\"FAIL\"}", 8, "came to FAIL; judged again it is PASS"},
		{"{\"n\":9,\"t\":90,\"kind\":\"end\"}\n", "", 8, "breaks off before the end of the run"},
		{"\"kind\":\"end\"}\n", "\"kind\":\"end\"}", 9, "breaks off"},
};

START_TEST(an_edit_is_named)
{
	set_scene(asks);
	record_approval(SUBSCRIBED, "PASS");
	edit(edits[_i].from, edits[_i].to);
	judge();
	ck_assert_int_eq(desk.status, 0);
	expect_problem(0, edits[_i].line, edits[_i].problem);
	clear_away();
}
END_TEST

static const struct {
	const char *from, *to, *problem;
} headers[] = {
		{"\"format\":2", "\"format\":3", "has version 3 of the format; expected version 2"},
		{"\"kind\":\"run\"", "\"kind\":\"open\"", "is no journal that can be judged again"},
		{"\"target\":\"example.org\",", "", "lacks what the run was made with"},
		{"{\"n\":1", "{\"n\":", "is no journal that can be judged again"},
};

START_TEST(a_journal_of_another_kind_is_not_judged)
{
	set_scene(asks);
	record_approval(SUBSCRIBED, "PASS");
	edit(headers[_i].from, headers[_i].to);
	judge();
	ck_assert_int_eq(desk.status, ERR_SYNTAX);
	expect_problem(0, 1, headers[_i].problem);
	ck_assert_uint_eq(replay_count(desk.replay), 0);
	clear_away();
}
END_TEST

START_TEST(an_empty_journal_is_not_judged)
{
	set_scene(asks);
	desk.replay = replay_create(&desk.st->catalogue, NULL);
	ck_assert_int_eq(replay_read(desk.replay, "", 0), ERR_SYNTAX);
	clear_away();
}
END_TEST

START_TEST(hostile_cues_do_no_harm)
{
	static const char *const ways[] = {
			"'how':'x`/><y z=`'", "'condition':'<a>'", "'how':'error','condition':''", "'how':7"};
	set_scene(asks);
	begin("");
	cue("ended", ways[_i]);
	ends("INCONCLUSIVE");
	the_run_ends();
	judge();
	expect_problem(0, 3, "no way in which a stream ends");
	clear_away();
}
END_TEST

START_TEST(cues_without_facts_do_no_harm)
{
	static const char *const names[] = {"connected", "connect-failed", "closed", "opened", "visited", "streams",
			"fault", "hook", "lost", "deadline", "stanza", "opening"};
	set_scene(asks);
	begin("");
	add("'kind':'cue','scenario':'test/play','actor':'Marlowe','detail':'%s'", names[_i]);
	cue("end", "");
	cue("end", "");
	the_run_ends();
	judge();
	ck_assert_int_eq(desk.status, 0);
	expect_problem(replay_problems(desk.replay) - 1, 5, "after its end");
	clear_away();
}
END_TEST

START_TEST(octets_that_are_no_text_are_read)
{
	set_scene("Marlowe sends raw:\n	<iq>\n");
	begin("");
	add("'kind':'stanza','scenario':'test/play','actor':'Marlowe','dir':'out','octets':'3c69713e'");
	add("'kind':'stanza','scenario':'test/play','actor':'Marlowe','dir':'out','octets':'3c69713'");
	ends("INCONCLUSIVE");
	the_run_ends();
	judge();
	expect_problem(0, 4, "is no line of a journal");
	clear_away();
}
END_TEST

START_TEST(only_so_many_problems_are_kept)
{
	set_scene(asks);
	for (int i = 0; i < 300; i++) {
		add("'kind':'cue','scenario':'nobody'");
	}
	judge();
	ck_assert_uint_eq(replay_problems(desk.replay), 100);
	clear_away();
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("replay");
	TCase *again = tcase_create("judged again");
	tcase_add_test(again, what_passed_passes_again);
	tcase_add_test(again, other_octets_come_to_another_verdict);
	tcase_add_test(again, a_deadline_is_a_cue);
	tcase_add_test(again, a_deadline_that_was_not_due_is_none);
	tcase_add_test(again, silence_is_proved_again);
	tcase_add_test(again, what_breaks_silence_breaks_it_again);
	tcase_add_loop_test(again, what_a_hook_answered_is_in_the_journal, 0, 2);
	tcase_add_test(again, a_missing_hook_is_skipped_again);
	tcase_add_test(again, ends_of_streams_are_cues);
	tcase_add_test(again, headers_can_be_received);
	tcase_add_test(again, a_lost_target_is_blamed_again);
	tcase_add_test(again, the_last_attempt_counts);
	tcase_add_test(again, a_united_journal_has_several_beginnings);
	suite_add_tcase(suite, again);
	TCase *edited = tcase_create("edited");
	tcase_add_loop_test(edited, an_edit_is_named, 0, sizeof edits / sizeof *edits);
	tcase_add_loop_test(edited, a_journal_of_another_kind_is_not_judged, 0, sizeof headers / sizeof *headers);
	tcase_add_test(edited, an_empty_journal_is_not_judged);
	tcase_add_loop_test(edited, hostile_cues_do_no_harm, 0, 4);
	tcase_add_loop_test(edited, cues_without_facts_do_no_harm, 0, 12);
	tcase_add_test(edited, octets_that_are_no_text_are_read);
	tcase_add_test(edited, only_so_many_problems_are_kept);
	suite_add_tcase(suite, edited);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
