/* What every unit test's main() needs. Set CK_FORK=no in the environment for leak checks. */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <check.h>

/* Runs the suite that make() builds and returns the exit status for main(). If BUDDYCHECK_TAP is set, it names the file
 * that gets TAP ("-" for standard output). */
int run_suite(Suite *(*make)(void));

#endif
