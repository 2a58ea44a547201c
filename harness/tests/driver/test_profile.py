"""Target profiles: what they may say, and errors that name file, line, key and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD, PROFILE, STARTED
from hypothesis import given
from hypothesis import strategies as some

from buddycheck.errors import UsageProblem
from buddycheck.network import settle
from buddycheck.ports import endpoints
from buddycheck.profile import Endpoint, Timing, load
from buddycheck.render import Bound, check, fill, values, write_files
from buddycheck.session import engine_profile
from buddycheck.toml_lines import KeyLines

COMPONENT = """[component]
address = "127.0.0.1"
port = 5347
domains = ["muc.srv.test"]
secret = "x"
"""
FULL = """\
name = "full"
description = "d"
product = "p"
domains = ["srv.test", "second.test"]
off_domain = "off.test"
c2s = { address = "127.0.0.5", port = 5222, tls = "starttls", ca = "ca.pem" }
s2s = { address = "::1", port = 5269 }
component = { address = "127.0.0.6", port = 5347, domains = ["muc.srv.test", "*.c.test"], secret_env = "SECRET" }
peers = { zone = "peers.test", address = "127.0.0.3" }
dns.address = "127.0.0.4"
timing = { quiet = 10, deadline = 20 }
claims = { command = true, strict_manual = false }

[accounts]
admin = { jid = "admin@srv.test", password_env = "ADMIN_PW" }
user = { jid = "user@second.test", password = "u" }

[hooks]
approve = { adhoc = "node", fields = { peer = "${peer}", list = "a", yes = true }, result = "r" }
roster = { program = ["dump", "${domain}"] }
"""


def read(tmp_path: Path, text: str, **environ: str) -> Any:
    path = tmp_path / "target.toml"
    path.write_text(text)
    (tmp_path / "ca.pem").touch()
    (tmp_path / "target.template").write_text("x")
    return load(path, environ)


def errors(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(UsageProblem) as raised:
        check(read(tmp_path, text, **environ))
    return [line.removeprefix(f"{tmp_path}/") for line in raised.value.lines]


def test_everything_a_profile_may_say(tmp_path: Path) -> None:
    profile = read(tmp_path, FULL, ADMIN_PW="pw", SECRET="shared")
    assert profile.component.endpoint == Endpoint("127.0.0.6", 5347) and profile.component.domains == ("muc.srv.test", "*.c.test")
    assert profile.component.secret == "shared" and "shared" not in repr(profile)
    assert profile.secrets() == ["pw", "u", "shared"] and "*.c.test" in profile.public()
    assert profile.c2s == Endpoint("127.0.0.5", 5222, "starttls", tmp_path / "ca.pem")
    assert (profile.s2s.address, profile.dns_address, profile.off_domain) == ("::1", "127.0.0.4", "off.test")
    assert profile.timing == Timing(quiet=10, final_quiet=300, deadline=20, start=10000)
    assert profile.accounts["admin"].password == "pw" and profile.accounts["user"].user == "user"
    assert profile.claims == {"command": True, "strict_manual": False}
    assert profile.hooks["approve"].fields["yes"] is True
    assert profile.start is None
    assert "pw" not in repr(profile.accounts)


@pytest.mark.parametrize("old, new, expected", [
    ('name = "fake"', "", ["target.toml:1: name is missing; expected a string that is not empty"]),
    ('name = "fake"', "name = 3", ["target.toml:1: name expected a string that is not empty"]),
    ('name = "fake"', 'name = "fake"\ncolour = 1', ["target.toml:2: colour is unknown; expected one of:"]),
    ("domains =", "domain =", ["target.toml:1: domains is missing", "target.toml:2: domain is unknown; did you mean 'domains'", "accounts.admin.jid"]),
    ('["srv.test", "second.test"]', "[]", ["target.toml:2: domains expected a list of different domains", "accounts.admin.jid"]),
    ('"second.test"]', '"srv.test"]', ["target.toml:2: domains expected", "accounts.admin.jid"]),
    ('"second.test"]', '"se cond"]', ["target.toml:2: domains expected", "accounts.admin.jid"]),
    ("port = 5222", "port = 70000", ["target.toml:6: c2s.port expected a port from 1 to 65535"]),
    ("port = 5222", "port = true", ["target.toml:6: c2s.port expected a port"]),
    ("port = 5222", "port = 0", ["target.toml:6: c2s.port expected a port from 1 to 65535: only a target with [start]"]),
    ("port = 5222", "port = 5222\ntls = 'ssl'", ["target.toml:7: c2s.tls expected one of: none, starttls, direct"]),
    ("port = 5222", "port = 5222\nca = 'no.pem'", ["target.toml:7: c2s.ca expected the file of a certificate authority; there is no"]),
    ("port = 5269", "port = 5269\ntls = 'direct'", ["target.toml:11: s2s.tls expected one of: none, starttls"]),
    ("port = 5269", "port = 5269\ntls = 'starttls'", ["target.toml:11: s2s.tls expected none: only a target with [start]"]),
    ('address = "127.0.0.3"', 'address = "localhost"', ["target.toml:14: peers.address expected an IP address such as"]),
    ('zone = "peers.test"', "", ["target.toml:12: peers.zone is missing; expected a domain"]),
    ("[peers]", "[pears]", ["target.toml:1: peers.address is missing", "peers.zone is missing", "target.toml:12: pears is unknown; did you mean 'peers'"]),
    ("[s2s]", "[timing]\nquiet = 0\n[s2s]", ["target.toml:9: timing.quiet expected a whole number of milliseconds"]),
    ("[s2s]", "[timing]\nquite = 9\n[s2s]", ["target.toml:9: timing.quite is unknown; did you mean 'quiet'"]),
    ("[s2s]", "[claims]\ncommand = 1\n[s2s]", ["target.toml:9: claims.command expected true or false"]),
    ("[s2s]", "[claims]\ncolour = true\n[s2s]", ["target.toml:9: claims.colour is unknown; expected one of: access_control, auto_approve"]),
    ('jid = "admin@srv.test"', 'jid = "admin@other.test"', ["target.toml:17: accounts.admin.jid expected an address at srv.test or second.test"]),
    ('jid = "admin@srv.test"', 'jid = "admin@srv.test/x"', ["target.toml:17: accounts.admin.jid expected a bare address", ]),
    (f'password = "{PASSWORD}"', "", ["target.toml:16: accounts.admin expected exactly one of: password, password_env"]),
    (f'password = "{PASSWORD}"', 'password_env = "NO_SUCH"', ["target.toml:18: accounts.admin.password_env expected a password in the environment variable NO_SUCH"]),
    (f'password = "{PASSWORD}"', 'password = "a"\npassword_env = "B"', ["target.toml:16: accounts.admin expected exactly one of"]),
    ("[accounts.admin]", "[accounts.admni]", ["accounts.admin expected exactly one of", "accounts.admin.jid is missing", "target.toml:16: accounts.admni is unknown; did you mean 'admin'"]),
    ("[s2s]", "[hooks.aprove]\nadhoc = 'x'\n[s2s]", ["target.toml:8: hooks.aprove is unknown; did you mean 'approve'"]),
    ("[s2s]", "[hooks.deny]\n[s2s]", ["target.toml:8: hooks.deny expected exactly one of: builtin, adhoc, program"]),
    ("[s2s]", "[hooks.deny]\nadhoc = 'x'\nprogram = ['y']\n[s2s]", ["target.toml:8: hooks.deny expected exactly one of"]),
    ("[s2s]", "[hooks.deny]\nprogram = ['y']\nresult = 'z'\n[s2s]", ["target.toml:8: hooks.deny expected fields and result only together with adhoc"]),
    ("[s2s]", "[hooks.deny]\nprogram = 'y'\n[s2s]", ["target.toml:9: hooks.deny.program expected a list of strings: the program and its arguments"]),
    ("[s2s]", "[hooks.deny]\nadhoc = 'x'\nfields = { a = 1 }\n[s2s]", ["target.toml:10: hooks.deny.fields expected fields of the form"]),
    ("[s2s]", "[hooks.kill]\nbuiltin = 'kill'\n[s2s]", ["target.toml:8: hooks.kill expected adhoc or program: builtin needs a target that is started"]),
    ("[s2s]", "[hooks.kill]\nbuiltin = 'stop'\n[s2s]", ["target.toml:9: hooks.kill.builtin expected one of: restart, kill"]),
    ("[s2s]", "[hooks.kill]\nprogram = ['true']\nstopped = true\n[s2s]", ["target.toml:8: hooks.kill expected stopped only together with program, on a target"]),
    ("[s2s]", "[hooks.store_corrupt]\nprogram = ['true']\n[s2s]", ["target.toml:8: hooks.store_corrupt expected a hook store_repair beside it"]),
    ("[s2s]", "[hooks.roster]\nprogram = ['x', '${peer}']\n[s2s]", ["target.toml:9: hooks.roster.program: unknown placeholder ${peer}"]),
    ("[s2s]", "[hooks.roster]\nprogram = ['x', '${admin_password}']\n[s2s]", ["target.toml:9: hooks.roster.program: ${admin_password} may not stand on a command line"]),
    ("[s2s]", COMPONENT.replace('secret = "x"', "") + "[s2s]", ["target.toml:8: component expected exactly one of: secret, secret_env"]),
    ("[s2s]", COMPONENT.replace("secret =", "secret_env =") + "[s2s]", ["target.toml:12: component.secret_env expected a secret in the environment variable x"]),
    ("[s2s]", COMPONENT.replace('"muc.srv.test"', '"a.*"') + "[s2s]", ["target.toml:11: component.domains expected a list of different domains, each with or without"]),
    ("[s2s]", COMPONENT.replace('"muc.srv.test"', "") + "[s2s]", ["target.toml:11: component.domains expected a list"]),
    ("[s2s]", COMPONENT.replace("5347", "0") + "[s2s]", ["target.toml:10: component.port expected a port from 1 to 65535: only a target with [start]"]),
    ("[s2s]", COMPONENT + "colour = 1\n[s2s]", ["target.toml:13: component.colour is unknown"]),
    ("[s2s]", COMPONENT + "[hooks.roster]\nprogram = ['x', '${component_secret}']\n[s2s]",
     ["target.toml:14: hooks.roster.program: ${component_secret} may not stand on a command line"]),
    ("[s2s]", "start = 3\n[s2s]", ["target.toml:8: c2s.start is unknown"]),
])
def test_errors(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    found = errors(tmp_path, PROFILE.replace(old, new))
    assert len(found) == len(expected), found
    for part in expected:
        assert any(part in line for line in found), found


@pytest.mark.parametrize("old, new, expected", [
    ('program = ["${dir}/target"]', "", "target.toml:20: start.program is missing; expected a list of strings"),
    ('program = ["${dir}/target"]', 'program = ["x"]\nprepare = ["a"]', "target.toml:22: start.prepare expected a list of commands"),
    ('program = ["${dir}/target"]', 'program = ["${dri}/x"]', "target.toml:21: start.program: unknown placeholder ${dri}; did you mean 'dir'"),
    ('"target" = "target.template"', '"../x" = "target.template"', "target.toml:24: start.files.../x expected a path below ${dir}"),
    ('"target" = "target.template"', '"/x" = "target.template"', "target.toml:24: start.files./x expected a path below ${dir}"),
    ('"target" = "target.template"', '"x" = "nothing"', "target.toml:24: start.files.x expected the name of a template file; there is no"),
    ('"target" = "target.template"', '"x" = 3', "target.toml:23: start.files expected lines of the form"),
])
def test_errors_in_start(tmp_path: Path, old: str, new: str, expected: str) -> None:
    [found] = errors(tmp_path, STARTED.replace(old, new))
    assert found.startswith(expected)


@pytest.mark.parametrize("text, expected", [
    ("name = \n", "target.toml:1: expected TOML: Invalid value"),
    ("name = 'a'\nname = 'b'\n", "target.toml:2: expected TOML: Cannot overwrite a value"),
    ('name = "', "target.toml:1: expected TOML:"),
])
def test_errors_in_toml(tmp_path: Path, text: str, expected: str) -> None:
    [found] = errors(tmp_path, text)
    assert found.startswith(expected)


def test_profile_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(UsageProblem, match="expected UTF-8 text; octet 8 is not"):
        load(tmp_path / "target.toml", {})


def test_what_a_started_target_need_not_say(tmp_path: Path) -> None:
    text = STARTED[:STARTED.index("[c2s]")] + STARTED[STARTED.index("[accounts.admin]"):]
    profile = read(tmp_path, text)
    assert profile.c2s == profile.s2s == Endpoint("127.0.0.1", 0)
    assert (profile.peers_address, profile.dns_address, profile.peers_zone) == ("127.0.0.1", "127.0.0.1", "peers.test")


def test_a_placeholder_of_an_account_that_is_not_there(tmp_path: Path) -> None:
    profile = read(tmp_path, STARTED)
    (tmp_path / "target.template").write_text("${host_admin_user} ${second_admin_password} ${user_jdi}")
    with pytest.raises(UsageProblem) as raised:
        check(profile)
    assert "${host_admin_user} needs [accounts.host_admin], which the profile does not have" in raised.value.lines[0]
    assert "${second_admin_password} needs [accounts.second_admin]" in raised.value.lines[1]
    assert "unknown placeholder ${user_jdi}" in raised.value.lines[2]


def test_all_errors_at_once_in_the_order_of_lines(tmp_path: Path, golden: Any) -> None:
    text = "name = 1\ndomains = 'srv.test'\n[c2s]\nadress = '127.0.0.1'\n[start]\nprogram = []\n[hooks.restrat]\nbuiltin = 'restart'\n"
    golden("profile-errors.txt", "\n".join(errors(tmp_path, text)) + "\n")


@pytest.mark.parametrize("old, new, expected", [
    ("[start]\n", "[start]\ninstances = 0\n", "target.toml:21: start.instances expected a whole number from 1 to 8"),
    ("port = 0", "port = 5222", "start.instances expected 1 where c2s.port, s2s.port, s2s.direct_tls_port or component.port is not 0"),
])
def test_instances_need_free_ports(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert read(tmp_path, STARTED).start.instances == 1
    several = STARTED.replace("[start]\n", "[start]\ninstances = 3\n")
    assert read(tmp_path, several).start.instances == 3
    with pytest.raises(UsageProblem) as raised:
        read(tmp_path, (STARTED if "start" in old else several).replace(old, new, 1))
    assert expected in raised.value.lines[0]


def test_errors_in_templates_name_file_and_line(tmp_path: Path) -> None:
    profile = read(tmp_path, STARTED)
    (tmp_path / "target.template").write_text("$$ok ${domain}\n${domain3}\ncost: $5\n${c2s_prot}\n")
    with pytest.raises(UsageProblem) as raised:
        check(profile)
    lines = [line.removeprefix(f"{tmp_path}/") for line in raised.value.lines]
    assert lines[0].startswith("target.template:2: unknown placeholder ${domain3}; did you mean 'domain'")
    assert lines[1] == "target.template:3: expected a placeholder after '$'; a plain dollar sign is written '$$'"
    assert lines[2].startswith("target.template:4: unknown placeholder ${c2s_prot}; did you mean 'c2s_port'")


def test_rendered_files_are_private(tmp_path: Path) -> None:
    profile = read(tmp_path, STARTED)
    (tmp_path / "target.template").write_text("$$ ${admin_user}:${admin_password} ${domain2} ${dns_address}@${dns_port}")
    facts = values(profile, tmp_path / "dir", {"c2s_port": 1, "s2s_port": 2}, Bound("127.0.0.3", 3, "127.0.0.4", 53))
    write_files(profile, tmp_path / "dir", facts)
    made = tmp_path / "dir" / "target"
    assert made.read_text() == f"$ admin:{PASSWORD} second.test 127.0.0.4@53"
    assert made.stat().st_mode & 0o777 == 0o600
    assert facts["fixture"] == str(tmp_path)
    assert fill("${c2s_port}-${s2s_port}-${peers_port}-${zone}-${dir}", facts) == f"1-2-3-peers.test-{tmp_path}/dir"


def test_what_a_template_learns_of_components(tmp_path: Path) -> None:
    plain = read(tmp_path, STARTED)
    (tmp_path / "target.template").write_text("${component_port} ${component_domains} ${component_secret}")
    with pytest.raises(UsageProblem, match=r"unknown placeholder \$\{component_port\}"):
        check(plain)
    profile = read(tmp_path, STARTED.replace("[peers]", '[component]\ndomains = ["a.test", "*.b.test"]\nsecret = "x"\n[peers]'))
    assert (profile.component.endpoint.address, profile.component.endpoint.port) == ("127.0.0.1", 0)
    (tmp_path / "target.template").write_text("${component_port} ${component_domains} ${component_secret}")
    check(profile)
    ports = {"c2s_port": 1, "s2s_port": 2, "component_port": 3}
    facts = values(profile, Path("/dir"), ports, Bound("127.0.0.3", 3, "127.0.0.4", 53))
    assert fill("${component_port} ${component_domains} ${component_secret}", facts) == "3 a.test *.b.test x"


def test_a_port_for_direct_tls(tmp_path: Path) -> None:
    plain = read(tmp_path, STARTED)
    assert plain.direct_tls is None and "direct_tls_port" not in engine_profile(plain)["s2s"]
    (tmp_path / "target.template").write_text("${s2s_direct_tls_port}")
    with pytest.raises(UsageProblem, match=r"unknown placeholder \$\{s2s_direct_tls_port\}"):
        check(plain)
    with pytest.raises(UsageProblem, match=r's2s\.direct_tls_port expected tls = "starttls" beside it'):
        read(tmp_path, STARTED.replace("[s2s]\n", "[s2s]\ndirect_tls_port = 0\n"))
    assert "dialback" not in engine_profile(plain)["s2s"]
    with pytest.raises(UsageProblem, match=r's2s\.dialback expected true, or tls = "starttls" beside it'):
        read(tmp_path, STARTED.replace("[s2s]\n", "[s2s]\ndialback = false\n"))
    certificates_only = read(tmp_path, STARTED.replace("[s2s]\n", '[s2s]\ntls = "starttls"\ndialback = false\n'))
    assert engine_profile(certificates_only)["s2s"]["dialback"] is False
    profile = read(tmp_path, STARTED.replace("[s2s]\n", '[s2s]\ntls = "starttls"\ndirect_tls_port = 0\n'))
    check(profile)
    assert profile.direct_tls == Endpoint("127.0.0.1", 0)
    assert list(endpoints(profile)) == ["c2s_port", "s2s_port", "s2s_direct_tls_port"]
    assert engine_profile(profile)["s2s"]["direct_tls_port"] == 0
    assert settle(profile).direct_tls == Endpoint("127.0.0.1", 5270)


def test_certificates_are_facts_only_with_tls_between_servers(tmp_path: Path) -> None:
    plain = read(tmp_path, STARTED)
    (tmp_path / "target.template").write_text("${ca} ${certificate} ${key}")
    with pytest.raises(UsageProblem, match=r"unknown placeholder \$\{ca\}"):
        check(plain)
    profile = read(tmp_path, STARTED.replace("[peers]", "tls = 'starttls'\n[peers]"))
    (tmp_path / "target.template").write_text("${ca} ${certificate} ${key}")
    check(profile)
    facts = values(profile, Path("/dir"), {"c2s_port": 1, "s2s_port": 2}, Bound("127.0.0.3", 3, "127.0.0.4", 53))
    assert fill("${ca} ${certificate} ${key}", facts) == " ".join(f"/dir/certificates/{name}" for name in ("ca.pem", "target.crt", "target.key"))


@pytest.mark.parametrize("path, line", [
    (("a",), 1), (("t",), 3), (("t", "b"), 4), (("t", "c", "d"), 5), (("t", "c"), 5), (("u", "v w", "x"), 8), (("u", "v w", "y"), 7),
    (("nowhere",), 1), (("t", "nowhere"), 3), (("list", "k"), 11),
])
def test_key_lines(path: tuple[str, ...], line: int) -> None:
    text = 'a = 1\n\n[t] # c\nb = 2\nc.d = 3\n\n[ u . "v w" ]\n"x" = {\ty = 1 }\n\n[[list]]\nk = 1\n'
    assert KeyLines(text).of(*path) == line


@given(some.text())
def test_key_lines_of_any_text(text: str) -> None:
    assert 1 <= KeyLines(text).of("a", "b") <= max(1, len(text.splitlines()))


SCALARS = some.none() | some.booleans() | some.integers() | some.text(max_size=5) | some.lists(some.text(max_size=3), max_size=2)
TREES = some.recursive(SCALARS, lambda inner: some.dictionaries(
    some.sampled_from(["name", "c2s", "start", "hooks", "accounts", "admin", "program", "files", "restart", "fields", "address", "x"]), inner, max_size=4), max_leaves=12)


@given(some.dictionaries(some.sampled_from(["name", "domains", "c2s", "accounts", "hooks", "start", "timing", "claims", "peers", "dns"]), TREES))
def test_any_document_is_read_or_refused_with_lines(document: dict[str, Any]) -> None:
    from buddycheck.profile import _Reader

    with pytest.raises(UsageProblem) as raised:  # never complete, so always refused, and never in another way
        _Reader(Path("t.toml"), "", {}).profile(document)
    assert all(line.startswith("t.toml:1: ") for line in raised.value.lines)
