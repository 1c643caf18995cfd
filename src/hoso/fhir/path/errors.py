"""The one way FHIRPath says no: a `PathError` with the kind of fault and its place in the expression."""

from __future__ import annotations

from typing import Literal

Kind = Literal["syntax", "semantic", "execution", "limit"]


class PathError(Exception):
    """`position` is the offset of the faulty part in the expression, counted in characters from 0."""

    def __init__(self, kind: Kind, message: str, position: int = 0) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.kind = kind
        self.message = message
        self.position = position


def execution(message: str, position: int = 0) -> PathError:
    return PathError("execution", message, position)
