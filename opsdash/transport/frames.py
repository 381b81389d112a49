"""The pulse as text: the remote loop that writes it, and one frame of it taken apart.

The loop is client-paced in grants: a line with a number asks for that many samples, the first at
once, the others one interval apart. Whoever hears no grant in time ends by itself, so that a cut
link leaves nothing running; whoever sees the end of input ends too. See docs/decisions/0001.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from opsdash.core.plugin import Collector, understand
from opsdash.core.reading import Output, Reading

GRANT = 2
"""Samples asked for at once: more would save packets, but a cut link would be noticed later."""

CHUNK_BYTES = 4_000
"""An ordinary frame is one write of less than this, and so one packet."""

MARK = b"\x1e"

BOOT = "exec /bin/sh -c 'IFS= read -r s; eval \"$s\"'"
"""What the login shell is asked to run: understood alike by sh, bash, fish, tcsh and ash."""


WAITS = (
    "LC_ALL=C; export LC_ALL; "
    "if (read -r -t 1 x) </dev/null 2>/dev/null; [ $? -le 1 ]; then IFS= read -r s; "
    'rd() { read -r -t "$1" n; }; eval "$s"; '
    "elif command -v bash >/dev/null 2>&1; then "
    'exec bash -c \'IFS= read -r s; rd() { read -r -t "$1" n; }; eval "$s"\'; '
    "else IFS= read -r s; "
    'rd() { n=$(timeout "$1" /bin/sh -c \'IFS= read -r x && echo "$x"\') && [ "$n" ]; }; '
    'eval "$s"; fi'
)
"""A line that gives ``rd N``, which waits N seconds for a line of input at most, and evaluates the
next line by a shell that can do so. bash and busybox ash can (``read -t``); dash can't, and then
bash is taken where it is there, else ``timeout`` does the waiting.
"""


def lease_s(interval_s: float) -> int:
    """Seconds that the remote loop waits for a grant, its last sample given, before it ends."""
    return max(4, round(interval_s * 2))


def pulse_files(collectors: Iterable[Collector]) -> dict[str, str]:
    """Every file that the pulse reads, with its filter, in the order of first mention."""
    files: dict[str, str] = {}
    for collector in collectors:
        for wanted in collector.reads:
            kept = files.setdefault(wanted.path, wanted.keep)
            if kept != wanted.keep:
                # an empty filter keeps every line; an empty group is an error in some awks
                both = kept and wanted.keep
                files[wanted.path] = f"({kept})|({wanted.keep})" if both else ""
    return files


def pulse_script(files: Mapping[str, str], nonce: str, interval_s: float) -> bytes:
    """The two lines that start the remote loop, the second one evaluated by a shell that suits."""
    awk = _awk_program(files, nonce)
    loop = (
        'i=; case $(awk -W version </dev/null 2>&1) in mawk*) i="-W interactive";; esac; '
        "command -v awk >/dev/null 2>&1 || { echo 'awk: not found' >&2; exit 127; }; "
        f"{{ while rd {lease_s(interval_s)}; do echo; "
        'while [ "$n" -gt 1 ] 2>/dev/null; do '
        f"m=$((n-1)); rd {round(interval_s)}; n=$m; echo; done; done; }} | awk $i '{awk}'"
    )
    return f"{WAITS}\n{loop}\n".encode()


def _awk_program(files: Mapping[str, str], nonce: str) -> str:
    """An awk that answers each input line with one frame, written at once: one packet.

    A long frame is written in chunks, because every line copies what is kept so far.
    """
    mark = f'"\\036{nonce} '
    steps = []
    for number, (path, keep) in enumerate(files.items()):
        kept = f"if (l ~ /{keep}/) " if keep else ""
        steps.append(
            f'o = o {mark}{number}\\n"; '
            f'while ((getline l < "{path}") > 0) {{ {kept}o = o l "\\n"; '
            f'if (length(o) > {CHUNK_BYTES}) {{ printf "%s", o; o = "" }} }}; close("{path}"); '
        )
    return f'{{ o = ""; {"".join(steps)}printf "%s", o {mark}.\\n"; fflush() }}'


def end_mark(nonce: str) -> bytes:
    """The bytes that end a frame."""
    return MARK + nonce.encode() + b" .\n"


def split_frame(frame: bytes, paths: Sequence[str], nonce: str) -> dict[str, bytes]:
    """One frame, its end mark taken off, as file contents by path; absent files are left out.

    Noise before the first mark (a login shell that greets) is dropped. The nonce is new for every
    connection, so nothing that a file holds can pass for a mark.
    """
    by_number = {b"%d" % number: path for number, path in enumerate(paths)}
    contents: dict[str, bytes] = {}
    for part in frame.split(MARK + nonce.encode() + b" ")[1:]:
        number, _, content = part.partition(b"\n")
        path = by_number.get(number)
        if content and path is not None:
            contents[path] = content
    return contents


def read_frame(
    collectors: Sequence[Collector], contents: Mapping[str, bytes], host: str, at: float
) -> list[Reading]:
    """A frame's contents understood: one reading per pulse collector, each of which looks for the
    files that it asked for.
    """
    output = Output(files=contents)
    return [understand(collector, output, host, at) for collector in collectors]
