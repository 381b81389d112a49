"""The text of one of the user's files, read with suspicion: these files decide where ssh goes."""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path

from opsdash.core.errors import ConfigError, Fault
from opsdash.store.whole_file import open_without_waiting

MAX_BYTES = 1_048_576
"""A file of the user's may be this large: 10,000 hosts in long form fit."""

_CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


def whole_file(path: Path, text: str) -> ConfigError:
    """The error of a file that can't be used at all."""
    return ConfigError([Fault(str(path), 0, 0, text)])


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; what can't be looked at is none (Path.is_dir() would raise)."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path) -> bool:
    """Whether a path is a file; what can't be looked at is none (Path.is_file() would raise)."""
    return os.path.isfile(path)  # noqa: PTH113


def read_text(path: Path, *, private: bool) -> str:
    """The file's text; ConfigError if it is not a readable UTF-8 text of at most 1 MiB.

    `private` refuses a file that others than its owner may write: who writes it decides which
    commands ssh runs here (ProxyCommand).
    """
    raw = _read_bytes(path, private=private)
    if len(raw) > MAX_BYTES:
        raise whole_file(path, f"is larger than {MAX_BYTES // 1024} KiB: split it with include:")
    if b"\0" in raw:
        raise whole_file(path, "is a binary file, not YAML")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([_not_utf8(path, raw, error.start)]) from None
    _refuse_control_characters(path, text)
    return text


def _read_bytes(path: Path, *, private: bool) -> bytes:
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            _check_kind(path, os.fstat(file.fileno()), private=private)
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise whole_file(path, "there is no such file") from None
    except IsADirectoryError:
        raise whole_file(path, "is a directory, not a file") from None
    except PermissionError:
        raise whole_file(path, "can't be read: permission denied") from None
    except OSError as error:
        raise whole_file(path, f"can't be read: {error.strerror}") from None


def _check_kind(path: Path, status: os.stat_result, *, private: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise whole_file(path, "is not a regular file")
    if private:
        refuse_writable(path, status.st_mode)


def refuse_writable(path: Path, mode: int) -> None:
    """ConfigError for a file or folder of hosts that others than its owner may write."""
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(mode)
        raise whole_file(
            path,
            f"others may write it (mode {mode:04o}) and so choose where ssh goes: "
            f"chmod go-w {shlex.quote(str(path))}",
        )


def _not_utf8(path: Path, raw: bytes, start: int) -> Fault:
    before = raw[:start].decode("utf-8-sig", errors="replace")
    return _fault_at(path, before, f"is not UTF-8: byte 0x{raw[start]:02x}")


def _refuse_control_characters(path: Path, text: str) -> None:
    found = _CONTROL.search(text)
    if found is not None:
        what = f"control character U+{ord(found[0]):04X} is not allowed"
        raise ConfigError([_fault_at(path, text[: found.start()], what)])


def _fault_at(path: Path, before: str, text: str) -> Fault:
    line = before.count("\n") + 1
    return Fault(str(path), line, len(before) - (before.rfind("\n") + 1) + 1, text)
