#include "script/scenario.h"

#include <stdlib.h>
#include <string.h>

const char *actor_class_text(enum actor_class class)
{
	switch (class) {
#define X(name, text, account)                                                                                         \
	case name:                                                                                                         \
		return text;
		ACTOR_CLASS_MAP(X)
#undef X
	}
	return "";
}

const char *actor_class_account(enum actor_class class)
{
	switch (class) {
#define X(name, text, account)                                                                                         \
	case name:                                                                                                         \
		return account;
		ACTOR_CLASS_MAP(X)
#undef X
	}
	return NULL;
}

int actor_class_is_client(enum actor_class class)
{
	return class != ACTOR_PEER && class != ACTOR_REMOTE_USER && class != ACTOR_COMPONENT;
}

int actor_class_connects(enum actor_class class)
{
	return actor_class_is_client(class) || class == ACTOR_COMPONENT;
}

const char *actor_class_ns(enum actor_class class)
{
	return class == ACTOR_COMPONENT ? NS_COMPONENT : actor_class_is_client(class) ? NS_CLIENT : NS_SERVER;
}

int actor_class_is_admin(enum actor_class class)
{
	return class == ACTOR_ADMIN || class == ACTOR_SECOND_ADMIN || class == ACTOR_HOST_ADMIN;
}

int actor_has_own_session(const struct actor *a)
{
	return actor_class_is_client(a->class) && (a->class == ACTOR_CLIENT || a->resource || a->login);
}

/* Hooks that touch the whole target: what they do to it, and what puts it back. */
static const struct {
	const char *hook, *undo;
	int stops;
} wide_hooks[] = {
		{"restart", NULL, 1},
		{"kill", NULL, 1},
		{"store_corrupt", "store_repair", 1},
		{"store_repair", NULL, 1},
		{"store_read_only", "store_writable", 0},
		{"store_writable", NULL, 0},
		{"auto_on", "auto_off", 0},
		{"auto_off", NULL, 0},
		{"function_off", "function_on", 0},
		{"function_on", NULL, 0},
		{"admin_revoke", "admin_grant", 0},
		{"admin_grant", NULL, 0},
};
#define WIDE_HOOKS (sizeof wide_hooks / sizeof *wide_hooks)

static size_t find_wide(const char *hook)
{
	size_t i = 0;
	while (i < WIDE_HOOKS && strcmp(wide_hooks[i].hook, hook) != 0) {
		i++;
	}
	return i;
}

int hook_stops_target(const char *hook)
{
	size_t i = find_wide(hook);
	return i < WIDE_HOOKS && wide_hooks[i].stops;
}

int hook_touches_others(const char *hook)
{
	return find_wide(hook) < WIDE_HOOKS;
}

const char *hook_undone_by(const char *hook)
{
	size_t i = find_wide(hook);
	return i < WIDE_HOOKS ? wide_hooks[i].undo : NULL;
}

static const char *const subscriptions[] = {
#define X(name, text) text,
		SUBSCRIPTION_MAP(X)
#undef X
};

const char *subscription_text(enum subscription s)
{
	return subscriptions[s];
}

int subscription_parse(const char *text, size_t len, enum subscription *out)
{
	for (size_t i = 0; i < sizeof subscriptions / sizeof *subscriptions; i++) {
		if (strlen(subscriptions[i]) == len && !memcmp(subscriptions[i], text, len)) {
			*out = (enum subscription)i;
			return 0;
		}
	}
	return -1;
}

static void steps_finish(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		struct step *s = &steps->items[i];
		for (size_t c = 0; c < s->checks_count; c++) {
			free(s->checks[c].id);
			free(s->checks[c].part);
			free(s->checks[c].text);
			free(s->checks[c].expr);
			xpath_destroy(s->checks[c].xpath);
		}
		for (size_t b = 0; b < s->branches_count; b++) {
			steps_finish(&s->branches[b]);
		}
		template_destroy(s->template);
		free(s->checks);
		for (size_t b = 0; b < s->bindings_count; b++) {
			free(s->bindings[b].name);
			xpath_destroy(s->bindings[b].xpath);
		}
		free(s->bindings);
		free(s->branches);
		free(s->text);
		free(s->raw);
		free(s->left);
		free(s->pattern);
		free(s->right);
		free(s->states);
	}
	free(steps->items);
	*steps = (struct steps){0};
}

void scenario_destroy(struct scenario *s)
{
	if (!s) {
		return;
	}
	for (size_t i = 0; i < s->cast_count; i++) {
		struct actor *a = &s->cast[i];
		char *fields[] = {a->name, a->jid, a->password, a->connect_host, a->connect_port, a->resource, a->localpart,
				a->subdomain, a->identity, a->dialback, a->reachable, a->tls, a->certificate, a->authentication,
				a->bidi, a->login, a->version, a->dns, a->connects, a->writes};
		for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
			free(fields[f]);
		}
	}
	for (size_t i = 0; i < s->needs_count; i++) {
		free(s->needs[i]);
	}
	steps_finish(&s->play);
	free(s->cast);
	free(s->needs);
	free(s->id);
	free(s->file);
	free(s->table);
	free(s->title);
	free(s->description);
	free(s->expanded);
	free(s);
}

void steps_each(const struct steps *steps, void (*each)(void *ud, const struct step *step), void *ud)
{
	for (size_t i = 0; i < steps->count; i++) {
		each(ud, &steps->items[i]);
		for (size_t b = 0; b < steps->items[i].branches_count; b++) {
			steps_each(&steps->items[i].branches[b], each, ud);
		}
	}
}

struct check_visit {
	void (*each)(void *ud, const struct step *step, const struct check *check);
	void *ud;
};

static void visit_checks(void *ud, const struct step *step)
{
	const struct check_visit *v = ud;
	for (size_t i = 0; i < step->checks_count; i++) {
		v->each(v->ud, step, &step->checks[i]);
	}
}

void scenario_each_check(
		const struct scenario *s, void (*each)(void *ud, const struct step *step, const struct check *check), void *ud)
{
	struct check_visit v = {each, ud};
	steps_each(&s->play, visit_checks, &v);
}

static void count_check(void *ud, const struct step *step, const struct check *check)
{
	(void)step;
	(void)check;
	++*(size_t *)ud;
}

int scenario_is_plain(const struct scenario *s)
{
	size_t checks = 0;
	scenario_each_check(s, count_check, &checks);
	for (size_t i = 0; i < s->cast_count; i++) {
		if (s->cast[i].class != ACTOR_CLIENT) {
			return 0;
		}
	}
	return !checks && s->cast_count;
}
