#include "target/adhoc.h"

#include "base/mem.h"
#include "script/vars.h"
#include "target/stages.h"

#include <stdlib.h>
#include <string.h>

#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_DATA "jabber:x:data"

static void next_id(struct adhoc_call *c, const char *id)
{
	char *fresh = mem_printf("%s-%d", id, ++c->stage);
	free(c->id);
	c->id = fresh;
}

static char *dump(xmlDocPtr doc)
{
	char *octets = node_octets(xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	return octets;
}

static xmlDocPtr command(const struct adhoc_call *c, xmlNodePtr *out)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr iq = xmlNewDocNode(doc, NULL, (const xmlChar *)"iq", NULL);
	xmlDocSetRootElement(doc, iq);
	node_set(iq, "type", "set");
	node_set(iq, "id", c->id);
	node_set(iq, "to", c->to);
	*out = node_add(iq, "command", NS_COMMANDS);
	node_set(*out, "node", c->hook->adhoc);
	return doc;
}

char *adhoc_begin(struct adhoc_call *c, const struct hook *hook, const char *to, const char *peer, const char *id)
{
	*c = (struct adhoc_call){.hook = hook, .to = mem_strdup(to), .peer = mem_strdup(peer ? peer : "")};
	next_id(c, id);
	xmlNodePtr node;
	xmlDocPtr doc = command(c, &node);
	node_set(node, "action", "execute");
	return dump(doc);
}

static void add_field(xmlNodePtr form, const char *name, const char *value)
{
	xmlNodePtr field = node_add(form, "field", NULL);
	node_set(field, "var", name);
	xmlNewTextChild(field, NULL, (const xmlChar *)"value", (const xmlChar *)value);
}

static void count_stage(struct adhoc_call *c)
{
	char *id = mem_strndup(c->id, (size_t)(strrchr(c->id, '-') - c->id));
	next_id(c, id);
	free(id);
}

static char *sent(struct adhoc_call *c, char *octets)
{
	stanza_unref(c->sent);
	c->sent = stanza_parse(octets, NS_CLIENT);
	return octets;
}

/* What a further stage wants, or NULL: the answer is none (ruling A21). */
static char *further(struct adhoc_call *c, const xmlNode *answer)
{
	const xmlNode *command = c->sent ? node_child(c->sent->root, "command", NS_COMMANDS) : NULL;
	const xmlNode *form = command ? node_child(command, "x", NS_DATA) : NULL;
	xmlDocPtr doc = c->further < STAGES_MAX ? stages_further(answer, form) : NULL;
	if (!doc) {
		return NULL;
	}
	c->further++;
	count_stage(c);
	node_set(xmlDocGetRootElement(doc), "id", c->id);
	node_set(xmlDocGetRootElement(doc), "to", c->to);
	return sent(c, dump(doc));
}

static char *submission(struct adhoc_call *c, const xmlNode *answer)
{
	count_stage(c);
	xmlNodePtr node;
	xmlDocPtr doc = command(c, &node);
	const char *session = node_attr(answer, "sessionid");
	if (session) {
		node_set(node, "sessionid", session);
	}
	xmlNodePtr form = node_add(node, "x", NS_DATA);
	node_set(form, "type", "submit");
	/* A form is scoped by its FORM_TYPE, which goes back as it came (XEP-0068). */
	const xmlNode *offered = node_child(answer, "x", NS_DATA);
	for (const xmlNode *f = offered ? offered->children : NULL; f; f = f->next) {
		const char *var = node_is(f, "field", NS_DATA) ? node_attr(f, "var") : NULL;
		if (var && !strcmp(var, "FORM_TYPE")) {
			char *value = node_text(f);
			add_field(form, var, value);
			free(value);
		}
	}
	struct vars vars = {0};
	vars_set(&vars, "peer", c->peer);
	for (size_t i = 0; i < c->hook->fields_count; i++) {
		char *value = vars_expand(&vars, c->hook->fields[i].value);
		add_field(form, c->hook->fields[i].name, value);
		free(value);
	}
	vars_finish(&vars);
	return sent(c, dump(doc));
}

static void read_result(struct adhoc_call *c, const xmlNode *answer)
{
	const xmlNode *form = node_child(answer, "x", NS_DATA);
	for (const xmlNode *f = form && c->hook->result ? form->children : NULL; f; f = f->next) {
		const char *var = node_is(f, "field", NS_DATA) ? node_attr(f, "var") : NULL;
		if (!var || strcmp(var, c->hook->result) != 0) {
			continue;
		}
		for (const xmlNode *v = f->children; v; v = v->next) {
			if (node_is(v, "value", NS_DATA)) {
				char *value = node_text(v);
				buf_add_text(&c->output, value);
				buf_add_text(&c->output, "\n");
				free(value);
			}
		}
	}
}

static int says_no_such_command(const char *condition)
{
	static const char *const conditions[] = {
			"item-not-found", "feature-not-implemented", "service-unavailable", "forbidden"};
	for (size_t i = 0; condition && i < sizeof conditions / sizeof *conditions; i++) {
		if (!strcmp(condition, conditions[i])) {
			return 1;
		}
	}
	return 0;
}

enum adhoc_state adhoc_answer(struct adhoc_call *c, const struct stanza *s, char **octets)
{
	const char *type = stanza_attr(s, "type");
	const xmlNode *answer = node_child(s->root, "command", NS_COMMANDS);
	if (!type || strcmp(type, "result") != 0 || !answer) {
		const char *condition = stanza_error_condition(s);
		/* Later than at the first stage, only the submitted facts can have been refused; but a question that is
		 * refused is not answered. */
		if (c->stage > 1 && !c->hook->result && !says_no_such_command(condition)) {
			return ADHOC_DONE;
		}
		buf_printf(&c->output, "the command '%s' was answered with %s", c->hook->adhoc,
				condition ? condition : "an error");
		return ADHOC_FAILED;
	}
	const char *status = node_attr(answer, "status");
	if (status && !strcmp(status, "executing")) {
		*octets = c->stage > 1 ? further(c, answer) : NULL;
		if (*octets) {
			return ADHOC_GOES_ON;
		}
		if (c->stage > 1 && c->hook->result) {
			buf_printf(&c->output, "the command '%s' was answered with its form again", c->hook->adhoc);
			return ADHOC_FAILED;
		}
		if (c->stage > 1) {
			return ADHOC_DONE; /* the form comes back: refused */
		}
		*octets = submission(c, answer);
		return ADHOC_GOES_ON;
	}
	read_result(c, answer);
	return ADHOC_DONE;
}

void adhoc_finish(struct adhoc_call *c)
{
	free(c->to);
	free(c->peer);
	free(c->id);
	stanza_unref(c->sent);
	buf_finish(&c->output);
	*c = (struct adhoc_call){0};
}
