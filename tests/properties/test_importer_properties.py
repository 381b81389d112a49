"""Laws of importing: whatever a source holds, there is a file that loads, or a ConfigError."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsdash.config.hosts import load_fleet
from opsdash.config.importers.ansible_fields import found_in
from opsdash.config.importers.ansible_ini import host_names
from opsdash.config.importers.found import Found
from opsdash.config.importers.imported import rendered
from opsdash.config.importers.inventory import from_list_form
from opsdash.config.importers.node_sets import expand
from opsdash.config.importers.sources import READERS
from opsdash.config.importers.ssh_arguments import read_arguments
from opsdash.core.errors import ConfigError
from opsdash.core.text import clean

WORDS = st.sampled_from([
    "web1", "web[1:3]", "n[1-3]", "@g", "g", "-x", "a b", "all", "none", "password", "no", "08",
    "1.5", "~", "null", "10.0.0.1", "::1", "ü", "x;y", "", "{{ x }}", "{name}", "0x1f", "1_0", "=",
    "ops@gate:22", "true", "[", "]", "#", "'", '"', "12:30", "\u202e", "y" * 300,
])  # fmt: skip
TEXTS = WORDS | st.text(max_size=8)
SSH_LINES = st.tuples(
    st.sampled_from(
        ["Host", "host=", "Match", "Include", "HostName", "User", "ProxyJump", "#", ""]
    ),
    st.lists(TEXTS, max_size=4).map(" ".join),
)
INI_LINES = st.one_of(
    st.lists(TEXTS, min_size=1, max_size=3).map(" ".join),
    st.tuples(TEXTS, st.sampled_from(["", ":vars", ":children", ":x"])).map(
        lambda parts: f"[{parts[0]}{parts[1]}]"
    ),
    st.tuples(
        TEXTS,
        st.sampled_from(
            ["ansible_host", "ansible_user", "ansible_port", "ansible_ssh_common_args"]
        ),
        TEXTS,
    ).map(lambda t: f"{t[0]} {t[1]}={t[2]}"),
    st.tuples(st.sampled_from(["ansible_user", "ansible_connection"]), TEXTS).map("=".join),
)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2)
VARS = st.dictionaries(
    st.sampled_from([
        "ansible_host", "ansible_user", "ansible_port", "ansible_become", "ansible_connection",
        "ansible_private_key_file", "ansible_ssh_common_args", "ansible_become_password", "other",
    ]),
    VALUES | st.just({"__ansible_vault": "x"}),
    max_size=4,
)  # fmt: skip
GROUPS = st.fixed_dictionaries(
    {},
    optional={
        "hosts": st.lists(TEXTS, max_size=4),
        "children": st.lists(TEXTS, max_size=3),
        "vars": VARS,
    },
)


def assert_loads(found: Found, folder: Path) -> None:
    """Assert that what would be written is the fleet that was found."""
    if not found.hosts:
        return
    path = folder / "out.yaml"
    path.write_text(rendered(found), encoding="utf-8")
    path.chmod(0o600)
    fleet = load_fleet(path)
    assert list(fleet.hosts) == list(found.hosts)
    for name, host in fleet.hosts.items():
        assert set(host.groups) == {group for group, m in found.groups.items() if name in m}
        if host.way.logs_in:
            assert host.user == found.hosts[name].get("user")
            assert host.port == found.hosts[name].get("port")
            assert host.address == found.hosts[name].get("address")


def assert_imported_or_refused(kind: str, content: bytes, name: str = "source") -> None:
    """Assert that a source of any content is imported to a file that loads, or refused in words."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        path = folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        found, faults = read_or_refused(kind, path)
        assert faults or found
        assert all(clean(fault) == fault and "\n" not in fault for fault in faults)
        if found:
            assert_loads(found, folder)


def read_or_refused(kind: str, path: Path) -> tuple[Found | None, list[str]]:
    """What was found, or why nothing was."""
    try:
        return READERS[kind](path), []
    except ConfigError as error:
        return None, [str(fault) for fault in error.faults]


def reason_or(result: Callable[[], object]) -> object:
    """The reason why something was refused, in words that can be shown, or its result."""
    try:
        return result()
    except ValueError as reason:
        return str(reason)


@pytest.mark.parametrize("kind", list(READERS))
@settings(max_examples=60)
@given(content=st.binary(max_size=120))
@example(content=b"[a\n")
@example(content=b"$ANSIBLE_VAULT;1.1;AES256\n61")
@example(content=b"\xef\xbb\xbfHost a\n")
def test_any_bytes_are_imported_or_refused(kind: str, content: bytes) -> None:
    assert_imported_or_refused(kind, content)


@settings(max_examples=120)
@given(st.lists(SSH_LINES, max_size=8))
@example([("Host", "pass"), ("Host", "no 08 1.5 null")])
def test_any_ssh_config_is_imported_or_refused(lines: list[tuple[str, str]]) -> None:
    assert_imported_or_refused("ssh-config", "\n".join(" ".join(line) for line in lines).encode())


@settings(max_examples=120)
@given(st.lists(INI_LINES, max_size=8))
@example(["a ansible_ssh_common_args='-J a'", "[all:vars]", "ansible_ssh_common_args=-J a"])
@example(["a ansible_ssh_args='-J b'", "b ansible_ssh_args='-J a'", "c ansible_ssh_args='-J a'"])
@example(["a ansible_connection=local", "b ansible_ssh_args='-J a'"])
@example(["[a:children]", "b", "[b:children]", "a", "[b]", "x"])
@example(["a ansible_host={name}", "b ansible_host=x{name}"])
@example(["[all]", "x", "[x]", "y", "[none]", "z"])
def test_any_ini_inventory_is_imported_or_refused(lines: list[str]) -> None:
    assert_imported_or_refused("ansible", "\n".join(lines).encode(), "hosts.inv")


@settings(max_examples=120)
@given(
    st.dictionaries(TEXTS, GROUPS | st.lists(TEXTS, max_size=3), max_size=4),
    st.dictionaries(TEXTS, VARS, max_size=3),
)
@example({"y" * 300: ["a"]}, {"web1": {"ansible_private_key_file": "y" * 300}})
def test_any_list_form_gives_a_file_that_loads(
    groups: dict[str, object], hostvars: dict[str, object]
) -> None:
    data = json.loads(json.dumps({**groups, "_meta": {"hostvars": hostvars}}))
    with TemporaryDirectory() as place:
        assert_loads(found_in(from_list_form(data, "x"), "ansible", Path("/x")), Path(place))


@settings(max_examples=80)
@given(st.dictionaries(TEXTS, GROUPS | VALUES, max_size=3))
def test_any_yaml_inventory_is_imported_or_refused(data: dict[str, object]) -> None:
    assert_imported_or_refused("ansible", json.dumps(data).encode(), "hosts.yml")


@settings(max_examples=120)
@given(st.dictionaries(TEXTS, TEXTS, max_size=5))
def test_any_groups_file_is_imported_or_refused(groups: dict[str, str]) -> None:
    lines = "\n".join(f"{name}: {nodes}" for name, nodes in groups.items())
    assert_imported_or_refused("clustershell", lines.encode(), "groups.cfg")
    assert_imported_or_refused("clustershell", json.dumps({"s": groups}).encode(), "groups.yaml")


@given(st.text(alphabet="n[]-,/&!^ @0123459:a", max_size=25))
@example("[0-99999]" * 5)
@example("n[1-" * 30)
def test_any_text_is_a_node_set_or_a_reason(text: str) -> None:
    found = reason_or(lambda: expand(text, lambda name: {"g": None}))
    assert found.isprintable() if isinstance(found, str) else isinstance(found, dict)


@given(st.text(alphabet="web[]:01239ac.", max_size=25))
@example("[0:99999]" * 5)
def test_any_text_is_a_pattern_of_hosts_or_a_reason(text: str) -> None:
    found = reason_or(lambda: host_names(text))
    if isinstance(found, tuple):
        names, port = found
        assert 1 <= len(names) <= 10_000
        assert port == "" or port.isdigit()
    else:
        assert str(found).isprintable()


@given(st.text(alphabet="-JoiWFlp proxyjump=%h:\"'ab", max_size=40))
def test_any_text_is_read_as_ssh_arguments(text: str) -> None:
    assert read_arguments(text).jump is not None


@pytest.mark.parametrize("kind", list(READERS))
def test_every_cut_of_a_source_is_imported_or_refused(kind: str) -> None:
    text = {
        "ssh-config": 'Host "a b" c\n  HostName = x\nInclude ~/none\nMatch all\nHost d\n',
        "ansible": "all:\n  hosts:\n    a: {ansible_user: !vault 'x'}\n  vars: &v {b: *v}\n",
        "clustershell": "c:\n  a: 'n[1-3]'\n  b: '@a!n2'\n",
    }[kind]
    name = "s" if kind == "ssh-config" else "s.yaml"
    for cut in range(len(text)):
        assert_imported_or_refused(kind, text[:cut].encode(), name)
