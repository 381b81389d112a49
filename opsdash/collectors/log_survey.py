"""What a host is asked before its logs are: which there are, what may be read, and its clock."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.collectors.parsing import sections

SURVEY = r"""
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
echo '== clock'
date '+%s.%N %z'
echo '== up'
cat /proc/uptime 2>/dev/null
echo '== groups'
id -Gn 2>/dev/null
echo '== journal'
if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1; then
  echo there
  journalctl --help 2>/dev/null | grep -o -e '--output-fields' -e '--grep'
  # as JSON it does not say so
  journalctl --no-pager -n 1 2>&1 >/dev/null | grep -q 'not seeing messages' && echo own
fi
echo '== files'
for log in syslog messages auth.log secure; do
  [ -f "/var/log/$log" ] && { [ -r "/var/log/$log" ] && echo "r $log" || echo "- $log"; }
done
echo '== tools'
for one in logread podman docker; do command -v "$one" >/dev/null 2>&1 && echo "$one"; done
dmesg --help 2>&1 | grep -q -e '--follow' && echo follow
echo '== end'
"""

TIMEOUT_S = 20.0
MAX_BYTES = 65_536

LEAST_AHEAD_S = 0.05
"""Clocks that are nearer to ours than this count as the same: NTP is better than our measuring."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is on a host. `ahead_s` is by how many seconds its clock is ahead of ours, 0 where
    that is less than can be measured; `error_s` is by how much that may be wrong. `zone_s` is its
    local time's offset from UTC. `own_lines_only` says that of the journal only what the account
    itself wrote may be read. `files` are the logs that syslog writes there, and whether they may be
    read. `booted_s` is the time of its boot by its clock.
    """

    ahead_s: float = 0.0
    error_s: float = 0.0
    zone_s: float = 0.0
    groups: tuple[str, ...] = ()
    journal: bool = False
    own_lines_only: bool = False
    picks_fields: bool = False
    greps: bool = False
    files: tuple[tuple[str, bool], ...] = ()
    tools: frozenset[str] = frozenset()
    booted_s: float | None = None


def surveyed(output: bytes, sent_s: float, heard_s: float) -> Survey:
    """The answer to SURVEY, which was sent and heard at these times of our clock; ValueError: it is
    not whole.
    """
    found = sections(output)
    if "end" not in found:
        raise ValueError("the answer is not whole")
    said = (found.get("clock") or [""])[0].split()
    if len(said) != 2:
        raise ValueError(f"date says {' '.join(said)[:40]!r}")
    clock_s, error_s = _clock(said[0])
    ours_s = (sent_s + heard_s) / 2
    error_s += max(0.0, heard_s - sent_s) / 2
    ahead_s = clock_s - ours_s
    if abs(ahead_s) <= error_s + LEAST_AHEAD_S:
        ahead_s = 0.0
    up = (found.get("up") or [""])[0].split()
    journal = found.get("journal", [])
    return Survey(
        ahead_s=ahead_s,
        error_s=error_s,
        zone_s=_zone_s(said[1]),
        groups=tuple(" ".join(found.get("groups", [])).split()),
        journal="there" in journal,
        own_lines_only="own" in journal,
        picks_fields="--output-fields" in journal,
        greps="--grep" in journal,
        files=tuple(
            (f"/var/log/{line[2:]}", line[0] == "r")
            for line in found.get("files", [])
            if line[:2] in ("r ", "- ")
        ),
        tools=frozenset(found.get("tools", [])),
        booted_s=clock_s - float(up[0]) if up else None,
    )


def _clock(said: str) -> tuple[float, float]:
    """The host's clock, and by how much it may be wrong: busybox's date tells whole seconds."""
    whole, _, part = said.partition(".")
    if part.isdigit():
        return float(whole) + int(part) / 10 ** len(part), 0.0
    return float(whole) + 0.5, 0.5


def _zone_s(said: str) -> float:
    sign = -1.0 if said[0] == "-" else 1.0
    return sign * (int(said[1:3]) * 3600 + int(said[3:5]) * 60)
