/* The player's life: creation, start, end, and what is known of it meanwhile. */
#include "judge/player.h"

#include "base/mem.h"
#include "judge/player_state.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

void name_set(struct player *p, const char *name, const char *form, const char *value)
{
	char *key = mem_printf("%s%s", name, form);
	vars_set(&p->vars, key, value);
	free(key);
}

/* As a SASL response carries it (RFC 6120 section 6.4.2). */
static char *in_base64(const char *text)
{
	size_t len = strlen(text);
	char *encoded = mem_alloc(4 * (len / 3 + 1) + 1);
	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)len);
	return encoded;
}

/* "${Bard's localpart}", "${Marlowe in capitals}", "${Marlowe's parent domain}", "${Marlowe in base64}" */
static void set_other_forms(struct player *p, const char *name, const char *address)
{
	char *local = mem_strndup(address, strcspn(address, "@"));
	char *capitals = mem_strdup(address);
	for (char *c = capitals; *c; c++) {
		*c = (char)toupper((unsigned char)*c);
	}
	name_set(p, name, "'s localpart", strchr(address, '@') ? local : "");
	name_set(p, name, " in capitals", capitals);
	const char *dot = strchr(address, '.');
	name_set(p, name, "'s parent domain", dot ? dot + 1 : "");
	char *encoded = in_base64(address);
	name_set(p, name, " in base64", encoded);
	free(encoded);
	free(capitals);
	free(local);
}

static void set_names(struct player *p, const struct player_config *c)
{
	vars_set(&p->vars, "target", c->target);
	vars_set(&p->vars, "target2", c->target2 ? c->target2 : "");
	vars_set(&p->vars, "off", c->off ? c->off : "");
	vars_set(&p->vars, "approval command", c->approval_command ? c->approval_command : "");
	vars_set(&p->vars, "token", c->token);
	for (size_t i = 0; i < c->scenario->cast_count; i++) {
		const char *name = c->scenario->cast[i].name;
		p->seats[i].address = mem_strdup(c->addresses[i]);
		p->seats[i].sees_dialback = c->scenario->cast[i].dialback != NULL;
		name_set(p, name, "", c->addresses[i]);
		name_set(p, name, "'s JID", c->addresses[i]);
		name_set(p, name, "'s full JID", c->addresses[i]);
		set_other_forms(p, name, c->addresses[i]);
	}
}

struct player *player_create(const struct player_config *config)
{
	struct player *p = mem_alloc(sizeof *p);
	p->config = *config;
	p->config.token = mem_strdup(config->token);
	p->config.target = mem_strdup(config->target);
	p->config.target2 = mem_strdup(config->target2);
	p->config.off = mem_strdup(config->off);
	p->config.approval_command = mem_strdup(config->approval_command);
	p->config.rerun = mem_strdup(config->rerun);
	p->config.addresses = NULL;
	p->seats = mem_alloc(config->scenario->cast_count * sizeof *p->seats);
	set_names(p, config);
	const char *play = config->scenario->expanded;
	size_t n = 0;
	p->targets[n++] = p->config.target;
	if (config->target2 && strstr(play, "${target2}")) {
		p->targets[n++] = p->config.target2;
	}
	if (config->off && strstr(play, "${off}")) {
		p->targets[n++] = p->config.off;
	}
	p->deadline = PLAYER_NEVER;
	return p;
}

void player_destroy(struct player *p)
{
	if (!p) {
		return;
	}
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		struct seat *seat = &p->seats[i];
		for (size_t e = 0; e < seat->inbox_count; e++) {
			stanza_unref(seat->inbox[e].stanza);
		}
		free(seat->inbox);
		free(seat->address);
		free(seat->last_iq);
		free(seat->trouble);
		further_forget(seat);
		vars_finish(&seat->errors_sent);
		vars_finish(&seat->answers_due);
	}
	for (size_t i = p->actions_taken; i < p->actions_count; i++) {
		action_finish(&p->actions[i]);
	}
	free(p->actions);
	free(p->seats);
	free(p->frames);
	free(p->together);
	free(p->arms);
	free(p->late);
	free(p->silences);
	left_finish(p);
	vars_finish(&p->vars);
	vars_finish(&p->licensed);
	result_finish(&p->result);
	free((char *)p->config.token);
	free((char *)p->config.target);
	free((char *)p->config.target2);
	free((char *)p->config.off);
	free((char *)p->config.approval_command);
	free((char *)p->config.rerun);
	free(p);
}

void player_start(struct player *p, uint64_t now)
{
	p->result.started = now;
	needs_check(p);
	if (p->result.trouble) {
		p->over = 1;
		p->result.ended = now;
		return;
	}
	p->frames = mem_resize(p->frames, 1, sizeof *p->frames);
	p->frames[p->frames_count++] = (struct frame){.steps = &p->config.scenario->play};
	steps_advance(p, now);
}

void player_on_deadline(struct player *p, uint64_t now)
{
	if (!p->over && now >= p->deadline) {
		steps_timeout(p, now);
	}
}

uint64_t player_deadline(const struct player *p)
{
	return p->over ? PLAYER_NEVER : p->deadline;
}

int player_deadline_counts(const struct player *p)
{
	int settles = p->wait == WAIT_STEP && p->open && p->open->kind == STEP_EITHER && p->deadline == p->settled;
	int repeats = (p->wait == WAIT_FENCE || p->wait == WAIT_END_FENCE) && !p->fences_again;
	return !p->over && p->wait != WAIT_GONE && !wait_passes(p->wait) && !settles && !repeats;
}

int player_is_over(const struct player *p)
{
	return p->over;
}

int player_forbids(const struct player *p)
{
	return p->arms_count > 0;
}

struct player_wait player_waits_for(const struct player *p)
{
	static const char *const texts[] = {[WAIT_STEP] = "a stanza",
			[WAIT_GONE] = "the end of a peer's streams",
			[WAIT_NOTICED] = "the target to notice the end of a peer's streams",
			[WAIT_FENCE] = "the answer to a fence",
			[WAIT_QUIET] = "a quiet window",
			[WAIT_HOOK] = "a hook",
			[WAIT_END_FENCE] = "the answer to the last fence",
			[WAIT_END_QUIET] = "the last quiet window"};
	int at_end = p->wait == WAIT_END_FENCE || p->wait == WAIT_END_QUIET;
	if (p->over || (!p->open && !at_end)) {
		return (struct player_wait){0};
	}
	int connects = !at_end && p->wait == WAIT_STEP && p->open->kind == STEP_CONNECT;
	return (struct player_wait){.what = connects ? "a connection" : texts[p->wait],
			.step = at_end ? NULL : p->open,
			.quiet = wait_passes(p->wait)};
}

uint64_t player_overtaken(const struct player *p)
{
	return p->overtaken;
}

void player_set_quiet(struct player *p, uint64_t quiet)
{
	p->config.quiet = quiet;
}

int player_timed_out(const struct player *p)
{
	return p->timed_out;
}

static int steps_name(const struct steps *steps, size_t from, int actor)
{
	for (size_t i = from; i < steps->count; i++) {
		if (steps->items[i].actor == actor) {
			return 1;
		}
		for (size_t b = 0; b < steps->items[i].branches_count; b++) {
			if (steps_name(&steps->items[i].branches[b], 0, actor)) {
				return 1;
			}
		}
	}
	return 0;
}

int player_needs(const struct player *p, int actor)
{
	for (size_t i = 0; i < p->arms_count; i++) {
		if (p->arms[i].step->actor == actor) {
			return 1;
		}
	}
	if (p->over) {
		return 0;
	}
	if (p->seats[actor].submissions_count) {
		return 1; /* there may be a further stage */
	}
	for (size_t f = 0; f < p->frames_count; f++) {
		size_t from = p->frames[f].next - (p->open && p->frames[f].next > 0);
		if (steps_name(p->frames[f].steps, from, actor)) {
			return 1;
		}
	}
	return 0;
}

int player_next_action(struct player *p, struct action *action)
{
	if (p->actions_taken == p->actions_count) {
		p->actions_taken = p->actions_count = 0;
		return 0;
	}
	*action = p->actions[p->actions_taken++];
	return 1;
}

void action_finish(struct action *action)
{
	free(action->octets);
	free(action->to_domain);
	free(action->peer);
	*action = (struct action){0};
}

static int decided_anything(const struct result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->findings[i].verdict != VERDICT_UNDECIDED) {
			return 1;
		}
	}
	return 0;
}

void player_end(struct player *p, const char *why, enum verdict verdict, uint64_t now)
{
	if (p->ended) {
		return;
	}
	if (!p->over) {
		p->result.ended = now;
		result_trouble(&p->result, why ? verdict : VERDICT_INCONCLUSIVE, "%s",
				why ? why : "the run ended before the play did");
		note_trouble_at(p);
	}
	p->over = p->ended = 1;
	if (p->result.trouble_verdict != VERDICT_SKIP || !p->result.trouble) {
		decide_open_checks(p);
		if (!decided_anything(&p->result) && p->missing_hook) {
			result_trouble(&p->result, VERDICT_SKIP, "the profile has no hook '%s'", p->missing_hook);
		} else if (!decided_anything(&p->result) && !scenario_is_plain(p->config.scenario)) {
			result_trouble(&p->result, VERDICT_UNREACHABLE, "the play went a way that decides nothing");
		}
	}
	result_settle(&p->result);
}

const struct result *player_result(const struct player *p)
{
	if (!p->ended) {
		result_settle((struct result *)&p->result);
	}
	return &p->result;
}
