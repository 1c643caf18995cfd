"""The one way a GraphQL document is refused: an issue with its line and column."""

from __future__ import annotations

from typing import NamedTuple

from hoso.core.errors import Issue


class Place(NamedTuple):
    """Both counted from 1, as GraphQL tells them."""

    line: int
    column: int


class Fault(Exception):
    def __init__(self, key: str, place: Place, code: str = "invalid", **values: str) -> None:
        super().__init__(key, place)
        self.issue = Issue(code, key, values)
        self.place = place
