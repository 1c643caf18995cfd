"""Names of provinces, old districts and wards, and communes → codes since July 2025 (QĐ 19/2025/QĐ-TTg).

Names are compared folded and without their kind; the kind decides between a ward and a township of one name. A ward
that was divided has several successors and yields none.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from functools import cache, lru_cache
from typing import NamedTuple

from hoso.core import fold
from hoso.core import places as core_places
from hoso.identity.normalise.tables import DATA, rows

PROVINCE, DISTRICT, COMMUNE = "province", "district", "commune"


class Unit(NamedTuple):
    level: str
    """"" when the text does not say."""
    kind: str
    name: str


class Ward(NamedTuple):
    kind: str
    code: str
    communes: tuple[str, ...]


_KINDS = {
    "tinh": PROVINCE, "thanh pho": "", "tp": "", "quan": DISTRICT, "huyen": DISTRICT, "thi xa": DISTRICT,
    "phuong": COMMUNE, "xa": COMMUNE, "thi tran": COMMUNE, "dac khu": COMMUNE,
}  # fmt: skip
_SHORT = {"q": "quan", "h": "huyen", "tx": "thi xa", "p": "phuong", "x": "xa", "tt": "thi tran", "t": "tinh"}
_UNIT = re.compile(r"(tinh|thanh pho|tp|quan|huyen|thi xa|phuong|xa|thi tran|dac khu)\b[. ]*(.+)")
_BRIEF = re.compile(r"(q|h|tx|p|x|tt|t)(?:\.\s*|\s*(?=\d))(.+)")
_NUMBER = re.compile(r"0*(\d+)\Z")
_ALIASES = {
    "tp hcm": "ho chi minh", "tphcm": "ho chi minh", "hcm": "ho chi minh", "sai gon": "ho chi minh",
    "ho chi minh city": "ho chi minh", "tp.hcm": "ho chi minh", "hn": "ha noi", "hanoi": "ha noi",
    "thua thien hue": "hue", "tt hue": "hue", "brvt": "ba ria vung tau",
    "br-vt": "ba ria vung tau", "dac lac": "dak lak", "daklak": "dak lak",
    "dac nong": "dak nong", "bac can": "bac kan", "kontum": "kon tum", "da nang city": "da nang",
}  # fmt: skip


@lru_cache(maxsize=4_096)
def unit(text: str) -> Unit:
    """A folded part of an address: "phuong 01" → a commune of kind phuong called "1"."""
    match = _UNIT.match(text)
    if match:
        kind, name = match.groups()
        return Unit(_KINDS[kind], kind, _named(name))
    match = _BRIEF.match(text)
    if match:
        kind = _SHORT[match[1]]
        return Unit(_KINDS[kind], kind, _named(match[2]))
    return Unit("", "", _named(text))


def _named(name: str) -> str:
    name = " ".join(name.replace("-", " ").strip(" .").split())
    number = _NUMBER.match(name)
    return number[1] if number else name


@cache
def _provinces() -> dict[str, tuple[str, str]]:
    """Folded name → (code since 2025, code of the province of that name before)."""
    found = {fold(one.name): (one.code, "") for one in core_places.provinces()}
    for row in rows("old_provinces.csv"):
        found[unit(fold(row["full_name"])).name] = (row["province"], row["code"])
    found |= {alias: found[name] for alias, name in _ALIASES.items()}
    return found


@lru_cache(maxsize=4_096)
def province(text: str) -> tuple[str, str] | None:
    """Codes after and before July 2025 of a folded name, with or without "tinh" and "thanh pho"."""
    table = _provinces()
    return table.get(text) or table.get(unit(text).name)


@cache
def _today() -> dict[str, str]:
    return {old: one.code for one in core_places.provinces() for old in (*one.old_codes, one.code)}


def province_today(code: str) -> str:
    """Of a code before or after July 2025; "" of an unknown one."""
    return _today().get(code, "")


@cache
def _communes() -> dict[str, str]:
    return {one.code: one.province for one in core_places.communes()}


def province_of_commune(code: str) -> str:
    return _communes().get(code, "")


@cache
def _commune_names() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for one in core_places.communes():
        _, kind, name = unit(fold(one.full_name))
        key = (one.province, name)
        found[key] = (*found.get(key, ()), (kind, one.code))
    return found


@lru_cache(maxsize=4_096)
def commune_today(province_code: str, wanted: Unit) -> str | None:
    """Code of the commune of that name; None when there is none, "" when there is more than one."""
    found = _commune_names().get((province_code, wanted.name), ())
    fitting = [code for kind, code in found if kind == wanted.kind or not wanted.kind]
    if not fitting:
        return None
    return fitting[0] if len(fitting) == 1 else ""


@cache
def _ward_lines() -> dict[str, list[list[str]]]:
    """Old province → lines of the table: a district [name] or a ward [code, name, communes]."""
    grouped: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in csv.reader(io.StringIO(gzip.decompress((DATA / "wards.csv.gz").read_bytes()).decode())):
        if len(line) == 2:
            current = grouped.setdefault(line[0], [])
            current.append(line[1:])
        else:
            current.append(line)
    return grouped


@cache
def _wards(old_province: str) -> dict[tuple[str, str], tuple[Ward, ...]]:
    found: dict[tuple[str, str], tuple[Ward, ...]] = {}
    district = ""
    for line in _ward_lines().get(old_province, ()):
        if len(line) == 1:
            district = unit(line[0]).name
            continue
        _, kind, name = unit(line[1])
        ward = Ward(kind, line[0], tuple(line[2].split()))
        for key in ((district, name), ("", name)):
            found[key] = (*found.get(key, ()), ward)
    return found


def old_wards(old_province: str, district: str, wanted: Unit) -> tuple[Ward, ...]:
    """Wards of that name; of the whole province when no district is named."""
    found = _wards(old_province).get((district, wanted.name), ())
    return tuple(ward for ward in found if ward.kind == wanted.kind) or found


@cache
def _codes() -> dict[str, tuple[str, ...]]:
    return {line[0]: tuple(line[2].split()) for lines in _ward_lines().values() for line in lines if len(line) == 3}


def successors(ward_code: str) -> tuple[str, ...]:
    """Communes that a ward before July 2025 became part of."""
    return _codes().get(ward_code, ())
