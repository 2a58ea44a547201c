#include "judge/verdict.h"

static const struct verdict_row rows[] = {
#define X(name, rank, tap, directive, junit, exit) {#name, rank, tap, directive, junit, exit},
		VERDICT_MAP(X)
#undef X
				{"UNDECIDED", -1, "ok", "SKIP", "skipped", 0},
};

const struct verdict_row *verdict_row(enum verdict v)
{
	return &rows[v];
}

const char *verdict_text(enum verdict v)
{
	return rows[v].name;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	return rows[b].rank > rows[a].rank ? b : a;
}
