#include "report/tap.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Octets of the control character or line break that stands here, 0 if none does: the C0 and C1 controls, DEL, U+2028
 * and U+2029. YAML allows them only escaped, and readers of lines break at them. */
static size_t control_at(const char *text)
{
	const unsigned char *t = (const unsigned char *)text;
	if (t[0] < 0x20 || t[0] == 0x7f) {
		return t[0] ? 1 : 0;
	}
	if (t[0] == 0xc2 && t[1] >= 0x80 && t[1] <= 0x9f) {
		return 2;
	}
	return t[0] == 0xe2 && t[1] == 0x80 && (t[2] == 0xa8 || t[2] == 0xa9) ? 3 : 0;
}

/* `\` and `#` are escaped in descriptions; a test point is one line. */
static void add_text(struct buf *out, const char *text)
{
	size_t control;
	for (; *text; text += control ? control : 1) {
		if (*text == '\\' || *text == '#') {
			buf_add_text(out, "\\");
		}
		control = control_at(text);
		buf_add(out, control ? " " : text, 1);
	}
}

static void add_quoted(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "  %s: \"", key);
	size_t control;
	for (; *text; text += control ? control : 1) {
		if (*text == '"' || *text == '\\') {
			buf_add_text(out, "\\");
		}
		control = control_at(text);
		if (control == 3) {
			buf_add_text(out, text[2] == '\xa8' ? "\\L" : "\\P");
		} else if (control) {
			buf_printf(out, "\\x%02x", (unsigned char)text[control - 1]);
		} else {
			buf_add(out, text, 1);
		}
	}
	buf_add_text(out, "\"\n");
}

static void add_block(struct buf *out, const char *key, const char *text)
{
	text += strspn(text, " \t\n"); /* the first line says how far the block is indented */
	if (!*text) {
		return; /* an empty block is no block: prove would read to the end of the file and never return */
	}
	buf_printf(out, "  %s: |\n", key);
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		buf_add_text(out, "    ");
		while (text < end) {
			size_t control = *text == '\t' ? 0 : control_at(text);
			buf_add(out, control ? "?" : text, 1);
			text += control ? control : 1;
		}
		buf_add_text(out, "\n");
		text += *text != '\0';
	}
}

static void add_directive(struct buf *out, const struct result *r, int strict)
{
	const struct verdict_row *row = verdict_row(r->verdict);
	if (!*row->directive || (strict && r->verdict == VERDICT_WARN)) {
		return;
	}
	const char *word = r->verdict == VERDICT_WARN ? "should: " : r->verdict == VERDICT_XFAIL ? "expected: " : "";
	buf_printf(out, " # %s %s", row->directive, word);
	add_text(out, r->reason);
}

static void add_requirements(struct buf *out, const struct result *r)
{
	buf_add_text(out, "  requirements:\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->findings[i];
		buf_printf(
				out, "    - %s%s%s %s\n", f->id, f->part ? "/" : "", f->part ? f->part : "", verdict_text(f->verdict));
	}
}

static void add_row(struct buf *out, size_t number, const struct report_row *row, int strict)
{
	const struct result *r = row->result;
	buf_printf(out, "%s %zu - ", verdict_row(r->verdict)->tap, number);
	add_text(out, row->id);
	if (row->repeats > 1) {
		buf_printf(out, " (%d of %d)", row->repeat, row->repeats);
	}
	buf_add_text(out, ": ");
	add_text(out, row->title);
	add_directive(out, r, strict);
	buf_add_text(out, "\n");
	if (r->verdict == VERDICT_PASS || r->verdict == VERDICT_SKIP) {
		return;
	}
	buf_add_text(out, "  ---\n");
	add_quoted(out, "verdict", verdict_text(r->verdict));
	add_quoted(out, "reason", r->reason);
	if (r->count) {
		add_requirements(out, r);
	}
	if (row->failure) {
		add_block(out, "failure", row->failure);
	}
	buf_add_text(out, "  ...\n");
}

void tap_write(struct buf *out, const struct report_row *rows, size_t count, const struct tap_options *options)
{
	buf_printf(out, "TAP version %d\n", options->version);
	buf_printf(out, "1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		add_row(out, i + 1, &rows[i], options->strict);
	}
	if (options->bail_out) {
		buf_add_text(out, "Bail out! ");
		add_text(out, options->bail_out);
		buf_add_text(out, "\n");
	}
}
