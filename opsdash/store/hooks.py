"""What hooks have told and are to tell, in the store: what is decided is written before it is done.

A message is here from the moment that it is decided on until it was told or given up. A run that
is killed loses none; one of which it is not known whether it was told is told again, marked so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from opsdash.core.finding import FindingKey
from opsdash.core.telling import Message, again, news_from, news_row
from opsdash.core.told import Standing, Told, told_from
from opsdash.store.database import Database

T = TypeVar("T")

_PUT_TOLD = "INSERT OR REPLACE INTO hook_told VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM hook_told WHERE hook = ? AND host = ? AND check_id = ? AND subject = ?"
_PUT_MESSAGE = "INSERT OR REPLACE INTO hook_message VALUES (?, ?, ?, 0, ?)"
_PUT_STANDING = "INSERT OR REPLACE INTO hook_standing VALUES (?, ?)"


@dataclass(slots=True)
class Record:
    """All that the store has of one hook."""

    standing: Standing = field(default_factory=Standing)
    told: list[Told] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class HookChanges:
    """What has become of one hook, to be written as one."""

    hook: str
    standing: Standing | None = None
    told: Iterable[Told] = ()
    forgotten: Iterable[FindingKey] = ()
    messages: Iterable[Message] = ()
    done: str = ""
    """The id of a message that was told, or given up."""


class HookTable:
    """Of all hooks, by their files and names: who gives one another name begins it anew."""

    def __init__(self, store: Database) -> None:
        self._store = store

    async def record(self, hook: str) -> Record:
        """What is there of a hook; what another version wrote and means nothing is left out."""
        return await self._store.read(lambda db: _read(db, hook), Record())

    async def save(self, changes: HookChanges) -> None:
        """Write it; a message that goes out must not go before this returns."""
        await self._store.write(lambda db: _write(db, changes))

    async def begun(self, message: Message) -> None:
        """This message is about to be told: if nothing is heard of that, it may have been."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("UPDATE hook_message SET begun = 1 WHERE id = ?", (message.id,))

        await self._store.write(write)


def _read(db: sqlite3.Connection, hook: str) -> Record:
    def rows(statement: str, understand: Callable[[Mapping[str, object]], T]) -> list[T]:
        texts = [str(row[0]) for row in db.execute(statement, (hook,)).fetchall()]
        return [one for text in texts if (one := _understood(text, understand)) is not None]

    standing = rows("SELECT data FROM hook_standing WHERE hook = ?", Standing.from_row)
    told = rows("SELECT data FROM hook_told WHERE hook = ?", told_from)
    select = "SELECT data FROM hook_message WHERE hook = ? AND begun = {} ORDER BY at, rowid"
    unsure = rows(select.format(1), _message_from)
    fresh = rows(select.format(0), _message_from)
    record = Record(told=told, messages=[*map(again, unsure), *fresh])
    record.standing = standing[0] if standing else record.standing
    return record


def _understood(text: str, understand: Callable[[Mapping[str, object]], T]) -> T | None:
    try:
        return understand(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None


def _write(db: sqlite3.Connection, changes: HookChanges) -> None:
    hook = changes.hook
    db.executemany(_PUT_TOLD, [(hook, *one.key, json.dumps(one.row())) for one in changes.told])
    db.executemany(_FORGET, [(hook, *key) for key in changes.forgotten])
    rows = [(one.id, hook, one.at, json.dumps(_message_row(one))) for one in changes.messages]
    db.executemany(_PUT_MESSAGE, rows)
    if changes.standing is not None:
        db.execute(_PUT_STANDING, (hook, json.dumps(changes.standing.row())))
    if changes.done:
        db.execute("DELETE FROM hook_message WHERE id = ?", (changes.done,))


def _message_row(one: Message) -> dict[str, object]:
    return {
        "hook": one.hook,
        "at": one.at,
        "news": [news_row(news) for news in one.news],
        "why": one.why,
        "left_out": one.left_out,
        "id": one.id,
    }


def _message_from(row: Mapping[str, object]) -> Message:
    news = row["news"]
    if not isinstance(news, list) or not news:
        raise ValueError("a message about nothing")
    return Message(
        str(row["hook"]),
        float(str(row["at"])),
        tuple(news_from(one) for one in news),
        str(row["why"]),
        left_out=int(str(row["left_out"])),
        id=str(row["id"]),
    )
