"""hosts.yaml that is wrong: every fault at once, each where it stands, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts_files import HostsFolder

SECRET = "opsdash keeps no passwords or keys: use an agent or a key file"


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    return HostsFolder(tmp_path)


def test_all_faults_of_a_file_show_at_once_in_its_order(hosts: HostsFolder) -> None:
    text = """\
defaults: {jump: bastoin, interval: 2h}
groups:
  web:
    hosts:
      - web1
      - {name: web2, adress: 10.0.0.2}
hosts:
  bastion:
  -x:
  web1: {port: 70000, groups: [wep]}
  db: {sudo: nopaswd}
"""
    assert hosts.faults(text) == [
        "hosts.yaml:1:18: defaults.jump: no host is called bastoin (did you mean bastion?)",
        "hosts.yaml:1:37: defaults.interval: should be 2s, 1m or whole seconds, from 1s to 1h",
        "hosts.yaml:6:22: groups.web.hosts[1].adress: unknown key (did you mean address?)",
        "hosts.yaml:9:3: hosts.-x: a name must not begin with '-': it would be taken for an option",
        "hosts.yaml:10:16: hosts.web1.port: should be from 1 to 65535",
        "hosts.yaml:10:32: hosts.web1.groups[0]: no group is called wep (did you mean web?)",
        (
            "hosts.yaml:11:14: hosts.db.sudo: should be one of probe, ask, nopasswd, none "
            "(did you mean nopasswd?)"
        ),
    ]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("{bastion: a}", "1:13: hosts.x.bastion: unknown key (did you mean jump?)"),
        ("{port: '22'}", "1:19: hosts.x.port: should be a whole number, without quotes"),
        ("{port: true}", "1:19: hosts.x.port: should be a whole number"),
        ("{port: 0}", "1:19: hosts.x.port: should be from 1 to 65535"),
        ("{user: 1000}", '1:19: hosts.x.user: should be text: quote it ("1000")'),
        ("{user: true}", '1:19: hosts.x.user: should be text: quote it ("true")'),
        ("{user: }", "1:19: hosts.x.user: is empty: give a value, or delete the line"),
        ("{tags: prod}", "1:19: hosts.x.tags: should be a list: put it in brackets, [like this]"),
        ("{tags: [a, 2]}", '1:23: hosts.x.tags[1]: should be text: quote it ("2")'),
        ("{tags: ['a b']}", "1:20: hosts.x.tags[0]: a tag must not hold white space"),
        ("[a]", "1:12: hosts.x: should be a mapping (key: value)"),
        ("{interval: 500ms}", ("1:23: hosts.x.interval: should be 2s, 1m or whole seconds, "
         "from 1s to 1h")),
        ("{interval: 1.5}", ("1:23: hosts.x.interval: should be 2s, 1m or whole seconds, "
         "from 1s to 1h")),
        ("{host_key: off}", ('1:23: hosts.x.host_key: off could be read as true or false: '
         'quote it ("off") if it is text')),
        ("{host_key: 'off'}", "1:23: hosts.x.host_key: should be one of strict, accept-new"),
        ("{keys: ['']}", "1:20: hosts.x.keys[0]: should be the path of a file"),
        ("{address: 'a;b'}", "1:22: hosts.x.address: an address must not hold ';'"),
        ("{address: '-oProxyCommand'}", ("1:22: hosts.x.address: an address must not begin "
         "with '-': it would be taken for an option")),
        ("{user: '$(id)'}", "1:19: hosts.x.user: a user must not hold '$'"),
        ("{transport: local, user: a}", ("1:24: hosts.x.transport: local is this machine, "
         "without ssh: user mean nothing")),
        ("10.0.0.1:99999", ("1:12: hosts.x: the port behind the colon should be a number "
         "from 1 to 65535")),
        ("a@b@c:1", None),
        ("'[::1:22'", "1:12: hosts.x: an IPv6 address with a port is written [2001:db8::1]:22"),
    ],
)  # fmt: skip
def test_each_wrong_field_is_told_with_what_it_should_be(
    hosts: HostsFolder, fields: str, fault: str | None
) -> None:
    text = f"hosts: {{x: {fields}}}\n"
    if fault is None:
        assert hosts.fleet(text).hosts["x"].user == "a@b"
    else:
        assert hosts.faults(text) == [f"hosts.yaml:{fault}"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a b", "must not hold white space"),
        ("a,b", "must not hold ','"),
        ("a|b", "must not hold '|'"),
        ("a*", "must not hold '*'"),
        ("!a", "must not hold '!'"),
        ("a/b", "must not hold '/'"),
        ("a$(id)", "must not hold '$'"),
        ("..", "must not begin with '.'"),
        ("-a", "must not begin with '-'"),
        ("", "must not be empty"),
        ("a\\e31m", "must not hold control characters"),
        ("a\\n", "must not hold white space"),
        ("wéb", "a name is ASCII: 'é' could look like another letter"),
        ("w\\u202eb", "a name is ASCII: U+202E could look like another letter"),
        ("x" * 254, "has at most 253 characters"),
        ("all", "'all' is a word of its own"),
        ("web[01-03]", "a range is written web[01:12]"),
        ("web[a:d]", "a range is written web[01:12]"),
        ("web[3:1]", "the range [3:1] is empty"),
        ("web[1:9:0]", "needs a step of 1 or more"),
        ("web[1:99999]", "means more than 10,000 hosts"),
        ("web[1:999][1:999]", "means more than 10,000 hosts"),
        ("[1:3]-$", "must not hold '$'"),
    ],
)
def test_dangerous_names_are_refused_with_a_reason(
    hosts: HostsFolder, name: str, reason: str
) -> None:
    (fault,) = hosts.faults(f'hosts:\n  "{name}":\n')
    assert fault.startswith("hosts.yaml:2:3: ")
    assert reason in fault
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("no", "true or false"),
        ("Yes", "true or false"),
        ("ON", "true or false"),
        ("22:22", "a number in base 60"),
        ("0123", "an octal number"),
        ("0x1f", "a number"),
        ("1_000", "a number"),
    ],
)
@pytest.mark.parametrize("template", ["hosts:\n  a: {{user: {0}}}\n", "hosts:\n  {0}:\n"])
def test_words_that_yaml_readers_disagree_on_are_to_be_quoted(
    hosts: HostsFolder, word: str, meaning: str, template: str
) -> None:
    (fault,) = hosts.faults(template.format(word))
    assert f'{word} could be read as {meaning}: quote it ("{word}")' in fault


def test_an_address_that_yaml_takes_for_base_60_is_caught(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("hosts:\n  a: 2001:10:20:30:40:50:51:52\n")
    assert "a number in base 60: quote it" in fault


@pytest.mark.parametrize(
    "text",
    [
        "hosts:\n  a: {password: hunter2}\n",
        "defaults: {ansible_become_pass: hunter2}\nhosts: {a: }\n",
        "hosts:\n  a: !vault |\n    hunter2\n",
        'hosts: {a: {keys: ["-----BEGIN OPENSSH PRIVATE KEY----- hunter2"]}}\n',
        'hosts: {a: {user: "$ANSIBLE_VAULT;1.1;AES256 hunter2"}}\n',
    ],
)
def test_secrets_are_refused_and_not_repeated(hosts: HostsFolder, text: str) -> None:
    faults = hosts.faults(text)
    assert any(fault.endswith(SECRET) for fault in faults)
    assert "hunter2" not in "".join(faults)


def test_a_password_in_an_address_is_refused_and_not_repeated(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("hosts: {a: 'bob:hunter2@10.0.0.1'}\n")
    assert "opsdash keeps no passwords" in fault
    assert "hunter2" not in fault


def test_a_host_may_be_called_vault_and_a_check_after_passwords(hosts: HostsFolder) -> None:
    text = "hosts: {vault: {thresholds: {ssh-root-password: {warn: 1, crit: 2}}}}\n"
    assert "vault" in hosts.fleet(text).hosts


@pytest.mark.parametrize(
    ("hosts_text", "faults"),
    [
        ("a: {jump: a}", ["2:13: hosts.a.jump: jumps to itself"]),
        (
            "a: {jump: b}\n  b: {jump: a}",
            ["2:13: hosts.a.jump: jumps run in a circle: a -> b -> a"],
        ),
        (
            "x: {jump: a}\n  a: {jump: b}\n  b: {jump: c}\n  c: {jump: a}",
            ["3:13: hosts.a.jump: jumps run in a circle: a -> b -> c -> a"],
        ),
        (
            "a: {jump: 10.0.0.9}",
            ["2:13: hosts.a.jump: no host is called 10.0.0.9: declare it, or write user@10.0.0.9"],
        ),
        ("a: {jump: 'x;y'}", ["2:13: hosts.a.jump: a name must not hold ';'"]),
        ("a: {jump: 'u@-x'}", [("2:13: hosts.a.jump: an address must not begin with '-': it would "
                               "be taken for an option")]),
        (
            "me: {transport: local}\n  a: {jump: me}",
            ["3:13: hosts.a.jump: me is this machine: a jump goes through another"],
        ),
    ],
)  # fmt: skip
def test_jumps_must_lead_somewhere(hosts: HostsFolder, hosts_text: str, faults: list[str]) -> None:
    assert hosts.faults(f"hosts:\n  {hosts_text}\n") == [f"hosts.yaml:{fault}" for fault in faults]


def test_a_wrong_default_is_told_once_and_not_per_host(hosts: HostsFolder) -> None:
    assert len(hosts.faults("defaults: {jump: nobody}\nhosts:\n  a[1:500]:\n")) == 1


def test_an_address_for_several_hosts_needs_the_name_in_it(hosts: HostsFolder) -> None:
    text = "defaults: {address: x}\ngroups: {g: {address: y, hosts: [a]}}\nhosts: {'b[1:2]': z}\n"
    assert [fault.split(": ", 1)[1] for fault in hosts.faults(text)] == [
        'defaults.address: all its hosts would have this address: use "{name}" in it',
        'groups.g.address: all its hosts would have this address: use "{name}" in it',
        'hosts.b[1:2].address: all its hosts would have this address: use "{name}" in it',
    ]


def test_thresholds_name_a_check_and_rise_from_warn_to_crit(hosts: HostsFolder) -> None:
    text = """\
hosts:
  a:
    thresholds:
      cpu-bussy: {warn: 1, crit: 2}
      cpu-busy: {warn: 90%, crit: 80%}
      load: {warn: 5}
      swap: {warn: lots, crit: -1}
      hours-left: {warn: 4h, crit: 1d}
      days-left: {warn: 7d, crit: 1d}
"""
    known = {"cpu-busy": False, "load": False, "swap": False, "hours-left": True}
    known |= {"days-left": True}
    a_number = "should be a number, a percentage (80%), a time span (10m) or never"
    assert [fault.partition("thresholds.")[2] for fault in hosts.faults(text, known)] == [
        "cpu-bussy: no check is called so (did you mean cpu-busy?)",
        "cpu-busy.warn: warn lies beyond crit: higher is worse",
        "load: crit is missing: give a value, or never",
        f"swap.warn: {a_number}",
        f"swap.crit: {a_number}",
        "hours-left.warn: warn lies beyond crit: lower is worse",
    ]
