"""The integrations in ci/: the shell steps of GitHub, GitLab and Jenkins are taken out of the files, checked and run as they stand."""

import json
import os
import re
import subprocess

import pytest
import yaml
from conftest import ROOT, SECONDS

CI = ROOT / "ci"


def github(path: str) -> list[str]:
    return [step["run"] for step in yaml.safe_load((CI / "github" / path).read_text())["runs"]["steps"] if "run" in step]


def gitlab(job: str) -> str:
    """What one shell runs for a job: its own lines and those of what it extends."""
    jobs = yaml.safe_load((CI / "gitlab" / "buddycheck.yml").read_text())
    merged: dict = {}
    while job:
        merged = {**jobs[job], **merged}
        job = jobs[job].get("extends", "")
    return "\n".join(merged["before_script"] + merged["script"])


def jenkins() -> list[str]:
    text = (CI / "jenkins" / "Jenkinsfile").read_text()
    return [found[1] or found[2] for found in re.finditer(r"\bsh (?:'''(.*?)'''|'([^']*)')", text, re.S)]


STEPS = [
    *(("bash", step) for path in ("action.yml", "merge/action.yml") for step in github(path)),
    *(("sh", gitlab(job)) for job in (".buddycheck", ".buddycheck-report")), *(("sh", step) for step in jenkins()),
]


@pytest.mark.parametrize("shell, step", STEPS, ids=range(len(STEPS)))
def test_steps_are_good_shell(shell, step):
    done = subprocess.run(["shellcheck", "-s", shell, "-"], input=step, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "${{" not in step, "what a workflow fills in goes through the environment, not into the script"


def test_shell_scripts_of_the_project_are_good_shell():
    scripts = [*CI.glob("*.sh"), ROOT / "harness/driver/launcher.sh", ROOT / "reports/samples/make.sh"]
    done = subprocess.run(["shellcheck", "-S", "warning", *map(str, scripts)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def run(shell: str, step: str, folder, **environment: str) -> subprocess.CompletedProcess:
    """As the runners do it: the shell ends at the first error."""
    options = ["-eo", "pipefail"] if shell == "bash" else ["-e"]
    clean = {name: value for name, value in os.environ.items() if not re.match("CI_|GITHUB_|BUDDYCHECK_SHARD", name)}
    return subprocess.run([shell, *options, "-c", step], cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=SECONDS)


def action(path: str, folder, **inputs: str) -> tuple[int, str, str, dict[str, str]]:
    """A composite action: exit status, output, summary, outputs."""
    files = {name: folder / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for file in files.values():
        file.write_text("")
    (folder / "temp").mkdir(exist_ok=True)
    values = {"GITHUB_ACTION_PATH": str((CI / "github" / path).parent), "RUNNER_TEMP": str(folder / "temp"), **{name: str(file) for name, file in files.items()}}
    for step in github(path):
        done = run("bash", step, folder, **values, **inputs)
        if done.returncode:
            break
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return done.returncode, done.stdout + done.stderr, files["GITHUB_STEP_SUMMARY"].read_text(), outputs


INPUTS = {"SHARD": "", "BASELINE": "", "EXPECT": "", "ARGUMENTS": "disco cancel"}


def test_github_shards_and_their_union(tmp_path):
    for index in "12":
        status, said, summary, outputs = action(
            "action.yml", tmp_path, **INPUTS | {"SHARD": "auto"}, TARGET="reference", ARTIFACT=f"shards/{index}",
            BUDDYCHECK_SHARD_INDEX=index, BUDDYCHECK_SHARD_TOTAL="2")
        assert status == 0, said
        assert summary.startswith("## buddycheck: reference ✅") and outputs["run"].endswith(f"shards/{index}")
        assert {path.name for path in (tmp_path / "temp/shards" / index).iterdir()} >= {"run.json", "junit.xml", "report.html", "summary.md"}
    status, said, summary, outputs = action("merge/action.yml", tmp_path, SHARDS=str(tmp_path / "temp/shards"), BASELINE="", ARTIFACT="united")
    assert status == 0, said
    assert "united from 2 of 2 shards" in said and summary.startswith("## buddycheck: reference ✅")
    assert (tmp_path / "temp/united/report.html").stat().st_size > 10_000
    baseline = str(tmp_path / "temp/united")
    status, said, summary, _ = action("merge/action.yml", tmp_path, SHARDS=str(tmp_path / "temp/shards"), BASELINE=baseline, ARTIFACT="again")
    assert status == 0 and "no regression, exit 0" in said and "Compared with the baseline ✅" in summary


def test_github_says_what_failed(tmp_path):
    status, said, summary, _ = action("action.yml", tmp_path, **INPUTS | {"ARGUMENTS": "disco --level must"}, TARGET="prosody-stock", ARTIFACT="red")
    assert status == 1
    assert re.search(r"^::error file=scenarios/disco/|^::error file=.*/scenarios/disco/", said, re.M)
    assert "<details open><summary>❌ FAIL" in summary and (tmp_path / "temp/red/junit.xml").exists()
    status, said, summary, _ = action("action.yml", tmp_path, **INPUTS, TARGET="nonsense", ARTIFACT="wrong")
    assert (status, summary) == (2, "") and "unknown target 'nonsense'" in said


def test_gitlab_shards_and_their_union(tmp_path):
    common = {"CI_PROJECT_DIR": str(ROOT), "BUDDYCHECK_REPOSITORY": "", "CI_NODE_TOTAL": "2"}
    for index in "12":
        done = run("sh", gitlab(".buddycheck"), tmp_path, **common, CI_NODE_INDEX=index, BUDDYCHECK_TARGET="reference", BUDDYCHECK_ARGUMENTS="disco cancel")
        assert done.returncode == 0, done.stderr
    jobs = yaml.safe_load((CI / "gitlab/buddycheck.yml").read_text())
    assert len(list(tmp_path.glob(jobs[".buddycheck"]["artifacts"]["reports"]["junit"]))) == 2
    done = run("sh", gitlab(".buddycheck-report"), tmp_path, **common)
    assert done.returncode == 0, done.stderr
    assert len(json.loads((tmp_path / "united/run.json").read_text())["merged"]) == 2 and (tmp_path / "united/report.html").exists()


def test_jenkins_from_the_first_step_to_the_last(tmp_path):
    for path in ROOT.iterdir():
        (tmp_path / path.name).symlink_to(path)
    build, suite, clean, report = jenkins()
    assert run("sh", clean, tmp_path).returncode == 0
    for shard in "12":
        environment = {"TARGET": "reference", "SHARD": shard, "BUDDYCHECK_SHARD_INDEX": shard, "BUDDYCHECK_SHARD_TOTAL": "2"}
        for step in (build, suite):
            done = run("sh", step, tmp_path, **environment)
            assert done.returncode == 0, done.stderr
    done = run("sh", report, tmp_path)
    assert done.returncode == 0 and (tmp_path / "united/reference/report.html").exists(), done.stderr
    assert "prosody" in done.stderr and not (tmp_path / "united/prosody/run.json").exists()  # whose shares this test did not run
