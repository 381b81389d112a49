"""Own probes on real hosts: a broken service, an old backup and an expired certificate are found,
and what is well is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.core.snapshot import HostState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed, hosts_file, said
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

WITHIN_S = 240.0
PAGES = "/tmp/probed"

PROBES = {
    "web1": """
      shop: {http: "https://{address}/", verify: false, body: "Ciphers", from: here, every: 10s}
      cert: {tls: 443, name: web1, every: 10s}
      ssh: {tcp: 22, every: 10s}
      localhost: {dns: localhost}
      cron: {process: cron, every: 10s}
      backup: {file: "/var/backups/probed-*.tar", newer_than: 26h, larger_than: 1K, every: 10s}
      plugin: {command: [/bin/sh, -c, "echo 'LOAD OK - fine | load1=0.5;4;8'"], every: 10s}
      by-hand: {http: "https://127.0.0.1/", verify: false, body: "Ciphers", every: 10s}
""",
    "box1": """
      page: {http: "http://127.0.0.1:8098/", body: "it w.rks", every: 10s}
      outside: {http: "http://{address}:8098/", from: here, every: 10s}
      sshd: {process: dropbear, every: 10s}
      port: {tcp: 22, every: 10s}
      tools: {tls: 443, severity: warn}
""",
    "rc1": """
      cert: {tls: "{address}:443", name: rc1, from: here, every: 10s}
      resolver: {dns: localhost}
""",
}
NO_TOOL = "tools"
"""The one that box1 can't be asked: it has no openssl."""


@pytest.fixture
def server(testbed: Testbed) -> Iterator[None]:
    """A web server on box1, and a backup of today on web1."""
    start = f"mkdir -p {PAGES} && echo 'it works' >{PAGES}/index.html && httpd -p 8098 -h {PAGES}"
    stop = "kill $(ps | awk '/[h]ttpd -p 8098/ { print $1 }')"
    testbed.inside("box1", start)
    testbed.inside("web1", "head -c 5000 /dev/zero >/var/backups/probed-1.tar")
    yield
    testbed.inside("box1", f"{stop}; rm -rf {PAGES}")
    testbed.inside("web1", "rm -f /var/backups/probed-*.tar")


@asynccontextmanager
async def watching(testbed: Testbed, folder: Path) -> AsyncGenerator[Session, None]:
    path = hosts_file(testbed, folder / "hosts.yaml")
    lines = []
    for line in path.read_text().splitlines():
        name = line.strip().partition(":")[0]
        if line.startswith("  ") and name in PROBES:
            fields = line.partition("{")[2].rpartition("}")[0]
            lines += [f"  {name}:"]
            lines += [f"    {field}" for field in fields.split(", ") if field]
            lines += ["    probes:", PROBES[name].strip("\n")]
        elif not line.startswith("  ") or ":" not in line or name not in testbed.hosts:
            lines.append(line)
    path.write_text("\n".join(lines) + "\n")
    async with Session(load_fleet(path), Surroundings(folder / "state")) as running:
        yield running


def summaries(state: HostState) -> dict[str, str]:
    """What is said of the probes that are not well, by name."""
    found = [one for one in state.findings if one.check == "probe-failed"]
    return {one.subject: one.summary for one in found}


async def becomes(session: Session, host: str, probe: str, words: str | None) -> None:
    """A probe fails in these words, or is well (None)."""

    def there() -> bool:
        state = session.snapshot().hosts[host]
        text = summaries(state).get(probe)
        tried = any(row["probe"] == probe for row in state.rows("probes"))
        return tried and (text is None if words is None else words in (text or ""))

    try:
        await wait_for(there, within_s=WITHIN_S, what=f"{host} {probe}: {words or 'well'}")
    except AssertionError as error:
        raise AssertionError(f"{error}; {said(session.snapshot().hosts[host])}") from None


@pytest.mark.usefixtures("server")
async def test_what_is_broken_is_found_and_what_is_well_is_well(
    testbed: Testbed, tmp_path: Path
) -> None:
    async with watching(testbed, tmp_path) as session:

        def all_tried() -> bool:
            states = session.snapshot().hosts.values()
            return all(state.probed for state in states)

        await wait_for(all_tried, within_s=240, what="every probe tried once")
        for host, missing in (("web1", set[str]()), ("box1", {NO_TOOL}), ("rc1", set[str]())):
            assert set(summaries(session.snapshot().hosts[host])) == missing, host
        web1 = session.snapshot().hosts["web1"]
        box1 = session.snapshot().hosts["box1"]
        assert "the host has no openssl" in summaries(box1)[NO_TOOL]
        assert web1.value("probes.performance", "plugin load1") == 0.5
        assert (web1.value("probes.left_s", "cert") or 0) > 86_400
        await _break_and_mend(testbed, session)


async def _break_and_mend(testbed: Testbed, session: Session) -> None:
    old = "touch -d '3 days ago' /var/backups/probed-1.tar"
    gone = f"mv {PAGES}/index.html {PAGES}/other.html"
    await asyncio.to_thread(testbed.inside, "web1", old)
    await asyncio.to_thread(testbed.inside, "box1", gone)
    await asyncio.to_thread(testbed.fault, "web1", "cert-expired", "on")
    try:
        await asyncio.gather(
            becomes(session, "web1", "backup", "probe backup: 72h old (limit 26h)"),
            becomes(session, "web1", "cert", "probe cert: certificate expired "),
            becomes(session, "box1", "page", "probe page: HTTP 404 instead of 200 to 399"),
            becomes(session, "box1", "outside", "probe outside: HTTP 404 instead of 200 to 399"),
        )
        web1 = session.snapshot().hosts["web1"]
        assert web1.health is Health.CRIT
        assert web1.why is not None
        assert web1.why.check == "probe-failed"
        assert {"ssh", "cron", "plugin", "localhost"}.isdisjoint(summaries(web1))
    finally:
        await asyncio.to_thread(testbed.fault, "web1", "cert-expired", "off")
        await asyncio.to_thread(testbed.inside, "web1", "touch /var/backups/probed-1.tar")
        back = f"mv {PAGES}/other.html {PAGES}/index.html"
        await asyncio.to_thread(testbed.inside, "box1", back)
    await asyncio.gather(
        becomes(session, "web1", "backup", None),
        becomes(session, "web1", "cert", None),
        becomes(session, "box1", "page", None),
        becomes(session, "box1", "outside", None),
    )
    stop = "systemctl stop cron; systemctl stop shop-web"
    await asyncio.to_thread(testbed.inside, "web1", stop)
    try:
        await asyncio.gather(
            becomes(session, "web1", "cron", "probe cron: no process cron"),
            becomes(session, "web1", "shop", "probe shop: connection refused"),
            becomes(session, "web1", "by-hand", "probe by-hand: connection refused"),
            becomes(session, "web1", "cert", "probe cert: connection refused"),
        )
    finally:
        await asyncio.to_thread(testbed.inside, "web1", "systemctl start cron shop-web")
    await becomes(session, "web1", "shop", None)
