"""jabberd2, a server that knows nothing of XEP-0267: what it lacks is skipped or reported, never passed."""

import pytest


def test_what_it_does_wrong_is_known(buddycheck):
    run = buddycheck("in/manual-waits", "disco/feature-advertised-to-admin", "disco/unknown-node", "out/once", "in/approve", target="jabberd2")
    if "is not possible here" in run.stderr:
        pytest.skip(run.stderr)
    assert run.status == 0, run.text
    assert run.verdicts() == {
        "in/manual-waits": "not ok", "disco/feature-advertised-to-admin": "not ok", "disco/unknown-node": "ok",
        "out/once": "skip", "in/approve": "skip",
    }
    for requirement in ("SB-013", "SB-007", "SB-001", "SB-047"):
        assert f"XFAIL {requirement} (HARD)" in run.stdout, requirement
    assert "needs command" in run.stdout and "no hook 'approve'" in run.stdout


def test_it_needs_a_private_network(buddycheck):
    run = buddycheck("disco", "--network", "host", target="jabberd2")
    assert run.status == 2 and run.stderr.count("\n") == 1
    assert "the target jabberd2 needs real ports and plain DNS: leave out --network host" in run.stderr
