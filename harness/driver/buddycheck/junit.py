"""JUnit XML (formats.md): one test case per scenario and repetition, one per flaky scenario and unexpected pass, and one for the run itself where it could not go on."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .catalogue import area_of
from .results import FLAKY, XPASS, Outcome, Result

# What XML 1.0 cannot hold (section 2.2), lone surrogates included.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """`text` with what XML forbids written as an escape that people can read."""
    return FORBIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def render(outcome: Outcome, seconds: float, started: float) -> str:
    """The whole document."""
    cases = [_case(outcome, result) for result in outcome.results]
    cases += [_failed(id, area_of(id), FLAKY, words) for id, words in outcome.flaky().items()]
    cases += [_failed(id, "requirement", XPASS, words) for id, words in outcome.unexpected_passes().items()]
    cases += [_failed("run", "buddycheck", "INCONCLUSIVE", line, "error") for line in outcome.mysteries()]
    cases += [_not_run(id) for id in outcome.not_run()]
    if outcome.abort_step or outcome.stopped_by or outcome.not_run():
        cases.append(_broken_run(outcome))
    totals = {
        "tests": str(len(cases)),
        **{kind + "s": str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error")},
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{seconds:.3f}",
    }
    root = Element("testsuites", {"name": "buddycheck", **totals})
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(started))
    suite = SubElement(root, "testsuite", {"name": clean(outcome.target), "timestamp": stamp, **totals})
    _properties(suite, [("seed", str(outcome.seed)), ("level", outcome.level), ("conformance", outcome.conformance)])
    suite.extend(cases)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _test_case(name: str, area: str, seconds: float) -> Element:
    return Element("testcase", {"name": clean(name), "classname": clean(area), "time": f"{seconds:.3f}"})


def _case(outcome: Outcome, result: Result) -> Element:
    name = f"{result.scenario} [{result.repeat}]" if outcome.repeat > 1 else result.scenario
    case = _test_case(name, area_of(result.scenario), result.ms / 1000)
    _properties(case, [("requirement", id) for id in result.requirements()])
    kind = outcome.meaning_of(result).junit
    if kind != "pass":
        message = clean(f"{result.verdict}: {result.reason}" if result.reason else result.verdict)
        attributes = {"message": message} if kind == "skipped" else {"message": message, "type": clean(result.verdict)}
        outcome = SubElement(case, kind, attributes)
        if kind != "skipped" and result.failure:  # GitLab shows the content of these and nothing else
            outcome.text = clean(result.failure)
            return case
    if result.failure:
        SubElement(case, "system-out").text = clean(result.failure)
    return case


def _failed(name: str, area: str, verdict: str, words: str, kind: str = "failure") -> Element:
    case = _test_case(name, area, 0.0)
    SubElement(case, kind, {"message": clean(f"{verdict}: {words}"), "type": verdict})
    return case


def _not_run(scenario: str) -> Element:
    case = _test_case(scenario, area_of(scenario), 0.0)
    SubElement(case, "skipped", {"message": "not run: the run ended before"})
    return case


def _broken_run(outcome: Outcome) -> Element:
    case = _test_case("run", "buddycheck", 0.0)
    reason = "interrupted" if outcome.stopped_by else f"{len(outcome.not_run())} scenarios were not run"
    if outcome.abort_step:
        reason = f"{outcome.abort_step}: {outcome.abort_reason}"
    SubElement(case, "error", {"message": clean(reason), "type": "RUN"})
    return case


def _properties(parent: Element, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        properties = SubElement(parent, "properties")
        for name, value in pairs:
            SubElement(properties, "property", {"name": name, "value": clean(value)})
