"""Prosody with our module, stock Prosody, and everything that can break around them."""

import json
import re

PENDING_HOOK = '[hooks.pending]\nadhoc = "server-presence#pending"\nresult = "pending"\n'
SOME = ["adhoc/form-shape", "in/pending-visible", "out/once"]


def hook_program(script: str) -> tuple[str, str]:
    """An edit that makes the hook `pending` run a shell script, in the middle of a run. `$` begins a placeholder in a profile."""
    return PENDING_HOOK, f'[hooks.pending]\nprogram = ["sh", "-c", {json.dumps(script.replace("$", "$$"))}]\n'


def target_pid() -> str:
    """Shell words that give the process id of the target of this run."""
    return "$(cat $BUDDYCHECK_DIR/prosody.pid)"


def test_same_verdicts_with_every_seed_and_number_of_jobs(buddycheck):
    runs = [buddycheck("--seed", str(seed), "--jobs", str(jobs)) for seed, jobs in ((1, 0), (2, 64), (3, 5))]
    assert [run.status for run in runs] == [0, 0, 0], runs[0].text[-3000:]
    assert runs[0].verdicts() == runs[1].verdicts() == runs[2].verdicts()
    assert len(runs[0].verdicts()) >= 40


def test_scenarios_that_restart_the_target_share_the_restart(buddycheck):
    run = buddycheck("persist", "out/no-unsolicited-at-start", "out/late-approval-after-restart")
    assert run.status == 0, run.text[-3000:]
    assert len(run.verdicts()) >= 8
    starts = (run.out / "target.log").read_text().count("Hello and welcome to Prosody")
    assert starts == 3, "the first start, one restart, one after a kill"


def test_stock_prosody_fails_and_breaks_nothing(buddycheck):
    run = buddycheck(target="prosody-stock")
    assert run.status == 1
    assert "INCONCLUSIVE" not in run.stdout and "ERROR" not in run.stdout, run.stdout[-3000:]
    verdicts = run.verdicts()
    assert verdicts["disco/feature-advertised-to-admin"] == "not ok"
    assert verdicts["adhoc/form-shape"] == "not ok"
    assert verdicts["in/manual-waits"] == "not ok"  # stock mod_presence approves everybody
    assert verdicts["adhoc/commands-node-info"] == "ok"
    assert verdicts["in/approve"] == "skip"


def test_server_killed_in_the_middle(buddycheck, profile):
    target = profile(hook_program(f"kill -9 {target_pid()}"))
    run = buddycheck("in", "--jobs", "1", target=target)
    assert run.status == 3
    assert "Bail out! run: the target ended" in run.stdout
    last_words = (run.out / "target.log").read_text().splitlines()[-1].strip()
    assert last_words and last_words in run.text, "the target's last log lines are shown"
    verdicts = list(run.verdicts().values())
    assert verdicts.count("not ok") == 1, "alone under way, it is the one that the target did not survive"
    assert (run.out / "journal.jsonl").stat().st_size > 0
    for line in (run.out / "journal.jsonl").read_text().splitlines():
        json.loads(line)


def test_server_that_stops_answering(buddycheck, profile):
    target = profile(hook_program(f"kill -STOP {target_pid()}"), ("deadline = 5000", "deadline = 300"))
    run = buddycheck(*SOME, "in/approve", target=target)
    assert run.status == 3
    assert "does not answer any more" in run.text


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
        target = profile(('[c2s]\naddress = "127.0.0.1"\nport = 0', f'[c2s]\naddress = "127.0.0.1"\nport = {port}'))
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
    for parts in peers.values():
        assert parts[-1].strip() == "</stream:stream>"
        etree.fromstring("".join(parts).encode())
