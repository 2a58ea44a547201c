#!/bin/sh
# Repeats the suite on the reference server while every CPU is busy with something else. A verdict that differs from one
# repetition to another makes a scenario FLAKY and fails, and so does anything that is not green. Four repetitions at once share an
# engine and a target: the buddies of all of them are greeted after every restart, and there are a hundred in each.
#   ci/flaky.sh BUILD_DIR [REPETITIONS [options of buddycheck run]]     REPETITIONS: default 100, a multiple of 4 or below it
# FLAKY_KEEP=DIR keeps the run that failed.
set -eu
build=$1
repetitions=${2:-100}
if [ $# -lt 2 ]; then shift; else shift 2; fi
at_once=4
[ "$repetitions" -ge "$at_once" ] || at_once=$repetitions
rounds=$((repetitions / at_once))

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

fail() {
	head -n 60 "$out/summary"
	tail -n 1 "$out/summary"
	[ -z "${FLAKY_KEEP:-}" ] || cp -r "$out" "$FLAKY_KEEP"
	echo "ci/flaky.sh: round $round of $rounds, $at_once repetitions with all CPUs busy: $1 (FLAKY_KEEP=DIR keeps the run)" >&2
	exit 1
}

first=""
round=1
while [ "$round" -le "$rounds" ]; do
	"$build/buddycheck" run --target reference --repeat "$at_once" --format plain --out "$out/run" "$@" >"$out/summary" ||
		fail "exit status $?"
	verdicts=$(tail -n 1 "$out/summary")
	[ -n "$first" ] || first=$verdicts
	[ "$verdicts" = "$first" ] || fail "other verdicts than in the first round, which had $first"
	round=$((round + 1))
done
echo "$rounds rounds of $at_once repetitions with all CPUs busy, all with the same verdicts; each: $first"
