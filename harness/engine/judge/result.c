#include "judge/result.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum verdict strictness_verdict(enum strictness s)
{
	return s == STRICT_HARD ? VERDICT_FAIL : s == STRICT_WARN ? VERDICT_WARN : VERDICT_INFO;
}

static struct finding *find(struct result *r, const struct finding *f)
{
	for (size_t i = 0; i < r->count; i++) {
		struct finding *g = &r->findings[i];
		if (f->check ? g->check == f->check : g->invariant && f->invariant && !strcmp(g->id, f->id)) {
			return g;
		}
	}
	return NULL;
}

void result_add(struct result *r, const struct finding *f)
{
	struct finding *old = find(r, f);
	if (old) {
		if (verdict_row(f->verdict)->rank > verdict_row(old->verdict)->rank) {
			old->verdict = f->verdict;
			evidence_unref(old->evidence);
			old->evidence = evidence_ref(f->evidence);
		}
		return;
	}
	r->findings = mem_resize(r->findings, r->count + 1, sizeof *r->findings);
	struct finding *g = &r->findings[r->count++];
	*g = *f;
	g->id = mem_strdup(f->id);
	g->part = mem_strdup(f->part);
	g->text = mem_strdup(f->text);
	g->place = mem_strdup(f->place);
	evidence_ref(g->evidence);
}

void result_trouble(struct result *r, enum verdict verdict, const char *format, ...)
{
	if (r->trouble) {
		return;
	}
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	r->trouble = mem_strdup(text);
	r->trouble_verdict = verdict;
}

const struct finding *result_worst(const struct result *r)
{
	const struct finding *worst = NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->findings[i];
		if (f->verdict != VERDICT_PASS && f->verdict != VERDICT_UNDECIDED &&
				(!worst || verdict_row(f->verdict)->rank > verdict_row(worst->verdict)->rank)) {
			worst = f;
		}
	}
	return worst;
}

void result_unexpected(struct result *r, struct evidence *e)
{
	r->unexpected = mem_resize(r->unexpected, r->unexpected_count + 1, sizeof *r->unexpected);
	r->unexpected[r->unexpected_count++] = e;
}

void result_settle(struct result *r)
{
	const struct finding *worst = result_worst(r);
	r->verdict = worst ? worst->verdict : VERDICT_PASS;
	free(r->reason);
	r->reason = NULL;
	if (r->trouble && verdict_worse(r->verdict, r->trouble_verdict) == r->trouble_verdict) {
		r->verdict = r->trouble_verdict;
		r->reason = mem_strdup(r->trouble);
	} else if (worst) {
		r->reason =
				mem_printf("%s%s%s %s", worst->id, worst->part ? "/" : "", worst->part ? worst->part : "", worst->text);
	} else {
		r->reason = mem_strdup("");
	}
}

void result_finish(struct result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct finding *f = &r->findings[i];
		free(f->id);
		free(f->part);
		free(f->text);
		free(f->place);
		evidence_unref(f->evidence);
	}
	free(r->findings);
	free(r->reason);
	free(r->trouble);
	evidence_unref(r->trouble_evidence);
	for (size_t i = 0; i < r->unexpected_count; i++) {
		evidence_unref(r->unexpected[i]);
	}
	free(r->unexpected);
	*r = (struct result){0};
}
