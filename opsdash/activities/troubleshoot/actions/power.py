"""The host itself: restarted, with proof that it was, or powered off."""

from __future__ import annotations

from opsdash.core.action import Action, Argument, Arguments, NotHere
from opsdash.core.host import Way
from opsdash.core.plan import Danger, OnFailure, Rollout, Step, StepKind
from opsdash.core.snapshot import HostState
from opsdash.engine.perform import BOOT_MARK

DRAIN_S = 300.0
BOOT_S = 900.0

_LOOK = BOOT_MARK + "\nuptime 2>/dev/null || cut -d' ' -f1 /proc/uptime\nwho 2>/dev/null || :\n"

_DOWN = """\
sleep 2
if [ -d /run/systemd/system ]; then systemctl %(verb)s; else %(verb)s; fi
"""

_SETTLED = """\
if [ -d /run/systemd/system ]; then
  s=$(systemctl is-system-running 2>/dev/null)
  echo "system: $s"
  case $s in initializing|starting|stopping|'') exit 1 ;; esac
  systemctl --failed --no-legend --plain --no-pager
fi
cut -d' ' -f1 /proc/uptime
"""

DRAIN = Argument(
    "drain", "a command of the shell that is run there as root before it goes down", default=""
)


def _before(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    if state.host.way is Way.LOCAL:
        raise NotHere("opsdash itself runs there")
    look = Step(StepKind.RUN, "look which boot it is, and who is there", _LOOK, reads_only=True)
    drain = arguments["drain"]
    if not drain:
        return (look,)
    does = "drain it"
    return (
        look,
        Step(StepKind.RUN, does, f"{drain}\n", root=True, timeout_s=DRAIN_S),
    )


def _goes_down(verb: str) -> Step:
    script = _DOWN % {"verb": verb}
    return Step(StepKind.DETACH, f"{verb}, two seconds from then", script, root=True)


def _reboot(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    """Restart it; done when it has answered in another boot, and its services have been started."""
    return (
        *_before(state, arguments),
        _goes_down("reboot"),
        Step(StepKind.WAIT_BOOT, "wait until it is back, in another boot", timeout_s=BOOT_S),
        Step(
            StepKind.PROBE,
            "wait until its services have been started",
            _SETTLED,
            timeout_s=180.0,
            reads_only=True,
        ),
    )


def _poweroff(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    """Power it off; nothing can be asked of it afterwards."""
    return (*_before(state, arguments), _goes_down("poweroff"))


REBOOT = Action(
    "host.reboot",
    "Reboot",
    Danger.OUTAGE,
    _reboot,
    (DRAIN,),
    rollout=Rollout(canary=1, wave=1, at_a_time=1, gate=True, on_failure=OnFailure.STOP),
)
POWEROFF = Action(
    "host.poweroff",
    "Power off",
    Danger.OUTAGE,
    _poweroff,
    (DRAIN,),
    rollout=Rollout(at_a_time=1, on_failure=OnFailure.STOP),
)
