"""Whatever is altered in an audit log whose end is known, verify() sees it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from opsdash.core.audit import AuditEntry, Phase
from opsdash.store.audit_check import Verdict, verify
from opsdash.store.audit_file import AuditFiles, Head

LINES = 14
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def entry(number: int) -> AuditEntry:
    """One of several; none is like another."""
    phase = Phase.END if number % 2 else Phase.BEGIN
    return AuditEntry(
        1000.0 + number, "tom", f"web{number // 2}", "run", phase, f"p{number}", 1, f"echo {number}"
    )


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Path, Head]]:
    """A log of two full files and one that is written to, with a line that a crash cut off."""
    folder = Path(tempfile.mkdtemp())
    files = AuditFiles(folder, most_bytes=2000)
    head = Head()
    for number in range(LINES - 1):
        if number == 8:
            with files.path.open("ab") as file:
                file.write(b'{"action":"run","at":10')
        head = files.append([entry(number)])
    assert len(files.full_files()) >= 2
    assert head.count == LINES
    yield folder, head
    shutil.rmtree(folder)


@pytest.fixture
def log(whole: tuple[Path, Head], tmp_path: Path) -> Log:
    """A copy to be altered."""
    return Log(whole[0], whole[1], tmp_path / "copy")


class Log:
    """A log that can be put back as it was."""

    def __init__(self, source: Path, head: Head, folder: Path) -> None:
        self._source, self._folder = source, folder
        self.head = head
        self.files = AuditFiles(folder)
        self.restore()

    def restore(self) -> None:
        """As it was written."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._source, self._folder)
        self.paths = [*self.files.full_files(), self.files.path]

    def lines(self) -> list[bytes]:
        """All lines, of all files."""
        return b"".join(path.read_bytes() for path in self.paths).splitlines(keepends=True)

    def put(self, lines: list[bytes]) -> None:
        """These lines, in one file."""
        for path in self.paths:
            path.unlink()
        self.files.path.write_bytes(b"".join(lines))

    def verdict(self) -> Verdict:
        """What verify() says, the end being known."""
        return verify(self.files, {self.head.count: self.head.hash})


def test_it_is_whole_as_it_was_written_and_in_one_file_too(log: Log) -> None:
    found = log.verdict()
    assert (found.whole, found.entries, found.head) == (True, LINES, log.head)
    assert len(found.notes) == 1
    assert "cut off by a crash" in found.notes[0]
    log.put(log.lines())
    assert log.verdict().whole


@MANY
@given(data=st.data())
def test_one_changed_byte_shows(log: Log, data: st.DataObject) -> None:
    log.restore()
    path = data.draw(st.sampled_from(log.paths))
    text = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != text[place]))
    text[place] = byte
    path.write_bytes(bytes(text))
    assert not log.verdict().whole


@MANY
@given(data=st.data())
def test_lines_that_are_cut_out_show(log: Log, data: st.DataObject) -> None:
    log.restore()
    lines = log.lines()
    first = data.draw(st.integers(0, len(lines) - 1))
    many = data.draw(st.integers(1, len(lines) - first))
    log.put(lines[:first] + lines[first + many :])
    assert not log.verdict().whole


@MANY
@given(first=st.integers(0, LINES), second=st.integers(0, LINES))
def test_lines_that_change_places_show(log: Log, first: int, second: int) -> None:
    assume(first != second)
    log.restore()
    lines = log.lines()
    lines[first], lines[second] = lines[second], lines[first]
    log.put(lines)
    assert not log.verdict().whole


@MANY
@given(source=st.integers(0, LINES), target=st.integers(0, LINES + 1))
def test_a_line_that_is_put_in_shows(log: Log, source: int, target: int) -> None:
    log.restore()
    lines = log.lines()
    lines.insert(target, lines[source])
    log.put(lines)
    assert not log.verdict().whole


@MANY
@given(data=st.data())
def test_a_file_that_ends_too_early_shows(log: Log, data: st.DataObject) -> None:
    log.restore()
    path = data.draw(st.sampled_from(log.paths))
    size = data.draw(st.integers(0, path.stat().st_size - 1))
    path.write_bytes(path.read_bytes()[:size])
    assert not log.verdict().whole


@MANY
@given(cut=st.integers(1, LINES - 1), more=st.integers(1, 6))
def test_a_cut_tail_shows_after_more_was_written(log: Log, cut: int, more: int) -> None:
    log.restore()
    log.put(log.lines()[:cut])
    for number in range(more):
        log.files.append([entry(100 + number)], log.head if not number else None)
    assert not log.verdict().whole
