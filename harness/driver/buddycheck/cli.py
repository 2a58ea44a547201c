"""The command line: one parser a command, one line for wrong use."""

from __future__ import annotations

import argparse
import errno
import math
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

from .errors import EXIT_INTERRUPTED, EXIT_UNJUDGED, EXIT_USAGE, Problem, RunProblem, UsageProblem, hint, why
from .options import CI_SYSTEMS, CONFORMANCE, FORMATS, LEVELS, NETWORKS, Format, Options, Wanted
from .places import DEFAULT_TARGET, Places
from .process import allow_descriptors
from .world import World

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
HELP = """usage: buddycheck COMMAND ...

Tests XMPP servers for XEP-0267 Server Buddies.

  run [SELECTOR ...]   run scenarios against a target
  list [SELECTOR ...]  list scenarios
  show ID              show a scenario or a requirement
  lint                 check the scenarios without running them
  report RUN ...       make a report of kept runs: HTML, Markdown, JUnit
  merge RUN ...        unite the runs of all shards
  compare RUN RUN      what fails in the second run that did not in the first, what else changed
  expect RUN [FILE]    make a file of expected failures from what failed in a run
  certify RUN          make a signed certificate of a kept run, for publication
  verify BUNDLE        check a certificate: signature, files, and every verdict once more from its journal
  interop [P P]        let two real servers become buddies of each other; without targets all pairs
  mutants [FAULT ...]  prove that the suite detects faults: run it against a target with one fault at a time
  variants [V ...]     prove that the suite is fair: run it against correct variants of a target

'buddycheck COMMAND --help' tells the options. Exit status: 0 nothing failed, 1 some requirement failed,
2 wrong use, 3 the run could not judge, 130 interrupted.
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    help_goes_to: Callable[[argparse.ArgumentParser], None] | None = None  # for manual.py, which asks all of them

    def print_help(self, file: Any = None) -> None:
        if Parser.help_goes_to:
            Parser.help_goes_to(self)
        super().print_help(file)

    def error(self, message: str) -> NoReturn:
        words = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized arguments: "):
            name = words[0].partition("=")[0]
            message = f"unknown option {name}{hint(name, self._option_string_actions)}"
        raise UsageProblem(f"{self.prog}: {message}; see {self.prog} --help")


def _number(convert: Callable[[str], Any], good: Callable[[Any], object], expected: str) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not good(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got '{text}'")
        return value

    return parse


def _format(formats: Sequence[str]) -> Callable[[str], Format]:
    def parse(text: str) -> Format:
        name, colon, file = text.partition(":")
        if name not in formats or (colon and not file):
            expected = f"expected FORMAT or FORMAT:FILE with FORMAT one of {', '.join(formats)}"
            raise argparse.ArgumentTypeError(f"{expected}, got '{text}'")
        return Format(name, file)

    return parse


def _parser(command: str, description: str) -> Parser:
    return Parser(prog=f"buddycheck {command}", description=description, allow_abbrev=False)


def _add_selection(parser: Parser) -> None:
    add = parser.add_argument
    add("selectors", nargs="*", metavar="SELECTOR",
        help="scenario id, glob ('cancel/*'), area or requirement id; default: all")
    add("--exclude", action="append", default=[], metavar="SELECTOR",
        help="leave these out; must match something (repeatable)")
    add("--level", choices=tuple(LEVELS), default="all",
        help="what is judged: hard requirements (must), those worth a warning as well (should); default: all")
    add("--conformance", choices=CONFORMANCE, default=CONFORMANCE[-1],
        help="what is judged: what XEP-0267 says itself (core), what it inherits as well (full), XEP-0268, 0275 and 0309 as "
        "well (dependents); default: %(default)s")
    add("--slow", action="store_true", help="also those that wait for minutes")


def _wanted(given: argparse.Namespace) -> Wanted:
    return Wanted(tuple(given.selectors), tuple(given.exclude), given.level, given.slow, given.conformance)


def _run_parser() -> Parser:
    parser = _parser("run", "Runs scenarios against a target server.")
    _add_selection(parser)
    count = _number(int, lambda value: value >= 0, "a whole number from 0")
    positive = _number(int, lambda value: 0 < value <= 1_000_000, "a whole number from 1")
    seed = _number(int, lambda value: 0 <= value < 2**53, "a whole number from 0 to 2^53")
    patience = _number(float, lambda value: math.isfinite(value) and 0 < value <= 10_000, "a number above 0")
    add = parser.add_argument
    add("--target", default=DEFAULT_TARGET, metavar="P",
        help="a shipped target's name or the path of a profile (default: %(default)s)")
    add("--jobs", type=count, default=0, metavar="N", help="scenarios at once; 0: as the engine likes (default)")
    add("--seed", type=seed, metavar="S", help="for everything random (default: a new one, printed)")
    add("--patience", type=patience, default=1.0, metavar="N", help="multiplies quiet windows and deadlines (default: 1)")
    add("--repeat", type=positive, default=1, metavar="N", help="run everything N times (default: 1)")
    add("--strict", action="store_true", help="a WARN counts as a failure")
    add("--expect", default="", metavar="FILE",
        help="expected failures (TOML); default: ci/expect/<target>.toml for a shipped target; 'none': no file")
    add("--network", choices=NETWORKS, default="",
        help="private: in a network namespace with nothing but loopback, real ports and plain DNS; host: on this machine's "
        "loopback (default: what the profile says, else host)")
    add("--format", type=_format(FORMATS), action="append", default=[], metavar="FORMAT[:FILE]",
        help=", ".join(FORMATS) + "; to standard output or to a file (repeatable)")
    add("--shard", default="", metavar="I/N",
        help="run one of N shares; auto: which one, GitLab, Buildkite, CircleCI, Kubernetes, Slurm or BUDDYCHECK_SHARD=I/N in the "
        "environment say; 'buddycheck merge' unites the runs")
    add("--baseline", default="", metavar="RUN",
        help="compare with this kept run; exit 1 only for a scenario that fails now and did not there")
    add("--annotate", choices=CI_SYSTEMS, default="", help="point this CI system at what failed, in lines on standard output")
    add("--out", default="", metavar="DIR", help="the run's folder (default: reports/out/<target>-<time>-<pid>)")
    return parser


def _run(argv: Sequence[str], world: World) -> int:
    from .run import run

    given = _run_parser().parse_intermixed_args(argv)
    options = Options(
        wanted=_wanted(given), target=given.target, jobs=given.jobs, seed=given.seed, patience=given.patience,
        repeat=given.repeat, strict=given.strict, formats=tuple(given.format), out=given.out, expect=given.expect,
        network=given.network, annotate=given.annotate, baseline=given.baseline,
        shard=given.shard,
    )
    return run(options, world)


def _list(argv: Sequence[str], world: World) -> int:
    from . import browse

    parser = _parser("list", "Lists the scenarios that 'run' with the same selection would run, or the coverage of the requirements.")
    _add_selection(parser)
    add = parser.add_argument
    add("--format", choices=("text", "json"), default="text", help="json: everything that is known (default: %(default)s)")
    add("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    add("--coverage", action="store_true",
        help="requirement by requirement: what decides it and its last verdict; SELECTOR means requirements then; "
        "exit 1 where a hard one has neither scenario nor reason")
    add("--target", default="", metavar="P", help=f"with --coverage: whose last kept run gives the verdicts (default: {DEFAULT_TARGET})")
    given = parser.parse_intermixed_args(argv)
    as_json = given.format == "json"
    if not given.coverage:
        if given.target:
            parser.error("--target needs --coverage")
        return browse.list_scenarios(_wanted(given), as_json, world)
    if given.exclude or given.slow or given.level != "all" or given.conformance != CONFORMANCE[-1]:
        parser.error("--coverage shows requirements: --exclude, --slow, --level and --conformance do not go with it")
    from . import coverage

    return coverage.show(given.selectors, given.target or DEFAULT_TARGET, as_json, world)


def _show(argv: Sequence[str], world: World) -> int:
    from . import browse

    parser = _parser("show", "Shows a scenario with its play, or a requirement with its scenarios.")
    parser.add_argument("id", metavar="ID")
    return browse.show(parser.parse_intermixed_args(argv).id, world)


def _lint(argv: Sequence[str], world: World) -> int:
    from . import browse

    parser = _parser("lint", "Checks the scenarios without running them.")
    parser.add_argument("--allow-open", action="store_true",
                        help="a requirement with neither scenario nor reason is listed, but is no failure")
    return browse.lint(parser.parse_args(argv).allow_open, world)


def _mutants_parser(formats: Sequence[str]) -> Parser:
    parser = _parser("mutants", "Runs the suite against a target with one fault at a time: every fault must be detected.")
    count = _number(int, lambda value: value >= 0, "a whole number from 0")
    deadline = _number(int, lambda value: 0 < value <= 3_600_000, "a whole number of milliseconds from 1")
    seed = _number(int, lambda value: 0 <= value < 2**53, "a whole number from 0 to 2^53")
    add = parser.add_argument
    add("faults", nargs="*", metavar="FAULT", help="id or glob of fixtures/faults.toml; default: all")
    add("--target", default="reference", metavar="P", help="a target whose profile has start.fault (default: %(default)s)")
    add("--scenarios", nargs="+", action="extend", default=[], metavar="SELECTOR", help="only these, as 'run' selects them")
    add("--quick", action="store_true", help="per fault only the scenarios that its row is about, and their areas")
    add("--jobs", type=count, default=0, metavar="N", help="faults at once; 0: four a CPU (default)")
    add("--deadline", type=deadline, default=0, metavar="MS", help="of a step (default: start.fault_deadline of the profile)")
    add("--seed", type=seed, default=1, metavar="S", help="for everything random (default: %(default)s)")
    add("--resume", action="store_true", help="keep the results in --out that are still valid")
    add("--format", type=_format(formats), action="append", default=[], metavar="FORMAT[:FILE]",
        help=", ".join(formats) + "; to standard output or to a file (repeatable)")
    add("--out", default="", metavar="DIR", help="for results and what is left of runs (default: reports/out/mutants-<target>)")
    return parser


def _mutants(argv: Sequence[str], world: World) -> int:
    from . import mutants

    given = _mutants_parser(mutants.FORMATS).parse_intermixed_args(argv)
    options = mutants.Options(
        faults=tuple(given.faults), wanted=Wanted(tuple(given.scenarios)), target=given.target, jobs=given.jobs,
        deadline=given.deadline, seed=given.seed, quick=given.quick, resume=given.resume, formats=tuple(given.format),
        out=given.out,
    )
    return mutants.mutants(options, world)


def _variants(argv: Sequence[str], world: World) -> int:
    from . import variants

    parser = _parser("variants", "Runs the suite against correct variants of a target: nothing may fail.")
    count = _number(int, lambda value: value >= 0, "a whole number from 0")
    seed = _number(int, lambda value: 0 <= value < 2**53, "a whole number from 0 to 2^53")
    add = parser.add_argument
    add("variants", nargs="*", metavar="VARIANT", help="id or glob of fixtures/variants.toml, each run alone; default: all, in their groups")
    add("--target", default="reference", metavar="P", help="a target whose profile has start.fault (default: %(default)s)")
    add("--scenarios", nargs="+", action="extend", default=[], metavar="SELECTOR", help="only these, as 'run' selects them")
    add("--jobs", type=count, default=0, metavar="N", help="runs at once; 0: one a CPU (default)")
    add("--seed", type=seed, default=1, metavar="S", help="for everything random (default: %(default)s)")
    add("--out", default="", metavar="DIR", help="for what is left of runs (default: reports/out/variants-<target>)")
    given = parser.parse_intermixed_args(argv)
    options = variants.Options(
        variants=tuple(given.variants), wanted=Wanted(tuple(given.scenarios)), target=given.target, jobs=given.jobs,
        seed=given.seed, out=given.out,
    )
    return variants.variants(options, world)


def _report(argv: Sequence[str], world: World) -> int:
    from . import report

    parser = _parser("report", "Makes one report of kept runs; without options an HTML page beside the first.")
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help="the folder of a run, or its run.json")
    add("--format", choices=report.FORMATS, default="html", help="default: %(default)s; the others take one run")
    add("--out", default="", metavar="FILE", help="'-': standard output (default: report.html in the first run's folder, others to standard output)")
    add("--baseline", default="", metavar="RUN", help="show how each of the others compares with this one")
    given = parser.parse_intermixed_args(argv)
    return report.report(given.runs, given.format, given.out, given.baseline, world)


def _compare(argv: Sequence[str], world: World) -> int:
    from . import baseline

    parser = _parser("compare", "Tells what changed from one kept run to another. Exit status: 0 no regression, 1 a regression, "
                     "3 nothing regressed, but not everything was judged.")
    add = parser.add_argument
    add("before", metavar="BASELINE", help="the folder of a run, or its run.json")
    add("after", metavar="RUN", help="the run that is compared with it")
    add("--strict", action="store_true", help="a WARN counts as a failure")
    add("--format", choices=baseline.FORMATS, default=baseline.FORMATS[0], help="default: %(default)s")
    add("--out", default="", metavar="FILE", help="default: standard output")
    given = parser.parse_intermixed_args(argv)
    return baseline.command((given.before, given.after), given.strict, given.format, given.out, world.places, world.stdout)


def _merge(argv: Sequence[str], world: World) -> int:
    from . import merge

    parser = _parser("merge", "Unites the runs of all shards ('run --shard') as if they had been one run. Exit status: that of the united run; "
                     "3 where a shard is missing; 2 where they do not belong together.")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="the folder of a shard's run, or its run.json")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the united run")
    given = parser.parse_intermixed_args(argv)
    return merge.merge(given.runs, given.out, world)


def _expect(argv: Sequence[str], world: World) -> int:
    import datetime

    from . import expect_write

    def date(text: str) -> datetime.date:
        try:
            return datetime.date.fromisoformat(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"expected a date as in 2027-06-30, got '{text}'") from error

    parser = _parser("expect", "Shows the file of expected failures with which a kept run would have failed nothing. What an existing file "
                     "says is kept: reasons, dates, links and comments; what holds now is taken out.")
    add = parser.add_argument
    add("run", metavar="RUN", help="the folder of a run, or its run.json")
    add("file", nargs="?", default="", metavar="FILE", help="default: that which 'run' uses for a shipped target, ci/expect/<target>.toml")
    add("--write", action="store_true", help="write the file")
    add("--expires", type=date, metavar="DATE", help=f"of new entries (default: in {expect_write.DAYS} days)")
    given = parser.parse_intermixed_args(argv)
    return expect_write.command(given.run, given.file, given.write, given.expires, world)


def _certify(argv: Sequence[str], world: World) -> int:
    from . import certify

    parser = _parser("certify", "Makes a bundle of a kept run that others can verify: statement, run, journal, scenarios, signed with an SSH key.")
    add = parser.add_argument
    add("run", metavar="RUN", help="the folder of a run, or its run.json")
    add("--as", required=True, dest="product", metavar="PRODUCT", help="maker, product and version, as in \"Vendor, Product 1.2\"")
    add("--key", required=True, metavar="FILE", help="an SSH key; of an encrypted one the agent must hold the private half")
    add("--out", required=True, metavar="BUNDLE", help="the file, as in product-1.2.tar.gz")
    add("--url", default="", metavar="URL", help="where the run can be looked at")
    given = parser.parse_intermixed_args(argv)
    return certify.certify(certify.Options(given.run, given.product, given.key, given.out, given.url), world)


def _verify(argv: Sequence[str], world: World) -> int:
    from . import verify

    parser = _parser("verify", "Checks a bundle of 'buddycheck certify' without any target. Exit status: 0 all of it holds, 1 something does not, "
                     "2 it is no bundle, or one of another version.")
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", help="the file, or the folder that it was unpacked to")
    add("--allowed-signers", default="", metavar="FILE", help="who may sign, as in ssh-keygen(1); without it whose key it is is not checked")
    given = parser.parse_intermixed_args(argv)
    return verify.verify(given.bundle, given.allowed_signers, world)


def _interop(argv: Sequence[str], world: World) -> int:
    from . import interop

    parser = _parser("interop", "Lets two servers become buddies of each other: each one's administrator adds the other.")
    parser.add_argument("targets", nargs="*", metavar="P",
                        help="two targets, as for 'run --target'; default: all ordered pairs of the shipped ones")
    parser.add_argument("--out", default="", metavar="DIR", help="for journals and logs (default: reports/out/interop-<time>-<pid>)")
    given = parser.parse_intermixed_args(argv)
    return interop.interop(interop.Options(tuple(given.targets), given.out), world)


COMMANDS: Mapping[str, Callable[[Sequence[str], World], int]] = {
    "run": _run, "list": _list, "show": _show, "lint": _lint, "report": _report, "merge": _merge, "compare": _compare, "expect": _expect,
    "certify": _certify, "verify": _verify, "interop": _interop, "mutants": _mutants, "variants": _variants,
}


def main(argv: Sequence[str], environ: Mapping[str, str], cwd: Path, stdout: TextIO, stderr: TextIO) -> int:
    """Performs a command; the exit status. Whatever goes wrong is told in lines, never as a stack trace."""
    world = World(Places.find(environ, cwd), environ, stdout, stderr)
    try:
        return _dispatch(argv, world)
    except RunProblem as problem:
        world.say(f"buddycheck: {problem.words()}")
        return problem.exit_status
    except Problem as problem:
        world.say(*map(_prefixed, problem.lines))
        return problem.exit_status
    except KeyboardInterrupt:
        return _interrupted(world)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in FULL:
            world.say(f"buddycheck: cannot write {error.filename or 'to standard output'}: {why(error)}")
            _discard(stdout)
            return EXIT_USAGE
        world.say(f"buddycheck: {error.filename or 'operating system'}: {why(error)}")
        return EXIT_UNJUDGED
    except Exception as error:  # a mistake of ours
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came while Python imported, and made a class
            return _interrupted(world)
        if environ.get("BUDDYCHECK_DEBUG"):
            raise
        mistake = f"{type(error).__name__}: {error}"
        world.say(f"buddycheck: internal error ({mistake}); set BUDDYCHECK_DEBUG=1 for a trace, and please report it")
        return EXIT_UNJUDGED


def _interrupted(world: World) -> int:
    world.say("buddycheck: interrupted, ended at once")
    return EXIT_INTERRUPTED


def _prefixed(line: str) -> str:
    """A line that names a file and line stays as editors read it; others say who speaks."""
    return line if line.startswith("buddycheck") or re.match(r"[^\s:]+:\d+:", line) else f"buddycheck: {line}"


def _dispatch(argv: Sequence[str], world: World) -> int:
    if argv and argv[0] in ("-h", "--help", "help"):
        world.stdout.write(HELP)
        return 0
    if not argv:
        world.stderr.write(HELP)
        return EXIT_USAGE
    command = COMMANDS.get(argv[0])
    if command is None:
        kind = "option" if argv[0].startswith("-") else "command"
        expected = f"expected one of: {', '.join(COMMANDS)}"
        raise UsageProblem(f"unknown {kind} '{argv[0]}'{hint(argv[0], COMMANDS)}; {expected}")
    try:
        return command(argv[1:], world)
    except SystemExit as done:  # argparse, after --help
        return int(done.code or 0)


def main_process() -> NoReturn:
    """The process: its arguments, streams and exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    allow_descriptors()
    try:
        status = main(sys.argv[1:], os.environ, Path.cwd(), sys.stdout, sys.stderr)
        sys.stdout.flush()
    except BrokenPipeError:  # a reader such as head has seen enough
        _discard(sys.stdout)
        status = 128 + signal.SIGPIPE
    except OSError as error:
        print(f"buddycheck: cannot write to standard output: {why(error)}", file=sys.stderr)
        _discard(sys.stdout)
        status = EXIT_USAGE
    os._exit(status)  # nothing is left to do, but Python would give back its memory piece by piece


def _discard(stream: TextIO) -> None:
    """What could not be written is not to be tried again when the process ends."""
    with suppress(OSError):  # one without a file, as tests have it, has nothing to try
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
