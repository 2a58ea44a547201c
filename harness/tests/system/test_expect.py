"""Expected failures with real servers; the TAP is read by consumers that are not ours: prove (13) and python3-tap (14)."""

import subprocess

from conftest import COMMAND, ROOT
from tap.parser import Parser

KNOWN = """\
[[expect]]
requirement = "SB-047"
reason = "Prosody without the module does not know the feature"

[[expect]]
requirement = "SB-048"
reason = "likewise"

[[expect]]
requirement = "SB-049"
reason = "likewise"
"""


def expect(tmp_path, text: str) -> str:
    path = tmp_path / "expect.toml"
    path.write_text(text)
    return str(path)


def test_expected_failures_fail_nothing(buddycheck, tmp_path):
    args = ("--expect", expect(tmp_path, KNOWN), "disco/feature-advertised-to-admin", "disco/unknown-node")
    run = buddycheck(*args, target="prosody-stock")
    assert run.status == 0
    assert "# TODO expected: Prosody without the module does not know the feature (FAIL: SB-047" in run.stdout
    assert run.stdout.endswith("1 XFAIL, 1 PASS: exit 0, nothing failed\n")
    tests = [line for line in Parser().parse_text(run.stdout) if line.category == "test"]
    assert [(test.ok, test.todo) for test in tests] == [(False, True), (True, False)]
    text = tmp_path / "run.tap"
    run = [COMMAND, "run", "--target", "prosody-stock", "--out", str(run.out), "--format", f"tap13:{text}", "--format", "plain", *args]
    assert subprocess.run(run, cwd=ROOT, capture_output=True).returncode == 0
    done = subprocess.run(["prove", "-e", "cat", str(text)], capture_output=True, text=True)
    assert (done.returncode, "Result: PASS" in done.stdout) == (0, True), done.stdout


def test_unexpected_pass_fails_the_run(buddycheck, tmp_path):
    path = expect(tmp_path, KNOWN + '\n[[expect]]\nscenario = "disco/unknown-node"\nreason = "mistaken"\n')
    run = buddycheck("--expect", path, "disco/unknown-node", target="prosody-stock")
    assert run.status == 1
    assert run.verdicts() == {"disco/unknown-node": "not ok"}
    assert '  verdict: "XPASS"\n' in run.stdout
    assert f"# XPASS disco/unknown-node: expected to fail, but it came to PASS: mistaken ({path}:13)\n" in run.stdout


def test_unexpected_pass_of_a_requirement_fails_the_run(buddycheck, tmp_path):
    path = expect(tmp_path, '[[expect]]\nrequirement = "DI-021"\nreason = "mistaken"\n')
    run = buddycheck("--expect", path, "DI-021", target="reference")
    assert run.status == 1
    assert "not ok 2 - DI-021: " in run.stdout and "1 XPASS, 1 PASS: exit 1" in run.stdout


def test_what_is_not_judged_fails_nothing(buddycheck):
    """The feature is a rule of XEP-0267 itself and hard; how it is written falls under both limits."""
    args = ("--expect", "none", "disco/feature-advertised-to-admin")
    assert buddycheck(*args, "--level", "must", "--conformance", "core", target="prosody-stock").status == 1
    run = buddycheck(*args, "disco/feature-same-before-and-after-buddy", "--conformance", "core", target="reference")
    assert run.status == 0 and "# judged: --conformance core" in run.stdout


def test_the_file_that_is_made_of_a_red_run_makes_it_green(buddycheck, tmp_path):
    scenarios = ("disco", "cancel", "adhoc", "presence")
    red = buddycheck(*scenarios, target="prosody-stock")
    assert red.status == 1
    path = tmp_path / "expect.toml"
    done = subprocess.run([COMMAND, "expect", "--write", str(red.out), str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    green = buddycheck("--expect", str(path), *scenarios, target="prosody-stock")
    assert green.status == 0 and "expected failures have no reason yet" in green.stderr
    done = subprocess.run([COMMAND, "expect", "--write", str(green.out), str(path)], cwd=ROOT, capture_output=True, text=True)
    assert ": 0 added, " in done.stderr and " 0 taken out" in done.stderr
