"""Laws of the hosts file: whatever it holds, there is a fleet or a ConfigError."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsdash.config.hosts import load_fleet
from opsdash.config.marked_yaml import parse_marked
from opsdash.config.ranges import names_of
from opsdash.config.themes import load_theme
from opsdash.core.errors import ConfigError, Fault
from opsdash.core.target import Target, checked_name, parse_target
from opsdash.core.text import clean

KEYS = st.sampled_from([
    "version", "include", "defaults", "groups", "hosts", "address", "port", "user", "keys", "jump",
    "tags", "sudo", "host_key", "interval", "known_hosts", "thresholds", "transport", "ssh_config",
    "name", "probes", "tcp", "http", "file", "time", "from", "logs", "path", "command",
    "warn", "crit", "a", "b", "web[1:3]", "g", "password", "<<",
])  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["a", "b", "g", "none", "local", "a@b:22", "80%", "10m", "{name}", "*.yaml"])
    | st.text(max_size=12)
)
TREES = st.recursive(
    LEAVES,
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(KEYS | st.text(max_size=5), inside, max_size=5)
    ),
    max_leaves=30,
)
SECTIONS = st.dictionaries(
    KEYS, st.dictionaries(KEYS, st.dictionaries(KEYS, TREES, max_size=5), max_size=5), max_size=5
)


def loads_or_says_why(content: bytes, load: Callable[[Path], object]) -> bool:
    """Whether a file loads, or is refused by a ConfigError with faults that can be shown."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hosts.yaml"
        path.write_bytes(content)
        path.chmod(0o600)
        try:
            load(path)
        except ConfigError as error:
            return bool(error.faults) and all(map(can_be_shown, error.faults))
    return True


def can_be_shown(fault: Fault) -> bool:
    """Whether a fault is one line of words that steer no terminal."""
    line = str(fault)
    return bool(fault.text) and fault.line >= 0 and "\n" not in line and clean(line) == line


def reason_or(result: Callable[[], object]) -> tuple[str, object]:
    """Why something was refused, or its result."""
    try:
        return "", result()
    except ValueError as reason:
        return str(reason), None


@settings(max_examples=150)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbfhosts: {a: }")
@example(b"? \n: [")
@example(b"&a : *a")
@example(b"hosts: {? : 1}")
@example(b"hosts: {a: {user: " + b"9" * 5000 + b"}}")
@example(b"hosts: {a: {thresholds: {c: {warn: " + b"9" * 400 + b".0, crit: .inf}}}}")
@example(b"include: ['[', '**', '/\\x00', '~nobody-here/x', '/', '.', '']\nhosts: {a: }")
@example(b"hosts: {a: {keys: ['~nobody-here/x']}}")
@example("hosts: {a: '\u2028'}".encode())
def test_any_bytes_give_a_fleet_or_faults(content: bytes) -> None:
    assert loads_or_says_why(content, load_fleet)


@settings(max_examples=150)
@given(st.text(alphabet="ahost:{}[]-,*&!'\"#|> \n\t?<0:~%@", max_size=60))
def test_any_text_of_yaml_signs_gives_a_fleet_or_faults(text: str) -> None:
    assert loads_or_says_why(text.encode(), load_fleet)


@settings(max_examples=60)
@given(TREES | SECTIONS)
@example({"groups": {"g": {"hosts": [{"name": 1}, 2, None, "a"]}}, "hosts": None})
@example({"hosts": {"a": {"thresholds": {"c": {"warn": "x", "crit": "y"}}}}})
@example({"defaults": None, "groups": {"g": None}, "hosts": {"a": {"groups": "g"}}})
def test_any_tree_gives_a_fleet_or_faults(tree: object) -> None:
    assert loads_or_says_why(yaml.safe_dump(tree, allow_unicode=True).encode(), load_fleet)


@settings(max_examples=40)
@given(TREES | SECTIONS)
def test_any_tree_gives_a_theme_or_faults(tree: object) -> None:
    assert loads_or_says_why(yaml.safe_dump(tree, allow_unicode=True).encode(), load_theme)


@settings(max_examples=150)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**9), 10**9)
        | st.text("abc:-#no019 ", max_size=8),
        lambda inside: (
            st.lists(inside, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1, max_size=3), inside, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_what_is_quoted_or_unambiguous_is_read_as_it_was_written(tree: object) -> None:
    marked = parse_marked(Path("x"), yaml.safe_dump(tree))
    if not marked.faults:
        assert marked.data == tree


@given(st.integers(0, 500), st.integers(0, 60), st.integers(1, 7), st.integers(1, 4), st.booleans())
def test_a_range_is_its_numbers_in_order(
    start: int, more: int, step: int, width: int, padded: bool
) -> None:
    first = f"{start:0{width}d}" if padded else str(start)
    names = names_of(f"web[{first}:{start + more}:{step}].lab")
    numbers = [int(name.removeprefix("web").removesuffix(".lab")) for name in names]
    assert numbers == list(range(start, start + more + 1, step))
    assert names[0] == f"web{first}.lab"
    assert len(set(names)) == len(names)
    if first.startswith("0") and len(first) > 1:
        assert all(len(name) >= len(names[0]) for name in names)


@given(st.integers(1, 20), st.integers(1, 20))
def test_two_ranges_multiply(one: int, other: int) -> None:
    names = names_of(f"r[1:{one}]-n[01:{other:02d}]")
    assert len(set(names)) == len(names) == one * other


@given(st.text(max_size=30))
@example("web[1:2]" * 40)
@example("[000000000:999999999]" * 9)
def test_any_text_is_names_or_a_reason(text: str) -> None:
    reason, names = reason_or(lambda: names_of(text))
    assert reason.isprintable()
    if isinstance(names, tuple):
        assert 1 <= len(names) <= 10_000
        assert all(checked_name(name) == name for name in names)


@given(
    st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True),
    st.none() | st.from_regex(r"[a-z][a-z0-9._@-]{0,10}", fullmatch=True),
    st.none() | st.integers(1, 65535),
)
def test_a_target_is_taken_apart_as_it_was_put_together(
    address: str, user: str | None, port: int | None
) -> None:
    text = (f"{user}@" if user else "") + address + (f":{port}" if port else "")
    assert parse_target(text) == Target(address, user, port)


@given(st.text(max_size=30))
def test_any_text_is_a_target_without_signs_that_a_shell_knows_or_a_reason(text: str) -> None:
    reason, target = reason_or(lambda: parse_target(text))
    assert reason.isprintable()
    if isinstance(target, Target):
        parts = target.address + (target.user or "")
        assert not set(parts) & set(" \t\n;|&$`'\"\\*?!#<>(){}[],~^/")
        assert not target.address.startswith("-")


def test_the_loader_still_reads_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    marked = parse_marked(Path("x"), "a: {b: [1, 'no', x]}\n")
    assert marked.data == {"a": {"b": [1, "no", "x"]}}
    assert marked.place(("a", "b", 2)) == (1, 18)
