#include "main/rejudge.h"

#include "base/mem.h"
#include "main/control.h"
#include "main/plan.h"
#include "replay/replay.h"
#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rejudge {
	char *scenarios_dir, *journal, *rerun;
	char *shown; /* the journal's name in texts for people */
	struct expectations expect;
	struct scope scope;
	struct catalogue catalogue;
	struct replay *replay;
	char *text;
	size_t len;
};

static char *text(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	return json_is_string(v) ? mem_strdup(json_string_value(v)) : NULL;
}

static void read_plan(struct rejudge *j, const char *line, char **error)
{
	json_t *json = json_loads(line, 0, NULL);
	if (json_integer_value(json_object_get(json, "judge")) != 1) {
		*error = mem_strdup("plan: expected \"judge\": 1");
	} else {
		j->scenarios_dir = text(json, "scenarios_dir");
		j->journal = text(json, "journal");
		j->rerun = text(json, "rerun");
		j->shown = text(json, "shown");
		if (!j->scenarios_dir || !j->journal) {
			*error = mem_strdup("plan: expected scenarios_dir and journal");
		} else {
			plan_read_judging(json, &j->expect, &j->scope, error);
		}
	}
	json_decref(json);
}

static void read_catalogue(struct rejudge *j, char **error)
{
	if (catalogue_read(&j->catalogue, j->scenarios_dir)) {
		*error = mem_printf("%s: %s", j->scenarios_dir, strerror(errno));
	} else if (j->catalogue.problems.count) {
		const struct problem *p = &j->catalogue.problems.items[0];
		*error = mem_printf("%s:%d:%d: %s", p->file, p->line, p->column, p->message);
	}
}

static void read_journal(struct rejudge *j, char **error)
{
	FILE *f = fopen(j->journal, "re");
	size_t room = 0;
	errno = 0;
	while (f && !feof(f) && !ferror(f)) {
		room += room / 2 + (1 << 20);
		j->text = mem_resize(j->text, room, 1);
		j->len += fread(j->text + j->len, 1, room - j->len, f);
	}
	if (!f || ferror(f)) {
		*error = mem_printf("%s cannot be read: %s", j->journal, strerror(errno));
	}
	if (f) {
		fclose(f);
	}
}

static void replay(struct rejudge *j, char **error)
{
	j->replay = replay_create(&j->catalogue, j->rerun);
	if (replay_read(j->replay, j->text, j->len)) {
		*error = mem_printf("%s: %s", j->shown ? j->shown : j->journal, replay_problem(j->replay, 0)->text);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct report_row *x = a;
	const struct report_row *y = b;
	int order = strcmp(x->id, y->id);
	return order ? order : x->repeat - y->repeat;
}

/* As a run reports: what was expected and what does not count are applied to what the player found. */
static size_t make_rows(struct rejudge *j, struct report_row *rows)
{
	size_t count = 0;
	for (size_t i = 0; i < replay_count(j->replay); i++) {
		const struct replayed *p = replay_at(j->replay, i);
		if (p->superseded || !p->ended) {
			continue;
		}
		struct result *result = (struct result *)player_result(p->player);
		result->journal_first = (int)p->first;
		result->journal_last = (int)p->last;
		expect_apply(&j->expect, p->scenario->id, result);
		if (scope_apply(&j->scope, result)) {
			expect_settle(&j->expect, p->scenario->id, result);
		}
		rows[count++] = (struct report_row){.id = p->scenario->id,
				.title = p->scenario->title,
				.repeat = p->repeat,
				.result = result,
				.failure = player_explain(p->player, j->shown)};
	}
	qsort(rows, count, sizeof *rows, by_id);
	return count;
}

static json_t *unexpected_passes(const struct rejudge *j, const struct report_row *rows, size_t count)
{
	struct report_row *out = mem_alloc((j->expect.count + 1) * sizeof *out);
	struct result *results = mem_alloc((j->expect.count + 1) * sizeof *results);
	size_t found = expect_find_passes(&j->expect, &j->catalogue, rows, count, out, results);
	json_t *list = json_array();
	for (size_t i = 0; i < found; i++) {
		json_array_append_new(list, json_pack("{s:s, s:s}", "requirement", out[i].id, "reason", results[i].reason));
		result_finish(&results[i]);
	}
	free(results);
	free(out);
	return list;
}

static void report(struct rejudge *j)
{
	struct report_row *rows = mem_alloc((replay_count(j->replay) + 1) * sizeof *rows);
	for (size_t i = 0; i < replay_problems(j->replay); i++) {
		const struct replay_problem *p = replay_problem(j->replay, i);
		control_event(json_pack("{s:s, s:I, s:s}", "event", "problem", "line", (json_int_t)p->line, "text", p->text));
	}
	size_t count = make_rows(j, rows);
	struct buf event = {0};
	for (size_t i = 0; i < count; i++) {
		buf_clear(&event);
		json_result(&event, &rows[i], catalogue_find(&j->catalogue, rows[i].id)->file, NULL);
		control_line_soon(buf_text(&event));
	}
	buf_finish(&event);
	control_event(json_pack("{s:s, s:i, s:I, s:o}", "event", "judged-all", "plays", (int)count, "seed",
			(json_int_t)replay_seed(j->replay), "unexpected_passes", unexpected_passes(j, rows, count)));
	for (size_t i = 0; i < count; i++) {
		free(rows[i].failure);
	}
	free(rows);
}

static void finish(struct rejudge *j)
{
	replay_destroy(j->replay);
	catalogue_finish(&j->catalogue);
	expectations_finish(&j->expect);
	scope_finish(&j->scope);
	free(j->scenarios_dir);
	free(j->journal);
	free(j->rerun);
	free(j->shown);
	free(j->text);
}

int rejudge_execute(const char *plan_line)
{
	struct rejudge j = {0};
	char *error = NULL;
	void (*const steps[])(struct rejudge *, char **) = {read_catalogue, read_journal, replay};
	read_plan(&j, plan_line, &error);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && !error; i++) {
		steps[i](&j, &error);
	}
	if (error) {
		fprintf(stderr, "buddycheck-engine: %s\n", error);
		free(error);
	} else {
		report(&j);
	}
	int status = error ? 2 : 0;
	finish(&j);
	return status;
}
