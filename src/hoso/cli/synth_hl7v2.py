"""`hoso synth --as hl7v2`: one file a facility for each thousand citizens, and the truth about every message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random

from hoso.cli.synth_told import tell, thousands
from hoso.synth import hl7v2
from hoso.synth.population import Citizen


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """facilities.json (FHIR), NNNNN/FACILITY.hl7 and truth.json; counts of messages, by kind and by fault."""
    told = (one for name, part in thousands(citizens) for one in _part(folder / name, part, seed))
    return tell(folder, seed, today, "messages", told, {"messages": "kind"})


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
