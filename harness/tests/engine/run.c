#include "run.h"

#include <stdlib.h>

int run_suite(Suite *(*make)(void))
{
	SRunner *runner = srunner_create(make());
	const char *tap = getenv("BUDDYCHECK_TAP");
	if (tap) {
		srunner_set_tap(runner, tap);
	}
	srunner_run_all(runner, tap ? CK_SILENT : CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
