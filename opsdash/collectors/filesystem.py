"""How full each file system is, and whether one has turned read-only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# df is asked about mounts that a local disk or memory backs, by name: a bare `df`, or one on a
# dead NFS mount or below it, would hang. printf %b undoes the octal escapes. Mounts of
# single files (container engines make them) say nothing about the host.
COMMAND = r"""
set -f
set --
remote=
echo '== mounts'
while read -r dev dir type opts rest; do
  case $type in
    ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|reiserfs|nilfs2) ;;
    vfat|exfat|msdos|ntfs*|fuseblk|hfsplus|ufs) ;;
    overlay) [ "$dir" = / ] || continue ;;
    tmpfs)
      case $opts in *size=*) ;; *) continue ;; esac
      case $dir in
        /dev/shm|/run|/tmp) ;;
        /proc/*|/sys/*|/dev|/dev/*|/run/*) continue ;;
        /var/lib/kubelet/*|/var/lib/docker/*|/var/lib/containers/*) continue ;;
      esac ;;
    nfs|nfs[34]|cifs|smb[23]|smbfs|ceph|9p|afs|lustre|beegfs|\
    fuse.sshfs|fuse.glusterfs|fuse.ceph*|fuse.s3fs|fuse.rclone)
      remote="$remote $dir"
      printf '%s\n' "$dev $dir $type $opts"; continue ;;
    *) continue ;;
  esac
  for above in $remote; do
    case $dir in "$above"/*) printf '%s\n' "$dev $dir $type $opts"; continue 2 ;; esac
  done
  case $dir in
    *'\012'*|*'\134'*) continue ;;
    *'\'*) path=$(printf '%b' "$dir") ;;
    *) path=$dir ;;
  esac
  [ -d "$path" ] || continue
  printf '%s\n' "$dev $dir $type $opts"
  set -- "$@" "$path"
done < /proc/self/mounts
echo '== fstab'
cat /etc/fstab 2>/dev/null
echo '== space'
[ $# -eq 0 ] || df -P -k -- "$@" 2>/dev/null
echo '== inodes'
[ $# -eq 0 ] || df -P -i -- "$@" 2>/dev/null
echo '== end'
"""

_REMOTE = ("nfs", "cifs", "smb", "ceph", "9p", "afs", "lustre", "beegfs", "fuse.")
_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
_DF_LINE = re.compile(r"^.*?\s(\d+|-)\s+(-?\d+|-)\s+(-?\d+|-)\s+(?:-|-?\d+%)\s+(/.*)$")
# Images that are mounted read-only by design, mostly without a line in /etc/fstab: /usr of Flatcar
# and friends, the deployments of OSTree.
_IMAGE_MOUNTS = ("/usr", "/sysroot", "/nix/store")
# No disk of their own that could fail under them: read-only is how somebody mounted them.
_NEVER_TURN = ("tmpfs", "overlay")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the mount table, decoded."""

    device: str
    path: str
    type: str
    options: frozenset[str]

    @property
    def local(self) -> bool:
        """Whether a disk or memory of this machine holds it."""
        return not self.type.startswith(_REMOTE)

    @property
    def emergency(self) -> bool:
        """Whether the kernel itself stopped writing: it says so beside a stale ``rw``."""
        return "emergency_ro" in self.options or "shutdown" in self.options

    @property
    def writable(self) -> bool:
        """Whether the options promise writing."""
        return "ro" not in self.options


def _decode(field: str) -> str:
    return _OCTAL.sub(lambda escape: chr(int(escape[1], 8)), field)


def _mounts(lines: list[str]) -> list[Mount]:
    found = []
    for line in lines:
        device, path, kind, options = line.split(" ")
        found.append(Mount(_decode(device), _decode(path), kind, frozenset(options.split(","))))
    return found


def _one_per_device(mounts: list[Mount]) -> list[Mount]:
    """Bind mounts and subvolumes share one space: keep the shortest path; memory has no device.

    Of several mounts on one path only the last can be seen, and only that one did df measure.
    """
    best: dict[str, Mount] = {}
    for mount in {mount.path: mount for mount in mounts}.values():
        key = mount.path if mount.type == "tmpfs" or not mount.local else mount.device
        known = best.get(key)
        if known is None or len(mount.path) <= len(known.path):
            best[key] = mount
    return list(best.values())


def _figures(lines: list[str]) -> dict[str, tuple[int, int, int]]:
    """By mount: total, used, available as df prints them; lines without figures are left out."""
    found = {}
    for line in lines:
        match = _DF_LINE.match(line)
        if match and "-" not in match.groups()[:3]:
            found[match[4]] = (int(match[1]), int(match[2]), int(match[3]))
    return found


def _ratio(used: int, available: int) -> float | None:
    """As df does it: what root keeps for itself counts neither as used nor as available."""
    used, available = max(0, used), max(0, available)
    return used / (used + available) if used + available else None


def _fstab(lines: list[str]) -> dict[str, bool]:
    """By mount: whether /etc/fstab asks for read-only."""
    wanted = {}
    for line in lines:
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#"):
            wanted[_decode(fields[1])] = "ro" in fields[3].split(",")
    return wanted


def _turned_read_only(mount: Mount, mounts: list[Mount], fstab: dict[str, bool]) -> bool:
    """Read-only although nobody wanted it so."""
    if mount.emergency:
        return True
    if mount.writable or not mount.local or mount.type in _NEVER_TURN:
        return False
    if fstab.get(mount.path, mount.path in _IMAGE_MOUNTS):
        return False
    return not any(other.device == mount.device and other.writable for other in mounts)


def _row(mount: Mount, space: tuple[int, int, int] | None, *, read_only: bool) -> Row:
    size, used, available = space or (None, None, None)
    ratio = None if used is None or available is None else _ratio(used, available)
    return {
        "mount": mount.path,
        "device": mount.device,
        "type": mount.type,
        "size_bytes": None if size is None else size * 1024,
        "available_bytes": None if available is None else max(0, available) * 1024,
        "used_ratio": ratio,
        "writable": mount.writable and not mount.emergency,
        "read_only": read_only,
        "local": mount.local,
    }


def _samples(row: Row, inodes: tuple[int, int, int] | None) -> dict[SampleKey, float]:
    label = str(row["mount"])
    found: dict[SampleKey, float] = {}
    for name in ("size_bytes", "available_bytes", "used_ratio"):
        value = row[name]
        if isinstance(value, int | float):
            found[f"filesystem.{name}", label] = float(value)
    ratio = _ratio(inodes[1], inodes[2]) if inodes else None
    if ratio is not None:
        found["filesystem.inodes_used_ratio", label] = ratio
    return found


@knows("mount table or df")
def parse(output: Output, host: str, at: float) -> Reading:
    """Space and inodes by mount; a mount that df kept silent about has a row without figures."""
    found = sections(output.data)
    section(found, "end")
    mounts = _mounts(section(found, "mounts"))
    fstab = _fstab(section(found, "fstab"))
    space, inodes = _figures(section(found, "space")), _figures(section(found, "inodes"))
    rows: list[Row] = []
    samples: dict[SampleKey, float] = {}
    for mount in _one_per_device(mounts):
        read_only = _turned_read_only(mount, mounts, fstab)
        row = _row(mount, space.get(mount.path), read_only=read_only)
        rows.append(row)
        samples |= _samples(row, inodes.get(mount.path))
    return Reading(host, "filesystem", at, samples, tuple(rows), source="df, /proc/self/mounts")


FILESYSTEM = Collector(
    name="filesystem",
    title="File systems",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=30.0,
    max_bytes=1_048_576,  # hosts with hundreds of mounts are ordinary: ZFS, containers, NFS homes
    parse=parse,
    metrics=(
        Metric("filesystem.size_bytes", "bytes", "Size of a file system", label="mount"),
        Metric(
            "filesystem.available_bytes",
            "bytes",
            "Left for users to write",
            label="mount",
            trend=True,
        ),
        Metric(
            "filesystem.used_ratio", "ratio", "Used of what users may use", label="mount", kept=True
        ),
        Metric(
            "filesystem.inodes_used_ratio",
            "ratio",
            "Files of those possible",
            label="mount",
            kept=True,
        ),
    ),
)
