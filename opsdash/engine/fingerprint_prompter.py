"""Accepts a host key by the fingerprint that was given beforehand, and asks on for all else."""

from __future__ import annotations

from opsdash.core.prompts import YES, Prompter, Question, QuestionKind
from opsdash.core.secret import Secret


class FingerprintPrompter:
    """Says yes to one host key, and no to every other."""

    eager = True
    present = True

    def __init__(self, fingerprint: str, otherwise: Prompter) -> None:
        self._fingerprint = fingerprint
        self._otherwise = otherwise

    async def ask(self, question: Question) -> Secret | None:
        """A host key is compared; everything else is asked of whoever is there."""
        if question.kind is QuestionKind.CONFIRM and question.key.startswith("host-key/"):
            shown = question.text.split("\n", 1)[0].strip()
            return YES if shown == self._fingerprint.rstrip("=") else None
        return await self._otherwise.ask(question) if self._otherwise.present else None
