"""The clock: set by whatever keeps it, at once."""

from __future__ import annotations

from opsdash.core.action import Action
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts

_KEEPER = r"""
runs() {
  for p in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$p/comm" || continue
    [ "$name" != "$1" ] || return 0
  done
  return 1
}
keeper=
if command -v chronyc >/dev/null && runs chronyd; then keeper=chrony
elif runs systemd-timesyn; then keeper=timesyncd
elif runs ntpd; then keeper=ntpd
elif [ -d /run/systemd/system ] && systemctl cat systemd-timesyncd >/dev/null 2>&1; then
  keeper=timesyncd
fi
"""

_TELL = r"""
date -u '+%Y-%m-%d %H:%M:%S UTC here'
case $keeper in
  chrony) chronyc -n tracking ;;
  timesyncd) timedatectl timesync-status --no-pager 2>&1 || timedatectl --no-pager 2>&1 || : ;;
  ntpd) if command -v ntpq >/dev/null; then ntpq -pn 2>&1; fi || : ;;
  *) echo "nothing keeps the clock here: no chronyd, systemd-timesyncd or ntpd runs" ;;
esac
"""

_SYNC = r"""
case $keeper in
  chrony) chronyc -a 'burst 4/4' >/dev/null 2>&1; sleep 3; chronyc -a makestep ;;
  timesyncd)
    systemctl restart systemd-timesyncd || exit
    i=0
    until [ "$(systemctl is-active systemd-timesyncd)" = active ]; do
      i=$((i + 1))
      [ "$i" -lt 5 ] || {
        echo "systemd-timesyncd does not run: $(systemctl show -p ConditionResult \
          systemd-timesyncd); in a container the machine keeps the clock" >&2
        exit 3
      }
      sleep 1
    done
    echo "systemd-timesyncd was started anew: it asks its servers now" ;;
  ntpd)
    if [ -d /run/systemd/system ]; then
      for unit in ntpsec ntpd ntp; do
        systemctl is-active -q "$unit" && { systemctl restart "$unit"; exit; }
      done
    elif command -v rc-service >/dev/null; then
      for unit in ntpsec ntpd ntp; do
        rc-service "$unit" status >/dev/null 2>&1 && { rc-service "$unit" restart; exit; }
      done
    fi
    echo "ntpd runs, but it is not known what starts it" >&2; exit 5 ;;
  *) echo "nothing keeps the clock here: no chronyd, systemd-timesyncd or ntpd runs" >&2; exit 5 ;;
esac
"""

_SEEN = r"""
i=0
[ "$keeper" ] || { echo "nothing keeps the clock here" >&2; exit 3; }
while [ "$keeper" = timesyncd ]; do
  [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" != yes ] || break
  i=$((i + 1))
  [ "$i" -lt 15 ] || { echo "not in step with a server after 15 s" >&2; exit 3; }
  sleep 1
done
[ "$keeper" != chrony ] || chronyc -n tracking | grep -q '^Leap status *: Normal' || {
  echo "chrony is not in step with a server" >&2; exit 3; }
"""

SYNC = Action(
    "time.sync",
    "Set the clock",
    Danger.CHANGES,
    Doing(
        "let what keeps the clock set it now",
        Scripts(_KEEPER + _SYNC, look=_KEEPER + _TELL, verify=_KEEPER + _SEEN + _TELL),
    ).steps,
    rollout=QUIETLY,
)
