"""The answers of the scripts of own probes, as cells of a row.

`outcome` is there always (see core.probe.Outcome); where it is not ``answered``, `text` says why in
words, and `hint` perhaps what helps. With an answer there are, by kind: `time_s` and `status`;
`begins_at`, `expires_at`, `names` and `issuer` of a certificate; `addresses`; `count` of processes;
`age_s`, `size_bytes` and `path` of a file; `status`, `said` and `performance` of a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from opsdash.collectors.parsing import number, text
from opsdash.core.errors import BadOutput
from opsdash.core.perfdata import split_output
from opsdash.core.probe import Outcome
from opsdash.core.reading import Cell
from opsdash.core.text import clean_line, shorten

Cells = dict[str, Cell]

FROM_HERE = "install it there, or probe with from: here"
_WORDS = (
    ("refused", "connection refused"),
    ("timed out|timeout|errno=110", "no answer in time"),
    ("no route|unreachable|errno=113|errno=101", "no route to it"),
    (
        "not known|not resolve|resolution|resolve host|bad address|invalid argument|lookup",
        "its name has no address",
    ),
    ("reset by peer|errno=104", "it closed the connection"),
    ("errno=111", "connection refused"),
    ("wrong version number|packet length too long|unknown protocol", "no TLS there"),
)
_CURL = {
    6: "its name has no address",
    7: "connection refused, or no route to it",
    28: "no answer in time",
    35: "no TLS there",
    51: "the certificate is for another name",
    52: "it closed the connection without an answer",
    56: "it closed the connection",
    60: "its certificate is not trusted",
}
_CURL_FINE = frozenset({0, 8, 18, 23})
"""Ends of curl with an answer: the body may be cut, by us (23) or by the server (18)."""

_TOO_LATE = frozenset({124, 137, 143})
"""What ``timeout`` ends with, or what it ended."""

BY_HAND = frozenset({"bash", "openssl"})
"""What a host without curl or wget asks by; then the body has the headers before it."""

_FIRST_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")
_HTTP_STATUS = re.compile(r"^ *HTTP/[0-9.]+ ([0-9]{3})\b", re.MULTILINE)
_BROKE = 126
"""From this exit status on a program did not run, or was ended by a signal."""


def failure(said: str) -> str:
    """Why a connection failed, out of what a tool said of it; its own first line if unknown."""
    for pattern, meaning in _WORDS:
        if re.search(pattern, said, re.IGNORECASE):
            return meaning
    first = next(iter(said.strip().splitlines()), "")
    return shorten(clean_line(first), 100) or "no connection"


def _failed(why: str, **more: Cell) -> Cells:
    return {"outcome": Outcome.FAILED.value, "text": why, **more}


def _unknown(why: str, hint: str = "", **more: Cell) -> Cells:
    return {"outcome": Outcome.UNKNOWN.value, "text": why, "hint": hint, **more}


def _answered(**more: Cell) -> Cells:
    return {"outcome": Outcome.ANSWERED.value, **more}


class _Lines:
    """Lines ``key value``; a key may come several times."""

    def __init__(self, data: bytes) -> None:
        lines = [line.rstrip("\r") for line in text(data).split("\n")]
        if "== end" not in lines:
            raise BadOutput("the answer of a probe is incomplete")
        self.whole = lines
        self._found: dict[str, list[str]] = {}
        for line in lines:
            key, _, value = line.partition(" ")
            self._found.setdefault(key, []).append(value)

    def all(self, key: str) -> list[str]:
        """The values of a key."""
        return self._found.get(key, [])

    def first(self, key: str) -> str | None:
        """The first value of a key, None where there is none."""
        return next(iter(self.all(key)), None)

    def took_s(self) -> float | None:
        """Seconds between the first and the last look at the uptime."""
        seen = [number(value.encode()) for value in self.all("up") if value]
        return max(0.0, seen[-1] - seen[0]) if len(seen) > 1 else None

    def status(self) -> int:
        """The exit status of the tool."""
        return int(number((self.first("status") or "255").encode()))

    def no_use(self) -> Cells | None:
        """That the host has no tool for it, or that the tool had to be ended."""
        if lacking := self._lacks():
            return lacking
        return _failed("no answer in time") if self.status() in _TOO_LATE else None

    def _lacks(self) -> Cells | None:
        """That the host has no tool for it."""
        lacking = self.first("lacks")
        return None if lacking is None else _unknown(f"the host has no {lacking}", FROM_HERE)


def _tcp(data: bytes, _: int, at: float) -> Cells:
    lines = _Lines(data)
    if none := lines.no_use():
        return none
    if lines.status() == 0:
        return _answered(time_s=lines.took_s())
    return _failed(failure("\n".join(lines.all("said"))))


def _dns(data: bytes, _: int, at: float) -> Cells:
    lines = _Lines(data)
    if none := lines.no_use():
        return none
    found = sorted({one for one in lines.all("address") if one})
    if lines.status() == 0 and found:
        return _answered(time_s=lines.took_s(), addresses=" ".join(found))
    return _failed("the name has no address")


def _tls(data: bytes, _: int, at: float) -> Cells:
    from opsdash.transport.probing.certificate import certificate_fields  # few hosts are asked

    lines = _Lines(data)
    if none := lines.no_use():
        return none
    whole = "\n".join(lines.whole)
    begin, end = whole.find("-----BEGIN CERT"), whole.find("-----END CERT")
    if begin < 0 or end < 0:
        said = "\n".join(lines.all("said"))
        return _failed(failure(said) if said.strip() else "no certificate there")
    pem = whole[begin : whole.index("\n", end) + 1]
    try:
        return _answered(time_s=lines.took_s(), **certificate_fields(pem.encode()))
    except ValueError:
        return _failed("its certificate can't be read")


def _http(data: bytes, ended: int, at: float) -> Cells:
    answer, mark, meta = data.rpartition(b"\n== meta\n")
    if not mark:
        raise BadOutput("the answer of a probe is incomplete")
    lines = _Lines(meta)
    if none := lines.no_use():
        return none
    status = lines.status()
    said = "\n".join(line for line in lines.whole if re.match("curl: |wget: |failed|ERROR", line))
    if lines.first("tool") == "curl":
        return _curl(lines, status, said)
    if lines.first("tool") in BY_HAND:
        return _by_hand(lines, answer.partition(b"== body\n")[2])
    return _wget(lines, status, said)


def _wget(lines: _Lines, status: int, said: str) -> Cells:
    codes = _HTTP_STATUS.findall("\n".join(lines.whole))
    if "validation not implemented" in said:
        return _unknown("the wget there can't check certificates", "verify: false, or curl there")
    if codes:
        return _answered(time_s=lines.took_s(), status=int(codes[-1]))
    if re.search("certificate", said):
        return _failed(_CURL[60])
    if status >= _BROKE:
        return _unknown(f"the wget there broke (status {status})", FROM_HERE)
    return _failed(failure(said))


def _by_hand(lines: _Lines, answer: bytes) -> Cells:
    """What came over a connection without a program that knows HTTP: all of it."""
    if found := _FIRST_LINE.match(answer):
        return _answered(time_s=lines.took_s(), status=int(found[1]))
    if answer.strip():
        return _failed("what answers there does not speak HTTP")
    said = "\n".join(lines.whole[3:])
    if "verify error" in said or "certificate verify" in said:
        return _failed(_CURL[60])
    if "unknown option" in said or "No such file" in said:
        return _unknown("neither curl nor wget there, nor an openssl or bash that can", FROM_HERE)
    if lines.status() == 0 or not re.search("bash: |error|errno", said):
        return _failed(_CURL[52])
    return _failed(failure(said))


def _curl(lines: _Lines, status: int, said: str) -> Cells:
    code, took_s = (lines.first("answer") or "000 0").split()
    if status in _CURL_FINE and code != "000":
        return _answered(time_s=number(took_s.replace(",", ".").encode()), status=int(code))
    if status >= _BROKE:
        return _unknown(f"the curl there broke (status {status})", FROM_HERE)
    if status == 1:
        return _unknown("the curl there does not know this kind of URL", FROM_HERE)
    if "refused" in said:
        return _failed("connection refused")
    known = _CURL.get(status)
    return _failed(known or failure(re.sub(r"^curl: \(\d+\) ", "", said)))


def _process(data: bytes, _: int, at: float) -> Cells:
    lines = _Lines(data)
    if lines.first("hidden") is not None:
        hint = "let it log in as a user in the group that /proc is mounted with (hidepid, gid)"
        return _unknown("other users' processes are hidden there", hint)
    return _answered(count=int(number(str(lines.first("count")).encode())))


def _file(data: bytes, _: int, at: float) -> Cells:
    lines = _Lines(data)
    denied = lines.first("denied")
    if denied is not None:
        hint = "let its user look into the folder (setfacl -m u:USER:rx), or choose another user"
        return _unknown(f"{denied} may not be looked at", hint)
    if lines.first("missing") is not None:
        return _failed("no such file")
    if lines.first("nothing") is not None:
        return _failed("no file of that name")
    found = (lines.first("stat") or "").split()
    if len(found) != 2:
        return _unknown("the host has no stat that tells age and size", "install coreutils there")
    changed, size = (number(part.encode()) for part in found)
    now = number((lines.first("now") or "").encode())
    return _answered(age_s=now - changed, size_bytes=int(size), path=lines.first("name") or "")


def _command(data: bytes, status: int, at: float) -> Cells:
    said, performance = split_output(text(data))
    said = shorten(clean_line(said), 300)
    if status in (126, 127):
        return _unknown("no such program, or it may not be run", said=said)
    if status >= 128:
        return _unknown(f"it was ended by a signal ({status - 128})", said=said)
    return _answered(status=status, said=said, performance=performance[:2000])


def http_body(data: bytes) -> bytes:
    """The body in the answer to a probe of HTTP."""
    answer, _, meta = data.partition(b"== body\n")[2].rpartition(b"\n== meta\n")
    if meta.partition(b"\n")[0].removeprefix(b"tool ").decode("ascii", "ignore") not in BY_HAND:
        return answer
    return re.split(rb"\r?\n\r?\n", answer, maxsplit=1)[-1]


READERS: dict[str, Callable[[bytes, int, float], Cells]] = {
    "tcp": _tcp,
    "tls": _tls,
    "http": _http,
    "dns": _dns,
    "process": _process,
    "file": _file,
    "command": _command,
}
"""Who reads the answer of each kind: its bytes, the exit status, and the time."""
