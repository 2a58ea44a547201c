/* Everything below scenarios/: requirements, phrases, background rules, scenarios, tables of scenarios. */
#ifndef SCRIPT_CATALOGUE_H
#define SCRIPT_CATALOGUE_H

#include "script/background.h"
#include "script/phrases.h"
#include "script/reader.h"

struct catalogue {
	struct requirements requirements;
	struct phrases phrases;
	struct background background;
	const char *dir;			 /* while reading */
	struct scenario **scenarios; /* sorted by id */
	size_t count;
	struct problems problems;
	char **files; /* names that lines of phrases and rules point to */
	size_t files_count;
};

/* Reads a directory. 0, or ERR_NOT_FOUND if it cannot be read at all; what is wrong inside goes to problems. */
int catalogue_read(struct catalogue *c, const char *dir);
const struct scenario *catalogue_find(const struct catalogue *c, const char *id);
void catalogue_finish(struct catalogue *c);

#endif
