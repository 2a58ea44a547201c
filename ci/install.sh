#!/bin/sh
# Installs the Debian packages that buddycheck needs and this machine lacks.
#   ci/install.sh build            what the engine and the driver need to build and run
#   ci/install.sh report           what it takes to unite, compare and report runs that are kept: no compiler
#   ci/install.sh check            the above plus everything the tests need
#   ci/install.sh target prosody   what a shipped real target needs (also ejabberd, jabberd2)
# Several groups may be named. Does nothing, quickly, when nothing is missing.
# Exit: 0 all is there; 1 something could not be installed (says what and why).
set -eu

build_packages="gcc make pkg-config libc6-dev libuv1-dev libxml2-dev libstrophe-dev libssl-dev
libjansson-dev libidn2-dev libgsasl-dev libsqlite3-dev libc-ares-dev python3-rich"
report_packages="python3 python3-jinja2 python3-jsonschema"
check_packages="check valgrind clang-format clang-tidy libasan8 libubsan1 python3-pytest python3-lxml
python3-hypothesis python3-tap python3-junitparser python3-more-itertools python3-yaml perl lua5.4 chromium
shellcheck mandoc man-db"
prosody_packages="prosody lua-unbound lua-sec"
ejabberd_packages="ejabberd erlang-base erlang-dev"
jabberd2_packages="jabberd2 sqlite3"

usage() {
	echo "ci/install.sh: expected one or more of: build, report, check, target NAME (prosody, ejabberd, jabberd2); got '$1'" >&2
	exit 1
}

wanted=""
while [ $# -gt 0 ]; do
	case "$1" in
	build) wanted="$wanted $build_packages $report_packages" ;;
	report) wanted="$wanted $report_packages" ;;
	check) wanted="$wanted $build_packages $report_packages $check_packages" ;;
	target)
		[ $# -ge 2 ] || usage "target without a name"
		shift
		case "$1" in
		prosody | prosody-tls | prosody-stock) wanted="$wanted $prosody_packages" ;;
		ejabberd | ejabberd-tls) wanted="$wanted $ejabberd_packages" ;;
		jabberd2) wanted="$wanted $jabberd2_packages" ;;
		*) ;; # a target of somebody else's brings its own packages
		esac
		;;
	*) usage "$1" ;;
	esac
	shift
done
[ -n "$wanted" ] || exit 0

# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' || true)
missing=""
for package in $wanted; do
	case "
$installed
" in
	*"
$package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "ci/install.sh: missing:$missing; apt-get is not here, install them with your system's package manager" >&2
	exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
		as_root="sudo"
	else
		echo "ci/install.sh: missing:$missing; not root and sudo cannot be used, so run as root: apt-get install$missing" >&2
		exit 1
	fi
fi

# A server's package starts the server on all addresses unless policy-rc.d forbids it (Debian policy 9.3.3).
# Ours is put there only where the machine has none, and is taken away again.
policy=/usr/sbin/policy-rc.d
ours=""
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
	$as_root chmod 755 "$policy"
	ours=yes
fi
cleanup() {
	[ -z "$ours" ] || $as_root rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

echo "ci/install.sh: installing:$missing" >&2
install_missing() {
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing >&2
}
install_missing || {
	$as_root apt-get -q update >&2 || true
	install_missing
} || {
	echo "ci/install.sh: could not install:$missing; see the lines of apt-get above" >&2
	exit 1
}
