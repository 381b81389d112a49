"""The package manager's cache of downloaded packages: emptied."""

from __future__ import annotations

from opsdash.core.action import Action
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts

_MANAGER = r"""
manager=
for one in apt-get dnf yum zypper pacman apk; do
  command -v "$one" >/dev/null && { manager=$one; break; }
done
[ "$manager" ] || { echo "there is no package manager that is known here" >&2; exit 5; }
case $manager in
  apt-get) cache=/var/cache/apt/archives ;;
  dnf) cache=/var/cache/dnf; [ ! -d /var/cache/libdnf5 ] || cache=/var/cache/libdnf5 ;;
  yum) cache=/var/cache/yum ;;
  zypper) cache=/var/cache/zypp/packages ;;
  pacman) cache=/var/cache/pacman/pkg ;;
  apk) cache=/var/cache/apk ;;
esac
"""

_SIZE = (
    _MANAGER
    + r"""
if [ -d "$cache" ]; then du -sk "$cache" 2>/dev/null || :; else echo "$cache is not there"; fi
"""
)

_CLEAN = (
    _MANAGER
    + r"""
case $manager in
  apt-get) apt-get clean ;;
  dnf|yum) "$manager" -q clean packages ;;
  zypper) zypper --non-interactive --quiet clean ;;
  pacman) pacman -Sc --noconfirm </dev/null ;;
  apk) if [ -e /etc/apk/cache ]; then apk cache clean; else echo unchanged; fi ;;
esac
"""
)

CLEAN = Action(
    "packages.clean",
    "Empty the package cache",
    Danger.CHANGES,
    Doing(
        "empty the cache of downloaded packages",
        Scripts(_CLEAN, look=_SIZE, verify=_SIZE),
        timeout_s=180.0,
    ).steps,
    rollout=QUIETLY,
)
