"""What the tests of the page have in common: a browser, and runs that hold everything a page can show."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE))

from chromium import Page  # noqa: E402

COMMAND = ROOT / "build" / "buddycheck"


def run(folder: Path, *argv: str) -> Path:
    """Runs scenarios; the run's folder."""
    done = subprocess.run([str(COMMAND), "run", "--out", str(folder), "--seed", "1", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return folder


def page(out: Path, *runs: Path) -> Path:
    """Makes the report of these runs."""
    subprocess.run([str(COMMAND), "report", *map(str, runs), "--out", str(out)], cwd=ROOT, capture_output=True, check=True)
    return out


def rewrite(folder: Path, change: Any) -> None:
    """Changes the journal of a run, as a hostile target could have made it, and its digest with it."""
    import hashlib

    path = folder / "journal.jsonl"
    lines = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = json.loads((folder / "run.json").read_text())
    run["journal"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "run.json").write_text(json.dumps(run))


@pytest.fixture(scope="session")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole suite against a server that lacks the function: much fails."""
    return run(tmp_path_factory.mktemp("red"), "--target", "prosody-stock")


@pytest.fixture(scope="session")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which all is well."""
    return run(tmp_path_factory.mktemp("green"), "--target", "reference", "cancel", "disco", "in", "out/*")


@pytest.fixture(scope="session")
def red_page(red: Path) -> Path:
    """Its report."""
    return page(red / "report.html", red)


@pytest.fixture(scope="session")
def green_page(green: Path) -> Path:
    """Its report."""
    return page(green / "report.html", green)


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    """One browser for all tests."""
    with Page() as made:
        yield made


@pytest.fixture
def tab(browser: Page) -> Iterator[Page]:
    """The browser; after the test nothing may have gone wrong in the page, and nothing was fetched."""
    browser.errors.clear()
    browser.requests.clear()
    browser.look(1400, 1000)
    yield browser
    assert browser.errors == []
    assert all(each.startswith(("file:", "about:")) for each in browser.requests)
