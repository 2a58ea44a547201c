/* The run from the first line of standard input to the last event. */
#include "main/run.h"

#include "base/mem.h"
#include "main/start.h"
#include "report/expect.h"
#include "report/flaky.h"
#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define JOBS 32
#define CLOSING_MS 500 /* for a target that does not end its streams when we end ours */

uint64_t run_now(const struct run *r)
{
	return (uv_hrtime() - r->started) / 1000;
}

static void begin_liveness(struct run *r);
static void finish(struct run *r);

/* --- the order of plays --- */

static size_t jobs(const struct run *r)
{
	return r->plan.jobs > 0 ? (size_t)r->plan.jobs : JOBS;
}

static void end_plays(struct run *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		play_end(&r->plays[i], NULL, VERDICT_PASS);
	}
}

/* What a play has changed about the target, and perhaps broke off with, must not meet the next one. 1: it takes a
 * while.
 */
static int tidy_up(struct run *r)
{
	for (; r->tidied < r->next; r->tidied++) {
		struct play *p = &r->plays[r->tidied];
		const char *hook, *peer;
		for (size_t i = 0; (hook = player_left(p->player, i, &peer)) != NULL; i++) {
			if (profile_hook(&r->plan.profile, hook)) {
				hooks_undo(r->hooks, p, hook, peer);
			}
		}
	}
	return r->undoing > 0;
}

static void begin_exclusive(struct run *r)
{
	end_plays(r, 0, r->next);
	r->phase = PHASE_EXCLUSIVE;
	enum company company = r->plays[r->next].company;
	do {
		play_begin(&r->plays[r->next++]);
	} while (company < ALONE && r->next < r->plays_count && r->plays[r->next].company == company);
	hooks_meet(r->hooks);
}

void run_end_finished(struct run *r)
{
	for (size_t i = 0; i < r->next; i++) {
		if (r->plays[i].reported) {
			play_end(&r->plays[i], NULL, VERDICT_PASS);
		}
	}
}

static void on_quiet(uv_timer_t *timer)
{
	struct run *r = timer->data;
	if (r->phase == PHASE_SETTLE && r->next < r->plays_count) {
		begin_exclusive(r);
	} else if (r->phase != PHASE_OVER) {
		begin_liveness(r);
	}
}

/* What was forbidden stays forbidden a while longer: a late stanza still fails the scenario that forbade it. */
static void settle(struct run *r)
{
	r->phase = PHASE_SETTLE;
	waits_note_run(r);
	uv_timer_start(&r->timer, on_quiet, (uint64_t)(r->plan.profile.final_quiet_ms * r->plan.patience), 0);
}

static void go_on(struct run *r)
{
	if (r->phase == PHASE_PARALLEL) {
		while (r->next < r->parallel_count && r->active < jobs(r)) {
			play_begin(&r->plays[r->next++]);
		}
		if (r->phase == PHASE_PARALLEL && !r->active && r->next == r->parallel_count) {
			settle(r);
		}
	} else if (r->phase == PHASE_EXCLUSIVE && !r->active && !tidy_up(r)) {
		if (r->next < r->plays_count) {
			begin_exclusive(r);
		} else {
			settle(r);
		}
	}
}

/* A play that came to its end inside another's event must not begin the next one there: the loop does it. */
static void on_idle(uv_idle_t *idle)
{
	struct run *r = idle->data;
	uv_idle_stop(idle);
	if (r->phase != PHASE_OVER) {
		go_on(r);
	} else if (!peers_streams(r->peers) && !sessions_any(r->sessions)) {
		uv_stop(r->loop);
	}
}

void run_undone(struct run *r, const char *reason)
{
	r->undoing--;
	if (reason && r->phase != PHASE_OVER) {
		char *text = mem_printf("the target could not be put back into order: %s", reason);
		run_abort(r, "run", text);
		free(text);
		return;
	}
	uv_idle_start(&r->next_turn, on_idle);
}

void run_stream_gone(struct run *r)
{
	if (r->phase == PHASE_OVER) {
		uv_idle_start(&r->next_turn, on_idle);
	}
}

static void check_done(struct run *r, const char *reason)
{
	r->checking = 0;
	if (reason && r->phase != PHASE_OVER) {
		char *text = mem_printf("the target does not answer any more: %s", reason);
		run_abort(r, "run", text);
		free(text);
	}
}

static void on_check_timeout(uv_timer_t *timer)
{
	struct run *r = timer->data;
	if (r->checking) {
		check_done(r, "no answer to a ping in time");
	}
}

static void check_answered(struct run *r, const char *reason)
{
	uv_timer_stop(&r->check_timer);
	check_done(r, reason);
}

void run_check_liveness(struct run *r)
{
	if (r->checking || r->target_stopping || r->phase == PHASE_OVER) {
		return;
	}
	r->checking = 1;
	uv_timer_start(&r->check_timer, on_check_timeout, (uint64_t)(r->plan.profile.deadline_ms * r->plan.patience), 0);
	hooks_ping(r->hooks, check_answered);
}

void run_play_over(struct run *r, struct play *p)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	if (player_timed_out(p->player)) {
		run_check_liveness(r);
	}
	hooks_meet(r->hooks);
	uv_idle_start(&r->next_turn, on_idle);
}

/* --- the end --- */

static void end_liveness(struct run *r, const char *reason)
{
	uv_timer_stop(&r->check_timer);
	r->checking = 0;
	if (reason) {
		run_abort(r, "end", reason);
		return;
	}
	finish(r);
}

static void on_end_timeout(uv_timer_t *timer)
{
	end_liveness(timer->data, "the target does not answer any more: no answer to a ping after the last scenario");
}

static void begin_liveness(struct run *r)
{
	r->phase = PHASE_LIVENESS;
	waits_note_run(r);
	uv_timer_start(&r->check_timer, on_end_timeout, (uint64_t)(r->plan.profile.deadline_ms * r->plan.patience), 0);
	hooks_ping(r->hooks, end_liveness);
}

static void report(struct run *r, struct report_row *rows, size_t *count)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		struct play *p = &r->plays[i];
		if (!p->ended) {
			continue;
		}
		struct result *result = (struct result *)player_result(p->player);
		expect_apply(&r->plan.expect, p->scenario->id, result);
		if (scope_apply(&r->plan.scope, result)) {
			expect_settle(&r->plan.expect, p->scenario->id, result);
		}
		struct report_row *row = &rows[(*count)++];
		*row = (struct report_row){.id = p->scenario->id,
				.title = p->scenario->title,
				.repeat = p->repeat,
				.repeats = r->plan.repeat,
				.result = result,
				.failure = player_explain(p->player, r->plan.journal)};
		json_t *event = json_result(row, p->scenario->file);
		json_object_set_new(event, "waited", waits_json(p));
		control_event(event);
	}
}

static int exit_status(const struct run *r, const struct report_row *rows, size_t count)
{
	int failed = 0;
	int undecided = r->abort_reason != NULL;
	for (size_t i = 0; i < count; i++) {
		enum verdict v = rows[i].result->verdict;
		failed |= verdict_row(v)->exit == 1 || (r->plan.strict && v == VERDICT_WARN);
		undecided |= verdict_row(v)->exit == 3;
	}
	/* A run that was cut short could not judge; otherwise what failed for sure weighs more than what is open. */
	return r->abort_reason ? 3 : failed ? 1 : undecided ? 3 : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct report_row *x = a;
	const struct report_row *y = b;
	int order = strcmp(x->id, y->id);
	return order ? order : x->repeat - y->repeat;
}

static void write_tap(const struct run *r, const struct report_row *rows, size_t count)
{
	struct tap_options options = {
			.version = r->plan.tap_version, .strict = r->plan.strict, .bail_out = r->abort_reason};
	struct buf text = {0};
	tap_write(&text, rows, count, &options);
	char *partial = mem_printf("%s.part", r->plan.tap_path);
	FILE *f = fopen(partial, "we");
	int bad = !f || fwrite(text.data, 1, text.len, f) != text.len;
	bad |= f && fclose(f) != 0;
	if (bad || rename(partial, r->plan.tap_path)) {
		fprintf(stderr, "buddycheck-engine: %s cannot be written: %s\n", r->plan.tap_path, strerror(errno));
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

static json_t *not_run(const struct run *r)
{
	json_t *ids = json_array();
	for (size_t i = 0; i < r->plays_count; i++) {
		if (!r->plays[i].begun) {
			json_array_append_new(ids, json_string(r->plays[i].scenario->id));
		}
	}
	return ids;
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

static void on_closing_timeout(uv_timer_t *timer)
{
	uv_stop(((struct run *)timer->data)->loop);
}

/* The target is left in order: a server that is stopped with open streams waits for them. */
static void close_streams(struct run *r)
{
	for (size_t i = 0; i < r->plays_count; i++) {
		play_disconnect_peers(&r->plays[i]);
	}
	pool_disconnect(&r->pool);
	hooks_disconnect(r->hooks);
	uv_timer_start(&r->timer, on_closing_timeout, CLOSING_MS, 0);
	run_stream_gone(r);
}

static void finish(struct run *r)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	r->phase = PHASE_OVER;
	end_plays(r, 0, r->plays_count);
	/* A scenario that is flaky has two rows at least, and gets one more; so does a requirement that passes
	 * unexpectedly. */
	size_t most = r->plays_count / 2 + r->plan.expect.count;
	struct report_row *rows = mem_alloc((r->plays_count + most) * sizeof *rows);
	struct result *more = mem_alloc((most + 1) * sizeof *more);
	size_t count = 0;
	report(r, rows, &count);
	qsort(rows, count, sizeof *rows, by_id);
	/* What was cut short differs without being flaky, and what does not fail in it may fail in the rest. */
	size_t flaky = r->abort_reason ? 0 : flaky_find(rows, count, rows + count, more);
	size_t passes = r->abort_reason ? 0
									: expect_find_passes(&r->plan.expect, &r->catalogue, rows, count,
											  rows + count + flaky, more + flaky);
	json_t *unexpected = unexpected_passes(rows + count + flaky, passes);
	count += flaky + passes;
	write_tap(r, rows, count);
	r->exit = exit_status(r, rows, count);
	journal_note(r, NULL, -1, "end", r->abort_reason);
	journal_flush(r->journal);
	if (journal_failed(r->journal)) {
		fprintf(stderr, "buddycheck-engine: %s cannot be written to its end\n", r->plan.journal);
		r->exit = 3;
	}
	control_event(json_pack("{s:s, s:o, s:o, s:i, s:f, s:f, s:f, s:i, s:I, s:o, s:o}", "event", "end", "counts",
			count_verdicts(rows, count), "requirements", count_requirements(rows, count), "exit", r->exit, "seconds",
			(double)run_now(r) / 1e6, "cpu_seconds", cpu_seconds(), "quiet_seconds", (double)r->waits.quiet_total / 1e6,
			"memory_kb", peak_memory_kb(), "seed", (json_int_t)r->plan.seed, "not_run", not_run(r), "unexpected_passes",
			unexpected));
	for (size_t i = 0; i < count; i++) {
		free(rows[i].failure);
	}
	flaky_finish(more, flaky + passes);
	free(more);
	free(rows);
	close_streams(r);
}

void run_abort(struct run *r, const char *step, const char *reason)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	r->abort_step = mem_strdup(step);
	r->abort_reason = mem_printf("%s: %s", step, reason);
	control_event(json_pack("{s:s, s:s, s:s}", "event", "abort", "step", step, "reason", reason));
	size_t alone = r->active == 1;
	for (size_t i = 0; i < r->plays_count; i++) {
		struct play *p = &r->plays[i];
		if (p->begun && !p->ended && !p->reported) {
			/* With one scenario under way there is no doubt which one the target did not survive. */
			int blame = alone && !strcmp(step, "run");
			play_end(p, r->abort_reason, blame ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		}
	}
	finish(r);
}

/* --- the beginning --- */

static void logged_in(struct run *r, const char *reason)
{
	uv_timer_stop(&r->check_timer);
	if (reason) {
		run_abort(r, "login", reason);
		return;
	}
	r->phase = PHASE_PARALLEL;
	r->ready_at = run_now(r);
	control_event(json_pack("{s:s, s:f}", "event", "ready", "ms", (double)r->ready_at / 1000.0));
	go_on(r);
}

static void on_login_timeout(uv_timer_t *timer)
{
	logged_in(timer->data, "no answer in time");
}

static void features_came(void *ud, const char *reason)
{
	struct run *r = ud;
	if (r->phase != PHASE_READY) {
		return;
	}
	if (reason) {
		run_abort(r, "ready", reason);
		return;
	}
	r->phase = PHASE_LOGIN;
	uv_timer_start(
			&r->check_timer, on_login_timeout, (uint64_t)(2 * r->plan.profile.deadline_ms * r->plan.patience), 0);
	hooks_ping(r->hooks, logged_in);
}

static void target_started(struct run *r, const json_t *fields)
{
	struct profile *p = &r->plan.profile;
	const json_t *c2s = json_object_get(fields, "c2s_port");
	const json_t *s2s = json_object_get(fields, "s2s_port");
	if (r->phase != PHASE_START) {
		return;
	}
	p->c2s_port = c2s ? (int)json_integer_value(c2s) : p->c2s_port;
	p->s2s_port = s2s ? (int)json_integer_value(s2s) : p->s2s_port;
	peers_set_target(r->peers, p->s2s_address, p->s2s_port);
	sessions_set_target(r->sessions, p->c2s_address, p->c2s_port);
	r->phase = PHASE_READY;
	sessions_probe(r->sessions, p->domains[0], (unsigned)p->start_ms, features_came, r);
}

static void on_command(void *ud, const char *command, const json_t *fields)
{
	struct run *r = ud;
	if (!strcmp(command, "started")) {
		target_started(r, fields);
	} else if (!strcmp(command, "hook")) {
		hooks_driver_answer(r->hooks, fields);
	} else if (!strcmp(command, "target-exited")) {
		if (hooks_target_exited(r->hooks)) {
			return;
		}
		const json_t *status = json_object_get(fields, "status");
		char *reason = json_is_string(status)
							   ? mem_printf("the target ended: %s", json_string_value(status))
							   : mem_printf("the target ended (status %d)", (int)json_integer_value(status));
		run_abort(r, r->phase <= PHASE_READY ? "start" : "run", reason);
		free(reason);
	} else if (!strcmp(command, "interrupt")) {
		r->interrupted = 1;
		run_abort(r, "interrupt", "interrupted");
	}
}

static void on_gone(void *ud)
{
	run_abort(ud, "driver", "the driver ended");
}

static void on_before_poll(uv_prepare_t *prepare)
{
	struct run *r = prepare->data;
	if (r->journal) {
		journal_flush(r->journal);
	}
}

static void init_timers(struct run *r)
{
	uv_prepare_init(r->loop, &r->before_poll);
	r->before_poll.data = r;
	uv_prepare_start(&r->before_poll, on_before_poll);
	uv_unref((uv_handle_t *)&r->before_poll);
	uv_timer_init(r->loop, &r->timer);
	uv_timer_init(r->loop, &r->check_timer);
	uv_idle_init(r->loop, &r->next_turn);
	r->timer.data = r->check_timer.data = r->next_turn.data = r;
}

static void close_handle(uv_handle_t *handle, void *ud)
{
	(void)ud;
	if (!uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

int run_execute(const char *plan_line)
{
	struct run r = {.loop = uv_default_loop(), .started = uv_hrtime()};
	char *error = NULL;
	init_timers(&r);
	int bad = start_read(&r, plan_line, &error) || start_bind(&r, &error);
	if (bad) {
		fprintf(stderr, "buddycheck-engine: %s\n", error);
		free(error);
		r.exit = 2;
	} else {
		static const struct control_callbacks callbacks = {on_command, on_gone};
		r.control = control_create(r.loop, &callbacks, &r);
		control_event(json_pack("{s:s, s:s, s:i, s:s, s:i}", "event", "bound", "peers_address",
				r.plan.profile.peers_address, "peers_port", peers_port(r.peers), "dns_address",
				r.plan.profile.dns_address, "dns_port", dns_port(r.dns)));
		uv_run(r.loop, UV_RUN_DEFAULT);
	}
	start_undo(&r);
	uv_walk(r.loop, close_handle, NULL);
	uv_run(r.loop, UV_RUN_DEFAULT);
	uv_loop_close(r.loop);
	return r.exit;
}
