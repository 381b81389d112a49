"""What a host is made of: machine, processors, memory, disks, network cards; what is installed."""

from __future__ import annotations

import re

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

# All of it is small files that anybody may read, the lists of package managers too, if the manager
# itself is there; only rpm has to be asked. sed takes what stands behind the last slash of a link.
COMMAND = r"""
echo '== machine'
grep -s '' /dev/null /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name \
  /sys/class/dmi/id/product_version /sys/class/dmi/id/board_vendor /sys/class/dmi/id/board_name \
  /sys/class/dmi/id/bios_vendor /sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date
[ -r /sys/firmware/devicetree/base/model ] && {
  printf 'model:'; tr -d '\000' </sys/firmware/devicetree/base/model; echo
}
[ -d /sys/firmware/efi ] && echo 'boot:UEFI'
echo "virtual:$(systemd-detect-virt --vm 2>/dev/null)"
grep -qs '^flags.* hypervisor' /proc/cpuinfo && echo 'hypervisor:yes'
grep -s '^MemTotal:' /proc/meminfo
echo '== cpu'
awk -F '[ \t]*:[ \t]*' '
  $1 == "processor" { threads++; socket = "-" }
  $1 == "physical id" { socket = $2; sockets[socket] = 1 }
  $1 == "core id" { cores[socket, $2] = 1 }
  $1 == "model name" || $1 == "cpu model" || $1 == "cpu" { if (model == "") model = $2 }
  END {
    for (one in sockets) s++
    for (one in cores) c++
    print threads + 0, c + 0, s + 0; print model
  }' /proc/cpuinfo
lscpu 2>/dev/null | grep -E '^(Model name|CPU\(s\)|Socket\(s\)|Core\(s\) per socket):'
echo '== disks'
for disk in /sys/block/*/device; do
  disk=${disk%/device}
  grep -s '' /dev/null "$disk/size" "$disk/queue/rotational" "$disk/removable" \
    "$disk/device/vendor" "$disk/device/model" "$disk/serial" "$disk/device/serial"
done
echo '== nics'
for nic in /sys/class/net/*/device; do
  nic=${nic%/device}
  [ -e "$nic/address" ] || continue
  grep -s '' /dev/null "$nic/address" "$nic/speed" "$nic/operstate"
  echo "$nic/driver:$(readlink "$nic/device/driver" 2>/dev/null | sed 's,.*/,,')"
done
echo '== software'
has() { command -v "$1" >/dev/null 2>&1; }
if has dpkg && [ -r /var/lib/dpkg/status ]; then
  echo "packages:dpkg $(grep -c '^Status: [a-z]* ok installed' /var/lib/dpkg/status)"
fi
for db in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  has apk && [ -r "$db" ] && { echo "packages:apk $(grep -c '^P:' "$db")"; break; }
done
if has opkg && [ -r /usr/lib/opkg/status ]; then
  echo "packages:opkg $(grep -c '^Package:' /usr/lib/opkg/status)"
fi
if has pacman && [ -d /var/lib/pacman/local ]; then
  echo "packages:pacman $(find /var/lib/pacman/local -mindepth 1 -maxdepth 1 -type d | wc -l)"
fi
for db in /var/lib/rpm /usr/lib/sysimage/rpm; do
  has rpm || break
  [ -e "$db/Packages" ] || [ -e "$db/rpmdb.sqlite" ] || [ -e "$db/Packages.db" ] || continue
  echo "packages:rpm $(rpm -qa 2>/dev/null | wc -l)"; break
done
if [ -d /run/systemd/system ]; then echo "init:$(systemctl --version 2>/dev/null | head -n 1)"
elif [ -d /run/openrc ]; then echo "init:$(rc-status --version 2>/dev/null | head -n 1)"
else echo "init:$(cat /proc/1/comm 2>/dev/null) $(readlink /sbin/init | sed 's,.*/,,')"; fi
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1)
echo "libc:$(printf '%s\n' "$libc" | head -n 2 | tr '\n' ' ')"
echo "shell:$SHELL"
echo "sh:$(readlink /bin/sh)"
echo "python:$(python3 --version 2>/dev/null)"
for tool in docker podman containerd crio nerdctl lxc incus k3s kubelet nomad; do
  has "$tool" && echo "runtime:$tool"
done
echo '== end'
"""

_DMI = "/sys/class/dmi/id/"
_PLACEHOLDERS = frozenset(
    {
        *("", "none", "n/a", "default string", "not specified", "not applicable", "unknown"),
        *("to be filled by o.e.m.", "system product name", "system manufacturer", "o.e.m."),
        *("system version", "system serial number", "0", "0123456789", "123456789"),
    }
)
"""What makers leave in where they ought to have written something."""

_DISK = re.compile(r"^/sys/block/([^/]+)/(?:queue/|device/)?(\w+)$")
_NIC = re.compile(r"^/sys/class/net/([^/]+)/(\w+)$")
_VIRTIO = "0x1af4"

Samples = dict[SampleKey, float]


def told(value: str) -> str:
    """What a maker wrote, nothing where that is only a placeholder."""
    value = value.strip()
    return "" if value.lower() in _PLACEHOLDERS else value


@knows("the files about the machine")
def parse(output: Output, host: str, at: float) -> Reading:
    """The first row (`kind` ``host``) is the machine and its software; then a row per disk
    (``disk``), network card (``nic``) and package manager (``packages``). Text that is not known is
    empty, figures are absent.
    """
    found = sections(output.data)
    section(found, "end")
    samples: Samples = {}
    machine = _pairs(section(found, "machine"))
    software = section(found, "software")
    row: Row = {
        "kind": "host",
        **_machine(machine),
        "cpu": _processors(section(found, "cpu"), samples),
        **_software(_pairs(software)),
        "runtimes": " ".join(
            line.removeprefix("runtime:") for line in software if line.startswith("runtime:")
        ),
    }
    if "MemTotal" in machine:
        samples["inventory.memory_bytes", ""] = int(machine["MemTotal"].split()[0]) * 1024.0
    rows = [row, *_disks(section(found, "disks"), samples), *_nics(section(found, "nics"))]
    rows += _packages(software, samples)
    return Reading(host, "inventory", at, samples, tuple(rows), source="/sys, /proc, package lists")


def _pairs(lines: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        pairs.setdefault(name, value.strip())
    return pairs


def _machine(machine: dict[str, str]) -> Row:
    dmi = {name.removeprefix(_DMI): told(value) for name, value in machine.items()}
    version = dmi.get("product_version", "")
    product = dmi.get("product_name", "") or told(machine.get("model", ""))
    kind = machine.get("virtual", "")
    return {
        "vendor": dmi.get("sys_vendor", ""),
        "product": product if version.isdigit() or not version else f"{product} {version}".strip(),
        "board": " ".join(filter(None, (dmi.get("board_vendor"), dmi.get("board_name")))),
        "firmware": " ".join(
            filter(None, (dmi.get(f"bios_{name}") for name in ("vendor", "version", "date")))
        ),
        "boot": machine.get("boot", ""),
        "virtual": kind if kind not in ("", "none") else "vm" if "hypervisor" in machine else "",
    }


def _processors(lines: list[str], samples: Samples) -> str:
    """Their model; how many there are. Where /proc/cpuinfo does not tell, lscpu may."""
    threads, cores, sockets = (int(field) for field in lines[0].split())
    model = lines[1].strip() if len(lines) > 1 and ":" not in lines[1] else ""
    known = _pairs([line for line in lines[1:] if ":" in line])
    threads = threads or int(known.get("CPU(s)", "0"))
    if not sockets and known.get("Socket(s)", "").isdigit():
        sockets = int(known["Socket(s)"])
        per_socket = known.get("Core(s) per socket", "")
        cores = int(per_socket) * sockets if per_socket.isdigit() else 0
    for name, number in (("threads", threads), ("cores", cores), ("sockets", sockets)):
        if number:
            samples[f"inventory.{name}", ""] = float(number)
    return " ".join((model or known.get("Model name", "")).split())


def _named(lines: list[str], form: re.Pattern[str]) -> dict[str, dict[str, str]]:
    """Files of devices by the device's name and the file's."""
    devices: dict[str, dict[str, str]] = {}
    for line in lines:
        path, _, value = line.partition(":")
        if file := form.match(path):
            devices.setdefault(file[1], {}).setdefault(file[2], value.strip())
    return devices


def _disks(lines: list[str], samples: Samples) -> list[Row]:
    rows: list[Row] = []
    for name, said in _named(lines, _DISK).items():
        size = int(said.get("size") or 0) * 512.0
        if not size:
            continue  # a drive without a medium
        samples["inventory.disk_bytes", name] = size
        vendor = said.get("vendor", "")
        if vendor == _VIRTIO:
            vendor = "virtio"
        vendor = "" if vendor == "ATA" or vendor.startswith("0x") else vendor
        spins = said.get("rotational") == "1"
        rows.append(
            {
                "kind": "disk",
                "name": name,
                "model": " ".join((vendor, said.get("model", ""))).strip(),
                "serial": said.get("serial", ""),
                "medium": "virtual" if vendor == "virtio" else "HDD" if spins else "SSD",
                "removable": said.get("removable") == "1",
            }
        )
    return rows


def _nics(lines: list[str]) -> list[Row]:
    rows: list[Row] = []
    for name, said in _named(lines, _NIC).items():
        speed = said.get("speed", "")
        rows.append(
            {
                "kind": "nic",
                "name": name,
                "mac": said.get("address", ""),
                "driver": said.get("driver", ""),
                "mbit_s": int(speed) if speed.isdigit() else None,
                "state": said.get("operstate", ""),
            }
        )
    return rows


def _software(software: dict[str, str]) -> Row:
    words = software.get("init", "").split()
    init = " ".join(words[:2])
    if "(OpenRC" in software.get("init", ""):
        init = f"OpenRC {words[-1]}"
    libc = software.get("libc", "")
    version = re.search(r"\d+\.\d+(?:\.\d+)?(?=\s|$)", libc)
    kind = "musl" if "musl" in libc else "glibc"
    return {
        "init": init,
        "libc": f"{kind} {version[0]}" if version else "",
        "shell": software.get("shell", ""),
        "sh": software.get("sh", "").rpartition("/")[2],
        "python": software.get("python", "").removeprefix("Python "),
    }


def _packages(lines: list[str], samples: Samples) -> list[Row]:
    rows: list[Row] = []
    for line in lines:
        if line.startswith("packages:"):
            manager, number = line.removeprefix("packages:").split()
            samples["inventory.packages", manager] = float(int(number))
            rows.append({"kind": "packages", "manager": manager, "number": int(number)})
    return rows


INVENTORY = Collector(
    name="inventory",
    title="Inventory",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=3600.0,
    timeout_s=20.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric("inventory.sockets", "sockets", "Processors that are plugged in"),
        Metric("inventory.cores", "cores", "Cores of all of them"),
        Metric("inventory.threads", "threads", "Threads that they run at once"),
        Metric("inventory.memory_bytes", "bytes", "Memory that the kernel has"),
        Metric("inventory.disk_bytes", "bytes", "Size of a disk", label="disk"),
        Metric("inventory.packages", "packages", "Packages installed", label="manager"),
    ),
)
