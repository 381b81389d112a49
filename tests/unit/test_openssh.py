"""What the system's ssh is called with, and what is made of its complaints."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.errors import HostError
from opsdash.core.host import Host, HostKeyPolicy
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.openssh.arguments import destination, options
from opsdash.transport.openssh.complaints import behind, complaint, proxy_ended
from opsdash.transport.ssh.resolve import Route
from tests.case_files import CASES

OWN = Path("/state/known_hosts")
PATH = st.text(
    st.characters(codec="utf-8", exclude_characters='\0\n\r"', exclude_categories=["Cs", "Cc"]),
    min_size=1,
).map(lambda text: "/" + text)


def said(host: Host, *hosts: Host, route: Route | None = None) -> list[str]:
    fleet = {one.name: one for one in (host, *hosts)}
    return options(host, route or Route("10.0.0.1"), fleet, OWN)


def as_ssh_reads_it(argv: list[str]) -> dict[str, list[str]]:
    """What ssh itself makes of the options."""
    done = subprocess.run(
        ["ssh", "-G", "-F", "none", *argv, "--", "web1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value)
    return found


def test_what_hosts_yaml_says_is_what_ssh_hears() -> None:
    host = Host("web1", port=2222, user="ops", keys=("/k/my key", "/k/b"))
    route = Route("10.0.0.1", known_hosts=("/etc/known hosts",))
    heard = as_ssh_reads_it(said(host, route=route))
    assert heard["port"] == ["2222"]
    assert heard["user"] == ["ops"]
    assert heard["identityfile"] == ["/k/my key", "/k/b"]
    assert heard["identitiesonly"] == ["yes"]
    assert heard["userknownhostsfile"] == ["/state/known_hosts /etc/known hosts"]
    assert heard["stricthostkeychecking"] == ["true"]
    assert heard["forwardagent"] == ["no"]
    assert heard["batchmode"] == ["yes"]


def test_accept_new_takes_a_key_that_nobody_lists_into_our_own_file() -> None:
    heard = as_ssh_reads_it(said(Host("web1", host_key=HostKeyPolicy.ACCEPT_NEW)))
    assert heard["stricthostkeychecking"] == ["accept-new"]
    assert heard["userknownhostsfile"][0].startswith("/state/known_hosts")


@given(key=PATH)
def test_a_jump_hosts_key_survives_ssh_and_the_shell(key: str) -> None:
    bastion = Host("bastion", address="10.0.0.9", user="ops", keys=(key,))
    argv = said(Host("web1", jump="bastion"), bastion)
    command = next(one for one in argv if one.startswith("ProxyCommand=")).removeprefix(
        "ProxyCommand="
    )
    filled = command.replace("%%", "\0").replace("%h", "h").replace("%p", "22").replace("\0", "%")
    done = subprocess.run(
        ["/bin/sh", "-c", f"set -- {filled}; printf '%s\\n' \"$@\""],
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.split("\n")
    escaped = key.replace("%", "%%").replace("\\", "\\\\")
    assert f'IdentityFile="{escaped}"' in words
    assert words[-6:] == ["ControlPath=none", "-W", "[h]:22", "--", "10.0.0.9", ""]


def test_jump_hosts_in_a_row_are_nested() -> None:
    outer = Host("outer", address="10.0.0.8")
    inner = Host("inner", address="10.0.0.9", jump="outer")
    command = next(
        one for one in said(Host("web1", jump="inner"), inner, outer) if "ProxyCommand" in one
    )
    assert "10.0.0.8" in command
    assert command.endswith("'10.0.0.9'")


@pytest.mark.parametrize("name", ["-oProxyCommand=evil", "a b", "$(evil)", "web1;evil"])
def test_a_name_that_is_no_name_never_reaches_ssh(name: str) -> None:
    with pytest.raises(HostError) as caught:
        destination(Host("web1", address=name))
    assert caught.value.problem.kind is ProblemKind.CONFIG


@pytest.mark.parametrize("path", ['/a"b', "/a\nb"])
def test_a_path_that_ssh_cant_be_told_is_refused(path: str) -> None:
    with pytest.raises(HostError, match="ssh can't use the path"):
        said(Host("web1", keys=(path,)))


COMPLAINTS = yaml.safe_load((CASES / "openssh" / "complaints.yaml").read_text())["complaints"]


@pytest.mark.parametrize("case", COMPLAINTS, ids=lambda case: case["said"][:30])
def test_every_complaint_has_its_kind(case: dict[str, str]) -> None:
    problem = complaint(case["said"], "10.0.0.1:22", "web1")
    assert problem.kind == case["kind"]
    assert problem.text
    assert problem.hint


def test_a_jump_host_that_failed_is_the_culprit() -> None:
    problem = behind(
        "ssh: connect to host 10.77.0.14 port 22: Connection refused\n"
        "Connection closed by UNKNOWN port 65535",
        "bastion",
    )
    assert problem is not None
    assert (problem.kind, problem.culprit) == (ProblemKind.JUMP, "bastion")
    assert problem.text == "behind bastion: connection refused by bastion"
    assert behind("ops@10.77.9.2: Permission denied (publickey).", "bastion") is None


def test_a_proxy_command_that_ended_is_blamed_and_a_refused_login_behind_it_is_not() -> None:
    def told(said: str) -> Problem:
        return proxy_ended(said, complaint(said, "exec:22", "web1"))

    closed = "kex_exchange_identification: Connection closed by remote host\n"
    nameless = "Connection closed by UNKNOWN port 65535\n"
    assert told(f"{closed}no tunnel\n{nameless}").text.endswith("before the login: no tunnel")
    assert told(closed + nameless).text.endswith("without a word")
    keys = "Received disconnect from UNKNOWN port 65535:2: Too many authentication failures"
    assert told(keys).kind is ProblemKind.AUTH
    assert told("Connection closed by 10.0.0.1 port 22").kind is ProblemKind.DROPPED


@given(st.text())
def test_no_words_of_a_server_break_the_reading(words: str) -> None:
    assert complaint(words, "{}", "{0.x}").text
