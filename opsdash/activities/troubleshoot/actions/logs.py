"""Logs: the journal cut down to a size, log files rotated now."""

from __future__ import annotations

import re

from opsdash.core.action import Action, Argument
from opsdash.core.argument_kinds import path_fault
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts, only_systemd

_SIZE = re.compile(r"[1-9][0-9]{0,6}[KMGT]")


def _size_fault(value: str) -> str:
    return "" if _SIZE.fullmatch(value) else "it should be a size as 200M or 1G"


_USAGE = r"""
command -v journalctl >/dev/null || { echo "there is no journalctl" >&2; exit 5; }
journalctl --no-pager --disk-usage
"""

_VACUUM = r"""
command -v journalctl >/dev/null || { echo "there is no journalctl" >&2; exit 5; }
journalctl --rotate 2>/dev/null || :
journalctl --no-pager --vacuum-size="$keep"
"""

_TOOL = r"""
tool=logrotate
command -v logrotate >/dev/null || {
  tool=
  for p in /proc/[0-9]*; do
    case $(tr '\000' ' ' <"$p/cmdline" 2>/dev/null) in
      syslogd*|*/syslogd*|*busybox\ syslogd*)
        case $(readlink "$p/exe" 2>/dev/null) in *busybox*) tool=busybox ;; esac ;;
    esac
  done
  [ -L /sbin/syslogd ] && case $(readlink -f /sbin/syslogd) in *busybox*) tool=busybox ;; esac
}
[ "$tool" ] || { echo "there is neither logrotate nor the syslogd of busybox" >&2; exit 5; }
"""

_LOOK_ROTATE = (
    _TOOL
    + r"""
if [ "$tool" = logrotate ]; then
  [ -f "$config" ] || { echo "there is no $config" >&2; exit 5; }
  ls -l "$config"
else
  ls -l /var/log/messages
fi
df -Pk /var/log
"""
)

_ROTATE = (
    _TOOL
    + r"""
if [ "$tool" = logrotate ]; then
  [ -f "$config" ] || { echo "there is no $config" >&2; exit 5; }
  logrotate -f "$config" 2>&1
  exit
fi
f=/var/log/messages
[ -s "$f" ] || { echo unchanged; exit 0; }
n=9
while [ "$n" -gt 0 ]; do
  m=$((n - 1))
  [ ! -f "$f.$m" ] || mv "$f.$m" "$f.$n" || exit
  n=$m
done
mv "$f" "$f.0" && logger -t opsdash "log rotated" && ls -l "$f.0"
"""
)

VACUUM = Action(
    "journal.vacuum",
    "Cut the journal down to",
    Danger.DATA_LOSS,
    Doing(
        "remove the oldest of the journal until {keep} are left",
        Scripts(_VACUUM, look=_USAGE, verify=_USAGE),
        timeout_s=180.0,
        why_not=only_systemd,
    ).steps,
    arguments=(
        Argument("keep", "how much of it is kept: 200M, 1G", default="200M", check=_size_fault),
    ),
    target="keep",
    rollout=QUIETLY,
    reads=("units",),
)
ROTATE = Action(
    "logs.rotate",
    "Rotate the logs of",
    Danger.CHANGES,
    Doing(
        "rotate the logs of {config} now", Scripts(_ROTATE, look=_LOOK_ROTATE), timeout_s=180.0
    ).steps,
    arguments=(
        Argument(
            "config",
            "the configuration of logrotate that says which; busybox has none of its own",
            default="/etc/logrotate.conf",
            check=path_fault,
        ),
    ),
    target="config",
    rollout=QUIETLY,
)
