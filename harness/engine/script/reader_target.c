#include "base/mem.h"
#include "script/reader_steps.h"
#include "script/template_parts.h"

#include <stdlib.h>
#include <string.h>

/* What the target can be made to do: text before and after a name (after NULL: no name), hook, step kind. */
static const struct verb {
	const char *before, *after;
	const char *hook;
	enum step_kind kind;
	int negate;
	enum hook_stage stage;
	int names_client; /* not a peer or remote user */
} verbs[] = {
		{"restarts", NULL, "restart", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"is killed", NULL, "kill", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"restarts on a damaged store", NULL, "store_corrupt", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"restarts on its good store", NULL, "store_repair", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"cannot write its store", NULL, "store_read_only", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"can write its store again", NULL, "store_writable", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"accepts requests automatically", NULL, "auto_on", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"accepts requests manually", NULL, "auto_off", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"turns the function off", NULL, "function_off", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"turns the function on", NULL, "function_on", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"takes the admin rights of ", "", "admin_revoke", STEP_HOOK, 0, HOOK_WHOLE, 1},
		{"gives back the admin rights of ", "", "admin_grant", STEP_HOOK, 0, HOOK_WHOLE, 1},
		{"approves ", "", "approve", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"begins to approve ", "", "approve", STEP_HOOK, 0, HOOK_BEGINS, 0},
		{"finishes approving ", "", "approve", STEP_HOOK, 0, HOOK_FINISHES, 0},
		{"pre-approves ", "", "preapprove", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"denies ", "", "deny", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"begins to deny ", "", "deny", STEP_HOOK, 0, HOOK_BEGINS, 0},
		{"finishes denying ", "", "deny", STEP_HOOK, 0, HOOK_FINISHES, 0},
		{"revokes ", "", "revoke", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"removes ", "", "remove", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"unsubscribes from ", "", "unsubscribe", STEP_HOOK, 0, HOOK_WHOLE, 0},
		{"lists nobody like ", " as pending", "pending", STEP_PENDING, 1, HOOK_WHOLE, 0},
		{"shows nobody like ", "", "roster", STEP_ROSTER, 1, HOOK_WHOLE, 0},
		{"lists ", " as pending", "pending", STEP_PENDING, 0, HOOK_WHOLE, 0},
		{"does not list ", " as pending", "pending", STEP_PENDING, 1, HOOK_WHOLE, 0},
		{"shows ", " as ", "roster", STEP_ROSTER, 0, HOOK_WHOLE, 0},
		{"opens a stream to ", "", NULL, STEP_RECEIVE, 0, HOOK_WHOLE, 0},
};

static int find_actor(const struct step_reader *r, const char *name, size_t len, int client)
{
	for (size_t i = 0; i < r->scenario->cast_count; i++) {
		struct actor *a = &r->scenario->cast[i];
		if (strlen(a->name) == len && !memcmp(a->name, name, len) && actor_class_is_client(a->class) == client) {
			a->used = 1;
			return (int)i;
		}
	}
	return -1;
}

/* "from, asked" */
static int read_state(const char *text, size_t len, struct roster_state *state)
{
	size_t word = 0;
	while (word < len && text[word] != ',') {
		word++;
	}
	if (subscription_parse(text, word, &state->subscription)) {
		return -1;
	}
	while (word < len) {
		word += strspn(text + word, ", ");
		size_t end = word;
		while (end < len && text[end] != ',' && text[end] != ' ') {
			end++;
		}
		if (end - word == 5 && !memcmp(text + word, "asked", 5)) {
			state->asked = 1;
		} else if (end - word == 7 && !memcmp(text + word, "pending", 7)) {
			state->pending = 1;
		} else if (end > word) {
			return -1;
		}
		word = end;
	}
	return 0;
}

static int read_states(const char *text, struct step *step)
{
	while (*text) {
		const char *next = strstr(text, " or ");
		size_t len = next ? (size_t)(next - text) : strlen(text);
		struct roster_state state = {0};
		if (read_state(text, len, &state)) {
			return -1;
		}
		step->states = mem_resize(step->states, step->states_count + 1, sizeof *step->states);
		step->states[step->states_count++] = state;
		text = next ? next + 4 : text + len;
	}
	return step->states_count ? 0 : -1;
}

static int read_named(
		struct step_reader *r, const struct verb *v, const struct line *line, const char *rest, struct step *step)
{
	const char *name = rest + strlen(v->before);
	size_t colon = v->kind == STEP_RECEIVE && *name && name[strlen(name) - 1] == ':';
	const char *end = *v->after ? strstr(name, v->after) : name + strlen(name) - colon;
	if (!end || (v->kind == STEP_PENDING && end[strlen(v->after)])) {
		return -1;
	}
	step->actor = find_actor(r, name, (size_t)(end - name), v->names_client);
	if (step->actor < 0) {
		problems_add(r->problems, line->file, line->number, line->indent + 1, "'%.*s' is no %s of the cast",
				(int)(end - name), name, v->names_client ? "client" : "peer or remote user");
		step->actor = 0;
	}
	if (v->kind == STEP_RECEIVE) {
		read_stream_event(r, line, "opened", step);
	}
	if (v->kind == STEP_ROSTER && read_states(end + strlen(v->after), step)) {
		problems_add(r->problems, line->file, line->number, line->indent + 1,
				"expected none, to, from or both, with `, asked` or `, pending`, joined by ` or `");
	}
	return 0;
}

/* A pattern instead of a peer: what must be nowhere in the answer. */
static int read_pattern(
		struct step_reader *r, const struct verb *v, const struct line *line, const char *rest, struct step *step)
{
	const char *pattern = rest + strlen(v->before);
	size_t len = strlen(pattern), after = strlen(v->after);
	if (len <= after || strcmp(pattern + len - after, v->after) != 0) {
		return -1;
	}
	regex_t re;
	step->pattern = mem_strndup(pattern, len - after);
	if (match_regex(&re, step->pattern, len - after, NULL)) {
		problems_add(r->problems, line->file, line->number, line->indent + 1, "'%s' is no regular expression",
				step->pattern);
		return 0;
	}
	regfree(&re);
	return 0;
}

int read_target_step(struct step_reader *r, const struct line *line, const char *rest, struct step *step)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		const struct verb *v = &verbs[i];
		int fits = v->after ? !strncmp(rest, v->before, strlen(v->before)) : !strcmp(rest, v->before);
		if (!fits) {
			continue;
		}
		step->kind = v->kind;
		step->hook = v->hook;
		step->negate = v->negate;
		step->stage = v->stage;
		step->actor = -1;
		if (v->after && strstr(v->before, "nobody like")) {
			return read_pattern(r, v, line, rest, step);
		}
		return v->after ? read_named(r, v, line, rest, step) : 0;
	}
	return -1;
}
