#include "main/plan.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static char *text(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	return json_is_string(v) ? mem_strdup(json_string_value(v)) : NULL;
}

static int64_t number(const json_t *o, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(o, key);
	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

/* The verdict of that name among those that can be expected; UNDECIDED for null. 0, or -1 for any other. */
static int expected_verdict(const char *name, enum verdict *out)
{
	static const enum verdict possible[] = {VERDICT_FAIL, VERDICT_WARN, VERDICT_INCONCLUSIVE};
	*out = VERDICT_UNDECIDED;
	for (size_t i = 0; name && i < sizeof possible / sizeof *possible; i++) {
		if (!strcmp(name, verdict_text(possible[i]))) {
			*out = possible[i];
		}
	}
	return name && *out == VERDICT_UNDECIDED ? -1 : 0;
}

static int read_expectations(struct expectations *all, const json_t *list)
{
	size_t i;
	json_t *o;
	json_array_foreach(list, i, o)
	{
		all->items = mem_resize(all->items, i + 1, sizeof *all->items);
		struct expectation *e = &all->items[all->count++];
		*e = (struct expectation){.scenario = text(o, "scenario"),
				.requirement = text(o, "requirement"),
				.part = text(o, "part"),
				.reason = text(o, "reason"),
				.place = text(o, "place")};
		if (!e->reason || !e->place || (!e->scenario && !e->requirement) ||
				expected_verdict(json_string_value(json_object_get(o, "verdict")), &e->verdict)) {
			return -1;
		}
	}
	return 0;
}

static int read_scope(struct scope *s, const json_t *o)
{
	static const enum strictness all[] = {STRICT_INFO, STRICT_WARN, STRICT_HARD};
	const char *least = json_string_value(json_object_get(o, "least"));
	const json_t *ids = json_object_get(o, "requirements");
	int known = !least;
	for (size_t i = 0; least && i < sizeof all / sizeof *all; i++) {
		if (!strcmp(least, strictness_text(all[i]))) {
			s->least = all[i];
			known = 1;
		}
	}
	size_t i;
	json_t *id;
	json_array_foreach(ids, i, id)
	{
		s->requirements = mem_resize(s->requirements, i + 1, sizeof *s->requirements);
		s->requirements[s->count++] = mem_strdup(json_is_string(id) ? json_string_value(id) : "");
	}
	return known ? 0 : -1;
}

int plan_read_judging(const json_t *json, struct expectations *expect, struct scope *scope, char **error)
{
	if (read_expectations(expect, json_object_get(json, "expect"))) {
		*error = mem_strdup("plan: expected in expect: scenario or requirement, reason, place, verdict FAIL, WARN, "
							"INCONCLUSIVE or null");
	} else if (read_scope(scope, json_object_get(json, "scope"))) {
		*error = mem_strdup("plan: expected scope.least HARD, WARN or INFO");
	}
	return *error ? ERR_SYNTAX : ERR_OK;
}

int plan_read(struct plan *p, const char *line, char **error)
{
	*p = (struct plan){0};
	*error = NULL;
	json_error_t where;
	json_t *json = json_loads(line, 0, &where);
	if (!json || number(json, "plan", 0) != 1) {
		*error = json ? mem_strdup("plan: expected \"plan\": 1") : mem_printf("plan: %s", where.text);
		json_decref(json);
		return ERR_SYNTAX;
	}
	const json_t *tap = json_object_get(json, "tap");
	p->scenarios_dir = text(json, "scenarios_dir");
	p->journal = text(json, "journal");
	p->rerun = text(json, "rerun");
	p->certificates = text(json, "certificates");
	p->tap_path = text(tap, "path");
	p->tap_version = (int)number(tap, "version", 14);
	p->strict = json_is_true(json_object_get(tap, "strict"));
	p->jobs = (int)number(json, "jobs", 0);
	p->repeat = (int)number(json, "repeat", 1);
	p->instances = (int)number(json, "instances", 1);
	p->seed = (uint64_t)number(json, "seed", 1);
	p->patience = json_number_value(json_object_get(json, "patience"));
	if (p->patience <= 0) {
		p->patience = 1;
	}
	size_t i;
	json_t *id;
	json_array_foreach(json_object_get(json, "select"), i, id)
	{
		p->select = mem_resize(p->select, i + 1, sizeof *p->select);
		p->select[p->select_count++] = mem_strdup(json_is_string(id) ? json_string_value(id) : "");
	}
	if (p->repeat < 1 || p->jobs < 0 || p->instances < 1 || (p->tap_version != 13 && p->tap_version != 14)) {
		*error = mem_strdup("plan: expected repeat and instances from 1, jobs from 0, tap.version 13 or 14");
	} else if (!p->scenarios_dir || !p->journal || !p->tap_path || !p->select_count) {
		*error = mem_strdup("plan: expected scenarios_dir, journal, tap.path and at least one id in select");
	} else if (!plan_read_judging(json, &p->expect, &p->scope, error)) {
		profile_read(&p->profile, json_object_get(json, "profile"), error);
		if (!*error && p->profile.s2s_tls && !p->certificates) {
			*error = mem_strdup("plan: expected certificates, a folder, where s2s.tls is starttls");
		}
	}
	json_decref(json);
	return *error ? ERR_SYNTAX : ERR_OK;
}

void plan_finish(struct plan *p)
{
	for (size_t i = 0; i < p->select_count; i++) {
		free(p->select[i]);
	}
	free(p->select);
	free(p->scenarios_dir);
	free(p->journal);
	free(p->rerun);
	free(p->certificates);
	free(p->tap_path);
	expectations_finish(&p->expect);
	scope_finish(&p->scope);
	profile_finish(&p->profile);
	*p = (struct plan){0};
}
