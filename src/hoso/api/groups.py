"""The patients of a Group: its active members, each once."""

from __future__ import annotations

import re

from hoso.fhir.json import parse

_PATIENT = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?\Z", re.ASCII)


def patients(body: bytes) -> tuple[str, ...]:
    listed = parse(body).get("member", [])
    active = [one.get("entity", {}).get("reference", "") for one in listed if one.get("inactive") is not True]
    return tuple(dict.fromkeys(filter(None, map(patient, active))))


def patient(reference: str) -> str:
    """Its id; "" for a reference to something else."""
    match = _PATIENT.match(reference)
    return match[1] if match else ""
