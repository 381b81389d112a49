"""An order as text: what a remote shell reads so that its command has its own input, and its end.

The login shell runs a shell that stays beside the command, in its parent's place; which command, it
reads from its input, so neither the length of an argument nor ``ps`` has to do with it:

- the command gets a session of its own, and an input of its own: exactly so many bytes;
- when our end of the channel closes before the command has ended, or its time is over, all that is
  in its session or descends from it is ended: TERM, and KILL after GRACE_S. That needs no signal
  from sshd and no connection, and it works for what became root;
- a mark on each output tells where the command's own begins (a login shell may have greeted) and
  where it ends: with its status, so nothing that was cut is taken for whole, and a process that
  stays behind with the output open delays nobody.

What no shell can promise: a process that leaves its session and its parents on purpose (a daemon)
lives on; without ``setsid`` what has lost its parents does too; and behind a link that is cut
without a word, or one that breaks while a command lets more than a pipe's room of its input lie,
the command ends when its time is over, not sooner.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opsdash.core.quoting import quote
from opsdash.transport.base import Order

GRACE_S = 2
"""How long a command that is ended may take to clean up."""

LATER_S = 5
"""How long after its time is over the host ends a command by itself: we do it first, if we can."""

_PAD_BYTES = 8_192
"""Some ``head`` reads ahead, up to one buffer: what it may swallow comes before what is meant."""

_LOADER = 'IFS= read -r s; eval "$s"'

_STAYS = r"""
IFS= read -r s || exit; eval "$s"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
set -f
tell() { printf "\036%s %s\n" "$mark" "$1"; [ "$tty" ] || printf "\036%s %s\n" "$mark" "$1" >&2; }
mine() {
  of=" $child " far= more=1
  [ "$own" ] || far="$child "
  newline=$(printf "\n.")
  # grep names the file of each line: what a process calls itself can't pass for another one
  all=$(set +f; grep -s . /proc/[0-9]*/stat)
  while [ "$more" ]; do
    more=
    IFS=${newline%.}
    for s in $all; do
      IFS=" "
      s=${s#/proc/}
      d=${s%%/*}
      case $of in *" $d "*) continue ;; esac
      set -- ${s##*) }
      if [ "$4" = "$child" ]; then :
      else case $of in *" $2 "*) more=1 ;; *) continue ;; esac
      fi
      of="$of$d "
      [ "$3" = "$child" ] || far="$far$d "
    done
  done
}
still() {
  for d in $of; do
    { IFS= read -r s <"/proc/$d/stat"; } 2>/dev/null || continue
    case ${s##*) } in Z*) ;; *) return 0 ;; esac
  done
  return 1
}
doze() { sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries+9)); }; tries=$((tries+1)); }
finish() {
  ended=1
  trap "" USR1 TERM HUP INT
  [ "$own" ] && kill -TERM -"$child" 2>/dev/null
  mine
  # once each: what cleans up must not be told again meanwhile
  [ "$far" ] && kill -TERM $far 2>/dev/null
  kill -CONT $of 2>/dev/null
  tries=0
  while still && [ "$tries" -lt $((GRACE*10)) ]; do doze; done
  before=$of
  mine
  [ "$own" ] && kill -KILL -"$child" 2>/dev/null
  kill -KILL $before $of 2>/dev/null
}
drain() { while read -r s; do :; done; }
watch() {
  # dash has no such option, and says so at once
  [ "$bytes" = 0 ] && { read -r -t "$most" s; [ $? = 2 ] || return; }
  exec 4<&0
  sleep "$most" </dev/null >/dev/null 4<&- &
  last
  late=$pid
  { drain; kill "$late" 2>/dev/null; } <&4 >/dev/null 4<&- &
  wait "$late"
  [ $? = 127 ] && drain <&4
}
fed() {
  IFS= read -r s || return 3
  printf "%s\n" "$s"
  [ "$bytes" = 0 ] && return 0
  if timeout 1 true 2>/dev/null; then timeout "$most" head -c "$bytes"
  else head -c "$bytes"
  fi
  case $? in
    0) ;;
    # no head, or its time is over while the command takes none of it
    124 | 127 | 143) return 1 ;;
    *) return 3 ;;
  esac
  IFS=" " read -r s || return 1
  [ "$s" = "$mark" ]
}
feed() {
  trap - TERM HUP INT USR1
  fed
  # cut in the middle: its input must not end before the command does, it would look like all
  [ $? = 1 ] && over cut
  exec >&-
  watch
  over
}
age() {
  { IFS= read -r s <"/proc/$$/stat"; } 2>/dev/null || s=
  set -- ${s##*) }
  begun=${20}
  [ "$1" = Z ] && begun=
}
over() {
  was=$begun
  age
  [ "$begun" = "$was" ] && kill -USR1 $$
  tries=0
  while [ "$1" ] && [ "$was" ] && [ "$begun" = "$was" ] && [ "$tries" -lt $((GRACE*15)) ]; do
    doze
    age
  done
  exit
}
trap ended=1 USR1 TERM HUP INT
exec 3<&0 </dev/null
age
[ "$around" ] && { before || { tell begin; tell 1; exit 1; }; }
tell begin
own= ended=
if command -v setsid >/dev/null 2>&1; then
  own=1
  { feed <&3 2>/dev/null & } | setsid /bin/sh -c "LOADER" 3<&- &
else
  { feed <&3 2>/dev/null & } | /bin/sh -c "LOADER" 3<&- &
fi
last
child=$pid
trap finish USR1 TERM HUP INT
[ "$ended" ] && finish
exec 3<&-
wait "$child" 2>/dev/null
status=$?
trap "" USR1 TERM HUP INT
[ "$ended" ] && status=143
[ "$around" ] && after >/dev/null 2>&1
tell "$status"
exit "$status"
"""
"""It reads its values as a line first. Without a single quote, a newline and an exclamation mark
when it is one line: every login shell can quote that.
"""

_GOES_ON = frozenset({"{", "do", "then", "else", ";;", "in", "&", "|"})


@lru_cache(maxsize=1)
def stays() -> str:
    """The shell that stays beside the command, as one line."""
    inside = _LOADER.replace('"', '\\"').replace("$", "\\$")
    return one_line(_STAYS.replace("GRACE", str(GRACE_S)).replace("LOADER", inside))


def one_line(text: str) -> str:
    """A shell's text as one line without its comments; no line of it may end in a backslash."""
    lines = [line.strip() for line in text.splitlines()]
    joined = ""
    for line in lines:
        if line and not line.startswith("#"):
            joined += line if line.split()[-1] in _GOES_ON else f"{line};"
            joined += " "
    return joined.rstrip()


def boot() -> str:
    """What the login shell is asked to run where nobody else is become."""
    return f"exec /bin/sh -c {quote(stays())}"


def command_lines(order: Order, mark: str, *, stdin_bytes: int, tty: bool = False) -> bytes:
    """What the shell that stays beside the command reads: its own values, and the command.

    After these come `stdin_bytes` of input, if any, and end_of_input(). On a terminal (`tty`) both
    outputs are one, so marks are told once. ValueError for a script that holds NUL.
    """
    most_s, around = round(order.timeout_s) + LATER_S, order.around
    values = f"mark={mark} bytes={stdin_bytes} most={most_s} tty={'1' * tty}"
    given = f"{values} around={'1' * (around is not None)}; last() {{ pid=$!; }}".encode()
    if around is not None:
        given += b"; " + as_line(around.functions)
    return given + b"\n" + as_line(order.script) + b"\n"


_PLAIN = re.compile(rb"[ -~\t]*")


def as_line(script: bytes) -> bytes:
    """A script as one line that a shell evaluates: as it is, or escaped for ``printf %b``."""
    if b"\0" in script:
        raise ValueError("a script can't hold NUL")
    if _PLAIN.fullmatch(script):
        return script
    return b"eval \"$(printf %b '" + script.decode("latin-1").translate(_ESCAPES).encode() + b"')\""


_ESCAPES = {
    byte: f"\\0{byte:03o}" for byte in range(256) if not 32 <= byte < 127 or byte in b"'\\"
} | {10: "\\n"}


def end_of_input(mark: str) -> bytes:
    """What follows the command's input: it was all of it."""
    return b" " * _PAD_BYTES + mark.encode() + b"\n"


def risen(words: str, *, ready: tuple[str, str] = ("", ""), tty: bool = False) -> bytes:
    """The line for BOOT that becomes another user first, by `words` that end where a command would
    follow. The shell that is then there says `ready` on its error output, and evaluates the next
    line: stays(). In two parts, so that a terminal which repeats this line does not say it.
    """
    quiet = "stty raw -echo 2>/dev/null; " if tty else ""
    says = f"printf %s {' '.join(ready)} >&2; " if any(ready) else ""
    loader = f"{quiet}{says}unset LC_ALL; {_LOADER}"
    return f"LC_ALL=C; export LC_ALL; exec {words} /bin/sh -c {quote(loader)}\n".encode()
