"""Builds src/hoso/core/data (places) and src/hoso/identity/data (what the normaliser knows) from a folder of public
Vietnamese data, given as the argument.

Only this script knows the shape of the sources; at run time HoSo needs the tables alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import unicodedata
from itertools import groupby
from pathlib import Path

from hoso.core import fold

SOURCE_ROOT = Path(__file__).resolve().parent.parent / "src/hoso"
CORE = SOURCE_ROOT / "core/data"
IDENTITY = SOURCE_ROOT / "identity/data"
LETTERS = set("aăâbcdđeêghiklmnoôơpqrstuưvxy")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    body = text.getvalue().encode()
    path.write_bytes(gzip.compress(body, 9, mtime=0) if path.suffix == ".gz" else body)
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes")


def places(source: Path) -> None:
    old = rows(source / "admin_province_63_to_34.csv")
    merged: dict[str, list[str]] = {}
    for row in old:
        merged.setdefault(row["new_code"], []).append(row["old_code"])
    provinces = [
        [row["code"], row["name"], row["full_name"], " ".join(merged[row["code"]])]
        for row in rows(source / "admin_provinces_34.csv")
    ]
    communes = [[row["code"], row["full_name"], row["province_code"]] for row in rows(source / "admin_wards_2026.csv")]
    write(CORE / "provinces.csv", [["code", "name", "full_name", "old_codes"], *provinces])
    write(CORE / "communes.csv.gz", [["code", "full_name", "province"], *communes])
    names = [[row["old_code"], row["old_name"], row["new_code"]] for row in old]
    write(IDENTITY / "old_provinces.csv", [["code", "full_name", "province"], *names])


def wards(source: Path) -> None:
    """Wards before July 2025 under their districts, names folded, each with the communes it became part of."""
    known = {row["code"]: row for row in rows(source / "admin_wards_2026.csv")}
    by_name = {(row["province_code"], fold(row["full_name"])): code for code, row in known.items()}

    def commune(row: dict[str, str]) -> str:
        if row["new_ward_code"] in known:
            return row["new_ward_code"]
        return by_name[row["new_province_code"], fold(row["new_ward"])]  # a few codes were given anew after 2025

    table = [row for row in rows(source / "admin_legacy_to_2025_map.csv") if row["old_ward_code"]]
    lines: list[list[str]] = []
    keys = ("old_province_code", "old_district_code", "old_district")
    for (province, _, district), found in groupby(table, key=lambda row: tuple(row[key] for key in keys)):
        lines.append([province, fold(district)])
        became: dict[tuple[str, str], list[str]] = {}
        for row in found:
            became.setdefault((row["old_ward_code"], fold(row["old_ward"])), []).append(commune(row))
        lines += [[code, name, " ".join(dict.fromkeys(codes))] for (code, name), codes in became.items()]
    write(IDENTITY / "wards.csv.gz", lines)


def surnames(source: Path) -> None:
    """Surnames with the largest share (percent) they have in a region; 0 where only their use is known."""
    weights: dict[str, float] = {}
    for row in rows(source / "surname_weights_by_region.csv"):
        name = unicodedata.normalize("NFC", row["surname"]).lower()
        weights[name] = max(weights.get(name, 0.0), float(row["weight_pct"]))
    ethnic: dict[str, list[str]] = json.loads((source / "surnames_ethnic.json").read_text(encoding="utf-8"))
    counted = [row["token"] for row in rows(source / "name_token_freq_uit.csv") if row["position"] == "surname"]
    for name in [name for names in ethnic.values() for name in names] + counted:
        name = unicodedata.normalize("NFC", name).lower()
        if len(name) > 1 and is_vietnamese(name):
            weights.setdefault(name, 0.0)
    write(IDENTITY / "surnames.csv", [["name", "percent"], *([name, f"{weights[name]:g}"] for name in sorted(weights))])


def is_vietnamese(name: str) -> bool:
    """No letter but those of the alphabet: lists carry leaks of the VNI font such as Ñoã."""
    kept = "".join(ch for ch in unicodedata.normalize("NFD", name) if ch not in "\u0300\u0301\u0303\u0309\u0323")
    return set(unicodedata.normalize("NFC", kept)) <= LETTERS


def fonts(source: Path) -> None:
    """Letters with their bytes in the TCVN3 and VNI fonts (hexadecimal)."""
    table = [
        [row["char_nfc"], row["tcvn3_byte"], row["vni_bytes"].replace(" ", "")]
        for row in rows(source / "legacy_encodings_vi.csv")
    ]
    write(IDENTITY / "fonts.csv", [["letter", "tcvn3", "vni"], *table])


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: build_identity_tables.py DIR   (the folder with the Vietnamese source tables)", file=sys.stderr)
        return 2
    source = Path(sys.argv[1])
    IDENTITY.mkdir(parents=True, exist_ok=True)
    for build in (places, wards, surnames, fonts):
        build(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
