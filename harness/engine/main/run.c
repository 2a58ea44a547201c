/* The run from the first line of standard input to the last event. */
#include "main/run.h"

#include "base/mem.h"
#include "main/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where this is set all memory is given back one by one, for those who look for leaks. The system does it at once. */
#define FREES "BUDDYCHECK_FREES"
#define SILENT "the target does not answer any more"
#define CHECK_DEADLINES 4 /* for a target that answers others, but no ping */

uint64_t suite_now(const struct suite *s)
{
	return (uv_hrtime() - s->started) / 1000;
}

uint64_t run_now(const struct run *r)
{
	return suite_now(r->suite);
}

static void begin_liveness(struct run *r);
static void on_check_timeout(uv_timer_t *timer);

/* --- the order of plays --- */

/* What a play has changed about the target, and perhaps broke off with, must not meet the next one. 1: it takes a
 * while.
 */
static int tidy_up(struct run *r)
{
	for (; r->tidied < r->next; r->tidied++) {
		struct play *p = r->plays[r->tidied];
		const char *hook, *peer;
		for (size_t i = 0; (hook = player_left(p->player, i, &peer)) != NULL; i++) {
			if (profile_hook(&r->suite->plan.profile, hook)) {
				hooks_undo(r->hooks, p, hook, peer);
			}
		}
	}
	return r->undoing > 0;
}

static void begin_exclusive(struct run *r)
{
	run_end_plays(r, r->next);
	r->forbade = 0;
	r->phase = PHASE_EXCLUSIVE;
	const struct play *first = r->plays[r->next];
	do {
		play_begin(r->plays[r->next++]);
	} while (!r->commands.one && r->next < r->plays_count && turns_share(first, r->plays[r->next]) &&
			 turns_has_domains(r->plays[r->next]));
	hooks_meet(r->hooks);
}

void run_end_finished(struct run *r)
{
	for (size_t i = 0; i < r->next; i++) {
		if (r->plays[i]->reported) {
			play_end(r->plays[i], NULL, VERDICT_PASS);
		}
	}
}

static void on_quiet(uv_timer_t *timer)
{
	struct run *r = timer->data;
	int side_by_side = r->next <= r->parallel_count;
	if (r->phase == PHASE_SETTLE && hasty_again(r)) {
		r->phase = side_by_side ? PHASE_PARALLEL : PHASE_EXCLUSIVE;
		run_wake(r);
		return;
	}
	if (r->phase == PHASE_SETTLE && r->next < r->plays_count) {
		begin_exclusive(r);
	} else if (r->phase != PHASE_OVER) {
		begin_liveness(r);
	}
}

/* What was forbidden stays forbidden a while longer: a late stanza still fails the scenario that forbade it. For the
 * other plays, of which only what holds for every stanza is judged, it is a quiet window more. */
static void settle(struct run *r)
{
	const struct plan *plan = &r->suite->plan;
	uint64_t final_quiet = (uint64_t)(plan->profile.final_quiet_ms * 1000.0 * plan->patience);
	r->phase = PHASE_SETTLE;
	waits_note_run(r);
	uint64_t rest = turns_settling(run_now(r), r->forbade, final_quiet, hasty_quiet(r->suite));
	uv_timer_start(&r->timer, on_quiet, (rest + 999) / 1000, 0);
}

static int anything_armed(const struct run *r)
{
	for (size_t i = 0; i < r->next; i++) {
		if (r->plays[i]->begun && !r->plays[i]->ended) {
			return 1;
		}
	}
	return 0;
}

static void go_on(struct run *r)
{
	if (r->checking) {
		return;
	}
	if (r->phase == PHASE_PARALLEL) {
		for (struct play *p; (p = turns_take(r)) != NULL;) {
			r->next++;
			play_begin(p);
		}
		if (r->phase != PHASE_PARALLEL || r->active || r->next < r->parallel_count) {
			return;
		}
		if (hasty_again(r)) {
			run_wake(r);
		} else if (r->next == r->plays_count || anything_armed(r)) {
			settle(r);
		} else {
			begin_exclusive(r);
		}
	} else if (r->phase == PHASE_EXCLUSIVE && !r->active && !tidy_up(r)) {
		if (r->next == r->plays_count && !hasty_again(r)) {
			settle(r);
		} else if (turns_has_domains(r->plays[r->next])) {
			begin_exclusive(r);
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
	} else if (!peers_streams(r->peers) && !sessions_any(r->sessions) &&
			   !(r->components && components_any(r->components))) {
		run_closed(&r->timer);
	}
}

void run_wake(struct run *r)
{
	uv_idle_start(&r->next_turn, on_idle);
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
	run_wake(r);
}

void run_closed(uv_timer_t *timer)
{
	const struct run *r = timer->data;
	const struct suite *s = r->suite;
	int all = 1;
	((struct run *)timer->data)->closed = 1;
	for (size_t i = 0; i < s->runs_count; i++) {
		all &= s->runs[i]->closed;
	}
	if (all) {
		uv_stop(s->loop);
	}
}

void run_stream_gone(struct run *r)
{
	if (r->phase == PHASE_OVER) {
		run_wake(r);
	}
}

/* Who still says something is slow, not silent. */
static int check_gets_time(struct run *r)
{
	uint64_t deadline = (uint64_t)(r->suite->plan.profile.deadline_ms * r->suite->plan.patience);
	if (r->heard + deadline * 1000 < run_now(r) || r->check_began + CHECK_DEADLINES * deadline * 1000 < run_now(r)) {
		return 0;
	}
	uv_timer_start(&r->check_timer, on_check_timeout, deadline, 0);
	return 1;
}

static void on_check_timeout(uv_timer_t *timer)
{
	struct run *r = timer->data;
	if (r->checking && !check_gets_time(r)) {
		loss_happened(r, SILENT ": no answer to a ping in time", 0);
	}
}

static void check_answered(struct run *r, const char *reason)
{
	if (reason && r->suite->plan.profile.started_by_driver) {
		return; /* the driver will say that it ended, or time will tell */
	}
	uv_timer_stop(&r->check_timer);
	r->checking = 0;
	if (reason) {
		char *text = mem_printf(SILENT ": %s", reason);
		loss_happened(r, text, 0);
		free(text);
	} else if (r->check_again) {
		run_check_liveness(r);
	} else {
		for (size_t i = 0; i < r->next; i++) {
			r->plays[i]->doubtful = 0;
		}
		deadlines_answered(r, run_now(r) - r->check_began);
		hooks_meet(r->hooks);
		run_wake(r);
	}
}

/* Nothing begins until it is answered: what began on a dead target would only add to those that may be the cause. */
void run_check_liveness(struct run *r)
{
	if (r->checking || r->target_stopping || r->phase == PHASE_OVER) {
		r->check_again = r->checking;
		return;
	}
	r->checking = 1;
	r->check_again = 0;
	r->check_began = run_now(r);
	uv_timer_start(&r->check_timer, on_check_timeout,
			(uint64_t)(r->suite->plan.profile.deadline_ms * r->suite->plan.patience), 0);
	hooks_ping(r->hooks, check_answered);
}

void run_play_over(struct run *r, struct play *p)
{
	if (r->phase == PHASE_OVER) {
		return;
	}
	if (player_forbids(p->player)) {
		r->forbade = run_now(r);
	}
	p->doubtful |= player_timed_out(p->player);
	if (p->doubtful) {
		run_check_liveness(r);
	}
	hooks_meet(r->hooks);
	run_wake(r);
}

/* --- the end --- */

static void end_liveness(struct run *r, const char *reason)
{
	if (reason && r->suite->plan.profile.started_by_driver) {
		return; /* as above */
	}
	uv_timer_stop(&r->check_timer);
	r->checking = 0;
	reason ? loss_happened(r, reason, 0) : run_finish(r);
}

static void on_end_timeout(uv_timer_t *timer)
{
	loss_happened(timer->data, SILENT ": no answer to a ping after the last scenario", 0);
}

static void begin_liveness(struct run *r)
{
	r->phase = PHASE_LIVENESS;
	waits_note_run(r);
	uv_timer_start(&r->check_timer, on_end_timeout,
			(uint64_t)(r->suite->plan.profile.deadline_ms * r->suite->plan.patience), 0);
	hooks_ping(r->hooks, end_liveness);
}

/* --- the beginning --- */

void run_start_again(struct run *r)
{
	r->phase = PHASE_START;
	r->since_start = 0;
	r->lone = NULL;
	control_event(json_pack("{s:s, s:i}", "event", "start", "instance", (int)r->instance));
}

static void looked(struct run *r, const char *reason)
{
	(void)reason;
	if (r->phase != PHASE_LOGIN) {
		return;
	}
	r->phase = r->next <= r->parallel_count ? PHASE_PARALLEL : PHASE_EXCLUSIVE;
	control_event(json_pack(
			"{s:s, s:i, s:f}", "event", "ready", "instance", (int)r->instance, "ms", (double)run_now(r) / 1000.0));
	go_on(r);
}

static void logged_in(struct run *r, const char *reason)
{
	uv_timer_stop(&r->check_timer);
	if (reason) {
		run_abort(r, "login", reason);
	} else if (r->next) {
		looked(r, NULL); /* it was started again */
	} else {
		commands_look(r, hooks_session(r->hooks), looked);
	}
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
	uv_timer_start(&r->check_timer, on_login_timeout,
			(uint64_t)(2 * r->suite->plan.profile.deadline_ms * r->suite->plan.patience), 0);
	hooks_ping(r->hooks, logged_in);
}

static void target_started(struct run *r, const json_t *fields)
{
	const struct profile *p = &r->suite->plan.profile;
	const json_t *c2s = json_object_get(fields, "c2s_port");
	const json_t *s2s = json_object_get(fields, "s2s_port");
	const json_t *component = json_object_get(fields, "component_port");
	const json_t *direct = json_object_get(fields, "s2s_direct_tls_port");
	if (r->phase != PHASE_START) {
		return;
	}
	peers_set_target(r->peers, p->s2s_address, s2s ? (int)json_integer_value(s2s) : p->s2s_port);
	peers_set_tls_port(r->peers, direct ? (int)json_integer_value(direct) : p->direct_tls_port);
	sessions_set_target(r->sessions, p->c2s_address, c2s ? (int)json_integer_value(c2s) : p->c2s_port);
	if (r->components && component) {
		components_set_port(r->components, (int)json_integer_value(component));
	}
	r->phase = PHASE_READY;
	sessions_probe(r->sessions, p->domains[0], (unsigned)p->start_ms, features_came, r);
}

static void target_exited(struct run *r, int status)
{
	const char *signal = status < 0 ? sigabbrev_np(-status) : NULL;
	char *reason = signal		? mem_printf("the target ended (signal SIG%s)", signal)
				   : status < 0 ? mem_printf("the target ended (signal %d)", -status)
								: mem_printf("the target ended (exit status %d)", status);
	if (r->phase == PHASE_START && r->losses_count) {
		/* the one that did not answer any more: it is being replaced */
	} else if (r->phase <= PHASE_LOGIN) {
		run_abort(r, "start", reason);
	} else if (r->phase != PHASE_OVER) {
		loss_happened(r, reason, 1);
	}
	free(reason);
}

static void all_abort(struct suite *s, const char *step, const char *reason)
{
	for (size_t i = 0; i < s->runs_count; i++) {
		run_abort(s->runs[i], step, reason);
	}
}

static void on_command(void *ud, const char *command, const json_t *fields)
{
	struct suite *s = ud;
	size_t instance = (size_t)json_integer_value(json_object_get(fields, "instance"));
	struct run *r = instance < s->runs_count ? s->runs[instance] : NULL;
	if (!strcmp(command, "interrupt")) {
		all_abort(s, "interrupt", "interrupted");
	} else if (r && !strcmp(command, "started")) {
		target_started(r, fields);
	} else if (r && !strcmp(command, "hook")) {
		hooks_driver_answer(r->hooks, fields);
	} else if (r && !strcmp(command, "target-exited") && !hooks_target_exited(r->hooks)) {
		target_exited(r, (int)json_integer_value(json_object_get(fields, "status")));
	}
}

static void on_gone(void *ud)
{
	all_abort(ud, "driver", "the driver ended");
}

static void on_before_poll(uv_prepare_t *prepare)
{
	const struct suite *s = prepare->data;
	if (s->journal) {
		journal_flush(s->journal);
	}
	control_flush();
}

void run_init_timers(struct run *r)
{
	uv_timer_init(r->suite->loop, &r->timer);
	uv_timer_init(r->suite->loop, &r->check_timer);
	uv_timer_init(r->suite->loop, &r->commands.timer);
	uv_idle_init(r->suite->loop, &r->next_turn);
	r->timer.data = r->check_timer.data = r->next_turn.data = r->commands.timer.data = r;
}

static void close_handle(uv_handle_t *handle, void *ud)
{
	(void)ud;
	if (!uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

int suite_execute(const char *plan_line, const struct catalogue *catalogue)
{
	struct suite s = {.loop = uv_default_loop(), .started = uv_hrtime()};
	if (catalogue) {
		s.catalogue = *catalogue;
		s.catalogue_read = 1;
	}
	char *error = NULL;
	uv_prepare_init(s.loop, &s.before_poll);
	s.before_poll.data = &s;
	uv_prepare_start(&s.before_poll, on_before_poll);
	uv_unref((uv_handle_t *)&s.before_poll);
	deadlines_init(&s);
	int bad = start_plan(&s, plan_line, &error);
	if (!bad) {
		static const struct control_callbacks callbacks = {on_command, on_gone};
		s.control = control_create(s.loop, &callbacks, &s);
		bad = start_run(&s, &error) || start_read(&s, &error); /* while the target starts */
	}
	if (bad) {
		fprintf(stderr, "buddycheck-engine: %s\n", error);
		free(error);
		s.exit = 2;
	} else {
		uv_run(s.loop, UV_RUN_DEFAULT);
	}
	if (!getenv(FREES)) {
		journal_destroy(s.journal);
		return s.exit;
	}
	start_undo(&s);
	uv_walk(s.loop, close_handle, NULL);
	uv_run(s.loop, UV_RUN_DEFAULT);
	uv_loop_close(s.loop);
	start_free(&s);
	return s.exit;
}
