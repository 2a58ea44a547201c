#!/bin/sh
# Runs all unit tests of a directory, each program by itself, and adds up what Check reports.
#   ci/unit.sh build/tests
set -u
failed=0
checks=0
for test in "$1"/test_*; do
	case "$test" in *.*) continue ;; esac
	[ -x "$test" ] || continue
	out=$(CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT:-60}" "$test" 2>&1)
	status=$?
	line=$(printf '%s\n' "$out" | grep '^[0-9]*%: Checks: ' | tail -1)
	count=$(printf '%s\n' "$line" | sed -n 's/.*Checks: \([0-9]*\),.*/\1/p')
	checks=$((checks + ${count:-0}))
	if [ "$status" -ne 0 ] || [ -z "$count" ] || [ "$count" -eq 0 ]; then
		printf '%s\n' "$out"
		echo "FAILED: $test (status $status)"
		failed=$((failed + 1))
	fi
done
echo "unit tests: $checks checks, $failed programs failed"
[ "$failed" -eq 0 ] && [ "$checks" -gt 0 ]
