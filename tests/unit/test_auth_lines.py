"""Lines of the log of logins about sudo: who ran what, who was refused, and our own questions."""

from __future__ import annotations

from datetime import UTC

import pytest

from opsdash.collectors.auth_changes import by_auth
from opsdash.collectors.happenings import Window

NOW = 1_795_800_000.0
OURS = (
    "/bin/sh -c PATH=/usr/sbin:/usr/bin:/sbin:/bin;s=$(head${IFS}-c${IFS}262144);"
    'h=$(printf${IFS}%s${IFS}"$s"|sha256sum)'
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("PWD=/root ; USER=root ; COMMAND=/usr/bin/id", ["ran /usr/bin/id"]),
        (
            "a password is required ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/id",
            ["was refused /usr/bin/id"],
        ),
        (
            "command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh -x",
            ["was refused /bin/sh -x"],
        ),
        ("3 incorrect password attempts ; PWD=/ ; USER=root ; COMMAND=/x", ["was refused /x"]),
        (f"PWD=/home/ops ; USER=root ; COMMAND={OURS}", []),
        (f"a password is required ; PWD=/home/ops ; USER=root ; COMMAND={OURS}", []),
        ("PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/true", []),
        ("PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/true false", ["ran /usr/bin/true false"]),
        ("PWD=/home/ops ; USER=root ; COMMAND=/bin/sh -s", []),
    ],
)
def test_what_sudo_says(said: str, told: list[str]) -> None:
    line = f"{NOW - 60} web1 sudo[145]:      ops : {said}"
    found = by_auth([line], Window(NOW, UTC))
    assert [f"{one.verb} {one.subject}" for one in found] == told
    assert all(one.who == "ops" for one in found)
