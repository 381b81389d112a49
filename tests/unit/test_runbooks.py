"""The runbooks that come with opsdash: each is whole, and has gone through recorded cases."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from opsdash.activities.monitor.why_page import fitting
from opsdash.config.runbook_files import shipped_runbooks
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.runbook import Look, Runbook, Verify
from tests.case_files import CASES, Case, case_id, cases
from tests.runbook_cases import in_order, took_a_branch, walked

BOOKS = shipped_runbooks().books
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]


def test_every_file_is_without_a_fault() -> None:
    assert [str(fault) for fault in shipped_runbooks().faults] == []


def test_every_runbook_has_a_case_and_every_case_a_runbook() -> None:
    assert {path.name for path in (CASES / "runbooks").iterdir()} == set(BOOKS)


@pytest.mark.parametrize("case", cases("runbooks"), ids=case_id)
def test_a_case_goes_the_way_that_it_should(case: Case) -> None:
    content = case.content
    assert str(content.get("source", "")).strip()
    found = walked(BOOKS[case.plugin], content)
    assert found.does == content.get("does", [])
    assert in_order(content.get("path", []), found.path) == [], found.path
    assert in_order(content.get("says", []), found.says) == [], found.says


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_the_cases_of_a_runbook_take_two_branches(book: Runbook) -> None:
    of_it = [one for one in cases("runbooks") if one.plugin == book.id]
    all_walked = [walked(book, one.content) for one in of_it]
    assert any(took_a_branch(book, one.course.trail) for one in all_walked)
    assert len(set().union(*(one.branches for one in all_walked))) >= 2


@pytest.mark.parametrize(
    ("check", "first"),
    [
        ("unit-failed", "unit-failed"),
        ("unit-flapping", "crash-loop"),
        ("disk-full", "disk-full"),
        ("login-slow", "slow-ssh"),
        ("load-high", "high-load"),
        ("log-storm", "log-storm"),
    ],
)
def test_what_is_for_a_check_above_all_is_offered_first(check: str, first: str) -> None:
    offered = fitting(Finding(check, "web1", Health.CRIT, "it is so"), BOOKS.values())
    assert offered[0].id == first


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_every_shell_can_parse_its_scripts(book: Runbook, shell: str) -> None:
    argv = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    scripts = [step.script for step in book.steps if isinstance(step, Look | Verify)]
    for script in scripts:
        done = subprocess.run(argv, input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
