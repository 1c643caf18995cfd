"""What `make evaluate` asks of a matcher: the seam between the measurement and the thing measured.

`python -m bench.evaluate --matcher MODULE:NAME` names a callable without arguments that gives a new, empty matcher as
a context manager; each data set gets one of its own. Patients are FHIR R4 Patient dictionaries with an `id`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

Patient = dict[str, Any]

Grade = Literal["certain", "possible"]
"""Certain: linked without a person looking. Possible: for somebody to decide."""


class Match(NamedTuple):
    id: str
    """Of an enrolled patient."""
    bits: float
    """Weight of evidence; only its order counts here."""
    grade: Grade


class Pair(NamedTuple):
    a: str
    b: str
    bits: float


class Matcher(Protocol):
    def enrol(self, patients: Iterable[Patient]) -> None:
        """Adds people, one record each, in a stream; may be called again at any time."""

    def candidates(self, patient: Patient) -> Sequence[str]:
        """Ids of the enrolled people who would be compared, the likeliest first."""

    def match(self, patient: Patient) -> Sequence[Match]:
        """The people it may be, best first; empty when it is nobody known."""

    def dedupe(self, patients: Sequence[Patient]) -> Iterable[Pair]:
        """Pairs within one list of records that may be of one person. Called on an empty matcher."""

    def link(self, left: Sequence[Patient], right: Sequence[Patient]) -> Iterable[Pair]:
        """The same between two lists without doubles of their own: `a` of the left, `b` of the right."""


Maker = Callable[[], AbstractContextManager[Matcher]]


def maker(name: str) -> Maker:
    """The callable that `MODULE:NAME` names."""
    module, _, attribute = name.partition(":")
    try:
        found: Maker = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as fault:
        sys.exit(f"--matcher {name}: no such matcher ({fault}). It is MODULE:NAME, see bench/matcher.py.")
    return found
