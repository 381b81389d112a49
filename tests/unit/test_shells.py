"""What is started for a shell on a host, how its end is told, and windows of tmux."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.audit import AuditEntry, Phase
from opsdash.core.errors import AuditError, HostError
from opsdash.core.fleet import Fleet
from opsdash.core.guard import Guard
from opsdash.core.host import Host, HostKeyPolicy, Way
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.engine.shells import ShellLog, own_shell, shell_command
from opsdash.transport import tmux
from opsdash.transport.openssh.arguments import by_hand
from opsdash.transport.ssh.resolve import Route

OWN = Path("/state/known_hosts")
BASTION = Host("bastion", address="10.0.0.1", port=2200, user="jump", keys=("/k/jump",))
PLAIN = Route("web1", known_hosts=("/home/me/.ssh/known_hosts",))


def ssh(host: Host, *others: Host) -> list[str]:
    hosts = {one.name: one for one in (host, *others)}
    return by_hand(host, PLAIN, hosts, OWN)


def test_a_person_gets_all_of_their_config_and_our_host_keys() -> None:
    assert ssh(Host("web1")) == [
        "ssh",
        *("-o", "StrictHostKeyChecking=yes"),
        *("-o", 'UserKnownHostsFile="/state/known_hosts" "/home/me/.ssh/known_hosts"'),
        *("-o", "GlobalKnownHostsFile=none"),
        *("--", "web1"),
    ]


def test_what_the_hosts_file_says_is_said_to_ssh() -> None:
    host = Host(
        "db1",
        address="10.0.4.3",
        port=2222,
        user="ops",
        keys=("/k/a b",),
        ssh_config="/etc/ssh/own",
        host_key=HostKeyPolicy.ACCEPT_NEW,
    )
    argv = ssh(host)
    assert argv[:3] == ["ssh", "-F", "/etc/ssh/own"]
    assert argv[-2:] == ["--", "10.0.4.3"]
    said = " ".join(argv)
    assert "StrictHostKeyChecking=accept-new" in said
    assert '-p 2222 -l ops -o IdentityFile="/k/a b" -o IdentitiesOnly=yes' in said


def test_the_way_through_a_bastion_has_its_keys_and_may_ask() -> None:
    argv = ssh(Host("vault1", address="10.9.0.2", jump="bastion"), BASTION)
    assert argv[:3] == ["env", "SHELL=/bin/sh", "ssh"]
    proxy = next(one for one in argv if one.startswith("ProxyCommand="))
    words = shlex.split(proxy.removeprefix("ProxyCommand=").replace("%%", "%"))
    assert words[-4:] == ["-W", "[%h]:%p", "--", "10.0.0.1"]
    assert words[words.index("-l") :][:2] == ["-l", "jump"]
    assert 'IdentityFile="/k/jump"' in words
    assert "ForwardAgent=no" in words
    assert "BatchMode=yes" not in words


def test_a_name_that_ssh_could_take_for_an_option_is_refused() -> None:
    with pytest.raises(HostError, match="must not begin with '-'"):
        ssh(Host("-lroot"))


async def test_this_machine_has_the_users_own_login_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    command = await shell_command(fleet(Host("here", way=Way.LOCAL)), "here", OWN)
    assert (command.argv, command.by_ssh) == (("/bin/sh", "-l"), False)
    monkeypatch.setenv("SHELL", "sh; id")  # nothing that runs: what the password file says
    assert own_shell().startswith("/")


async def test_the_demo_and_strangers_are_refused_with_a_next_step() -> None:
    known = fleet(Host("web1", way=Way.REPLAY))
    with pytest.raises(HostError, match="a host of the demo") as caught:
        await shell_command(known, "web1", OWN)
    assert "without --demo" in caught.value.problem.hint
    with pytest.raises(HostError, match="none of these hosts"):
        await shell_command(known, "web2", OWN)


class Written:
    """An audit log of a test; with `full` nothing can be written."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.full = False

    async def write(self, entry: AuditEntry) -> None:
        if self.full:
            raise AuditError("the disk is full", "make room")
        self.entries.append(entry)


def log(written: Written, read_only: str = "") -> ShellLog:
    guard = Guard(replace(fleet(Host("web1")), read_only=read_only))
    return ShellLog(written, guard.refusal, lambda: 1_800_000_000.0, "desk pts/3")


async def test_a_shell_is_a_line_when_it_begins_and_one_when_it_ends() -> None:
    written = Written()
    command = await log(written).begin(ShellCommand("web1", ("ssh", "--", "a b")))
    await log(written).end(command, ShellEnd(255, "no route"))
    begun, ended = written.entries
    assert (begun.phase, begun.host, begun.action) == (Phase.BEGIN, "web1", "shell.open")
    assert (begun.command, begun.from_where) == ("ssh -- 'a b'", "desk pts/3")
    assert (ended.phase, ended.exit_status, ended.text) == (Phase.END, 255, "no route")
    assert begun.plan_id == ended.plan_id == command.id != ""


async def test_read_only_has_no_shells_and_that_is_written_down() -> None:
    written = Written()
    with pytest.raises(HostError, match=r"no shell: .* read-only \(hosts.yaml\)"):
        await log(written, "hosts.yaml").begin(ShellCommand("web1", ("ssh",)))
    assert [one.phase for one in written.entries] == [Phase.REFUSED]


async def test_what_cant_be_written_down_is_not_opened() -> None:
    written = Written()
    written.full = True
    with pytest.raises(HostError, match="not opened: the disk is full") as caught:
        await log(written).begin(ShellCommand("web1", ("ssh",)))
    assert caught.value.problem.hint == "make room"


def fleet(*hosts: Host) -> Fleet:
    return Fleet(MappingProxyType({one.name: one for one in hosts}))


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (0, "Connection to web1 closed.", "back from web1"),
        (130, "", "back from web1: its last command ended with status 130"),
        (-9, "", "the shell on web1 was killed by SIGKILL"),
        (255, "ssh: no \x1b[2Jroute", "ssh to web1 failed: ssh: no route"),
        (255, "", "ssh to web1 failed: it said nothing"),
        (None, "opsdash ended before it", "the shell on web1: opsdash ended before it"),
    ],
)
def test_how_it_ended_is_told_in_a_sentence(status: int | None, said: str, sentence: str) -> None:
    assert ShellEnd(status, said).sentence(ShellCommand("web1", ("ssh",))) == sentence


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tmux that writes down what it was called with, a word a line."""
    path = tmp_path / "tmux"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{tmp_path}/called\n")
    path.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    return tmp_path


async def test_a_window_is_named_after_the_host_and_has_our_agent(stand_in: Path) -> None:
    await tmux.open_window("web#(id)1", ["ssh", "--", "a b"])
    words = (stand_in / "called").read_text().splitlines()
    assert words[:4] == ["new-window", "-n", "web##(id)1", "--"]
    assert words[-3:] == ["ssh", "--", "a b"]
    assert "SSH_AUTH_SOCK=/run/agent" in words


@pytest.mark.parametrize(("status", "kept"), [(0, False), (3, False), (255, True)])
async def test_only_a_window_whose_ssh_failed_waits_to_be_read(
    stand_in: Path, status: int, kept: bool
) -> None:
    await tmux.open_window("web1", ["/bin/sh", "-c", f"exit {status}"])
    words = (stand_in / "called").read_text().splitlines()[4:]
    done = subprocess.run(words, input=b"\n", capture_output=True, check=False)
    assert done.returncode == status
    assert (b"Enter closes this window" in done.stdout) is kept


async def test_what_tmux_refuses_is_told_with_a_way_round_it(stand_in: Path) -> None:
    (stand_in / "tmux").write_text("#!/bin/sh\necho 'no server running on /x' >&2; exit 1\n")
    with pytest.raises(HostError, match="no server running on /x") as caught:
        await tmux.open_window("web1", ["ssh"])
    assert "shell here" in caught.value.problem.hint
