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
	text_or_null(b, "detail", f->detail);
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
	text_or_null(b, "unexpected", r->unexpected);
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
