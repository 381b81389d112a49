"""What the pulse costs a host: the real remote loop under dash, bash and busybox, at 2 s.

Processor time of the loop with all that it starts, its start apart: a run of many samples less a
run of one. The dash that is measured has no bash beside it, so that ``timeout`` does the waiting.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from opsdash.core.discover import collectors
from opsdash.core.plugin import Tier
from opsdash.transport.frames import GRANT, end_mark, pulse_files, pulse_script

INTERVAL_S = 2
SAMPLES = 16
NONCE = "0badcafe"
TOOLS = ("awk", "timeout", "sh", "cat")


def _shells(folder: Path) -> dict[str, tuple[str, str]]:
    """By name: the shell that evaluates the loop, and a PATH of only what belongs to it."""
    found: dict[str, tuple[str, str]] = {}
    for name in ("dash", "bash", "busybox"):
        program = shutil.which(name)
        if program is None:
            continue
        tools = folder / name
        tools.mkdir()
        for tool in TOOLS:
            target = program if name == "busybox" else shutil.which(tool)
            assert target is not None
            (tools / tool).symlink_to(target)
        (tools / "shell").symlink_to(program)
        if name == "busybox":
            (tools / "ash").symlink_to(program)
        found[name] = (str(tools / ("ash" if name == "busybox" else "shell")), str(tools))
    return found


def _cpu_s(shell: str, path: str, samples: int) -> float:
    """Seconds of processor time for so many samples."""
    files = pulse_files(one for one in collectors().values() if one.tier is Tier.PULSE)
    argv = [shell, "-c", 'IFS= read -r s; eval "$s"']
    loop = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PATH": path})
    assert loop.stdin is not None
    assert loop.stdout is not None
    loop.stdin.write(pulse_script(files, NONCE, INTERVAL_S))
    seen = b""
    for number in range(1, samples + 1):
        if (number - 1) % GRANT == 0:
            loop.stdin.write(f"{min(GRANT, samples + 1 - number)}\n".encode())
            loop.stdin.flush()
        while end_mark(NONCE) not in seen:
            chunk = os.read(loop.stdout.fileno(), 65_536)
            assert chunk, "the loop ended by itself"
            seen += chunk
        seen = seen.partition(end_mark(NONCE))[2]
        if number % GRANT == 0 and number < samples:
            threading.Event().wait(INTERVAL_S)
    loop.stdin.close()
    _, _, used = os.wait4(loop.pid, 0)
    loop.returncode = 0
    return used.ru_utime + used.ru_stime


def run() -> dict[str, float]:
    """Milliseconds per sample and percent of a core, by shell."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for shell, (program, path) in _shells(Path(name)).items():
            many, one = _cpu_s(program, path, SAMPLES), _cpu_s(program, path, 1)
            each_s = max(0.0, many - one) / (SAMPLES - 1)
            figures[f"{shell}: CPU per sample (ms)"] = 1000 * each_s
            figures[f"{shell}: share of a core at 2 s (%)"] = 100 * each_s / INTERVAL_S
    return figures
