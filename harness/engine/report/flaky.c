#include "report/flaky.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* "2 FAIL, 98 PASS in 100 repetitions", the worst first. */
static char *describe(const struct report_row *rows, size_t count)
{
	size_t counts[VERDICT_COUNT] = {0};
	struct buf text = {0};
	for (size_t i = 0; i < count; i++) {
		counts[rows[i].result->verdict]++;
	}
	for (int v = VERDICT_COUNT - 1; v >= 0; v--) {
		if (counts[v]) {
			buf_printf(&text, "%s%zu %s", text.len ? ", " : "", counts[v], verdict_text((enum verdict)v));
		}
	}
	buf_printf(&text, " in %zu repetitions", count);
	char *words = mem_strdup(buf_text(&text));
	buf_finish(&text);
	return words;
}

static int differ(const struct report_row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (rows[i].result->verdict != rows[0].result->verdict) {
			return 1;
		}
	}
	return 0;
}

size_t flaky_find(const struct report_row *rows, size_t count, struct report_row *out, struct result *results)
{
	size_t found = 0;
	size_t same;
	for (size_t i = 0; i < count; i += same) {
		same = 1;
		while (i + same < count && strcmp(rows[i + same].id, rows[i].id) == 0) {
			same++;
		}
		if (differ(&rows[i], same)) {
			results[found] = (struct result){.verdict = VERDICT_FLAKY, .reason = describe(&rows[i], same)};
			out[found] = (struct report_row){
					.id = rows[i].id, .title = rows[i].title, .repeat = 1, .repeats = 1, .result = &results[found]};
			found++;
		}
	}
	return found;
}

void flaky_finish(struct result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		result_finish(&results[i]);
	}
}
