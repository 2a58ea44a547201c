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


def catalogue(**more):
    """The command `catalogue`, and what `run` begins with where it is given a folder."""
    sys.stderr.write(SCRIPT.get("catalogue_stderr", ""))
    if "catalogue_raw" in SCRIPT:
        print(SCRIPT["catalogue_raw"], flush=True)
    elif "catalogue_exit" not in SCRIPT:
        print(json.dumps(SCRIPT["catalogue"] | more), flush=True)
    return SCRIPT.get("catalogue_exit", 0)


class Run:
    """The command `run`; every method named do_X performs the action X."""

    def __init__(self):
        line = sys.stdin.readline() or sys.exit(0)  # the driver wants no run
        self.saw = open(os.environ["FAKE_ENGINE_SAW"], "w")
        self.plan = self.take(line)
        self.counts = {}
        self.judged = set()

    def read(self):
        return self.take(sys.stdin.readline())

    def take(self, line):
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
            checks=[{"id": requirement or "SB-010", "part": "", "strictness": "HARD", "verdict": verdict, "text": "", "line": 9, **(SCRIPT.get("shown", {}) if bad else {})}],
            waited={"ms": 9.5, "for": "a stanza", "line": 3, "step": "Marlowe receives:"},
            **(SCRIPT.get("besides", {}) if bad else {}),
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


class Interop:
    """The command `interop`: the lists of the two servers are those of the script; approving empties the list of what is pending."""

    def __init__(self):
        self.saw = open(os.environ["FAKE_ENGINE_SAW"], "a")
        self.script = SCRIPT["interop"]
        self.lists = {"pending": self.script.get("pending", ["", ""])[:], "roster": self.script.get("roster", ["", ""])}

    def perform(self):
        self.say("bound", sides=[
            {"peers_address": "127.0.0.3", "peers_port": 1 + side, "dns_address": "127.0.0.3", "dns_port": 53 + side} for side in (0, 1)
        ])
        for line in sys.stdin:
            self.saw.write(line)
            self.saw.flush()
            command = json.loads(line)
            getattr(self, "do_" + command.get("command", "plan").replace("-", "_"))(command)

    def say(self, event, **fields):
        print(json.dumps({"event": event, **fields}), flush=True)

    def do_plan(self, plan):
        with open(plan["journal"], "w") as file:
            file.write("{}\n")

    def do_started(self, command):
        reason = self.script.get("unready", ["", ""])[command["side"]]
        self.say("unready" if reason else "ready", side=command["side"], reason=reason)

    def do_call(self, command):
        side, hook = command["side"], command["hook"]
        happens = self.script.get(f"{side} {hook}", "")
        if happens == "exit":
            sys.exit(3)
        if happens == "interrupt":
            os.kill(os.getppid(), signal.SIGINT)
            return
        if hook == "approve":
            self.lists["pending"][side] = ""
        output = happens or (self.lists[hook][side] if hook in self.lists else "")
        self.say("answer", id=command["id"], ok=not happens, output=output)

    def do_end(self, _):
        sys.exit(0)


if sys.argv[1] == "catalogue":
    sys.exit(catalogue())
if sys.argv[1:2] == ["run"] and len(sys.argv) == 3 and (failed := catalogue(event="catalogue")):
    sys.exit(failed)
sys.exit(Interop().perform() if sys.argv[1] == "interop" else Run().perform(SCRIPT["run"]))
