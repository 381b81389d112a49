"""A plan: what would be done on which hosts, in which order, and when it is to stop. A pure value:
it is shown, then confirmed, then run, and what runs is what was shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex

from opsdash.core.secret import Secret


class Danger(StrEnum):
    """The worst that a plan can do: only look, change something that can be undone, interrupt a
    service or a host, or destroy data.
    """

    READS = "reads"
    CHANGES = "changes"
    OUTAGE = "outage"
    DATA_LOSS = "data-loss"

    @property
    def words(self) -> str:
        """What it does, as people are told before they agree."""
        return _DANGERS[self]


_DANGERS = {
    Danger.READS: "only looks",
    Danger.CHANGES: "may change something",
    Danger.OUTAGE: "interrupts a service or a host",
    Danger.DATA_LOSS: "destroys data",
}


class StepKind(StrEnum):
    """All that can be done on the way through a plan."""

    RUN = "run"
    PUT = "put"
    GET = "get"
    RECONNECT = "reconnect"
    WAIT_BOOT = "wait-boot"
    PROBE = "probe"
    DETACH = "detach"
    LOCAL = "local"
    TOGETHER = "together"
    CONNECT = "connect"


LOOKS = frozenset(
    {StepKind.GET, StepKind.RECONNECT, StepKind.WAIT_BOOT, StepKind.PROBE, StepKind.CONNECT}
)
"""Kinds of steps that change nothing, whatever they are given."""


class OnFailure(StrEnum):
    """What a failure does to the hosts that wait: they are left alone, or their turn comes."""

    STOP = "stop"
    CONTINUE = "continue"


def plan_id(at: float) -> str:
    """A new plan's id: when it was made (seconds since 1970, as local time here) and four random
    digits: ``261127-2317-4f9c``.
    """
    return f"{time.strftime('%y%m%d-%H%M', time.localtime(at))}-{token_hex(2)}"


STEP_TIMEOUT_S = 60.0
STEP_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A file here that PUT copies over there, or (without a `digest`) that GET makes of one there.

    `local` is its path here; what is put must have this SHA-256 in hexadecimal digits and this size
    in bytes still. Over there it gets `mode` (octal) and `owner` (``user`` or ``user:group``);
    empty: as the file that is there has them. Only with `replace` may GET replace a file here.
    """

    local: str
    digest: str = ""
    size_bytes: int = 0
    mode: str = ""
    owner: str = ""
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do on one host.

    `does` says it in a few words, `script` is the POSIX sh text that runs, arguments quoted (of
    LOCAL: here, not there; of TOGETHER: here, once for all hosts of a wave that have come so far,
    which are named by $OPSDASH_HOSTS with commas between; of PUT, GET, CONNECT and the waiting
    kinds it is empty). `path` is the file over there that PUT writes `stdin` (or `copy`) to and GET
    reads, of CONNECT what it visits over the network, as core.visit has it in a line. `root` wants
    it run as root. It is cut off after `timeout_s` seconds, and its output, of both kinds together,
    after `max_bytes` bytes. `undo` is the script that takes it back; `expects` the digest of what
    is about to be changed, as it was when the plan was made: another one now, and the step is
    refused. `shows` is what else a person should see of it, as the lines that differ. What only
    looks says so by `reads_only`. One that fails ends its host's steps.
    """

    kind: StepKind
    does: str
    script: str = ""
    path: str = ""
    stdin: bytes | Secret | None = None
    root: bool = False
    timeout_s: float = STEP_TIMEOUT_S
    max_bytes: int = STEP_MAX_BYTES
    undo: str = ""
    expects: str = ""
    shows: str = ""
    copy: Copy | None = None
    reads_only: bool = False

    @property
    def text(self) -> str:
        """What of it is read before it is agreed to."""
        return self.script or "\n".join(filter(None, (self.path, self.shows)))


@dataclass(frozen=True, slots=True)
class HostSteps:
    """What would be done on one host, in this order."""

    host: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A host that was chosen but has no part in the plan, and why."""

    host: str
    why: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a plan goes over the hosts.

    The first `canary` hosts go alone, the rest in waves of `wave` hosts (0: one wave), `at_a_time`
    of them at once. More than `wave_failures` hosts of a wave, or `failures` in all, that are not
    done, whatever the reason, and no further host begins; those under way go on to their end.
    Where neither is given, `on_failure` says whether none is borne or any number. The canary bears
    none, unless failures are to be CONTINUEd over. With `gate` the hosts of a wave must be as
    healthy as before it, before the next one begins.
    """

    canary: int = 0
    wave: int = 0
    at_a_time: int = 20
    wave_failures: int | None = None
    failures: int | None = None
    gate: bool = False
    on_failure: OnFailure = OnFailure.STOP


ALL_AT_ONCE = Rollout(on_failure=OnFailure.CONTINUE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `action` would do to `target` on these hosts: frozen when it was made.

    `at` is when (seconds since 1970), `who` made it, `note` what they had to say of it.
    `left_out` are hosts that were chosen and have no part in it. `id` names it for good.
    """

    id: str
    action: str
    title: str
    danger: Danger
    hosts: tuple[HostSteps, ...]
    target: str = ""
    rollout: Rollout = ALL_AT_ONCE
    left_out: tuple[LeftOut, ...] = ()
    at: float = 0.0
    who: str = ""
    note: str = ""

    @property
    def reads_only(self) -> bool:
        """Whether it changes nothing: it says so, and so does each of its steps."""
        return self.danger is Danger.READS and all(
            step.reads_only or step.kind in LOOKS for one in self.hosts for step in one.steps
        )

    @property
    def together(self) -> bool:
        """Whether its hosts have to wait for each other."""
        return any(step.kind is StepKind.TOGETHER for one in self.hosts for step in one.steps)

    @property
    def measures(self) -> bool:
        """Whether its answers hold how long something took: no two hosts answer the same then."""
        return any(step.kind is StepKind.CONNECT for one in self.hosts for step in one.steps)

    def names(self) -> tuple[str, ...]:
        """The hosts, in the order in which their turn comes."""
        return tuple(one.host for one in self.hosts)

    def steps_of(self, host: str) -> tuple[Step, ...]:
        """What would be done on a host; KeyError."""
        for one in self.hosts:
            if one.host == host:
                return one.steps
        raise KeyError(host)

    def waves(self) -> tuple[tuple[str, ...], ...]:
        """The hosts wave by wave, the canary first; no wave is empty."""
        names, rollout = self.names(), self.rollout
        first, rest = names[: rollout.canary], names[rollout.canary :]
        size = rollout.wave or len(rest) or 1
        later = (rest[start : start + size] for start in range(0, len(rest), size))
        return tuple(wave for wave in (first, *later) if wave)
