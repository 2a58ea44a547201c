#include "script/vars.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct var *find(const struct vars *vs, const char *name, size_t len)
{
	for (size_t i = 0; i < vs->count; i++) {
		if (strlen(vs->items[i].name) == len && !memcmp(vs->items[i].name, name, len)) {
			return &vs->items[i];
		}
	}
	return NULL;
}

void vars_set(struct vars *vs, const char *name, const char *value)
{
	struct var *v = find(vs, name, strlen(name));
	if (!v) {
		vs->items = mem_resize(vs->items, vs->count + 1, sizeof *vs->items);
		v = &vs->items[vs->count++];
		*v = (struct var){.name = mem_strdup(name)};
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

void vars_finish(struct vars *vs)
{
	for (size_t i = 0; i < vs->count; i++) {
		free(vs->items[i].name);
		free(vs->items[i].value);
	}
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

static void add_filler(struct buf *b, size_t octets)
{
	static const char some[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	while (octets) {
		size_t n = octets < sizeof some - 1 ? octets : sizeof some - 1;
		buf_add(b, some, n);
		octets -= n;
	}
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
			add_filler(&b, filler);
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
