"""Components: what the journal says of their streams against what crossed the wire, and a target that does not take them."""

import hashlib
import json
import re
import select
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import ADDRESS, ROOT, SECONDS, wait_for
from test_reference import SERVER

SECRET = "component-secret-of-this-test"
SCENARIOS = ["in/local-component", "sec/component-is-answered", "sec/component-without-secret"]  # they need no other server
PROFILE = """
name = "relayed"
domains = ["srv.test"]
c2s = {{ address = "{address}", port = {c2s} }}
s2s = {{ address = "{address}", port = {s2s} }}
component = {{ address = "{address}", port = {relay}, domains = ["*.srv.test"], secret = "{secret}" }}
peers = {{ zone = "peers.test", address = "{address}" }}

[accounts]
admin = {{ jid = "admin@srv.test", password = "pw-of-admin" }}

[hooks]
pending = {{ adhoc = "server-presence#pending", result = "pending" }}
approve = {{ adhoc = "server-presence#approve", fields = {{ peerjid = "${{peer}}" }} }}
"""


class Relay:
    """Hands on the octets of both directions, and keeps them: what a capture on the wire would show."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.listener = socket.create_server((ADDRESS, 0))
        self.port: int = self.listener.getsockname()[1]
        self.connections: list[tuple[bytearray, bytearray]] = []
        self.command_lines: list[bytes] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            component, _ = self.listener.accept()
            self.command_lines += [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
            target = socket.create_connection((ADDRESS, self.target))
            both = (bytearray(), bytearray())
            self.connections.append(both)
            threading.Thread(target=self.carry, args=(component, target, *both), daemon=True).start()

    @staticmethod
    def carry(component: socket.socket, target: socket.socket, out: bytearray, back: bytearray) -> None:
        ways = {component: (target, out), target: (component, back)}
        while ways:
            for source in select.select(list(ways), [], [])[0]:
                sink, kept = ways[source]
                octets = source.recv(65536)
                kept += octets
                if octets:
                    sink.sendall(octets)
                else:
                    del ways[source]
                    sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def relayed(tmp_path, free_port):
    """The reference server with a relay before its component port: the path of its profile, and the relay."""
    c2s, s2s, component = free_port(), free_port(), free_port()
    relay = Relay(component)
    (tmp_path / "server.json").write_text(json.dumps({
        "address": ADDRESS, "c2s_port": c2s, "s2s_port": s2s, "store": str(tmp_path / "rosters.db"),
        "components": {"port": component, "secret": SECRET, "domains": ["*.srv.test"]},
        "hosts": [{"domain": "srv.test", "admins": ["admin@srv.test"], "accounts": {"admin": "pw-of-admin"}}],
    }))
    profile = tmp_path / "target.toml"
    profile.write_text(PROFILE.format(address=ADDRESS, c2s=c2s, s2s=s2s, relay=relay.port, secret=SECRET))
    process = subprocess.Popen([SERVER, tmp_path / "server.json"], stderr=subprocess.PIPE, text=True)
    wait_for(component, process)
    yield profile, relay
    process.terminate()
    _, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, "")


def streams_of(journal: Path, port: int) -> list[tuple[bytes, bytes]]:
    """What the journal has of each connection to that port: sent and received octets."""
    streams: dict[int, dict[str, bytes]] = {}
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "open" and entry["data"].endswith(f":{port}"):
            streams[entry["stream"]] = {"out": b"", "in": b""}
        elif entry["kind"] in ("header", "stanza", "end") and entry.get("stream") in streams:
            streams[entry["stream"]][entry["dir"]] += entry["data"].encode()
    return [(each["out"], each["in"]) for each in streams.values()]


def without_proof(sent: bytes, received: bytes) -> bytes:
    """What was sent with the right proof left out, as in the journal; a wrong one, which a play wrote itself, stays."""
    stream_id = re.search(rb" id='(.*?)'", received)
    right = hashlib.sha1(stream_id[1] + SECRET.encode()).hexdigest().encode() if stream_id else b"none"
    return sent.replace(b"<handshake>" + right + b"</handshake>", b"<handshake>[redacted]</handshake>")


def test_the_journal_has_what_crossed_the_wire_octet_for_octet(buddycheck, relayed):
    profile, relay = relayed
    run = buddycheck(*SCENARIOS, target=str(profile))
    assert run.status == 0, run.text
    crossed = [(without_proof(bytes(sent), bytes(received)), bytes(received)) for sent, received in relay.connections]
    assert len(crossed) == 5
    assert sum(sent.count(b"[redacted]") for sent, _ in crossed) == 2
    assert sorted(streams_of(run.out / "journal.jsonl", relay.port)) == sorted(crossed)


def test_the_secret_is_in_no_output_and_on_no_command_line(buddycheck, relayed):
    profile, relay = relayed
    run = buddycheck(*SCENARIOS, target=str(profile))
    proofs = [proof.decode() for sent, _ in relay.connections for proof in re.findall(rb"<handshake>(\w+)</handshake>", bytes(sent))]
    play = (ROOT / "scenarios/sec/component-without-secret.scs").read_text()
    secrets = [SECRET, *(proof for proof in proofs if proof not in play)]
    assert len(secrets) == 3
    texts = [run.text] + [file.read_text(errors="replace") for file in run.out.iterdir() if file.is_file()]
    for secret in secrets:
        assert not any(secret in text for text in texts)
        assert not any(secret.encode() in line for line in relay.command_lines)


@pytest.mark.parametrize("old, new, reason", [
    (f'secret = "{SECRET}"', 'secret = "guessed-wrong"', "the handshake was refused with not-authorized (is the secret of the profile right?)"),
    ('"*.srv.test"', '"muc.other.test"', "the handshake was refused with host-unknown (does the target serve this domain?)"),
])
def test_a_handshake_that_fails_is_one_clear_line(buddycheck, relayed, old, new, reason):
    profile, relay = relayed
    text = profile.read_text()
    assert old in text
    profile.write_text(text.replace(old, new))
    run = buddycheck("in/local-component", target=str(profile))
    assert run.status == 3
    line = "# INCONCLUSIVE in/local-component: Muc could not connect: component "
    [said] = [each for each in run.stdout.splitlines() if each.startswith(line)]
    assert said.endswith(f" at the target's {ADDRESS}:{relay.port}: {reason}")


def test_components_are_skipped_where_there_is_no_port_for_them(buddycheck):
    run = buddycheck("*/local-component", "sec/component-*", target="prosody-stock")
    assert run.status == 0
    assert set(run.verdicts().values()) == {"skip"}


def test_a_domain_that_is_lent_is_given_back_clean(buddycheck, profile):
    """One name for all: each play finds the server as if that component had never been there."""
    target = profile(('["muc.srv.test", "irc.srv.test", "sms.srv.test", "bot.srv.test"]', '["muc.srv.test"]'))
    run = buddycheck("in/local-component", "out/local-component", "sec/component-is-answered", "--repeat", "5", target=target)
    assert run.status == 0, run.text
    assert run.stdout.count("\nok ") == 15
