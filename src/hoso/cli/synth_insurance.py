"""`hoso synth --as insurance-xml`: one file a facility for each thousand citizens, and the truth about every visit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice
from pathlib import Path
from random import Random

import orjson

from hoso.synth import insurance
from hoso.synth.population import Citizen, facilities

CITIZENS_PER_FOLDER = 1_000


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """facilities.json (FHIR), NNNNN/FACILITY.xml and truth.json; counts of visits, by dialect and by fault."""
    counts: Counter[str] = Counter()
    (folder / "facilities.json").write_bytes(orjson.dumps(facilities(seed)))
    with (folder / "truth.json").open("wb") as truth:
        head = {"seed": seed, "today": today.isoformat()}
        truth.write(json.dumps(head).encode()[:-1] + b', "visits": [')
        separator = b"\n"
        for number, first in enumerate(citizens, start=1):
            part = chain([first], islice(citizens, CITIZENS_PER_FOLDER - 1))
            for told in _part(folder / f"{number:05d}", part, seed, today):
                truth.write(separator + orjson.dumps(told))
                separator = b",\n"
                counts[f"visits {told['dialect']}"] += 1
                counts[f"fault {told['fault']}"] += bool(told["fault"])
        truth.write(b"\n]}\n")
    return +counts


def _part(folder: Path, citizens: Iterable[Citizen], seed: int, today: date) -> Iterator[dict[str, object]]:
    """Writes the files of some citizens; what is so of each visit, with its file and its number there."""
    sent: dict[str, list[insurance.Sent]] = {}
    for citizen in citizens:
        rng = Random(f"{seed}/insurance/{citizen.truth['number']}")
        for one in insurance.visits(citizen.bundle, citizen.truth, rng):
            sent.setdefault(one.facility, []).append(one)
    folder.mkdir(exist_ok=True)
    for facility, visits in sorted(sent.items()):
        path = folder / f"{facility}.xml"
        path.write_text(insurance.envelope(visits, facility, f"{today:%Y%m%d}"), "utf-8")
        for number, one in enumerate(visits, start=1):
            yield {"file": f"{folder.name}/{path.name}", "visit": number, **one.truth}
