"""Signatures with SSH keys, by `ssh-keygen -Y`: what every developer has, and what hosts of code publish."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import UsageProblem
from .process import capture

NAMESPACE = "conformance@buddycheck"  # a signature of something else, a Git commit for instance, is none of a certificate
PROGRAM = "ssh-keygen"
NOT_ASKED = {"SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}  # a passphrase belongs into the agent, not into a build


class BadSignature(Exception):
    """What is wrong, in words."""


def sign(octets: bytes, key: Path, shown: str, environ: Mapping[str, str]) -> bytes:
    """The signature, by a private key, or by the agent that holds the private half of a public one."""
    if not key.is_file():
        raise UsageProblem(f"--key {shown}: does not exist; expected a file with an SSH key, as ssh-keygen makes it")
    status, signature, errors = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)], environ, octets)
    if status == 0 and signature.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return signature
    raise UsageProblem(f"--key {shown}: {_why_not(errors)}")


def _why_not(errors: str) -> str:
    low = errors.lower()
    if "passphrase" in low:
        return "the key is encrypted, and no agent holds it; run ssh-add first"
    if "unprotected" in low or "permissions" in low:
        return "others may read the private key; run chmod 600"
    if "no private key found" in low or "agent" in low:
        return "is a public key, and no agent holds the private one; run ssh-add first, or name the private key"
    last = errors.strip().splitlines()[-1:] or ["no reason given"]
    return f"cannot sign ({last[0][:160]}); expected an SSH key"


def check(octets: bytes, signature: bytes, allowed: Path | None, environ: Mapping[str, str]) -> str:
    """Who signed, in words: with allowed signers one of these, without whoever it was. Raises BadSignature."""
    with tempfile.TemporaryDirectory(prefix="buddycheck-") as folder:
        file = Path(folder) / "signature"
        file.write_bytes(signature)
        if allowed is None:
            return _key(_checked(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(file)], environ, octets))
        status, found, errors = _run(["-Y", "find-principals", "-f", str(allowed), "-s", str(file)], environ)
        principals = found.decode("utf-8", "replace").split("\n")[0].split(",")
        if status or not principals[0]:
            if "no principal" in errors.lower():
                key = _key(_checked(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(file)], environ, octets))
                raise BadSignature(f"was made with {key}, which is not among the allowed signers")
            raise BadSignature(_meaning(errors))
        said = _checked(["-Y", "verify", "-n", NAMESPACE, "-f", str(allowed), "-I", principals[0], "-s", str(file)], environ, octets)
        return f"{principals[0]} with {_key(said)}"


def _checked(arguments: list[str], environ: Mapping[str, str], octets: bytes) -> str:
    status, output, errors = _run(arguments, environ, octets)
    if status:
        raise BadSignature(_meaning(errors))
    return output.decode("utf-8", "replace")


def _meaning(errors: str) -> str:
    low = errors.lower()
    if "incorrect signature" in low:
        return "does not fit the statement"
    if "namespace" in low:
        return "was made for something else than a certificate of buddycheck"
    if "key is not permitted" in low or "expired" in low or "not yet valid" in low:
        return "was made with a key that was not allowed to sign this"
    last = errors.strip().splitlines()[-1:] or ["no reason given"]
    return f"cannot be checked ({last[0][:160]})"


def _key(said: str) -> str:
    found = re.search(r"with (\S+) key (SHA256:\S+)", said)
    return f"the {found[1]} key {found[2]}" if found else "a key"


def _run(arguments: list[str], environ: Mapping[str, str], given: bytes = b"") -> tuple[int, bytes, str]:
    program = shutil.which(PROGRAM, path=environ.get("PATH"))
    if program is None:
        raise UsageProblem(f"there is no {PROGRAM} (Debian: openssh-client), which makes and checks signatures")
    status, output, errors = capture([program, *arguments], {**environ, **NOT_ASKED}, given=given)
    return status, output, errors.decode("utf-8", "replace")
