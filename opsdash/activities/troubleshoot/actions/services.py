"""Services: started, stopped, reloaded, enabled, masked and back; by systemd or OpenRC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from opsdash.activities.troubleshoot.actions import service_scripts as scripts
from opsdash.core.action import ONE_BY_FIVE, Action, Argument, Arguments, NotHere
from opsdash.core.argument_kinds import unit_fault
from opsdash.core.plan import Danger, Rollout, Step, StepKind
from opsdash.core.quoting import quote
from opsdash.core.scripted_action import QUIETLY, manager_of
from opsdash.core.snapshot import HostState

CHANGE_S = 150.0
"""systemd gives a service 90 s to start and 90 s to stop."""

VERIFY_S = 40.0
UNIT = Argument("unit", "the service, as nginx or nginx.service", names="unit", check=unit_fault)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one service manager does one thing. `%s` is the service's name, quoted; `already` is a
    command that says whether there is nothing to do; `verify` sees that it worked.
    """

    change: str
    verify: str
    already: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing that can be done to a service, by systemd and by OpenRC (None: it can't)."""

    does: str
    systemd: _Way
    openrc: _Way | None

    def steps(self, state: HostState, arguments: Arguments) -> tuple[Step, ...]:
        """Look at it, change it, see that it worked."""
        unit = arguments["unit"]
        if manager_of(state) == "systemctl":
            return self._three(unit, scripts.LOOK_SYSTEMD, self.systemd)
        if self.openrc is None:
            raise NotHere("OpenRC knows no masking of services")
        return self._three(unit.removesuffix(".service"), scripts.LOOK_OPENRC, self.openrc)

    def _three(self, unit: str, look: str, way: _Way) -> tuple[Step, ...]:
        name = quote(unit)
        change = way.change % name
        if way.already:
            change = scripts.unless(way.already % name, change)
        return (
            Step(StepKind.RUN, f"look at {unit}", look % name, reads_only=True),
            Step(
                StepKind.RUN,
                f"{self.does} {unit}",
                change,
                root=True,
                timeout_s=CHANGE_S,
                undo=way.undo % name if way.undo else "",
            ),
            Step(
                StepKind.RUN,
                f"see that {unit} is as it should be",
                way.verify % name,
                root=True,
                timeout_s=VERIFY_S,
                reads_only=True,
            ),
        )


def _systemctl(verb: str, verify: str, *, already: str = "", undo: str = "") -> _Way:
    return _Way(
        f"systemctl {verb} -- %s",
        verify,
        f"systemctl {already}" if already else "",
        f"systemctl {undo} -- %s" if undo else "",
    )


def _rc(verb: str, verify: str, *, already: str = "", undo: str = "") -> _Way:
    return _Way(f"rc-service %s {verb}", verify, already, f"rc-service %s {undo}" if undo else "")


_UP_RC = "rc-service %s status >/dev/null 2>&1"
_ACTIVE = "is-active -q -- %s"
_LISTED_RC = (
    'rc-update show | S=%s awk \'$1 == ENVIRON["S"] && $3 != "" { f = 1 } END { exit !f }\''
)

_START = _Change(
    "start",
    _systemctl("start", scripts.RUNS_SYSTEMD, already=_ACTIVE, undo="stop"),
    _rc("start", scripts.RUNS_OPENRC, already=_UP_RC, undo="stop"),
)
_STOP = _Change(
    "stop",
    replace(
        _systemctl("stop", scripts.STOPPED_SYSTEMD, undo="start"),
        already="! systemctl is-active -q -- %s",
    ),
    _rc("stop", scripts.STOPPED_OPENRC, already=f"! {_UP_RC}", undo="start"),
)
_RESTART = _Change(
    "restart", _systemctl("restart", scripts.RUNS_SYSTEMD), _rc("restart", scripts.RUNS_OPENRC)
)
_RELOAD = _Change(
    "reload", _systemctl("reload", scripts.RUNS_SYSTEMD), _rc("reload", scripts.RUNS_OPENRC)
)
_ENABLE = _Change(
    "enable",
    _systemctl(
        "enable", scripts.ENABLED_SYSTEMD, already="is-enabled -q -- %s 2>/dev/null", undo="disable"
    ),
    _Way(
        "rc-update add %s default",
        scripts.ENABLED_OPENRC,
        _LISTED_RC,
        "rc-update del %s default",
    ),
)
_DISABLE = _Change(
    "disable",
    replace(
        _systemctl("disable", scripts.DISABLED_SYSTEMD, undo="enable"),
        already="! systemctl is-enabled -q -- %s 2>/dev/null",
    ),
    _Way(
        scripts.NO_MORE_OPENRC,
        scripts.DISABLED_OPENRC,
        f"! {_LISTED_RC}",
        "rc-update add %s default",
    ),
)
_IS_MASKED = "systemctl is-enabled -- %s 2>/dev/null | grep -q '^masked'"
_MASK = _Change(
    "mask",
    replace(_systemctl("mask", scripts.MASKED_SYSTEMD, undo="unmask"), already=_IS_MASKED),
    None,
)
_UNMASK = _Change(
    "unmask",
    replace(_systemctl("unmask", scripts.UNMASKED_SYSTEMD, undo="mask"), already=f"! {_IS_MASKED}"),
    None,
)


def _action(change: _Change, title: str, danger: Danger, rollout: Rollout = ONE_BY_FIVE) -> Action:
    steps: Callable[[HostState, Arguments], tuple[Step, ...]] = change.steps
    name = f"service.{change.does}"
    return Action(name, title, danger, steps, (UNIT,), "unit", rollout, reads=("units",))


START = _action(_START, "Start", Danger.CHANGES)
STOP = _action(_STOP, "Stop", Danger.OUTAGE)
RESTART = _action(_RESTART, "Restart", Danger.OUTAGE)
RELOAD = _action(_RELOAD, "Reload", Danger.CHANGES)
ENABLE = _action(_ENABLE, "Enable at boot:", Danger.CHANGES, QUIETLY)
DISABLE = _action(_DISABLE, "Do not start at boot:", Danger.CHANGES, QUIETLY)
MASK = _action(_MASK, "Mask", Danger.CHANGES, QUIETLY)
UNMASK = _action(_UNMASK, "Unmask", Danger.CHANGES, QUIETLY)
