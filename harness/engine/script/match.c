/* Matching of stanzas against templates: the second half of script/template.h. */
#include "base/mem.h"
#include "script/template_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct match {
	const struct vars *vars;
	const struct template_defaults *defaults;
	struct vars binds;
	struct mismatch *why; /* NULL: not wanted, or already told */
	struct buf path;
	int score;
	int scansion_rule;
};

static const xmlNode *strict_attr(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && a->ns->prefix && !strcmp((const char *)a->ns->prefix, "scansion") &&
				!strcmp((const char *)a->name, "strict")) {
			return (const xmlNode *)a;
		}
	}
	return NULL;
}

static enum match_mode mode_of(const struct match *m, const xmlNode *expected, enum match_mode inherited)
{
	const xmlNode *attr = strict_attr(expected);
	const char *value = attr && attr->children ? (const char *)attr->children->content : NULL;
	if (value) {
		return !strcmp(value, "true") ? MATCH_STRICT : !strcmp(value, "unordered") ? MATCH_UNORDERED : MATCH_LOOSE;
	}
	if (m->scansion_rule && expected->parent && strcmp(node_ns(expected), node_ns(expected->parent)) != 0) {
		return MATCH_STRICT;
	}
	return inherited;
}

static int differ(struct match *m, enum match_mode mode, const char *what, const char *expected, const char *got)
{
	if (m->why && m->score >= m->why->score) {
		mismatch_finish(m->why);
		*m->why = (struct mismatch){.where = mem_printf("%s%s", buf_text(&m->path), what),
				.expected = mem_strdup(expected),
				.got = mem_strdup(got ? got : "nothing"),
				.missing = !got,
				.mode = mode,
				.score = m->score};
	}
	return 0;
}

static void add_literally(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\^$.[]|()*+?{}", *text)) {
			buf_add_text(b, "\\");
		}
		buf_add(b, text, 1);
	}
}

static char *regex_text(const char *pattern, size_t len, const struct vars *vars)
{
	struct buf b = {0};
	buf_add_text(&b, "^(");
	for (size_t i = 0; i < len; i++) {
		const char *close = !strncmp(pattern + i, "${", 2) ? memchr(pattern + i, '}', len - i) : NULL;
		const char *name = pattern + i + 2;
		const char *value = !close ? NULL : vars ? vars_get_n(vars, name, (size_t)(close - name)) : "x";
		if (value) {
			add_literally(&b, value);
			i = (size_t)(close - pattern);
		} else {
			buf_add(&b, pattern + i, 1);
		}
	}
	buf_add_text(&b, ")$");
	return buf_take(&b);
}

static int compile(regex_t *re, const char *text)
{
	return regcomp(re, text, REG_EXTENDED | REG_NOSUB) ? -1 : 0;
}

int match_regex(regex_t *re, const char *pattern, size_t len, const struct vars *vars)
{
	char *text = regex_text(pattern, len, vars);
	int code = compile(re, text);
	free(text);
	return code;
}

/* The expressions that were used last, or nearly so. To compile one and to use it for the first time takes a hundred
 * times as long as to use it again, and those of the background are compared with each stanza. */
static struct {
	struct kept_regex {
		char *text;
		regex_t re;
	} items[16];
	size_t next; /* is replaced */
} kept;

static void forget_regex(struct kept_regex *k)
{
	if (k->text) {
		regfree(&k->re);
		free(k->text);
		k->text = NULL;
	}
}

void match_forget_shared(void)
{
	for (size_t i = 0; i < sizeof kept.items / sizeof *kept.items; i++) {
		forget_regex(&kept.items[i]);
	}
}

/* NULL if it is no regular expression. */
static const regex_t *compiled(const char *pattern, size_t len, const struct vars *vars)
{
	char *text = regex_text(pattern, len, vars);
	size_t all = sizeof kept.items / sizeof *kept.items;
	for (size_t i = 0; i < all; i++) {
		if (kept.items[i].text && !strcmp(kept.items[i].text, text)) {
			free(text);
			return &kept.items[i].re;
		}
	}
	struct kept_regex *k = &kept.items[kept.next++ % all];
	forget_regex(k);
	if (compile(&k->re, text)) {
		free(text);
		return NULL;
	}
	k->text = text;
	return &k->re;
}

static int regex_matches(const struct match *m, const char *pattern, size_t len, const char *value)
{
	const regex_t *re = compiled(pattern, len, m->vars);
	return re && !regexec(re, value, 0, NULL, 0);
}

static int bind_value(struct match *m, const char *name, const char *value)
{
	char *key = mem_strndup(name, strlen(name) - 1);
	const char *old = vars_get(&m->binds, key);
	if (!old) {
		old = vars_get(m->vars, key);
	}
	int ok = !old || !strcmp(old, value);
	if (!old) {
		vars_set(&m->binds, key, value);
	}
	free(key);
	return ok;
}

/* got NULL: the attribute is absent. */
static int value_matches(struct match *m, const char *pattern, const char *got)
{
	size_t len = strlen(pattern);
	if (!strcmp(pattern, "{absent}")) {
		return !got;
	}
	if (!got) {
		return 0;
	}
	if (!strcmp(pattern, "{any}") || !strcmp(pattern, "{scansion:any}")) {
		return 1;
	}
	if (!strncmp(pattern, "{match:", 7) && pattern[len - 1] == '}') {
		return regex_matches(m, pattern + 7, len - 8, got);
	}
	if (!strncmp(pattern, "{bind:", 6)) {
		return bind_value(m, pattern + 6, got);
	}
	if (!strncmp(pattern, "{scansion:capture:", 18)) {
		char *key = mem_strndup(pattern + 18, len - 19);
		vars_set(&m->binds, key, got); /* the last one counts */
		free(key);
		return 1;
	}
	if (!strstr(pattern, "${")) {
		return !strcmp(pattern, got);
	}
	char *expanded = vars_expand(m->vars, pattern);
	int ok = !strcmp(expanded, got);
	free(expanded);
	return ok;
}

static const char *attr_in_ns(const xmlNode *node, const char *name, const char *ns)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		const char *a_ns = a->ns ? (const char *)a->ns->href : "";
		if (!strcmp((const char *)a->name, name) && !strcmp(a_ns, ns)) {
			return a->children && a->children->content ? (const char *)a->children->content : "";
		}
	}
	return NULL;
}

static int is_scansion(const xmlAttr *a)
{
	return a->ns && a->ns->prefix && !strcmp((const char *)a->ns->prefix, "scansion");
}

static void attribute_differs(
		struct match *m, enum match_mode mode, const xmlAttr *a, const char *pattern, const char *value)
{
	if (!m->why) {
		return; /* so for most: a stanza is compared with many templates */
	}
	char *what = mem_printf("@%s", (const char *)a->name);
	char *expanded = vars_expand(m->vars, pattern);
	differ(m, mode, what, expanded, value);
	free(expanded);
	free(what);
}

static int attributes_match(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode mode)
{
	for (const xmlAttr *a = expected->properties; a; a = a->next) {
		if (is_scansion(a)) {
			continue;
		}
		const char *pattern = a->children && a->children->content ? (const char *)a->children->content : "";
		const char *value = attr_in_ns(got, (const char *)a->name, a->ns ? (const char *)a->ns->href : "");
		if (!value_matches(m, pattern, value)) {
			attribute_differs(m, mode, a, pattern, value);
			return 0;
		}
		m->score++;
	}
	if (mode == MATCH_LOOSE) {
		return 1;
	}
	for (const xmlAttr *a = got->properties; a; a = a->next) {
		if (!attr_in_ns(expected, (const char *)a->name, a->ns ? (const char *)a->ns->href : "")) {
			char *what = mem_printf("@%s", (const char *)a->name);
			differ(m, mode, what, "no such attribute", a->children ? (const char *)a->children->content : "");
			free(what);
			return 0;
		}
	}
	return 1;
}

char *node_own_text(const xmlNode *node)
{
	struct buf b = {0};
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
			buf_add_text(&b, (const char *)c->content);
		}
	}
	char *text = buf_take(&b);
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1])) {
		text[--len] = '\0';
	}
	size_t lead = 0;
	while (isspace((unsigned char)text[lead])) {
		lead++;
	}
	memmove(text, text + lead, len - lead + 1);
	return text;
}

static int text_matches(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode mode)
{
	char *pattern = node_own_text(expected);
	char *value = node_own_text(got);
	int ok = (mode == MATCH_LOOSE && !*pattern) || value_matches(m, pattern, value);
	if (!ok) {
		char *expanded = vars_expand(m->vars, pattern);
		differ(m, mode, "/text()", expanded, value);
		free(expanded);
	}
	free(pattern);
	free(value);
	return ok;
}

static int element_matches(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode inherited);

static const xmlNode *next_element(const xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE) {
		node = node->next;
	}
	return node;
}

static size_t count_elements(const xmlNode *node)
{
	size_t n = 0;
	for (const xmlNode *c = next_element(node->children); c; c = next_element(c->next)) {
		n++;
	}
	return n;
}

static int same_name(const xmlNode *a, const xmlNode *b)
{
	return !strcmp((const char *)a->name, (const char *)b->name) && !strcmp(node_ns(a), node_ns(b));
}

static void copy_vars(struct vars *to, const struct vars *from)
{
	for (size_t i = 0; i < from->count; i++) {
		vars_set(to, from->items[i].name, from->items[i].value);
	}
}

/* The element that stands at that place among the children. */
static const xmlNode *child_at(const xmlNode *node, size_t place)
{
	const xmlNode *c = next_element(node->children);
	while (place-- && c) {
		c = next_element(c->next);
	}
	return c;
}

/* Which child of the stanza's element stands for which of the template's: both by their places. */
struct pairing {
	const xmlNode *expected, *got;
	size_t *owner; /* per child got: place of the expected one + 1, or 0 */
	char *seen;	   /* per child got: in the search for one expected child */
	size_t total;  /* children got */
	enum match_mode mode;
	int named; /* of the child that was looked at last: one of that name was free */
	int binds; /* a pair that fits binds something */
};

/* Binds nothing: the pair may be given up again. */
static int fits(struct match *m, struct pairing *p, const xmlNode *expected, const xmlNode *got)
{
	struct vars kept = {0};
	copy_vars(&kept, &m->binds);
	int ok = element_matches(m, expected, got, p->mode);
	p->binds |= ok && m->binds.count > kept.count;
	vars_finish(&m->binds);
	m->binds = kept;
	return ok;
}

/* One step of the augmenting paths of bipartite matching: takes a child that is free, or one whose owner finds another.
 */
static int find_partner(struct match *m, struct pairing *p, size_t place)
{
	const xmlNode *expected = child_at(p->expected, place);
	const xmlNode *c = next_element(p->got->children);
	int score = m->score;
	int named = 0;
	for (size_t i = 0; c; c = next_element(c->next), i++) {
		if (!same_name(expected, c)) {
			continue;
		}
		named |= !p->owner[i];
		if (p->seen[i]) {
			continue;
		}
		m->score = score;
		if (!fits(m, p, expected, c)) {
			continue;
		}
		p->seen[i] = 1;
		if (!p->owner[i] || find_partner(m, p, p->owner[i] - 1)) {
			p->owner[i] = place + 1;
			return 1;
		}
	}
	p->named = named;
	m->score = score;
	return 0;
}

static void no_such_child(struct match *m, const xmlNode *expected, enum match_mode mode)
{
	char *what = mem_printf("/%s", (const char *)expected->name);
	char *wanted = mem_printf("an element <%s xmlns='%s'>", (const char *)expected->name, node_ns(expected));
	differ(m, mode, what, wanted, NULL);
	free(wanted);
	free(what);
}

static int bind_pairs(struct match *m, const struct pairing *p)
{
	int ok = 1;
	for (size_t i = 0; ok && i < p->total; i++) {
		ok = !p->owner[i] || element_matches(m, child_at(p->expected, p->owner[i] - 1), child_at(p->got, i), p->mode);
	}
	return ok;
}

/* Every expected child gets one of its own, in any order, whenever that is possible at all. */
static int children_in_any_order(struct match *m, struct pairing *p)
{
	size_t wanted = count_elements(p->expected);
	for (size_t place = 0; place < wanted; place++) {
		memset(p->seen, 0, p->total);
		if (!find_partner(m, p, place)) {
			if (!p->named) {
				no_such_child(m, child_at(p->expected, place), p->mode);
			}
			return 0;
		}
	}
	return !p->binds || bind_pairs(m, p);
}

static int children_in_order(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode mode)
{
	const xmlNode *g = next_element(got->children);
	for (const xmlNode *e = next_element(expected->children); e; e = next_element(e->next)) {
		if (!g || !same_name(e, g)) {
			char *wanted = mem_printf("<%s xmlns='%s'>", (const char *)e->name, node_ns(e));
			char *what = mem_printf("/%s", (const char *)e->name);
			differ(m, mode, what, wanted, g ? (const char *)g->name : NULL);
			free(what);
			free(wanted);
			return 0;
		}
		if (!element_matches(m, e, g, mode)) {
			return 0;
		}
		g = next_element(g->next);
	}
	return g ? differ(m, mode, "", "no further element", (const char *)g->name) : 1;
}

static int children_match(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode mode)
{
	if (mode == MATCH_STRICT) {
		return children_in_order(m, expected, got, mode);
	}
	size_t total = count_elements(got);
	if (mode == MATCH_UNORDERED && total > count_elements(expected)) {
		return differ(m, mode, "", "no further elements", "more");
	}
	struct pairing p = {.expected = expected,
			.got = got,
			.owner = mem_alloc(total * sizeof *p.owner),
			.seen = mem_alloc(total),
			.total = total,
			.mode = mode};
	int ok = children_in_any_order(m, &p);
	free(p.owner);
	free(p.seen);
	return ok;
}

static int element_matches(struct match *m, const xmlNode *expected, const xmlNode *got, enum match_mode inherited)
{
	enum match_mode mode = mode_of(m, expected, inherited);
	size_t path = m->path.len;
	if (m->why) {
		buf_printf(&m->path, "%s%s", path ? "/" : "", (const char *)expected->name);
	}
	int ok = same_name(expected, got) ? (m->score++, 1)
									  : differ(m, mode, "", (const char *)expected->name, (const char *)got->name);
	ok = ok && attributes_match(m, expected, got, mode) && text_matches(m, expected, got, mode) &&
		 children_match(m, expected, got, mode);
	m->path.len = path;
	if (m->path.data) {
		m->path.data[path] = '\0';
	}
	return ok;
}

/* An id that the play implies (the answer to the last IQ) where the template names none. */
static int implied_id_matches(struct match *m, const struct template *t, const struct stanza *stanza)
{
	const char *implied = m->defaults ? m->defaults->id : NULL;
	if (!implied || template_attr(t, "id")) {
		return 1;
	}
	const char *id = stanza_attr(stanza, "id");
	if (id && !strcmp(id, implied)) {
		m->score += 2; /* an answer to this very request is closer than any other stanza */
		return 1;
	}
	buf_add_text(&m->path, (const char *)t->root->name);
	differ(m, MATCH_LOOSE, "@id", implied, id);
	buf_clear(&m->path);
	return 0;
}

int template_match(const struct template *t, const struct stanza *stanza, const struct vars *vars,
		const struct template_defaults *defaults, struct vars *binds, struct mismatch *why)
{
	struct match m = {.vars = vars, .defaults = defaults, .why = why, .scansion_rule = t->scansion_rule};
	if (why) {
		*why = (struct mismatch){0};
	}
	int ok = implied_id_matches(&m, t, stanza) && element_matches(&m, t->root, stanza->root, MATCH_LOOSE);
	if (ok) {
		for (size_t i = 0; binds && i < m.binds.count; i++) {
			vars_set(binds, m.binds.items[i].name, m.binds.items[i].value);
		}
		if (why) {
			mismatch_finish(why);
		}
	}
	vars_finish(&m.binds);
	buf_finish(&m.path);
	return ok;
}

void mismatch_finish(struct mismatch *m)
{
	free(m->where);
	free(m->expected);
	free(m->got);
	*m = (struct mismatch){0};
}
