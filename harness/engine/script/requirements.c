#include "script/requirements.h"

#include "base/mem.h"
#include "script/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ID,
	SOURCE,
	LEVEL,
	SUBJECT,
	AREA,
	STATEMENT,
	OBSERVABLE,
	PRECONDITIONS,
	STRICTNESS,
	PARTS,
	WHY_NONE,
	NOTES,
	COLUMNS
};

static const char *const columns[COLUMNS] = {"id", "source", "level", "subject", "area", "statement", "observable",
		"preconditions", "strictness", "parts", "why_none", "notes"};

const char *strictness_text(enum strictness s)
{
	switch (s) {
	case STRICT_HARD:
		return "HARD";
	case STRICT_WARN:
		return "WARN";
	default:
		return "INFO";
	}
}

static int read_word(const char *text, size_t len, enum strictness *out)
{
	static const enum strictness all[] = {STRICT_HARD, STRICT_WARN, STRICT_INFO};
	for (size_t i = 0; i < 3; i++) {
		if (len == 4 && !memcmp(text, strictness_text(all[i]), 4)) {
			*out = all[i];
			return 0;
		}
	}
	return -1;
}

/* HARD | WARN | INFO | claim?HARD:WARN */
static int read_rule(const char *text, size_t len, struct strictness_rule *rule)
{
	const char *mark = memchr(text, '?', len);
	if (!mark) {
		rule->claim = NULL;
		return read_word(text, len, &rule->met) ? -1 : (rule->otherwise = rule->met, 0);
	}
	const char *colon = memchr(mark, ':', len - (size_t)(mark - text));
	if (!colon || read_word(mark + 1, (size_t)(colon - mark - 1), &rule->met) ||
			read_word(colon + 1, len - (size_t)(colon + 1 - text), &rule->otherwise)) {
		return -1;
	}
	rule->claim = mem_strndup(text, (size_t)(mark - text));
	return 0;
}

/* name=RULE; name=RULE */
static int read_parts(const char *text, struct requirement *r)
{
	while (*text) {
		text += strspn(text, " ;");
		size_t len = strcspn(text, ";");
		const char *equals = memchr(text, '=', len);
		if (!len) {
			break;
		}
		struct strictness_rule rule = {0};
		if (!equals || read_rule(equals + 1, len - (size_t)(equals + 1 - text), &rule)) {
			return -1;
		}
		r->parts = mem_resize(r->parts, r->parts_count + 1, sizeof *r->parts);
		r->parts[r->parts_count++] =
				(struct requirement_part){.name = mem_strndup(text, (size_t)(equals - text)), .rule = rule};
		text += len;
	}
	return 0;
}

/* The number of cells; those that are too many are counted only. */
static int split(char *text, char *cells[COLUMNS])
{
	int n = 0;
	while (text) {
		if (n < COLUMNS) {
			cells[n] = text;
		}
		n++;
		text = strchr(text, '\t');
		if (text) {
			*text++ = '\0';
		}
	}
	return n;
}

static void read_row(struct requirements *rs, char *text, int number, struct problems *ps)
{
	char *c[COLUMNS];
	int n = split(text, c);
	if (n != COLUMNS) {
		problems_add(ps, rs->file, number, 1, "%d cells; expected %d separated by tabs", n, COLUMNS);
		return;
	}
	struct requirement r = {.line = number};
	if (read_rule(c[STRICTNESS], strlen(c[STRICTNESS]), &r.rule)) {
		problems_add(ps, rs->file, number, 1, "strictness '%s'; expected HARD, WARN, INFO or claim?HARD:WARN",
				c[STRICTNESS]);
	}
	if (read_parts(c[PARTS], &r)) {
		problems_add(ps, rs->file, number, 1, "parts '%s'; expected name=STRICTNESS; name=STRICTNESS", c[PARTS]);
	}
	char **fields[] = {&r.id, &r.source, &r.level, &r.subject, &r.area, &r.statement, &r.observable, &r.preconditions,
			&r.strictness_cell, &r.parts_cell, &r.why_none, &r.notes};
	for (int i = 0; i < COLUMNS; i++) {
		*fields[i] = mem_strdup(c[i]);
	}
	rs->items = mem_resize(rs->items, rs->count + 1, sizeof *rs->items);
	rs->items[rs->count++] = r;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct requirement *)a)->id, ((const struct requirement *)b)->id);
}

void requirements_read(struct requirements *rs, const char *path, const char *name, struct problems *ps)
{
	*rs = (struct requirements){.file = mem_strdup(name)};
	char *text = file_read(path);
	if (!text) {
		problems_add(ps, name, 1, 1, "cannot be read: %s", strerror(errno));
		return;
	}
	if (!*text) {
		problems_add(ps, name, 1, 1, "column 1; expected '%s'", columns[0]);
	}
	int number = 1;
	for (char *at = text; *at; number++) {
		char *end = at + strcspn(at, "\n");
		char *next = *end ? end + 1 : end;
		*end = '\0';
		if (number == 1) {
			char *c[COLUMNS];
			int n = split(at, c);
			if (n > COLUMNS) {
				problems_add(ps, name, 1, 1, "%d columns; expected %d", n, COLUMNS);
			}
			for (int i = 0; i < COLUMNS; i++) {
				if (i >= n || strcmp(c[i], columns[i]) != 0) {
					problems_add(ps, name, 1, 1, "column %d; expected '%s'", i + 1, columns[i]);
					break;
				}
			}
		} else if (*at) {
			read_row(rs, at, number, ps);
		}
		at = next;
	}
	free(text);
	if (rs->count) {
		qsort(rs->items, rs->count, sizeof *rs->items, by_id);
	}
	for (size_t i = 1; i < rs->count; i++) {
		if (!strcmp(rs->items[i].id, rs->items[i - 1].id)) {
			problems_add(ps, name, rs->items[i].line, 1, "id '%s' stands twice", rs->items[i].id);
		}
	}
}

const struct requirement *requirements_find(const struct requirements *rs, const char *id)
{
	struct requirement key = {.id = (char *)id};
	return rs->count ? bsearch(&key, rs->items, rs->count, sizeof *rs->items, by_id) : NULL;
}

const struct requirement_part *requirement_part(const struct requirement *r, const char *part)
{
	for (size_t i = 0; i < r->parts_count; i++) {
		if (!strcmp(r->parts[i].name, part)) {
			return &r->parts[i];
		}
	}
	return NULL;
}

enum strictness requirement_strictness(
		const struct requirement *r, const char *part, int (*claims)(void *ud, const char *claim), void *ud)
{
	const struct requirement_part *p = part ? requirement_part(r, part) : NULL;
	const struct strictness_rule *rule = p ? &p->rule : &r->rule;
	return !rule->claim || claims(ud, rule->claim) ? rule->met : rule->otherwise;
}

void requirements_finish(struct requirements *rs)
{
	for (size_t i = 0; i < rs->count; i++) {
		struct requirement *r = &rs->items[i];
		char *fields[] = {r->id, r->source, r->level, r->subject, r->area, r->statement, r->observable,
				r->preconditions, r->strictness_cell, r->parts_cell, r->why_none, r->notes, r->rule.claim};
		for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
			free(fields[f]);
		}
		for (size_t p = 0; p < r->parts_count; p++) {
			free(r->parts[p].name);
			free(r->parts[p].rule.claim);
		}
		free(r->parts);
	}
	free(rs->items);
	free(rs->file);
	*rs = (struct requirements){0};
}
