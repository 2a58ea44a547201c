#include "script/template_parts.h"

#include "base/mem.h"

#include <libxml/hash.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define NS_SCANSION "https://matthewwild.co.uk/projects/scansion"

const char *match_mode_text(enum match_mode mode)
{
	switch (mode) {
	case MATCH_STRICT:
		return "strict";
	case MATCH_UNORDERED:
		return "strict, any order";
	default:
		return "non-strict";
	}
}

static int tabs(const struct line *line)
{
	return line->indent - (line->spaces > 0);
}

static char *join(const struct line *lines, size_t count)
{
	struct buf b = {0};
	for (size_t i = 0; i < count; i++) {
		for (int tab = tabs(&lines[0]); tab < tabs(&lines[i]); tab++) {
			buf_add_text(&b, "\t");
		}
		for (int space = tabs(&lines[i]) > tabs(&lines[0]) ? 0 : lines[0].spaces; space < lines[i].spaces; space++) {
			buf_add_text(&b, " ");
		}
		buf_add_text(&b, lines[i].text);
		buf_add_text(&b, "\n");
	}
	return buf_take(&b);
}

static const struct line *line_at(const struct line *lines, size_t count, int number)
{
	size_t i = number > 0 ? (size_t)number - 1 : 0;
	return &lines[i < count ? i : count - 1];
}

static void report_xml_error(const struct line *lines, size_t count, xmlParserCtxtPtr ctx, struct problems *ps)
{
	const xmlError *e = xmlCtxtGetLastError(ctx);
	const struct line *at = line_at(lines, count, e ? e->line : 1);
	char *message = mem_strdup(e && e->message ? e->message : "not well-formed");
	message[strcspn(message, "\n")] = '\0';
	problems_add(ps, at->file, at->number, at->indent + 1, "expected one well-formed element: %s", message);
	free(message);
}

static int is_pattern(const char *value)
{
	return !strncmp(value, "{bind:", 6) || !strcmp(value, "{any}") || !strcmp(value, "{absent}") ||
		   !strncmp(value, "{match:", 7) || !strncmp(value, "{scansion:", 10);
}

/* A pattern that is cut short, names nothing or holds no regular expression would match by accident or never. */
static int is_broken(const char *value)
{
	static const char *const openers[] = {"{match:", "{bind:", "{scansion:capture:"};
	size_t len = strlen(value);
	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
		size_t opener = strlen(openers[i]);
		if (strncmp(value, openers[i], opener) != 0) {
			continue;
		}
		if (len < opener + 2 || value[len - 1] != '}') {
			return 1;
		}
		regex_t re;
		if (!i && match_regex(&re, value + opener, len - opener - 1, NULL)) {
			return 1;
		}
		if (!i) {
			regfree(&re);
		}
		return 0;
	}
	return !strncmp(value, "{scansion:", 10) && strcmp(value, "{scansion:any}") != 0;
}

static int is_wrong(const char *value, int is_text, enum template_use use)
{
	return use == TEMPLATE_SEND ? is_pattern(value) : is_broken(value) || (is_text && !strcmp(value, "{absent}"));
}

static int is_wrong_attribute(const xmlAttr *a, const char *value, enum template_use use)
{
	if (!a->ns || strcmp((const char *)a->ns->href, NS_SCANSION) != 0) {
		return is_wrong(value, 0, use);
	}
	return use == TEMPLATE_SEND || strcmp((const char *)a->name, "strict") != 0 ||
		   (strcmp(value, "true") != 0 && strcmp(value, "false") != 0 && strcmp(value, "unordered") != 0);
}

/* The first value that is wrong, for free(), or NULL. A forgotten `receives:` puts its body into the `sends` before it
 * (scansion.md section 10): what only matching uses is wrong in a stanza to send. */
static char *find_wrong(const xmlNode *node, enum template_use use)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		const char *value = a->children && a->children->content ? (const char *)a->children->content : "";
		if (is_wrong_attribute(a, value, use)) {
			return mem_printf("%s='%s'", (const char *)a->name, value);
		}
	}
	char *text = node_own_text(node);
	if (is_wrong(text, 1, use)) {
		return text;
	}
	free(text);
	char *found = NULL;
	for (const xmlNode *c = node->children; c && !found; c = c->next) {
		found = c->type == XML_ELEMENT_NODE ? find_wrong(c, use) : NULL;
	}
	return found;
}

/* Seven of eight templates of the catalogue are equal to an earlier one, so all that are equal are one. The parser is
 * one for all, too: a dictionary for each of them was most of the engine's memory. */
static struct {
	xmlParserCtxtPtr parser;
	xmlHashTablePtr templates; /* by text, namespace and rules; with a reference to each */
} shared;

static void forget_template(void *t, const xmlChar *text)
{
	(void)text;
	template_destroy(t);
}

void template_forget_shared(void)
{
	xmlFreeParserCtxt(shared.parser);
	xmlHashFree(shared.templates, forget_template);
	match_forget_shared();
	shared.parser = NULL;
	shared.templates = NULL;
}

static xmlParserCtxtPtr parser(void)
{
	shared.parser = shared.parser ? shared.parser : xmlNewParserCtxt();
	return shared.parser;
}

/* What decides, beside the text and the namespace, how a template is read and matched. */
static const xmlChar *rules_of(enum template_use use, int scansion_rule)
{
	if (scansion_rule) {
		return (const xmlChar *)(use == TEMPLATE_SEND ? "sends as in scansion" : "receives as in scansion");
	}
	return (const xmlChar *)(use == TEMPLATE_SEND ? "sends" : "receives");
}

static struct template *find_shared(const char *text, const char *default_ns, const xmlChar *rules)
{
	struct template *t = xmlHashLookup3(shared.templates, (const xmlChar *)text, (const xmlChar *)default_ns, rules);
	if (t) {
		t->refs++;
	}
	return t;
}

static void share(struct template *t, const char *text, const char *default_ns, const xmlChar *rules)
{
	if (!shared.templates) {
		shared.templates = xmlHashCreate(0);
	}
	if (xmlHashAddEntry3(shared.templates, (const xmlChar *)text, (const xmlChar *)default_ns, rules, t) == 0) {
		t->refs++;
	}
}

/* Where fewer octets than that are left, libxml2 looks for more with each word that it reads. */
enum { AHEAD = 250 };

static xmlDocPtr parse(
		const struct line *lines, size_t count, const char *text, const char *default_ns, struct problems *ps)
{
	char *wrapped = mem_printf("<wrap xmlns='%s' xmlns:scansion='" NS_SCANSION "' xmlns:stream='" NS_STREAM
							   "' xmlns:db='" NS_DIALBACK "'>%s</wrap>%*s",
			default_ns, text, AHEAD, "");
	xmlParserCtxtPtr ctx = parser();
	xmlDocPtr doc = xmlCtxtReadMemory(ctx, wrapped, (int)strlen(wrapped), NULL, NULL,
			XML_PARSE_NOBLANKS | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
	free(wrapped);
	if (!doc || !ctx->wellFormed || !ctx->nsWellFormed) {
		report_xml_error(lines, count, ctx, ps);
		xmlFreeDoc(doc);
		doc = NULL;
	}
	return doc;
}

static xmlNodePtr only_element(xmlDocPtr doc, const struct line *lines, size_t count, struct problems *ps)
{
	xmlNodePtr found = NULL;
	for (xmlNodePtr c = xmlDocGetRootElement(doc)->children; c; c = c->next) {
		const struct line *at = line_at(lines, count, (int)xmlGetLineNo(c));
		if (c->type == XML_COMMENT_NODE) {
			continue;
		}
		if (c->type != XML_ELEMENT_NODE) {
			problems_add(ps, at->file, at->number, 1, "text outside of the stanza; expected one element");
			return NULL;
		}
		if (found) {
			problems_add(ps, at->file, at->number, at->indent + 1,
					"a second element <%s>; expected one element (is a `receives:` line missing?)",
					(const char *)c->name);
			return NULL;
		}
		found = c;
	}
	if (!found) {
		problems_add(ps, lines[0].file, lines[0].number, 1, "expected one element");
	}
	return found;
}

struct template *template_create(const struct line *lines, size_t count, const char *default_ns, enum template_use use,
		int scansion_rule, struct problems *ps)
{
	char *text = join(lines, count);
	const xmlChar *rules = rules_of(use, scansion_rule);
	struct template *t = find_shared(text, default_ns, rules);
	if (t) {
		free(text);
		return t;
	}
	t = mem_alloc(sizeof *t);
	t->refs = 1;
	t->scansion_rule = scansion_rule;
	t->text = text;
	t->doc = parse(lines, count, t->text, default_ns, ps);
	t->root = t->doc ? only_element(t->doc, lines, count, ps) : NULL;
	if (!t->root) {
		template_destroy(t);
		return NULL;
	}
	char *wrong = find_wrong(t->root, use);
	if (wrong) {
		problems_add(ps, lines[0].file, lines[0].number, lines[0].indent + 1,
				use == TEMPLATE_SEND
						? "\"%s\" in a stanza to send; patterns are for `receives` (is a `receives:` line missing?)"
						: "\"%s\" is no pattern; expected {any}, {absent} (attributes), {match:REGEX}, {bind:name}, "
						  "{scansion:any}, {scansion:capture:name}, or scansion:strict true, false, unordered",
				wrong);
		free(wrong);
		template_destroy(t);
		return NULL;
	}
	share(t, text, default_ns, rules);
	t->text[strlen(t->text) - 1] = '\0';
	return t;
}

void template_destroy(struct template *t)
{
	if (t && !--t->refs) {
		xmlFreeDoc(t->doc);
		free(t->text);
		free(t);
	}
}

const char *template_attr(const struct template *t, const char *name)
{
	return node_attr(t->root, name);
}

static void expand_node(xmlNodePtr node, const struct vars *vars)
{
	for (xmlAttrPtr a = node->properties; a; a = a->next) {
		xmlNodePtr text = a->children;
		if (text && text->content && strstr((const char *)text->content, "${")) {
			char *value = vars_expand(vars, (const char *)text->content);
			xmlSetNsProp(node, a->ns, a->name, (const xmlChar *)value);
			free(value);
		}
	}
	for (xmlNodePtr c = node->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE) {
			expand_node(c, vars);
		} else if (c->type == XML_TEXT_NODE && strstr((const char *)c->content, "${")) {
			char *value = vars_expand(vars, (const char *)c->content);
			xmlNodeSetContent(c, (const xmlChar *)value);
			free(value);
		}
	}
}

static void add_default(xmlNodePtr node, const char *name, const char *value)
{
	if (value && !xmlHasNsProp(node, (const xmlChar *)name, NULL)) {
		xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
	}
}

struct stanza *template_build(
		const struct template *t, const struct vars *vars, const struct template_defaults *defaults)
{
	/* The whole document is copied: a node copied alone would declare the namespaces of its wrapper on itself. */
	xmlDocPtr doc = xmlCopyDoc(t->doc, 1);
	xmlNodePtr copy = xmlDocGetRootElement(doc)->children;
	while (copy->type != XML_ELEMENT_NODE) {
		copy = copy->next;
	}
	expand_node(copy, vars);
	add_default(copy, "from", defaults->from);
	add_default(copy, "to", defaults->to);
	add_default(copy, "id", defaults->id);
	char *octets = node_octets(copy);
	struct stanza *s = stanza_create(doc, octets, strlen(octets));
	s->root = copy;
	free(octets);
	return s;
}

static void each_name_in_value(const char *value, const struct template_names *names)
{
	const struct {
		const char *opener;
		void (*report)(void *ud, const char *name, size_t len);
	} binders[] = {{"{bind:", names->bind}, {"{scansion:capture:", names->capture}};
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(binders[i].opener);
		if (!strncmp(value, binders[i].opener, len) && value[strlen(value) - 1] == '}') {
			binders[i].report(names->ud, value + len, strlen(value) - len - 1);
			return;
		}
	}
	vars_names_in(value, names->use, names->ud);
}

static void each_name_in_node(const xmlNode *node, const struct template_names *names)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->children && a->children->content) {
			each_name_in_value((const char *)a->children->content, names);
		}
	}
	char *text = node_own_text(node);
	each_name_in_value(text, names);
	free(text);
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE) {
			each_name_in_node(c, names);
		}
	}
}

void template_each_name(const struct template *t, const struct template_names *names)
{
	each_name_in_node(t->root, names);
}
