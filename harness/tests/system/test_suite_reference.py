"""The main job against the built-in target."""

import json


def test_streams_that_a_restarted_target_opens_to_its_buddies_are_ended_in_order(buddycheck):
    """It greets them at its start, also those whose scenario is over: the run must not wait for these streams to die."""
    run = buddycheck("in/approve", "persist/both-after-restart", "--jobs", "2", target="reference")  # --jobs: one instance
    assert run.status == 0, run.failures()
    entries = [json.loads(line) for line in (run.out / "journal.jsonl").read_text().splitlines()]
    over = next(e["n"] for e in entries if e["kind"] == "end-of-play" and e["scenario"] == "in/approve")
    late = {e["stream"] for e in entries
            if e.get("scenario") == "in/approve" and e["n"] > over and (e["kind"], e.get("dir")) == ("header", "out")}
    assert late, "the target opened no stream after the restart: this test proves nothing"
    ended = {e["stream"] for e in entries if (e["kind"], e.get("dir")) == ("end", "out")}
    assert late <= ended
