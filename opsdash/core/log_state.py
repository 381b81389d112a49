"""How the reading of one host's logs stands: for a line on a screen, or a notice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.problem import Problem


class LogPhase(StrEnum):
    """Not reached yet; reading what is older; following; away, and tried again; read to its end,
    or given up.
    """

    WAITING = "waiting"
    OLDER = "older"
    LIVE = "live"
    AWAY = "away"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LogState:
    """One host: its phase, why it is away, by how many seconds its clock is ahead of ours (0: less
    than can be measured), how many lines have come, and how many were dropped unseen.
    """

    host: str
    phase: LogPhase = LogPhase.WAITING
    problem: Problem | None = None
    ahead_s: float = 0.0
    lines: int = 0
    dropped: int = 0
