"""The doctor by every other way: the system's ssh, this machine, a made-up host; and the verb."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import asyncssh
import jsonschema
import pytest

import opsdash
from opsdash.activities.troubleshoot.doctor_report import closing
from opsdash.config.host_places import host_places
from opsdash.core.examination import Examination, Stage, Verdict
from opsdash.core.fleet import Fleet, this_machine
from opsdash.core.host import Host, Way
from opsdash.core.problem import ProblemKind
from opsdash.core.prompts import Asker, Nobody
from opsdash.engine.demo import DemoSession
from opsdash.engine.doctor import examine, sought
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.transport import process
from opsdash.transport.local import LocalTransport
from tests.doctor import examined, failed_at, notes_of, stage_of
from tests.ssh_server import Behaviour, TestServer, ssh_server

ROOT = Path(opsdash.__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs" / "doctor.schema.json").read_text())


def by_openssh(host: Host) -> Host:
    """The same host, by the system's ssh."""
    return replace(host, way=Way.OPENSSH)


async def test_by_the_systems_ssh_every_stage_is_told(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        exam = await examined(by_openssh(server.host), tmp_path)
        shown = server.host_key.get_fingerprint()
    assert [one.stage for one in exam.found] == list(Stage)
    assert exam.verdict is not Verdict.FAIL
    assert shown in stage_of(exam, Stage.HOST_KEY).text
    assert f"({server.known_hosts}:1)" in stage_of(exam, Stage.HOST_KEY).text
    assert "AsyncSSH" in stage_of(exam, Stage.BANNER).text
    login = stage_of(exam, Stage.LOGIN).text
    assert login.startswith(f"ops by publickey {server.host.keys[0]} ED25519 SHA256:")
    assert "time limit" in stage_of(exam, Stage.END).text or server.behaviour.pids == set()


async def test_by_the_systems_ssh_failures_have_their_stage(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(refuse_login=True)) as server:
        refused = await examined(by_openssh(server.host), tmp_path)
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        server.known_hosts.write_text(f"[127.0.0.1]:{server.host.port} {other}")
        changed = await examined(by_openssh(server.host), tmp_path)
        server.known_hosts.write_text("")
        unknown = await examined(by_openssh(server.host), tmp_path)
    closed = await examined(by_openssh(server.host), tmp_path)
    login = failed_at(refused, Stage.LOGIN)
    assert "Offering public key" in notes_of(login)
    assert "the server takes: publickey" in notes_of(login)
    assert login.mends[0].startswith("ssh-copy-id ")
    key = failed_at(changed, Stage.HOST_KEY)
    assert key.mends[-1].startswith("ssh-keygen -R '[127.0.0.1]:")
    assert failed_at(unknown, Stage.HOST_KEY).mends[0].startswith("ssh ")
    tcp = failed_at(closed, Stage.TCP)
    assert tcp.problem is not None
    assert tcp.problem.kind is ProblemKind.REFUSED


@pytest.mark.parametrize("way", [Way.SSH, Way.OPENSSH])
async def test_a_proxy_command_that_ends_is_told_with_its_own_words(
    tmp_path: Path, way: Way
) -> None:
    config = tmp_path / "config"
    config.write_text("ProxyCommand sh -c 'echo no tunnel today >&2; exit 3'\n")
    host = Host("web1", address="exec", ssh_config=str(config), way=way)
    cause = failed_at(await examined(host, tmp_path), Stage.TCP)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.PROXY
    how = "with status 3" if way is Way.SSH else "before the login"  # ssh does not say it
    assert cause.text == f"ProxyCommand ended {how}: no tunnel today"
    (by_hand,) = cause.mends
    done = await process.run(["sh", "-c", by_hand], timeout_s=10, max_bytes=1000)
    assert (done.status, done.stderr) == (3, b"no tunnel today\n")


async def test_this_machine_has_no_way_and_a_session() -> None:
    host = Host("here", address="localhost", way=Way.LOCAL)
    exam = Examination("here", lambda one: None)
    await examine(host, {Way.LOCAL: LocalTransport()}, Asker(Nobody()), exam)
    assert [one.stage for one in exam.found] == list(Stage)
    assert stage_of(exam, Stage.LOGIN).verdict is Verdict.SKIPPED
    assert stage_of(exam, Stage.END).verdict is Verdict.OK


async def test_a_session_examines_hosts_that_its_fleet_has_no_way_to(tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path / "state")
    async with Session(this_machine("here"), surroundings) as session:
        exam = await session.examine("127.0.0.1:1", lambda one: None)
        assert failed_at(exam, Stage.TCP).text == "connection refused by 127.0.0.1:1"
        assert "not in hosts.yaml" in exam.place
    async with DemoSession(3) as demo:
        with pytest.raises(ValueError, match="nothing else is contacted"):
            await demo.examine("127.0.0.1:1", lambda one: None)


async def test_a_made_up_host_says_that_it_is_one() -> None:
    async with DemoSession(5) as session:
        name = next(iter(session.fleet.hosts))
        exam = await session.examine(name, lambda one: None)
    assert {one.verdict for one in exam.found} == {Verdict.SKIPPED}
    assert all("made-up" in one.text for one in exam.found)
    assert closing(exam).startswith(f"{name}: nothing was examined: a made-up host")


def test_a_host_that_is_not_in_the_fleet_is_reached_as_ssh_would() -> None:
    fleet = Fleet({"web1": Host("web1"), "web2": Host("web2")}, "hosts.yaml")
    host, notice = sought(fleet, "ops@web3:2222")
    assert (host.address, host.user, host.port) == ("web3", "ops", 2222)
    assert "not in hosts.yaml" in notice
    assert "did you mean web1 or web2?" in sought(fleet, "web3")[1]
    assert sought(fleet, "web1") == (fleet.hosts["web1"], "")
    for url in ("ssh://ops@web3:2222", "SSH://ops@web3:2222/"):
        assert sought(fleet, url)[0].address == "web3"
    for text, why in (
        ("http://web3", "only ssh://user@address:port"),
        ("-oProxyCommand", "option"),
        ("-oProxyCommand=x", "must not hold '='"),
        ("ops@-oProxyCommand", "option"),
        ("", "must not be empty"),
        ("w" * 300, "at most 253 characters, not 300"),
    ):
        with pytest.raises(ValueError, match=why):
            sought(fleet, text)


def test_each_field_of_a_host_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yaml"
    path.write_text(
        "defaults:\n  user: ops\n  port: 22\ngroups:\n  web:\n    port: 2222\n    hosts: [web1]\n"
        "hosts:\n  web1:\n    address: 10.0.0.1\n    jump: b1\n  b1: root@10.0.0.9\n"
    )
    path.chmod(0o600)
    places = host_places(path, ["web1", "b1", "other"])
    assert places["web1"] == {
        "": f"{path}:9",
        "user": f"{path}:2",
        "port": f"{path}:6",
        "address": f"{path}:10",
        "jump": f"{path}:11",
    }
    assert places["b1"]["user"] == f"{path}:12"
    assert "other" not in places


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of its own."""
    kept = {k: v for k, v in os.environ.items() if k not in ("OPSDASH_HOSTS", "SSH_AUTH_SOCK")}
    return {
        **kept,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
    }


def hosts_yaml(folder: Path, server: TestServer) -> Path:
    """A hosts file with this server as web1."""
    host, path = server.host, folder / "hosts.yaml"
    path.write_text(
        f"hosts:\n  web1:\n    address: 127.0.0.1\n    port: {host.port}\n    user: ops\n"
        f"    keys: ['{host.keys[0]}']\n    known_hosts: ['{host.known_hosts[0]}']\n"
        f"    ssh_config: '{host.ssh_config}'\n"
    )
    path.chmod(0o600)
    return path


async def run(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """``opsdash`` with these words, while the server of the test goes on."""
    import asyncio

    def call() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "opsdash", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=home,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )

    return await asyncio.to_thread(call)


async def test_the_verb_accepts_a_host_key_by_its_fingerprint_and_then_is_well(
    tmp_path: Path, home: dict[str, str]
) -> None:
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        path = hosts_yaml(tmp_path, server)
        told = await run(home, "--hosts", str(path), "doctor", "web1", "--json")
        document = json.loads(told.stdout)
        jsonschema.validate(document, SCHEMA)
        assert told.returncode == 2
        assert document["cause"] == {"host": "web1", "stage": "host-key"}
        stage = next(one for one in document["stages"] if one["stage"] == "host-key")
        (command,) = stage["commands"]
        assert command.startswith(f"opsdash --hosts {path} doctor web1 --accept-host-key SHA256:")
        done = await run(home, *command.split()[1:])
        assert done.returncode in (0, 1), done.stdout + done.stderr
        said = " ".join(done.stdout.split())
        assert "new, accepted just now" in said
        assert f"{path}:3: address 127.0.0.1" in said
    assert (tmp_path / "state" / "opsdash" / "known_hosts").stat().st_mode & 0o777 == 0o600


async def test_the_verb_says_what_failed_and_what_was_not_reached(
    tmp_path: Path, home: dict[str, str]
) -> None:
    async with ssh_server(tmp_path) as server:
        path = hosts_yaml(tmp_path, server)
    done = await run(home, "--hosts", str(path), "doctor", "web1")
    assert (done.returncode, done.stderr) == (2, "")
    lines = done.stdout.splitlines()
    (tcp,) = (line for line in lines if line.startswith("tcp "))
    assert tcp.startswith("tcp          ✖ FAIL connection refused by 127.0.0.1:")
    assert "banner       - not reached" in lines
    assert lines[-1].startswith("web1 can't be used: tcp failed: connection refused")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("doctor", "bad=name"), "must not hold"),
        (("doctor", "web1", "--accept-host-key", "MD5:aa"), "a fingerprint is SHA256:"),
        (("--demo", "5", "doctor", "web1"), "there is no demo of 'doctor'"),
    ],
)
async def test_wrong_use_of_the_verb_is_64(
    home: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    done = await run(home, *words)
    assert done.returncode == 64
    assert said in done.stderr
    assert "Traceback" not in done.stderr
