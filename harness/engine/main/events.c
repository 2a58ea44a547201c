/* From actors to the journal. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>

void play_note_line(struct play *p, int line)
{
	if (p) {
		if (!p->journal_first) {
			p->journal_first = line;
		}
		p->journal_last = line;
	}
}

#define SENT_MAX                                                                                                       \
	((size_t)64 * 1024) /* of one piece of what we sent: the rest of a huge stanza tells nobody anything               \
						 */

int record_actor(void *ud, const struct record *record)
{
	struct suite *s = ud;
	const struct seat_link *link = record->owner;
	struct play *p = link ? link->play : NULL;
	struct journal_entry e = {.time = suite_now(s),
			.kind = record_kind_text(record->kind),
			.stream = record->stream,
			.direction = record->from_target ? "in" : "out",
			.data = record->data,
			.len = record->len,
			.detail = record->detail};
	char *cut = NULL;
	if (!record->from_target && record->len > SENT_MAX) {
		cut = mem_printf("the first %zu of %zu octets", SENT_MAX, record->len);
		e.len = SENT_MAX;
		e.detail = cut;
	}
	if (p) {
		e.scenario = p->scenario->id;
		e.repeat = p->repeat;
		e.actor = p->scenario->cast[link->actor].name;
	}
	int line = journal_write(s->journal, &e);
	play_note_line(p, line);
	free(cut);
	if (p && !record->from_target && record->kind == RECORD_STANZA) {
		play_note_sent(p, link->actor, line, record->data, record->len);
	}
	if (p && !p->ended && record->kind == RECORD_FAULT && record->from_target) {
		char *detail = mem_printf("%s", record->detail ? record->detail : "no XML stream");
		cue_fault(p, link->actor, detail);
		free(detail);
	}
	return line;
}

int journal_note(struct run *r, const struct play *p, int actor, const char *kind, const char *detail)
{
	struct journal_entry e = {.time = run_now(r), .kind = kind, .detail = detail};
	if (p) {
		e.scenario = p->scenario->id;
		e.repeat = p->repeat;
		e.actor = actor >= 0 ? p->scenario->cast[actor].name : NULL;
	}
	int line = journal_write(r->suite->journal, &e);
	play_note_line((struct play *)p, line);
	return line;
}
