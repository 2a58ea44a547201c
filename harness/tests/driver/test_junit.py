"""JUnit XML: fits the format that CI systems have in common, whatever a run came to, and says the same to independent readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import junitparser
from conftest import HERE, VERDICTS, Bench
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from test_model import finished

from buddycheck import junit
from buddycheck.catalogue import Verdict
from buddycheck.results import Outcome, Result

SCHEMA = etree.XMLSchema(etree.parse(HERE.parent / "schema" / "junit.xsd"))
KINDS = {name: junit for name, _, junit, _, _ in VERDICTS}


def read(text: str) -> Any:
    """The document, valid."""
    root = etree.fromstring(text.encode())
    SCHEMA.assertValid(root)
    suite = root[0]
    cases = suite.findall("testcase")
    for element in (root, suite):
        assert int(element.get("tests")) == len(cases)
        for total, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(total)) == sum(case.find(child) is not None for case in cases)
    return root


def agrees(path: Path) -> None:
    """An independent reader finds the same cases and outcomes as another."""
    root = read(path.read_text())
    expected = {
        (case.get("classname"), case.get("name")): next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "")
        for case in root.iter("testcase")
    }
    found = {}
    for suite in junitparser.JUnitXml.fromfile(str(path)):
        for case in suite:
            found[case.classname, case.name] = "".join(each._tag for each in case.result)
    assert found == expected and found


def test_every_verdict_has_its_place(bench: Bench) -> None:
    names = [name for name, *_ in VERDICTS]
    rows = bench.script["catalogue"]["scenarios"]
    bench.script["catalogue"]["scenarios"] = [{**rows[0], "id": f"area/{name.lower()}"} for name in names]
    bench.script["reason"] = "because \x00 \ufffe & <so>"
    finished(bench, verdicts={f"area/{name.lower()}": name for name in names})
    root = read(bench.file("junit.xml"))
    for case in root.iter("testcase"):
        kind = KINDS[case.get("name").rpartition("/")[2].upper()]
        outcome = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        assert outcome == ([] if kind == "pass" else [kind]), case.get("name")
        assert case.get("classname") == "area" and case.xpath("properties/property[@name='requirement']/@value") == ["SB-010"]
    agrees(bench.out / "junit.xml")


def test_repeated_lost_and_cut_short_runs_fit_as_well(bench: Bench) -> None:
    finished(bench, "--repeat", "2", verdicts={"disco/admin": ["PASS", "FAIL"], "*": "PASS"},  # type: ignore[dict-item]
             lost=[{"reason": "it ended", "under_way": [], "blamed": None}], unexpected_passes=[{"requirement": "SB-010", "reason": "known"}])
    root = read(bench.file("junit.xml"))
    names = root.xpath("//testcase[failure or error]/@name")
    assert names == ["disco/admin [2]", "disco/admin", "SB-010", "run"]
    agrees(bench.out / "junit.xml")
    bench.script["lost"] = []
    bench.actions({"bound": 0}, {"expect": "started"}, {"say": {"event": "abort", "step": "login", "reason": "refused"}}, {"end": 3})
    bench.run()
    root = read(bench.file("junit.xml"))
    assert root.xpath("//testcase[error]/error/@message") == ["login: refused"]
    assert len(root.xpath("//testcase[skipped]")) == 4
    agrees(bench.out / "junit.xml")


WORDS = st.text(max_size=30)


@given(WORDS, WORDS, WORDS, st.sampled_from([*KINDS, "?"]))
def test_no_text_breaks_it(target: str, reason: str, failure: str, verdict: str) -> None:
    result = Result("a/b", 1, verdict, 1.5, reason=reason, failure=failure, checks=({"id": reason or "X", "verdict": verdict},))
    known = {name: Verdict(*each) for name, each in ((each[0], each) for each in VERDICTS)}
    outcome = Outcome(target or "t", ("a/b",), known, results=[result], end={"exit": 0})
    read(junit.render(outcome, 1.0, 0.0))


def test_what_failed_is_told_where_gitlab_looks_for_it(bench: Bench) -> None:
    finished(bench, verdicts={"disco/admin": "FAIL", "disco/user": "WARN", "*": "PASS"})
    root = read(bench.file("junit.xml"))
    told = "expected this\ngot that"
    assert root.xpath("//testcase[failure]/failure/text()") == [told] and root.xpath("//testcase[failure]/system-out") == []
    assert root.xpath("//testcase[@name='disco/user']/system-out/text()") == [told]


def test_a_united_run_fits_as_well(bench: Bench) -> None:
    for index in "12":
        finished(bench, "--shard", f"{index}/3")
        bench.out.rename(bench.root / f"s{index}")
    assert bench.call("merge", "s1", "s2", "--out", "united").status == 3
    root = read((bench.root / "united" / "junit.xml").read_text())
    assert root.xpath("//testcase[skipped]/@name") == json.loads((bench.root / "united" / "run.json").read_text())["not_run"]
    agrees(bench.root / "united" / "junit.xml")
