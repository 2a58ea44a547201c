"""The reference server against itself: two of them become buddies, in the clear and over TLS, and tell what cannot be delivered."""

import base64
import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from conftest import ADDRESS, ROOT, SECONDS, wait_for

SERVER = ROOT / "build" / "buddycheck-reference"
TYPE_A, TYPE_SRV = 1, 33


class Names:
    """A DNS server: SRV records for the domains in `ports`, their targets' A records, NXDOMAIN for everything else."""

    def __init__(self, ports: dict[str, int]):
        self.ports = ports
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ADDRESS, 0))
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def address(self) -> str:
        return "%s:%d" % self.sock.getsockname()

    def serve(self) -> None:
        while True:
            query, sender = self.sock.recvfrom(512)
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
            data = self.record(".".join(labels), kind)
            head = query[:2] + (b"\x84\0\0\1\0\1\0\0\0\0" if data else b"\x84\3\0\1\0\0\0\0\0\0")
            answer = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data if data else b""
            self.sock.sendto(head + query[12 : at + 5] + answer, sender)

    def record(self, name: str, kind: int) -> bytes:
        domain = name.removeprefix("_xmpp-server._tcp.")
        if domain not in self.ports:
            return b""
        if kind == TYPE_SRV and domain != name:
            target = b"".join(bytes([len(label)]) + label.encode() for label in domain.split("."))
            return struct.pack(">HHH", 0, 0, self.ports[domain]) + target + b"\0"
        return socket.inet_aton(ADDRESS) if kind == TYPE_A and domain == name else b""


class Admin:
    """A client that knows just enough to give orders."""

    def __init__(self, domain: str, port: int, tls: bool):
        self.domain = domain
        self.sock = socket.create_connection((ADDRESS, port), timeout=SECONDS)
        self.text = ""
        features = self.open()
        assert ("<starttls" in features) == tls
        if tls:
            self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self.until("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)
            assert "<starttls" not in self.open()
        login = base64.b64encode(b"\0admin\0secret").decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{login}</auth>")
        self.until("</success>")
        self.open()
        self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        self.until("</iq>")
        self.send("<presence/>")

    def open(self) -> str:
        self.send("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                  f"to='{self.domain}' version='1.0'>")
        return self.until("</stream:features>")

    def send(self, text: str) -> None:
        self.sock.sendall(text.encode())

    def until(self, end: str) -> str:
        while end not in self.text:
            octets = self.sock.recv(65536)
            assert octets, f"the stream ended after {self.text}"
            self.text += octets.decode()
        found, _, self.text = self.text.partition(end)
        return found + end

    def stage(self, node: str, attributes: str, content: str) -> str:
        self.send(f"<iq type='set' id='command' to='{self.domain}'><command xmlns='http://jabber.org/protocol/commands' "
                  f"node='{node}'{attributes}>{content}</command></iq>")
        answer = self.until("</iq>")
        while "id='command'" not in answer:
            answer = self.until("</iq>")
        return answer

    def run(self, node: str, peer: str = "") -> str:
        """Executes a command; with `peer` its form is filled in."""
        answer = self.stage(node, "", "")
        session = re.search("sessionid='(.*?)' status='executing'", answer)
        if session:
            form = f"<x xmlns='jabber:x:data' type='submit'><field var='peerjid'><value>{peer}</value></field></x>"
            answer = self.stage(node, f" sessionid='{session[1]}'", form)
        assert "status='completed'" in answer, answer
        return answer

    def roster(self) -> list[str]:
        return re.findall("<value>(.*?)</value>", self.run("server-presence#roster"))


@pytest.fixture
def servers(tmp_path, free_port):
    """Starts the servers of a.test and b.test with that TLS mode; an Admin of each."""
    running = []

    def start(tls: str) -> list[Admin]:
        certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
             "-out", certificate, "-days", "2", "-subj", "/CN=a.test"], check=True, capture_output=True)
        ports = {domain: (free_port(), free_port()) for domain in ("a.test", "b.test")}
        names = Names({domain: s2s for domain, (_, s2s) in ports.items()})
        for domain, (c2s, s2s) in ports.items():
            config = tmp_path / f"{domain}.json"
            config.write_text(json.dumps({
                "address": ADDRESS, "c2s_port": c2s, "s2s_port": s2s, "resolver": names.address,
                "store": str(tmp_path / f"{domain}.db"), "tls": tls, "certificate": str(certificate), "key": str(key),
                "hosts": [{"domain": domain, "admins": [f"admin@{domain}"], "accounts": {"admin": "secret"}}],
            }))
            running.append(subprocess.Popen([SERVER, config], stderr=subprocess.PIPE, text=True))
        for (c2s, _), process in zip(ports.values(), running):
            wait_for(c2s, process)
        return [Admin(domain, c2s, tls != "off") for domain, (c2s, _) in ports.items()]

    yield start
    for process in running:
        process.terminate()
    for process in running:
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")


def become_buddies(a: Admin, b: Admin) -> None:
    """Looks until both rosters say so."""
    end = time.monotonic() + SECONDS
    while (rosters := (a.roster(), b.roster())) != (["b.test both"], ["a.test both"]):
        assert time.monotonic() < end, rosters


@pytest.mark.parametrize("tls", ["off", "offered", "required"])
def test_two_servers_become_buddies(servers, tls):
    a, b = servers(tls)
    a.run("http://jabber.org/protocol/admin#server-buddy", "b.test")
    assert "Server buddy request from a.test" in b.until("</message>")
    assert a.roster() == ["b.test none ask"]
    assert b.roster() == ["a.test none pending"]
    b.run("server-presence#approve", "a.test")
    become_buddies(a, b)


def test_what_cannot_be_delivered_is_told(servers):
    a, _ = servers("off")
    a.run("http://jabber.org/protocol/admin#server-buddy", "no-such.test")
    assert "could not be delivered to no-such.test" in a.until("</message>")
    assert a.roster() == ["no-such.test none ask"]


def test_pre_approval(servers):
    a, b = servers("off")
    b.run("server-presence#preapprove", "a.test")
    a.run("http://jabber.org/protocol/admin#server-buddy", "b.test")
    become_buddies(a, b)


def faulty(profile, fault: str, *edits: tuple[str, str]) -> str:
    """The profile of a reference server with that fault."""
    return profile(('"${dir}/reference.conf"]', f'"${{dir}}/reference.conf", "--fault", "{fault}"]'), ("${fixture}/../../build", str(SERVER.parent)),
                   *edits, base="reference")


@pytest.mark.parametrize("fault, reason, edits", [
    ("M081", "the target ended (signal SIGABRT)", []),
    # Its silence lasts four deadlines: long enough for a busy machine, short enough for a test.
    ("N110", "the target does not answer any more: no answer to a ping in time", [("deadline = 5000", "deadline = 1000")]),
])
def test_the_scenario_that_the_server_does_not_survive_is_blamed(buddycheck, profile, fault, reason, edits):
    run = buddycheck("addr", "adhoc", target=faulty(profile, fault, *edits))
    assert run.status == 1
    assert [id for id, verdict in run.verdicts().items() if verdict != "ok"] == ["addr/peerjid-too-long"], run.failures()
    assert f"# FAIL addr/peerjid-too-long: {reason}\n" in run.stdout
    assert "FAIL AH-075 (HARD)" in run.stdout


def test_nothing_is_missed_before_the_server_has_answered_a_ping(buddycheck, profile):
    """What does not come in time is missed once the target has shown that it has read what it was to act upon."""
    run = buddycheck("out/handshake-full", target=faulty(profile, "M069", ("deadline = 5000", "deadline = 300")))
    assert run.status == 0 and "WARN SB-020" in run.stdout, run.text
    lines = [json.loads(line) for line in (run.out / "journal.jsonl").read_text().splitlines()]
    begin = next(line["n"] for line in lines if line["kind"] == "begin")
    missed = max(line["n"] for line in lines if line.get("detail") == "deadline")
    assert any(line["kind"] == "liveness" and begin < line["n"] < missed for line in lines)


def test_a_lone_scenario_that_the_server_does_not_survive_is_blamed_at_once(buddycheck, profile):
    run = buddycheck("addr/peerjid-too-long", target=faulty(profile, "M081"))
    assert run.status == 1
    assert (run.out / "journal.jsonl").read_text().count('"kind":"lost"') == 1
    assert (run.out / "journal.jsonl").read_text().count('"kind":"begin"') == 1


@pytest.mark.parametrize("arguments, message", [
    ([], "no configuration"),
    (["config", "--fault", "M024,M999"], "unknown fault 'M999'"),
    (["config", "--fault"], "unknown option, or an option without value"),
    (["config", "--loud"], "unknown option, or an option without value"),
])
def test_wrong_use(arguments, message):
    done = subprocess.run([SERVER, *arguments], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_a_configuration_that_cannot_be_used(tmp_path):
    config = tmp_path / "config"
    config.write_text('{"address": "127.0.0.1", "c2s_port": 0}')
    done = subprocess.run([SERVER, config], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1
    assert done.stderr == f"buddycheck-reference: {config}: c2s_port: expected a port from 1 to 65535\n"
