"""The simplest matcher: an equal number, else an equal folded name and birth date. It tries the measurement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from bench.matcher import Match, Matcher, Pair, Patient
from hoso.core.text import fold


class Baseline:
    def __init__(self) -> None:
        self._by_number: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[str]] = defaultdict(list)

    def enrol(self, patients: Iterable[Patient]) -> None:
        for patient in patients:
            for number in _numbers(patient):
                self._by_number[number].append(patient["id"])
            if key := _name(patient):
                self._by_name[key].append(patient["id"])

    def candidates(self, patient: Patient) -> Sequence[str]:
        found = [id for number in _numbers(patient) for id in self._by_number.get(number, ())]
        key = _name(patient)
        return list(dict.fromkeys(found + (self._by_name.get(key, []) if key else [])))

    def match(self, patient: Patient) -> Sequence[Match]:
        by_number = {id for number in _numbers(patient) for id in self._by_number.get(number, ())}
        return sorted(
            (
                Match(id, 20.0, "certain") if id in by_number else Match(id, 10.0, "possible")
                for id in self.candidates(patient)
            ),
            key=lambda match: -match.bits,
        )

    def dedupe(self, patients: Sequence[Patient]) -> Iterator[Pair]:
        for patient in patients:
            for match in self.match(patient):
                yield Pair(match.id, patient["id"], match.bits)
            self.enrol([patient])

    def link(self, left: Sequence[Patient], right: Sequence[Patient]) -> Iterator[Pair]:
        self.enrol(left)
        for patient in right:
            for match in self.match(patient):
                yield Pair(match.id, patient["id"], match.bits)


def _numbers(patient: Patient) -> set[str]:
    return {f"{one['system']}|{one['value']}" for one in patient.get("identifier", ())}


def _name(patient: Patient) -> tuple[str, str] | None:
    text = fold(patient["name"][0]["text"]) if patient.get("name") else ""
    birth = patient.get("birthDate", "")
    return (text, birth) if text and birth else None


@contextmanager
def baseline() -> Iterator[Matcher]:
    yield Baseline()
