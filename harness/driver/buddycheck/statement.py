"""The signed statement of a certificate: an in-toto Statement with the test-result predicate, and our own fields in `buddycheck`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from . import bundle
from .conformance import Summary, summary

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
FORMAT, VERSION = "buddycheck certificate", 1
UNSIGNED = (bundle.STATEMENT, bundle.SIGNATURE)

Run = Mapping[str, Any]


def make(run: Run, product: str, url: str, maker: Mapping[str, Any], files: bundle.Files) -> dict[str, Any]:
    """The statement about a run and the files of its bundle. What was tested by is the configuration, all else the subject."""
    described = [{"name": name, "digest": {"sha256": hashlib.sha256(content).hexdigest()}} for name, content in sorted(files.items())]
    return {
        "_type": TYPE, "subject": [each for each in described if not each["name"].startswith(bundle.SCENARIOS)],
        "predicateType": PREDICATE,
        "predicate": {
            **result(run), **({"url": url} if url else {}),
            "configuration": [each for each in described if each["name"].startswith(bundle.SCENARIOS)],
            "buddycheck": {"format": FORMAT, "version": VERSION, "product": product, "made_by": dict(maker), **claim(run)},
        },
    }


def result(run: Run) -> dict[str, Any]:
    """The part of the predicate that follows from the run."""
    found = summary(run)
    return {"result": found.result, "passedTests": list(found.passed), "warnedTests": list(found.warned), "failedTests": list(found.failed)}


def claim(run: Run) -> dict[str, Any]:
    """The part of our own fields that follows from the run."""
    found: Summary = summary(run)
    return json.loads(json.dumps({  # type: ignore[no-any-return]
        "target": run["target"], "harness": run["harness"], "catalogue": run["catalogue"], "started": run["started"], "seed": run["seed"],
        "profiles": [asdict(each) for each in found.profiles], "limits": found.limits,
        "not_tested": [{"why": why, "scenarios": ids} for why, ids in found.not_tested.items()],
        "expected_failures": run["expectations"]["entries"],
    }))


def text(statement: Mapping[str, Any]) -> bytes:
    """The octets that are signed."""
    return (json.dumps(statement, indent=1, ensure_ascii=False) + "\n").encode()


def digests(statement: Mapping[str, Any]) -> dict[str, str]:
    """The files that a statement names, with their SHA-256."""
    return {each["name"]: each["digest"]["sha256"] for each in [*statement["subject"], *statement["predicate"]["configuration"]]}


def what_is_wrong(statement: Any) -> str:
    """Why that is no statement which can be verified; empty: it is one."""
    predicate = statement.get("predicate") if isinstance(statement, dict) else None
    if not isinstance(predicate, dict) or statement.get("_type") != TYPE or statement.get("predicateType") != PREDICATE:
        return f"is no in-toto statement of a test result (_type {TYPE}, predicateType {PREDICATE})"
    own = predicate.get("buddycheck")
    if not isinstance(own, dict) or own.get("format") != FORMAT:
        return "is no statement that 'buddycheck certify' made"
    if own.get("version") != VERSION:
        return f"has version {own.get('version')!r} of the format; this buddycheck reads version {VERSION}"
    try:
        good = all(isinstance(name, str) and isinstance(digest, str) for name, digest in digests(statement).items()) and isinstance(own["product"], str)
    except (KeyError, TypeError):
        good = False
    return "" if good and isinstance(own.get("made_by"), dict) else "lacks what a statement has: files with digests, product, made_by"
