"""The command of the file system collector asks df about local mounts by name, and no others."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from opsdash.collectors.filesystem import FILESYSTEM
from opsdash.core.plugin import understand
from opsdash.core.reading import Output

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
DF = """#!/bin/sh
printf '%s\\n' "$@" >> "{log}"
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder that stands for a host: its mount table, its mounts, and a df that takes notes."""
    for name in ("root", "my disk", "nas", "shm", "proc"):
        (tmp_path / name).mkdir()
    (tmp_path / "nas" / "scratch").mkdir()
    (tmp_path / "hosts").write_text("a file that a container engine mounted\n")
    df = tmp_path / "df"
    df.write_text(DF.format(log=tmp_path / "asked"))
    df.chmod(0o755)
    table = [
        f"/dev/sda1 {tmp_path}/root ext4 rw,relatime 0 0",
        rf"/dev/sdb1 {tmp_path}/my\040disk xfs ro,relatime 0 0",
        f"/dev/sda1 {tmp_path}/hosts ext4 rw,relatime 0 0",
        f"nas:/export {tmp_path}/nas nfs4 rw,hard 0 0",
        f"/dev/sdz1 {tmp_path}/nas/scratch ext4 rw,relatime 0 0",
        f"overlay {tmp_path}/nas overlay rw 0 0",
        f"tmpfs {tmp_path}/shm tmpfs rw,size=65536k 0 0",
        f"tmpfs {tmp_path}/proc tmpfs rw 0 0",
        "tmpfs /run/user/1000 tmpfs rw,size=65536k 0 0",
        f"/dev/loop1 {tmp_path}/root squashfs ro 0 0",
        f"systemd-1 {tmp_path}/nas autofs rw 0 0",
    ]
    (tmp_path / "mounts").write_text("\n".join(table) + "\n")
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_df_is_asked_about_local_mounts_only(host: Path, shell: str) -> None:
    script = FILESYSTEM.command.replace("/proc/self/mounts", str(host / "mounts"))
    script = script.replace("df -P", f"{host}/df -P").replace("/etc/fstab", "/nonexistent")
    argv = [shell, "sh", "-s"] if shell == "busybox" else [shell, "-s"]
    done = subprocess.run(argv, input=script.encode(), capture_output=True, check=True)
    local = [f"{host}/root", f"{host}/my disk", f"{host}/shm"]
    asked = ["-P", "-k", "--", *local, "-P", "-i", "--", *local]
    assert (host / "asked").read_text().splitlines() == asked
    reading = understand(FILESYSTEM, Output(done.stdout), "h", 0.0)
    assert reading.problem is None
    assert not reading.samples
    assert {row["mount"]: row["local"] for row in reading.rows} == {
        f"{host}/root": True,
        f"{host}/my disk": True,
        f"{host}/nas": False,
        f"{host}/nas/scratch": True,
        f"{host}/shm": True,
    }
