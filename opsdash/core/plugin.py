"""The kinds of plug-in: data plus a pure function, found by folder, never listed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from opsdash.core.blame import Resource
from opsdash.core.errors import BadOutput
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, SampleKey
from opsdash.core.snapshot import HostState


class Tier(StrEnum):
    """How often a collector is due: with every pulse, on a schedule of its own, or on one of its
    own but only while somebody looks at it, or a finding needs it to name the culprit. A probe is
    asked only of hosts for which the hosts file has some, each at its own time.
    """

    PULSE = "pulse"
    FACTS = "facts"
    DEMAND = "demand"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class ProcFile:
    """A file that the pulse reads: its path, and an awk pattern of the lines to keep.

    The pattern is a regular expression that mawk 1.3, gawk and busybox awk all know: no POSIX
    classes, no counted repetition, no slash.
    """

    path: str
    keep: str = ""


NO_LIMITS = Limits(None, None)

T = TypeVar("T")

Parse = Callable[[Output, str, float], Reading]
Derive = Callable[[Reading, Reading, float], dict[SampleKey, float]]


@dataclass(frozen=True, slots=True)
class Collector:
    """One source of facts about a host: what to read or run there, and how to understand it.

    A pulse collector has `reads`, that of own probes makes a collector for each; any other has
    `command` (POSIX sh, run with ``LC_ALL=C`` and sbin on the PATH), due every `every_s` seconds
    and cut off after `timeout_s` seconds or `max_bytes` bytes. `parse` is pure: output, host, wall
    clock to a Reading. `derive` makes rates from two readings of the same boot that lie
    `elapsed_s` of the host's own time apart; a facts collector tells that time itself:
    ``NAME.up_s``, and ``boot_id`` in its first row.
    What `needs_root` is fetched by a script of its own, not more often than every 15 minutes, or
    on demand every minute: each time is a line in the host's log.
    Where what is asked hangs on the host, `fitted` makes what it is asked.
    `machine_wide` says that in a container the metrics are the whole machine's: there no check
    that reads it is asked.
    """

    name: str
    title: str
    tier: Tier
    parse: Parse
    metrics: tuple[Metric, ...] = ()
    reads: tuple[ProcFile, ...] = ()
    command: str = ""
    every_s: float = 15.0
    timeout_s: float = 5.0
    max_bytes: int = 65_536
    derive: Derive | None = None
    machine_wide: bool = False
    needs_root: bool = False
    fitted: Callable[[Host], Collector] | None = None

    def of(self, host: Host) -> Collector:
        """What is asked of this host."""
        return self if self.fitted is None else self.fitted(host)

    @property
    def id(self) -> str:
        """What tells collectors apart."""
        return self.name


def alone(_metric: str, _label: str) -> None:
    """The peers of a host that has none."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a check is asked about: a host's state at `now`, its limits, and what was found before.

    `before` gives the health that the same subject had at the last judging, for hysteresis.
    `clock_ahead_s` tells by how many seconds `now` is ahead of the time that clocks of hosts are
    held against. `peers` gives what a metric with a label usually is on hosts with the same tags;
    None where there are too few of them.
    """

    state: HostState
    now: float
    limits: Limits
    before: Callable[[str], Health]
    clock_ahead_s: float = 0.0
    peers: Callable[[str, str], float | None] = alone


@dataclass(frozen=True, slots=True)
class Check:
    """One rule about hosts.

    `reads` names the collectors that it needs: without a fresh reading of all of them it does not
    speak. A finding must last `hold_s` seconds before it is raised. `limits` are the defaults that
    hosts.yaml may override under this id; `unit` is theirs: ``ratio``, ``s``, another, or empty for
    a check without limits; `metric` is what they are held against, where that is the value of one
    metric: charts draw them across it. With `lower_is_worse` a value is bad below them, else from
    them on. While it finds something the processes that take most of what it `blames` are asked
    for, and named; one that `needs_culprit` is not raised without. `heeds_container` says that it
    knows what to make of a whole machine's figures in a container, and is asked there too.
    """

    id: str
    title: str
    judge: Callable[[Inquiry], Iterable[Finding]]
    reads: tuple[str, ...] = ()
    hold_s: float = 0.0
    limits: Limits = NO_LIMITS
    unit: str = ""
    metric: str = ""
    lower_is_worse: bool = False
    advice: str = ""
    controls: tuple[str, ...] = ()
    blames: Resource | None = None
    needs_culprit: bool = False
    heeds_container: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A verb of the command line; `build` makes its click command when it is wanted."""

    name: str
    summary: str
    build: Callable[[], Any]

    @property
    def id(self) -> str:
        """What tells commands apart."""
        return self.name


def examples(*lines: str) -> str:
    """Example command lines as they stand below a verb's help (click's epilog)."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def understand(collector: Collector, output: Output, host: str, at: float) -> Reading:
    """A collector's reading of an output; a parser's failure becomes the reading's problem."""
    if output.truncated:
        text = f"{collector.title}: more than {collector.max_bytes} bytes"
        return failed(collector, host, at, Problem(ProblemKind.TRUNCATED, text))
    reading = attempt(lambda: collector.parse(output, host, at))
    if isinstance(reading, Reading):
        return reading
    text = f"{collector.title}: {reading}"
    return failed(collector, host, at, Problem(ProblemKind.BAD_OUTPUT, text))


def attempt(call: Callable[[], T]) -> T | str:
    """What a plug-in's pure function returns, or in words why it could not.

    The named boundary "collector run": a bug in one plug-in costs one reading or one check, never
    the program.
    """
    try:
        return call()
    except BadOutput as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the named boundary
        return f"{type(error).__name__}: {error}"


def failed(collector: Collector, host: str, at: float, problem: Problem) -> Reading:
    """The reading of a collector that has nothing to say but why."""
    return Reading(host, collector.name, at, problem=problem)
