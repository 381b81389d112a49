"""Lists that mean too much, or lead round in circles: imports say so, in time and with places."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config.importers import ansible_fields, clustershell, inventory
from opsdash.config.importers.ansible import read_ansible
from opsdash.config.importers.ansible_ini import host_names
from opsdash.config.importers.clustershell import read_clustershell
from opsdash.config.importers.found import Found
from opsdash.config.importers.inventory import Inventory
from opsdash.config.importers.node_sets import expand
from opsdash.config.importers.plan import plan_import
from opsdash.config.ranges import MAX_HOSTS
from opsdash.core.errors import ConfigError


def groups_file(folder: Path, *lines: str) -> Path:
    """A flat groups file of ClusterShell's."""
    path = folder / "groups"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def faults(kind: str, path: Path) -> list[str]:
    """Why nothing is imported, without the folder."""
    with pytest.raises(ConfigError) as caught:
        plan_import(kind, path, by_ansible=False)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.faults]


@pytest.mark.parametrize("twice", ["@g{0}", "@g{0},@g{0}"])
def test_a_chain_of_groups_is_as_long_as_it_likes(tmp_path: Path, twice: str) -> None:
    chain = [f"g{number}: {twice.format(number + 1)}" for number in range(3_000)]
    found = read_clustershell(groups_file(tmp_path, *chain, "g3000: x"))
    assert list(found.hosts) == ["x"]
    assert len(found.groups) == 3_001
    assert found.notes == []


def test_each_group_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(text: str, *rest: object) -> object:
        asked.append(text)
        return expand(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(clustershell, "expand", counted)
    lines = [f"g{number}: n[1-50]!@g{number + 1},@g{number + 1}" for number in range(200)]
    found = read_clustershell(groups_file(tmp_path, *lines, "g200: n[!]"))
    assert len(found.notes) == 201
    assert len(asked) <= 1


@pytest.mark.parametrize(
    "nodes", ["n[1-900]&n[1-900]&n[1-900]", "@a @b @a @b", "@a,@b,@a,@b", "@g[1-999] @g[1-999]"]
)
def test_groups_that_mean_too_much_together_are_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nodes: str
) -> None:
    monkeypatch.setattr(clustershell, "MOST_NAMES", 3_000)
    lines = ["a: n[1-800]", "b: n[1-800]", f"c: {nodes}", *(f"g{n}: n1" for n in range(1_000))]
    (fault,) = faults("clustershell", groups_file(tmp_path, *lines))
    assert fault.startswith("groups:3:1: with this group all groups together mean more than 3,000")


@pytest.mark.parametrize(
    "text", ["n" + "[1-9999]" * 20_000, "a" * 200_000 + "[1-9999]", "a" + "," * 200_000 + "["]
)
def test_a_node_set_that_would_fill_the_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"means|is written"):
        expand(text, lambda name: {})


def test_blanks_cost_nothing() -> None:
    assert list(expand("a" + " " * 200_000 + ", b", lambda name: {})) == ["a", "b"]


def test_each_group_that_is_refused_is_told_with_its_line_and_reason(tmp_path: Path) -> None:
    path = groups_file(tmp_path, "a: @b", "b: @a", "", "c: n*", "d: @none")
    assert faults("clustershell", path) == [
        "groups:1: group a is left out: a is in itself (a > b > a)",
        "groups:2: group b is left out: a is in itself (a > b > a)",
        "groups:4: group c is left out: n*: wildcards are not understood: write the names",
        "groups:5: group d is left out: no group is called groups:none",
        "groups: names no host to import",
    ]


def test_many_refused_groups_are_told_up_to_a_number(tmp_path: Path) -> None:
    told = faults("clustershell", groups_file(tmp_path, *(f"g{n}: n*" for n in range(50))))
    assert len(told) == 21
    assert told[-1] == "groups: names no host to import (and 30 more reasons)"


def test_a_long_circle_is_told_in_short(tmp_path: Path) -> None:
    lines = [f"g{n}: @g{(n + 1) % 5_000}" for n in range(5_000)]
    first = faults("clustershell", groups_file(tmp_path, *lines))[0]
    assert first.endswith("(g0 > g1 > g2 > g3 > … > g4997 > g4998 > g4999 > g0)")


def inventory_file(folder: Path, text: str, name: str = "hosts.ini") -> Path:
    """An inventory of Ansible's."""
    path = folder / name
    path.write_text(text)
    return path


def test_a_circle_of_ansible_groups_is_told_whole(tmp_path: Path) -> None:
    path = inventory_file(tmp_path, "[a:children]\nb\n[b:children]\nc\n[c:children]\na\n[b]\nh1\n")
    found = read_ansible(path)
    assert found.groups == {"a": ["h1"], "b": ["h1"], "c": ["h1"]}
    assert found.notes == [f"{path}:6: group a is in itself (a > b > c > a)"]


def test_an_inventory_of_a_circle_alone_says_why_it_has_no_hosts(tmp_path: Path) -> None:
    text = "all:\n  children:\n    a:\n      children:\n        b: {children: {a: }}\n"
    assert faults("ansible", inventory_file(tmp_path, text, "hosts.yml")) == [
        "hosts.yml:5: group a is in itself (a > b > a)",
        "hosts.yml: names no host to import",
    ]


def test_circles_are_told_up_to_a_number(tmp_path: Path) -> None:
    text = "".join(f"[g{n}:children]\ng{n}\n" for n in range(200))
    found = read_ansible(inventory_file(tmp_path, f"{text}[g1]\nh\n"))
    assert len(found.notes) == 20


def test_why_a_file_of_variables_is_not_read_is_told_whole(tmp_path: Path) -> None:
    path = inventory_file(tmp_path, "[web]\nh1\n")
    folder = tmp_path / ("long-" * 20) / "group_vars"
    folder.mkdir(parents=True)
    (folder / "web.yml").write_text("a: *none\n")
    path = path.rename(folder.parent / "hosts.ini")
    (note,) = read_ansible(path).notes
    assert note == f"{folder}/web.yml:1:4: *none stands before its anchor, or has none"


def test_ansible_groups_that_mean_too_much_are_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"[g{n}:children]\ng{n + 1}\n" for n in range(3_000))
    monkeypatch.setattr(inventory, "MOST_NAMES", 10_000)
    monkeypatch.setattr(ansible_fields, "MOST_NAMES", 10_000)
    (fault,) = faults("ansible", inventory_file(tmp_path, f"{text}[g3000]\nh\n"))
    assert fault == (
        "hosts.ini: its groups in groups mean more than 10,000 names: give it in parts"
    )


def test_how_deep_groups_are_is_known_without_going_round(tmp_path: Path) -> None:
    listed = Inventory()
    for parent, child in (("a", "b"), ("b", "c"), ("a", "c"), ("x", "y"), ("y", "x"), ("y", "z")):
        listed.group(parent).children[child] = ""
        listed.group(child)
    ranks = listed._ranks()  # what wins for a host follows from it
    assert {name: rank[0] for name, rank in ranks.items()} == {
        "a": 0, "b": 1, "c": 2, "x": 6, "y": 6, "z": 6
    }  # fmt: skip


def test_hosts_beyond_what_a_fleet_may_have_are_one_line(tmp_path: Path) -> None:
    found = Found("ansible", tmp_path)
    for number in range(MAX_HOSTS + 1_000):
        found.add(f"h{number}", {}, "list:1")
    found.leave_out("x", "is bad", "list:2")
    assert found.left_out == [
        "list:1: h10000: a fleet has at most 10,000 hosts (and 999 more hosts)",
        "list:2: x: is bad",
    ]


@pytest.mark.parametrize("pattern", ["w" + "[1:9999]" * 5_000, "a" * 60_000 + "[1:9999]"])
def test_a_pattern_of_hosts_that_would_fill_the_memory_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="means"):
        host_names(pattern)
