"""A sudo of sh for tests, put first in the PATH: it asks as the real one does, and runs as itself.

It reads the password byte by byte from its input after its prompt, tells of a wrong one in sudo's
words, and tries three times. Every password that it sees is written down.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_SUDO = """#!/bin/sh
prompt= ask=
while :; do case $1 in
  -n) ask=never ;; -k|-S) ;; -p) prompt=$2; shift ;; --) shift; break ;; *) break ;;
esac; shift; done
if [ RULE = nopasswd ]; then exec "$@"; fi
if [ RULE = never ]; then echo 'ops is not in the sudoers file.' >&2; exit 1; fi
[ "$ask" ] && { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
  printf %s "$prompt" >&2
  IFS= read -r typed || { printf '\\nsudo: no password was provided\\n' >&2; exit 1; }
  printf '%s\\n' "$typed" >>SEEN
  [ "$typed" = 'the right one' ] && exec "$@"
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
"""


class FakeSudo:
    """What it does (`rule`: password, nopasswd or never), and what it has seen."""

    def __init__(self, folder: Path, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self._seen = folder / "seen"
        program = folder / "sudo"
        program.write_text(_SUDO.replace("RULE", rule).replace("SEEN", str(self._seen)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    @property
    def seen(self) -> list[str]:
        """The passwords that it was given."""
        return self._seen.read_text().splitlines() if self._seen.exists() else []
