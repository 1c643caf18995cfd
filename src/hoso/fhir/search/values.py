"""One value of a parameter, by the parameter's type: R4 search §3.1.1.4, escapes included.

A value is either understood whole or refused; there is no best guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from math import inf
from typing import get_args

from hoso.core import Issue, Refused, citizen_code, parse_span
from hoso.fhir.number_systems import number_space
from hoso.fhir.search.limits import MAX_NUMBER, NEAR_KM
from hoso.fhir.search.query import Date, Local, Near, Number, Prefix, Token, Uri
from hoso.fhir.ucum import canonical

_PREFIXES = frozenset(get_args(Prefix))
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?\Z", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}\Z", re.ASCII)
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:|#)", re.ASCII)


def split(text: str, separator: str) -> list[str]:
    """Parts between unescaped separators, still escaped."""
    if "\\" not in text:
        return text.split(separator)
    return list(_split_escaped(text, separator))


def _split_escaped(text: str, separator: str) -> Iterator[str]:
    start = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def escape(value: str) -> str:
    """A value in which commas, dollars, bars and backslashes mean themselves."""
    return "".join(f"\\{ch}" if ch in "\\,$|" else ch for ch in value)


def unescape(text: str, name: str) -> str:
    r"""Undoes `\,` `\|` `\$` `\\`; any other backslash is refused, it cannot be told what it meant."""
    if "\\" not in text:
        return text
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            if at == len(text) or text[at] not in ",|$\\":
                raise refuse("search.escape", name, value=text)
        out.append(text[at])
        at += 1
    return "".join(out)


def refuse(key: str, name: str, code: str = "invalid", /, **values: str) -> Refused:
    short = {k: v if len(v) <= 200 else v[:200] + "…" for k, v in values.items()}
    short_name = name if len(name) <= 200 else name[:200] + "…"
    return Refused(400, Issue(code, key, {"parameter": short_name, **short}, short_name or None))


def token(text: str, name: str) -> Token:
    """A citizen code with wrong check digits is refused: an empty answer would read as "not here, make a new one"."""
    parts = split(text, "|")
    if len(parts) > 2:
        raise refuse("search.token", name, value=text)
    values = [unescape(part, name) for part in parts]
    if len(values) == 1:
        return Token(None, values[0])
    system, code = values
    if not system and not code:
        raise refuse("search.token", name, value=text)
    if system == citizen_code.SYSTEM and code and not citizen_code.is_valid(code):
        raise refuse("search.citizen-code", name, "value", value=code)
    return Token(number_space(system, code), code or None)


def full_token(text: str, name: str) -> Token:
    """`system|code`: what stands under a code only its system says."""
    found = token(text, name)
    if not found.system or not found.code:
        raise refuse("search.full-token", name, value=text)
    return found


def value_set(text: str, name: str, base: str | None) -> Uri:
    """An address, or `ValueSet/id` for one that is kept here, also with this server's own address before it."""
    value = unescape(text, name)
    own = value[len(base.rstrip("/")) + 1 :] if base and value.startswith(base.rstrip("/") + "/") else value
    kind, _, id = own.partition("/")
    if kind == "ValueSet" and is_id(id):
        return Uri(own)
    if not _ABSOLUTE.match(value):
        raise refuse("search.value-set", name, value=text)
    return Uri(value)


def of_type(text: str, name: str) -> Token:
    """`system|code|value` of `identifier:of-type`; extraction joins the three the same way."""
    parts = [unescape(part, name) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise refuse("search.of-type", name, value=text)
    return Token(None, "|".join(parts))


def date(text: str, name: str) -> Date:
    prefix, rest = _prefixed(unescape(text, name))
    try:
        return Date(prefix, parse_span(rest))
    except ValueError:
        raise refuse("search.date", name, value=text) from None


def number(text: str, name: str) -> Number:
    return _number(unescape(text, name), name)


def quantity(text: str, name: str) -> Number:
    """`[prefix]number`, `[prefix]number|system|code`, `[prefix]number||unit`."""
    parts = [unescape(part, name) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise refuse("search.quantity", name, value=text)
    plain = _number(parts[0], name)
    if len(parts) == 1:
        return plain
    if parts[1] and not parts[2]:
        raise refuse("search.quantity", name, value=text)
    return Number(plain.prefix, plain.value, plain.low, plain.high, parts[1] or None, parts[2] or None)


def _number(text: str, name: str) -> Number:
    prefix, digits = _prefixed(text)
    if len(digits) > MAX_NUMBER or not _NUMBER.match(digits):
        raise refuse("search.number", name, value=text)
    try:
        value = Decimal(digits)
        half = _half_unit(value)
        bounds = float(value), float(value - half), float(value + half)
    except (InvalidOperation, OverflowError):
        raise refuse("search.number", name, value=text) from None
    if abs(bounds[0]) == float("inf"):
        raise refuse("search.number", name, value=text)
    if prefix == "ap":
        tenth = abs(bounds[0]) / 10
        return Number(prefix, bounds[0], bounds[0] - tenth, bounds[0] + tenth)
    return Number(prefix, *bounds)


def _half_unit(value: Decimal) -> Decimal:
    """Half of the last digit given. With an exponent R4 counts one digit more: 1e2 is [95, 105)."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(5).scaleb(exponent - 1 if exponent <= 0 else exponent - 2)


def _prefixed(text: str) -> tuple[Prefix, str]:
    if text[:2] in _PREFIXES:
        return text[:2], text[2:]  # type: ignore[return-value]
    return "eq", text


def reference(text: str, name: str, targets: tuple[str, ...], base: str | None) -> Local | Uri:
    """Every form of R4: `id`, `Type/id`, an absolute URL; a version is accepted and means the same record."""
    value = unescape(text, name)
    if base and value.startswith(base.rstrip("/") + "/"):
        value = value[len(base.rstrip("/")) + 1 :]
    elif _ABSOLUTE.match(value):
        return Uri(value)
    parts = value.split("/")
    if len(parts) == 4 and parts[2] == "_history" and _ID.match(parts[3]):
        parts = parts[:2]
    if len(parts) == 1 and is_id(parts[0]):
        return Local(targets, parts[0])
    if len(parts) == 2 and is_id(parts[1]):
        if parts[0] not in targets:
            raise refuse("search.reference-type", name, value=value, types=_some(targets))
        return Local((parts[0],), parts[1])
    raise refuse("search.reference", name, value=value)


def is_id(text: str) -> bool:
    return bool(_ID.match(text))


def near(text: str, name: str) -> Near:
    """`latitude|longitude|distance|unit`: degrees, and a length in UCUM; kilometres where no unit is given."""
    parts = [unescape(part, name) for part in split(text, "|")]
    if len(parts) not in (2, 3, 4) or not all(parts):
        raise refuse("search.near", name, value=text)
    latitude, longitude, distance = (_plain(part, text, name) for part in (*parts[:2], *(parts[2:3] or [NEAR_KM])))
    if abs(latitude) > 90 or abs(longitude) > 180 or not 0 <= distance < inf:
        raise refuse("search.near", name, value=text)
    unit = parts[3] if len(parts) == 4 else "km"
    length = canonical(distance, unit)
    if length is None or length[1] != "m":
        raise refuse("search.near-unit", name, value=unit)
    return Near(latitude, longitude, length[0])


def _plain(part: str, text: str, name: str) -> float:
    if len(part) > MAX_NUMBER or not _NUMBER.match(part):
        raise refuse("search.near", name, value=text)
    return float(part)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def uri(text: str, name: str) -> Uri:
    return Uri(unescape(text, name))
