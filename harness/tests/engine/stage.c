#include "stage.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TARGET "example.org"

static const char *const requirements[][3] = {/* id, strictness, parts */
		{"TT-1", "HARD", ""}, {"TT-2", "HARD", ""}, {"TT-3", "HARD", ""}, {"TT-4", "HARD", ""}, {"TT-WARN", "WARN", ""},
		{"TT-INFO", "INFO", ""}, {"TT-COND", "bidi?HARD:WARN", ""},
		{"TT-PARTS", "HARD", "soft=WARN; hint=INFO; cond=bidi?HARD:INFO"}, {"SB-001", "HARD", ""},
		{"XC-001", "HARD", ""}, {"XC-002", "HARD", ""}, {"XC-015", "HARD", ""}, {"XC-016", "WARN", ""},
		{"XC-027", "HARD", ""}, {"XC-046", "HARD", ""}, {"XC-048", "HARD", ""}, {"SB-024", "HARD", "written=INFO"},
		{"PS-127", "HARD", ""}};

static const char background[] = "a peer answers:\n"
								 "	<iq type='get'>\n"
								 "		<ping xmlns='urn:xmpp:ping'/>\n"
								 "	</iq>\n"
								 "	<iq type='result'/>\n"
								 "a peer answers:\n"
								 "	<iq type='get'>\n"
								 "		<query xmlns='urn:who'/>\n"
								 "	</iq>\n"
								 "	<iq type='result'>\n"
								 "		<query xmlns='urn:who' category='${own category}' type='${own type}'/>\n"
								 "	</iq>\n"
								 "a peer tolerates:\n"
								 "	<presence type='unavailable'/>\n"
								 "a client answers:\n"
								 "	<iq type='get'>\n"
								 "		<query xmlns='jabber:iq:version'/>\n"
								 "	</iq>\n"
								 "	<iq type='result'>\n"
								 "		<query xmlns='jabber:iq:version'>\n"
								 "			<name>a client</name>\n"
								 "		</query>\n"
								 "	</iq>\n"
								 "a client tolerates:\n"
								 "	<message/>\n";

static const char default_cast[] = "[Admin] Bard\n[Peer] Marlowe\n[Peer] Kyd\n";
static const char default_claims[] =
		"account:admin account:second_admin account:user hook:restart hook:kill hook:approve hook:deny hook:revoke "
		"hook:remove hook:unsubscribe hook:auto_on hook:auto_off hook:pending hook:roster hook:store_read_only "
		"hook:store_writable hook:store_corrupt hook:store_repair hook:admin_revoke hook:admin_grant "
		"hook:function_off hook:function_on";

static void read_requirements(struct stage *st)
{
	char path[] = "/tmp/stage-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	FILE *f = fdopen(fd, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_none\t"
			   "notes\n");
	for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++) {
		fprintf(f, "%s\tSPEC 1\tMUST\tserver\tarea\tStatement of %s.\t\t\t%s\t%s\t\t\n", requirements[i][0],
				requirements[i][0], requirements[i][1], requirements[i][2]);
	}
	fclose(f);
	requirements_read(&st->catalogue.requirements, path, "requirements.tsv", &st->problems);
	unlink(path);
}

static int has(void *ud, const char *what)
{
	const struct stage *st = ud;
	const char *words = st->claims;
	size_t len = strlen(what);
	while (*words) {
		size_t word = strcspn(words, " ");
		if (word == len && !memcmp(words, what, len)) {
			return 1;
		}
		words += word + strspn(words + word, " ");
	}
	return 0;
}

/* "Prince of Denmark" becomes "princeofdenmark". */
static char *label(const char *name)
{
	char *out = mem_strdup(name);
	size_t n = 0;
	for (const char *c = name; *c; c++) {
		if (*c != ' ') {
			out[n++] = (char)(*c | 32);
		}
	}
	out[n] = '\0';
	return out;
}

static char *address_of(const struct stage *st, const struct actor *a)
{
	char *name = label(a->name);
	char *address = a->class == ACTOR_PEER ? mem_printf("%s.test", name)
					: a->of >= 0		   ? mem_printf("%s@%s", name, st->seats[a->of].address)
										   : mem_printf("%s@" TARGET, name);
	free(name);
	return address;
}

static void show_problems(const struct problems *ps)
{
	for (size_t i = 0; i < ps->count; i++) {
		fprintf(stderr, "%s:%d: %s\n", ps->items[i].file, ps->items[i].line, ps->items[i].message);
	}
	ck_assert_uint_eq(ps->count, 0);
}

struct stage *stage_set_up(const struct stage_set *set, const char *play)
{
	struct stage *st = mem_alloc(sizeof *st);
	st->now = 1000;
	st->claims = set->claims ? set->claims : default_claims;
	read_requirements(st);
	background_read(&st->catalogue.background, "phrases/background.rules", background, &st->problems);
	if (set->phrases) {
		phrases_read(&st->catalogue.phrases, "phrases/test.scs", set->phrases, &st->problems);
	}
	char *text = mem_printf(
			"# A test\n%s\n%s\n-----\n%s", set->tags ? set->tags : "", set->cast ? set->cast : default_cast, play);
	st->scenario = scenario_read("test/play.scs", text, &st->catalogue.phrases, &st->problems);
	free(text);
	show_problems(&st->problems);
	st->seats = mem_alloc(st->scenario->cast_count * sizeof *st->seats);
	const char **addresses = mem_alloc(st->scenario->cast_count * sizeof *addresses);
	for (size_t i = 0; i < st->scenario->cast_count; i++) {
		addresses[i] = st->seats[i].address = address_of(st, &st->scenario->cast[i]);
	}
	struct player_config config = {.catalogue = &st->catalogue,
			.scenario = st->scenario,
			.token = "k7",
			.target = TARGET,
			.target2 = set->target2,
			.off = set->off,
			.approval_command = set->approval_command,
			.addresses = addresses,
			.quiet = STAGE_QUIET,
			.deadline = STAGE_DEADLINE,
			.rerun = "buddycheck run",
			.has = has,
			.ud = st};
	st->player = player_create(&config);
	free(addresses);
	return st;
}

static int seat_index(const struct stage *st, const char *name)
{
	for (size_t i = 0; i < st->scenario->cast_count; i++) {
		if (!strcmp(st->scenario->cast[i].name, name)) {
			return (int)i;
		}
	}
	ck_abort_msg("no actor %s", name);
}

static void note_send(struct stage *st, const struct action *a)
{
	struct stage_seat *seat = &st->seats[a->actor];
	struct stanza *s = stanza_parse(a->octets, NULL);
	const char *id = s ? stanza_attr(s, "id") : NULL;
	if (id && a->note && !strcmp(a->note, "fence")) {
		char *more = mem_printf("%s%s %s\n", seat->fences ? seat->fences : "", a->to_domain, id);
		free(seat->fences);
		seat->fences = more;
	} else if (id && !a->note) {
		free(seat->last_id);
		seat->last_id = mem_strdup(id);
	}
	stanza_unref(s);
}

static void take_actions(struct stage *st)
{
	static const char *const verbs[] = {
			"connects", "disconnects", "resets", "sends to", "hook", "opens", "holds", "half-closes", "ends visits"};
	struct action a;
	while (player_next_action(st->player, &a)) {
		struct buf line = {0};
		const char *who = a.actor >= 0 ? st->scenario->cast[a.actor].name : "target";
		buf_printf(&line, "%s %s", who, verbs[a.kind]);
		if (a.kind == ACTION_SEND) {
			buf_printf(&line, "%s %s: %s", a.bare ? " bare" : "", a.to_domain, a.octets);
			note_send(st, &a);
		} else if (a.kind == ACTION_HOOK) {
			static const char *const stages[] = {"", " begins", " finishes"};
			buf_printf(&line, " %s %s%s", a.hook, a.peer ? a.peer : "-", stages[a.stage]);
			st->hook_id = a.hook_id;
		}
		if ((a.kind == ACTION_OPEN && a.octets) || a.kind == ACTION_END_VISITS) {
			buf_printf(&line, " %s", a.octets);
		} else if (a.kind == ACTION_HOLD) {
			buf_printf(&line, " %d", (int)a.hold);
		}
		buf_printf(&line, "%s%s\n", a.note ? " # " : "", a.note ? a.note : "");
		buf_add(&st->actions, line.data, line.len);
		buf_add(&st->history, line.data, line.len);
		buf_finish(&line);
		action_finish(&a);
	}
}

void stage_start(struct stage *st)
{
	player_start(st->player, st->now);
	take_actions(st);
}

struct stage *stage_open(const char *play)
{
	struct stage_set set = {0};
	struct stage *st = stage_set_up(&set, play);
	stage_start(st);
	return st;
}

void stage_close(struct stage *st)
{
	player_destroy(st->player);
	for (size_t i = 0; i < st->scenario->cast_count; i++) {
		free(st->seats[i].address);
		free(st->seats[i].last_id);
		free(st->seats[i].fences);
		free(st->seats[i].answered);
	}
	free(st->seats);
	scenario_destroy(st->scenario);
	catalogue_finish(&st->catalogue);
	problems_finish(&st->problems);
	buf_finish(&st->actions);
	buf_finish(&st->history);
	free(st->shown);
	free(st);
}

void stage_connected(struct stage *st, const char *actor)
{
	int i = seat_index(st, actor);
	int client = actor_class_is_client(st->scenario->cast[i].class);
	char *full = mem_printf("%s/r", st->seats[i].address);
	player_on_connected(st->player, i, client ? full : NULL, ++st->now);
	free(full);
	take_actions(st);
}

void stage_connect_failed(struct stage *st, const char *actor, const char *reason)
{
	player_on_connect_failed(st->player, seat_index(st, actor), reason, ++st->now);
	take_actions(st);
}

/* The stanza as the target would send it to that actor. */
static char *addressed(const struct stage_seat *seat, const char *stanza)
{
	size_t name = strcspn(stanza, " />");
	const char *end = strchr(stanza, '>');
	char *tag = mem_strndup(stanza, (size_t)(end - stanza));
	struct buf b = {0};
	buf_add(&b, stanza, name);
	if (!strstr(tag, " from=")) {
		buf_add_text(&b, " from='" TARGET "'");
	}
	if (!strstr(tag, " to=")) {
		buf_printf(&b, " to='%s'", seat->address);
	}
	free(tag);
	const char *rest = stanza + name;
	for (const char *at = strstr(rest, "$ID"); at; at = strstr(rest, "$ID")) {
		buf_add(&b, rest, (size_t)(at - rest));
		buf_add_text(&b, seat->last_id ? seat->last_id : "none");
		rest = at + 3;
	}
	buf_add_text(&b, rest);
	return buf_take(&b);
}

static void hear(struct stage *st, int actor, const char *text, int opened_by_target, int validated)
{
	struct stanza *s = stanza_parse(text, actor_class_ns(st->scenario->cast[actor].class));
	ck_assert_msg(s != NULL, "no stanza: %s", text);
	struct player_stanza ps = {
			.stanza = s, .journal = ++st->journal, .opened_by_target = opened_by_target, .validated = validated};
	player_on_stanza(st->player, actor, &ps, ++st->now);
	stanza_unref(s);
	take_actions(st);
}

void stage_hears_with(struct stage *st, const char *actor, const char *stanza, int opened_by_target, int validated)
{
	int i = seat_index(st, actor);
	char *text = addressed(&st->seats[i], stanza);
	hear(st, i, text, opened_by_target, validated);
	free(text);
}

void stage_hears(struct stage *st, const char *actor, const char *stanza)
{
	stage_hears_with(st, actor, stanza, 1, 1);
}

void stage_opens(struct stage *st, const char *actor, const char *element)
{
	struct stanza *s = stanza_parse(element, NS_STREAM);
	ck_assert_ptr_nonnull(s);
	player_on_opening(st->player, seat_index(st, actor), s, ++st->journal, ++st->now);
	stanza_unref(s);
	take_actions(st);
}

void stage_closed(struct stage *st, const char *actor, const char *how)
{
	player_on_closed(st->player, seat_index(st, actor), how, ++st->now);
	take_actions(st);
}

void stage_opened(struct stage *st, const char *actor)
{
	player_on_opened(st->player, seat_index(st, actor), ++st->now);
	take_actions(st);
}

void stage_visited(struct stage *st, const char *actor)
{
	player_on_visited(st->player, seat_index(st, actor), "main", ++st->journal, ++st->now);
	take_actions(st);
}

void stage_ended(struct stage *st, const char *actor, const char *how, const char *condition)
{
	player_on_ended(st->player, seat_index(st, actor), how, condition, ++st->journal, ++st->now);
	take_actions(st);
}

void stage_streams(struct stage *st, const char *actor, size_t own, size_t all)
{
	player_on_streams(st->player, seat_index(st, actor), own, all, ++st->now);
	take_actions(st);
}

void stage_hook(struct stage *st, int ok, const char *output)
{
	player_on_hook(st->player, st->hook_id, ok, output, ++st->now);
	take_actions(st);
}

static void answer_fence(struct stage *st, int actor, const char *domain, const char *id, const char *type)
{
	char *text = mem_printf("<iq from='%s' to='%s' id='%s' type='%s'/>", domain, st->seats[actor].address, id, type);
	hear(st, actor, text, 1, 1);
	free(text);
}

int stage_fence_as(struct stage *st, const char *actor, const char *domain, const char *type)
{
	int i = seat_index(st, actor);
	struct stage_seat *seat = &st->seats[i];
	char *key = mem_printf("%s ", domain);
	char *line = seat->fences ? strstr(seat->fences, key) : NULL;
	if (line) {
		size_t len = strcspn(line, "\n");
		free(seat->answered);
		seat->answered = mem_strndup(line + strlen(key), len - strlen(key));
		memmove(line, line + len + 1, strlen(line + len + 1) + 1);
		answer_fence(st, i, domain, seat->answered, type);
	}
	free(key);
	return line != NULL;
}

void stage_fence_again(struct stage *st, const char *actor)
{
	int i = seat_index(st, actor);
	answer_fence(st, i, TARGET, st->seats[i].answered, "result");
}

void stage_shows(struct stage *st, const char *output)
{
	for (int look = 0; look < 3; look++) {
		if (look) {
			stage_timeout(st);
		}
		stage_hook(st, 1, output);
	}
}

void stage_fence(struct stage *st, const char *actor)
{
	struct stage_seat *seat = &st->seats[seat_index(st, actor)];
	ck_assert_msg(stage_open_fences(st, actor) > 0, "%s has sent no fence", actor);
	while (seat->fences && *seat->fences) {
		char *domain = mem_strndup(seat->fences, strcspn(seat->fences, " "));
		stage_fence_as(st, actor, domain, "result");
		free(domain);
	}
}

void stage_pass(struct stage *st, uint64_t microseconds)
{
	uint64_t end = st->now + microseconds;
	for (uint64_t due = player_deadline(st->player); due <= end; due = player_deadline(st->player)) {
		st->now = due > st->now ? due : st->now;
		player_on_deadline(st->player, st->now);
		take_actions(st);
	}
	st->now = end;
}

void stage_quiet(struct stage *st)
{
	stage_pass(st, STAGE_QUIET);
}

void stage_timeout(struct stage *st)
{
	uint64_t due = player_deadline(st->player);
	ck_assert_msg(due != PLAYER_NEVER, "nothing is waited for");
	stage_pass(st, due - st->now);
}

void stage_end(struct stage *st)
{
	player_end(st->player, NULL, VERDICT_PASS, ++st->now);
}

const char *stage_actions(struct stage *st)
{
	free(st->shown);
	st->shown = buf_take(&st->actions);
	return st->shown;
}

int stage_open_fences(const struct stage *st, const char *actor)
{
	int n = 0;
	const char *fences = st->seats[seat_index(st, actor)].fences;
	for (const char *c = fences ? fences : ""; *c; c++) {
		n += *c == '\n';
	}
	return n;
}

const char *stage_verdict(const struct stage *st)
{
	return verdict_text(player_result(st->player)->verdict);
}

static int is_named(const struct finding *f, const char *id)
{
	char *name = mem_printf("%s%s%s", f->id, f->part ? "/" : "", f->part ? f->part : "");
	int same = !strcmp(name, id);
	free(name);
	return same;
}

static const struct finding *find(const struct stage *st, const char *id)
{
	const struct result *r = player_result(st->player);
	for (size_t i = 0; i < r->count; i++) {
		if (is_named(&r->findings[i], id)) {
			return &r->findings[i];
		}
	}
	return NULL;
}

const char *stage_finding(const struct stage *st, const char *id)
{
	const struct finding *f = find(st, id);
	return f ? verdict_text(f->verdict) : "none";
}

const char *stage_detail(const struct stage *st, const char *id)
{
	const struct finding *f = find(st, id);
	return f && f->evidence ? evidence_text(f->evidence) : "";
}

size_t stage_count(const struct stage *st, const char *id)
{
	const struct result *r = player_result(st->player);
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++) {
		n += (size_t)is_named(&r->findings[i], id);
	}
	return n;
}

void stage_ends_as(struct stage *st, const char *finding, const char *verdict)
{
	stage_end(st);
	ck_assert_finding(st, "TT-1", finding);
	ck_assert_verdict(st, verdict);
	stage_close(st);
}
