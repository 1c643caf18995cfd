"""`python -m bench.roster [CLASSES]`: school classes against a node that knows most of the pupils, over several seeds.

Every row of the sheet is compared with what its truth says: linked, new or to review. A link to somebody else is false.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from hoso.access import Actor, Errand, Records, Scopes
from hoso.core import citizen_code, system_clock
from hoso.exchange.health_checks.dossier import Cell, of_cells
from hoso.exchange.health_checks.resources import map_dossier
from hoso.fhir import json
from hoso.fhir.search import parse
from hoso.identity.arrive import Arrivals
from hoso.identity.match.decide import Policy
from hoso.identity.match.weights import default_model
from hoso.identity.matching import Matching
from hoso.store.contract import StoreConfig
from hoso.store.opening import create_store, open_store
from hoso.synth.roster import Class, school_class

TODAY = date(2026, 11, 1)
POPULATION = 1_000_000
_LOADER = Errand(Actor("client/his", Scopes.parse("system/*.cruds")), "TREAT")


@dataclass(slots=True)
class Result:
    """`wrong` are rows by what was expected, what became of them, their slip, and who was beside."""

    rows: int = 0
    right: int = 0
    false_links: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def __add__(self, other: Result) -> Result:
        return Result(
            self.rows + other.rows,
            self.right + other.right,
            self.false_links + other.false_links,
            self.outcomes + other.outcomes,
            self.wrong + other.wrong,
        )


def judge(records: Records, one: Class) -> Result:
    """Puts whom the node knows into it, then the class row by row, and compares what became of each row."""
    for patient in one.known:
        _put(records, patient)
    ids = []
    for number, pupil in enumerate(one.pupils, 3):
        mapped = map_dossier(of_cells(pupil.cells, Cell("5A", number), ""))
        ids.append(str(mapped.resources[0]["id"]))
        _put(records, orjson.loads(json.encode(mapped.resources[0])))
    return _compared(one, ids, _persons(records), _in_review(records))


def _compared(one: Class, ids: list[str], persons: dict[str, frozenset[str]], reviewed: str) -> Result:
    found = Result()
    for pupil, id in zip(one.pupils, ids, strict=True):
        others = persons[id] - {id}
        known = others - set(ids)
        outcome = "linked" if others else "review" if id in reviewed else "new"
        is_false = bool(others) and (known != others or pupil.id not in known)
        is_right = outcome == pupil.expected and not is_false
        found += Result(1, int(is_right), int(is_false), Counter([outcome]))
        if not is_right:
            found.wrong[pupil.expected, outcome, pupil.slip, pupil.beside] += 1
    return found


def _put(records: Records, patient: dict[str, Any]) -> None:
    records.update(_LOADER, "Patient", patient["id"], orjson.dumps(patient))


def _all(records: Records, type: str, *pairs: tuple[str, str]) -> Iterator[bytes]:
    for version in records.search(_LOADER, parse(type, [*pairs, ("_count", "1000")])).matches:
        yield version.body


def _persons(records: Records) -> dict[str, frozenset[str]]:
    """The records of each record's person."""
    found: dict[str, frozenset[str]] = {}
    for body in _all(records, "Patient", ("_tag", "https://hoso.vn/CodeSystem/record-kind|person")):
        links = [one["other"]["reference"] for one in orjson.loads(body).get("link", ()) if one["type"] == "seealso"]
        group = frozenset(link.removeprefix("Patient/") for link in links)
        found |= dict.fromkeys(group, group)
    return found


def _in_review(records: Records) -> str:
    return "\n".join(body.decode() for body in _all(records, "Task", ("status", "requested")))


@contextmanager
def node(folder: Path) -> Iterator[Records]:
    """Records with identity at the door, as strict as a register of a million people."""
    config = StoreConfig(f"sqlite:///{folder}/node.db", bytes(range(32)), "bench", lambda: [bytes(range(1, 33))])
    create_store(config)
    store = open_store(config)
    try:
        yield records_of(store)
    finally:
        store.close()


def records_of(store: Any) -> Records:
    numbers = count(1)

    def codes(wanted: int) -> list[str]:
        return [citizen_code.make(next(numbers)) for _ in range(wanted)]

    matching = Matching(default_model(), Policy(), system_clock)
    matching._counted = (1 << 60, POPULATION)
    return Records(store, system_clock, Arrivals(matching, codes, system_clock))


def main(classes: int) -> int:
    total = Result()
    for seed in range(1, classes + 1):
        with tempfile.TemporaryDirectory() as folder, node(Path(folder)) as records:
            total += judge(records, school_class(seed, TODAY))
    share = total.right / total.rows
    print(f"{classes} classes, {total.rows} pupils: {share:.2%} as the truth says, {total.false_links} false links")
    print(", ".join(f"{name} {number}" for name, number in sorted(total.outcomes.items())))
    for (expected, outcome, slip, beside), number in total.wrong.most_common():
        print(f"{number:4}  {expected} became {outcome} (slip: {slip or 'none'}; beside: {beside or 'nobody'})")
    return 0 if share >= 0.99 and not total.false_links else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
