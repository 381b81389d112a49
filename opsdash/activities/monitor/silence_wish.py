"""What somebody types who silences something: for how long, and why. Made into a silence."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from opsdash.core.finding import FindingKey
from opsdash.core.silence import LONGEST_S, REASON_WIDTH, USUAL_S, Silence, SilenceKind
from opsdash.core.text import clean_line, duration

SHORTEST_S = 1.0


def understood(text: str, *, reasoned: bool) -> tuple[float, str]:
    """``2h waiting for a disk``: seconds and reason; ValueError says what is missing.

    Without a time span in front it holds for a day.
    """
    from opsdash.config.field_values import span_s  # not before the first frame

    first, _, rest = text.strip().partition(" ")
    try:
        seconds, reason = span_s(first), rest
    except ValueError:
        if first[:1].isdigit() and first[-1:] in "smhdw":
            raise ValueError(f"{first} is no time span: 30m, 2h, 7d") from None
        seconds, reason = USUAL_S, text
    reason = clean_line(reason.strip(), REASON_WIDTH)
    checked(seconds, reason, reasoned=reasoned)
    return seconds, reason


def checked(seconds: float, reason: str, *, reasoned: bool) -> None:
    """ValueError for what no silence may be."""
    from opsdash.config.marked_yaml import NO_SECRETS, looks_secret

    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError(f"from 1s to {duration(LONGEST_S)}: everything has an end")
    if looks_secret(reason):
        raise ValueError(NO_SECRETS)
    if reasoned and not reason:
        raise ValueError("say why: others read it (2h new disks)")


def ack(key: FindingKey, now: float, seconds: float, reason: str) -> Silence:
    """The ack of one finding."""
    host, check, subject = key
    return _made(SilenceKind.ACK, (host, check, subject), now, seconds, reason)


def mute(hosts: str, check: str, now: float, seconds: float, reason: str) -> Silence:
    """A check that is of no interest on these hosts; empty: all checks."""
    return _made(SilenceKind.MUTE, (hosts, check, ""), now, seconds, reason)


def maintenance(hosts: str, now: float, seconds: float, reason: str) -> Silence:
    """These hosts are being worked on."""
    return _made(SilenceKind.MAINTENANCE, (hosts, "", ""), now, seconds, reason)


def _made(
    kind: SilenceKind, what: tuple[str, str, str], now: float, seconds: float, reason: str
) -> Silence:
    from opsdash.config.person import user_name

    hosts, check, subject = what
    return Silence(
        id=secrets.token_hex(6),
        kind=kind,
        hosts=hosts,
        at=now,
        until=now + seconds,
        check=check,
        subject=subject,
        reason=reason,
        who=user_name(),
    )


def same(one: Silence, hosts: Sequence[str], check: str) -> bool:
    """Whether a mute or a maintenance window was begun with these words."""
    return one.hosts == " ".join(hosts) and one.check == check
