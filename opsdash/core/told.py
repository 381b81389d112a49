"""What one hook knows of one finding: whether it was told, and how often it came and went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from opsdash.core.event import FLAP_S, FLAPS
from opsdash.core.finding import Finding, FindingKey
from opsdash.core.health import Health
from opsdash.core.telling import News, NewsKind, news_from, news_of, news_row
from opsdash.core.text import count


@dataclass(frozen=True, slots=True)
class Told:
    """`open`: it is there as far as the hook knows; `worst` is what was told of it; `changed_at`
    when it came or went last; `raises` how often it came since it was calm for an hour, from
    `began_at` on. `lost`: that it was raised could not be told.
    """

    host: str
    check: str
    subject: str
    open: bool
    worst: Health
    changed_at: float
    began_at: float
    raises: int = 1
    flapping: bool = False
    lost: bool = False
    text: str = ""

    @property
    def key(self) -> FindingKey:
        """Whose it is."""
        return (self.host, self.check, self.subject)

    def row(self) -> dict[str, object]:
        """As it is stored."""
        return {**asdict(self), "worst": int(self.worst)}

    # -- what happens to it ---------------------------------------------------------------------

    def came(self, finding: Finding, now: float) -> tuple[Told, News | None]:
        """It is there again: news, unless it comes and goes all the time."""
        if now - self.changed_at > FLAP_S and not self.flapping:
            return first(finding, now)
        raises = self.raises + 1
        new = replace(
            self,
            open=True,
            worst=finding.health,
            changed_at=now,
            raises=raises,
            lost=False,
            text=finding.summary,
        )
        if self.flapping:
            return replace(new, worst=max(self.worst, finding.health)), None
        if raises < FLAPS:
            return new, news_of(NewsKind.RAISED, finding, now)
        text = f"{_often(raises)}, told again when it is calm: {finding.summary}"
        return replace(new, flapping=True), news_of(NewsKind.FLAPPING, finding, now, text)

    def worse(self, finding: Finding, now: float) -> tuple[Told, News | None]:
        """It is worse than was told."""
        new = replace(self, worst=finding.health, text=finding.summary, lost=False)
        text = f"{finding.summary} (was {self.worst.name})"
        return new, None if self.flapping else news_of(NewsKind.RAISED, finding, now, text)

    def went(self, now: float) -> tuple[Told, News | None]:
        """It is over: news, if that it was there was told."""
        new = replace(self, open=False, changed_at=now)
        told = not (self.flapping or self.lost)
        return new, self._news(NewsKind.ENDED, now, f"over: {self.text}") if told else None

    def calmed(self, now: float) -> tuple[Told, News | None] | None:
        """It came and went, and has not for an hour: how it stands; None: not so."""
        if not self.flapping or 0 <= now - self.changed_at <= FLAP_S:
            return None
        new = replace(self, flapping=False, raises=1, began_at=now, lost=False)
        kind = NewsKind.RAISED if self.open else NewsKind.ENDED
        stands = "stays now" if self.open else "over for an hour"
        return new, self._news(kind, now, f"{_often(self.raises)}, {stands}: {self.text}")

    def forgettable(self, now: float) -> bool:
        """Whether it would be something new if it came again."""
        return not self.open and not self.flapping and abs(now - self.changed_at) > FLAP_S

    def _news(self, kind: NewsKind, now: float, text: str) -> News:
        return News(kind, now, self.host, self.check, self.worst, text, self.subject, self.began_at)


@dataclass(slots=True)
class Standing:
    """What of a hook outlives a run, but for what it told: `known` says that it has begun once,
    `sent` when it told lately, `held` what it holds back since when and why.
    """

    known: bool = False
    sent: list[float] = field(default_factory=list)
    held: list[News] = field(default_factory=list)
    held_why: str = ""
    left_out: int = 0
    missed: int = 0

    def row(self) -> dict[str, object]:
        """As it is stored."""
        return {**asdict(self), "held": [news_row(one) for one in self.held]}

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> Standing:
        """What was stored; ValueError, KeyError or TypeError of what another version wrote."""
        sent, held = row["sent"], row["held"]
        if not isinstance(sent, list) or not isinstance(held, list):
            raise TypeError("should be lists")
        return cls(
            known=bool(row["known"]),
            sent=[float(at) for at in sent],
            held=[news_from(one) for one in held],
            held_why=str(row["held_why"]),
            left_out=int(str(row["left_out"])),
            missed=int(str(row["missed"])),
        )


def first(finding: Finding, now: float) -> tuple[Told, News | None]:
    """What is met for the first time."""
    return met(finding, now), news_of(NewsKind.RAISED, finding, now)


def met(finding: Finding, now: float) -> Told:
    """That it is there."""
    host, check, subject = finding.key
    since = finding.since or now
    return Told(host, check, subject, True, finding.health, now, since, text=finding.summary)


def told_from(row: Mapping[str, object]) -> Told:
    """What was stored; ValueError, KeyError or TypeError of what another version wrote."""
    return Told(
        host=str(row["host"]),
        check=str(row["check"]),
        subject=str(row["subject"]),
        open=bool(row["open"]),
        worst=Health(int(str(row["worst"]))),
        changed_at=float(str(row["changed_at"])),
        began_at=float(str(row["began_at"])),
        raises=int(str(row["raises"])),
        flapping=bool(row["flapping"]),
        lost=bool(row["lost"]),
        text=str(row["text"]),
    )


def _often(raises: int) -> str:
    return f"came and went {count(raises, 'time')}"
