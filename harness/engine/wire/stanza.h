/* A stanza: an element that stood at depth 1 of a stream, as the octets on the wire and as a tree that needs nothing
 * from its stream (namespaces declared on the stream header are declared on the stanza). Reference counted, never
 * changed after it was made. RFC 6120 section 4.1. */
#ifndef WIRE_STANZA_H
#define WIRE_STANZA_H

#include <libxml/tree.h>
#include <stddef.h>

#define NS_CLIENT "jabber:client"
#define NS_SERVER "jabber:server"
#define NS_COMPONENT "jabber:component:accept"
#define NS_STREAM "http://etherx.jabber.org/streams"
#define NS_DIALBACK "jabber:server:dialback"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"

struct stanza {
	int refs;
	xmlDocPtr doc; /* owns root */
	xmlNodePtr root;
	char *raw; /* octets on the wire, NUL after them */
	size_t raw_len;
	int line; /* of the journal; whoever had it recorded sets it, once; 0: it is in none */
};

/* Takes a tree built elsewhere (ownership of doc passes) and copies raw; one reference for the caller. */
struct stanza *stanza_create(xmlDocPtr doc, const char *raw, size_t raw_len);

/* Parses one element that stands alone; default_ns is its namespace where it declares none. NULL if not well-formed or
 * more than one root. For tests, hooks and templates, not for wire input. */
struct stanza *stanza_parse(const char *text, const char *default_ns);

struct stanza *stanza_ref(struct stanza *s); /* returns s */
void stanza_unref(struct stanza *s);		 /* NULL is allowed */

/* Attribute without namespace of the root, or NULL; borrowed, lives as long as the stanza. */
const char *stanza_attr(const struct stanza *s, const char *name);
const char *node_attr(const xmlNode *node, const char *name);

/* First child element with that name and namespace (either may be NULL for any), or NULL. */
xmlNodePtr node_child(const xmlNode *node, const char *name, const char *ns);
int node_is(const xmlNode *node, const char *name, const char *ns);
const char *node_ns(const xmlNode *node); /* "" if none */
char *node_text(const xmlNode *node);	  /* text of the node and what is below it; caller frees; never NULL */

/* Adds a child element, in a namespace of its own or, with ns NULL, in its parent's. */
xmlNodePtr node_add(xmlNodePtr parent, const char *name, const char *ns);
void node_set(xmlNodePtr node, const char *name, const char *value); /* an attribute; NULL: nothing */

/* The element as octets, without the namespaces that are declared above it; caller frees. */
char *node_octets(xmlNodePtr node);

/* Whether it is an IQ of type result or error. */
int stanza_is_answer(const struct stanza *s);

/* Condition of the stanza error in s (RFC 6120 section 8.3.3), or NULL. */
const char *stanza_error_condition(const struct stanza *s);

#endif
