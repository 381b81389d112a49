"""What people have automated already, by the palette: a playbook for the chosen hosts."""

from __future__ import annotations

import shlex
import shutil
from functools import partial

from opsdash.app.running import SAID_S
from opsdash.app.settings import Settings
from opsdash.core.automation import TOOLS, Automated, Tool
from opsdash.core.errors import Refused
from opsdash.core.text import clean_line
from opsdash.widgets.entries import Entry

APPLY, BEHIND = "--apply", "--"


class Automating(Settings):
    """The part of the app that hands hosts on to other tools."""

    def further_entries(self) -> list[Entry]:
        """Each tool, or how it is got."""
        return [*super().further_entries(), *(self._tool_entry(one) for one in TOOLS.values())]

    def _tool_entry(self, tool: Tool) -> Entry:
        there = shutil.which(tool.program) is not None
        return Entry(
            tool.name,
            partial(self._automate, tool),
            f"a {tool.file} on this host, or the marked; {APPLY} does it, else it only looks",
            takes=f"{tool.file.upper()} [{APPLY}] [{BEHIND} ARGS]",
            disabled="" if there else f"{tool.program} is not installed here: {tool.install}",
        )

    def _automate(self, tool: Tool, text: str) -> None:
        hosts = self._hosts()
        if not hosts:
            return
        try:
            wish = typed_automation(tool, text, self._now())
        except ValueError as error:
            self.say(f"not run: {error}", SAID_S)
            return
        self.run_worker(self._plan_automation(wish, hosts), name=f"plan {tool.name}")

    async def _plan_automation(self, wish: Automated, hosts: tuple[str, ...]) -> None:
        if self.jobs is None:
            return
        try:
            plan = await self.jobs.automated(wish, hosts)
        except Refused as error:
            hint = f": {error.hint}" if error.hint else ""
            self.say(clean_line(f"{error}{hint}"), SAID_S)
            return
        if self._covered:
            return  # somebody went on meanwhile
        if not plan.hosts:
            why = sorted({one.why for one in plan.left_out})
            self.say(clean_line(f"nothing to do: {'; '.join(why)}"), SAID_S)
        else:
            self.propose(plan)


def typed_automation(tool: Tool, text: str, now: float) -> Automated:
    """What was typed behind a tool's name, as a wish; ValueError says what is wrong with it."""
    words = shlex.split(text)
    place = words.index(BEHIND) if BEHIND in words else len(words)
    own, behind = words[:place], tuple(words[place + 1 :])
    files = [word for word in own if word != APPLY]
    if len(files) != 1:
        raise ValueError(f"one {tool.file}, and what is for {tool.program} behind {BEHIND}")
    return Automated(tool, files[0], behind, apply=APPLY in own, at=now)
