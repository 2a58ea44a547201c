/* scenarios/requirements.tsv: what can be required of a target, and how strictly. */
#ifndef SCRIPT_REQUIREMENTS_H
#define SCRIPT_REQUIREMENTS_H

#include "script/problem.h"

#include <stddef.h>

enum strictness { STRICT_INFO, STRICT_WARN, STRICT_HARD };

const char *strictness_text(enum strictness s);

struct strictness_rule {
	char *claim; /* NULL: always `met` */
	enum strictness met, otherwise;
};

struct requirement {
	char *id, *source, *level, *subject, *area, *statement, *observable, *preconditions;
	struct strictness_rule rule;
	struct requirement_part {
		char *name;
		struct strictness_rule rule;
	} * parts;
	size_t parts_count;
	char *strictness_cell, *parts_cell; /* as written */
	char *why_none, *notes;
	int line;
};

struct requirements {
	char *file;
	struct requirement *items; /* sorted by id */
	size_t count;
};

/* Reads the table; problems go to ps. name is the file name shown in problems. */
void requirements_read(struct requirements *rs, const char *path, const char *name, struct problems *ps);
const struct requirement *requirements_find(const struct requirements *rs, const char *id);
const struct requirement_part *requirement_part(const struct requirement *r, const char *part);

/* How a violation counts on a target that makes these claims. part may be NULL. */
enum strictness requirement_strictness(
		const struct requirement *r, const char *part, int (*claims)(void *ud, const char *claim), void *ud);
void requirements_finish(struct requirements *rs);

#endif
