"""What is no certificate, and what cannot be made one: bundles, runs, keys, places."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from buddycheck import model
from certificates import PRODUCT, UNSUBSCRIBED, Files, Workshop, each_result, journal, refused, replaced, verify
from hypothesis import given, settings
from hypothesis import strategies as st

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
