/* What a scenario came to: its verdict and what it found for each requirement. The one model that all reports come
 * from. */
#ifndef JUDGE_RESULT_H
#define JUDGE_RESULT_H

#include "judge/evidence.h"
#include "judge/verdict.h"
#include "script/requirements.h"

#include <stddef.h>
#include <stdint.h>

/* A step of the play, where it is written and where it is shown. Texts are borrowed from the scenario. */
struct play_place {
	const char *file; /* of the scenario; NULL: no place */
	int line;
	const char *phrase; /* the file of the phrase that the step comes from, or NULL */
	int phrase_line;
	const char *table; /* the table whose row filled in the play, or NULL */
	int row;
	int play_line; /* in the play as it is shown, phrases expanded; from 1, 0: nowhere */
};

struct finding {
	char *id, *part; /* part NULL: the main part */
	enum strictness strictness;
	enum verdict verdict;	   /* PASS, FAIL, WARN, INFO or UNDECIDED */
	char *text;				   /* of the check */
	char *place;			   /* "cancel/at-form.scs:23" */
	struct play_place at;	   /* the same in its parts */
	int play_line;			   /* of the check, in the play as it is shown; 0: an invariant */
	int line;				   /* in the scenario's own file */
	struct evidence *evidence; /* what was seen; NULL when it holds */
	int invariant;			   /* a rule that holds on every stanza, not a check of the scenario */
	int number;				   /* of the check in the play, from 1; 0: an invariant */
	const void *check;		   /* identity of the check within its scenario */
};

struct result {
	enum verdict verdict;
	char *reason;  /* one line; "" when PASS */
	char *trouble; /* why nothing could be decided: the reason for INCONCLUSIVE, SKIP or ERROR; or NULL */
	struct evidence *trouble_evidence; /* that says more, or NULL */
	enum verdict trouble_verdict;
	struct play_place trouble_at; /* the step at which the play was then */
	struct evidence **unexpected; /* what broke silence without violating any of the requirements named */
	size_t unexpected_count;
	struct finding *findings;
	size_t count;
	uint64_t started, ended; /* of the play, in microseconds of the run's clock; prohibitions stay armed after it */
	int journal_first, journal_last;
};

/* Adds a finding, or makes the one of the same check worse. Texts are copied, the evidence gets one reference more; f
 * is not kept. */
void result_add(struct result *r, const struct finding *f);
/* Notes why nothing can be decided; the first reason stays. */
void result_trouble(struct result *r, enum verdict verdict, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
/* Notes a stanza that came unexpected; takes the reference. */
void result_unexpected(struct result *r, struct evidence *e);
/* Computes verdict and reason from findings and trouble. */
void result_settle(struct result *r);
const struct finding *result_worst(const struct result *r); /* the finding that made the verdict, or NULL */
void result_finish(struct result *r);

/* How a violated requirement of that strictness counts. */
enum verdict strictness_verdict(enum strictness s);

#endif
