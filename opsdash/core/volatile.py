"""What differs between two runs of one command for no reason of interest: times, process ids, names
and addresses of hosts, ids. Taken out of outputs before they are compared, where a person wants it.

Not to be taken for masking.py, which hides secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ ]+)?"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)?"

_TOKENS = re.compile(
    rf"""
    (?<![\w.:-])(?:
      (?P<mac>(?i:[0-9a-f]{{2}}(?::[0-9a-f]{{2}}){{5}}))
    | (?P<time>\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE} | {_CLOCK}{_ZONE}(?:[AP]M)?)(?!:\w)
    | (?P<date>\d{{4}}[-/]\d\d[-/]\d\d | \d\d[./]\d\d[./]\d{{4}})
    | (?P<uuid>(?i:[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}))
    | (?P<ip>\d{{1,3}}(?:\.\d{{1,3}}){{3}})
    | (?P<took>\d+\.\d+ms)
    )(?![\w-])(?!\.\w)
    | (?<![\w:.])
      (?P<ip6>(?i:(?:[0-9a-f]{{0,4}}:){{2,7}}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[0-9a-f]{{0,4}}))
      (?:%\w+)?)(?![\w:])
    | (?<![\w.-])
      (?P<hex>0[xX][0-9a-fA-F]+
      | (?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{{8,}}
      | (?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]{{8,}})(?![\w-])
    | (?<=\[)(?P<pid>\d+)(?=\])
    """,
    re.VERBOSE,
)
_SPACED = re.compile(
    rf"""
    (?=[A-Z0-9<])(?<![\w.-])(?:
      (?P<time>
        {_DAY}(?:{_MONTH}[ ]+\d{{1,2}},?(?:[ ]\d{{4}})?|\d{{1,2}}[ ]{_MONTH}[ ]\d{{4}}|<date>)[ ]+
        <time>(?:[ ](?:[AP]M|[+-]\d\d:?\d\d|[A-Z]{{3,4}}(?=[ ]\d{{4}})|UTC|GMT))*(?:[ ]\d{{4}})?
      | <time>(?:[ ](?:[AP]M|UTC|GMT))+
      )
    | (?P<date>{_DAY}(?:{_MONTH}[ ]+\d{{1,2}},?[ ]+\d{{4}}|\d{{1,2}}[ ]{_MONTH}[ ]\d{{4}}))
    )(?!\w)
    """,
    re.VERBOSE,
)
_MONTHS = frozenset(re.findall(r"\w{3}", _MONTH))
_WORD = re.compile(r"(?<![\w.-])[A-Za-z0-9_](?:[\w.-]*\w)?")
_TELLING = re.compile(r"\d|::")
MOST_KEPT = 200_000
"""Words and lines that are remembered; what comes later is looked at each time it comes."""


class Volatile:
    """Replaces volatile tokens by what they are: ``<time>``, ``<ip>``, ``<host>``.

    `names` are names and addresses of the fleet's hosts. Lines and words that come again are looked
    at once. Blanks between words become one: columns move with what stands in them. Masking twice
    changes nothing.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names if len(name) > 1)
        self._lines: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """The text with each volatile token replaced by its kind."""
        known = self._lines
        found = []
        for line in text.split("\n"):
            masked = known.get(line)
            if masked is None:
                masked = self._line(line)
                if len(known) < MOST_KEPT:
                    known[line] = masked
            found.append(masked)
        return "\n".join(found)

    def _line(self, line: str) -> str:
        """Word by word, which is ten times as fast; then what is written in several words."""
        known = self._words
        indent = line[: len(line) - len(line.lstrip())]
        while True:
            given = line.split()
            words = [known[word] if word in known else self._word(word) for word in given]
            line = " ".join(words)
            if "<time>" not in line and "<date>" not in line and _MONTHS.isdisjoint(words):
                return indent + line
            masked = _SPACED.sub(_kind, line)
            if masked == line:
                return indent + line
            line = masked  # a word that ends otherwise now may be one only now

    def _word(self, word: str) -> str:
        given = word
        while True:
            masked = _TOKENS.sub(_kind, word) if _TELLING.search(word) else word
            if self._names:
                masked = _WORD.sub(self._named, masked)
            if masked == word:
                break
            word = masked  # what stands beside a token that was replaced may be one only now
        if len(self._words) < MOST_KEPT:
            self._words[given] = word
        return word

    def _named(self, found: re.Match[str]) -> str:
        word, text = found.group(), found.string
        if text[found.start() - 1 : found.start()] == "<" and text[found.end() :][:1] == ">":
            return word  # a host of the name "host"
        if word.lower() in self._names:
            return "<host>"
        short, dot, domain = word.partition(".")
        return f"<host>{dot}{domain}" if short.lower() in self._names else word


def _kind(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind != "ip6":
        return f"<{kind}>"
    return "<ip>" if _is_ipv6(found.group().partition("%")[0]) else found.group()


def _is_ipv6(text: str) -> bool:
    """Not ``std::dead`` and not ``::``; a time was looked for before."""
    groups = text.split(":")
    if ":::" in text or text.count("::") > 1 or not any(one.isdigit() for one in text):
        return False
    return "::" in text or (len(groups) == 8 - ("." in text) and all(groups))
