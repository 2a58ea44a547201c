"""`--network private`: the run in a network namespace of its own, so that the target has real ports and finds the peers by plain DNS.

The driver's own process enters the namespace before it starts anything; engine and target are started inside of it. Root needs nothing
for it; another user gets a user namespace with his own id in it, so that what he writes is his. In either case the system calls of the
kernel suffice: no other program is needed.
"""

from __future__ import annotations

import ctypes
import dataclasses
import fcntl
import ipaddress
import os
import re
import socket
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import UsageProblem, why
from .profile import Endpoint, Profile

C2S_PORT, S2S_PORT, DIRECT_TLS_PORT, COMPONENT_PORT, DNS_PORT = 5222, 5269, 5270, 5347, 53
PEERS_ADDRESSES = ("127.0.0.3", "127.0.0.4")  # the peers' port is that of the target, so their address must differ

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000  # linux/sched.h
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000  # linux/mount.h
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C  # linux/sockios.h
IFF_UP = 1


def settle(profile: Profile) -> Profile:
    """The profile as it holds in a private network: real ports wherever it leaves the choice. Raises where that cannot be."""
    if profile.start is None:
        raise UsageProblem(
            f"{profile.path}: --network private needs a target that is started by [start]; one that runs already is outside of that network"
        )
    component = profile.component
    for key, address in (
        ("c2s", profile.c2s.address), ("s2s", profile.s2s.address), ("peers", profile.peers_address), ("dns", profile.dns_address),
        *([("component", component.endpoint.address)] if component else []),
    ):
        if not ipaddress.ip_address(address).is_loopback:
            line = profile.lines.of(key, "address")
            raise UsageProblem(f"{profile.path}:{line}: {key}.address: expected a loopback address: a private network has no others")
    s2s = _endpoint(profile.s2s, S2S_PORT)
    free = [address for address in (profile.peers_address, *PEERS_ADDRESSES) if address != s2s.address]
    direct_tls = profile.direct_tls and _endpoint(profile.direct_tls, DIRECT_TLS_PORT)
    if component:
        component = dataclasses.replace(component, endpoint=_endpoint(component.endpoint, COMPONENT_PORT))
    return dataclasses.replace(
        profile, c2s=_endpoint(profile.c2s, C2S_PORT), s2s=s2s, component=component, direct_tls=direct_tls, peers_address=free[0], peers_port=S2S_PORT,
        dns_port=DNS_PORT,
    )


def _endpoint(endpoint: Endpoint, port: int) -> Endpoint:
    return endpoint if endpoint.port else dataclasses.replace(endpoint, port=port)


def enter(profile: Profile) -> None:
    """Takes this process, and all that it will start, into a network of its own with only loopback in it. Raises where that is not
    permitted; there is no way back."""
    try:
        _unshare()
        _loopback_up()
        _open_low_ports()
        _cover_files(profile.dns_address)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        advice = "run as root, allow user namespaces, or use --network host"
        raise UsageProblem(f"--network private is not possible here ({what}{why(error)}); {advice}") from error


def _unshare() -> None:
    """Without a user namespace where we may, so that nothing changes for the target; with one where we may not."""
    user, group = os.getuid(), os.getgid()
    try:
        call("unshare", CLONE_NEWNET | CLONE_NEWNS)
        return
    except PermissionError:
        call("unshare", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def _loopback_up() -> None:
    """Besides 127.0.0.1 an address that is not taken for 'no network': look-ups with AI_ADDRCONFIG fail without."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags, = struct.unpack_from("16xH", fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0)))
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))
        for request, address in ((SIOCSIFADDR, PEERS_ADDRESSES[0]), (SIOCSIFNETMASK, "255.0.0.0")):
            fcntl.ioctl(sock, request, struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address)))


def _open_low_ports() -> None:
    """Port 53 without being root: the setting belongs to the network namespace."""
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0", encoding="ascii")


def _cover_files(dns_address: str) -> None:
    """Puts files of ours over those that say how names are found, for this process and its children only."""
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    _cover(Path("/etc/resolv.conf"), lambda old: f"nameserver {dns_address}\n")
    for path, change in (
        (Path("/etc/hosts"), lambda old: f"127.0.0.1 localhost {socket.gethostname()}\n::1 localhost\n"),
        (Path("/etc/nsswitch.conf"), lambda old: re.sub(r"(?m)^hosts:.*$", "hosts: files dns", old)),
    ):
        if path.exists():
            _cover(path, change)


def _cover(path: Path, change: Callable[[str], str]) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="buddycheck-") as file:
        file.write(change(path.read_text(encoding="utf-8", errors="replace")))
        file.flush()
        os.chmod(file.name, 0o644)
        call("mount", os.fsencode(file.name), os.fsencode(path), None, MS_BIND, None)


def call(name: str, *arguments: int | bytes | None) -> None:
    """A system call that Python has no function for."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
