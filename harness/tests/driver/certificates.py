"""A kept run that needs no target: small scenarios, a journal made by hand, judged by the real engine. And what verifying it says."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from buddycheck import bundle, judge, model, origin
from buddycheck.cli import main
from buddycheck.places import Places
from buddycheck.results import Outcome
from conftest import HERE, Done

ROOT = HERE.parents[2]
ENGINE = ROOT / "build" / "buddycheck-engine"
PRODUCT = "Vendor, Product 1.2"
JOURNAL_PATH = "/home/vendor/work/out/journal.jsonl"
RERUN = "/opt/vendor/bin/buddycheck run --target /home/vendor/servers/target.toml --seed 7"

Files = dict[str, bytes]
SEALED = ("conformance.html", "conformance.txt", "doap.xml", "journal.jsonl", "run.json", "scenarios/demo/approved.scs", "scenarios/demo/kept.scs",
          "scenarios/demo/quiet.scs", "scenarios/phrases/background.rules", "scenarios/requirements.tsv")
ALL = (*SEALED, "statement.json", "statement.json.sig")

COLUMNS = "id\tsource\tlevel\tsubject\tarea\tstatement\tobservable\tpreconditions\tstrictness\tparts\twhy_none\tnotes\n"
REQUIREMENTS = COLUMNS + "".join("\t".join(row) + "\n" for row in (
    ["TT-1", "XEP-0267 0.5 §1", "MUST", "server", "area", "A request is approved.", "", "", "HARD", "", "", ""],
    ["TT-2", "RFC 6121 §3", "SHOULD", "server", "area", "It keeps still.", "", "", "WARN", "", "", ""],
    ["TT-3", "XEP-0267 0.5 §2", "MUST", "server", "area", "It is kept.", "", "", "HARD", "", "", ""],
    ["TT-4", "XEP-0267 0.5 §3", "MUST", "server", "area", "It is meant.", "", "", "HARD", "", "nobody sees it", ""],
    ["XC-001", "RFC 6120 §8", "MUST", "server", "area", "It has from and to.", "", "", "HARD", "", "waits: for a scenario", ""],
))
SCENARIOS = {
    "requirements.tsv": REQUIREMENTS,
    "phrases/background.rules": "a peer answers:\n\t<iq type='get'>\n\t\t<ping xmlns='urn:xmpp:ping'/>\n\t</iq>\n\t<iq type='result'/>\n",
    "demo/approved.scs": "# A request is approved\n# It asks.\n\n[Peer] Marlowe\n\n-----\n\nMarlowe sends:\n\t<presence type='subscribe'/>\n\nMarlowe receives:\n"
                         "\t<presence type='subscribed'/>\n\tTT-1 it is approved\n",
    "demo/quiet.scs": "# Nothing comes\n\n[Peer] Kyd\n\n-----\n\nKyd receives: nothing\n\tTT-2 it keeps still\n",
    "demo/kept.scs": "# It is kept\n\n## exclusive\n\n[Peer] Marlowe\n\n-----\n\nthe target restarts\n\nMarlowe sends:\n\t<presence type='subscribe'/>\n\nMarlowe receives:\n"
                     "\t<presence type='subscribed'/>\n\tTT-3 it is kept\n",
}
HEADER = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='srv.test' to='marlowe.test' version='1.0'>"
SUBSCRIBE = '<presence type="subscribe" from="marlowe.test" to="srv.test"/>'
SUBSCRIBED = "<presence from='srv.test' to='marlowe.test' type='subscribed'/>"
UNSUBSCRIBED = SUBSCRIBED.replace("subscribed", "unsubscribed")
FENCE = "<iq type='get' id='k2-fence1-0' from='kyd.test' to='srv.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
ANSWER = "<iq type='result' id='k2-fence1-0' from='srv.test' to='kyd.test'/>"
VERSION = "<iq type='result' id='version1'><query xmlns='jabber:iq:version'><name>Demo</name>\n<version> 1.2</version></query></iq>"


class Journal:
    """A journal in the making; lines are numbered and get later by 10 microseconds each."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.time = 0

    def add(self, kind: str, **more: Any) -> int:
        """One line; its number."""
        self.time += 10
        self.lines.append({"n": len(self.lines) + 1, "t": self.time, "kind": kind, **more})
        return len(self.lines)

    def cue(self, scenario: str, actor: str | None, what: str, **facts: Any) -> None:
        """What a player is told."""
        self.add("cue", scenario=scenario, **({"actor": actor} if actor else {}), detail=what, facts=facts)

    def crosses(self, scenario: str, actor: str, direction: str, octets: str, kind: str = "stanza") -> int:
        """What crosses the wire."""
        return self.add(kind, scenario=scenario, actor=actor, stream=1 if actor == "Marlowe" else 2, dir=direction, data=octets)

    def comes(self, scenario: str, actor: str, octets: str) -> None:
        """A stanza of the target, and that the player is told."""
        line = self.crosses(scenario, actor, "in", octets)
        self.cue(scenario, actor, "stanza", line=line, opened_by_target=1, validated=1, bidi=0, content_ns="jabber:server")

    def begins(self, scenario: str, token: str, addresses: str) -> None:
        """A play begins."""
        self.add("begin", scenario=scenario, facts={"token": token, "addresses": addresses})

    def ends(self, scenario: str, verdict: str) -> None:
        """A play ends."""
        self.cue(scenario, None, "end", verdict="PASS")
        self.add("end-of-play", scenario=scenario, detail=verdict)

    def text(self) -> str:
        """The file."""
        return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines)


def journal(answer: str = SUBSCRIBED, approved: str = "PASS", format: int = 2) -> Journal:
    """One play that passes (with that answer), one that proves silence, one that is skipped."""
    made = Journal()
    made.add("run", facts={"format": format, "seed": 7, "target": "srv.test", "quiet": 60000, "deadline": 5000000, "has": "claim:command\naccount:admin\ncomponents:2"})
    made.begins("demo/approved", "k1", "marlowe.test")
    made.begins("demo/quiet", "k2", "kyd.test")
    made.begins("demo/kept", "k3", "marlowe.test")
    made.crosses("demo/approved", "Marlowe", "in", HEADER, "header")
    made.crosses("demo/quiet", "Kyd", "in", HEADER.replace("marlowe", "kyd"), "header")
    made.crosses("demo/approved", "Marlowe", "out", SUBSCRIBE)
    made.crosses("demo/quiet", "Kyd", "out", FENCE)
    made.comes("demo/approved", "Marlowe", answer)
    made.comes("demo/quiet", "Kyd", ANSWER)
    made.time += 60000
    made.cue("demo/quiet", None, "deadline")
    if approved == "FAIL":
        made.time += 5000000
        made.cue("demo/approved", None, "deadline")
    made.ends("demo/approved", approved)
    made.ends("demo/quiet", "PASS")
    made.ends("demo/kept", "SKIP")
    made.add("stanza", stream=3, dir="in", data=VERSION)
    made.add("end")
    return made


class Workshop:
    """A folder with scenarios, a kept run, keys; runs the command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in SCENARIOS.items():
            path = root / "scenarios" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.environ = {"PATH": "/usr/bin:/bin", "HOME": str(root), "BUDDYCHECK_SCENARIOS": str(root / "scenarios"), "BUDDYCHECK_ENGINE": str(ENGINE)}
        self.places = Places.find(self.environ, root)
        self.key("vendor")

    def key(self, name: str, passphrase: str = "") -> Path:
        """A new key of that name, and a file of allowed signers that names it."""
        path = self.root / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", path], check=True)
        (self.root / f"{name}.allowed").write_text(f'{name}@example.org namespaces="conformance@buddycheck" {path.with_suffix(".pub").read_text()}')
        return path

    def run(self, made: Journal | None = None, **more: Any) -> dict[str, Any]:
        """Keeps a run with that journal in the folder `run`; its document."""
        folder = self.root / "run"
        folder.mkdir(exist_ok=True)
        (folder / "journal.jsonl").write_text((made or journal()).text())
        run = {**self.document(folder), **more}
        (folder / "run.json").write_text(model.text(run))
        return run

    def document(self, folder: Path) -> dict[str, Any]:
        """What a run would have written."""
        run: dict[str, Any] = {
            "format": model.FORMAT, "version": model.VERSION, "harness": {"version": "0.1.0", "commit": "0" * 40, "modified": False},
            "catalogue": origin.catalogue(self.root / "scenarios"),
            "target": {"name": "demo", "description": "", "product": "demo", "software": {"name": "Demo", "version": "1.2"}},
            "profile": {"domains": ["srv.test"], "off_domain": None, "c2s": {"address": "127.0.0.1", "tls": "none"}, "s2s": {"address": "127.0.0.1"},
                        "zone": "peers.test", "srv_target": "name", "timing": {"quiet": 60}, "accounts": {"admin": "admin@srv.test"}, "claims": {"command": True},
                        "hooks": {}, "started": True},
            "options": {"jobs": 0, "patience": 1.0, "network": "host", "selectors": [], "exclude": [], "slow": False, "level": "all",
                        "conformance": "dependents", "strict": False, "repeat": 1},
            "expectations": {"file": None, "entries": [], "expired": []}, "seed": 7, "started": "2026-11-22T12:00:00Z", "seconds": 1.0, "rerun": RERUN,
            "notes": [], "interrupted": None, "abort": None, "journal": model.journal(folder / "journal.jsonl"), "left_out_slow": [], "unfinished": [],
            "ready_ms": 1.0, "target_cpu_seconds": 0.1, "cost": {"seconds": 1.0},
        }
        found = judge.again(run, folder / "journal.jsonl", self.root / "scenarios", self.places, self.environ, JOURNAL_PATH)
        results = sorted(found.results.values(), key=lambda each: each.scenario)
        failed = any(each.verdict == "FAIL" for each in results)
        outcome = Outcome(
            target="demo", selected=tuple(each.scenario for each in results), verdicts=found.known.verdicts, results=results, seed=7,
            end={"event": "end", "counts": {}, "requirements": {}, "exit": 1 if failed else 0, "seconds": 1.0, "not_run": [], "unexpected_passes": [], "lost": []},
        )
        waited = {"ms": 1.0, "for": "a stanza", "line": None, "step": None}
        outcome.results = [dataclasses.replace(each, waited=waited) for each in results]
        return {**run, "end": outcome.end, **json.loads(json.dumps(model.judged(outcome, found.known)))}

    def call(self, *argv: str) -> Done:
        """A command, as a user gives it."""
        out, err = io.StringIO(), io.StringIO()
        status = main(argv, self.environ, self.root, out, err)
        return Done(status, out.getvalue(), err.getvalue())

    def certify(self, *more: str, out: str = "product.tar.gz", key: str = "vendor") -> Done:
        """`buddycheck certify`."""
        return self.call("certify", "run", "--as", PRODUCT, "--key", key, "--out", out, *more)

    def files(self, name: str = "product.tar.gz") -> dict[str, bytes]:
        """What is in a bundle."""
        return bundle.read(self.root / name, name)

    def put(self, files: Mapping[str, bytes], name: str = "changed") -> str:
        """The bundle as a folder; its name."""
        shutil.rmtree(self.root / name, ignore_errors=True)
        for file, content in files.items():
            path = self.root / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return name

    def sealed(self, files: Mapping[str, bytes], key: str = "vendor", namespace: str = "conformance@buddycheck") -> dict[str, bytes]:
        """The same files with digests and signature made anew, as only the vendor can."""
        made = dict(files)
        stated = json.loads(made[bundle.STATEMENT])
        for each in [*stated["subject"], *stated["predicate"]["configuration"]]:
            if each["name"] in made:
                each["digest"]["sha256"] = hashlib.sha256(made[each["name"]]).hexdigest()
        made[bundle.STATEMENT] = (json.dumps(stated, indent=1, ensure_ascii=False) + "\n").encode()
        return {**made, bundle.SIGNATURE: self.signature(made[bundle.STATEMENT], key, namespace)}

    def signature(self, octets: bytes, key: str, namespace: str) -> bytes:
        """A signature by ssh-keygen itself."""
        return subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", self.root / key], input=octets, capture_output=True, check=True).stdout

    def with_journal(self, files: Mapping[str, bytes], text: str) -> dict[str, bytes]:
        """The bundle with another journal, whose digest run.json tells; not sealed."""
        run = json.loads(files[bundle.RUN])
        octets = text.encode()
        run["journal"] = {"file": "journal.jsonl", "sha256": hashlib.sha256(octets).hexdigest(), "lines": octets.count(b"\n")}
        return {**files, bundle.JOURNAL: octets, bundle.RUN: model.text(run).encode()}


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


def replaced(before: str, after: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return edit


def each_result(run: dict[str, Any], id: str) -> dict[str, Any]:
    [scenario] = [each for each in run["scenarios"] if each["id"] == id]
    return scenario["results"][0]  # type: ignore[no-any-return]
