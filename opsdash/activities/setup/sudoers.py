"""A rule for sudo, as text for /etc/sudoers.d: one user, one script, no password."""

from __future__ import annotations

import re
from hashlib import sha256

from opsdash.core.text import duration
from opsdash.transport.root_rule import PATH, RootRule

_USER = re.compile(r"[a-z_](?:[a-z0-9_.@-]{0,62}[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_KEYWORDS = frozenset({"defaults", "root"})
_SPECIAL = re.compile(r"[,:=\\#*?\[\]!^]")


def checked_user(name: str) -> str:
    """The name of a user as sudoers takes it as it stands; ValueError says what is wrong with it.

    What sudoers would take for something else is refused, not quoted: ``ALL``, a group, a number.
    """
    if not _USER.fullmatch(name):
        raise ValueError("a user's name is letters, digits and _ . - @, and begins with a letter")
    if _ALIAS.fullmatch(name):
        raise ValueError("sudoers takes a name in capitals for an alias, or for everybody")
    if name.lower() == "root":
        raise ValueError("root needs no rule")
    if name.lower() in _KEYWORDS or name.lower().endswith("_alias"):
        raise ValueError("sudoers takes this word for one of its own")
    return name


def escaped(word: str) -> str:
    """One argument of a command as sudoers writes it; ValueError if that can't be done."""
    if not word.isascii() or not word.isprintable() or " " in word or not word:
        raise ValueError("an argument in sudoers is printable ASCII without spaces")
    return _SPECIAL.sub(r"\\\g<0>", word)


def sudoers_rule(rule: RootRule, user: str) -> str:
    """The drop-in that lets this user have the script of a rule run as root, and nothing else.

    ValueError if the name is none that sudoers would take for a user's.
    """
    name = checked_user(user)
    alias = f"OPSDASH_{sha256(f'{name} {rule.digest}'.encode()).hexdigest()[:8].upper()}"
    program, *arguments = rule.argv
    command = " ".join((program, *map(escaped, arguments)))
    lines = [
        *_HEAD,
        *(f"#   {each}" for each in _collected(rule)),
        "#",
        *(f"#   {line}".rstrip() for line in _install(name)),
        "",
        f"Cmnd_Alias {alias} = {command}",
        f'Defaults!{alias} env_reset, !setenv, !requiretty, secure_path="{PATH}"',
        f"{name} ALL = (root) NOPASSWD: NOSETENV: {alias}",
    ]
    return "\n".join(lines) + "\n"


_HEAD = (
    "# opsdash: root for one script, which asks for what only root may see, and for nothing else.",
    "#",
    "# The command below reads a script and runs it only if its SHA-256 is the one that stands in",
    "# it. That script is printed by: opsdash sudoers --script. It takes no input, no arguments.",
    "# When an update of opsdash asks for more, its digest is another: install the rule again.",
    "# What it asks for:",
)


def _collected(rule: RootRule) -> list[str]:
    return [f"{one.title}, every {duration(one.every_s)} at most" for one in rule.collectors]


def _install(user: str) -> tuple[str, ...]:
    file = "/etc/sudoers.d/opsdash"
    return (
        f"opsdash sudoers --user {user} > opsdash.sudoers",
        "visudo -c -f opsdash.sudoers",
        f"install -o root -g root -m 0440 opsdash.sudoers {file}",
    )
