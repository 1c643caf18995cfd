"""The functions of the language by name; each module of `functions` adds its own.

A plain function gets its arguments as collections; a lazy one gets closures to run per item itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hoso.fhir.path.values import Collection

Body = Callable[..., Collection]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    least: int
    most: int
    lazy: bool
    body: Body
    takes_string: bool = False


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, least: int = 0, most: int | None = None, *, lazy: bool = False, takes_string: bool = False
) -> Callable[[Body], Body]:
    """Registers `body(frame, input, *arguments)`; `takes_string`: the input must be text."""

    def register(body: Body) -> Body:
        FUNCTIONS[name] = Function(name, least, least if most is None else most, lazy, body, takes_string)
        return body

    return register


def one(value: Any) -> Collection:
    """A collection of one value, or of none."""
    return [] if value is None else [value]
