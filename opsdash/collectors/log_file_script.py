"""The shell that reads log files, for every POSIX sh: once, or for as long as somebody listens.

It gets ``mark n lines since`` and, for each file, ``pathN inoN atN``. What it says of itself is a
line that begins with a record separator and the mark:

- ``from N INODE OFFSET``: the bytes that follow are of file N, from there on; ``-``: where that
  is comes behind them, as ``at N INODE OFFSET``;
- ``older N``: they are of what file N was before its rotation;
- ``lost N``, ``cut N``, ``denied N``, ``missing N``, ``left N``: what happened to it.
"""

from __future__ import annotations

_SHARED = r"""
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
set -f
tell() { printf '\036%s %s\n' "$mark" "$*"; }
# the inode and the size of a path
look() {
  set -- $(ls -Ldin -- "$1" 2>/dev/null)
  inode=$1 bytes=$6
}
# where a descriptor of this shell stands
stands() {
  while read -r word at; do [ "$word" = pos: ] && return; done <"/proc/$$/fdinfo/$1"
}
# the descriptor N + 2 opened on a path, or it is said why not
begin() {
  eval "said=\$said$1"
  why=
  if [ ! -e "$2" ]; then why=missing
  elif [ ! -r "$2" ] || [ -d "$2" ]; then why=denied
  fi
  if [ "$why" ]; then
    [ "$said" = "$why" ] || tell "$why" "$1"
    eval "said$1=$why"
    return 1
  fi
  eval "said$1=; exec $(($1+2))<\"\$2\""
}
# a path that has this inode, among those that a rotation makes
moved() {
  set +f
  for one in "$1".[0-9]* "$1"-[0-9]* "$1".old; do
    [ -f "$one" ] || continue
    look "$one"
    [ "$inode" = "$2" ] && { set -f; return 0; }
  done
  set -f
  return 1
}
# go on where it was left: in the same file, or in the one that it was moved to and then this one
resume() {
  eval "path=\$path$1 old=\$ino$1 at=\$at$1"
  if moved=; look "$path"; [ "$inode" != "$old" ]; then
    if moved "$path" "$old" && [ "$bytes" -ge "$at" ] && [ -r "$one" ]; then
      tell from "$1" "$old" "$at"
      tail -c "+$((at+1))" <"$one"
    else tell lost "$1"
    fi
    at=0
  elif [ "$bytes" -lt "$at" ]; then tell cut "$1"; at=0
  fi
  begin "$1" "$path" || { eval "ino$1="; return; }
  look "$path"
  tell from "$1" "$inode" "$at"
  tail -c "+$((at+1))" <&"$(($1+2))"
  stands "$(($1+2))"
  eval "ino$1=\$inode at$1=\$at"
}
"""

HISTORY = (
    _SHARED
    + r"""
unpacked() {
  case $1 in
    *.gz) gzip -dc <"$1" ;;
    *.xz) xz -dc <"$1" ;;
    *.bz2) bzip2 -dc <"$1" ;;
    *.zst) zstd -qdc <"$1" ;;
    *) cat "$1" ;;
  esac 2>/dev/null
}
# what was written since then to the files that it was rotated away to, the oldest first
older() {
  minutes=$((($(date +%s)-since)/60+2))
  [ "$minutes" -gt 0 ] || return
  tell older "$1"
  find "${2%/*}" -maxdepth 1 -type f \( -name "${2##*/}.[0-9]*" -o -name "${2##*/}-[0-9]*" \) \
    -mmin "-$minutes" 2>/dev/null | while read -r one; do
    set -- $(ls -ldin --time-style=+%s -- "$one" 2>/dev/null) "$one"
    case $7 in '' | *[!0-9]*) echo "0 $one" ;; *) echo "$7 $one" ;; esac
  done | sort -k1n -k2r | while read -r when one; do
    [ -r "$one" ] && unpacked "$one" | tail -c 16000000
  done
}
i=0
while [ "$i" -lt "$n" ]; do
  i=$((i+1))
  eval "path=\$path$i known=\$ino$i"
  if [ "$known" ]; then resume "$i"; continue; fi
  begin "$i" "$path" || continue
  look "$path"
  if [ "$lines" = all ]; then
    [ "$since" ] && older "$i" "$path"
    at=0
    [ "$bytes" -gt 16000000 ] && { at=$((bytes-16000000)); tell left "$i"; }
    tell from "$i" "$inode" "$at"
    tail -c "+$((at+1))" <&"$((i+2))"
  else
    tell from "$i" "$inode" -
    tail -n "$lines" <&"$((i+2))"
    stands "$((i+2))"
    tell at "$i" "$inode" "$at"
  fi
done
"""
)

WATCH = (
    _SHARED
    + r"""
i=0
while [ "$i" -lt "$n" ]; do
  i=$((i+1))
  eval "known=\$ino$i path=\$path$i"
  [ "$known" ] && { resume "$i"; continue; }
  # one that was not there is read from its begin when it comes
  begin "$i" "$path" || continue
  look "$path"
  tell from "$i" "$inode" 0
  cat <&"$((i+2))"
  stands "$((i+2))"
  eval "ino$i=\$inode at$i=\$at"
done
spare=7 left7=0 left8=0 left9=0 of7= of8= of9=
# what is left in files that were moved away; their last writers may notice late
former() {
  for fd in 7 8 9; do
    eval "left=\$left$fd of=\$of$fd"
    [ "$left" -gt 0 ] || continue
    look "/proc/$$/fd/$fd"
    stands "$fd"
    [ "${bytes:-0}" -gt "$at" ] && { tell older "$of"; cat <&"$fd"; }
    left=$((left-1))
    eval "left$fd=\$left"
    [ "$left" = 0 ] && eval "exec $fd<&-"
  done
}
watch() {
  eval "path=\$path$1 known=\$ino$1 at=\$at$1"
  fd=$(($1+2))
  look "$path"
  if [ -z "$known" ]; then
    begin "$1" "$path" || return
    look "$path"
    at=0
  elif [ -z "$inode" ]; then
    # moved away, and nothing in its place yet
    look "/proc/$$/fd/$fd"
    [ "${bytes:-0}" -gt "$at" ] && { tell from "$1" "$known" "$at"; cat <&"$fd"; stands "$fd"; }
    eval "at$1=\$at"
    return
  elif [ "$inode" != "$known" ]; then
    tell from "$1" "$known" "$at"
    cat <&"$fd"
    eval "exec $spare<&$fd; left$spare=10 of$spare=$1"
    spare=$((spare == 9 ? 7 : spare+1))
    begin "$1" "$path" || { eval "ino$1="; return; }
    look "$path"
    at=0
  elif [ "$bytes" -lt "$at" ]; then
    tell cut "$1"
    begin "$1" "$path" || { eval "ino$1="; return; }
    look "$path"
    at=0
  fi
  if [ "$bytes" -gt "$at" ]; then
    tell from "$1" "$inode" "$at"
    cat <&"$fd"
    stands "$fd"
  fi
  eval "ino$1=\$inode at$1=\$at"
}
while read -r beat; do
  former
  i=0
  while [ "$i" -lt "$n" ]; do i=$((i+1)); watch "$i"; done
done
"""
)
