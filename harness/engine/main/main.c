/* buddycheck-engine: plays scenarios for the driver, judges a journal again, watches two servers, or prints the
 * catalogue. See
 * harness/README.md. */
#include "main/interop.h"
#include "main/rejudge.h"
#include "main/start.h"
#include "report/json.h"

#include <errno.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell_catalogue(const struct catalogue *c, const char *event)
{
	struct buf b = {0};
	json_catalogue(&b, c, event);
	control_line_soon(buf_text(&b));
	buf_finish(&b);
}

static int print_catalogue(const char *dir)
{
	struct catalogue c;
	if (catalogue_read(&c, dir)) {
		fprintf(stderr, "buddycheck-engine: %s: %s\n", dir, strerror(errno));
		return 2;
	}
	tell_catalogue(&c, NULL);
	catalogue_finish(&c);
	return fflush(stdout) || ferror(stdout) ? 2 : 0;
}

static int run(const char *dir)
{
	struct catalogue c = {0};
	if (dir && catalogue_read(&c, dir)) {
		fprintf(stderr, "buddycheck-engine: %s: %s\n", dir, strerror(errno));
		return 2;
	}
	if (dir) {
		tell_catalogue(&c, "catalogue");
		control_flush();
	}
	char *line = control_first_line();
	if (line) {
		int status = suite_execute(line, dir ? &c : NULL);
		free(line);
		return status;
	}
	if (dir) { /* the driver wants no run */
		catalogue_finish(&c);
		return 0;
	}
	fputs("buddycheck-engine: expected a plan on standard input\n", stderr);
	return 2;
}

static int with_plan(int (*execute)(const char *plan_line))
{
	char *line = control_first_line();
	if (!line) {
		fputs("buddycheck-engine: expected a plan on standard input\n", stderr);
		return 2;
	}
	int status = execute(line);
	free(line);
	return status;
}

int main(int argc, char **argv)
{
	int status = 2;
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "catalogue")) {
		status = print_catalogue(argv[2]);
	} else if ((argc == 2 || argc == 3) && !strcmp(argv[1], "run")) {
		status = run(argv[2]);
	} else if (argc == 2 && !strcmp(argv[1], "interop")) {
		status = with_plan(interop_execute);
	} else if (argc == 2 && !strcmp(argv[1], "judge")) {
		status = with_plan(rejudge_execute);
	} else {
		fputs("usage: buddycheck-engine run [SCENARIOS_DIR] | judge | interop | catalogue SCENARIOS_DIR\n", stderr);
	}
	xmlCleanupParser();
	return status;
}
