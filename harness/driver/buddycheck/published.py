"""A run's document as it may be published: without the places of the machine that it was made on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from . import outputs

Run = Mapping[str, Any]
COMMAND = "buddycheck"
LEFT_OUT = ("baseline",)  # how it compares with another run, which is not there
ABSOLUTE = re.compile(r"(?<![\w.~/-])/(?:[^\s/:,;'\"<>]+/)+(?=[^\s/:,;'\"<>])")
JOURNAL = re.compile(r"^( *journal: ).*, lines (\d+) to (\d+)$", re.MULTILINE)


def published(run: Run) -> dict[str, Any]:
    """The document; what is said about requirements and scenarios stays as it is."""
    rerun = _rerun(run["rerun"])
    made = {key: value for key, value in run.items() if key not in LEFT_OUT}
    expected = run["expectations"]
    places = {each["place"]: without_folders(each["place"]) for each in expected["entries"]}
    made.update({
        "rerun": rerun, "notes": [without_folders(each) for each in run["notes"]],
        "expectations": {
            "file": expected["file"] and without_folders(expected["file"]), "expired": [without_folders(each) for each in expected["expired"]],
            "entries": [{**each, "place": places[each["place"]]} for each in expected["entries"]],
        },
        "scenarios": [{**each, "results": [_result(result, run["rerun"], rerun, places) for result in each["results"]]} for each in run["scenarios"]],
    })
    if "merged" in made:
        made["merged"] = [{**each, "file": without_folders(each["file"])} for each in made["merged"]]
    if made["end"]:
        made["end"] = {**made["end"], "unexpected_passes": [{**each, "reason": _replaced(each["reason"], places)} for each in made["end"].get("unexpected_passes", [])]}
    return made


def without_folders(text: str) -> str:
    """The text with the last name only of each absolute path in it."""
    return ABSOLUTE.sub("", text)


def _rerun(words: str) -> str:
    try:
        given = shlex.split(words)
    except ValueError:
        given = words.split()
    return shlex.join([COMMAND, *(without_folders(each) for each in given[1:])])


def _result(result: Run, before: str, after: str, places: Mapping[str, str]) -> dict[str, Any]:
    failure = result["failure"]
    if failure:
        failure = JOURNAL.sub(rf"\g<1>{outputs.JOURNAL}, lines \g<2> to \g<3>", failure)
        failure = failure.replace(f"again: {before} ", f"again: {after} ")
    return {**result, "failure": failure, "reason": _replaced(result["reason"], places)}


def _replaced(text: str, places: Mapping[str, str]) -> str:
    for before, after in places.items():
        text = text.replace(before, after)
    return text
