#include "actors/markup.h"

#include <string.h>

void markup_escaped(struct buf *b, const char *text)
{
	static const char special[] = "<>&'\"";
	static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&apos;", "&quot;"};
	while (*text) {
		size_t plain = strcspn(text, special);
		buf_add(b, text, plain);
		text += plain;
		if (*text) {
			buf_add_text(b, entities[strchr(special, *text) - special]);
			text++;
		}
	}
}

static void attribute(struct buf *b, const char *name, const char *value)
{
	if (!value) {
		return;
	}
	buf_printf(b, " %s='", name);
	markup_escaped(b, value);
	buf_add_text(b, "'");
}

void markup_header(struct buf *b, const struct markup_header *h)
{
	buf_add_text(b, "<?xml version='1.0'?><stream:stream");
	attribute(b, "xmlns", h->content_ns);
	attribute(b, "xmlns:stream", NS_STREAM);
	attribute(b, "xmlns:db", h->dialback ? NS_DIALBACK : NULL);
	attribute(b, "from", h->from);
	attribute(b, "to", h->to);
	attribute(b, "id", h->id);
	attribute(b, "version", h->version ? "1.0" : NULL);
	buf_add_text(b, ">");
}

void markup_dialback(struct buf *b, const struct markup_dialback *d)
{
	buf_printf(b, "<db:%s", d->element);
	attribute(b, "from", d->from);
	attribute(b, "to", d->to);
	attribute(b, "id", d->id);
	attribute(b, "type", d->type);
	if (!d->key && !d->condition) {
		buf_add_text(b, "/>");
		return;
	}
	buf_add_text(b, ">");
	if (d->key) {
		markup_escaped(b, d->key);
	}
	if (d->condition) {
		buf_printf(b, "<error type='cancel'><%s xmlns='" NS_STANZA_ERRORS "'/></error>", d->condition);
	}
	buf_printf(b, "</db:%s>", d->element);
}

void markup_stream_error(struct buf *b, const char *condition, const char *content)
{
	buf_printf(b, "<stream:error><%s xmlns='" NS_STREAM_ERRORS "'", condition);
	if (content) {
		buf_add_text(b, ">");
		markup_escaped(b, content);
		buf_printf(b, "</%s></stream:error>", condition);
	} else {
		buf_add_text(b, "/></stream:error>");
	}
}

const char *stream_error_condition(const struct stanza *stanza)
{
	for (const xmlNode *n = stanza->root->children; n; n = n->next) {
		if (n->type == XML_ELEMENT_NODE && strcmp(node_ns(n), NS_STREAM_ERRORS) == 0 && !node_is(n, "text", NULL)) {
			return (const char *)n->name;
		}
	}
	return "undefined-condition";
}

/* Where the first start tag ends; len if it does not. A '>' inside an attribute value does not count. */
static size_t start_tag_end(const char *raw, size_t len)
{
	char quote = '\0';
	for (size_t i = 0; i < len; i++) {
		if (quote) {
			if (raw[i] == quote) {
				quote = '\0';
			}
		} else if (raw[i] == '\'' || raw[i] == '"') {
			quote = raw[i];
		} else if (raw[i] == '>') {
			return i + 1;
		}
	}
	return len;
}

void markup_redacted(struct buf *b, const char *raw, size_t len)
{
	size_t start = start_tag_end(raw, len);
	const char *last = memrchr(raw, '<', len);
	buf_add(b, raw, start);
	if (last && last >= raw + start) {
		buf_add_text(b, last > raw + start ? "[redacted]" : "");
		buf_add(b, last, (size_t)(raw + len - last));
	}
}
