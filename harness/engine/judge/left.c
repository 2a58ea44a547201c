/* What the play has changed about the whole target and not put back. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdlib.h>
#include <string.h>

/* From the call on, not from the answer on: a late answer must not leave the change unnoticed. */
void left_note(struct player *p, const char *hook, const char *peer)
{
	const char *undo = hook_undone_by(hook);
	if (undo && !left_has(p, undo)) {
		p->left = mem_resize(p->left, p->left_count + 1, sizeof *p->left);
		p->left[p->left_count++] = (struct left){.hook = undo, .peer = mem_strdup(peer)};
	}
}

void left_undone(struct player *p, const char *hook)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->left_count; i++) {
		if (!hook || strcmp(p->left[i].hook, hook) != 0) {
			p->left[kept++] = p->left[i];
		} else {
			free(p->left[i].peer);
		}
	}
	p->left_count = kept;
}

int left_has(const struct player *p, const char *hook)
{
	for (size_t i = 0; i < p->left_count; i++) {
		if (!strcmp(p->left[i].hook, hook)) {
			return 1;
		}
	}
	return 0;
}

void left_finish(struct player *p)
{
	for (size_t i = 0; i < p->left_count; i++) {
		free(p->left[i].peer);
	}
	free(p->left);
}

const char *player_left(const struct player *p, size_t number, const char **peer)
{
	if (number >= p->left_count) {
		return NULL;
	}
	*peer = p->left[number].peer;
	return p->left[number].hook;
}
