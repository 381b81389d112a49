"""Own probes in hosts.yaml: how they are written, where they come from, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.probe import (
    EXPIRES,
    Command,
    Dns,
    File,
    Http,
    Origin,
    Probe,
    Process,
    Tcp,
    Tls,
    What,
)
from tests.hosts_files import HostsFolder


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    return HostsFolder(tmp_path)


def probes_of(hosts: HostsFolder, text: str, name: str = "web1") -> dict[str, Probe]:
    return {probe.name: probe for probe in hosts.fleet(text).hosts[name].probes}


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("tcp://db.example.org:5432", Tcp("db.example.org", 5432)),
        ("tcp://{address}:22", Tcp("192.0.2.7", 22)),
        ("{tcp: 22}", Tcp("127.0.0.1", 22)),
        ("{tcp: 22, from: here}", Tcp("192.0.2.7", 22)),
        ("{tcp: '[2001:db8::1]:22'}", Tcp("2001:db8::1", 22)),
        ("tls://www.example.org:443", Tls("www.example.org", 443, "www.example.org")),
        ("{tls: 443}", Tls("127.0.0.1", 443, "")),
        ("{tls: 443, name: '{name}.example.org'}", Tls("127.0.0.1", 443, "web1.example.org")),
        (
            "{tls: 443, expires: {warn: 30d, crit: never}}",
            Tls("127.0.0.1", 443, "", Limits(30 * 86400.0, None)),
        ),
        ("https://{name}.example.org/x", Http("https://web1.example.org/x")),
        (
            "{http: 'http://{address}:8080/', status: 401, verify: false, body: 'a.c'}",
            Http("http://192.0.2.7:8080/", (401,), "a.c", verify=False),
        ),
        ("dns://www.example.org", Dns("www.example.org")),
        ("{dns: a.example, address: [192.0.2.1, '2001:DB8::1']}",
         Dns("a.example", ("192.0.2.1", "2001:db8::1"))),
        ("{process: cron}", Process("cron")),
        ("{process: xmrig, at_most: 0}", Process("xmrig", "", 0, 0)),
        ("{process: php, args: pool www, at_least: 2}", Process("php", "pool www", 2)),
        ("{file: /a/b-*.gz, newer_than: 26h, larger_than: 1.5M}",
         File("/a/b-*.gz", 26 * 3600.0, 1_572_864)),
        ("{command: [/usr/lib/check, -w, '5']}", Command(("/usr/lib/check", "-w", "5"))),
    ],
)  # fmt: skip
def test_every_kind_of_probe_is_read(hosts: HostsFolder, written: str, what: What) -> None:
    text = f"hosts: {{web1: {{address: 192.0.2.7, probes: {{p: {_quoted(written)}}}}}}}\n"
    assert probes_of(hosts, text)["p"].what == what


def _quoted(written: str) -> str:
    return f'"{written}"' if "://" in written and not written.startswith("{") else written


def test_what_goes_with_each_has_its_defaults(hosts: HostsFolder) -> None:
    plain = probes_of(hosts, "hosts: {web1: {probes: {p: {tls: 443}}}}\n")["p"]
    assert (plain.origin, plain.every_s, plain.timeout_s) == (Origin.HOST, 60, 10)
    assert plain.severity is Health.CRIT
    assert plain.slow == Limits(None, None)
    assert isinstance(plain.what, Tls)
    assert plain.what.expires == EXPIRES
    text = (
        "hosts: {web1: {probes: {p: {tcp: 22, from: here, every: 5m, timeout: 3s, "
        "severity: warn, time: {warn: 1s, crit: 5s}}}}}\n"
    )
    other = probes_of(hosts, text)["p"]
    assert (other.origin, other.every_s, other.timeout_s) == (Origin.HERE, 300, 3)
    assert (other.severity, other.slow) == (Health.WARN, Limits(1.0, 5.0))


def test_probes_of_defaults_groups_and_host_add_up_and_the_nearest_wins(
    hosts: HostsFolder,
) -> None:
    text = """\
defaults:
  probes:
    ssh: {tcp: 22}
    cron: {process: cron}
groups:
  web:
    probes:
      site: http://127.0.0.1/
      ssh: {tcp: 2222}
    hosts: [web1, web2]
hosts:
  web1:
    probes:
      site: none
      dump: {file: /var/backups/db.dump, newer_than: 26h}
  db1:
"""
    assert list(probes_of(hosts, text)) == ["ssh", "cron", "dump"]
    assert probes_of(hosts, text)["ssh"].what == Tcp("127.0.0.1", 2222)
    assert list(probes_of(hosts, text, "web2")) == ["ssh", "cron", "site"]
    assert probes_of(hosts, text, "db1")["ssh"].what == Tcp("127.0.0.1", 22)


SECRET = "hosts.yaml is no place for secrets"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("{}", "2:6: hosts.web1.probes.p: names nothing to probe; none undoes a probe"),
        (
            "5",
            (
                "2:6: hosts.web1.probes.p: should be a URL (http://..., https://..., "
                "tcp://address:port, tls://address:port, dns://name), a mapping, or none"
            ),
        ),
        ("{tcp: 0}", "2:12: hosts.web1.probes.p.tcp: should be address:port, or a port alone"),
        (
            "{tcp: 1, tls: 2}",
            (
                "2:6: hosts.web1.probes.p: names several things to probe: give one of "
                "tcp, tls, http, dns, process, file, command"
            ),
        ),
        (
            "{from: here}",
            (
                "2:6: hosts.web1.probes.p: names nothing to probe: give one of "
                "tcp, tls, http, dns, process, file, command"
            ),
        ),
        (
            "{tcp: 1, body: x}",
            (
                "2:15: hosts.web1.probes.p.body: means nothing beside tcp: there are "
                "every, from, severity, time, timeout"
            ),
        ),
        ("{tcp: 1, tiem: x}", "2:15: hosts.web1.probes.p.tiem: unknown key (did you mean time?)"),
        (
            "{http: 'http://x/', body: '(a'}",
            (
                "2:32: hosts.web1.probes.p.body: is no regular "
                "expression (RE2): . [ ( * + ? need a \\ before"
            ),
        ),
        (
            "{http: 'http://a:hunter2@x/'}",
            f"2:13: hosts.web1.probes.p.http: names a user: {SECRET}",
        ),
        (
            "{http: 'http://x/?token=hunter2'}",
            f"2:13: hosts.web1.probes.p.http: seems to hold a password or token: {SECRET}",
        ),
        (
            "{command: [a, --password, hunter2]}",
            (
                f"2:16: hosts.web1.probes.p.command: seems to hold a password or token: {SECRET}; "
                "let the program read it from a file there"
            ),
        ),
        (
            "{http: 'http://x/', status: 99}",
            (
                "2:34: hosts.web1.probes.p.status: should be an HTTP "
                "status (200), or a list of them ([200, 401])"
            ),
        ),
        (
            "{file: a}",
            (
                "2:13: hosts.web1.probes.p.file: should be the whole path of a file: "
                "/var/backups/db.dump"
            ),
        ),
        (
            "{file: /a*/b}",
            ("2:13: hosts.web1.probes.p.file: * and ? may stand behind the last / only"),
        ),
        (
            '{file: "/a\\nb"}',
            ("2:13: hosts.web1.probes.p.file: should be text of 1 to 1000 characters in one line"),
        ),
        (
            "{tls: 1, expires: {warn: 7d, crit: 21d}}",
            ("2:15: hosts.web1.probes.p.expires: warn lies beyond crit: shorter is worse"),
        ),
        (
            "{tcp: 1, time: {wran: 1s, crit: 2s}}",
            ("2:21: hosts.web1.probes.p.time: warn is missing: give a value, or never"),
        ),
        (
            "{tcp: 1, every: 10s, timeout: 1m}",
            ("2:27: hosts.web1.probes.p.timeout: a try may take longer than until the next"),
        ),
        (
            "{tcp: 1, every: 5s}",
            ("2:22: hosts.web1.probes.p.every: should be 2s, 1m or whole seconds, from 10s to 1d"),
        ),
        (
            "{process: x, at_least: 3, at_most: 2}",
            ("2:32: hosts.web1.probes.p.at_most: is less than at_least"),
        ),
        (
            "{process: x, from: here}",
            (
                "2:19: hosts.web1.probes.p.from: means nothing beside "
                "process: there are args, at_least, at_most, every, severity, timeout"
            ),
        ),
    ],
)
def test_a_wrong_probe_is_told_with_its_place(hosts: HostsFolder, written: str, fault: str) -> None:
    faults = hosts.faults(f"hosts: {{web1: {{probes: {{\n  p: {written}}}}}}}\n")
    assert faults[0] == f"hosts.yaml:{fault}"
    assert "hunter2" not in "".join(faults)


def test_a_host_has_so_many_probes_at_most(hosts: HostsFolder) -> None:
    many = "".join(f"    p{number}: {{tcp: 22}}\n" for number in range(51))
    (fault,) = hosts.faults(f"defaults:\n  probes:\n{many}hosts:\n  web1:\n")
    assert fault.endswith("has 51 probes with those of its groups: 50 at most")


def test_a_group_may_be_called_probes(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("groups: {probes: {hosts: [{name: a, adress: b}]}}\n")
    assert fault.endswith("unknown key (did you mean address?)")
