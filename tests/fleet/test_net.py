"""What real hosts see over the network: ports, TLS, URLs, names, echoes and ways."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.fleet import Fleet
from opsdash.core.job import RunState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.test_do import applied, plan_of
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "rc1", "box1")
"""systemd, OpenRC and busybox; the last one has dropbear."""

TOLD = dict[str, tuple[RunState, str]]


@pytest.fixture
async def net(hosts_yaml: Path, tmp_path: Path) -> AsyncGenerator[Session, None]:
    """Three kinds of hosts, and one that is behind the bastion."""
    fleet = load_fleet(hosts_yaml)
    chosen = {name: fleet.hosts[name] for name in (*HOSTS, "vault1")}
    some = Fleet(MappingProxyType(chosen), passed_through=fleet.hosts)
    async with Session(some, Surroundings(tmp_path / "state", root=False)) as session:
        yield session


async def told(session: Session, action: str, *hosts: str, **given: str) -> TOLD:
    """How an action ended on each of these hosts (none: on all), and what it said there."""
    plan = plan_of(session, action, f"{action}-{len(given)}", None, **given)
    chosen = tuple(one for one in plan.hosts if not hosts or one.host in hosts)
    job = await applied(session, replace(plan, hosts=chosen))
    return {
        name: (
            run.state,
            b"".join(one.stdout + one.stderr for one in run.results).decode() or run.text,
        )
        for name, run in job.runs.items()
    }


def done(found: TOLD, state: RunState = RunState.DONE) -> str:
    """What they said, all of whom ended so."""
    assert {one for one, _ in found.values()} == {state}, found
    return "".join(text for _, text in found.values())


@contextmanager
def page(testbed: Testbed, host: str, port: int) -> Iterator[None]:
    """A server of plain HTTP on a busybox host, which has one page."""
    place = "/tmp/opsdash-fleet-net"
    testbed.inside(
        host, f"mkdir -p {place}; echo hello >{place}/index.html; httpd -p {port} -h {place}"
    )
    try:
        yield
    finally:
        testbed.inside(host, f"kill $(pidof httpd); rm -rf {place}; true")


async def test_a_port_is_open_closed_or_behind_a_wall(testbed: Testbed, net: Session) -> None:
    assert "connect: open" in done(await told(net, "net.tcp", *HOSTS, target="db1:22"))
    closed = await told(net, "net.tcp", *HOSTS, target="10.77.0.13:81")
    for line in done(closed, RunState.FAILED).splitlines():
        assert line == "connect: no connection to 10.77.0.13:81: Connection refused"
    testbed.fault("web2", "partition", "on")
    try:
        walled = await told(net, "net.tcp", "web1", "box1", target="10.77.0.12:22")
    finally:
        testbed.fault("web2", "partition", "off")
    assert "within 10s" in done(walled, RunState.FAILED)
    unknown = await told(net, "net.tcp", *HOSTS, target="nosuch.invalid:22")
    assert "resol" in done(unknown, RunState.FAILED)


async def test_tls_and_its_certificate_are_seen_from_every_kind_of_host(net: Session) -> None:
    found = await told(net, "net.tls", *HOSTS, target="web1:443")
    for _, text in found.values():
        assert "tls: TLSv1.3, " in text
        assert "certificate: CN=web1; for web1" in text
        assert "days left" in text
        assert text.endswith("trust: NOT trusted: self-signed certificate\n")
    done(found, RunState.FAILED)
    none = await told(net, "net.tls", *HOSTS, target="web1:22")
    assert done(none, RunState.FAILED).count("tls: no TLS there") == len(HOSTS)


async def test_urls_are_asked_for_by_every_kind_of_host(testbed: Testbed, net: Session) -> None:
    with page(testbed, "box1", 8099):
        asked = await told(net, "net.http", *HOSTS, url="http://10.77.0.19:8099/")
        assert done(asked).count("answer: status 200, 6 bytes, first byte after ") == len(HOSTS)
        gone = await told(net, "net.http", *HOSTS, url="http://box1:8099/gone")
        assert done(gone, RunState.FAILED).count("answer: status 404") == len(HOSTS)
    secure = await told(net, "net.http", *HOSTS, url="https://web1/", verify="no")
    assert done(secure).count("answer: status 200") == len(HOSTS)
    refused = await told(net, "net.http", *HOSTS, url="https://web1/")
    assert "answer:" not in done(refused, RunState.FAILED)


async def test_hosts_reach_each_other_or_not(net: Session) -> None:
    assert done(await told(net, "net.between", *HOSTS, to="db1")).count("connect: open") == 3
    itself = await told(net, "net.tcp", "vault1", target="10.77.9.2:22")
    assert "connect: open" in done(itself)
    behind = await told(net, "net.between", "web1", to="vault1")
    assert "no connection to 10.77.9.2:22" in done(behind, RunState.FAILED)
    through = await told(net, "net.between", "vault1", to="bastion", port="22")
    assert "connect: " in through["vault1"][1]


async def test_names_are_looked_up_as_the_host_does_it(net: Session) -> None:
    found = await told(net, "net.dns", *HOSTS, name="db1")
    assert done(found).count("address: 10.77.0.13") == len(HOSTS)
    gone = await told(net, "net.dns", *HOSTS, name="nosuch.invalid")
    assert done(gone, RunState.FAILED).count("no address: ") == len(HOSTS)
    server = await told(net, "net.dns", "web1", name="db1", server="10.77.0.13")
    assert "has none of dig, host, nslookup" in done(server, RunState.FAILED)


async def test_echoes_come_back_or_not(net: Session) -> None:
    answered = await told(net, "net.ping", "web1", "rc1", to="db1", times="1")
    assert done(answered).count("answered: 1 of 1") == 2
    silent = await told(net, "net.ping", "web1", to="10.77.0.99", times="1")
    assert "answered: 0 of 1" in done(silent, RunState.FAILED)
    nobody = await told(net, "net.ping", "box1", to="db1")
    assert "permission denied (are you root?)" in done(nobody, RunState.FAILED)


async def test_a_host_without_a_tool_for_ways_says_so_and_root_has_busyboxs(
    hosts_yaml: Path, tmp_path: Path, net: Session
) -> None:
    lacking = await told(net, "net.path", "web1", "rc1", to="db1")
    assert done(lacking, RunState.FAILED).count("has none of tracepath, traceroute, mtr") == 2
    host = replace(load_fleet(hosts_yaml).hosts["box1"], user="root")
    alone = Fleet(MappingProxyType({"box1": host}))
    async with Session(alone, Surroundings(tmp_path / "root", root=False)) as session:
        traced = done(await told(session, "net.path", to="db1", root="yes"))
        pinged = done(await told(session, "net.ping", to="db1", root="yes", times="1"))
    assert "asked: traceroute" in traced
    assert " 1  10.77.0.13" in traced
    assert "answered: 1 of 1" in pinged
