#include "report/expect.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void expectations_finish(struct expectations *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct expectation *e = &all->items[i];
		free(e->scenario);
		free(e->requirement);
		free(e->part);
		free(e->reason);
		free(e->place);
	}
	free(all->items);
	*all = (struct expectations){0};
}

static int is_met(const struct expectation *e, enum verdict v)
{
	return e->verdict == VERDICT_UNDECIDED ? v == VERDICT_FAIL || v == VERDICT_WARN : v == e->verdict;
}

/* What is less bad than expected is unexpected as well; what could not be judged says nothing. */
static int is_better(const struct expectation *e, enum verdict v)
{
	return v == VERDICT_PASS || v == VERDICT_INFO || (v == VERDICT_WARN && e->verdict == VERDICT_FAIL);
}

static int is_about(const struct expectation *e, const struct finding *f)
{
	return !strcmp(e->requirement, f->id) && (!e->part || (f->part && !strcmp(e->part, f->part)));
}

/* A check that was not reached in a scenario that came to its end stands in a branch that was rightly not played. */
static int came_to_its_end(enum verdict v)
{
	return v == VERDICT_PASS || v == VERDICT_INFO || v == VERDICT_SKIP || v == VERDICT_UNREACHABLE;
}

static void set(struct result *r, enum verdict verdict, char *reason)
{
	r->verdict = verdict;
	free(r->reason);
	r->reason = reason;
}

static char *expected(const struct expectation *e, enum verdict v, const char *reason)
{
	return mem_printf("%s (%s: %s)", e->reason, verdict_text(v), reason);
}

static char *unexpected(const struct expectation *e, enum verdict v)
{
	return mem_printf("expected to fail, but it came to %s: %s (%s)", verdict_text(v), e->reason, e->place);
}

static void apply_whole(const struct expectation *e, struct result *r)
{
	if (is_met(e, r->verdict)) {
		set(r, VERDICT_XFAIL, expected(e, r->verdict, r->reason));
	} else if (is_better(e, r->verdict)) {
		set(r, VERDICT_XPASS, unexpected(e, r->verdict));
	}
}

/* The findings that the expectation is about: how many fail as expected, were decided otherwise, were not reached. */
struct tally {
	int met, better, open, worse;
};

static struct tally count(const struct expectation *e, const struct result *r)
{
	struct tally t = {0};
	for (size_t i = 0; i < r->count; i++) {
		enum verdict v = r->findings[i].verdict;
		if (is_about(e, &r->findings[i])) {
			t.met += is_met(e, v) || v == VERDICT_XFAIL;
			t.better += is_better(e, v);
			t.open += v == VERDICT_UNDECIDED && !came_to_its_end(r->verdict);
			t.worse += v == VERDICT_FAIL && !is_met(e, v);
		}
	}
	return t;
}

static void change(const struct expectation *e, struct result *r, enum verdict to)
{
	for (size_t i = 0; i < r->count; i++) {
		struct finding *f = &r->findings[i];
		if (is_about(e, f) && (to == VERDICT_XFAIL ? is_met(e, f->verdict) : is_better(e, f->verdict))) {
			f->verdict = to;
		}
	}
}

static void apply_requirement(const struct expectation *e, struct result *r)
{
	struct tally t = count(e, r);
	if (t.met) {
		change(e, r, VERDICT_XFAIL);
	} else if (e->scenario && t.better && !t.open && !t.worse) {
		change(e, r, VERDICT_XPASS);
	}
}

static int is_for(const struct expectation *e, const char *scenario, int whole)
{
	return (e->requirement == NULL) == whole && (!e->scenario || !strcmp(e->scenario, scenario));
}

void expect_settle(const struct expectations *all, const char *scenario, struct result *r)
{
	result_settle(r);
	const struct finding *f = result_worst(r);
	if (!f || f->verdict != r->verdict || (f->verdict != VERDICT_XFAIL && f->verdict != VERDICT_XPASS)) {
		return;
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct expectation *e = &all->items[i];
		if (is_for(e, scenario, 0) && is_about(e, f)) {
			set(r, r->verdict,
					r->verdict == VERDICT_XFAIL ? expected(e, strictness_verdict(f->strictness), r->reason)
												: unexpected(e, VERDICT_PASS));
			return;
		}
	}
}

void expect_apply(const struct expectations *all, const char *scenario, struct result *r)
{
	int changed = 0;
	for (size_t i = 0; i < all->count; i++) {
		if (is_for(&all->items[i], scenario, 0)) {
			apply_requirement(&all->items[i], r);
			changed = 1;
		}
	}
	if (changed) {
		expect_settle(all, scenario, r);
	}
	/* What remains is judged as a whole. */
	for (size_t i = 0; i < all->count; i++) {
		if (is_for(&all->items[i], scenario, 1)) {
			apply_whole(&all->items[i], r);
		}
	}
}

struct search {
	const char *requirement;
	int found;
};

static void look_for(void *ud, const struct step *step, const struct check *check)
{
	struct search *s = ud;
	(void)step;
	s->found |= !check->relies && !strcmp(check->id, s->requirement);
}

static int was_played(const char *scenario, const struct report_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(rows[i].id, scenario)) {
			return 1;
		}
	}
	return 0;
}

static int all_were_played(
		const struct expectation *e, const struct catalogue *catalogue, const struct report_row *rows, size_t n)
{
	for (size_t i = 0; i < catalogue->count; i++) {
		struct search s = {.requirement = e->requirement};
		scenario_each_check(catalogue->scenarios[i], look_for, &s);
		if (s.found && !was_played(catalogue->scenarios[i]->id, rows, n)) {
			return 0;
		}
	}
	return 1;
}

static int passes(const struct expectation *e, const struct catalogue *c, const struct report_row *rows, size_t n)
{
	int better = 0;
	for (size_t i = 0; i < n; i++) {
		struct tally t = count(e, rows[i].result);
		if (t.met || t.open || t.worse) {
			return 0;
		}
		better += t.better;
	}
	return better && all_were_played(e, c, rows, n);
}

size_t expect_find_passes(const struct expectations *all, const struct catalogue *catalogue,
		const struct report_row *rows, size_t n, struct report_row *out, struct result *results)
{
	size_t found = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct expectation *e = &all->items[i];
		if (e->scenario || !e->requirement || !passes(e, catalogue, rows, n)) {
			continue;
		}
		const struct requirement *r = requirements_find(&catalogue->requirements, e->requirement);
		results[found] = (struct result){.verdict = VERDICT_XPASS,
				.reason = mem_printf("expected to fail, but it holds in every scenario that decides it: %s (%s)",
						e->reason, e->place)};
		out[found] = (struct report_row){.id = e->requirement,
				.title = r ? r->statement : "",
				.repeat = 1,
				.repeats = 1,
				.result = &results[found]};
		found++;
	}
	return found;
}
