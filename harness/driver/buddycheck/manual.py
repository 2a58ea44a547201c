"""The manual page buddycheck(1), from the options that the command line knows: `python3 -m buddycheck.manual`."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import VERSION, cli
from .places import Places
from .world import World

STATUSES = (
    ("0", "nothing failed; with a baseline: nothing fails that did not before"),
    ("1", "some requirement failed, or what was expected to fail did not"),
    ("2", "wrong use: an unknown option, a selection of nothing, an error in a profile or a scenario, a file that cannot be read; one line says what"),
    ("3", "the run could not judge everything: the target did not come up, fell silent, refused the login"),
    ("130", "interrupted; what was judged until then is reported"),
)
ENVIRONMENT = (
    ("BUDDYCHECK_PYTHON", "another Python than /usr/bin/python3 (3.11 or later, with Debian's modules)"),
    ("BUDDYCHECK_ENGINE", "another engine than the one that was built or installed with this command"),
    ("BUDDYCHECK_SCENARIOS", "another folder of scenarios"),
    ("BUDDYCHECK_FIXTURES", "another folder of shipped targets"),
    ("BUDDYCHECK_EXPECT", "another folder of the expected failures of shipped targets"),
    ("BUDDYCHECK_SHARD", "I/N, for --shard auto; or BUDDYCHECK_SHARD_INDEX and BUDDYCHECK_SHARD_TOTAL"),
    ("BUDDYCHECK_DEBUG", "an internal error shows its trace"),
)
FILES = (
    ("reports/out/TARGET-TIME-PID/", "the folder of a run: run.json, journal.jsonl, run.tap, junit.xml, target.log; reports/out/latest is the newest"),
    ("TARGET/target.toml", "the profile of a target: addresses, accounts, claims, how it is started, hooks"),
)
EXAMPLES = (
    ("the suite against a server of your own", "buddycheck run --target ci/target.toml"),
    ("one scenario, and all that decide a requirement", "buddycheck run --target prosody out/once SB-010"),
    ("for CI", "buddycheck run --format markdown:summary.md --annotate github"),
    ("the page of the last run", "buddycheck report reports/out/latest"),
    ("what fails that did not", "buddycheck compare reports/out/before reports/out/latest"),
)


def page(date: str) -> str:
    """The whole page."""
    parsers = dict(_parsers())
    lines = [
        f'.TH BUDDYCHECK 1 "{date}" {_quoted("buddycheck " + VERSION)} "User Commands"',
        ".SH NAME", "buddycheck \\- test XMPP servers for XEP\\-0267 Server Buddies", ".SH SYNOPSIS",
    ]
    for name, parser in parsers.items():
        lines += [".B buddycheck", _text(f"{name} {_operands(parser)}"), ".br"]
    lines[-1:] = [".SH DESCRIPTION", _text(
        "buddycheck plays fake peer servers and clients against an XMPP server (the target), replays scripted stanza scenarios, and judges what the "
        "target sent by the requirements of XEP-0267 and of the specifications that it builds upon.")]
    lines.append(".SH COMMANDS")
    for name, parser in parsers.items():
        lines += [f".SS buddycheck {_text(name)}", _text(str(parser.description))]
        for action in parser._actions:
            if not isinstance(action, argparse._HelpAction):
                lines += [".TP", _head(action), _text(_help(parser, action))]
    for title, rows in (("EXIT STATUS", STATUSES), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        lines.append(f".SH {_quoted(title)}")
        for name, words in rows:
            lines += [".TP", f".B {_text(name)}", _text(words)]
    lines.append(".SH EXAMPLES")
    for words, command in EXAMPLES:
        lines += [".TP", _text(words), f".B {_text(command)}"]
    return "\n".join(lines) + "\n"


class _Asked(Exception):
    """Carries the parser that was to show its help."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def _parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser of each command: the one that it makes when it is asked for help."""
    def ask(parser: argparse.ArgumentParser) -> None:
        raise _Asked(parser)

    world = World(Places.find({}, Path.cwd()), {}, io.StringIO(), io.StringIO())
    cli.Parser.help_goes_to = staticmethod(ask)
    try:
        for name, command in cli.COMMANDS.items():
            try:
                command(["--help"], world)
            except _Asked as asked:
                yield name, asked.parser
    finally:
        cli.Parser.help_goes_to = None


def _operands(parser: argparse.ArgumentParser) -> str:
    """What stands behind a command: options in short, then operands."""
    options = [action for action in parser._actions if action.option_strings and not isinstance(action, argparse._HelpAction)]
    needed = [f"{action.option_strings[-1]} {_metavar(action)}" for action in options if action.required]
    words = (["[OPTION ...]"] if len(options) > len(needed) else []) + needed
    for action in parser._actions:
        if not action.option_strings:
            name = _metavar(action)
            words.append({"*": f"[{name} ...]", "+": f"{name} ...", "?": f"[{name}]"}.get(str(action.nargs), name))
    return " ".join(words)


def _metavar(action: argparse.Action) -> str:
    if action.metavar:
        return str(action.metavar)
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def _head(action: argparse.Action) -> str:
    """The line of an option or operand: names in bold, what they take in italics."""
    if not action.option_strings:
        return f".I {_text(_metavar(action))}"
    value = "" if action.nargs == 0 else f" \\fI{_text(_metavar(action))}\\fR"
    return ", ".join(f"\\fB{_text(name)}\\fR" for name in action.option_strings) + value


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    fields: Mapping[str, Any] = {**vars(action), "prog": parser.prog}
    return ((action.help or "") % fields).strip() or "Says which."


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', '\\(dq') + '"'


def _text(text: str) -> str:
    """Text that roff shows as it is, in one line."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return ("\\&" if plain.startswith(".") else "") + plain


def main() -> None:
    """Prints the page; its date is that of SOURCE_DATE_EPOCH, else today's."""
    when = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    sys.stdout.write(page(time.strftime("%Y-%m-%d", time.gmtime(when))))


if __name__ == "__main__":
    main()
