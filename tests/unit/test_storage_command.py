"""The command of the storage collector: which tools it asks, how, and what it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from opsdash.collectors.storage import STORAGE
from opsdash.core.plugin import understand
from opsdash.core.reading import Output, Reading

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]

SMARTCTL = r"""#!/bin/sh
case $1 in
--scan)
  echo '/dev/sda -d scsi # /dev/sda, SCSI device'
  echo '/dev/bus/0 -d megaraid,4 # /dev/bus/0 [megaraid_disk_04], SCSI device'
  echo '/dev/nvme0 -d nvme # /dev/nvme0, NVMe device'
  echo 'glob(3) aborted matching pattern /dev/discs/disc*' ;;
*)
  cat
  echo "$*" >> "@/asked"
  echo 'Device Model:     ST31000528AS'
  echo 'SMART overall-health self-assessment test result: PASSED' ;;
esac
"""
LVS = r"""#!/bin/sh
echo "$*" >> "@/asked"
echo '  WARNING: File descriptor 5 leaked' >&2
echo '  pve|data|twi-aotz--|42.00|4.45|'
"""
VGS = r"""#!/bin/sh
echo '  pve|wz--n-|511000000000|17175674880|1'
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder with the tools of a host, which take notes of what they are asked."""
    for name, text in (("smartctl", SMARTCTL), ("lvs", LVS), ("vgs", VGS), ("zpool", LVS)):
        tool = tmp_path / name
        tool.write_text(text.replace("@", str(tmp_path)))
        tool.chmod(0o755)
    return tmp_path


def ask(shell: str, host: Path) -> Reading:
    argv = [shell, "sh", "-c"] if shell == "busybox" else [shell, "-c"]
    env = {"PATH": f"{host}:/usr/bin:/bin", "LC_ALL": "C"}
    command = STORAGE.command.replace("/sys/block/md*/md", "/nonexistent/md*")
    done = subprocess.run([*argv, command], capture_output=True, check=True, env=env)
    return understand(STORAGE, Output(done.stdout), "h", 0.0)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_disk_is_asked_without_being_woken(host: Path, shell: str) -> None:
    reading = ask(shell, host)
    assert reading.problem is None, reading.problem
    disks = [row["name"] for row in reading.rows if row["kind"] == "disk"]
    assert disks == ["sda", "bus/0 megaraid,4", "nvme0"]
    assert {row["state"] for row in reading.rows if row["kind"] == "disk"} == {"ok"}
    asked = (host / "asked").read_text().splitlines()
    assert asked[:3] == [
        "-n standby -i -H -A -l ssd /dev/sda",
        "-n standby -i -H -A -l ssd -d megaraid,4 /dev/bus/0",
        "-n standby -i -H -A -l ssd -d nvme /dev/nvme0",
    ]
    assert reading.get("storage.pool_used_ratio", "pve/data") == pytest.approx(0.42)
    assert reading.get("storage.group_free_bytes", "pve") == 17175674880.0
    # the tools of ZFS load its module where it is not: they are not asked then
    assert len(asked) == (4 if not Path("/proc/spl/kstat/zfs").exists() else 6)


def test_a_disk_that_hangs_costs_itself(host: Path) -> None:
    tool = host / "smartctl"
    hangs = '  case "$*" in *sda) exec sleep 60 ;; esac\n  cat\n'
    tool.write_text(tool.read_text().replace("  cat\n", hangs))
    command = STORAGE.command.replace("timeout -k 1 8", "timeout -k 1 0.2")
    env = {"PATH": f"{host}:/usr/bin:/bin", "LC_ALL": "C"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True, env=env)
    reading = understand(STORAGE, Output(done.stdout), "h", 0.0)
    states = {row["name"]: row["state"] for row in reading.rows if row["kind"] == "disk"}
    assert states == {"sda": "unreadable", "bus/0 megaraid,4": "ok", "nvme0": "ok"}
    assert reading.rows[0]["note"] == "no answer in time"


def test_a_host_without_any_of_the_tools_is_no_fault(tmp_path: Path) -> None:
    for name in ("date", "timeout"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    env = {"PATH": str(tmp_path), "LC_ALL": "C"}
    done = subprocess.run(
        ["/bin/sh", "-c", STORAGE.command], capture_output=True, check=True, env=env
    )
    reading = understand(STORAGE, Output(done.stdout), "h", 0.0)
    assert reading.problem is None
    assert reading.rows == ()
    assert reading.samples == {("storage.disks", ""): 0.0}
