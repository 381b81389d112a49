"""The command of the collectors of containers, run for real; the engines are stand-ins that print
what theirs print, as no engine runs where the tests do.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdash.collectors.containers import CONTAINERS
from opsdash.core.plugin import understand
from opsdash.core.reading import Output, Reading

ID = "5f" * 32
ENGINE = f"""#!/bin/sh
echo "$*" >> "$0.calls"
case "$*" in
  *inspect*{ID}*) echo "ran|{ID}|7|false" ;;
  *ps*) echo "{ID}|web|nginx:1.27|Up 2 hours (unhealthy)" ;;
esac
"""
NONE = """#!/bin/sh
echo 'time="2026-11-27" level=warning msg="cgroup v1 is deprecated | really"' >&2
"""
DEAD = """#!/bin/sh
echo 'warning: something' >&2
echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2
exit 1
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A runtime folder of a login with the socket of a rootless docker in it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        yield tmp_path


def answer(
    run_dir: Path,
    engine: str,
    *,
    name: str = "docker",
    shell: str = "sh",
    command: str = CONTAINERS.command,
) -> Reading:
    """What the command says to a login with such an engine on its search path."""
    for program, text in ((run_dir / name, engine), (run_dir / "id", "#!/bin/sh\necho 1000\n")):
        program.write_text(text)
        program.chmod(0o755)
    env = {"PATH": f"{run_dir}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(run_dir)}
    argv = [*shell.split(), "-c", command]
    done = subprocess.run(argv, env=env, capture_output=True, check=True)
    assert done.stderr == b""
    return understand(CONTAINERS, Output(done.stdout), "h", 0.0)


@pytest.mark.parametrize("shell", ["sh", *(["busybox sh"] if shutil.which("busybox") else [])])
def test_an_engine_is_asked_at_its_own_socket_and_each_container_inspected(
    run_dir: Path, shell: str
) -> None:
    reading = answer(run_dir, ENGINE, shell=shell)
    (row,) = reading.rows
    assert (row["name"], row["health"], row["restarts"]) == ("web", "unhealthy", 7)
    calls = (run_dir / "docker.calls").read_text().splitlines()
    assert len(calls) == 2
    assert all(call.startswith(f"-H unix://{run_dir}/docker.sock ") for call in calls)


def test_an_engine_without_containers_has_none_though_it_warns(run_dir: Path) -> None:
    reading = answer(run_dir, NONE)
    assert reading.problem is None
    assert not reading.rows


def test_an_engine_that_does_not_answer_says_so_in_its_own_words(run_dir: Path) -> None:
    (row,) = answer(run_dir, DEAD).rows
    assert row["kind"] == "engine"
    assert row["said"] == "Cannot connect to the Docker daemon. Is the docker daemon running?"


def test_rootless_podman_is_asked_only_where_it_runs_already(run_dir: Path) -> None:
    assert answer(run_dir, ENGINE, name="podman").get("containers.seen") == 0
    assert not (run_dir / "podman.calls").exists()
    (run_dir / "libpod/tmp").mkdir(parents=True)
    (run_dir / "libpod/tmp/pause.pid").write_text(f"{os.getpid()}")
    assert answer(run_dir, ENGINE, name="podman").get("containers.seen") == 1


def test_without_an_engine_there_is_nothing(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", CONTAINERS.command], env=env, capture_output=True, check=True
    )
    reading = understand(CONTAINERS, Output(done.stdout), "h", 0.0)
    assert reading.problem is None
    assert not reading.rows


NEW = {
    "cgroup.controllers": "cpu memory",
    f"system.slice/docker-{ID}.scope/cpu.stat": "usage_usec 5000000\nuser_usec 1",
    f"system.slice/docker-{ID}.scope/memory.current": "4194304",
}
OLD = {
    f"memory/docker/{ID}/memory.usage_in_bytes": "4194304",
    f"cpuacct/docker/{ID}/cpuacct.usage": "5000000123",
}


@pytest.mark.parametrize("files", [NEW, OLD], ids=["cgroup v2", "cgroup v1"])
def test_memory_and_processors_are_read_from_the_cgroups(
    run_dir: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        path = run_dir / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    command = CONTAINERS.command.replace("/sys/fs/cgroup", f"{run_dir}/cgroup")
    reading = answer(run_dir, ENGINE, command=command)
    assert reading.get("containers.memory_bytes", "web") == 4194304
    assert reading.get("containers.cores", "web") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_asks_no_socket_that_a_user_may_have_put_there(run_dir: Path) -> None:
    program = run_dir / "docker"
    program.write_text(ENGINE)
    program.chmod(0o755)
    env = {"PATH": f"{run_dir}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(run_dir)}
    subprocess.run(["sh", "-c", CONTAINERS.command], env=env, capture_output=True, check=True)
    assert not (run_dir / "docker.calls").exists()
