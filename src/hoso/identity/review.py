"""What a human must look at, as FHIR Tasks in the same log as everything else: why, who with whom, and how urgent.

A task never says what is true; it says what the machine saw, in bits, and waits for a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import orjson

from hoso.core.ids import new_id
from hoso.fhir.systems import RECORD_KIND, REVIEW

Cause = Literal["look-alike", "between-two", "turned", "two-persons", "sample", "contradiction", "mixed-document"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
Priority = Literal["routine", "urgent", "asap", "stat"]
TAG = "identity-review"

URGENCY: Mapping[Cause, Priority] = {
    "turned": "stat",
    "contradiction": "asap",
    "mixed-document": "asap",
    "between-two": "urgent",
    "two-persons": "urgent",
    "look-alike": "routine",
    "sample": "routine",
}
"""By what happens if nobody looks: a record that holds two people is read as one; a look-alike only stands alone."""

Resource = dict[str, Any]


def task(
    cause: Cause, focus: str, others: Sequence[str], time: str, evidence: Mapping[str, Any], record: str = ""
) -> Resource:
    """Whether the person `focus` is one of `others`: ids of golden Patients; `record` is the id of a source."""
    inputs = [_input("person", {"valueReference": {"reference": f"Patient/{other}"}}) for other in others]
    if record:
        inputs.append(_input("record", {"valueReference": {"reference": f"Patient/{record}"}}))
    inputs.append(_input("evidence", {"valueString": orjson.dumps(evidence).decode()}))
    return {
        "resourceType": "Task",
        "id": new_id(),
        "meta": {"tag": [{"system": RECORD_KIND, "code": TAG}]},
        "status": "requested",
        "intent": "proposal",
        "priority": URGENCY[cause],
        "code": {"coding": [{"system": REVIEW, "code": cause}]},
        "focus": {"reference": f"Patient/{focus}"},
        "authoredOn": time,
        "input": inputs,
    }


def is_review(resource: Mapping[str, Any]) -> bool:
    tags = resource.get("meta", {}).get("tag", ())
    return resource.get("resourceType") == "Task" and any(
        tag.get("system") == RECORD_KIND and tag.get("code") == TAG for tag in tags
    )


def cause_of(review: Mapping[str, Any]) -> Cause:
    found: Cause = next(c["code"] for c in review["code"]["coding"] if c.get("system") == REVIEW)
    return found


def named(review: Mapping[str, Any], what: str) -> list[str]:
    """Ids of the "person"s or the "record" a review is about, besides its focus."""
    return [
        i["valueReference"]["reference"].removeprefix("Patient/")
        for i in review.get("input", ())
        if i["type"]["text"] == what
    ]


def focus_of(review: Mapping[str, Any]) -> str:
    return str(review["focus"]["reference"]).removeprefix("Patient/")


def evidence_of(review: Mapping[str, Any]) -> dict[str, Any]:
    text = next((i["valueString"] for i in review.get("input", ()) if i["type"]["text"] == "evidence"), "{}")
    found: dict[str, Any] = orjson.loads(text)
    return found


def _input(what: str, value: Resource) -> Resource:
    return {"type": {"text": what}, **value}
