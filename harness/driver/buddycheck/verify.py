"""`buddycheck verify`: whether a bundle is what its maker signed, and whether its journal bears out what it says."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from . import bundle, certify, declaration, judge, model, origin, signing, statement
from .errors import EXIT_FAILED, EXIT_OK, Problem, UsageProblem
from .places import Places
from .world import World

Run = Mapping[str, Any]
MOST_LINES = 40
VERSION = b"jabber:iq:version"


def verify(path: str, allowed: str, world: World) -> int:
    """Checks everything that can be checked, and says what does not hold, one line each."""
    places = world.places
    if allowed and not (places.cwd / allowed).is_file():
        raise UsageProblem(f"--allowed-signers {allowed}: does not exist; expected a file as in ssh-keygen(1), ALLOWED SIGNERS")
    files = bundle.read(places.cwd / path, path)
    verification = Verification(path, files, places.cwd / allowed if allowed else None, world)
    verification.check()
    return verification.tell()


class Verification:
    """One bundle: what was found good, and what is wrong with it."""

    def __init__(self, name: str, files: Mapping[str, bytes], allowed: Path | None, world: World) -> None:
        self._name = name
        self._files = files
        self._allowed = allowed
        self._world = world
        self._wrong: list[str] = []
        self._good: list[str] = []
        self._reached: list[str] = []

    def check(self) -> None:
        """All of it; what is wrong with one part does not keep the others from being checked."""
        for name in (bundle.STATEMENT, bundle.SIGNATURE):
            if name not in self._files:
                self._wrong.append(f"{name}: is missing")
        signed = self._check_signature()
        stated = self._statement(signed)
        if stated is not None:
            self._check_digests(statement.digests(stated))
        run = self._run()
        if run is not None:
            self._check_run(run)
            if stated is not None:
                self._check_claims(stated, run)

    def tell(self) -> int:
        """Says what was found; the exit status."""
        for line in [*self._good, *(self._reached if not self._wrong else ())]:
            self._world.stdout.write(f"{line}\n")
        self._world.stdout.flush()
        for line in self._wrong[:MOST_LINES]:
            self._world.say(f"buddycheck: {self._name}: {line}")
        if len(self._wrong) > MOST_LINES:
            self._world.say(f"buddycheck: {self._name}: and {len(self._wrong) - MOST_LINES} more")
        self._world.say(f"buddycheck: {self._name}: " + (f"NOT VALID, {len(self._wrong)} {'problem' if len(self._wrong) == 1 else 'problems'}" if self._wrong else "valid"))
        return EXIT_FAILED if self._wrong else EXIT_OK

    def _check_signature(self) -> bool:
        if bundle.STATEMENT not in self._files or bundle.SIGNATURE not in self._files:
            return False
        try:
            who = signing.check(self._files[bundle.STATEMENT], self._files[bundle.SIGNATURE], self._allowed, self._world.environ)
        except signing.BadSignature as bad:
            self._wrong.append(f"{bundle.SIGNATURE}: {bad}")
            return False
        self._good.append(f"signature: good, by {who}" if self._allowed else
                          f"signature: good, by {who}; WHOSE KEY THAT IS WAS NOT CHECKED: no --allowed-signers were given")
        return True

    def _statement(self, signed: bool) -> Mapping[str, Any] | None:
        """The statement; None where it cannot be read. A good signature over what we do not know is a format of another time."""
        octets = self._files.get(bundle.STATEMENT)
        if octets is None:
            return None
        found = _json(octets)
        if bad := "is no JSON" if found is None else statement.what_is_wrong(found):
            if signed:
                raise UsageProblem(f"{self._name}: {bundle.STATEMENT}: {bad}")
            self._wrong.append(f"{bundle.STATEMENT}: {bad}")
            return None
        own = found["predicate"]["buddycheck"]
        self._good.insert(0, f"statement: {own['product']}: {found['predicate'].get('result')}, {own.get('started')}")
        return found  # type: ignore[no-any-return]

    def _check_digests(self, digests: Mapping[str, str]) -> None:
        wrong = len(self._wrong)
        for name, digest in digests.items():
            if name not in self._files:
                self._wrong.append(f"{name}: is missing")
            elif hashlib.sha256(self._files[name]).hexdigest() != digest:
                self._wrong.append(f"{name}: is not what was signed: its digest differs from that in {bundle.STATEMENT}")
        for name in sorted(self._files.keys() - digests.keys() - {*statement.UNSIGNED}):
            self._wrong.append(f"{name}: was not signed: {bundle.STATEMENT} does not name it")
        if len(self._wrong) == wrong:
            self._good.append(f"files: {len(digests)}, all as signed")

    def _run(self) -> Run | None:
        """run.json, if there is one that can be read."""
        octets = self._files.get(bundle.RUN)
        if octets is None:
            return None
        found = _json(octets)
        if found is None:
            self._wrong.append(f"{bundle.RUN}: is no JSON, or it breaks off")
            return None
        try:
            model.check(found, bundle.RUN, self._world.places)
        except UsageProblem as problem:
            if not self._wrong:
                raise
            self._wrong.extend(problem.lines)
            return None
        return found  # type: ignore[no-any-return]

    def _check_run(self, run: Run) -> None:
        if bundle.JOURNAL not in self._files:
            return
        octets = self._files[bundle.JOURNAL]
        told = run["journal"] or {}
        if (hashlib.sha256(octets).hexdigest(), octets.count(b"\n")) != (told.get("sha256"), told.get("lines")):
            self._wrong.append(f"{bundle.JOURNAL}: is not the journal of {bundle.RUN}: its digest or its number of lines differs")
        with tempfile.TemporaryDirectory(prefix="buddycheck-") as private:
            folder = certify.unpack({name: content for name, content in self._files.items() if name.startswith(bundle.SCENARIOS) or name == bundle.JOURNAL}, Path(private))
            scenarios = folder / bundle.SCENARIOS
            scenarios.mkdir(parents=True, exist_ok=True)
            if origin.catalogue(scenarios) != run["catalogue"]:
                self._wrong.append(f"{bundle.SCENARIOS}: are not those of the run: their digest differs from that in {bundle.RUN}")
            self._judge(run, folder)

    def _judge(self, run: Run, folder: Path) -> None:
        try:
            found = judge.again(run, folder / bundle.JOURNAL, folder / bundle.SCENARIOS, self._world.places, self._world.environ, bundle.JOURNAL)
        except Problem as problem:
            if not self._wrong:  # nothing was tampered with: it is of another version
                raise
            self._wrong.extend(f"cannot be judged again: {line}" for line in problem.lines)
            return
        wrong = [f"{bundle.JOURNAL}: {each}" for each in found.problems] + [f"{bundle.RUN}: {each}" for each in judge.differences(run, found)]
        wrong += [f"{bundle.RUN}: {each}" for check in (_header, _software) for each in check(run, self._files[bundle.JOURNAL])]
        self._wrong.extend(wrong)
        if not wrong:
            self._good.append(f"journal: {len(found.results)} plays judged again, every verdict is as in {bundle.RUN}")
        known = origin.catalogue(self._world.places.scenarios)
        self._good.append("catalogue: " + ("that of this buddycheck" if known == run["catalogue"] else "ANOTHER one than that of this buddycheck: what the scenarios "
                                           "demand is in the bundle, and was not compared"))

    def _check_claims(self, stated: Mapping[str, Any], run: Run) -> None:
        """What the statement and its texts say follows from run.json."""
        predicate = stated["predicate"]
        own = predicate["buddycheck"]
        for name, value in {**statement.result(run), **{f"buddycheck.{key}": value for key, value in statement.claim(run).items()}}.items():
            given = own.get(name.removeprefix("buddycheck.")) if name.startswith("buddycheck.") else predicate.get(name)
            if given != value:
                self._wrong.append(f"{bundle.STATEMENT}: '{name}' is not what {bundle.RUN} comes to")
        self._reached = [f"{each['name']}: {each['state']}" for each in statement.claim(run)["profiles"]]
        texts = self._texts(run, own["product"])
        different = [name for name, text in texts if self._files.get(name) not in (None, text.encode())]
        if different and own["made_by"] == origin.harness(self._world.places.home, self._world.environ):
            self._wrong.extend(f"{name}: says something else than {bundle.RUN}" for name in different)
        elif different:
            self._good.append(f"texts: {', '.join(different)} look different when this version of buddycheck makes them; they were made by another one")

    def _texts(self, run: Run, product: str) -> Iterator[tuple[str, str]]:
        places: Places = self._world.places
        yield bundle.TEXT, declaration.text(run, product)
        yield bundle.DOAP, declaration.doap(run, product)
        if find_spec("jinja2"):
            yield bundle.PAGE, declaration.page(run, product, places.home)
        else:
            self._good.append(f"texts: {bundle.PAGE} was not compared with {bundle.RUN}: Jinja2 is not there")


def _json(octets: bytes) -> Any:
    """What the octets say; None where they are no JSON object."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _header(run: Run, journal: bytes) -> Iterator[str]:
    """What run.json says about the profile against what the plays were told about it."""
    first = _json(journal.partition(b"\n")[0])
    facts = first.get("facts") if first else None
    if not isinstance(facts, dict):
        return
    profile = run["profile"]
    has = set(str(facts.get("has", "")).split("\n"))
    told = {f"claim:{name}" for name, given in profile["claims"].items() if given} | {f"hook:{name}" for name in profile["hooks"]}
    told |= {f"account:{name}" for name in profile["accounts"]}
    if told != {each for each in has if each.startswith(("claim:", "hook:", "account:"))}:
        yield "'profile' is not what the plays were told about the target's claims, hooks and accounts"
    domains = [*profile["domains"], None]
    if [facts.get("target"), facts.get("target2"), facts.get("off")] != [domains[0], domains[1], profile["off_domain"]]:
        yield "'profile' is not what the plays were told about the target's domains"


def _software(run: Run, journal: bytes) -> Iterator[str]:
    """What run.json says that the server says it is, against the server's answers."""
    heard = [words for line in journal.split(b"\n") if VERSION in line if (words := _version(_json(line) or {}))]
    told = run["target"]["software"]
    if (told or heard) and not any(judge.same(told, each) for each in heard):
        yield "'target.software' is not what the server said it is (XEP-0092)"


def _version(entry: Mapping[str, Any]) -> dict[str, str] | None:
    """The answer to the question that is put beside the first ping; it belongs to no scenario."""
    data = entry.get("data")
    if entry.get("dir") != "in" or "scenario" in entry or not isinstance(data, str) or "<!" in data:
        return None
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return None
    query = root.find(f"{{{VERSION.decode()}}}query")
    said = {child.tag.rpartition("}")[2]: child.text for child in (query if query is not None else ())}
    return model.software_words(said) if root.get("type") == "result" else None
