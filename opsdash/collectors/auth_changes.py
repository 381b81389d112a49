"""How the login and root ask who came in, became root or changed accounts, and what that means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from opsdash.collectors.happenings import Happened, Window
from opsdash.collectors.parsing import stamped
from opsdash.core.happening import Kind
from opsdash.core.masking import mask

# What sh -s runs as root may be anything, and this program's own questions are such; they are left
# out with everything that says nothing by itself. Of many logins of one the last few are told.
AUTH = r"""
auth() {
  accounts='useradd|userdel|usermod|groupadd|groupdel|passwd\[|chpasswd'
  grep -aE "$accounts|COMMAND=|Accepted |auth succeeded" |
    grep -avE "COMMAND=[^ ]*/(sh -s|true|sh -c '#012.*)\$" | awk '
    /Accepted |auth succeeded/ {
      match($0, /(for|FOR) .* from [^ :]+/); who = substr($0, RSTART, RLENGTH)
      n[who]++; line[who, n[who] % 3] = $0; next
    }
    { print }
    END {
      for (who in n) for (i = 0; i < 3; i++) if ((who, i) in line) print n[who], "|" line[who, i]
    }' | tail -n 500 | cut -c 1-400
}
"""
JOURNAL_AUTH = (
    AUTH
    + r"""
echo '== auth'
if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1; then
  journalctl -q --no-pager -o short-unix --since="-${minutes}min" SYSLOG_FACILITY=4 \
    SYSLOG_FACILITY=10 2>/dev/null | tail -c 8000000 | auth
fi
echo '== files'
if [ ! -d /run/systemd/system ]; then
  for log in auth.log secure messages; do
    [ -e "/var/log/$log" ] || continue
    { logs "/var/log/$log.1*"; logs "/var/log/$log"; } | unpacked | auth
    break
  done
fi
"""
)

_NOT_OURS = r"(?!\S*/(?:true$|sh -s$|sh -c PATH=/usr/sbin:/usr/bin:/sbin:/bin;s=\$\(head))"
"""What this program asks as root itself; see the loader of a sudoers rule in transport."""

_COUNTED = re.compile(r"^(\d+) \|")
_FORMS: tuple[tuple[re.Pattern[str], Kind, str], ...] = (
    (re.compile(r"new user: name=(?P<subject>[^, ]+)"), Kind.ACCOUNT, "new user"),
    (re.compile(r"new group: name=(?P<subject>[^, ]+)"), Kind.ACCOUNT, "new group"),
    (re.compile(r"delete user '(?P<subject>[^']+)'"), Kind.ACCOUNT, "user removed:"),
    (re.compile(r"group '(?P<subject>[^']+)' removed$"), Kind.ACCOUNT, "group removed:"),
    (re.compile(r"add '(?P<subject>[^']+)' to group '(?P<group>[^']+)'"), Kind.ACCOUNT, "added"),
    (re.compile(r"password changed for (?P<subject>\S+)"), Kind.ACCOUNT, "new password for"),
    (
        re.compile(r"lock user '(?P<subject>[^']+)' password"),
        Kind.ACCOUNT,
        "password locked of",
    ),
    (
        re.compile(
            r"sudo(?:\[\d+\])?:\s+(?P<who>\S+) : (?:a password is required|command not allowed|"
            r"user NOT in sudoers|\d+ incorrect password attempts?) ; "
            rf".*?USER=(?P<as>\S+) ; .*?COMMAND={_NOT_OURS}(?P<subject>.*)$"
        ),
        Kind.SUDO,
        "was refused",
    ),
    (
        re.compile(
            r"sudo(?:\[\d+\])?:\s+(?P<who>\S+) : (?!a password is|command not|user NOT|\d+ inc)"
            rf".*?USER=(?P<as>\S+) ; .*?COMMAND={_NOT_OURS}(?P<subject>.*)$"
        ),
        Kind.SUDO,
        "ran",
    ),
    (
        re.compile(r"Accepted (?P<how>\S+) for (?P<subject>\S+) from (?P<from>\S+)"),
        Kind.LOGIN,
        "login of",
    ),
    (
        re.compile(
            r"(?P<how>\S+) auth succeeded for '(?P<subject>[^']+)'.* from (?P<from>\S+?):\d+$"
        ),
        Kind.LOGIN,
        "login of",
    ),
)


OFTEN = 20
"""Of whoever logged in so often, which only programs do, the last time is told."""


def by_auth(lines: Iterable[str], window: Window) -> list[Happened]:
    """What lines of a log of logins mean; those that mean nothing here are left out."""
    found: list[Happened] = []
    often: dict[tuple[str, str], Happened] = {}
    for times, one in _understood(lines, window):
        if times <= OFTEN:
            found.append(one)
            continue
        known = often.setdefault((one.subject, one.more), one)
        if one.at > known.at:
            often[one.subject, one.more] = one
    return [*found, *often.values()]


def _understood(lines: Iterable[str], window: Window) -> Iterator[tuple[int, Happened]]:
    """Each with how many there were of its kind."""
    for line in lines:
        counted = _COUNTED.match(line)
        text = line[counted.end() :] if counted else line
        at = _at(text, window)
        found = next(
            ((hit, kind, verb) for form, kind, verb in _FORMS if (hit := form.search(text))), None
        )
        if at is None or found is None:
            continue
        hit, kind, verb = found
        said, times = hit.groupdict(), int(counted[1]) if counted else 1
        subject, who, more = mask(said["subject"]), said.get("who") or "", ""
        if kind is Kind.LOGIN:
            who = said["subject"]
            more = f"from {said['from']} ({said['how']})"
            more += f", one of {times} such" if times > 3 else ""
        if said.get("group"):
            more = f"to group {said['group']}"
        if said.get("as"):
            more = f"as {said['as']}"
        yield times, Happened(at, kind, verb, subject, more, who, "log of logins")


def _at(text: str, window: Window) -> float | None:
    """journalctl's stamp is seconds since 1970; that of a file ISO, or without a year."""
    first = text.split(" ", 1)[0]
    try:
        if "." in first and "T" not in first:
            return float(first)
        if "T" in first:
            return window.at(datetime.fromisoformat(first))
    except ValueError:
        return None
    local = stamped(text, window.local_now())
    return None if local is None else window.at(local)
