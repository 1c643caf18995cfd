"""What a human must look at, as FHIR Tasks in the same log as everything else: why, who with whom, and how urgent.

A task never says what is true; it says what the machine saw, in bits, and waits for a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import orjson

from hoso.core.ids import new_id
from hoso.fhir.systems import RECORD_KIND, REVIEW

Cause = Literal[
    "look-alike",
    "between-two",
    "turned",
    "two-persons",
    "stray",
    "sample",
    "contradiction",
    "mixed-document",
    "mixed-record",
]
CAUSES: tuple[Cause, ...] = get_args(Cause)
Priority = Literal["routine", "urgent", "asap", "stat"]
Answer = Literal["same", "different", "unsure"]
TAG = "identity-review"
OPEN = ("requested", "on-hold")
"""`status` of what waits; "on-hold": somebody looked and is unsure."""

URGENCY: Mapping[Cause, Priority] = {
    "turned": "stat",
    "contradiction": "asap",
    "mixed-document": "asap",
    "mixed-record": "asap",
    "stray": "asap",
    "between-two": "urgent",
    "two-persons": "urgent",
    "look-alike": "routine",
    "sample": "routine",
}
"""By what happens if nobody looks: a record that holds two people is read as one; a look-alike only stands alone."""

Resource = dict[str, Any]


def task(
    cause: Cause,
    focus: str,
    others: Sequence[str],
    time: str,
    evidence: Mapping[str, Any],
    record: str = "",
    document: str = "",
) -> Resource:
    """Whether the person `focus` is one of `others`: ids of golden Patients; `record` is the id of a source.

    `document` is a reference to what was written about two persons as if they were one: then that is the focus of the
    Task, and all the persons are inputs.
    """
    persons = [focus, *others] if document else others
    inputs = [_input("person", {"valueReference": {"reference": f"Patient/{person}"}}) for person in persons]
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
        "focus": {"reference": document or f"Patient/{focus}"},
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
    """The person in question; "" when a document is."""
    type, _, id = str(review["focus"]["reference"]).partition("/")
    return id if type == "Patient" else ""


def document_of(review: Mapping[str, Any]) -> str:
    """The document in question as a reference; "" when a person is."""
    reference = str(review["focus"]["reference"])
    return "" if reference.startswith("Patient/") else reference


def is_open(review: Mapping[str, Any]) -> bool:
    return review["status"] in OPEN


def proposer(review: Mapping[str, Any]) -> str:
    """Who asked for a merge that waits for a second person; "" when the machine saw it."""
    return str(review.get("requester", {}).get("display", ""))


def answered(
    review: Mapping[str, Any],
    answer: Answer,
    others: Sequence[str],
    who: str,
    time: str,
    reason: str,
    *,
    closed: bool,
) -> Resource:
    """The review with one more answer about some of its persons (none named: about all); who gave it stands in a note.

    What is unsure is put aside: it comes after all that nobody has looked at.
    """
    changed = {name: value for name, value in review.items() if name != "meta"}
    changed["meta"] = {"tag": review["meta"]["tag"]}
    changed["status"] = "completed" if closed else "on-hold" if answer == "unsure" else review["status"]
    changed["lastModified"] = time
    outputs = [{"type": {"text": answer}, "valueReference": {"reference": f"Patient/{other}"}} for other in others]
    changed["output"] = [*review.get("output", ()), *(outputs or [{"type": {"text": answer}, "valueBoolean": True}])]
    note = {"authorString": who, "time": time, "text": f"{answer}: {reason}" if reason else answer}
    changed["note"] = [*review.get("note", ()), note]
    return changed


def answers_of(review: Mapping[str, Any]) -> list[tuple[Answer, str]]:
    """(answer, person) as given so far; no person: the answer was about all."""
    return [
        (output["type"]["text"], str(output.get("valueReference", {}).get("reference", "")).removeprefix("Patient/"))
        for output in review.get("output", ())
    ]


def evidence_of(review: Mapping[str, Any]) -> dict[str, Any]:
    text = next((i["valueString"] for i in review.get("input", ()) if i["type"]["text"] == "evidence"), "{}")
    found: dict[str, Any] = orjson.loads(text)
    return found


def _input(what: str, value: Resource) -> Resource:
    return {"type": {"text": what}, **value}
