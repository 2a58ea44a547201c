/* From what happened to findings: checks, prohibitions, invariants. */
#include "base/mem.h"
#include "judge/invariants.h"
#include "judge/player_state.h"
#include "judge/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT 600
#define LONGEST_VALUE 200

static int claims(void *ud, const char *claim)
{
	const struct player *p = ud;
	char *what = mem_printf("claim:%s", claim);
	int has = p->config.has(p->config.ud, what);
	free(what);
	return has;
}

static enum strictness strictness_of(struct player *p, const char *id, const char *part)
{
	const struct requirement *r = requirements_find(&p->config.catalogue->requirements, id);
	return r ? requirement_strictness(r, part, claims, p) : STRICT_HARD;
}

char *step_place(const struct player *p, const struct step *step)
{
	const struct scenario *s = p->config.scenario;
	char *place = step->used_at ? mem_printf("%s:%d (%s:%d)", s->file, step->used_at, step->file, step->line)
								: mem_printf("%s:%d", step->file, step->line);
	if (s->table) {
		char *longer = mem_printf("%s, row %s:%d", place, s->table, s->row);
		free(place);
		return longer;
	}
	return place;
}

struct play_place step_at(const struct player *p, const struct step *step)
{
	const struct scenario *s = p->config.scenario;
	if (!step) {
		return (struct play_place){0};
	}
	return (struct play_place){.file = s->file,
			.line = step->used_at ? step->used_at : step->line,
			.phrase = step->used_at ? step->file : NULL,
			.phrase_line = step->used_at ? step->line : 0,
			.table = s->table,
			.row = s->table ? s->row : 0,
			.play_line = step->play_line};
}

struct check_search {
	const struct check *wanted;
	int passed, found;
};

static void count_to(void *ud, const struct step *step, const struct check *check)
{
	struct check_search *s = ud;
	(void)step;
	s->passed++;
	if (check == s->wanted) {
		s->found = s->passed;
	}
}

static int number_of(const struct player *p, const struct check *c)
{
	struct check_search s = {.wanted = c};
	scenario_each_check(p->config.scenario, count_to, &s);
	return s.found;
}

static void add(
		struct player *p, const struct step *step, const struct check *c, enum verdict verdict, struct evidence *e)
{
	char *place = step_place(p, step);
	struct finding f = {.id = c->id,
			.part = c->part,
			.strictness = strictness_of(p, c->id, c->part),
			.verdict = verdict,
			.text = c->text,
			.place = place,
			.line = step->used_at ? step->used_at : c->line,
			.at = step_at(p, step),
			.play_line = c->play_line,
			.evidence = e,
			.number = number_of(p, c),
			.check = c};
	result_add(&p->result, &f);
	free(place);
}

static void decide(struct player *p, const struct step *step, const struct check *c, int holds, struct evidence *e)
{
	if (holds) {
		if (!c->relies) {
			add(p, step, c, VERDICT_PASS, NULL);
		}
		return;
	}
	add(p, step, c, strictness_verdict(strictness_of(p, c->id, c->part)), e);
}

static void note_name(void *ud, const char *name, size_t len)
{
	(void)name;
	(void)len;
	*(int *)ud = 1;
}

static void ignore_name(void *ud, const char *name, size_t len)
{
	(void)ud;
	(void)name;
	(void)len;
}

int decide_spares(struct player *p, const struct step *step)
{
	int binds = 0;
	int deciding = 0;
	struct template_names names = {.use = ignore_name, .bind = note_name, .capture = note_name, .ud = &binds};
	template_each_name(step->template, &names);
	for (size_t i = 0; i < step->checks_count; i++) {
		const struct check *c = &step->checks[i];
		if (c->relies) {
			return 0;
		}
		if (c->xpath || c->in_order) {
			continue;
		}
		deciding = 1;
		if (strictness_of(p, c->id, c->part) == STRICT_HARD) {
			return 0;
		}
	}
	return deciding && !binds;
}

void decide_step(struct player *p, const struct step *step, int met, struct evidence *e)
{
	for (size_t i = 0; i < step->checks_count; i++) {
		const struct check *c = &step->checks[i];
		if (met || !(c->xpath || c->in_order)) {
			decide(p, step, c, met, e);
		}
	}
}

void decide_unmet(struct player *p, const char *place, const struct step *step, struct evidence *e)
{
	int first = !p->result.trouble;
	result_trouble(&p->result, scenario_is_plain(p->config.scenario) ? VERDICT_FAIL : VERDICT_INCONCLUSIVE,
			"%s: '%s' was not met", place, step->text);
	if (first) {
		p->result.trouble_evidence = evidence_ref(e);
		p->result.trouble_at = step_at(p, step);
	}
}

/* What a stanza shows; caller unrefs. */
static struct evidence *shown_by(enum evidence_kind kind, const char *actor, const struct entry *entry)
{
	struct evidence *e = evidence_create(kind);
	const char *raw = entry->stanza->raw;
	size_t len = entry->stanza->raw_len;
	while (len && strchr(" \t\r\n", *raw)) {
		raw++;
		len--;
	}
	e->actor = actor;
	e->line = entry->journal;
	e->stanza = mem_strndup(raw, len > EXCERPT ? EXCERPT : len);
	e->octets = len > EXCERPT ? len : 0;
	return e;
}

/* What the condition was compared with: the names in it and their values. */
static void note_values(struct evidence *e, const struct player *p, const struct check *c)
{
	const char *const *names;
	size_t count = xpath_names(c->xpath, &names);
	for (size_t i = 0; i < count; i++) {
		const char *value = vars_get(&p->vars, names[i]);
		char *bounded = mem_strndup(value ? value : "", strnlen(value ? value : "", LONGEST_VALUE));
		vars_set(&e->values, names[i], bounded);
		free(bounded);
	}
}

/* Of a check that looks at a stanza that came; NULL when it holds. */
static struct evidence *against(
		struct player *p, const struct step *step, const struct check *c, const struct entry *e, unsigned previous)
{
	const char *actor = actor_name(p, step->actor);
	if (c->in_order) {
		return e->number > previous ? NULL : shown_by(EVIDENCE_ORDER, actor, e);
	}
	if (!c->xpath || xpath_holds(c->xpath, e->stanza, &p->vars) > 0) {
		return NULL;
	}
	struct evidence *found = shown_by(EVIDENCE_CONDITION, actor, e);
	found->condition = mem_strdup(c->expr);
	note_values(found, p, c);
	return found;
}

void decide_taken(struct player *p, const struct step *step, const struct entry *e, unsigned previous)
{
	for (size_t i = 0; i < step->checks_count; i++) {
		struct evidence *found = against(p, step, &step->checks[i], e, previous);
		decide(p, step, &step->checks[i], !found, found);
		evidence_unref(found);
	}
}

/* A check with a condition is violated only by a stanza that does not meet it: what breaks silence is held against the
 * requirement that forbids this, not against all that the step names. */
void decide_violation(struct player *p, const struct step *step, const struct entry *e)
{
	struct evidence *found = shown_by(EVIDENCE_FORBIDDEN, actor_name(p, step->actor), e);
	int blamed = 0;
	for (size_t i = 0; i < step->checks_count; i++) {
		const struct check *c = &step->checks[i];
		if (!c->xpath || xpath_holds(c->xpath, e->stanza, &p->vars) <= 0) {
			decide(p, step, c, 0, found);
			blamed = 1;
		}
	}
	if (!step->checks_count) {
		decide_unmet(p, p->config.scenario->id, step, found);
	} else if (!blamed) {
		result_unexpected(&p->result, shown_by(EVIDENCE_UNEXPECTED, actor_name(p, step->actor), e));
	}
	evidence_unref(found);
}

static int licensed(const struct player *p, const char *peer)
{
	for (size_t i = 0; i < p->licensed.count; i++) {
		if (strcasestr(p->licensed.items[i].name, peer)) {
			return 1;
		}
	}
	return 0;
}

/* How many answers to that id may still come; -1: it was never asked with that id. */
static int answers_due(const struct seat *seat, const char *id)
{
	const char *value = vars_get(&seat->answers_due, id);
	return value ? atoi(value) : -1;
}

static void set_answers_due(struct seat *seat, const char *id, int n)
{
	char value[16];
	snprintf(value, sizeof value, "%d", n);
	vars_set(&seat->answers_due, id, value);
}

void decide_answer_due(struct seat *seat, const char *id)
{
	int due = answers_due(seat, id);
	set_answers_due(seat, id, due < 0 ? 1 : due + 1);
}

/* Takes the reference to the evidence. */
static void break_rule(struct player *p, const char *id, const char *part, const char *text, struct evidence *e)
{
	struct finding f = {.id = (char *)id,
			.part = (char *)part,
			.strictness = strictness_of(p, id, part),
			.text = (char *)text,
			.place = p->config.scenario->file,
			.line = 1,
			.at = {.file = p->config.scenario->file, .line = 1},
			.evidence = e,
			.invariant = 1};
	f.verdict = strictness_verdict(f.strictness);
	result_add(&p->result, &f);
	evidence_unref(e);
}

void decide_list(struct player *p, const char *domain, const char *output)
{
	static const struct {
		const char *id, *part, *text;
	} rules[ROSTER_FLAWS] = {
			[ROSTER_WRITTEN] = {"SB-024", "written", "a list shows a domain in its normal form"},
			[ROSTER_RESOURCE] = {"PS-127", NULL, "a list holds domains without a resource"},
	};
	for (int flaw = 0; flaw < ROSTER_FLAWS; flaw++) {
		char *line = roster_flawed((enum roster_flaw)flaw, domain, output);
		if (line) {
			struct evidence *e = evidence_create(EVIDENCE_LIST);
			e->address = mem_strdup(domain);
			e->answer = line;
			break_rule(p, rules[flaw].id, rules[flaw].part, rules[flaw].text, e);
		}
	}
}

void decide_invariants(struct player *p, int actor, const struct player_stanza *ps)
{
	struct seat *seat = &p->seats[actor];
	const char *id = stanza_attr(ps->stanza, "id");
	enum actor_class class = p->config.scenario->cast[actor].class;
	struct invariant_facts facts = {.client = actor_class_is_client(class),
			.component = class == ACTOR_COMPONENT,
			.opened_by_target = ps->opened_by_target,
			.bidi = ps->bidi,
			.validated = ps->validated,
			.content_ns = ps->content_ns,
			.targets = p->targets,
			.licensed = licensed(p, seat->address),
			.answers_error = id && vars_get(&seat->errors_sent, id),
			.answered_before = id && answers_due(seat, id) == 0};
	struct violation found[VIOLATIONS_MAX];
	size_t n = invariants_check(ps->stanza, &facts, found);
	for (size_t i = 0; i < n; i++) {
		struct entry e = {.stanza = ps->stanza, .journal = ps->journal};
		break_rule(p, found[i].id, NULL, found[i].text, shown_by(EVIDENCE_RULE, actor_name(p, actor), &e));
	}
	if (id && stanza_is_answer(ps->stanza)) {
		int due = answers_due(seat, id);
		set_answers_due(seat, id, due > 0 ? due - 1 : 0);
	}
}

static int decided(const struct player *p, const struct check *c)
{
	for (size_t i = 0; i < p->result.count; i++) {
		if (p->result.findings[i].check == c) {
			return 1;
		}
	}
	return 0;
}

static void leave_open(void *ud, const struct step *step, const struct check *c)
{
	struct player *p = ud;
	if (!c->relies && !decided(p, c)) {
		add(p, step, c, VERDICT_UNDECIDED, NULL);
	}
}

void decide_open_checks(struct player *p)
{
	scenario_each_check(p->config.scenario, leave_open, p);
}
