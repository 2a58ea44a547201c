#include "base/mem.h"
#include "wire/stream_parts.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

enum {
	CTXT_BUFFER = 1024,	   /* half of what libxml2 has for input at first */
	TAIL_KEPT = 1024,	   /* memory that an empty tail may keep */
	DICT_MAX = 256 * 1024, /* octets of names that are kept before the dictionary is made anew */
	ATTRIBUTE = 5		   /* libxml2 gives each as name, prefix, URI, begin and end of the value */
};

/* The first fault counts: libxml2 tends to find more after it. */
void stream_set_fault(struct stream_parser *p, enum stream_fault fault, const char *detail)
{
	if (p->fault || p->state != STREAM_OPEN) {
		return;
	}
	p->fault = fault;
	p->detail = mem_strndup(detail, strcspn(detail, "\n"));
}

static void refuse(struct stream_parser *p, enum stream_fault fault, const char *detail)
{
	stream_set_fault(p, fault, detail);
	xmlStopParser(p->ctxt);
}

/* Position of the next octet that libxml2 reads; not to be asked after xmlStopParser(). */
size_t stream_position(const struct stream_parser *p)
{
	const xmlParserInput *input = p->ctxt->input;
	return p->origin + input->consumed + (size_t)(input->cur - input->base);
}

/* The octets in one piece at a position that is not reported yet; *len: how many there are up to end. */
const char *stream_octets_at(const struct stream_parser *p, size_t at, size_t end, size_t *len)
{
	size_t tail_end = p->reported + p->tail.len;
	if (at < tail_end) {
		*len = (tail_end < end ? tail_end : end) - at;
		return p->tail.data + (at - p->reported);
	}
	*len = end - at;
	return p->now + (at - p->now_at);
}

/* All octets from the last event up to end; valid until settle(). */
const char *stream_raw_until(struct stream_parser *p, size_t end, size_t *len)
{
	size_t tail_end = p->reported + p->tail.len;
	*len = end - p->reported;
	if (!p->tail.len) {
		return *len ? p->now + (p->reported - p->now_at) : "";
	}
	if (end > tail_end) {
		buf_add(&p->tail, p->now + (tail_end - p->now_at), end - tail_end);
	}
	return p->tail.data;
}

/* The octets up to end have been reported. */
static void settle(struct stream_parser *p, size_t end)
{
	buf_drop(&p->tail, end - p->reported);
	if (!p->tail.len && p->tail.cap > TAIL_KEPT) {
		buf_finish(&p->tail);
	}
	p->reported = end;
}

/* ---- the stream header ---- */

/* libxml2 leaves "&amp;" in attribute values as "&#38;" where the tree is to resolve it. */
static char *header_value(const xmlChar *begin, const xmlChar *end)
{
	static const char escape[] = "&#38;";
	struct buf value = {0};
	for (const char *at = (const char *)begin; at < (const char *)end;) {
		int escaped = strncmp(at, escape, sizeof escape - 1) == 0;
		buf_add(&value, at, 1);
		at += escaped ? sizeof escape - 1 : 1;
	}
	return buf_take(&value);
}

static void remember_namespaces(struct stream_parser *p, int count, const xmlChar **namespaces)
{
	p->ns = mem_resize(p->ns, (size_t)count, sizeof *p->ns);
	p->ns_count = count;
	for (int i = 0; i < count; i++, namespaces += 2) {
		p->ns[i] = (struct header_ns){.prefix = namespaces[0], .uri = namespaces[1]};
	}
}

static void report_header(struct stream_parser *p, size_t end, int count, const xmlChar **attributes)
{
	static const char *const names[] = {"from", "to", "id", "version"};
	char *values[4] = {0};
	char *lang = NULL;
	for (const xmlChar **a = attributes; count; count--, a += ATTRIBUTE) {
		if (a[2] && !strcmp((const char *)a[2], (const char *)XML_XML_NAMESPACE) &&
				!strcmp((const char *)a[0], "lang")) {
			lang = header_value(a[3], a[4]);
		}
		for (size_t n = 0; n < 4 && !a[1]; n++) {
			if (strcmp((const char *)a[0], names[n]) == 0) {
				values[n] = header_value(a[3], a[4]);
			}
		}
	}
	struct stream_header header = {
			.from = values[0], .to = values[1], .id = values[2], .version = values[3], .lang = lang, .content_ns = ""};
	for (int i = 0; i < p->ns_count; i++) {
		const char *uri = p->ns[i].uri ? (const char *)p->ns[i].uri : "";
		if (!p->ns[i].prefix) {
			header.content_ns = uri;
		} else if (strcmp(uri, NS_DIALBACK) == 0) {
			header.declares_dialback = 1;
		}
	}
	size_t len;
	const char *raw = stream_raw_until(p, end, &len);
	buf_clear(&p->header);
	buf_add(&p->header, raw + (p->origin - p->reported), end - p->origin);
	if (p->callbacks.on_header) {
		p->callbacks.on_header(p->ud, &header, raw, len);
	}
	settle(p, end);
	for (size_t n = 0; n < 4; n++) {
		free(values[n]);
	}
	free(lang);
}

/* libxml2 calls between the last attribute and the '>' or '/>'. 0: it is about to find something else there. */
static size_t tag_end(const struct stream_parser *p)
{
	const xmlChar *cur = p->ctxt->input->cur;
	if (cur[0] == '>') {
		return stream_position(p) + 1;
	}
	return cur[0] == '/' && cur[1] == '>' ? stream_position(p) + 2 : 0;
}

static void start_stream(struct stream_parser *p, const xmlChar *name, const xmlChar *uri, int ns_count,
		const xmlChar **namespaces, int count, const xmlChar **attributes)
{
	size_t end = tag_end(p);
	if (!end) {
		return;
	}
	p->depth = 1;
	remember_namespaces(p, ns_count, namespaces);
	if (p->replaying) {
		return;
	}
	if (strcmp((const char *)name, "stream") != 0 || !uri || strcmp((const char *)uri, NS_STREAM) != 0) {
		refuse(p, STREAM_BAD_HEADER, "the root element is not stream in " NS_STREAM);
	} else if (end - p->reported > p->limits.stanza_octets) {
		refuse(p, STREAM_LIMIT, "the stream header is too long");
	} else {
		report_header(p, end, count, attributes);
	}
}

/* ---- stanzas ---- */

/* 1 if the element or one of its attributes is in the namespace as the header declared it. */
static int uses(
		const struct header_ns *ns, const xmlChar *prefix, const xmlChar *uri, int count, const xmlChar **attributes)
{
	if (prefix == ns->prefix && uri == ns->uri) {
		return 1;
	}
	for (int i = 0; i < count; i++, attributes += ATTRIBUTE) {
		if (attributes[1] && attributes[1] == ns->prefix && attributes[2] == ns->uri) {
			return 1;
		}
	}
	return 0;
}

static int declares(const xmlChar *prefix, int ns_count, const xmlChar **namespaces)
{
	for (int i = 0; i < ns_count; i++, namespaces += 2) {
		if (namespaces[0] == prefix) {
			return 1;
		}
	}
	return 0;
}

/* The stanza gets a document of its own, which shares the names with the parser; p->pairs gets the declarations of its
 * root, with those of the header that the root needs. Returns their number. */
static int start_stanza(struct stream_parser *p, const xmlChar *prefix, const xmlChar *uri, int ns_count,
		const xmlChar **namespaces, int count, const xmlChar **attributes)
{
	if (p->spare) {
		p->ctxt->myDoc = p->spare;
		p->spare = NULL;
	} else {
		p->ctxt->myDoc = xmlNewDoc(NULL);
		p->ctxt->myDoc->dict = p->ctxt->dict;
		xmlDictReference(p->ctxt->dict);
	}
	if (p->pairs_max < ns_count + p->ns_count) {
		p->pairs_max = ns_count + p->ns_count;
		p->pairs = mem_resize(p->pairs, (size_t)p->pairs_max, 2 * sizeof *p->pairs);
	}
	const xmlChar **pair = p->pairs;
	for (int i = 0; i < ns_count; i++, pair += 2, namespaces += 2) {
		pair[0] = namespaces[0];
		pair[1] = namespaces[1];
	}
	p->ns_missing = p->ns_count;
	for (struct header_ns *ns = p->ns; ns < p->ns + p->ns_count; ns++) {
		ns->declared = declares(ns->prefix, ns_count, p->pairs);
		if (!ns->declared && uses(ns, prefix, uri, count, attributes)) {
			pair[0] = ns->prefix;
			pair[1] = ns->uri;
			pair += 2;
			ns->declared = 1;
		}
		p->ns_missing -= ns->declared;
	}
	return (int)(pair - p->pairs) / 2;
}

/* Declares on the stanza's root what an element below it takes from the header. */
static void adopt_namespaces(
		struct stream_parser *p, const xmlChar *prefix, const xmlChar *uri, int count, const xmlChar **attributes)
{
	for (struct header_ns *ns = p->ns; ns < p->ns + p->ns_count; ns++) {
		if (!ns->declared && uses(ns, prefix, uri, count, attributes)) {
			xmlNewNs(p->ctxt->nodeTab[0], ns->uri, ns->prefix);
			ns->declared = 1;
			p->ns_missing--;
		}
	}
}

static void on_start_element(void *ud, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int ns_count,
		const xmlChar **namespaces, int count, int defaulted, const xmlChar **attributes)
{
	struct stream_parser *p = ud;
	if (p->fault) { /* an undeclared prefix, for one, does not stop libxml2 */
		xmlStopParser(p->ctxt);
	} else if (count + ns_count > p->limits.attributes) {
		refuse(p, STREAM_LIMIT, "too many attributes");
	} else if (p->depth > p->limits.depth) {
		refuse(p, STREAM_LIMIT, "elements are nested too deeply");
	} else if (p->depth == 0) {
		start_stream(p, name, uri, ns_count, namespaces, count, attributes);
	} else {
		if (p->depth == 1) {
			ns_count = start_stanza(p, prefix, uri, ns_count, namespaces, count, attributes);
			namespaces = p->pairs;
		} else if (p->ns_missing) {
			adopt_namespaces(p, prefix, uri, count, attributes);
		}
		p->depth++;
		xmlSAX2StartElementNs(p->ctxt, name, prefix, uri, ns_count, namespaces, count, defaulted, attributes);
	}
}

/* Most stanzas are looked at and not kept; their document serves for the next one. */
static void release_stanza(struct stream_parser *p, struct stanza *stanza)
{
	xmlDocPtr doc = stanza->doc;
	if (stanza->refs == 1 && !doc->ids && !doc->refs && !doc->oldNs && doc->children == doc->last) {
		xmlFreeNode(doc->children);
		doc->children = NULL;
		doc->last = NULL;
		p->spare = doc;
		stanza->doc = NULL;
	}
	stanza_unref(stanza);
}

static void report_stanza(struct stream_parser *p)
{
	size_t end = stream_position(p);
	if (end - p->reported > p->limits.stanza_octets) {
		refuse(p, STREAM_LIMIT, "the stanza is too long");
		return;
	}
	size_t len;
	const char *raw = stream_raw_until(p, end, &len);
	struct stanza *stanza = stanza_create(p->ctxt->myDoc, raw, len);
	p->ctxt->myDoc = NULL;
	settle(p, end);
	if (p->callbacks.on_stanza) {
		p->callbacks.on_stanza(p->ud, stanza);
	}
	release_stanza(p, stanza);
	if (p->restart) {
		xmlStopParser(p->ctxt);
	}
}

static void report_end(struct stream_parser *p)
{
	size_t end = stream_position(p);
	size_t len;
	const char *raw = stream_raw_until(p, end, &len);
	p->state = STREAM_ENDED;
	if (p->callbacks.on_end) {
		p->callbacks.on_end(p->ud, raw, len);
	}
	settle(p, end);
	xmlStopParser(p->ctxt);
}

static void on_end_element(void *ud, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct stream_parser *p = ud;
	if (p->fault || !p->depth) {
		xmlStopParser(p->ctxt);
		return;
	}
	p->depth--;
	if (!p->depth) {
		report_end(p);
		return;
	}
	xmlSAX2EndElementNs(p->ctxt, name, prefix, uri);
	if (p->depth == 1) {
		report_stanza(p);
	}
}

/* ---- the other callbacks of libxml2 ---- */

static void on_text(void *ud, const xmlChar *text, int len)
{
	struct stream_parser *p = ud;
	if (p->depth > 1) {
		xmlSAX2Characters(p->ctxt, text, len);
		return;
	}
	for (int i = 0; i < len; i++) {
		if (!strchr(" \t\r\n", text[i])) {
			refuse(p, STREAM_NOT_WELL_FORMED, "text between stanzas");
			return;
		}
	}
}

static void on_start_document(void *ud)
{
	struct stream_parser *p = ud;
	const char *encoding = (const char *)p->ctxt->encoding;
	if (p->ctxt->input->buf->encoder || (encoding && xmlStrcasecmp(p->ctxt->encoding, BAD_CAST "UTF-8") != 0)) {
		refuse(p, STREAM_ENCODING, "the encoding is not UTF-8");
	}
}

static void on_comment(void *ud, const xmlChar *text)
{
	(void)text;
	refuse(ud, STREAM_RESTRICTED_XML, "comment");
}

static void on_instruction(void *ud, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	(void)data;
	refuse(ud, STREAM_RESTRICTED_XML, "processing instruction");
}

static void on_doctype(void *ud, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse(ud, STREAM_RESTRICTED_XML, "document type declaration");
}

static xmlEntityPtr on_entity(void *ud, const xmlChar *name)
{
	xmlEntityPtr predefined = xmlGetPredefinedEntity(name);
	if (!predefined) {
		stream_set_fault(ud, STREAM_RESTRICTED_XML, "entity reference"); /* libxml2 ends by itself */
	}
	return predefined;
}

static void on_error(void *ud, xmlErrorPtr error)
{
	/* That a namespace name is no URI breaks no rule of well-formedness. */
	if (error->level < XML_ERR_ERROR || error->code == XML_WAR_NS_URI) {
		return;
	}
	int encoding = error->code == XML_ERR_UNSUPPORTED_ENCODING || error->code == XML_ERR_UNKNOWN_ENCODING ||
				   error->code == XML_ERR_INVALID_ENCODING;
	stream_set_fault(ud, encoding ? STREAM_ENCODING : STREAM_NOT_WELL_FORMED, error->message ? error->message : "XML");
}

/* ---- libxml2's parser ---- */

/* All parsers keep names in one dictionary, which lives as long as one of them: they meet the same few hundred names.
 * Stanzas use it, too, and keep it alive for themselves. */
static struct {
	xmlDictPtr names;
	size_t users;
} shared;

static xmlDictPtr new_names(void)
{
	xmlDictPtr names = xmlDictCreate();
	xmlDictSetLimit(names, XML_MAX_DICTIONARY_LIMIT); /* as libxml2 does for its own */
	return names;
}

static void use_shared_names(xmlParserCtxtPtr ctxt)
{
	if (!shared.users++) {
		shared.names = new_names();
	}
	xmlDictReference(shared.names);
	xmlDictFree(ctxt->dict);
	ctxt->dict = shared.names;
}

void stream_ctxt_destroy(struct stream_parser *p)
{
	xmlFreeParserCtxt(p->ctxt);
	p->ctxt = NULL;
	if (!--shared.users) {
		xmlDictFree(shared.names);
		shared.names = NULL;
	}
}

int stream_names_are_many(const struct stream_parser *p)
{
	if (!p->ctxt || xmlDictGetUsage(p->ctxt->dict) <= DICT_MAX) {
		return 0;
	}
	if (p->ctxt->dict == shared.names) {
		xmlDictFree(shared.names);
		shared.names = new_names();
	}
	return 1;
}

void stream_ctxt_create(struct stream_parser *p)
{
	xmlSAXHandler sax = {
			.internalSubset = on_doctype,
			.getEntity = on_entity,
			.startDocument = on_start_document,
			.characters = on_text,
			.ignorableWhitespace = on_text,
			.cdataBlock = on_text,
			.comment = on_comment,
			.processingInstruction = on_instruction,
			.startElementNs = on_start_element,
			.endElementNs = on_end_element,
			.serror = on_error,
			.initialized = XML_SAX2_MAGIC,
	};
	int size = xmlDefaultBufferSize;
	xmlDefaultBufferSize = CTXT_BUFFER; /* most streams are idle: 2 kB of input instead of 8 */
	p->ctxt = xmlCreatePushParserCtxt(&sax, p, NULL, 0, NULL);
	xmlDefaultBufferSize = size;
	if (!p->ctxt) {
		mem_resize(NULL, SIZE_MAX, 2); /* the one way it fails: ends the process as any allocation would */
		return;
	}
	use_shared_names(p->ctxt);
	xmlCtxtUseOptions(p->ctxt, XML_PARSE_NONET | XML_PARSE_COMPACT);
	p->depth = 0;
}
