"""What one hook has told, holds back, and is to tell next; nothing here waits or writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from opsdash.core.finding import Finding, FindingKey
from opsdash.core.hook import Hook
from opsdash.core.telling import Message, News, NewsKind
from opsdash.core.text import count
from opsdash.core.told import Standing, Told, first

SETTLE_S = 20.0
"""What a hook finds in so long a time when it begins for the first time is one message."""

GROUP, GROUP_S = 5, 60.0
"""After so many messages within so many seconds, what comes is gathered: a switch that dies takes
hundreds of hosts along, one after the other."""

GATHER_S = 15.0
AGED_EVERY_S = 10.0
MOST_HELD = 500
"""Of what is held back so much is kept to be listed; the rest is counted."""

CROWDED = 10
"""Messages that wait to be delivered: more news is held back, to be told as one."""


@dataclass(slots=True)
class Turn:
    """What has changed in one turn, to be stored as one: then the messages may go out."""

    told: dict[FindingKey, Told] = field(default_factory=dict)
    forgotten: set[FindingKey] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    standing: bool = False

    def __bool__(self) -> bool:
        """Whether anything has."""
        return bool(self.told or self.forgotten or self.messages or self.standing)


@dataclass(frozen=True, slots=True)
class Moment:
    """What time it is: by the steady clock, and by the one on the wall (seconds since 1970)."""

    now: float
    wall: float
    zone: tzinfo | None = None


class Book:
    """Of one hook. `begun_at` is when this run began with it."""

    def __init__(
        self, hook: Hook, standing: Standing, told: Iterable[Told], begun_at: float
    ) -> None:
        self.hook = hook
        self.standing = standing
        self._told = {one.key: one for one in told}
        self.begun_at = begun_at
        self._gathered_at: float | None = None
        self._aged_at = 0.0

    def ended_unseen(
        self, hosts: Collection[str], open_now: Collection[FindingKey]
    ) -> set[FindingKey]:
        """What was there when it told last and is not any more: it did not see it end. Of a host
        that is not among these nothing is known.
        """
        was = {one.key for one in self._told.values() if one.open and one.host in hosts}
        return was - set(open_now)

    def turn(
        self,
        open_now: Iterable[Finding],
        closed: Iterable[FindingKey],
        moment: Moment,
        *,
        waiting: int = 0,
    ) -> Turn:
        """Look at what is open (only what may concern it) and has closed since the last turn;
        `waiting` is how many of its messages are not yet delivered.
        """
        turn = Turn()
        settling = not self.standing.known
        if settling:
            if 0 <= moment.now - self.begun_at < SETTLE_S:
                return turn
            self.standing.known = turn.standing = True
        news = [*self._closed(closed, moment.now, turn), *self._opened(open_now, moment.now, turn)]
        news += self._aged(moment.now, turn)
        why = "when it began to watch" if settling and len(news) > 1 else ""
        self._hold([one for one in news if self._wanted(one)], why, turn)
        self._release(moment, waiting, turn)
        return turn

    def failed(self, message: Message) -> Turn:
        """A message could not be told for good."""
        turn = Turn(standing=True)
        self.standing.missed += max(1, message.missed + 1)
        for one in message.news:
            key = (one.host, one.check, one.subject)
            told = self._told.get(key)
            if told is not None and one.kind is NewsKind.RAISED:
                self._note(replace(told, lost=True), turn)
        return turn

    def delivered(self, message: Message) -> Turn:
        """A message was told, and with it how many were not."""
        turn = Turn(standing=message.missed > 0)
        self.standing.missed = max(0, self.standing.missed - message.missed)
        return turn

    # -- what is news ---------------------------------------------------------------------------

    def _closed(self, closed: Iterable[FindingKey], now: float, turn: Turn) -> Iterable[News]:
        for key in closed:
            told = self._told.get(key)
            if told is not None and told.open:
                new, news = told.went(now)
                self._note(new, turn)
                yield from () if news is None else (news,)

    def _opened(self, open_now: Iterable[Finding], now: float, turn: Turn) -> Iterable[News]:
        for finding in open_now:
            told = self._told.get(finding.key)
            if finding.silence is not None:
                continue  # when that ends and it is still there, it is told
            if told is not None and told.open:
                if finding.health <= told.worst:
                    continue
                new, news = told.worse(finding, now)
            elif 0 <= now - finding.since < self.hook.rule.wait_s:
                continue
            else:
                new, news = first(finding, now) if told is None else told.came(finding, now)
            self._note(new, turn)
            yield from () if news is None else (news,)

    def _aged(self, now: float, turn: Turn) -> Iterable[News]:
        if 0 <= now - self._aged_at < AGED_EVERY_S:
            return
        self._aged_at = now
        for told in list(self._told.values()):
            if told.forgettable(now):
                del self._told[told.key]
                turn.told.pop(told.key, None)
                turn.forgotten.add(told.key)
            elif (calm := told.calmed(now)) is not None:
                new, news = calm
                self._note(new, turn)
                yield from () if news is None else (news,)

    def _note(self, told: Told, turn: Turn) -> None:
        self._told[told.key] = turn.told[told.key] = told

    def _wanted(self, news: News) -> bool:
        rule = self.hook.rule
        return rule.ended if news.kind is NewsKind.ENDED else rule.raised

    # -- when it is told ------------------------------------------------------------------------

    def _hold(self, news: list[News], why: str, turn: Turn) -> None:
        """Everything is held back first: most of it for no time at all."""
        if not news:
            return
        turn.standing = True
        standing = self.standing
        standing.held += news
        standing.held_why = why or standing.held_why
        if (excess := len(standing.held) - MOST_HELD) > 0:
            del standing.held[:excess]
            standing.left_out += excess

    def _release(self, moment: Moment, waiting: int, turn: Turn) -> None:
        standing, quiet = self.standing, self.hook.rule.quiet
        if not standing.held:
            return
        ready = standing.held
        if quiet is not None and quiet.holds_at(moment.wall, moment.zone):
            ready = [one for one in standing.held if quiet.lets_pass(one.health)]
            if len(ready) < len(standing.held):
                standing.held_why = f"held back in quiet hours, {quiet.words}"
        if ready and not self._must_wait(ready, moment.now, waiting):
            self._send(ready, moment.now, turn)

    def _must_wait(self, ready: list[News], now: float, waiting: int) -> bool:
        """Whether more would be too much now."""
        standing, rate = self.standing, self.hook.rule.rate
        reach_s = max(GROUP_S, rate.within_s if rate is not None else 0.0)
        standing.sent = [at for at in standing.sent if 0 <= now - at < reach_s]
        if rate is not None:
            within = sum(now - at < rate.within_s for at in standing.sent)
            if within >= rate.most:
                standing.held_why = f"held back by the rate limit, {rate.words}"
                return True
        if waiting >= CROWDED:
            return True
        if sum(now - at < GROUP_S for at in standing.sent) >= GROUP:
            if self._gathered_at is None:
                self._gathered_at = now
            return 0 <= now - self._gathered_at < GATHER_S
        return False

    def _send(self, ready: list[News], now: float, turn: Turn) -> None:
        standing = self.standing
        turn.standing = True
        whole = len(ready) == len(standing.held)
        why, left_out = (standing.held_why, standing.left_out) if whole else ("", 0)
        standing.held = [] if whole else [one for one in standing.held if one not in ready]
        if whole:
            standing.held_why, standing.left_out, self._gathered_at = "", 0, None
        room = GROUP - sum(0 <= now - at < GROUP_S for at in standing.sent)
        if (rate := self.hook.rule.rate) is not None:
            room = min(room, rate.most - sum(0 <= now - at < rate.within_s for at in standing.sent))
        if len(ready) > 1 and (why or left_out or len(ready) > room):
            parts: list[tuple[News, ...]] = [tuple(ready)]
            why = why or f"{count(len(ready), 'event')} at once"
        else:
            parts = [(one,) for one in ready]
        for part in parts:
            turn.messages.append(Message(self.hook.name, now, part, why, left_out=left_out))
            standing.sent.append(now)
