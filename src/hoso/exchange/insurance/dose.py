"""The text of LIEU_DUNG read as a dosage: per take × times a day × days, as QĐ 130 has it written.

Doses by the time of day and other free texts give nothing: their words are the dosage.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from hoso.exchange.insurance.values import number
from hoso.fhir.systems import UCUM

_TIMES = r"\s*[*x×]\s*"
_AMOUNT = r"(?P<amount>\d{1,6}(?:[.,]\d{1,4})?|\d{1,2}/\d{1,2})\s*(?P<unit>[^\d*×/\[\]]{0,30}?)\s*(?:/\s*lần)?"
_PATTERN = re.compile(
    _AMOUNT + _TIMES + r"(?P<often>\d{1,2})\s*(?:lần)?\s*(?:/\s*ngày)?" + _TIMES + r"(?P<days>\d{1,3})\s*(?:ngày)?"
    r"\s*(?:\[[^\]]*\])?\s*\Z",
    re.IGNORECASE,
)


def read(text: str) -> dict[str, Any] | None:
    """Elements of a Dosage beside its text."""
    match = _PATTERN.match(text.strip())
    if match is None or not int(match["often"]) or not int(match["days"]):
        return None
    amount = _amount(match["amount"])
    if amount is None or amount <= 0:
        return None
    unit = match["unit"].strip()
    quantity = {"value": amount, **({"unit": unit} if unit else {})}
    bounds = {"value": int(match["days"]), "unit": "ngày", "system": UCUM, "code": "d"}
    repeat = {"boundsDuration": bounds, "frequency": int(match["often"]), "period": 1, "periodUnit": "d"}
    return {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}


def _amount(text: str) -> Decimal | None:
    """A number, or a part of one when it comes out even: half a tablet, a quarter."""
    over, bar, under = text.partition("/")
    if not bar:
        digits = number(text)
        return Decimal(digits) if digits else None
    if not int(under):
        return None
    found = Decimal(over) / Decimal(under)
    return found if found.as_tuple().exponent in (0, -1, -2, -3) else None
