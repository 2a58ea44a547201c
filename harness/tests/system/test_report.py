"""run.json of real servers: it fits the schema, agrees with the engine, and knows what the server says it is."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import COMMAND, ROOT, Run

SCHEMA = json.loads((ROOT / "reports" / "schema" / "run.schema.json").read_text())
PASSWORDS = ("admin-secret", "admin2-secret", "user-secret", "hostadmin-secret")


@pytest.mark.parametrize("target", ["reference", "prosody-stock"])
def test_the_whole_suite_fits_the_schema_and_the_engine(whole: Callable[[str], Run], tmp_path: Path, target: str) -> None:
    kept = whole(target).out
    subprocess.run([COMMAND, "report", kept, "--out", tmp_path / "page.html"], capture_output=True, check=True)
    run: dict[str, Any] = json.loads((kept / "run.json").read_text())
    jsonschema.Draft7Validator(SCHEMA).validate(run)
    assert Counter(each["verdict"] for each in run["requirements"] if each["verdict"]) == run["end"]["requirements"]
    assert Counter(each["verdict"] for each in run["scenarios"]) == run["counts"]
    said = {"name": "buddycheck-reference", "version": "1"} if target == "reference" else None
    assert run["target"]["software"] == said  # Prosody without its module for XEP-0092 does not tell
    texts = [path.read_text(errors="replace") for path in (*kept.iterdir(), tmp_path / "page.html")]
    assert not [word for word in PASSWORDS for each in texts if word in each]
    assert (tmp_path / "page.html").stat().st_size < 1_500_000


def test_the_numbers_of_checks_point_at_their_lines(whole: Callable[[str], Run]) -> None:
    run = json.loads((whole("prosody-stock").out / "run.json").read_text())
    for scenario in run["scenarios"]:
        ids = re.findall(r"^\t+(?:relies on )?([A-Z]{2}-[A-Z0-9-]+)(?:/\S+)? ", scenario["play"], re.M)
        for check in scenario["results"][0]["checks"]:
            if "For each peer of " in scenario["play"]:  # there a line is played several times
                assert not check["number"] or check["id"] in ids, scenario["id"]
            else:
                assert not check["number"] or ids[check["number"] - 1] == check["id"], scenario["id"]
