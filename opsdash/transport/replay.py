"""Recorded hosts: what real ones answered, given again to the same parsers and the same screens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Protocol

from opsdash.core import examination
from opsdash.core.clock import now
from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, failed, understand
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Output, Reading
from opsdash.transport.base import Completed, Connection, Elevation, Heard, Order, Piece
from opsdash.transport.frames import pulse_files, read_frame
from opsdash.transport.tcp import Tcp

Pause = Callable[[float], Awaitable[None]]
Play = Callable[[float], Mapping[str, bytes]]
"""Contents of files by path at a moment (seconds since the replay began); HostError: it broke."""


class Playing(Protocol):
    """A connection to a recorded host: what it says at a moment."""

    @property
    def host_key(self) -> str:
        """The key that it is known by, as a Connection tells it."""
        ...

    def pulses(self, files: Mapping[str, str]) -> Play | None:
        """What plays these files (each path with its filter); None where there is no pulse."""
        ...

    def fact(self, collector: Collector, at_s: float) -> Output | None:
        """A facts collector's output; None where it was not recorded."""
        ...

    def journal(self, epoch: float, since_s: float | None, until_s: float) -> Iterable[bytes]:
        """Its journal as lines of JSON, between two moments; from None: as far back as it goes.
        `epoch` is when the replay began, in seconds since 1970. HostError: it broke.
        """
        ...


class Recorded(Protocol):
    """A host that can be replayed. Moments are seconds since the replay began."""

    def delay_s(self, at_s: float) -> float:
        """How long it takes until a connection stands, or has failed."""
        ...

    def connect(self, at_s: float) -> Playing:
        """Reach it; HostError says why not."""
        ...

    def log_in(self, at_s: float) -> float:
        """The seconds that a new login takes; HostError says why it fails."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """One host's recorded answers, always the same.

    `files` are file contents by path, played in order and then from the first again; `facts` are
    outputs by collector; with a `problem` the host can't be reached at all.
    """

    files: tuple[Mapping[str, bytes], ...] = ()
    facts: Mapping[str, Output] = field(default_factory=dict)
    problem: Problem | None = None
    host_key: str = ""
    entries: tuple[bytes, ...] = ()

    def delay_s(self, at_s: float) -> float:
        """Nothing has to be waited for."""
        return 0.0

    def connect(self, at_s: float) -> Playing:
        """The recording, or the recorded reason why the host can't be reached."""
        if self.problem is not None:
            raise HostError(self.problem)
        return self

    def log_in(self, at_s: float) -> float:
        """There is no login that could fail."""
        return 0.0

    def pulses(self, files: Mapping[str, str]) -> Play | None:
        """One recorded pulse after the other, whatever the time."""
        endless = cycle(self.files)
        return (lambda _: next(endless)) if self.files else None

    def fact(self, collector: Collector, at_s: float) -> Output | None:
        """The recorded output."""
        return self.facts.get(collector.name)

    def journal(self, epoch: float, since_s: float | None, until_s: float) -> Iterable[bytes]:
        """All that was recorded, once."""
        return self.entries if since_s is None else ()


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: seconds since 1970, and since the replay began."""

    clock_s: float
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Stage:
    """The time in which recordings are played: how to wait, what time it is, when it began."""

    pause: Pause
    clock: Callable[[], float]
    began: float

    def moment(self) -> Moment:
        """Now."""
        at = self.clock()
        return Moment(at, at - self.began)


class ReplayConnection:
    """A recorded host that plays its answers."""

    def __init__(self, host: Host, playing: Playing, stage: Stage) -> None:
        self._host = host
        self._playing = playing
        self._stage = stage
        self._read_until_s: float | None = None
        self._last_entry = b""

    @property
    def host_key(self) -> str:
        """The key that was recorded; nothing is verified here."""
        return self._playing.host_key

    async def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        """The recorded pulses for ever, one per interval."""
        play = self._playing.pulses(pulse_files(collectors))
        while play is not None:
            at = self._stage.moment()
            yield read_frame(collectors, play(at.elapsed_s), self._host.name, at.clock_s)
            await self._stage.pause(interval_s)
        await asyncio.Event().wait()

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        """The recorded facts; a collector without any is unsupported by this host."""
        at = self._stage.moment()
        return [answered(self._playing, one, self._host.name, at) for one in due]

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """Nothing can be run on a recording."""
        text = f"{self._host.name} is a recording: nothing runs there"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text))

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """Nothing can be run on a recording."""
        text = f"{self._host.name} is a recording: nothing runs there"
        hint = "start opsdash without --demo to act on real hosts"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, hint))

    async def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """The journal, once, or (`endless`) from where it was read last; of what is asked only the
        number of lines is heeded.
        """
        if endless and self._last_entry:
            yield Piece(self._last_entry)
        while True:
            until_s = self._stage.moment().elapsed_s
            since_s, self._read_until_s = self._read_until_s, until_s
            lines = list(self._playing.journal(self._stage.began, since_s, until_s))
            for line in lines[_first_wanted(script, len(lines)) :]:
                self._last_entry = line
                yield Piece(line)
            if not endless:
                break
            await self._stage.pause(beat_s)
        yield Piece(status=0)

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """No host is behind a recording."""
        text = f"{self._host.name} is a host of the demo, which makes no connections"
        raise HostError(Problem(ProblemKind.UNSUPPORTED, text, "start without --demo"))

    async def close(self) -> None:
        """A recording holds nothing open."""


_LINES = re.compile(rb" -n (\d{1,9})\b")


def _first_wanted(script: bytes, count: int) -> int:
    """Which of so many lines is the first of those that journalctl would give: the last N."""
    most = _LINES.search(script)
    return max(0, count - int(most[1])) if most else 0


def answered(playing: Playing, collector: Collector, host: str, at: Moment) -> Reading:
    """What a collector reads in a recorded host's facts."""
    output = playing.fact(collector, at.elapsed_s)
    if output is None:
        problem = Problem(ProblemKind.UNSUPPORTED, f"{collector.title}: not recorded")
        return failed(collector, host, at.clock_s, problem)
    return understand(collector, output, host, at.clock_s)


def _skip(host: Host, exam: examination.Examination, until: examination.Stage | None) -> None:
    """Say of the stages on the way, up to one that failed, that none was made."""
    for stage in examination.ON_THE_WAY:
        if stage is until:
            return
        text = "a made-up host: nothing is contacted"
        verdict = examination.Verdict.SKIPPED
        exam.report(examination.Examined(host.name, stage, verdict, text))


class ReplayTransport:
    """A fleet of recordings. `pause` waits for so many seconds, `clock` gives them since 1970."""

    def __init__(
        self,
        recordings: Mapping[str, Recorded],
        pause: Pause = asyncio.sleep,
        clock: Callable[[], float] = now,
        began: float | None = None,
    ) -> None:
        self._recordings = recordings
        self._stage = Stage(pause, clock, clock() if began is None else began)

    async def connect(self, host: Host) -> ReplayConnection:
        """The recorded host, or the recorded reason why it can't be reached."""
        recorded = self._recorded(host)
        delay_s = recorded.delay_s(self._stage.moment().elapsed_s)
        if delay_s:
            await self._stage.pause(delay_s)
        playing = recorded.connect(self._stage.moment().elapsed_s)
        return ReplayConnection(host, playing, self._stage)

    async def log_in(self, host: Host) -> float:
        """The recorded login: how long it takes, or why it fails."""
        return self._recorded(host).log_in(self._stage.moment().elapsed_s)

    async def change_fleet(self, hosts: Mapping[str, Host], gone: Collection[str]) -> None:
        """What was recorded is all that there is."""

    @asynccontextmanager
    async def examine(
        self, host: Host, exam: examination.Examination, *, ask: bool
    ) -> AsyncGenerator[Connection, None]:
        """There is no way to a recording; the failure that was recorded is shown in its place."""
        try:
            connection = await self.connect(host)
        except HostError as error:
            failed_at = examination.STAGE_OF.get(error.problem.kind, examination.Stage.TCP)
            _skip(host, exam, failed_at)
            exam.report_failure(host.name, failed_at, error.problem)
            raise
        _skip(host, exam, None)
        yield connection

    def ask_again(self) -> None:
        """Nothing was asked."""

    async def close(self) -> None:
        """A recording holds nothing open."""

    def _recorded(self, host: Host) -> Recorded:
        recorded = self._recordings.get(host.name)
        if recorded is None:
            raise HostError(Problem(ProblemKind.NAME, f"{host.name} was not recorded"))
        return recorded
