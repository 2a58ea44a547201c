"""`buddycheck merge`: shards become one run that all reports take; what does not belong together is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench, Done
from test_model import document, finished

ROW = '{{"n":{n},"t":{t},"kind":"stanza","scenario":"{id}","actor":"Bard","stream":1,"dir":"in","data":"<iq/>","facts":{{"line":{n}}}}}\n'


def journal(id: str) -> str:
    return "".join(ROW.format(n=number, t=100 * number, id=id) for number in (1, 2, 3))


def shards(bench: Bench, *, verdicts: tuple[dict[str, str] | None, ...] = (None, None), **script: Any) -> list[str]:
    """A run for each; their folders."""
    names = []
    for number, each in enumerate(verdicts, 1):
        bench.script.update(script)
        exit = 1 if "FAIL" in str(each) else 0
        bench.actions({"bound": 0}, {"expect": "started"}, {"journal": journal("disco/admin")}, {"judge": each or {"*": "PASS"}},
                      {"tap": "TAP version 14\n1..0\n"}, {"end": exit})
        bench.run("--shard", f"{number}/{len(verdicts)}")
        bench.out.rename(bench.root / f"s{number}")
        names.append(f"s{number}")
    return names


def merged(bench: Bench, *names: str) -> Done:
    return bench.call("merge", *names, "--out", "out")


def change(folder: Path, **fields: Any) -> None:
    """Changes run.json; a key with `__` goes one deeper."""
    path = folder / "run.json"
    run = json.loads(path.read_text())
    for key, value in fields.items():
        outer, _, inner = key.partition("__")
        if inner:
            run[outer][inner] = value
        else:
            run[outer] = value
    path.write_text(json.dumps(run))


def test_the_union_is_a_run_like_others(bench: Bench) -> None:
    finished(bench)
    whole = document(bench)
    bench.out.rename(bench.root / "whole")
    names = shards(bench)
    done = merged(bench, *reversed(names))
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("united from 2 of 2 shards\nkept in out\n4 PASS: exit 0, nothing failed\n")
    run = document(bench)
    for key in ("target", "profile", "options", "counts", "exit", "seed", "rerun", "not_run", "flaky", "abort"):
        assert run[key] == whole[key], key
    assert [each["id"] for each in run["scenarios"]] == [each["id"] for each in whole["scenarios"]]
    assert [(each["id"], each["verdict"], each["decided_by"]) for each in run["requirements"]] == [
        (each["id"], each["verdict"], each["decided_by"]) for each in whole["requirements"]]
    assert run["end"]["counts"] == whole["end"]["counts"] and "shard" not in run
    assert [(each["index"], each["file"]) for each in run["merged"]] == [(1, "s1"), (2, "s2")]
    assert bench.call("compare", "whole", "out").out.endswith("no verdict changed: no regression, exit 0\n")
    assert bench.call("report", "out").status == 0
    assert bench.call("report", "out", "--format", "junit").out == bench.file("junit.xml")
    assert len(bench.file("results.jsonl").splitlines()) == 4
    points = bench.file("run.tap").splitlines()
    assert points[:2] == ["TAP version 14", "1..4"] and points[2].startswith("ok 1 - cancel/at-form: title of cancel/at-form")


def test_journals_are_numbered_on(bench: Bench) -> None:
    names = shards(bench, verdicts=(None, {"*": "FAIL"}), failure="got, line 2 of the journal: <iq/>\njournal: s2/journal.jsonl, lines 1 to 3")
    assert merged(bench, *names).status == 1
    entries = [json.loads(line) for line in bench.file("journal.jsonl").splitlines()]
    assert [(each["n"], each["stream"], each["t"], each["facts"]["line"]) for each in entries] == [
        (1, 1, 100, 1), (2, 1, 200, 2), (3, 1, 300, 3), (4, 2, 400, 4), (5, 2, 500, 5), (6, 2, 600, 6)]
    run = document(bench)
    assert run["journal"]["lines"] == 6 and [each["journal"]["first_line"] for each in run["merged"]] == [1, 4]
    failed = next(each["results"][0] for each in run["scenarios"] if each["verdict"] == "FAIL")
    assert failed["failure"] == "got, line 5 of the journal: <iq/>\njournal: out/journal.jsonl, lines 4 to 6"


def test_evidence_speaks_of_the_united_journal(bench: Bench) -> None:
    shown = {"evidence": {"kind": "missed", "line": 2, "refusals": [{"actor": "Bard", "line": 1}, {"actor": "Kyd"}]}, "detail": "line 2 of the journal"}
    trouble = {"verdict": "INCONCLUSIVE", "text": "lost", "evidence": {"kind": "lost", "said": "Bard, line 3 of the journal: <iq/>"}}
    names = shards(bench, verdicts=(None, {"*": "FAIL"}), shown=shown, besides={"trouble": trouble, "unexpected": [{"kind": "unexpected", "line": 3}]})
    assert merged(bench, *names).status == 1
    failed = next(each["results"][0] for each in document(bench)["scenarios"] if each["verdict"] == "FAIL")
    assert failed["checks"][0]["evidence"] == {"kind": "missed", "line": 5, "refusals": [{"actor": "Bard", "line": 4}, {"actor": "Kyd"}]}
    assert failed["checks"][0]["detail"] == "line 5 of the journal"
    assert failed["trouble"]["evidence"]["said"] == "Bard, line 6 of the journal: <iq/>"
    assert failed["unexpected"] == [{"kind": "unexpected", "line": 6}]


def test_a_shard_that_is_missing_leaves_a_run_that_says_so(bench: Bench) -> None:
    names = shards(bench, verdicts=(None, None, None))
    done = merged(bench, names[0], names[2])
    assert done.status == 3
    run = document(bench)
    assert len(run["not_run"]) == 1 and run["abort"]["step"] == "merge"
    assert run["abort"]["reason"] == f"shard 2/3 is missing, 1 scenarios ({run['not_run'][0]})"
    assert "the run could not go on (merge): shard 2/3 is missing" in done.out
    assert bench.file("run.tap").splitlines()[-1].startswith("Bail out! merge: shard 2/3 is missing, 1 scenarios (")
    assert bench.call("report", "out").status == 0 and bench.call("compare", "out", "out").status == 3


def test_a_shard_that_was_cut_short_is_named(bench: Bench) -> None:
    names = shards(bench)
    change(bench.root / "s2", interrupted=15)
    assert merged(bench, *names).status == 3
    assert document(bench)["abort"]["reason"] == "shard 2/2: interrupted by signal 15"


@pytest.mark.parametrize("fields, words", [
    ({"target__name": "other"}, "the target differs: fake in s1, other in s2"),
    ({"profile__zone": "x.test"}, "the target's profile differs"),
    ({"harness__version": "99"}, "the version of buddycheck differs"),
    ({"catalogue__scenarios": 64 * "0"}, "the catalogue differs"),
    ({"options__level": "must"}, '--level differs: all in s1, must in s2'),
    ({"seed": 8}, "the seeds differ though --seed was given: 7, 8; give all shards one seed, or none"),
    ({"target__software": {"name": "Other"}}, "the target's version differs: Fake in s1, Other in s2"),
    ({"shard__index": 1}, "shard 1/2 is there twice, in s1 and s2: 4 scenarios (disco/admin"),
    ({"shard__total": 3}, "the number of shards differs: 2 in s1, 3 in s2"),
    ({"shard__scenarios": ["disco/admin"]}, "the selection of scenarios differs"),
    ({"version": 9}, "has version 9 of the format"),
])
def test_what_does_not_belong_together(bench: Bench, fields: dict[str, Any], words: str) -> None:
    names = shards(bench, software={"name": "Fake"})
    change(bench.root / "s2", **fields)
    done = merged(bench, *names)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1) and words in done.err
    assert not bench.out.exists()


def test_scenarios_that_are_there_twice_are_named(bench: Bench) -> None:
    names = shards(bench)
    first = json.loads((bench.root / "s1" / "run.json").read_text())
    change(bench.root / "s2", scenarios=first["scenarios"])
    assert "there twice, in s1 and s2: 2 scenarios (" in merged(bench, *names).err


def test_other_wrong_use(bench: Bench) -> None:
    finished(bench)
    bench.out.rename(bench.root / "whole")
    assert "whole: is no shard of a run: it was made without --shard" in merged(bench, "whole").err
    names = shards(bench)
    assert "is the folder of one of the runs" in bench.call("merge", *names, "--out", "s1").err
    assert "required: --out" in bench.call("merge", *names).err
    (bench.root / "s1" / "journal.jsonl").write_text("")
    assert "s1/journal.jsonl: is not the journal of that run" in merged(bench, *names).err


def test_a_requirement_passes_unexpectedly_only_in_the_union(bench: Bench) -> None:
    (bench.root / "expect").mkdir()
    (bench.root / "expect" / "fake.toml").write_text('[[expect]]\nrequirement = "DI-002"\nreason = "It was so."\n')
    verdicts = {"disco/user": "PASS DI-002", "*": "PASS"}
    done = merged(bench, *shards(bench, verdicts=(verdicts, verdicts)))
    assert done.status == 1 and "XPASS DI-002: expected to fail, but it holds in every scenario that decides it: It was so." in done.out
    assert {each["id"]: each["verdict"] for each in document(bench)["requirements"]}["DI-002"] == "XPASS"
