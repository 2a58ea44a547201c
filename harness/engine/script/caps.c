#include "script/caps.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/stanza.h"

#include <libxml/xpathInternals.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NS_INFO "http://jabber.org/protocol/disco#info"
#define NS_DATA "jabber:x:data"
#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_CAPS2 "urn:xmpp:caps"

/* Below every character that XML allows, apart from white space: what is joined with it sorts by its parts, octet by
 * octet. */
#define PART "\1"

/* --- texts that are sorted, i;octet --- */

struct texts {
	char **items;
	size_t count;
};

static void texts_add(struct texts *t, char *text)
{
	t->items = mem_resize(t->items, t->count + 1, sizeof *t->items);
	t->items[t->count++] = text;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void texts_sort(struct texts *t)
{
	if (t->count) {
		qsort(t->items, t->count, sizeof *t->items, compare);
	}
}

/* Of sorted texts: whether two of them, or their first parts, are the same. */
static int texts_repeat(const struct texts *t, int first_part)
{
	for (size_t i = 1; i < t->count; i++) {
		size_t a = first_part ? strcspn(t->items[i - 1], PART) : strlen(t->items[i - 1]);
		size_t b = first_part ? strcspn(t->items[i], PART) : strlen(t->items[i]);
		if (a == b && !memcmp(t->items[i - 1], t->items[i], a)) {
			return 1;
		}
	}
	return 0;
}

/* Each text with `part` between its parts and `end` behind it. */
static void texts_write(const struct texts *t, char part, const char *end, struct buf *out)
{
	for (size_t i = 0; i < t->count; i++) {
		for (const char *c = t->items[i]; *c; c++) {
			buf_add(out, *c == *PART ? &part : c, 1);
		}
		buf_add_text(out, end);
	}
}

static void texts_finish(struct texts *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->items[i]);
	}
	free(t->items);
	*t = (struct texts){0};
}

/* --- what both have in common --- */

static char *digest(const struct buf *input, const char *algorithm)
{
	/* The names of the IANA registry of hash functions, "sha-1", and OpenSSL's, "SHA1", "SHA3-256". */
	char name[16];
	size_t n = 0;
	for (const char *c = algorithm; *c && n < sizeof name - 1; c++) {
		if (*c != '-' || strncmp(algorithm, "sha-", 4) != 0) {
			name[n++] = *c;
		}
	}
	name[n] = '\0';
	const EVP_MD *md = EVP_get_digestbyname(name);
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!md || !EVP_Digest(input->data ? input->data : "", input->len, octets, &len, md, NULL)) {
		return NULL;
	}
	char *text = mem_alloc(4 * (EVP_MAX_MD_SIZE / 3 + 1) + 1);
	EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
	return text;
}

static const char *attr(const xmlNode *node, const char *name)
{
	const char *value = node_attr(node, name);
	return value ? value : "";
}

/* around: the language of what is around the stanza, for an identity that inherits it; NULL: only its own counts. */
static char *identity_text(const xmlNode *identity, const char *around)
{
	xmlChar *lang = around ? xmlNodeGetLang((xmlNodePtr)identity)
						   : xmlGetNsProp((xmlNodePtr)identity, (const xmlChar *)"lang", XML_XML_NAMESPACE);
	char *text = mem_printf("%s" PART "%s" PART "%s" PART "%s", attr(identity, "category"), attr(identity, "type"),
			lang	 ? (const char *)lang
			: around ? around
					 : "",
			attr(identity, "name"));
	xmlFree(lang);
	return text;
}

static void field_values(const xmlNode *field, struct texts *values)
{
	for (const xmlNode *child = field->children; child; child = child->next) {
		if (node_is(child, "value", NS_DATA)) {
			texts_add(values, node_text(child));
		}
	}
	texts_sort(values);
}

/* --- XEP-0115 --- */

/* The FORM_TYPE of a form, NULL if it has none that counts; *bad: it has two. Caller frees. */
static char *form_type(const xmlNode *form, int *bad)
{
	char *type = NULL;
	for (const xmlNode *field = form->children; field; field = field->next) {
		if (!node_is(field, "field", NS_DATA) || strcmp(attr(field, "var"), "FORM_TYPE") != 0 ||
				strcmp(attr(field, "type"), "hidden") != 0) {
			continue;
		}
		struct texts values = {0};
		field_values(field, &values);
		*bad |= values.count > 1 && strcmp(values.items[0], values.items[values.count - 1]) != 0;
		if (!type && values.count) {
			type = mem_strdup(values.items[0]);
		}
		texts_finish(&values);
	}
	return type;
}

/* "FORM_TYPE", then for each field its name and its values, each followed by PART. NULL: the form does not count. */
static char *form_text(const xmlNode *form, int *bad)
{
	char *type = form_type(form, bad);
	if (!type) {
		return NULL;
	}
	struct texts fields = {0};
	for (const xmlNode *field = form->children; field; field = field->next) {
		if (!node_is(field, "field", NS_DATA) || !strcmp(attr(field, "var"), "FORM_TYPE")) {
			continue;
		}
		struct texts values = {0};
		struct buf text = {0};
		field_values(field, &values);
		buf_printf(&text, "%s" PART, attr(field, "var"));
		texts_write(&values, *PART, PART, &text);
		texts_add(&fields, buf_take(&text));
		texts_finish(&values);
	}
	texts_sort(&fields);
	struct buf text = {0};
	buf_printf(&text, "%s" PART, type);
	texts_write(&fields, *PART, "", &text);
	texts_finish(&fields);
	free(type);
	return buf_take(&text);
}

char *caps_hash(const xmlNode *query, const char *algorithm)
{
	struct texts identities = {0};
	struct texts features = {0};
	struct texts forms = {0};
	int bad = 0;
	for (const xmlNode *child = query->children; child; child = child->next) {
		if (node_is(child, "identity", NS_INFO)) {
			texts_add(&identities, identity_text(child, NULL));
		} else if (node_is(child, "feature", NS_INFO)) {
			texts_add(&features, mem_strdup(attr(child, "var")));
		} else if (node_is(child, "x", NS_DATA)) {
			char *form = form_text(child, &bad);
			if (form) {
				texts_add(&forms, form);
			}
		}
	}
	texts_sort(&identities);
	texts_sort(&features);
	texts_sort(&forms);
	bad |= texts_repeat(&identities, 0) || texts_repeat(&features, 0) || texts_repeat(&forms, 1);
	struct buf input = {0};
	texts_write(&identities, '/', "<", &input);
	texts_write(&features, '<', "<", &input);
	texts_write(&forms, '<', "", &input);
	char *hash = bad ? NULL : digest(&input, algorithm);
	buf_finish(&input);
	texts_finish(&identities);
	texts_finish(&features);
	texts_finish(&forms);
	return hash;
}

/* --- XEP-0390 --- */

static char *form2_text(const xmlNode *form, int *bad)
{
	struct texts fields = {0};
	int typed = 0;
	for (const xmlNode *child = form->children; child; child = child->next) {
		if (!node_is(child, "field", NS_DATA)) {
			*bad |= node_is(child, "reported", NS_DATA) || node_is(child, "item", NS_DATA);
			continue;
		}
		typed |= !strcmp(attr(child, "var"), "FORM_TYPE");
		struct texts values = {0};
		struct buf text = {0};
		field_values(child, &values);
		buf_printf(&text, "%s\x1f", attr(child, "var"));
		texts_write(&values, *PART, "\x1f", &text);
		texts_add(&fields, buf_take(&text));
		texts_finish(&values);
	}
	*bad |= !typed;
	struct buf text = {0};
	texts_sort(&fields);
	texts_write(&fields, *PART, "\x1e", &text);
	texts_finish(&fields);
	return buf_take(&text);
}

static void write_section(struct texts *t, char part, const char *end, struct buf *out)
{
	texts_sort(t);
	texts_write(t, part, end, out);
	buf_add_text(out, "\x1c");
	texts_finish(t);
}

char *caps2_hash(const xmlNode *query, const char *algorithm, const char *language)
{
	struct texts features = {0};
	struct texts identities = {0};
	struct texts forms = {0};
	int bad = 0;
	for (const xmlNode *child = query->children; child; child = child->next) {
		if (node_is(child, "identity", NS_INFO)) {
			texts_add(&identities, identity_text(child, language));
		} else if (node_is(child, "feature", NS_INFO)) {
			texts_add(&features, mem_strdup(attr(child, "var")));
		} else if (node_is(child, "x", NS_DATA)) {
			texts_add(&forms, form2_text(child, &bad));
		} else {
			bad |= child->type == XML_ELEMENT_NODE;
		}
	}
	struct buf input = {0};
	write_section(&features, '\x1f', "\x1f", &input);
	write_section(&identities, '\x1f', "\x1f\x1e", &input);
	write_section(&forms, *PART, "\x1d", &input);
	char *hash = bad ? NULL : digest(&input, algorithm);
	buf_finish(&input);
	return hash;
}

/* --- as functions of XPath --- */

/* The function's last `texts` arguments are texts, the first one is the node-set. */
static xmlNodeSetPtr take_arguments(xmlXPathParserContextPtr ctx, int argc, char *values[], int texts)
{
	if (argc != texts + 1) {
		xmlXPathErr(ctx, XPATH_INVALID_ARITY);
		return NULL;
	}
	for (int i = texts; i-- > 0;) {
		xmlChar *value = xmlXPathPopString(ctx);
		values[i] = mem_strdup(value ? (const char *)value : "");
		xmlFree(value);
	}
	return xmlXPathPopNodeSet(ctx);
}

static void give(xmlXPathParserContextPtr ctx, xmlNodeSetPtr nodes, char *hash)
{
	if (!xmlXPathCheckError(ctx)) {
		valuePush(ctx, xmlXPathNewCString(hash ? hash : ""));
	}
	free(hash);
	xmlXPathFreeNodeSet(nodes);
}

static const xmlNode *first(const xmlNodeSet *nodes)
{
	return nodes && nodes->nodeNr ? nodes->nodeTab[0] : NULL;
}

static void call_caps(xmlXPathParserContextPtr ctx, int argc)
{
	char *texts[1] = {0};
	xmlNodeSetPtr nodes = take_arguments(ctx, argc, texts, 1);
	give(ctx, nodes, first(nodes) ? caps_hash(first(nodes), texts[0]) : NULL);
	free(texts[0]);
}

static void call_caps2(xmlXPathParserContextPtr ctx, int argc)
{
	char *texts[2] = {0};
	xmlNodeSetPtr nodes = take_arguments(ctx, argc, texts, 2);
	give(ctx, nodes, first(nodes) ? caps2_hash(first(nodes), texts[0], texts[1]) : NULL);
	free(texts[0]);
	free(texts[1]);
}

void caps_register(xmlXPathContextPtr ctx)
{
	xmlXPathRegisterFuncNS(ctx, (const xmlChar *)"hash", (const xmlChar *)NS_CAPS, call_caps);
	xmlXPathRegisterFuncNS(ctx, (const xmlChar *)"hash", (const xmlChar *)NS_CAPS2, call_caps2);
}
