"""Log messages of one kind, whatever numbers, addresses, ids and paths they name.

Not to be taken for volatile.py, which takes out of an output only what differs for no reason: here
a disk's number and a file's path go as well, so that a hundred messages become one line.
"""

from __future__ import annotations

import re

LONGEST = 400
"""Characters of a message that tell which kind it is; what comes behind them is detail."""

MOST_KEPT = 50_000
"""Messages whose kind is remembered; all are forgotten when there are more."""

_TOKENS = re.compile(
    r"""
      (?<![\w.:/>-])(?P<path>~?/(?:[\w.+@%:~-]+/?)+)
    | (?<![\w.:-])(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?![\w.-])
    | (?<![\w:.])(?P<ip6>(?i:(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?:%\w+)?)(?![\w:])
    | (?<![\w-])(?<!SHA256:)(?P<id>
        (?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})
      | 0[xX][0-9a-fA-F]+
      | (?=[a-zA-Z]*\d)(?=\d*[a-zA-Z])(?:[0-9a-f]{8,}|[0-9A-F]{8,}|[0-9a-zA-Z]{16,})
      )(?![\w-])
    | (?<=SHA256:)(?P<id2>[\w+/=]{20,})
    | (?<=invalid[ ]user[ ])(?P<user>\S+)
    | (?<=[ ]for[ ])(?P<user2>(?!user|invalid)[\w.@-]+)(?=[ ]from[ ])
    | (?P<n>\d+(?:[.,:]\d+)*)
    """,
    re.VERBOSE,
)
_TELLING = re.compile(r"[\d/]|::|user | for ")
_MAC = re.compile(r"(?i:[0-9a-f]{2}(?::[0-9a-f]{2}){5})")
_NAMES = {"ip6": "ip", "user2": "user", "id2": "id"}


class Patterns:
    """Tells of messages which kind they are; one that comes again is looked at once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The message with each of its particulars replaced by what it is: ``<n>``, ``<ip>``,
        ``<id>``, ``<path>``, ``<user>``. Of several lines the first.
        """
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[text] = pattern_of(text)
        return known


def pattern_of(text: str) -> str:
    """Which kind of message it is, as Patterns.of() says it."""
    line = text.lstrip().partition("\n")[0][:LONGEST].rstrip()
    if not _TELLING.search(line):
        return line
    return _TOKENS.sub(_kind, line)


def _kind(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind != "ip6":
        return f"<{_NAMES.get(kind, kind)}>"
    text = found.group()
    if _MAC.fullmatch(text):
        return "<id>"
    telling = any(one.isdigit() for one in text) and ":::" not in text
    if not telling:
        return text
    # a time of day looks like it, and is a number
    return "<ip>" if "::" in text or text.count(":") > 2 else "<n>"
