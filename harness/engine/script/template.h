/* A stanza template: what a step sends, or what a stanza must look like to be taken. See scenarios/README.md, Matching.
 */
#ifndef SCRIPT_TEMPLATE_H
#define SCRIPT_TEMPLATE_H

#include "script/lines.h"
#include "script/problem.h"
#include "script/vars.h"
#include "wire/stanza.h"

enum template_use { TEMPLATE_SEND, TEMPLATE_RECEIVE };
enum match_mode { MATCH_LOOSE, MATCH_STRICT, MATCH_UNORDERED };

const char *match_mode_text(enum match_mode mode);

struct template
{
	int refs; /* steps that use it */
	xmlDocPtr doc;
	xmlNodePtr root;
	char *text;		   /* as written, first indentation taken off */
	int scansion_rule; /* elements with an xmlns of their own are strict by default */
};

/* Parses count lines; default_ns is the namespace of an element without xmlns. NULL with a problem added if they are
 * not exactly one element, or if a template to send holds patterns of matching. Equal templates are one; each is to be
 * destroyed as often as it was created. */
struct template *template_create(const struct line *lines, size_t count, const char *default_ns, enum template_use use,
		int scansion_rule, struct problems *ps);
void template_destroy(struct template *t); /* NULL is allowed */
void template_forget_shared(void);		   /* no more templates are to be created for now: frees what they share */

/* Attribute of the root without expansion, or NULL. */
const char *template_attr(const struct template *t, const char *name);

/* Attributes that are added to the root where the template has none; NULL: not added. */
struct template_defaults {
	const char *from, *to, *id;
};

/* The stanza to send, with variables filled in; its raw octets are what goes out. Caller unrefs. */
struct stanza *template_build(
		const struct template *t, const struct vars *vars, const struct template_defaults *defaults);

/* The first difference between a stanza and a template. */
struct mismatch {
	char *where;	/* "iq/command@status" */
	char *expected; /* "status 'executing'" */
	char *got;
	int missing;		  /* nothing stands there */
	enum match_mode mode; /* in force at that place */
	int score;			  /* how much matched before: the larger, the closer */
};

/* 1 if the stanza matches; bound names are then set in binds. Else 0, and *why (may be NULL) is filled for
 * mismatch_finish(). defaults->id, if given, is compared where the template has no id. */
int template_match(const struct template *t, const struct stanza *stanza, const struct vars *vars,
		const struct template_defaults *defaults, struct vars *binds, struct mismatch *why);
void mismatch_finish(struct mismatch *m);

/* Reports every ${name} used, every name bound ({bind:name}) and every name captured ({scansion:capture:name}, which
 * may be repeated), in document order. */
struct template_names {
	void (*use)(void *ud, const char *name, size_t len);
	void (*bind)(void *ud, const char *name, size_t len);
	void (*capture)(void *ud, const char *name, size_t len);
	void *ud;
};
void template_each_name(const struct template *t, const struct template_names *names);

#endif
