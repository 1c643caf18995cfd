"""Random resources of every type, built from the model: not always valid, always of the right shape."""

from __future__ import annotations

from random import Random
from typing import Any

from hoso.fhir.model import Element, load

MODEL = load()
PRIMITIVES: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (0, 7, -3),
    "positiveInt": (1, 2),
    "unsignedInt": (0, 5),
    "decimal": (0.5, 12, 3.25),
    "date": ("2020", "2020-02", "2020-02-29"),
    "dateTime": ("2021", "2021-03-04", "2021-03-04T05:06:07+07:00", "2021-03-04T05:06:07.891Z"),
    "instant": ("2022-01-02T03:04:05Z",),
    "time": ("10:30:00",),
    "uri": ("http://a/1", "urn:uuid:2"),
    "url": ("http://b/1",),
    "canonical": ("http://c/1", "http://c/1|2.0"),
    "code": ("final", "active", "phone", "email", "male"),
    "id": ("i1",),
}
REFERENCES = ("Patient/1", "Practitioner/2/_history/3", "Group/4", "http://far/fhir/Patient/5", "#in", "urn:uuid:6")


def random_resource(type: str, seed: int) -> dict[str, Any]:
    return {"resourceType": type, **filled(type, Random(seed), 0)}


def filled(type: str, random: Random, depth: int) -> Any:
    definition = MODEL.types[type]
    if definition.kind == "primitive":
        return random.choice(PRIMITIVES.get(type, ("một", "hai")))
    if type == "Reference":
        return {"reference": random.choice(REFERENCES)} if random.random() < 0.8 else {"display": "ai"}
    value: dict[str, Any] = {}
    share = 0.6 if depth < 3 else 0.25
    for element in definition.elements:
        if element.name in ("contained", "extension", "modifierExtension", "text") or random.random() > share:
            continue
        key, ref = random.choice(element.spellings())
        if ref.code == "Resource" or depth > 4:
            continue
        value[key] = _repeated(element, ref.code, random, depth)
    return value


def _repeated(element: Element, type: str, random: Random, depth: int) -> Any:
    if element.max == 1:
        return filled(type, random, depth + 1)
    items = [filled(type, random, depth + 1) for _ in range(random.choice((1, 1, 2)))]
    return [None, *items] if MODEL.types[type].kind == "primitive" and random.random() < 0.2 else items
