"""Every way to log in that ssh has: the right secret lets in, and is asked for once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.prompts import Asker, Nobody, Prompter, QuestionKind
from opsdash.transport.ssh import dial, login
from opsdash.transport.ssh.transport import SshTransport
from tests.login_server import Doors, login_server
from tests.person import Person
from tests.waiting import wait_for

PHRASE = "correct horse"


@asynccontextmanager
async def transport_for(
    folder: Path, prompter: Prompter, *hosts: Host
) -> AsyncGenerator[SshTransport, None]:
    """A transport whose questions this person answers."""
    asker = Asker(prompter)
    transport = SshTransport({host.name: host for host in hosts}, folder / "own", asker)
    yield transport
    await asker.close()
    await transport.close()


async def gets_in(transport: SshTransport, host: Host) -> None:
    """A connection on which a command runs; it is closed again."""
    connection = await transport.connect(host)
    done = await connection.execute(b":\n", timeout_s=5, max_bytes=100)
    assert done.stdout == b"in\n"
    await connection.close()


async def refused(transport: SshTransport, host: Host) -> Problem:
    """Why nobody gets in."""
    with pytest.raises(HostError) as caught:
        await transport.connect(host)
    return caught.value.problem


def locked_key(folder: Path, *, with_public: bool = False) -> tuple[Path, asyncssh.SSHKey]:
    """An encrypted key file of OpenSSH's format."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = folder / "id_locked"
    path.write_bytes(key.export_private_key("openssh", passphrase=PHRASE, rounds=50))
    path.chmod(0o600)
    if with_public:
        path.with_name("id_locked.pub").write_bytes(key.export_public_key())
    return path, key


async def test_an_encrypted_key_is_asked_for_once_for_all_hosts(tmp_path: Path) -> None:
    path, key = locked_key(tmp_path)
    person = Person(passphrase=[PHRASE])
    person.hold.clear()
    async with login_server(tmp_path, Doors(key=key), keys=(path,)) as host:
        hosts = [replace(host, name=f"web{number}") for number in range(15)]
        async with transport_for(tmp_path, person, *hosts) as transport:
            going = [asyncio.create_task(gets_in(transport, host)) for host in hosts]
            await wait_for(lambda: bool(person.asked), what="the question")
            person.hold.set()
            await asyncio.gather(*going)
            assert transport._asker.remembered(f"passphrase/{path}") is None
    assert [question.key for question in person.asked] == [f"passphrase/{path}"]
    gc.collect()
    assert not [kept for kept in gc.get_objects() if kept == PHRASE.encode()]


async def test_a_wrong_passphrase_is_asked_again_and_esc_leaves_it(tmp_path: Path) -> None:
    path, key = locked_key(tmp_path, with_public=True)
    person = Person(passphrase=["wrong", PHRASE])
    async with login_server(tmp_path, Doors(key=key), keys=(path,)) as host:
        async with transport_for(tmp_path, person, host) as transport:
            await gets_in(transport, host)
        assert "not the passphrase" in person.asked[1].text
        nobody = Person()
        async with transport_for(tmp_path, nobody, host) as transport:
            first = await refused(transport, host)
            await refused(transport, host)
    assert first.kind is ProblemKind.UNANSWERED
    assert "passphrase" in first.text
    assert len(nobody.asked) == 1


async def test_a_key_that_the_server_does_not_want_is_never_asked_for(tmp_path: Path) -> None:
    path, _ = locked_key(tmp_path)
    person = Person(passphrase=[PHRASE])
    other = asyncssh.generate_private_key("ssh-ed25519")
    async with login_server(tmp_path, Doors(key=other), keys=(path,)) as host:
        async with transport_for(tmp_path, person, host) as transport:
            problem = await refused(transport, host)
    assert (problem.kind, person.asked) == (ProblemKind.AUTH, [])


async def test_without_anybody_an_encrypted_key_is_said_to_need_its_passphrase(
    tmp_path: Path,
) -> None:
    path, key = locked_key(tmp_path)
    async with login_server(tmp_path, Doors(key=key), keys=(path,)) as host:
        async with transport_for(tmp_path, Nobody(), host) as transport:
            problem = await refused(transport, host)
    assert problem.kind is ProblemKind.UNANSWERED
    assert "passphrase" in problem.text


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("named", [False, True])
async def test_a_user_certificate_lets_in(tmp_path: Path, locked: bool, named: bool) -> None:
    path, key = locked_key(tmp_path)
    if not locked:
        path.write_bytes(key.export_private_key())
    authority = asyncssh.generate_private_key("ssh-ed25519")
    signed = authority.generate_user_certificate(key, "ops", principals=["ops"])
    beside = tmp_path / ("elsewhere.pub" if named else "id_locked-cert.pub")
    beside.write_bytes(signed.export_certificate())
    if named:
        config = f"IdentityAgent none\nCertificateFile {beside}\n"
        (tmp_path / "ssh_config").write_text(config)
    doors = Doors(ca=authority)
    async with login_server(tmp_path, doors, keys=(path,)) as host:
        async with transport_for(tmp_path, Person(passphrase=[PHRASE]), host) as transport:
            await gets_in(transport, host)
    assert "certificate" in doors.tried


async def test_a_password_is_asked_for_when_wanted_remembered_and_never_by_a_probe(
    tmp_path: Path,
) -> None:
    doors = Doors(password="tr0ub4dor")
    person = Person(password=["wrong", "tr0ub4dor"])
    async with login_server(tmp_path, doors) as host:
        async with transport_for(tmp_path, person, host) as transport:
            first = await refused(transport, host)
            assert (first.kind, person.asked, doors.tried) == (ProblemKind.AUTH, [], [])
            assert "ctrl+r" in first.hint
            transport.ask_again()
            await gets_in(transport, host)
            assert [q.title for q in person.asked] == ["password of ops@web1"] * 2
            assert "try again" in person.asked[1].text
            await gets_in(transport, host)
            await transport.log_in(host)
    assert len(person.asked) == 2
    assert doors.tried == ["password"] * 4


async def test_three_wrong_passwords_are_enough_and_a_declined_one_is_no_failure(
    tmp_path: Path,
) -> None:
    doors = Doors(password="tr0ub4dor")
    async with login_server(tmp_path, doors) as host:
        guessing = Person(eager=True, password=["a", "b", "c", "d", "e"])
        async with transport_for(tmp_path, guessing, host) as transport:
            problem = await refused(transport, host)
        assert (problem.kind, doors.tried) == (ProblemKind.AUTH, ["password"] * 3)
        async with transport_for(tmp_path, Person(eager=True), host) as transport:
            problem = await refused(transport, host)
    assert problem.kind is ProblemKind.UNANSWERED
    assert problem.text == "login refused: password of ops@web1 not given"
    assert len(doors.tried) == 3


ROUNDS = [
    [("Password: ", False, "hunter2")],
    [],
    [("Token\x1b]52;c;x\x07 code: ", False, "123456"), ("City? ", True, "Ulm")],
]


async def test_keyboard_interactive_goes_through_all_rounds_in_clean_words(tmp_path: Path) -> None:
    person = Person(eager=True, password=["hunter2"], code=["123456"], city=["Ulm"])
    async with login_server(tmp_path, Doors(rounds=ROUNDS)) as host:
        async with transport_for(tmp_path, person, host) as transport:
            await gets_in(transport, host)
    asked = person.asked
    assert [question.field for question in asked] == ["Password:", "Token code:", "City?"]
    assert [question.kind for question in asked][2] is QuestionKind.LINE
    assert all(question.text == "company login" for question in asked)


async def test_a_password_of_a_challenge_is_remembered_a_code_is_asked_each_time(
    tmp_path: Path,
) -> None:
    person = Person(eager=True, password=["hunter2"], code=["123456"] * 2, city=["Ulm"] * 2)
    async with login_server(tmp_path, Doors(rounds=ROUNDS)) as host:
        async with transport_for(tmp_path, person, host) as transport:
            await gets_in(transport, host)
            await gets_in(transport, host)
    assert [question.field for question in person.asked].count("Password:") == 1
    assert [question.field for question in person.asked].count("City?") == 2


async def test_a_person_who_thinks_costs_no_time_and_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "LOGIN_TIMEOUT_S", 2.0)
    monkeypatch.setattr(dial, "HANDSHAKES", 1)
    key = asyncssh.generate_private_key("ssh-ed25519")
    plain = tmp_path / "id_plain"
    plain.write_bytes(key.export_private_key())
    person = Person(eager=True, password=["tr0ub4dor"])
    person.hold.clear()
    async with login_server(tmp_path, Doors(password="tr0ub4dor")) as slow:
        folder = tmp_path / "second"
        folder.mkdir()
        async with login_server(folder, Doors(key=key), keys=(plain,)) as quick:
            async with transport_for(tmp_path, person, slow) as transport:
                waiting = asyncio.create_task(gets_in(transport, slow))
                await wait_for(lambda: bool(person.asked), what="the question")
                began = asyncio.get_running_loop().time()
                await gets_in(transport, replace(quick, name="web2"))
                await wait_for(
                    lambda: asyncio.get_running_loop().time() - began > 2.2, what="thinking"
                )
                person.hold.set()
                await waiting


async def test_a_new_host_key_is_trusted_on_the_spot_and_pinned(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "id_plain"
    path.write_bytes(key.export_private_key())
    person = Person(trust=["yes"])
    async with login_server(tmp_path, Doors(key=key), keys=(path,), known=False) as host:
        async with transport_for(tmp_path, person, host) as transport:
            first = await refused(transport, host)
            assert first.kind is ProblemKind.HOST_KEY_UNKNOWN
            assert person.asked == []
            await gets_in(transport, host)
        (question,) = person.asked
        assert first.text.rpartition(" ")[2] in question.text
        async with transport_for(tmp_path, Nobody(), host) as transport:
            await gets_in(transport, host)


async def test_another_key_at_the_second_look_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "id_plain"
    path.write_bytes(key.export_private_key())
    real = login.Login.__init__

    async with login_server(tmp_path, Doors(key=key), keys=(path,), known=False) as host:
        async with transport_for(tmp_path, Person(eager=True, trust=["yes"]), host) as transport:
            pins: list[object] = []

            def swap(made: login.Login, *given: object) -> None:
                real(made, *given)  # type: ignore[arg-type]
                pins.append(made)

            async def agrees(*asked: object) -> bool:
                pins[0].offered = other  # type: ignore[attr-defined]
                return True

            monkeypatch.setattr(login.Login, "__init__", swap)
            monkeypatch.setattr(dial, "trusts", agrees)
            problem = await refused(transport, host)
    assert problem.kind is ProblemKind.HOST_KEY_CHANGED
    assert not (tmp_path / "own").exists()


async def test_a_proxy_command_is_the_way_with_its_tokens_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "id_plain"
    path.write_bytes(key.export_private_key())
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, select, socket, sys\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "while True:\n"
        "    for ready in select.select([0, s], [], [])[0]:\n"
        "        data = os.read(0, 65536) if ready == 0 else s.recv(65536)\n"
        "        if not data:\n"
        "            sys.exit()\n"
        "        os.write(1, data) if ready is s else s.sendall(data)\n"
    )
    config = tmp_path / "ssh_config"
    config.write_text(f"IdentityAgent none\nProxyCommand python3 {relay} '%h' %p\n")
    async with login_server(tmp_path, Doors(key=key), keys=(path,)) as host:
        async with transport_for(tmp_path, Nobody(), host) as transport:
            await gets_in(transport, host)
            pid = int((tmp_path / "pid").read_text())
            assert pid > 0
        assert not Path(f"/proc/{pid}").exists()
        config.write_text("IdentityAgent none\nProxyCommand sh -c 'echo no way >&2; exit 3'\n")
        async with transport_for(tmp_path, Nobody(), host) as transport:
            problem = await refused(transport, host)
    assert (problem.kind, problem.text) == (
        ProblemKind.PROXY,
        "ProxyCommand ended with status 3: no way",
    )
