/* Expected failures. An expectation names a scenario, a requirement or a requirement within a scenario, and why it is
 * known to fail on this target. A failure that was expected becomes XFAIL; one that did not come becomes XPASS, so that
 * an expectation is taken out once it is no longer true. Pure: results in, results out. */
#ifndef REPORT_EXPECT_H
#define REPORT_EXPECT_H

#include "report/tap.h"
#include "script/catalogue.h"

struct expectation {
	char *scenario;			  /* id, or NULL: any */
	char *requirement, *part; /* NULL: the scenario as a whole; part NULL: all parts */
	enum verdict verdict;	  /* FAIL, WARN or INCONCLUSIVE; UNDECIDED: FAIL or WARN */
	char *reason, *place;	  /* why, and where that is written: "ci/expect/prosody.toml:3" */
};

struct expectations {
	struct expectation *items;
	size_t count;
};

void expectations_finish(struct expectations *all);

/* Turns what was expected in one scenario into XFAIL, what was expected in this scenario by name and did not come into
 * XPASS. */
void expect_apply(const struct expectations *all, const char *scenario, struct result *r);

/* Settles the result anew after findings were changed; the reason is that of the expectation which the worst of them
 * had. */
void expect_settle(const struct expectations *all, const char *scenario, struct result *r);

/* Requirements that were expected to fail wherever, and fail nowhere: writes one XPASS row for each; the number of
 * rows. None for a requirement that was not decided, or that a scenario of the catalogue decides which is not among the
 * rows or did not come to that check. `out` and `results` have room for as many as there are expectations. The results
 * are new: result_finish() them. */
size_t expect_find_passes(const struct expectations *all, const struct catalogue *catalogue,
		const struct report_row *rows, size_t n, struct report_row *out, struct result *results);

#endif
