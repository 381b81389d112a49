"""Keys as the user's own ssh takes them: odd ones are passed over, named ones must work."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from opsdash.core.errors import HostError
from opsdash.core.problem import ProblemKind
from opsdash.transport.ssh.keys import KeyRing
from opsdash.transport.ssh.resolve import Route


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent of whoever runs the tests stays out of them."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def a_key(path: Path, passphrase: str | None = None) -> str:
    """A private key at this path, its public half beside it."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(key.export_private_key(passphrase=passphrase))
    path.with_name(path.name + ".pub").write_bytes(key.export_public_key())
    return str(path)


def odd(folder: Path) -> list[str]:
    """Files that ssh passes over: missing, another program's, a FIDO stub, a public key alone."""
    putty = folder / "id_rsa"
    putty.write_text("PuTTY-User-Key-File-3: ssh-rsa\n")
    sk = folder / "id_ed25519_sk"
    sk.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    a_key(folder / "agent_only")
    (folder / "agent_only").unlink()
    return [str(folder / "id_dsa"), str(putty), str(sk), str(folder / "agent_only.pub")]


@pytest.mark.parametrize("own_keys", [False, True])
def test_what_the_ssh_config_names_may_be_missing_or_odd(tmp_path: Path, own_keys: bool) -> None:
    files = (*odd(tmp_path), a_key(tmp_path / "good"))
    found = KeyRing().identities(Route("web1", key_files=files, own_keys=own_keys))
    assert len(found.keys) == 1


def test_a_public_key_alone_picks_the_agents_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent.sock")
    files = (odd(tmp_path)[-1],)
    found = KeyRing().identities(Route("web1", key_files=files, own_keys=True))
    assert found.agent == "/run/agent.sock"
    assert found.only is not None
    assert len(found.only) == 1


@pytest.mark.parametrize("which", [0, 1])
def test_a_key_that_hosts_yaml_names_must_be_there_and_be_one(tmp_path: Path, which: int) -> None:
    files = (odd(tmp_path)[which],)
    with pytest.raises(HostError) as caught:
        KeyRing().identities(Route("web1", key_files=files, own_keys=True, named_keys=True))
    assert caught.value.problem.kind is ProblemKind.KEY_FILE
    assert files[0] in caught.value.problem.text


def test_a_named_key_with_a_passphrase_is_offered_by_its_public_half(tmp_path: Path) -> None:
    files = (a_key(tmp_path / "locked", "secret"),)
    Path(files[0] + ".pub").unlink(missing_ok=True)
    found = KeyRing().identities(Route("web1", key_files=files, own_keys=True, named_keys=True))
    assert [path for path, _, _ in found.locked] == list(files)


def test_a_named_key_that_hides_its_public_half_and_no_agent_says_what_to_do(
    tmp_path: Path,
) -> None:
    path = tmp_path / "locked"
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(key.export_private_key("pkcs8-pem", passphrase="secret"))
    with pytest.raises(HostError) as caught:
        KeyRing().identities(Route("web1", key_files=(str(path),), own_keys=True, named_keys=True))
    assert "ssh-add" in caught.value.problem.hint
