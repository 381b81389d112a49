"""Who logged in and out, boots with their kernel, and accounts: from wtmp and the log of logins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from opsdash.collectors.auth_changes import JOURNAL_AUTH, by_auth
from opsdash.collectors.happenings import WINDOW, Happened, Window, together, window
from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.happening import Kind
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading

COMMAND = (
    WINDOW
    + r"""
echo '== boot'
read -r up idle < /proc/uptime && echo "$up"; uname -r
echo '== last'
if last -x -F -w -n 1 >/dev/null 2>&1; then
  last -x -F -w -n 400 2>/dev/null | grep -v '^runlevel'
elif command -v wtmpdb >/dev/null 2>&1; then
  wtmpdb last -x -F -n 400 2>/dev/null
fi
"""
    + JOURNAL_AUTH
    + r"""
echo '== end'
"""
)

_DATE = r"(\w{3} \w{3} +\d+ [\d:]{8} \d{4})"
_RECORD = re.compile(rf"^(\S+) +(system boot|system down|\S+) +(.*?) *{_DATE}(?: - {_DATE})?")
SAME_S = 5.0
"""A login that stands in wtmp and in the log of logins is one."""


def _local(text: str, at: Window) -> float:
    # the host's own local time
    parsed = datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007
    return at.at(parsed)


def _by_wtmp(lines: Iterable[str], at: Window) -> Iterator[Happened]:
    """Logins at a terminal with their ends, boots and shutdowns; the newest comes first."""
    for line in lines:
        told = _RECORD.match(line)
        if told is None or line.startswith("wtmp begins "):
            continue
        user, where, origin, begin, end = told.groups()
        when = _local(begin, at)
        if user == "shutdown":
            yield Happened(when, Kind.BOOT, "shut down", "", source="wtmp")
        elif user == "reboot":
            yield Happened(when, Kind.BOOT, "booted", "", f"kernel {origin}", source="wtmp")
        else:
            more = " ".join(word for word in (f"from {origin}" if origin else "", where) if word)
            yield Happened(when, Kind.LOGIN, "login of", user, more, user, "wtmp")
            if end is not None:
                over = _local(end, at)
                yield Happened(over, Kind.LOGIN, "logout of", user, more, user, "wtmp")


def _kernels(boots: Iterable[Happened]) -> Iterator[Happened]:
    """Boots, and of each with another kernel than the one before that it has it."""
    before = ""
    for one in sorted(boots, key=lambda one: one.at):
        yield one
        if one.verb == "booted":
            if before and one.more != before:
                kernel, was = (more.removeprefix("kernel ") for more in (one.more, before))
                more = f"(was {was})"
                yield Happened(one.at, Kind.BOOT, "now kernel", kernel, more, source="wtmp")
            before = one.more


def _own_boot(lines: list[str], told: Iterable[Happened], at: Window) -> Iterator[Happened]:
    """The last boot by the uptime, where wtmp has nothing of it."""
    up_s, kernel = float(lines[0]), lines[1] if len(lines) > 1 else ""
    booted_at = at.now - up_s
    if not any(one.verb == "booted" and abs(one.at - booted_at) < 600 for one in told):
        yield Happened(
            booted_at, Kind.BOOT, "booted", "", f"kernel {kernel}", source="/proc/uptime"
        )


@knows("last or the log of logins")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per login, logout, boot or change of an account, the newest first."""
    found = sections(output.data)
    section(found, "end")
    when = window(found)
    wtmp = list(_by_wtmp(section(found, "last"), when))
    boots = [one for one in wtmp if one.kind is Kind.BOOT]
    told = [one for one in wtmp if one.kind is not Kind.BOOT]
    told += [*_kernels(boots), *_own_boot(section(found, "boot"), boots, when)]
    known = {(one.subject, round(one.at) + gap) for one in told for gap in range(-5, 6)}
    logged = [*section(found, "auth"), *section(found, "files")]
    told += [
        one
        for one in by_auth(logged, when)
        if one.kind is not Kind.LOGIN or (one.subject, round(one.at)) not in known
    ]
    rows = together((one for one in told if when.has(one.at)), "login", 0.0, 1_000)
    samples = {
        ("authlog.changes", ""): float(len(rows)),
        ("authlog.readable", ""): float(bool(logged)),
    }
    return Reading(host, "authlog", at, samples, tuple(rows), source="last, log of logins")


AUTHLOG = Collector(
    name="authlog",
    title="Logins, boots, accounts",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=20.0,
    max_bytes=393_216,
    parse=parse,
    metrics=(
        Metric("authlog.changes", "changes", "Logins, boots, accounts in the last 48 hours"),
        Metric("authlog.readable", "0 or 1", "Whether the login may read the log of logins"),
    ),
)
