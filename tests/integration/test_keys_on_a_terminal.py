"""The whole program on a terminal, with the keys that its user gave to what."""

from __future__ import annotations

from pathlib import Path

from tests.bench.terminal import Screen

F2 = b"\x1bOQ"


def test_a_key_of_ones_own_and_keys_that_are_saved_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "opsdash" / "keys.yaml"
    file.parent.mkdir()
    file.write_text("keys: {help: f2, cmd.open: '%'}\n")
    screen = Screen.opsdash(tmp_path, "--demo", "2", size=(80, 24))
    try:
        screen.wait_for(b"problems", 60)  # the hosts are there
        screen.type(F2)
        screen.wait_for(b"Keys in Fleet", 60)
        screen.type(F2)
        screen.wait_for(b"WHY", 60)
        file.write_text("preset: vim\n")
        screen.wait_for(b"keys.yaml read again", 60)
        screen.type(b"?")
        screen.wait_for(b"Keys in Fleet", 60)
        screen.type(b"q")
        screen.wait_for(b"WHY", 60)
        file.write_text("keys: [\n")
        screen.wait_for(b"keys from before stay", 60)
        assert screen.cpu_s > 0
    finally:
        screen.close()
