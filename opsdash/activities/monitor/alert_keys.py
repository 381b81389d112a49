"""The keys that keep known problems out of the way: acknowledge, mute, maintenance; and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor import silence_wish as wish
from opsdash.activities.monitor.host_keys import HostKeys
from opsdash.activities.monitor.keymap import SILENCING
from opsdash.core.finding import Finding
from opsdash.core.kept import keep_typed
from opsdash.core.silence import USUAL_S, Silence, end_words
from opsdash.core.text import count, duration
from opsdash.widgets.ask_once import AskOnce
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.grid import Grid
from opsdash.widgets.panel import Desk

HISTORY = "silence"
Making = Callable[[float, float, str], Sequence[Silence]]
"""Silences that begin now, for so many seconds, for this reason."""


class AlertKeys(HostKeys):
    """A page whose findings can be silenced: those of the hosts that it is about."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SILENCING)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.silencing = AskOnce(desk.look, f"{self.slug}-silencing", self.take_focus)

    def meant(self) -> list[Finding]:
        """The findings that the keys are about: those of the chosen hosts."""
        hosts = self.desk.source.snapshot().hosts
        return [one for name in self.chosen() if name in hosts for one in hosts[name].findings]

    def lifted(self) -> list[Silence]:
        """The mutes and maintenance windows that the mute key would take back."""
        found = {one.silence.id: one.silence for one in self.meant() if one.silence and one.muted}
        return list(found.values())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, the letters are text."""
        if action in ("ack_note", "mute"):
            return not isinstance(self.app.focused, Input)
        return super().check_action(action, parameters)

    def action_ack(self) -> None:
        """All that is meant is in our hands; where it all is in somebody's, in nobody's."""
        meant = self.meant()
        if open_ones := [one for one in meant if one.silence is None]:
            self._ack(open_ones, USUAL_S, "")
        elif acked := [one.silence for one in meant if one.silence and one.acked]:
            self.desk.source.silences.end([one.id for one in acked])
            again = self.key_words("alert.ack", ": {} acknowledges again")
            self._say(f"{count(len(acked), 'ack')} taken back{again}")
        elif meant:
            self._say("muted already" + self.key_words("alert.mute", ": {} takes that back"))
        else:
            self._say("there is nothing to acknowledge here")

    def action_ack_note(self) -> None:
        """Acknowledge with a note and an end of one's own; what is acknowledged gets them anew."""
        meant = [one for one in self.meant() if not one.muted]
        if not meant:
            self._say("no finding is here that a note could be about")
            return

        def take(text: str) -> None:
            self._ack(meant, *self._understood(text, reasoned=False))

        words = f"acknowledge {_named(meant)}: how long and why, as in 2h new disk"
        self.silencing.ask(words, self._history(), take)

    def _ack(self, findings: Sequence[Finding], seconds: float, reason: str) -> None:
        silences, now = self.desk.source.silences, self.desk.wall()
        silences.end([one.silence.id for one in findings if one.silence is not None])
        silences.add([wish.ack(one.key, now, seconds, reason) for one in findings])
        back = self.key_words("alert.ack", "; {} takes it back")
        self._say(f"acknowledged for {duration(seconds)}: {_named(findings)}{back}")

    def action_mute(self) -> None:
        """Pick what is muted, or what is not any more."""
        entries = [*self._lifting(), *self._muting()]
        if entries:
            self.post_message(self.PickWanted("mute, or maintenance", entries))
        else:
            self._say("there is nothing to mute here: go to the row of a host")

    def _lifting(self) -> list[Entry]:
        def lift(one: Silence) -> Callable[[str], None]:
            return lambda _: self._lift(one)

        now = self.desk.wall()
        return [
            Entry(f"end {one.kind} of {_about(one)}", lift(one), end_words(one, now))
            for one in self.lifted()
        ]

    def _lift(self, one: Silence) -> None:
        self.desk.source.silences.end([one.id])
        self._say(f"{one.kind} of {_about(one)} taken back")

    def _muting(self) -> list[Entry]:
        """From the narrowest to the widest."""
        found: list[Entry] = []
        meant = [one for one in self.meant() if not one.muted]
        names = self.chosen()
        for check in dict.fromkeys(one.check for one in meant):
            if names:
                found.append(self._mute_entry(f"{check} on {_hosts(names)}", names, check))
            found.append(self._mute_entry(f"{check} everywhere", ("all",), check))
        if names:
            found.append(self._mute_entry(f"all of {_hosts(names)}", names, ""))
            found.append(self._work_entry(_hosts(names), names))
        hosts = self.desk.source.snapshot().hosts
        groups = [group for name in names if name in hosts for group in hosts[name].host.groups]
        return [
            *found,
            *(self._work_entry(f"group {one}", (f"group:{one}",)) for one in dict.fromkeys(groups)),
        ]

    def _mute_entry(self, words: str, select: Sequence[str], check: str) -> Entry:
        def make(now: float, seconds: float, reason: str) -> Sequence[Silence]:
            return [wish.mute(" ".join(select), check, now, seconds, reason)]

        return Entry(f"mute {words}", lambda _: self._ask_why(f"mute {words}", make))

    def _work_entry(self, words: str, select: Sequence[str]) -> Entry:
        def make(now: float, seconds: float, reason: str) -> Sequence[Silence]:
            return [wish.maintenance(" ".join(select), now, seconds, reason)]

        title = f"maintenance of {words}"
        return Entry(title, lambda _: self._ask_why(title, make))

    def _ask_why(self, words: str, make: Making) -> None:
        def take(text: str) -> None:
            seconds, reason = self._understood(text, reasoned=True)
            self.desk.source.silences.add(make(self.desk.wall(), seconds, reason))
            back = self.key_words("alert.mute", "; {} takes it back")
            self._say(f"{words} for {duration(seconds)}{back}")

        self.silencing.ask(f"{words}: how long and why, as in 2h new disks", self._history(), take)

    def _understood(self, text: str, *, reasoned: bool) -> tuple[float, str]:
        seconds, reason = wish.understood(text, reasoned=reasoned)
        keep_typed(self.desk.keeper, HISTORY, text.strip())
        return seconds, reason

    def _history(self) -> Sequence[str]:
        return self.desk.keeper.kept.history.get(HISTORY, ())

    def key_words(self, name: str, words: str) -> str:
        """Words about a key with the key in them; empty where it has none."""
        key = self.key(name)
        return words.format(key) if key else ""

    def _say(self, text: str) -> None:
        """Say what was done; the cursor stays where it was done, so that the key can undo it."""
        for grid in self.query(Grid):
            grid.steered = True
        self.post_message(self.Said(text))
        self.draw()

    # -- the palette ----------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """The same by name, with how long and why typed behind it."""
        takes = "[2h WHY]"
        return [
            *super().entries(),
            Entry("ack", self._ack_typed, "what is pointed at is in your hands", takes=takes),
            Entry("mute", lambda _: self.action_mute(), "pick what is of no interest for a while"),
            Entry("maintenance", self._work_typed, "the hosts are being worked on", takes="2h WHY"),
        ]

    def _ack_typed(self, text: str) -> None:
        meant = [one for one in self.meant() if not one.muted]
        try:
            seconds, reason = wish.understood(text, reasoned=False)
        except ValueError as error:
            self._say(f"not acknowledged: {error}")
            return
        if meant:
            self._ack(meant, seconds, reason)
        else:
            self._say("there is nothing to acknowledge here")

    def _work_typed(self, text: str) -> None:
        names = self.chosen()
        try:
            seconds, reason = wish.understood(text, reasoned=True)
        except ValueError as error:
            self._say(f"no maintenance: {error}")
            return
        if not names:
            self._say("no host is pointed at: go to the row of one")
            return
        hosts = " ".join(names)
        self.desk.source.silences.add([wish.maintenance(hosts, self.desk.wall(), seconds, reason)])
        self._say(f"maintenance of {_hosts(names)} for {duration(seconds)}")


def _named(findings: Sequence[Finding]) -> str:
    """The one finding, or how many on how many hosts."""
    if len(findings) == 1:
        one = findings[0]
        return " ".join(filter(None, (one.host, one.check, one.subject)))
    hosts = len({one.host for one in findings})
    return f"{count(len(findings), 'finding')} of {count(hosts, 'host')}"


def _hosts(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else count(len(names), "host")


def _about(one: Silence) -> str:
    return " ".join(filter(None, (one.check, f"on {one.hosts}" if one.check else one.hosts)))
