#include "replay/plays.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4096 /* actors of one cast */

static const char *fact(const struct replay *r, const char *name)
{
	return json_string_value(json_object_get(r->header, name));
}

static uint64_t count(const struct replay *r, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(r->header, name));
	return value > 0 ? (uint64_t)value : 0;
}

/* The fact `has` has one word a line. */
static int has(void *ud, const char *what)
{
	const char *word = fact(ud, "has");
	size_t len = strlen(what);
	while (word && *word) {
		size_t own = strcspn(word, "\n");
		if (own == len && !memcmp(word, what, len)) {
			return 1;
		}
		word += own + (word[own] != '\0');
	}
	return 0;
}

static char *key_of(const struct journal_line *l)
{
	return mem_printf("%s#%d", l->scenario ? l->scenario : "", l->repeat);
}

struct replayed_play *plays_current(struct replay *r, const struct journal_line *l)
{
	char *key = key_of(l);
	const json_t *number = json_object_get(r->current, key);
	free(key);
	return number ? r->plays[json_integer_value(number)] : NULL;
}

int plays_actor(const struct replayed_play *p, const char *name)
{
	const struct scenario *s = p->shown.scenario;
	for (size_t i = 0; name && i < s->cast_count; i++) {
		if (!strcmp(s->cast[i].name, name)) {
			return (int)i;
		}
	}
	return -1;
}

/* Splits in place, one word a line; the number of words. */
static size_t split(char *text, const char **words)
{
	size_t n = 0;
	while (text && n < WORDS_MAX) {
		size_t len = strcspn(text, "\n");
		char *rest = text[len] ? text + len + 1 : NULL;
		text[len] = '\0';
		words[n++] = text;
		text = rest;
	}
	return n;
}

static struct replayed_play *add(
		struct replay *r, const struct scenario *s, const struct journal_line *l, const char *const *addresses)
{
	struct replayed_play *p = mem_alloc(sizeof *p);
	p->shown = (struct replayed){.scenario = s, .repeat = l->repeat, .first = l->number, .last = l->number};
	p->shown.player = player_create(&(struct player_config){.catalogue = r->catalogue,
			.scenario = s,
			.token = line_text(l, "token"),
			.target = fact(r, "target"),
			.target2 = fact(r, "target2"),
			.off = fact(r, "off"),
			.approval_command = fact(r, "approval_command"),
			.addresses = addresses,
			.quiet = count(r, "quiet"),
			.deadline = count(r, "deadline"),
			.rerun = r->rerun,
			.has = has,
			.ud = r});
	struct replayed_play *before = plays_current(r, l);
	if (before) {
		before->shown.superseded = 1;
		p->again = 1;
	}
	char *key = key_of(l);
	json_object_set_new(r->current, key, json_integer((json_int_t)r->count));
	free(key);
	r->plays = mem_resize(r->plays, r->count + 1, sizeof(struct replayed_play *));
	r->plays[r->count++] = p;
	return p;
}

void plays_begin(struct replay *r, const struct journal_line *l)
{
	const struct scenario *s = l->scenario ? catalogue_find(r->catalogue, l->scenario) : NULL;
	if (!s) {
		replay_tell(r, l->number, "scenario '%s' is not in the catalogue", l->scenario ? l->scenario : "");
		return;
	}
	const struct replayed_play *before = plays_current(r, l);
	if (before && !before->shown.ended) {
		replay_tell(r, l->number, "%s begins again before its end", s->id);
	}
	char *addresses = mem_strdup(line_text(l, "addresses"));
	const char **words = mem_alloc(WORDS_MAX * sizeof *words);
	if (split(addresses, words) != s->cast_count || !line_text(l, "token")) {
		replay_tell(r, l->number, "%s begins with another cast than its scenario has", s->id);
	} else {
		struct replayed_play *p = add(r, s, l, words);
		player_start(p->shown.player, l->time);
		sends_expect(p);
	}
	free(words);
	free(addresses);
}

static void finish(struct replayed_play *p)
{
	for (size_t i = 0; i < p->due_count; i++) {
		free(p->due[i].octets);
	}
	free(p->due);
	player_destroy(p->shown.player);
	free(p);
}

void plays_finish(struct replay *r)
{
	for (size_t i = 0; i < r->count; i++) {
		finish(r->plays[i]);
	}
	free(r->plays);
	json_decref(r->current);
}
