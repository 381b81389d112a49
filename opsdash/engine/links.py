"""How the connections of a fleet stand, and what many failures have in common.

A dead jump host is one failure and not one for each host behind it; and when no host at all can be
reached, it is this machine that is cut off. The hosts themselves are then unknown, not down.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.snapshot import Link, LinkState
from opsdash.engine.state import State

LOG = logging.getLogger(__name__)

FEWEST_FOR_OFFLINE = 3
"""Fewer hosts than this may well be down by themselves, all at once."""

_NOTHING_HEARD = frozenset(
    {
        ProblemKind.NAME,
        ProblemKind.NO_ROUTE,
        ProblemKind.TIMEOUT,
        ProblemKind.SILENT,
        ProblemKind.LOST,
    }
)
"""Failures without a sign of life from anybody: the network here could be the reason."""

_OF_ANOTHER = frozenset({ProblemKind.JUMP, ProblemKind.PROXY})


class _Sign(Enum):
    """What the latest try of one host tells about the network of this machine."""

    WAITING = auto()
    HEARD = auto()
    NOTHING_HEARD = auto()
    SAYS_NOTHING = auto()


def _sign(link: Link, before: _Sign | None) -> _Sign:
    """SAYS_NOTHING where it is another host that fails, or where nothing is tried any more."""
    if link.state is LinkState.UP:
        return _Sign.HEARD
    if link.state is not LinkState.DOWN or link.problem is None:
        return _Sign.NOTHING_HEARD if before is _Sign.NOTHING_HEARD else _Sign.WAITING
    if link.problem.kind in _NOTHING_HEARD:
        return _Sign.NOTHING_HEARD
    lasting = not link.problem.mends_itself
    return _Sign.SAYS_NOTHING if lasting or link.problem.kind in _OF_ANOTHER else _Sign.HEARD


def _tell(name: str, link: Link) -> None:
    if link.problem is None:
        LOG.info("%s: %s", name, link.state.value)
    else:
        LOG.info("%s: %s: %s (%s)", name, link.state.value, link.problem.text, link.problem.kind)


@dataclass
class Links:
    """Writes the links of all hosts; `judge` is asked about each that changed, `wake` makes hosts
    that rest try again at once.
    """

    state: State
    judge: Callable[[str], None]
    wake: Callable[[Sequence[str]], None]
    clock: Callable[[], float]
    _signs: dict[str, _Sign] = field(default_factory=dict)
    _counted: Counter[_Sign] = field(default_factory=Counter)
    _offline: Problem | None = None

    def set(
        self,
        host: Host,
        state: LinkState,
        problem: Problem | None = None,
        retry_at: float | None = None,
    ) -> None:
        """Say how the connection to a host stands from now on."""
        now = self.clock()
        before = self.state.host(host.name).link
        since = before.since if before.state is state else now
        last_up = now if state is LinkState.UP else before.last_up
        if before.state is LinkState.UP and state is not LinkState.UP:
            last_up = self.state.host(host.name).at
        link = Link(state, since, problem, last_up, retry_at)
        if before.state is not state or before.problem != problem:
            _tell(host.name, link)
        self._count(host, link)
        self._put(host.name, link)
        self._heed_network()
        came_up = state is LinkState.UP and before.state is not LinkState.UP
        if came_up and self._counted[_Sign.SAYS_NOTHING]:  # else nobody can be behind it
            self.wake([name for name, held in self._down() if self._culprit(held) == host.name])

    def forget(self, names: Iterable[str]) -> None:
        """These hosts have left the fleet: they are no sign of the network, and nobody's cause."""
        for name in names:
            before = self._signs.pop(name, None)
            if before is not None:
                self._counted[before] -= 1
        self._heed_network()
        for name, link in self._down():
            self._put(name, link)

    def _put(self, name: str, link: Link) -> None:
        self.state.set_link(name, replace(link, cause=self._cause(link)))
        self.judge(name)

    def _cause(self, link: Link) -> Problem | None:
        """What a link that is down has in common with others; None: its failure is its own."""
        if link.state is not LinkState.DOWN or link.problem is None:
            return None
        if self._offline and link.problem.kind in _NOTHING_HEARD | _OF_ANOTHER:
            return self._offline
        return link.problem if self._culprit(link) else None

    def _culprit(self, link: Link) -> str:
        """The host with a row of its own that a host is behind of; empty where there is none."""
        if link.problem is None or link.problem.kind is not ProblemKind.JUMP:
            return ""
        return link.problem.culprit if self.state.knows(link.problem.culprit) else ""

    def _down(self) -> list[tuple[str, Link]]:
        hosts = self.state.snapshot().hosts.items()
        return [(name, held.link) for name, held in hosts if held.link.state is LinkState.DOWN]

    def _count(self, host: Host, link: Link) -> None:
        """Keep count of what the hosts tell about the network of this machine."""
        if not host.way.logs_in:
            return
        before = self._signs.get(host.name)
        if before is not None:
            self._counted[before] -= 1
        self._signs[host.name] = sign = _sign(link, before)
        self._counted[sign] += 1

    def _heed_network(self) -> None:
        """Notice that nobody answers any more, and that somebody does again."""
        unheard = self._counted[_Sign.NOTHING_HEARD]
        gone = (
            unheard >= FEWEST_FOR_OFFLINE
            and not self._counted[_Sign.HEARD]
            and unheard >= self._counted[_Sign.WAITING]
        )
        if gone == (self._offline is not None):
            return
        if self._offline is not None:
            LOG.warning("some host answers again")
            self.state.withdraw(self._offline.text)
            self._offline = None
        else:
            # no number: while it is said more and more hosts are given up
            text = "is this machine offline? no host answers"
            self._offline = Problem(ProblemKind.OFFLINE, text)
            self.state.notice(text)
            LOG.warning("%s", text)
        down = self._down()
        for name, link in down:
            self._put(name, link)
        if not gone:
            self.wake([name for name, link in down if link.problem and link.problem.mends_itself])
