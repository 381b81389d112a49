"""The doctor names the stage at which a way fails, what was found there, and what mends it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from opsdash.core.examination import Stage, Verdict
from opsdash.core.host import Host, Sudo
from opsdash.core.problem import ProblemKind
from opsdash.core.prompts import Nobody
from opsdash.engine import examined_session
from opsdash.engine.fingerprint_prompter import FingerprintPrompter
from opsdash.transport.ssh import dial, sockets
from tests.doctor import examined, failed_at, notes_of, stage_of
from tests.ssh_server import Behaviour, end_server, ssh_server
from tests.waiting import wait_for

HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\u202egarbage"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short look at what stays behind, and no agent of whoever runs the tests."""
    monkeypatch.setattr(examined_session, "CUT_OFF_S", 0.1)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@asynccontextmanager
async def raw_server(first: bytes, most: int = -1) -> AsyncGenerator[Host, None]:
    """A TCP server that says `first` to everybody, and then nothing; it closes when it has read
    something, `most` bytes of it, or all.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with suppress(ConnectionError):
            await reader.read(most)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield Host("web1", address="127.0.0.1", port=server.sockets[0].getsockname()[1], user="ops")
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def odd_server(host: Host, **options: Any) -> AsyncGenerator[Host, None]:
    """A server with options of its own, in the place of the host's."""
    taken: list[asyncssh.SSHServerConnection] = []

    class Open(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            taken.append(conn)

    options.setdefault("server_factory", Open)
    server = await asyncssh.listen("127.0.0.1", 0, **options)
    yield replace(host, port=server.get_port())
    await end_server(server, taken)


async def test_a_healthy_host_passes_every_stage_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined_session, "CUT_OFF_S", 2.0)  # a busy machine is no excuse
    async with ssh_server(tmp_path) as server:
        exam = await examined(server.host, tmp_path)
        said = {one.stage: one.text for one in exam.found}
        shown = server.host_key.get_fingerprint()
    assert [one.stage for one in exam.found] == list(Stage)
    assert {o.verdict for o in exam.found if o.stage is not Stage.ROOT} == {Verdict.OK}
    assert said[Stage.RESOLVE].startswith("ops@127.0.0.1 port ")
    assert "answers in" in said[Stage.TCP]
    assert said[Stage.BANNER].startswith("SSH-2.0-AsyncSSH")
    assert "aes128-gcm@openssh.com" in said[Stage.KEY_EXCHANGE]
    assert said[Stage.HOST_KEY] == f"ssh-ed25519 {shown}: known ({server.known_hosts}:1)"
    assert said[Stage.LOGIN].startswith("ops by publickey file ")
    assert "SHA256:" in said[Stage.LOGIN]
    assert "awk" in said[Stage.TOOLS]
    assert said[Stage.CLOCK].startswith("as here")
    assert said[Stage.END] == "exit status comes back, nothing is left running"
    assert not server.behaviour.pids


async def test_a_name_without_an_address_fails_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    cause = failed_at(await examined(Host("web9.example"), tmp_path), Stage.RESOLVE)
    assert cause.text == "name not found: web9.example"
    assert cause.mends == ("getent hosts web9.example",)


async def test_a_closed_port_fails_at_tcp_with_the_address(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        host = server.host
    cause = failed_at(await examined(host, tmp_path), Stage.TCP)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.REFUSED
    assert notes_of(cause).startswith(f"127.0.0.1 port {host.port}: Connection refused (")


async def test_every_address_of_a_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ssh_server(tmp_path) as server:
        port = server.host.port
        good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        dead = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 1))

        async def both(address: str, port: int) -> list[Any]:
            return [dead, good]

        monkeypatch.setattr(sockets, "look_up", both)
        exam = await examined(replace(server.host, address="two.example"), tmp_path)
    assert "two.example is 127.0.0.2, 127.0.0.1" in stage_of(exam, Stage.RESOLVE).text
    tcp = stage_of(exam, Stage.TCP)
    assert tcp.text.startswith("127.0.0.1 port")
    assert "127.0.0.2 port" in notes_of(tcp)


async def test_a_port_that_stays_silent_fails_at_the_banner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BANNER_TIMEOUT_S", 0.3)
    async with raw_server(b"") as host:
        exam = await examined(host, tmp_path)
    cause = failed_at(exam, Stage.BANNER)
    assert "sshd does not answer" in cause.text
    assert stage_of(exam, Stage.TCP).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"220 mail.example ESMTP {HOSTILE}\r\n".encode(), "does not speak SSH"),
        (b"Exceeded MaxStartups\r\n", "turns logins away"),
    ],
)
async def test_a_server_that_says_something_else_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes, words: str
) -> None:
    monkeypatch.setattr(dial, "LOGIN_TIMEOUT_S", 0.5)
    async with raw_server(said) as host:
        cause = failed_at(await examined(host, tmp_path), Stage.BANNER)
    assert words in cause.text
    quoted = notes_of(cause)
    assert quoted.startswith(f"it said: {said.split()[0].decode()}")
    assert quoted.isprintable()
    assert "\u202e" not in quoted
    other = words == "does not speak SSH"
    assert cause.mends[0].startswith("nc -v " if other else "journalctl ")
    assert len(cause.mends) == 1


@pytest.mark.parametrize(
    ("first", "stage", "words", "received", "programs"),
    [
        (
            b"\x16\x03\x01" + b"\xff" * 400,
            Stage.BANNER,
            "does not speak SSH",
            "16 03 01 ff",
            ["nc"],
        ),
        (b"hello\r\n", Stage.BANNER, "does not speak SSH", "it said: hello", ["nc"]),
        (
            b"SSH-2.0-Odd\r\n",
            Stage.KEY_EXCHANGE,
            "closed the connection before the login was over",
            "",
            ["journalctl"],
        ),
    ],
)
async def test_a_server_that_hangs_up_is_told_with_what_came(
    tmp_path: Path, first: bytes, stage: Stage, words: str, received: str, programs: list[str]
) -> None:
    async with raw_server(first, most=5) as host:
        cause = failed_at(await examined(host, tmp_path), stage)
    assert words in cause.text
    assert "Connection lost" not in cause.text
    assert received in notes_of(cause)
    assert [command.split()[0] for command in cause.mends] == programs
    assert not re.search("tried again|ctrl", cause.hint)


async def test_a_server_that_closes_without_a_word_is_too_busy_or_another_one(
    tmp_path: Path,
) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    host = Host("web1", address="127.0.0.1", port=server.sockets[0].getsockname()[1])
    cause = failed_at(await examined(host, tmp_path), Stage.BANNER)
    server.close()
    await server.wait_closed()
    assert [command.split()[0] for command in cause.mends] == ["nc", "journalctl"]


async def test_without_a_common_algorithm_both_sides_offers_are_told(tmp_path: Path) -> None:
    old = {"kex_algs": ["diffie-hellman-group1-sha1"]}
    async with ssh_server(tmp_path) as server:
        async with odd_server(server.host, server_host_keys=[server.host_key], **old) as host:
            cause = failed_at(
                await examined(replace(host, known_hosts=("/dev/null",)), tmp_path),
                Stage.KEY_EXCHANGE,
            )
    assert cause.text == "no key exchange algorithm in common"
    here, there = cause.notes
    assert here.text.startswith("here: ")
    assert "curve25519-sha256" in here.text
    assert "there: diffie-hellman-group1-sha1" in there.text
    assert cause.mends[0].startswith("ssh -o KexAlgorithms=+diffie-hellman-group1-sha1 ")


async def test_an_unknown_host_key_tells_its_fingerprint_and_how_to_accept_it(
    tmp_path: Path,
) -> None:
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        cause = failed_at(await examined(server.host, tmp_path), Stage.HOST_KEY)
        shown = server.host_key.get_fingerprint()
    assert f"ssh-ed25519 {shown}: UNKNOWN" in cause.text
    assert cause.mends == (f"opsdash doctor web1 --accept-host-key {shown}",)
    assert "on its console" in cause.hint


async def test_a_host_key_is_accepted_by_its_fingerprint_and_by_no_other(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        server.known_hosts.write_text("")
        wrong = FingerprintPrompter("SHA256:" + "A" * 43, Nobody())
        exam = await examined(server.host, tmp_path, prompter=wrong, ask=True)
        failed_at(exam, Stage.HOST_KEY)
        assert not (tmp_path / "own").exists()
        right = FingerprintPrompter(server.host_key.get_fingerprint(), Nobody())
        exam = await examined(server.host, tmp_path, prompter=right, ask=True)
        assert exam.verdict is not Verdict.FAIL
        assert "new, accepted just now" in stage_of(exam, Stage.HOST_KEY).text
        exam = await examined(server.host, tmp_path)
    assert f"known ({tmp_path / 'own'}:1)" in stage_of(exam, Stage.HOST_KEY).text


async def test_a_changed_host_key_is_told_with_the_line_and_never_accepted(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        other = asyncssh.generate_private_key("ssh-ed25519")
        line = other.export_public_key().decode()
        server.known_hosts.write_text(f"# mine\n[127.0.0.1]:{server.host.port} {line}")
        yes = FingerprintPrompter(server.host_key.get_fingerprint(), Nobody())
        exam = await examined(server.host, tmp_path, prompter=yes, ask=True)
    cause = failed_at(exam, Stage.HOST_KEY)
    assert "CHANGED" in cause.text
    listed = f"listed: ssh-ed25519 {other.get_fingerprint()} in {server.known_hosts}:2"
    assert notes_of(cause) == listed
    drop = f"ssh-keygen -R '[127.0.0.1]:{server.host.port}' -f {server.known_hosts}"
    assert cause.mends[1:] == (drop,)
    assert not (tmp_path / "own").exists()


async def test_a_host_with_another_kind_of_key_than_the_listed_one_is_told_so(
    tmp_path: Path,
) -> None:
    async with ssh_server(tmp_path) as server:
        listed = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
        server.known_hosts.write_text(f"[127.0.0.1]:{server.host.port} {listed}")
        cause = failed_at(await examined(server.host, tmp_path), Stage.KEY_EXCHANGE)
    assert cause.text == "the host has no key of the kind that known_hosts lists"
    assert f"{server.known_hosts}:1" in notes_of(cause)
    assert cause.mends[1].startswith("ssh-keygen -R ")


async def test_a_revoked_host_key_has_no_way_round(tmp_path: Path) -> None:
    async with ssh_server(tmp_path) as server:
        line = server.known_hosts.read_text()
        server.known_hosts.write_text(f"{line}@revoked {line}")
        cause = failed_at(await examined(server.host, tmp_path), Stage.HOST_KEY)
    assert f"REVOKED ({server.known_hosts}:2)" in cause.text
    assert cause.mends == ()


async def test_a_weak_host_key_is_a_warning(tmp_path: Path) -> None:
    weak = asyncssh.generate_private_key("ssh-rsa", key_size=1024)
    async with ssh_server(tmp_path) as server:
        async with odd_server(server.host, server_host_keys=[weak]) as host:
            line = weak.export_public_key().decode()
            server.known_hosts.write_text(f"[127.0.0.1]:{host.port} {line}")
            exam = await examined(host, tmp_path)
    found = stage_of(exam, Stage.HOST_KEY)
    assert found.verdict is Verdict.WARN
    assert "RSA with 1024 bits" in found.text


async def test_a_host_that_hangs_up_in_the_login_is_told_at_the_login(tmp_path: Path) -> None:
    class Rude(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self.connection = conn

        def begin_auth(self, username: str) -> bool:
            self.connection.abort()
            return True

    async with ssh_server(tmp_path) as server:
        keys = [server.host_key]
        async with odd_server(server.host, server_host_keys=keys, server_factory=Rude) as host:
            line = server.host_key.export_public_key().decode()
            server.known_hosts.write_text(f"[127.0.0.1]:{host.port} {line}")
            cause = failed_at(await examined(host, tmp_path), Stage.LOGIN)
    assert cause.problem is not None
    assert cause.problem.kind in (ProblemKind.LOST, ProblemKind.DROPPED)
    assert "closed the connection before" in cause.text
    assert cause.mends[0].startswith("journalctl ")


async def test_a_noisy_shell_is_a_warning_with_its_first_words(tmp_path: Path) -> None:
    noise = f"Welcome {HOSTILE}\n".encode()
    async with ssh_server(tmp_path, Behaviour(before=noise)) as server:
        exam = await examined(server.host, tmp_path)
    shell = stage_of(exam, Stage.SHELL)
    assert shell.verdict is Verdict.WARN
    assert f"prints {len(noise)} bytes before our command" in shell.text
    assert notes_of(shell).startswith("it begins: Welcome")
    assert notes_of(shell).isprintable()
    assert "~/.bashrc" in shell.mends[0]
    assert {o.verdict for o in exam.found if o.stage in (Stage.TOOLS, Stage.CLOCK, Stage.END)} == {
        Verdict.OK
    }


async def test_a_slow_shell_is_a_warning_with_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined_session, "SLOW_SHELL_S", 0.1)
    async with ssh_server(tmp_path, Behaviour(slow_s=0.1)) as server:
        exam = await examined(server.host, tmp_path)
    shell = stage_of(exam, Stage.SHELL)
    assert (shell.verdict, shell.text.endswith("s (slow)")) == (Verdict.WARN, True)


async def test_a_shell_that_hangs_fails_in_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined_session, "STEP_S", 0.2)
    async with ssh_server(tmp_path, Behaviour(slow_s=60)) as server:
        cause = failed_at(await examined(server.host, tmp_path), Stage.SHELL)
    assert "no answer within" in cause.text


async def test_a_shell_that_prints_without_end_is_told_so(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(instead="endless")) as server:
        cause = failed_at(await examined(server.host, tmp_path), Stage.SHELL)
    assert cause.text.startswith("the login shell prints without end: ")
    assert "| head" in cause.hint


async def test_an_account_that_may_not_be_used_fails_at_the_shell(tmp_path: Path) -> None:
    async with ssh_server(tmp_path, Behaviour(instead="exit")) as server:
        cause = failed_at(await examined(server.host, tmp_path), Stage.SHELL)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.ACCOUNT
    assert "not available" in cause.text


async def test_a_host_without_awk_fails_at_its_tools_and_the_rest_is_still_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("cat", "head", "date", "sleep", "id", "readlink", "ls"):
        (tools / name).symlink_to(shutil.which(name) or name)
    async with ssh_server(tmp_path) as server:
        monkeypatch.setenv("PATH", str(tools))
        exam = await examined(server.host, tmp_path)
    found = stage_of(exam, Stage.TOOLS)
    assert found.verdict is Verdict.FAIL
    assert "awk" in found.text
    assert "install gawk or mawk there" in found.hint
    assert stage_of(exam, Stage.CLOCK).verdict is Verdict.OK


def tools_in(folder: Path, **scripts: str) -> str:
    """A folder of the usual tools and of these scripts; gives its path."""
    folder.mkdir()
    for name in (*examined_session.NEEDED, *examined_session.WANTED, "readlink", "ls", "env"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, script in scripts.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("sudo", "verdict", "words"),
    [
        ("exit 0", Verdict.OK, "sudo, without a password"),
        ("echo 'sudo: a password is required' >&2; exit 1", Verdict.OK, "asks for a password"),
        ("echo 'ops is not in the sudoers file' >&2; exit 1", Verdict.WARN, "lets this user"),
        (None, Verdict.WARN, "there is neither sudo nor doas"),
    ],
)
async def test_how_root_is_become_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str | None, verdict: Verdict, words: str
) -> None:
    scripts = {"id": "echo 1000", **({"sudo": sudo} if sudo else {})}
    async with ssh_server(tmp_path) as server:
        monkeypatch.setenv("PATH", tools_in(tmp_path / "bin", **scripts))
        found = stage_of(await examined(server.host, tmp_path), Stage.ROOT)
        never = replace(server.host, sudo=Sudo.NONE)
        told = stage_of(await examined(never, tmp_path), Stage.ROOT)
    assert found.verdict is verdict
    assert words in found.text
    assert (told.verdict, told.text) == (Verdict.SKIPPED, "hosts.yaml says sudo: none")


async def test_a_clock_that_is_wrong_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    date = shutil.which("date")
    async with ssh_server(tmp_path) as server:
        wrong = tools_in(tmp_path / "bin", date=f'exec {date} -d "2 hours ago" "$@"')
        monkeypatch.setenv("PATH", wrong)
        clock = stage_of(await examined(server.host, tmp_path), Stage.CLOCK)
    assert clock.verdict is Verdict.WARN
    assert clock.text.startswith("2h behind this machine") or "120m behind" in clock.text
    assert "timedatectl" in clock.mends[0]


async def test_what_changes_exit_statuses_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrapped(session: examined_session.Session, script: str, *rest: float) -> Any:
        done = await real(session, script, *rest)
        return replace(done, status=0) if script.startswith("exit") else done

    real = examined_session.Session._run
    monkeypatch.setattr(examined_session.Session, "_run", wrapped)
    async with ssh_server(tmp_path) as server:
        exam = await examined(server.host, tmp_path)
    end = stage_of(exam, Stage.END)
    assert (end.verdict, end.text) == (
        Verdict.WARN,
        "a command that exits with 7 is reported with 0",
    )


async def test_a_command_that_lives_on_over_there_is_noticed_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "tests.ssh_server._hang_up"  # as an SSH server that passes on no signal
    monkeypatch.setattr(examined_session, "CUT_OFF_S", 1.0)
    async with ssh_server(tmp_path) as server:
        with monkeypatch.context() as patch:
            patch.setattr(deaf, lambda child: None)
            exam = await examined(server.host, tmp_path)
            await wait_for(lambda: not server.behaviour.pids, what="the end of all shells")
    end = stage_of(exam, Stage.END)
    assert end.verdict is Verdict.WARN
    assert "went on running there (it was ended now)" in end.text


async def test_the_jump_host_that_fails_is_the_cause(tmp_path: Path) -> None:
    async with ssh_server(tmp_path / "b", name="bastion") as bastion:
        gone = bastion.host
    async with ssh_server(tmp_path / "v", name="vault") as vault:
        inner = replace(vault.host, jump="bastion")
        exam = await examined(inner, tmp_path, gone)
    cause = failed_at(exam, Stage.TCP, "bastion")
    assert "connection refused" in cause.text
    assert "through bastion" in stage_of(exam, Stage.RESOLVE).text
    assert stage_of(exam, Stage.TCP).verdict is Verdict.NOT_REACHED


async def test_a_host_behind_a_jump_host_is_examined_hop_by_hop(tmp_path: Path) -> None:
    async with ssh_server(tmp_path / "b", name="bastion") as bastion:
        async with ssh_server(tmp_path / "v", name="vault") as vault:
            inner = replace(vault.host, jump="bastion")
            exam = await examined(inner, tmp_path, bastion.host)
            shut = replace(inner, port=1)
            failed = await examined(shut, tmp_path, bastion.host)
    assert exam.verdict is not Verdict.FAIL
    assert stage_of(exam, Stage.LOGIN, "bastion").verdict is Verdict.OK
    assert stage_of(exam, Stage.TCP).text == "through bastion"
    assert "bastion can't reach 127.0.0.1:1" in failed_at(failed, Stage.TCP).text


async def test_an_examination_ends_in_time_and_says_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opsdash.engine import doctor

    monkeypatch.setattr(doctor, "DEADLINE_S", 0.4)
    monkeypatch.setattr(doctor, "_TICK_S", 0.2)
    async with ssh_server(tmp_path, Behaviour(slow_s=60)) as server:
        exam = await examined(server.host, tmp_path)
    cause = exam.cause  # on a busy machine it may not have come as far as the shell
    assert cause is not None
    assert cause.text.startswith("not done within")
    assert exam.found[-1].verdict is Verdict.NOT_REACHED
    assert {one.stage for one in exam.found} == set(Stage)


async def test_a_host_that_cant_be_started_on_is_a_problem_of_its_config(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("Nonsense yes\n")
    host = Host("web1", address="127.0.0.1", ssh_config=str(tmp_path / "broken"))
    cause = failed_at(await examined(host, tmp_path), Stage.RESOLVE)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.CONFIG
