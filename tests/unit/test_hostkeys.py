"""Known, unknown, changed and revoked host keys are told apart, and one bad line costs itself."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

import asyncssh
import pytest

from opsdash.core.host import HostKeyPolicy
from opsdash.core.problem import ProblemKind
from opsdash.transport.ssh.hostkeys import KeyJudge, KnownHosts, fingerprint, kind_and_bits
from opsdash.transport.ssh.resolve import Route

STRICT, ACCEPT_NEW = HostKeyPolicy.STRICT, HostKeyPolicy.ACCEPT_NEW


@cache
def key(name: str) -> asyncssh.SSHKey:
    """A host's key, the same one for the same name."""
    return asyncssh.generate_private_key("ssh-ed25519", comment=name)


def line(pattern: str, name: str, marker: str = "") -> str:
    return f"{marker}{pattern} {key(name).export_public_key().decode().strip()}\n"


@pytest.fixture
def known(tmp_path: Path) -> KnownHosts:
    return KnownHosts(tmp_path / "state" / "known_hosts")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "users_known_hosts"


def trusted(known: KnownHosts, route: Route) -> list[bytes]:
    """The public keys that the files list for a route."""
    return [found.public_data for found in known.match(route)[0]]


@pytest.mark.parametrize(
    ("pattern", "address", "port", "alias", "found"),
    [
        ("web1", "web1", 22, "", True),
        ("web1,10.0.0.1", "10.0.0.1", 22, "", True),
        ("web*", "web1", 22, "", True),
        ("web2", "web1", 22, "", False),
        ("[web1]:2200", "web1", 2200, "", True),
        ("[web1]:2200", "web1", 22, "", False),
        ("[web1]:2200", "web1", 2201, "", False),
        ("shop", "10.0.0.1", 2200, "shop", True),
        ("10.0.0.1", "10.0.0.1", 22, "shop", False),
        ("[::1]:2200", "::1", 2200, "", True),
    ],
)
def test_a_key_is_known_under_its_name_port_and_alias(
    known: KnownHosts, file: Path, pattern: str, address: str, port: int, alias: str, found: bool
) -> None:
    file.write_text(line(pattern, "web1"))
    route = Route(address, port, alias=alias, known_hosts=(str(file),))
    assert trusted(known, route) == ([key("web1").public_data] if found else [])


def test_a_bad_line_costs_itself_only(known: KnownHosts, file: Path) -> None:
    file.write_text("web1 ssh-ed25519 !!!\nrubbish\n\xff\n" + line("web1", "web1") + "# note\n")
    assert trusted(known, Route("web1", known_hosts=(str(file),))) == [key("web1").public_data]


def test_files_that_are_not_there_list_nothing(known: KnownHosts, tmp_path: Path) -> None:
    route = Route("web1", known_hosts=(str(tmp_path / "none"), str(tmp_path)))
    assert not any(known.match(route))


def test_a_file_that_changed_is_read_again(known: KnownHosts, file: Path) -> None:
    route = Route("web1", known_hosts=(str(file),))
    file.write_text(line("web1", "old"))
    os.utime(file, (1.0, 1.0))
    assert trusted(known, route) == [key("old").public_data]
    file.write_text(line("web1", "new"))
    os.utime(file, (2.0, 2.0))
    assert trusted(known, route) == [key("new").public_data]


def test_all_files_count_and_the_own_one_too(known: KnownHosts, file: Path) -> None:
    file.write_text(line("web1", "one"))
    route = Route("web1", known_hosts=(str(file),))
    known.remember(route, key("two"))
    assert trusted(known, route) == [key("one").public_data, key("two").public_data]


@pytest.mark.parametrize(
    "route", [Route("web1"), Route("web1", 2200), Route("10.0.0.1", 2200, alias="shop")]
)
def test_what_is_remembered_is_known_and_nobody_else_is(known: KnownHosts, route: Route) -> None:
    known.remember(route, key("web1"))
    assert trusted(known, route) == [key("web1").public_data]
    assert trusted(known, Route("web2", route.port)) == []
    assert stat.S_IMODE(known.own_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(known.own_file.parent.stat().st_mode) == 0o700


def test_nothing_is_remembered_through_a_link(known: KnownHosts, file: Path) -> None:
    file.touch()
    known.own_file.parent.mkdir()
    known.own_file.symlink_to(file)
    with pytest.raises(OSError, match="symbolic links"):
        known.remember(Route("web1"), key("web1"))
    assert file.read_text() == ""


def test_revoked_keys_come_from_markers_and_from_a_file(
    known: KnownHosts, file: Path, tmp_path: Path
) -> None:
    file.write_text(line("web1", "marked", "@revoked ") + line("web1", "ca", "@cert-authority "))
    revoked = tmp_path / "revoked"
    revoked.write_text("# lost\n\n" + key("lost").export_public_key().decode())
    route = Route("web1", known_hosts=(str(file),), revoked=(str(revoked),))
    match = known.match(route)
    assert [found.public_data for found in match[1]] == [key("ca").public_data]
    assert {found.public_data for found in match[2]} == {
        key("marked").public_data,
        key("lost").public_data,
    }


@pytest.mark.parametrize("content", [None, b"SSHKRL\n\0\xff\xff", b"rubbish"])
def test_a_revocation_list_that_can_not_be_read_trusts_nobody(
    known: KnownHosts, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "revoked"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        known.match(Route("web1", revoked=(str(path),)))


@pytest.mark.parametrize(
    ("listed", "policy", "accepted", "kind"),
    [
        ("", STRICT, False, ProblemKind.HOST_KEY_UNKNOWN),
        ("", ACCEPT_NEW, True, None),
        (line("web1", "other"), STRICT, False, ProblemKind.HOST_KEY_CHANGED),
        (line("web1", "other"), ACCEPT_NEW, False, ProblemKind.HOST_KEY_CHANGED),
        (line("web1", "ca", "@cert-authority "), ACCEPT_NEW, False, ProblemKind.HOST_KEY_CHANGED),
        (line("web1", "gone", "@revoked "), ACCEPT_NEW, False, ProblemKind.HOST_KEY_UNKNOWN),
    ],
    ids=["strict", "new", "changed", "changed, not new", "signed", "revoked"],
)
def test_only_a_key_of_a_host_that_nobody_knows_may_be_new(
    known: KnownHosts,
    file: Path,
    listed: str,
    policy: HostKeyPolicy,
    accepted: bool,
    kind: ProblemKind | None,
) -> None:
    file.write_text(listed)
    judge = KeyJudge(policy, known.match(Route("web1", known_hosts=(str(file),))))
    assert judge.validate_host_public_key("web1", "", 22, key("web1")) is accepted
    assert judge.accepted is accepted
    if kind:
        problem = judge.problem("web1:22", revoked=False)
        assert problem.kind is kind
        assert fingerprint(key("web1")) in problem.text


def test_a_revoked_key_is_called_revoked() -> None:
    problem = KeyJudge(STRICT, ()).problem("web1:22", revoked=True)
    assert problem.kind is ProblemKind.HOST_KEY_REVOKED
    assert "web1:22" in problem.text


def test_a_fingerprint_is_the_one_that_ssh_shows() -> None:
    assert fingerprint(key("web1")) == key("web1").get_fingerprint("sha256")


def test_a_banner_that_never_ends_is_cut() -> None:
    judge = KeyJudge(STRICT, ())
    for _ in range(5):
        judge.auth_banner_received("x" * 1000, "")
    assert len(judge.banner) == 2000


@pytest.mark.parametrize(
    ("kind", "bits", "told"),
    [
        ("ssh-ed25519", 0, "ssh-ed25519"),
        ("ecdsa-sha2-nistp256", 0, "ecdsa-sha2-nistp256"),
        ("ssh-rsa", 1024, "ssh-rsa 1024"),
        ("ssh-rsa", 2048, "ssh-rsa 2048"),
        ("ssh-rsa", 3072, "ssh-rsa 3072"),
        ("ssh-dss", 0, "ssh-dss 1024"),
    ],
)
def test_a_host_key_is_told_by_its_kind_and_size(kind: str, bits: int, told: str) -> None:
    made = (
        asyncssh.generate_private_key(kind, key_size=bits)
        if bits
        else asyncssh.generate_private_key(kind)
    )
    assert kind_and_bits(made.convert_to_public()) == told


def test_a_key_that_is_only_listed_as_revoked_under_its_port_is_revoked(
    known: KnownHosts, file: Path
) -> None:
    file.write_text(line("[web1]:2200", "a", "@revoked ") + line("web1", "b"))
    route = Route("web1", 2200, known_hosts=(str(file),))
    trusted_keys, _, revoked, *_ = known.match(route)
    assert [k.public_data for k in revoked] == [key("a").public_data]
    assert [k.public_data for k in trusted_keys] == [key("b").public_data]


def test_each_line_about_a_route_is_told_with_its_place(known: KnownHosts, file: Path) -> None:
    file.write_text(
        "# mine\nnonsense\n"
        + line("web2", "b")
        + line("[web1]:2200", "a")
        + line("web1", "b")  # under another port: it does not count
        + line("[web*]:2200", "c", "@revoked ")
        + line("[web1]:2200", "d", "@cert-authority ")
    )
    found = known.entries(Route("web1", 2200, known_hosts=(str(file), "/nowhere")))
    assert [(entry.place, entry.is_ca, entry.is_revoked) for entry in found] == [
        (f"{file}:4", False, False),
        (f"{file}:6", False, True),
        (f"{file}:7", True, False),
    ]
