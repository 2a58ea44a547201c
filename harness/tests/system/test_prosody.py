"""Prosody with our module, stock Prosody, and everything that can break around them."""

import json
import re
from collections import Counter

PENDING_HOOK = '[hooks.pending]\nadhoc = "server-presence#pending"\nresult = "pending"\n'
SOME = ["adhoc/form-shape", "in/pending-visible", "out/once"]


def hook_program(script: str) -> tuple[str, str]:
    """An edit that makes the hook `pending` run a shell script, in the middle of a run. `$` begins a placeholder in a profile."""
    return PENDING_HOOK, f'[hooks.pending]\nprogram = ["sh", "-c", {json.dumps(script.replace("$", "$$"))}]\n'


def roster_program(script: str) -> tuple[str, str]:
    """The same for the hook `roster`."""
    old = '[hooks.roster]\nadhoc = "server-presence#roster"\nresult = "roster"\n'
    return old, f'[hooks.roster]\nprogram = ["sh", "-c", {json.dumps(script.replace("$", "$$"))}]\n'


def journal(run) -> list[dict]:
    return [json.loads(line) for line in (run.out / "journal.jsonl").read_text().splitlines()]


def attempts(run) -> dict[str, int]:
    """How often each scenario began."""
    return Counter(entry["scenario"] for entry in journal(run) if entry["kind"] == "begin")


def target_pid() -> str:
    """Shell words that give the process id of the target of this run."""
    return "$(cat $BUDDYCHECK_DIR/prosody.pid)"


def test_same_verdicts_with_every_seed_and_number_of_jobs(buddycheck):
    runs = [buddycheck("--seed", str(seed), "--jobs", str(jobs)) for seed, jobs in ((1, 0), (2, 64), (3, 5))]
    assert [run.status for run in runs] == [0, 0, 0], runs[0].failures()
    assert runs[0].verdicts() == runs[1].verdicts() == runs[2].verdicts()
    assert len(runs[0].verdicts()) >= 40


def test_scenarios_that_restart_the_target_share_the_restart(buddycheck):
    # What spoils the store needs restarts of its own.
    run = buddycheck("persist", "out/no-unsolicited-at-start", "out/late-approval-after-restart", "--exclude", "persist/store-*")
    assert run.status == 0, run.failures()
    assert len(run.verdicts()) >= 8
    starts = (run.out / "target.log").read_text().count("Hello and welcome to Prosody")
    assert starts == 5, "one start of each instance, one restart, one after a kill"


def test_stock_prosody_fails_and_breaks_nothing(whole):
    run = whole("prosody-stock")
    assert run.status == 1
    assert "INCONCLUSIVE" not in run.stdout and "ERROR" not in run.stdout, run.failures()
    verdicts = run.verdicts()
    assert verdicts["disco/feature-advertised-to-admin"] == "not ok"
    assert verdicts["adhoc/form-shape"] == "not ok"
    assert verdicts["in/manual-waits"] == "not ok"  # stock mod_presence approves everybody
    assert verdicts["adhoc/commands-node-info"] == "ok"
    assert verdicts["in/approve"] == "skip"


def test_server_that_is_killed_from_outside_once(buddycheck, profile):
    """Nobody can be blamed, everybody is judged, and the run is not green."""
    target = profile(hook_program(f"mkdir $BUDDYCHECK_DIR/killed 2>/dev/null && kill -9 {target_pid()}; echo $BUDDYCHECK_PEER"))
    run = buddycheck("adhoc", "in/pending-visible", target=target)
    assert run.status == 3
    assert set(run.verdicts().values()) == {"ok"}, run.failures()
    assert "Bail out!" not in run.stdout
    [point] = [line for line in run.stdout.splitlines() if " - run: The target stays alive" in line]
    assert point.startswith("not ok")
    [line] = [line for line in run.stdout.splitlines() if line.startswith("# INCONCLUSIVE run: the target ended (signal SIGKILL)")]
    suspects = line.partition("under way: ")[2].split(", ")
    assert len(suspects) > 1
    assert {id: times for id, times in attempts(run).items() if times > 1} == dict.fromkeys(suspects, 2)
    assert [entry["detail"] for entry in journal(run) if entry["kind"] == "lost"] == ["the target ended (signal SIGKILL)"]
    assert (run.out / "target.log").read_text().count("is started again") == 1
    assert len((run.out / "results.jsonl").read_text().splitlines()) == len(run.verdicts()), "one result each"


def test_server_that_a_scenario_kills_again_and_again(buddycheck, profile):
    target = profile(hook_program(f"kill -9 {target_pid()}; exec sleep infinity"))
    run = buddycheck("adhoc", "in/pending-visible", target=target)
    assert run.status == 1
    assert [id for id, verdict in run.verdicts().items() if verdict != "ok"] == ["in/pending-visible"]
    assert "# FAIL in/pending-visible: the target ended (signal SIGKILL)\n" in run.stdout
    assert "the last stanzas to the target:\n        Marlowe, line" in run.stdout


def test_server_that_dies_when_scenarios_share_a_restart(buddycheck, profile):
    target = profile(roster_program(f"mkdir $BUDDYCHECK_DIR/killed 2>/dev/null && kill -9 {target_pid()}; echo $BUDDYCHECK_PEER both"))
    run = buddycheck("persist/both-after-restart", "persist/session-across-restart", "adhoc/form-shape", target=target)
    assert run.status == 3, run.failures()
    assert set(run.verdicts().values()) == {"ok"} and len(run.verdicts()) == 3, run.failures()
    assert "persist/both-after-restart" in run.stdout.partition("# INCONCLUSIVE run: ")[2].partition("\n")[0]


def test_server_that_stops_answering(buddycheck, profile):
    # Its silence lasts ten deadlines: long enough for a busy machine, short enough for a test.
    target = profile(hook_program(f"kill -STOP {target_pid()}; exec sleep infinity"), ("deadline = 5000", "deadline = 800"))
    run = buddycheck(*SOME, "--seed", "1", target=target)
    assert run.status == 1
    assert [id for id, verdict in run.verdicts().items() if verdict != "ok"] == ["in/pending-visible"], run.failures()
    assert "# FAIL in/pending-visible: the target does not answer any more: no answer to a ping in time\n" in run.stdout


def test_server_that_dies_too_often(buddycheck, profile):
    target = profile(hook_program(f"kill -9 {target_pid()}; exec sleep infinity"))
    run = buddycheck("in/pending-visible", "out/once", "--repeat", "10", target=target)
    assert run.status == 3
    assert "Bail out! run: the target ended (signal SIGKILL), for the 8th time" in run.stdout
    last_words = (run.out / "target.log").read_text().splitlines()[-1].strip()
    assert last_words and last_words in run.text, "the target's last log lines are shown"
    assert run.stdout.count("FAIL in/pending-visible") >= 2


def test_stanza_that_is_too_large_may_end_the_stream(buddycheck, profile):
    target = profile(("-- admins stands in each host", "c2s_stanza_size_limit = 20000\n-- admins stands in each host"), name="prosody.cfg.lua")
    run = buddycheck("addr/peerjid-too-long", target=target)
    assert run.status == 0, run.text
    assert "XML stanza is too big" in (run.out / "journal.jsonl").read_text()


def test_server_that_never_starts(buddycheck, profile):
    target = profile(('"${dir}/prosody.cfg.lua", "-F"]', '"${dir}/no-such-file.lua", "-F"]'))
    run = buddycheck(*SOME, target=target)
    assert run.status == 3
    assert re.search(r"Bail out! start: the target ended", run.stdout), run.text


def test_server_that_never_becomes_ready(buddycheck, profile):
    target = profile(('program = ["prosody", "--config", "${dir}/prosody.cfg.lua", "-F"]', 'program = ["tail", "-f", "/dev/null"]'),
                     ("start = 10000", "start = 200"))
    run = buddycheck(*SOME, target=target)
    assert run.status == 3
    assert "Bail out! ready: " in run.stdout, run.text


def test_server_that_refuses_the_login(buddycheck, profile):
    target = profile(("${admin_password}", "something else"), name="accounts/admin.dat")
    run = buddycheck(*SOME, target=target)
    assert run.status == 3
    assert "Bail out! login: login of admin@srv.test refused: not-authorized" in run.stdout, run.text
    assert "admin-secret" not in run.text


def test_interrupt_keeps_what_was_judged(buddycheck, profile):
    target = profile(hook_program("kill -INT $PPID; exec cat >/dev/null"))
    run = buddycheck("in", "--jobs", "1", "--seed", "7", target=target)
    assert run.status == 130
    assert run.stdout.startswith("TAP version 14"), run.text
    assert run.verdicts(), "what was judged before is reported"
    assert (run.out / "journal.jsonl").stat().st_size > 0


def test_port_in_use(buddycheck, profile):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        target = profile(('[c2s]\naddress = "127.0.0.1"\nport = 0', f'[c2s]\naddress = "127.0.0.1"\nport = {port}'),
                         ("instances = 4\n", ""))
        run = buddycheck(*SOME, target=target)
    assert run.status == 2
    assert str(port) in run.stderr and len(run.stderr.strip().splitlines()) == 1, run.text


def test_passwords_are_in_no_output(buddycheck):
    run = buddycheck(*SOME)
    assert run.status == 0
    texts = [run.text] + [file.read_text(errors="replace") for file in run.out.iterdir() if file.is_file()]
    for text in texts:
        for secret in ("admin-secret", "user-secret", "YWRtaW4tc2VjcmV0", "AGFkbWluAGFkbWlu"):  # plain and SASL PLAIN
            assert secret not in text


def test_what_the_journal_says_is_what_crossed_the_wire(buddycheck):
    """Each stream's octets, put together, are two well-formed streams; each stanza is there once."""
    from lxml import etree

    run = buddycheck("out/handshake-full", "disco/reply-addressed-to-peer-domain")
    assert run.status == 0
    streams: dict[tuple[int, str], list[str]] = {}
    for line in (run.out / "journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] in ("header", "stanza", "end") and entry.get("actor"):
            streams.setdefault((entry["stream"], entry["dir"]), []).append(entry["data"])
    peers = {key: parts for key, parts in streams.items() if "jabber:server" in parts[0]}
    assert len(peers) >= 8
    for (_, direction), parts in peers.items():
        ended = parts[-1].strip() == "</stream:stream>"
        assert ended or direction == "in", "a run that is over does not wait for the target's end of a stream"
        etree.fromstring("".join(parts if ended else [*parts, "</stream:stream>"]).encode())
