"""Builds the compact tables of bench/simulator/data from a folder of public Vietnamese data (given as the argument).

Two facts the shipped tables lack: which older ward, district and province each commune of July 2025 came from, and the
bytes of the old Vietnamese fonts.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "bench/simulator/data"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def as_csv(header: list[str], lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *lines])
    return text.getvalue().encode()


def main() -> int:
    source = Path(sys.argv[1])
    wards = sorted(
        [row["new_ward_code"], row["old_ward"], row["old_district"], row["old_province"]]
        for row in rows(source / "admin_legacy_to_2025_map.csv")
        if row["new_ward_code"] and row["old_ward"]
    )
    body = as_csv(["commune", "old_ward", "old_district", "old_province"], wards)
    (TARGET / "old_communes.csv.gz").write_bytes(gzip.compress(body, 9, mtime=0))
    fonts = [[row["char_nfc"], row["tcvn3_byte"], row["vni_bytes"]] for row in rows(source / "legacy_encodings_vi.csv")]
    (TARGET / "old_fonts.csv").write_bytes(as_csv(["letter", "tcvn3", "vni"], fonts))
    print(f"{len(wards)} older wards, {len(fonts)} letters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
