"""Builds the compact tables of src/hoso/synth/data from a folder of public Vietnamese data (given as the argument).

Only this script knows the shape of the sources; at run time HoSo needs the tables alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import unicodedata
from collections import Counter
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/hoso/synth/data"
VIETNAMESE = set("aăâbcdđeêghiklmnoôơpqrstuưvxy")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def clean(name: str) -> str:
    """NFC, and the Icelandic letter that old font data puts for đ replaced."""
    return unicodedata.normalize("NFC", name.replace("\u00d0", "Đ").replace("\u00f0", "đ")).strip()


def is_vietnamese(token: str) -> bool:
    plain = {unicodedata.normalize("NFD", ch)[0] if ch not in "ăâêôơưđ" else ch for ch in token.lower()}
    return plain <= VIETNAMESE


def write_csv(name: str, header: list[str], lines: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *lines])
    body = text.getvalue().encode()
    path = TARGET / name
    if len(body) > 50_000:
        path = path.with_suffix(".csv.gz")
        body = gzip.compress(body, 9, mtime=0)
    path.write_bytes(body)
    print(f"{path.name}: {len(lines)} rows, {len(body)} bytes")


def ethnic_groups(source: Path) -> None:
    ethnic = [[row["code"], row["name"]] for row in rows(source / "ethnic_codes.csv")]
    write_csv("ethnic_groups.csv", ["code", "name"], ethnic)


def surnames(source: Path) -> None:
    table = [
        [row["region"], row["surname"], row["weight_pct"]]
        for row in rows(source / "surname_weights_by_region.csv")
        if float(row["weight_pct"]) >= 0.05
    ]
    write_csv("surnames.csv", ["group", "surname", "weight"], table + ethnic_surnames(source))


def ethnic_surnames(source: Path) -> list[list[str]]:
    groups: dict[str, list[str]] = json.loads((source / "surnames_ethnic.json").read_text(encoding="utf-8"))
    # the source gives the order of frequency only; a harmonic fall is what counted lists show
    return [
        [group, name, f"{10 / (rank + 2):.2f}"] for group, names in groups.items() for rank, name in enumerate(names)
    ]


def given_names(source: Path) -> None:
    """Given tokens and middle+given pairs by sex, weighted by how often the given token occurs among real people."""
    counts = Counter(
        {
            row["token"]: int(row["count"])
            for row in rows(source / "name_token_freq_uit.csv")
            if row["position"] == "given"
        }
    )
    pairs = {sex: name_pairs(source / f"given_names_{word}.txt") for sex, word in (("m", "boy"), ("f", "girl"))}
    ends = {sex: Counter(pair.split()[-1] for pair in found) for sex, found in pairs.items()}
    lines: list[list[str]] = []
    for sex, found in pairs.items():
        other = ends["f" if sex == "m" else "m"]
        for pair in found:
            token = pair.split()[-1]
            mine = ends[sex][token]
            if mine >= 3 and mine >= other[token] / 2:  # rarer ones are the other sex's names in a poetic list
                # one university, mostly men: too steep for a whole people, most of all for women
                seen = (1 + counts[token]) ** (0.75 if sex == "m" else 0.6)
                weight = seen * mine / (mine + other[token]) / mine
                lines.append([sex, pair, f"{weight:.2f}"])
    write_csv("given_names.csv", ["sex", "name", "weight"], lines)


def name_pairs(path: Path) -> list[str]:
    names = {clean(line) for line in path.read_text(encoding="utf-8").splitlines()}
    return sorted(name for name in names if len(name.split()) == 2 and is_vietnamese(name.replace(" ", "")))


def vaccines(source: Path) -> None:
    table = [
        [row["series"], row["dose"], row["age"], row["rule"], row["basis"]]
        for row in rows(source / "epi_schedule_vn.csv")
    ]
    write_csv("vaccine_schedule.csv", ["series", "dose", "age", "rule", "basis"], table)


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: build_synth_tables.py DIR   (the folder with the Vietnamese source tables)", file=sys.stderr)
        return 2
    source = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    for build in (ethnic_groups, surnames, given_names, vaccines):
        build(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
