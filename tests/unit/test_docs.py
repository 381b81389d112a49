"""What is written about opsdash is true of this opsdash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

import opsdash
from opsdash.activities.setup.theme_commands import build as themes
from opsdash.core.problem import HINTS, ProblemKind

ROOT = Path(opsdash.__file__).resolve().parents[1]


def test_the_generated_pages_are_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}: run python docs/generate.py"


def test_the_version_is_the_newest_in_the_changelog() -> None:
    headings = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == opsdash.__version__


def test_the_readme_begins_with_its_two_commands() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    run, test = blocks[:2]
    assert run.strip().endswith("&& .venv/bin/opsdash")
    assert ".venv/bin/pytest" in test
    for block in (run, test):
        assert block.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert block.count("\n") == 1


def test_the_readme_says_what_opsdash_stands_for_before_it_uses_the_word() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("made-up") == 1
    first = re.search(r"^opsdash |`opsdash ", text, re.M)
    assert first is not None
    assert text.index("`opsdash` stands for `.venv/bin/opsdash`") < first.start()


def test_the_pages_of_commands_and_of_the_demo_hide_nothing() -> None:
    commands = (ROOT / "docs/commands.md").read_text()
    assert "--low-bandwidth" in commands
    assert commands.count("-h, --help ") == commands.count("--help ")
    demo = (ROOT / "docs/demo.md").read_text()
    assert "keys.yaml" in demo
    assert "`:dump`" in demo


def test_the_quickstart_imports_by_words_that_work() -> None:
    assert "`import ssh-config` and `enter`" in (ROOT / "docs/quickstart.md").read_text()


def test_the_example_of_a_theme_is_a_clean_one(tmp_path: Path) -> None:
    example = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs/themes.md").read_text(), re.M | re.S
    )
    file = tmp_path / "night.yaml"
    file.write_text(example[0])
    file.chmod(0o600)
    done = CliRunner().invoke(themes(), ["check", str(file)])
    assert (done.exit_code, done.output) == (0, f"{file}: night, 0 faults, 0 pieces of advice\n")


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_every_kind_of_problem_has_a_next_step() -> None:
    assert set(HINTS) == set(ProblemKind)
    assert all(HINTS.values())
