/* Scenarios read from text and the problems with them, for the tests of the reader. */
#ifndef TESTS_READING_H
#define TESTS_READING_H

#include "script/reader.h"

#define FILE_NAME "area/name.scs"
#define PLAY_AT 9 /* line of the first step that read_play() is given */
#define NO_STEP "is no step: expected an actor of the cast with a verb, `the target ...`, or a phrase"
#define NO_CHECK "expected a check: `ID text` or `ID text: XPath`, or `bind NAME: XPath`"

/* What was read last, with the phrases that it may use. */
extern struct phrases phrases;
extern struct problems problems;
extern struct scenario *scenario;

void reading_finish(void); /* forgets all three */

void read_text(const char *text);	/* a whole scenario, in FILE_NAME */
void read_play(const char *play);	/* below a cast of all classes of people: Bard, Marlowe, Tybalt, Romeo ... */
void add_phrases(const char *text); /* "phrases/p.scs" */

void no_problem(void);
void problem_is(size_t i, const char *file, int line, int column, const char *message);
void only_problem(int line, int column, const char *message); /* in FILE_NAME */

const struct step *step(size_t i);
const char *actor(const struct step *at); /* "" if the step has none */

#endif
