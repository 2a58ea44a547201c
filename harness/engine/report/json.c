#include "report/json.h"

#include <string.h>

/* Octets of a hostile target may get into texts: what is no UTF-8 is marked, not dropped with its line. */
static json_t *text(const char *t)
{
	t = t ? t : "";
	json_t *s = json_string(t);
	if (s) {
		return s;
	}
	struct buf b = {0};
	for (; *t; t++) {
		buf_add(&b, (unsigned char)*t < 0x80 ? t : "?", 1);
	}
	s = json_string(buf_text(&b));
	buf_finish(&b);
	return s;
}

static json_t *finding(const struct finding *f)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:s, s:i, s:o}", "id", f->id, "part", f->part ? f->part : "",
			"strictness", strictness_text(f->strictness), "verdict", verdict_text(f->verdict), "text", text(f->text),
			"line", f->line, "place", f->place, "number", f->number, "detail",
			f->detail ? text(f->detail) : json_null());
}

json_t *json_result(const struct report_row *row, const char *file)
{
	const struct result *r = row->result;
	json_t *checks = json_array();
	for (size_t i = 0; i < r->count; i++) {
		json_array_append_new(checks, finding(&r->findings[i]));
	}
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:f, s:o, s:o, s:[i,i], s:o}", "event", "result", "scenario",
			row->id, "repeat", row->repeat, "title", row->title, "file", file, "verdict", verdict_text(r->verdict),
			"reason", text(r->reason), "ms", (double)(r->ended - r->started) / 1000.0, "checks", checks, "failure",
			row->failure ? text(row->failure) : json_null(), "journal", r->journal_first, r->journal_last, "unexpected",
			r->unexpected ? text(r->unexpected) : json_null());
}

static void collect_id(void *ud, const struct step *step, const struct check *check)
{
	json_t *list = ud;
	size_t i;
	json_t *v;
	(void)step;
	json_array_foreach(list, i, v)
	{
		if (!strcmp(json_string_value(v), check->id)) {
			return;
		}
	}
	if (!check->relies) {
		json_array_append_new(list, json_string(check->id));
	}
}

static json_t *scenario(const struct scenario *s, json_t *by_requirement)
{
	json_t *needs = json_array();
	json_t *actors = json_array();
	json_t *ids = json_array();
	size_t i;
	json_t *id;
	for (i = 0; i < s->needs_count; i++) {
		json_array_append_new(needs, json_string(s->needs[i]));
	}
	for (i = 0; i < s->cast_count; i++) {
		json_array_append_new(actors, json_pack("{s:s, s:s, s:i}", "name", s->cast[i].name, "class",
											  actor_class_text(s->cast[i].class), "line", s->cast[i].line));
	}
	scenario_each_check(s, collect_id, ids);
	json_array_foreach(ids, i, id)
	{
		json_t *list = json_object_get(by_requirement, json_string_value(id));
		if (!list) {
			list = json_array();
			json_object_set_new(by_requirement, json_string_value(id), list);
		}
		json_array_append_new(list, json_string(s->id));
	}
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:s}", "id", s->id, "file", s->file, "title",
			s->title, "description", s->description, "exclusive", s->exclusive, "slow", s->slow, "needs", needs,
			"actors", actors, "requirements", ids, "play", s->expanded);
	if (s->table) {
		json_object_set_new(o, "row", json_sprintf("%s:%d", s->table, s->row));
	}
	return o;
}

static json_t *rule_text(const struct strictness_rule *rule)
{
	if (!rule->claim) {
		return json_string(strictness_text(rule->met));
	}
	return json_sprintf("%s?%s:%s", rule->claim, strictness_text(rule->met), strictness_text(rule->otherwise));
}

static json_t *requirement(const struct requirement *r, const json_t *by_requirement)
{
	json_t *parts = json_object();
	for (size_t i = 0; i < r->parts_count; i++) {
		json_object_set_new(parts, r->parts[i].name, rule_text(&r->parts[i].rule));
	}
	json_t *scenarios = json_object_get(by_requirement, r->id);
	json_t *o = json_object();
	const char *const keys[] = {"id", "source", "level", "subject", "area", "statement", "observable", "preconditions",
			"strictness", "why_none", "notes"};
	const char *const values[] = {r->id, r->source, r->level, r->subject, r->area, r->statement, r->observable,
			r->preconditions, r->strictness_cell, r->why_none, r->notes};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_object_set_new(o, keys[i], text(values[i]));
	}
	json_object_set_new(o, "parts", parts);
	json_object_set_new(o, "scenarios", scenarios ? json_incref(scenarios) : json_array());
	return o;
}

static json_t *verdicts(void)
{
	json_t *list = json_array();
	for (int v = 0; v < VERDICT_COUNT; v++) {
		const struct verdict_row *row = verdict_row((enum verdict)v);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:i, s:i}", "name", row->name, "tap", row->tap, "junit",
											row->junit, "exit", row->exit, "rank", row->rank));
	}
	return list;
}

json_t *json_catalogue(const struct catalogue *c)
{
	json_t *by_requirement = json_object();
	json_t *scenarios = json_array();
	json_t *requirements = json_array();
	json_t *errors = json_array();
	for (size_t i = 0; i < c->count; i++) {
		json_array_append_new(scenarios, scenario(c->scenarios[i], by_requirement));
	}
	for (size_t i = 0; i < c->requirements.count; i++) {
		json_array_append_new(requirements, requirement(&c->requirements.items[i], by_requirement));
	}
	for (size_t i = 0; i < c->problems.count; i++) {
		const struct problem *p = &c->problems.items[i];
		json_array_append_new(errors, json_pack("{s:s, s:i, s:i, s:o}", "file", p->file, "line", p->line, "column",
											  p->column, "message", text(p->message)));
	}
	json_decref(by_requirement);
	return json_pack("{s:o, s:o, s:o, s:o}", "scenarios", scenarios, "requirements", requirements, "verdicts",
			verdicts(), "errors", errors);
}
