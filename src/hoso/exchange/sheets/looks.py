"""What the texts of a column look like: the share of them that can be read in the way of a format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache

from hoso.core import fold
from hoso.exchange.sheets import dates
from hoso.exchange.sheets.kinds import plain, words
from hoso.identity.normalise.phones import phones_in
from hoso.identity.normalise.tables import names

_IDENTITY = re.compile(r"\d{12}\Z|\d{11}\Z|\d{9}\Z|[A-Z]{1,2}\d{6,8}\Z|[1-9][.,]\d+E\+1[01]\Z")
_CARD = re.compile(r"[A-Z]{2}\d[\dA-Z]{12}\Z|[A-Z]{2}\d{3}\d{10}\Z|\d{10}\Z")
_PRESSURE = re.compile(r"\d{2,3}\s*/\s*\d{2,3}\Z")
_ICD = re.compile(r"[A-Z]\d{2}(?:\.?\d{1,2})?[*†+]?(?:\s*[;,/]\s*[A-Z]\d{2}(?:\.?\d{1,2})?[*†+]?)*\Z", re.IGNORECASE)
_RESULT = re.compile(r"[<>≤≥=]*\s*-?\d[\d.,]*(?:\s*[-–]\s*\d[\d.,]*)?\s*%?\Z")
_ANY_DAY = date(2100, 1, 1)
"""A look has no today: whether a date lies in the future is a question for the check."""


def share(format: str, texts: Sequence[str]) -> float | None:
    """From 0 to 1; None when the format says nothing about looks, or there is nothing to look at."""
    look = _LOOKS.get(format.partition(":")[0])
    if look is None or not texts:
        return None
    return sum(bool(look(text)) for text in texts) / len(texts)


def _date(text: str) -> bool:
    return dates.read(text, _ANY_DAY) is not None or _is_like_a_date(text)


def _is_like_a_date(text: str) -> bool:
    """Also a wrong one: it is in the column of dates all the same."""
    return re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b", text) is not None


def _moment(text: str) -> bool:
    return _date(text) and not (text.isdigit() and len(text) == 4)


def _identity(text: str) -> bool:
    return bool(_IDENTITY.match(text) or _IDENTITY.match(re.sub(r"[\s.\-]", "", text).upper()))


def _insurance(text: str) -> bool:
    return _CARD.match(re.sub(r"[\s.\-]", "", text).upper()) is not None


@cache
def _surnames() -> frozenset[str]:
    return frozenset(fold(one) for one in names().surnames)


def _name(text: str) -> bool:
    parts = fold(text).split()
    return 2 <= len(parts) <= 7 and not any(ch.isdigit() for ch in text) and parts[0] in _surnames()


def _result(text: str) -> bool:
    return bool(_RESULT.match(text)) or fold(text) in _RESULT_WORDS


_RESULT_WORDS = frozenset(("am tinh", "duong tinh", "negative", "positive", "neg", "pos", "(-)", "(+)", "-", "+"))

_LOOKS: Mapping[str, Callable[[str], bool]] = {
    "birth": _date,
    "day": _date,
    "moment": _moment,
    "identity": _identity,
    "insurance": _insurance,
    "phone": lambda text: bool(phones_in(text)),
    "sex": lambda text: plain(text) in words("sex"),
    "name": _name,
    "icd": lambda text: _ICD.match(text) is not None,
    "pressure": lambda text: _PRESSURE.match(text) is not None,
    "result": _result,
    "words": lambda text: not any(ch.isdigit() for ch in text) and any(ch.isalpha() for ch in text),
    "age": lambda text: text.isdigit() and int(text) <= 120,
    "tick": lambda text: fold(text) in ("x", "v", "✓", "1", "nu"),
}
