#!/bin/sh
# Repeats the suite on the reference server while every CPU is busy with something else. A verdict that differs from one
# repetition to another makes a scenario FLAKY and fails, and so does anything that is not green.
#   ci/flaky.sh BUILD_DIR [REPETITIONS [options of buddycheck run]]
set -eu
build=$1
repetitions=${2:-100}
[ $# -lt 2 ] || shift
shift
out=$(mktemp -d)
busy=""
# Only what was started here is ended, by its number.
end() {
	# shellcheck disable=SC2086
	[ -z "$busy" ] || kill $busy 2>/dev/null || true
	busy=""
	rm -rf "$out"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
cpus=$(nproc)
while [ "$cpus" -gt 0 ]; do
	# Ends by itself, too, should this script be killed.
	timeout 3600 sh -c 'while :; do :; done' &
	busy="$busy $!"
	cpus=$((cpus - 1))
done
status=0
"$build/buddycheck" run --target reference --repeat "$repetitions" --format plain --out "$out" "$@" >"$out/summary" || status=$?
if [ "$status" -ne 0 ]; then
	cat "$out/summary"
	kept=${FLAKY_KEEP:-}
	[ -z "$kept" ] || cp -r "$out/." "$kept"
	echo "ci/flaky.sh: $repetitions repetitions with all CPUs busy ended with exit status $status (FLAKY_KEEP=DIR keeps the run)" >&2
	exit 1
fi
grep '^target ' "$out/summary"
tail -n 1 "$out/summary"
