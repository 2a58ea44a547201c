/* Prohibitions in force: from when, until when, and what breaks them. */
#include "base/mem.h"
#include "judge/player_state.h"

/* Arms end: all of `receives: nothing` when something acts (actor -1), those of one actor when it receives again. */
void arms_end(struct player *p, int actor)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->arms_count; i++) {
		struct arm *a = &p->arms[i];
		if (!a->until_act || (actor >= 0 && a->step->actor != actor)) {
			p->arms[kept++] = *a;
		}
	}
	p->arms_count = kept;
}

void arms_add(struct player *p, const struct step *step, int until_act)
{
	p->arms = mem_resize(p->arms, p->arms_count + 1, sizeof *p->arms);
	p->arms[p->arms_count++] = (struct arm){.step = step, .until_act = until_act};
}

/* What came and nobody took breaks `receives: nothing`. */
void violations_after(struct player *p, int actor)
{
	struct seat *seat = &p->seats[actor];
	for (size_t e = 0; e < seat->inbox_count; e++) {
		struct entry *entry = &seat->inbox[e];
		if (entry->consumed || entry->soft) {
			continue;
		}
		for (size_t i = 0; i < p->arms_count; i++) {
			if (p->arms[i].until_act && p->arms[i].step->actor == actor) {
				entry->consumed = 1;
				decide_violation(p, p->arms[i].step, entry);
			}
		}
	}
}

/* What a branch forbids directly behind its first step was forbidden since the `either:` began: which stanza came first
 * decides nothing. */
void violations_before(struct player *p, const struct steps *branch)
{
	for (size_t i = 1; i < branch->count && branch->items[i].kind == STEP_NEVER; i++) {
		const struct step *step = &branch->items[i];
		const struct seat *seat = &p->seats[step->actor];
		for (size_t e = 0; e < seat->inbox_count; e++) {
			const struct entry *entry = &seat->inbox[e];
			if (!entry->consumed && entry->number > p->arrivals_before &&
					template_match(step->template, entry->stanza, &p->vars, NULL, NULL, NULL)) {
				decide_violation(p, step, entry);
			}
		}
	}
}
