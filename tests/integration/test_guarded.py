"""What is refused reaches no host, whoever asks; without its line in the log nothing is done."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.activities.troubleshoot.applying import Application, Consent
from opsdash.core.audit import Phase
from opsdash.core.errors import Refused
from opsdash.core.fleet import Fleet
from opsdash.core.guardrail import Guardrail, Guardrails
from opsdash.core.job import RunState
from opsdash.core.plan import Danger, HostSteps, Plan, Step, StepKind
from opsdash.core.prompts import Nobody
from opsdash.core.secret import Secret
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.workshop import Workshop, workshop_alone
from tests.own_place import own_locks
from tests.ssh_server import ssh_server


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_locks(tmp_path, monkeypatch)


def touching(path: Path, **about: object) -> Plan:
    """A plan that leaves a file behind."""
    steps = (Step(StepKind.RUN, "touch it", f"touch {path}"),)
    plan = Plan("p1", "run", "Run", Danger.CHANGES, (HostSteps("web1", steps),), who="ann")
    return replace(plan, **about)  # type: ignore[arg-type]


@asynccontextmanager
async def workshop(tmp_path: Path, **limits: object) -> AsyncGenerator[tuple[Workshop, list[str]]]:
    """A workshop whose fleet has these limits, and what syslog is told."""
    told: list[str] = []
    async with ssh_server(tmp_path / "server") as server:
        host = replace(server.host, tags=frozenset({"web"}))
        fleet = replace(Fleet(MappingProxyType({"web1": host})), **limits)  # type: ignore[arg-type]
        around = Surroundings(tmp_path / "state", tell_audit=told.append)
        async with workshop_alone(fleet, around) as made:
            yield made, told


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"read_only": "--read-only"}, "run would change hosts, and this is read-only"),
        (
            {"guardrails": Guardrails((Guardrail("no", "Never.", deny=True),))},
            "guardrail no (Never) forbids run on web1",
        ),
    ],
)
async def test_what_is_refused_is_not_done_but_written_down(
    tmp_path: Path, limits: dict[str, object], said: str
) -> None:
    async with workshop(tmp_path, **limits) as (shop, told):
        with pytest.raises(Refused, match=said.replace("(", r"\(").replace(")", r"\)")):
            await shop.runner.begin(touching(tmp_path / "made"))
        entries = await shop.audit.entries()
        assert [(one.phase, one.host, one.who) for one in entries] == [(Phase.REFUSED, "", "ann")]
        assert said in entries[0].text
        assert told == [f"audit: entry 1 hash {entries[0].hash} by ann"]
    assert not (tmp_path / "made").exists()


async def test_a_look_is_not_a_change(tmp_path: Path) -> None:
    look = (HostSteps("web1", (Step(StepKind.RUN, "look", "echo seen", reads_only=True),)),)
    async with workshop(tmp_path, read_only="--read-only") as (shop, _):
        plan = touching(tmp_path / "made", danger=Danger.READS, hosts=look)
        job = await (await shop.runner.begin(plan)).wait()
    assert job.runs["web1"].results[0].stdout == b"seen\n"


async def test_without_its_line_in_the_log_nothing_is_done(tmp_path: Path) -> None:
    async with workshop(tmp_path) as (shop, _):
        (tmp_path / "state" / "audit.jsonl").mkdir()
        job = await (await shop.runner.begin(touching(tmp_path / "made"))).wait()
    run = job.runs["web1"]
    assert run.state is RunState.FAILED
    assert "was not begun: the audit log can't be written: Is a directory" in run.text
    assert not (tmp_path / "made").exists()


async def test_a_change_is_proven_and_one_changed_byte_shows(tmp_path: Path) -> None:
    async with workshop(tmp_path) as (shop, _):
        await (await shop.runner.begin(touching(tmp_path / "made"))).wait()
        assert (tmp_path / "made").exists()
        assert (await shop.audit.verify()).whole
        path = tmp_path / "state" / "audit.jsonl"
        path.write_bytes(path.read_bytes().replace(b"touch", b"Touch", 1))
        assert "entry 1 was edited" in (await shop.audit.verify()).fault


async def test_what_a_step_is_given_is_written_down_by_its_digest(tmp_path: Path) -> None:
    given = b"touch no more\n"
    steps = (
        Step(StepKind.RUN, "read", "cat", stdin=given),
        Step(StepKind.RUN, "read", "cat", stdin=Secret("sesame")),
    )
    plan = touching(tmp_path, hosts=(HostSteps("web1", steps),), note="CHG-17")
    async with workshop(tmp_path) as (shop, _):
        await (await shop.runner.begin(plan)).wait()
        entries = [one for one in await shop.audit.entries() if one.phase is Phase.BEGIN]
    digest = hashlib.sha256(given).hexdigest()
    assert [one.text for one in entries] == [
        f"CHG-17; given 14 bytes, sha256 {digest}",
        "CHG-17; given a secret",
    ]
    assert b"sesame" not in (tmp_path / "state" / "audit.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"read_only": "--read-only"}, "this is read-only"),
        ({"guardrails": Guardrails(tags=("web",))}, "web1 has the tag web: type web"),
    ],
)
async def test_yes_on_the_command_line_passes_no_guard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limits: dict[str, object], said: str
) -> None:
    async with workshop(tmp_path, **limits) as (shop, _):
        work = Application(shop, Consent(yes=True, value=None, prompter=Nobody()))
        assert await work.apply(touching(tmp_path / "made")) == 4
        entries = await shop.audit.entries()
        assert [one.phase for one in entries] == [Phase.REFUSED]
        assert said in entries[0].text
    assert said in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


async def test_the_word_itself_passes(tmp_path: Path) -> None:
    async with workshop(tmp_path, guardrails=Guardrails(tags=("web",))) as (shop, _):
        work = Application(shop, Consent(yes=False, value="web", prompter=Nobody()))
        assert await work.apply(touching(tmp_path / "made")) == 0
    assert (tmp_path / "made").exists()
