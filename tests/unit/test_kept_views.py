"""What screens remember between runs, in a file that may be anything."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.kept import NOTHING_KEPT, Kept, with_typed
from opsdash.core.view import Grouping, View
from opsdash.store.kept_views import KeptViews

SOME = Kept(
    {"fleet": View(sort="cpu", group=Grouping.TAG)},
    {"night": View(filter="state:crit", problems=True)},
    {"filter": ("web", "cpu>80")},
    {"theme": "nord", "hint.first": "seen"},
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


def test_a_broken_file_is_spoken_of_and_none_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    for number, name in enumerate(["views.broken", "views.2.broken", "views.3.broken"]):
        path.write_text(f"[{number}")
        keeper = KeptViews(path)
        assert keeper.notice == (
            f"saved views could not be read; their file is now {tmp_path / name}"
        )
        assert (tmp_path / name).read_text() == f"[{number}"
    assert (tmp_path / "views.broken").read_text() == "[0"
    assert KeptViews(path).notice == ""


def test_nonsense_inside_a_file_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text(
        '{"last": 3, "saved": {"a": {"sort": "cpu", "wide": "x"}}, "history": {"f": 1}}'
    )
    assert KeptViews(path).kept == Kept({}, {"a": View(sort="cpu")}, {})


def test_a_file_of_before_choices_has_none_and_bad_ones_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text('{"saved": {"a": {"sort": "cpu"}}}')
    assert KeptViews(path).kept == Kept({}, {"a": View(sort="cpu")}, {})
    odd = {
        "a": 1,
        "b": None,
        "c": "x\x1b[31m",
        "d\n": "x",
        "e" * 41: "x",
        "f": "x" * 101,
        "g": "ok",
    }
    path.write_text(json.dumps({"choices": odd}))
    assert KeptViews(path).kept.choices == {"g": "ok"}
    path.write_text('{"choices": ["a"]}')
    assert KeptViews(path).kept.choices == {}


def test_two_programs_keep_each_others_choices_and_one_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    written(path, Kept({}, {}, {}, {"theme": "nord", "hint.first": "seen"}))
    mine, other = KeptViews(path), KeptViews(path)
    other.keep(replace(other.kept, choices={**other.kept.choices, "keys": "vim"}))
    other._writer.shutdown(wait=True)
    mine.keep(replace(mine.kept, choices={"theme": "dracula"}))
    mine._writer.shutdown(wait=True)
    assert KeptViews(path).kept.choices == {"theme": "dracula", "keys": "vim"}


async def test_a_folder_that_is_not_there_costs_the_memory_only_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "views.json"
    keeper = written(path, SOME)
    assert keeper.kept == SOME
    assert not path.parent.exists()
    assert await keeper.kept_safely() == f"{path}: No such file or directory"


async def test_a_folder_in_the_place_of_the_file_is_told_at_once_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.mkdir()
    keeper = written(path, SOME)
    assert keeper.notice == f"saved views are not known: {path}: Is a directory"
    assert await keeper.kept_safely() == f"{path}: Is a directory"
    assert [file.name for file in tmp_path.iterdir()] == ["views.json"]


async def test_what_is_no_file_is_told_at_once_and_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "device").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "fifo")
    for name in ("device", "fifo"):
        views = KeptViews(tmp_path / name)
        assert views.notice.endswith(f"{tmp_path / name}: is not a regular file")
        views.keep(SOME)
        assert "is not a regular file" in await views.kept_safely()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["device", "fifo"]


async def test_nothing_is_waited_for_where_nothing_was_to_be_written(tmp_path: Path) -> None:
    assert await KeptViews(tmp_path / "gone" / "views.json").kept_safely() == ""
    assert await written(tmp_path / "views.json", SOME).kept_safely() == ""


async def test_who_no_longer_waits_does_not_call_off_the_writing(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    keeper = KeptViews(path)
    keeper._writer.submit(time.sleep, 0.1)
    keeper.keep(SOME)
    waiting = asyncio.ensure_future(keeper.kept_safely())
    await asyncio.sleep(0)
    waiting.cancel()
    assert await keeper.kept_safely() == ""
    assert KeptViews(path).kept == SOME


async def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("as it was")
    (tmp_path / f"views.{os.getpid()}.part").symlink_to(target)
    assert await written(tmp_path / "views.json", SOME).kept_safely() != ""
    assert target.read_text() == "as it was"


@pytest.mark.parametrize("content", ['{"saved": {}}', None, "{"])
def test_a_file_that_is_a_link_stays_one(tmp_path: Path, content: str | None) -> None:
    target, path = tmp_path / "dotfiles" / "opsdash.json", tmp_path / "views.json"
    target.parent.mkdir()
    if content is not None:
        target.write_text(content)
    path.symlink_to(target)
    written(path, SOME)
    assert path.is_symlink()
    assert not target.is_symlink()
    assert KeptViews(target).kept == SOME
    assert [file.name for file in tmp_path.glob("*.*")] == ["views.json"]


async def test_a_link_to_itself_is_told_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.symlink_to(path)
    assert "Too many levels" in await written(path, SOME).kept_safely()
    assert path.is_symlink()


def test_two_programs_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    old, new = View(sort="cpu"), View(sort="memory")
    written(path, Kept({}, {"gone": old, "same": old, "mine": old}, {"filter": ("old",)}))
    mine, other = KeptViews(path), KeptViews(path)
    other.keep(
        Kept(
            {"other": old},
            {"same": old, "mine": old, "theirs": new, "gone": old},
            {"filter": ("theirs", "old")},
        )
    )
    other._writer.shutdown(wait=True)
    mine.keep(Kept({"fleet": new}, {"same": old, "mine": old}, {"filter": ("mine", "old")}))
    mine.keep(Kept({"fleet": new}, {"same": old, "mine": new}, {"filter": ("old", "mine")}))
    mine._writer.shutdown(wait=True)
    assert KeptViews(path).kept == Kept(
        {"fleet": new, "other": old},
        {"same": old, "mine": new, "theirs": new},
        {"filter": ("old", "mine", "theirs")},
    )


async def test_while_another_program_writes_the_file_this_one_waits(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    keeper = KeptViews(path)
    keeper.keep(SOME)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await keeper.kept_safely()
    assert not path.exists()
    os.close(other)
    assert await keeper.kept_safely() == ""
    assert KeptViews(path).kept == SOME


def test_a_view_that_is_forgotten_and_saved_again_is_there(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    keeper = written(path, SOME)
    keeper = KeptViews(path)
    keeper.keep(replace(SOME, saved={}))
    keeper.keep(SOME)
    keeper._writer.shutdown(wait=True)
    assert KeptViews(path).kept == SOME


def test_a_file_that_went_away_while_the_program_ran_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    written(path, SOME)
    keeper = KeptViews(path)
    path.unlink()
    keeper.keep(replace(SOME, last={}))
    keeper._writer.shutdown(wait=True)
    assert KeptViews(path).kept.saved == SOME.saved


def test_history_has_each_line_once_the_newest_first() -> None:
    assert with_typed(("a", "b"), "b") == ("b", "a")
    assert with_typed(("a",), "") == ("a",)
    assert len(with_typed(tuple(map(str, range(50))), "new")) == 50
