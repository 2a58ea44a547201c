"""Certificates: what is in one, what cannot be certified, and that whatever is tampered with is named."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from buddycheck import bundle, conformance, judge, model, statement
from buddycheck.published import published
from certificates import JOURNAL_PATH, PRODUCT, RERUN, ROOT, SUBSCRIBED, Workshop, journal
from conftest import Done
from hypothesis import given, settings
from hypothesis import strategies as st

Files = dict[str, bytes]
SEALED = ("conformance.html", "conformance.txt", "doap.xml", "journal.jsonl", "run.json", "scenarios/demo/approved.scs", "scenarios/demo/kept.scs",
          "scenarios/demo/quiet.scs", "scenarios/phrases/background.rules", "scenarios/requirements.tsv")
ALL = (*SEALED, "statement.json", "statement.json.sig")
UNSUBSCRIBED = SUBSCRIBED.replace("subscribed", "unsubscribed")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop with a run that is kept and certified."""
    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.run()
    assert made.certify().status == 0
    return made


@pytest.fixture
def own(tmp_path: Path) -> Workshop:
    """A workshop for one test."""
    return Workshop(tmp_path)


@pytest.fixture(scope="module")
def files(shop: Workshop) -> Files:
    return shop.files()


def verify(shop: Workshop, files: Files, *more: str) -> Done:
    return shop.call("verify", shop.put(files), *(more or ("--allowed-signers", "vendor.allowed")))


def refused(done: Done, *words: str) -> None:
    """Exit status 2 and one line."""
    assert done.status == 2 and done.err.count("\n") == 1, done
    for word in words:
        assert word in done.err


def broken(done: Done, *words: str) -> None:
    """Exit status 1, and it is named."""
    assert done.status == 1 and "NOT VALID" in done.err, done
    for word in words:
        assert word in done.err, done.err


# What is in it


def test_a_certificate_is_valid_and_says_what_it_is(shop: Workshop) -> None:
    done = shop.call("verify", "product.tar.gz", "--allowed-signers", "vendor.allowed")
    assert (done.status, done.err) == (0, "buddycheck: product.tar.gz: valid\n")
    assert "statement: Vendor, Product 1.2: PASSED, 2026-11-22T12:00:00Z\n" in done.out
    assert "signature: good, by vendor@example.org with the ED25519 key SHA256:" in done.out
    assert "journal: 3 plays judged again, every verdict is as in run.json\n" in done.out
    assert "core: reached as far as it was tested\n" in done.out


def test_without_allowed_signers_it_is_said_that_the_signer_was_not_checked(shop: Workshop) -> None:
    done = shop.call("verify", "product.tar.gz")
    assert done.status == 0 and "WHOSE KEY THAT IS WAS NOT CHECKED" in done.out


def test_a_bundle_can_be_unpacked_and_is_the_same_each_time(shop: Workshop, files: Files) -> None:
    assert tuple(sorted(files)) == ALL
    first = (shop.root / "product.tar.gz").read_bytes()
    shop.certify()
    assert (shop.root / "product.tar.gz").read_bytes() == first
    with tarfile.open(shop.root / "product.tar.gz") as archive:
        assert {each.name.partition("/")[0] for each in archive} == {"product"}
        assert {(each.uid, each.gid, each.mode) for each in archive} == {(0, 0, 0o644)}
    assert verify(shop, files).status == 0


def test_the_statement_is_an_in_toto_statement_of_a_test_result(shop: Workshop, files: Files) -> None:
    stated = json.loads(files["statement.json"])
    assert (stated["_type"], stated["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1")
    predicate = stated["predicate"]
    assert (predicate["result"], predicate["passedTests"], predicate["warnedTests"], predicate["failedTests"]) == ("PASSED", ["demo/approved", "demo/quiet"], [], [])
    assert "url" not in predicate
    named = {each["name"]: each["digest"]["sha256"] for each in [*stated["subject"], *predicate["configuration"]]}
    assert named == {name: hashlib.sha256(files[name]).hexdigest() for name in SEALED}
    assert [each["name"] for each in predicate["configuration"]] == [name for name in SEALED if name.startswith("scenarios/")]
    assert predicate["buddycheck"]["product"] == PRODUCT
    assert predicate["buddycheck"]["not_tested"] == [{"why": "the profile has no hook 'restart'", "scenarios": ["demo/kept"]}]


def test_a_link_to_the_run_is_in_the_statement(shop: Workshop) -> None:
    assert shop.certify("--url", "https://ci.example.org/7", out="linked.tar.gz").status == 0
    assert json.loads(shop.files("linked.tar.gz")["statement.json"])["predicate"]["url"] == "https://ci.example.org/7"
    assert shop.call("verify", "linked.tar.gz", "--allowed-signers", "vendor.allowed").status == 0


def test_what_failed_is_said_in_all_of_its_parts(own: Workshop) -> None:
    own.run(journal(UNSUBSCRIBED, "FAIL"))
    assert "FAILED (1 passed, 0 with a warning, 1 failed)" in own.certify().out
    files = own.files()
    assert json.loads(files["statement.json"])["predicate"]["failedTests"] == ["demo/approved"]
    assert "core        not reached" in files["conformance.txt"].decode()
    assert "demo/approved: A request is approved\n      FAIL: TT-1 it is approved" in files["conformance.txt"].decode()
    assert b'<p class="big">FAILED</p>' in files["conformance.html"]
    assert own.call("verify", "product.tar.gz").status == 0


def test_expected_failures_are_shown_and_are_failures(own: Workshop) -> None:
    entry = {"scenario": "demo/approved", "requirement": "TT-1", "part": None, "verdict": None, "reason": "known <https://bugs.example.org/1>",
             "place": "/home/vendor/expect/demo.toml:3"}
    expectations = {"file": "/home/vendor/expect/demo.toml", "entries": [entry], "expired": []}
    document = own.document
    own.document = lambda folder: document(folder)  # type: ignore[method-assign]
    own.run(journal(UNSUBSCRIBED, "FAIL"))
    run = json.loads((own.root / "run" / "run.json").read_text())
    run["expectations"] = expectations
    found = judge.again(run, own.root / "run" / "journal.jsonl", own.root / "scenarios", own.places, own.environ, JOURNAL_PATH)
    outcome = model.outcome_of(run)
    outcome.end = {**run["end"], "exit": 0}
    outcome.results = sorted(found.results.values(), key=lambda each: each.scenario)
    run.update(end=outcome.end, **json.loads(json.dumps(model.judged(outcome, found.known))))
    (own.root / "run" / "run.json").write_text(model.text(run))
    assert run["counts"] == {"XFAIL": 1, "SKIP": 1, "PASS": 1} and run["exit"] == 0
    assert "FAILED (1 passed, 0 with a warning, 1 failed)" in own.certify().out
    text = own.files()["conformance.txt"].decode()
    assert "XFAIL (expected): known <https://bugs.example.org/1>" in text
    assert "By the file demo.toml" in text and "demo/approved, TT-1: known" in text
    assert own.call("verify", "product.tar.gz").status == 0
    assert not [name for name, content in own.files().items() if b"/home/" in content]


def test_the_doap_snippet_is_what_projects_publish(files: Files) -> None:
    names = {"d": "http://usefulinc.com/ns/doap#", "x": "https://linkmauve.fr/ns/xmpp-doap#", "r": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    project = ElementTree.fromstring(files["doap.xml"]).find("d:Project", names)
    assert project is not None and project.findtext("d:name", "", names) == PRODUCT
    [supported] = project.findall("d:implements/x:SupportedXep", names)
    xep = supported.find("x:xep", names)
    assert xep is not None and xep.get(f"{{{names['r']}}}resource") == "https://xmpp.org/extensions/xep-0267.html"
    assert [supported.findtext(f"x:{each}", "", names) for each in ("version", "status")] == ["0.5", "partial"]
    assert "1 of 2 hard requirements hold; 1 were not tested" in supported.findtext("x:note", "", names)


def test_no_place_of_the_machine_and_no_key_is_in_it(shop: Workshop, files: Files) -> None:
    secret = (shop.root / "vendor").read_bytes().split(b"\n")[1]
    for name, content in files.items():
        assert str(shop.root).encode() not in content and b"/home/" not in content and b"/opt/" not in content, name
        assert secret not in content
    assert json.loads(files["run.json"])["rerun"] == "buddycheck run --target target.toml --seed 7"


def test_the_page_needs_nothing_else(files: Files) -> None:
    """Its policy admits its own style and nothing more; there is no script, and nothing is loaded."""
    page = files["conformance.html"].decode()
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"<script|<img|<link|src=|url\(|@import", page)
    body = page.partition("</head>")[2]
    assert body.count("<section") == body.count("</section>") == 7 and body.count("<h1>") == 1


def test_names_that_are_markup_are_text(own: Workshop) -> None:
    own.run()
    assert own.call("certify", "run", "--as", "<b>A & B</b> \"1\"", "--key", "vendor", "--out", "x.tgz").status == 0
    files = own.files("x.tgz")
    assert b"<b>A" not in files["conformance.html"] and b"&lt;b&gt;A &amp; B&lt;/b&gt;" in files["conformance.html"]
    assert ElementTree.fromstring(files["doap.xml"]) is not None
    assert own.call("verify", "x.tgz").status == 0


# Tampering: by somebody without the key


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


@pytest.mark.parametrize("where", [0, 0.5, 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", ALL)
def test_a_flipped_bit_is_named(shop: Workshop, files: Files, name: str, where: float) -> None:
    changed = flipped(files[name], int((len(files[name]) - 1) * where))
    if name == "statement.json.sig" and where == 1:  # the line's end: armour does not mind
        changed = flipped(files[name], len(files[name]) // 3)
    broken(verify(shop, {**files, name: changed}), name)


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_gone_is_named(shop: Workshop, files: Files, name: str) -> None:
    broken(verify(shop, {each: content for each, content in files.items() if each != name}), f"{name}: is missing")


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_cut_is_named(shop: Workshop, files: Files, name: str) -> None:
    broken(verify(shop, {**files, name: files[name][:len(files[name]) // 2]}), name)


@pytest.mark.parametrize("name", ["extra.txt", "scenarios/demo/more.scs", "scenarios/notes.txt", "run.json.bak"])
def test_a_file_that_was_added_is_named(shop: Workshop, files: Files, name: str) -> None:
    broken(verify(shop, {**files, name: b"# More\n"}), f"{name}: was not signed")


def test_the_signature_of_another_does_not_count(shop: Workshop, files: Files) -> None:
    if not (shop.root / "other").exists():
        shop.key("other")
    made = {**files, "statement.json.sig": shop.signature(files["statement.json"], "other", "conformance@buddycheck")}
    broken(verify(shop, made), "statement.json.sig: was made with the ED25519 key SHA256:", "not among the allowed signers")
    assert verify(shop, made, "--allowed-signers", "other.allowed").status == 0


@pytest.mark.parametrize("allowed", [(), ("--allowed-signers", "vendor.allowed")])
def test_a_signature_of_something_else_does_not_count(shop: Workshop, files: Files, allowed: tuple[str, ...]) -> None:
    made = {**files, "statement.json.sig": shop.signature(files["statement.json"], "vendor", "git")}
    broken(shop.call("verify", shop.put(made), *allowed), "statement.json.sig")


# Tampering: by the vendor, who can sign


def replaced(before: str, after: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return edit


def numbered(lines: list[str]) -> str:
    """The lines with numbers that fit; what speaks of a line still does."""
    old = [json.loads(line) for line in lines]
    new = {each["n"]: number for number, each in enumerate(old, 1)}
    for each in old:
        each["n"] = new[each["n"]]
        if "line" in each.get("facts", {}):
            each["facts"]["line"] = new.get(each["facts"]["line"], 0)
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in old)


def without(word: str, count: int = 1) -> Callable[[str], str]:
    """Leaves out lines with that word, so that nobody sees it from the numbers."""
    def edit(text: str) -> str:
        kept, left = [], count
        for line in text.splitlines():
            if word in line and left:
                left -= 1
            else:
                kept.append(line)
        assert not left
        return numbered(kept)

    return edit


def swapped(text: str) -> str:
    lines = text.splitlines(keepends=True)
    lines[8], lines[9] = lines[9], lines[8]
    return "".join(lines)


JOURNALS = {
    "an answer": (replaced("type='subscribed'", "type='unsubscribed'"), "demo/approved: run.json says PASS; judged again it is INCONCLUSIVE"),
    "what was sent": (replaced('subscribe\\" from', 'unsubscribe\\" from'), "Marlowe does not send this in its scenario"),
    "an answer left out": (without("type='subscribed'"), "journal.jsonl: line"),
    "an answer that nobody was told of": (without('"cue","scenario":"demo/approved"'), "this came for Marlowe, who was not told of it"),
    "a line left out": (lambda text: "".join(text.splitlines(keepends=True)[:7] + text.splitlines(keepends=True)[8:]), "is missing: line 9 follows line 7"),
    "the order": (swapped, "is missing: line 10 follows line 8"),
    "a time": (replaced('"t":60130', '"t":50130'), "demo/quiet"),
    "a time that runs back": (replaced('"t":90,', '"t":9,'), "is older than the line before it"),
    "a deadline left out": (without('"detail":"deadline"'), "journal.jsonl: line"),
    "a verdict of a play": (replaced('"detail":"SKIP"', '"detail":"PASS"'), "came to PASS; judged again it is SKIP"),
    "the token": (replaced('"token":"k2"', '"token":"k9"'), "does not send this"),
    "the quiet window": (replaced('"quiet":60000', '"quiet":900000'), "demo/quiet"),
    "what the profile has": (replaced('"has":"', '"has":"hook:restart\\n'), "demo/kept"),
    "the target": (replaced('"target":"srv.test"', '"target":"other.test"'), "does not send this"),
    "a claim": (replaced("claim:command", "claim:s2s_bidi"), "'profile' is not what the plays were told"),
    "the end": (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "breaks off before the end of the run"),
    "the seed": (replaced('"seed":7', '"seed":8'), "'seed'"),
}


@pytest.mark.parametrize("what", JOURNALS)
def test_an_edited_journal_is_named_although_it_is_signed(shop: Workshop, files: Files, what: str) -> None:
    edit, words = JOURNALS[what]
    changed = shop.with_journal(files, edit(files["journal.jsonl"].decode()))
    broken(verify(shop, shop.sealed(changed)), words)


def each_result(run: dict[str, Any], id: str) -> dict[str, Any]:
    [scenario] = [each for each in run["scenarios"] if each["id"] == id]
    return scenario["results"][0]  # type: ignore[no-any-return]


def edit_verdict(run: dict[str, Any]) -> None:
    each_result(run, "demo/kept").update(verdict="PASS", reason="")


def edit_check(run: dict[str, Any]) -> None:
    each_result(run, "demo/approved")["checks"][0]["id"] = "TT-3"


def edit_requirement(run: dict[str, Any]) -> None:
    next(each for each in run["requirements"] if each["id"] == "TT-3").update(verdict="PASS")


def edit_statement_of_requirement(run: dict[str, Any]) -> None:
    run["requirements"][0]["statement"] = "Nothing."


def remove_scenario(run: dict[str, Any]) -> None:
    run["scenarios"] = [each for each in run["scenarios"] if each["id"] != "demo/kept"]


RUNS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a verdict": (edit_verdict, "demo/kept: run.json says PASS; judged again it is SKIP"),
    "a check": (edit_check, "demo/approved: its 'checks' in run.json is not what it comes to when it is judged again (TT-3, TT-1)"),
    "a time": (lambda run: each_result(run, "demo/quiet").update(ms=1.0), "demo/quiet: its 'ms'"),
    "a scenario": (remove_scenario, "demo/kept: the journal shows it, run.json does not"),
    "counts": (lambda run: run.update(counts={"PASS": 3}), "'counts' does not follow"),
    "the exit status": (lambda run: run.update(exit=1), "'exit' does not follow"),
    "a requirement": (edit_requirement, "'requirements' does not follow"),
    "what is required": (edit_statement_of_requirement, "'requirements' does not follow"),
    "a play": (lambda run: run["scenarios"][0].update(play="nothing"), "'scenarios' does not follow"),
    "the table of verdicts": (lambda run: run["verdicts"][0].update(exit=1), "'verdicts' does not follow"),
    "the catalogue": (lambda run: run["catalogue"].update(requirements="0" * 64), "scenarios/: are not those of the run"),
    "the journal's lines": (lambda run: run["journal"].update(lines=1), "is not the journal of run.json"),
    "a claim": (lambda run: run["profile"]["claims"].update(dep268=True), "'profile' is not what the plays were told"),
    "the software": (lambda run: run["target"]["software"].update(version="9.9"), "'target.software' is not what the server said"),
    "software that said nothing": (lambda run: run["target"].update(software=None), "'target.software' is not what the server said"),
    "the domain": (lambda run: run["profile"].update(domains=["other.test"]), "about the target's domains"),
}


@pytest.mark.parametrize("what", RUNS)
def test_an_edited_run_is_named_although_it_is_signed(shop: Workshop, files: Files, what: str) -> None:
    edit, words = RUNS[what]
    run = json.loads(files["run.json"])
    edit(run)
    done = verify(shop, shop.sealed({**files, "run.json": model.text(run).encode()}))
    broken(done, words)
    assert "core: " not in done.out


@pytest.mark.parametrize(("name", "before", "after", "words"), [
    ("scenarios/demo/approved.scs", "type='subscribed'", "type='unsubscribed'", "scenarios/: are not those of the run"),
    ("scenarios/requirements.tsv", "HARD", "INFO", "scenarios/: are not those of the run"),
    ("scenarios/demo/approved.scs", "# A request", "# The request", "scenarios/: are not those of the run"),
    ("conformance.txt", "not tested", "held", "conformance.txt: says something else than run.json"),
    ("conformance.html", "PASSED", "PERFECT", "conformance.html: says something else than run.json"),
    ("doap.xml", "partial", "complete", "doap.xml: says something else than run.json"),
])
def test_edited_files_are_named_although_they_are_signed(shop: Workshop, files: Files, name: str, before: str, after: str, words: str) -> None:
    changed = replaced(before, after)(files[name].decode()).encode()
    broken(verify(shop, shop.sealed({**files, name: changed})), words)


@pytest.mark.parametrize("scenario", ["scenarios/demo/approved.scs", "scenarios/requirements.tsv"])
def test_an_edited_scenario_is_named_although_run_json_agrees(shop: Workshop, files: Files, scenario: str) -> None:
    """Also the digest in run.json is made anew; then the journal speaks against it."""
    from buddycheck import certify, origin

    words = {"scenarios/demo/approved.scs": ("<presence type='subscribe'/>", "<presence type='unsubscribe'/>"), "scenarios/requirements.tsv": ("is approved", "is refused")}
    changed = {**files, scenario: replaced(*words[scenario])(files[scenario].decode()).encode()}
    folder = shop.root / "again"
    certify.unpack({name: content for name, content in changed.items() if name.startswith("scenarios/")}, folder)
    run = json.loads(files["run.json"])
    run["catalogue"] = origin.catalogue(folder / "scenarios")
    changed["run.json"] = model.text(run).encode()
    done = verify(shop, shop.sealed(changed))
    broken(done, "run.json" if scenario.endswith(".tsv") else "demo/approved: Marlowe does not send this in its scenario")
    assert "catalogue: ANOTHER one" in done.out


@pytest.mark.parametrize("key", ["result", "failedTests", "passedTests", "buddycheck.profiles", "buddycheck.not_tested", "buddycheck.expected_failures", "buddycheck.target"])
def test_an_edited_statement_is_named_although_it_is_signed(shop: Workshop, files: Files, key: str) -> None:
    stated = json.loads(files["statement.json"])
    part, _, name = key.rpartition(".")
    (stated["predicate"][part] if part else stated["predicate"])[name] = "WARNED" if name == "result" else ["demo/else"]
    broken(verify(shop, shop.sealed({**files, "statement.json": json.dumps(stated).encode()})), f"statement.json: '{key}' is not what run.json comes to")


EDITS = st.lists(st.tuples(st.sampled_from(["drop", "double", "swap", "octets", "time", "hide", "actor", "scenario", "fact"]), st.integers(1, 20), st.integers(0, 10_000)),
                 min_size=1, max_size=3)


def random_edit(lines: list[dict[str, Any]], kind: str, at: int, number: int) -> None:
    at %= len(lines)
    line = lines[at]
    if kind == "drop":
        del lines[at]
    elif kind == "double":
        lines.insert(at, json.loads(json.dumps(line)))
    elif kind == "swap":
        other = number % len(lines)
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "octets" and line.get("data"):
        place = number % len(line["data"])
        line["data"] = line["data"][:place] + line["data"][place + 1 + number % 9:]
    elif kind == "time":
        line["t"] = max(0, line["t"] + (number - 5000) * 40)
    elif kind == "hide":
        line["kind"] = "liveness"
    elif kind == "actor" and "actor" in line:
        line["actor"] = "Kyd" if line["actor"] == "Marlowe" else "Marlowe"
    elif kind == "scenario" and "scenario" in line:
        line["scenario"] = ("demo/approved", "demo/quiet", "demo/kept", "demo/none")[number % 4]
    elif kind == "fact" and line.get("facts"):
        key = sorted(line["facts"])[number % len(line["facts"])]
        line["facts"][key] = line["facts"][key] + 1 if isinstance(line["facts"][key], int) else "x"


@settings(max_examples=30)
@given(edits=EDITS, renumber=st.booleans())
def test_no_edit_of_the_journal_leaves_a_valid_certificate_with_another_verdict(shop: Workshop, files: Files, edits: list[tuple[str, int, int]], renumber: bool) -> None:
    lines = [json.loads(line) for line in files["journal.jsonl"].decode().splitlines()]
    for edit in edits:
        random_edit(lines, *edit)
    for number, line in enumerate(lines, 1):
        line["n"] = number if renumber else line["n"]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    done = verify(shop, shop.sealed(shop.with_journal(files, text)))
    assert done.status in (0, 1, 2) and "internal error" not in done.err, done
    if done.status == 0:
        run = json.loads(files["run.json"])
        (shop.root / "edited.jsonl").write_text(text)
        found = judge.again(run, shop.root / "edited.jsonl", shop.root / "scenarios", shop.places, shop.environ, "journal.jsonl")
        assert {key[0]: each.verdict for key, each in found.results.items()} == {each["id"]: each["verdict"] for each in run["scenarios"]}


CHANGES = [replaced("type='subscribed'", "type='unsubscribed'"), replaced("from='srv.test' to='marlowe.test' type", "from='else.test' to='marlowe.test' typ"),
           replaced('"detail":"deadline"', '"detail":"opened"'), without('"stanza","facts"'), without('"detail":"deadline"'), without("fence1-0' from='srv")]


@settings(max_examples=15)
@given(change=st.sampled_from(CHANGES), noise=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=4))
def test_an_edit_that_changes_a_verdict_is_always_named(shop: Workshop, files: Files, change: Callable[[str], str], noise: list[tuple[int, int]]) -> None:
    """Whatever harmless lines are put around it."""
    lines = change(files["journal.jsonl"].decode()).splitlines()
    for at, more in noise:
        kind = ("dns", "liveness", "lend", "note")[more]
        before = json.loads(lines[1 + at % (len(lines) - 2)])
        lines.insert(1 + at % (len(lines) - 2), json.dumps({"n": 1000 + len(lines), "t": before["t"], "kind": kind}))
    broken(verify(shop, shop.sealed(shop.with_journal(files, numbered(lines)))))


# What is no bundle


def test_what_does_not_exist_is_no_bundle(shop: Workshop) -> None:
    refused(shop.call("verify", "nothing.tar.gz"), "nothing.tar.gz: does not exist")


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04" + 100 * b"\0", 2000 * b"\0", gzip.compress(b""), gzip.compress(b"no archive")], ids=range(6))
def test_what_is_no_archive_is_no_bundle(shop: Workshop, content: bytes) -> None:
    (shop.root / "odd.tar.gz").write_bytes(content)
    refused(shop.call("verify", "odd.tar.gz"), "odd.tar.gz: is no bundle")


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_no_bundle(shop: Workshop, part: float) -> None:
    whole = (shop.root / "product.tar.gz").read_bytes()
    (shop.root / "cut.tar.gz").write_bytes(whole[:int(len(whole) * part)])
    refused(shop.call("verify", "cut.tar.gz"), "cut.tar.gz: is no bundle, or it breaks off")


@settings(max_examples=25)
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_damaged_archive_is_never_valid(shop: Workshop, at: float) -> None:
    whole = (shop.root / "product.tar.gz").read_bytes()
    place = int(len(whole) * at)
    (shop.root / "damaged.tar.gz").write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
    done = shop.call("verify", "damaged.tar.gz", "--allowed-signers", "vendor.allowed")
    assert (done.status in (1, 2) or place < 10) and "internal error" not in done.err, done  # a header of gzip says nothing that counts


def archive(entries: list[tuple[str, bytes, bytes]]) -> Iterator[bytes]:
    """A tar archive of names, contents and types."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type, entry.linkname = len(content), kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            tar.addfile(entry, io.BytesIO(content))
    yield made.getvalue()


@pytest.mark.parametrize("entries", [
    [("../x", b"1", tarfile.REGTYPE)], [("/etc/x", b"1", tarfile.REGTYPE)], [("a/../../x", b"1", tarfile.REGTYPE)], [("x", b"1", tarfile.REGTYPE)],
    [("a/link", b"", tarfile.SYMTYPE)], [("a/link", b"", tarfile.LNKTYPE)], [("a/x", b"1", tarfile.REGTYPE), ("b/x", b"1", tarfile.REGTYPE)],
    [("a/x", b"1", tarfile.REGTYPE), ("a/x", b"2", tarfile.REGTYPE)], [("a/fifo", b"", tarfile.FIFOTYPE)],
], ids=range(9))
def test_an_archive_that_reaches_out_is_no_bundle(shop: Workshop, entries: list[tuple[str, bytes, bytes]]) -> None:
    (shop.root / "hostile.tar").write_bytes(next(archive(entries)))
    refused(shop.call("verify", "hostile.tar"), "hostile.tar: is no bundle")


def test_a_link_in_a_folder_is_not_followed(shop: Workshop, files: Files) -> None:
    name = shop.put(files)
    (shop.root / name / "more").symlink_to("/etc/passwd")
    refused(shop.call("verify", name), "it holds 'more', which is no file")


def test_statements_of_other_times_are_not_read(shop: Workshop, files: Files) -> None:
    for edit, words in ((replaced('"version": 1', '"version": 9'), "has version 9 of the format; this buddycheck reads version 1"),
                        (replaced("test-result/v0.1", "test-result/v9"), "is no in-toto statement of a test result"),
                        (replaced('"buddycheck certificate"', '"something"'), "is no statement that 'buddycheck certify' made")):
        text = edit(files["statement.json"].decode())
        made = {**files, "statement.json": text.encode()}
        made["statement.json.sig"] = shop.signature(made["statement.json"], "vendor", "conformance@buddycheck")
        refused(verify(shop, made), words)


def test_a_file_that_cannot_be_read(shop: Workshop) -> None:
    refused(shop.call("verify", "/proc/self/mem"), "/proc/self/mem: cannot be read: ")


def test_runs_and_journals_of_other_times_are_not_read(shop: Workshop, files: Files) -> None:
    run = {**json.loads(files["run.json"]), "version": 9}
    refused(verify(shop, shop.sealed({**files, "run.json": model.text(run).encode()})), "run.json: has version 9 of the format")
    refused(verify(shop, shop.sealed(shop.with_journal(files, journal(format=3).text()))), "journal.jsonl: has version 3 of the format; expected version 2")


def test_allowed_signers_that_are_not_there(shop: Workshop) -> None:
    refused(shop.call("verify", "product.tar.gz", "--allowed-signers", "nobody"), "--allowed-signers nobody: does not exist")


# What cannot be certified

OBSTACLES: dict[str, tuple[dict[str, Any], str]] = {
    "interrupted": ({"interrupted": 2}, "the run was interrupted"),
    "cut short": ({"abort": {"step": "run", "reason": "the target ended"}}, "the run was cut short (step run): the target ended"),
    "without end": ({"end": None}, "ended before anything was judged"),
    "without journal": ({"journal": None}, "ended before anything was judged"),
    "a shard": ({"shard": {"index": 1, "total": 4, "seed_given": True, "scenarios": ["demo/quiet"]}}, "it is shard 1 of 4"),
    "not all run": ({"not_run": ["demo/a", "demo/b"]}, "not all of it was run: demo/a, demo/b"),
    "a loss": ({"lost": [{"reason": "it ended", "under_way": ["demo/a"], "blamed": None}]}, "no scenario can be blamed"),
}


@pytest.mark.parametrize("what", OBSTACLES)
def test_what_says_too_little_is_refused(own: Workshop, what: str) -> None:
    changes, words = OBSTACLES[what]
    own.run(**changes)
    refused(own.certify(), "run: cannot be certified: ", words)
    assert not (own.root / "product.tar.gz").exists()


def test_what_could_not_be_judged_is_refused(own: Workshop) -> None:
    own.run(journal(UNSUBSCRIBED, "INCONCLUSIVE"))
    refused(own.certify(), "what could not be judged cannot be vouched for: demo/approved")


def test_a_selection_is_certified_and_said(own: Workshop) -> None:
    own.run(options={**own_options(own), "selectors": ["demo"], "exclude": ["demo/late"]}, left_out_slow=["demo/slow"])
    assert own.certify().status == 0
    text = own.files()["conformance.txt"].decode()
    assert "Note: only these were run: demo\n" in text and "Note: these were left out: demo/late\n" in text
    assert "slow, and left out without --slow: demo/slow" in text


def own_options(own: Workshop) -> dict[str, Any]:
    return own.run()["options"]  # type: ignore[no-any-return]


def test_scenarios_that_have_changed_since_are_refused(own: Workshop) -> None:
    own.run()
    with (own.root / "scenarios" / "demo" / "quiet.scs").open("a") as file:
        file.write("# more\n")
    refused(own.certify(), "the scenarios or requirements have changed since")


def test_a_run_that_its_journal_does_not_bear_out_is_refused(own: Workshop) -> None:
    run = own.run()
    each_result(run, "demo/kept").update(verdict="PASS")
    (own.root / "run" / "run.json").write_text(model.text(run))
    refused(own.certify(), "judged again it comes to something else: demo/kept: run.json says PASS; judged again it is SKIP")
    with (own.root / "run" / "journal.jsonl").open("a") as file:
        file.write("{}\n")
    refused(own.certify(), "is not the journal of that run")


@pytest.mark.parametrize("name", ["run", "run/run.json", "run/journal.jsonl", "scenarios"])
def test_what_is_no_run_is_refused(own: Workshop, name: str) -> None:
    own.run()
    if name == "run":
        (own.root / "run" / "run.json").write_text("{")
    done = own.call("certify", name, "--as", PRODUCT, "--key", "vendor", "--out", "x.tar.gz")
    assert done.status == (0 if name == "run/run.json" else 2) and done.err.count("\n") == (0 if done.status == 0 else 1)


# Keys


def test_a_missing_key(shop: Workshop) -> None:
    refused(shop.certify(key="nokey", out="y.tar.gz"), "--key nokey: does not exist")


def test_what_is_no_key(shop: Workshop) -> None:
    (shop.root / "nokey.txt").write_text("no key\n")
    (shop.root / "nokey.txt").chmod(0o600)
    refused(shop.certify(key="nokey.txt", out="y.tar.gz"), "--key nokey.txt: ")


def test_an_encrypted_key_without_an_agent(shop: Workshop) -> None:
    shop.key("locked", "a long passphrase")
    refused(shop.certify(key="locked", out="y.tar.gz"), "--key locked: the key is encrypted, and no agent holds it; run ssh-add first")


def test_a_public_key_without_an_agent(shop: Workshop) -> None:
    (shop.root / "only.pub").write_bytes((shop.root / "vendor.pub").read_bytes())
    refused(shop.certify(key="only.pub", out="y.tar.gz"), "--key only.pub: is a public key, and no agent holds the private one")


def test_a_key_that_others_may_read(shop: Workshop) -> None:
    path = shop.key("open")
    path.chmod(0o644)
    refused(shop.certify(key="open", out="y.tar.gz"), "--key open: others may read the private key")


def test_an_agent_signs_with_an_encrypted_key(own: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    own.run()
    own.key("locked", "secret")
    agent = subprocess.run(["ssh-agent", "-s", "-a", str(own.root / "agent")], capture_output=True, text=True, check=True).stdout
    pid = agent.partition("SSH_AGENT_PID=")[2].partition(";")[0]
    try:
        own.environ["SSH_AUTH_SOCK"] = str(own.root / "agent")
        (own.root / "ask").write_text("#!/bin/sh\necho secret\n")
        (own.root / "ask").chmod(0o700)
        environ = {**os.environ, "SSH_AUTH_SOCK": str(own.root / "agent"), "SSH_ASKPASS": str(own.root / "ask"), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", str(own.root / "locked")], env=environ, check=True, stdin=subprocess.DEVNULL)
        for key in ("locked", "locked.pub"):
            assert own.certify(key=key).status == 0
            assert own.call("verify", "product.tar.gz", "--allowed-signers", "locked.allowed").status == 0
    finally:
        os.kill(int(pid), 15)


def test_without_ssh_keygen(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shop.environ, "PATH", str(shop.root))
    refused(shop.call("verify", "product.tar.gz"), "there is no ssh-keygen")


# Writing


@pytest.mark.parametrize(("product", "words"), [("", "--as: expected"), ("a\x1bb", "--as: expected"), ("x" * 300, "--as: expected")])
def test_a_product_is_one_line(shop: Workshop, product: str, words: str) -> None:
    refused(shop.call("certify", "run", "--as", product, "--key", "vendor", "--out", "y.tar.gz"), words)


def test_places_that_cannot_be_written(shop: Workshop) -> None:
    refused(shop.certify(out="run"), "--out run: is a folder")
    refused(shop.certify(out="/dev/full"), "--out /dev/full: is no file")
    refused(shop.certify(out="no/such/x.tar.gz"), "--out no/such/x.tar.gz: no folder")


def test_a_full_disk_leaves_nothing_behind(own: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    own.run()
    (own.root / "product.tar.gz").write_bytes(b"the old one")
    before = sorted(own.root.iterdir())
    monkeypatch.setattr("buddycheck.bundle.os.fsync", full)
    refused(own.certify(), "cannot write", "No space left on device")
    assert sorted(own.root.iterdir()) == before and (own.root / "product.tar.gz").read_bytes() == b"the old one"


# What follows from run.json


def scenario(verdict: str | None, *checks: tuple[str, str]) -> dict[str, Any]:
    return {"id": "a/b", "verdict": verdict, "results": [{"reason": "", "checks": [{"id": "X", "strictness": strictness, "verdict": each} for strictness, each in checks]}]}


@pytest.mark.parametrize(("verdict", "checks", "expected"), [
    ("PASS", [], "PASSED"), ("INFO", [], "PASSED"), ("XPASS", [], "PASSED"), ("WARN", [], "WARNED"), ("FAIL", [], "FAILED"), ("FLAKY", [], "FAILED"),
    ("INCONCLUSIVE", [], "FAILED"), ("SKIP", [], ""), ("UNREACHABLE", [], ""), (None, [], ""),
    ("XFAIL", [("HARD", "XFAIL")], "FAILED"), ("XFAIL", [("WARN", "XFAIL"), ("HARD", "PASS")], "WARNED"), ("XFAIL", [("WARN", "XFAIL"), ("HARD", "XFAIL")], "FAILED"),
    ("XFAIL", [], "FAILED"),
])
def test_what_a_verdict_is_in_a_certificate(verdict: str | None, checks: list[tuple[str, str]], expected: str) -> None:
    assert conformance.outcome(scenario(verdict, *checks)) == expected


def test_a_profile_is_reached_when_nothing_is_left_untested(files: Files) -> None:
    run = json.loads(files["run.json"])
    run["requirements"] = [each for each in run["requirements"] if each["id"] in ("TT-1", "TT-4")]
    core = conformance.summary(run).profiles[0]
    assert (core.state, core.held, core.failed, core.untested, core.untestable) == ("reached", 1, (), (), 1)
    run["requirements"] = [each for each in run["requirements"] if each["id"] == "TT-4"]
    assert conformance.summary(run).profiles[0].state == "not tested"


def test_what_is_published_names_no_folder() -> None:
    run = {
        "rerun": RERUN, "notes": ["expected failures: 3 of /home/a/x.toml"], "merged": [{"file": "/tmp/out/1", "index": 1}], "baseline": {"x": 1},
        "expectations": {"file": "/home/a/x.toml", "entries": [], "expired": ["/home/a/x.toml:3: expired"]}, "scenarios": [], "end": None,
    }
    made = published(run)
    assert "baseline" not in made and "/home" not in json.dumps(made) and "/tmp" not in json.dumps(made)
    assert made["rerun"] == "buddycheck run --target target.toml --seed 7" and made["expectations"]["expired"] == ["x.toml:3: expired"]


def test_statements_are_read_with_care() -> None:
    for odd in (None, 3, [], {}, {"predicate": 1}, {"_type": statement.TYPE, "predicateType": statement.PREDICATE, "predicate": {"buddycheck": {}}},
                {"_type": statement.TYPE, "predicateType": statement.PREDICATE, "subject": [{"name": 3}],
                 "predicate": {"configuration": [], "buddycheck": {"format": statement.FORMAT, "version": 1, "product": "x", "made_by": {}}}}):
        assert statement.what_is_wrong(odd)


def test_masked_words_stand_for_anything() -> None:
    assert judge.same("got ******** and", "got a secret and") and not judge.same("got ******** and", "got a secret")
    assert not judge.same({"a": [1]}, {"a": [2]}) and judge.same({"a": [1.0]}, {"a": [1]})
    assert bundle.MOST_FILES > 1000


# The journal alone decides: nothing may be told to a player that is not in it


def test_players_are_told_by_cues_only() -> None:
    engine = ROOT / "harness" / "engine"
    events = set(re.findall(r"^void (player_\w+)\(", (engine / "judge" / "player.h").read_text(), re.MULTILINE)) - {"player_destroy"}
    told = re.compile(rf"\b(?:{'|'.join(events)})\(")
    assert len(events) > 12 and {path.name for path in (engine / "main").glob("*.c") if told.search(path.read_text())} == {"cue.c"}
    replayed = "".join(path.read_text() for path in (engine / "replay").glob("*.c"))
    assert {each for each in events if f"{each}(" not in replayed} == set()
