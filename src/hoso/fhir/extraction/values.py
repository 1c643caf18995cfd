"""R4 data types → what search compares: (system, code), (low, high) of time or number, text, references.

One function per data type; each takes the JSON of one element and returns its values, none when it has nothing to say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from hoso.core.clock import EPOCH
from hoso.core.dates import OPEN_HIGH, OPEN_LOW, Span, parse_span
from hoso.fhir.number_systems import number_space

Pair = tuple[str | None, str]
Amount = tuple[float, float, str | None, str | None, str | None]
Target = tuple[str | None, str]
"""(type, id) of a record here, or (None, text) of what is elsewhere."""

OPEN = sys.float_info.max  # an open end that JSON, SQLite and PostgreSQL can all carry
CURRENCY = "urn:iso:std:iso:4217"

_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z", re.ASCII)
_REMOTE = re.compile(r"https?://.*/" + _LOCAL.pattern, re.ASCII | re.DOTALL)


def coding(value: Any) -> Iterable[Pair]:
    code = value.get("code")
    return () if code is None else ((value.get("system"), code),)


def concept(value: Any) -> Iterable[Pair]:
    codings = value.get("coding")
    if codings is None:
        return ()
    return [(c.get("system"), c["code"]) for c in codings if "code" in c]


def identifier(value: Any) -> Iterable[Pair]:
    number = value.get("value")
    return () if number is None else ((found_under(value.get("system"), number), number),)


def found_under(system: str | None, number: str) -> str | None:
    """Under which system a number is found, whichever of its addresses the record has."""
    return None if system is None else number_space(system, number)


def contact(value: Any) -> Iterable[Pair]:
    """The kind of contact stands in the system's place: telecom=phone|0912345678."""
    address = value.get("value")
    return () if address is None else ((value.get("system"), address),)


def boolean(value: Any) -> Iterable[Pair]:
    return ((None, "true" if value else "false"),)


def word(value: Any) -> Iterable[Pair]:
    return ((None, value),)


def code_in(systems: dict[str, str]) -> Callable[[Any], Iterable[Pair]]:
    """A `code` carries no system; its closed value set implies one."""
    return lambda value: ((systems.get(value), value),)


def position(value: Any) -> Iterable[tuple[float, float]]:
    """Latitude and longitude; none for a place that is not on earth."""
    latitude, longitude = value.get("latitude"), value.get("longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return ()
    return ((float(latitude), float(longitude)),)


def typed_numbers(value: Any) -> Iterable[str]:
    """For :of-type, "type system|type code|number", one per coding of the identifier's type."""
    kind, number = value.get("type"), value.get("value")
    if kind is None or number is None:
        return ()
    return [f"{system or ''}|{code}|{number}" for system, code in concept(kind)]


@lru_cache(maxsize=16_384)
def moment(value: str) -> Iterable[Span]:
    """A date of the calendar; one that does not exist is not found by date."""
    try:
        return (_usual(value) or parse_span(value),)
    except ValueError:
        return ()


def _usual(value: str) -> Span | None:
    """The commonest forms, a time with its zone, read by the platform: several times faster than by parts."""
    size = len(value)
    if (size == 25 and value[19] in "+-") or (size == 20 and value[19] == "Z"):
        width = 1_000
    elif (size == 29 and value[19] == "." and value[23] in "+-") or (size == 24 and value[23] == "Z"):
        width = 1
    else:
        return None
    if value[17:19] == "60":
        return None
    since = datetime.fromisoformat(value) - EPOCH
    low = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
    return Span(low, low + width)


def period(value: Any) -> Iterable[Span]:
    start, end = value.get("start"), value.get("end")
    if start is None and end is None:
        return ()
    low = [span.low for span in moment(start)] if start is not None else [OPEN_LOW]
    high = [span.high for span in moment(end)] if end is not None else [OPEN_HIGH]
    return (Span(low[0], high[0]),) if low and high else ()


def timing(value: Any) -> Iterable[Span]:
    """The outer limits of the events and of what repeats; R4 searches a timing by nothing else."""
    found = [span for event in value.get("event", ()) if event is not None for span in moment(event)]
    bounds = value.get("repeat", {}).get("boundsPeriod")
    if bounds is not None:
        found.extend(period(bounds))
    return (Span(min(low for low, _ in found), max(high for _, high in found)),) if found else ()


def quantity(value: Any) -> Iterable[Amount]:
    """A comparator opens the end it speaks of: "< 5" is everything up to 5."""
    number = value.get("value")
    if number is None:
        return ()
    low = high = float(number)
    comparator = value.get("comparator")
    if comparator is not None:
        low, high = (-OPEN, high) if comparator[0] == "<" else (low, OPEN)
    return ((low, high, value.get("system"), value.get("code"), value.get("unit")),)


def money(value: Any) -> Iterable[Amount]:
    number = value.get("value")
    if number is None:
        return ()
    currency = value.get("currency")
    return ((float(number), float(number), CURRENCY if currency else None, currency, currency),)


def amounts(value: Any) -> Iterable[Amount]:
    """A Range; the unit is that of the end which has one."""
    ends = [end for end in (value.get("low"), value.get("high")) if end is not None and "value" in end]
    if not ends:
        return ()
    low = float(value["low"]["value"]) if value.get("low", {}).get("value") is not None else -OPEN
    high = float(value["high"]["value"]) if value.get("high", {}).get("value") is not None else OPEN
    unit = ends[0]
    return ((low, high, unit.get("system"), unit.get("code"), unit.get("unit")),)


def number(value: Any) -> Iterable[Amount]:
    return ((float(value), float(value), None, None, None),)


def text(value: Any) -> Iterable[str]:
    return (value,)


def name_texts(value: Any) -> Iterable[str]:
    return _parts(value, ("family", "text"), ("given", "prefix", "suffix"))


def address_texts(value: Any) -> Iterable[str]:
    return _parts(value, ("text", "city", "district", "state", "postalCode", "country"), ("line",))


def _parts(value: Any, single: tuple[str, ...], many: tuple[str, ...]) -> list[str]:
    found = [value[key] for key in single if key in value]
    for key in many:
        if key in value:
            found.extend(part for part in value[key] if part is not None)
    return found


def reference(value: Any) -> Iterable[Target]:
    target = value.get("reference")
    return () if target is None else (pointed(target),)


@lru_cache(maxsize=16_384)
def pointed(target: str) -> Target:
    """Relative is here, everything else is kept as written."""
    match = _LOCAL.match(target)
    return (match.group(1), match.group(2)) if match else (None, target)


@lru_cache(maxsize=16_384)
def _kind(target: str) -> str | None:
    match = _LOCAL.match(target) or _REMOTE.match(target)
    return match.group(1) if match else None


def target_type(value: Any) -> str | None:
    """The type of record a reference points to, as far as the reference itself tells."""
    target = value.get("reference")
    kind = _kind(target) if target is not None else None
    return kind if kind is not None else value.get("type")


def reference_identifier(value: Any) -> Iterable[Pair]:
    logical = value.get("identifier")
    return () if logical is None else identifier(logical)


def resource(value: Any) -> Iterable[Target]:
    """A resource inside a Bundle, where a parameter of type reference leads to the resource itself."""
    kind, own = value.get("resourceType"), value.get("id")
    return ((kind, own),) if kind is not None and own is not None else ()


def canonical(value: Any) -> Iterable[Target]:
    """Found with and without its version."""
    url, bar, _ = value.partition("|")
    return ((None, value), (None, url)) if bar else ((None, value),)


def uri(value: Any) -> Iterable[Target]:
    return ((None, value),)
