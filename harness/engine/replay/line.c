#include "replay/line.h"

#include "base/err.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets that are no UTF-8 stand there as digits. */
static int read_hex(struct journal_line *l, const char *hex, size_t len)
{
	l->octets = mem_alloc(len / 2 + 1);
	l->len = len / 2;
	for (size_t i = 0; i < l->len; i++) {
		int high = digit(hex[2 * i]);
		int low = digit(hex[2 * i + 1]);
		if (high < 0 || low < 0) {
			return ERR_SYNTAX;
		}
		l->octets[i] = (char)(high << 4 | low);
	}
	return len % 2 ? ERR_SYNTAX : ERR_OK;
}

static int read_octets(struct journal_line *l)
{
	const json_t *data = json_object_get(l->json, "data");
	const json_t *hex = json_object_get(l->json, "octets");
	if (data) {
		l->len = json_string_length(data);
		l->octets = mem_alloc(l->len + 1);
		memcpy(l->octets, json_is_string(data) ? json_string_value(data) : "", l->len);
	}
	return hex && !data ? read_hex(l, json_is_string(hex) ? json_string_value(hex) : "", json_string_length(hex))
						: ERR_OK;
}

int line_read(struct journal_line *l, const char *octets, size_t len)
{
	*l = (struct journal_line){.json = json_loadb(octets, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL)};
	const json_t *number = json_object_get(l->json, "n");
	const json_t *time = json_object_get(l->json, "t");
	const json_t *repeat = json_object_get(l->json, "repeat");
	const char *direction = text(l->json, "dir");
	l->number = json_integer_value(number);
	l->time = (uint64_t)json_integer_value(time);
	l->kind = text(l->json, "kind");
	if (!json_is_integer(number) || !json_is_integer(time) || json_integer_value(time) < 0 || !l->kind) {
		return ERR_SYNTAX;
	}
	l->scenario = text(l->json, "scenario");
	l->actor = text(l->json, "actor");
	l->detail = text(l->json, "detail");
	l->facts = json_object_get(l->json, "facts");
	l->stream = json_integer_value(json_object_get(l->json, "stream"));
	l->in = direction && !strcmp(direction, "in");
	l->out = direction && !strcmp(direction, "out");
	json_int_t times = repeat ? json_integer_value(repeat) : 1;
	if (times < 1 || times > INT_MAX) {
		return ERR_SYNTAX;
	}
	l->repeat = (int)times;
	return read_octets(l);
}

void line_finish(struct journal_line *l)
{
	json_decref(l->json);
	free(l->octets);
	*l = (struct journal_line){0};
}

const char *line_text(const struct journal_line *l, const char *fact)
{
	return text(l->facts, fact);
}

uint64_t line_count(const struct journal_line *l, const char *fact)
{
	json_int_t value = json_integer_value(json_object_get(l->facts, fact));
	return value > 0 ? (uint64_t)value : 0;
}
