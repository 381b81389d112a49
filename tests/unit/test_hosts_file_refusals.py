"""Whole hosts files that are wrong: broken YAML, wrong modes, includes, and what stands twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsdash.config import marked_yaml, source_text
from tests.hosts_files import HostsFolder


@pytest.fixture
def hosts(tmp_path: Path) -> HostsFolder:
    return HostsFolder(tmp_path)


def test_a_host_is_declared_once_over_all_files(hosts: HostsFolder) -> None:
    hosts.write("hosts:\n  b:\n  w[1:3]:\n", "more.yaml")
    text = """\
include: [more.yaml]
hosts:
  a:
  b:
  w2: 10.0.0.1

groups:
  g: {hosts: [{name: a, port: 1}]}
"""
    assert hosts.faults(text) == [
        "hosts.yaml:8:15: groups.g.hosts[0]: a declared twice (first in hosts.yaml:3)",
        "more.yaml:2:3: hosts.b: b declared twice (first in hosts.yaml:4)",
        "more.yaml:3:3: hosts.w[1:3]: w2 declared twice (first in hosts.yaml:5)",
    ]


def test_a_key_stands_once_in_a_mapping(hosts: HostsFolder) -> None:
    assert hosts.faults("hosts:\n  a:\n  b:\n  a: 10.0.0.1\n") == [
        "hosts.yaml:4:3: hosts.a: stands here twice (first in line 2)"
    ]


def test_a_group_is_declared_once_over_all_files(hosts: HostsFolder) -> None:
    hosts.write("groups: {g: {hosts: [b]}}\n", "more.yaml")
    (fault,) = hosts.faults("include: [more.yaml]\ngroups: {g: {hosts: [a]}}\n")
    assert fault.startswith(
        "more.yaml:1:10: groups.g: group declared twice (first in hosts.yaml:2)"
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("include: [hosts.yaml]\nhosts: {b: }\n",
         "more.yaml:1:11: include[0]: hosts.yaml: is included in a circle"),
        ("include: [more.yaml]\nhosts: {b: }\n",
         "more.yaml:1:11: include[0]: more.yaml: includes itself"),
        ("include: [none.yaml]\nhosts: {b: }\n",
         "more.yaml:1:11: include[0]: none.yaml: there is no such file"),
        ("hosts: {b: }\n", None),
        ("hosts: {b: {prt: 1}}\n", "more.yaml:1:13: hosts.b.prt: unknown key (did you mean port?)"),
        ("hosts: [b\n", "more.yaml:2:1: did not find expected ',' or ']'"),
        ("", "more.yaml:1:1: is empty: it should declare hosts; see hosts.example.yaml"),
    ],
)  # fmt: skip
def test_included_files_are_checked_the_same_way(
    hosts: HostsFolder, more: str, fault: str | None
) -> None:
    hosts.write(more, "more.yaml")
    text = "include: [more.yaml]\nhosts: {a: }\n"
    if fault is None:
        assert list(hosts.fleet(text).hosts) == ["a", "b"]
    else:
        assert hosts.faults(text) == [fault]


def test_a_file_is_included_once(hosts: HostsFolder) -> None:
    hosts.write("hosts: {b: }\n", "more.yaml")
    (fault,) = hosts.faults("include: [more.yaml, 'mor*.yaml']\nhosts: {a: }\n")
    assert fault == "hosts.yaml:1:22: include[1]: more.yaml: is included twice"


def test_an_unreadable_include_does_not_blame_names_that_may_stand_in_it(
    hosts: HostsFolder,
) -> None:
    (fault,) = hosts.faults("include: [none.yaml]\nhosts: {a: {jump: gate, groups: [g]}}\n")
    assert fault == "hosts.yaml:1:11: include[0]: none.yaml: there is no such file"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "hosts.yaml:1:1: is empty: it should declare hosts; see hosts.example.yaml"),
        ("# only words\n", ("hosts.yaml:1:1: is empty: it should declare hosts; "
         "see hosts.example.yaml")),
        ("- a\n", "hosts.yaml:1:1: should be a mapping with hosts: at its top"),
        ("hosts: {}\n", "hosts.yaml:1:1: declares no hosts: write at least one name under hosts:"),
        ("hosts:\n  - a\n", "hosts.yaml:2:3: hosts: should be a mapping (key: value)"),
        ("version: 2\nhosts: {a: }\n", "hosts.yaml:1:10: version: should be 1"),
        ("host: {a: }\n", "hosts.yaml:1:1: host: unknown key (did you mean hosts?)"),
        ("hosts: {a: \n", "hosts.yaml:2:1: did not find expected node content"),
        ("hosts:\n\ta:\n", ("hosts.yaml:2:1: a value can't begin with this character "
         "(tabs don't indent; quote @ ` % and the like)")),
        ("hosts: {a: }\n---\nhosts: {b: }\n", ("hosts.yaml:2:1: a second document (---) begins "
         "here: one file holds one")),
        ("hosts:\n  a:\n    address: {name}.lab\n", ("hosts.yaml:3:20: a key was expected here "
         "(a value that begins with { or a quote ends too early: quote all of it)")),
        ("hosts: {a: *x}\n", "hosts.yaml:1:12: *x stands before its anchor, or has none"),
        ("hosts: {a: &a [*a]}\n", "hosts.yaml:1:16: *a stands before its anchor, or has none"),
        ("hosts: {a: {<<: {port: 1}}}\n", ("hosts.yaml:1:13: hosts.a.<<: merge keys are not read: "
         "use defaults: or a group")),
        ("hosts: {a: {user: !!python/name:os.system x}}\n", ("hosts.yaml:1:19: hosts.a.user: tags "
         "(tag:yaml.org,2002:python/name:os.system) mean nothing here")),
        ("hosts: {[a]: }\n", ("hosts.yaml:1:9: a key should be a word (a value that begins with "
         "{ or [: quote it)")),
    ],
)  # fmt: skip
def test_what_is_no_hosts_file_is_told_in_one_line(
    hosts: HostsFolder, text: str, fault: str
) -> None:
    assert hosts.faults(text)[0] == fault


def test_a_bomb_of_aliases_is_refused_before_it_grows(hosts: HostsFolder) -> None:
    lines = ["x0: &x0 [a,a,a,a,a,a,a,a,a,a]"]
    lines += [f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10)]
    (fault,) = hosts.faults("\n".join(lines))
    assert fault.startswith("hosts.yaml:6:")
    assert "more than 250,000 values with all aliases written out" in fault


def test_deep_nesting_is_refused_and_does_not_end_the_process(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("hosts: " + "[" * 200_000)
    assert fault == "hosts.yaml:1:32: is nested deeper than 24 levels"


def test_a_file_that_others_may_write_is_refused(hosts: HostsFolder) -> None:
    path = hosts.write("hosts: {a: }\n")
    for mode in (0o620, 0o602):
        path.chmod(mode)
        (fault,) = hosts.faults_of(path)
        assert fault.endswith(
            f"(mode 0{mode:o}) and so choose where ssh goes: chmod go-w hosts.yaml"
        )


def test_an_included_file_that_others_may_write_is_refused(hosts: HostsFolder) -> None:
    hosts.write("hosts: {b: }\n", "more.yaml").chmod(0o666)
    (fault,) = hosts.faults("include: [more.yaml]\nhosts: {a: }\n")
    assert fault.startswith("hosts.yaml:1:11: include[0]: more.yaml: others may write it")


def test_files_that_are_no_text_are_refused(hosts: HostsFolder) -> None:
    path = hosts.write("")
    for content, said in (
        (b"\x7fELF\0\0", "hosts.yaml: is a binary file, not YAML"),
        (b"hosts:\n  a: \xff\n", "hosts.yaml:2:6: is not UTF-8: byte 0xff"),
        (b"hosts:\n  a: \x1b[31m\n", "hosts.yaml:2:6: control character U+001B is not allowed"),
        (b"#" * (source_text.MAX_BYTES + 1), ("hosts.yaml: is larger than 1024 KiB: "
         "split it with include:")),
    ):  # fmt: skip
        path.write_bytes(content)
        assert hosts.faults_of(path) == [said]


def test_a_directory_and_a_fifo_are_no_hosts_files(hosts: HostsFolder) -> None:
    (hosts.folder / "folder").mkdir()
    os.mkfifo(hosts.folder / "fifo", 0o600)
    assert hosts.faults_of(hosts.folder / "folder") == ["folder: is a directory, not a file"]
    assert hosts.faults_of(hosts.folder / "fifo") == ["fifo: is not a regular file"]


def test_a_missing_or_forbidden_file_is_told_as_such(
    hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hosts.faults_of(hosts.folder / "none") == ["none: there is no such file"]
    path = hosts.write("hosts: {a: }\n")

    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied")  # root may read all: pretend

    monkeypatch.setattr(source_text, "open_without_waiting", refuse)
    assert hosts.faults_of(path) == ["hosts.yaml: can't be read: permission denied"]


def test_a_fleet_has_at_most_ten_thousand_hosts(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults("hosts:\n  a[1:9000]:\n  b[1:1001]:\n")
    assert fault == "hosts.yaml:3:3: hosts.b[1:1001]: the fleet has more than 10,000 hosts"


def test_hosts_beyond_that_are_one_fault_with_their_number(hosts: HostsFolder) -> None:
    more = "".join(f"  c{number}: {{jump: b{number}}}\n" for number in range(500))
    text = f"hosts:\n  a[1:9999]:\n  b[1:2]: {{jump: c1}}\n  last: {{jump: b1}}\n{more}"
    (fault,) = hosts.faults(text)
    assert fault.startswith("hosts.yaml:3:3: hosts.b[1:2]: the fleet has more than 10,000 hosts")
    assert fault.endswith(", from here on (500 more entries)")


def test_a_mapping_has_only_so_many_keys(
    hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_yaml, "MAX_KEYS", 5)
    keys = "".join(f"  k{number}:\n" for number in range(7))
    for above in ("hosts:\n", "hosts: {a: }\nx:\n"):
        (fault,) = hosts.faults(above + keys)
        assert fault.endswith(":3: more than 5 keys in one mapping")


def test_a_name_of_endless_length_is_not_made_ten_thousand_times(hosts: HostsFolder) -> None:
    (fault,) = hosts.faults(f"groups: {{g: {{hosts: ['{'a' * 200_000}[1:9999]']}}}}\n")
    assert "a name has at most 253 characters, not 200001" in fault
