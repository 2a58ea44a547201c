#include "script/vars.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct var *find(const struct vars *vs, const char *name, size_t len)
{
	for (size_t i = 0; i < vs->count; i++) {
		if (vs->items[i].len == len && !memcmp(vs->items[i].name, name, len)) {
			return &vs->items[i];
		}
	}
	return NULL;
}

void vars_set(struct vars *vs, const char *name, const char *value)
{
	size_t len = strlen(name);
	struct var *v = find(vs, name, len);
	if (!v) {
		vs->items = mem_grow(vs->items, vs->count, sizeof *vs->items);
		v = &vs->items[vs->count++];
		*v = (struct var){.name = mem_strdup(name), .len = len};
	}
	char *old = v->value;
	v->value = mem_strdup(value);
	free(old);
}

const char *vars_get_n(const struct vars *vs, const char *name, size_t len)
{
	const struct var *v = find(vs, name, len);
	return v ? v->value : NULL;
}

const char *vars_get(const struct vars *vs, const char *name)
{
	return vars_get_n(vs, name, strlen(name));
}

void vars_cut(struct vars *vs, size_t count)
{
	while (vs->count > count) {
		struct var *last = &vs->items[--vs->count];
		free(last->name);
		free(last->value);
	}
}

void vars_finish(struct vars *vs)
{
	vars_cut(vs, 0);
	free(vs->items);
	*vs = (struct vars){0};
}

/* A number of at most 8 digits, with ':' behind it or nothing; sets *rest to what follows. */
static size_t read_count(const char *text, size_t len, const char **rest)
{
	size_t n = 0;
	size_t i = 0;
	for (; i < len && i < 8 && text[i] >= '0' && text[i] <= '9'; i++) {
		n = n * 10 + (size_t)(text[i] - '0');
	}
	*rest = text + i;
	return i == len || text[i] == ':' ? n : 0;
}

/* "filler:N" is N times the letter x, "filler:N:TEXT" N times that text. */
static int add_filler(struct buf *b, const char *text, size_t len)
{
	const char *rest;
	size_t count = read_count(text, len, &rest);
	size_t left = len - (size_t)(rest - text);
	if (!count || left == 1) {
		return 0;
	}
	if (b && !left) {
		buf_fill(b, 'x', count);
	}
	for (size_t i = 0; b && left && i < count; i++) {
		buf_add(b, rest + 1, left - 1);
	}
	return 1;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "octets:c0af" */
static int add_octets(struct buf *b, const char *text, size_t len)
{
	if (!len || len % 2) {
		return 0;
	}
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
		if (high < 0 || low < 0 || !(high || low)) { /* a zero octet ends texts in here */
			return 0;
		}
		char octet = (char)(high * 16 + low);
		if (b) {
			buf_add(b, &octet, 1);
		}
	}
	return 1;
}

int vars_made(const char *name, size_t len, struct buf *b)
{
	static const struct {
		const char *prefix;
		int (*add)(struct buf *b, const char *text, size_t len);
	} kinds[] = {{"filler:", add_filler}, {"octets:", add_octets}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t before = strlen(kinds[i].prefix);
		if (len > before && !strncmp(name, kinds[i].prefix, before)) {
			return kinds[i].add(b, name + before, len - before);
		}
	}
	return 0;
}

char *vars_expand(const struct vars *vs, const char *text)
{
	struct buf b = {0};
	while (*text) {
		const char *open = strstr(text, "${");
		const char *close = open ? strchr(open, '}') : NULL;
		if (!close) {
			break;
		}
		size_t len = (size_t)(close - open - 2);
		const char *value = vars_get_n(vs, open + 2, len);
		buf_add(&b, text, (size_t)(open - text));
		if (value) {
			buf_add_text(&b, value);
		} else if (!vars_made(open + 2, len, &b)) {
			buf_add(&b, open, len + 3);
		}
		text = close + 1;
	}
	buf_add_text(&b, text);
	return buf_take(&b);
}

void vars_names_in(const char *text, void (*each)(void *ud, const char *name, size_t len), void *ud)
{
	const char *open;
	while ((open = strstr(text, "${"))) {
		const char *close = strchr(open, '}');
		if (!close) {
			return;
		}
		each(ud, open + 2, (size_t)(close - open - 2));
		text = close + 1;
	}
}
