"""The program on a real terminal, with a stand-in for ssh: run by the tests of shells."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from opsdash.app.look import Looks
from opsdash.app.main import OpsdashApp
from opsdash.cli.tui import _meet, _until_the_end
from opsdash.core.source import FleetSource
from opsdash.core.terminal import terminal_of
from tests.fleet_states import Memory, mixed_fleet
from tests.looks import THEMES

STAND_IN = """
echo "$$" >"$1/pid"
echo "in the shell"
while read -r word rest; do
  case $word in
    exit) exit "$rest" ;;
    fail) echo "ssh: connect to host there port 22: Connection refused" >&2; exit 255 ;;
    break) stty raw -echo; printf '\\033[?1049h\\033[?1000h\\033[?25l\\033[3;5r'; kill -9 $$ ;;
    rest) echo "wait"; exec sleep 60 ;;
    stop) kill -STOP $$; echo "goes on" ;;
    size) stty size ;;
    ticks) before=$(wc -c <"$1/ticks")
      until [ "$(wc -c <"$1/ticks")" -gt "$before" ]; do sleep 0.02; done; echo "it ticks" ;;
  esac
done
"""
"""What ssh may do to the terminal, by a word that is typed."""


async def main(folder: Path) -> None:
    source = Memory(mixed_fleet())
    source.shell_argv = ("/bin/sh", "-c", STAND_IN, "ssh", str(folder))
    (folder / "program").write_text(str(os.getpid()))

    async def tick() -> None:
        while True:
            with (folder / "ticks").open("a") as ticks:
                ticks.write(".")
            source.rev += 1  # something to draw, as a fleet that is asked has
            await asyncio.sleep(0.02)

    async def start() -> FleetSource:
        asyncio.get_running_loop().create_task(tick(), name="tick")
        return source

    async def stop() -> None:
        for task in asyncio.all_tasks():
            if task.get_name() == "tick":
                task.cancel()

    app = OpsdashApp(start, stop, Looks(THEMES, "night", ascii_only=False))
    _meet(app, terminal_of(os.environ, coerced=False))
    await _until_the_end(app)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    asyncio.run(main(Path(sys.argv[1])))
