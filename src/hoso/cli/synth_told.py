"""What every format of `hoso synth` writes beside its files: the facilities, and the truth about each thing sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson

from hoso.synth.population import Citizen, facilities

CITIZENS_PER_FOLDER = 1_000


def thousands(citizens: Iterator[Citizen]) -> Iterator[tuple[str, Iterable[Citizen]]]:
    """The name of a folder, and who is in it. Each must be used up before the next is asked for."""
    for number, first in enumerate(citizens, start=1):
        yield f"{number:05d}", chain([first], islice(citizens, CITIZENS_PER_FOLDER - 1))


def tell(
    folder: Path, seed: int, today: date, name: str, things: Iterable[Mapping[str, Any]], counted: Mapping[str, str]
) -> Counter[str]:
    """facilities.json (FHIR) and truth.json, with the things under `name`; `counted`: a word, and the member it is of.

    Faults are counted in any case.
    """
    counts: Counter[str] = Counter()
    (folder / "facilities.json").write_bytes(orjson.dumps(facilities(seed)))
    with (folder / "truth.json").open("wb") as truth:
        head = {"seed": seed, "today": today.isoformat()}
        truth.write(json.dumps(head).encode()[:-1] + f', "{name}": ['.encode())
        separator = b"\n"
        for one in things:
            truth.write(separator + orjson.dumps(one))
            separator = b",\n"
            counts.update(f"{word} {one[member]}" for word, member in counted.items())
            counts[f"fault {one['fault']}"] += bool(one["fault"])
        truth.write(b"\n]}\n")
    return +counts
