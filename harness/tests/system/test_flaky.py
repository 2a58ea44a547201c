"""Repetitions that differ, with the engine and the reference server: a roster hook that tells the truth only once."""

from pathlib import Path

HOOK = """\
#!/bin/sh
mkdir "$BUDDYCHECK_DIR/asked" 2>/dev/null || echo "$BUDDYCHECK_PEER both"
"""


def test_flaky(buddycheck, profile):
    path = Path(profile(
        ('adhoc = "server-presence#roster"\nresult = "roster"', 'program = ["./roster.sh"]'),
        ("${fixture}/../../build", str(Path(__file__).resolve().parents[3] / "build")), base="reference",
    ))
    (path.parent / "roster.sh").write_text(HOOK)
    (path.parent / "roster.sh").chmod(0o755)
    run = buddycheck("--repeat", "3", "out/unasked-subscribed", "disco/info-as-set", target=str(path))
    assert run.status == 1
    assert "1..7\n" in run.stdout
    assert "not ok 7 - out/unasked-subscribed: An approval" in run.stdout
    assert '  verdict: "FLAKY"\n  reason: "2 FAIL, 1 PASS in 3 repetitions"\n' in run.stdout
    assert run.stdout.endswith("# 2 FAIL, 1 FLAKY, 4 PASS: exit 1, some requirement failed or something passed unexpectedly\n")
    assert 'type="FLAKY"' in (run.out / "junit.xml").read_text()
