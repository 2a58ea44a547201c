#!/bin/sh
# Unit tests and the complete suite under Valgrind: an error or a leak of the engine fails.
#   ci/valgrind.sh BUILD_DIR
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
valgrind="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 --suppressions=$here/suppressions/valgrind.supp"
failed=""
for test in "$build"/tests/test_*; do
	case "$test" in *.*) continue ;; esac
	CK_FORK=no $valgrind "$test" >"$test.valgrind.log" 2>&1 || {
		cat "$test.valgrind.log"
		failed="$failed $test"
	}
done
wrapper="$build/valgrind-engine"
printf '#!/bin/sh\nexec %s %s "$@"\n' "$valgrind" "$(cd "$build" && pwd)/buddycheck-engine" >"$wrapper"
chmod +x "$wrapper"
BUDDYCHECK_FREES=1 BUDDYCHECK_ENGINE="$wrapper" "$here/suite.sh" "$build" --patience 10 || failed="$failed suite"
[ -z "$failed" ] || {
	echo "ci/valgrind.sh: failed:$failed" >&2
	exit 1
}
echo "valgrind: no error, no leak"
