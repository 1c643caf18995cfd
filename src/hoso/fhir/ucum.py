"""UCUM codes → canonical units, so that 1.2 g/L and 120 mg/dL are one quantity (grammar of UCUM 2.1, own parser).

What is not UCUM has no canonical form; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from hoso.fhir.ucum_units import AFFINE, ALIASES, ARBITRARY, BASE, DERIVED, PREFIXED_ARBITRARY, PREFIXES

MAX_LENGTH = 200
MAX_EXPONENT = 99
MAX_NUMBER_DIGITS = 18

_PART = re.compile(
    r"(?P<symbol>[./()])|(?P<note>\{[^{}]*\})|(?P<ten>10[*^])|(?P<number>\d+)"
    r"|(?P<atom>(?:[^\s\d.\/()\[\]{}+\-]|\[[^\[\]\s{}]+\]|%)+?(?=[\d.\/()\{+\-]|$))(?!\[)",
    re.ASCII,
)
_EXPONENT = re.compile(r"[+-]?\d{1,2}(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """A factor to the base units and their exponents; `offset` only for temperatures on a scale of their own."""

    factor: Fraction
    powers: dict[str, int] = field(default_factory=dict)
    offset: Fraction = Fraction(0)

    def times(self, other: Unit, sign: int = 1) -> Unit:
        powers = dict(self.powers)
        for base, power in other.powers.items():
            powers[base] = powers.get(base, 0) + sign * power
        return Unit(self.factor * other.factor**sign, {b: p for b, p in powers.items() if p})

    def raised(self, power: int) -> Unit:
        return Unit(self.factor**power, {b: p * power for b, p in self.powers.items() if p * power})

    @property
    def name(self) -> str:
        """The canonical code: base units in fixed order, "g.m-3"; "1" for a plain number."""
        return ".".join(b if p == 1 else f"{b}{p}" for b, p in sorted(self.powers.items())) or "1"


ONE = Unit(Fraction(1))


class NotUcum(ValueError):
    """The text is no UCUM code that this table knows."""


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """What a UCUM code stands for; None when it is not one."""
    try:
        return _parse(code)
    except NotUcum:
        return None


def canonical(value: float | Decimal, code: str) -> tuple[float, str] | None:
    """Value and unit in base units; None when the code is not UCUM or the value leaves the range of a float."""
    known = unit(code)
    if known is None:
        return None
    exact = in_base(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), known)
    try:
        return float(exact), known.name
    except OverflowError:
        return None


def in_base(value: Decimal, known: Unit) -> Fraction:
    return (Fraction(value) + known.offset) * known.factor


def convert(value: Decimal, source: str, target: str) -> Fraction | None:
    """The value in another unit, exactly; None when the two measure different things."""
    first, second = unit(source), unit(target)
    if first is None or second is None or first.powers != second.powers:
        return None
    return in_base(value, first) / second.factor - second.offset


def _parse(code: str) -> Unit:
    if not code or len(code) > MAX_LENGTH or not code.isascii():
        raise NotUcum(code)
    if code in AFFINE:
        offset, up, down = AFFINE[code]
        return Unit(Fraction(up) / Fraction(down), {"K": 1}, Fraction(offset))
    reader = _Reader(code)
    found = reader.term(0)
    if reader.at != len(code):
        raise NotUcum(code)
    return found


class _Reader:
    def __init__(self, code: str) -> None:
        self.code = code
        self.at = 0

    def symbol(self, marks: str) -> str | None:
        if self.at < len(self.code) and self.code[self.at] in marks:
            self.at += 1
            return self.code[self.at - 1]
        return None

    def term(self, depth: int) -> Unit:
        """`a.b/c`, read from the left; a leading slash inverts the first part."""
        if depth > 10:
            raise NotUcum(self.code)
        sign = -1 if self.symbol("/") else 1
        found = ONE.times(self.component(depth), sign)
        while mark := self.symbol("./"):
            found = found.times(self.component(depth), -1 if mark == "/" else 1)
        return found

    def component(self, depth: int) -> Unit:
        if self.symbol("("):
            found = self.term(depth + 1)
            if not self.symbol(")"):
                raise NotUcum(self.code)
            return found
        match = _PART.match(self.code, self.at)
        if match is None or match.lastgroup == "symbol":
            raise NotUcum(self.code)
        self.at = match.end()
        kind, text = match.lastgroup, match.group()
        if kind == "note":
            return ONE
        if kind == "number":
            if len(text) > MAX_NUMBER_DIGITS or int(text) == 0:
                raise NotUcum(self.code)
            found = Unit(Fraction(int(text)))
        else:
            found = (Unit(Fraction(10)) if kind == "ten" else atom(text)).raised(self.exponent())
        self.note()
        return found

    def exponent(self) -> int:
        match = _EXPONENT.match(self.code, self.at)
        if match is None:
            return 1
        self.at = match.end()
        return int(match.group())

    def note(self) -> None:
        match = _PART.match(self.code, self.at)
        if match is not None and match.lastgroup == "note":
            self.at = match.end()


@lru_cache(maxsize=1024)
def atom(text: str) -> Unit:
    """A unit symbol, with or without a metric prefix; the symbol without prefix wins ("Pa", "cd", "min")."""
    plain = _symbol(text)
    if plain is not None:
        return plain
    for size in (2, 1):
        prefix, rest = text[:size], ALIASES.get(text[size:], text[size:])
        if prefix in PREFIXES and _takes_prefix(rest):
            known = _symbol(rest)
            if known is not None:
                return Unit(known.factor * Fraction(10) ** PREFIXES[prefix], known.powers)
    raise NotUcum(text)


def _takes_prefix(symbol: str) -> bool:
    return symbol in BASE or symbol in PREFIXED_ARBITRARY or (symbol in DERIVED and DERIVED[symbol][2])


def _symbol(text: str) -> Unit | None:
    text = ALIASES.get(text, text)
    if text in BASE or text in ARBITRARY:
        return Unit(Fraction(1), {text: 1})
    if text in DERIVED:
        factor, definition, _ = DERIVED[text]
        known = _parse(definition)
        return Unit(known.factor * Fraction(factor), known.powers)
    return None
