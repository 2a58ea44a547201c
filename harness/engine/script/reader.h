/* Reads a scenario's text. scenarios/README.md is the grammar. */
#ifndef SCRIPT_READER_H
#define SCRIPT_READER_H

#include "script/phrases.h"
#include "script/requirements.h"
#include "script/scenario.h"

/* file is the path below scenarios/ ("cancel/at-form.scs"). Problems are added; the scenario is returned all the same,
 * as far as it could be read, and must not be played if there were any. */
struct scenario *scenario_read(const char *file, const char *text, struct phrases *phrases, struct problems *ps);

/* Static checks beyond the grammar: names, bindings, unused actors, requirement ids. */
void scenario_check(struct scenario *s, const struct requirements *rs, struct problems *ps);

#endif
