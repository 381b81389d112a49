"""Timers of systemd: listed, switched on and off."""

from __future__ import annotations

from opsdash.core.action import Action, Argument
from opsdash.core.argument_kinds import unit_fault
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts, only_systemd

_UNIT = "case $timer in *.timer) ;; *) timer=$timer.timer ;; esac\n"

_NOW = (
    _UNIT
    + r"""
[ "$(systemctl show --no-pager -p LoadState --value -- "$timer")" = loaded ] || {
  echo "there is no timer $timer that could be switched" >&2; exit 5; }
enabled=$(systemctl is-enabled -- "$timer" 2>/dev/null)
active=$(systemctl is-active -- "$timer" 2>/dev/null)
"""
)

_LOOK = (
    _NOW
    + r"""
echo "$timer is ${enabled:-unknown}, ${active:-unknown}"
systemctl list-timers --all --no-pager --no-legend -- "$timer"
"""
)

_TELL_WAS = 'echo "was_enabled=$enabled"\necho "was_active=$active"\n'

_BACK = (
    _NOW
    + r"""
case ${was_enabled:-} in
  enabled*) systemctl enable -- "$timer" || exit ;;
  disabled) systemctl disable -- "$timer" || exit ;;
  '') echo "it is not known how $timer was" >&2; exit 5 ;;
esac
if [ "${was_active:-}" = active ]; then systemctl start -- "$timer"
else systemctl stop -- "$timer"; fi
"""
)

_ON = _NOW + "case $enabled/$active in enabled*/active|static/active) ;; *) exit 3 ;; esac\n"
_OFF = _NOW + "case $enabled/$active in enabled*|*/active) exit 3 ;; esac\n"
_SAY = 'echo "$timer is $enabled, $active"\n'

_ARGUMENT = Argument("timer", "the timer, as logrotate.timer", names="timer", check=unit_fault)

LIST = Action(
    "timer.list",
    "List the timers",
    Danger.READS,
    Doing(
        "list the timers",
        Scripts("systemctl list-timers --all --no-pager --full\n"),
        root=False,
        why_not=only_systemd,
        reads_only=True,
    ).steps,
    rollout=QUIETLY,
    reads=("units",),
)


def _switch(verb: str, title: str, as_wanted: str) -> Action:
    """Switches timers on or off; `as_wanted` says whether one is so."""
    scripts = Scripts(
        _NOW + _TELL_WAS + f'systemctl {verb} --now -- "$timer"\n',
        look=_LOOK,
        already=as_wanted,
        verify=_NOW + _SAY + as_wanted,
        undo=_BACK,
    )
    return Action(
        f"timer.{verb}",
        title,
        Danger.CHANGES,
        Doing(f"{title[0].lower()}{title[1:]} {{timer}}", scripts, why_not=only_systemd).steps,
        arguments=(_ARGUMENT,),
        target="timer",
        rollout=QUIETLY,
        reads=("units",),
    )


ENABLE = _switch("enable", "Switch on the timer", _ON)
DISABLE = _switch("disable", "Switch off the timer", _OFF)
