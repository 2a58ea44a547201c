/* Named checks on an answer to disco#info: the hash of entity capabilities (XEP-0115 section 5.1) and of entity
 * capabilities 2.0 (XEP-0390 section 4). They are the functions caps:hash() and caps2:hash() of XPath conditions. */
#ifndef SCRIPT_CAPS_H
#define SCRIPT_CAPS_H

#include <libxml/tree.h>
#include <libxml/xpath.h>

/* query: the element <query/> of the answer. algorithm: "sha-1", "sha-256", "sha3-256" and so on. language: that
 * of the stream, which the answer inherits, or "". The hash in base64,
 * for the caller to free(); NULL for an algorithm that is not known, and for an answer that those who are told the hash
 * must not accept (XEP-0115 section 5.4, XEP-0390 section 4.1). */
char *caps_hash(const xmlNode *query, const char *algorithm);
char *caps2_hash(const xmlNode *query, const char *algorithm, const char *language);

/* Makes both known to an XPath context: texts; "" where the above give NULL. */
void caps_register(xmlXPathContextPtr ctx);

#endif
