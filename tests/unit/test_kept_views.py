"""What screens remember between runs, in a file that may be anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from opsdash.core.kept import NOTHING_KEPT, Kept, with_typed
from opsdash.core.view import Grouping, View
from opsdash.store.kept_views import KeptViews

SOME = Kept(
    {"fleet": View(sort="cpu", group=Grouping.TAG)},
    {"night": View(filter="state:crit", problems=True)},
    {"filter": ("web", "cpu>80")},
)


def written(path: Path, kept: Kept) -> KeptViews:
    """A keeper that has written this."""
    keeper = KeptViews(path)
    keeper.keep(kept)
    keeper._writer.shutdown(wait=True)
    return keeper


def test_what_is_kept_is_there_the_next_time_and_private(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    assert written(path, SOME).kept == SOME
    assert KeptViews(path).kept == SOME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["views.json"]


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00\xff", "[" * 100_000, '"x"'])
def test_a_broken_file_is_set_aside_and_not_lost(tmp_path: Path, content: str) -> None:
    path = tmp_path / "views.json"
    path.write_text(content, encoding="latin-1")
    assert KeptViews(path).kept == NOTHING_KEPT
    assert path.with_suffix(".broken").read_text(encoding="latin-1") == content


def test_nonsense_inside_a_file_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text(
        '{"last": 3, "saved": {"a": {"sort": "cpu", "wide": "x"}}, "history": {"f": 1}}'
    )
    assert KeptViews(path).kept == Kept({}, {"a": View(sort="cpu")}, {})


def test_a_folder_that_can_not_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "views.json"
    assert written(path, SOME).kept == SOME
    assert not path.parent.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("as it was")
    (tmp_path / f"views.{os.getpid()}.part").symlink_to(target)
    written(tmp_path / "views.json", SOME)
    assert target.read_text() == "as it was"


def test_history_has_each_line_once_the_newest_first() -> None:
    assert with_typed(("a", "b"), "b") == ("b", "a")
    assert with_typed(("a",), "") == ("a",)
    assert len(with_typed(tuple(map(str, range(50))), "new")) == 50
