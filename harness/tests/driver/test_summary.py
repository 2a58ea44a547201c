"""The summary in plain text: lines that other tests do not make."""

from __future__ import annotations

from typing import Any

from buddycheck import summary
from buddycheck.results import Outcome


def _lines(**end: Any) -> list[str]:
    return summary.render(Outcome("fake", (), {}, end={"requirements": {}, **end}), "out")


def test_a_quiet_window_that_was_too_short_is_told() -> None:
    lines = _lines(hasty={"ms": 98.4, "quiet_ms": 196.8, "again": 2})
    assert [line for line in lines if "quiet window" in line] == [
        "quiet window too short: an answer overtook what was due before it by 98 ms, so silence was waited for 197 ms from then on, "
        "and 2 scenarios were played once more; timing.quiet of the profile should be 197"
    ]


def test_a_target_with_one_session_at_a_time_is_told() -> None:
    assert [line for line in _lines(one_session=True) if line.startswith("one session of a command for each requester")]
    assert not [line for line in _lines(one_session=False) if "session" in line]


def test_one_that_was_long_enough_is_not() -> None:
    assert not [line for line in _lines(hasty=None) + _lines() if "quiet window" in line]
