"""Something that is wrong with a host, in an operator's words."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.health import Health
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.text import clean, clean_line

SUMMARY_WIDTH = 72
"""Characters that a summary may have: it must fit a row."""

NEW_FOR_S = 30 * 60.0
"""A finding counts as new for this long after opsdash first saw it."""

FindingKey = tuple[str, str, str]
"""Host, check id and subject: what makes two findings the same one at different times."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one host.

    `subject` tells apart what one check can find several times on a host (a mount, a unit).
    `summary` is a sentence with figure and limit. `evidence` is the line that proves it.
    `since` is when opsdash first saw it (seconds since 1970, 0 while not known), `new` whether
    that is recent. `silence` is what keeps it out of the way now: then it does not count.
    """

    check: str
    host: str
    health: Health
    summary: str
    subject: str = ""
    evidence: str = ""
    advice: str = ""
    controls: tuple[str, ...] = ()
    since: float = 0.0
    new: bool = False
    silence: Silence | None = None

    def __post_init__(self) -> None:
        """Clean and cap: units, mounts and messages are the host's words."""
        object.__setattr__(self, "summary", clean_line(self.summary, SUMMARY_WIDTH))
        object.__setattr__(self, "subject", clean_line(self.subject, 256))
        object.__setattr__(self, "evidence", clean(self.evidence))
        object.__setattr__(self, "advice", clean(self.advice))

    @property
    def key(self) -> FindingKey:
        """What makes it the same finding the next time."""
        return (self.host, self.check, self.subject)

    @property
    def acked(self) -> bool:
        """Whether somebody has it in hand."""
        return self.silence is not None and self.silence.kind is SilenceKind.ACK

    @property
    def muted(self) -> bool:
        """Whether it is of no interest now: its check is muted, or its host is being worked on."""
        return self.silence is not None and not self.acked


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that something was wrong with a host: from when, until when (None: it still is, as
    far as is known), and how bad it was at the end; times are seconds since 1970.
    """

    host: str
    check: str
    subject: str
    since: float
    until: float | None
    health: Health
    summary: str

    def __post_init__(self) -> None:
        """Clean: what stands in the store was the host's words, too."""
        object.__setattr__(self, "subject", clean_line(self.subject, 256))
        object.__setattr__(self, "summary", clean_line(self.summary, SUMMARY_WIDTH))


def urgency(finding: Finding) -> tuple[int, float, str, str]:
    """Sort key: worst first, then the newest, then by name so that rows do not jump."""
    return (-finding.health, -finding.since, finding.check, finding.subject)
