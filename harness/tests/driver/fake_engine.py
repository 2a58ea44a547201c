#!/usr/bin/python3 -SE
"""An engine that performs a script instead of scenarios: a list of actions in the JSON file FAKE_ENGINE.

It writes the plan and every command that it gets to the file FAKE_ENGINE_SAW, so that tests can look at them.
"""

import json
import os
import signal
import sys

with open(os.environ["FAKE_ENGINE"]) as file:
    SCRIPT = json.load(file)


def catalogue():
    """The command `catalogue`."""
    sys.stderr.write(SCRIPT.get("catalogue_stderr", ""))
    if "catalogue_raw" in SCRIPT:
        print(SCRIPT["catalogue_raw"])
    else:
        json.dump(SCRIPT["catalogue"], sys.stdout)
    return SCRIPT.get("catalogue_exit", 0)


class Run:
    """The command `run`; every method named do_X performs the action X."""

    def __init__(self):
        self.saw = open(os.environ["FAKE_ENGINE_SAW"], "w")
        self.plan = self.read()
        self.counts = {}
        self.judged = set()

    def read(self):
        line = sys.stdin.readline()
        self.saw.write(line)
        self.saw.flush()
        return json.loads(line) if line else None

    def say(self, event, **fields):
        print(json.dumps({"event": event, **fields}), flush=True)

    def do_bound(self, _):
        self.say("bound", peers_address="127.0.0.3", peers_port=25369, dns_address="127.0.0.3", dns_port=25353)

    def do_say(self, event):
        print(json.dumps(event), flush=True)

    def do_raw(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()

    def do_stderr(self, text):
        sys.stderr.write(text)

    def do_expect(self, name):
        while True:
            command = self.read()
            if command is None:
                sys.exit(1)
            if command["command"] == name:
                return

    def do_target_says(self, word):
        with open(os.environ["FAKE_READY"]) as fifo:
            said = fifo.read().split()  # to the end, so that the next one who listens does not hear this writer
        assert said[0] == word, said

    def do_tap(self, text):
        with open(self.plan["tap"]["path"], "w") as file:
            file.write(text)

    def do_journal(self, text):
        with open(self.plan["journal"], "w") as file:
            file.write(text)

    def do_judge(self, verdicts):
        for repeat in range(1, self.plan["repeat"] + 1):
            for scenario in self.plan["select"]:
                if scenario in verdicts or "*" in verdicts:
                    self.judge(scenario, repeat, verdicts.get(scenario, verdicts.get("*")))

    def do_of_run(self, actions):  # by the name of the run's folder: for mutants the fault
        self.perform(actions[os.path.basename(os.path.dirname(self.plan["journal"]))])

    def judge(self, scenario, repeat, verdict):
        if isinstance(verdict, list):  # one for each repetition
            verdict = verdict[repeat - 1]
        verdict, _, requirement = verdict.partition(" ")
        self.judged.add(scenario)
        self.counts[verdict] = self.counts.get(verdict, 0) + 1
        bad = verdict != "PASS"
        self.say("begin", scenario=scenario, repeat=repeat)
        self.say("judged", scenario=scenario, repeat=repeat, verdict=verdict)
        self.say(
            "result", scenario=scenario, repeat=repeat, title="title of " + scenario, file=scenario + ".scs", verdict=verdict,
            reason=SCRIPT.get("reason", "SB-010 went wrong") if bad else "", ms=12.5, journal=[1, 2],
            failure=SCRIPT.get("failure", "expected this\ngot that") if bad else None,
            checks=[{"id": requirement or "SB-010", "part": "", "strictness": "HARD", "verdict": verdict, "text": "", "line": 9}],
            waited={"ms": 9.5, "for": "a stanza", "line": 3, "step": "Marlowe receives:"},
        )

    def do_end(self, status):
        missing = [id for id in self.plan["select"] if id not in self.judged]
        self.say(
            "end", counts=self.counts, requirements={"PASS": 1}, exit=status, seconds=1.5, cpu_seconds=0.25, quiet_seconds=0.75, memory_kb=2048,
            seed=self.plan["seed"], not_run=missing, unexpected_passes=SCRIPT.get("unexpected_passes", []), lost=SCRIPT.get("lost", []),
            software=SCRIPT.get("software"),
        )
        sys.exit(status)

    def do_exit(self, status):
        sys.exit(status)

    def do_signal_self(self, name):
        os.kill(os.getpid(), getattr(signal, name))

    def do_signal_driver(self, name):
        os.kill(os.getppid(), getattr(signal, name))

    def perform(self, actions):
        for action in actions:
            [(name, argument)] = action.items()
            getattr(self, "do_" + name)(argument)


sys.exit(catalogue() if sys.argv[1] == "catalogue" else Run().perform(SCRIPT["run"]))
