"""Named logs in hosts.yaml: how they are written, where they come from, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.core.named_log import NamedLog, nobody_has
from tests.hosts_files import HostsFolder


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    return HostsFolder(tmp_path)


def logs_of(hosts: HostsFolder, text: str, name: str = "web1") -> tuple[NamedLog, ...]:
    return hosts.fleet(text).hosts[name].logs


@pytest.mark.parametrize(
    ("written", "log"),
    [
        ("/var/log/nginx/error.log", NamedLog("l", "/var/log/nginx/error.log")),
        ("{path: /srv/my app.log}", NamedLog("l", "/srv/my app.log")),
        (
            "{command: \"tail -F /srv/q | grep -v '#'\"}",
            NamedLog("l", command="tail -F /srv/q | grep -v '#'"),
        ),
    ],
)
def test_a_log_is_a_path_or_a_command(hosts: HostsFolder, written: str, log: NamedLog) -> None:
    assert logs_of(hosts, f"hosts: {{web1: {{logs: {{l: {written}}}}}}}\n") == (log,)


def test_logs_of_defaults_groups_and_host_add_up_and_the_nearest_wins(hosts: HostsFolder) -> None:
    text = """\
defaults:
  logs:
    app: /srv/app.log
    cron: /var/log/cron.log
groups:
  web:
    logs:
      nginx-error: /var/log/nginx/error.log
      app: {command: cat /srv/app.log}
    hosts: [web1, web2]
hosts:
  web1:
    logs:
      nginx-error: none
      queue: {command: tail -F /srv/queue/current}
  db1:
"""
    assert [one.name for one in logs_of(hosts, text)] == ["app", "cron", "queue"]
    assert logs_of(hosts, text)[0].command == "cat /srv/app.log"
    assert [one.name for one in logs_of(hosts, text, "web2")] == ["app", "cron", "nginx-error"]
    assert logs_of(hosts, text, "db1")[0].path == "/srv/app.log"


FORMS = 'should be a path (/srv/app/app.log), {path: ...}, {command: "..."}, or none'


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("l: {}", "2:6: hosts.web1.logs.l: names neither a path nor a command; none undoes a log"),
        ("l: 5", f"2:6: hosts.web1.logs.l: {FORMS}"),
        ("l: [/a, /b]", f"2:6: hosts.web1.logs.l: {FORMS}"),
        ("l: ~", f"2:6: hosts.web1.logs.l: {FORMS}"),
        (
            "l: app.log",
            "2:6: hosts.web1.logs.l.path: should be the whole path of a file: /srv/app/log/app.log",
        ),
        (
            "l: {path: /var/log/}",
            (
                "2:13: hosts.web1.logs.l.path: should be the whole path of a file: "
                "/srv/app/log/app.log"
            ),
        ),
        (
            "l: /srv/*.log",
            (
                "2:6: hosts.web1.logs.l.path: names one file, without * and ?: "
                "what it is rotated away to is found"
            ),
        ),
        (
            'l: ""',
            "2:6: hosts.web1.logs.l.path: should be text of 1 to 1000 characters in one line",
        ),
        (
            'l: "/a\\nb"',
            "2:6: hosts.web1.logs.l.path: should be text of 1 to 1000 characters in one line",
        ),
        (
            'l: {command: "a\\nb"}',
            "2:16: hosts.web1.logs.l.command: should be text of 1 to 1000 characters in one line",
        ),
        (
            'l: {command: "  "}',
            "2:16: hosts.web1.logs.l.command: is empty: give a command that prints lines",
        ),
        (
            f"l: {{command: {'x' * 1001}}}",
            "2:16: hosts.web1.logs.l.command: should be text of 1 to 1000 characters in one line",
        ),
        ("l: {command: [tail, -F]}", "2:16: hosts.web1.logs.l.command: should be text"),
        (
            "l: {command: mysql --password hunter2}",
            (
                "2:16: hosts.web1.logs.l.command: seems to hold a password or token: hosts.yaml is "
                "no place for secrets; let the command read it from a file there"
            ),
        ),
        (
            "l: {path: /a, command: b}",
            "2:6: hosts.web1.logs.l: has a path and a command: give one of them",
        ),
        (
            "l: {paht: /a}",
            "2:7: hosts.web1.logs.l.paht: unknown key (did you mean path?)",
        ),
        ("my log: /a", "2:3: hosts.web1.logs.my log: a name must not hold white space"),
        ("-x: /a", "2:3: hosts.web1.logs.-x: a name must not begin with '-': it would be taken"),
        (
            f"{'x' * 61}: /a",
            f"2:3: hosts.web1.logs.{'x' * 59}…: a name of a log has at most 60 characters, not 61",
        ),
    ],
)
def test_a_wrong_log_is_told_with_its_place(hosts: HostsFolder, written: str, fault: str) -> None:
    faults = hosts.faults(f"hosts: {{web1: {{logs: {{\n  {written}}}}}}}\n")
    assert faults[0].startswith(f"hosts.yaml:{fault}")
    assert len(faults) == 1
    assert "hunter2" not in faults[0]


def test_a_host_has_so_many_logs_at_most(hosts: HostsFolder) -> None:
    many = "".join(f"    l{number}: /var/log/{number}\n" for number in range(51))
    (fault,) = hosts.faults(f"defaults:\n  logs:\n{many}hosts:\n  web1:\n")
    assert fault.endswith("has 51 logs with those of its groups: 50 at most")


def test_logs_are_a_mapping_and_a_group_may_be_called_so(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("hosts: {web1: {logs: [/var/log/a]}}\n")
    assert fault.endswith("hosts.web1.logs: should be a mapping (key: value)")
    (fault,) = hosts.faults("groups: {logs: {hosts: [{name: a, adress: b}]}}\n")
    assert fault.endswith("unknown key (did you mean address?)")


def test_a_name_that_no_host_has_is_told_with_what_was_perhaps_meant(hosts: HostsFolder) -> None:
    text = "hosts: {a: {logs: {queue: /q, app: /a}}, b: {}}\n"
    known = list(hosts.fleet(text).hosts.values())
    assert nobody_has(["queue", "app"], known) == ""
    said = "none of these hosts has a log called"
    assert nobody_has(["app", "quue"], known) == f"{said} quue (did you mean queue?)"
    assert nobody_has(["x"], known) == f"{said} x: there is queue, app"
    assert nobody_has(["x"], known[1:]) == f"{said} x: hosts.yaml names none of theirs under logs:"
