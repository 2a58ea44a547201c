"""Hooks that touch the whole target, with the engine and the reference server: what they change is put back, and how they fail."""

import json
from pathlib import Path

REPAIR = "rm -f rosters.db-wal rosters.db-shm && mv rosters.good rosters.db"
DAMAGE = "touch rosters.db && cp rosters.db rosters.good && truncate -s 4096 rosters.db"
LIMIT = "--fsize=0:"
NO_LIMIT = "--fsize=unlimited:"
BUILD = ("${fixture}/../../build", str(Path(__file__).resolve().parents[3] / "build"))


def hooks(run) -> list[str]:
    """What the hooks of a run came to, in order."""
    lines = map(json.loads, (run.out / "journal.jsonl").read_text().splitlines())
    return [line["detail"] for line in lines if line["kind"] == "hook-answer"]


def test_target_that_refuses_a_damaged_store_goes_on_with_the_good_one(buddycheck):
    run = buddycheck("persist/store-corrupt", target="reference")
    assert run.status == 0
    assert "malformed" in (run.out / "target.log").read_text()
    assert hooks(run) == ["store_corrupt: done, the target refused to start and was repaired"], "and is not repaired again"


def test_target_that_stays_silent_has_refused_too(buddycheck, profile):
    elsewhere = """sed -i 's/"address": "127.0.0.1"/"address": "127.0.0.9"/' reference.conf"""
    back = """sed -i 's/"address": "127.0.0.9"/"address": "127.0.0.1"/' reference.conf"""
    run = buddycheck("persist/store-corrupt", target=profile(
        BUILD, (f'''"cd '${{dir}}' && {DAMAGE}"''', f"""'''{elsewhere}'''"""), (f'''"cd '${{dir}}' && {REPAIR}"''', f"""'''{back}'''"""),
        ("start = 10000", "start = 4000"), base="reference"))
    assert run.status == 0, run.text
    assert hooks(run) == ["store_corrupt: done, the target refused to start and was repaired"]


def test_damage_that_the_target_lives_with_is_repaired_afterwards(buddycheck, profile):
    run = buddycheck("persist/store-corrupt", "persist/store-fails", target=profile(
        BUILD, (DAMAGE, "touch damaged"), (REPAIR, "rm damaged"), base="reference"))
    assert run.status == 0, run.text
    assert [answer for answer in hooks(run) if "store" in answer] == [
        "store_corrupt: done", "store_repair: done", "store_read_only: done", "store_writable: done"]


def test_target_that_cannot_be_put_back_ends_the_run(buddycheck, profile):
    run = buddycheck("persist/store-fails", target=profile(BUILD, (NO_LIMIT, "--no-such-limit"), base="reference"))
    assert run.status == 3
    assert "the target could not be put back into order: hook store_writable" in run.text


def test_failing_damage_ends_the_run(buddycheck, profile):
    run = buddycheck("persist/store-corrupt", target=profile(BUILD, (DAMAGE, "echo no disk >&2; exit 4"), base="reference"))
    assert run.status == 3
    assert "hook store_corrupt: /usr/bin/sh ended with exit status 4: no disk" in run.text


def test_decision_by_a_program_is_taken_as_a_whole(buddycheck, profile):
    """It has no two stages: nothing happens when it begins."""
    path = Path(profile(BUILD, ('[hooks.deny]\nadhoc = "server-presence#deny"\nfields = { peerjid = "${peer}" }',
                                '[hooks.deny]\nprogram = ["sh", "-c", "echo $$BUDDYCHECK_PEER"]'), ("deadline = 5000", "deadline = 1500"), base="reference"))
    run = buddycheck("in/approve-deny-race", target=str(path))
    begun, finished = [answer for answer in hooks(run) if answer.startswith("deny")]
    assert begun == "deny: done" and finished.startswith("deny: done, marlowe-")
