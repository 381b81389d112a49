"""A playbook by the palette: for the chosen hosts, as a plan that is shown first."""

from __future__ import annotations

import shutil

import pytest

from opsdash.app.automating import typed_automation
from opsdash.app.confirm_screen import ConfirmPlanScreen
from opsdash.core.automation import ANSIBLE
from tests.pilot.test_acting import typed
from tests.pilot.test_jobs import at_work


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible is found on this machine, and pyinfra is not."""
    monkeypatch.setattr(shutil, "which", lambda name: name if name.startswith("ansible") else None)


@pytest.mark.usefixtures("installed")
async def test_a_playbook_is_planned_for_the_marked_hosts_and_only_looks() -> None:
    async with at_work() as (stage, kept):
        await stage.press("f", *"web1", "enter", "space")
        await typed(stage, "ansible site.yml -- --tags 'a b'")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        (wish,) = kept.automations
        assert (wish.file, wish.arguments, wish.apply) == ("site.yml", ("--tags", "a b"), False)
        await stage.press("y")
        await typed(stage, "ansible site.yml --apply")
        assert kept.automations[1].apply


@pytest.mark.usefixtures("installed")
async def test_what_is_missing_is_said_with_how_to_get_it() -> None:
    async with at_work() as (stage, kept):
        await typed(stage, "pyinfra deploy.py")
        assert "pyinfra is not installed here: pipx install pyinfra" in stage.text
        await stage.press("escape")
        kept.forbidden = "site.yml: there is no such playbook that could be read"
        await typed(stage, "ansible site.yml")
        assert "there is no such playbook" in stage.text
        assert not kept.begun


@pytest.mark.parametrize("text", ["--apply", "a.yml b.yml", "-- a.yml", "'a"])
def test_what_is_no_playbook_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        typed_automation(ANSIBLE, text, 0.0)
