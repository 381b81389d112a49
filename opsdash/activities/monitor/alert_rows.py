"""The rows of the alerts page: which fit a filter, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.activities.monitor.alert_list import Alert, Alerts
from opsdash.core.health import Health
from opsdash.core.silence import Silence
from opsdash.core.text import duration
from opsdash.widgets.columns import Column
from opsdash.widgets.line import ROLES, Line, Role, Span, fit_right, line
from opsdash.widgets.palette import Palette
from opsdash.widgets.wording import ago

HEADING = "\x00="
"""Begins the key of a row that names a part: no host name has such a character."""

FILTER_HELP = "text  !not  (host, check, words, who and why; every word must hold)"

PARTS = {
    "open": "open",
    "acked": "acknowledged",
    "muted": "muted",
    "recent": "ended",
    "idle": "idle",
}
ABOUT = {"recent": ", with how long they lasted", "idle": ": in force, and nothing is found there"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and all that its cells need; a silence that silences nothing now has no alert."""

    part: str
    alert: Alert | None
    silence: Silence | None
    now: float
    palette: Palette
    marked: bool = False

    @property
    def host(self) -> str:
        """Where, or for whom."""
        return self.alert.host if self.alert else self.silence.hosts if self.silence else ""


Keyed = Mapping[str, tuple[str, Alert | None, Silence | None]]


def rows(found: Alerts, text: str) -> dict[str, tuple[str, Alert | None, Silence | None]]:
    """What fits, by a key that stays; the rows of each part below its heading."""
    words = text.lower().split()
    keyed: dict[str, tuple[str, Alert | None, Silence | None]] = {}
    for part in PARTS:
        below: dict[str, tuple[str, Alert | None, Silence | None]] = {}
        for one in getattr(found, part):
            alert = one if isinstance(one, Alert) else None
            silence = one if isinstance(one, Silence) else one.silence
            if _fits(words, alert, silence):
                below[_key(part, one)] = (part, alert, silence)
        if below:
            keyed[f"{HEADING}{part} {len(below)}"] = (part, None, None)
            keyed |= below
    return keyed


def _key(part: str, one: Alert | Silence) -> str:
    if isinstance(one, Silence):
        return f"{part}|{one.id}"
    # whatever becomes of a finding that is there, the cursor stays on it
    ended = f"|{one.ended:.3f}" if part == "recent" else ""
    return "|".join((*one.key, ended))


def _fits(words: list[str], alert: Alert | None, silence: Silence | None) -> bool:
    said = [*alert.key, alert.words, alert.health.name] if alert else []
    if silence:
        said += [silence.hosts, silence.check, silence.reason, silence.who, silence.kind]
    text = " ".join(said).lower()
    return all((word[1:] not in text) if word[:1] == "!" else word in text for word in words)


def heading(key: str) -> Line | None:
    """The line that names a part; None for a row of its own."""
    if not key.startswith(HEADING):
        return None
    part, _, number = key.removeprefix(HEADING).partition(" ")
    dashes = Span("── ", Role.MUTED)
    about = Span(f"  {number}{ABOUT.get(part, '')}", Role.MUTED)
    return line(dashes, Span(PARTS[part], Role.HEADING), about)


def columns(width: int) -> tuple[Column[Row], ...]:
    """The columns; the narrower the screen, the fewer."""
    return (
        Column("", 2, _glyph),
        Column("HOST", 16 if width >= 100 else 10, _host),
        Column("WHAT", 30, _what, flexible=True),
        Column("CHECK", 16, _check, 4),
        Column("SINCE", 5, _since, right=True),
        Column("ENDS", 5, _ends, 1, right=True),
        Column("WHO", 8, _who, 2),
        Column("WHY", 30, _why, 5),
    )


def _role(row: Row) -> Role:
    quiet = row.part != "open" or row.alert is None
    return Role.MUTED if quiet else ROLES[row.alert.health]  # type: ignore[union-attr]


def _glyph(row: Row, width: int) -> Line:
    health = row.alert.health if row.alert else Health.OK
    role = _role(row) if row.part == "open" else Role.MUTED
    sign = Span(row.palette.glyph(health) if row.alert else " ", role)
    return (sign, Span(row.palette.mark, Role.ACCENT)) if row.marked else (sign,)


def _host(row: Row, width: int) -> Line:
    return line(Span(row.host, Role.STRONG if row.part == "open" else Role.TEXT))


def _what(row: Row, width: int) -> Line:
    if row.alert is None:
        return line(Span(row.silence.kind if row.silence else "", Role.MUTED))
    return line(Span(row.alert.words, _role(row)))


def _check(row: Row, width: int) -> Line:
    check = row.alert.check if row.alert else row.silence.check if row.silence else ""
    return line(Span(check, Role.MUTED))


def _since(row: Row, width: int) -> Line:
    """For how long it holds; of what has ended, for how long it did."""
    if row.alert is None:
        return ()
    if row.part == "recent":
        one = row.alert
        text = duration(one.ended - one.began) if one.began else "-"
    else:
        text = ago(row.alert.began, row.now)
    return line(Span(fit_right(text, width), Role.TEXT))


def _ends(row: Row, width: int) -> Line:
    """In how much time a silence ends; of what has ended, how long ago."""
    text = ""
    if row.part == "recent" and row.alert is not None:
        text = f"-{duration(row.now - row.alert.ended)}"
    elif row.silence is not None:
        text = duration(row.silence.until - row.now)
    return line(Span(fit_right(text, width), Role.MUTED))


def _who(row: Row, width: int) -> Line:
    return line(Span(row.silence.who if row.silence else "", Role.MUTED))


def _why(row: Row, width: int) -> Line:
    return line(Span(row.silence.reason if row.silence else "", Role.MUTED))
