"""One question of a contact and its answer; what does not fit ends the contact."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from hoso.sync.messages import Answer, Refusal, Request

A = TypeVar("A", bound=Answer)


class Broken(Exception):
    """The hub refused, or said what does not fit. The contact is over, and nothing of it has to be mended."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def ask(request: Request, kind: type[A]) -> Generator[Request, Answer, A]:
    answer = yield request
    if isinstance(answer, kind):
        return answer
    raise Broken(f"{answer.why} {answer.fault}".strip() if isinstance(answer, Refusal) else "unexpected answer")
