"""Actions by the palette: named, their target picked or typed, and shown as a plan first."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.app.confirm_screen import ConfirmPlanScreen
from opsdash.app.picker_screen import PickerScreen
from opsdash.config.actions_file import read_actions
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from tests.fleet_states import NOW, with_readings
from tests.pilot.test_jobs import at_work, settled
from tests.screens import Stage


def row(unit: str, state: str) -> Row:
    return {"unit": unit, "state": state, "enabled": "enabled", "description": f"The {unit}"}


def lists_services(stage: Stage, *names: str) -> None:
    """These hosts have told which services they have."""
    for name in names:
        rows = (row("shop.service", "failed"), row("cron.service", "running"))
        services = Reading(name, "services", NOW, {}, rows)
        known = stage.source.states[name]
        systemd = Reading(name, "units", NOW, {}, source="systemctl")
        stage.source.put(with_readings(known, *known.readings.values(), services, systemd))


async def typed(stage: Stage, words: str) -> None:
    await stage.press("colon", *words, "enter")
    await settled(stage)


async def test_a_unit_is_picked_from_what_the_host_has_the_failed_one_first() -> None:
    async with at_work() as (stage, kept):
        lists_services(stage, "web1")
        await stage.press("f", *"web1", "enter")
        await typed(stage, "service.restart")
        assert isinstance(stage.app.screen, PickerScreen)
        assert "service.restart: which unit on web1" in stage.text
        assert stage.text.index("failed, The shop.service") < stage.text.index("running, The cron")
        await stage.press("enter")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        assert "systemctl restart -- 'shop'" in stage.text
        assert not kept.begun
        await stage.press("y")
        await settled(stage)
        (plan,) = kept.begun
        assert (plan.action, plan.target, plan.names()) == ("service.restart", "shop", ("web1",))


async def test_a_unit_that_is_typed_needs_no_list() -> None:
    async with at_work() as (stage, _):
        lists_services(stage, "web1")
        await stage.press("f", *"web1", "enter")
        await typed(stage, "service.stop nginx")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        assert "'nginx'" in stage.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("service.stop nginx shop", "unit is given twice"),
        ("service.stop -x", "'-x'"),
        ("service.stop 'nginx", "No closing quotation"),
        ("host.reboot now", "host.reboot is done to the host itself"),
        ("process.signal abc", "a process id is a number"),
    ],
)
async def test_what_is_typed_wrong_is_said_and_nothing_is_proposed(words: str, said: str) -> None:
    async with at_work() as (stage, kept):
        lists_services(stage, "web1")
        await stage.press("f", *"web1", "enter")
        await typed(stage, words)
        assert said in stage.text
        assert not kept.begun
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)


async def test_marked_hosts_are_meant_all_together() -> None:
    async with at_work() as (stage, kept):
        lists_services(stage, "web1", "web2")
        await stage.press("f", *"web1", "enter", "space", "f", *"web2", "enter", "space")
        await typed(stage, "service.reload")
        assert "failed on 2 hosts" in stage.text
        await stage.press("enter")
        assert "type 2" in stage.text
        await stage.press("2", "enter")
        await settled(stage)
        assert kept.begun[0].names() == ("web1", "web2")


async def test_what_is_refused_says_why_in_the_list() -> None:
    async with at_work() as (stage, kept):
        kept.forbidden = "this is read-only"
        await stage.press("colon", *"service.restart")
        assert "this is read-only" in stage.text
        await stage.press("enter")
        assert isinstance(stage.app.screen, PickerScreen)


async def test_an_own_action_is_offered_and_its_files_are_picked_from_what_could_go(
    tmp_path: Path,
) -> None:
    file = tmp_path / "actions.yaml"
    file.write_text(
        "actions:\n  app.hello: {title: Say hello to, target: who, danger: changes,\n"
        "    arguments: {who: {help: whom, type: user}}, run: 'echo \"hello $who\"'}\n"
    )
    file.chmod(0o600)
    async with at_work() as (stage, kept):
        kept.own_actions |= read_actions(file).actions
        rows = ({"kind": "user", "name": "ann", "about": "1001 /bin/sh"},)
        known = stage.source.states["web1"]
        named = (Reading("web1", "names", NOW, {}, rows), Reading("web1", "cleanup", NOW))
        stage.source.put(with_readings(known, *known.readings.values(), *named))
        await stage.press("f", *"web1", "enter")
        await typed(stage, "disk.cleanup")
        assert "there is none on what has answered" in stage.text
        await typed(stage, "app.hello")
        assert "1001 /bin/sh" in stage.text
        await stage.press("enter")
        assert "who='ann'" in stage.text
        await stage.press("y")
        await settled(stage)
        assert [(plan.action, plan.target) for plan in kept.begun] == [("app.hello", "ann")]


async def test_hosts_that_list_nothing_let_one_type_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsdash.app.acting.LISTED_S", 0.01)
    async with at_work() as (stage, _):
        await stage.press("f", *"web1", "enter")
        await typed(stage, "service.restart")
        said = "no list has come; type it behind the name: service.restart UNIT"
        assert said in stage.text
        assert ("web1", "services") in stage.source.wanted


async def test_a_host_without_services_says_why_there_is_nothing_to_pick() -> None:
    async with at_work() as (stage, _):
        problem = Problem(ProblemKind.UNSUPPORTED, "neither systemd nor OpenRC runs here")
        known = stage.source.states["web1"]
        none = Reading("web1", "services", NOW, problem=problem)
        stage.source.put(with_readings(known, *known.readings.values(), none))
        await stage.press("f", *"web1", "enter")
        await typed(stage, "service.restart")
        assert "web1: neither systemd nor OpenRC runs here; type it behind" in stage.text


async def test_hosts_are_looked_at_before_a_file_is_proposed_to_them(tmp_path: Path) -> None:
    source = tmp_path / "motd"
    source.write_text("hello\npassword=x1y2\n")
    async with at_work() as (stage, kept):
        await stage.press("f", *"web1", "enter")
        await typed(stage, f"file.push from={source} to=/etc/motd")
        assert isinstance(stage.app.screen, ConfirmPlanScreen)
        assert "write /etc/motd: 20 bytes, 0600; it is not there yet" in " ".join(
            stage.text.split()
        )
        assert "+hello" in stage.text
        assert "x1y2" not in stage.text
        (look,) = kept.looks
        assert look.reads_only
        assert look.names() == ("web1",)
        await stage.press("y")
        await settled(stage)
        (plan,) = kept.begun
        assert plan.id == "an-id"


async def test_a_file_that_is_not_here_or_has_no_place_there_is_told(tmp_path: Path) -> None:
    async with at_work() as (stage, kept):
        await stage.press("f", *"web1", "enter")
        await typed(stage, f"file.push from={tmp_path}/no to=/etc/motd")
        assert "it can't be" in stage.text
        (tmp_path / "f").write_text("x")
        await typed(stage, f"file.push from={tmp_path}/f to=motd")
        assert "a path from the root" in stage.text
        assert not kept.looks
        assert not isinstance(stage.app.screen, ConfirmPlanScreen)
