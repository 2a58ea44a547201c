/* The text of a failure: a product, with golden tests. */
#include "base/buf.h"
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

static void indented(struct buf *b, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		buf_printf(b, "    %.*s\n", (int)len, text);
		text += len + (text[len] != '\0');
	}
}

static void explain_finding(struct buf *b, const struct player *p, const struct finding *f)
{
	const struct requirement *r = requirements_find(&p->config.catalogue->requirements, f->id);
	buf_printf(b, "%s %s%s%s (%s): %s\n", verdict_text(f->verdict), f->id, f->part ? "/" : "", f->part ? f->part : "",
			strictness_text(f->strictness), f->text);
	if (r) {
		buf_printf(b, "  required: %s [%s]\n", r->statement, r->source);
	}
	buf_printf(b, "  %s: %s\n", f->invariant ? "general rule, seen in" : "scenario", f->place);
	if (f->evidence) {
		indented(b, evidence_text(f->evidence));
	}
}

char *player_explain(const struct player *p, const char *journal_path)
{
	const struct result *r = &p->result;
	struct buf b = {0};
	if (r->verdict == VERDICT_PASS || r->verdict == VERDICT_SKIP) {
		return NULL;
	}
	if (r->trouble && r->verdict == r->trouble_verdict) {
		buf_printf(&b, "%s: %s\n", verdict_text(r->trouble_verdict), r->trouble);
		indented(&b, r->trouble_evidence ? evidence_text(r->trouble_evidence) : "");
	}
	size_t undecided = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->findings[i];
		if (f->verdict == VERDICT_UNDECIDED) {
			undecided++;
		} else if (f->verdict != VERDICT_PASS) {
			explain_finding(&b, p, f);
		}
	}
	if (undecided) {
		buf_printf(&b, "not reached:");
		for (size_t i = 0; i < r->count; i++) {
			const struct finding *f = &r->findings[i];
			if (f->verdict == VERDICT_UNDECIDED) {
				buf_printf(&b, " %s%s%s", f->id, f->part ? "/" : "", f->part ? f->part : "");
			}
		}
		buf_add_text(&b, "\n");
	}
	if (r->unexpected_count) {
		buf_add_text(&b, "unexpected, but no offence:\n");
	}
	for (size_t i = 0; i < r->unexpected_count; i++) {
		indented(&b, evidence_text(r->unexpected[i]));
	}
	if (journal_path && r->journal_last) {
		buf_printf(&b, "journal: %s, lines %d to %d\n", journal_path, r->journal_first, r->journal_last);
	}
	if (p->config.rerun) {
		buf_printf(&b, "again: %s %s\n", p->config.rerun, p->config.scenario->id);
	}
	return buf_take(&b);
}
