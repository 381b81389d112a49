"""Lines that hosts write to their logs become findings, whatever keeps the log there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import FORGET_LOGS, Testbed
from tests.waiting import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.usefixtures("impatient")]

OWN_RULES = """\
rules:
  orders-lost:
    title: Orders are lost
    pattern: 'order \\d+ lost'
    source: /var/log/orders.log
    severity: warning
    count: 3
    within: 10m
  batch-ends:
    title: The batch says so
    pattern: 'batch \\d+ says so'
    source: "unit:batch-says-so.service"
    severity: critical
    hosts: web1
"""
HUNG = "INFO: task dd:4711 blocked for more than 120 seconds."
FAILED = "FAILED SU (to root) guest$n on pts/$n"
WRITE = f"""
logger -t kernel -p kern.err '{HUNG}'
for n in $(seq 5); do logger -t su -p auth.notice "{FAILED}"; done
"""
HOSTS = ("web1", "rc1", "box1")


@pytest.fixture
async def watching(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> AsyncGenerator[Session, None]:
    """Three hosts with logs of their own kinds, under rules of the user's own as well."""
    rules = hosts_yaml.parent / "watch_rules.yaml"
    rules.write_text(OWN_RULES)
    rules.chmod(0o600)
    async with Session(load_fleet(hosts_yaml), Surroundings(tmp_path / "state")) as session:
        yield session
    for host in HOSTS:
        await asyncio.to_thread(testbed.inside, host, f"{FORGET_LOGS}; rm -f /var/log/orders.log")


def found(session: Session, host: str) -> dict[str, Finding]:
    """What watch rules have found there, by rule."""
    findings = session.snapshot().hosts[host].findings
    return {one.subject: one for one in findings if one.check == "log-watch"}


async def finds(session: Session, host: str, *rules: str) -> None:
    """Wait until these rules have found something there."""

    def there() -> bool:
        return set(rules) <= found(session, host).keys()

    await wait_for(there, within_s=240, what=f"{' and '.join(rules)} on {host}")


async def test_a_journal_a_syslog_and_busybox_are_watched(
    testbed: Testbed, watching: Session
) -> None:
    for host in HOSTS:
        await asyncio.to_thread(testbed.inside, host, WRITE)
    for host in HOSTS:
        await finds(watching, host, "hung-task", "su-failed")
        one = found(watching, host)["hung-task"]
        assert one.evidence == f"kernel: {HUNG}"
        assert one.summary.startswith("A task hangs in the kernel: 1 in 1h, ")


async def test_rules_of_ones_own_watch_a_file_and_a_unit(
    testbed: Testbed, watching: Session
) -> None:
    write = "for n in 1 2 3; do echo \"$(date '+%Y-%m-%dT%H:%M:%S%z') order $n lost\"; done"
    for host in HOSTS:
        await asyncio.to_thread(testbed.inside, host, f"{write} >/var/log/orders.log")
    unit = "systemd-run -q --unit batch-says-so echo batch 7 says so"
    await asyncio.to_thread(testbed.inside, "web1", unit)
    for host in HOSTS:
        await finds(watching, host, "orders-lost")
        summary = found(watching, host)["orders-lost"].summary
        assert summary.startswith("Orders are lost: 3 in 10m (limit 3), ")
    await finds(watching, "web1", "batch-ends")
    assert "batch 7 says so" in found(watching, "web1")["batch-ends"].evidence


async def test_a_disk_that_fails_is_found_and_leads_to_its_lines(
    testbed: Testbed, watching: Session
) -> None:
    with testbed.with_fault("db1", "disk-error"):
        await finds(watching, "db1", "disk-io-error", "ext4-error")
        one = found(watching, "db1")["disk-io-error"]
        assert one.health is Health.CRIT
        assert one.summary.startswith("A disk fails to read or write: 1 in 1h, ")
        assert "I/O error, dev sda" in one.evidence
