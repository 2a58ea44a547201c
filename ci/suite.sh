#!/bin/sh
# The complete suite against the reference server and against Prosody with our module; its TAP is read by consumers that are not
# ours: python3-tap (TAP 14) and prove (TAP 13). Everything must pass.
#   ci/suite.sh BUILD_DIR [options of buddycheck run]
set -eu
build=$1
shift
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 1' INT TERM HUP
run() {
	target=$1
	format=$2
	shift 2
	"$build/buddycheck" run --target "$target" --out "$out/$target-$format" --format "$format" "$@" >"$out/$format.txt" || {
		status=$?
		cat "$out/$format.txt"
		echo "ci/suite.sh: the suite against $target ended with exit status $status" >&2
		exit 1
	}
}
run reference tap "$@"
run prosody tap13 "$@"
prove -Q -e cat "$out/tap13.txt"
/usr/bin/python3 - "$out/tap.txt" <<'PYTHON'
import sys
from tap.parser import Parser

lines = list(Parser().parse_file(sys.argv[1]))
tests = [line for line in lines if line.category == "test"]
plan = [line for line in lines if line.category == "plan"]
bad = [t for t in tests if not t.ok and not t.todo]
unknown = [line for line in lines if line.category == "unknown" and str(line).strip()]
assert len(plan) == 1 and plan[0].expected_tests == len(tests) > 0, "the plan does not fit the tests"
assert not bad, f"failed: {bad}"
assert not unknown, f"lines that are no TAP: {unknown[:3]}"
print(f"prove and python3-tap agree: {len(tests)} scenarios, none failed")
PYTHON
