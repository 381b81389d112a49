"""A SELECT means the hosts that it says, and a word that means nothing is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.errors import SelectionError
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.reading import Reading
from opsdash.core.selection import parse_selection, select_hosts
from opsdash.core.snapshot import HostState

NOW = 10_000.0
HOSTS = {
    host.name: host
    for host in (
        Host("web1", tags=frozenset({"prod", "eu-west"}), groups=("front",)),
        Host("web2", tags=frozenset({"test"}), groups=("front",)),
        Host("db1", tags=frozenset({"prod"}), groups=("back", "sql")),
        Host("db3"),
    )
}


def named(select: str) -> str:
    """The hosts that a SELECT names, as one string."""
    return " ".join(select_hosts(parse_selection([select]), HOSTS))


@pytest.mark.parametrize(
    ("select", "hosts"),
    [
        ("web1", "web1"),
        ("web*", "web1 web2"),
        ("web? db1", "web1 web2 db1"),
        ("[dw]*1", "web1 db1"),
        ("all", "web1 web2 db1 db3"),
        ("all tag:prod", "web1 db1"),
        ("tag:prod", "web1 db1"),
        ("tag:eu-*", "web1"),
        ("group:front", "web1 web2"),
        ("group:s?l", "db1"),
        ("web* tag:prod", "web1"),
        ("tag:prod group:back", "db1"),
        ("!web*", "db1 db3"),
        ("web* !web2", "web1"),
        ("!web2 web*", "web1"),
        ("web1 web2 !web1 web1", "web2"),
        ("all !tag:prod", "web2 db3"),
        ("all !group:front !db3", "db1"),
    ],
)
def test_names_are_ored_predicates_anded_and_excludes_win(select: str, hosts: str) -> None:
    assert named(select) == hosts


def test_words_may_come_apart_or_together() -> None:
    assert parse_selection(["web* !web2"]).text == parse_selection(["web*", "!web2"]).text


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("", "nothing is selected"),
        ("  ", "nothing is selected"),
        ("wbe1", "no host is called 'wbe1': did you mean web1?"),
        ("zzz", "no host is called 'zzz'"),
        ("web1 zzz*", "no host is called 'zzz*'"),
        ("web1 !web1", "no host fits 'web1 !web1'"),
        ("tag:nope", "no host fits 'tag:nope'"),
        ("tga:Prod", "'tga:Prod': unknown predicate 'tga': did you mean tag:Prod?"),
        ("x:y", "known are tag: group: os: state:"),
        ("tag:", "'tag:' needs a name"),
        ("group:", "'group:' needs a name"),
        ("os:", "'os:' needs a name"),
        ("state:bad", "'bad' is no state; these are: ok, unknown, warn, crit, down"),
        ("foo>3", "'foo' can't be compared; these can: cpu, mem"),
        ("cpu>", "neither a host name, a glob nor a predicate"),
        ("web;reboot", "neither a host name, a glob nor a predicate"),
        ("!", "neither a host name, a glob nor a predicate"),
        ("!!web1", "neither a host name, a glob nor a predicate"),
        ("!all", "'!all' leaves no host"),
        ("cpu>80s", "'cpu>80s': cpu is compared in %"),
        ("up>3%", "'up>3%': up is compared in s, m, h or d"),
        ("load>3%", "'load>3%': load has no unit"),
    ],
)
def test_a_word_that_means_nothing_is_an_error(select: str, said: str) -> None:
    with pytest.raises(SelectionError) as raised:
        named(select)
    assert said in str(raised.value)


def state(**metrics: float) -> HostState:
    """A WARN host with these metrics (``cpu__busy_ratio`` for ``cpu.busy_ratio``)."""
    readings: dict[str, Reading] = {
        "os": Reading("web1", "os", NOW, rows=({"id": "ubuntu", "id_like": "debian linux"},)),
        "filesystem": Reading(
            "web1",
            "filesystem",
            NOW,
            {("filesystem.used_ratio", "/"): 0.2, ("filesystem.used_ratio", "/var"): 0.9},
        ),
    }
    for name, value in metrics.items():
        collector, metric = name.split("__")
        readings[collector] = Reading(
            "web1", collector, NOW, {(f"{collector}.{metric}", ""): value}
        )
    return HostState(HOSTS["web1"], 1, Health.WARN, at=NOW - 30, readings=readings)


@pytest.mark.parametrize(
    ("select", "fits"),
    [
        ("cpu>80", True),
        ("cpu>80%", True),
        ("cpu>81", False),
        ("cpu>=81", True),
        ("cpu<81", False),
        ("cpu<=81", True),
        ("cpu=81", True),
        ("cpu>80.5", True),
        ("disk>89", True),
        ("disk>90", False),
        ("load>1.5", True),
        ("up>1h", True),
        ("up>2h", False),
        ("up<1d", True),
        ("age>29s", True),
        ("age>1m", False),
        ("age>29", True),
        ("os:ubuntu", True),
        ("os:Debian", True),
        ("os:alpine", False),
        ("state:warn", True),
        ("state:WARN", True),
        ("state:crit", False),
        ("!state:crit", True),
        ("!cpu>80", False),
        ("cpu>80 state:warn tag:prod", True),
        ("cpu>80 state:crit", False),
        ("web2 cpu>80", False),
    ],
)
def test_a_predicate_compares_what_the_host_said(select: str, fits: bool) -> None:
    known = state(cpu__busy_ratio=0.81, load__one=2.0, uptime__up_s=5400.0)
    selection = parse_selection([select])
    assert selection.matches(known, NOW) is fits


@pytest.mark.parametrize("sign", [">", "<", ">=", "<=", "="])
@pytest.mark.parametrize("figure", ["cpu", "mem", "swap", "disk", "load", "up", "age"])
def test_an_unknown_value_never_matches(figure: str, sign: str) -> None:
    silent = replace(state(), readings={}, at=0.0)
    assert not parse_selection([f"{figure}{sign}0"]).matches(silent, NOW)
    assert not parse_selection(["os:debian"]).matches(silent, NOW)


def test_a_selection_knows_whether_hosts_must_be_asked_first() -> None:
    assert parse_selection(["cpu>80"]).needs_state
    assert parse_selection(["!state:ok"]).needs_state
    assert not parse_selection(["web* tag:prod !db1"]).needs_state


def test_names_alone_are_decided_before_any_state() -> None:
    selection = parse_selection(["web* cpu>80"])
    assert list(select_hosts(selection, HOSTS)) == ["web1", "web2"]


def test_an_exclusion_that_spares_nobody_is_an_error() -> None:
    with pytest.raises(SelectionError, match="no host is called 'db33': did you mean db3"):
        select_hosts(parse_selection(["all", "!db33"]), {"db3": Host("db3"), "web1": Host("web1")})
