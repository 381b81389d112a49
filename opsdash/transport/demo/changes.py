"""What happened on a made-up host before its incident: somebody wrote its service's configuration
and restarted it; and what its kernel says of the incident. The demo makes this up in the form in
which hosts tell it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from opsdash.core.reading import Output
from opsdash.transport.demo.chance import between, pick
from opsdash.transport.demo.moods import Mood

STARTED, STOPPED = "39f53479d3a045ac8e11786248231fbf", "9d1aaa27d60140bd96365438aad20286"
WHO = ("alice", "deploy", "tom")
DAY_S = 86_400.0


def changed(collector: str, mood: Mood) -> Output | None:
    """What a collector of changes gets at a moment; None for any other collector."""
    tell = TELLS.get(collector)
    if tell is None:
        return None
    now = f"== now\n{int(mood.clock_s)} +0000\n"
    return Output((now + tell(mood) + "== end\n").encode())


def _struck(mood: Mood) -> float | None:
    """When the last incident began (seconds since 1970), if there was one since the last boot."""
    last = mood.current or mood.latest
    return None if last is None else mood.epoch + last.began_s


def _who(mood: Mood) -> str:
    return pick(WHO, mood.one.name, "who")


def _edits(mood: Mood) -> str:
    struck, unit = _struck(mood), mood.one.role.unit
    files = [] if struck is None else [f"{int(struck - 70)} root regular file\t/etc/{unit}.conf"]
    old = mood.clock_s - between(0.3, 1.9, mood.one.name, "edit") * DAY_S
    files.append(f"{int(old)} root regular file\t/etc/resolv.conf")
    return "== files\n" + "".join(f"{one}\n" for one in files) + f"all {len(files)}\n"


def _packages(mood: Mood) -> str:
    at = mood.clock_s - between(0.1, 1.5, mood.one.name, "packages") * DAY_S
    stamp = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    lines = [
        f"{stamp} upgrade {name}:amd64 {before} {after}\n"
        for name, before, after in (
            ("openssl", "3.0.17-1~deb12u2", "3.0.17-1~deb12u3"),
            ("libssl3", "3.0.17-1~deb12u2", "3.0.17-1~deb12u3"),
            ("tzdata", "2025a-0+deb12u1", "2025b-0+deb12u2"),
        )
    ]
    empty = "".join(f"== {name}\n" for name in ("dnf", "rpm", "zypp", "pacman", "apk"))
    command = "/usr/bin/unattended-upgrade"
    apt = f"== apt\nStart-Date: {stamp}\nCommandline: {command}\nEnd-Date: {stamp}\n"
    return f"== dpkg\n{''.join(lines)}{apt}{empty}== kept\n/var/lib/dpkg/status\n"


def _unitlog(mood: Mood) -> str:
    struck, unit = _struck(mood), f"{mood.one.role.unit}.service"
    told = []
    if struck is not None:
        for at, verb, number in (
            (struck - 42, "Stopped", STOPPED),
            (struck - 41, "Started", STARTED),
        ):
            told.append(_entry(at, unit, f"{verb} {unit}.", number))
    return "== show\n== journal\n" + "".join(told)


def _entry(at: float, unit: str, message: str, number: str) -> str:
    fields = {
        "__REALTIME_TIMESTAMP": str(int(at * 1e6)),
        "UNIT": unit,
        "MESSAGE": message,
        "MESSAGE_ID": number,
    }
    return json.dumps(fields) + "\n"


def _sessions(mood: Mood) -> str:
    struck, who = _struck(mood), _who(mood)
    lines = []
    if struck is not None:
        origin = f"10.0.{int(between(1, 30, mood.one.name, 'from'))}.7"
        run = f"/usr/bin/systemctl restart {mood.one.role.unit}"
        name = mood.one.name
        came = f"Accepted publickey for {who} from {origin} port 9"
        lines = [
            f"1 |{struck - 210:.6f} {name} sshd[9]: {came}\n",
            f"{struck - 43:.6f} {name} sudo:  {who} : TTY=pts/0 ; USER=root ; COMMAND={run}\n",
        ]
    return f"== boot\n{mood.up_s:.2f}\n6.1.0-31-amd64\n== last\n== auth\n{''.join(lines)}== files\n"


def _rootlog(mood: Mood) -> str:
    return "== auth\n== files\n"


def _logwatch(mood: Mood) -> str:
    """What is in the log that may mean something, as the host folds it: the kernel tells of tasks
    that wait for storage that does not answer.
    """
    lines = f"{mood.up_s:.2f} 0.00\n== journal\n"
    if mood.incident.stuck and mood.current is not None:
        struck = int(mood.epoch + mood.current.began_s)
        name = mood.one.name
        text = (
            f"{struck}.000000 {name} kernel: INFO: task df:4112 blocked for more than 120 seconds."
        )
        lines += f"1\t{struck}|\t{text}\n"
    return lines


TELLS: dict[str, Callable[[Mood], str]] = {
    "edits": _edits,
    "packages": _packages,
    "unitlog": _unitlog,
    "authlog": _sessions,
    "rootlog": _rootlog,
    "logwatch": _logwatch,
}
