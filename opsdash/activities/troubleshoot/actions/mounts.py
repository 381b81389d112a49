"""Mounted file systems: unmounted, or mounted anew for reading or writing."""

from __future__ import annotations

from opsdash.activities.troubleshoot.actions import mount_scripts as scripts
from opsdash.core.action import ONE_BY_FIVE, Action, Argument
from opsdash.core.argument_kinds import path_fault
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import Doing, Scripts

_NEEDED = ("/", "/usr", "/etc", "/var", "/boot", "/proc", "/sys", "/dev", "/run")


def _unmount_fault(value: str) -> str:
    top = "/" + value.split("/")[1] if value.startswith("/") else ""
    if value in _NEEDED or top in ("/proc", "/sys", "/dev"):
        return "the host can't do without it"
    return path_fault(value)


UNMOUNT = Action(
    "fs.unmount",
    "Unmount",
    Danger.OUTAGE,
    Doing(
        "unmount {mount}",
        Scripts(
            scripts.UNMOUNT,
            look=scripts.LOOK,
            already=scripts.GONE,
            verify=scripts.SEEN_GONE,
            undo=scripts.MOUNT_AGAIN,
        ),
    ).steps,
    arguments=(Argument("mount", "the mount point", names="mount", check=_unmount_fault),),
    target="mount",
    rollout=ONE_BY_FIVE,
)
REMOUNT = Action(
    "fs.remount",
    "Remount",
    Danger.OUTAGE,
    Doing(
        "remount {mount} {mode}",
        Scripts(
            scripts.REMOUNT,
            look=scripts.LOOK,
            already=scripts.IS_SO,
            verify=scripts.SEEN_SO,
            undo=scripts.REMOUNT_BACK,
        ),
    ).steps,
    arguments=(
        Argument("mount", "the mount point", names="mount", check=path_fault),
        Argument("mode", "read-only or to be written", default="rw", choices=("rw", "ro")),
    ),
    target="mount",
    rollout=ONE_BY_FIVE,
)
