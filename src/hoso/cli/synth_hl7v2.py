"""`hoso synth --as hl7v2`: one file a facility for each thousand citizens, and the truth about every message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice
from pathlib import Path
from random import Random

import orjson

from hoso.synth import hl7v2
from hoso.synth.population import Citizen, facilities

CITIZENS_PER_FOLDER = 1_000


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """facilities.json (FHIR), NNNNN/FACILITY.hl7 and truth.json; counts of messages, by version, kind and fault."""
    counts: Counter[str] = Counter()
    (folder / "facilities.json").write_bytes(orjson.dumps(facilities(seed)))
    with (folder / "truth.json").open("wb") as truth:
        head = {"seed": seed, "today": today.isoformat()}
        truth.write(json.dumps(head).encode()[:-1] + b', "messages": [')
        separator = b"\n"
        for number, first in enumerate(citizens, start=1):
            part = chain([first], islice(citizens, CITIZENS_PER_FOLDER - 1))
            for told in _part(folder / f"{number:05d}", part, seed):
                truth.write(separator + orjson.dumps(told))
                separator = b",\n"
                counts[f"messages {told['kind']}"] += 1
                counts[f"fault {told['fault']}"] += bool(told["fault"])
        truth.write(b"\n]}\n")
    return +counts


def _part(folder: Path, citizens: Iterable[Citizen], seed: int) -> Iterator[dict[str, object]]:
    """Writes the files of some citizens; what is so of each message, with its file and its number there."""
    sent: dict[str, list[hl7v2.Sent]] = {}
    for citizen in citizens:
        rng = Random(f"{seed}/hl7v2/{citizen.truth['number']}")
        for one in hl7v2.messages(citizen.bundle, citizen.truth, rng):
            sent.setdefault(one.facility, []).append(one)
    folder.mkdir(exist_ok=True)
    for facility, messages in sorted(sent.items()):
        path = folder / f"{facility}.hl7"
        path.write_bytes(hl7v2.joined(messages))
        for number, one in enumerate(messages, start=1):
            yield {"file": f"{folder.name}/{path.name}", "message": number, **one.truth}
