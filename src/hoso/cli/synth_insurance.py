"""`hoso synth --as insurance-xml`: one file a facility for each thousand citizens, and the truth about every visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random

from hoso.cli.synth_told import tell, thousands
from hoso.synth import insurance
from hoso.synth.population import Citizen


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """facilities.json (FHIR), NNNNN/FACILITY.xml and truth.json; counts of visits, by dialect and by fault."""
    told = (one for name, part in thousands(citizens) for one in _part(folder / name, part, seed, today))
    return tell(folder, seed, today, "visits", told, {"visits": "dialect"})


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
