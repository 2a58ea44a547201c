#include "script/xpath.h"

#include "base/mem.h"
#include "script/caps.h"

#include <libxml/hash.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>

/* libxml2 compiles by recursion without a limit of its own. */
#define EXPR_MAX 4096

static const char *const prefixes[][2] = {
		{"cmd", "http://jabber.org/protocol/commands"},
		{"x", "jabber:x:data"},
		{"info", "http://jabber.org/protocol/disco#info"},
		{"items", "http://jabber.org/protocol/disco#items"},
		{"err", NS_STANZA_ERRORS},
		{"roster", "jabber:iq:roster"},
		{"ping", "urn:xmpp:ping"},
		{"version", "jabber:iq:version"},
		{"stream", NS_STREAM},
		{"streams", NS_STREAM_ERRORS},
		{"db", NS_DIALBACK},
		{"caps", "http://jabber.org/protocol/caps"},
		{"caps2", "urn:xmpp:caps"},
		{"hashes", "urn:xmpp:hashes:2"},
		{"incident", "urn:xmpp:incident:2"},
		{"iodef", "urn:ietf:params:xml:ns:iodef-1.0"},
		{"reputation", "urn:xmpp:reputation:0"},
		{"vcard", "urn:ietf:params:xml:ns:vcard-4.0"},
		{"nick", "http://jabber.org/protocol/nick"},
		{"delay", "urn:xmpp:delay"},
};

struct xpath {
	int refs;
	xmlXPathCompExprPtr compiled;
	const char **names;
	size_t count;
};

static void ignore_error(void *ud, xmlErrorPtr error)
{
	(void)ud;
	(void)error;
}

static void ignore_message(void *ud, const char *format, ...)
{
	(void)ud;
	(void)format;
}

/* '${name}' and "${name}" become $v0, $v1, ... */
static char *lift_variables(struct xpath *x, const char *expr)
{
	struct buf b = {0};
	while (*expr) {
		size_t plain = strcspn(expr, "'\"");
		buf_add(&b, expr, plain);
		expr += plain;
		if (!*expr) {
			break;
		}
		const char *close = strchr(expr + 1, *expr);
		if (!close) {
			buf_add_text(&b, expr);
			break;
		}
		size_t len = (size_t)(close - expr) - 1;
		const char *inner = expr + 1;
		if (len > 3 && !memcmp(inner, "${", 2) && memchr(inner, '}', len) == inner + len - 1) {
			x->names = mem_resize(x->names, x->count + 1, sizeof *x->names);
			x->names[x->count] = mem_strndup(inner + 2, len - 3);
			buf_printf(&b, "$v%zu", x->count++);
		} else {
			buf_add(&b, expr, len + 2);
		}
		expr = close + 1;
	}
	return buf_take(&b);
}

/* Equal expressions are one, and all are evaluated in one context: making one takes libxml2 far longer than most
 * evaluations. */
static struct {
	xmlHashTablePtr expressions; /* by what was written; with a reference to each */
	xmlXPathContextPtr context;
} shared;

static void forget_expression(void *x, const xmlChar *expr)
{
	(void)expr;
	xpath_destroy(x);
}

void xpath_forget_shared(void)
{
	xmlHashFree(shared.expressions, forget_expression);
	xmlXPathFreeContext(shared.context);
	shared.expressions = NULL;
	shared.context = NULL;
}

static struct xpath *compile(const char *expr, char **error)
{
	struct xpath *x = mem_alloc(sizeof *x);
	x->refs = 1;
	char *lifted = lift_variables(x, expr);
	xmlSetStructuredErrorFunc(NULL, ignore_error);
	xmlSetGenericErrorFunc(NULL, ignore_message);
	if (strstr(lifted, "${")) {
		*error = mem_strdup("a variable in XPath stands alone in quotes: '${name}'");
	} else if (strlen(expr) > EXPR_MAX) {
		*error = mem_printf("XPath of more than %d octets", EXPR_MAX);
	} else {
		x->compiled = xmlXPathCompile((const xmlChar *)lifted);
	}
	free(lifted);
	if (x->compiled) {
		struct stanza *probe = stanza_parse("<iq/>", NS_CLIENT);
		int holds = xpath_holds(x, probe, NULL);
		stanza_unref(probe);
		if (holds >= 0) {
			return x;
		}
		*error = mem_printf("'%s' has an unknown prefix or function", expr);
	} else if (!*error) {
		*error = mem_printf("'%s' is no XPath 1.0 expression", expr);
	}
	xpath_destroy(x);
	return NULL;
}

struct xpath *xpath_create(const char *expr, char **error)
{
	*error = NULL;
	struct xpath *x = xmlHashLookup(shared.expressions, (const xmlChar *)expr);
	if (!x) {
		x = compile(expr, error);
		if (!x) {
			return NULL;
		}
		if (!shared.expressions) {
			shared.expressions = xmlHashCreate(0);
		}
		if (xmlHashAddEntry(shared.expressions, (const xmlChar *)expr, x)) {
			return x; /* not shared */
		}
	}
	x->refs++;
	return x;
}

static xmlXPathContextPtr context(void)
{
	if (!shared.context) {
		xmlXPathContextPtr ctx = xmlXPathNewContext(NULL);
		ctx->error = ignore_error;
		for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
			xmlXPathRegisterNs(ctx, (const xmlChar *)prefixes[i][0], (const xmlChar *)prefixes[i][1]);
		}
		caps_register(ctx);
		shared.context = ctx;
	}
	return shared.context;
}

static xmlXPathContextPtr begin(const struct xpath *x, const struct stanza *stanza, const struct vars *vars)
{
	xmlXPathContextPtr ctx = context();
	xmlXPathRegisterNs(ctx, (const xmlChar *)"s", (const xmlChar *)node_ns(stanza->root));
	for (size_t i = 0; i < x->count; i++) {
		char name[32];
		snprintf(name, sizeof name, "v%zu", i);
		const char *value = vars ? vars_get(vars, x->names[i]) : NULL;
		xmlXPathRegisterVariable(ctx, (const xmlChar *)name, xmlXPathNewCString(value ? value : ""));
	}
	ctx->doc = stanza->doc;
	ctx->node = stanza->root;
	return ctx;
}

/* As it was when it was made: the next expression must not find this one's stanza, place or variables. */
static void end(xmlXPathContextPtr ctx)
{
	xmlXPathRegisteredVariablesCleanup(ctx);
	xmlResetError(&ctx->lastError);
	ctx->doc = NULL;
	ctx->node = NULL;
	ctx->contextSize = -1;
	ctx->proximityPosition = -1;
}

int xpath_holds(const struct xpath *x, const struct stanza *stanza, const struct vars *vars)
{
	xmlXPathContextPtr ctx = begin(x, stanza, vars);
	int holds = xmlXPathCompiledEvalToBoolean(x->compiled, ctx);
	end(ctx);
	return holds;
}

char *xpath_text(const struct xpath *x, const struct stanza *stanza, const struct vars *vars)
{
	xmlXPathContextPtr ctx = begin(x, stanza, vars);
	xmlXPathObjectPtr value = xmlXPathCompiledEval(x->compiled, ctx);
	xmlChar *text = value ? xmlXPathCastToString(value) : NULL;
	char *copy = mem_strdup(text ? (const char *)text : "");
	xmlFree(text);
	xmlXPathFreeObject(value);
	end(ctx);
	return copy;
}

size_t xpath_names(const struct xpath *x, const char *const **names)
{
	*names = x->names;
	return x->count;
}

void xpath_destroy(struct xpath *x)
{
	if (!x || --x->refs) {
		return;
	}
	xmlXPathFreeCompExpr(x->compiled);
	for (size_t i = 0; i < x->count; i++) {
		free((char *)x->names[i]);
	}
	free(x->names);
	free(x);
}
