"""What is run to look at a service, to change it, and to see that it worked; `%s` is its name,
quoted.
"""

from __future__ import annotations

LOOK_SYSTEMD = """\
u=%s
of='-p Id -p LoadState -p ActiveState -p SubState -p UnitFileState'
s=$(systemctl show --no-pager $of -- "$u") || exit
printf '%%s\\n' "$s"
case $s in
  *LoadState=not-found*|*LoadState=error*|*LoadState=bad-setting*)
    echo "there is no unit $u that could be loaded" >&2; exit 5 ;;
esac
"""

LOOK_OPENRC = """\
s=%s
rc-service --exists "$s" || { echo "there is no service $s" >&2; exit 5; }
rc-service "$s" status || :
"""

_SHOW = """\
u=%s
show() { systemctl show --no-pager -p "$1" -- "$u" | sed "s/^$1=//"; }
settled() {
  i=0
  while :; do
    state=$(show ActiveState)
    case $state in activating|reloading|deactivating|refreshing|maintenance) ;; *) break ;; esac
    i=$((i + 1))
    [ "$i" -lt 20 ] || break
    sleep 1
  done
}
complain() {
  journalctl -q --no-pager -n 8 -o cat -u "$u" 2>/dev/null
  echo "$u is $1 ($(show SubState), result $(show Result))" >&2
  exit 3
}
"""

RUNS_SYSTEMD = (
    _SHOW
    + """\
settled
if [ "$state" = active ]; then
  since=$(show ActiveEnterTimestampMonotonic)
  sleep 2
  state=$(show ActiveState)
  if [ "$state" = active ]; then
    [ "$(show ActiveEnterTimestampMonotonic)" = "$since" ] || complain 'restarted again and again'
    echo 'active, and still so after 2 s'
    exit 0
  fi
fi
if [ "$state" = inactive ] && [ "$(show Type)" = oneshot ] && [ "$(show Result)" = success ]; then
  echo 'it ran once, with success'
  exit 0
fi
complain "$state"
"""
)

STOPPED_SYSTEMD = (
    _SHOW
    + """\
settled
case $state in
  inactive|failed) echo "$state" ;;
  *) complain "$state" ;;
esac
"""
)

_ENABLED = 'u=%s\ns=$(systemctl is-enabled -- "$u" 2>/dev/null)\necho "${s:-unknown}"\n'
ENABLED_SYSTEMD = (
    _ENABLED
    + """\
case $s in
  enabled*|static|alias|indirect|generated|linked*) ;;
  *) echo "$u is $s" >&2; exit 3 ;;
esac
"""
)
DISABLED_SYSTEMD = _ENABLED + 'case $s in enabled*) echo "$u is still $s" >&2; exit 3 ;; esac\n'
MASKED_SYSTEMD = _ENABLED + 'case $s in masked*) ;; *) echo "$u is $s" >&2; exit 3 ;; esac\n'
UNMASKED_SYSTEMD = (
    _ENABLED + 'case $s in masked*) echo "$u is still $s: masked elsewhere?" >&2; exit 3 ;; esac\n'
)

RUNS_OPENRC = """\
s=%s
up() {
  rc-service "$s" status >/dev/null 2>&1 || return 1
  read -r file 2>/dev/null <"/run/openrc/options/$s/pidfile" || return 0
  read -r pid 2>/dev/null <"$file" || return 0
  [ -d "/proc/$pid" ]
}
i=0
until up; do
  i=$((i + 1))
  [ "$i" -lt 15 ] || { echo "$s does not run" >&2; exit 3; }
  sleep 1
done
sleep 2
up || { echo "$s ran, and has ended by itself" >&2; exit 3; }
echo 'it runs, and still so after 2 s'
"""

STOPPED_OPENRC = """\
s=%s
if rc-service "$s" status >/dev/null 2>&1; then echo "$s still runs" >&2; exit 3; fi
echo 'stopped'
"""

_LISTED = """\
s=%s; export s
l=$(rc-update show |
  awk '$1 == ENVIRON["s"] { for (i = 3; i <= NF; i++) { printf "%%s%%s", b, $i; b = " " } }')
"""
NO_MORE_OPENRC = (
    _LISTED
    + """\
case $l in
  default) rc-update del "$s" default ;;
  *) echo "$s is in $l: that could not be taken back; by hand: rc-update del $s $l" >&2; exit 3 ;;
esac
"""
)
ENABLED_OPENRC = _LISTED + '[ "$l" ] || { echo "$s is in no runlevel" >&2; exit 3; }\necho "$l"\n'
DISABLED_OPENRC = _LISTED + '[ ! "$l" ] || { echo "$s is still in $l" >&2; exit 3; }\n'


def unless(already: str, change: str) -> str:
    """A change that is not made where everything is so already; it says so."""
    return f"if {already}; then echo unchanged; exit 0; fi\n{change}\n"
