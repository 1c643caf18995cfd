"""Builds the tables of `src/hoso/fhir/terminology/data` from a folder with the published lists.

    python scripts/build_terminology.py FOLDER

FOLDER holds icd10vn_qd4469_codes.csv, admin_legacy_to_2025_map.csv, admin_wards_2026.csv and ethnic_codes.csv.
Codes and flags are facts of legal annexes; no title of the classification is taken over.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/hoso/fhir/terminology/data"
Row = dict[str, str]
_FLAGS = (("n", "not_main_dx"), ("f", "female_only"), ("m", "male_only"))


def main() -> None:
    source = Path(sys.argv[1])
    _write("icd10vn.csv.gz", ("code", "flags"), sorted(map(_diagnosis, _rows(source / "icd10vn_qd4469_codes.csv"))))
    moves = [row for row in _rows(source / "admin_legacy_to_2025_map.csv") if row["old_ward_code"]]
    _write("units.csv.gz", ("level", "code", "name", "within"), _units(moves))
    _write("unit_moves.csv.gz", ("old", "new", "split"), _moves(moves, _rows(source / "admin_wards_2026.csv")))
    ethnic = [(row["code"], row["name"]) for row in _rows(source / "ethnic_codes.csv")]
    (TARGET / "ethnic_groups.csv").write_text(_text(("code", "name"), ethnic), encoding="utf-8")


def _diagnosis(row: Row) -> tuple[str, str]:
    """n: not a main diagnosis, f: women only, m: men only, d, a: dagger, asterisk (no part of a code)."""
    code = row["code"].rstrip("†*")
    flags = [letter for letter, column in _FLAGS if row[column] == "1"]
    flags += [letter for letter, mark in (("d", "†"), ("a", "*")) if mark in row["code"]]
    return code, "".join(flags)


def _units(moves: Sequence[Row]) -> list[tuple[str, str, str, str]]:
    """Provinces, districts and communes as they were before July 2025."""
    found = set()
    for row in moves:
        found.add(("province", row["old_province_code"], row["old_province"], ""))
        found.add(("district", row["old_district_code"], row["old_district"], row["old_province_code"]))
        found.add(("commune", row["old_ward_code"], row["old_ward"], row["old_district_code"]))
    codes = [(level, code) for level, code, _, _ in found]
    if len(codes) != len(set(codes)):
        raise SystemExit(f"one code, two units: {sorted(code for code in codes if codes.count(code) > 1)[:10]}")
    return sorted(found)


def _moves(moves: Sequence[Row], wards: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Where the sources give one commune two codes, the code of the list of communes stands."""
    known = {row["code"] for row in wards}
    named = {(row["province_code"], row["full_name"]): row["code"] for row in wards}
    found = set()
    for row in moves:
        new = row["new_ward_code"]
        if new not in known:
            new = named[row["new_province_code"], row["new_ward"]]
        found.add((row["old_ward_code"], new, "1" if row["ward_was_split"] == "True" else ""))
    return sorted(found)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _write(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    (TARGET / name).write_bytes(gzip.compress(_text(head, rows).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
