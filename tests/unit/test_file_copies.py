"""Files copied between here and there: kept before, put back, never put elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.errors import HostError
from opsdash.core.host import Host
from opsdash.core.job import Result
from opsdash.core.plan import Copy, HostSteps, Plan, Step, StepKind
from opsdash.core.plan import Danger as Dangers
from opsdash.core.plan_json import plan_from_json, plan_to_json
from opsdash.engine.perform import perform
from opsdash.transport import file_copies
from opsdash.transport.base import Completed, Heard, Order
from opsdash.transport.file_copies import (
    folder_fault,
    keep_script,
    look_script,
    source_fault,
    undo_script,
)
from opsdash.transport.files import GONE, FileFacts, RemoteFile, facts_in
from opsdash.transport.local import LocalConnection
from tests.fake_hands import FakeHand, FakeHands

SHELLS = [
    argv for argv in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(argv[0])
]
by_every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: str(argv[0]))

NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60
).filter(lambda name: name not in (".", "..") and len(name.encode()) <= 200)


def sh(script: str, home: Path, shell: Sequence[str] = ("sh",)) -> Completed:
    done = subprocess.run(
        [*shell, "-s"],
        input=script.encode("utf-8", "surrogateescape"),
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        check=False,
    )
    return Completed(done.returncode, done.stdout, done.stderr)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def was_of(path: Path, home: Path) -> FileFacts:
    return facts_in(sh(look_script(str(path), 100), home), RemoteFile(str(path)))


@by_every_shell
def test_what_was_there_is_kept_and_put_back_as_it_was(tmp_path: Path, shell: list[str]) -> None:
    path = tmp_path / "etc" / "a 'file'"
    path.parent.mkdir()
    path.write_text("old\n")
    path.chmod(0o640)
    was = was_of(path, tmp_path)
    kept = sh(keep_script(str(path), was.digest, "p1", root=False), tmp_path, shell)
    assert kept.status == 0, kept
    place = tmp_path / ".local/state/opsdash/backups/p1"
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / path.name).read_text() == "old\n"
    path.write_text("new\n")
    path.chmod(0o600)
    undo = undo_script(str(path), digest("new\n"), was, "p1", root=False)
    back = sh(undo, tmp_path, shell)
    assert back.status == 0, back
    assert path.read_text() == "old\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@by_every_shell
def test_what_was_not_there_is_removed(tmp_path: Path, shell: list[str]) -> None:
    path = tmp_path / "-new"
    was = was_of(path, tmp_path)
    assert was.digest == GONE
    path.write_text("new\n")
    undo = undo_script(str(path), digest("new\n"), was, "p1", root=False)
    assert sh(undo, tmp_path, shell).status == 0
    assert not path.exists()


@by_every_shell
def test_what_was_changed_since_is_left_alone(tmp_path: Path, shell: list[str]) -> None:
    path = tmp_path / "f"
    for was in (FileFacts(GONE), FileFacts(digest("old\n"), 0o600, "a:b", 4)):
        path.write_text("of somebody else\n")
        back = sh(undo_script(str(path), digest("new\n"), was, "p1", root=False), tmp_path, shell)
        assert back.status == 1
        assert b"it was changed since" in back.stderr
        assert path.read_text() == "of somebody else\n"


def test_what_is_not_what_the_plan_says_is_not_kept_and_what_is_kept_stays(
    tmp_path: Path,
) -> None:
    path = tmp_path / "f"
    path.write_text("other\n")
    keep = keep_script(str(path), digest("old\n"), "p1", root=False)
    assert sh(keep, tmp_path).status == 1
    assert not list((tmp_path / ".local/state/opsdash/backups/p1").iterdir())
    path.write_text("old\n")
    assert sh(keep, tmp_path).status == 0
    path.write_text("new\n")
    again = sh(keep, tmp_path)
    assert again.stdout.startswith(b"kept already")
    assert (tmp_path / ".local/state/opsdash/backups/p1/f").read_text() == "old\n"


@given(NAMES)
@settings(max_examples=60, deadline=None)
def test_any_name_of_a_file_comes_through_a_real_shell_as_it_is(name: str) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / name
        path.write_text("old\n")
        looked = sh(look_script(str(path), 100), home)
        assert looked.stdout.partition(b"\n")[2] == b"old\n", looked
        was = facts_in(looked, RemoteFile(str(path)))
        assert was.digest == digest("old\n")
        kept = sh(keep_script(str(path), was.digest, "p1", root=False), home)
        assert kept.status == 0, kept
        path.write_text("new\n")
        undo = undo_script(str(path), digest("new\n"), was, "p1", root=False)
        back = sh(undo, home)
        assert back.status == 0, back
        assert path.read_text() == "old\n"
        assert {one.name for one in home.iterdir()} - {".local"} == {name} - {".local"}


def test_what_stands_in_a_link_or_in_a_long_file_is_not_shown(tmp_path: Path) -> None:
    long, link = tmp_path / "long", tmp_path / "link"
    long.write_text("x" * 200)
    link.symlink_to(tmp_path / "short")
    (tmp_path / "short").write_text("secret")
    for path in (long, link):
        said = sh(look_script(str(path), 100), tmp_path)
        assert said.status == 0
        assert said.stdout.partition(b"\n")[2] == b""


def test_what_can_not_be_copied_is_told_before_any_host_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "f"
    file.write_text("four")
    assert source_fault(str(file)) == ""
    assert source_fault(str(tmp_path)) == "it is a folder, and only a file can be copied"
    assert "No such file" in source_fault(str(tmp_path / "nothing"))
    assert source_fault("/dev/null") == "it is no file, and only a file can be copied"
    monkeypatch.setattr(file_copies, "MOST_BYTES", 3)
    assert source_fault(str(file)).startswith("it is longer than ")
    assert folder_fault(str(tmp_path)) == ""
    assert folder_fault(str(file)) == "there is no such folder here: make it first"


class _Here(FakeHand):
    """A host that is this machine."""

    async def run(self, order: Order, heard: Heard | None = None) -> Completed:
        return await LocalConnection(self.host).run(order, heard)


async def done(step: Step) -> Result:
    hands = FakeHands()
    return await perform(step, _Here(Host("web1"), hands), hands, (), lambda piece, error: None)


def put(source: Path, to: Path, *, was: str = GONE, mode: str = "") -> Step:
    data = source.read_bytes()
    copy = Copy(str(source), sha256(data).hexdigest(), len(data), mode)
    return Step(StepKind.PUT, "write", path=str(to), expects=was, copy=copy)


def get(path: Path, to: Path, *, replace: bool = False) -> Step:
    copy = Copy(str(to), replace=replace)
    return Step(StepKind.GET, "read", path=str(path), copy=copy, max_bytes=1 << 30)


async def test_a_file_is_put_with_its_mode_and_only_what_the_plan_was_made_of(
    tmp_path: Path,
) -> None:
    source, to = tmp_path / "source", tmp_path / "to"
    source.write_bytes(os.urandom(3_000_000))
    step = put(source, to, mode="640")
    assert (await done(step)).ok
    assert to.read_bytes() == source.read_bytes()
    assert to.stat().st_mode & 0o777 == 0o640
    refused = await done(step)
    assert refused.problem is not None
    assert "is not what it was when the plan was made" in refused.problem.text
    source.write_text("changed")
    to.unlink()
    refused = await done(step)
    assert refused.problem is not None
    assert "source here: it is not what it was when the plan was made" in refused.problem.text
    assert not to.exists()


async def test_a_file_is_got_whole_for_nobody_else_and_over_nothing(tmp_path: Path) -> None:
    path, to = tmp_path / "there", tmp_path / "web1" / "there"
    path.write_bytes(os.urandom(3_000_000))
    first = await done(get(path, to))
    assert first.ok, first
    assert first.stdout.decode().startswith(f"{to}: 3000000 bytes, sha256 ")
    assert to.read_bytes() == path.read_bytes()
    assert (to.stat().st_mode & 0o777, to.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.write_text("newer")
    refused = await done(get(path, to))
    assert refused.problem is not None
    assert refused.problem.hint == "replace=yes replaces it"
    assert to.stat().st_size == 3_000_000
    assert (await done(get(path, to, replace=True))).ok
    assert to.read_text() == "newer"
    gone = await done(get(tmp_path / "nothing", to, replace=True))
    assert gone.problem is not None
    assert to.read_text() == "newer"


async def test_nothing_is_written_where_a_link_leads(tmp_path: Path) -> None:
    path, outside = tmp_path / "there", tmp_path / "outside"
    path.write_text("x")
    outside.mkdir()
    (tmp_path / "web1").symlink_to(outside)
    refused = await done(get(path, tmp_path / "web1" / "there"))
    assert refused.problem is not None
    assert "its folder is a link" in refused.problem.text
    assert not list(outside.iterdir())
    (tmp_path / "web2").mkdir()
    (tmp_path / "web2" / "there").symlink_to(outside / "x")
    refused = await done(get(path, tmp_path / "web2" / "there"))
    assert refused.problem is not None
    assert (await done(get(path, tmp_path / "web2" / "there", replace=True))).ok
    assert not list(outside.iterdir())


def test_a_copy_is_read_back_as_it_was_written() -> None:
    steps = (
        Step(StepKind.PUT, "a", path="/x", shows="-a", copy=Copy("/l", "00", 3, "644", "a:b")),
        Step(StepKind.GET, "b", path="/x", copy=Copy("/l", replace=True)),
    )
    plan = Plan("p", "file.push", "t", Dangers.CHANGES, (HostSteps("web1", steps),))
    assert plan_from_json(plan_to_json(plan)) == plan


def test_what_the_host_does_not_tell_is_an_error() -> None:
    with pytest.raises(HostError):
        facts_in(Completed(0, b"nonsense"), RemoteFile("/x"))
