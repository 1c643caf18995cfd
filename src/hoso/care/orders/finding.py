"""One thing that stands against an order, as values: what, how grave, on which evidence, by which source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hoso.care.card import Source

Kind = Literal["duplicate-test", "pending-test", "allergy", "interaction", "same-medicine", "allergy-unknown"]
Severity = Literal["critical", "warning", "info"]
Words = Mapping[str, str]
"""A text by language."""

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the last result, as it is read."""

    name: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Last:
    """The result that still answers, `days` old, while it stands for `window` days."""

    values: tuple[Value, ...]
    conclusion: str
    abnormal: bool
    days: int
    window: int


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    severity: Severity
    rule: str
    """Which row of the tables says so; with `wanted` and `other` it names the finding."""
    wanted: str
    other: str
    seen: Source
    source: str
    reasons: tuple[str, ...]
    """Keys of the reasons for which one may go on."""
    variant: str = ""
    """Which form of words tells it, when the kind has several."""
    effect: Words = field(default_factory=dict)
    advice: Words = field(default_factory=dict)
    group: Words = field(default_factory=dict)
    last: Last | None = None
    days_left: int | None = None
    evidence: str = ""
    """ "Type/id" of the record it rests on."""
    hard_stop: bool = False
    """Only for a documented anaphylaxis: without a reason that is recorded, the order is not taken."""
