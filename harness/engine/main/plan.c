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
	p->tap_path = text(tap, "path");
	p->tap_version = (int)number(tap, "version", 14);
	p->strict = json_is_true(json_object_get(tap, "strict"));
	p->jobs = (int)number(json, "jobs", 0);
	p->repeat = (int)number(json, "repeat", 1);
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
	if (p->repeat < 1 || p->jobs < 0 || (p->tap_version != 13 && p->tap_version != 14)) {
		*error = mem_strdup("plan: expected repeat from 1, jobs from 0, tap.version 13 or 14");
	} else if (!p->scenarios_dir || !p->journal || !p->tap_path || !p->select_count) {
		*error = mem_strdup("plan: expected scenarios_dir, journal, tap.path and at least one id in select");
	} else {
		profile_read(&p->profile, json_object_get(json, "profile"), error);
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
	free(p->tap_path);
	profile_finish(&p->profile);
	*p = (struct plan){0};
}
