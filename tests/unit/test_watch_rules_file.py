"""watch_rules.yaml: what it says, what is wrong with it, and that it follows the hosts file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from opsdash.activities.troubleshoot.watch_rules_commands import COMMAND
from opsdash.collectors.logwatch import fitted
from opsdash.config.fleet_files import FleetFiles
from opsdash.config.marked_yaml import parse_marked
from opsdash.config.open_fleet import open_fleet
from opsdash.config.watch_rules_file import read_watch_rules, rules_in, shipped_rules
from opsdash.core import discover
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.quoting import quote
from opsdash.core.watch_rule import LogPlace, LogWhere, WatchedLine, WatchRules

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "watch-rules.schema.json").read_text())
HOSTS = "hosts:\n  web1: {tags: [prod]}\n  db1:\n"
ALL = """\
rules:
  our-app:
    title: Orders fail
    pattern: 'order \\d+ (failed|lost)'
    except: 'retry'
    source: [app, "unit:app.service", /srv/app/log, kernel]
    severity: critical
    count: 5
    within: 10m
    words: [order]
    advice: "ask the shop"
    known_by: [oom.kills]
    hosts: "tag:prod"
"""


def read(folder: Path, text: str) -> WatchRules:
    path = folder / "watch_rules.yaml"
    path.write_text(text)
    path.chmod(0o600)
    hosts = {"web1": Host("web1", tags=frozenset({"prod"})), "db1": Host("db1")}
    return read_watch_rules([path], hosts)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yaml"
    path.write_text(HOSTS)
    path.chmod(0o600)
    return path


def test_all_that_a_rule_may_say(tmp_path: Path) -> None:
    found = read(tmp_path, ALL)
    rule = found.rules["our-app"]
    assert (rule.title, rule.health, rule.count, rule.within_s) == (
        "Orders fail",
        Health.CRIT,
        5,
        600.0,
    )
    assert rule.sources == (
        LogWhere(LogPlace.PROGRAM, "app"),
        LogWhere(LogPlace.UNIT, "app.service"),
        LogWhere(LogPlace.FILE, "/srv/app/log"),
        LogWhere(LogPlace.KERNEL),
    )
    assert (rule.words, rule.known_by) == (("order",), ("oom.kills",))
    assert rule.means(WatchedLine("order 7 failed", "app"))
    assert not rule.means(WatchedLine("order 7 failed, will retry", "app"))
    assert rule.place.endswith("watch_rules.yaml:2")
    assert "our-app" in [one.name for one in found.of("web1")]
    assert "our-app" not in [one.name for one in found.of("db1")]


def test_what_a_rule_of_a_known_name_leaves_out_is_as_it_comes_with_opsdash(tmp_path: Path) -> None:
    name, shipped = next(iter(shipped_rules().items()))
    found = read(tmp_path, f"rules:\n  {name}: {{count: 7, severity: warning}}\n")
    rule = found.rules[name]
    assert (rule.count, rule.health) == (7, Health.WARN)
    assert (rule.pattern, rule.title, rule.words) == (shipped.pattern, shipped.title, shipped.words)
    other = read(tmp_path, f"rules:\n  {name}: {{pattern: own}}\n").rules[name]
    assert other.words == ()
    assert other.matches("my own text")


def test_a_rule_is_switched_off_by_name(tmp_path: Path) -> None:
    name = next(iter(shipped_rules()))
    found = read(tmp_path, f"rules:\n  {name}: {{enabled: false}}\n")
    assert found.off == (name,)
    assert name not in found.rules
    assert name not in [one.name for one in found.of("web1")]


FIELDS = "title: T, pattern: p, severity: warning"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("rules: [1]\n", 1, "should be a mapping"),
        ("- 1\n", 1, "should be a mapping"),
        ("rule:\n  a: {}\n", 1, "unknown key"),
        ("rules:\n  A b: {title: T}\n", 2, "small letters"),
        ("rules:\n  a: 5\n", 2, "mapping with title, pattern and severity"),
        ("rules:\n  a: {title: T}\n", 2, "needs pattern:"),
        (f"rules:\n  a: {{{FIELDS}, regex: x}}\n", 2, "did you mean pattern?"),
        (f"rules:\n  a: {{{FIELDS}, file: /x}}\n", 2, "did you mean source: /PATH?"),
        ("rules:\n  a:\n    title: T\n    pattern: '(x'\n    severity: warning\n", 4, "expression"),
        ("rules:\n  a:\n    title: T\n    pattern: 'x*'\n    severity: warning\n", 4, "every line"),
        ("rules:\n  a: {title: T, pattern: p, severity: high}\n", 2, "critical or warning"),
        ("rules:\n  a: {title: T, pattern: p, severity: [x]}\n", 2, "critical or warning"),
        (f"rules:\n  a: {{{FIELDS}, count: 31}}\n", 2, "from 1 to 30"),
        (f"rules:\n  a: {{{FIELDS}, count: true}}\n", 2, "from 1 to 30"),
        (f"rules:\n  a: {{{FIELDS}, within: 2h}}\n", 2, "at most an hour"),
        (f"rules:\n  a: {{{FIELDS}, within: soon}}\n", 2, "span"),
        (f"rules:\n  a: {{{FIELDS}, source: 'a b'}}\n", 2, "should be kernel, any"),
        (f"rules:\n  a: {{{FIELDS}, source: 'unit:'}}\n", 2, "should be kernel, any"),
        (f"rules:\n  a: {{{FIELDS}, source: []}}\n", 2, "list of at most"),
        (f"rules:\n  a: {{{FIELDS}, source: /var/log/}}\n", 2, "path of a file"),
        (f"rules:\n  a: {{{FIELDS}, hosts: 'cpu>5'}}\n", 2, "select by names"),
        (f"rules:\n  a: {{{FIELDS}, hosts: 'web7'}}\n", 2, "no host is called 'web7'"),
        (f"rules:\n  a: {{{FIELDS}, hosts: 'tag:lab'}}\n", 2, "no host fits 'tag:lab'"),
        (f"rules:\n  a: {{{FIELDS}, hosts: '!web1 !db1'}}\n", 2, "no host fits"),
        (f"rules:\n  a: {{{FIELDS}, words: ['']}}\n", 2, "text of at most"),
        (f"rules:\n  a: {{{FIELDS}, enabled: maybe}}\n", 2, "true or false"),
        ("rules:\n  a: {enabled: false}\n", 2, "no rule of that name"),
        (f"rules:\n  a: {{{FIELDS.replace('T', 'x' * 41)}}}\n", 2, "at most 40"),
        ("rules: {a: [\n", 2, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_other_rules_hold(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    found = read(tmp_path, text)
    (fault, *_) = found.faults
    assert words in fault.text
    assert fault.line == line
    assert found.rules.keys() == shipped_rules().keys()
    assert found.notice.startswith("watch rules: ")


def test_what_makes_too_long_a_script_is_told(tmp_path: Path) -> None:
    words = ", ".join(f"w{'x' * 90}{number}" for number in range(50))
    rules = "".join(f"  a{n}: {{{FIELDS}, words: [{words}]}}\n" for n in range(12))
    found = read(tmp_path, f"rules:\n{rules}")
    assert "50,000 characters" in found.faults[0].text
    command = fitted(Host("h", watch=found.of("web1"))).command
    assert len(found.rules) > len(shipped_rules())
    assert len(quote(command)) < 128 * 1024


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "watch_rules.yaml"
    path.write_text(ALL)
    path.chmod(0o666)
    assert "others" in read_watch_rules([path], {}).faults[0].text


def test_the_rules_stand_beside_the_hosts_file_and_are_followed(hosts: Path) -> None:
    files = FleetFiles(str(hosts))
    before = files.read()
    assert "our-app" not in before.watch_rules.rules
    assert before.hosts["web1"].watch == tuple(shipped_rules().values())
    assert before.hosts["web1"].watch is before.hosts["db1"].watch
    (hosts.parent / "watch_rules.yaml").write_text(ALL)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    assert files.changed()
    after = files.read()
    assert "our-app" in [one.name for one in after.hosts["web1"].watch]
    assert "our-app" not in [one.name for one in after.hosts["db1"].watch]


def test_this_machine_alone_is_watched_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    (host,) = open_fleet(None).hosts.values()
    assert [one.name for one in host.watch] == list(shipped_rules())


def test_rules_that_come_with_opsdash_name_checks_and_metrics_that_there_are() -> None:
    metrics = (one.name for each in discover.collectors().values() for one in each.metrics)
    known = {*discover.checks(), *metrics}
    assert {name for rule in shipped_rules().values() for name in rule.known_by} <= known
    assert all(rule.words and rule.advice for rule in shipped_rules().values())


def test_two_rules_of_one_name_in_one_file_are_refused() -> None:
    text = f"rules:\n  a: {{{FIELDS}}}\n  a: {{{FIELDS}}}\n"
    with pytest.raises(ConfigError):
        rules_in(parse_marked(Path("r.yaml"), text))


# -- the command ------------------------------------------------------------------------------


def told(*args: str, code: int = 0, lines: str = "") -> str:
    done = CliRunner().invoke(COMMAND.build(), args, input=lines)
    assert done.exit_code == code, done.output
    return done.output


def test_the_rules_are_listed(hosts: Path) -> None:
    (hosts.parent / "watch_rules.yaml").write_text(ALL)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    listed = told("--hosts", str(hosts))
    assert re.search(r"our-app +critical +5 +10m +app unit:app.service \S+ kernel +1 +O", listed)
    data = json.loads(told("--hosts", str(hosts), "--json", "our-app"))
    jsonschema.validate(data, SCHEMA)
    assert data["rules"][0]["matching_hosts"] == ["web1"]


def test_a_rule_in_full_is_a_file_that_can_be_read(hosts: Path) -> None:
    (hosts.parent / "watch_rules.yaml").write_text(ALL)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    whole = told("--hosts", str(hosts), "our-app")
    (rule,) = rules_in(parse_marked(Path("copy.yaml"), whole)).values()
    assert (rule.name, rule.pattern, rule.within_s) == ("our-app", ALL_PATTERN, 600.0)
    assert rule.sources == read(hosts.parent, ALL).rules["our-app"].sources


def test_letters_beyond_the_first_65536_are_copied_as_they_are(hosts: Path) -> None:
    text = 'rules:\n  a: {title: "\U0001f525 fire", pattern: "\U0001f525", severity: warning}\n'
    (hosts.parent / "watch_rules.yaml").write_text(text)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    whole = told("--hosts", str(hosts), "a")
    (rule,) = rules_in(parse_marked(Path("copy.yaml"), whole)).values()
    assert (rule.title, rule.pattern) == ("\U0001f525 fire", "\U0001f525")


def test_a_line_of_the_kernel_is_tried_as_a_host_tells_it(hosts: Path) -> None:
    rule = "rules:\n  a: {title: T, pattern: '^boom', source: kernel, severity: warning}\n"
    (hosts.parent / "watch_rules.yaml").write_text(rule)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    lines = "Nov 28 11:05:08 web1 kernel: [  12.345678] boom\n"
    assert "1 line, a finding" in told("--hosts", str(hosts), "--try", "-", lines=lines)


ALL_PATTERN = r"order \d+ (failed|lost)"


def test_lines_are_held_against_the_rules(hosts: Path) -> None:
    (hosts.parent / "watch_rules.yaml").write_text(ALL)
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    lines = "Nov 28 11:05:08 web1 app[7]: order 7 failed\nNov 28 11:05:09 web1 app[7]: fine\n"
    said = told("--hosts", str(hosts), "--try", "-", lines=lines)
    assert re.search(r"1 +our-app +app +order 7 failed", said)
    assert "our-app: 1 line, a finding from 5 in 10m on" in said
    assert "2 lines read, 1 of them mean something" in said
    data = json.loads(told("--hosts", str(hosts), "--try", "-", "--json", lines=lines))
    jsonschema.validate(data, SCHEMA)
    assert data["meant"] == {"our-app": 1}
    told("--hosts", str(hosts), "--try", "-", code=1, lines="all is well\n")


def test_a_name_that_no_rule_has_and_a_file_with_a_fault(hosts: Path) -> None:
    assert 'no watch rule "nosuch"' in told("--hosts", str(hosts), "nosuch", code=64)
    (hosts.parent / "watch_rules.yaml").write_text("rules:\n  a: 5\n")
    (hosts.parent / "watch_rules.yaml").chmod(0o600)
    assert "rules.a: should be a mapping" in told("--hosts", str(hosts), code=65)
