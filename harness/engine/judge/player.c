/* The player's life: creation, events, end. */
#include "judge/player.h"

#include "base/mem.h"
#include "judge/player_state.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define FENCES_AGAIN 3 /* a target that ends every stream answers no question */

static void set_name(struct player *p, const char *name, const char *form, const char *value)
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
	set_name(p, name, "'s localpart", strchr(address, '@') ? local : "");
	set_name(p, name, " in capitals", capitals);
	const char *dot = strchr(address, '.');
	set_name(p, name, "'s parent domain", dot ? dot + 1 : "");
	char *encoded = in_base64(address);
	set_name(p, name, " in base64", encoded);
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
		set_name(p, name, "", c->addresses[i]);
		set_name(p, name, "'s JID", c->addresses[i]);
		set_name(p, name, "'s full JID", c->addresses[i]);
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

static int has(const struct player *p, const char *kind, const char *name)
{
	char *what = mem_printf("%s%s", kind, name);
	int found = p->config.has(p->config.ud, what);
	free(what);
	return found;
}

int has_hook(struct player *p, const struct step *step)
{
	if (has(p, "hook:", step->hook)) {
		return 1;
	}
	if (step->kind == STEP_HOOK) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile has no hook '%s'", step->hook);
	}
	return 0;
}

/* What the play is sure to call. Hooks in a branch are missed when the branch is played, questions leave only their own
 * checks undecided: a target without a roster dump is still judged by what it sends. */
static void check_hooks(struct player *p)
{
	const struct steps *play = &p->config.scenario->play;
	for (size_t i = 0; i < play->count; i++) {
		if (play->items[i].kind == STEP_HOOK) {
			has_hook(p, &play->items[i]);
		}
	}
}

/* A target that does not ask our DNS for addresses is led to them by SRV records only. */
static void check_dns(struct player *p)
{
	static const char *const by_address[] = {"no SRV", "wildcard", "IPv6"};
	const struct scenario *s = p->config.scenario;
	for (size_t i = 0; i < s->cast_count; i++) {
		const char *dns = s->cast[i].dns ? s->cast[i].dns : "";
		for (size_t n = 0; n < sizeof by_address / sizeof *by_address; n++) {
			if (!strcmp(dns, by_address[n]) && !has(p, "", "dns_addresses")) {
				result_trouble(&p->result, VERDICT_SKIP, "the profile's target does not ask buddycheck for addresses");
			}
		}
		if (!strcmp(dns, "direct TLS") && !has(p, "", "s2s_tls")) {
			result_trouble(&p->result, VERDICT_SKIP, "needs TLS between servers, which the profile does not have");
		}
		if (!strcmp(dns, "IPv6") && !has(p, "", "ipv6")) {
			result_trouble(&p->result, VERDICT_SKIP, "this machine has no address ::1");
		}
	}
}

static int has_components(const struct player *p, size_t count)
{
	char number[24];
	snprintf(number, sizeof number, "%zu", count);
	return has(p, "components:", number);
}

static void check_needs(struct player *p)
{
	const struct scenario *s = p->config.scenario;
	for (size_t i = 0; i < s->needs_count; i++) {
		const char *n = s->needs[i];
		if (!has(p, "", n) && !has(p, "claim:", n) && !has(p, "hook:", n) && !has(p, "account:", n)) {
			result_trouble(&p->result, VERDICT_SKIP, "needs %s, which the profile does not have", n);
		}
	}
	size_t components = 0;
	for (size_t i = 0; i < s->cast_count; i++) {
		components += s->cast[i].class == ACTOR_COMPONENT;
		const char *account = actor_class_account(s->cast[i].class);
		if (account && !has(p, "account:", account)) {
			result_trouble(&p->result, VERDICT_SKIP, "the profile has no account '%s'", account);
		}
		const struct actor *a = &s->cast[i];
		if ((a->tls || a->certificate || a->authentication) && !has(p, "", "s2s_tls")) {
			result_trouble(&p->result, VERDICT_SKIP, "needs TLS between servers, which the profile does not have");
		}
	}
	if (components && !has(p, "", "component")) {
		result_trouble(&p->result, VERDICT_SKIP, "needs a component, for which the profile has no port");
	} else if (components > 1 && !has_components(p, components)) {
		result_trouble(&p->result, VERDICT_SKIP, "needs %zu components, for which the profile has too few domains",
				components);
	}
	for (size_t i = 0; i < s->cast_count; i++) {
		if (s->cast[i].connects && !has(p, "", "s2s_direct_tls_port")) {
			result_trouble(&p->result, VERDICT_SKIP, "the profile has no port for direct TLS ([s2s] direct_tls_port)");
		}
	}
	check_dns(p);
	if (strstr(s->expanded, "${target2}") && !p->config.target2) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile names no second domain");
	}
	if (strstr(s->expanded, "${off}") && !p->config.off) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile names no domain with the function off");
	}
	if (strstr(s->expanded, "${approval command}") && !p->config.approval_command) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile's hook 'approve' is no ad-hoc command");
	}
	check_hooks(p);
}

void player_start(struct player *p, uint64_t now)
{
	p->result.started = now;
	check_needs(p);
	if (p->result.trouble) {
		p->over = 1;
		p->result.ended = now;
		return;
	}
	p->frames = mem_resize(p->frames, 1, sizeof *p->frames);
	p->frames[p->frames_count++] = (struct frame){.steps = &p->config.scenario->play};
	steps_advance(p, now);
}

static void set_trouble(struct seat *seat, const char *how)
{
	free(seat->trouble);
	seat->trouble = mem_strdup(how);
}

void player_on_connected(struct player *p, int actor, const char *full_jid, uint64_t now)
{
	p->seats[actor].connected = 1;
	set_trouble(&p->seats[actor], NULL);
	if (full_jid) {
		set_name(p, p->config.scenario->cast[actor].name, "'s full JID", full_jid);
	}
	steps_advance(p, now);
}

void player_on_connect_failed(struct player *p, int actor, const char *reason, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	set_trouble(seat, reason);
	if (p->over || !p->open) {
		return;
	}
	int connects = p->open->kind == STEP_CONNECT || p->open->kind == STEP_OPEN;
	int waits = connects ? p->open->actor == actor : p->wait == WAIT_FENCE && seat->fence_open;
	if (waits) {
		result_trouble(&p->result, VERDICT_INCONCLUSIVE, "%s could not connect: %s",
				p->config.scenario->cast[actor].name, reason);
		play_fails(p, now);
	}
}

static struct entry *keep(struct player *p, int actor, const struct player_stanza *ps, int soft)
{
	struct seat *seat = &p->seats[actor];
	seat->inbox = mem_resize(seat->inbox, seat->inbox_count + 1, sizeof *seat->inbox);
	struct entry *e = &seat->inbox[seat->inbox_count++];
	*e = (struct entry){
			.stanza = stanza_ref(ps->stanza), .journal = ps->journal, .soft = soft, .number = ++p->arrivals};
	return e;
}

static int is_request(const struct stanza *s)
{
	const char *type = stanza_attr(s, "type");
	return !strcmp((const char *)s->root->name, "iq") && type && (!strcmp(type, "get") || !strcmp(type, "set"));
}

int step_fits(const struct player *p, int actor, const struct step *step, const struct stanza *s)
{
	if (step->kind != STEP_RECEIVE || step->actor != actor) {
		return 0;
	}
	struct template_defaults defaults = {.id = implied_id(p, step)};
	return template_match(step->template, s, &p->vars, &defaults, NULL, NULL);
}

/* Whether a step that is open now wants this stanza: then the background keeps still. */
static int step_wants(const struct player *p, int actor, const struct stanza *s)
{
	const struct step *step = p->open;
	if (!step || p->wait != WAIT_STEP || p->over) {
		return 0;
	}
	if (step_fits(p, actor, step, s)) {
		return 1;
	}
	for (size_t b = 0; b < step->branches_count; b++) {
		size_t count = step->kind == STEP_TOGETHER ? step->branches[b].count : 1;
		for (size_t i = 0; i < count; i++) {
			int met = step->kind == STEP_TOGETHER && p->together[i];
			if (!met && step_fits(p, actor, &step->branches[b].items[i], s)) {
				return 1;
			}
		}
	}
	return 0;
}

/* 1: the stanza is tolerated, whether or not a step takes it. */
static int background(struct player *p, int actor, const struct stanza *s)
{
	enum actor_class class = p->config.scenario->cast[actor].class;
	if (class == ACTOR_CLIENT) {
		return 0;
	}
	const struct background_rule *rule =
			background_find(&p->config.catalogue->background, actor_class_ns(class), s, &p->vars);
	if (rule ? rule->answer != NULL : is_request(s)) {
		if (!step_wants(p, actor, s)) {
			rule ? act_answer(p, actor, s, rule) : act_refuse(p, actor, s);
		}
		return 1;
	}
	return rule != NULL;
}

static void check_never(struct player *p, int actor, const struct entry *e)
{
	for (size_t i = 0; i < p->arms_count; i++) {
		const struct step *step = p->arms[i].step;
		if (!p->arms[i].until_act && step->actor == actor &&
				template_match(step->template, e->stanza, &p->vars, NULL, NULL, NULL)) {
			decide_violation(p, step, e);
		}
	}
}

void player_on_stanza(struct player *p, int actor, const struct player_stanza *ps, uint64_t now)
{
	const char *ns = node_ns(ps->stanza->root);
	int dialback = !strcmp(ns, NS_DIALBACK);
	int sasl = !strcmp(ns, NS_SASL);
	if (p->ended || p->seats[actor].withdrawn) {
		return;
	}
	if (!dialback && !sasl) {
		decide_invariants(p, actor, ps);
	}
	if (fence_takes(p, actor, ps->stanza)) {
		steps_advance(p, now);
		return;
	}
	if (further_takes(p, actor, ps->stanza)) {
		return;
	}
	if (dialback && !p->seats[actor].sees_dialback) {
		return; /* an answer that nobody waits for any more is dropped silently (XEP-0220 section 2.1.2) */
	}
	silences_broken(p, actor, ps->stanza, now);
	int soft = background(p, actor, ps->stanza) || inbox_is_late(p, actor, ps->stanza) || dialback || sasl;
	const struct entry *e = keep(p, actor, ps, soft);
	check_never(p, actor, e);
	steps_advance(p, now);
	violations_after(p, actor);
}

void player_on_opening(struct player *p, int actor, struct stanza *stanza, int journal, uint64_t now)
{
	if (!p->ended) {
		check_never(p, actor, keep(p, actor, &(struct player_stanza){.stanza = stanza, .journal = journal}, 1));
		steps_advance(p, now);
	}
}

void player_on_closed(struct player *p, int actor, const char *how, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	if (seat->hung_up) {
		seat->hung_up = 0; /* the end of a session that the play itself ended, perhaps after the next one began */
		return;
	}
	set_trouble(seat, how);
	if (!seat_connects(p, actor)) {
		return;
	}
	seat->connected = 0;
	if (p->over || !p->open || p->wait == WAIT_HOOK || p->wait == WAIT_QUIET) {
		return;
	}
	int waits = p->open->actor == actor && (p->wait == WAIT_STEP || p->wait == WAIT_FENCE);
	if (waits) {
		steps_timeout(p, now);
	}
}

/* An event of a stream stands in the inbox, where steps can take it; it breaks no silence. */
static void keep_event(struct player *p, int actor, const char *text, int journal)
{
	struct stanza *s = stanza_parse(text, NULL);
	keep(p, actor, &(struct player_stanza){.stanza = s, .journal = journal}, 1);
	stanza_unref(s);
}

void player_on_opened(struct player *p, int actor, uint64_t now)
{
	p->seats[actor].connected = 1;
	p->seats[actor].bare_open = 1;
	steps_advance(p, now);
}

void player_on_visited(struct player *p, int actor, const char *door, int journal, uint64_t now)
{
	char *text = mem_printf("<opened xmlns='" NS_STREAM_EVENT "' at='%s'/>", door);
	keep_event(p, actor, text, journal);
	free(text);
	steps_advance(p, now);
}

void player_on_ended(struct player *p, int actor, const char *how, const char *condition, int journal, uint64_t now)
{
	struct seat *seat = &p->seats[actor];
	char *text = condition ? mem_printf("<closed xmlns='" NS_STREAM_EVENT "' how='%s'><%s xmlns='" NS_STREAM_ERRORS
										"'/></closed>",
									 how, condition)
						   : mem_printf("<closed xmlns='" NS_STREAM_EVENT "' how='%s'/>", how);
	if (p->ended) {
		free(text);
		return;
	}
	keep_event(p, actor, text, journal);
	free(text);
	seat->bare_open = 0;
	/* To a stream that is just being opened this is the answer. */
	seat->connected = p->open && p->open->kind == STEP_OPEN && p->open->actor == actor;
	/* A question that the target has not read, or will not answer any more, is put again on another stream. A target
	 * that ended the stream without a word may be gone altogether. */
	int in_order = condition || !strcmp(how, "end");
	int again = !seat_connects(p, actor); /* a component has no other stream */
	if (!again) {
		seat->sent_since_fence = 0; /* it has been read, or will never be */
		if (p->open && p->open->kind >= STEP_HOOK && p->open->kind <= STEP_ROSTER) {
			seat->fence_open = 0; /* the same: no silence is to be proved */
		}
	}
	if (!p->over && again && in_order && seat->fence_open && !seat->leaving && seat->fence_again < FENCES_AGAIN) {
		seat->fence_again++;
		fence_send(p, actor);
	}
	steps_advance(p, now);
}

void player_on_streams(struct player *p, int actor, size_t own, size_t all, uint64_t now)
{
	for (size_t i = 0; i < p->config.scenario->cast_count; i++) {
		struct seat *seat = &p->seats[i];
		if ((int)i != actor && p->config.scenario->cast[i].of != actor) {
			continue;
		}
		/* What it sent has been read, or will never be. */
		if (!own && !p->seats[actor].reset) {
			seat->sent_since_fence = 0;
		}
		if ((!all && seat->leaving) || (!own && seat->half_closed)) {
			seat->leaving = seat->half_closed = 0;
			seat->fence_open = 0;
		}
		seat->visits = (int)(all - own);
	}
	if (!p->ended) {
		steps_advance(p, now);
	}
}

void player_on_hook(struct player *p, int id, int ok, const char *output, uint64_t now)
{
	if (!p->over && p->open && p->wait == WAIT_HOOK && id == p->hook_id) {
		steps_hook_done(p, ok, output, now);
	}
}

void player_on_fault(struct player *p, int actor, const char *detail, uint64_t now)
{
	(void)now;
	if (p->ended) {
		return;
	}
	set_trouble(&p->seats[actor], detail);
	struct finding f = {.id = (char *)"XC-048",
			.strictness = STRICT_HARD,
			.verdict = VERDICT_FAIL,
			.text = (char *)"the target sends well-formed XML without what streams must not carry",
			.place = p->config.scenario->file,
			.line = 1,
			.detail = (char *)detail,
			.invariant = 1};
	result_add(&p->result, &f);
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

int player_is_over(const struct player *p)
{
	return p->over;
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
