"""The provinces and communes in force since 1 July 2025 (QĐ 19/2025/QĐ-TTg), read once from `data/`.

Codes of the 63 provinces before that day live on in personal numbers and facility codes, so each province names those
merged into it.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_DATA = files("hoso.core") / "data"


class Province(NamedTuple):
    code: str
    name: str
    full_name: str
    old_codes: tuple[str, ...]
    """Codes before July 2025."""


class Commune(NamedTuple):
    code: str
    full_name: str
    """With the kind of unit in front: "Phường Ba Đình"."""
    province: str


@cache
def provinces() -> tuple[Province, ...]:
    rows = csv.DictReader(io.StringIO((_DATA / "provinces.csv").read_text(encoding="utf-8")))
    return tuple(Province(row["code"], row["name"], row["full_name"], tuple(row["old_codes"].split())) for row in rows)


@cache
def communes() -> tuple[Commune, ...]:
    text = gzip.decompress((_DATA / "communes.csv.gz").read_bytes()).decode()
    return tuple(Commune(row["code"], row["full_name"], row["province"]) for row in csv.DictReader(io.StringIO(text)))


@cache
def old_province_codes() -> tuple[str, ...]:
    """The codes of the 63 provinces before July 2025, in the order of today's provinces."""
    return tuple(code for province in provinces() for code in province.old_codes)
