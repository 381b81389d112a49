"""The doctor tells each attempt to log in, in order, and why a key was not even offered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from opsdash.core.examination import Stage, Verdict
from opsdash.core.problem import ProblemKind
from opsdash.engine import examined_session
from tests.doctor import examined, failed_at, notes_of, stage_of
from tests.login_server import Doors, login_server
from tests.person import Person

PHRASE = "correct horse"


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests has an agent that is none of our business."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(examined_session, "CUT_OFF_S", 0.1)


def key_file(
    folder: Path, name: str = "id_ed25519", phrase: str | None = None
) -> tuple[Path, asyncssh.SSHKey]:
    """A new private key in a file."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = folder / name
    path.write_bytes(key.export_private_key("openssh", passphrase=phrase, rounds=50))
    path.chmod(0o600)
    return path, key


async def test_a_key_that_is_not_taken_is_told_with_what_the_server_takes(tmp_path: Path) -> None:
    path, key = key_file(tmp_path)
    doors = Doors(key=asyncssh.generate_private_key("ssh-ed25519"), password="x")
    async with login_server(tmp_path, doors, keys=(path,)) as host:
        cause = failed_at(await examined(host, tmp_path), Stage.LOGIN)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.AUTH
    offered, password, takes = (note.text for note in cause.notes)
    assert offered == f"publickey file {path} ssh-ed25519 {key.get_fingerprint()}: not accepted"
    assert password == "password: nothing to answer with"
    assert takes == "the server takes: publickey, password"
    copy = f"ssh-copy-id -i {path}.pub -p {host.port} ops@127.0.0.1"
    assert cause.mends[0] == copy
    assert "journalctl" in cause.mends[1]


async def test_several_keys_are_told_in_the_order_in_which_they_were_offered(
    tmp_path: Path,
) -> None:
    wrong, _ = key_file(tmp_path, "id_a")
    right, key = key_file(tmp_path, "id_b")
    async with login_server(tmp_path, Doors(key=key), keys=(wrong, right)) as host:
        exam = await examined(host, tmp_path)
    login = stage_of(exam, Stage.LOGIN)
    assert login.verdict is Verdict.OK
    assert key.get_fingerprint() in login.text
    assert [(n.verdict, n.text.split()[2], n.text.split(": ")[-1]) for n in login.notes] == [
        (Verdict.FAIL, str(wrong), "not accepted"),
        (Verdict.OK, str(right), "accepted"),
    ]


async def test_a_key_with_a_passphrase_is_told_and_asked_for_only_when_wanted(
    tmp_path: Path,
) -> None:
    path, key = key_file(tmp_path, phrase=PHRASE)
    person = Person(passphrase=[PHRASE])
    async with login_server(tmp_path, Doors(key=key), keys=(path,)) as host:
        exam = await examined(host, tmp_path, prompter=person)
        cause = failed_at(exam, Stage.LOGIN)
        assert person.asked == []
        asked = await examined(host, tmp_path, prompter=person, ask=True)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.UNANSWERED
    assert "known there, but its passphrase was not given" in notes_of(cause)
    assert f"key file {path}: has a passphrase" in notes_of(cause)
    assert cause.mends == (f"ssh-add {path}",)
    assert stage_of(asked, Stage.LOGIN).verdict is Verdict.OK


async def test_a_key_that_is_missing_or_open_to_others_is_told(tmp_path: Path) -> None:
    open_to_all, _ = key_file(tmp_path)
    open_to_all.chmod(0o644)
    other = asyncssh.generate_private_key("ssh-ed25519")
    async with login_server(tmp_path, Doors(key=other), keys=(open_to_all,)) as host:
        cause = failed_at(await examined(host, tmp_path), Stage.LOGIN)
        gone = replace(host, keys=(str(tmp_path / "gone"),))
        missing = await examined(gone, tmp_path)
    assert "is open to others: ssh itself would not use it" in notes_of(cause)
    assert f"chmod 600 {open_to_all}" in cause.mends
    found = stage_of(missing, Stage.LOGIN)
    assert found.verdict is Verdict.FAIL
    assert found.problem is not None
    assert found.problem.kind is ProblemKind.KEY_FILE
    assert str(tmp_path / "gone") in found.text


async def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    path = tmp_path / "id_none"
    path.write_text("-----BEGIN NONSENSE-----\n\x1b[31m\n")
    path.chmod(0o600)
    async with login_server(tmp_path, Doors(), keys=(path,)) as host:
        exam = await examined(host, tmp_path)
    found = stage_of(exam, Stage.LOGIN)
    assert found.problem is not None
    assert found.problem.kind is ProblemKind.KEY_FILE
    assert found.text.isprintable()


async def test_a_password_that_has_expired_is_told_as_that(tmp_path: Path) -> None:
    person = Person(password=["secret"])
    async with login_server(tmp_path, Doors(password="secret", expired=True)) as host:
        exam = await examined(host, tmp_path, prompter=person, ask=True)
    cause = failed_at(exam, Stage.LOGIN)
    assert cause.problem is not None
    assert cause.problem.kind is ProblemKind.ACCOUNT
    assert cause.text == "login refused: the password has expired"
    assert "log in once with ssh" in cause.hint


async def test_a_password_and_questions_are_told_as_such(tmp_path: Path) -> None:
    person = Person(password=["secret"])
    async with login_server(tmp_path, Doors(password="secret")) as host:
        exam = await examined(host, tmp_path, prompter=person, ask=True)
    assert stage_of(exam, Stage.LOGIN).text == "ops by password"
    rounds = Doors(rounds=[[("Code: ", True, "123456")]])
    async with login_server(tmp_path, rounds) as host:
        refused = await examined(host, tmp_path, prompter=Person(code=["0"]), ask=True)
        taken = await examined(host, tmp_path, prompter=Person(code=["123456"]), ask=True)
    notes = notes_of(failed_at(refused, Stage.LOGIN))
    assert "keyboard-interactive: not accepted" in notes
    assert stage_of(taken, Stage.LOGIN).text == "ops by keyboard-interactive"


@contextmanager
def agent(folder: Path, *keys: Path) -> Iterator[str]:
    """A real agent that holds these keys; gives its socket."""
    socket = folder / "agent"
    argv = [shutil.which("ssh-agent") or "ssh-agent", "-D", "-a", str(socket)]
    running = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            added = subprocess.run(
                ["ssh-add", "-q", *map(str, keys)],
                env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
                capture_output=True,
                check=False,
            )
            if added.returncode == 0:
                break
        yield str(socket)
    finally:
        running.terminate()
        running.wait()


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="no ssh-agent here")
async def test_keys_of_the_agent_are_told_by_their_fingerprints(tmp_path: Path) -> None:
    path, key = key_file(tmp_path)
    with agent(tmp_path, path) as socket:
        config = tmp_path / "ssh_config"
        config.write_text(f"IdentityAgent {socket}\nIdentityFile none\n")
        async with login_server(tmp_path, Doors(key=key)) as host:
            good = await examined(host, tmp_path)
        async with login_server(tmp_path, Doors()) as host:
            bad = await examined(host, tmp_path)
    assert stage_of(good, Stage.LOGIN).text.startswith(
        f"ops by publickey agent ssh-ed25519 {key.get_fingerprint()}"
    )
    refused = f"publickey agent ssh-ed25519 {key.get_fingerprint()}"
    assert refused in notes_of(failed_at(bad, Stage.LOGIN))


async def test_an_agent_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "ssh_config").write_text(f"IdentityAgent {tmp_path}/none\nIdentityFile none\n")
    async with login_server(tmp_path, Doors(key=asyncssh.generate_private_key("ssh-ed25519"))) as h:
        cause = failed_at(await examined(h, tmp_path), Stage.LOGIN)
    assert f"no agent: nothing is at {tmp_path}/none" in notes_of(cause)
