#include "script/background.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Number of lines from the first on that make one element: indented lines up to one that closes it. A rule's two
 * stanzas stand one after the other, so the element's end is found by trying. */
static size_t element_lines(
		const struct line *lines, size_t count, const char *ns, enum template_use use, struct template **t)
{
	for (size_t n = 1; n <= count; n++) {
		struct problems ignored = {0};
		*t = template_create(lines, n, ns, use, 0, &ignored);
		problems_finish(&ignored);
		if (*t) {
			return n;
		}
	}
	return 0;
}

/* The stanza that comes and, where the rule answers, the one that goes back. 0, or -1 and a problem. */
static int read_stanzas(struct background *b, struct background_rule rule, int answers, const struct line *head,
		const struct line *body, size_t count, struct problems *ps)
{
	size_t used = element_lines(body, count, rule.ns, TEMPLATE_RECEIVE, &rule.comes);
	size_t more = used && answers ? element_lines(body + used, count - used, rule.ns, TEMPLATE_SEND, &rule.answer) : 0;
	if (!used || used + more != count || (answers && !more)) {
		problems_add(
				ps, head->file, head->number, 1, "expected %s below this line", answers ? "two stanzas" : "one stanza");
		template_destroy(rule.comes);
		template_destroy(rule.answer);
		return -1;
	}
	b->items = mem_resize(b->items, b->count + 1, sizeof *b->items);
	b->items[b->count++] = rule;
	return 0;
}

static void read_rule(
		struct background *b, const struct line *head, const struct line *body, size_t count, struct problems *ps)
{
	int peer = !strncmp(head->text, "a peer ", 7);
	int client = !strncmp(head->text, "a client ", 9);
	const char *verb = head->text + (peer ? 7 : 9);
	int answers = (peer || client) && !strcmp(verb, "answers:");
	if ((!peer && !client) || (!answers && strcmp(verb, "tolerates:") != 0)) {
		problems_add(ps, head->file, head->number, 1,
				"expected `a peer answers:`, `a peer tolerates:`, `a client answers:` or `a client tolerates:`");
		return;
	}
	struct background_rule rule = {.ns = client ? NS_CLIENT : NS_SERVER, .line = head->number};
	int bad = read_stanzas(b, rule, answers, head, body, count, ps);
	if (peer && !bad) { /* what holds for peers holds for components */
		rule.ns = NS_COMPONENT;
		read_stanzas(b, rule, answers, head, body, count, ps);
	}
}

void background_read(struct background *b, const char *file, const char *text, struct problems *ps)
{
	struct lines all = {0};
	struct lines kept = {0};
	lines_split(&all, file, text);
	for (size_t i = 0; i < all.count; i++) {
		if (!line_is_comment(&all.items[i])) {
			lines_add(&kept, &all.items[i]);
		}
	}
	for (size_t i = 0; i < kept.count;) {
		size_t end = i + 1;
		while (end < kept.count && kept.items[end].indent) {
			end++;
		}
		read_rule(b, &kept.items[i], &kept.items[i + 1], end - i - 1, ps);
		i = end;
	}
	lines_finish(&kept);
	lines_finish(&all);
}

const struct background_rule *background_find(
		const struct background *b, const char *ns, const struct stanza *stanza, const struct vars *vars)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct background_rule *r = &b->items[i];
		if (!strcmp(r->ns, ns) && template_match(r->comes, stanza, vars, NULL, NULL, NULL)) {
			return r;
		}
	}
	return NULL;
}

void background_finish(struct background *b)
{
	for (size_t i = 0; i < b->count; i++) {
		template_destroy(b->items[i].comes);
		template_destroy(b->items[i].answer);
	}
	free(b->items);
	*b = (struct background){0};
}
