#include "script/phrases.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define KEYWORD "Phrase:"
#define PARAMS_MAX 9

static void add_param(struct phrase *p, const char *name, size_t len)
{
	p->params = mem_resize(p->params, p->params_count + 1, sizeof *p->params);
	p->params[p->params_count++] = mem_strndup(name, len);
}

/* The longest piece between parameters. */
static char *longest_literal(const char *pattern)
{
	const char *best = pattern;
	size_t best_len = 0;
	while (*pattern) {
		size_t len = strcspn(pattern, "{");
		if (len > best_len) {
			best = pattern;
			best_len = len;
		}
		pattern += len;
		pattern += strcspn(pattern, "}");
		pattern += *pattern == '}';
	}
	return mem_strndup(best, best_len);
}

/* Turns "{admin} opens X" into "^(.+) opens X$". */
static int compile(struct phrase *p)
{
	struct buf re = {0};
	buf_add_text(&re, "^");
	for (const char *c = p->pattern; *c; c++) {
		const char *close = *c == '{' ? strchr(c, '}') : NULL;
		if (close) {
			add_param(p, c + 1, (size_t)(close - c - 1));
			buf_add_text(&re, "(.+)");
			c = close;
			continue;
		}
		if (strchr("\\^$.[]|()*+?{}", *c)) {
			buf_add_text(&re, "\\");
		}
		buf_add(&re, c, 1);
		p->literal++;
	}
	buf_add_text(&re, "$");
	int error = p->params_count > PARAMS_MAX || regcomp(&p->re, buf_text(&re), REG_EXTENDED);
	buf_finish(&re);
	return error ? -1 : 0;
}

static struct phrase *begin(struct phrases *ps, const struct line *line, struct problems *problems)
{
	const char *pattern = line->text + strlen(KEYWORD);
	pattern += strspn(pattern, " \t");
	ps->items = mem_resize(ps->items, ps->count + 1, sizeof *ps->items);
	struct phrase *p = &ps->items[ps->count];
	*p = (struct phrase){.pattern = mem_strdup(pattern), .file = line->file, .line = line->number};
	if (!*pattern || compile(p)) {
		problems_add(problems, line->file, line->number, 1, "expected `Phrase: text with {parameters}`");
		for (size_t i = 0; i < p->params_count; i++) {
			free(p->params[i]);
		}
		free(p->params);
		free(p->pattern);
		return NULL;
	}
	p->needle = longest_literal(p->pattern);
	ps->count++;
	return p;
}

void phrases_read(struct phrases *ps, const char *file, const char *text, struct problems *problems)
{
	struct lines all = {0};
	lines_split(&all, file, text);
	struct phrase *current = NULL;
	for (size_t i = 0; i < all.count; i++) {
		const struct line *line = &all.items[i];
		if (!line->indent && !strncmp(line->text, KEYWORD, strlen(KEYWORD))) {
			current = begin(ps, line, problems);
		} else if (line_is_comment(line)) {
			continue;
		} else if (current) {
			lines_add(&current->body, line);
		} else {
			problems_add(problems, file, line->number, 1, "expected `Phrase: ...` before the first step");
			break;
		}
	}
	lines_finish(&all);
}

static int fits(const struct phrase *p, const char *text)
{
	return strstr(text, p->needle) && !regexec(&p->re, text, 0, NULL, 0);
}

/* A phrase may be written with a colon at its end when checks follow. */
static char *without_colon(const char *text)
{
	size_t len = strlen(text);
	return mem_strndup(text, len && text[len - 1] == ':' ? len - 1 : len);
}

struct phrase *phrases_find(struct phrases *ps, const struct line *line, struct problems *problems)
{
	char *text = without_colon(line->text);
	struct phrase *best = NULL;
	struct phrase *equal = NULL;
	for (size_t i = 0; i < ps->count; i++) {
		struct phrase *p = &ps->items[i];
		if (!fits(p, text)) {
			continue;
		}
		if (!best || p->literal > best->literal) {
			best = p;
			equal = NULL;
		} else if (p->literal == best->literal) {
			equal = p;
		}
	}
	free(text);
	if (equal) {
		problems_add(problems, line->file, line->number, line->indent + 1, "two phrases fit: %s:%d and %s:%d",
				best->file, best->line, equal->file, equal->line);
	}
	if (best) {
		best->used = 1;
	}
	return best;
}

static int name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Gives names that the phrase itself binds a suffix, in `{bind:name}` and `${name}` alike. */
static int binds_literally(const struct phrase *p, const char *name, size_t len)
{
	char *needle = mem_printf("{bind:%.*s}", (int)len, name);
	int found = 0;
	for (size_t i = 0; i < p->body.count && !found; i++) {
		found = strstr(p->body.items[i].text, needle) != NULL;
	}
	free(needle);
	return found;
}

static const char *param_value(const struct phrase *p, char *const *values, const char *name, size_t len)
{
	for (size_t i = 0; i < p->params_count; i++) {
		if (strlen(p->params[i]) == len && !memcmp(p->params[i], name, len)) {
			return values[i];
		}
	}
	return NULL;
}

static char *fill_in(const struct phrase *p, char *const *values, const char *text, int use)
{
	struct buf b = {0};
	while (*text) {
		size_t len = 0;
		if (*text == '{') {
			while (name_char(text[1 + len])) {
				len++;
			}
		}
		const char *value = len && text[1 + len] == '}' ? param_value(p, values, text + 1, len) : NULL;
		if (value) {
			buf_add_text(&b, value);
			text += len + 2;
			continue;
		}
		const char *open = !strncmp(text, "{bind:", 6) ? text + 6 : !strncmp(text, "${", 2) ? text + 2 : NULL;
		size_t name = open ? strcspn(open, "}") : 0;
		if (open && *open != '{' && open[name] && binds_literally(p, open, name)) {
			buf_add(&b, text, (size_t)(open - text) + name);
			buf_printf(&b, "#%d", use);
			text = open + name;
			continue;
		}
		buf_add(&b, text++, 1);
	}
	return buf_take(&b);
}

void phrase_expand(struct phrases *ps, const struct phrase *p, const struct line *use, struct lines *out)
{
	regmatch_t groups[PARAMS_MAX + 1];
	char *values[PARAMS_MAX] = {0};
	char *text = without_colon(use->text);
	if (!regexec(&p->re, text, PARAMS_MAX + 1, groups, 0)) {
		for (size_t i = 0; i < p->params_count; i++) {
			values[i] = mem_strndup(text + groups[i + 1].rm_so, (size_t)(groups[i + 1].rm_eo - groups[i + 1].rm_so));
		}
	}
	int number = ++ps->uses;
	for (size_t i = 0; i < p->body.count; i++) {
		struct line line = p->body.items[i];
		line.text = fill_in(p, values, line.text, number);
		line.indent += use->indent;
		line.used_at = use->used_at ? use->used_at : use->number;
		lines_add(out, &line);
		free(line.text);
	}
	for (size_t i = 0; i < p->params_count; i++) {
		free(values[i]);
	}
	free(text);
}

void phrases_finish(struct phrases *ps)
{
	for (size_t i = 0; i < ps->count; i++) {
		struct phrase *p = &ps->items[i];
		for (size_t n = 0; n < p->params_count; n++) {
			free(p->params[n]);
		}
		free(p->params);
		free(p->pattern);
		free(p->needle);
		regfree(&p->re);
		lines_finish(&p->body);
	}
	free(ps->items);
	*ps = (struct phrases){0};
}
