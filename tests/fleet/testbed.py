"""The test fleet as the tests see it: its inventory, its faults, and a way in that is not SSH."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.watch_rules_file import shipped_rules
from opsdash.core.snapshot import HostState

COMMAND_TIMEOUT_S = 120

LEAVES_LINES = ("disk-error", "logins-failed", "oom")
"""The faults that are lines of a log, or leave some that a check reads."""

FORGET_LOGS = """
if command -v journalctl >/dev/null; then
  journalctl -q --rotate; sleep 2; journalctl -q --vacuum-time=1s
fi 2>/dev/null
for log in syslog messages auth.log secure kern.log; do
  if [ -f "/var/log/$log" ]; then : >"/var/log/$log"; fi
done
rm -f /var/log/syslog.1 /var/log/messages.0 /var/log/auth.log.1
"""


@dataclass(frozen=True)
class Testbed:
    """A fleet that is up: hosts by name as its inventory gives them, and where its tools are."""

    __test__ = False

    hosts: dict[str, dict[str, object]]
    tools: Path

    def fault(self, host: str, *words: str) -> None:
        """Switch a fault of a host. When it is over the lines are gone, too, that checks find for
        an hour: every test after it would begin with a sick host.
        """
        self._run("fault", host, *words)
        if words[0] == "clear" or (words[0] in LEAVES_LINES and words[1] == "off"):
            self.inside(host, FORGET_LOGS)

    def faults(self) -> list[str]:
        """A line for each fault that there is, its name first."""
        return self._run("fault", "list").splitlines()

    def inside(self, host: str, command: str) -> str:
        """What a host itself says, asked from outside without SSH."""
        return self._run("testbed.py", "exec", host, command)

    def running(self, host: str) -> bool:
        """Whether it is switched on."""
        found = (json.loads(line) for line in self._run("status").splitlines() if line[:1] == "{")
        return any(one["name"] == host and one["running"] for one in found)

    @contextmanager
    def with_fault(self, host: str, *words: str) -> Iterator[None]:
        """A fault that is over when the block is."""
        self.fault(host, words[0], "on", *words[1:])
        try:
            yield
        finally:
            self.fault(host, words[0], "off")

    def _run(self, *argv: str) -> str:
        done = subprocess.run(
            [self.tools / argv[0], *argv[1:]],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0 and argv[0] == "fault":
            raise AssertionError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
        return done.stdout


def open_testbed() -> Testbed:
    """The fleet that $OPSDASH_FLEET names: JSON lines, as the testbed's `up` prints them."""
    inventory = Path(os.environ["OPSDASH_FLEET"])
    beside = Path(__file__).resolve().parents[3] / "shared" / "testbed"
    tools = Path(os.environ.get("OPSDASH_TESTBED", beside))
    hosts = {}
    for line in inventory.read_text().splitlines():
        if line.startswith("{"):
            host = json.loads(line)
            hosts[host["name"]] = host
    return Testbed(hosts, tools)


OWN_LIMITS = {"web2": "cpu-saturated: {warn: 40%, crit: never}"}
"""Its one core is a share of this machine's, which runs the other hosts and the tests beside it."""


def no_watch_rules() -> str:
    """A watch_rules.yaml that switches all of them off: lines that a test has caused are found for
    an hour, and every test after it would begin with a sick host.
    """
    off = (f"  {name}: {{enabled: false}}" for name in shipped_rules())
    return "\n".join(["rules:", *off, ""])


def hosts_file(testbed: Testbed, path: Path, transport: str = "ssh") -> Path:
    """A hosts.yaml for the whole fleet, as a user would write it; no lines of logs are watched."""
    first = next(iter(testbed.hosts.values()))
    lines = [
        "defaults:",
        f"  transport: {transport}",
        f"  user: {first['user']}",
        f"  keys: [{first['key']}]",
        f"  known_hosts: [{first['known_hosts']}]",
        # faults reboot hosts: an hour's warning of that would make every test after them sick
        # and the load of some is that of the machine that runs the tests, as it was minutes ago
        "  thresholds:",
        "    rebooted: {warn: 15s, crit: never}",
        "    load-high: {warn: never, crit: never}",
        "hosts:",
    ]
    for name, host in testbed.hosts.items():
        jump = f", jump: {host['jump']}" if host.get("jump") else ""
        own = f", thresholds: {{{OWN_LIMITS[name]}}}" if name in OWN_LIMITS else ""
        lines.append(f"  {name}: {{address: {host['address']}, tags: [{host['init']}]{jump}{own}}}")
    rules = path.with_name("watch_rules.yaml")
    for file, text in ((path, "\n".join(lines) + "\n"), (rules, no_watch_rules())):
        file.write_text(text)
        file.chmod(0o600)
    return path


def said(state: HostState) -> str:
    """A host in words, for the message of a test that waited for something else."""
    found = ", ".join(f"{finding.check}: {finding.summary}" for finding in state.findings)
    return f"{state.name} {state.health.name} {state.link.state} ({found})"
