"""Certificates of real runs: what a server does is judged again from the journal, without the server, elsewhere and by somebody else."""

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from conftest import COMMAND, MARK, ROOT, SECONDS
from test_reference import faulty

SERVERS = ("reference", "reference-tls", "prosody", "ejabberd")
PRODUCT = "Example, Server 1.2"


class Vendor:
    """Somebody with an SSH key."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.key = folder / "key"
        self.bundle = folder / "server-1.2.tar.gz"
        self.allowed = folder / "allowed"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key], check=True)
        self.allowed.write_text(f'security@example.org namespaces="conformance@buddycheck" {(folder / "key.pub").read_text()}')

    def call(self, *argv, cwd=None, **options) -> subprocess.CompletedProcess:
        return subprocess.run([COMMAND, *map(str, argv)], capture_output=True, text=True, timeout=SECONDS, cwd=cwd or self.folder,
                              env=os.environ | dict([MARK.split("=")]), **options)

    def certify(self, run: Path) -> subprocess.CompletedProcess:
        return self.call("certify", run, "--as", PRODUCT, "--key", self.key, "--out", self.bundle)

    def verify(self) -> subprocess.CompletedProcess:
        return self.call("verify", self.bundle, "--allowed-signers", self.allowed)

    def file(self, name: str) -> bytes:
        with tarfile.open(self.bundle) as archive:
            return archive.extractfile(f"server-1.2/{name}").read()

    def statement(self) -> dict:
        return json.loads(self.file("statement.json"))["predicate"]


@pytest.fixture
def vendor(tmp_path):
    return Vendor(tmp_path)


def certified(vendor: Vendor, run) -> subprocess.CompletedProcess:
    """Certifies and verifies; both must work."""
    made = vendor.certify(run.out)
    assert made.returncode == 0, made.stderr
    done = vendor.verify()
    assert done.returncode == 0, done.stderr
    assert "signature: good, by security@example.org" in done.stdout
    return done


@pytest.mark.parametrize("server", SERVERS)
def test_every_verdict_of_a_whole_run_follows_from_its_journal(whole, vendor, server):
    run = whole(server)
    assert run.status in (0, 1), run.text
    plays = sum(len(each["results"]) for each in json.loads((run.out / "run.json").read_text())["scenarios"])
    assert plays > 300
    assert f"journal: {plays} plays judged again, every verdict is as in run.json\n" in certified(vendor, run).stdout
    stated = vendor.statement()
    verdicts = {each["id"]: each["verdict"] for each in json.loads(vendor.file("run.json"))["scenarios"]}
    assert {verdicts[id] for id in stated["failedTests"]} <= {"FAIL", "XFAIL"} and (stated["result"] == "FAILED") == bool(stated["failedTests"])
    assert "FAIL" not in {verdicts[id] for id in [*stated["passedTests"], *stated["warnedTests"]]}
    text = vendor.file("conformance.txt").decode()
    assert ("By the file ci/expect/" in text) == (ROOT / "ci" / "expect" / f"{server}.toml").is_file()
    published = b"".join(vendor.file(name) for name in ("statement.json", "run.json", "journal.jsonl", "conformance.html", "conformance.txt", "doap.xml"))
    secrets = re.findall(r'^(?:password|secret) = "(.+)"', (ROOT / "fixtures" / server / "target.toml").read_text(), re.MULTILINE)
    assert len(secrets) > 3 and [each for each in secrets if each.encode() in published] == []


def test_with_a_fault_the_statement_says_what_failed(buddycheck, vendor, profile):
    run = buddycheck("cancel", "out/once", target=faulty(profile, "M024"))
    assert run.status == 1
    done = certified(vendor, run)
    assert "core: not reached\n" in done.stdout
    stated = vendor.statement()
    assert stated["result"] == "FAILED" and "cancel/with-filled-form" in stated["failedTests"] and "out/once" in stated["passedTests"]
    assert "SB-004 (HARD, XEP-0267 0.5 §1): fails: " in vendor.file("conformance.txt").decode()
    assert "only these were run: cancel, out/once" in vendor.file("conformance.txt").decode()
    assert str(vendor.folder).encode() not in b"".join(vendor.file(name) for name in ("run.json", "conformance.html", "conformance.txt", "statement.json"))


def test_a_server_that_does_not_survive_is_certified_as_failing(buddycheck, vendor, profile):
    run = buddycheck("addr", "adhoc", target=faulty(profile, "M081"))
    assert run.status == 1
    certified(vendor, run)
    assert vendor.statement()["failedTests"] == ["addr/peerjid-too-long"]


def test_repetitions_and_united_shards(buddycheck, vendor):
    certified(vendor, buddycheck("out", "--repeat", "3", target="reference"))
    for number in (1, 2):
        shutil.rmtree(vendor.folder / f"shard{number}", ignore_errors=True)
        run = buddycheck("disco", "cancel", "--shard", f"{number}/2", "--seed", "5", target="reference")
        assert run.status == 0
        shutil.copytree(run.out, vendor.folder / f"shard{number}")
    alone = vendor.certify(vendor.folder / "shard1")
    assert alone.returncode == 2 and "it is shard 1 of 2" in alone.stderr
    assert vendor.call("merge", "shard1", "shard2", "--out", "united").returncode == 0
    made = vendor.certify(vendor.folder / "united")
    assert made.returncode == 0, made.stderr
    assert vendor.verify().returncode == 0


@pytest.fixture
def elsewhere():
    """A folder that everybody may read."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_it_is_verified_by_somebody_else_elsewhere(buddycheck, vendor, elsewhere):
    certified(vendor, buddycheck("disco", target="reference"))
    shutil.copy(vendor.bundle, elsewhere / "b.tar.gz")
    with tarfile.open(vendor.bundle) as archive:
        archive.extractall(elsewhere)
    if os.geteuid() == 0:
        (elsewhere / "b.tar.gz").chmod(0o644)
        other = {"user": 65534, "group": 65534, "extra_groups": []}
    else:
        other = {}
    for name in ("b.tar.gz", "server-1.2"):
        done = vendor.call("verify", name, cwd=elsewhere, **other)
        assert done.returncode == 0, done.stderr
        assert "WHOSE KEY THAT IS WAS NOT CHECKED" in done.stdout


def test_a_stanza_that_is_edited_by_hand_is_named(buddycheck, vendor):
    certified(vendor, buddycheck("out/once", target="reference"))
    with tarfile.open(vendor.bundle) as archive:
        archive.extractall(vendor.folder / "open")
    journal = vendor.folder / "open" / "server-1.2" / "journal.jsonl"
    text = journal.read_text()
    assert text.count("type='subscribe'") == 1
    journal.write_text(text.replace("type='subscribe'", "type='unsubscribe'"))
    done = vendor.call("verify", vendor.folder / "open" / "server-1.2", "--allowed-signers", vendor.allowed)
    assert done.returncode == 1
    assert "journal.jsonl: is not what was signed" in done.stderr and "out/once: run.json says PASS; judged again it is INCONCLUSIVE" in done.stderr
