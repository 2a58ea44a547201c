"""The target profile: what a target.toml may say, read and checked. Every error names file, line, key and what was expected."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import UsageProblem, hint
from .options import NETWORKS
from .toml_lines import KeyLines, read

ACCOUNTS = ("admin", "second_admin", "user", "host_admin")
CLAIMS = (
    "command", "auto_approve", "reciprocal", "virtual_hosts", "strict_manual",
    "dep268", "dep275", "dep309", "access_control", "directory",
    "s2s_tls_required", "s2s_certificates_required", "s2s_external", "s2s_bidi", "s2s_ipv6", "s2s_direct_tls",
)
HOOKS = (
    "restart", "kill", "approve", "preapprove", "deny", "revoke", "remove", "unsubscribe", "pending", "roster", "auto_on", "auto_off",
    "admin_revoke", "admin_grant", "store_read_only", "store_writable", "store_corrupt", "store_repair",
    "function_off", "function_on",
)
UNDONE_BY = {
    "admin_revoke": "admin_grant", "store_read_only": "store_writable", "store_corrupt": "store_repair", "function_off": "function_on",
}
BUILTINS = ("restart", "kill")
TLS_MODES = ("none", "starttls", "direct")
S2S_TLS_MODES = ("none", "starttls")
SRV_TARGETS = ("name", "address")
LOOPBACK, ZONE = "127.0.0.1", "peers.test"  # of a target that is started by [start], unless it says otherwise
LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*\Z", re.ASCII)


@dataclass(frozen=True)
class Endpoint:
    """Where the target listens; port 0: the driver chooses a free one."""

    address: str
    port: int
    tls: str = "none"
    ca: Path | None = None


@dataclass(frozen=True)
class Account:
    """A user of the target. The password is never shown."""

    jid: str
    password: str = field(repr=False)

    @property
    def user(self) -> str:
        """The part before the @."""
        return self.jid.partition("@")[0]


@dataclass(frozen=True)
class Components:
    """Where the target listens for external components (XEP-0114), and for which domains it knows the secret."""

    endpoint: Endpoint
    domains: tuple[str, ...]  # "*.srv.test": any label before
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    quiet: int = 60
    final_quiet: int = 300
    deadline: int = 5000
    start: int = 10000


@dataclass(frozen=True)
class Hook:
    """A way to make the target do something; exactly one of the first three is set. `stopped`: the driver stops the target
    before the program and starts it again afterwards."""

    builtin: str | None = None
    adhoc: str | None = None
    program: tuple[str, ...] | None = None
    fields: Mapping[str, str | bool] = field(default_factory=dict)
    result: str | None = None
    stopped: bool = False


@dataclass(frozen=True)
class Start:
    """How the driver starts the target itself."""

    program: tuple[str, ...]
    prepare: tuple[tuple[str, ...], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    fault: tuple[str, ...] = ()  # arguments that switch the fault ${fault} on; none: the target has no such switch
    fault_deadline: int = 0  # milliseconds a step gets while a fault is on; 0: as always
    instances: int = 1  # so many of it may run side by side, each with ports, folder and peers of its own


@dataclass(frozen=True)
class Profile:
    """A checked target profile."""

    path: Path
    lines: KeyLines
    name: str
    description: str
    product: str
    domains: tuple[str, ...]
    off_domain: str | None
    c2s: Endpoint
    s2s: Endpoint
    peers_zone: str
    peers_address: str
    dns_address: str
    srv_target: str  # what SRV records of the peers name: "name", or "address" for servers that ask the system for A records
    timing: Timing
    accounts: Mapping[str, Account]
    claims: Mapping[str, bool]
    hooks: Mapping[str, Hook]
    start: Start | None
    component: Components | None = None
    dialback: bool = True  # XEP-0220; without it the target takes certificates only
    direct_tls: Endpoint | None = None  # where the target takes streams of servers that begin with TLS (XEP-0368)
    network: str = NETWORKS[0]  # what the target needs: "private" for one that knows only real ports and resolv.conf
    peers_port: int = 0  # of the fake peers and of the DNS responder; 0: the engine chooses
    dns_port: int = 0

    @property
    def folder(self) -> Path:
        """The folder that the profile's own paths are relative to."""
        return self.path.parent

    def secrets(self) -> list[str]:
        """Every password, and the secret of components."""
        return [account.password for account in self.accounts.values()] + ([self.component.secret] if self.component else [])

    def public(self) -> list[str]:
        """Words that may be shown even where a password is a part of them."""
        zone = [self.peers_zone, *self.domains, *([self.off_domain] if self.off_domain else [])]
        zone += self.component.domains if self.component else ()
        return [*(account.jid for account in self.accounts.values()), *zone, *HOOKS, *CLAIMS, *ACCOUNTS]


def load(path: Path, environ: Mapping[str, str]) -> Profile:
    """Reads and checks a profile; all its errors are raised together."""
    text, document = read(path, "the target profile")
    return _Reader(path, text, environ).profile(document)


_MISSING = object()


class _Table:
    """One table of the document, and what was asked of it; what was never asked for is unknown."""

    def __init__(self, reader: _Reader, path: tuple[str, ...], content: Mapping[str, Any]) -> None:
        self.reader = reader
        self.path = path
        self.content = content
        self.known: list[str] = []

    def take(self, key: str, check: Callable[[Any], str | None], default: Any = _MISSING) -> Any:
        """The value of `key`. An error where `check` says what was expected, and where it is missing without default."""
        self.known.append(key)
        if key not in self.content:
            if default is _MISSING:
                self.reader.error((*self.path, key), f"is missing; expected {check(_MISSING)}")
                return None
            return default
        expected = check(self.content[key])
        if expected is None:
            return self.content[key]
        self.reader.error((*self.path, key), f"expected {expected}")
        return None if default is _MISSING else default

    def table(self, key: str) -> _Table:
        """A table in this table; empty where it is not there, so that the keys it must have are named as missing."""
        return _Table(self.reader, (*self.path, key), self.take(key, _is_table, {}))

    def end(self) -> None:
        """Everything that may be asked for was: the rest is unknown."""
        for key in self.content:
            if key not in self.known:
                expected = hint(key, self.known) or f"; expected one of: {', '.join(sorted(self.known))}"
                self.reader.error((*self.path, key), f"is unknown{expected}")


class _Reader:
    """Walks through the document and gathers errors."""

    def __init__(self, path: Path, text: str, environ: Mapping[str, str]) -> None:
        self.path = path
        self.lines = KeyLines(text)
        self.environ = environ
        self.errors: list[tuple[int, str]] = []

    def error(self, key: tuple[str, ...], message: str) -> None:
        line = self.lines.of(*key)
        self.errors.append((line, f"{self.path}:{line}: {'.'.join(key)} {message}"))

    def profile(self, document: Mapping[str, Any]) -> Profile:
        top = _Table(self, (), document)
        domains = tuple(top.take("domains", _is_domains) or ())
        off_domain = top.take("off_domain", _is_domain, None)
        start = self._start(top.table("start")) if "start" in document else top.take("start", _is_table, None)
        s2s, direct_tls, dialback = self._s2s(top.table("s2s"), started=start is not None)
        peers = top.table("peers")
        peers_address = peers.take("address", _is_address, LOOPBACK if start else _MISSING)
        dns = top.table("dns")
        profile = Profile(
            path=self.path,
            lines=self.lines,
            name=top.take("name", _is_name),
            description=top.take("description", _is_string, ""),
            product=top.take("product", _is_string, ""),
            domains=domains,
            off_domain=off_domain,
            c2s=self._c2s(top.table("c2s"), started=start is not None),
            s2s=s2s,
            peers_zone=peers.take("zone", _is_domain, ZONE if start else _MISSING),
            peers_address=peers_address,
            dns_address=dns.take("address", _is_address, peers_address),
            srv_target=dns.take("srv_target", _one_of(SRV_TARGETS), SRV_TARGETS[0]),
            timing=self._timing(top.table("timing")),
            accounts=self._accounts(top.table("accounts"), (*domains, off_domain)),
            claims=self._claims(top.table("claims")),
            hooks=self._hooks(top.table("hooks"), started=start is not None),
            start=start,
            component=self._component(top, started=start is not None),
            dialback=dialback,
            direct_tls=direct_tls,
            network=top.take("network", _one_of(NETWORKS), NETWORKS[0]),
        )
        for table in (peers, dns, top):
            table.end()
        others = [each.port for each in (profile.component and profile.component.endpoint, profile.direct_tls) if each]
        if profile.start and profile.start.instances > 1 and any((profile.c2s.port, profile.s2s.port, *others)):
            expected = (
                "expected 1 where c2s.port, s2s.port, s2s.direct_tls_port or component.port is not 0: each instance needs free ports"
            )
            self.error(("start", "instances"), expected)
        if self.errors:
            raise UsageProblem([message for _, message in sorted(self.errors, key=lambda each: each[0])])
        return profile

    def _c2s(self, table: _Table, started: bool) -> Endpoint:
        tls = table.take("tls", _one_of(TLS_MODES), "none")
        ca = table.take("ca", _is_string, None)
        if ca is not None and not (self.path.parent / ca).is_file():
            expected = f"expected the file of a certificate authority; there is no {self.path.parent / ca}"
            self.error((*table.path, "ca"), expected)
        plain = self._endpoint(table, started)
        return Endpoint(plain.address, plain.port, tls, (self.path.parent / ca).resolve() if ca else None)

    def _s2s(self, table: _Table, started: bool) -> tuple[Endpoint, Endpoint | None, bool]:
        tls = table.take("tls", _one_of(S2S_TLS_MODES), "none")
        if tls != "none" and not started:
            expected = "expected none: only a target with [start] can be given certificates of the peers' authority"
            self.error((*table.path, "tls"), expected)
        direct = table.take("direct_tls_port", _is_port, None)
        if direct is not None and tls == "none":
            self.error((*table.path, "direct_tls_port"), 'expected tls = "starttls" beside it')
        dialback = table.take("dialback", _is_boolean, True)
        if not dialback and tls == "none":
            self.error((*table.path, "dialback"), 'expected true, or tls = "starttls" beside it: servers prove their names by one of both')
        plain = self._endpoint(table, started)
        return Endpoint(plain.address, plain.port, tls), None if direct is None else Endpoint(plain.address, direct), bool(dialback)

    def _component(self, top: _Table, started: bool) -> Components | None:
        if "component" not in top.content:
            top.known.append("component")
            return None
        table = top.table("component")
        domains = tuple(table.take("domains", _is_component_domains) or ())
        secret = self._secret(table, "secret")
        return Components(self._endpoint(table, started), domains, secret or "")

    def _endpoint(self, table: _Table, started: bool) -> Endpoint:
        address = table.take("address", _is_address, LOOPBACK if started else _MISSING)
        port = table.take("port", _is_port, 0 if started else _MISSING)
        if port == 0 and not started:
            expected = "expected a port from 1 to 65535: only a target with [start] can be given a free one (0)"
            self.error((*table.path, "port"), expected)
        table.end()
        return Endpoint(address, port)

    def _timing(self, table: _Table) -> Timing:
        default = Timing()
        keys = Timing.__annotations__
        timing = Timing(**{key: table.take(key, _is_milliseconds, getattr(default, key)) for key in keys})
        table.end()
        return timing

    def _accounts(self, table: _Table, domains: tuple[str | None, ...]) -> dict[str, Account]:
        accounts = {}
        for name in ACCOUNTS:
            if name in table.content or name == "admin":
                accounts[name] = self._account(table.table(name), domains)
            else:
                table.known.append(name)
        table.end()
        return accounts

    def _account(self, table: _Table, domains: tuple[str | None, ...]) -> Account:
        jid = table.take("jid", _is_jid)
        if jid is not None and jid.partition("@")[2] not in domains:
            known = " or ".join(domain for domain in domains if domain)
            self.error((*table.path, "jid"), f"expected an address at {known}")
        password = self._secret(table, "password")
        table.end()
        return Account(jid, password)

    def _secret(self, table: _Table, key: str) -> str | None:
        """What `key` says, or the environment variable that `key`_env names."""
        variable_key = key + "_env"
        secret = table.take(key, _is_password, None)
        variable = table.take(variable_key, _is_name, None)
        if (key in table.content) == (variable_key in table.content):
            self.error(table.path, f"expected exactly one of: {key}, {variable_key}")
        elif variable is not None:
            secret = self.environ.get(variable)
            if not secret:
                expected = f"expected a {key} in the environment variable {variable}, which is not set"
                self.error((*table.path, variable_key), expected)
        return secret

    def _claims(self, table: _Table) -> dict[str, bool]:
        claims = {key: table.take(key, _is_boolean, None) for key in CLAIMS}
        table.end()
        return {key: value for key, value in claims.items() if value is not None}

    def _start(self, table: _Table) -> Start:
        program = table.take("program", _is_argv)
        prepare = table.take("prepare", _is_argvs, [])
        files = table.take("files", _is_files, {})
        fault = table.take("fault", _is_fault, ())
        fault_deadline = table.take("fault_deadline", _is_milliseconds, 0)
        instances = table.take("instances", _is_instances, 1)
        table.end()
        for inside, template in files.items():
            self._check_file((*table.path, "files", inside), inside, template)
        commands = tuple(tuple(argv) for argv in prepare)
        return Start(tuple(program or ()), commands, dict(files), tuple(fault or ()), fault_deadline or 0, instances or 1)

    def _check_file(self, key: tuple[str, ...], inside: str, template: str) -> None:
        if not inside or Path(inside).is_absolute() or ".." in Path(inside).parts:
            self.error(key, "expected a path below ${dir}: relative, without '..'")
        if not (self.path.parent / template).is_file():
            self.error(key, f"expected the name of a template file; there is no {self.path.parent / template}")

    def _hooks(self, table: _Table, started: bool) -> dict[str, Hook]:
        hooks = {}
        for name in HOOKS:
            if name in table.content:
                hooks[name] = self._hook(table.table(name), started)
            else:
                table.known.append(name)
        table.end()
        for name, undo in UNDONE_BY.items():
            if name in hooks and undo not in hooks:
                self.error((*table.path, name), f"expected a hook {undo} beside it, which puts the target back into order")
        return hooks

    def _hook(self, table: _Table, started: bool) -> Hook:
        ways = [way for way in ("builtin", "adhoc", "program") if way in table.content]
        builtin = table.take("builtin", _one_of(BUILTINS), None)
        program = table.take("program", _is_argv, None)
        hook = Hook(
            builtin=builtin,
            adhoc=table.take("adhoc", _is_name, None),
            program=tuple(program) if program else None,
            fields=table.take("fields", _is_fields, {}),
            result=table.take("result", _is_name, None),
            stopped=table.take("stopped", _is_boolean, False),
        )
        table.end()
        if len(ways) != 1:
            self.error(table.path, "expected exactly one of: builtin, adhoc, program")
        elif "adhoc" not in ways and {"fields", "result"} & set(table.content):
            self.error(table.path, "expected fields and result only together with adhoc")
        elif hook.stopped and (not program or not started):
            self.error(table.path, "expected stopped only together with program, on a target that is started by [start]")
        elif builtin and not started:
            self.error(table.path, "expected adhoc or program: builtin needs a target that is started by [start]")
        return hook


# Checks: each says what was expected, or None where the value is that.

def _is_table(value: Any) -> str | None:
    return None if isinstance(value, dict) else "a table"


def _is_string(value: Any) -> str | None:
    return None if isinstance(value, str) else "a string"


def _is_name(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "a string that is not empty"


def _is_password(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "the password as a string that is not empty"


def _is_boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _is_domain(value: Any) -> str | None:
    return None if isinstance(value, str) and len(value) < 256 and DOMAIN.match(value) else "a domain such as \"srv.test\""


def _is_domains(value: Any) -> str | None:
    good = isinstance(value, list) and value and not any(map(_is_domain, value)) and len(set(value)) == len(value)
    return None if good else "a list of different domains, the main one first"


def _is_component_domains(value: Any) -> str | None:
    good = isinstance(value, list) and value and not any(
        not isinstance(each, str) or _is_domain(each.removeprefix("*.")) for each in value
    ) and len(set(value)) == len(value)
    return None if good else "a list of different domains, each with or without \"*.\" before it"


def _is_jid(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"[^@/\s\"&'<>:]+@[^@/\s]+", value)
    return None if good else "a bare address such as \"admin@srv.test\""


def is_ip_address(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address as the operating system reads it."""
    try:
        socket.inet_pton(address_family(text), text)
    except (OSError, ValueError):
        return False
    return True


def address_family(address: str) -> socket.AddressFamily:
    """The family of an IP address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _is_address(value: Any) -> str | None:
    return None if isinstance(value, str) and is_ip_address(value) else "an IP address such as \"127.0.0.5\""


def _is_port(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 65536
    return None if good else "a port from 1 to 65535, or 0 for a free one"


def _is_milliseconds(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 3_600_000
    return None if good else "a whole number of milliseconds from 1 to 3600000"


def _is_instances(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 8
    return None if good else "a whole number from 1 to 8"


def _is_argv(value: Any) -> str | None:
    good = isinstance(value, list) and value and all(isinstance(word, str) for word in value) and value[0]
    return None if good else "a list of strings: the program and its arguments"


def _is_fault(value: Any) -> str | None:
    good = _is_argv(value) is None and any("${fault}" in word for word in value)
    return None if good else "a list of arguments for the program, ${fault} in one of them"


def _is_argvs(value: Any) -> str | None:
    return None if isinstance(value, list) and not any(map(_is_argv, value)) else "a list of commands, each a list of strings"


def _is_files(value: Any) -> str | None:
    good = isinstance(value, dict) and all(isinstance(template, str) for template in value.values())
    return None if good else "lines of the form \"path below ${dir}\" = \"template file\""


def _is_fields(value: Any) -> str | None:
    good = isinstance(value, dict) and all(isinstance(item, (str, bool)) for item in value.values())
    return None if good else "fields of the form, each a string, true or false"


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str | None]:
    return lambda value: None if isinstance(value, str) and value in words else "one of: " + ", ".join(words)
