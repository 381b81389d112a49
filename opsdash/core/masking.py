"""Passwords taken out of text that is written down: command lines, URLs, log lines, evidence."""

from __future__ import annotations

import re

HIDDEN = "***"

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|credentials?|auth(?:orization)?"
)
_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'&;,]+)"""

# Runs are bounded or begin in one place alone: a megabyte without a space must not take minutes.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)
_IN_URL = re.compile(r"([a-z][a-z0-9+.-]{0,30}://[^\s/:@]*):[^\s/@]+@", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""(?<![a-z0-9_.-])([a-z0-9_.-]*(?:{_NAMES})["']?\s*(?:=|:(?!//))\s*){_VALUE}""",
    re.IGNORECASE,
)
_OPTION = re.compile(rf"(?<!\S)(--?[a-z0-9-]*(?:{_NAMES}))(\s+)(?!-){_VALUE}", re.IGNORECASE)
_MYSQL = re.compile(
    r"(\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n]{0,300}?\s-p)[^\s-]\S*"
)
_CLOUD_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


def mask(text: str) -> str:
    """`text` with whatever looks like a password, token or private key replaced by ``***``.

    It knows forms, not values: ``password=x``, ``--token x``, ``https://user:x@host``, ``Bearer
    x``, PEM private keys, ``mysql -px``. Masking twice changes nothing.
    """
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _IN_URL.sub(rf"\1:{HIDDEN}@", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _ASSIGNED.sub(_hidden_value, text)
    text = _OPTION.sub(rf"\1\2{HIDDEN}", text)
    text = _MYSQL.sub(rf"\1{HIDDEN}", text)
    return _CLOUD_KEY.sub(HIDDEN, text)


def _hidden_value(found: re.Match[str]) -> str:
    """``Authorization: Bearer ***`` has lost its secret already."""
    value = found.group(0)[len(found.group(1)) :]
    return found.group(0) if value.lower() in ("bearer", "basic") else found.group(1) + HIDDEN
