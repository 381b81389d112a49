"""What is written about opsdash is true of this opsdash."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import opsdash
from opsdash.core.problem import HINTS, ProblemKind

ROOT = Path(opsdash.__file__).resolve().parents[1]


def test_the_generated_pages_are_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
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
