"""The summary in plain text: counts, failures with reason and text, what was not run, what the exit status means."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import EXIT_INTERRUPTED
from .results import MEANING, Outcome, Result

SLOWEST = 3
LISTED = 10
MANY = 4  # more scenarios than these that are skipped for the same reason are one line


def render(outcome: Outcome, folder: str, texts: bool = True) -> list[str]:
    """The lines of the summary; without `texts` a failure is one line, for where its text has been said already."""
    lines = [_headline(outcome)]
    for result in outcome.failures():
        lines += _failure(result, texts)
    lines += [f"FLAKY {id}: {words}" for id, words in outcome.flaky().items()]
    lines += [f"XPASS {id}: {words}" for id, words in outcome.unexpected_passes().items()]
    lines += [f"INCONCLUSIVE run: {line}" for line in outcome.mysteries()]
    lines += _remarks(outcome)
    lines += of_target(outcome)
    lines += _not_run(outcome)
    lines += _slowest(outcome)
    if outcome.abort_step:
        lines.append(f"the run could not go on ({outcome.abort_step}): {outcome.abort_reason}")
    lines += outcome.notes
    lines.append(f"kept in {folder}")
    lines.append(last_line(outcome))
    return [printable(line) for line in lines]


def printable(line: str) -> str:
    """A line that does nothing to a terminal: control characters are written as escapes."""
    return "".join(char if char.isprintable() or char == "\t" else f"\\x{ord(char):02x}" for char in line)


def last_line(outcome: Outcome) -> str:
    """One line for those who read no more."""
    status = outcome.exit_status()
    meaning = MEANING.get(status, MEANING[EXIT_INTERRUPTED])
    return f"{count_words(outcome.counts()) or 'nothing judged'}: exit {status}, {meaning}"


def count_words(counts: Mapping[str, int]) -> str:
    """`2 FAIL, 38 PASS`; verdicts that did not occur are left out."""
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)


def _headline(outcome: Outcome) -> str:
    end = outcome.end or {}
    words = [f"target {outcome.target}", f"{len(outcome.results)} of {len(outcome.selected) * outcome.repeat} scenarios judged"]
    if "seconds" in end:
        words.append(f"{end['seconds']:.2f} s, engine CPU {end.get('cpu_seconds', 0):.2f} s")
    if outcome.target_cpu_seconds:
        words.append(f"target CPU {outcome.target_cpu_seconds:.2f} s")
    words.append(f"seed {outcome.seed}")
    return ", ".join(words)


def _failure(result: Result, texts: bool) -> list[str]:
    again = f" (repetition {result.repeat})" if result.repeat > 1 else ""
    line = f"{result.verdict} {result.scenario}{again}: {result.reason or result.title}"
    if not texts:
        return [line]
    return ["", line, *(f"    {each}".rstrip() for each in (result.failure or "").splitlines())]


def _remarks(outcome: Outcome) -> list[str]:
    """What did not fail the run but is no plain PASS, one line each; the requirements last."""
    failed = {id(result) for result in outcome.failures()}
    rest = [each for each in outcome.results if each.verdict != "PASS" and id(each) not in failed]
    skipped: dict[str, list[str]] = {}
    for each in rest:
        if each.verdict == "SKIP":
            skipped.setdefault(each.reason, []).append(each.scenario)
    many = {reason: ids for reason, ids in skipped.items() if len(ids) > MANY}
    lines = [f"{each.verdict} {each.scenario}: {each.reason}" for each in rest if each.verdict != "SKIP" or each.reason not in many]
    lines += [f"SKIP {_listed(ids)}: {reason}" for reason, ids in sorted(many.items(), key=lambda item: -len(item[1]))]
    if outcome.end and (requirements := count_words(outcome.end["requirements"])):
        lines.append(f"requirements: {requirements}")
    return ["", *lines] if lines else [""]


def hasty_words(outcome: Outcome) -> str:
    """That the profile's quiet window is too short for this target; empty: it is long enough."""
    hasty = outcome.too_hasty()
    if not hasty:
        return ""
    again = f", and {hasty['again']} scenarios were played once more" if hasty["again"] else ""
    return (f"quiet window too short: an answer overtook what was due before it by {hasty['ms']:.0f} ms, so silence was waited for "
            f"{hasty['quiet_ms']:.0f} ms from then on{again}; timing.quiet of the profile should be {hasty['quiet_ms']:.0f}")


def of_target(outcome: Outcome) -> list[str]:
    """What the run found out about the target that its profile does not say, one line each."""
    lines = [hasty_words(outcome)] if outcome.too_hasty() else []
    if outcome.one_session():
        lines.append("one session of a command for each requester is all that the target allows (XEP-0050 section 3.3): plays with an administrator took turns")
    return lines


def _not_run(outcome: Outcome) -> list[str]:
    lines = []
    if missing := outcome.not_run():
        lines.append(f"not run: {_listed(missing)}")
    unfinished = [id for (id, _), verdict in outcome.provisional.items() if verdict]
    if unfinished:
        lines.append(f"played but without a final verdict (see the journal): {_listed(list(dict.fromkeys(unfinished)))}")
    if outcome.left_out_slow:
        lines.append(f"not run without --slow: {_listed(list(outcome.left_out_slow))}")
    return lines


def _slowest(outcome: Outcome) -> list[str]:
    if len(outcome.results) <= SLOWEST:
        return []
    slowest = sorted(outcome.results, key=lambda result: -result.ms)[:SLOWEST]
    return ["slowest: " + ", ".join(f"{result.scenario} {result.ms:.0f} ms" for result in slowest)]


def _listed(ids: list[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"{len(ids)} ({', '.join(ids[:LISTED])}{more})"
