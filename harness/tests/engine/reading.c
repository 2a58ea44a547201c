#include "reading.h"

#include "base/mem.h"

#include <check.h>
#include <stdlib.h>

#define CAST                                                                                                           \
	"# T\n[Admin] Bard\n[Peer] Marlowe\n[RemoteUser] Tybalt of Marlowe\n[Peer] Kit Marlowe\n[User] Romeo\n"            \
	"[Client] Romeo's phone\n-----\n"

struct phrases phrases;
struct problems problems;
struct scenario *scenario;

void reading_finish(void)
{
	scenario_destroy(scenario);
	scenario = NULL;
	phrases_finish(&phrases);
	problems_finish(&problems);
}

void read_text(const char *text)
{
	scenario_destroy(scenario);
	problems_finish(&problems);
	scenario = scenario_read(FILE_NAME, text, &phrases, &problems);
	ck_assert_ptr_nonnull(scenario);
}

void read_play(const char *play)
{
	char *text = mem_printf(CAST "%s", play);
	read_text(text);
	free(text);
}

void add_phrases(const char *text)
{
	phrases_read(&phrases, "phrases/p.scs", text, &problems);
	ck_assert_uint_eq(problems.count, 0);
}

void no_problem(void)
{
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *p = &problems.items[i];
		ck_abort_msg("%s:%d:%d: %s", p->file, p->line, p->column, p->message);
	}
}

void problem_is(size_t i, const char *file, int line, int column, const char *message)
{
	ck_assert_uint_gt(problems.count, i);
	const struct problem *p = &problems.items[i];
	ck_assert_str_eq(p->message, message);
	ck_assert_str_eq(p->file, file);
	ck_assert_int_eq(p->line, line);
	ck_assert_int_eq(p->column, column);
}

void only_problem(int line, int column, const char *message)
{
	problem_is(0, FILE_NAME, line, column, message);
	ck_assert_uint_eq(problems.count, 1);
}

const struct step *step(size_t i)
{
	ck_assert_uint_gt(scenario->play.count, i);
	return &scenario->play.items[i];
}

const char *actor(const struct step *at)
{
	return at->actor < 0 ? "" : scenario->cast[at->actor].name;
}
