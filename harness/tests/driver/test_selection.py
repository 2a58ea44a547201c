"""Which scenarios are chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import catalogue as sample
from hypothesis import given
from hypothesis import strategies as some

from buddycheck.catalogue import Catalogue, area_of, parse
from buddycheck.errors import UsageProblem
from buddycheck.options import Wanted
from buddycheck.selection import scope, select

KNOWN: Catalogue = parse(sample(), Path("scenarios"))
QUICK = ("disco/admin", "disco/user", "cancel/at-form", "persist/kill")


@pytest.mark.parametrize("wanted, ids", [
    (Wanted(), QUICK),
    (Wanted(slow=True), ("disco/admin", "disco/user", "cancel/at-form", "cancel/late", "persist/kill")),
    (Wanted(["cancel/at-form"]), ("cancel/at-form",)),
    (Wanted(["scenarios/cancel/at-form.scs"]), ("cancel/at-form",)),
    (Wanted(["disco"]), ("disco/admin", "disco/user")),
    (Wanted(["disco/"]), ("disco/admin", "disco/user")),
    (Wanted(["cancel/*", "disco/u*"]), ("disco/user", "cancel/at-form")),
    (Wanted(["*/[ak]*"]), ("disco/admin", "cancel/at-form", "persist/kill")),
    (Wanted(["SB-010"]), ("disco/admin", "cancel/at-form")),
    (Wanted(["SB-*"], slow=True), ("disco/admin", "cancel/at-form", "cancel/late")),
    (Wanted(["persist", "disco/admin"]), ("disco/admin", "persist/kill")),
    (Wanted(exclude=["disco"]), ("cancel/at-form", "persist/kill")),
    (Wanted(exclude=["SB-010", "*user"]), ("persist/kill",)),
    (Wanted(exclude=["cancel/late"]), QUICK),
    (Wanted(level="must"), ("disco/admin", "cancel/at-form")),
    (Wanted(level="should"), ("disco/admin", "disco/user", "cancel/at-form")),
])
def test_select(wanted: Wanted, ids: tuple[str, ...]) -> None:
    assert select(KNOWN, wanted).ids == ids


@pytest.mark.parametrize("wanted, complaint", [
    (Wanted(["disco/adnim"]), "did you mean disco/admin"),
    (Wanted(["disc"]), "did you mean disco"),
    (Wanted([""]), "selects no scenario"),
    (Wanted(["/"]), "selects no scenario"),
    (Wanted(["z*"]), "there are the areas cancel, disco, persist"),
    (Wanted(["SB-077"]), "'SB-077' is a requirement that no scenario decides yet"),
    (Wanted(["SB-078"]), "no scenario decides: cannot be seen from outside"),
    (Wanted(exclude=["SB-077"]), "--exclude 'SB-077' is a requirement"),
    (Wanted(["cancel/late"]), "cancel/late is slow; add --slow"),
    (Wanted(["persist"], level="should"), "no chosen scenario decides a requirement of --level should"),
    (Wanted(["disco"], exclude=["disco"]), "--exclude leaves no scenario"),
])
def test_nothing_selected(wanted: Wanted, complaint: str) -> None:
    with pytest.raises(UsageProblem) as raised:
        select(KNOWN, wanted)
    assert complaint in str(raised.value) and len(raised.value.lines) == 1


def test_slow_ones_that_were_chosen_are_told() -> None:
    assert select(KNOWN, Wanted(["cancel"])).left_out_slow == ("cancel/late",)
    assert select(KNOWN, Wanted(["disco"])).left_out_slow == ()


def test_no_scenarios_at_all() -> None:
    with pytest.raises(UsageProblem, match="there are no scenarios in scenarios"):
        select(parse(sample() | {"scenarios": []}, Path("scenarios")), Wanted())


@pytest.mark.parametrize("id, area", [("a/b", "a"), ("a/b/c", "a/b"), ("single", "single")])
def test_area(id: str, area: str) -> None:
    assert area_of(id) == area


WORDS = some.sampled_from(["disco", "cancel/*", "SB-010", "SB-004", "*", "persist/kill", "PE-*"])


@given(some.lists(WORDS, max_size=3), some.lists(WORDS, max_size=2), some.booleans())
def test_selection_is_ordered_and_what_is_excluded_is_out(words: list[str], excluded: list[str], slow: bool) -> None:
    try:
        chosen = select(KNOWN, Wanted(words, excluded, slow=slow)).ids
    except UsageProblem:
        return
    order = list(KNOWN.scenarios)
    assert list(chosen) == sorted(set(chosen), key=order.index)
    if excluded:
        try:
            out = select(KNOWN, Wanted(excluded, slow=True)).ids
        except UsageProblem:
            return
        assert not set(out) & set(chosen)


@given(some.text(max_size=12))
def test_any_word_selects_or_is_refused_in_one_line(word: str) -> None:
    try:
        assert set(select(KNOWN, Wanted([word], slow=True)).ids) <= set(KNOWN.scenarios)
    except UsageProblem as problem:
        assert len(problem.lines) == 1


def mixed() -> Catalogue:
    """The same with requirements of several specifications, one of which depends on a claim."""
    document = sample()
    changes = {
        "SB-004": {"source": "RFC 6121 §3.1"}, "DI-002": {"source": "XEP-0030 §3"}, "PE-001": {"source": "XEP-0309 0.3 §4"},
        "SB-010": {"strictness": "command?HARD:WARN"},
    }
    for each in document["requirements"]:
        each |= changes.get(each["id"], {})
    return parse(document, Path("scenarios"))


@pytest.mark.parametrize("wanted, ids, judged", [
    (Wanted(), QUICK, {}),
    (Wanted(conformance="core"), ("disco/admin", "cancel/at-form"), {"requirements": ["SB-010", "SB-077", "SB-078"]}),
    (Wanted(conformance="full"), ("disco/admin", "disco/user", "cancel/at-form"),
     {"requirements": ["SB-010", "SB-004", "DI-002", "SB-077", "SB-078"]}),
    (Wanted(level="must"), ("disco/admin", "cancel/at-form"), {"least": "HARD"}),
    (Wanted(level="should"), ("disco/admin", "disco/user", "cancel/at-form"), {"least": "WARN"}),
    (Wanted(["disco"], conformance="core", level="must"), ("disco/admin",),
     {"least": "HARD", "requirements": ["SB-010", "SB-077", "SB-078"]}),
])
def test_conformance(wanted: Wanted, ids: tuple[str, ...], judged: dict) -> None:
    known = mixed()
    assert select(known, wanted).ids == ids
    assert scope(known, wanted) == judged


def test_nothing_of_that_conformance() -> None:
    with pytest.raises(UsageProblem, match="requirement of --level all --conformance core"):
        select(mixed(), Wanted(["persist"], conformance="core"))
