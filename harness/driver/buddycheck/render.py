"""Fills the placeholders of `[start]`, of program hooks and of the target's configuration templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from .errors import UsageProblem, hint, why
from .profile import ACCOUNTS, Profile

FACTS = (
    "dir", "fixture", "address", "c2s_port", "s2s_port", "s2s_direct_tls_port", "dns_address", "dns_port", "peers_address", "peers_port",
    "zone", "domain", "domain2", "domain3", "domain_escaped", "domain2_escaped", "domain3_escaped",
    "ca", "certificate", "key", "component_port", "component_domains", "component_secret",
)
ESCAPED = "_escaped"  # the domain as Prosody writes it in names of files and folders
CERTIFICATES = {"ca": "ca.pem", "certificate": "target.crt", "key": "target.key"}  # what the engine makes
PASSWORD = "_password"
SECRETS = (PASSWORD, "_secret")


def placeholders(profile: Profile) -> list[str]:
    """The names that a template of this profile may use: only what the profile gives a value to."""
    absent = {"domain2"} if len(profile.domains) < 2 else set()
    absent |= set() if profile.off_domain else {"domain3"}
    absent |= set(CERTIFICATES) if profile.s2s.tls == "none" else set()
    absent |= set() if profile.direct_tls else {"s2s_direct_tls_port"}
    absent |= set() if profile.component else {name for name in FACTS if name.startswith("component_")}
    facts = [name for name in FACTS if name.removesuffix(ESCAPED) not in absent]
    accounts = [account for account in ACCOUNTS if account in profile.accounts]
    return facts + [f"{account}_{part}" for account in accounts for part in ("jid", "user", "password")]


def certificates(folder: Path) -> Path:
    """Where the engine puts the target's certificates, below the target's private directory."""
    return folder / "certificates"


@dataclass(frozen=True)
class Bound:
    """Where the engine's fake peers and its DNS responder listen."""

    peers_address: str
    peers_port: int
    dns_address: str
    dns_port: int


def values(profile: Profile, folder: Path, ports: Mapping[str, int], bound: Bound) -> dict[str, str]:
    """The value of every placeholder. `folder` is the target's private directory."""
    domains = dict(zip(("domain", "domain2"), profile.domains))
    if profile.off_domain:
        domains["domain3"] = profile.off_domain
    domains |= {name + ESCAPED: escaped(domain) for name, domain in domains.items()}
    accounts: dict[str, str] = {}
    for name, account in profile.accounts.items():
        accounts |= {f"{name}_jid": account.jid, f"{name}_user": account.user, name + PASSWORD: account.password}
    components = {}
    if profile.component:
        components = {"component_domains": " ".join(profile.component.domains), "component_secret": profile.component.secret}
    return {
        "dir": str(folder),
        "fixture": str(profile.folder.resolve()),
        "address": profile.c2s.address,
        **{key: str(port) for key, port in ports.items()},
        "dns_address": bound.dns_address,
        "dns_port": str(bound.dns_port),
        "peers_address": bound.peers_address,
        "peers_port": str(bound.peers_port),
        "zone": profile.peers_zone,
        **domains,
        **{name: str(certificates(folder) / file) for name, file in CERTIFICATES.items()},
        **accounts,
        **components,
    }


def escaped(domain: str) -> str:
    """With %xx for everything but letters and digits of ASCII."""
    return "".join(chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"%{octet:02x}" for octet in domain.encode())


def check(profile: Profile) -> None:
    """Raises for every unknown placeholder in the profile's programs and templates, with file and line."""
    known = placeholders(profile)
    errors = _check_commands(profile, [name for name in known if not name.endswith(SECRETS)])
    for inside, name in (profile.start.files if profile.start else {}).items():
        path = profile.folder / name
        place = f"{profile.path}:{profile.lines.of('start', 'files', inside)}: start.files"
        errors += [f"{place}: {message}" for _, message in faults(inside, [each for each in known if not each.endswith(SECRETS)])]
        text = _read(profile, inside, path)
        errors += [f"{path}:{line}: {message}" for line, message in faults(text, known)]
    if errors:
        raise UsageProblem(errors)


def _read(profile: Profile, inside: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = why(error) if isinstance(error, OSError) else "expected UTF-8 text"
        line = profile.lines.of("start", "files", inside)
        raise UsageProblem(f"{profile.path}:{line}: start.files: cannot read the template {path}: {reason}") from error


def _check_commands(profile: Profile, known: list[str]) -> list[str]:
    commands: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (("hooks", name, "program"), hook.program or ()) for name, hook in profile.hooks.items()
    ]
    if profile.start:
        commands += [(("start", "program"), profile.start.program)]
        commands += [(("start", "prepare"), argv) for argv in profile.start.prepare]
        commands += [(("start", "fault"), tuple(with_fault(profile.start.fault, "")))]
    return [
        f"{profile.path}:{profile.lines.of(*key)}: {'.'.join(key)}: {message}"
        for key, argv in commands for word in argv for _, message in faults(word, known)
    ]


def faults(text: str, known: list[str]) -> list[tuple[int, str]]:
    """The wrong placeholders of a template: line and what is wrong."""
    found = []
    for match in Template.pattern.finditer(text):
        name = match["named"] or match["braced"]
        line = text.count("\n", 0, match.start()) + 1
        if match["invalid"] is not None:
            found.append((line, "expected a placeholder after '$'; a plain dollar sign is written '$$'"))
        elif name is not None and name not in known:
            found.append((line, _unknown(name, known)))
    return found


def _unknown(name: str, known: list[str]) -> str:
    secret = name == "component_secret" or (name.endswith(PASSWORD) and name.removesuffix(PASSWORD) in ACCOUNTS)
    if secret and not any(each.endswith(SECRETS) for each in known):
        why_not = "may not stand on a command line, where others can read it"
        return f"${{{name}}} {why_not}; write it to a file with [start.files]"
    account = name.rpartition("_")[0]
    if account in ACCOUNTS and f"{account}_jid" not in known and name.removeprefix(account) in ("_jid", "_user", PASSWORD):
        return f"${{{name}}} needs [accounts.{account}], which the profile does not have"
    return f"unknown placeholder ${{{name}}}" + (hint(name, known) or f"; expected one of: {', '.join(known)}")


def fill(text: str, facts: Mapping[str, str]) -> str:
    """`text` with every placeholder replaced; `check` has made sure that all are known."""
    return Template(text).substitute(facts)


def with_fault(words: Sequence[str], fault: str) -> list[str]:
    """The arguments that switch a fault on; other placeholders stay for `fill`."""
    return [word.replace("${fault}", fault) for word in words]


def write_files(profile: Profile, folder: Path, facts: Mapping[str, str]) -> None:
    """Writes the target's files below its private directory, readable by this user only."""
    for inside, name in (profile.start.files if profile.start else {}).items():
        template = profile.folder / name
        path = folder / fill(inside, facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fill(template.read_text(encoding="utf-8"), facts), encoding="utf-8")
        path.chmod(0o700 if template.stat().st_mode & 0o100 else 0o600)
