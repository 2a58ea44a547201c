"""`buddycheck list`, `show` and `lint`: what there is, without running anything."""

from __future__ import annotations

import json
import textwrap
from typing import TextIO

from . import catalogue, rulings, selection
from .catalogue import Catalogue, Requirement, Scenario
from .errors import EXIT_FAILED, EXIT_OK, UsageProblem, nearest
from .options import Wanted
from .rulings import Ruling
from .world import World

WIDTH = 100
REQUIREMENTS = "requirements.tsv"


def list_scenarios(wanted: Wanted, as_json: bool, world: World) -> int:
    """One id a line; on a terminal with its title; or as JSON."""
    known = catalogue.load(world.places, world.environ)
    _mention_errors(known, world)
    chosen = selection.select(known, wanted)
    if as_json:
        keep = set(chosen.ids)
        documents = [each for each in known.document["scenarios"] if each["id"] in keep]
        json.dump(documents, world.stdout, indent=1)
        world.stdout.write("\n")
    elif world.stdout.isatty():
        _table([(id, known.scenarios[id].title) for id in chosen.ids], world.stdout)
    else:
        world.stdout.writelines(id + "\n" for id in chosen.ids)
    if chosen.left_out_slow:
        world.say(f"buddycheck list: {len(chosen.left_out_slow)} slow scenarios are left out; add --slow")
    return EXIT_OK


def show(id: str, world: World) -> int:
    """All about one scenario or requirement."""
    known = catalogue.load(world.places, world.environ)
    _mention_errors(known, world)
    name = id.removeprefix("scenarios/").removesuffix(".scs")
    if name in known.scenarios:
        lines = _scenario(known, known.scenarios[name], world)
    elif name in known.requirements:
        lines = _requirement(known, known.requirements[name], rulings.about(known.requirements[name], rulings.load(known.folder)))
    else:
        near = nearest(name, [*known.scenarios, *known.requirements])
        advice = f"did you mean {' or '.join(near)}?" if near else "see 'buddycheck list'"
        raise UsageProblem(f"there is no scenario or requirement '{id}'; {advice}")
    world.stdout.writelines(line + "\n" for line in lines)
    return EXIT_OK


def lint(allow_open: bool, world: World) -> int:
    """Errors in scenarios, and what is missing between scenarios, requirements and rulings."""
    known = catalogue.load(world.places, world.environ)
    errors = known.error_lines(world.places)
    errors += [
        f"{world.places.shown(known.folder / file)}:{line}:1: {message}" for file, line, message in [
            *((each.file, 1, "the scenario decides no requirement") for each in known.scenarios.values() if not each.requirements),
            *rulings.errors(known, rulings.load(known.folder)),
            *((REQUIREMENTS, 1, f"{each.id} has scenarios and a reason why it has none (why_none); take the reason out")
              for each in known.requirements.values() if each.scenarios and each.why_none),
        ]
    ]
    world.stdout.writelines(line + "\n" for line in errors)
    total = len(known.requirements)
    _list_ids([each.id for each in known.requirements.values() if each.waits], f"of {total} requirements wait for their scenario", world)
    open_ones = [each.id for each in known.requirements.values() if not each.scenarios and not each.why_none]
    _list_ids(open_ones, f"of {total} requirements have no scenario and no reason for that", world)
    counts = ((known.scenarios, "scenarios"), (known.requirements, "requirements"), (errors, "errors"))
    world.stdout.write(", ".join(f"{len(things)} {name}" for things, name in counts) + "\n")
    return EXIT_FAILED if errors or (open_ones and not allow_open) else EXIT_OK


def _list_ids(ids: list[str], what: str, world: World) -> None:
    if ids:
        world.stdout.write(f"{len(ids)} {what}:\n")
        lines = textwrap.wrap(" ".join(ids), WIDTH - 2, break_on_hyphens=False)
        world.stdout.writelines(f"  {line}\n" for line in lines)


def _mention_errors(known: Catalogue, world: World) -> None:
    if known.errors:
        world.say(f"buddycheck: {len(known.errors)} errors in the scenarios; 'buddycheck lint' shows them")


def _table(rows: list[tuple[str, str]], stream: TextIO) -> None:
    width = max((len(id) for id, _ in rows), default=0)
    stream.writelines(f"{id:<{width}}  {title}".rstrip() + "\n" for id, title in rows)


def _paragraph(text: str, indent: str = "") -> list[str]:
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, WIDTH - len(indent))]
    return [indent + line for line in lines]


def _scenario(known: Catalogue, scenario: Scenario, world: World) -> list[str]:
    lines = [scenario.id, scenario.title, ""]
    if scenario.description:
        lines += [*_paragraph(scenario.description), ""]
    lines.append(f"file: {world.places.shown(known.folder / scenario.file)}")
    lines += [f"row: {world.places.shown(known.folder / scenario.row)}"] if scenario.row else []
    tags = [tag for tag in ("exclusive", "slow") if getattr(scenario, tag)]
    lines += [f"tags: {', '.join(tags)}"] if tags else []
    lines += [f"needs: {', '.join(scenario.needs)}"] if scenario.needs else []
    lines += ["", "requirements:" if scenario.requirements else "requirements: none"]
    for id in scenario.requirements:
        requirement = known.requirements.get(id, Requirement(id))
        lines.append(f"  {id} {_strictness(requirement)}")
        lines += _paragraph(requirement.statement, "    ")
    return [*lines, "", "play:", *(f"  {line}".rstrip() for line in scenario.play.splitlines())]


def _strictness(requirement: Requirement) -> str:
    return ", ".join([requirement.strictness, *(f"{part}: {value}" for part, value in requirement.parts.items())])


def _requirement(known: Catalogue, requirement: Requirement, disputed: list[Ruling]) -> list[str]:
    lines = [f"{requirement.id} {requirement.level} ({_strictness(requirement)})", ""]
    lines += [*_paragraph(requirement.statement), ""]
    lines += [f"source: {requirement.source}", f"area: {requirement.area}"]
    lines += [f"notes: {requirement.notes}"] if requirement.notes else []
    lines += [f"why no scenario: {requirement.why_none}"] if requirement.why_none else []
    for ruling in disputed:
        lines += ["", *_paragraph(f"disputed ({ruling.id}): {ruling.question}"), "  accepted:"]
        lines += [f"    - {each}" for each in ruling.accepted]
        lines += [*_paragraph(f"because: {ruling.reason}", "  ")]
    lines += [""] if disputed else []
    lines.append("scenarios:" if requirement.scenarios else "scenarios: none")
    for id in requirement.scenarios:
        title = known.scenarios[id].title if id in known.scenarios else ""
        lines.append(f"  {id}  {title}".rstrip())
    return lines
