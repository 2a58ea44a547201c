#include "report/json.h"

#include "base/jtext.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_or_null(struct buf *b, const char *key, const char *text)
{
	if (text) {
		jtext_text(b, key, text);
	} else {
		jtext_raw(b, key, "null");
	}
}

static void text_if_any(struct buf *b, const char *key, const char *text)
{
	if (text) {
		jtext_text(b, key, text);
	}
}

static void number_if_any(struct buf *b, const char *key, long long number)
{
	if (number) {
		jtext_number(b, key, number);
	}
}

static void add_position(struct buf *b, const char *key, const char *file, int line)
{
	jtext_open(b, key, '{');
	jtext_text(b, "file", file);
	jtext_number(b, "line", line);
	jtext_close(b, '}');
}

static void add_place(struct buf *b, const struct play_place *at)
{
	if (!at->file) {
		return;
	}
	jtext_open(b, "at", '{');
	jtext_text(b, "file", at->file);
	jtext_number(b, "line", at->line);
	if (at->phrase) {
		add_position(b, "phrase", at->phrase, at->phrase_line);
	}
	if (at->table) {
		add_position(b, "row", at->table, at->row);
	}
	number_if_any(b, "play_line", at->play_line);
	jtext_close(b, '}');
}

static void add_difference(struct buf *b, const struct evidence *e)
{
	jtext_open(b, "difference", '{');
	jtext_text(b, "where", e->where);
	jtext_text(b, "mode", e->mode);
	jtext_text(b, "expected", e->wanted);
	text_or_null(b, "got", e->missing ? NULL : e->got);
	jtext_close(b, '}');
}

static void add_refusals(struct buf *b, const struct evidence *e)
{
	jtext_open(b, "refusals", '[');
	for (size_t i = 0; i < e->refusals_count; i++) {
		jtext_open(b, NULL, '{');
		jtext_text(b, "actor", e->refusals[i].actor);
		number_if_any(b, "line", e->refusals[i].line);
		text_if_any(b, "stanza", e->refusals[i].stanza);
		jtext_close(b, '}');
	}
	jtext_close(b, ']');
}

static void add_values(struct buf *b, const struct vars *values)
{
	jtext_open(b, "values", '{');
	for (size_t i = 0; i < values->count; i++) {
		jtext_text(b, values->items[i].name, values->items[i].value);
	}
	jtext_close(b, '}');
}

/* What a kind of evidence does not have is left out. */
static void add_evidence(struct buf *b, const char *key, const struct evidence *e)
{
	if (!e) {
		jtext_raw(b, key, "null");
		return;
	}
	jtext_open(b, key, '{');
	jtext_text(b, "kind", evidence_kind_text(e->kind));
	text_if_any(b, "actor", e->actor);
	number_if_any(b, "line", e->line);
	text_if_any(b, "stanza", e->stanza);
	number_if_any(b, "octets", (long long)e->octets);
	text_if_any(b, "expected", e->expected);
	if (e->where) {
		add_difference(b, e);
	}
	text_if_any(b, "streams", e->streams);
	if (e->refusals_count) {
		add_refusals(b, e);
	}
	text_if_any(b, "condition", e->condition);
	if (e->values.count) {
		add_values(b, &e->values);
	}
	text_if_any(b, "step", e->step);
	text_if_any(b, "hook", e->hook);
	text_if_any(b, "address", e->address);
	text_if_any(b, "answer", e->answer);
	number_if_any(b, "others", (long long)e->others);
	text_if_any(b, "left", e->left);
	text_if_any(b, "right", e->right);
	text_if_any(b, "said", e->said);
	jtext_close(b, '}');
}

static void add_trouble(struct buf *b, const struct result *r)
{
	if (!r->trouble) {
		jtext_raw(b, "trouble", "null");
		return;
	}
	jtext_open(b, "trouble", '{');
	jtext_text(b, "verdict", verdict_text(r->trouble_verdict));
	jtext_text(b, "text", r->trouble);
	add_place(b, &r->trouble_at);
	add_evidence(b, "evidence", r->trouble_evidence);
	jtext_close(b, '}');
}

static void add_finding(struct buf *b, const struct finding *f)
{
	jtext_open(b, NULL, '{');
	jtext_text(b, "id", f->id);
	jtext_text(b, "part", f->part);
	jtext_text(b, "strictness", strictness_text(f->strictness));
	jtext_text(b, "verdict", verdict_text(f->verdict));
	jtext_text(b, "text", f->text);
	jtext_number(b, "line", f->line);
	jtext_text(b, "place", f->place);
	jtext_number(b, "number", f->number);
	number_if_any(b, "play_line", f->play_line);
	text_or_null(b, "detail", evidence_text(f->evidence));
	if (f->evidence) {
		add_place(b, &f->at);
		add_evidence(b, "evidence", f->evidence);
	}
	jtext_close(b, '}');
}

void json_result(struct buf *b, const struct report_row *row, const char *file, const char *waited)
{
	const struct result *r = row->result;
	char ms[32];
	snprintf(ms, sizeof ms, "%.3f", (double)(r->ended - r->started) / 1000.0);
	jtext_open(b, NULL, '{');
	jtext_text(b, "event", "result");
	jtext_text(b, "scenario", row->id);
	jtext_number(b, "repeat", row->repeat);
	jtext_text(b, "title", row->title);
	jtext_text(b, "file", file);
	jtext_text(b, "verdict", verdict_text(r->verdict));
	jtext_text(b, "reason", r->reason);
	jtext_raw(b, "ms", ms);
	jtext_open(b, "checks", '[');
	for (size_t i = 0; i < r->count; i++) {
		add_finding(b, &r->findings[i]);
	}
	jtext_close(b, ']');
	text_or_null(b, "failure", row->failure);
	jtext_open(b, "journal", '[');
	jtext_number(b, NULL, r->journal_first);
	jtext_number(b, NULL, r->journal_last);
	jtext_close(b, ']');
	add_trouble(b, r);
	jtext_open(b, "unexpected", '[');
	for (size_t i = 0; i < r->unexpected_count; i++) {
		add_evidence(b, NULL, r->unexpected[i]);
	}
	jtext_close(b, ']');
	if (waited) {
		jtext_raw(b, "waited", waited);
	}
	jtext_close(b, '}');
}

/* --- the catalogue --- */

struct names {
	const char **items; /* of the catalogue */
	size_t count;
};

static void add_name(struct names *names, const char *name)
{
	names->items = mem_grow(names->items, names->count, sizeof *names->items);
	names->items[names->count++] = name;
}

static void add_names(struct buf *b, const char *key, const char *const *names, size_t count)
{
	jtext_open(b, key, '[');
	for (size_t i = 0; i < count; i++) {
		jtext_text(b, NULL, names[i]);
	}
	jtext_close(b, ']');
}

static void collect_id(void *ud, const struct step *step, const struct check *check)
{
	struct names *ids = ud;
	(void)step;
	for (size_t i = 0; i < ids->count; i++) {
		if (!strcmp(ids->items[i], check->id)) {
			return;
		}
	}
	if (!check->relies) {
		add_name(ids, check->id);
	}
}

static void add_cast(struct buf *b, const struct scenario *s)
{
	jtext_open(b, "actors", '[');
	for (size_t i = 0; i < s->cast_count; i++) {
		jtext_open(b, NULL, '{');
		jtext_text(b, "name", s->cast[i].name);
		jtext_text(b, "class", actor_class_text(s->cast[i].class));
		jtext_number(b, "line", s->cast[i].line);
		jtext_close(b, '}');
	}
	jtext_close(b, ']');
}

/* deciding: for each requirement, the scenarios that decide it. */
static void add_scenario(
		struct buf *b, const struct scenario *s, const struct requirements *requirements, struct names *deciding)
{
	struct names ids = {0};
	scenario_each_check(s, collect_id, &ids);
	for (size_t i = 0; i < ids.count; i++) {
		const struct requirement *r = requirements_find(requirements, ids.items[i]);
		if (r) {
			add_name(&deciding[r - requirements->items], s->id);
		}
	}
	jtext_open(b, NULL, '{');
	jtext_text(b, "id", s->id);
	jtext_text(b, "file", s->file);
	jtext_text(b, "title", s->title);
	jtext_text(b, "description", s->description);
	jtext_bool(b, "exclusive", s->exclusive);
	jtext_bool(b, "slow", s->slow);
	add_names(b, "needs", (const char *const *)s->needs, s->needs_count);
	add_cast(b, s);
	add_names(b, "requirements", ids.items, ids.count);
	jtext_text(b, "play", s->expanded);
	if (s->table) {
		char *row = mem_printf("%s:%d", s->table, s->row);
		jtext_text(b, "row", row);
		free(row);
	}
	jtext_close(b, '}');
	free(ids.items);
}

static void add_rule(struct buf *b, const char *key, const struct strictness_rule *rule)
{
	if (!rule->claim) {
		jtext_text(b, key, strictness_text(rule->met));
		return;
	}
	char *text = mem_printf("%s?%s:%s", rule->claim, strictness_text(rule->met), strictness_text(rule->otherwise));
	jtext_text(b, key, text);
	free(text);
}

static void add_requirement(struct buf *b, const struct requirement *r, const struct names *deciding)
{
	const char *const keys[] = {"id", "source", "level", "subject", "area", "statement", "observable", "preconditions",
			"strictness", "why_none", "notes"};
	const char *const values[] = {r->id, r->source, r->level, r->subject, r->area, r->statement, r->observable,
			r->preconditions, r->strictness_cell, r->why_none, r->notes};
	jtext_open(b, NULL, '{');
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		jtext_text(b, keys[i], values[i]);
	}
	jtext_open(b, "parts", '{');
	for (size_t i = 0; i < r->parts_count; i++) {
		add_rule(b, r->parts[i].name, &r->parts[i].rule);
	}
	jtext_close(b, '}');
	add_names(b, "scenarios", deciding->items, deciding->count);
	jtext_close(b, '}');
}

static void add_verdicts(struct buf *b)
{
	jtext_open(b, "verdicts", '[');
	for (int v = 0; v < VERDICT_COUNT; v++) {
		const struct verdict_row *row = verdict_row((enum verdict)v);
		jtext_open(b, NULL, '{');
		jtext_text(b, "name", row->name);
		jtext_text(b, "tap", row->tap);
		jtext_text(b, "junit", row->junit);
		jtext_number(b, "exit", row->exit);
		jtext_number(b, "rank", row->rank);
		jtext_close(b, '}');
	}
	jtext_close(b, ']');
}

static void add_problems(struct buf *b, const struct problems *ps)
{
	jtext_open(b, "errors", '[');
	for (size_t i = 0; i < ps->count; i++) {
		const struct problem *p = &ps->items[i];
		jtext_open(b, NULL, '{');
		jtext_text(b, "file", p->file);
		jtext_number(b, "line", p->line);
		jtext_number(b, "column", p->column);
		jtext_text(b, "message", p->message);
		jtext_close(b, '}');
	}
	jtext_close(b, ']');
}

void json_catalogue(struct buf *b, const struct catalogue *c, const char *event)
{
	const struct requirements *rs = &c->requirements;
	struct names *deciding = mem_alloc(rs->count * sizeof *deciding);
	jtext_open(b, NULL, '{');
	if (event) {
		jtext_text(b, "event", event);
	}
	jtext_open(b, "scenarios", '[');
	for (size_t i = 0; i < c->count; i++) {
		add_scenario(b, c->scenarios[i], rs, deciding);
	}
	jtext_close(b, ']');
	jtext_open(b, "requirements", '[');
	for (size_t i = 0; i < rs->count; i++) {
		add_requirement(b, &rs->items[i], &deciding[i]);
		free(deciding[i].items);
	}
	free(deciding);
	jtext_close(b, ']');
	add_verdicts(b);
	add_problems(b, &c->problems);
	jtext_close(b, '}');
}
