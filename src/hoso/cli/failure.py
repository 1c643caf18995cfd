"""An expected failure of a command: a sentence for the operator instead of a traceback, and an exit code."""

from __future__ import annotations

from hoso.cli.texts import say


class Failure(Exception):
    """`key` names the text in the catalogue; it says what happened, where, and what to do."""

    def __init__(self, key: str, *, code: int = 1, **values: object) -> None:
        super().__init__(say(key, **values))
        self.code = code
