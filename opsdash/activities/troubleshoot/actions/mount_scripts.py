"""What is run to unmount and remount file systems; `$mount` is the mount point."""

from __future__ import annotations

_FIND = r"""
found=
while read -r dev dir type opts _; do
  case $dir in *'\'*) dir=$(printf '%b' "$dir") ;; esac
  [ "$dir" != "$mount" ] || { found=1; device=$dev; kind=$type; options=$opts; }
done </proc/self/mounts
case ${device:-} in *'\'*) device=$(printf '%b' "$device") ;; esac
"""

_BIND = r"""
bind=0
while read -r _ _ _ root dir rest; do
  case $dir in *'\'*) dir=$(printf '%b' "$dir") ;; esac
  [ "$dir" = "$mount" ] || continue
  bind=0
  case $root in /) ;; *) case $rest in *' - btrfs '*) ;; *) bind=1 ;; esac ;; esac
done </proc/self/mountinfo
"""

THERE = _FIND + '[ "$found" ] || { echo "nothing is mounted at $mount" >&2; exit 5; }\n'

GONE = _FIND + '[ ! "$found" ]\n'

SEEN_GONE = _FIND + '[ ! "$found" ] || { echo "$mount is still mounted" >&2; exit 3; }\n'

HOLDERS = r"""
holders() {
  while read -r _ below _; do
    case $below in "$mount"/*) echo "mounted below it: $below" ;; esac
  done </proc/self/mounts
  export mount
  for p in /proc/[0-9]*; do
    ls -ld "$p/cwd" "$p/root" "$p/exe" "$p/fd/"* 2>/dev/null | awk -v p="${p#/proc/}" '
      BEGIN { m = ENVIRON["mount"]; if (m == "/") m = "" }
      { i = index($0, " -> "); t = substr($0, i + 4)
        if (i && (t == m || index(t, m "/") == 1)) { print "held by process " p ": " t; exit } }'
  done | head -n 20
}
"""

LOOK = (
    THERE
    + r"""
printf '%s\n' "$device at $mount, $kind, $options"
df -Pk "$mount" 2>/dev/null || :
"""
)

UNMOUNT = (
    THERE
    + HOLDERS
    + _BIND
    + r"""
case $kind in
  tmpfs|ramfs|overlay|proc|sysfs|devtmpfs|devpts|cgroup*)
    echo "$mount is a $kind: what is in it would be lost, or the host needs it" >&2; exit 4 ;;
esac
loop=/sys/block/${device##*/}/loop
if [ "$(cat "$loop/autoclear" 2>/dev/null)" = 1 ]; then
  device=$(cat "$loop/backing_file"); options=$options,loop
fi
printf '%s\n' "was_device=$device" "was_kind=$kind" "was_options=$options" "was_bind=$bind"
umount "$mount" || { holders >&2; exit 3; }
"""
)

MOUNT_AGAIN = (
    _FIND
    + r"""
[ ! "$found" ] || { echo unchanged; exit 0; }
[ "${was_kind:-}" ] || { echo "it is not known how $mount was mounted" >&2; exit 5; }
if [ "${was_bind:-0}" = 1 ]; then
  mount "$mount" || { echo "it was a bind mount: mount it by hand" >&2; exit 3; }
else
  mount -t "$was_kind" -o "$was_options" "$was_device" "$mount"
fi
"""
)

_MODE = r"""
case ,$options, in *,emergency_ro,*|*,shutdown,*) now=stopped ;; *,ro,*) now=ro ;; *) now=rw ;; esac
"""

IS_SO = THERE + _MODE + '[ "$now" = "$mode" ]\n'

SEEN_SO = (
    THERE
    + _MODE
    + '[ "$now" = "$mode" ] || { echo "$mount is $now ($options)" >&2; exit 3; }\n'
    + 'echo "$mount is $now"\n'
)

REMOUNT = (
    THERE
    + HOLDERS
    + _MODE
    + _BIND
    + r"""
how=remount
[ "$bind" = 0 ] || how=remount,bind
echo "was_mode=$now"
mount -o "$how,$mode" "$mount" || {
  [ "$mode" = rw ] || holders >&2
  echo "if its disk had errors: look at the kernel's log, and check it before it is written" >&2
  exit 3
}
"""
)

REMOUNT_BACK = (
    THERE
    + _BIND
    + r"""
how=remount
[ "$bind" = 0 ] || how=remount,bind
case ${was_mode:-} in ro|rw) ;; *) echo "it is not known how $mount was" >&2; exit 5 ;; esac
mount -o "$how,$was_mode" "$mount"
"""
)
