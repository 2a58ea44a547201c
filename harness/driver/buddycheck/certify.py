"""`buddycheck certify`: a kept run as a signed bundle that others can check."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bundle, declaration, judge, model, origin, outputs, signing, statement
from .errors import EXIT_OK, UsageProblem
from .published import published
from .world import World

Run = Mapping[str, Any]
LISTED = 5
SUFFIX = ".tar.gz"


@dataclass(frozen=True)
class Options:
    """The command line."""

    run: str
    product: str
    key: str
    out: str
    url: str = ""


def certify(options: Options, world: World) -> int:
    """Makes the bundle; the exit status says whether that worked, not what the run came to."""
    places = world.places
    [(kept, folder)] = model.runs([options.run], places)
    shown = places.shown(folder)
    if problem := next(_obstacles(kept), ""):
        raise UsageProblem(f"{shown}: cannot be certified: {problem}")
    product = _product(options.product)
    out = _out(options, world)
    files = _files(kept, folder, product, shown, world)
    maker = origin.harness(places.home, world.environ)
    stated = statement.make(json.loads(files[bundle.RUN]), product, options.url, maker, files)
    signed = statement.text(stated)
    signature = signing.sign(signed, places.cwd / options.key, options.key, world.environ)
    made = {**files, bundle.STATEMENT: signed, bundle.SIGNATURE: signature}
    bundle.write(out, _top(out), made, int(model.started(kept)))
    _tell(stated, out, world)
    return EXIT_OK


def _obstacles(run: Run) -> Iterator[str]:
    """Why a run says too little to be vouched for, the plainest reason first."""
    if run["interrupted"]:
        yield "the run was interrupted; run it to its end"
    if run["abort"]:
        yield f"the run was cut short (step {run['abort']['step']}): {run['abort']['reason']}"
    if run["journal"] is None or run["end"] is None:
        yield "the run ended before anything was judged"
    if run.get("shard") and not run.get("merged"):
        yield f"it is shard {run['shard']['index']} of {run['shard']['total']}; unite them with 'buddycheck merge' first"
    if run["not_run"] or run["unfinished"]:
        yield f"not all of it was run: {_some([*run['not_run'], *(each[0][0] for each in run['unfinished'])])}"
    if any(not each["blamed"] for each in run["lost"]):
        yield "the target ended or fell silent, and no scenario can be blamed for it; run it again"
    open_ones = [each["id"] for each in run["scenarios"] if each["verdict"] in ("INCONCLUSIVE", "ERROR", None)]
    if open_ones:
        yield f"what could not be judged cannot be vouched for: {_some(open_ones)}; run again, or leave it out with --exclude"


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:LISTED]) + (f" and {len(ids) - LISTED} more" if len(ids) > LISTED else "")


def _product(words: str) -> str:
    product = " ".join(words.split())
    if not product or not product.isprintable() or len(product) > 200:
        raise UsageProblem("--as: expected maker and product in one line, as in \"Vendor, Product 1.2\"")
    return product


def _out(options: Options, world: World) -> Path:
    path = world.places.cwd / options.out
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise UsageProblem(f"--out {options.out}: is {'a folder' if path.is_dir() else 'no file'}; name the file of the bundle, as in product{SUFFIX}")
    if not path.parent.is_dir():
        raise UsageProblem(f"--out {options.out}: no folder {path.parent}; make it first")
    return path


def _top(out: Path) -> str:
    """The folder that the bundle unpacks to: its own name."""
    name = out.name
    for suffix in (".gz", ".tgz", ".tar"):
        name = name.removesuffix(suffix)
    return outputs.safe_name(name)


def _files(kept: Run, folder: Path, product: str, shown: str, world: World) -> dict[str, bytes]:
    """Everything but the statement, read once, and judged again before anybody vouches for it."""
    places = world.places
    journal = model.check_journal(kept, folder, places)
    assert journal is not None
    files = {bundle.SCENARIOS + name: content for name, content in _catalogue(places.scenarios)}
    run = published(kept)
    files[bundle.JOURNAL] = journal.read_bytes()
    files[bundle.RUN] = model.text(run).encode()
    with tempfile.TemporaryDirectory(prefix="buddycheck-") as private:
        scenarios = unpack({**files}, Path(private)) / bundle.SCENARIOS
        if origin.catalogue(scenarios) != kept["catalogue"]:
            raise UsageProblem(f"{shown}: cannot be certified: the scenarios or requirements have changed since; run it again")
        found = judge.again(run, Path(private) / bundle.JOURNAL, scenarios, places, world.environ, bundle.JOURNAL)
    wrong = [*(f"{bundle.JOURNAL}, {each}" for each in found.problems), *judge.differences(run, found)]
    if wrong:
        raise UsageProblem(f"{shown}: cannot be certified: judged again it comes to something else: {wrong[0]}")
    files[bundle.TEXT] = declaration.text(run, product).encode()
    files[bundle.PAGE] = declaration.page(run, product, places.home).encode()
    files[bundle.DOAP] = declaration.doap(run, product).encode()
    return files


def _catalogue(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in origin.CATALOGUE_FILES:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def unpack(files: bundle.Files, folder: Path) -> Path:
    """Writes the files into that folder; the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _tell(stated: Mapping[str, Any], out: Path, world: World) -> None:
    predicate = stated["predicate"]
    counts = ", ".join(f"{len(predicate[key])} {words}" for key, words in (("passedTests", "passed"), ("warnedTests", "with a warning"), ("failedTests", "failed")))
    world.stdout.write(f"{world.places.shown(out)}: {predicate['buddycheck']['product']}: {predicate['result']} ({counts})\n")
    for each in predicate["buddycheck"]["profiles"]:
        world.stdout.write(f"  {each['name']}: {each['state']}\n")
    world.stdout.flush()
