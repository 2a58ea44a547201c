"""The README's commands, performed one after the other as they stand there; its links lead somewhere."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT, SECONDS

TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.M | re.S)
COMMANDS = [line.partition("  #")[0].strip() for block in BLOCKS for line in block.splitlines()]


@pytest.fixture
def checkout(tmp_path):
    """A checkout of its own for what the commands leave behind, with a server of one's own that has a fault."""
    for path in ROOT.iterdir():
        if path.name not in ("reports", ".git"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "reports").mkdir()
    for name in ("schema", "templates"):
        (tmp_path / "reports" / name).symlink_to(ROOT / "reports" / name)
    shutil.copytree(ROOT / "fixtures" / "reference", tmp_path / "my", ignore=shutil.ignore_patterns("*.[ch]"))
    profile = tmp_path / "my" / "target.toml"
    text = profile.read_text().replace("${fixture}/../..", str(ROOT)).replace('reference.conf"]', 'reference.conf", "--fault", "M024"]')
    profile.write_text(text)
    (tmp_path / ".ssh").mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / ".ssh" / "id_ed25519"], check=True)
    return tmp_path


def test_every_command_does_what_it_says(checkout):
    commands = [each for each in COMMANDS if each.startswith("build/buddycheck ")]
    assert len(commands) > 15
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=checkout, env=os.environ | {"HOME": str(checkout)}, capture_output=True, text=True, timeout=SECONDS)
        red = " my/" in command or "run-1.2" in command or "merge" in command  # the server of one's own has a fault
        assert done.returncode in ((0, 1) if red else (0,)), (command, done.stderr)
        if "--expect" in command:
            assert done.returncode == 0, done.stdout
    for name in ("junit.xml", "summary.md", "my/expect.toml", "united/run.json", "product-1.2.tar.gz", "after/report.html", "history.html", "reports/out/latest/report.html"):
        assert (checkout / name).is_file() or name.startswith("reports/"), name


def test_make_knows_what_the_readme_names():
    for command in COMMANDS:
        if command.startswith("make "):
            assert subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True).returncode == 0, command
    assert any(each == "make check" for each in COMMANDS)  # what .ci/run relies on


@pytest.mark.parametrize("name", ["README.md", "fixtures/README.md", "reports/README.md", "scenarios/README.md", "harness/README.md"])
def test_links_lead_somewhere(name):
    path = ROOT / name
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", path.read_text()):
        file, _, anchor = link.partition("#")
        target = (path.parent / file) if file else path
        assert target.exists(), (name, link)
        if anchor:
            heads = [re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)$", target.read_text(), re.M)]
            assert anchor in heads, (name, link)
