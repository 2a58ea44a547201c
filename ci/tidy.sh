#!/bin/sh
# clang-tidy over C files, two at a time: ci/tidy.sh FILE... -- COMPILER_FLAGS...
# Headers are looked at through the files that include them.
set -eu
files=""
while [ "$1" != "--" ]; do
	case "$1" in *.c) files="$files $1" ;; esac
	shift
done
shift
# shellcheck disable=SC2086
printf '%s\n' $files | xargs -P 2 -n 4 sh -c '
	flags=$1
	shift
	clang-tidy --quiet "$@" -- $flags 2>/dev/null
' tidy "$*"
