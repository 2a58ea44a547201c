/* scenario_check(): what the grammar cannot say. */
#include "base/mem.h"
#include "script/reader.h"

#include <stdlib.h>
#include <string.h>

/* What may follow an actor's name in ${...}. */
static const char *const name_forms[] = {
		"", "'s JID", "'s full JID", "'s localpart", " in capitals", "'s parent domain", " in base64"};
#define NAME_FORMS (sizeof name_forms / sizeof *name_forms)

static int is_name_form(const char *text)
{
	for (size_t i = 0; i < NAME_FORMS; i++) {
		if (!strcmp(text, name_forms[i])) {
			return 1;
		}
	}
	return 0;
}

#define QUICK_MS 1000 /* silence that lasts longer is for `## slow` */

struct checker {
	struct scenario *scenario;
	const struct requirements *requirements;
	struct problems *problems;
	struct vars known; /* names that have a value here, beside those of actors; the value is not used */
	struct vars bound; /* by the template at hand */
	struct vars captured;
	char *connected; /* per actor */
	const struct step *step;
	int decides;
};

static void problem_at(struct checker *c, const struct step *step, const char *format, const char *what)
{
	char *message = mem_printf(format, what);
	if (step->used_at) {
		problems_add(c->problems, step->file, step->line, 1, "%s (used at %s:%d)", message, c->scenario->file,
				step->used_at);
	} else {
		problems_add(c->problems, step->file, step->line, 1, "%s", message);
	}
	free(message);
}

/* The next actor from *i on whom the name is about, or NULL. */
static struct actor *named_actor(const struct checker *c, const char *name, size_t *i)
{
	while (*i < c->scenario->cast_count) {
		struct actor *a = &c->scenario->cast[(*i)++];
		size_t len = strlen(a->name);
		if (!strncmp(a->name, name, len) && is_name_form(name + len)) {
			return a;
		}
	}
	return NULL;
}

static int is_known(const struct checker *c, const char *name)
{
	size_t i = 0;
	return vars_get(&c->known, name) || named_actor(c, name, &i);
}

static void check_use(void *ud, const char *name, size_t len)
{
	struct checker *c = ud;
	char *copy = mem_strndup(name, len);
	if (!is_known(c, copy) && !vars_made(name, len, NULL)) {
		problem_at(c, c->step,
				"unknown name ${%s}; expected an actor, target, target2, off, token, approval command or a bound name",
				copy);
	}
	size_t i = 0;
	for (struct actor *a; (a = named_actor(c, copy, &i)) != NULL;) {
		a->used = 1;
	}
	free(copy);
}

static void check_bind(void *ud, const char *name, size_t len)
{
	struct checker *c = ud;
	char *copy = mem_strndup(name, len);
	if (is_known(c, copy) || vars_get(&c->bound, copy)) {
		problem_at(c, c->step, "'%s' is bound already; compare with ${...} instead", copy);
	}
	vars_set(&c->bound, copy, "");
	free(copy);
}

/* A capture takes the value of the last stanza, as in scansion: nothing can be compared with it by mistake. */
static void check_capture(void *ud, const char *name, size_t len)
{
	struct checker *c = ud;
	char *copy = mem_strndup(name, len);
	if (is_known(c, copy) && !vars_get(&c->captured, copy)) {
		problem_at(c, c->step, "'%s' has a meaning already; a capture needs a name of its own", copy);
	}
	vars_set(&c->bound, copy, "");
	vars_set(&c->captured, copy, "");
	free(copy);
}

/* What a template binds has its value after the stanza was taken, not within the template. */
static void know_bound(struct checker *c)
{
	for (size_t i = 0; i < c->bound.count; i++) {
		vars_set(&c->known, c->bound.items[i].name, "");
	}
	vars_finish(&c->bound);
}

static void check_check(struct checker *c, const struct check *k)
{
	const struct requirement *r = requirements_find(c->requirements, k->id);
	if (!r) {
		problems_add(c->problems, k->file, k->line, 1, "unknown requirement '%s'; expected an id of requirements.tsv",
				k->id);
	} else if (k->part && !requirement_part(r, k->part)) {
		problems_add(c->problems, k->file, k->line, 1, "requirement %s has no part '%s'", k->id, k->part);
	}
	if (!k->relies) {
		c->decides = 1;
	}
	int stanza = c->step->kind == STEP_RECEIVE || c->step->kind == STEP_NOTHING || c->step->kind == STEP_NEVER;
	if ((k->xpath && !stanza) || (k->in_order && c->step->kind != STEP_RECEIVE)) {
		problems_add(c->problems, k->file, k->line, 1, "a condition needs a stanza: only `receives` steps have one");
	}
	const char *const *names;
	size_t count = k->xpath ? xpath_names(k->xpath, &names) : 0;
	for (size_t i = 0; i < count; i++) {
		check_use(c, names[i], strlen(names[i]));
	}
}

/* Sessions are lent, and with them goes what the target began their streams with. */
static void check_opening(struct checker *c, const struct step *step)
{
	const struct actor *a = &c->scenario->cast[step->actor];
	int own = !actor_class_is_client(a->class) || actor_has_own_session(a);
	if (!strcmp(node_ns(step->template->root), NS_STREAM) && !own) {
		problem_at(c, step, "%s may get a session that began long ago; expected the property `resource:`", a->name);
	}
}

/* Who is not logged in gets no answers, so its silence proves nothing. */
static void check_silence(struct checker *c, const struct step *step)
{
	const struct actor *a = &c->scenario->cast[step->actor];
	if (a->login) {
		problem_at(c, step, "nothing proves that %s has got all there is: it is not logged in", a->name);
	}
}

static void check_bindings(struct checker *c, const struct step *step)
{
	if (step->bindings_count && step->kind != STEP_RECEIVE) {
		problem_at(c, step, "'%s' takes no stanza: only below `receives` can a name be bound", step->text);
	}
	for (size_t i = 0; i < step->bindings_count; i++) {
		const char *const *names;
		size_t count = step->bindings[i].xpath ? xpath_names(step->bindings[i].xpath, &names) : 0;
		for (size_t n = 0; n < count; n++) {
			check_use(c, names[n], strlen(names[n]));
		}
		check_bind(c, step->bindings[i].name, strlen(step->bindings[i].name));
		know_bound(c);
	}
}

/* "X's stream is closed" */
static int ends_stream(const struct step *step)
{
	return step->kind == STEP_RECEIVE && step->template && node_is(step->template->root, "closed", NS_STREAM_EVENT);
}

static void check_connection(struct checker *c, const struct step *step)
{
	const struct actor *a = step->actor >= 0 ? &c->scenario->cast[step->actor] : NULL;
	if (step->kind == STEP_HOOK && hook_touches_others(step->hook) && !c->scenario->exclusive) {
		problem_at(c, step, "'%s' touches all scenarios: expected the tag `## exclusive`", step->text);
	}
	if (step->kind == STEP_HOOK && hook_stops_target(step->hook)) {
		memset(c->connected, 0, c->scenario->cast_count);
	}
	if (!a || !actor_class_connects(a->class) || step->kind > STEP_OPEN) {
		return;
	}
	if (step->kind == STEP_CONNECT || step->kind == STEP_OPEN) {
		if (a->class == ACTOR_COMPONENT && c->connected[step->actor]) {
			problem_at(c, step, "%s has a stream already; expected a `disconnects` step before", a->name);
		}
		c->connected[step->actor] = 1;
	} else if (!c->connected[step->actor]) {
		problem_at(c, step, "%s is not connected here; expected a `connects` step before", a->name);
	} else if (step->kind == STEP_DISCONNECT || ends_stream(step)) {
		c->connected[step->actor] = 0;
	}
}

static void check_steps(struct checker *c, const struct steps *steps);

/* Behind the branches, what any of them makes known is known. */
static void check_branches(struct checker *c, const struct step *step)
{
	struct vars gained = {0};
	size_t before = c->known.count;
	size_t cast = c->scenario->cast_count;
	char *connected_before = mem_strndup(c->connected, cast);
	char *connected_after = mem_alloc(cast);
	for (size_t b = 0; b < step->branches_count; b++) {
		check_steps(c, &step->branches[b]);
		for (size_t i = 0; i < cast; i++) {
			connected_after[i] = (char)(connected_after[i] | c->connected[i]);
		}
		memcpy(c->connected, connected_before, cast);
		for (size_t i = before; i < c->known.count; i++) {
			vars_set(&gained, c->known.items[i].name, "");
		}
		vars_cut(&c->known, before);
	}
	for (size_t i = 0; i < gained.count; i++) {
		vars_set(&c->known, gained.items[i].name, "");
	}
	vars_finish(&gained);
	memcpy(c->connected, connected_after, cast);
	free(connected_before);
	free(connected_after);
}

static void check_step(struct checker *c, const struct step *step)
{
	c->step = step;
	check_connection(c, step);
	if (step->template) {
		check_opening(c, step);
		struct template_names names = {check_use, check_bind, check_capture, c};
		template_each_name(step->template, &names);
		know_bound(c);
	}
	check_bindings(c, step);
	if (step->kind == STEP_SEND_RAW) {
		vars_names_in(step->raw, check_use, c);
	}
	if (step->pattern) {
		vars_names_in(step->pattern, check_use, c);
	}
	if (step->kind == STEP_COMPARE) {
		vars_names_in(step->left, check_use, c);
		vars_names_in(step->right, check_use, c);
		if (!step->checks_count) {
			problem_at(c, step, "a comparison without a check decides nothing: '%s'", step->text);
		}
	}
	if (step->kind == STEP_NOTHING || step->kind == STEP_NEVER) {
		check_silence(c, step);
	}
	if (step->kind == STEP_NOTHING && step->within_ms > QUICK_MS && !c->scenario->slow) {
		problem_at(c, step, "'%s' takes its time: expected the tag `## slow`", step->text);
	}
	if (step->kind == STEP_NEVER && !step->checks_count) {
		problem_at(c, step, "a prohibition without a check decides nothing: '%s'", step->text);
	}
	for (size_t i = 0; i < step->checks_count; i++) {
		check_check(c, &step->checks[i]);
	}
	if (step->kind == STEP_EITHER && step->branches_count < 2) {
		problem_at(c, step, "`%s` stands alone; expected `or:` after it", step->text);
	}
	if (step->branches_count) {
		check_branches(c, step);
	}
}

static void check_steps(struct checker *c, const struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		check_step(c, &steps->items[i]);
		if (steps->items[i].kind == STEP_UNREACHABLE && i + 1 < steps->count) {
			problem_at(c, &steps->items[i + 1], "'%s' can never be reached: the play is over before it",
					steps->items[i + 1].text);
			break;
		}
	}
}

static void know(struct checker *c)
{
	static const char *const fixed[] = {"target", "target2", "off", "token", "approval command"};
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		vars_set(&c->known, fixed[i], "");
	}
}

/* "subdomain: conference of Marlowe" */
static void check_subdomain(struct checker *c, size_t i)
{
	const struct actor *a = &c->scenario->cast[i];
	const char *of = a->subdomain ? strstr(a->subdomain, " of ") : NULL;
	for (size_t n = 0; of && n < i; n++) {
		struct actor *above = &c->scenario->cast[n];
		if (above->class == ACTOR_PEER && !strcmp(above->name, of + 4)) {
			above->used = 1;
			return;
		}
	}
	if (of) {
		problems_add(c->problems, c->scenario->file, a->line, 1,
				"'%s' is no peer that stands above; expected `subdomain: label of Peer`", of + 4);
	}
}

static void check_components(struct checker *c)
{
	const struct scenario *s = c->scenario;
	int count = 0;
	for (size_t i = 0; i < s->cast_count; i++) {
		count += s->cast[i].class == ACTOR_COMPONENT;
		if (s->cast[i].class == ACTOR_COMPONENT && count == COMPONENTS_MAX + 1) {
			problems_add(c->problems, s->file, s->cast[i].line, 1, "a cast has at most %d components", COMPONENTS_MAX);
		}
	}
}

void scenario_check(struct scenario *s, const struct requirements *rs, struct problems *ps)
{
	struct checker c = {.scenario = s, .requirements = rs, .problems = ps, .connected = mem_alloc(s->cast_count)};
	know(&c);
	for (size_t i = 0; i < s->cast_count; i++) {
		check_subdomain(&c, i);
	}
	check_components(&c);
	check_steps(&c, &s->play);
	if (!s->play.count) {
		problems_add(ps, s->file, 1, 1, "the play has no steps");
	} else if (!c.decides && !scenario_is_plain(s)) {
		problems_add(ps, s->file, 1, 1, "decides no requirement: expected at least one check");
	}
	for (size_t i = 0; i < s->cast_count; i++) {
		const char *identity = s->cast[i].identity;
		int has_identity = s->cast[i].class == ACTOR_PEER || s->cast[i].class == ACTOR_COMPONENT;
		if (identity && (!has_identity || !strchr(identity, '/'))) {
			problems_add(
					ps, s->file, s->cast[i].line, 1, "expected `identity: CATEGORY/TYPE` below a peer or component");
		}
		if (!s->cast[i].used && !scenario_is_plain(s)) {
			problems_add(ps, s->file, s->cast[i].line, 1, "actor '%s' is never used", s->cast[i].name);
		}
	}
	vars_finish(&c.known);
	vars_finish(&c.captured);
	free(c.connected);
}
