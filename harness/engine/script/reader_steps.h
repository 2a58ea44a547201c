/* The play's part of the reader: lines to steps. Used by reader.c only. */
#ifndef SCRIPT_READER_STEPS_H
#define SCRIPT_READER_STEPS_H

#include "base/buf.h"
#include "script/phrases.h"
#include "script/scenario.h"

#define PHRASE_DEPTH 16

struct step_reader {
	struct scenario *scenario;
	struct phrases *phrases;
	struct problems *problems;
	struct buf *expanded;
	int shown;								   /* lines of it */
	const struct line *body;				   /* lines below a step ... */
	int body_at;							   /* ... and where the first of them will stand in the expanded play */
	const struct phrase *within[PHRASE_DEPTH]; /* phrases within phrases, the outermost first */
	int depth;
};

/* Reads the steps whose heads stand at indentation `level`; appends to out. */
void read_steps(struct step_reader *r, const struct line *lines, size_t count, int level, struct steps *out);

/* Reads the check lines below a step. */
void read_checks(struct step_reader *r, const struct line *lines, size_t count, struct step *step);
int line_in_play(const struct step_reader *r, const struct line *line); /* one of r->body: its line there */
int line_is_check(const struct line *line);

/* Makes step wait for an event of a stream: name is "closed" or "opened". */
void read_stream_event(struct step_reader *r, const struct line *head, const char *name, struct step *step);

/* Reads what stands after "the target "; 0, or -1 if it is none of the target's verbs. */
int read_target_step(struct step_reader *r, const struct line *line, const char *rest, struct step *step);

#endif
