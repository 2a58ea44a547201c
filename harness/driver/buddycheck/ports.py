"""The ports that a target listens on: those that its profile names, or free ones that no other run on this machine has chosen."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from .errors import UsageProblem, why
from .profile import Endpoint, Profile, address_family

LOWEST_PORT, HIGHEST_PORT = 20000, 32000  # below what the system gives to outgoing connections


class Claims:
    """Ports that are this process's until it releases them or ends, whether or not something listens there.

    Between the choice and the target's own bind a port is free, and so it is while a target restarts. A name in the abstract socket
    namespace (unix(7)) keeps other runs off it: it is one per network namespace, and the kernel takes it back however a process ends.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """False where another run, or another target of this one, has the port."""
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0buddycheck/port/{port}")
        except OSError:
            claim.close()
            return False
        self._held.append(claim)
        return True

    def release(self) -> None:
        """Gives all of them up."""
        for each in self._held:
            each.close()
        self._held.clear()


def endpoints(profile: Profile) -> dict[str, Endpoint]:
    """Where the target listens, by the names of the ports."""
    found = {"c2s_port": profile.c2s, "s2s_port": profile.s2s}
    found |= {"component_port": profile.component.endpoint} if profile.component else {}
    return found | ({"s2s_direct_tls_port": profile.direct_tls} if profile.direct_tls else {})


def choose(profile: Profile, claims: Claims) -> dict[str, int]:
    """The ports by their names: those of the profile if they are free, free ones where it says 0, claimed. Raises UsageProblem."""
    held: list[socket.socket] = []
    try:
        return {key: _port(profile, key.removesuffix("_port"), each, claims, held) for key, each in endpoints(profile).items()}
    finally:
        for each in held:
            each.close()


def _port(profile: Profile, key: str, endpoint: Endpoint, claims: Claims, held: list[socket.socket]) -> int:
    reason = "other runs have them"
    for port in [endpoint.port] if endpoint.port else _candidates():
        sock = socket.socket(address_family(endpoint.address), socket.SOCK_STREAM)
        held.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((endpoint.address, port))
            sock.listen(1)
        except OSError as error:
            reason = why(error)
            continue
        if endpoint.port or claims.take(port):
            return port
    place = f"{profile.path}:{profile.lines.of(key, 'port')}: {key}.port"
    wanted = f"port {endpoint.port}" if endpoint.port else f"no port from {LOWEST_PORT} to {HIGHEST_PORT}"
    advice = "stop what uses it, or set 0 for a free one"
    raise UsageProblem(f"{place}: {wanted} on {endpoint.address} cannot be used ({reason}); {advice}")


def _candidates() -> Sequence[int]:
    """Some ports, in an order that differs from run to run."""
    span = HIGHEST_PORT - LOWEST_PORT
    first = int.from_bytes(os.urandom(4), "big") % span
    return [LOWEST_PORT + (first + step * 7) % span for step in range(200)]
