/* The end of a run: verdicts become final, results are reported, streams are closed in order. */
#include "base/mem.h"
#include "main/run.h"
#include "report/expect.h"
#include "report/flaky.h"
#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CLOSING_MS 500 /* for a target that does not end its streams when we end ours */
#define SENDING_MS 1   /* for one that is stopped next: it gets our ends, nobody waits for its own */

void run_end_plays(struct run *r, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		play_end(r->plays[i], NULL, VERDICT_PASS);
	}
}

int suite_over(const struct suite *s)
{
	int over = 1;
	for (size_t i = 0; i < s->runs_count; i++) {
		over &= s->runs[i]->phase == PHASE_OVER;
	}
	return over;
}

static void report(struct run *r, struct report_row *rows, size_t *count)
{
	struct buf event = {0};
	for (size_t i = 0; i < r->plays_count; i++) {
		struct play *p = r->plays[i];
		if (!loss_reports(p)) {
			continue;
		}
		struct result *result = (struct result *)player_result(p->player);
		expect_apply(&r->suite->plan.expect, p->scenario->id, result);
		if (scope_apply(&r->suite->plan.scope, result)) {
			expect_settle(&r->suite->plan.expect, p->scenario->id, result);
		}
		struct report_row *row = &rows[(*count)++];
		*row = (struct report_row){.id = p->scenario->id,
				.title = p->scenario->title,
				.repeat = p->repeat,
				.repeats = r->suite->plan.repeat,
				.result = result,
				.failure = player_explain(p->player, r->suite->plan.journal)};
		json_t *waits = waits_json(p);
		char *waited = json_dumps(waits, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_clear(&event);
		json_result(&event, row, p->scenario->file, waited ? waited : "null");
		control_line_soon(buf_text(&event));
		free(waited);
		json_decref(waits);
	}
	buf_finish(&event);
}

static int exit_status(const struct suite *s, const struct report_row *rows, size_t count)
{
	int failed = 0;
	int undecided = s->abort_reason != NULL;
	for (size_t i = 0; i < count; i++) {
		enum verdict v = rows[i].result->verdict;
		failed |= verdict_row(v)->exit == 1 || (s->plan.strict && v == VERDICT_WARN);
		undecided |= verdict_row(v)->exit == 3;
	}
	/* A run that was cut short could not judge; otherwise what failed for sure weighs more than what is open. */
	return s->abort_reason ? 3 : failed ? 1 : undecided ? 3 : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct report_row *x = a;
	const struct report_row *y = b;
	int order = strcmp(x->id, y->id);
	return order ? order : x->repeat - y->repeat;
}

static void write_tap(const struct suite *s, const struct report_row *rows, size_t count)
{
	struct tap_options options = {
			.version = s->plan.tap_version, .strict = s->plan.strict, .bail_out = s->abort_reason};
	struct buf text = {0};
	tap_write(&text, rows, count, &options);
	char *partial = mem_printf("%s.part", s->plan.tap_path);
	FILE *f = fopen(partial, "we");
	int bad = !f || fwrite(text.data, 1, text.len, f) != text.len;
	bad |= f && fclose(f) != 0;
	if (bad || rename(partial, s->plan.tap_path)) {
		fprintf(stderr, "buddycheck-engine: %s cannot be written: %s\n", s->plan.tap_path, strerror(errno));
		remove(partial);
	}
	free(partial);
	buf_finish(&text);
}

static json_t *count_verdicts(const struct report_row *rows, size_t count)
{
	json_t *counts = json_object();
	for (size_t i = 0; i < count; i++) {
		const char *name = verdict_text(rows[i].result->verdict);
		json_object_set_new(counts, name, json_integer(json_integer_value(json_object_get(counts, name)) + 1));
	}
	return counts;
}

/* A requirement's verdict is the worst of all that was found for it. */
static json_t *count_requirements(const struct report_row *rows, size_t count)
{
	json_t *worst = json_object();
	for (size_t i = 0; i < count; i++) {
		for (size_t f = 0; f < rows[i].result->count; f++) {
			const struct finding *found = &rows[i].result->findings[f];
			const json_t *old = json_object_get(worst, found->id);
			if (!old || verdict_row(found->verdict)->rank > verdict_row((enum verdict)json_integer_value(old))->rank) {
				json_object_set_new(worst, found->id, json_integer(found->verdict));
			}
		}
	}
	json_t *counts = json_object();
	const char *id;
	json_t *v;
	json_object_foreach(worst, id, v)
	{
		const char *name = verdict_text((enum verdict)json_integer_value(v));
		json_object_set_new(counts, name, json_integer(json_integer_value(json_object_get(counts, name)) + 1));
	}
	json_decref(worst);
	return counts;
}

static void list_not_run(const struct run *r, json_t *ids)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		if (!r->plays[i]->begun && !r->plays[i]->before) {
			json_array_append_new(ids, json_string(r->plays[i]->scenario->id));
		}
	}
}

/* Requirements that pass although that was not expected: no scenario's result tells of them. */
static json_t *unexpected_passes(const struct report_row *rows, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(
				list, json_pack("{s:s, s:s}", "requirement", rows[i].id, "reason", rows[i].result->reason));
	}
	return list;
}

/* The most memory that the process had at a time. ru_maxrss would count what it was before exec() as well. */
static int peak_memory_kb(void)
{
	char line[256];
	int kb = 0;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && !kb && fgets(line, sizeof line, f)) {
		kb = !strncmp(line, "VmHWM:", 6) ? (int)strtol(line + 6, NULL, 10) : 0;
	}
	if (f) {
		fclose(f);
	}
	return kb;
}

static double cpu_seconds(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The target is left in order: a server that is stopped with open streams waits for them. */
static void close_streams(struct run *r)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		play_disconnect_peers(r->plays[i]);
	}
	pool_disconnect(&r->pool);
	hooks_disconnect(r->hooks);
	uv_timer_start(&r->timer, run_closed, r->suite->plan.profile.started_by_driver ? SENDING_MS : CLOSING_MS, 0);
	run_stream_gone(r);
}

static void suite_report(struct suite *s)
{
	json_t *missing = json_array();
	json_t *lost = json_array();
	size_t plays = 0;
	for (size_t i = 0; i < s->runs_count; i++) {
		plays += s->runs[i]->plays_count;
		list_not_run(s->runs[i], missing);
		loss_json(s->runs[i], lost);
	}
	/* A scenario that is flaky has two rows at least, and gets one more; so do a requirement that passes
	 * unexpectedly and a loss that nobody can be blamed for. */
	size_t most = plays / 2 + s->plan.expect.count + LOSSES_MAX * s->runs_count;
	struct report_row *rows = mem_alloc((plays + most) * sizeof *rows);
	struct result *more = mem_alloc((most + 1) * sizeof *more);
	size_t count = 0;
	for (size_t i = 0; i < s->runs_count; i++) {
		report(s->runs[i], rows, &count);
	}
	qsort(rows, count, sizeof *rows, by_id);
	/* What was cut short differs without being flaky, and what does not fail in it may fail in the rest. */
	size_t flaky = s->abort_reason ? 0 : flaky_find(rows, count, rows + count, more);
	size_t passes = s->abort_reason ? 0
									: expect_find_passes(&s->plan.expect, &s->catalogue, rows, count,
											  rows + count + flaky, more + flaky);
	json_t *unexpected = unexpected_passes(rows + count + flaky, passes);
	size_t extra = flaky + passes;
	for (size_t i = 0; i < s->runs_count; i++) {
		extra += loss_rows(s->runs[i], rows + count + extra, more + extra);
	}
	count += extra;
	write_tap(s, rows, count);
	s->exit = exit_status(s, rows, count);
	journal_note(s->runs[0], NULL, -1, "end", s->abort_reason);
	journal_flush(s->journal);
	if (journal_failed(s->journal)) {
		fprintf(stderr, "buddycheck-engine: %s cannot be written to its end\n", s->plan.journal);
		s->exit = 3;
	}
	control_event(json_pack("{s:s, s:o, s:o, s:i, s:f, s:f, s:f, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:b}", "event",
			"end", "counts", count_verdicts(rows, count), "requirements", count_requirements(rows, count), "exit",
			s->exit, "seconds", (double)suite_now(s) / 1e6, "cpu_seconds", cpu_seconds(), "quiet_seconds",
			(double)s->waits.total / 1e6, "memory_kb", peak_memory_kb(), "seed", (json_int_t)s->plan.seed, "not_run",
			missing, "unexpected_passes", unexpected, "lost", lost, "software", hooks_software(s->runs[0]->hooks),
			"hasty", hasty_json(s), "one_session", s->runs[0]->commands.one));
	for (size_t i = 0; i < count; i++) {
		free(rows[i].failure);
	}
	flaky_finish(more, extra);
	free(more);
	free(rows);
}

void run_finish(struct run *r)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	r->phase = PHASE_OVER;
	run_end_plays(r, r->plays_count);
	waits_note_run(r);
	if (suite_over(r->suite)) {
		suite_report(r->suite);
	}
	close_streams(r);
}

void run_abort(struct run *r, const char *step, const char *reason)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	char *text = mem_printf("%s: %s", step, reason);
	control_event(json_pack("{s:s, s:s, s:s}", "event", "abort", "step", step, "reason", reason));
	size_t alone = r->active == 1;
	for (size_t i = 0; i < r->plays_count; i++) {
		struct play *p = r->plays[i];
		if (p->begun && !p->ended && !p->reported) {
			/* With one scenario under way there is no doubt which one the target did not survive. */
			int blame = alone && !strcmp(step, "run");
			play_end(p, text, blame ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		}
	}
	if (r->suite->abort_reason) {
		free(text);
	} else {
		r->suite->abort_reason = text;
	}
	run_finish(r);
}
