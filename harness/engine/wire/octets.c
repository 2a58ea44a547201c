/* Trees as octets. What stanzas are made of is written here, in the same way as libxml2 does, which takes several times
 * as long; the rest is left to it. */
#include "base/buf.h"
#include "base/mem.h"
#include "wire/stanza.h"

#include <libxml/parserInternals.h>
#include <string.h>

static void add_name(struct buf *b, const xmlNs *ns, const xmlChar *name)
{
	if (ns && ns->prefix) {
		buf_add_text(b, (const char *)ns->prefix);
		buf_add(b, ":", 1);
	}
	buf_add_text(b, (const char *)name);
}

/* Text with references in place of the special characters. */
static void add_escaped(struct buf *b, const char *text, const char *special)
{
	static const struct {
		char c;
		const char *reference;
	} references[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\r', "&#13;"}, {'\n', "&#10;"},
			{'\t', "&#9;"}};
	for (;;) {
		size_t plain = strcspn(text, special);
		buf_add(b, text, plain);
		text += plain;
		if (!*text) {
			return;
		}
		for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
			if (references[i].c == *text) {
				buf_add_text(b, references[i].reference);
			}
		}
		text++;
	}
}

static int is_ascii(const char *text)
{
	while (*text && !(*text & 0x80)) {
		text++;
	}
	return !*text;
}

static int add_declaration(struct buf *b, const xmlNs *ns)
{
	const char *href = ns->href ? (const char *)ns->href : "";
	if (!ns->href || strchr(href, '"') || (ns->prefix && !strcmp((const char *)ns->prefix, "xml"))) {
		return -1;
	}
	buf_add_text(b, ns->prefix ? " xmlns:" : " xmlns");
	buf_add_text(b, ns->prefix ? (const char *)ns->prefix : "");
	buf_add_text(b, "=\"");
	buf_add_text(b, href);
	buf_add_text(b, "\"");
	return 0;
}

static int add_attribute(struct buf *b, const xmlAttr *a)
{
	const xmlNode *only = a->children;
	const char *value = only && only->content ? (const char *)only->content : "";
	if (only && (only->next || only->type != XML_TEXT_NODE || !is_ascii(value))) {
		return -1;
	}
	buf_add(b, " ", 1);
	add_name(b, a->ns, a->name);
	buf_add_text(b, "=\"");
	add_escaped(b, value, "<>&\"\r\n\t");
	buf_add_text(b, "\"");
	return 0;
}

static int add_node(struct buf *b, const xmlNode *node);

static int add_element(struct buf *b, const xmlNode *node)
{
	buf_add(b, "<", 1);
	add_name(b, node->ns, node->name);
	for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
		if (add_declaration(b, ns)) {
			return -1;
		}
	}
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (add_attribute(b, a)) {
			return -1;
		}
	}
	if (!node->children) {
		buf_add_text(b, "/>");
		return 0;
	}
	buf_add(b, ">", 1);
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (add_node(b, child)) {
			return -1;
		}
	}
	buf_add_text(b, "</");
	add_name(b, node->ns, node->name);
	buf_add(b, ">", 1);
	return 0;
}

/* 0, or -1 where the node has something in it that is rare. */
static int add_node(struct buf *b, const xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE) {
		return add_element(b, node);
	}
	if (node->type != XML_TEXT_NODE || node->name != xmlStringText) {
		return -1;
	}
	add_escaped(b, node->content ? (const char *)node->content : "", "<>&\r");
	return 0;
}

char *node_octets(xmlNodePtr node)
{
	struct buf b = {0};
	if (add_node(&b, node) == 0) {
		return buf_take(&b);
	}
	buf_finish(&b);
	xmlBufferPtr out = xmlBufferCreate();
	xmlNodeDump(out, node->doc, node, 0, 0);
	char *octets = mem_strndup((const char *)xmlBufferContent(out), (size_t)xmlBufferLength(out));
	xmlBufferFree(out);
	return octets;
}
