/* Verdicts, in one table that says what each means in TAP, JUnit and for the exit status. Verdicts are not errors. */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

/*  name, rank (the worst of several has the highest), TAP, TAP directive, JUnit, exit status of a run that holds one */
#define VERDICT_MAP(X)                                                                                                 \
	X(PASS, 0, "ok", "", "pass", 0)                                                                                    \
	X(SKIP, 1, "ok", "SKIP", "skipped", 0)                                                                             \
	X(UNREACHABLE, 2, "ok", "SKIP", "skipped", 0)                                                                      \
	X(INFO, 3, "ok", "", "pass", 0)                                                                                    \
	X(XFAIL, 4, "not ok", "TODO", "skipped", 0)                                                                        \
	X(WARN, 5, "not ok", "TODO", "pass", 0)                                                                            \
	X(INCONCLUSIVE, 6, "not ok", "", "error", 3)                                                                       \
	X(FLAKY, 7, "not ok", "", "failure", 1)                                                                            \
	X(XPASS, 8, "not ok", "", "failure", 1)                                                                            \
	X(FAIL, 9, "not ok", "", "failure", 1)                                                                             \
	X(ERROR, 10, "not ok", "", "error", 3)

enum verdict {
#define X(name, rank, tap, directive, junit, exit) VERDICT_##name,
	VERDICT_MAP(X)
#undef X
			VERDICT_UNDECIDED, /* of a check only: the play did not get there */
	VERDICT_COUNT = VERDICT_UNDECIDED
};

struct verdict_row {
	const char *name;
	int rank;
	const char *tap, *directive, *junit;
	int exit;
};

const struct verdict_row *verdict_row(enum verdict v);
const char *verdict_text(enum verdict v);
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
