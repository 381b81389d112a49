"""What is known of the fleet at one moment: the only thing that screens and reports see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.series import Ring, Trend


class LinkState(StrEnum):
    """How the connection to a host stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Link:
    """The connection to a host: its state, since when (seconds since 1970), and what broke it.

    `cause` is set where that is not the host's own failure: its jump host is down, or this machine
    is offline. Of the host itself nothing is known then.
    """

    state: LinkState = LinkState.IDLE
    since: float = 0.0
    problem: Problem | None = None
    last_up: float | None = None
    retry_at: float | None = None
    cause: Problem | None = None

    @property
    def broken_by(self) -> Problem | None:
        """What to say of a link that is down, and what to mend first."""
        return self.cause or self.problem


@dataclass(frozen=True, slots=True)
class Login:
    """The latest login that was tried beside the open connection: when, how long, what failed, and
    how long it took in most of those before; None: too few were.
    """

    at: float
    took_s: float
    problem: Problem | None = None
    usual_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """A figure (see `FIGURES`, in its units) that is far from what is usual, which is the median,
    on the `peers` other hosts that have this tag.
    """

    figure: str
    value: float
    usual: float
    tag: str
    peers: int

    @property
    def high(self) -> bool:
        """Whether it is above the others."""
        return self.value > self.usual


@dataclass(frozen=True, slots=True)
class HostState:
    """All that is known of one host.

    `rev` grows with every change, over the whole fleet: a reader that remembers the highest it saw
    can ask for what changed since. `at` is when the host last delivered anything (0: never).
    `findings` are sorted worst first, then newest. `container` names the kind of container that it
    is, where whole-machine values are not the host's own; empty: none, and None: not known yet.
    `login` is the last login probe of this connection, `host_key` the host key that it verified
    (``ssh-rsa 2048``; empty: not known). `trends` has the last hours of some metrics, by metric and
    label. `odd` says what of it is unlike its peers: that is no finding and no health.
    `past` says that it is a memory: nothing can be asked of it.
    """

    host: Host
    rev: int = 0
    health: Health = Health.UNKNOWN
    link: Link = Link()
    at: float = 0.0
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    series: Mapping[str, Ring] = field(default_factory=lambda: MappingProxyType({}))
    container: str | None = None
    login: Login | None = None
    host_key: str = ""
    trends: Mapping[str, Mapping[str, Trend]] = field(default_factory=lambda: MappingProxyType({}))
    odd: tuple[Outlier, ...] = ()
    past: bool = False

    @property
    def name(self) -> str:
        """The host's name: its identity."""
        return self.host.name

    @property
    def probed(self) -> bool:
        """Whether each of its own probes has been tried at least once."""
        return not self.host.probes or len(self.rows("probes")) >= len(self.host.probes)

    @property
    def why(self) -> Finding | None:
        """The worst thing that is wrong, or None."""
        return self.findings[0] if self.findings else None

    def value(self, metric: str, label: str = "") -> float | None:
        """The latest value of a metric (``cpu.busy_ratio``), None where it is not known."""
        reading = self.readings.get(metric.partition(".")[0])
        return None if reading is None else reading.get(metric, label)

    def labelled(self, metric: str) -> dict[str, float]:
        """The latest values of a metric by label: mount, interface, disk."""
        reading = self.readings.get(metric.partition(".")[0])
        return {} if reading is None else reading.labelled(metric)

    def trend(self, metric: str, label: str = "") -> Trend | None:
        """The last hours of a metric that is marked so; None while nothing of it is known."""
        return self.trends.get(metric, {}).get(label)

    def rows(self, collector: str) -> tuple[Row, ...]:
        """The latest table of a collector; empty where there is none."""
        reading = self.readings.get(collector)
        return () if reading is None else reading.rows

    def age_s(self, now: float) -> float | None:
        """Seconds since the host last delivered anything; None if it never did."""
        return max(0.0, now - self.at) if self.at else None


@dataclass(frozen=True, slots=True)
class Change:
    """A host's health became another: when (seconds since 1970), from what to what, and why.

    `summary` is the reason of the worse of the two.
    """

    at: float
    host: str
    before: Health
    after: Health
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fleet at one moment: hosts in the order of the hosts file; `changes` the newest first.

    `polled_by` names the program that polls where it is another one: this is what it stored.
    `read_only` says who wanted that nothing is changed; empty: changes are allowed.
    """

    rev: int
    at: float
    hosts: Mapping[str, HostState]
    source: str = ""
    notices: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    polled_by: str = ""
    read_only: str = ""

    def counts(self) -> dict[Health, int]:
        """How many hosts are in each health, zeros included."""
        found = dict.fromkeys(sorted(Health, reverse=True), 0)
        for state in self.hosts.values():
            found[state.health] += 1
        return found


def triage(state: HostState) -> tuple[int, bool, float, str]:
    """Sort key of hosts: worst first, causes before what is behind them, then what began last."""
    why = state.why
    problem = state.link.problem
    behind = problem is not None and problem.kind is ProblemKind.JUMP
    return (-state.health, behind, -(why.since if why else 0.0), state.name)
