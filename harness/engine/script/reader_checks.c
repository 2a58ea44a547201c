#include "base/mem.h"
#include "script/reader_steps.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RELIES "relies on "
#define BIND "bind "

/* Length of an id such as SB-010 or PS-I-SUBD-NPO, 0 if there is none. */
static size_t id_length(const char *text)
{
	size_t letters = 0;
	while (isupper((unsigned char)text[letters])) {
		letters++;
	}
	if (letters < 2 || letters > 3 || text[letters] != '-') {
		return 0;
	}
	size_t len = letters + 1;
	while (isupper((unsigned char)text[len]) || isdigit((unsigned char)text[len]) || text[len] == '-') {
		len++;
	}
	return len > letters + 1 ? len : 0;
}

/* Length of NAME in "bind NAME: XPATH", 0 if the text is none. */
static size_t bound_name_length(const char *text)
{
	if (strncmp(text, BIND, strlen(BIND)) != 0) {
		return 0;
	}
	size_t len = strcspn(text + strlen(BIND), " :{}");
	return strncmp(text + strlen(BIND) + len, ": ", 2) ? 0 : len;
}

int line_is_check(const struct line *line)
{
	const char *text = line->text;
	if (bound_name_length(text)) {
		return 1;
	}
	if (!strncmp(text, RELIES, strlen(RELIES))) {
		text += strlen(RELIES);
	}
	size_t len = id_length(text);
	return len && (text[len] == ' ' || text[len] == '/' || text[len] == ':' || !text[len]);
}

/* NULL, and the problem is told, where it is none. */
static struct xpath *read_xpath(struct step_reader *r, const struct line *line, const char *expr)
{
	char *error = NULL;
	struct xpath *xpath = xpath_create(expr, &error);
	if (!xpath) {
		problems_add(r->problems, line->file, line->number, line->indent + 1, "%s", error);
		free(error);
	}
	return xpath;
}

static void split_condition(struct step_reader *r, const struct line *line, char *text, struct check *c)
{
	char *colon = strstr(text, ": ");
	if (!colon) {
		c->text = mem_strdup(text);
		return;
	}
	*colon = '\0';
	const char *expr = colon + 2 + strspn(colon + 2, " \t");
	c->text = mem_strdup(text);
	c->expr = mem_strdup(expr);
	if (!strcmp(expr, "in order")) {
		c->in_order = 1;
		return;
	}
	c->xpath = read_xpath(r, line, expr);
}

static void read_binding(struct step_reader *r, const struct line *line, const char *text, struct step *step)
{
	size_t len = bound_name_length(text);
	const char *name = text + strlen(BIND);
	const char *expr = name + len + 1;
	step->bindings = mem_resize(step->bindings, step->bindings_count + 1, sizeof *step->bindings);
	step->bindings[step->bindings_count++] =
			(struct binding){.name = mem_strndup(name, len), .xpath = read_xpath(r, line, expr + strspn(expr, " \t"))};
}

/* A check may go on in lines that are indented deeper. */
static char *joined(const struct line *lines, size_t count, size_t *used)
{
	struct buf b = {0};
	buf_add_text(&b, lines[0].text);
	size_t i = 1;
	while (i < count && lines[i].indent > lines[0].indent) {
		buf_printf(&b, " %s", lines[i++].text);
	}
	*used = i;
	return buf_take(&b);
}

int line_in_play(const struct step_reader *r, const struct line *line)
{
	return line->play_line ? line->play_line : r->body_at + (int)(line - r->body);
}

void read_checks(struct step_reader *r, const struct line *lines, size_t count, struct step *step)
{
	size_t used;
	for (size_t i = 0; i < count; i += used) {
		const struct line *line = &lines[i];
		if (!line_is_check(line)) {
			problems_add(r->problems, line->file, line->number, line->indent + 1,
					"expected a check: `ID text` or `ID text: XPath`, or `bind NAME: XPath`");
			return;
		}
		char *text = joined(line, count - i, &used);
		if (bound_name_length(text)) {
			read_binding(r, line, text, step);
			free(text);
			continue;
		}
		char *at = text;
		struct check c = {.file = line->file, .line = line->number, .play_line = line_in_play(r, line)};
		if (!strncmp(at, RELIES, strlen(RELIES))) {
			c.relies = 1;
			at += strlen(RELIES);
		}
		size_t len = id_length(at);
		c.id = mem_strndup(at, len);
		at += len;
		if (*at == '/') {
			len = strcspn(at, " :");
			c.part = mem_strndup(at + 1, len - 1);
			at += len;
		}
		split_condition(r, line, at + strspn(at, " "), &c);
		free(text);
		step->checks = mem_resize(step->checks, step->checks_count + 1, sizeof *step->checks);
		step->checks[step->checks_count++] = c;
	}
}
