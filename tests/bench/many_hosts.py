"""A thousand hosts on one machine that cost little: one real OpenSSH server on loopback addresses.

Every login runs the real pulse (a shell and an awk that read ``/proc``). The script of facts is
answered from recorded outputs by one awk, because hundreds of real ``df`` and ``systemctl`` a
second would take the very cores on which the client is measured. Key exchange and cipher are the
server's choice, so they are the same for every client that is compared.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.watch_rules_file import shipped_rules
from opsdash.core.discover import checks, collectors
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Tier
from opsdash.transport.bundle import quote
from tests.case_files import cases, output_of

KEX = "curve25519-sha256"
CIPHER = "aes128-gcm@openssh.com"

NETWORK = "opsdash-bench"
"""A network namespace of its own, so that a host has two interfaces and not all of this machine's;
only root can make one."""

_SHELL = """#!/bin/sh
set -- $SSH_CONNECTION
cd "{dir}/at/$3" || exit
case $SSH_ORIGINAL_COMMAND in
  'exec /bin/sh -s') LC_ALL=C exec awk -v dir='{dir}' -f '{dir}/answer.awk' ;;
  *) exec {inside} /bin/sh -c "$SSH_ORIGINAL_COMMAND" ;;
esac
"""

_ANSWER = r"""
function answer(   path, line) {
  if (number == "") return
  path = dir "/facts/" length(text)
  printf "\036%s begin %s\n", nonce, number
  while ((getline line < path) > 0) print line
  close(path)
  printf "\036%s end 0\n", nonce
}
NR == 1 && /^N=/ { nonce = substr($0, 3); next }
nonce == "" { print | "/bin/sh -s"; next }
/^section [0-9]+ [0-9]+ [0-9]+ '/ {
  answer()
  number = $2
  text = substr($0, length($1 $2 $3 $4) + 5)
  next
}
{ text = text "\n" $0 }
END { if (nonce != "") answer() }
"""
"""A section is known by the length of its quoted command: awks agree on lengths, not on hashes."""

_CONFIG = """\
Port {port}
ListenAddress 0.0.0.0
HostKey {dir}/host_key
PidFile none
AuthorizedKeysFile {dir}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 2000
MaxSessions 100
LogLevel ERROR
KexAlgorithms {kex}
Ciphers {cipher}
SetEnv HOME={dir}
ForceCommand {dir}/shell
"""


@dataclass(frozen=True)
class ManyHosts:
    """Where they are: names and addresses, and the files that reach them."""

    folder: Path
    port: int
    addresses: dict[str, str]

    @property
    def hosts_file(self) -> Path:
        """A hosts.yaml of all of them."""
        return self.folder / "hosts.yaml"

    @property
    def key(self) -> Path:
        """The private key that every host takes."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The known_hosts file that lists every host."""
        return self.folder / "known_hosts"

    def first(self, count: int) -> ManyHosts:
        """The same server, of whose addresses only some are used; its files are written anew."""
        fewer = ManyHosts(self.folder, self.port, dict(list(self.addresses.items())[:count]))
        fewer.write_hosts_file()
        return fewer

    def write_ssh_config(self) -> Path:
        """A config for tools that use the system's ssh."""
        config = self.folder / "ssh_config"
        config.write_text(
            f"User {getpass.getuser()}\nPort {self.port}\nIdentityFile {self.key}\n"
            f"BatchMode yes\nUserKnownHostsFile {self.known_hosts}\n"
        )
        return config

    def write_hosts_file(self, interval_s: int = 2, log: str = "") -> None:
        """Write hosts.yaml; what `log`, a command, prints is the log named ``app`` of each host.

        All hosts are this machine, which is busy: nobody is to be looked for who makes it so, or
        hundreds of lists of processes keep it busy.
        """
        never = (check.id for check in checks().values() if check.blames and check.unit)
        lines = [
            "version: 1",
            "defaults:",
            f"  user: {getpass.getuser()}",
            f"  port: {self.port}",
            f"  keys: [{self.key}]",
            f"  known_hosts: [{self.known_hosts}]",
            f"  interval: {interval_s}s",
            "  sudo: none",
            "  thresholds:",
            *(f"    {name}: {{warn: never, crit: never}}" for name in never),
            *([f"  logs: {{app: {{command: {log!r}}}}}"] if log else []),
            "hosts:",
            *(f"  {name}: {address}" for name, address in self.addresses.items()),
        ]
        self.hosts_file.write_text("\n".join(lines) + "\n")
        self.hosts_file.chmod(0o600)


def _recorded(collector: Collector) -> bytes:
    """What a healthy Debian answers, from the cases; a collector without one answers nothing."""
    of_it = [case for case in cases("collectors") if case.plugin == collector.name]
    wanted = sorted(of_it, key=lambda case: (case.name != "web1", "expect" not in case.content))
    outputs = [output_of(case.content).data for case in wanted if "problem" not in case.content]
    return outputs[0] if outputs else b""


def _write_facts(folder: Path) -> None:
    folder.mkdir()
    host = Host("bench", watch=tuple(shipped_rules().values()))
    for collector in (one.of(host) for one in collectors().values()):
        if collector.tier is Tier.FACTS:
            path = folder / str(len(quote(collector.command).encode()))
            if path.exists():
                raise SystemExit(f"{collector.name}: a command of this length is there already")
            path.write_bytes(_recorded(collector))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def many_hosts(count: int) -> Iterator[ManyHosts]:
    """So many hosts for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="opsdash-bench-") as name:
        folder, port = Path(name), _free_port()
        folder.chmod(0o755)
        for file in ("host_key", "key"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / file)]
            subprocess.run(argv, check=True)
        addresses = {f"web{i:04d}": f"127.9.{i // 250}.{1 + i % 250}" for i in range(count)}
        public = " ".join((folder / "host_key.pub").read_text().split()[:2])
        hosts = ManyHosts(folder, port, addresses)
        hosts.known_hosts.write_text(
            "".join(f"[{address}]:{port} {public}\n" for address in addresses.values())
        )
        hosts.write_hosts_file()
        (folder / "answer.awk").write_text(_ANSWER)
        inside = f"nsenter --net=/run/netns/{NETWORK}" if os.geteuid() == 0 else ""
        (folder / "shell").write_text(_SHELL.format(dir=folder, inside=inside))
        (folder / "shell").chmod(0o755)
        for address in addresses.values():
            (folder / "at" / address / "locks").mkdir(parents=True)
            (folder / "at" / address / "locks").chmod(0o1777)
        _write_facts(folder / "facts")
        config = _CONFIG.format(dir=folder, port=port, kex=KEX, cipher=CIPHER)
        (folder / "sshd_config").write_text(config)
        with _network(), _server(folder, port):
            yield hosts


@contextmanager
def _network() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    subprocess.run(["ip", "netns", "delete", NETWORK], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "add", NETWORK], check=True)
    cards = "link add eth0 type veth peer name eth1"
    subprocess.run(["ip", "-n", NETWORK, *cards.split()], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", NETWORK], check=False)


@contextmanager
def _server(folder: Path, port: int) -> Iterator[None]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    argv = ["/usr/sbin/sshd", "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "log")]
    server = subprocess.Popen(argv, start_new_session=True)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        else:
            raise SystemExit(f"sshd does not start: {(folder / 'log').read_text()}")
        yield
    finally:
        server.terminate()
        server.wait(10)
