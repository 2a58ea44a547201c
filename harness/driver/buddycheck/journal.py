"""The journal, read for a page: per scenario what happened, with what is only set-up told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LONGEST = 4000  # characters of a stanza that a page shows
Key = tuple[str, int]  # scenario and repetition

# Why an entry is folded; PLAIN is shown at once.
PLAIN, SETUP, FENCE, AFTER = 0, 1, 2, 3
SETUP_KINDS = ("open", "tls", "header", "end", "close", "dns", "lend", "background")
CUE = '"kind":"cue"'  # what the player was told: the line before shows it
SETUP_STANZA = re.compile(
    r"\s*<(?:stream:features|starttls|proceed|(?:db:)?(?:result|verify)[ />]|auth[ >]|response|challenge|success)"
    r"|\s*<iq [^>]*id=['\"]_xmpp_"
)
KEY = re.compile(r"([0-9a-f]{12})[0-9a-f]{28,}")  # of dialback: nobody reads it, and it cannot be compressed
FENCE_STANZA = re.compile(r"\s*<iq [^>]*id=['\"][^'\"]*-fence\d")


def events(path: Path, wanted: Mapping[Key, set[int]]) -> dict[Key, list[list[Any]]]:
    """What happened in each scenario: [line, microseconds, kind, actor, direction, stream, text, detail, fold], of its last attempt.

    `wanted` has the scenarios and the lines in each that a finding speaks of, which are never folded.
    """
    found: dict[Key, list[list[Any]]] = {}
    over: set[Key] = set()
    for entry in entries(path, cues=False):
        key = (str(entry.get("scenario")), entry.get("repeat", 1))
        if key not in wanted:
            continue
        kind = str(entry.get("kind"))
        if kind == "begin":
            found[key] = []
            over.discard(key)
        spoken_of = entry.get("n") in wanted[key]
        if key in over and not spoken_of and kind in SETUP_KINDS:
            continue
        fold = PLAIN if spoken_of else AFTER if key in over else _fold(entry, kind)
        text = str(entry.get("data", entry.get("octets", "")))
        found.setdefault(key, []).append([
            entry.get("n"), entry.get("t"), kind, entry.get("actor"), entry.get("dir"), entry.get("stream"),
            _bounded(KEY.sub(r"\1...", text) if fold == SETUP else text), _bounded(str(entry.get("detail") or "")), fold,
        ])
        if kind == "end-of-play":
            over.add(key)
    return found


def entries(path: Path, cues: bool = True) -> Iterator[dict[str, Any]]:
    """All lines, with or without those that say what the player was told; a last one that breaks off, as a killed engine leaves it, is left aside."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not cues and CUE in line:
                continue
            try:
                entry = json.loads(line)
            except ValueError:
                return
            if isinstance(entry, dict):
                yield entry


def _fold(entry: Mapping[str, Any], kind: str) -> int:
    text = str(entry.get("data", ""))
    if kind in SETUP_KINDS or (kind == "stanza" and SETUP_STANZA.match(text)):
        return SETUP
    return FENCE if kind == "fence" or (kind == "stanza" and FENCE_STANZA.match(text)) else PLAIN


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
