"""One plan at a time on a host: a lock that lies on the host itself, for all users of all machines.

Why it is a symbolic link, why there, and when it counts no more: docs/decisions/0017.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from secrets import token_hex
from urllib.parse import quote as encoded
from urllib.parse import unquote as decoded

from opsdash.core.errors import OpsdashError
from opsdash.core.host import Host
from opsdash.core.quoting import quote
from opsdash.core.text import clean_line
from opsdash.engine.hands import Hand
from opsdash.transport.base import Around, Completed, Heard, Order
from opsdash.transport.tcp import Tcp

PLACES: tuple[str, ...] = ("/run/lock", "/dev/shm", "/tmp")  # noqa: S108 - a link there, never a file
"""Folders that every user may write to, and from which nobody can take away what is another's. The
first two lie in memory: they are empty after a boot, and a full disk does not hinder them.
"""

SLOTS = 8
LOCK_S = 10.0
LONGEST_S = 86_400
"""A lock counts no longer than this, whatever it says."""

SLACK_S = 120.0
"""What a plan takes on a host besides its steps."""

_KNOW = r"""LC_ALL=C; export LC_ALL
m=%(mark)s; p=%(plan)s; places=%(places)s; slots=%(slots)s
each() { for d in $places; do for n in $slots; do "$@" "$d/opsdash.lock.$n"; done; done; }
read_link() {
  [ -L "$1" ] && said=$(readlink "$1" 2>/dev/null) || return 1
  set -f; set -- $said; set +f
  boot=$2 until=$3 plan=$4
}
"""

_TAKE = r"""
b=
{ IFS= read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null
b=${b:-none}
IFS=. read -r t rest </proc/uptime
mine="o1 $b $((t + %(for_s)d)) $p "%(holder)s
live() {
  read_link "$1" && [ "$boot" = "$b" ] && [ "$plan" != "$p" ] || return 1
  case $until in ''|*[!0-9]*|????????????*) return 1 ;; esac
  [ "$until" -gt "$t" ] && [ "$until" -le $((t + %(longest_s)d)) ]
}
refuse() { if [ "$1" != "$got" ] && live "$1"; then
  [ -z "$got" ] || rm -f "$got"; echo "$m held $said"; exit 0; fi; }
sweep() { [ "$1" = "$got" ] || [ ! -L "$1" ] || ours "$1" || rm -f "$1" 2>/dev/null || :; }
ours() {  # taken for this plan in this moment, by another name of this host
  read_link "$1" && [ "$boot" = "$b" ] && [ "$plan" = "$p" ] || return 1
  case $until in ''|*[!0-9]*|????????????*) return 1 ;; esac
  [ "$until" -ge $((t + %(for_s)d - 5)) ]
}
first() { [ -n "$free" ] || [ -e "$1" ] || [ -L "$1" ] || free=$1; }
got= open= why= all=
for d in $places; do all="$all $d/"; done
all=$(ls -ld $all 2>/dev/null)
IFS="
"
set -f
for d in $all; do case $d in drwxrwxrwt*) open="$open ${d##* }" ;; esac; done
set +f
unset IFS
all=$open open=
for d in $places; do case "$all " in *" $d/ "*) open="$open $d" ;; esac; done
places=$open
[ "$places" ] || { echo "$m none no folder there is open to all"; exit 0; }
each refuse
for d in $open; do
  for again in 1 2 3 4; do  # another name of this host may be faster
    free= places=$d; each first
    [ "$free" ] || break
    why=$(ln -s "$mine" "$free" 2>&1) && got=$free && break 2
  done
done
places=$open
[ "$got" ] || { echo "$m none no link could be made: $why"; exit 0; }
each refuse
each sweep
[ "$(readlink "$got")" = "$mine" ] && echo "$m taken $got"
"""

_RELEASE = """
drop() { if read_link "$1" && [ "$plan" = "$p" ]; then rm -f "$1"; fi; }
each drop
echo released
"""


_AROUND = """
before() {
  said=$(%(taking)s)
  echo "$said"
  case $said in *%(mark)s" taken"*) ;; *) return 1 ;; esac
}
after() {
  %(releasing)s
}
"""


class HostHeld(OpsdashError):
    """Another plan holds the host, or it can't be known that none does."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants a host to themselves: the plan, the person, since when (seconds since 1970), and
    for how many seconds at most.
    """

    plan: str
    who: str
    since: float
    for_s: float


async def take_lock(hand: Hand, claim: Claim, places: tuple[str, ...] = ()) -> str:
    """Keep all other plans off this host; empty: it is ours. Else who holds it, as a sentence, or
    why there is no lock to be had. `places` are PLACES but in tests. HostError as Hand.execute().
    """
    mark = token_hex(8)  # a login shell may say something of its own, before and after
    script = _taking(claim, places, mark)
    done = await hand.execute(script.encode(), timeout_s=LOCK_S, max_bytes=65_536)
    refusal = _refusal(mark, done.stdout)
    if refusal is None:
        await release_lock(hand, claim.plan, places)
        return _nothing_said(done.stdout + done.stderr)
    return refusal


async def release_lock(hand: Hand, plan: str, places: tuple[str, ...] = ()) -> None:
    """Let others at the host again; HostError as Hand.execute()."""
    script = _releasing(plan, places)
    await hand.execute(script.encode(), timeout_s=LOCK_S, max_bytes=65_536)


def held_by(claim: Claim, order: Order, mark: str, places: tuple[str, ...] = ()) -> Order:
    """The order with the lock taken and released around it, by the shell that stays beside the
    command: in one go, and others are let at the host again when nobody reaches it any more too.
    """
    taking, releasing = _taking(claim, places, mark), _releasing(claim.plan, places)
    functions = _AROUND % {"taking": taking, "releasing": releasing, "mark": mark}
    return replace(order, around=Around(functions.encode()))


@dataclass(frozen=True, slots=True)
class HoldingHand:
    """A hand that holds its host for a plan while it runs the one order that is the plan's."""

    hand: Hand
    claim: Claim

    @property
    def host(self) -> Host:
        """Who it is."""
        return self.hand.host

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        """As Hand.run(); HostHeld when another plan has the host: then nothing was done."""
        mark = token_hex(8)
        done = await self.hand.run(held_by(self.claim, order, mark), heard)
        refusal = "" if done.truncated else _refusal(mark, done.around)
        if refusal is None:
            raise HostHeld(_nothing_said(done.around))
        if refusal:
            raise HostHeld(refusal)
        return done

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        """As Hand.execute()."""
        return await self.hand.execute(script, timeout_s=timeout_s, max_bytes=max_bytes)

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """As Hand.open_tcp()."""
        return await self.hand.open_tcp(host, port)

    async def renew(self) -> None:
        """As Hand.renew()."""
        await self.hand.renew()


def _taking(claim: Claim, places: tuple[str, ...], mark: str) -> str:
    """The script that takes the lock, and says behind the mark how that went."""
    holder = f"{encoded(claim.who, safe='@')} {claim.since:.0f}"
    values = {
        "for_s": min(LONGEST_S, round(claim.for_s + SLACK_S)),
        "longest_s": LONGEST_S,
        "holder": quote(holder),
    }
    return (_KNOW % _known(claim.plan, places, mark)) + (_TAKE % values)


def _releasing(plan: str, places: tuple[str, ...]) -> str:
    return (_KNOW % _known(plan, places, "released")) + _RELEASE


def _refusal(mark: str, said: bytes) -> str | None:
    """Why the lock was not taken, empty: it was; None: that was not said."""
    found = re.search(rf"{mark} (taken|held|none) (.*)", said.decode("utf-8", "replace"))
    if found is None:
        return None
    match found[1]:
        case "taken":
            return ""
        case "held":
            return _held(found[2].split())
    return f"no lock could be had there: {clean_line(found[2], 200)}"


def _nothing_said(said: bytes) -> str:
    last = clean_line(said.decode("utf-8", "replace")[-200:])
    return f"no lock could be had there: {last or 'not a word'}"


def _known(plan: str, places: tuple[str, ...], mark: str) -> dict[str, str]:
    slots = " ".join(str(number) for number in range(SLOTS))
    return {
        "mark": mark,
        "plan": quote(encoded(plan, safe="")),
        "places": quote(" ".join(places or PLACES)),
        "slots": quote(slots),
    }


def _held(words: list[str]) -> str:
    """Who holds a host: what stands in their lock, which anybody there could have written."""
    plan, who, since = ([decoded(word) for word in words[3:6]] + ["", "", ""])[:3]
    when = ""
    if since.isdigit() and len(since) < 12:
        when = time.strftime(" since %Y-%m-%d %H:%M", time.localtime(int(since)))
    name = clean_line(who, 80) or "somebody"
    return f"{name} changes this host{when} (plan {clean_line(plan, 40) or '-'})"
