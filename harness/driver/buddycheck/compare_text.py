"""A comparison (compare.py) in words: lines of text, and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import summary
from .errors import EXIT_FAILED, EXIT_OK

LISTED = 10  # of what is worth knowing, but no failure
Comparison = Mapping[str, Any]


def number(count: int, what: str) -> str:
    """`1 scenario`, `2 scenarios`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def headline(found: Comparison) -> str:
    """One sentence: whether something regressed."""
    if found["new_failures"]:
        return f"{number(len(found['new_failures']), 'regression')}, exit {EXIT_FAILED}"
    if found["exit"] == EXIT_OK:
        return f"no regression, exit {EXIT_OK}"
    return f"no regression among what was judged, but not everything was, exit {found['exit']}"


def counts(found: Comparison) -> str:
    """What is not the same, in numbers."""
    words = [
        f"{len(found[key])} {what}" for key, what in (
            ("new_failures", "new failures"), ("fixed", "fixed"), ("not_judged", "not judged any more"), ("changed", "otherwise changed"),
            ("new", "new"), ("vanished", "vanished"),
        ) if found[key]
    ]
    words += [f"{len(found['requirements'][key])} requirements {key}" for key in ("worse", "better") if found["requirements"][key]]
    return ", ".join(words) or "no verdict changed"


def identity(one: Mapping[str, Any]) -> str:
    """Which run it is."""
    harness = one["harness"]
    commit = f" {harness['commit'][:12]}{' (modified)' if harness['modified'] else ''}" if harness["commit"] else ""
    words = [f"{one['target']} ({one['software']})" if one["software"] else one["target"], one["started"],
             f"buddycheck {harness['version']}{commit}", summary.count_words(one["counts"]) or "nothing judged"]
    return f"{one['file']}: {', '.join(words)}"


def lines(found: Comparison, with_run: bool = True) -> list[str]:
    """The whole comparison; without `with_run` for where the run itself has been told."""
    made = [f"compared with the baseline {identity(found['baseline'])}"]
    made += [f"the run  {identity(found['run'])}"] if with_run else []
    made += [f"note: {each}" for each in found["remarks"]]
    for each in found["new_failures"]:
        made += ["", f"NEW FAILURE {each['scenario']}: {_move(each)}: {each['reason'] or each['title']}"]
        made += [f"    {lost['id']}: {_move(lost)}" for lost in each["requirements"]]
        made += ["    the scenario itself has changed since the baseline"] if each["script_changed"] else []
        made.append(f"    again: {each['again']}")
    made += [""]
    made += [f"fixed {each['scenario']}: {_move(each)}{_stale(each)}" for each in found["fixed"]]
    made += [f"not judged any more {each['scenario']}: {_move(each)}: {each['reason']}" for each in found["not_judged"]]
    made += [f"changed {each['scenario']}: {_move(each)}{_because(each)}" for each in found["changed"]]
    made += _listed("new scenario", [f"{each['scenario']}: {each['verdict'] or 'not run'}{_because(each)}" for each in _failing_first(found["new"])])
    made += _listed("vanished scenario", [f"{each['scenario']}: was {each['verdict'] or 'not run'}" for each in found["vanished"]])
    requirements = found["requirements"]
    for key in ("worse", "better", "other"):
        made += [f"requirement {each['id']}: {_move(each)} ({_some(each['scenarios'])})" for each in requirements[key]]
    for key, what in (("not_judged", "requirements not judged any more"), ("new", "new requirements"), ("vanished", "vanished requirements")):
        ids = [each["id"] if key == "not_judged" else each for each in requirements[key]]
        made += [f"{what}: {len(ids)} ({_some(ids)})"] if ids else []
    made += slower(found)
    made += [f"against the baseline: {counts(found)}: {headline(found)}"]
    return [summary.printable(line) for line in made]


def slower(found: Comparison) -> list[str]:
    """What took longer, one line each; the totals where they can be compared."""
    time = found["time"]
    made = [f"slower {each['scenario']}: {each['before_ms']:.0f} ms, now {each['after_ms']:.0f} ms" for each in time["slower"][:LISTED]]
    if len(time["slower"]) > LISTED:
        made.append(f"slower: {len(time['slower']) - LISTED} more")
    names = {"seconds": "run", "engine_cpu_seconds": "engine CPU", "target_cpu_seconds": "target CPU"}
    words = [f"{names[name]} {old:.2f} s, now {new:.2f} s{_percent(old, new)}" for name, (old, new) in time["totals"].items() if old]
    return made + (["time: " + ", ".join(words)] if words else [])


def _percent(old: float, new: float) -> str:
    return f" ({100 * (new / old - 1):+.0f} %)" if old else ""


def _move(each: Mapping[str, Any]) -> str:
    before, after = (each[key] or "not judged" for key in ("before", "after"))
    return f"{before} -> {after}" if before != after else f"still {after}, but for more"


def _because(each: Mapping[str, Any]) -> str:
    return f": {each['reason']}" if each["reason"] else ""


def _stale(each: Mapping[str, Any]) -> str:
    return "; take it out of the expected failures" if each["after"] == "XPASS" else ""


def _failing_first(scenarios: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(scenarios, key=lambda each: each["verdict"] in ("PASS", "INFO", "SKIP", "UNREACHABLE"))


def _listed(what: str, words: Sequence[str]) -> Iterator[str]:
    yield from (f"{what} {each}" for each in words[:LISTED])
    if len(words) > LISTED:
        yield f"{what}s: {len(words) - LISTED} more"


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(ids[:LISTED]) + more


def markdown(found: Comparison, level: int = 3) -> list[str]:
    """The comparison as lines of Markdown, under a heading of that level."""
    from .markdown import plain, table  # which asks for this module

    mark = "❌" if found["new_failures"] else "✅" if found["exit"] == EXIT_OK else "❓"
    made = [f"{'#' * level} Compared with the baseline {mark}", "", f"**{headline(found)}**: {counts(found)}.", ""]
    made += table(("", "run"), [("baseline", identity(found["baseline"])), ("run", identity(found["run"]))])
    made += [f"- {plain(each)}" for each in found["remarks"]] + ([""] if found["remarks"] else [])
    if found["new_failures"]:
        made += table(("new failure", "verdict", "why", "requirements"), [
            (each["scenario"], _move(each), each["reason"] or each["title"], ", ".join(f"{lost['id']} {_move(lost)}" for lost in each["requirements"]))
            for each in found["new_failures"]])
    rest = [f"fixed `{each['scenario']}`: {plain(_move(each) + _stale(each))}" for each in found["fixed"]]
    rest += [f"not judged any more `{each['scenario']}`: {plain(_move(each) + _because(each))}" for each in found["not_judged"]]
    rest += [f"changed `{each['scenario']}`: {plain(_move(each) + _because(each))}" for each in found["changed"]]
    rest += [f"new `{each['scenario']}`: {plain((each['verdict'] or 'not run') + _because(each))}" for each in _failing_first(found["new"])]
    rest += [f"vanished `{each['scenario']}`: was {each['verdict'] or 'not run'}" for each in found["vanished"]]
    for key in ("worse", "better", "other"):
        rest += [f"requirement {plain(each['id'])}: {plain(_move(each))}" for each in found["requirements"][key]]
    if ids := [each["id"] for each in found["requirements"]["not_judged"]]:
        rest.append(f"requirements not judged any more: {len(ids)} ({plain(_some(ids))})")
    rest += [plain(each) for each in slower(found)]
    if rest:
        made += [f"<details><summary>{number(len(rest), 'more line')}</summary>", "", *(f"- {each}" for each in rest), "", "</details>", ""]
    return made
