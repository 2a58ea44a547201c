"""A server of quite different construction: the complete suite against ejabberd with our module."""

import json
import re


def test_the_whole_suite(whole):
    run = whole("ejabberd")
    assert run.status == 0, run.failures()
    assert len(run.verdicts()) >= 250

    # ejabberd pushes roster changes to every session of a user and ends one that answers in the name of another.
    bound: dict[int, str] = {}
    answers = 0
    for line in (run.out / "journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        data = entry.get("data", "")
        if entry["kind"] == "stanza" and entry["dir"] == "in" and (jid := re.search(r"<bind .*<jid>([^<]+)</jid>", data)):
            bound[entry["stream"]] = jid[1]
        elif entry["kind"] == "stanza" and entry["dir"] == "out" and entry["stream"] in bound:
            tag = data.partition(">")[0]
            if tag.startswith("<iq") and re.search(r"type=.(error|result)", tag):
                assert re.search(r"from=.([^'\"]+)", tag)[1] == bound[entry["stream"]], line
                answers += 1
    assert answers > 0
