#include "judge/roster.h"

#include "base/mem.h"
#include "script/template_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static size_t word_length(const char *line, size_t len)
{
	size_t word = 0;
	while (word < len && !isspace((unsigned char)line[word])) {
		word++;
	}
	return word;
}

/* Whether the first len octets are the address, whatever its letter case and with or without the domain's final dot. */
static int same_address(const char *text, size_t len, const char *jid)
{
	size_t dot = len && text[len - 1] == '.';
	return strlen(jid) == len - dot && !strncasecmp(text, jid, len - dot);
}

/* One line of a roster: "jid subscription [ask|asked] [pending]". */
static int roster_line(const char *line, size_t len, const char *jid, struct roster_state *state)
{
	size_t name = word_length(line, len);
	if (!same_address(line, name, jid)) {
		return 0;
	}
	*state = (struct roster_state){.subscription = SUB_NONE};
	for (size_t at = name; at < len;) {
		while (at < len && isspace((unsigned char)line[at])) {
			at++;
		}
		size_t end = at;
		while (end < len && !isspace((unsigned char)line[end])) {
			end++;
		}
		subscription_parse(line + at, end - at, &state->subscription);
		state->asked |= !strncmp(line + at, "ask", 3) && (end - at == 3 || end - at == 5);
		state->pending |= end - at == 7 && !strncmp(line + at, "pending", 7);
		at = end;
	}
	return 1;
}

static int roster_find(const char *output, const char *jid, struct roster_state *state)
{
	int found = 0;
	*state = (struct roster_state){.subscription = SUB_NONE};
	while (output && *output) {
		size_t len = strcspn(output, "\n");
		struct roster_state one;
		if (roster_line(output, len, jid, &one)) {
			*state = one;
			found++;
		}
		output += len + (output[len] != '\0');
	}
	return found;
}

static int has_line_like(const char *output, const char *pattern, const struct vars *vars)
{
	regex_t re;
	int found = 0;
	if (match_regex(&re, pattern, strlen(pattern), vars)) {
		return 0; /* the reader would not have taken it */
	}
	while (output && *output && !found) {
		size_t len = strcspn(output, "\n");
		char *line = mem_strndup(output, len);
		found = !regexec(&re, line, 0, NULL, 0);
		free(line);
		output += len + (output[len] != '\0');
	}
	regfree(&re);
	return found;
}

int roster_holds(const struct step *step, const char *jid, const struct vars *vars, const char *output)
{
	if (step->pattern) {
		return !has_line_like(output, step->pattern, vars);
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
		size_t name = word_length(output, len);
		if (has_flaw(flaw, output, name, domain)) {
			return mem_strndup(output, len);
		}
		output += len + (output[len] != '\0');
	}
	return NULL;
}
