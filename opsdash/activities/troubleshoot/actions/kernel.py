"""What the kernel is set to, and what it and programs left when they crashed: only looked at."""

from __future__ import annotations

import re

from opsdash.core.action import Action, Argument
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts

_PATTERN = re.compile(r"[A-Za-z0-9_*?.:/-]{1,200}")


def _pattern_fault(value: str) -> str:
    return "" if _PATTERN.fullmatch(value) else "it should be a name or a pattern: vm.*"


_SYSCTL = r"""
wanted=$(printf '%s' "$name" | tr . /)
list=$(find /proc/sys -type f 2>/dev/null | sed 's,^/proc/sys/,,' | sort)
found=
set -f
IFS='
'
for path in $list; do
  case $path in $wanted) ;; *) continue ;; esac
  found=1
  shown=$(printf '%s' "$path" | tr / .)
  if value=$(cat "/proc/sys/$path" 2>/dev/null); then
    printf '%s = %s\n' "$shown" "$(printf '%s' "$value" | tr '\n\t' '  ')"
  else
    printf '%s can not be read as %s\n' "$shown" "$(id -un)"
  fi
done
[ "$found" ] || { echo "the kernel here has no parameter $name" >&2; exit 5; }
"""

_CRASHES = r"""
echo "core_pattern: $(cat /proc/sys/kernel/core_pattern)"
any=
if command -v coredumpctl >/dev/null; then
  if out=$(coredumpctl list --no-pager -r -n 50 2>/dev/null) && [ "$out" ]; then
    any=1; printf '%s\n' "$out"
  fi
fi
for folder in /var/lib/systemd/coredump /var/crash /var/lib/apport/coredump /var/spool/abrt \
  /var/tmp/abrt /sys/fs/pstore; do
  [ -d "$folder" ] || continue
  list=$(find "$folder" -xdev -maxdepth 3 -type f -exec ls -ld {} + 2>/dev/null | head -n 100)
  [ "$list" ] || continue
  any=1
  printf '%s:\n%s\n' "$folder" "$list"
done
[ "$any" ] || echo "nothing has left a dump here"
"""

SYSCTL = Action(
    "sysctl.read",
    "Read the kernel parameter",
    Danger.READS,
    Doing("read the kernel parameter {name}", Scripts(_SYSCTL), root=False, reads_only=True).steps,
    arguments=(
        Argument(
            "name", "its name, or a pattern: vm.swappiness, net.ipv4.tcp_*", check=_pattern_fault
        ),
    ),
    target="name",
    rollout=QUIETLY,
)
CRASHDUMPS = Action(
    "crashdumps.list",
    "List crash dumps",
    Danger.READS,
    Doing("list what was left by crashes", Scripts(_CRASHES), reads_only=True).steps,
    rollout=QUIETLY,
)
