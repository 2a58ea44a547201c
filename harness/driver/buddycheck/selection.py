"""Which scenarios a command means: by id, glob, area or requirement, less exclusions, by level and conformance, with or
without slow ones; and which requirements a run then judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .catalogue import Catalogue, Requirement, Scenario
from .errors import UsageProblem, nearest
from .options import CONFORMANCE, LEVELS, Wanted

DEPENDENTS = ("XEP-0268", "XEP-0275", "XEP-0309")


@dataclass(frozen=True)
class Selection:
    """What was chosen, in the catalogue's order, and what was chosen but is slow."""

    ids: tuple[str, ...]
    left_out_slow: tuple[str, ...]


def select(catalogue: Catalogue, wanted: Wanted) -> Selection:
    """Chooses; raises for a word that means nothing and where nothing remains."""
    chosen = _union(catalogue, wanted.selectors, "") if wanted.selectors else set(catalogue.scenarios)
    chosen -= _union(catalogue, wanted.exclude, "--exclude ")
    ids = [id for id, each in catalogue.scenarios.items() if id in chosen and _decides(catalogue, each, wanted)]
    quick = tuple(id for id in ids if wanted.slow or not catalogue.scenarios[id].slow)
    slow = tuple(id for id in ids if id not in set(quick))
    if not quick:
        raise UsageProblem(_nothing(catalogue, wanted, chosen, slow))
    return Selection(quick, slow)


def matches(catalogue: Catalogue, word: str) -> set[str]:
    """The scenarios that one word means: an id, a file, an area, a requirement, or a glob over ids and requirements."""
    word = word.removeprefix("scenarios/").removesuffix(".scs").rstrip("/")
    if word in catalogue.scenarios:
        return {word}
    if word in catalogue.requirements:
        return set(catalogue.requirements[word].scenarios) & set(catalogue.scenarios)
    if not any(char in word for char in "*?["):
        return {id for id in catalogue.scenarios if id.startswith(word + "/")} if word else set()
    found = {id for id in catalogue.scenarios if fnmatchcase(id, word)}
    for id, requirement in catalogue.requirements.items():
        if fnmatchcase(id, word):
            found.update(each for each in requirement.scenarios if each in catalogue.scenarios)
    return found


def _union(catalogue: Catalogue, words: Iterable[str], option: str) -> set[str]:
    found: set[str] = set()
    for word in words:
        these = matches(catalogue, word)
        if not these:
            raise UsageProblem(f"{option}'{word}' {_why_not(catalogue, word)}")
        found |= these
    return found


def _why_not(catalogue: Catalogue, word: str) -> str:
    if word in catalogue.requirements:
        reason = catalogue.requirements[word].why_none
        return "is a requirement that no scenario decides" + (f": {reason}" if reason else " yet")
    areas = sorted({each.area for each in catalogue.scenarios.values()})
    near = nearest(word, [*catalogue.scenarios, *areas, *catalogue.requirements])
    advice = f"did you mean {' or '.join(near)}?" if near else f"there are the areas {', '.join(areas)}; see 'buddycheck list'"
    return f"selects no scenario: it is no id, area or requirement and no glob that matches one; {advice}"


def conformance_of(requirement: Requirement) -> str:
    """The least profile of conformance that a requirement belongs to, by the specification it comes from."""
    if requirement.source.startswith("XEP-0267"):
        return "core"
    return "dependents" if requirement.source.startswith(DEPENDENTS) else "full"


def scope(catalogue: Catalogue, wanted: Wanted) -> dict[str, Any]:
    """What the engine is to judge (harness/README.md); what else it finds is INFO. Empty: everything."""
    limits: dict[str, Any] = {}
    if wanted.level != "all":
        limits["least"] = LEVELS[wanted.level][-1]
    if wanted.conformance != CONFORMANCE[-1]:
        limits["requirements"] = [each.id for each in catalogue.requirements.values() if _conforms(each, wanted.conformance)]
    return limits


def _conforms(requirement: Requirement, conformance: str) -> bool:
    return CONFORMANCE.index(conformance_of(requirement)) <= CONFORMANCE.index(conformance)


def _decides(catalogue: Catalogue, scenario: Scenario, wanted: Wanted) -> bool:
    """Whether a scenario decides something that is judged."""
    if wanted.level == "all" and wanted.conformance == CONFORMANCE[-1]:
        return True
    known = (catalogue.requirements[id] for id in scenario.requirements if id in catalogue.requirements)
    return any(_conforms(each, wanted.conformance) and each.strictnesses() & {*LEVELS[wanted.level]} for each in known)


def _nothing(catalogue: Catalogue, wanted: Wanted, chosen: set[str], slow: tuple[str, ...]) -> str:
    if not catalogue.scenarios:
        return f"there are no scenarios in {catalogue.folder}"
    if slow:
        return f"nothing is selected: {', '.join(slow[:5])} {'is' if len(slow) == 1 else 'are'} slow; add --slow"
    if chosen:
        limits = f"--level {wanted.level} --conformance {wanted.conformance}"
        return f"nothing is selected: no chosen scenario decides a requirement of {limits}"
    return "nothing is selected: --exclude leaves no scenario"
