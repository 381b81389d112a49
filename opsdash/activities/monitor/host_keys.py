"""The keys that are about one host, on every page of this activity that points at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.keymap import HOST
from opsdash.activities.monitor.raw_facts import raw_facts
from opsdash.activities.monitor.ssh_command import ssh_command
from opsdash.core.health import Health
from opsdash.core.host import Host
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.core.text import count
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.panel import Panel
from opsdash.widgets.wording import reason


class HostKeys(Panel):
    """Raw facts, copying, and the way from one problem to the next."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(HOST)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, the letter that opens a picker is text."""
        return action != "copy_pick" or not isinstance(self.app.focused, Input)

    def state(self) -> HostState | None:
        """The host that the keys are about; None where there is none."""
        return self.desk.source.snapshot().hosts.get(self.pointed())

    def state_or_say(self) -> HostState | None:
        """The host that the keys are about; where there is none, that is said."""
        state = self.state()
        if state is None:
            self.post_message(self.Said("no host is pointed at: go to the row of one"))
        return state

    def problems(self, snapshot: Snapshot) -> list[str]:
        """The hosts that are not well, in the order in which they are gone through."""
        sick = [state for state in snapshot.hosts.values() if state.health is not Health.OK]
        return [state.name for state in sorted(sick, key=triage)]

    def go_to(self, host: str) -> None:
        """Be about this host from now on."""
        self.aim(host)
        self.draw()

    def action_problem(self, step: int) -> None:
        """To the next host that is not well, round and round."""
        found = self.problems(self.desk.source.snapshot())
        if not found:
            self.post_message(self.Said("no host has a problem as far as is known"))
            return
        here = self.pointed()
        place = found.index(here) + step if here in found else self.nearest(found, step)
        if not 0 <= place < len(found):
            where = "the first one again" if place > 0 else "the last one again"
            self.post_message(self.Said(f"no more problems this way: {where}"))
        self.go_to(found[place % len(found)])

    def nearest(self, found: list[str], step: int) -> int:
        """Where to begin among the problems when the present host is none of them."""
        return 0 if step > 0 else len(found) - 1

    def action_doctor(self) -> None:
        """Examine the way to the host, stage by stage."""
        if self.state_or_say() is not None:
            self.post_message(self.ExamineWanted(self.pointed()))

    def action_shell(self) -> None:
        """A shell on the host, or on the marked ones."""
        if hosts := self.chosen():
            self.post_message(self.ShellWanted(hosts))
        else:
            self.post_message(self.Said("no host is pointed at: go to the row of one"))

    def action_raw(self) -> None:
        """Everything that is known of the host, as it was understood."""
        state = self.state_or_say()
        if state is not None:
            lines = raw_facts(state, self.desk.now())
            self.post_message(self.PageWanted(f"raw facts of {state.name}", lines))

    def action_copy(self) -> None:
        """The host, or the marked ones, a line each."""
        hosts = self.desk.source.snapshot().hosts
        lines = [row_text(hosts[name], self.desk.now()) for name in self.chosen() if name in hosts]
        if lines:
            what = self.chosen()[0] if len(lines) == 1 else count(len(lines), "host")
            self.post_message(self.CopyWanted("\n".join(lines), what))
        else:
            self.post_message(self.Said("nothing to copy: no host is pointed at"))

    def action_copy_pick(self) -> None:
        """Any one thing of the host."""
        state = self.state_or_say()
        if state is not None:
            hosts = {name: one.host for name, one in self.desk.source.snapshot().hosts.items()}
            found = parts(state, hosts, now=self.desk.now())
            entries = [self._copying(name, text) for name, text in found.items()]
            self.post_message(self.PickWanted(f"copy from {state.name}", entries))

    def _copying(self, name: str, text: str) -> Entry:
        def run(_: str) -> None:
            self.post_message(self.CopyWanted(text, name))

        return Entry(name, run, about=text.split("\n")[0])


def row_text(state: HostState, now: float) -> str:
    """A host in one line of plain text: name, health, why."""
    return f"{state.name}\t{state.health.name}\t{reason(state, now).text}".rstrip()


def parts(state: HostState, hosts: Mapping[str, Host], *, now: float) -> dict[str, str]:
    """What of a host is worth copying, by its name; `hosts` has its jump hosts by name."""
    host, why = state.host, state.why
    found = {
        "name": host.name,
        "address": host.address or host.name,
        "ssh command": ssh_command(host, hosts),
        "row": row_text(state, now),
        "why": reason(state, now).text,
        "evidence": why.evidence if why else "",
        "advice": why.advice if why else "",
        "all findings": "\n".join(f"{f.health.name}\t{f.summary}" for f in state.findings),
        "tags": " ".join(sorted(host.tags)),
    }
    return {name: text for name, text in found.items() if text}
