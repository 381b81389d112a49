"""The command line as scripts use it: output, exit codes, and never a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import jsonschema
import pytest

import opsdash
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for

ROOT = Path(opsdash.__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs" / "status.schema.json").read_text())


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of its own: no hosts file, an empty store."""
    ours = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPSDASH_HOSTS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **kept,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
    }


def run(
    home: dict[str, str], *words: str, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    """``opsdash`` with these words."""
    return subprocess.run(
        [sys.executable, "-m", "opsdash", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=home,
        stdin=stdin,
        start_new_session=True,  # whoever runs the tests is not asked on the terminal
        check=False,
    )


def hosts_file(folder: Path, *lines: str) -> str:
    """A hosts file with these lines under ``hosts:``."""
    path = folder / "hosts.yaml"
    path.write_text("hosts:\n" + "".join(f"  {line}\n" for line in lines))
    path.chmod(0o600)
    return str(path)


def test_without_a_hosts_file_status_tells_of_this_machine(home: dict[str, str]) -> None:
    done = run(home, "status", "--json")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    (host,) = report["hosts"]
    assert host["metrics"]["memory.total_bytes"] > 1_000_000
    assert 0 <= host["metrics"]["cpu.busy_ratio"] <= 1
    assert "cpu-saturated" in report["needs_longer"]
    codes = {"ok": 0, "warn": 1, "crit": 2, "down": 2, "unknown": 3}
    assert done.returncode == codes[host["health"]]


async def test_hosts_over_ssh_are_reported_and_a_dead_one_sets_the_exit_code(
    home: dict[str, str], tmp_path: Path
) -> None:
    async with ssh_server(tmp_path / "server") as server:
        host = server.host
        common = f"user: ops, keys: [{host.keys[0]}], known_hosts: [{host.known_hosts[0]}]"
        common += f", ssh_config: {host.ssh_config}"
        path = hosts_file(
            tmp_path,
            f"web1: {{address: 127.0.0.1, port: {host.port}, {common}, tags: [web]}}",
            f"gone: {{address: 127.0.0.1, port: 1, {common}}}",
        )
        done = await asyncio.to_thread(run, home, "status", "--hosts", path, "--json")
        table = await asyncio.to_thread(run, home, "status", "--hosts", path, "gone")
        web = await asyncio.to_thread(run, home, "status", "--hosts", path, "tag:web", "--json")
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert [host["name"] for host in report["hosts"]] == ["gone", "web1"]
    assert report["hosts"][0]["why"] == "connection refused by 127.0.0.1:1"
    assert done.returncode == 2
    assert "DOWN" in table.stdout
    assert "web1" not in table.stdout
    assert [host["name"] for host in json.loads(web.stdout)["hosts"]] == ["web1"]


async def test_a_hung_host_is_unknown_at_the_deadline_and_holds_nobody_up(
    home: dict[str, str], tmp_path: Path
) -> None:
    async with ssh_server(tmp_path / "server", Behaviour(instead="hang")) as server:
        host = server.host
        path = hosts_file(
            tmp_path,
            f"web1: {{address: 127.0.0.1, port: {host.port}, user: ops, keys: [{host.keys[0]}],"
            f" known_hosts: [{host.known_hosts[0]}], ssh_config: {host.ssh_config}}}",
        )
        words = ("status", "--hosts", path, "--json", "--deadline", "1")
        done = await asyncio.to_thread(run, home, *words)
    (told,) = json.loads(done.stdout)["hosts"]
    assert (told["health"], told["age_s"]) == ("unknown", None)
    assert done.returncode == 3


def test_the_inventory_of_this_machine_agrees_with_its_own_tools(home: dict[str, str]) -> None:
    done = run(home, "inventory", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads((ROOT / "docs" / "inventory.schema.json").read_text()))
    (host,) = report["hosts"]
    assert host["cpu"]["threads"] == os.cpu_count()
    assert host["memory"]["bytes"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert host["os"]["kernel"] == os.uname().release


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("status", "nosuch"), 64, "no host is called 'nosuch'"),
        (("status", "tagg:x"), 64, "did you mean tag:x?"),
        (("status", "--nosuch"), 64, "No such option"),
        (("nosuch",), 64, "No such command"),
        (("status", "--hosts", "/nosuch/hosts.yaml"), 65, "/nosuch/hosts.yaml"),
        (("status", "--deadline", "never"), 64, "not a valid float"),
        (("inventory", "--json", "--csv"), 64, "--json or --csv, not both"),
        (("inventory", "nosuch"), 64, "no host is called 'nosuch'"),
        (("--theme", "bogus"), 64, "there is no theme 'bogus'; these are: ansi16, "),
        (("--hosts", "/nosuch.yaml"), 65, "no such file (named by --hosts)"),
        (("--hosts", "/nosuch.yaml", "status"), 65, "no such file (named by --hosts)"),
        (("--hosts", "/nosuch.yaml", "hosts", "list"), 65, "no such file (named by --hosts)"),
        (("--hosts", "/nosuch.yaml", "hosts", "check"), 65, "no such file (named by --hosts)"),
        (("--hosts", "/nosuch.yaml", "doctor", "a"), 65, "no such file (named by --hosts)"),
    ],
)
def test_a_wrong_word_is_named_with_an_exit_code_of_its_own(
    home: dict[str, str], words: tuple[str, ...], code: int, said: str
) -> None:
    done = run(home, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_theme_that_is_none_is_wrong_usage_on_a_terminal_too(home: dict[str, str]) -> None:
    leader, follower = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsdash", "--theme", "bogus"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**home, "TERM": "xterm-256color"},
    )
    os.close(follower)
    async with asyncio.timeout(20):
        assert await process.wait() == 64
    os.close(leader)


def test_a_host_that_no_file_names_is_said_so_once(home: dict[str, str]) -> None:
    done = run(home, "doctor", "--batch", "ops@127.0.0.1:1")
    assert (done.stdout + done.stderr).count("is not in hosts.yaml") == 1


def test_hosts_that_could_not_be_asked_are_not_taken_for_fine(
    home: dict[str, str], tmp_path: Path
) -> None:
    path = hosts_file(tmp_path, "gone: {address: 127.0.0.1, port: 1, user: ops}")
    done = run(home, "status", "--hosts", path, "disk>90")
    assert done.returncode == 3
    assert "1 host could not be asked" in done.stdout


def test_output_that_can_not_be_written_is_an_error_in_words(home: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m opsdash status > /dev/full"],
        capture_output=True,
        text=True,
        timeout=60,
        env=home,
        check=False,
    )
    assert done.returncode == 74
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_faults_of_the_hosts_file_come_all_at_once(home: dict[str, str], tmp_path: Path) -> None:
    path = hosts_file(tmp_path, "web1: {adress: x}", "web2: {port: 70000}")
    done = run(home, "status", "--hosts", path)
    assert done.returncode == 65
    assert f"{path}:2:" in done.stderr
    assert "did you mean address" in done.stderr
    assert f"{path}:3:" in done.stderr


def test_without_a_terminal_status_is_printed_and_said_so(home: dict[str, str]) -> None:
    done = run(home, "--demo", "3")
    assert done.returncode == 2  # a demo always has a host that is critical
    assert done.stderr == "opsdash: the screen needs a terminal: this is what opsdash status says\n"
    assert done.stdout.splitlines()[1].split()[:2] == ["HOST", "HEALTH"]


def test_a_reader_that_goes_away_is_no_error(home: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m opsdash status --json | true"],
        capture_output=True,
        text=True,
        timeout=60,
        env=home,
        check=False,
    )
    assert done.stderr == ""


def test_a_state_folder_that_can_not_be_used_costs_the_memory_only(
    home: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = run({**home, "XDG_STATE_HOME": str(tmp_path / "file")}, "status", "--json")
    assert done.stderr == ""
    (notice,) = json.loads(done.stdout)["notices"]
    assert "nothing is remembered" in notice


async def test_watching_prints_again_and_ends_at_ctrl_c(home: dict[str, str]) -> None:
    watching = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "opsdash", "status", "--watch", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=home,
        limit=2**22,
    )
    assert watching.stdout is not None
    jsonschema.validate(json.loads(await watching.stdout.readline()), SCHEMA)
    watching.send_signal(signal.SIGINT)
    _, errors = await watching.communicate()
    assert errors.strip() == b""
    assert watching.returncode == 130


async def test_the_screen_opens_in_a_terminal_and_q_gives_it_back(home: dict[str, str]) -> None:
    """A real terminal, the real program: what an admin's first key press meets."""
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    seen = bytearray()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "opsdash"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**home, "TERM": "xterm-256color", "COLUMNS": "20"},
    )
    os.close(follower)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            seen.extend(os.read(leader, 65_536))
        except OSError:
            loop.remove_reader(leader)

    loop.add_reader(leader, read)
    try:
        await wait_for(lambda: b"HOST" in seen, within_s=20, what="the fleet screen")
        await wait_for(lambda: b"quit" in seen, what="the keys")
        os.write(leader, b"\xe9\xff")  # what a Latin-1 terminal sends
        os.write(leader, b"?")
        await wait_for(lambda: b"Keys in" in seen, what="the help, after bytes that are no UTF-8")
        os.write(leader, b"q")
        os.write(leader, b"q")
        async with asyncio.timeout(10):
            assert await process.wait() == 0
        assert b"Traceback" not in seen
        assert b"\x1b[?1049l" in seen, "the terminal's own screen must be back"
    finally:
        loop.remove_reader(leader)
        os.close(leader)
        if process.returncode is None:
            process.kill()
            await process.wait()
