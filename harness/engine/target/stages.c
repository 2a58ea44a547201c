#include "target/stages.h"

#include "wire/stanza.h"

#include <stdlib.h>
#include <string.h>

#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_DATA "jabber:x:data"

static int is_type(const xmlNode *field, const char *type)
{
	const char *own = node_attr(field, "type");
	return own && !strcmp(own, type);
}

static const xmlNode *next_field(const xmlNode *form, const xmlNode *after)
{
	const xmlNode *n = after ? after->next : form ? form->children : NULL;
	while (n && !node_is(n, "field", NS_DATA)) {
		n = n->next;
	}
	return n;
}

/* Somebody is to fill it in. */
static int asks(const xmlNode *field)
{
	return node_attr(field, "var") && !is_type(field, "hidden") && !is_type(field, "fixed");
}

static char *value_of(const xmlNode *field)
{
	const xmlNode *value = node_child(field, "value", NS_DATA);
	return value ? node_text(value) : NULL;
}

/* It was given already, and another value is wanted. */
static int asks_again(const xmlNode *field, const xmlNode *submitted)
{
	for (const xmlNode *given = NULL; (given = next_field(submitted, given)) != NULL;) {
		const char *var = node_attr(given, "var");
		if (!var || strcmp(var, node_attr(field, "var")) != 0) {
			continue;
		}
		char *before = value_of(given);
		char *now = value_of(field);
		int same = before && now && !strcmp(before, now);
		free(before);
		free(now);
		return !same;
	}
	return 0;
}

static int says_error(const xmlNode *answer)
{
	for (const xmlNode *n = answer->children; n; n = n->next) {
		if (node_is(n, "note", NS_COMMANDS) && is_type(n, "error")) {
			return 1;
		}
	}
	return 0;
}

/* The stage can be answered with what stands in it. *lone: it is one question to be answered with yes or no. */
static int is_answerable(const xmlNode *form, const xmlNode *submitted, int *lone)
{
	size_t asked = 0;
	size_t open = 0;
	size_t yes_or_no = 0;
	for (const xmlNode *f = NULL; (f = next_field(form, f)) != NULL;) {
		if (!asks(f)) {
			continue;
		}
		if (asks_again(f, submitted)) {
			return 0;
		}
		int boolean = is_type(f, "boolean");
		asked++;
		yes_or_no += (size_t)boolean;
		open += !boolean && !node_child(f, "value", NS_DATA); /* many do not mark what they require */
	}
	*lone = asked == 1 && yes_or_no == 1;
	return !open;
}

static void fill_in(xmlNodePtr command, const xmlNode *form, int lone)
{
	xmlNodePtr x = node_add(command, "x", NS_DATA);
	node_set(x, "type", "submit");
	for (const xmlNode *f = NULL; (f = next_field(form, f)) != NULL;) {
		if (!node_attr(f, "var")) {
			continue;
		}
		xmlNodePtr field = node_add(x, "field", NULL);
		node_set(field, "var", node_attr(f, "var"));
		int yes = is_type(f, "boolean") && (lone || !node_child(f, "value", NS_DATA));
		if (yes) {
			xmlNewTextChild(field, NULL, (const xmlChar *)"value", (const xmlChar *)"1");
		}
		for (const xmlNode *v = f->children; !yes && v; v = v->next) {
			if (node_is(v, "value", NS_DATA)) {
				char *text = node_text(v);
				xmlNewTextChild(field, NULL, (const xmlChar *)"value", (const xmlChar *)text);
				free(text);
			}
		}
	}
}

xmlDocPtr stages_further(const xmlNode *answer, const xmlNode *submitted)
{
	const char *status = node_attr(answer, "status");
	const xmlNode *form = node_child(answer, "x", NS_DATA);
	const xmlNode *actions = node_child(answer, "actions", NS_COMMANDS);
	int lone = 0;
	if (!status || strcmp(status, "executing") != 0 || says_error(answer) || !is_answerable(form, submitted, &lone)) {
		return NULL;
	}
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr iq = xmlNewDocNode(doc, NULL, (const xmlChar *)"iq", NULL);
	xmlDocSetRootElement(doc, iq);
	node_set(iq, "type", "set");
	xmlNodePtr command = node_add(iq, "command", NS_COMMANDS);
	node_set(command, "node", node_attr(answer, "node"));
	node_set(command, "sessionid", node_attr(answer, "sessionid"));
	if (actions) {
		node_set(command, "action",
				node_child(actions, "complete", NS_COMMANDS) ? "complete"
				: node_child(actions, "next", NS_COMMANDS)	 ? "next"
															 : NULL);
	}
	if (form) {
		fill_in(command, form, lone);
	}
	return doc;
}
