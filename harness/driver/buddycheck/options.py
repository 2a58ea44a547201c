"""What a user can ask of a run, and the words that he may use for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = {"must": ("HARD",), "should": ("HARD", "WARN"), "all": ("HARD", "WARN", "INFO")}

# What XEP-0267 says itself; with what it inherits from other specifications; with the specifications that build upon it.
CONFORMANCE = ("core", "full", "dependents")

FORMATS = ("tap", "tap13", "junit", "json", "plain", "markdown", "html")
TAP_VERSIONS = {"tap": 14, "tap13": 13}
NETWORKS = ("host", "private")
CI_SYSTEMS = ("github", "gitlab")  # that can be pointed at failures


@dataclass(frozen=True)
class Wanted:
    """The options of a selection."""

    selectors: Sequence[str] = ()
    exclude: Sequence[str] = ()
    level: str = "all"
    slow: bool = False
    conformance: str = CONFORMANCE[-1]


@dataclass(frozen=True)
class Format:
    """A report that was asked for; without a file it goes to standard output."""

    name: str
    file: str = ""


@dataclass(frozen=True)
class Options:
    """The options of `run`."""

    wanted: Wanted
    target: str
    jobs: int = 0
    seed: int | None = None
    patience: float = 1.0
    repeat: int = 1
    strict: bool = False
    formats: tuple[Format, ...] = ()
    out: str = ""
    annotate: str = ""  # the CI system that is to point at failures; empty: none
    expect: str = ""  # a file, or "none"; empty: that of the shipped target
    network: str = ""  # "private" or "host"; empty: what the profile says
    shard: str = ""  # I/N, or "auto"
    baseline: str = ""  # a kept run to compare with; it decides the exit status then
