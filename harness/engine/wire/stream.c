#include "base/err.h"
#include "base/mem.h"
#include "wire/stream_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLICE = 4096,	  /* octets given to libxml2 at a time: keeps its buffer small */
	LONG_TAG = 16384, /* a tag that is still open after so many octets is looked at before libxml2 gets more of it */
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

static void ctxt_destroy(struct stream_parser *p)
{
	if (p->ctxt) {
		xmlFreeDoc(p->ctxt->myDoc);
		xmlFreeDoc(p->spare);
		p->spare = NULL;
		stream_ctxt_destroy(p);
	}
	p->depth = 0;
}

/* Begins to parse at p->fed; where the header has been reported, it is parsed again before. */
static void ctxt_begin(struct stream_parser *p)
{
	stream_ctxt_create(p);
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
		const char *octets = stream_octets_at(p, p->tag.at, end, &len);
		int done = tag_scan_run(&p->tag, octets, len);
		if (p->tag.attributes > p->limits.attributes) {
			stream_set_fault(p, STREAM_LIMIT, "too many attributes");
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
	if (p->fed <= p->tag.end || p->fed - stream_position(p) < LONG_TAG) {
		return;
	}
	const xmlChar *cur = p->ctxt->input->cur;
	if (cur[0] != '<') {
		return;
	}
	if (cur[1] == '!' || cur[1] == '?') {
		stream_set_fault(p, STREAM_RESTRICTED_XML, "comment, processing instruction or declaration without end");
		return;
	}
	p->tag = (struct tag_scan){.running = 1, .at = stream_position(p) + 1};
}

/* ---- feeding ---- */

static void feed_slice(struct stream_parser *p, size_t end)
{
	if (!p->ctxt) {
		ctxt_begin(p);
	}
	size_t len;
	const char *octets = stream_octets_at(p, p->fed, end, &len);
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
		stream_set_fault(p, STREAM_NOT_WELL_FORMED, "not well-formed");
	} else if (p->fed - p->reported > p->limits.stanza_octets) {
		stream_set_fault(p, STREAM_LIMIT, p->depth ? "the stanza is too long" : "the stream header is too long");
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
	const char *raw = stream_raw_until(p, end, &len);
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
		stream_set_fault(p, STREAM_LIMIT, "the stanza is too long");
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
		if (stream_names_are_many(p)) {
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

int stream_is_between(const struct stream_parser *p)
{
	return p->state == STREAM_OPEN && p->depth == 1 && !p->fault && !p->now && !p->tail.len;
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

struct stanza *stream_header_element(const struct stream_header *header, const char *raw, size_t len)
{
	xmlDocPtr doc = xmlNewDoc(NULL);
	xmlNodePtr root = xmlNewDocNode(doc, NULL, (const xmlChar *)"stream", NULL);
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, xmlNewNs(root, (const xmlChar *)NS_STREAM, (const xmlChar *)"stream"));
	const struct {
		const char *name, *value;
	} attributes[] = {{"from", header->from}, {"to", header->to}, {"id", header->id}, {"version", header->version}};
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		if (attributes[i].value) {
			xmlSetProp(root, (const xmlChar *)attributes[i].name, (const xmlChar *)attributes[i].value);
		}
	}
	if (header->lang) {
		xmlNodeSetLang(root, (const xmlChar *)header->lang);
	}
	return stanza_create(doc, raw, len);
}
