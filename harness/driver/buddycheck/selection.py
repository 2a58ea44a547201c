"""Which scenarios a command means: by id, glob, area or requirement, less exclusions, by level, with or without slow ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .catalogue import Catalogue, Scenario
from .errors import UsageProblem, nearest

LEVELS = {"must": {"HARD"}, "should": {"HARD", "WARN"}, "all": None}


@dataclass(frozen=True)
class Wanted:
    """The options of a selection."""

    selectors: Sequence[str] = ()
    exclude: Sequence[str] = ()
    level: str = "all"
    slow: bool = False


@dataclass(frozen=True)
class Selection:
    """What was chosen, in the catalogue's order, and what was chosen but is slow."""

    ids: tuple[str, ...]
    left_out_slow: tuple[str, ...]


def select(catalogue: Catalogue, wanted: Wanted) -> Selection:
    """Chooses; raises for a word that means nothing and where nothing remains."""
    chosen = _union(catalogue, wanted.selectors, "") if wanted.selectors else set(catalogue.scenarios)
    chosen -= _union(catalogue, wanted.exclude, "--exclude ")
    ids = [id for id, each in catalogue.scenarios.items() if id in chosen and _on_level(catalogue, each, wanted.level)]
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


def _on_level(catalogue: Catalogue, scenario: Scenario, level: str) -> bool:
    wanted = LEVELS[level]
    if wanted is None:
        return True
    known = (catalogue.requirements[id] for id in scenario.requirements if id in catalogue.requirements)
    return any(requirement.strictnesses() & wanted for requirement in known)


def _nothing(catalogue: Catalogue, wanted: Wanted, chosen: set[str], slow: tuple[str, ...]) -> str:
    if not catalogue.scenarios:
        return f"there are no scenarios in {catalogue.folder}"
    if slow:
        return f"nothing is selected: {', '.join(slow[:5])} {'is' if len(slow) == 1 else 'are'} slow; add --slow"
    if chosen:
        return f"nothing is selected: no chosen scenario decides a requirement of --level {wanted.level}"
    return "nothing is selected: --exclude leaves no scenario"
