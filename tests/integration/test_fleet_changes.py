"""Another fleet while one is being watched: who stays is not disturbed, who goes leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits, Way
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine import poller
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries measured in tenths of a second."""
    monkeypatch.setattr(poller, "FIRST_RETRY_S", 0.2)
    monkeypatch.setattr(poller, "STEADY_S", 0.0)


def fleet_of(*hosts: Host, notices: tuple[str, ...] = ()) -> Fleet:
    """A fleet of these hosts."""
    return Fleet(MappingProxyType({host.name: host for host in hosts}), "hosts.yaml", notices)


@asynccontextmanager
async def watching(folder: Path, fleet: Fleet) -> AsyncGenerator[Session, None]:
    """A session over a fleet, with a state directory of its own."""
    async with Session(fleet, Surroundings(folder / "state")) as session:
        yield session


def state_of(session: Session, name: str) -> HostState:
    """What is known of a host now."""
    return session.snapshot().hosts[name]


async def is_up(session: Session, *names: str) -> None:
    """Wait until these hosts deliver."""

    def up() -> bool:
        return all(state_of(session, name).link.state is LinkState.UP for name in names)

    await wait_for(up, what=f"{names} up")


async def delivers(session: Session, name: str) -> None:
    """Wait for the next pulse."""
    before = state_of(session, name).at
    await wait_for(lambda: state_of(session, name).at > before, what=f"a pulse of {name}")


async def test_hosts_come_and_go_and_those_that_stay_notice_nothing(tmp_path: Path) -> None:
    first, second = Behaviour(), Behaviour()
    async with (
        ssh_server(tmp_path / "a", first) as one,
        ssh_server(tmp_path / "b", second, name="web2") as two,
        watching(tmp_path, fleet_of(one.host, notices=("once",))) as session,
    ):
        await is_up(session, "web1")
        since, rev = state_of(session, "web1").link.since, session.rev
        change = await session.change_fleet(fleet_of(two.host, one.host, notices=("now",)))
        assert str(change) == "1 added"
        assert session.rev > rev
        assert session.snapshot().notices == ("now",)
        assert list(session.snapshot().hosts) == ["web2", "web1"]
        await is_up(session, "web2")
        change = await session.change_fleet(fleet_of(one.host))
        assert str(change) == "1 removed"
        assert list(session.snapshot().hosts) == ["web1"]
        await wait_for(lambda: not second.pids, what="the end of its remote loop")
        await wait_for(lambda: all(c.is_closed() for c in second.connections))
        session.refresh(("web2",))  # a frozen screen may still show it
        await delivers(session, "web1")
        assert state_of(session, "web1").link.since == since
        assert len(first.connections) == 1


async def test_tags_and_thresholds_need_no_connection_and_count_at_once(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with (
        ssh_server(tmp_path, behaviour) as server,
        watching(tmp_path, fleet_of(server.host)) as session,
    ):
        await wait_for(lambda: "filesystem" in state_of(session, "web1").readings)
        await wait_for(lambda: len(behaviour.pids) == 1, what="the pulse alone")
        pids = set(behaviour.pids)
        strict = {"disk-full": Limits(0.0, 0.0)}
        host = replace(server.host, tags=frozenset({"prod"}), thresholds=MappingProxyType(strict))
        change = await session.change_fleet(fleet_of(host))
        assert change.relabelled == ("web1",)
        assert state_of(session, "web1").host.tags == {"prod"}
        assert "disk-full" in _checks_of(session, "web1")
        await session.change_fleet(fleet_of(replace(host, thresholds=MappingProxyType({}))))
        await delivers(session, "web1")
        # A list that a finding asked for may still run: it ends, a second pulse would not.
        await wait_for(lambda: behaviour.pids == pids, what="the same pulse alone")
        assert len(behaviour.connections) == 1


def _checks_of(session: Session, name: str) -> set[str]:
    return {finding.check for finding in state_of(session, name).findings}


async def test_another_interval_keeps_the_connection_and_what_is_known(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with ssh_server(tmp_path, behaviour) as server:
        slow = replace(server.host, interval_s=3600)
        async with watching(tmp_path, fleet_of(slow)) as session:
            await is_up(session, "web1")
            await wait_for(lambda: "os" in state_of(session, "web1").readings)
            change = await session.change_fleet(fleet_of(server.host))
            assert change.renewed == ("web1",)
            await delivers(session, "web1")
            await delivers(session, "web1")
            assert state_of(session, "web1").link.state is LinkState.UP
            assert "os" in state_of(session, "web1").readings
            assert len(behaviour.connections) == 1


async def test_another_address_is_another_connection_and_the_old_one_is_closed(
    tmp_path: Path,
) -> None:
    old, new = Behaviour(), Behaviour()
    async with (
        ssh_server(tmp_path / "a", old) as one,
        ssh_server(tmp_path / "b", new) as two,
        watching(tmp_path, fleet_of(one.host)) as session,
    ):
        await is_up(session, "web1")
        change = await session.change_fleet(fleet_of(two.host))
        assert change.moved == ("web1",)
        assert all(connection.is_closed() for connection in old.connections)
        assert state_of(session, "web1").health is not Health.DOWN
        await is_up(session, "web1")
        await wait_for(lambda: bool(new.connections))


async def test_a_user_that_is_put_right_is_tried_at_once(tmp_path: Path) -> None:
    behaviour = Behaviour(refuse_login=True)
    async with (
        ssh_server(tmp_path, behaviour) as server,
        watching(tmp_path, fleet_of(server.host)) as session,
    ):
        await wait_for(lambda: state_of(session, "web1").link.state is LinkState.DOWN)
        behaviour.refuse_login = False
        await session.change_fleet(fleet_of(replace(server.host, user="other")))
        assert state_of(session, "web1").link.problem is None
        await is_up(session, "web1")


async def test_a_bastion_that_moves_takes_the_hosts_behind_it_along(tmp_path: Path) -> None:
    old, new = Behaviour(), Behaviour()
    async with (
        ssh_server(tmp_path / "a", old, name="bastion") as one,
        ssh_server(tmp_path / "b", new, name="bastion") as two,
        ssh_server(tmp_path / "c", name="vault1") as inner,
    ):
        vault = replace(inner.host, jump="bastion")
        async with watching(tmp_path, fleet_of(one.host, vault)) as session:
            await is_up(session, "bastion", "vault1")
            change = await session.change_fleet(fleet_of(two.host, vault))
            assert set(change.moved) == {"bastion", "vault1"}
            assert all(connection.is_closed() for connection in old.connections)
            await is_up(session, "bastion", "vault1")
            assert len(new.connections) == 1


async def test_a_jump_host_that_carries_nobody_any_more_is_let_go(tmp_path: Path) -> None:
    gate = Behaviour()
    async with (
        ssh_server(tmp_path / "a", gate, name="gate") as outer,
        ssh_server(tmp_path / "b", name="vault1") as inner,
        ssh_server(tmp_path / "c") as plain,
    ):
        vault = replace(inner.host, jump="gate")
        through = MappingProxyType({"gate": outer.host})
        fleet = replace(fleet_of(vault, plain.host), passed_through=through)
        async with watching(tmp_path, fleet) as session:
            await is_up(session, "vault1", "web1")
            assert not any(connection.is_closed() for connection in gate.connections)
            await session.change_fleet(fleet_of(plain.host))
            await wait_for(lambda: all(c.is_closed() for c in gate.connections))


async def test_from_this_machine_to_a_fleet_and_its_ways_are_opened(tmp_path: Path) -> None:
    here = Host("here", address="localhost", way=Way.LOCAL)
    async with (
        ssh_server(tmp_path) as server,
        watching(tmp_path, fleet_of(here)) as session,
    ):
        await is_up(session, "here")
        await session.change_fleet(fleet_of(server.host))
        await is_up(session, "web1")
        assert list(session.snapshot().hosts) == ["web1"]


async def test_what_was_found_before_is_not_said_of_a_host_that_comes_back_unseen(
    tmp_path: Path,
) -> None:
    here = Host("here", address="localhost", way=Way.LOCAL)
    async with ssh_server(tmp_path) as server, watching(tmp_path, fleet_of(here)) as session:
        strict = MappingProxyType({"disk-full": Limits(0.0, 0.0)})
        host = replace(server.host, thresholds=strict)
        await session.change_fleet(fleet_of(here, host))
        await wait_for(lambda: "disk-full" in _checks_of(session, "web1"), what="a finding")
        await session.change_fleet(fleet_of(here))
        await session.change_fleet(fleet_of(here, host))
        assert _checks_of(session, "web1") == set()
        await wait_for(lambda: "disk-full" in _checks_of(session, "web1"), what="it again")


async def test_what_was_open_on_a_host_is_no_news_when_it_comes_back(tmp_path: Path) -> None:
    gone = Host("gone", address="127.0.0.1", port=1, user="ops")
    here = Host("here", address="localhost", way=Way.LOCAL)
    async with watching(tmp_path, fleet_of(gone, here)) as session:
        await wait_for(lambda: state_of(session, "gone").health is Health.DOWN)
        why = state_of(session, "gone").why
        await session.change_fleet(fleet_of(here))
        assert all(change.host != "gone" for change in session.snapshot().changes)
        await session.change_fleet(fleet_of(gone, here))
        await wait_for(lambda: state_of(session, "gone").health is Health.DOWN)
        again = state_of(session, "gone").why
        assert why is not None
        assert again is not None
        assert (again.since, again.new) == (why.since, False)


async def test_fifty_changes_leave_as_many_tasks_and_connections_as_before(tmp_path: Path) -> None:
    behaviours = [Behaviour() for _ in range(2)]
    async with (
        ssh_server(tmp_path / "a", behaviours[0]) as one,
        ssh_server(tmp_path / "b", behaviours[1], name="web2") as two,
    ):
        both = fleet_of(one.host, two.host)
        moved = fleet_of(one.host, replace(two.host, user="other", interval_s=2))
        async with watching(tmp_path, both) as session:
            await is_up(session, "web1", "web2")
            await wait_for(lambda: len(behaviours[1].pids) == 1, what="facts fetched")
            tasks = await _settled_tasks()
            for number in range(50):
                await session.change_fleet((fleet_of(one.host), both, moved)[number % 3])
            await session.change_fleet(both)
            await is_up(session, "web1", "web2")
            await wait_for(lambda: len(behaviours[1].pids) == 1, what="one remote loop")
            await wait_for(lambda: sum(not c.is_closed() for c in behaviours[1].connections) == 1)
            assert len(behaviours[0].connections) == 1
            await wait_for(
                lambda: _names(asyncio.all_tasks()) == tasks, what=f"the tasks {tasks}, no more"
            )


async def _settled_tasks() -> list[str]:
    """The named tasks of a session that is at rest."""
    await wait_for(lambda: "probe web2" in _names(asyncio.all_tasks()))
    return _names(asyncio.all_tasks())


def _names(tasks: set[asyncio.Task[object]]) -> list[str]:
    named = (task.get_name() for task in tasks)
    return sorted(name for name in named if not name.startswith("Task-"))
