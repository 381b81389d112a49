"""Processes: sent a signal, and looked after until they are gone."""

from __future__ import annotations

from opsdash.core.action import Action, Argument, Arguments
from opsdash.core.plan import Danger, Step, StepKind
from opsdash.core.snapshot import HostState

SIGNALS = ("TERM", "HUP", "INT", "QUIT", "KILL", "STOP", "CONT", "USR1", "USR2", "CHLD")
_ENDING = frozenset({"TERM", "KILL", "INT", "QUIT"})
MOST_PID = 4_194_304


def _pid_fault(value: str) -> str:
    if not value.isascii() or not value.isdigit() or not 1 < int(value) <= MOST_PID:
        return f"a process id is a number from 2 to {MOST_PID}; 1 is the host itself"
    return ""


def _started_fault(value: str) -> str:
    return "" if value.isascii() and value.isdigit() else "it is a number of clock ticks"


_LOOK = """\
p=%(pid)s
[ -d "/proc/$p" ] || { echo "there is no process $p" >&2; exit 5; }
began() { sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -d' ' -f20; }
"""

_SAME = """\
[ "$(began)" = %(started)s ] || { echo "process $p is another one by now" >&2; exit 5; }
"""

_TELL = """\
echo "process $p began=$(began)"; ls -ld "/proc/$p" | awk '{ print "user=" $3 }'
c=$(tr '\\000' ' ' <"/proc/$p/cmdline" | cut -c1-300)
[ "$c" ] || { echo "process $p is the kernel's own, or has ended" >&2; exit 5; }
printf '%%s\\n' "$c"
"""

_SEND = """\
b=$(began)
kill -%(signal)s "$p" || exit
"""

_GONE = """\
i=0
while [ "$(began)" = "$b" ]; do
  case $(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null) in Z*) break ;; esac
  i=$((i + 1))
  [ "$i" -lt 10 ] || { echo "process $p is still there after 10 s" >&2; exit 3; }
  sleep 1
done
echo "process $p is gone"
"""


def _steps(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    """Look who it is, then send the signal; of one that ends it, see that it is gone."""
    pid, signal, started = (arguments[name] for name in ("pid", "signal", "started"))
    values = {"pid": str(int(pid)), "signal": signal, "started": started}
    who = _LOOK + (_SAME if started else "")
    back = {"STOP": "CONT", "CONT": "STOP"}.get(signal, "")
    end = _GONE if signal in _ENDING else ""
    return (
        Step(StepKind.RUN, f"look at process {pid}", (who + _TELL) % values, reads_only=True),
        Step(
            StepKind.RUN,
            f"send {signal} to process {pid}",
            (who + _SEND + end) % values,
            root=True,
            timeout_s=30.0,
            undo=(who + _SEND) % {**values, "signal": back} if back else "",
        ),
    )


SIGNAL = Action(
    "process.signal",
    "Send a signal to process",
    Danger.OUTAGE,
    _steps,
    (
        Argument("pid", "the process id", names="process", check=_pid_fault),
        Argument("signal", "which signal", default="TERM", choices=SIGNALS),
        Argument(
            "started",
            "its start in clock ticks since boot (field 22 of /proc/PID/stat): no other is meant",
            default="",
            check=_started_fault,
        ),
    ),
    "pid",
)
