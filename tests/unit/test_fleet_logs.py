"""A fleet's logs are read to their end, followed, gone on with after a break, and told about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from opsdash.core.errors import HostError
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host
from opsdash.core.log_record import LogGap, LogQuery, LogRecord
from opsdash.core.log_state import LogPhase
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Nobody
from opsdash.engine import log_merger, log_reader
from opsdash.engine.fleet_hands import FleetHands
from opsdash.engine.fleet_logs import FleetLogs
from opsdash.engine.poller import Reach
from opsdash.engine.privilege import Privilege
from opsdash.transport.base import Completed, Piece
from tests.fleet_states import Clock
from tests.waiting import wait_for

SURVEY = b"== clock\n1005.0 +0000\n== journal\nthere\n--output-fields\n== end\n"
AT_S = 1000.0


def entry(number: int, at_s: float | None = None) -> bytes:
    """A line of a journal."""
    micros = int((AT_S + number / 1000 if at_s is None else at_s) * 1e6)
    fields = {"__CURSOR": f"s=ab;i={number:x}", "MESSAGE": f"m{number}", "PRIORITY": "6"}
    return json.dumps({**fields, "__REALTIME_TIMESTAMP": str(micros)}).encode() + b"\n"


@dataclass
class FakeHost:
    """A host with a journal: what was there, and what is written while it is followed."""

    older: bytes = b""
    errors: bytes = b""
    problem: Problem | None = None
    survey: bytes = SURVEY
    scripts: list[str] = field(default_factory=list)
    coming: asyncio.Queue[bytes | HostError] = field(default_factory=asyncio.Queue)
    connected: int = 0
    streaming: int = 0
    tells_older: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.tells_older.set()

    async def connect(self, host: Host) -> FakeHost:
        self.connected += 1
        if self.problem is not None:
            raise HostError(self.problem)
        return self

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        return Completed(0, self.survey)

    async def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        self.scripts.append(script.decode())
        self.streaming += 1
        try:
            if not endless:
                if self.errors:
                    yield Piece(self.errors, is_error=True)
                await self.tells_older.wait()
                older, self.older = self.older, b""
                if older:
                    yield Piece(older)
            while endless:
                came = await self.coming.get()
                if isinstance(came, HostError):
                    raise came
                yield Piece(came)
            yield Piece(status=0)
        finally:
            self.streaming -= 1

    async def close(self) -> None:
        pass


class FakeTransport:
    """The way to all of them."""

    def __init__(self, hosts: Mapping[str, FakeHost]) -> None:
        self._hosts = hosts

    async def connect(self, host: Host) -> FakeHost:
        return await self._hosts[host.name].connect(host)


@dataclass
class Heard:
    """What a reader of the logs has got so far."""

    logs: FleetLogs
    lines: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    over: bool = False

    async def read(self) -> None:
        """Take all batches."""
        async for batch in self.logs.batches():
            self.notices += [one.text for one in self.logs.notices()]
            for one in batch:
                said = one.text if isinstance(one, LogRecord) else f"<{one.why}>"
                self.lines.append(f"{one.host} {said}")
        self.over = True


def hands_of(fleet: Fleet, fakes: Mapping[str, FakeHost], clock: Clock) -> FleetHands:
    """Hands that reach the fakes."""
    transports = dict.fromkeys([Host("x").way], FakeTransport(fakes))
    reach = Reach(transports, Privilege(Asker(Nobody()), clock))  # type: ignore[arg-type]
    return FleetHands(lambda: fleet, reach)


@asynccontextmanager
async def reading(query: LogQuery, **fakes: FakeHost) -> AsyncGenerator[Heard, None]:
    """The logs of some fakes being read; the clock stands two seconds after their lines."""
    clock = Clock(AT_S + 5)
    hosts = {name: Host(name) for name in fakes}
    hands = hands_of(Fleet(hosts), fakes, clock)
    async with FleetLogs(list(hosts.values()), hands, query, clock) as logs:
        heard = Heard(logs)
        task = asyncio.create_task(heard.read())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.wait([task])
    assert all(not one.streaming for one in fakes.values())


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "rest_s", lambda failures: 0.01)


async def test_all_hosts_are_read_to_their_end_in_order_and_it_is_over() -> None:
    one = FakeHost(entry(1) + entry(4))
    other = FakeHost(entry(2) + entry(3))
    async with reading(LogQuery(), a=one, b=other) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == ["a m1", "b m2", "b m3", "a m4"]
        assert [one.phase for one in heard.logs.states()] == [LogPhase.OVER] * 2
        assert [one.lines for one in heard.logs.states()] == [2, 2]


async def test_a_host_that_cannot_be_reached_is_told_and_holds_nobody_up() -> None:
    dead = FakeHost(problem=Problem(ProblemKind.REFUSED, "connection refused"))
    async with reading(LogQuery(), a=FakeHost(entry(1)), dead=dead) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == ["a m1"]
        assert heard.notices == ["dead: connection refused"]


async def test_a_host_without_a_log_of_that_name_is_told_and_not_reached() -> None:
    one = FakeHost(entry(1))
    async with reading(LogQuery(named=("queue",), follow=True), a=one) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == []
        assert heard.notices == ["a: it has no log called queue"]
    assert one.connected == 0


async def test_notices_that_nobody_takes_are_announced_once() -> None:
    dead = FakeHost(problem=Problem(ProblemKind.REFUSED, "connection refused"))
    async with reading(LogQuery(), a=FakeHost(entry(1)), dead=dead) as heard:
        batches = [batch async for batch in heard.logs.batches()]
    assert len(batches) <= 2


async def test_a_host_whose_survey_is_no_answer_is_told() -> None:
    async with reading(LogQuery(), a=FakeHost(survey=b"motd")) as heard:
        await wait_for(lambda: heard.over)
        assert heard.notices == ["a: its logs could not be looked for: the answer is not whole"]


async def test_what_may_not_be_read_is_told_once() -> None:
    said = b"No journal files were opened due to insufficient permissions.\n" * 3
    async with reading(LogQuery(), a=FakeHost(errors=said)) as heard:
        await wait_for(lambda: heard.over)
        assert heard.notices == ["a: this account may read only its own lines of the journal"]


async def test_a_break_is_gone_on_with_at_its_place_without_loss_or_double() -> None:
    one = FakeHost(entry(1) + entry(2))
    async with reading(LogQuery(follow=True), a=one) as heard:
        one.coming.put_nowait(entry(2) + entry(3) + entry(4)[:30])
        await wait_for(lambda: len(heard.lines) == 3)
        one.older = entry(3) + entry(4) + entry(5)
        one.coming.put_nowait(HostError(Problem(ProblemKind.LOST, "the connection broke")))
        one.coming.put_nowait(entry(5) + entry(6))
        await wait_for(lambda: len(heard.lines) >= 6)
        assert heard.lines == [f"a m{number}" for number in range(1, 7)]
        assert heard.notices == ["a: the connection broke"]
        assert one.connected == 2
        assert "--cursor='s=ab;i=3'" in one.scripts[2]
        assert heard.logs.states()[0].phase is LogPhase.LIVE


async def test_a_journal_that_was_rotated_away_meanwhile_shows_as_a_gap() -> None:
    one = FakeHost(entry(1))
    async with reading(LogQuery(follow=True), a=one) as heard:
        await wait_for(lambda: len(heard.lines) == 1)
        one.coming.put_nowait(entry(9))
        await wait_for(lambda: len(heard.lines) == 3)
        assert heard.lines[1].startswith("a <the journal does not hold the place")


async def test_a_pause_takes_nothing_from_the_hosts_and_loses_nothing() -> None:
    one = FakeHost()
    async with reading(LogQuery(follow=True), a=one) as heard:
        await wait_for(lambda: len(one.scripts) == 2)
        heard.logs.pause()
        for number in range(1, 6):
            one.coming.put_nowait(entry(number))
        await wait_for(lambda: one.coming.qsize() == 4)
        heard.logs.resume()
        await wait_for(lambda: len(heard.lines) == 5)


async def test_hosts_that_were_let_go_of_are_gone_on_with_in_the_order_of_times() -> None:
    one, two = FakeHost(entry(1)), FakeHost(entry(2))
    async with reading(LogQuery(lines=2, follow=True), a=one, b=two) as heard:
        await wait_for(lambda: len(one.scripts) == len(two.scripts) == len(heard.lines) == 2)
        heard.logs.rest()
        await wait_for(lambda: not one.streaming and not two.streaming)
        assert not heard.over
        one.older = b"".join(entry(number) for number in (1, 3, 5, 7))
        two.older = b"".join(entry(number) for number in (2, 4, 6))
        two.tells_older.clear()
        heard.logs.wake()
        (lane,) = (lane for lane in heard.logs._merger.lanes("a") if lane.source)
        await wait_for(lambda: lane.lines == 4)
        assert heard.logs._merger.take() == []
        two.tells_older.set()
        await wait_for(lambda: len(heard.lines) == 7)
        assert [line.split()[1] for line in heard.lines] == [f"m{number}" for number in range(1, 8)]
        one.coming.put_nowait(entry(7) + entry(8))
        await wait_for(lambda: heard.lines[-1] == "a m8")
        assert all(state.phase is LogPhase.LIVE for state in heard.logs.states())


async def test_who_is_read_to_the_end_is_not_begun_again() -> None:
    gone = FakeHost(problem=Problem(ProblemKind.AUTH, "no key was taken"))
    async with reading(LogQuery(follow=True), a=FakeHost(), gone=gone) as heard:
        await wait_for(lambda: bool(heard.notices))
        heard.logs.rest()
        heard.logs.wake()
        await wait_for(lambda: heard.logs.states()[0].phase is LogPhase.LIVE)
        assert gone.connected == 1


async def test_let_go_of_and_taken_again_at_once_nothing_is_read_twice() -> None:
    one = FakeHost(entry(1))
    async with reading(LogQuery(follow=True), a=one) as heard:
        await wait_for(lambda: len(one.scripts) == 2)
        for _ in range(3):
            heard.logs.rest()
            heard.logs.wake()
        await wait_for(lambda: heard.logs.states()[0].phase is LogPhase.LIVE)
        one.coming.put_nowait(entry(1) + entry(2))
        await wait_for(lambda: len(heard.lines) == 2)
        assert one.streaming == 1


async def test_who_tells_much_that_is_old_waits_for_room_and_drops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "ROOM", 5)
    monkeypatch.setattr(log_merger, "MOST_WAITING", 10)
    one = FakeHost(b"".join(entry(number) for number in range(50)))
    async with reading(LogQuery(lines=None), a=one) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == [f"a m{number}" for number in range(50)]


async def test_of_lines_that_are_picked_here_the_last_ones_are_given() -> None:
    one = FakeHost(b"".join(entry(number) for number in range(40)))
    async with reading(LogQuery(lines=3, grep="m[12]"), a=one) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == ["a m27", "a m28", "a m29"]


async def test_a_clock_that_is_ahead_is_measured_and_told() -> None:
    ahead = SURVEY.replace(b"1005.0", b"4605.0")
    early = FakeHost(entry(1, 4602.0), survey=ahead)
    async with reading(LogQuery(), a=early, b=FakeHost(entry(2, 1003.0))) as heard:
        await wait_for(lambda: heard.over)
        assert heard.lines == ["a m1", "b m2"]
        assert heard.logs.states()[0].ahead_s == pytest.approx(3600.0)


async def test_a_problem_that_does_not_mend_itself_is_not_tried_again() -> None:
    dead = FakeHost(problem=Problem(ProblemKind.AUTH, "publickey refused"))
    async with reading(LogQuery(follow=True), dead=dead) as heard:
        await wait_for(lambda: heard.over)
    assert dead.connected == 1


def test_a_gap_and_a_state_are_values() -> None:
    gap = LogGap("h", "journal", "a\x1b[31m\nb")
    assert gap.why == "a b"
    assert replace(gap, until_s=5.0).at_s == 5.0
