"""What is said of an account that may not be used: by sshd, PAM, and shells that let nobody in."""

from __future__ import annotations

from opsdash.core.problem import Problem, ProblemKind

_ACCOUNT_WORDS = (
    "account has expired",
    "account is not available",
    "account is currently not available",
    "password has expired",
    "account is locked",
)
"""What sshd, PAM and nologin say, in lower case."""


def account_refused(said: str) -> Problem | None:
    """The problem behind what sshd and PAM say of an account that may not be used, if it is that.

    `said` is the server's banner or the error output of a session.
    """
    for text in said.splitlines():
        if any(words in text.lower() for words in _ACCOUNT_WORDS):
            return Problem(ProblemKind.ACCOUNT, f"the account can't be used: {text.strip()}")
    return None
