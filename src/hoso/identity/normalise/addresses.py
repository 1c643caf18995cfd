"""FHIR Address → Place: codes where they are given or follow from the names, the folded text always.

Districts ended in July 2025: an address that names one is read with the old map first, any other with the new one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from hoso.core import fold
from hoso.fhir import systems
from hoso.identity.normalise import units
from hoso.identity.normalise.characters import clean
from hoso.identity.normalise.fonts import as_unicode
from hoso.identity.normalise.person import Place
from hoso.identity.normalise.strings import object_of, objects_of, text_of, texts_of
from hoso.identity.normalise.syllable import unmark
from hoso.identity.normalise.units import COMMUNE, DISTRICT, Unit

_LONGEST = 512
_COMMA = re.compile(r"[,;\n|]")
_DASH = re.compile(r"\s[-\u2013]\s")
_KEYWORD = re.compile(
    r"\s(?=(?:phuong|(?<!thi )xa|thi tran|dac khu|quan|huyen|thi xa|thanh pho|tp\.?|tinh)\s)(?!xa\s+hoi)"
)
_PUNCTUATION = re.compile(r"[^\w/]+")
_STRANGE = re.compile(
    "[\u00a1-\u00bf\u00c4-\u00c7\u00cb\u00cf\u00d1\u00d6\u00d8\u00db\u00df\u00e4-\u00e7\u00eb"
    "\u00ef\u00f1\u00f6\u00f8\u00fb\u00fc\u200b-\u200f\uff00-\uffef]"
)
_SHORT = {"tdp": "to dan pho", "kp": "khu pho", "sn": "so", "so nha": "so"}
_SHORT_WORDS = re.compile(r"\b(tdp|kp|sn|so nha)\b(?=.)")
_DOUBLE_NAMES = ("ba ria", "phan rang", "thua thien")
_DEEPEST = 3
_MOST = 8


class Code(NamedTuple):
    system: str
    code: str


def place_of(address: Mapping[str, Any]) -> tuple[Place, tuple[str, ...]] | None:
    """None when the address says nothing."""
    lines = texts_of(address, "line")
    line = lines[0] if len(lines) == 1 else ", ".join(lines)
    fields = (
        text_of(address, "text")[:_LONGEST],
        line[:_LONGEST],
        text_of(address, "city")[:_LONGEST],
        text_of(address, "district")[:_LONGEST],
        text_of(address, "state")[:_LONGEST],
    )
    codes: tuple[Code, ...] = ()
    if "extension" in address:
        found: list[Code] = []
        _collect_codes(address, found, 0)
        codes = tuple(found)
    return _place(fields, codes) if codes or any(fields) else None


def _collect_codes(source: Mapping[str, Any], found: list[Code], depth: int) -> None:
    """Codes of administrative units in extensions, whatever these are called."""
    for extension in objects_of(source, "extension")[:_MOST]:
        if "valueCoding" in extension:
            _add_code(object_of(extension, "valueCoding"), found)
        if "valueCodeableConcept" in extension:
            for coding in objects_of(object_of(extension, "valueCodeableConcept"), "coding")[:_MOST]:
                _add_code(coding, found)
        if "extension" in extension and depth < _DEEPEST:
            _collect_codes(extension, found, depth + 1)


def _add_code(coding: Mapping[str, Any], found: list[Code]) -> None:
    code = text_of(coding, "code")
    if len(code) in (2, 5) and code.isdigit():
        found.append(Code(text_of(coding, "system"), code))


class Located(NamedTuple):
    province: str
    commune: str
    old_ward: str


_NOWHERE = Located("", "", "")


@lru_cache(maxsize=2_048)
def _place(fields: tuple[str, ...], codes: tuple[Code, ...]) -> tuple[Place, tuple[str, ...]]:
    mended, notes = _mended(fields)
    text, line = map(_folded, mended[:2])
    city, district, state = map(fold, mended[2:])
    structured = ", ".join(filter(None, (line, city, district, state)))
    whole = text or structured
    located = _coded(codes)
    if located.commune or located.old_ward:
        hamlet = line or _named(_parts(whole), district, located.province)[1]
    else:
        parts = _parts(structured if city or state else whole)
        located, hamlet = _named(parts, district, located.province)
    return Place(*located, _hamlet(hamlet), _PUNCTUATION.sub(" ", whole).strip()), notes


def _folded(text: str) -> str:
    """As `fold` does; addresses are too many and too long to be remembered there."""
    if not text:
        return ""
    plain = unmark(text.lower())
    return " ".join(plain.split()) if plain.isascii() else fold.__wrapped__(text)


def _mended(fields: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Old fonts and strange characters put right, where there are any."""
    if not _STRANGE.search("".join(fields)):
        return list(fields), ()
    notes: list[str] = []
    mended = []
    for field in fields:
        field, font = as_unicode(field)
        field, noted = clean(field)
        mended.append(field)
        notes += (*noted, *((font,) if font else ()))
    return mended, tuple(notes)


def _coded(codes: tuple[Code, ...]) -> Located:
    """By a commune code of today, or of a ward before; most wards that kept their code are the commune today."""
    for code in [one.code for one in codes if one.system == systems.COMMUNE]:
        if units.province_of_commune(code):
            return Located(units.province_of_commune(code), code, "")
    if not codes:
        return _NOWHERE
    province = ""
    for _, code in sorted(codes, key=lambda one: -len(one.code)):
        today, became = units.province_of_commune(code), units.successors(code)
        if today and len(became) < 2:
            return Located(today, code, "")
        if became and not today:
            return Located(units.province_of_commune(became[0]), became[0] if len(became) == 1 else "", code)
        province = province or today or units.province_today(code)
    return Located(province, "", "")


def _parts(folded: str) -> list[str]:
    """Parts between commas, else between dashes (communes have dashes in their names), else before words of units."""
    for name in _DOUBLE_NAMES:
        folded = folded.replace(f"{name} - ", f"{name} ")
    for separator in (_COMMA, _DASH, _KEYWORD):
        parts = [part for part in (raw.strip(" .") for raw in separator.split(folded)) if part]
        if len(parts) > 1:
            break
    return parts


def _named(parts: list[str], district_field: str, province_code: str) -> tuple[Located, str]:
    """Codes by name, and the part below the commune."""
    parts = list(parts)
    province = (province_code, "")
    for at in range(len(parts) - 1, -1, -1):
        if found := units.province(parts[at]):
            province = found
            del parts[at]
            break
    seen = [units.unit(part) for part in parts]
    district = next((one for one in reversed(seen) if one.level == DISTRICT), None)
    if district is None and district_field:
        district = units.unit(district_field)
    if district is None:
        district = next((one for one in reversed(seen) if one.kind in ("thanh pho", "tp")), None)
    commune = next((one for one in reversed(seen) if one.level == COMMUNE), None)
    if commune is None:
        commune = next((one for one in reversed(seen) if one != district and one.level == ""), None)
    return _located(province, district, commune), _below(parts, seen, district, commune)


def _located(province: tuple[str, str], district: Unit | None, commune: Unit | None) -> Located:
    code, old_code = province
    if not code or commune is None:
        return Located(code, "", "")
    today = units.commune_today(code, commune)
    if today is not None and district is None:
        return Located(code, today, "")
    wards = units.old_wards(old_code, district.name if district else "", commune) if old_code else ()
    became = {one for ward in wards for one in ward.communes}
    old_ward = wards[0].code if len(wards) == 1 else ""
    if len(became) == 1:
        return Located(code, next(iter(became)), old_ward)
    return Located(code, "" if wards or today is None else today, old_ward)


def _below(parts: list[str], seen: list[Unit], district: Unit | None, commune: Unit | None) -> str:
    kept = [part for part, one in zip(parts, seen, strict=True) if one not in (district, commune)]
    return " ".join(kept) if commune or len(kept) > 1 else ""


def _hamlet(line: str) -> str:
    line = _PUNCTUATION.sub(" ", line).strip()
    return _SHORT_WORDS.sub(lambda match: _SHORT[match[1]], line)
