"""Counts how common the parts of Vietnamese names are among synthetic people, for the matcher's term frequencies, and
which given names men and women have.

Writes src/hoso/identity/match/data/names-2.csv. An installation replaces the table by counts of its own records.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from random import Random

from hoso.identity.match.frequency import BY_SEX, PARTS
from hoso.identity.normalise.words import word
from hoso.synth import names

TARGET = Path(__file__).resolve().parent.parent / "src/hoso/identity/match/data/names-2.csv"
PEOPLE = 400_000
SMALLEST = 12
"""Values met less often tell their rarity, not their share: they are left to the rarest weight."""
KINH, TAY, THAI, MUONG, KHMER, HMONG = "01", "02", "03", "06", "05", "08"
GROUPS = ((KINH, 0.87), (TAY, 0.03), (THAI, 0.03), (MUONG, 0.03), (KHMER, 0.02), (HMONG, 0.02))


def main() -> None:
    rng = Random(1)
    counts: dict[str, Counter[str]] = {part: Counter() for part in (*PARTS, *BY_SEX)}
    for _ in range(PEOPLE):
        sex, family, middle, given = one(rng)
        counts[sex][given] += 1
        counts["family"][family] += 1
        counts["middle"][middle] += 1
        counts["given"][given] += 1
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "value", "per_million"])
        for part in counts:
            for value, count in sorted(counts[part].items(), key=lambda entry: (-entry[1], entry[0])):
                if count >= SMALLEST or part in BY_SEX:
                    writer.writerow([part, value, round(count * 1_000_000 / PEOPLE)])


def one(rng: Random) -> tuple[str, str, str, str]:
    """Sex, family name, middle names, given name."""
    group = rng.choices([name for name, _share in GROUPS], [share for _name, share in GROUPS])[0]
    region = rng.choice(("north", "south"))
    sex, year = rng.choice("mf"), rng.randint(1940, 2025)
    family = names.surname(group, region, rng)
    rest = names.given(group, sex, year, rng)
    spelt = [" ".join(word(token).toned for token in part.split()) for part in (family, *rest)]
    return {"m": "male", "f": "female"}[sex], spelt[0], " ".join(spelt[1:-1]), spelt[-1]


if __name__ == "__main__":
    main()
