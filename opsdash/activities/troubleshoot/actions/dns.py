"""Caches of DNS answers: emptied."""

from __future__ import annotations

from opsdash.core.action import Action
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts

_CACHES = r"""
caches=
for p in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$p/comm" || continue
  case $name in
    systemd-resolve|systemd-resolved) one=resolved ;;
    nscd|dnsmasq|unbound) one=$name ;;
    *) continue ;;
  esac
  case " $caches " in *" $one "*) ;; *) caches="$caches $one" ;; esac
done
"""

_LOOK = (
    _CACHES
    + r"""
echo "caches:${caches:- none, nothing keeps DNS answers here}"
grep '^nameserver' /etc/resolv.conf || :
"""
)

_FLUSH = r"""
flushed=
bad=0
done_with() { if [ "$2" = 0 ]; then flushed=1; echo "$1 is empty"; else bad=1; fi; }
for one in $caches; do
  case $one in
    resolved)
      if command -v resolvectl >/dev/null; then resolvectl flush-caches
      else systemd-resolve --flush-caches; fi
      done_with systemd-resolved $? ;;
    nscd) nscd -i hosts; done_with nscd $? ;;
    dnsmasq)
      s=1
      for p in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$p/comm" || continue
        [ "$name" != dnsmasq ] || { kill -HUP "${p#/proc/}"; s=$?; }
      done
      done_with dnsmasq "$s" ;;
    unbound) unbound-control flush_zone . ; done_with unbound $? ;;
  esac
done
[ "$flushed" ] || [ "$bad" = 1 ] || { echo "nothing keeps DNS answers here"; echo unchanged; }
exit "$bad"
"""

FLUSH = Action(
    "dns.flush",
    "Empty the DNS caches",
    Danger.CHANGES,
    Doing("empty the caches of DNS answers", Scripts(_CACHES + _FLUSH, look=_LOOK)).steps,
    rollout=QUIETLY,
)
