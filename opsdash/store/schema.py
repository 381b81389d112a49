"""The tables of the store, and how a file of an earlier version becomes one of this."""

from __future__ import annotations

import sqlite3

SCHEMA_VERSION = 10

_FINDINGS = """
CREATE TABLE IF NOT EXISTS finding (
    host TEXT NOT NULL, check_id TEXT NOT NULL, subject TEXT NOT NULL,
    first_seen REAL NOT NULL, last_seen REAL NOT NULL, closed_at REAL,
    health INTEGER NOT NULL, summary TEXT NOT NULL,
    PRIMARY KEY (host, check_id, subject, first_seen)
);
CREATE INDEX IF NOT EXISTS finding_open ON finding (host) WHERE closed_at IS NULL;
CREATE TABLE IF NOT EXISTS host (
    name TEXT PRIMARY KEY, last_judged REAL NOT NULL, first_judged REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS counter (
    host TEXT NOT NULL, collector TEXT NOT NULL, at REAL NOT NULL, reading TEXT NOT NULL,
    PRIMARY KEY (host, collector)
);
"""

# A row holds all values of a host for ten seconds (history_fine) or five minutes (history_coarse):
# mean, least and most of each metric of its layout, 32-bit floats. When an hour is over its fine
# rows become chunks, one per metric and step: what is old is read by metric, not by host.
_HISTORY = """
CREATE TABLE IF NOT EXISTS history_host (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS history_layout (id INTEGER PRIMARY KEY, keys TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS history_fine (
    at INTEGER NOT NULL, host INTEGER NOT NULL, layout INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS history_fine_host ON history_fine (host, at);
CREATE TABLE IF NOT EXISTS history_coarse (
    at INTEGER NOT NULL, host INTEGER NOT NULL, layout INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS history_coarse_at ON history_coarse (at);
CREATE TABLE IF NOT EXISTS history_series (
    id INTEGER PRIMARY KEY, host INTEGER NOT NULL, metric TEXT NOT NULL, label TEXT NOT NULL,
    UNIQUE (metric, label, host)
);
CREATE TABLE IF NOT EXISTS history_chunk (
    series INTEGER NOT NULL, step_s INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (series, step_s, start)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS history_chunk_start ON history_chunk (step_s, start);
"""


# Numbers only grow: the order of events is theirs, whatever the clock does.
_EVENTS = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL,
    host TEXT NOT NULL, text TEXT NOT NULL, health INTEGER, before INTEGER,
    check_id TEXT NOT NULL, subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_at ON event (at);
CREATE INDEX IF NOT EXISTS event_host ON event (host, number);
"""


_SILENCES = """
CREATE TABLE IF NOT EXISTS silence (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, hosts TEXT NOT NULL, at REAL NOT NULL,
    until REAL NOT NULL, check_id TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL,
    who TEXT NOT NULL, ended_at REAL NOT NULL
) WITHOUT ROWID;
"""

# All that was known of a host when its health changed; `size` is that of its data, in bytes.
_FRAMES = """
CREATE TABLE IF NOT EXISTS frame (
    host TEXT NOT NULL, at REAL NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (host, at)
);
CREATE INDEX IF NOT EXISTS frame_at ON frame (at, size);
"""

# What each hook has told of which finding, what it is to tell next, and how it stands; as JSON.
_HOOKS = """
CREATE TABLE IF NOT EXISTS hook_told (
    hook TEXT NOT NULL, host TEXT NOT NULL, check_id TEXT NOT NULL, subject TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (hook, host, check_id, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hook_message (
    id TEXT PRIMARY KEY, hook TEXT NOT NULL, at REAL NOT NULL, begun INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hook_standing (hook TEXT PRIMARY KEY, data TEXT NOT NULL);
"""

# Ends of the audit log as they were written: how many entries there were, and the last one's hash.
_AUDIT = """
CREATE TABLE IF NOT EXISTS audit_head (
    count INTEGER PRIMARY KEY, hash TEXT NOT NULL, at REAL NOT NULL
);
"""

# Kinds of log messages, so that one which was never seen before can be told; `kept_at` is when it
# was written down first, by our clock.
_LOG_KINDS = """
CREATE TABLE IF NOT EXISTS log_kind (
    program TEXT NOT NULL, pattern TEXT NOT NULL, first_at REAL, last_at REAL,
    count INTEGER NOT NULL, kept_at REAL NOT NULL, PRIMARY KEY (program, pattern)
) WITHOUT ROWID;
"""


def create(db: sqlite3.Connection) -> None:
    """Make what is missing; sqlite3.DatabaseError for a file of a newer opsdash."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"written by a newer opsdash (schema {version})")
    if version == 1:
        db.execute("ALTER TABLE host ADD COLUMN first_judged REAL NOT NULL DEFAULT 0")
    tables = (_FINDINGS, _HISTORY, _EVENTS, _SILENCES, _FRAMES, _HOOKS, _AUDIT, _LOG_KINDS)
    db.executescript("".join(tables))
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")
