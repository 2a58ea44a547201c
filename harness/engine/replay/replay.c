#include "replay/replay.h"

#include "base/err.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "replay/plays.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MAX 100

struct replay *replay_create(const struct catalogue *catalogue, const char *rerun)
{
	struct replay *r = mem_alloc(sizeof *r);
	*r = (struct replay){.catalogue = catalogue, .rerun = mem_strdup(rerun), .current = json_object()};
	return r;
}

void replay_destroy(struct replay *r)
{
	if (!r) {
		return;
	}
	plays_finish(r);
	arrivals_finish(&r->arrivals);
	for (size_t i = 0; i < r->problems_count; i++) {
		free(r->problems[i].text);
	}
	free(r->problems);
	json_decref(r->header);
	free(r->rerun);
	free(r);
}

void replay_tell(struct replay *r, int64_t line, const char *format, ...)
{
	char text[512];
	va_list args;
	if (r->problems_count == PROBLEMS_MAX) {
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	r->problems = mem_resize(r->problems, r->problems_count + 1, sizeof *r->problems);
	r->problems[r->problems_count++] = (struct replay_problem){.line = line, .text = mem_strdup(text)};
}

static void each_line(
		struct replay *r, const char *text, size_t len, void (*each)(struct replay *r, const char *line, size_t len))
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t own = end ? (size_t)(end - text) : len;
		each(r, text, own);
		text += own + (end != NULL);
		len -= own + (end != NULL);
	}
}

/* Cues speak of lines that may stand long before them: what is not spoken of need not be read as XML. */
static void note_wanted(struct replay *r, const char *text, size_t len)
{
	static const char mark[] = "\"cue\"";
	struct journal_line l;
	if (!memmem(text, len, mark, sizeof mark - 1)) {
		return;
	}
	if (!line_read(&l, text, len) && !strcmp(l.kind, "cue")) {
		arrivals_want(&r->arrivals, (int64_t)line_count(&l, "line"));
	}
	line_finish(&l);
}

/* A line of what a run was made with; a united journal has one for each run. 0, or ERR_SYNTAX. */
static int read_header(struct replay *r, const struct journal_line *l)
{
	if (strcmp(l->kind, "run") != 0 || !l->facts) {
		replay_tell(r, 1, "is no journal that can be judged again: it does not begin with what the run was made with");
	} else if (line_count(l, "format") != JOURNAL_FORMAT) {
		replay_tell(r, l->number, "has version %llu of the format; expected version %d",
				(unsigned long long)line_count(l, "format"), JOURNAL_FORMAT);
	} else if (!line_text(l, "target") || !line_count(l, "quiet") || !line_count(l, "deadline")) {
		replay_tell(r, l->number, "lacks what the run was made with: expected target, quiet and deadline");
	} else {
		json_decref(r->header);
		r->header = json_deep_copy(l->facts);
		r->over = 0;
		return ERR_OK;
	}
	return ERR_SYNTAX;
}

static int read_first(struct replay *r, const char *text, size_t len)
{
	struct journal_line l;
	const char *end = memchr(text, '\n', len);
	int bad = line_read(&l, text, end ? (size_t)(end - text) : len);
	if (bad) {
		l.kind = "";
	}
	bad = read_header(r, &l);
	line_finish(&l);
	return bad;
}

static void came(struct replay *r, const struct journal_line *l)
{
	arrivals_check(r, l);
	if (arrivals_add(&r->arrivals, l)) {
		replay_tell(r, l->number, "%s was told of this, but it is no element of an XML stream",
				l->scenario ? l->scenario : "a play");
	}
}

static void play_ended(struct replay *r, const struct journal_line *l)
{
	struct replayed_play *p = plays_current(r, l);
	if (!p || !p->shown.ended) {
		replay_tell(r, l->number, "%s ends without its last cue", l->scenario ? l->scenario : "no scenario");
		return;
	}
	const char *verdict = verdict_text(player_result(p->shown.player)->verdict);
	p->shown.last = l->number;
	if (!l->detail || strcmp(l->detail, verdict) != 0) {
		replay_tell(r, l->number, "%s came to %s; judged again it is %s", p->shown.scenario->id,
				l->detail ? l->detail : "nothing", verdict);
	}
}

static void in_order(struct replay *r, const struct journal_line *l)
{
	if (l->number != r->number + 1) {
		replay_tell(r, r->number + 1, "is missing: line %lld follows line %lld", (long long)l->number,
				(long long)r->number);
	}
	if (l->time < r->time) {
		replay_tell(r, l->number, "is older than the line before it");
	}
	r->number = l->number;
	r->time = l->time;
}

static void one_line(struct replay *r, const char *text, size_t len)
{
	struct journal_line l;
	if (line_read(&l, text, len)) {
		replay_tell(r, r->number + 1, "is no line of a journal, or breaks off");
		r->number++;
		line_finish(&l);
		return;
	}
	in_order(r, &l);
	if (!strcmp(l.kind, "run")) {
		read_header(r, &l);
	} else if (!strcmp(l.kind, "begin")) {
		plays_begin(r, &l);
	} else if (!strcmp(l.kind, "cue")) {
		cues_follow(r, &l);
	} else if (!strcmp(l.kind, "end-of-play")) {
		play_ended(r, &l);
	} else if (!strcmp(l.kind, "header") || !strcmp(l.kind, "stanza")) {
		l.in ? came(r, &l) : sends_check(r, &l);
	}
	r->over |= !strcmp(l.kind, "end") && !l.scenario;
	line_finish(&l);
}

int replay_read(struct replay *r, const char *text, size_t len)
{
	if (read_first(r, text, len)) {
		return ERR_SYNTAX;
	}
	each_line(r, text, len, note_wanted);
	each_line(r, text, len, one_line);
	if (!r->over) {
		replay_tell(r, r->number, "is the last one; the journal breaks off before the end of the run");
	} else if (text[len - 1] != '\n') {
		replay_tell(r, r->number, "breaks off");
	}
	return ERR_OK;
}

size_t replay_count(const struct replay *r)
{
	return r->count;
}

struct replayed *replay_at(struct replay *r, size_t i)
{
	return &r->plays[i]->shown;
}

size_t replay_problems(const struct replay *r)
{
	return r->problems_count;
}

const struct replay_problem *replay_problem(const struct replay *r, size_t i)
{
	return &r->problems[i];
}

uint64_t replay_seed(const struct replay *r)
{
	return (uint64_t)json_integer_value(json_object_get(r->header, "seed"));
}
