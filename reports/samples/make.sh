#!/bin/sh
# Makes the sample reports anew, from runs against the reference server, Prosody with our module and Prosody as it comes.
#   reports/samples/make.sh BUDDYCHECK
set -eu
command=$1
here=$(dirname "$0")
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
trap 'exit 1' INT TERM HUP
play() { # NAME TARGET [SELECTOR ...]: exit status 1 only says that something failed
	name=$1
	target=$2
	shift 2
	"$command" run --target "$target" --out "$runs/$name" --format plain "$@" >"$runs/said" 2>&1 || [ $? -eq 1 ] || {
		cat "$runs/said" >&2
		exit 1
	}
}
play reference reference
play prosody prosody
for target in reference prosody prosody-stock; do
	play "$target-part" "$target" cancel disco in authz
done
"$command" report "$runs/reference" --out "$here/reference.html"
"$command" report "$runs/prosody" --out "$here/prosody.html"
"$command" report "$runs/reference-part" "$runs/prosody-part" "$runs/prosody-stock-part" --out "$here/matrix.html"
"$command" report "$runs/prosody-stock-part" --format markdown --out "$here/prosody-stock.md"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$runs/key"
"$command" certify "$runs/prosody" --as "Example, Prosody 0.12 with mod_server_presence" --key "$runs/key" --out "$runs/certificate.tar.gz"
"$command" verify "$runs/certificate.tar.gz"
tar -xzf "$runs/certificate.tar.gz" -C "$runs"
for kind in html txt; do
	cp "$runs/certificate/conformance.$kind" "$here/prosody-conformance.$kind"
done
