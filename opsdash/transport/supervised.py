"""An order as text: what a remote shell reads so that its command has its own input, and its end.

The login shell runs BOOT, a word that every shell takes alike; what it evaluates comes as one line
on its input, so neither the length of an argument nor ``ps`` has to do with it. That line holds a
shell which stays beside the command, in the command's parent's place:

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

from functools import lru_cache

from opsdash.transport.bundle import quote
from opsdash.transport.frames import BOOT

__all__ = ["BOOT", "GRACE_S", "command_lines", "end_of_input", "risen"]

GRACE_S = 2
"""How long a command that is ended may take to clean up."""

LATER_S = 5
"""How long after its time is over the host ends a command by itself: we do it first, if we can."""

_PAD_BYTES = 8_192
"""Some ``head`` reads ahead, up to one buffer: what it may swallow comes before what is meant."""

_LOADER = 'IFS= read -r s; eval "$s"'

_SHELL = f"/bin/sh -c {quote(_LOADER)}"

_STAYS = r"""
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
set -f
newline='
'
tell() { printf '\036%s %s\n' "$mark" "$1"; [ "$tty" ] || printf '\036%s %s\n' "$mark" "$1" >&2; }
mine() {
  of=" $child " far= more=1
  [ "$own" ] || far="$child "
  # grep names the file of each line: what a process calls itself can't pass for another one
  all=$(set +f; grep -s . /proc/[0-9]*/stat)
  while [ "$more" ]; do
    more=
    IFS=$newline
    for s in $all; do
      IFS=' '
      s=${s#/proc/}
      d=${s%%/*}
      case $of in *" $d "*) continue ;; esac
      set -- ${s##*) }
      if [ "$4" != "$child" ]; then
        case $of in *" $2 "*) more=1 ;; *) continue ;; esac
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
finish() {
  ended=1
  trap '' USR1 TERM HUP INT
  [ "$own" ] && kill -TERM -"$child" 2>/dev/null
  mine
  # once each: what cleans up must not be told again meanwhile
  [ "$far" ] && kill -TERM $far 2>/dev/null
  kill -CONT $of 2>/dev/null
  tries=0
  while still && [ "$tries" -lt $((GRACE*10)) ]; do
    sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries+9)); }
    tries=$((tries+1))
  done
  before=$of
  mine
  [ "$own" ] && kill -KILL -"$child" 2>/dev/null
  kill -KILL $before $of 2>/dev/null
}
limit() {
  if timeout 1 true 2>/dev/null; then timeout "$most" "$@"
  elif timeout -t 1 true 2>/dev/null; then timeout -t "$most" "$@"
  else "$@"
  fi
}
watch() {
  if [ "$bytes" = 0 ] && { (read -r -t 1 x) </dev/null 2>/dev/null; [ $? = 1 ]; }; then
    read -r -t "$most" x
  else limit cat
  fi >/dev/null
}
fed() {
  IFS= read -r x || return 3
  printf '%s\n' "$x"
  [ "$bytes" = 0 ] && return 0
  limit head -c "$bytes"
  case $? in
    0) ;;
    # no head, or its time is over while the command takes none of it
    124 | 127 | 143) return 1 ;;
    *) return 3 ;;
  esac
  IFS=' ' read -r x || return 1
  [ "$x" = "$mark" ]
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
  [ "$1" != Z ] || begun=
}
over() {
  was=$begun
  age
  [ "$begun" = "$was" ] && kill -USR1 $$
  tries=0
  while [ "$1" ] && [ "$was" ] && [ "$begun" = "$was" ] && [ "$tries" -lt $((GRACE*15)) ]; do
    sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries+9)); }
    tries=$((tries+1))
    age
  done
  exit
}
trap 'ended=1' USR1 TERM HUP INT
exec 3<&0 </dev/null
age
tell begin
own= ended=
if command -v setsid >/dev/null 2>&1; then
  own=1
  { feed <&3 2>/dev/null & } | setsid /bin/sh -c LOADER 3<&- &
else
  { feed <&3 2>/dev/null & } | /bin/sh -c LOADER 3<&- &
fi
child=$!
trap finish USR1 TERM HUP INT
[ "$ended" ] && finish
exec 3<&-
wait "$child" 2>/dev/null
status=$?
[ "$ended" ] && status=143
tell "$status"
exit "$status"
"""


def _line(script: str | bytes) -> str:
    """A script as one line of ASCII that a shell evaluates: see echo's ``%b``."""
    data = script.encode() if isinstance(script, str) else script
    if b"\0" in data:
        raise ValueError("a script can't hold NUL")
    return f"eval \"$(printf %b '{_escaped(data)}')\""


_ESCAPES = {
    byte: f"\\0{byte:03o}" for byte in range(256) if not 32 <= byte < 127 or byte in b"'\\"
} | {10: "\\n"}


def _escaped(data: bytes) -> str:
    return data.decode("latin-1").translate(_ESCAPES)


@lru_cache(maxsize=1)
def _stays() -> str:
    filled = _STAYS.replace("GRACE", str(GRACE_S)).replace("LOADER", quote(_LOADER))
    return _line(filled)


def command_lines(
    script: bytes, mark: str, *, stdin_bytes: int, timeout_s: float, tty: bool = False
) -> bytes:
    """What BOOT reads: the shell that stays beside the command, and the command.

    After these come `stdin_bytes` of input, if any, and end_of_input(). On a terminal (`tty`) both
    outputs are one, so marks are told once. ValueError for a script that holds NUL.
    """
    most_s = round(timeout_s) + LATER_S
    given = f"mark={mark} bytes={stdin_bytes} most={most_s} tty={'1' * tty}"
    return f"{given}; {_stays()}\n{_line(script)}\n".encode("ascii")


def end_of_input(mark: str) -> bytes:
    """What follows the command's input: it was all of it."""
    return b" " * _PAD_BYTES + mark.encode() + b"\n"


def risen(words: str, *, ready: tuple[str, str] = ("", ""), tty: bool = False) -> bytes:
    """The line for BOOT that becomes another user first, by `words` that end where a command would
    follow. The shell that is then there says `ready` on its error output, and reads on; in two
    parts, so that a terminal which repeats this line does not say it.
    """
    quiet = "stty raw -echo 2>/dev/null; " if tty else ""
    says = f"printf %s {' '.join(ready)} >&2; " if any(ready) else ""
    loader = f"{quiet}{says}unset LC_ALL; {_LOADER}"
    return f"LC_ALL=C; export LC_ALL; exec {words} /bin/sh -c {quote(loader)}\n".encode()
