"""What keeps a known problem out of the way for a while: an ack, a mute, a maintenance window.

They are one idea: who silences which findings, why, and until when. Two copies of the record of
them (two people's, or a file and a store) are joined, in any order and any number of times alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

from opsdash.core.text import clean_line, duration

USUAL_S = 24 * 3600.0
"""For how long something is silenced when nobody says for how long."""

LONGEST_S = 366 * 86400.0

KEPT_S = 7 * 86400.0
"""One that is over is remembered for so long, so that no old copy brings it back."""

REASON_WIDTH = 200

Known = Mapping[str, "Silence"]
"""Silences by their ids."""


class SilenceKind(StrEnum):
    """Somebody has one finding in hand; a check is of no interest; a host is being worked on."""

    ACK = "ack"
    MUTE = "mute"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Silence:
    """One of them. It never changes but for its end: another note or end is another silence.

    `hosts` is a host's name in an ack, else a SELECT by names, tags and groups. `check` and
    `subject` are those of the one finding of an ack; a mute may name a check, empty: all of them.
    `at`, `until` and `ended_at` are whole seconds since 1970; `ended_at` is 0 until it is over,
    because its time was up, its finding ended, or somebody took it back.
    """

    id: str
    kind: SilenceKind
    hosts: str
    at: float
    until: float
    check: str = ""
    subject: str = ""
    reason: str = ""
    who: str = ""
    ended_at: float = 0.0

    def __post_init__(self) -> None:
        """Clean: others write the file that it may come from. No part of a second survives one."""
        for name, limit in (("hosts", 500), ("check", 100), ("subject", 256), ("who", 64)):
            object.__setattr__(self, name, clean_line(getattr(self, name), limit))
        object.__setattr__(self, "reason", clean_line(self.reason, REASON_WIDTH))
        for name in ("at", "until", "ended_at"):
            object.__setattr__(self, name, float(round(getattr(self, name))))

    @property
    def over(self) -> bool:
        """Whether it is over for good, whatever the clock says from now on."""
        return self.ended_at > 0

    @property
    def words(self) -> str:
        """``ack tom``, ``mute``, ``maintenance``: as a row says it."""
        return f"{self.kind} {self.who}".strip() if self.kind is SilenceKind.ACK else self.kind

    def ended(self, at: float) -> Silence:
        """The same, over at this time; one that was over already stays as it was."""
        return self if self.over else replace(self, ended_at=max(1.0, at))


def join(one: Known, other: Known) -> dict[str, Silence]:
    """What both say together: nothing that either holds is lost, and what is over stays over."""
    return {
        **one,
        **{name: _joined(one[name], new) if name in one else new for name, new in other.items()},
    }


def _joined(one: Silence, other: Silence) -> Silence:
    if one == other:
        return one
    ends = [known.ended_at for known in (one, other) if known.over]
    # the same id with other words was edited by hand: each side must choose alike
    chosen = max(one, other, key=astuple)
    return replace(chosen, ended_at=min(ends, default=0.0))


def run_out(known: Known, now: float) -> list[Silence]:
    """Those whose time is up now, as they are from then on: over at their own end."""
    return [one.ended(one.until) for one in known.values() if not one.over and now >= one.until]


def worth_keeping(known: Known, now: float) -> dict[str, Silence]:
    """Without those that have been over for so long that no copy can bring them back."""
    return {
        name: one
        for name, one in known.items()
        if not one.over or max(one.until, one.ended_at) + KEPT_S > now
    }


def by_id(silences: Iterable[Silence]) -> dict[str, Silence]:
    """These by their ids, several of one id joined."""
    found: dict[str, Silence] = {}
    for one in silences:
        found[one.id] = _joined(found[one.id], one) if one.id in found else one
    return found


def end_words(one: Silence, now: float) -> str:
    """``2h left, tom: waiting for a disk``: when it ends, who wants it, and why."""
    left = f"{duration(one.until - now)} left"
    return ": ".join(filter(None, (", ".join(filter(None, (left, one.who))), one.reason)))
