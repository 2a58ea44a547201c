"""`run.json`: the one document about a run that every report is made from (reports/schema/run.schema.json)."""

from __future__ import annotations

import datetime
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from . import origin, outputs
from .catalogue import Catalogue, Verdict
from .errors import UsageProblem, why
from .expect import Expectations
from .loop import Loop
from .mask import Mask
from .options import Wanted
from .origin import Origin
from .places import Places
from .profile import Profile
from .results import FLAKY, UNKNOWN_VERDICT, Outcome, Result
from .selection import conformance_of

FORMAT = "buddycheck run"
VERSION = 1
SCHEMA = Path("reports") / "schema" / "run.schema.json"
COMPARISON_SCHEMA = SCHEMA.with_name("comparison.schema.json")
SOFTWARE = ("name", "version", "os")
LONGEST_WORD = 200  # of what the target says about itself
FOLLOWED = 0.1  # seconds from one look at the journal to the next
STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Made:
    """What a run was made with and for, beyond its outcome."""

    places: Places
    environ: Mapping[str, str]
    profile: Profile
    known: Catalogue
    wanted: Wanted
    expected: Expectations
    options: Mapping[str, Any]
    rerun: str  # the command that, with a scenario's id behind it, runs that again
    started: float
    seconds: float
    origin: Origin


class Draft:
    """The large parts of a document, made ahead: the digest of the journal while it grows, and, once the results are there, while engine and
    target end, what follows from them, as text as well."""

    def __init__(self, known: Catalogue, folder: Path) -> None:
        self._known = known
        self._journal = origin.Growing(folder / outputs.JOURNAL)
        self._of: tuple[Any, ...] = ()
        self._judged: dict[str, Any] = {}
        self._texts: dict[int, str] = {}

    def follow(self, loop: Loop) -> None:
        """Reads the journal from time to time, as long as the loop runs."""
        with suppress(OSError):  # whoever asks for the digest is told
            self._journal.read_on()
        loop.after(FOLLOWED, lambda: self.follow(loop))

    def make(self, outcome: Outcome) -> None:
        """All results are there."""
        self._judged, self._of = judged(outcome, self._known), _state(outcome)
        self._texts = {id(value): _value_text(value) for value in self._judged.values()}

    def judged(self, outcome: Outcome) -> dict[str, Any]:
        """What follows from the results, made anew if the outcome has changed since."""
        if self._of != _state(outcome):
            self._judged, self._texts = judged(outcome, self._known), {}
        return self._judged

    def text_of(self, value: Any) -> str:
        """A value of the document."""
        return self._texts.get(id(value)) or _value_text(value)

    def journal(self) -> dict[str, Any] | None:
        """What run.json says about its journal, which is complete now."""
        return _journal(self._journal)


def _state(outcome: Outcome) -> tuple[Any, ...]:
    """What may still change after the last result."""
    return len(outcome.results), outcome.end, outcome.abort_step, outcome.stopped_by


def document(outcome: Outcome, made: Made, draft: Draft, mask: Mask) -> dict[str, Any]:
    """The whole document. What comes from the target or its profile is masked."""
    end = outcome.end or {}
    return {
        "format": FORMAT, "version": VERSION,
        "harness": made.origin.harness,
        "catalogue": made.origin.catalogue,
        "target": mask.tree(_target(made.profile, end.get("software"))),
        "profile": mask.tree(_profile(made.profile)),
        "options": {
            **made.options, "selectors": list(made.wanted.selectors), "exclude": list(made.wanted.exclude), "slow": made.wanted.slow,
            "level": outcome.level, "conformance": outcome.conformance, "strict": outcome.strict, "repeat": outcome.repeat,
        },
        "expectations": {
            "file": outcome.expected or None, "entries": [each.for_plan() for each in made.expected.entries],
            "expired": list(made.expected.expired),
        },
        "seed": outcome.seed, "started": time.strftime(STAMP, time.gmtime(made.started)), "seconds": round(made.seconds, 3),
        "rerun": made.rerun, "notes": list(outcome.notes),
        "interrupted": outcome.stopped_by or None,
        "abort": mask.tree({"step": outcome.abort_step, "reason": outcome.abort_reason}) if outcome.abort_step else None,
        "journal": draft.journal(),
        "left_out_slow": list(outcome.left_out_slow), "unfinished": [list(each) for each in outcome.provisional.items()],
        "ready_ms": outcome.ready_ms, "target_cpu_seconds": outcome.target_cpu_seconds, "cost": outcome.cost(),
        "end": outcome.end,
        **draft.judged(outcome),
    }


def judged(outcome: Outcome, known: Catalogue) -> dict[str, Any]:
    """What follows from the results and the catalogue alone."""
    return {
        "exit": outcome.exit_status(), "counts": outcome.counts(), "flaky": outcome.flaky(), "lost": outcome.lost(), "not_run": outcome.not_run(),
        "verdicts": [vars(each) for each in known.verdicts.values()],
        "scenarios": _scenarios(outcome, known), "requirements": _requirements(outcome, known),
    }


def _target(profile: Profile, software: Any) -> dict[str, Any]:
    return {"name": profile.name, "description": profile.description, "product": profile.product, "software": software_words(software)}


def software_words(software: Any) -> dict[str, str] | None:
    """What the server says about itself (XEP-0092), as the document has it; it may say anything."""
    said = software if isinstance(software, dict) else {}
    return {key: " ".join(str(said[key]).split())[:LONGEST_WORD] for key in SOFTWARE if said.get(key)} or None


def _profile(profile: Profile) -> dict[str, Any]:
    """What may be shown: no password, no command line, no path."""
    def ways(hook: Any) -> str:
        return hook.builtin or ("adhoc" if hook.adhoc else "program")

    return {
        "domains": list(profile.domains), "off_domain": profile.off_domain,
        "c2s": {"address": profile.c2s.address, "tls": profile.c2s.tls}, "s2s": {"address": profile.s2s.address},
        "zone": profile.peers_zone, "srv_target": profile.srv_target, "timing": dict(vars(profile.timing)),
        "accounts": {name: each.jid for name, each in profile.accounts.items()}, "claims": dict(profile.claims),
        "hooks": {name: ways(hook) for name, hook in profile.hooks.items()}, "started": profile.start is not None,
    }


def journal(path: Path) -> dict[str, Any] | None:
    """What run.json says about its journal."""
    return _journal(origin.Growing(path))


def _journal(file: origin.Growing) -> dict[str, Any] | None:
    found = file.found()
    return {"file": outputs.JOURNAL, "sha256": found[0], "lines": found[1]} if found else None


def _scenarios(outcome: Outcome, known: Catalogue) -> list[dict[str, Any]]:
    by_id: dict[str, list[Result]] = {}
    for result in outcome.results:
        by_id.setdefault(result.scenario, []).append(result)
    flaky = outcome.flaky()
    made = []
    for id in dict.fromkeys([*outcome.selected, *by_id]):
        scenario, results = known.scenarios.get(id), by_id.get(id, [])
        verdict = FLAKY if id in flaky else worst((each.verdict for each in results), known.verdicts)
        made.append({
            "id": id, "area": id.rpartition("/")[0] or id, "title": scenario.title if scenario else "",
            "description": scenario.description if scenario else "", "file": scenario.file if scenario else "",
            "row": scenario.row if scenario else "", "requirements": list(scenario.requirements) if scenario else [],
            "actors": [[each["name"], each["class"]] for each in scenario.actors] if scenario else [],
            "verdict": verdict, "play": scenario.play if scenario else "",
            "results": [_result(each) for each in results],
        })
    return made


def _result(result: Result) -> dict[str, Any]:
    left_out = {"scenario"} | ({"trouble", "unexpected"} if result.unexpected is None else set())
    return {key: value for key, value in vars(result).items() if key not in left_out}


def _requirements(outcome: Outcome, known: Catalogue) -> list[dict[str, Any]]:
    """All of the catalogue, each with the worst verdict of what decided it in this run; null: nothing did."""
    found: dict[str, dict[str, str]] = {}
    for result in outcome.results:
        for check in result.checks:
            by_scenario = found.setdefault(str(check.get("id")), {})
            both = [by_scenario.get(result.scenario, ""), str(check.get("verdict"))]
            by_scenario[result.scenario] = str(worst(filter(None, both), known.verdicts))
    passes = outcome.unexpected_passes()
    return [{
        "id": each.id, "source": each.source, "level": each.level, "area": each.area, "conformance": conformance_of(each),
        "strictness": each.strictness, "parts": dict(each.parts), "statement": each.statement, "why_none": each.why_none,
        "verdict": "XPASS" if each.id in passes else worst(found.get(each.id, {}).values(), known.verdicts),
        "decided_by": found.get(each.id, {}), "scenarios": list(each.scenarios),
    } for each in known.requirements.values()]


def worst(names: Iterable[str], verdicts: Mapping[str, Verdict]) -> str | None:
    """As the engine counts: UNDECIDED, which only a check can be, says less than anything else."""
    def rank(name: str) -> int:
        return -1 if name == "UNDECIDED" else verdicts.get(name, UNKNOWN_VERDICT).rank

    return max(names, key=rank, default=None)


def text(run: Mapping[str, Any], draft: Draft | None = None) -> str:
    """The document as text, one scenario or requirement a line, so that two runs can be compared by line."""
    value_text = draft.text_of if draft else _value_text
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {value_text(value)}" for key, value in run.items()) + "\n}\n"


def _value_text(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join("  " + json.dumps(each) for each in value) + "\n ]"
    return json.dumps(value)


def verdicts_of(table: Iterable[Mapping[str, Any]]) -> dict[str, Verdict]:
    """What each verdict means, by its name."""
    names = {each.name for each in fields(Verdict)}
    return {each["name"]: Verdict(**{key: value for key, value in each.items() if key in names}) for each in table}


def outcome_of(run: Mapping[str, Any]) -> Outcome:
    """The outcome that the document tells, for the writers of reports."""
    names = {each.name for each in fields(Result)}
    made = Outcome(
        target=run["target"]["name"], selected=tuple(each["id"] for each in run["scenarios"]),
        verdicts=verdicts_of(run["verdicts"]),
        strict=run["options"]["strict"], repeat=run["options"]["repeat"], seed=run["seed"],
        left_out_slow=tuple(run["left_out_slow"]), level=run["options"]["level"], conformance=run["options"]["conformance"],
        expected=run["expectations"]["file"] or "", notes=tuple(run["notes"]),
        abort_step=(run["abort"] or {}).get("step", ""), abort_reason=(run["abort"] or {}).get("reason", ""),
        end=run["end"], ready_ms=run["ready_ms"], target_cpu_seconds=run["target_cpu_seconds"], stopped_by=run["interrupted"] or 0,
    )
    made.provisional = {(id, repeat): verdict for (id, repeat), verdict in run["unfinished"]}
    rows = [Result(scenario=each["id"], **_known(result, names)) for each in run["scenarios"] for result in each["results"]]
    made.results = sorted(rows, key=lambda row: (row.repeat, row.scenario)) if made.repeat > 1 else rows
    return made


def _known(result: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in result.items() if key in names}


def load(path: Path, places: Places) -> dict[str, Any]:
    """A kept run, by its folder or by its run.json; raises one line that says what is wrong with it."""
    file = path / outputs.RUN if path.is_dir() else path
    shown = places.shown(file)
    try:
        found = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_number, parse_float=_float, parse_int=_int)
    except FileNotFoundError as error:
        raise UsageProblem(_missing(path, places)) from error
    except OSError as error:
        raise UsageProblem(f"cannot read the run {shown}: {why(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{shown}: is no JSON or breaks off ({_short(error)}); nothing can be reported from it") from error
    check(found, shown, places)
    return dict(found)


def _no_number(text: str) -> float:
    raise ValueError(f"{text[:20]} is no number")


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _int(text: str) -> int:
    return int(text) if len(text) < 19 else int(_no_number(text))


def _missing(path: Path, places: Places) -> str:
    if path.is_dir() and (path / outputs.JOURNAL).is_file():
        return f"{places.shown(path)}: there is no {outputs.RUN}: the run has not ended, or it was killed before its end; its journal is kept"
    kind = "is no folder of a run: there is no " + outputs.RUN if path.is_dir() else "does not exist"
    return f"{places.shown(path)}: {kind}; expected the folder of a run, as in {places.shown(places.reports_folder() / 'latest')}"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def check(found: Any, shown: str, places: Places) -> None:
    """Raises where that is no run.json that this version can read; `shown` is its name."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UsageProblem(f"{shown}: is no {outputs.RUN} of buddycheck: expected \"format\": \"{FORMAT}\"")
    if found.get("version") != VERSION:
        raise UsageProblem(f"{shown}: has version {found.get('version')!r} of the format; this buddycheck reads version {VERSION}")
    try:
        import jsonschema
    except ImportError as error:
        raise UsageProblem("to read a run, jsonschema is needed (Debian: python3-jsonschema); run ci/install.sh build") from error

    schema = json.loads((places.home / SCHEMA).read_text(encoding="utf-8"))
    if isinstance(found.get("baseline"), dict):
        schema["properties"]["baseline"] = json.loads((places.home / COMPARISON_SCHEMA).read_text(encoding="utf-8"))
    if error := next(iter(jsonschema.Draft7Validator(schema).iter_errors(found)), None):
        where = ".".join(map(str, error.absolute_path)) or "top"
        raise UsageProblem(f"{shown}: does not fit the format, at {where}: {_short(Exception(error.message))}")
    for run in (found, *found.get("merged", [])):
        try:
            started(run)
        except ValueError as error:
            raise UsageProblem(f"{shown}: does not fit the format, at started: {_short(error)}") from error


def started(run: Mapping[str, Any]) -> float:
    """When the run began, in seconds since the epoch."""
    when = datetime.datetime.fromisoformat(run["started"])
    if when.strftime(STAMP) != run["started"]:
        raise ValueError(f"{run['started'][:40]!r} is not of the form {STAMP}")
    return when.timestamp()


def check_journal(run: Mapping[str, Any], folder: Path, places: Places) -> Path | None:
    """The run's journal, if it is the one that was written then; None where the run has none: it ended before anything happened."""
    path = folder / outputs.JOURNAL
    if run["journal"] is None:
        return None
    if not path.is_file():
        raise UsageProblem(f"{places.shown(path)}: is missing; without the journal there is nothing to show")
    if origin.digest_of(path) != run["journal"]["sha256"]:
        raise UsageProblem(f"{places.shown(path)}: is not the journal of that run: its digest differs from that in {outputs.RUN}; it was changed or breaks off")
    return path


def runs(paths: Sequence[str], places: Places) -> list[tuple[dict[str, Any], Path]]:
    """The runs that a command names, each with its folder."""
    return [(load(places.cwd / path, places), folder_of(places.cwd / path)) for path in paths]


def folder_of(path: Path) -> Path:
    """The folder of a run that is named by itself or by its run.json."""
    return path if path.is_dir() else path.parent
