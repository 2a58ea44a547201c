#include "judge/roster.h"

#include "base/buf.h"
#include "base/mem.h"
#include "script/template_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Lists are long, and each line of them is looked at; a line ends with a line feed, so a word does, too. */
static size_t word_length(const char *line)
{
	return strcspn(line, " \t\n\v\f\r");
}

/* Whether the first len octets are the address, whatever its letter case and with or without the domain's final dot. */
static int same_address(const char *text, size_t len, const char *jid)
{
	size_t dot = len && text[len - 1] == '.';
	return strlen(jid) == len - dot && !strncasecmp(text, jid, len - dot);
}

static size_t separators(const char *line, size_t at, size_t len)
{
	while (at < len && (isspace((unsigned char)line[at]) || line[at] == ',')) {
		at++;
	}
	return at;
}

static int read_word(const char *word, size_t len, struct roster_state *state, int *subscribed)
{
	if (!subscription_parse(word, len, &state->subscription)) {
		*subscribed = 1;
	} else if (!strncmp(word, "asked", len) && (len == 3 || len == 5)) {
		state->asked = 1;
	} else if (!strncmp(word, "pending", len) && len == 7) {
		state->pending = 1;
	} else {
		return -1;
	}
	return 0;
}

/* One line of a roster about jid: "jid subscription [ask|asked] [pending]". Returns 0 if it is about somebody else;
 * *readable says whether it is a line of a roster at all. */
static int roster_line(const char *line, size_t len, const char *jid, struct roster_state *state, int *readable)
{
	size_t name = word_length(line);
	if (!same_address(line, name, jid)) {
		return 0;
	}
	int subscribed = 0;
	*readable = 1;
	*state = (struct roster_state){.subscription = SUB_NONE};
	for (size_t at = separators(line, name, len), end; at < len; at = separators(line, end, len)) {
		end = at;
		while (end < len && !isspace((unsigned char)line[end]) && line[end] != ',') {
			end++;
		}
		*readable &= !read_word(line + at, end - at, state, &subscribed);
	}
	*readable &= subscribed;
	return 1;
}

static int roster_find(const char *output, const char *jid, struct roster_state *state)
{
	int found = 0;
	*state = (struct roster_state){.subscription = SUB_NONE};
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		struct roster_state one;
		int readable;
		if (roster_line(output, len, jid, &one, &readable)) {
			*state = one;
			found++;
		}
		output += len + (output[len] != '\0');
	}
	return found;
}

/* The lines that fit the pattern; caller frees, NULL if there is none. */
static char *lines_like(const char *output, const char *pattern, const struct vars *vars, size_t *others)
{
	regex_t re;
	struct buf lines = {0};
	*others = 0;
	if (match_regex(&re, pattern, strlen(pattern), vars)) {
		return NULL; /* the reader would not have taken it */
	}
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		char *line = mem_strndup(output, len);
		if (regexec(&re, line, 0, NULL, 0)) {
			++*others;
		} else {
			buf_printf(&lines, "%s%s", lines.len ? "\n" : "", line);
		}
		free(line);
		output += len + (output[len] != '\0');
	}
	regfree(&re);
	return lines.len ? buf_take(&lines) : NULL;
}

/* The lines in which jid occurs, however it is written, or NULL; caller frees. */
static char *lines_about(const char *output, const char *jid, size_t *others)
{
	struct buf lines = {0};
	*others = 0;
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		char *line = mem_strndup(output, len);
		if (strcasestr(line, jid)) {
			buf_printf(&lines, "%s%s", lines.len ? "\n" : "", line);
		} else {
			++*others;
		}
		free(line);
		output += len + (output[len] != '\0');
	}
	return lines.len ? buf_take(&lines) : NULL;
}

char *roster_excerpt(
		const struct step *step, const char *jid, const struct vars *vars, const char *output, size_t *others)
{
	return step->pattern ? lines_like(output, step->pattern, vars, others) : lines_about(output, jid, others);
}

char *roster_unreadable(const char *jid, const char *output)
{
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		struct roster_state state;
		int readable;
		if (roster_line(output, len, jid, &state, &readable) && !readable) {
			return mem_strndup(output, len);
		}
		output += len + (output[len] != '\0');
	}
	return NULL;
}

int roster_holds(const struct step *step, const char *jid, const struct vars *vars, const char *output)
{
	if (step->pattern) {
		size_t others;
		char *like = lines_like(output, step->pattern, vars, &others);
		int nobody = !like;
		free(like);
		return nobody;
	}
	struct roster_state got;
	int found = roster_find(output, jid, &got);
	if (step->kind == STEP_PENDING) {
		return (found == 1) != step->negate && found <= 1;
	}
	for (size_t i = 0; i < step->states_count; i++) {
		const struct roster_state *want = &step->states[i];
		if (found <= 1 && got.subscription == want->subscription && got.asked == want->asked &&
				(!want->pending || got.pending)) {
			return 1;
		}
	}
	return 0;
}

static int has_flaw(enum roster_flaw flaw, const char *name, size_t len, const char *domain)
{
	const char *slash = memchr(name, '/', len);
	size_t bare = slash ? (size_t)(slash - name) : len;
	if (!same_address(name, bare, domain)) {
		return 0;
	}
	return flaw == ROSTER_RESOURCE ? slash != NULL : strlen(domain) != bare || memcmp(name, domain, bare) != 0;
}

char *roster_flawed(enum roster_flaw flaw, const char *domain, const char *output)
{
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		size_t name = word_length(output);
		if (has_flaw(flaw, output, name, domain)) {
			return mem_strndup(output, len);
		}
		output += len + (output[len] != '\0');
	}
	return NULL;
}
