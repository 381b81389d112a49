"""A host is reached as hosts.yaml says, and else exactly as the user's own ssh would."""

from __future__ import annotations

import getpass
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.errors import HostError
from opsdash.core.host import Host, HostKeyPolicy
from opsdash.core.problem import ProblemKind
from opsdash.transport import process
from opsdash.transport.base import Completed
from opsdash.transport.ssh import resolve as resolving
from opsdash.transport.ssh import same_for_all
from opsdash.transport.ssh.keys import KeyRing
from opsdash.transport.ssh.resolve import (
    Route,
    _from_ssh,
    expand,
    expand_tokens,
    hop_host,
    parse_ssh_g,
    resolve,
)

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client here")

SAID = """\
user deploy
hostname 10.0.0.1
port 2222
identityagent none
identitiesonly yes
identityfile ~/.ssh/id_one
identityfile /keys/with space
globalknownhostsfile none
userknownhostsfile /home/o'brien/known /etc/other
proxyjump ops@j1:2200,[::1]:22
hostkeyalias web
revokedhostkeys /etc/revoked
proxycommand none
"""

CONFIG = """\
Host web
  HostName 10.0.0.1
  Port 2222
  User deploy
  IdentityFile none
  IdentityAgent none
  UserKnownHostsFile "/home/o'brien/known" /etc/other
  GlobalKnownHostsFile none
  ProxyJump ops@j1:2200,[::1]:22
  HostKeyAlias alias-web
Host db
  IdentityFile /keys/one
  IdentityFile /keys/two
  IdentitiesOnly yes
  IdentityAgent /run/agent.sock
  ProxyJump none
  ProxyCommand none
  UserKnownHostsFile none
  GlobalKnownHostsFile /etc/known
Host piped
  ProxyCommand nc %h %p
"""


@pytest.fixture(autouse=True)
def nothing_asked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ssh said in tests before this one is not known."""
    monkeypatch.setattr(resolving, "_SAID_OF_ALL", {})


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A config file of the user's."""
    path = tmp_path / "ssh_config"
    path.write_text(CONFIG)
    return str(path)


def test_every_key_has_all_its_values_in_order() -> None:
    said = parse_ssh_g("Port 22\nidentityfile a b\nnovalue\nIdentityFile c\n\n")
    assert said == {"port": ["22"], "identityfile": ["a b", "c"]}


def test_a_route_is_what_ssh_said() -> None:
    assert _from_ssh("web", parse_ssh_g(SAID)) == Route(
        address="10.0.0.1",
        port=2222,
        user="deploy",
        key_files=("~/.ssh/id_one", "/keys/with space"),
        own_keys=True,
        agent="",
        hops=("ops@j1:2200", "[::1]:22"),
        alias="web",
        known_hosts=("/home/o'brien/known", "/etc/other"),
        revoked=("/etc/revoked",),
    )


def test_without_an_ssh_the_name_is_the_address() -> None:
    assert _from_ssh("web1", {}) == Route("web1")


@pytest.mark.parametrize("key", ["proxyjump", "proxycommand", "userknownhostsfile"])
@pytest.mark.parametrize("none", ["none", "None"])
def test_none_means_none(key: str, none: str) -> None:
    assert _from_ssh("web1", {key: [none]}) == Route("web1")


def test_no_key_file_is_not_a_file_called_none() -> None:
    assert _from_ssh("web1", {"identityfile": ["none"]}).key_files == ()


@pytest.mark.parametrize(
    ("said", "agent"),
    [
        ({}, "/usual"),
        ({"identityagent": ["SSH_AUTH_SOCK"]}, "/usual"),
        ({"identityagent": ["/own"]}, "/own"),
        ({"identityagent": ["none"]}, None),
    ],
    ids=["usual", "named usual", "own", "none"],
)
def test_keys_of_an_agent_are_offered_only_where_ssh_would(
    said: dict[str, list[str]], agent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/usual")
    assert KeyRing().identities(_from_ssh("web1", said)).agent == agent


@pytest.mark.parametrize(
    ("hop", "user", "address", "port"),
    [
        ("j1", None, "j1", None),
        ("ops@j1", "ops", "j1", None),
        ("ops@j1:2200", "ops", "j1", 2200),
        ("j1:22", None, "j1", 22),
        ("[::1]:22", None, "::1", 22),
        ("[2001:db8::1]", None, "2001:db8::1", None),
        ("ops@[fe80::1%eth0]:2200", "ops", "fe80::1%eth0", 2200),
        ("ssh://ops@j1:2200", "ops", "j1", 2200),
    ],
)
def test_a_jump_host_may_be_written_in_every_way_that_ssh_knows(
    hop: str, user: str | None, address: str, port: int | None
) -> None:
    behind = Host("web1", keys=("/k",), host_key=HostKeyPolicy.ACCEPT_NEW, ssh_config="/c")
    found = hop_host(hop, behind)
    assert (found.name, found.user, found.address, found.port) == (hop, user, address, port)
    assert (found.keys, found.host_key, found.ssh_config) == (
        behind.keys,
        behind.host_key,
        behind.ssh_config,
    )
    assert found.jump is None


@pytest.mark.parametrize(
    "hop",
    [
        "",
        "@j1",
        "ops@",
        "j1:",
        "j1:ssh",
        "j1:0",
        "j1:70000",
        "[::1",
        "[::1]x",
        "-oProxyCommand=id",
        "j1;id",
        "j1 j2",
        "ops:secret@j1",
        "j1\n",
        "$(id)",
    ],
)
def test_what_is_no_jump_host_is_refused(hop: str) -> None:
    with pytest.raises(HostError) as raised:
        hop_host(hop, Host("web1"))
    assert raised.value.problem.kind is ProblemKind.CONFIG


@pytest.mark.parametrize("name", ["-oProxyCommand=id", "a b", "a;b", "$(id)", "a\nb", "", "ä"])
async def test_a_name_that_could_mean_something_to_ssh_is_refused(name: str) -> None:
    with pytest.raises(HostError) as raised:
        await resolve(Host("web1", address=name) if name else Host(name))
    assert raised.value.problem.kind is ProblemKind.CONFIG


@needs_ssh
async def test_a_real_ssh_config_is_followed(config: str) -> None:
    web = await resolve(Host("web", ssh_config=config))
    assert web == Route(
        address="10.0.0.1",
        port=2222,
        user="deploy",
        key_files=(),
        agent="",
        hops=("ops@j1:2200", "[::1]:22"),
        alias="alias-web",
        known_hosts=("/home/o'brien/known", "/etc/other"),
    )


@needs_ssh
async def test_none_in_a_real_ssh_config_means_none(config: str) -> None:
    assert await resolve(Host("db", ssh_config=config)) == Route(
        address="db",
        user=getpass.getuser(),
        key_files=("/keys/one", "/keys/two"),
        own_keys=True,
        agent="/run/agent.sock",
        known_hosts=("/etc/known",),
    )


@needs_ssh
async def test_hosts_yaml_comes_before_ssh_config(config: str) -> None:
    host = Host(
        "shop",
        address="web",
        port=22,
        user="me",
        keys=("/mine",),
        jump="gate",
        known_hosts=("/own",),
        ssh_config=config,
    )
    route = await resolve(host)
    assert (route.address, route.port, route.user) == ("10.0.0.1", 22, "me")
    assert (route.key_files, route.own_keys) == (("/mine",), True)
    assert (route.hops, route.known_hosts) == (("gate",), ("/own",))


@needs_ssh
async def test_a_proxy_command_has_its_tokens_and_gives_way_to_a_jump_host(config: str) -> None:
    route = await resolve(Host("piped", user="me", port=2200, ssh_config=config))
    assert "%" not in route.proxy_command
    assert route.proxy_command.startswith("nc ")
    route = await resolve(Host("piped", jump="gate", ssh_config=config))
    assert (route.hops, route.proxy_command) == (("gate",), "")


def test_tokens_of_a_proxy_command_are_filled_in() -> None:
    route = Route("10.0.0.1", 2200, "me", alias="web-alias")
    assert expand_tokens("x %h '%p' %r %n %k 100%%", "web", route) == (
        "x 10.0.0.1 '2200' me web web-alias 100%"
    )


@pytest.mark.parametrize("command", ["nc %C", "nc %", "nc %q"])
def test_a_token_that_is_not_known_is_refused(command: str) -> None:
    with pytest.raises(HostError, match=r"ProxyCommand: %.* can't be filled in safely"):
        expand_tokens(command, "web", Route("10.0.0.1"))


@given(st.text(min_size=1))
def test_no_value_of_a_token_is_more_than_a_word_to_a_shell(value: str) -> None:
    try:
        filled = expand_tokens("%r", "web", Route("10.0.0.1", user=value))
    except HostError:
        return
    assert shlex.split(filled) == [value]
    assert shlex.quote(value) in (value, f"'{value}'")
    assert not set(value) & set(" $`'\"\\|&;<>()*?[]{}!#~\n\t")


@needs_ssh
async def test_a_broken_ssh_config_is_told_in_the_words_of_ssh(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_text("Host *\n  NoSuchOption yes\n")
    with pytest.raises(HostError, match=r"ssh -G web1: .*terminating, 1 bad conf") as raised:
        await resolve(Host("web1", ssh_config=str(path)))
    assert raised.value.problem.kind is ProblemKind.CONFIG
    assert raised.value.hint == "correct your ssh config"


async def test_without_an_ssh_client_its_defaults_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def missing(*argv: str, **options: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("asyncio.create_subprocess_exec", missing)
    route = await resolve(Host("web1", user="me", port=2200))
    assert (route.address, route.port, route.user) == ("web1", 2200, "me")
    assert route.known_hosts == ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(24, "Too many open files"), ProblemKind.FILES),
        (PermissionError(13, "Permission denied"), ProblemKind.MISSING_COMMAND),
    ],
)
async def test_an_ssh_that_can_not_be_started_is_no_licence_to_know_no_host_keys(
    monkeypatch: pytest.MonkeyPatch, error: OSError, kind: ProblemKind
) -> None:
    async def refused(*argv: str, **options: object) -> None:
        raise error

    monkeypatch.setattr("asyncio.create_subprocess_exec", refused)
    with pytest.raises(HostError) as caught:
        await resolve(Host("web1"))
    assert caught.value.problem.kind is kind
    assert str(error.strerror) in str(caught.value)


async def test_a_name_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    async def ssh(argv: list[str], **options: object) -> Completed:
        asked.append(argv)
        return Completed(0, b"", b"")

    monkeypatch.setattr(process, "run", ssh)
    monkeypatch.setattr(same_for_all, "text_for_all", lambda config: None)
    await resolve(Host("web1", ssh_config="/c"))
    await resolve(Host("web1"))
    assert asked == [["ssh", "-G", "-F", "/c", "--", "web1"], ["ssh", "-G", "--", "web1"]]


def test_a_tilde_is_the_home_directory() -> None:
    assert expand("~/.ssh/id") == Path.home() / ".ssh/id"
    assert expand("/etc/ssh/x") == Path("/etc/ssh/x")
