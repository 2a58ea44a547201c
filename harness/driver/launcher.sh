#!/bin/sh
# Starts buddycheck. `make build` copies this file to build/buddycheck, `make install` to bin/; it also works where it lies, and through
# symbolic links.
# BUDDYCHECK_PYTHON names another Python (3.11 or later, with Debian's modules).
set -eu

self=$(readlink -f -- "$0")
here=$(dirname -- "$self")
for package in "$here/../harness/driver/buddycheck" "$here/buddycheck" "$here/../share/buddycheck/harness/driver/buddycheck"; do
	[ -f "$package/__main__.py" ] && break
done
if [ ! -f "$package/__main__.py" ]; then
	echo "buddycheck: no Python package at $here/../harness/driver/buddycheck; run 'make build' in the checkout and start build/buddycheck there" >&2
	exit 2
fi
python=${BUDDYCHECK_PYTHON:-/usr/bin/python3}
if ! command -v "$python" >/dev/null 2>&1; then
	echo "buddycheck: no Python at $python; install python3 (3.11 or later) or set BUDDYCHECK_PYTHON" >&2
	exit 2
fi
BUDDYCHECK_COMMAND=$0
export BUDDYCHECK_COMMAND
# With -S it is __main__.py that has Python look for its site packages, where a Ctrl-C is noticed.
# `make build` keeps the bytecode of all modules here, those of Python included: where nobody may write any, each start would compile them.
if [ -d "$here/bytecode" ]; then
	exec "$python" -S -X pycache_prefix="$here/bytecode" "$package/__main__.py" "$@"
fi
exec "$python" -S "$package/__main__.py" "$@"
