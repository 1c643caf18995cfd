"""What is shown of a record with several heads: one of them, the same on every node, and what a person is asked about.

All heads are kept and readable, whatever is shown. Nothing is mixed: what is shown is one statement that somebody made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from hoso.fhir.negations import NONE_KNOWN
from hoso.sync.ledger import Version

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    rank: Sequence[tuple[str, Sequence[str]]]
    watched: frozenset[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """`shown` and the other heads. `review` says why a person has to look: elements, "deleted", or "unreadable"."""

    shown: Version
    others: tuple[Version, ...]
    review: tuple[str, ...]

    @property
    def deleted(self) -> bool:
        return self.shown.header.op == "delete"


def settle(heads: Sequence[Version]) -> Settled:
    """What to show of the heads of one record (at least one). An edit is shown rather than a deletion made apart."""
    if len(heads) == 1:
        return Settled(heads[0], (), ())
    rule = _rules().get(heads[0].header.type) or _rules()[""]
    read = {head.header.change: _resource(head) for head in heads}

    def order(head: Version) -> tuple[bool, bool, tuple[int, ...], bytes]:
        resource = read[head.header.change]
        rank = tuple(_place(resource, element, values) for element, values in rule.rank)
        return head.header.op == "delete", not resource, rank, head.header.change

    shown, *others = sorted(heads, key=order)
    return Settled(shown, tuple(others), _review(heads, [read[head.header.change] for head in heads], rule))


def contradicted(allergies: Sequence[Settled]) -> tuple[Version, ...]:
    """Statements that no allergy is known, beside one that says otherwise; a person has to look."""
    said = [(settled.shown, _resource(settled.shown)) for settled in allergies if not settled.deleted]
    denials = [version for version, resource in said if _denies(resource)]
    positive = any(resource and not _denies(resource) and _stands(resource) for _, resource in said)
    return tuple(denials) if positive else ()


def _denies(resource: Resource) -> bool:
    return not NONE_KNOWN.isdisjoint(_words(resource, "code"))


def _stands(resource: Resource) -> bool:
    return not {"refuted", "entered-in-error"} & set(_words(resource, "verificationStatus"))


def _review(heads: Sequence[Version], resources: Sequence[Resource], rule: Rule) -> tuple[str, ...]:
    reasons = []
    if any(head.header.op == "delete" for head in heads):
        reasons.append("deleted")
    if any(head.header.op != "delete" and not resource for head, resource in zip(heads, resources, strict=True)):
        reasons.append("unreadable")
    live = [resource for resource in resources if resource]
    elements = sorted({element for resource in live for element in resource} - {"id", "meta", "text"})
    for element in elements:
        watched = element in rule.watched or "*" in rule.watched
        if watched and any(resource.get(element) != live[0].get(element) for resource in live):
            reasons.append(element)
    return tuple(reasons)


def _place(resource: Resource, element: str, values: Sequence[str]) -> int:
    """The most cautious place of what the element says; several codings may say several things."""
    words = _words(resource, element) or ["?"]
    other = values.index("?")
    return min(values.index(word) if word in values else other for word in words)


def _words(resource: Resource, element: str) -> list[str]:
    """The codes in an element, whether it is a code, a boolean or a CodeableConcept."""
    value = _at(resource, element)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Mapping):
        return [code for coding in _dicts(value.get("coding")) if isinstance(code := coding.get("code"), str)]
    return [value] if isinstance(value, str) else []


def _at(resource: Resource, path: str) -> Any:
    value: Any = resource
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _resource(version: Version) -> Resource:
    """What a version says; nothing if it is a deletion, or no JSON object."""
    try:
        found = orjson.loads(version.record.body) if version.record.body else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


@cache
def _rules() -> Mapping[str, Rule]:
    """The rule of each type; under "" that of all others."""
    table = tomllib.loads(files("hoso.sync").joinpath("data/conflicts.toml").read_text("utf-8"))
    rules: dict[str, Rule] = {}
    for name, part in table.items():
        if isinstance(part, dict):
            rank = [(question["element"], question["values"]) for question in part["rank"]]
            rule = Rule(rank, frozenset(part["watched"]))
            rules.update(dict.fromkeys(part["types"] or ([""] if name == "events" else []), rule))
    return rules
