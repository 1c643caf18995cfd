"""Provinces, districts and communes before and since 1 July 2025, and where each one went.

A commune that was split went to several: its street decides, so each is "inexact" and nothing is chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hoso.core import places
from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.terminology.conceptmap import ConceptMap, Mapping, Scope
from hoso.fhir.terminology.tables import rows

BEFORE, SINCE = "2025-06-30", "2025-07-01"
PROVINCE = "https://hoso.vn/CodeSystem/province"
DISTRICT = "https://hoso.vn/CodeSystem/district"
_SOURCE = "QĐ 124/2004/QĐ-TTg và QĐ 19/2025/QĐ-TTg; tranngocminhhieu/vietnamadminunits, MIT"
_NAMES = {
    "province": (PROVINCE, "Tỉnh, thành phố", "Province"),
    "district": (DISTRICT, "Quận, huyện", "District"),
    "commune": (systems.COMMUNE, "Xã, phường, đặc khu", "Commune"),
}


def units() -> Iterator[CodeSystem | ConceptMap]:
    for level, (url, vi, en) in _NAMES.items():
        value_set = f"https://hoso.vn/ValueSet/{level}"
        old = Head(
            url, "before-2025-07", f"hoso-{level}-before-2025-07", f"{vi} (đến {BEFORE})", f"{en} (until {BEFORE})",
            end=BEFORE, value_set=value_set, copyright=_SOURCE,
        )  # fmt: skip
        yield CodeSystem(old, _Old(level))
        if level != "district":
            new = Head(
                url, "2025-07", f"hoso-{level}", f"{vi} (từ {SINCE})", f"{en} (since {SINCE})",
                start=SINCE, value_set=value_set, copyright=_SOURCE,
            )  # fmt: skip
            yield CodeSystem(new, _new_provinces if level == "province" else _new_communes)
    for level, vi, en, read in (
        ("province", "Tỉnh trước và sau 1/7/2025", "Provinces before and since 1 July 2025", _province_moves),
        ("commune", "Xã, phường trước và sau 1/7/2025", "Communes before and since 1 July 2025", _commune_moves),
    ):
        head = Head(
            f"https://hoso.vn/ConceptMap/{level}-2025-07", "2025-07", f"hoso-{level}-2025-07", vi, en, start=SINCE,
            copyright=_SOURCE,
        )  # fmt: skip
        value_set = f"https://hoso.vn/ValueSet/{level}"
        yield ConceptMap(head, Scope(f"{value_set}|before-2025-07", f"{value_set}|2025-07"), read)


class _Old:
    """The units of one level until June 2025; each names the unit it lay in."""

    def __init__(self, level: str) -> None:
        self._level = level

    def __call__(self) -> list[Concept]:
        above = {"commune": "district", "district": "province", "province": ""}[self._level]
        return [
            Concept(row["code"], row["name"], end=BEFORE, properties=((above, row["within"]),) if row["within"] else ())
            for row in rows("units.csv.gz")
            if row["level"] == self._level
        ]


def _new_provinces() -> list[Concept]:
    return [Concept(one.code, one.full_name, start=SINCE, words=(one.name,)) for one in places.provinces()]


def _new_communes() -> list[Concept]:
    return [
        Concept(one.code, one.full_name, start=SINCE, properties=(("province", one.province),))
        for one in places.communes()
    ]


def _province_moves() -> Iterator[Mapping]:
    for one in places.provinces():
        for code in one.old_codes:
            equivalence = "wider" if len(one.old_codes) > 1 else "equivalent"
            yield Mapping(PROVINCE, code, PROVINCE, one.code, equivalence, one.full_name)


def _commune_moves() -> Iterator[Mapping]:
    names = {one.code: one.full_name for one in places.communes()}
    moves = list(rows("unit_moves.csv.gz"))
    parts = Counter(row["new"] for row in moves)
    for row in moves:
        if row["split"]:
            equivalence, comment = "inexact", "The old commune was split: the street decides. / Xã cũ bị chia tách."
        else:
            equivalence, comment = ("wider" if parts[row["new"]] > 1 else "equivalent"), ""
        yield Mapping(
            systems.COMMUNE, row["old"], systems.COMMUNE, row["new"], equivalence, names.get(row["new"], ""), comment
        )
