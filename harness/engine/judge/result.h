/* What a scenario came to: its verdict and what it found for each requirement. The one model that all reports come
 * from. */
#ifndef JUDGE_RESULT_H
#define JUDGE_RESULT_H

#include "judge/verdict.h"
#include "script/requirements.h"

#include <stddef.h>
#include <stdint.h>

struct finding {
	char *id, *part; /* part NULL: the main part */
	enum strictness strictness;
	enum verdict verdict; /* PASS, FAIL, WARN, INFO or UNDECIDED */
	char *text;			  /* of the check */
	char *place;		  /* "cancel/at-form.scs:23" */
	int line;			  /* in the scenario's own file */
	char *detail;		  /* lines for people that say what was seen; NULL when it holds */
	int invariant;		  /* a rule that holds on every stanza, not a check of the scenario */
	int number;			  /* of the check in the play, from 1; 0: an invariant */
	const void *check;	  /* identity of the check within its scenario */
};

struct result {
	enum verdict verdict;
	char *reason;		  /* one line; "" when PASS */
	char *trouble;		  /* why nothing could be decided: the reason for INCONCLUSIVE, SKIP or ERROR; or NULL */
	char *trouble_detail; /* lines for people that say more, or NULL */
	enum verdict trouble_verdict;
	char *unexpected; /* lines: what broke silence without violating any of the requirements named; or NULL */
	struct finding *findings;
	size_t count;
	uint64_t started, ended; /* of the play, in microseconds of the run's clock; prohibitions stay armed after it */
	int journal_first, journal_last;
};

/* Adds a finding, or makes the one of the same check worse. Texts are copied; f is not kept. */
void result_add(struct result *r, const struct finding *f);
/* Notes why nothing can be decided; the first reason stays. */
void result_trouble(struct result *r, enum verdict verdict, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
/* Notes a stanza that came unexpected: one line. */
void result_unexpected(struct result *r, const char *line);
/* Computes verdict and reason from findings and trouble. */
void result_settle(struct result *r);
const struct finding *result_worst(const struct result *r); /* the finding that made the verdict, or NULL */
void result_finish(struct result *r);

/* How a violated requirement of that strictness counts. */
enum verdict strictness_verdict(enum strictness s);

#endif
