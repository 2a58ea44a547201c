"""The human-readable conformance statement, as a page and as text, and the DOAP snippet. All of it follows from run.json."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from . import conformance
from .conformance import FAILED, MISSED, PASSED, REACHED, TESTED, WARNED, Summary

TEMPLATES = Path("reports") / "templates"
WIDTH = 110
RESULTS = {PASSED: "everything that was tested passed", WARNED: "nothing failed, some tests gave a warning", FAILED: "some tests failed"}
TONES = {PASSED: "good", WARNED: "warn", FAILED: "bad", REACHED: "good", TESTED: "good", MISSED: "bad", conformance.NOT_TESTED: "none"}
STATES = {"held": "holds", "warned": "holds, with a warning", "failed": "fails", "untested": "not tested", "untestable": "cannot be tested"}
XMPP = "https://linkmauve.fr/ns/xmpp-doap#"

Run = Mapping[str, Any]


def facts(run: Run, product: str) -> list[tuple[str, str]]:
    """What was tested with what."""
    target, harness, options = run["target"], run["harness"], run["options"]
    software = " ".join((target["software"] or {}).values())
    claims = [name for name, given in run["profile"]["claims"].items() if given]
    return [
        ("Product, as its maker says", product),
        ("What the server says it is (XEP-0092)", software or "nothing"),
        ("Profile of the target", f"{target['name']}: {target['description']}" if target["description"] else target["name"]),
        ("Functions that it claims", ", ".join(claims) or "none"),
        ("Tested", run["started"]),
        ("Scenarios", f"{len(run['scenarios'])}" + (f", each {options['repeat']} times" if options["repeat"] > 1 else "")),
        ("Harness", f"buddycheck {harness['version']}" + (f", commit {harness['commit']}" if harness["commit"] else "")),
        ("Catalogue", f"requirements {run['catalogue']['requirements']}, scenarios {run['catalogue']['scenarios']}"),
        ("Journal", f"{run['journal']['lines']} lines, SHA-256 {run['journal']['sha256']}"),
        ("Seed", str(run["seed"])),
    ]


def failures(run: Run, ids: tuple[str, ...]) -> list[dict[str, str]]:
    """Scenarios that failed or gave a warning, with the reason."""
    by_id = {each["id"]: each for each in run["scenarios"]}
    return [{
        "id": id, "title": by_id[id]["title"], "verdict": by_id[id]["verdict"], "expected": "expected" if by_id[id]["verdict"] == "XFAIL" else "",
        "reason": run["flaky"].get(id) or next((result["reason"] for result in by_id[id]["results"] if result["reason"]), ""),
    } for id in ids]


def text(run: Run, product: str) -> str:
    """The statement as plain text."""
    found = conformance.summary(run)
    return "\n".join(line.rstrip() for line in _lines(run, product, found)) + "\n"


def _lines(run: Run, product: str, found: Summary) -> Iterator[str]:
    title = f"Conformance statement: {product}"
    yield from (title, "=" * len(title), "", "XEP-0267 Server Buddies, tested by buddycheck", "")
    yield f"Result: {found.result}, {RESULTS[found.result]}"
    yield f"        {len(found.passed)} passed, {len(found.warned)} with a warning, {len(found.failed)} failed, {_count(found)} not tested"
    yield from ("", "Profiles of conformance", "")
    for each in found.profiles:
        yield f"  {each.name:<11} {each.state} ({each.words})"
        yield from _wrapped(f"{each.held} hard requirements hold, {len(each.failed)} fail, {len(each.untested)} were not tested, {each.untestable} cannot be tested by "
                            "anybody from outside" + (f"; failing: {', '.join(each.failed)}" if each.failed else ""), 14)
    yield from ("", "What was tested", "")
    for name, value in facts(run, product):
        yield from _wrapped(f"{name}: {value}", 2)
    for limit in found.limits:
        yield from _wrapped(f"Note: {limit}", 2)
    for heading, ids in (("What failed", found.failed), ("What gave a warning", found.warned)):
        yield from ("", heading, "")
        for one in failures(run, ids):
            yield f"  {one['id']}: {one['title']}"
            yield from _wrapped(f"{one['verdict']}{' (expected)' if one['expected'] else ''}: {one['reason']}", 6)
        if not ids:
            yield "  nothing"
    yield from _expected(run)
    yield from ("", "What was not tested, and why", "")
    for why, ids in found.not_tested.items():
        yield from _wrapped(f"{why}: {', '.join(ids)}", 2)
    yield from () if found.not_tested else ("  Every scenario of the catalogue was tested.",)
    yield from ("", "Requirements", "")
    for requirement in found.requirements:
        yield from _wrapped(f"{requirement.id} ({requirement.strictness}, {requirement.source}): {STATES[requirement.state]}" + (f": {requirement.why}" if requirement.why else ""), 2)
    yield from ("", "buddycheck verify BUNDLE checks the signature and judges every journal again.")


def _expected(run: Run) -> Iterator[str]:
    expected = run["expectations"]
    yield from ("", "Failures that were expected", "")
    if not expected["file"]:
        yield "  No file of expected failures was used."
        return
    yield f"  By the file {expected['file']}; they count here all the same."
    for each in expected["entries"]:
        yield from _wrapped(f"{about(each)}: {each['reason']}", 4)
    for line in expected["expired"]:
        yield from _wrapped(line, 4)


def about(entry: Mapping[str, Any]) -> str:
    """What an expectation is about."""
    requirement = "/".join(filter(None, (entry["requirement"], entry["part"])))
    return ", ".join(filter(None, (entry["scenario"], requirement, entry["verdict"])))


def _count(found: Summary) -> int:
    return sum(map(len, found.not_tested.values()))


def _wrapped(line: str, indent: int) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4), break_long_words=False, break_on_hyphens=False)


def page(run: Run, product: str, home: Path) -> str:
    """The statement as a page in one file."""
    from . import page as reports

    folder = home / TEMPLATES
    style = (folder / "report.css").read_text(encoding="utf-8") + (folder / "conformance.css").read_text(encoding="utf-8")
    found = conformance.summary(run)
    return str(_template(folder).render(
        run=run, product=product, found=found, facts=facts(run, product), style=style, style_digest=reports.csp(style), results=RESULTS, tones=TONES,
        states=STATES, failed=failures(run, found.failed), warned=failures(run, found.warned), untested=_count(found), about=about,
    )) + "\n"


@functools.cache
def _template(folder: Path) -> Any:
    from . import page as reports

    reports.check_packages()
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    ).get_template("conformance.html")


def doap(run: Run, product: str) -> str:
    """A DOAP file with what the project may put into its own: one `implements` for each specification."""
    found = conformance.summary(run)
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<!-- Put the implements elements into the project's own DOAP file (XEP-0453). -->",
        f"<rdf:RDF xmlns='http://usefulinc.com/ns/doap#' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:xmpp={quoteattr(XMPP)}>",
        "  <Project>",
        f"    <name>{escape(product)}</name>",
    ]
    for each in conformance.extensions(run, found):
        lines += [
            "    <implements>",
            "      <xmpp:SupportedXep>",
            f"        <xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-{each['number']}.html'/>",
            *([f"        <xmpp:version>{escape(each['version'])}</xmpp:version>"] if each["version"] else []),
            f"        <xmpp:status>{each['status']}</xmpp:status>",
            f"        <xmpp:note xml:lang='en'>{escape('tested by buddycheck ' + run['harness']['version'] + ': ' + each['note'])}</xmpp:note>",
            "      </xmpp:SupportedXep>",
            "    </implements>",
        ]
    return "\n".join([*lines, "  </Project>", "</rdf:RDF>"]) + "\n"
