#include "actors/record.h"

const char *record_kind_text(enum record_kind kind)
{
	static const char *const texts[] = {
#define X(name, text) text,
			RECORD_KIND_MAP(X)
#undef X
	};
	if ((unsigned)kind >= sizeof texts / sizeof *texts) {
		return "unknown";
	}
	return texts[kind];
}

int recorder_new_stream(struct recorder *r)
{
	return ++r->streams;
}
