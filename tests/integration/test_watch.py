"""The watch as a process: what it writes, when it ends, who goes before it, what a kill leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from opsdash.config.fleet_files import FleetFiles
from opsdash.config.hosts import load_fleet
from opsdash.core.clock import SteadyClock
from opsdash.core.event import Event
from opsdash.core.health import Health
from opsdash.core.holder import Role
from opsdash.core.host import Host
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.engine.watch import Outside, Watch
from opsdash.store.events import Events
from opsdash.store.lease import Lease
from opsdash.store.store import Store
from opsdash.transport.notify import Notifier
from tests.integration.test_session import _free_port, fleet_of
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with this machine as its fleet."""
    (tmp_path / "config" / "opsdash").mkdir(parents=True)
    save(tmp_path, "here")
    return tmp_path


def save(home: Path, *names: str) -> None:
    path = home / "config" / "opsdash" / "hosts.yaml"
    path.write_text("hosts:\n" + "".join(f"  {one}: {{transport: local}}\n" for one in names))
    path.chmod(0o600)


def state(home: Path) -> Path:
    return home / "state" / "opsdash"


@dataclass
class Process:
    """A watch that runs, and what it has written so far."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def says(self, *words: str) -> None:
        """Wait until a line holds all of these."""

        def said() -> bool:
            return any(all(word in line for word in words) for line in self.lines)

        try:
            await wait_for(said, within_s=30, what=f"{words}")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text}") from None

    async def ends(self) -> int:
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def watch(home: Path, *words: str, **more: str) -> AsyncIterator[Process]:
    environ = {key: one for key, one in os.environ.items() if not key.startswith("OPSDASH")}
    environ |= {"XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsdash", "watch", *words),
        cwd=ROOT,
        env=environ | more,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    running = Process(process)
    reading = asyncio.create_task(_read(running))
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()
        await reading


async def _read(running: Process) -> None:
    assert running.process.stderr is not None
    async for line in running.process.stderr:
        running.lines.append(line.decode().rstrip())


async def events(home: Path) -> list[str]:
    store = Store(state(home) / "history.db")
    await store.open()
    found = [event.kind.value for event in await Events(store).since(0) if not event.host]
    await store.close()
    return found


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_watches_until_it_is_told_to_end(home: Path, asked: signal.Signals) -> None:
    async with watch(home) as one:
        await one.says("STARTED watches 1 host")
        one.process.send_signal(asked)
        assert await one.ends() == 0
        await one.says("STOPPED watches no more")
    assert await events(home) == ["started", "stopped"]
    assert Lease(state(home) / "poller.lock").holder() is None


async def test_a_second_one_says_who_watches_and_ends_with_75(home: Path) -> None:
    async with watch(home) as one:
        await one.says("STARTED")
        async with watch(home) as two:
            assert await two.ends() == 75
        assert f"(pid {one.pid}) watches already" in two.text
        assert f"kill {one.pid}" in two.text
        assert "Traceback" not in two.text


async def test_it_follows_the_hosts_file_and_stays_with_the_last_good_one(home: Path) -> None:
    save(home, "here", "there")
    async with watch(home, "there") as one:
        await one.says("STARTED watches 1 host")
        (home / "config" / "opsdash" / "hosts.yaml").write_text("hosts: [")
        await one.says("NOTE hosts.yaml has 1 fault: hosts stay as before: ", "hosts.yaml:2:1: ")
        save(home, "here")
        await one.says("NOTE", "no host is called 'there'")
        save(home, "here", "there")
        await one.says("NOTE hosts.yaml is right again: nothing changed")
        assert sum("NOTE" in line for line in one.lines) == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("state:warn",), 64, "not by how hosts are"),
        (("nobody",), 64, "no host is called 'nobody'"),
        (("--hosts", "/nowhere.yaml"), 65, "there is no such file"),
    ],
)
async def test_what_can_not_be_watched_is_said_so(
    home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    async with watch(home, *words) as one:
        assert await one.ends() == code
    assert said in one.text
    assert "Traceback" not in one.text


@pytest.mark.parametrize("abstract", [False, True])
async def test_systemd_is_told_how_it_goes(home: Path, tmp_path: Path, abstract: bool) -> None:
    name = f"\0opsdash-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.setblocking(False)

        def hears(word: str) -> Callable[[], bool]:
            def told() -> bool:
                with suppress(BlockingIOError):
                    while True:
                        heard.append(listener.recv(4096).decode())
                return any(word in one for one in heard)

            return told

        environ = {"NOTIFY_SOCKET": name.replace("\0", "@"), "WATCHDOG_USEC": "900000"}
        async with watch(home, **environ) as one:
            await wait_for(hears("READY=1"), what="READY")
            await wait_for(hears("STATUS=polls 1 host: 1 "), what="the status")
            await wait_for(hears("WATCHDOG=1"), what="a sign of life")
            one.process.send_signal(signal.SIGTERM)
            await wait_for(hears("STOPPING=1"), what="STOPPING")
            assert await one.ends() == 0


@asynccontextmanager
async def screen(home: Path, *, within_s: float = 10) -> AsyncIterator[Session]:
    """What a screen stands on, in this process."""
    fleet = load_fleet(home / "config" / "opsdash" / "hosts.yaml")
    async with Session(fleet, Surroundings(state(home), lasts=True, role=Role.SCREEN)) as session:
        yield session


def polls(session: Session) -> Callable[[], bool]:
    def does() -> bool:
        snapshot = session.snapshot()
        states = snapshot.hosts.values()
        known = all(one.at or one.health is Health.DOWN for one in states)
        return session._polling.begun and not snapshot.polled_by and known

    return does


async def test_a_screen_takes_over_and_the_watch_resumes(home: Path) -> None:
    async with watch(home) as one:
        await one.says("STARTED")
        async with screen(home) as session:
            await wait_for(polls(session), what="the screen polls")
            await one.says("STOPPED watches no more: a screen of", f"(pid {os.getpid()}) polls")
            await one.says("NOTE a screen of", "this watch stands by")
        await wait_for(lambda: one.text.count("STARTED") == 2, what="the watch resumes")
    assert await events(home) == ["started", "stopped", "started", "stopped", "started"]


async def test_after_a_kill_the_screen_that_waits_polls_at_once(home: Path) -> None:
    async with watch(home) as one:
        await one.says("STARTED")
        one.process.send_signal(signal.SIGSTOP)  # it hangs: it does not hand over
        async with screen(home) as session:
            await wait_for(lambda: session.snapshot().polled_by != "", what="who polls")
            assert f"(pid {one.pid})" in session.snapshot().polled_by
            assert any("taking the polling over" in text for text in session.snapshot().notices)
            one.process.kill()
            await wait_for(polls(session), within_s=3, what="the screen polls")
            assert session.snapshot().notices == ()
    assert await events(home) == ["started", "killed", "started", "stopped"]


async def test_a_host_is_never_asked_by_two_at_once(tmp_path: Path) -> None:
    behaviour = Behaviour()
    heard: list[Event] = []
    around = Surroundings(tmp_path / "state", lasts=True, heard=heard.append)
    most = 0
    async with ssh_server(tmp_path, behaviour) as server:
        fleet = fleet_of(server.host, Host("gone", address="127.0.0.1", port=_free_port()))
        watching = Session(fleet, replace(around, role=Role.WATCH))
        first = Session(fleet, replace(around, role=Role.SCREEN))
        second = Session(fleet, replace(around, role=Role.SCREEN))

        def polled_by(session: Session) -> Callable[[], bool]:
            def does() -> bool:
                nonlocal most
                at_once = [one for one in (watching, first, second) if one._polling.begun]
                most = max(most, len(at_once))
                return at_once == [session] and polls(session)()

            return does

        async with watching:
            await wait_for(polled_by(watching), what="the watch")
            async with second:
                async with first:
                    await wait_for(polled_by(second), what="the screen")
                    await wait_for(lambda: first.snapshot().polled_by != "", what="who polls")
                    # the second screen shows what the first one stores
                    await wait_for(lambda: bool(first.snapshot().hosts["web1"].at), what="a value")
                    assert first._polling.begun is False
                await wait_for(polled_by(second), what="the screen goes on")
                assert [one.host for one in second.snapshot().changes] == ["gone"]
            await wait_for(polled_by(watching), what="the watch resumes")
        assert most == 1
    # what was found by one is no news to the next
    told = [one.kind.value for one in heard if one.host == "gone"]
    assert sorted(told) == ["found", "health"]


async def test_a_screen_that_looks_on_follows_the_hosts_file_too(home: Path) -> None:
    save(home, "here", "there")
    fleet = load_fleet(home / "config" / "opsdash" / "hosts.yaml")
    around = Surroundings(state(home), lasts=True, role=Role.SCREEN)
    async with Session(fleet_of(fleet.hosts["here"]), around) as first:
        await wait_for(polls(first), what="the first one polls")
        async with Session(fleet_of(fleet.hosts["here"]), around) as second:
            await second.change_fleet(fleet)
            await wait_for(lambda: second.snapshot().polled_by != "", what="who polls")
            there = second.snapshot().hosts["there"]
            assert (there.at, there.health) == (0, Health.UNKNOWN)
            second.refresh()
            second.want("here", "top")
            await second.change_fleet(fleet_of(fleet.hosts["there"]))
            assert list(second.snapshot().hosts) == ["there"]
            await second.change_fleet(fleet)
            assert not second._polling.begun
            await first.close()
            await wait_for(polls(second), what="the second one polls both")
            assert second.snapshot().hosts["there"].at > 0


async def test_it_follows_a_clock_that_is_set(home: Path) -> None:
    wall = time.time()
    offset_s = 0.0
    clock = SteadyClock(lambda: wall + offset_s, time.monotonic)
    said: list[str] = []
    heard: list[Event] = []
    around = Surroundings(
        state(home),
        clock=clock,
        jump_s=lambda: offset_s,
        lasts=True,
        role=Role.WATCH,
        heard=heard.append,
    )

    def set_clock() -> None:
        nonlocal wall, offset_s
        wall, offset_s = wall + offset_s, 0.0
        clock.set()

    told = asyncio.Event()
    files = FleetFiles(str(home / "config" / "opsdash" / "hosts.yaml"))
    one = Watch(files, around, Outside(said.append, Notifier({}, 1), set_clock))
    running = asyncio.create_task(one.run(told))
    await wait_for(lambda: len(heard) == 1, what="it polls")
    offset_s = 4000.0
    await wait_for(lambda: len(heard) >= 3, what="it polls again")
    told.set()
    await running
    assert said == ["the clock here was set forward by 67m: begins anew"]
    started, stopped, again = heard[:3]
    assert stopped.at - started.at < 100
    assert again.at - stopped.at == pytest.approx(4000, abs=100)


async def test_a_single_look_beside_it_answers_and_writes_nothing(home: Path) -> None:
    async with watch(home) as one:
        await one.says("STARTED")
        with closing(sqlite3.connect(state(home) / "history.db")) as db:
            rows = "SELECT (SELECT max(last_judged) FROM host), (SELECT count(*) FROM history_fine)"
            one.process.send_signal(signal.SIGSTOP)  # from now on it writes nothing either
            before = db.execute(rows).fetchone()
            environ = {
                "XDG_CONFIG_HOME": str(home / "config"),
                "XDG_STATE_HOME": str(home / "state"),
            }
            look = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "opsdash", "status", "--json"),
                cwd=ROOT,
                env=os.environ | environ,
                stdout=asyncio.subprocess.PIPE,
            )
            told, _ = await look.communicate()
            assert [host["name"] for host in json.loads(told)["hosts"]] == ["here"]
            assert db.execute(rows).fetchone() == before
    async with screen(home) as session:
        await wait_for(polls(session), what="the screen polls")
    assert (await events(home))[:2] == ["started", "killed"]


async def test_a_screen_of_other_hosts_says_whom_nobody_watches(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("hosts: {there: {transport: local}}\n")
    other.chmod(0o600)
    around = Surroundings(state(home), lasts=True, role=Role.SCREEN)
    async with watch(home) as one:
        await one.says("STARTED")
        async with Session(load_fleet(other), around) as session:
            await wait_for(polls(session), what="the screen polls")
            file = home / "config" / "opsdash" / "hosts.yaml"
            assert session.snapshot().notices == (
                f"meanwhile nobody watches {file}: the watch stands by",
            )


IMPATIENT = """
import sys
from opsdash.engine import turns
turns.HUNG_S, turns.BEAT_S = float(sys.argv.pop(1)), 0.3
from opsdash.cli.main import main
main()
"""


@asynccontextmanager
async def on_a_terminal(
    home: Path, seen: bytearray, hung_s: float = 60.0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The whole screen in a process of its own, on a terminal that is read; who shows no life
    for `hung_s` hangs.
    """
    leader, follower = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IMPATIENT, str(hung_s)),
        cwd=ROOT,
        env={
            **os.environ,
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "TERM": "xterm-256color",
        },
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(OSError):
            seen.extend(os.read(leader, 65_536))

    loop.add_reader(leader, read)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()
        loop.remove_reader(leader)
        os.close(leader)


def polled_by(home: Path, pid: int) -> Callable[[], bool]:
    """Whether this process is the one that polls, and has written so."""
    lease = Lease(state(home) / "poller.lock")

    def does() -> bool:
        holder = lease.holder()
        if holder is None or holder.pid != pid:
            return False
        with closing(sqlite3.connect(state(home) / "history.db")) as db:
            last = "SELECT kind, subject FROM event WHERE host = '' ORDER BY number DESC LIMIT 1"
            return bool(db.execute(last).fetchone() == ("started", str(pid)))

    return does


async def test_two_screens_and_a_watch_each_killed_in_turn(home: Path) -> None:
    async with watch(home) as one:
        await wait_for(polled_by(home, one.pid), within_s=40, what="the watch polls")
        async with on_a_terminal(home, bytearray()) as first:
            await wait_for(polled_by(home, first.pid), within_s=40, what="the first screen polls")
            seen = bytearray()
            async with on_a_terminal(home, seen) as second:
                await wait_for(
                    lambda: b"SECOND SCREEN" in seen, within_s=40, what="the second one stands by"
                )
                who = f"(pid {first.pid}) polls since".encode()
                await wait_for(lambda: who in seen, what="who polls")
                first.kill()
                await first.wait()
                await wait_for(
                    polled_by(home, second.pid), within_s=40, what="the second screen polls"
                )
                second.kill()
                await second.wait()
                await wait_for(polled_by(home, one.pid), within_s=40, what="the watch resumes")
        one.process.send_signal(signal.SIGTERM)
        assert await one.ends() == 0
    kinds = await events(home)
    by_kill = ["killed", "started"]
    assert kinds == ["started", "stopped", "started", *by_kill, *by_kill, "stopped"]


async def test_a_screen_that_is_suspended_loses_the_polling_until_it_wakes(home: Path) -> None:
    async with on_a_terminal(home, bytearray(), 4.0) as hung:
        await wait_for(polled_by(home, hung.pid), within_s=40, what="the screen polls")
        hung.send_signal(signal.SIGSTOP)
        async with on_a_terminal(home, bytearray(), 4.0) as other:
            await wait_for(polled_by(home, other.pid), within_s=40, what="the other takes it over")
            hung.send_signal(signal.SIGCONT)
            other.terminate()
            await other.wait()
            await wait_for(polled_by(home, hung.pid), within_s=40, what="the first one polls again")
    kinds = await events(home)
    # the one that lost it wrote nothing of its end: another one's time had begun
    assert kinds == ["started", "started", "stopped", "started"]
