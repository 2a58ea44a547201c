"""`buddycheck interop` with real servers: two of the reference server, which are fast."""

import json
import os
import subprocess

from conftest import COMMAND, MARK, ROOT, SECONDS


def test_reference_with_itself(tmp_path) -> None:
    done = subprocess.run(
        [COMMAND, "interop", "reference", "reference", "--out", tmp_path], capture_output=True, text=True, timeout=SECONDS, cwd=ROOT,
        env=os.environ | dict([MARK.split("=")]), check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "ok 1 - reference reference\n" in done.stdout
    journal = [json.loads(line) for line in (tmp_path / "reference-reference" / "journal.jsonl").read_text().splitlines()]
    crossed = [each for each in journal if each["kind"] == "stanza" and "<presence" in each["data"]]
    for sender in ("left.test", "right.test"):
        for kind in ("subscribe", "subscribed"):
            assert any(each["actor"] == sender and f"type='{kind}'" in each["data"] for each in crossed), (sender, kind)
    assert any(each["kind"] == "dns" and each["actor"] == "left.test" for each in journal)
    assert "-secret" not in json.dumps(journal)
