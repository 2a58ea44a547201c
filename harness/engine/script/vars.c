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

size_t vars_filler(const char *name, size_t len)
{
	static const char prefix[] = "filler:";
	size_t before = sizeof prefix - 1;
	if (len <= before || len > before + 8 || strncmp(name, prefix, before) != 0) {
		return 0;
	}
	size_t octets = 0;
	for (size_t i = before; i < len; i++) {
		if (name[i] < '0' || name[i] > '9') {
			return 0;
		}
		octets = octets * 10 + (size_t)(name[i] - '0');
	}
	return octets;
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
		const char *value = vars_get_n(vs, open + 2, (size_t)(close - open - 2));
		size_t filler = value ? 0 : vars_filler(open + 2, (size_t)(close - open - 2));
		if (value || filler) {
			buf_add(&b, text, (size_t)(open - text));
			buf_add_text(&b, value ? value : "");
			buf_fill(&b, 'x', filler);
		} else {
			buf_add(&b, text, (size_t)(close + 1 - text));
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
