#include "wire/stream.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

/* How the octets are counted: every octet that is fed has a position, from 0 when the parser is created. Each event
 * owns the octets from the previous one up to its own end, which is known exactly because libxml2 calls back when it
 * has read the '>'. Octets of earlier feeds that no event owns yet wait in tail; those of this feed are used in place.
 */

enum {
	SLICE = 4096,		/* octets given to libxml2 at a time: keeps its buffer small */
	CTXT_BUFFER = 1024, /* half of what libxml2 has for input at first */
	LONG_TAG = 16384,	/* a tag that is still open after so many octets is looked at before libxml2 gets more of it */
	DICT_MAX = 256 * 1024, /* octets of names that libxml2 may keep before it is made anew */
	TAIL_KEPT = 1024,	   /* memory that an empty tail may keep */
	ATTRIBUTE = 5		   /* libxml2 gives each as name, prefix, URI, begin and end of the value */
};

enum stream_state { STREAM_OPEN, STREAM_ENDED, STREAM_FAULTED, STREAM_STOPPED };

/* A namespace declaration of the stream header; the strings live in libxml2's dictionary, so pointers can be compared.
 */
struct header_ns {
	const xmlChar *prefix; /* NULL for the default namespace */
	const xmlChar *uri;
	int declared; /* on the stanza that is being built */
};

/* Where the end of a long tag is being looked for. */
struct tag_scan {
	int running;
	size_t at;	/* position of the next octet to look at */
	size_t end; /* position after the last long tag that was found complete */
	char quote; /* inside a value: its quote */
	int attributes;
};

struct stream_parser {
	struct stream_limits limits;
	struct stream_callbacks callbacks;
	void *ud;
	enum stream_state state;
	enum stream_fault fault; /* found, not necessarily reported yet */
	char *detail;
	xmlParserCtxtPtr ctxt; /* NULL while it is not needed */
	xmlDocPtr spare;	   /* an empty document, or NULL */
	int depth;			   /* open elements, the stream itself included */
	int restart;		   /* asked for inside on_stanza */
	int replaying;		   /* the header is being parsed again, nothing is reported */
	size_t origin;		   /* position of the first octet that ctxt got */
	size_t fed;			   /* position after the last one */
	size_t reported;	   /* position of the first octet that no event owns */
	struct buf tail;	   /* octets from reported on, of earlier feeds */
	const char *now;	   /* octets of this feed ... */
	size_t now_at;		   /* ... and the position of the first */
	struct tag_scan tag;
	struct buf header; /* its octets, to parse again */
	struct header_ns *ns;
	int ns_count;
	int ns_missing;		   /* how many are not declared on the stanza */
	const xmlChar **pairs; /* room for the declarations of a stanza's root */
	int pairs_max;
};

const struct stream_limits stream_default_limits = {.stanza_octets = 1u << 20, .depth = 128, .attributes = 64};

const char *stream_fault_condition(enum stream_fault fault)
{
	switch (fault) {
#define X(name, condition)                                                                                             \
	case name:                                                                                                         \
		return condition;
		STREAM_FAULT_MAP(X)
#undef X
	case STREAM_NO_FAULT:
		break;
	}
	return "undefined-condition";
}

/* The first fault counts: libxml2 tends to find more after it. */
static void set_fault(struct stream_parser *p, enum stream_fault fault, const char *detail)
{
	if (p->fault || p->state != STREAM_OPEN) {
		return;
	}
	p->fault = fault;
	p->detail = mem_strndup(detail, strcspn(detail, "\n"));
}

static void refuse(struct stream_parser *p, enum stream_fault fault, const char *detail)
{
	set_fault(p, fault, detail);
	xmlStopParser(p->ctxt);
}

/* Position of the next octet that libxml2 reads; not to be asked after xmlStopParser(). */
static size_t position(const struct stream_parser *p)
{
	const xmlParserInput *input = p->ctxt->input;
	return p->origin + input->consumed + (size_t)(input->cur - input->base);
}

/* The octets in one piece at a position that is not reported yet; *len: how many there are up to end. */
static const char *octets_at(const struct stream_parser *p, size_t at, size_t end, size_t *len)
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
static const char *raw_until(struct stream_parser *p, size_t end, size_t *len)
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
	for (const xmlChar **a = attributes; count; count--, a += ATTRIBUTE) {
		for (size_t n = 0; n < 4 && !a[1]; n++) {
			if (strcmp((const char *)a[0], names[n]) == 0) {
				values[n] = header_value(a[3], a[4]);
			}
		}
	}
	struct stream_header header = {
			.from = values[0], .to = values[1], .id = values[2], .version = values[3], .content_ns = ""};
	for (int i = 0; i < p->ns_count; i++) {
		const char *uri = p->ns[i].uri ? (const char *)p->ns[i].uri : "";
		if (!p->ns[i].prefix) {
			header.content_ns = uri;
		} else if (strcmp(uri, NS_DIALBACK) == 0) {
			header.declares_dialback = 1;
		}
	}
	size_t len;
	const char *raw = raw_until(p, end, &len);
	buf_clear(&p->header);
	buf_add(&p->header, raw + (p->origin - p->reported), end - p->origin);
	if (p->callbacks.on_header) {
		p->callbacks.on_header(p->ud, &header, raw, len);
	}
	settle(p, end);
	for (size_t n = 0; n < 4; n++) {
		free(values[n]);
	}
}

/* libxml2 calls between the last attribute and the '>' or '/>'. 0: it is about to find something else there. */
static size_t tag_end(const struct stream_parser *p)
{
	const xmlChar *cur = p->ctxt->input->cur;
	if (cur[0] == '>') {
		return position(p) + 1;
	}
	return cur[0] == '/' && cur[1] == '>' ? position(p) + 2 : 0;
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
	size_t end = position(p);
	if (end - p->reported > p->limits.stanza_octets) {
		refuse(p, STREAM_LIMIT, "the stanza is too long");
		return;
	}
	size_t len;
	const char *raw = raw_until(p, end, &len);
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
	size_t end = position(p);
	size_t len;
	const char *raw = raw_until(p, end, &len);
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
		set_fault(ud, STREAM_RESTRICTED_XML, "entity reference"); /* libxml2 ends by itself */
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
	set_fault(ud, encoding ? STREAM_ENCODING : STREAM_NOT_WELL_FORMED, error->message ? error->message : "XML");
}

/* ---- libxml2's parser ---- */

static void ctxt_create(struct stream_parser *p)
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
	}
	xmlCtxtUseOptions(p->ctxt, XML_PARSE_NONET | XML_PARSE_COMPACT);
	p->depth = 0;
}

static void ctxt_destroy(struct stream_parser *p)
{
	if (p->ctxt) {
		xmlFreeDoc(p->ctxt->myDoc);
		xmlFreeDoc(p->spare);
		p->spare = NULL;
		xmlFreeParserCtxt(p->ctxt);
		p->ctxt = NULL;
	}
	p->depth = 0;
}

/* Begins to parse at p->fed; where the header has been reported, it is parsed again before. */
static void ctxt_begin(struct stream_parser *p)
{
	ctxt_create(p);
	p->origin = p->fed - p->header.len;
	if (p->header.len) {
		p->replaying = 1;
		xmlParseChunk(p->ctxt, p->header.data, (int)p->header.len, 0);
		p->replaying = 0;
	}
}

static void begin_anew(struct stream_parser *p, size_t at)
{
	ctxt_destroy(p);
	buf_finish(&p->header);
	p->tag = (struct tag_scan){0};
	p->restart = 0;
	p->fed = at;
}

/* ---- long tags: libxml2 compares each attribute of a tag with each other, and looks at an unfinished tag again with
 * every octet, so what a stranger sends could keep it busy for minutes ---- */

/* Looks on for the end of the tag. 1 if libxml2 may have it (it is complete, or wrong). */
static int tag_scan_run(struct tag_scan *tag, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++, tag->at++) {
		char c = octets[i];
		if (tag->quote) {
			if (c == tag->quote) {
				tag->quote = '\0';
			}
		} else if (c == '"' || c == '\'') {
			tag->quote = c;
		} else if (c == '=') {
			tag->attributes++;
		} else if (c == '>') {
			return 1;
		}
		if (c == '<') {
			return 1;
		}
	}
	return 0;
}

/* 1 if libxml2 is to get more octets now. */
static int tag_ready(struct stream_parser *p, size_t end)
{
	while (p->tag.running && p->tag.at < end) {
		size_t len;
		const char *octets = octets_at(p, p->tag.at, end, &len);
		int done = tag_scan_run(&p->tag, octets, len);
		if (p->tag.attributes > p->limits.attributes) {
			set_fault(p, STREAM_LIMIT, "too many attributes");
			return 0;
		}
		if (done) {
			p->tag = (struct tag_scan){.end = p->tag.at + 1};
		}
	}
	return !p->tag.running;
}

/* After libxml2 has read what it can: is it stuck in a tag? */
static void tag_check(struct stream_parser *p)
{
	if (p->fed <= p->tag.end || p->fed - position(p) < LONG_TAG) {
		return;
	}
	const xmlChar *cur = p->ctxt->input->cur;
	if (cur[0] != '<') {
		return;
	}
	if (cur[1] == '!' || cur[1] == '?') {
		set_fault(p, STREAM_RESTRICTED_XML, "comment, processing instruction or declaration without end");
		return;
	}
	p->tag = (struct tag_scan){.running = 1, .at = position(p) + 1};
}

/* ---- feeding ---- */

static void feed_slice(struct stream_parser *p, size_t end)
{
	if (!p->ctxt) {
		ctxt_begin(p);
	}
	size_t len;
	const char *octets = octets_at(p, p->fed, end, &len);
	size_t slice = p->fed + SLICE < p->tag.end ? p->tag.end - p->fed : SLICE; /* a long tag goes in at once */
	if (len > slice) {
		len = slice;
	}
	p->fed += len;
	xmlParseChunk(p->ctxt, octets, (int)len, 0);
	if (p->restart) {
		begin_anew(p, p->reported);
		return;
	}
	if (p->state != STREAM_OPEN || p->fault) {
		return;
	}
	if (!p->ctxt->wellFormed || p->ctxt->disableSAX) {
		set_fault(p, STREAM_NOT_WELL_FORMED, "not well-formed");
	} else if (p->fed - p->reported > p->limits.stanza_octets) {
		set_fault(p, STREAM_LIMIT, p->depth ? "the stanza is too long" : "the stream header is too long");
	} else {
		tag_check(p);
	}
}

static int state_error(const struct stream_parser *p)
{
	if (p->state != STREAM_FAULTED) {
		return 0;
	}
	return p->fault == STREAM_LIMIT ? ERR_LIMIT : ERR_SYNTAX;
}

static void report_fault(struct stream_parser *p, size_t end)
{
	size_t len;
	const char *raw = raw_until(p, end, &len);
	p->state = STREAM_FAULTED;
	if (p->callbacks.on_fault) {
		p->callbacks.on_fault(p->ud, p->fault, p->detail, raw, len);
	}
}

int stream_feed(struct stream_parser *p, const char *data, size_t len)
{
	if (p->state != STREAM_OPEN) {
		return state_error(p);
	}
	p->now = data;
	p->now_at = p->reported + p->tail.len;
	size_t end = p->now_at + len;
	while (p->state == STREAM_OPEN && !p->fault && p->fed < end && tag_ready(p, end)) {
		feed_slice(p, end);
	}
	/* A long tag is not given to libxml2 before it is complete, but counts all the same. */
	if (end - p->reported > p->limits.stanza_octets && p->tag.running) {
		set_fault(p, STREAM_LIMIT, "the stanza is too long");
	}
	if (p->state == STREAM_OPEN && p->fault) {
		report_fault(p, end);
	}
	if (p->state != STREAM_OPEN) {
		ctxt_destroy(p);
		buf_finish(&p->tail);
	} else {
		size_t held = p->reported + p->tail.len;
		buf_add(&p->tail, p->now + (held - p->now_at), end - held);
		if (p->ctxt && xmlDictGetUsage(p->ctxt->dict) > DICT_MAX) {
			stream_rest(p);
		}
	}
	p->now = NULL;
	return state_error(p);
}

void stream_rest(struct stream_parser *p)
{
	if (p->state == STREAM_OPEN && p->depth == 1 && !p->tag.running) {
		ctxt_destroy(p);
		p->fed = p->reported; /* what waits in tail is parsed again too */
	}
}

struct stream_parser *stream_create(
		const struct stream_limits *limits, const struct stream_callbacks *callbacks, void *ud)
{
	struct stream_parser *p = mem_alloc(sizeof *p);
	p->limits = limits ? *limits : stream_default_limits;
	p->callbacks = *callbacks;
	p->ud = ud;
	return p;
}

void stream_restart(struct stream_parser *p)
{
	if (p->state != STREAM_OPEN) {
		return;
	}
	if (p->now) {
		p->restart = 1;
	} else {
		begin_anew(p, p->reported + p->tail.len);
	}
}

void stream_stop(struct stream_parser *p)
{
	if (p->state == STREAM_OPEN || p->state == STREAM_ENDED) {
		p->state = STREAM_STOPPED;
		if (p->ctxt) {
			xmlStopParser(p->ctxt);
		}
	}
}

void stream_destroy(struct stream_parser *p)
{
	if (!p) {
		return;
	}
	ctxt_destroy(p);
	buf_finish(&p->tail);
	buf_finish(&p->header);
	free(p->ns);
	free(p->pairs);
	free(p->detail);
	free(p);
}
