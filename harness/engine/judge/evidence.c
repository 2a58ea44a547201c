#include "judge/evidence.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *evidence_kind_text(enum evidence_kind kind)
{
	static const char *const texts[] = {
#define X(name, text) [EVIDENCE_##name] = text,
			EVIDENCE_MAP(X)
#undef X
	};
	return texts[kind];
}

struct evidence *evidence_create(enum evidence_kind kind)
{
	struct evidence *e = mem_alloc(sizeof *e);
	e->refs = 1;
	e->kind = kind;
	return e;
}

struct evidence *evidence_ref(struct evidence *e)
{
	if (e) {
		e->refs++;
	}
	return e;
}

void evidence_unref(struct evidence *e)
{
	if (!e || --e->refs) {
		return;
	}
	char *const own[] = {e->stanza, e->expected, e->where, e->wanted, e->got, e->mode, e->streams, e->condition,
			e->address, e->answer, e->left, e->right, e->said, e->text};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		free(own[i]);
	}
	for (size_t i = 0; i < e->refusals_count; i++) {
		free(e->refusals[i].stanza);
	}
	free(e->refusals);
	vars_finish(&e->values);
	free(e);
}

static void say_stanza(struct buf *b, const struct evidence *e, const char *before)
{
	buf_printf(b, "%sline %d of the journal: %s", before, e->line, e->stanza ? e->stanza : "");
	if (e->octets) {
		buf_printf(b, "... (%zu octets)", e->octets);
	}
}

static void say_missed(struct buf *b, const struct evidence *e)
{
	buf_printf(b, "expected: %s\n", e->expected);
	if (e->line) {
		say_stanza(b, e, "closest, ");
		buf_printf(b, "\nfirst difference at %s (%s): expected '%s', got '%s'", e->where, e->mode, e->wanted, e->got);
	} else {
		buf_printf(b, "%s received nothing that was still to be taken", e->actor);
	}
	if (e->streams) {
		buf_printf(b, "\nits streams: %s", e->streams);
	}
	for (size_t i = 0; i < e->refusals_count; i++) {
		const struct refusal *r = &e->refusals[i];
		if (r->line) {
			buf_printf(b, "\n%s was refused, line %d of the journal: %s", r->actor, r->line, r->stanza);
		} else {
			buf_printf(b, "\n%s's last request was not answered", r->actor);
		}
	}
}

static void say_condition(struct buf *b, const struct evidence *e)
{
	buf_printf(b, "does not hold: %s", e->condition);
	for (size_t i = 0; i < e->values.count; i++) {
		const struct var *v = &e->values.items[i];
		buf_printf(b, "%s ${%s} is '%s'", i ? "," : "\nwhere", v->name, v->value);
	}
	say_stanza(b, e, "\non ");
}

static void say_answer(struct buf *b, const struct evidence *e)
{
	buf_add_text(b, e->step);
	if (e->address) {
		buf_printf(b, " (%s)", e->address);
	}
	if (e->others) {
		buf_printf(b, ", %zu line%s about others left out", e->others, e->others == 1 ? "" : "s");
	}
	buf_printf(b, "; the answer of hook %s was:\n", e->hook);
	if (e->answer || !e->address || !e->others) {
		buf_add_text(b, e->answer ? e->answer : "(empty)");
	} else {
		buf_printf(b, "(nothing about %s)", e->address);
	}
}

static void say_comparison(struct buf *b, const struct evidence *e)
{
	int colon = e->step[strlen(e->step) - 1] == ':';
	buf_printf(b, "%s%s '%s' and '%s'", e->step, colon ? "" : ":", e->left, e->right);
}

static void say(struct buf *b, const struct evidence *e)
{
	switch (e->kind) {
	case EVIDENCE_MISSED:
		say_missed(b, e);
		break;
	case EVIDENCE_CONDITION:
		say_condition(b, e);
		break;
	case EVIDENCE_ORDER:
		say_stanza(b, e, "came too early, ");
		break;
	case EVIDENCE_FORBIDDEN:
		say_stanza(b, e, "forbidden, but it came, ");
		break;
	case EVIDENCE_UNEXPECTED:
		buf_printf(b, "%s, ", e->actor);
		say_stanza(b, e, "");
		break;
	case EVIDENCE_RULE:
		say_stanza(b, e, "");
		break;
	case EVIDENCE_ANSWER:
		say_answer(b, e);
		break;
	case EVIDENCE_LIST:
		buf_printf(b, "the list shows %s as: %s", e->address, e->answer);
		break;
	case EVIDENCE_COMPARISON:
		say_comparison(b, e);
		break;
	case EVIDENCE_FAULT:
	case EVIDENCE_LOST:
		buf_add_text(b, e->said ? e->said : "");
		break;
	}
}

const char *evidence_text(struct evidence *e)
{
	if (e && !e->text) {
		struct buf b = {0};
		say(&b, e);
		e->text = buf_take(&b);
	}
	return e ? e->text : NULL;
}
