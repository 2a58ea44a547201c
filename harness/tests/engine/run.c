#include "run.h"

#include <stdlib.h>
#include <sys/resource.h>

/* The driver does so for the engine: many streams need more than a user's usual 1024 descriptors. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int run_suite(Suite *(*make)(void))
{
	allow_descriptors();
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
