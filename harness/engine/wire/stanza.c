#include "wire/stanza.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

struct stanza *stanza_create(xmlDocPtr doc, const char *raw, size_t raw_len)
{
	/* One block for both: a stanza is made for every few hundred octets that arrive. */
	struct stanza *s = mem_resize(NULL, sizeof *s + raw_len + 1, 1);
	s->refs = 1;
	s->doc = doc;
	s->root = xmlDocGetRootElement(doc);
	s->raw = (char *)(s + 1);
	s->raw_len = raw_len;
	if (raw_len) {
		memcpy(s->raw, raw, raw_len);
	}
	s->raw[raw_len] = '\0';
	return s;
}

struct stanza *stanza_ref(struct stanza *s)
{
	s->refs++;
	return s;
}

void stanza_unref(struct stanza *s)
{
	if (!s || --s->refs > 0) {
		return;
	}
	xmlFreeDoc(s->doc);
	free(s);
}

struct parsing {
	struct stanza *only;
	int count;
	size_t octets; /* of the stanzas and of the end */
	int ended;
};

static void parsed_stanza(void *ud, struct stanza *stanza)
{
	struct parsing *parsing = ud;
	if (!parsing->count++) {
		parsing->only = stanza_ref(stanza);
	}
	parsing->octets += stanza->raw_len;
}

static void parsed_end(void *ud, const char *raw, size_t len)
{
	(void)raw;
	struct parsing *parsing = ud;
	parsing->octets += len;
	parsing->ended = 1;
}

static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<'", *text)) {
			buf_printf(b, "&#%d;", *text);
		} else {
			buf_add(b, text, 1);
		}
	}
}

struct stanza *stanza_parse(const char *text, const char *default_ns)
{
	static const struct stream_limits limits = {.stanza_octets = 8u << 20, .depth = 200, .attributes = 1024};
	static const struct stream_callbacks callbacks = {.on_stanza = parsed_stanza, .on_end = parsed_end};
	static const char end[] = "</_:stream>";
	struct parsing parsing = {0};

	/* The parser for the wire does the work, so trees from here and from there are alike. */
	struct stream_parser *p = stream_create(&limits, &callbacks, &parsing);
	struct buf header = {0};
	buf_add_text(&header, "<_:stream xmlns:_='" NS_STREAM "'");
	if (default_ns && *default_ns) {
		buf_add_text(&header, " xmlns='");
		add_escaped(&header, default_ns);
		buf_add_text(&header, "'");
	}
	buf_add_text(&header, ">");
	stream_feed(p, buf_text(&header), header.len);
	stream_feed(p, text, strlen(text));
	stream_feed(p, end, sizeof end - 1);
	stream_destroy(p);
	buf_finish(&header);

	/* The octets are counted so that an end tag of ours inside the text is seen. */
	if (parsing.count == 1 && parsing.ended && parsing.octets == strlen(text) + sizeof end - 1) {
		return parsing.only;
	}
	stanza_unref(parsing.only);
	return NULL;
}

const char *node_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (!a->ns && strcmp((const char *)a->name, name) == 0) {
			/* Without DTD a value is one text node, or none where it is empty. */
			return a->children && a->children->content ? (const char *)a->children->content : "";
		}
	}
	return NULL;
}

const char *stanza_attr(const struct stanza *s, const char *name)
{
	return node_attr(s->root, name);
}

const char *node_ns(const xmlNode *node)
{
	return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

int node_is(const xmlNode *node, const char *name, const char *ns)
{
	return node->type == XML_ELEMENT_NODE && (!name || strcmp((const char *)node->name, name) == 0) &&
		   (!ns || strcmp(node_ns(node), ns) == 0);
}

xmlNodePtr node_child(const xmlNode *node, const char *name, const char *ns)
{
	for (xmlNodePtr child = node->children; child; child = child->next) {
		if (node_is(child, name, ns)) {
			return child;
		}
	}
	return NULL;
}

char *node_text(const xmlNode *node)
{
	const xmlNode *only = node->type == XML_ELEMENT_NODE ? node->children : NULL;
	if (only && !only->next && only->type == XML_TEXT_NODE) {
		return mem_strdup((const char *)only->content);
	}
	xmlChar *content = xmlNodeGetContent(node);
	char *text = mem_strdup(content ? (const char *)content : "");
	xmlFree(content);
	return text;
}

const char *stanza_error_condition(const struct stanza *s)
{
	xmlNodePtr error = node_child(s->root, "error", node_ns(s->root));
	if (!error) {
		return NULL;
	}
	for (xmlNodePtr child = error->children; child; child = child->next) {
		if (node_is(child, NULL, NS_STANZA_ERRORS) && strcmp((const char *)child->name, "text") != 0) {
			return (const char *)child->name;
		}
	}
	return NULL;
}

xmlNodePtr node_add(xmlNodePtr parent, const char *name, const char *ns)
{
	xmlNodePtr node = xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
	if (ns) {
		xmlSetNs(node, xmlNewNs(node, (const xmlChar *)ns, NULL));
	}
	return node;
}

void node_set(xmlNodePtr node, const char *name, const char *value)
{
	if (value) {
		xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
	}
}

char *node_octets(xmlNodePtr node)
{
	xmlBufferPtr out = xmlBufferCreate();
	xmlNodeDump(out, node->doc, node, 0, 0);
	char *octets = mem_strndup((const char *)xmlBufferContent(out), (size_t)xmlBufferLength(out));
	xmlBufferFree(out);
	return octets;
}

int stanza_is_answer(const struct stanza *s)
{
	const char *type = stanza_attr(s, "type");
	return !strcmp((const char *)s->root->name, "iq") && type && (!strcmp(type, "result") || !strcmp(type, "error"));
}
