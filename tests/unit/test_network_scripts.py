"""What the tools of hosts say of names, echoes and ways is understood, whichever a host has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from opsdash.core.action import Wish, plan_action
from opsdash.core.discover import actions
from opsdash.core.host import Host
from opsdash.core.snapshot import HostState

NEEDED = ("sh", "awk", "sed", "grep", "sort", "tail", "cat", "printf")

BIND = "Server:\t\t10.0.0.2\nAddress:\t10.0.0.2#53\n\n"
BUSYBOX = "Server:\t\t10.0.0.2\nAddress:\t10.0.0.2:53\n\n"
OLD_BUSYBOX = "Server:    10.0.0.2\nAddress 1: 10.0.0.2 ns1\n\n"


def said(
    folder: Path, action: str, tools: Mapping[str, tuple[str, int]], **given: str
) -> tuple[int, list[str]]:
    """What an action says on a host that has these tools and no other, each of which says so."""
    bin_ = folder / "bin"
    bin_.mkdir()
    for name in NEEDED:
        found = next(path for path in ("/bin", "/usr/bin") if Path(path, name).exists())
        (bin_ / name).symlink_to(Path(found, name))
    for name, (text, status) in tools.items():
        (folder / f"{name}.txt").write_text(text)
        script = f'#!/bin/sh\necho "$@" >{folder}/args\ncat {folder}/{name}.txt\nexit {status}\n'
        (bin_ / name).write_text(script)
        (bin_ / name).chmod(0o755)
    plan = plan_action(actions()[action], [HostState(Host("web1"))], given, Wish("p1", "ann", 1.0))
    (step,) = plan.hosts[0].steps
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input=step.script.replace("/etc/hosts", str(folder / "hosts")),
        env={**os.environ, "PATH": str(bin_)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize(
    ("tool", "text", "status", "server", "wanted"),
    [
        ("getent", "10.0.0.4 STREAM db1\n10.0.0.4 DGRAM\n2001:db8::4 STREAM\n", 0, "",
         ["asked: getent", "address: 10.0.0.4", "address: 2001:db8::4"]),
        ("getent", "", 2, "",
         ["asked: getent", "no address: the name is not known, or no server has answered"]),
        ("resolvectl", ("db1: 10.0.0.4                  -- link: eth0\n"
         "     2001:db8::4                -- link: eth0\n\n-- Information acquired via DNS\n"),
         0, "", ["asked: resolvectl", "address: 10.0.0.4", "address: 2001:db8::4"]),
        ("resolvectl", "db1: resolve call failed: 'db1' not found\n", 1, "",
         ["asked: resolvectl", "no address: db1: resolve call failed: 'db1' not found"]),
        ("dig", "alias.example.\n10.0.0.4\n", 0, "10.0.0.2",
         ["asked: dig at 10.0.0.2", "address: 10.0.0.4"]),
        ("dig", ";; communications error to 10.0.0.2#53: timed out\n", 9, "10.0.0.2",
         ["asked: dig at 10.0.0.2",
          "no address: ;; communications error to 10.0.0.2#53: timed out"]),
        ("host", ("Using domain server:\nAddress: 10.0.0.2#53\n\ndb1 has address 10.0.0.4\n"
         "db1 has IPv6 address 2001:db8::4\ndb1 mail is handled by 10 mail.\n"), 0, "10.0.0.2",
         ["asked: host at 10.0.0.2", "address: 10.0.0.4", "address: 2001:db8::4"]),
        ("host", "Host db1 not found: 3(NXDOMAIN)\n", 1, "",
         ["asked: host", "no address: Host db1 not found: 3(NXDOMAIN)"]),
        ("nslookup", BIND + "Name:\tdb1\nAddress: 10.0.0.4\n", 0, "10.0.0.2",
         ["asked: nslookup at 10.0.0.2", "address: 10.0.0.4"]),
        ("nslookup", BUSYBOX + "Name:\tdb1\nAddress: 10.0.0.4\n\nName:\tdb1\nAddress: ::4\n", 0,
         "", ["asked: nslookup", "address: 10.0.0.4", "address: ::4"]),
        ("nslookup", OLD_BUSYBOX + "Name:      db1\nAddress 1: 10.0.0.4 db1.example\n", 0, "",
         ["asked: nslookup", "address: 10.0.0.4"]),
        ("nslookup", BUSYBOX + "** server can't find db1: NXDOMAIN\n", 1, "",
         ["asked: nslookup", "no address: ** server can't find db1: NXDOMAIN"]),
    ],
)  # fmt: skip
def test_a_name_is_looked_up_by_what_the_host_has(
    tmp_path: Path, tool: str, text: str, status: int, server: str, wanted: list[str]
) -> None:
    given = {"name": "db1", **({"server": server} if server else {})}
    code, lines = said(tmp_path, "net.dns", {tool: (text, status)}, **given)
    assert lines == wanted
    assert code == (0 if "address: 10.0.0.4" in lines else 1)


def test_a_name_that_is_not_known_is_told_from_a_server_that_does_not_answer(
    tmp_path: Path,
) -> None:
    for number, words in enumerate(
        ("Name or service not known", "Temporary failure in name resolution")
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        tools = {"getent": ("", 2), "ping": (f"ping: db1: {words}\n", 2)}
        code, lines = said(folder, "net.dns", tools, name="db1")
        assert (code, lines) == (1, ["asked: getent", f"no address: {words}"])


def test_a_host_without_a_resolver_of_its_own_heeds_etc_hosts(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 localhost # db1\n10.0.0.4 x DB1\n")
    code, lines = said(tmp_path, "net.dns", {"nslookup": ("", 1)}, name="db1")
    assert (code, lines) == (0, [f"asked: {tmp_path}/hosts", "address: 10.0.0.4"])


def test_a_server_is_asked_past_etc_hosts_and_the_hosts_own_resolver(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("10.0.0.9 db1\n")
    tools = {"getent": ("10.0.0.9 STREAM db1\n", 0), "dig": ("10.0.0.4\n", 0)}
    code, lines = said(tmp_path, "net.dns", tools, name="db1", server="10.0.0.2")
    assert (code, lines) == (0, ["asked: dig at 10.0.0.2", "address: 10.0.0.4"])
    assert "@10.0.0.2 db1 A db1 AAAA" in (tmp_path / "args").read_text()


@pytest.mark.parametrize(
    ("text", "status", "wanted"),
    [
        (("3 packets transmitted, 3 received, 0% packet loss, time 2003ms\n"
         "rtt min/avg/max/mdev = 0.055/0.079/0.103/0.024 ms\n"), 0,
         ["answered: 3 of 3", "on average: 0.079ms"]),
        ("3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2003ms\n", 1,
         ["answered: 0 of 3"]),
        (("3 packets transmitted, 2 packets received, 33% packet loss\n"
         "round-trip min/avg/max = 0.089/0.113/0.138 ms\n"), 0,
         ["answered: 2 of 3", "on average: 0.113ms"]),
        ("ping: bad address 'db1'\n", 1, ["ping: bad address 'db1'"]),
    ],
)  # fmt: skip
def test_echoes_are_counted_alike_by_every_ping(
    tmp_path: Path, text: str, status: int, wanted: list[str]
) -> None:
    assert said(tmp_path, "net.ping", {"ping": (text, status)}, to="db1") == (status, wanted)
    assert (tmp_path / "args").read_text() == "-c 3 -W 2 db1\n"


@pytest.mark.parametrize("tool", ["tracepath", "traceroute", "mtr"])
def test_a_way_is_traced_by_what_the_host_has(tmp_path: Path, tool: str) -> None:
    code, lines = said(tmp_path, "net.path", {tool: (" 1 10.0.0.1\n", 0)}, to="db1")
    assert (code, lines) == (0, [f"asked: {tool}", " 1 10.0.0.1"])


@pytest.mark.parametrize(
    ("action", "given", "told"),
    [
        ("net.ping", {"to": "db1"}, "has none of ping, busybox ping"),
        ("net.path", {"to": "db1"}, "has none of tracepath, traceroute, mtr"),
        ("net.dns", {"name": "db1"}, "has none of getent, resolvectl, dig, host, nslookup"),
        ("net.dns", {"name": "db1", "server": "10.0.0.2"}, "has none of dig, host, nslookup"),
    ],
)
def test_a_host_that_has_no_such_tool_says_so(
    tmp_path: Path, action: str, given: dict[str, str], told: str
) -> None:
    assert said(tmp_path, action, {}, **given) == (5, [told])


@pytest.mark.parametrize(
    ("action", "given", "applet", "wanted"),
    [
        ("net.ping", {"to": "db1"}, "ping", "ping -c 3 -W 2 db1"),
        ("net.path", {"to": "db1"}, "traceroute", "traceroute -n -q 1 -w 2 -m 20 db1"),
        ("net.dns", {"name": "db1"}, "nslookup", "nslookup db1"),
    ],
)
def test_busybox_without_links_to_it_is_asked_too(
    tmp_path: Path, action: str, given: dict[str, str], applet: str, wanted: str
) -> None:
    said(tmp_path, action, {"busybox": (f"{applet}\n", 0)}, **given)
    assert (tmp_path / "args").read_text() == f"{wanted}\n"
