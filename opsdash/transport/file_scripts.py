"""What a shell over there does to look at a file, print it, or write it whole or not at all.

`path` is the file; PUT knows `mode` and `owner` (empty: as they are), `size` and `sum` too.
"""

from __future__ import annotations

KNOW = r"""LC_ALL=C; export LC_ALL
say() { printf '%s\n' "$1" >&2; exit 1; }
digest() {
  { sha256sum 2>/dev/null || shasum -a 256 2>/dev/null || openssl dgst -sha256 -r 2>/dev/null; } |
    cut -c-64
}
facts() {
  known=$(stat -L -c '%a %U:%G %s' -- "$1" 2>/dev/null || stat -c '%a %U:%G %s' "$1" 2>/dev/null)
  [ "$known" ] || known="0 : $(wc -c <"$1")"
  printf 'facts %s %s\n' "$known" "$(head -c "${known##* }" <"$1" | digest)"
}
"""

LOOK = r"""
[ -d "$path" ] && say 'it is a folder'
[ -e "$path" ] || [ -L "$path" ] || {
  in=${path%/*}/
  # what is in a folder that may not be entered is not known
  if [ ! -d "$in" ] || [ -x "$in" ]; then echo facts gone; exit 0; fi
  say 'Permission denied'
}
[ -r "$path" ] || say 'Permission denied'
facts "$path"
"""

GET = r"""
[ -d "$path" ] && say 'it is a folder'
[ -e "$path" ] || say 'No such file or directory'
[ -r "$path" ] || say 'Permission denied'
facts "$path" >&2
cat <"$path"
"""

PUT = r"""
[ -d "$path" ] && say 'it is a folder'
if [ -L "$path" ]; then
  # root follows nobody's link but its own: it may lead anywhere
  [ "$(id -u)" != 0 ] || [ "$(stat -c %u "$path" 2>/dev/null)" = 0 ] ||
    say 'it is a link that belongs to somebody else: put it where it leads to'
  path=$(readlink -f "$path") || say 'it is a link that leads nowhere'
fi
name=${path##*/}  # a shell drops newlines at the end of what a program says
[ "$name" ] || say 'it is a folder'
was=$(stat -c '%a %u:%g' "$path" 2>/dev/null)
in=${path%/*}/
[ -d "$in" ] || say 'No such file or directory: its folder'
cd -P -- "$in" || exit 1
keep=${was%% *}
umask 077
room=$(mktemp -d ./.opsdash.RANDOM 2>&1) || say "its folder takes no new file: ${room##*: }"
# from in here: who owns the folder above can't change what is in this one, only where it lies
cd -P "$room" || exit 1
trap 'rm -f ./new; cd ..; rmdir "$room" 2>/dev/null' EXIT
trap "trap '' TERM HUP INT; exit 143" TERM HUP INT
cat >./new || exit 1
came=$(wc -c <./new)
[ "$came" -eq "$size" ] || say "of $size bytes only $came arrived: nothing was changed"
found=$(digest <./new)
[ -z "$found" ] || [ "$found" = "$sum" ] || say 'it arrived damaged: nothing was changed'
if [ "$owner" ]; then chown "$owner" ./new || exit 1
elif [ "$was" ]; then chown "${was#* }" ./new 2>/dev/null
fi
chmod "${mode:-${keep:-600}}" ./new || exit 1
sync ./new 2>/dev/null
mv -fT ./new "../$name" 2>/dev/null || mv -f ./new "../$name" || exit 1
command -v restorecon >/dev/null 2>&1 && restorecon "../$name" 2>/dev/null
facts "../$name"
""".replace("RANDOM", "X" * 6)
