"""The targets with TLS between servers are their plain ones in everything else."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
CLAIMS = {"s2s_tls_required": True, "s2s_certificates_required": True, "s2s_external": True, "s2s_direct_tls": True}

# ejabberd says this for each port anew.
DIRECT_TLS_LISTENER = ['+     ip: "${address}"', "+     backlog: 1000", "+     max_stanza_size: 262144", "+     module: ejabberd_s2s_in"]


def profile(target: str) -> dict[str, Any]:
    return tomllib.loads((FIXTURES / target / "target.toml").read_text())


@pytest.mark.parametrize("plain", ["reference", "prosody", "ejabberd"])
def test_profiles_differ_in_tls_only(plain: str) -> None:
    expected, found = profile(plain), profile(f"{plain}-tls")
    for each in (expected, found):
        del each["name"], each["description"], each["start"]["files"]
        text = json.dumps(each).replace("${fixture}/../ejabberd/", "${fixture}/")
        each.update(json.loads(text))
    expected["s2s"] |= {"tls": "starttls", "direct_tls_port": 0}
    if plain == "ejabberd":
        expected["s2s"]["dialback"] = False
    expected["claims"] |= CLAIMS
    assert found == expected


@pytest.mark.parametrize("plain", ["reference", "prosody", "ejabberd"])
def test_files_are_the_same_or_differ_in_tls_only(plain: str) -> None:
    expected, found = (profile(name)["start"]["files"] for name in (plain, f"{plain}-tls"))
    assert list(found) == list(expected)
    for inside, template in found.items():
        own, other = FIXTURES / f"{plain}-tls" / template, FIXTURES / plain / expected[inside]
        if own.resolve() == other.resolve():
            continue
        changed = [line for line in difflib.ndiff(other.read_text().split("\n"), own.read_text().split("\n")) if line[0] in "+-"]
        changed = [line for line in changed if line not in DIRECT_TLS_LISTENER]
        words = ("tls", "s2s_", "ssl", "certificate", '"key"', '"ca"', "/modules", "modules_enabled", "certfiles", "${key}", "ca_file")
        assert changed and all(any(word in line for word in words) for line in changed), changed
