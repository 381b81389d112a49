"""The commands that list processes, run for real over a /proc that changes between two looks."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsdash.collectors.procio import PROCIO
from opsdash.collectors.ps import PS
from opsdash.collectors.top import TOP
from opsdash.core.plugin import Collector, understand
from opsdash.core.reading import Output, Reading, Row

TOOLS = ("awk", "grep", "xargs", "head", "tr")
KINDS = ["as it is", *(["busybox"] if shutil.which("busybox") else [])]
BOOT_TICKS = 100_000
USUAL = {"whole": 250, "each": 60}


@dataclass
class Made:
    """A folder that stands for /proc, and what happens to it between two looks."""

    home: Path
    tools: str
    between: str = ""

    def process(
        self, pid: int, name: str = "x", *, parent: int = 1, ticks: int = 0, start: int = 500
    ) -> str:
        """Make one, or make it anew; gives the line that its stat file has."""
        folder = self.home / "prc" / str(pid)
        folder.mkdir(parents=True, exist_ok=True)
        fields = [parent, 1, 1, 0, -1, 4194560, 0, 0, 0, 0, ticks, 0, 0, 0, 20, -3, 7, 0, start, 0]
        words = " ".join(map(str, [*fields, pid, *[0] * 28]))
        line = f"{pid} ({name}) S {words}\n"
        (folder / "stat").write_text(line)
        (folder / "status").write_text("Name:\tx\nUid:\t33\t33\t33\t33\nVmRSS:\t  2048 kB\n")
        (folder / "cgroup").write_text("0::/system.slice/a b.service\n")
        (folder / "io").write_text("rchar: 9\nread_bytes: 0\nwrite_bytes: 0\n")
        (folder / "cmdline").write_bytes(f"/bin/{name}\0--of\0{pid}\0\0".encode())
        return line

    def then(self, pid: int, file: str, text: str) -> None:
        """What a file holds at the second look."""
        later = self.home / f"later-{pid}-{file}"
        later.write_text(text)
        self.between += f"cp {later} prc/{pid}/{file}; "

    def look(self, collector: Collector, **limits: int) -> Reading:
        """What a collector's command makes of it."""
        command = collector.command.replace("/proc/", "./prc/")
        command = command.replace(r"\/proc\/", r"\.\/prc\/")
        command = command.replace("sleep 1", f"{self.between}echo 1002.00 9 > prc/uptime")
        for name, limit in limits.items():
            command = command.replace(f"{name}={USUAL[name]}", f"{name}={limit}")
        (self.home / "prc" / "uptime").write_text("1000.00 9\n")
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.home,
            env={"PATH": self.tools, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        reading = understand(collector, Output(done.stdout), "h", 0.0)
        assert reading.problem is None
        return reading


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """A machine of one process, with its own programs or busybox' in their place."""
    path = os.environ["PATH"]
    if request.param == "busybox":
        for name in TOOLS:
            (tmp_path / name).symlink_to(shutil.which("busybox") or "")
        path = f"{tmp_path}:{path}"
    made = Made(tmp_path, path)
    made.process(1, "init", parent=0)
    itself = made.process(9999, "awk", start=BOOT_TICKS)
    (tmp_path / "prc" / "self").mkdir()
    (tmp_path / "prc" / "self" / "stat").write_text(itself)
    return made


def by_pid(reading: Reading) -> dict[object, Row]:
    return {row["pid"]: row for row in reading.rows}


def test_what_is_taken_is_what_was_taken_between_two_looks(made: Made) -> None:
    name = 'a) R 9 "b\n\t\x1b[2J(c'
    made.process(7, name, ticks=5000)
    made.then(7, "stat", made.process(7, name, ticks=5150))
    made.process(7, name, ticks=5000)
    made.then(7, "io", "rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n")
    reading = made.look(PS)
    row = by_pid(reading)[7]
    assert (row["cores"], row["io_bytes_s"], row["cpu_s"]) == (0.75, 6144.0, 51.5)
    assert (row["name"], row["state"], row["parent"]) == ('a) R 9 "b (c', "S", 1)
    assert (row["threads"], row["nice"], row["memory_bytes"]) == (7, -3, 2048 * 1024.0)
    assert row["unit"] == "a?b.service"
    assert row["age_s"] == (BOOT_TICKS - 500) / 100 + 2.0
    assert str(row["args"]).endswith("(c --of 7")
    assert 9999 not in by_pid(reading)
    assert by_pid(made.look(TOP))[7]["name"] == 'a) R 9 "b (c'


def test_who_comes_or_goes_between_the_looks_is_left_out(made: Made) -> None:
    for pid in (7, 8):
        made.process(pid)
    made.between = "rm -r prc/7; mkdir prc/6; cp prc/1/stat prc/6/stat; "
    made.then(8, "stat", made.process(8, ticks=90, start=99_000))
    made.process(8, ticks=4000)
    assert set(by_pid(made.look(PS))) == {1}


def test_those_that_ask_are_left_out(made: Made) -> None:
    made.process(9990, "sh", start=BOOT_TICKS - 20)
    made.process(9991, "shell of the same session", start=BOOT_TICKS - 2000)
    assert set(by_pid(made.look(PS))) == {1, 9991}


def test_of_very_many_those_that_take_most_are_told_with_those_above_them(made: Made) -> None:
    made.process(20, "shell")
    made.process(21, "build", parent=20)
    made.then(21, "stat", made.process(21, "build", parent=20, ticks=300))
    made.process(21, "build", parent=20)
    for pid in range(100, 160):
        made.process(pid, "idle")
    reading = made.look(PS, whole=50, each=3)
    assert reading.get("ps.seen") == 63.0
    assert set(by_pid(reading)) == {1, 20, 21, 157, 158, 159}
    made.process(21, "build", parent=20)
    assert [row["pid"] for row in made.look(TOP).rows if row["cores"]] == [21]


def test_long_command_lines_do_not_add_up_to_megabytes(made: Made) -> None:
    for pid in range(100, 190):
        made.process(pid)
        words = b"x" * 3000 + b"\0" + b"--y\0" * 20
        (made.home / "prc" / str(pid) / "cmdline").write_bytes(words)
    lengths = [len(str(row["args"])) for row in made.look(PS).rows]
    assert max(lengths) == 1024
    assert sum(lengths) < 75_000


def test_who_reads_and_writes_is_told_most_first(made: Made) -> None:
    for pid, written in ((7, 100), (8, 5_000_000), (9, 0)):
        made.process(pid, f"w {pid}")
        made.then(pid, "io", f"rchar: 9\nread_bytes: 10\nwrite_bytes: {written}\n")
    made.then(9, "io", "rchar: 9\nread_bytes: 0\nwrite_bytes: 0\n")
    reading = made.look(PROCIO)
    found = [(row["pid"], row["name"], row["read_bytes_s"]) for row in reading.rows]
    assert found == [(8, "w 8", 5.0), (7, "w 7", 5.0)]
    assert reading.rows[0]["write_bytes_s"] == 2_500_000.0
