"""FHIR HumanName → Name: the text and the parts of one name read together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from hoso.identity.normalise.arranging import Arranged, arrange
from hoso.identity.normalise.person import Name
from hoso.identity.normalise.reading import LONGEST_TEXT, Reading, read
from hoso.identity.normalise.strings import text_of, texts_of
from hoso.identity.normalise.tables import names
from hoso.identity.normalise.words import Word, word


class Named(NamedTuple):
    name: Name
    mother: str
    twin: int | None
    notes: tuple[str, ...]


def human_name(source: Mapping[str, Any]) -> Named | None:
    """None when the name is empty."""
    text, family, given = text_of(source, "text"), text_of(source, "family"), texts_of(source, "given")
    if not (text or family or given):
        return None
    return _named(text, family, given)


def name_of(text: str) -> Named | None:
    """A name that stands in a plain string."""
    return _named(text, "", ()) if text.strip() else None


@lru_cache(maxsize=4_096)
def _named(text: str, family: str, given: tuple[str, ...]) -> Named:
    parts = _joined(family, given)
    original = text or parts
    reading = read(text if text.strip() else parts)
    arranged = arrange(reading.words, _words(family))
    notes = (*reading.notes, "order") if arranged.turned else reading.notes
    mother = _line(arrange(reading.mother, ())) if reading.mother else ""
    return Named(_name(arranged, reading, original), mother, reading.twin, notes)


def _joined(family: str, given: tuple[str, ...]) -> str:
    """Family and given parts in reading order; a given name repeated at the end of the family field counts once."""
    rest = " ".join(given)
    if rest and family.lower().endswith(" " + rest.lower()):
        return family
    return f"{family} {rest}".strip()


@lru_cache(maxsize=2_048)
def _words(family: str) -> tuple[Word, ...]:
    return tuple(word(token) for token in family[:LONGEST_TEXT].lower().split())


def _name(arranged: Arranged, reading: Reading, original: str) -> Name:
    family, middle, given, _, given_first = arranged
    line = (*family, *given, *middle) if given_first else (*family, *middle, *given)
    return Name(
        " ".join([one.toned for one in family]),
        tuple([one.toned for one in middle]),
        " ".join([one.toned for one in given]),
        " ".join([one.toned for one in line]),
        " ".join([one.plain for one in line]),
        " ".join([one.skeleton for one in line]),
        reading.placeholder,
        reading.truncated,
        original,
        arranged.turned and bool(middle) and middle[-1].toned not in names().next_to_surname,
    )


def _line(arranged: Arranged) -> str:
    return " ".join([one.toned for one in (*arranged.family, *arranged.middle, *arranged.given)])
