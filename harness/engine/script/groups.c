#include "script/groups.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 1000 };

/* "Crowd x 200": the number, 0 if it is no group, -1 if there cannot be so many; *name_len is that of "Crowd". */
int group_count(const char *text, size_t *name_len)
{
	const char *x = NULL;
	for (const char *at = strstr(text, " x "); at; at = strstr(at + 1, " x ")) {
		x = at;
	}
	if (!x || x == text || !x[3] || x[3 + strspn(x + 3, "0123456789")]) {
		return 0;
	}
	long count = strtol(x + 3, NULL, 10);
	*name_len = (size_t)(x - text);
	return count >= 1 && count <= MEMBERS_MAX ? (int)count : -1;
}

char *group_member(const char *group, size_t len, int number)
{
	return mem_printf("%.*s %d", (int)len, group, number);
}

int group_size(const struct scenario *s, const char *group)
{
	int size = 0;
	for (size_t i = 0; i < s->cast_count; i++) {
		const struct actor *a = &s->cast[i];
		char *next = group_member(group, strlen(group), size + 1);
		size += a->of_group && !strcmp(a->name, next);
		free(next);
	}
	return size;
}

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

char *group_fill_in(const char *text, const char *group, int number)
{
	struct buf b = {0};
	size_t len = strlen(group);
	for (const char *at = text; *at;) {
		int whole = !strncmp(at, group, len) && !is_word(at[len]) && (at == text || !is_word(at[-1]));
		if (whole) {
			buf_printf(&b, "%s %d", group, number);
			at += len;
		} else {
			buf_add(&b, at++, 1);
		}
	}
	return buf_take(&b);
}
