"""Shards with a real server: together they are the whole run."""

import json
import subprocess

from conftest import COMMAND, ROOT

AREAS = ("cancel", "disco", "persist", "caps")


def test_shards_are_the_whole(buddycheck, tmp_path, monkeypatch):
    whole = buddycheck(*AREAS, target="reference")
    monkeypatch.setenv("CI_NODE_TOTAL", "3")
    shards = []
    for index in "123":
        monkeypatch.setenv("CI_NODE_INDEX", index)
        shards.append(str(tmp_path / f"s{index}"))
        run = buddycheck("--shard", "auto", *AREAS, "--out", shards[-1], target="reference")
        assert run.status == 0, run.stderr
    done = subprocess.run([COMMAND, "merge", *shards, "--out", str(tmp_path / "united")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([COMMAND, "compare", str(whole.out), str(tmp_path / "united")], cwd=ROOT, capture_output=True, text=True)
    assert "no verdict changed: no regression, exit 0" in done.stdout
    done = subprocess.run([COMMAND, "report", str(tmp_path / "united")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "united" / "run.json").read_text())
    lines = [json.loads(line) for line in (tmp_path / "united" / "journal.jsonl").read_text().splitlines()]
    assert [each["n"] for each in lines] == list(range(1, run["journal"]["lines"] + 1))
    for each in run["scenarios"]:
        first, last = each["results"][0]["journal"]
        assert {line.get("scenario") for line in lines[first - 1 : last]} >= {each["id"]}
