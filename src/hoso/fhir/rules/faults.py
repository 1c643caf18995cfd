"""What a rule finds wrong, told from the inside out: each level puts its own step in front of the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LIMIT = 100
"""Issues told for one resource; a body full of faults must not become a larger answer."""


class Fault(NamedTuple):
    path: str
    code: str
    key: str
    values: Mapping[str, str]


Faults = list[Fault]
ALIGN: Faults = []
"""Not a fault: the object has to compare a primitive with its `_` sibling before it can tell."""


@dataclass(slots=True)
class Context:
    """What a rule may have to know from outside its own value."""

    resource: dict[str, Any]
    root: dict[str, Any]
    """The resource that is contained nowhere; `resource` itself unless that is contained."""
    contained: dict[str, str] = field(default_factory=dict)
    """Id → type of the root's contained resources."""
    pointed: set[str] = field(default_factory=set)
    """Fragments ("#id") that the root and its contained resources point to."""
    points_home: bool = False
    """This contained resource refers to its container ("#")."""
    full_urls: Mapping[str, str] = field(default_factory=dict)
    """fullUrl → resource type of the entries of the Bundle around it."""


Rule = Callable[[Any, Context], Faults | None]
Test = Callable[[Any, Context], bool]


def one(code: str, key: str, path: str = "", **values: str) -> Faults:
    return [Fault(path, code, key, values)]


def under(step: str, faults: Faults) -> Faults:
    return [fault._replace(path=step + fault.path) for fault in faults]


def shown(value: Any) -> str:
    """A value as an error message may quote it: short, and without line breaks."""
    text = value if isinstance(value, str) else _KINDS.get(type(value), "") or repr(value)
    flat = " ".join(text[:200].split())
    return flat if len(flat) <= 60 else flat[:57] + "…"


_KINDS = {dict: "{…}", list: "[…]", type(None): "null", bool: ""}
