"""Thirty shapes of search, each with values drawn from the records that are there (docs/reference/benchmark.md)."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bench.node import Served

SHAPES: dict[str, str] = {
    "patient by identifier": "Patient?identifier={identifier}",
    "patient by number alone": "Patient?identifier={number}",
    "patient by family and birth date": "Patient?family={family}&birthdate={birth}",
    "patient by name prefix": "Patient?name={given}&_count=20",
    "patient by name, exact": "Patient?given:exact={given}&_count=20",
    "patient by name, contains": "Patient?name:contains={middle}&_count=20",
    "patients born in a year": "Patient?birthdate={year}&_count=20",
    "patients by sex, sorted by birth": "Patient?gender=female&_sort=birthdate&_count=20",
    "patients without a phone": "Patient?telecom:missing=true&_count=20",
    "patient with everything referred to": "Patient?_id={patient}&_include=Patient:organization",
    "observations of a person": "Observation?patient={patient}&_count=50",
    "observations of a person by code": "Observation?patient={patient}&code={code}",
    "latest observation of a kind": "Observation?patient={patient}&code={code}&_sort=-date&_count=1",
    "observations of a person since": "Observation?patient={patient}&date=ge{year}",
    "observations by code": "Observation?code={code}&_count=20",
    "observations by code and value": "Observation?code-value-quantity={code}$gt{value}&_count=20",
    "observations of several codes": "Observation?patient={patient}&code={code},{code2},{code3}",
    "observations by category, newest": "Observation?category=vital-signs&_sort=-date&_count=20",
    "observations of a month": "Observation?date={month}&_count=20",
    "observations, total only": "Observation?code={code}&_summary=count",
    "observations by person's number": "Observation?patient.identifier={identifier}&_count=20",
    "conditions by code": "Condition?code={condition}&_count=20",
    "conditions of a person": "Condition?patient={patient}&clinical-status=active",
    "conditions with their person": "Condition?code={condition}&_include=Condition:subject&_count=10",
    "people who have a condition": "Patient?_has:Condition:subject:code={condition}&_count=20",
    "encounters of a person, newest": "Encounter?patient={patient}&_sort=-date&_count=10",
    "encounters at a facility in a year": "Encounter?service-provider={organization}&date={year}&_count=20",
    "medicines of a person": "MedicationRequest?patient={patient}&_sort=-authoredon&_count=20",
    "a person and what refers to them": "Patient?_id={patient}&_revinclude=Condition:subject",
    "vaccinations of a person": "Immunization?patient={patient}&_sort=date",
}


def measure(node: Served, records: Sequence[dict[str, Any]], rounds: int, seed: int = 7) -> dict[str, float]:
    """Median milliseconds of each shape over one connection, as a client sees it."""
    draw = _Draw(records, random.Random(seed))
    client = node.client()
    medians: dict[str, float] = {}
    for name, shape in SHAPES.items():
        times = []
        for _ in range(rounds):
            path = "/fhir/" + shape.format_map(draw.values())
            start = time.perf_counter()
            client.request("GET", path, headers=node.headers())
            answer = client.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - start) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        medians[name] = sorted(times)[len(times) // 2]
    client.close()
    return medians


class _Draw:
    def __init__(self, records: Sequence[dict[str, Any]], random: random.Random) -> None:
        self._random = random
        of = {type: [r for r in records if r["resourceType"] == type] for type in ("Patient", "Condition", "Encounter")}
        self._patients, self._conditions, self._encounters = of["Patient"], of["Condition"], of["Encounter"]
        self._measured = [r for r in records if r["resourceType"] == "Observation" and "valueQuantity" in r]

    def values(self) -> dict[str, str]:
        pick = self._random.choice
        patient, condition, encounter = pick(self._patients), pick(self._conditions), pick(self._encounters)
        codes = [pick(self._measured) for _ in range(3)]
        identifier, name = patient["identifier"][0], patient["name"][0]
        words = name.get("text", name.get("family", "")).split()
        found = {
            "patient": codes[0]["subject"]["reference"].rpartition("/")[2],
            "identifier": f"{identifier['system']}|{identifier['value']}",
            "number": identifier["value"],
            "family": words[0],
            "given": words[-1],
            "middle": words[len(words) // 2],
            "birth": patient["birthDate"],
            "year": codes[0]["effectiveDateTime"][:4],
            "month": codes[0]["effectiveDateTime"][:7],
            "value": str(codes[0]["valueQuantity"]["value"]),
            "condition": _token(condition),
            "organization": encounter["serviceProvider"]["reference"],
        }
        found |= {name: _token(one) for name, one in zip(("code", "code2", "code3"), codes, strict=True)}
        return {name: quote(value, safe="") for name, value in found.items()}


def _token(resource: dict[str, Any]) -> str:
    coding = resource["code"]["coding"][0]
    return f"{coding['system']}|{coding['code']}"
