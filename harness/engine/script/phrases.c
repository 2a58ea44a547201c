#include "script/phrases.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define KEYWORD "Phrase:"
#define BIND_LINE "bind "
#define PARAMS_MAX 9

/* A part of a text: not terminated. */
struct span {
	const char *at;
	size_t len;
};

static void add_piece(struct phrase *p, const char *text, size_t len)
{
	p->pieces = mem_resize(p->pieces, p->params_count + 1, sizeof *p->pieces);
	p->pieces[p->params_count] = (struct piece){mem_strndup(text, len), len};
	p->literal += len;
	if (!p->needle || len > strlen(p->needle)) {
		p->needle = p->pieces[p->params_count].text;
	}
}

static void add_param(struct phrase *p, const char *name, size_t len)
{
	p->params = mem_resize(p->params, p->params_count + 1, sizeof *p->params);
	p->params[p->params_count++] = mem_strndup(name, len);
}

/* Cuts "{admin} opens X" into "", the parameter admin, " opens X". */
static int split(struct phrase *p)
{
	const char *text = p->pattern;
	for (const char *open; (open = strchr(text, '{')) && strchr(open, '}');) {
		const char *close = strchr(open, '}');
		add_piece(p, text, (size_t)(open - text));
		add_param(p, open + 1, (size_t)(close - open - 1));
		text = close + 1;
	}
	add_piece(p, text, strlen(text));
	if (*text) {
		p->last = text[strlen(text) - 1];
	}
	return p->params_count > PARAMS_MAX ? -1 : 0;
}

static void free_pattern(struct phrase *p)
{
	for (size_t i = 0; i < p->params_count; i++) {
		free(p->params[i]);
	}
	for (size_t i = 0; i <= p->params_count && p->pieces; i++) {
		free(p->pieces[i].text);
	}
	free(p->params);
	free(p->pieces);
	free(p->pattern);
}

static struct phrase *begin(struct phrases *ps, const struct line *line, struct problems *problems)
{
	const char *pattern = line->text + strlen(KEYWORD);
	pattern += strspn(pattern, " \t");
	ps->items = mem_resize(ps->items, ps->count + 1, sizeof *ps->items);
	struct phrase *p = &ps->items[ps->count];
	*p = (struct phrase){.pattern = mem_strdup(pattern), .file = line->file, .line = line->number};
	if (!*pattern || split(p)) {
		problems_add(problems, line->file, line->number, 1, "expected `Phrase: text with {parameters}`");
		free_pattern(p);
		return NULL;
	}
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

static int stands_at(const struct piece *piece, const char *at)
{
	return !piece->len || (*at == *piece->text && !memcmp(at, piece->text, piece->len));
}

/* Does the text up to end fit from behind the piece on? A parameter takes one character at least, and an earlier one as
 * much as it can. */
static int fits_behind(const struct phrase *p, size_t piece, const char *text, const char *end, struct span *values)
{
	if (piece == p->params_count) {
		return text == end;
	}
	const struct piece *next = &p->pieces[piece + 1];
	if (end - text <= (ptrdiff_t)next->len) {
		return 0;
	}
	const char *longest = end - next->len;
	const char *shortest = piece + 1 == p->params_count ? longest : text + 1;
	for (const char *at = longest; at >= shortest; at--) {
		if (stands_at(next, at) && fits_behind(p, piece + 1, at + next->len, end, values)) {
			values[piece] = (struct span){text, (size_t)(at - text)};
			return 1;
		}
	}
	return 0;
}

/* Most phrases do not fit: the ends, or the longest piece, tell so before parameters are looked for. */
static int fits(const struct phrase *p, const char *text, size_t len, struct span *values)
{
	const struct piece *first = &p->pieces[0];
	const struct piece *last = &p->pieces[p->params_count];
	if (len < p->literal || !stands_at(last, text + len - last->len) || !stands_at(first, text) ||
			(!last->len && !strstr(text, p->needle))) {
		return 0;
	}
	return fits_behind(p, 0, text + first->len, text + len, values);
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
	size_t len = strlen(text);
	char last = '\0';
	if (len) {
		last = text[len - 1];
	}
	struct span values[PARAMS_MAX];
	struct phrase *best = NULL;
	struct phrase *equal = NULL;
	for (size_t i = 0; i < ps->count; i++) {
		struct phrase *p = &ps->items[i];
		if ((p->last && p->last != last) || !fits(p, text, len, values)) {
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

/* Names that the phrase itself binds get a suffix, in `{bind:name}`, `bind name: ...` and `${name}` alike. */
static int binds_literally(const struct phrase *p, const char *name, size_t len)
{
	char *needle = mem_printf("{bind:%.*s}", (int)len, name);
	char *line = mem_printf(BIND_LINE "%.*s: ", (int)len, name);
	int found = 0;
	for (size_t i = 0; i < p->body.count && !found; i++) {
		const char *text = p->body.items[i].text;
		found = strstr(text, needle) || !strncmp(text, line, strlen(line));
	}
	free(line);
	free(needle);
	return found;
}

static const struct span *param_value(const struct phrase *p, const struct span *values, const char *name, size_t len)
{
	for (size_t i = 0; i < p->params_count; i++) {
		if (strlen(p->params[i]) == len && !memcmp(p->params[i], name, len)) {
			return &values[i];
		}
	}
	return NULL;
}

static char *fill_in(const struct phrase *p, const struct span *values, const char *text, int use)
{
	struct buf b = {0};
	if (!strncmp(text, BIND_LINE, strlen(BIND_LINE))) {
		size_t head = strlen(BIND_LINE) + strcspn(text + strlen(BIND_LINE), ":{");
		buf_add(&b, text, head);
		if (binds_literally(p, text + strlen(BIND_LINE), head - strlen(BIND_LINE))) {
			buf_printf(&b, "#%d", use);
		}
		text += head;
	}
	for (;;) {
		size_t plain = strcspn(text, "{$");
		buf_add(&b, text, plain);
		text += plain;
		if (!*text) {
			break;
		}
		size_t len = 0;
		if (*text == '{') {
			while (name_char(text[1 + len])) {
				len++;
			}
		}
		const struct span *value = len && text[1 + len] == '}' ? param_value(p, values, text + 1, len) : NULL;
		if (value) {
			buf_add(&b, value->at, value->len);
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
	struct span values[PARAMS_MAX] = {0};
	char *text = without_colon(use->text);
	fits(p, text, strlen(text), values);
	int number = ++ps->uses;
	for (size_t i = 0; i < p->body.count; i++) {
		struct line line = p->body.items[i];
		line.text = fill_in(p, values, line.text, number);
		line.indent += use->indent;
		line.used_at = use->used_at ? use->used_at : use->number;
		line.play_line = use->play_line;
		lines_take(out, &line);
	}
	free(text);
}

void phrases_finish(struct phrases *ps)
{
	for (size_t i = 0; i < ps->count; i++) {
		struct phrase *p = &ps->items[i];
		free_pattern(p);
		lines_finish(&p->body);
	}
	free(ps->items);
	*ps = (struct phrases){0};
}
