"""Files that are cut, damaged, hostile or huge: words with a place, never a traceback or a hang."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opsdash
from opsdash.core.errors import ConfigError, Fault
from tests.loaders import LOADERS, OF_PROGRAMS, Loader

PACKAGE = Path(opsdash.__file__).parent
MOST_S = 5.0
"""Of processor time, for a file however bad; the worst takes a tenth of it."""

READS_TEXT = re.compile(
    r"(?<![.\w])(?:load_marked|parse_marked|read_text)\(|\bjson\.loads?\(", re.ASCII
)

each = pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.name)


def said(loader: Loader, folder: Path, content: bytes) -> list[str]:
    """What is wrong with such a file; its loader raises nothing but ConfigError, and in time."""
    path = folder / loader.name
    path.write_bytes(content)
    path.chmod(0o600)
    began = time.process_time()
    faults = faults_of(loader, path)
    assert time.process_time() - began < MOST_S
    lines = [str(fault) for fault in faults]
    assert all(fault.file and fault.text and len(fault.text) < 1_000 for fault in faults)
    assert not any("\n" in line or "\x1b" in line for line in lines)
    return lines


def faults_of(loader: Loader, path: Path) -> tuple[Fault, ...]:
    """The faults of a file; an error has at least one."""
    try:
        loader.load(path)
    except ConfigError as error:
        return error.faults or (Fault("", 0, 0, ""),)
    return ()


@each
def test_the_example_is_right(loader: Loader, tmp_path: Path) -> None:
    assert said(loader, tmp_path, loader.example.encode()) == []


@each
def test_a_file_that_was_cut_at_any_byte(loader: Loader, tmp_path: Path) -> None:
    content = loader.example.encode()
    found = [said(loader, tmp_path, content[:end]) for end in range(len(content))]
    assert all(isinstance(faults, list) for faults in found)


@each
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_was_damaged_anywhere(
    loader: Loader, tmp_path: Path, data: st.DataObject
) -> None:
    content = loader.example.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 12)))
    signs = st.text(alphabet="[]{}:,-&*!|>'\"#%@`\\\t\n 0aé\x00\x1b", max_size=8)
    put = data.draw(st.one_of(st.binary(max_size=8), signs.map(str.encode)))
    assert isinstance(said(loader, tmp_path, content[:start] + put + content[end:]), list)


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(12)
)

HOSTILE = {
    "empty": b"",
    "blank": b" \n\n\t\n",
    "comments": b"# nothing\n",
    "bom": b"\xef\xbb\xbf",
    "utf-16": "hosts: {a: {}}".encode("utf-16"),
    "nul": b"hosts:\n  a\x00b:\n",
    "binary": bytes(range(256)) * 40,
    "escapes": b"hosts:\n  \x1b]0;owned\x07: {}\n\x1b[31mx: 1\n",
    "tabs": b"hosts:\n\ta:\n\t\tport: 22\n",
    "twice": b"hosts: {a: {}}\nhosts: {a: {}, a: {port: 1, port: 2}}\n",
    "two documents": b"hosts: {a: {}}\n---\nhosts: {b: {}}\n",
    "brackets": b"[" * 5_000_000,
    "braces": b"{a: " * 100_000,
    "deep": b"".join(b" " * n + b"a:\n" for n in range(1_200)),
    "dashes": b"- " * 200_000,
    "bomb": BOMB,
    "bomb in place": b"hosts: {x: {tags: &a [b, b]}, y: {tags: [*a, *a]}}\n" + BOMB,
    "round": b"&a [*a]\n",
    "round in place": b"hosts: &a {x: *a}\n",
    "merge": b"x: &x {port: 1}\nhosts: {a: {<<: *x}}\n",
    "tag": b"hosts: !!python/object/apply:os.system ['id']\n",
    "long key": b"k" * 900_000 + b": 1\n",
    "long line": b"hosts: {a: {user: " + b"u" * 900_000 + b"}}\n",
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(15_000)),
    "many twice": b"k: 1\n" * 20_000,
    "long number": b"hosts: {a: {port: " + b"9" * 100_000 + b"}}\n",
    "numbers": b"hosts: {1e999: {port: .inf}, .nan: {port: 0x7fffffffffffffffff}, 1:20: {}}\n",
    "date": b"hosts: {2001-99-99: {port: 2001-02-30}}\n",
    "ranges": b"hosts: {'a[1:9999][1:9999][1:9999]': {}, 'b[': {}}\n",
    "carriage": b"hosts: {a: {}}\rhosts: {b: {}}\r",
    "surrogate": b"hosts: {\xed\xa0\x80: {}}\n",
    "bidi": "hosts: {\u202eab: {}}\n".encode(),
    "json deep": b'{"last": ' * 100_000,
    "json list": b"[1, 2]",
    "json numbers": b'{"saved": {"a": {"sort": ' + b"1" * 100_000 + b"}}}",
    "json surrogate": b'{"saved": {"\\ud800": {}}, "history": {"a": ["\\u001b[31m"]}}',
    "ini brackets": b"[" * 900_000,
    "ini ranges": b"[web]\nweb[1:99999999][a:z][1:99999999]\n",
    "includes itself": b"Include ssh_config\nInclude *\ninclude: [hosts.yaml]\n",
    "node sets": b"all: node[1-999999999]\nb: @b\nc: @all,@c\n",
    "hosts line": b"Host " + b"a " * 100_000 + b"\n",
}


@each
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file(loader: Loader, kind: str, tmp_path: Path) -> None:
    assert isinstance(said(loader, tmp_path, HOSTILE[kind]), list)


@each
def test_what_is_no_file(loader: Loader, tmp_path: Path) -> None:
    path = tmp_path / loader.name
    path.symlink_to(path)
    looped = faults_of(loader, path)
    path.unlink()
    path.mkdir()
    folder = faults_of(loader, path)
    path.rmdir()
    os.mkfifo(path)
    assert all(fault.text for fault in (*looped, *folder, *faults_of(loader, path)))


def test_every_module_that_reads_files_of_the_users_has_a_loader_here() -> None:
    readers = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for folder in ("config", "store")
        for path in (PACKAGE / folder).rglob("*.py")
        if READS_TEXT.search(path.read_text(encoding="utf-8"))
    }
    known = {module for loader in LOADERS for module in loader.modules} | OF_PROGRAMS.keys()
    assert readers - {"config.source_text"} <= known, "add its kind of file to tests/loaders.py"
    root = Path(__file__).resolve().parents[2]
    assert all((root / test).exists() for test in OF_PROGRAMS.values())
