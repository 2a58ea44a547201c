"""What findings show: the fields that the engine gives, and what is read out of the texts of an older run."""

from __future__ import annotations

from typing import Any

import pytest
from buddycheck import evidence

PLAY = "Marlowe receives:\n\t<presence/>\n\tTT-1 it comes\n\tTT-2 it is kept: @type\nTogether:\n\tKyd receives:\n\t\t<iq/>\n\t\trelies on TT-3 it is told\n\t\tTT-1 again\n"
READ: dict[str, dict[str, Any]] = {
    "expected: <a/>\nMarlowe received nothing that was still to be taken\nits streams: reset": {"kind": "missed", "actor": "Marlowe", "expected": "<a/>"},
    "expected: <a>\n<b/></a>\nKit Marlowe received nothing that was still to be taken": {"kind": "missed", "actor": "Kit Marlowe", "expected": "<a>\n<b/></a>"},
    "expected: <a/>\nclosest, line 7 of the journal: <b/>\nfirst difference at b@c (strict): expected 'd', got 'e'\nits streams: reset": {
        "kind": "missed", "actor": "", "expected": "<a/>", "line": 7, "stanza": "<b/>",
        "difference": {"where": "b@c", "mode": "strict", "expected": "d", "got": "e"}},
    "expected: <a/>\nclosest, line 7 of the journal: <b/>\nfirst difference at b@c (strict): expected 'd', got 'nothing'": {
        "kind": "missed", "actor": "", "expected": "<a/>", "line": 7, "stanza": "<b/>",
        "difference": {"where": "b@c", "mode": "strict", "expected": "d", "got": None}},
    "does not hold: @x = '${a}' and @y\nwhere ${a} is '1', ${b c} is ''\non line 3 of the journal: <a/>": {
        "kind": "condition", "condition": "@x = '${a}' and @y", "values": {"a": "1", "b c": ""}, "line": 3, "stanza": "<a/>"},
    "does not hold: @x\non line 3 of the journal: <a/>": {"kind": "condition", "condition": "@x", "values": {}, "line": 3, "stanza": "<a/>"},
    "forbidden, but it came, line 3 of the journal: <a/>": {"kind": "forbidden", "line": 3, "stanza": "<a/>"},
    "came too early, line 3 of the journal: <a/>": {"kind": "order", "line": 3, "stanza": "<a/>"},
    "line 3 of the journal: <a/>": {"kind": "rule", "line": 3, "stanza": "<a/>"},
    "the target shows Marlowe as both (m.test), 2 lines about others left out; the answer of hook roster was:\nm.test to": {
        "kind": "answer", "step": "the target shows Marlowe as both", "address": "m.test", "others": 2, "hook": "roster", "answer": "m.test to"},
    "the target shows nobody like .*; the answer of hook roster was:\na\nb": {
        "kind": "answer", "step": "the target shows nobody like .*", "others": 0, "hook": "roster", "answer": "a\nb"},
    "${a} is ${b}: '1' and '2'": {"kind": "text", "said": "${a} is ${b}: '1' and '2'"},
}


@pytest.mark.parametrize("detail", READ)
def test_what_texts_tell(detail: str) -> None:
    assert evidence.of({"id": "TT-1", "verdict": "FAIL", "detail": detail}) == READ[detail]


def test_fields_go_before_texts() -> None:
    assert evidence.of({"id": "TT-1", "verdict": "FAIL", "detail": "line 3 of the journal: <a/>", "evidence": {"kind": "lost"}}) == {"kind": "lost"}
    assert evidence.of({"id": "TT-1", "verdict": "PASS", "detail": None}) is None


def test_lines_of_the_journal() -> None:
    refusals = [{"actor": "Bard", "line": 5}, {"actor": "Kyd"}]
    checks = [{"evidence": {"kind": "missed", "refusals": refusals}}, {"evidence": {"kind": "rule", "line": 4}}, {"detail": None}]
    trouble = {"text": "", "evidence": {"kind": "missed", "line": 9}}
    assert evidence.lines({"checks": checks, "trouble": trouble, "unexpected": [{"kind": "unexpected", "line": 7}]}) == {4, 5, 7, 9}
    assert evidence.lines({"checks": [{"detail": "line 3 of the journal: <a/>"}]}) == {3}


def check(id: str, number: int, verdict: str = "PASS", text: str = "") -> dict[str, Any]:
    return {"id": id, "number": number, "verdict": verdict, "text": text}


def test_where_the_play_shows_a_check() -> None:
    checks = [{**check("TT-1", 1), "play_line": 3}, {**check("TT-1", 4, "FAIL"), "play_line": 9, "at": {"play_line": 6}, "evidence": {}},
              {**check("XC-1", 0, "FAIL"), "at": {}, "evidence": {}}]
    trouble = {"text": "", "at": {"play_line": 6}}
    assert evidence.steps({"checks": checks, "trouble": trouble}, PLAY) == ([(3, 0), (9, 6), (0, 0)], 6)
    assert evidence.steps({"checks": checks, "trouble": None}, PLAY)[1] == 0


def test_where_the_play_of_an_older_run_shows_a_check() -> None:
    checks = [check("TT-1", 1), check("TT-2", 2, "FAIL"), check("TT-3", 3, "FAIL"), check("TT-1", 4, "UNDECIDED"), check("XC-1", 0, "FAIL")]
    assert evidence.steps({"checks": checks, "reason": "x: 'Kyd receives:' was not met"}, PLAY) == ([(3, 0), (4, 1), (8, 6), (9, 0), (0, 0)], 6)
    ahead = [check("TT-3", 9, text="it is told"), check("TT-9", 10)]  # each peer of a group has one
    assert evidence.steps({"checks": ahead, "reason": None}, PLAY) == ([(8, 0), (0, 0)], 0)
