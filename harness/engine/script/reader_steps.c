#include "script/reader_steps.h"

#include "base/mem.h"
#include "script/groups.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void problem(struct step_reader *r, const struct line *line, const char *message)
{
	problems_add(r->problems, line->file, line->number, line->indent + 1, "%s", message);
}

static struct step *add_step(struct step_reader *r, struct steps *out, const struct line *line)
{
	out->items = mem_resize(out->items, out->count + 1, sizeof *out->items);
	struct step *step = &out->items[out->count++];
	*step = (struct step){.text = mem_strdup(line->text),
			.file = line->file,
			.line = line->number,
			.used_at = line->used_at,
			.play_line = line->play_line ? line->play_line : r->shown + 1,
			.actor = -1};
	return step;
}

static void show(struct step_reader *r, const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (int tab = 0; tab < lines[i].indent; tab++) {
			buf_add_text(r->expanded, "\t");
		}
		buf_add_text(r->expanded, lines[i].text);
		buf_add_text(r->expanded, "\n");
		r->shown++;
	}
}

/* The actor whose name begins the text; the longest wins. Sets *rest to what follows. */
static int leading_actor(const struct step_reader *r, const char *text, const char **rest)
{
	int best = -1;
	size_t best_len = 0;
	for (size_t i = 0; i < r->scenario->cast_count; i++) {
		size_t len = strlen(r->scenario->cast[i].name);
		if (len > best_len && !strncmp(text, r->scenario->cast[i].name, len) && text[len] == ' ') {
			best = (int)i;
			best_len = len;
		}
	}
	*rest = text + best_len + 1;
	return best;
}

static const char *default_ns(const struct step_reader *r, int actor)
{
	return actor_class_ns(r->scenario->cast[actor].class);
}

static void read_body(struct step_reader *r, const struct line *head, const struct line *body, size_t count,
		enum template_use use, struct step *step)
{
	size_t stanza = 0;
	while (stanza < count && !line_is_check(&body[stanza])) {
		stanza++;
	}
	if (!stanza) {
		problem(r, head, "expected an indented stanza below this line");
		return;
	}
	step->template = template_create(body, stanza, default_ns(r, step->actor), use,
			r->scenario->cast[step->actor].class == ACTOR_CLIENT, r->problems);
	if (use == TEMPLATE_SEND && stanza < count) {
		problem(r, &body[stanza], "a check below `sends`; checks stand below what is received");
		return;
	}
	read_checks(r, body + stanza, count - stanza, step);
}

/* One line of octets, which need not be well-formed. */
static void read_raw(
		struct step_reader *r, const struct line *head, const struct line *body, size_t count, struct step *step)
{
	const struct actor *a = &r->scenario->cast[step->actor];
	if (a->class != ACTOR_PEER && a->class != ACTOR_COMPONENT && !actor_has_own_session(a)) {
		problem(r, head, "only a peer, a component, or a client with `resource:` or `login:`, sends raw octets");
	} else if (!count) {
		problem(r, head, "expected an indented line of octets below this line");
	} else if (count > 1) {
		problem(r, &body[1], "raw octets are one line");
	}
	step->raw = mem_strdup(count ? body[0].text : "");
}

/* Steps without anything below them, about streams as such. */
static void read_stream_step(struct step_reader *r, const struct line *head, size_t count, struct step *step)
{
	enum actor_class class = r->scenario->cast[step->actor].class;
	if (step->kind == STEP_OPEN && class != ACTOR_PEER && class != ACTOR_COMPONENT) {
		problem(r, head, "only a peer and a component open streams");
	} else if (step->kind != STEP_OPEN && class != ACTOR_PEER) {
		problem(r, head, "only a peer holds back answers and ends streams like that");
	} else if (count) {
		problem(r, head, "nothing stands below this step");
	}
	step->hold = strstr(head->text, " header")		? HOLD_ALL
				 : strstr(head->text, "holds back") ? HOLD_ANSWERS
													: HOLD_NOTHING;
}

void read_stream_event(struct step_reader *r, const struct line *head, const char *name, struct step *step)
{
	char *text = mem_printf("<%s xmlns='" NS_STREAM_EVENT "'/>", name);
	struct line line = {.file = head->file, .number = head->number, .text = text};
	step->kind = STEP_RECEIVE;
	step->template = template_create(&line, 1, NS_SERVER, TEMPLATE_RECEIVE, 0, r->problems);
	free(text);
}

/* "Marlowe's stream is closed" */
static int read_closed(struct step_reader *r, struct step *step, const struct line *head)
{
	static const char rest[] = "'s stream is closed";
	for (size_t i = 0; i < r->scenario->cast_count; i++) {
		struct actor *a = &r->scenario->cast[i];
		size_t len = strlen(a->name);
		if (strncmp(head->text, a->name, len) != 0 || strncmp(head->text + len, rest, sizeof rest - 1) != 0 ||
				strspn(head->text + len + sizeof rest - 1, ":") != strlen(head->text + len + sizeof rest - 1)) {
			continue;
		}
		if (a->class != ACTOR_PEER && a->class != ACTOR_COMPONENT && !actor_has_own_session(a)) {
			problem(r, head,
					"only a peer, a component, or a client with `resource:` or `login:`, has a stream that can be "
					"waited for");
		}
		a->used = 1;
		step->actor = (int)i;
		read_stream_event(r, head, "closed", step);
		return 0;
	}
	return -1;
}

/* "within 2s", "within 500ms"; of a silence "for 10s" */
static int read_within(const char *text, const char *word, int *ms)
{
	char *end;
	size_t len = strlen(word);
	if (strncmp(text, word, len) != 0) {
		return -1;
	}
	double value = strtod(text + len, &end);
	value *= !strcmp(end, "s") ? 1000 : !strcmp(end, "ms") ? 1 : 0;
	if (!(value >= 1 && value <= 3600 * 1000)) { /* this way NaN is refused, too */
		return -1;
	}
	*ms = (int)value;
	return 0;
}

/* "ends the target's streams with host-gone" */
static int read_end_of_visits(
		struct step_reader *r, struct step *step, const struct line *head, const char *verb, size_t count)
{
	static const char words[] = "ends the target's streams with ";
	static const char *const conditions[] = {"bad-format", "bad-namespace-prefix", "conflict", "connection-timeout",
			"host-gone", "host-unknown", "improper-addressing", "internal-server-error", "invalid-from",
			"invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed", "policy-violation",
			"remote-connection-failed", "reset", "resource-constraint", "restricted-xml", "see-other-host",
			"system-shutdown", "undefined-condition", "unsupported-encoding", "unsupported-feature",
			"unsupported-stanza-type", "unsupported-version"};
	if (strncmp(verb, words, sizeof words - 1) != 0) {
		return -1;
	}
	const char *condition = verb + sizeof words - 1;
	size_t i = 0;
	while (i < sizeof conditions / sizeof *conditions && strcmp(conditions[i], condition) != 0) {
		i++;
	}
	if (i == sizeof conditions / sizeof *conditions) {
		problem(r, head, "expected a condition of RFC 6120 section 4.9.3");
	}
	step->kind = STEP_END_VISITS;
	step->raw = mem_strdup(condition);
	read_stream_step(r, head, count, step);
	return 0;
}

static int read_verb(struct step_reader *r, struct step *step, const struct line *head, const char *verb,
		const struct line *body, size_t count)
{
	enum actor_class class = r->scenario->cast[step->actor].class;
	static const struct {
		const char *word;
		enum step_kind kind;
		int has_body;
	} verbs[] = {{"opens a stream", STEP_OPEN, 0}, {"opens a stream with", STEP_OPEN, 1},
			{"holds back its answers", STEP_HOLD, 0}, {"holds back its stream header", STEP_HOLD, 0},
			{"answers", STEP_HOLD, 0}, {"half-closes its streams", STEP_HALF_CLOSE, 0}, {"connects", STEP_CONNECT, 0},
			{"disconnects", STEP_DISCONNECT, 0}, {"resets", STEP_RESET, 0}, {"sends", STEP_SEND, 1},
			{"sends raw", STEP_SEND_RAW, 1}, {"receives", STEP_RECEIVE, 1}, {"never receives", STEP_NEVER, 1},
			{"receives: nothing", STEP_NOTHING, 0}, {"receives nothing", STEP_NOTHING, 0},
			{"sets aside what came", STEP_SET_ASIDE, 0}};
	size_t len = strlen(verb);
	if (len && verb[len - 1] == ':') {
		len--;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (*verb != *verbs[i].word) {
			continue;
		}
		size_t word = strlen(verbs[i].word);
		int silence = verbs[i].kind == STEP_NOTHING;
		int within = (silence || verbs[i].kind == STEP_RECEIVE) && len > word && verb[word] == ' ';
		if (strncmp(verb, verbs[i].word, word) != 0 || (len != word && !within)) {
			continue;
		}
		if (within) {
			char *rest = mem_strndup(verb + word + 1, len - word - 1);
			int bad = read_within(rest, silence ? "for " : "within ", &step->within_ms);
			free(rest);
			if (bad) {
				continue;
			}
		}
		step->kind = verbs[i].kind;
		if (step->kind == STEP_SEND_RAW || (step->kind == STEP_OPEN && verbs[i].has_body)) {
			read_raw(r, head, body, count, step);
		} else if (step->kind == STEP_OPEN || step->kind == STEP_HOLD || step->kind == STEP_HALF_CLOSE) {
			read_stream_step(r, head, count, step);
		} else if (verbs[i].has_body) {
			read_body(r, head, body, count, step->kind == STEP_SEND ? TEMPLATE_SEND : TEMPLATE_RECEIVE, step);
		} else {
			read_checks(r, body, count, step);
		}
		if (step->kind == STEP_RESET && class != ACTOR_PEER) {
			problem(r, head, "only a peer resets");
		}
		if (step->kind <= STEP_DISCONNECT && class == ACTOR_REMOTE_USER) {
			problem(r, head, "a remote user has no connection of its own; its peer connects and disconnects");
		}
		return 0;
	}
	return -1;
}

/* ${a} is ${b} */
static int read_compare(struct step *step)
{
	char *is = step->text[0] == '$' ? strstr(step->text, "} is ") : NULL;
	if (!is) {
		return -1;
	}
	const char *right = is + 5;
	if (!strncmp(right, "not ", 4)) {
		step->negate = 1;
		right += 4;
	}
	size_t len = strlen(right);
	if (len && right[len - 1] == ':') {
		len--;
	}
	step->kind = STEP_COMPARE;
	step->left = mem_strndup(step->text, (size_t)(is + 1 - step->text));
	step->right = mem_strndup(right, len);
	return 0;
}

static struct steps *add_branch(struct step *step)
{
	step->branches = mem_resize(step->branches, step->branches_count + 1, sizeof *step->branches);
	step->branches[step->branches_count] = (struct steps){0};
	return &step->branches[step->branches_count++];
}

/* Together:, either:, or: */
static int read_block(
		struct step_reader *r, struct steps *out, const struct line *head, const struct line *body, size_t count)
{
	int together = !strcmp(head->text, "Together:");
	int or = !strcmp(head->text, "or:");
	if (!together && ! or &&strcmp(head->text, "either:") != 0) {
		return -1;
	}
	struct step *last = out->count ? &out->items[out->count - 1] : NULL;
	if (or &&(!last || last->kind != STEP_EITHER)) {
		problem(r, head, "`or:` without `either:` before it");
		return 0;
	}
	struct step *step = last;
	if (! or) {
		step = add_step(r, out, head);
		step->kind = together ? STEP_TOGETHER : STEP_EITHER;
	}
	show(r, head, 1);
	struct steps inner = {0};
	read_steps(r, body, count, head->indent + 1, &inner);
	*add_branch(step) = inner;
	for (size_t i = 0; i < inner.count; i++) {
		if ((together || !i) && inner.items[i].kind != STEP_RECEIVE) {
			problems_add(r->problems, inner.items[i].file, inner.items[i].line, 1,
					together ? "only `receives` steps stand below `Together:`"
							 : "a branch begins with a `receives` step: it decides which branch is played");
			break;
		}
	}
	if (!inner.count) {
		problem(r, head, "expected steps below this line");
	}
	return 0;
}

/* For each peer of Crowd: */
static int read_each(
		struct step_reader *r, struct steps *out, const struct line *head, const struct line *body, size_t count)
{
	static const char opener[] = "For each peer of ";
	size_t len = strlen(head->text);
	if (strncmp(head->text, opener, sizeof opener - 1) != 0 || head->text[len - 1] != ':') {
		return -1;
	}
	char *group = mem_strndup(head->text + sizeof opener - 1, len - sizeof opener);
	int size = group_size(r->scenario, group);
	if (!size || !count) {
		problem(r, head, size ? "expected steps below this line" : "expected a group of the cast: `[Peer] Name x 20`");
	}
	int first = r->shown + 2; /* behind the head */
	show(r, head, 1);
	show(r, body, count);
	struct buf repeated = {0};
	struct buf *expanded = r->expanded;
	int shown = r->shown;
	r->expanded = &repeated; /* once is enough */
	for (int i = 1; i <= size; i++) {
		struct lines lines = {0};
		for (size_t n = 0; n < count; n++) {
			struct line line = body[n];
			line.indent--;
			line.text = group_fill_in(body[n].text, group, i);
			line.play_line = line.play_line ? line.play_line : first + (int)n;
			lines_take(&lines, &line);
		}
		size_t problems = r->problems->count;
		read_steps(r, lines.items, lines.count, head->indent, out);
		lines_finish(&lines);
		if (r->problems->count > problems) {
			break; /* the others have the same */
		}
	}
	r->expanded = expanded;
	r->shown = shown;
	buf_finish(&repeated);
	free(group);
	return 0;
}

static struct step *last_receiving(struct steps *steps)
{
	for (size_t i = steps->count; i-- > 0;) {
		enum step_kind k = steps->items[i].kind;
		if (k == STEP_TOGETHER) {
			return last_receiving(&steps->items[i].branches[0]);
		}
		if (k == STEP_RECEIVE || k == STEP_NOTHING || k == STEP_NEVER || k == STEP_PENDING || k == STEP_ROSTER) {
			return &steps->items[i];
		}
	}
	return NULL;
}

static void attach_checks(
		struct step_reader *r, struct steps *steps, const struct line *head, const struct line *body, size_t count)
{
	if (!count) {
		return;
	}
	if (steps->count && steps->items[steps->count - 1].kind == STEP_EITHER) {
		problem(r, head, "checks below a phrase that ends in branches: it is not clear which stanza they are about");
		return;
	}
	struct step *step = last_receiving(steps);
	if (!step) {
		problem(r, head, "checks below a phrase that receives nothing");
		return;
	}
	r->body = body;
	r->body_at = r->shown + 1;
	read_checks(r, body, count, step);
}

static int read_phrase(
		struct step_reader *r, struct steps *out, const struct line *head, const struct line *body, size_t count)
{
	struct phrase *p = phrases_find(r->phrases, head, r->problems);
	if (!p) {
		return -1;
	}
	for (int i = 0; i < r->depth; i++) {
		if (r->within[i] == p) {
			problem(r, head, "this phrase leads back to itself");
			return 0;
		}
	}
	if (r->depth >= PHRASE_DEPTH) {
		problem(r, head, "phrases nest too deeply");
		return 0;
	}
	struct lines expanded = {0};
	struct steps inner = {0};
	size_t problems = r->problems->count;
	phrase_expand(r->phrases, p, head, &expanded);
	r->within[r->depth++] = p;
	read_steps(r, expanded.items, expanded.count, head->indent, &inner);
	if (!--r->depth) {
		problems_used_at(r->problems, problems, head->file, head->number);
	}
	attach_checks(r, &inner, head, body, count);
	show(r, body, count);
	for (size_t i = 0; i < inner.count; i++) {
		out->items = mem_resize(out->items, out->count + 1, sizeof *out->items);
		out->items[out->count++] = inner.items[i];
	}
	free(inner.items);
	lines_finish(&expanded);
	return 0;
}

/* unreachable: why */
static int read_unreachable(struct step_reader *r, const struct line *head, size_t count, struct step *step)
{
	static const char word[] = "unreachable:";
	if (strncmp(head->text, word, strlen(word)) != 0) {
		return -1;
	}
	const char *reason = head->text + strlen(word);
	reason += strspn(reason, " \t");
	if (!*reason || count) {
		problem(r, head, "expected `unreachable: why`, with nothing below it");
	}
	step->kind = STEP_UNREACHABLE;
	step->raw = mem_strdup(reason);
	return 0;
}

static void read_step(
		struct step_reader *r, struct steps *out, const struct line *head, const struct line *body, size_t count)
{
	const char *rest;
	int actor = leading_actor(r, head->text, &rest);
	if (read_block(r, out, head, body, count) == 0 || read_each(r, out, head, body, count) == 0) {
		return;
	}
	size_t before = out->count;
	struct step *step = add_step(r, out, head);
	int found = -1;
	r->body = body;
	r->body_at = r->shown + 2;
	if (actor >= 0) {
		step->actor = actor;
		found = read_end_of_visits(r, step, head, rest, count) == 0 ? 0 : read_verb(r, step, head, rest, body, count);
	} else if (!strncmp(head->text, "the target ", 11)) {
		found = read_target_step(r, head, head->text + 11, step);
	} else if (read_unreachable(r, head, count, step) == 0) {
		found = 0;
	} else {
		found = read_closed(r, step, head) == 0 ? 0 : read_compare(step);
	}
	if (found == 0) {
		int queries = step->kind >= STEP_COMPARE && step->kind != STEP_UNREACHABLE;
		if (queries || (step->kind == STEP_RECEIVE && actor < 0)) {
			read_checks(r, body, count, step);
		}
		if (actor >= 0) {
			r->scenario->cast[actor].used = 1;
		}
		show(r, head, 1);
		show(r, body, count);
		return;
	}
	free(step->text);
	out->count = before;
	if (read_phrase(r, out, head, body, count) < 0) {
		problems_add(r->problems, head->file, head->number, head->indent + 1,
				"'%s' is no step: expected an actor of the cast with a verb, `the target ...`, or a phrase",
				head->text);
	}
}

void read_steps(struct step_reader *r, const struct line *lines, size_t count, int level, struct steps *out)
{
	size_t i = 0;
	while (i < count) {
		size_t body = i + 1;
		while (body < count && lines[body].indent > level) {
			body++;
		}
		if (lines[i].indent != level) {
			problem(r, &lines[i], "unexpected indentation: this line belongs to no step");
		} else {
			read_step(r, out, &lines[i], &lines[i + 1], body - i - 1);
		}
		i = body;
	}
}
