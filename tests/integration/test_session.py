"""A fleet of misbehaving servers being watched: one host costs its own row and no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import asyncssh
import pytest

from opsdash.core.fleet import Fleet, this_machine
from opsdash.core.health import Health
from opsdash.core.host import Host, Way
from opsdash.core.plugin import Collector
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine import poller
from opsdash.engine.privilege import Privilege
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.transport import pulse as pulse_module
from opsdash.transport.base import Connection
from opsdash.transport.channel import Talk
from opsdash.transport.replay import Recording, ReplayConnection, ReplayTransport
from opsdash.transport.ssh import execute as execute_module
from opsdash.transport.ssh import sockets
from opsdash.transport.ssh.talk import talk
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience and retries measured in tenths of a second."""
    monkeypatch.setattr(sockets, "BANNER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(pulse_module, "FIRST_ANSWER_S", 2.0)
    monkeypatch.setattr(pulse_module, "SILENT_AFTER_S", 2.0)
    monkeypatch.setattr(poller, "FIRST_RETRY_S", 0.2)
    monkeypatch.setattr(poller, "STEADY_S", 0.0)


def fleet_of(*hosts: Host) -> Fleet:
    """A fleet of these hosts."""
    return Fleet(MappingProxyType({host.name: host for host in hosts}), "test")


@asynccontextmanager
async def watching(folder: Path, *hosts: Host) -> AsyncGenerator[Session, None]:
    """A session over these hosts, with a state directory of its own."""
    async with Session(fleet_of(*hosts), Surroundings(folder / "state")) as session:
        yield session


def state_of(session: Session, name: str) -> HostState:
    """What is known of a host now."""
    return session.snapshot().hosts[name]


async def link_is(session: Session, name: str, state: LinkState, within_s: float = 10) -> None:
    """Wait for the state of a connection."""
    await wait_for(
        lambda: state_of(session, name).link.state is state,
        within_s=within_s,
        what=f"{name} {state}",
    )


async def test_a_host_that_answers_has_values_with_an_age_and_a_source(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server, watching(tmp_path, server.host) as session:
        await wait_for(lambda: state_of(session, "web1").value("cpu.busy_ratio") is not None)
        await wait_for(lambda: "filesystem" in state_of(session, "web1").readings)
        state = state_of(session, "web1")
    assert state.link.state is LinkState.UP
    assert all(reading.source for reading in state.readings.values() if not reading.problem)
    assert state.age_s(state.at) == 0
    assert state.host_key == "ssh-ed25519"
    assert state.trend("uptime.up_s") is not None


async def test_a_dead_host_is_down_in_words_and_costs_the_others_nothing(tmp_path: Path) -> None:
    gone = Host("gone", address="127.0.0.1", port=_free_port(), user="ops")
    async with (
        ssh_server(tmp_path / "a") as server,
        ssh_server(tmp_path / "b", Behaviour(instead="hang"), name="hung") as hung,
        watching(tmp_path, server.host, gone, hung.host) as session,
    ):
        await link_is(session, "gone", LinkState.DOWN)
        await link_is(session, "hung", LinkState.DOWN)
        before = state_of(session, "web1").at
        await wait_for(lambda: state_of(session, "web1").at > before)
        assert state_of(session, "gone").health is Health.DOWN
        why = state_of(session, "gone").why
        assert why is not None
        assert why.summary == f"connection refused by 127.0.0.1:{gone.port}"
        assert why.advice == "is sshd running there, and on this port?"
        assert state_of(session, "web1").link.state is LinkState.UP


async def test_a_host_that_comes_up_is_found_by_itself(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        host = server.host
    async with watching(tmp_path, host) as session:
        await link_is(session, "web1", LinkState.DOWN)
        assert host.port is not None
        listener = await asyncssh.listen(
            "127.0.0.1", host.port, server_host_keys=[server.host_key], server_factory=_Open
        )
        async with listener:
            await wait_for(
                lambda: _kind(session, "web1") not in (None, ProblemKind.REFUSED),
                what="another answer than refused",
            )


class _Open(asyncssh.SSHServer):
    """Lets everybody in and offers nothing."""

    def begin_auth(self, username: str) -> bool:
        return False


def _kind(session: Session, name: str) -> ProblemKind | None:
    problem = state_of(session, name).link.problem
    return problem.kind if problem else None


async def test_a_refused_login_is_not_tried_again_until_it_is_asked_for(tmp_path: Path) -> None:
    behaviour = Behaviour(refuse_login=True)
    async with ssh_server(tmp_path, behaviour) as server, watching(tmp_path, server.host) as s:
        await link_is(s, "web1", LinkState.DOWN)
        assert state_of(s, "web1").link.retry_at is None
        assert len(behaviour.connections) == 1
        behaviour.refuse_login = False
        s.refresh(("web1",))
        await link_is(s, "web1", LinkState.UP)
        assert len(behaviour.connections) == 2


async def test_a_dropped_connection_is_made_anew_without_a_false_alarm(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server, watching(tmp_path, server.host) as session:
        await link_is(session, "web1", LinkState.UP)
        seen: set[Health] = set()
        server.behaviour.drop_all()

        def back() -> bool:
            seen.add(state_of(session, "web1").health)
            return bool(server.behaviour.connections) and _up(session)

        await wait_for(back, what="the connection made anew")
    assert Health.DOWN not in seen


def _up(session: Session) -> bool:
    return state_of(session, "web1").link.state is LinkState.UP


async def test_a_host_that_drops_us_after_every_login_is_not_hammered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "STEADY_S", 10.0)
    async with ssh_server(tmp_path) as server, watching(tmp_path, server.host) as session:
        await link_is(session, "web1", LinkState.UP)
        server.behaviour.drop_all()
        await link_is(session, "web1", LinkState.DOWN)
        assert state_of(session, "web1").link.retry_at is not None


async def test_a_host_that_allows_one_session_keeps_its_pulse_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A connection whose one session is taken by the pulse."""

        async def create_session(self, *args: object, **options: object) -> None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")

        def is_closed(self) -> bool:
            return False

    def talk_to_full(_: object, *args: Any, **options: Any) -> AbstractAsyncContextManager[Talk]:
        return talk(cast(asyncssh.SSHClientConnection, Full()), *args, **options)

    monkeypatch.setattr(execute_module, "talk", talk_to_full)
    behaviour = Behaviour()
    async with ssh_server(tmp_path, behaviour) as server, watching(tmp_path, server.host) as s:
        await wait_for(lambda: "filesystem" in state_of(s, "web1").readings)
        await wait_for(lambda: state_of(s, "web1").value("cpu.busy_ratio") is not None)
        state = state_of(s, "web1")
        assert state.link.state is LinkState.UP
        assert state.health is Health.UNKNOWN
        assert any("MaxSessions" in finding.summary for finding in state.findings)
        assert len(behaviour.connections) == 1


async def test_closing_is_quick_and_leaves_nothing_whatever_state_hosts_are_in(
    tmp_path: Path,
) -> None:
    async with (
        ssh_server(tmp_path / "a") as server,
        ssh_server(tmp_path / "b", Behaviour(instead="hang"), name="hung") as hung,
        ssh_server(tmp_path / "c", Behaviour(slow_s=60), name="slow") as slow,
    ):
        gone = Host("gone", address="127.0.0.1", port=_free_port(), user="ops")
        hosts = (server.host, hung.host, slow.host, gone)
        session = Session(fleet_of(*hosts), Surroundings(tmp_path / "state"))
        await session.start()
        await link_is(session, "web1", LinkState.UP)
        async with asyncio.timeout(3):
            await session.close()
        await wait_for(lambda: not server.behaviour.pids, what="the end of the remote loop")
        assert [task.get_name() for task in asyncio.all_tasks() if "poll" in task.get_name()] == []


async def test_closing_before_anything_has_begun_is_no_error(tmp_path: Path) -> None:
    session = Session(fleet_of(Host("web1")), Surroundings(tmp_path / "state"))
    await session.close()
    assert session.snapshot().hosts["web1"].health is Health.UNKNOWN


async def test_a_store_that_can_not_be_used_is_said_and_nothing_stops(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    async with Session(this_machine("here"), Surroundings(tmp_path / "state")) as session:
        await wait_for(lambda: state_of(session, "here").link.state is LinkState.UP)
        (notice,) = session.snapshot().notices
    assert "nothing is remembered" in notice


async def test_a_bug_that_meets_one_host_costs_its_row_only_and_not_for_ever(
    tmp_path: Path,
) -> None:
    class Buggy(ReplayTransport):
        healed = False

        async def connect(self, host: Host) -> ReplayConnection:
            if host.name == "odd" and not self.healed:
                raise KeyError("a bug")
            return await super().connect(host)

    transport = Buggy({"web1": Recording(({"/proc/loadavg": b"0 0 0 1/2 3\n"},))})
    fleet = fleet_of(Host("odd", way=Way.REPLAY), Host("web1", way=Way.REPLAY))
    surroundings = Surroundings(tmp_path / "state", transports={Way.REPLAY: transport})
    async with Session(fleet, surroundings) as session:
        await link_is(session, "odd", LinkState.DOWN)
        await link_is(session, "web1", LinkState.UP)
        problem = state_of(session, "odd").link.problem
        assert problem is not None
        assert problem.kind is ProblemKind.BUG
        assert problem.text == "stopped by a bug (KeyError: 'a bug')"
        Buggy.healed = True
        session.refresh(("odd",))
        await wait_for(lambda: _kind(session, "odd") is ProblemKind.NAME)


async def test_what_a_run_found_is_known_to_the_next_one(tmp_path: Path) -> None:
    gone = Host("gone", address="127.0.0.1", port=_free_port(), user="ops")
    began = []
    for _ in range(2):
        async with watching(tmp_path, gone) as session:
            await link_is(session, "gone", LinkState.DOWN)
            why = state_of(session, "gone").why
            assert why is not None
            began.append(why.since)
    assert began[0] == began[1]


async def test_this_machine_needs_no_hosts_file_and_no_ssh(tmp_path: Path) -> None:
    async with Session(this_machine("here"), Surroundings(tmp_path / "state")) as session:
        await wait_for(lambda: state_of(session, "here").value("cpu.busy_ratio") is not None)
        await wait_for(lambda: "filesystem" in state_of(session, "here").readings)
        state = state_of(session, "here")
    assert (state.value("memory.total_bytes") or 0) > 1_000_000
    assert state.labelled("filesystem.used_ratio")


async def test_asking_again_fetches_facts_at_once(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server, watching(tmp_path, server.host) as session:
        await wait_for(lambda: "os" in state_of(session, "web1").readings)
        first = state_of(session, "web1").readings["os"].at
        session.refresh()
        await wait_for(lambda: state_of(session, "web1").readings["os"].at > first)
        assert state_of(session, "web1").readings["os"].problem is None


async def test_a_jump_host_that_is_down_is_the_reason_of_those_behind_it(tmp_path: Path) -> None:
    bastion = Host("bastion", address="127.0.0.1", port=_free_port(), user="ops")
    async with ssh_server(tmp_path, name="vault1") as inner:
        vault = replace(inner.host, jump="bastion")
        async with watching(tmp_path, bastion, vault) as session:
            await link_is(session, "vault1", LinkState.DOWN)
            problem = state_of(session, "vault1").link.problem
    assert isinstance(problem, Problem)
    assert problem.kind is ProblemKind.JUMP
    assert problem.text.startswith("behind bastion: connection refused")


async def test_a_jump_host_that_refuses_the_login_is_asked_once_for_all_behind_it(
    tmp_path: Path,
) -> None:
    behaviour = Behaviour(refuse_login=True)
    async with (
        ssh_server(tmp_path / "a", behaviour, name="bastion") as bastion,
        ssh_server(tmp_path / "b", name="vault1") as inner,
    ):
        vaults = [replace(inner.host, name=f"vault{n}", jump="bastion") for n in range(1, 6)]
        async with watching(tmp_path, bastion.host, *vaults) as session:
            for vault in vaults:
                await link_is(session, vault.name, LinkState.DOWN)
            session.refresh(tuple(vault.name for vault in vaults))
            await wait_for(lambda: all(_told(session, v.name) for v in vaults))
            assert len(behaviour.connections) <= 2
            behaviour.refuse_login = False
            session.refresh()
            await link_is(session, "bastion", LinkState.UP)
            await link_is(session, "vault1", LinkState.UP, within_s=20)


def _told(session: Session, name: str) -> bool:
    return _kind(session, name) is ProblemKind.JUMP


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


async def test_a_bastion_that_gives_no_session_carries_the_hosts_behind_it(tmp_path: Path) -> None:
    behaviour = Behaviour(instead="exit")
    async with (
        ssh_server(tmp_path / "a", behaviour, name="bastion") as bastion,
        ssh_server(tmp_path / "b", name="vault1") as inner,
    ):
        vault = replace(inner.host, jump="bastion")
        async with watching(tmp_path, bastion.host, vault) as session:
            await link_is(session, "vault1", LinkState.UP)
            await link_is(session, "bastion", LinkState.DOWN)
            tries = len(behaviour.connections)
            at = state_of(session, "vault1").at
            session.refresh(("bastion",))
            await wait_for(lambda: state_of(session, "vault1").at > at + 3, what="more pulses")
            assert state_of(session, "vault1").link.state is LinkState.UP
            # and its own row tries on the connection that is there
            assert len(behaviour.connections) <= tries + 1


async def test_hosts_behind_a_bastion_that_is_down_are_unknown(tmp_path: Path) -> None:
    async with ssh_server(tmp_path / "b", name="vault1") as inner:
        async with ssh_server(tmp_path / "a", name="bastion") as first:
            bastion = first.host
        vault = replace(inner.host, jump="bastion")
        async with watching(tmp_path, bastion, vault) as session:
            await wait_for(lambda: state_of(session, "vault1").link.cause is not None)
            assert state_of(session, "vault1").health is Health.UNKNOWN
            assert state_of(session, "bastion").health is Health.DOWN


async def test_a_clock_that_is_set_here_is_told_and_changes_no_age(tmp_path: Path) -> None:
    offset = [0.0]
    async with ssh_server(tmp_path) as server:
        around = Surroundings(tmp_path / "state", jump_s=lambda: offset[0])
        async with Session(fleet_of(server.host), around) as session:
            await link_is(session, "web1", LinkState.UP)
            offset[0] = 3600.0
            await wait_for(lambda: bool(session.snapshot().notices), what="the notice")
            assert "was set forward by 60m" in session.snapshot().notices[0]
            assert (state_of(session, "web1").age_s(session.snapshot().at) or 0) < 10


async def test_asking_again_costs_no_second_sudo_where_the_first_was_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def collect(
        self: Privilege, host: Host, connection: Connection, due: Sequence[Collector]
    ) -> list[Reading]:
        asked.append(host.name)
        refused = Problem(ProblemKind.DENIED, "needs root: not yet")
        problem = refused if len(asked) == 1 else None
        return [Reading(host.name, one.name, 1.0, problem=problem) for one in due]

    monkeypatch.setattr(Privilege, "collect", collect)
    async with ssh_server(tmp_path) as server, watching(tmp_path, server.host) as session:
        await wait_for(lambda: {"os", "logins"} <= set(state_of(session, "web1").readings))
        session.refresh()
        await wait_for(lambda: len(asked) == 2, what="another try of what was refused")
        await wait_for(lambda: state_of(session, "web1").readings["logins"].problem is None)
        before = state_of(session, "web1").readings["os"].at
        session.refresh()
        await wait_for(lambda: state_of(session, "web1").readings["os"].at > before)
    assert asked == ["web1", "web1"]
