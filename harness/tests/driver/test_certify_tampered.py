"""Certificates: whatever is tampered with is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from buddycheck import judge, model
from certificates import ALL, Files, Workshop, broken, each_result, replaced, verify
from hypothesis import given, settings
from hypothesis import strategies as st

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
    "where a check stands": (lambda run: each_result(run, "demo/approved")["checks"][0].update(play_line=9), "demo/approved: its 'checks' in run.json is not"),
    "what nobody asked for": (lambda run: each_result(run, "demo/quiet")["unexpected"].append({"kind": "unexpected"}), "demo/quiet: its 'unexpected'"),
    "why it was skipped": (lambda run: each_result(run, "demo/kept")["trouble"].update(text="no reason"), "demo/kept: its 'trouble'"),
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
