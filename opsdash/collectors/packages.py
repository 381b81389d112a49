"""Packages that came, went or became newer: from the logs of apt, dnf, zypper, pacman, and of RPM's
own database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from opsdash.collectors.happenings import WINDOW, Happened, Window, together, window
from opsdash.collectors.parsing import knows, section, sections, stamped
from opsdash.core.happening import Kind
from opsdash.core.masking import mask
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading

# apk before its version 3 keeps no log: that its database was written is all it tells.
COMMAND = (
    WINDOW
    + r"""
echo '== dpkg'
logs '/var/log/dpkg.log*' | unpacked | awk -v from="$from" '
  $1 " " $2 >= from && $3 ~ /^(install|upgrade|remove|purge)$/' | tail -n 800
echo '== apt'
logs '/var/log/apt/history.log*' | unpacked | awk -v from="$from" '
  $1 == "Start-Date:" { told = ($2 " " $3 >= from) }
  told && /^(Start-Date|Commandline|Requested-By|End-Date):/ { print substr($0, 1, 300) }
  ' | tail -n 400
echo '== dnf'
{ logs '/var/log/dnf.rpm.log*'; logs '/var/log/yum.log*'; } | unpacked | grep -E \
  ' (Installed|Upgrade|Updated|Reinstall|Downgrade|Erase|Erased|Removed): ' | tail -n 800
echo '== rpm'
if [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ] && command -v rpm >/dev/null 2>&1; then
  rpm -qa --qf '%{INSTALLTIME} %{NAME} %{VERSION}-%{RELEASE}\n' 2>/dev/null | awk \
    -v since="$since" '$1 >= since && $2 != "gpg-pubkey"' | sort -n | tail -n 800
fi
echo '== zypp'
logs '/var/log/zypp/history*' | unpacked | awk -F '|' -v from="$from" '
  $1 >= from && $2 ~ /^(install|remove) *$/' | tail -n 800
echo '== pacman'
logs '/var/log/pacman.log*' | unpacked | grep -E \
  "\[ALPM\] (installed|upgraded|reinstalled|downgraded|removed) " | tail -n 800
echo '== apk'
for file in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  [ -e "$file" ] && stat -c '%Y' "$file"
done
echo '== kept'
for one in /var/lib/dpkg/status /var/lib/rpm /usr/lib/sysimage/rpm /var/lib/pacman/local \
  /lib/apk/db /usr/lib/apk/db; do
  [ -e "$one" ] && echo "$one"
done
echo '== end'
"""
)

TOGETHER_S = 60.0

_DPKG = {"install": "installed", "upgrade": "upgraded", "remove": "removed", "purge": "purged"}
_RPM = {
    "Installed": "installed",
    "Upgrade": "upgraded",
    "Updated": "upgraded",
    "Reinstall": "reinstalled",
    "Downgrade": "downgraded",
    "Erase": "removed",
    "Erased": "removed",
    "Removed": "removed",
}
_RPM_LINE = re.compile(rf" ({'|'.join(_RPM)}): (\S+)")
_RPM_NAME = re.compile(r"^(?:\d+:)?(.+)-(?:(\d+):)?([^-]+-[^-]+?)(?:\.\w+)?$")
_PACMAN = re.compile(r"^\[([^]]+)\] \[ALPM\] (\w+) (\S+) \((.*)\)$")
SAME_S = 900.0
"""What RPM's database says was installed so near to a line of a log is that line's."""


def _dpkg(lines: Iterable[str], at: Window) -> Iterator[Happened]:
    for line in lines:
        day, time, action, package, *versions = line.split()
        before, after = (*versions, "", "")[:2]
        name = package.partition(":")[0]
        moved = action == "upgrade" or (action == "install" and before not in ("<none>", ""))
        verb = "reinstalled" if moved and before == after else _DPKG[action]
        more = f"{before} → {after}" if moved else after if action == "install" else before
        if verb == "reinstalled":
            more = after
        when = at.at(datetime.fromisoformat(f"{day} {time}"))
        yield Happened(when, Kind.PACKAGE, verb, name, more, source="dpkg.log")


def _by_apt(found: Iterable[Happened], lines: Iterable[str], at: Window) -> Iterator[Happened]:
    """The same with who asked apt for it, or the command that did it."""
    runs: list[list[object]] = []
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "Start-Date":
            runs.append([at.at(datetime.fromisoformat(" ".join(value.split()))), at.now, "", ""])
        elif runs:
            place = {"End-Date": 1, "Requested-By": 2, "Commandline": 3}[field]
            runs[-1][place] = (
                at.at(datetime.fromisoformat(" ".join(value.split()))) if place == 1 else value
            )
    for one in found:
        who = ""
        for begin, end, asked_by, command in runs:
            if float(str(begin)) - 1 <= one.at <= float(str(end)) + 1:
                who = str(asked_by).split(" ")[0] or mask(str(command))
        yield Happened(one.at, one.kind, one.verb, one.subject, one.more, who, one.source)


def _rpm_logged(lines: Iterable[str], at: Window) -> Iterator[Happened]:
    for line in lines:
        told, when = _RPM_LINE.search(line), _stamp(line, at)
        if told is None or when is None:
            continue
        named = _RPM_NAME.match(told[2])
        name, version = (named[1], named[3]) if named else (told[2], "")
        yield Happened(when, Kind.PACKAGE, _RPM[told[1]], name, version, source="dnf log")


def _stamp(line: str, at: Window) -> float | None:
    """dnf writes a zone, yum not even a year."""
    if line[:4].isdigit():
        return at.at(datetime.fromisoformat(line.split()[0]))
    local = stamped(line, at.local_now())
    return None if local is None else at.at(local)


def _rpm_kept(lines: Iterable[str], known: Iterable[Happened]) -> Iterator[Happened]:
    """What the database alone knows: somebody called rpm, or the log may not be read."""
    logged: dict[str, list[float]] = {}
    for one in known:
        logged.setdefault(one.subject, []).append(one.at)
    for line in lines:
        time, name, version = line.split()
        at = float(time)
        if not any(abs(at - other) <= SAME_S for other in logged.get(name, ())):
            verb = "installed or upgraded"
            yield Happened(at, Kind.PACKAGE, verb, name, version, source="rpm -qa")


def _zypp(lines: Iterable[str], at: Window) -> Iterator[Happened]:
    for line in lines:
        time, action, name, version, _, *rest = line.split("|")
        verb = "removed" if action.startswith("remove") else "installed or upgraded"
        who = rest[0].partition("@")[0] if rest and "@" in rest[0] else ""
        when = at.at(datetime.fromisoformat(time))
        yield Happened(when, Kind.PACKAGE, verb, name, version, who, source="zypp history")


def _pacman(lines: Iterable[str], at: Window) -> Iterator[Happened]:
    for line in lines:
        if told := _PACMAN.match(line):
            time, verb, name, version = told.groups()
            when = at.at(datetime.fromisoformat(time))
            more = version.replace(" -> ", " → ")
            yield Happened(when, Kind.PACKAGE, verb, name, more, source="pacman.log")


def _apk(lines: Iterable[str]) -> Iterator[Happened]:
    for line in lines:
        words = "packages changed (apk keeps no names)"
        yield Happened(float(line), Kind.PACKAGE, words, "", source="apk database")


@knows("a log of packages")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per thing that was done to packages within the window, the newest first."""
    found = sections(output.data)
    section(found, "end")
    if not section(found, "kept"):
        missing = Problem(ProblemKind.UNSUPPORTED, "Package changes: no package manager known here")
        return Reading(host, "packages", at, problem=missing)
    when = window(found)
    by_zypp = list(_zypp(section(found, "zypp"), when))
    logged = [*_rpm_logged(section(found, "dnf"), when), *by_zypp]
    told = [
        *_by_apt(_dpkg(section(found, "dpkg"), when), section(found, "apt"), when),
        *logged,
        *_rpm_kept(section(found, "rpm"), logged),
        *_pacman(section(found, "pacman"), when),
        *_apk(section(found, "apk")),
    ]
    rows = together((one for one in told if when.has(one.at)), "package", TOGETHER_S)
    samples = {("packages.changes", ""): float(len(rows))}
    return Reading(host, "packages", at, samples, tuple(rows), source="logs of packages")


PACKAGES = Collector(
    name="packages",
    title="Package changes",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=20.0,
    max_bytes=262_144,
    parse=parse,
    metrics=(Metric("packages.changes", "changes", "Changes of packages in the last 48 hours"),),
)
