"""A run.json that was damaged, by chance or by hand: every command says so in one line, or takes what is still in order."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench
from hypothesis import given, settings
from hypothesis import strategies as st
from test_model import finished

COMMANDS = [
    ("report", "FOLDER", "--format", "plain"), ("report", "FOLDER", "--format", "markdown"), ("report", "FOLDER", "--format", "junit"),
    ("report", "FOLDER", "--format", "json"), ("report", "FOLDER", "GOOD", "--out", "-"), ("compare", "FOLDER", "GOOD"), ("compare", "GOOD", "FOLDER"),
    ("compare", "GOOD", "FOLDER", "--format", "markdown"), ("expect", "FOLDER", "e.toml"), ("merge", "FOLDER", "--out", "united"),
]


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[Bench, str]]:
    """A run with everything in it, for all examples."""
    with tempfile.TemporaryDirectory() as folder:
        made = Bench(Path(folder))
        made.script["software"] = {"name": "Fake", "version": "1"}
        finished(made, verdicts={"*": "PASS"})
        made.out.rename(made.root / "good")
        finished(made, "--baseline", "good", "--shard", "1/1", verdicts={"disco/admin": "FAIL", "disco/user": "WARN", "*": "PASS"},
                 lost=[{"reason": "it ended", "under_way": ["disco/admin"], "blamed": None}], unexpected_passes=[{"requirement": "SB-010", "reason": "known"}])
        yield made, made.file("run.json")


def tell(kept: tuple[Bench, str], text: str, command: tuple[str, ...]) -> None:
    bench = kept[0]
    bench.out.joinpath("run.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    done = bench.call(*(word.replace("FOLDER", "out").replace("GOOD", "good") for word in command))
    assert "internal error" not in done.err, done.err
    assert done.status in (0, 1, 2, 3)
    if done.status == 2:
        assert done.out == "" and done.err.count("\n") == 1 and done.err.startswith("buddycheck: "), done.err


@given(st.data())
def test_cut_off_or_altered_in_one_place(kept: tuple[Bench, str], data: Any) -> None:
    text = kept[1]
    at = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(st.sampled_from(["", "{", "}", "]", '"', "\\", "\0", "9", "1e999", "NaN", "\ud800", "[" * 100_000]))
    text = text[:at] + piece + (text[at + data.draw(st.integers(0, 3)) :] if data.draw(st.booleans()) else "")
    tell(kept, text, data.draw(st.sampled_from(COMMANDS)))


VALUES: Any = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([{}]), st.just({"a": 1}),
    st.sampled_from(["FAIL", "NEWS", "2026-99-99T99:99:99Z", "<b>", "a/b/c", -1, 10**400]),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a JSON value."""
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(part, (*path, key))


@given(st.data())
@settings(max_examples=200)
def test_a_part_is_another_missing_or_too_much(kept: tuple[Bench, str], data: Any) -> None:
    document = json.loads(kept[1])
    for _ in range(data.draw(st.integers(1, 2))):
        way = data.draw(st.sampled_from([each for each in paths(document) if each]))
        inside = document
        for key in way[:-1]:
            inside = inside[key]
        kind = data.draw(st.sampled_from(["another", "missing", "more"]))
        if kind == "another":
            inside[way[-1]] = data.draw(VALUES)
        elif kind == "missing":
            del inside[way[-1]]
        elif isinstance(inside, dict):
            inside["new"] = data.draw(VALUES)
        else:
            inside.append(copy.deepcopy(inside[0]))
    tell(kept, json.dumps(document), data.draw(st.sampled_from(COMMANDS)))
