"""What a Consent in force permits and denies, as flat rules; whatever could not be enforced is named, never left out.

The base is `policyRule` (OPTIN, OPTOUT) or the type of the root provision; a provision without a type is the exception
of the base. Inside a provision the conditions of all around it hold as well, and the innermost that matches decides.
Pure and without a clock: which rule is in its period is for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

from hoso.core.dates import OPEN_HIGH, OPEN_LOW, parse_span
from hoso.core.errors import Issue
from hoso.fhir.labels.content import given
from hoso.fhir.model import load
from hoso.fhir.systems import FACILITY_CODE

Name = tuple[str, str]

PURPOSES = ("TREAT", "ETREAT", "HPAYMT", "HOPERAT", "PUBHLTH", "HRESCH", "PATRQT", "FAMRQT", "SYSADMIN")
"""In `consent` a purpose is its place here, from 1; the list only grows at its end."""
ACTIVITIES = ("view", "print", "export", "send", "write")
"""The bits of `acts`, likewise."""
FREE = frozenset({
    "Patient", "RelatedPerson", "Consent", "Organization", "Location", "Practitioner", "PractitionerRole",
    "HealthcareService", "OrganizationAffiliation", "Medication", "Substance", "ValueSet", "CodeSystem", "ConceptMap",
    "Questionnaire", "PlanDefinition", "Linkage", "Task", "Provenance", "AuditEvent",
})  # fmt: skip
"""Types that no Consent closes: who somebody is, what they agreed to, and what is about nobody."""
MOST = 200
"""Rules of one Consent."""

_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
_TYPES = "http://hl7.org/fhir/resource-types"
_DOES = {"access": 0b00011, "use": 0b00001, "disclose": 0b01100, "correct": 0b10000, "collect": 0b10000}
_RECIPIENTS = frozenset({"PRCP", "IRCP", "RCV", "GRANTEE"})
_KNOWN = frozenset({
    "id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "data", "provision",
})  # fmt: skip


class Ruling(NamedTuple):
    """One rule: 0 and None stand for any. The rules from `first` to before `place` are inside it.

    Half open, in milliseconds.
    """

    place: int
    first: int
    permits: bool
    since: int
    until: int
    grantee: Name | None
    name: str
    """Of a grantee without a record, else empty."""
    purpose: int
    type: int
    acts: int
    labels: int
    record: Name | None


class Unenforceable(Exception):
    """Carries the element that cannot be enforced."""


@dataclass(frozen=True, slots=True)
class _Within:
    """The conditions that hold so far; None for any."""

    actors: frozenset[tuple[Name | None, str]] | None = None
    purposes: frozenset[int] | None = None
    types: frozenset[int] | None = None
    records: frozenset[Name] | None = None
    acts: int = 0
    labels: int = 0
    since: int = OPEN_LOW
    until: int = OPEN_HIGH


def issues(resource: dict[str, Any]) -> list[Issue]:
    """What a valid resource says as a Consent that could not be enforced."""
    if resource.get("resourceType") != "Consent":
        return []
    try:
        rulings(resource)
    except Unenforceable as found:
        return [Issue("not-supported", "consent.unenforceable", {"element": str(found)}, str(found))]
    return []


def ruled(resource: dict[str, Any]) -> list[Ruling]:
    """The rules of a stored Consent; one of before they were asked for has none if they could not be enforced."""
    try:
        return rulings(resource)
    except Unenforceable:
        return []


def rulings(resource: dict[str, Any]) -> list[Ruling]:
    """Nothing of one that is not in force, or not about data. Raises Unenforceable."""
    scope = _codes(resource.get("scope"), _SCOPES)
    if resource.get("status") != "active" or scope == {"adr"}:
        return []
    if not scope or not scope <= {"patient-privacy", "treatment", "research"}:
        raise Unenforceable("Consent.scope")
    if _named(resource.get("patient"), {"Patient"}) is None:
        raise Unenforceable("Consent.patient")
    for modifying in _modifying(resource, "Consent"):
        raise Unenforceable(modifying)
    within = _Within(purposes=frozenset({PURPOSES.index("HRESCH") + 1})) if scope == {"research"} else _Within()
    found = list(_Reader().consent(resource, within))
    if len(found) > MOST:
        raise Unenforceable("Consent.provision")
    return found


def _modifying(node: Any, path: str) -> Iterator[str]:
    """Elements that may turn round what the rest says: rules that stand elsewhere, and extensions that say so."""
    if isinstance(node, list):
        for place, one in enumerate(node):
            yield from _modifying(one, f"{path}[{place}]")
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("modifierExtension", "implicitRules") or (name, path.partition("[")[0]) == ("uri", POLICY):
                yield f"{path}.{name}"
            elif name not in ("contained", "extension"):
                yield from _modifying(value, f"{path}.{name}")


POLICY = "Consent.policy"
"""One that is named by its address has rules of its own, which are not read here."""


class _Reader:
    """Numbers provisions in the order in which they stand."""

    def __init__(self) -> None:
        self._next = 0

    def consent(self, resource: dict[str, Any], within: _Within) -> Iterator[Ruling]:
        base = _base(resource)
        root = resource.get("provision")
        if root is None:
            if base is None:
                raise Unenforceable("Consent.provision")
            yield from self._rules(base, within, [])
            return
        inner = list(self._root(root, base, within))
        yield from inner if base is None else self._around(base, within, inner)

    def _root(self, root: dict[str, Any], base: bool | None, within: _Within) -> Iterator[Ruling]:
        kind = root.get("type")
        narrowed = _narrowed(root, "Consent.provision", within)
        if kind is not None:
            yield from self._provision(root, "Consent.provision", within, kind == "permit")
        elif base is not None and narrowed != within:
            yield from self._provision(root, "Consent.provision", within, not base)
        elif "provision" in root:
            yield from self._nested(root, "Consent.provision", narrowed)
        elif base is None:
            raise Unenforceable("Consent.provision.type")

    def _provision(self, node: dict[str, Any], path: str, within: _Within, permits: bool) -> Iterator[Ruling]:
        narrowed = _narrowed(node, path, within)
        yield from self._around(permits, narrowed, list(self._nested(node, path, narrowed)))

    def _nested(self, node: dict[str, Any], path: str, within: _Within) -> Iterator[Ruling]:
        for place, one in enumerate(node.get("provision", ())):
            below = f"{path}.provision[{place}]"
            if "type" not in one:
                raise Unenforceable(f"{below}.type")
            yield from self._provision(one, below, within, one["type"] == "permit")

    def _around(self, permits: bool, within: _Within, inner: list[Ruling]) -> Iterator[Ruling]:
        yield from self._rules(permits, within, inner)
        yield from inner

    def _rules(self, permits: bool, within: _Within, inner: list[Ruling]) -> Iterator[Ruling]:
        """One row for each actor, purpose, type and record; they share their place, given from the inside out."""
        place = self._next = self._next + 1
        first = min((one.first for one in inner), default=place)
        if within.since >= within.until:
            return
        for (grantee, name), purpose, type, record in product(
            sorted(within.actors or {(None, "")}, key=repr) if within.actors != frozenset() else (),
            sorted(within.purposes) if within.purposes is not None else (0,),
            sorted(within.types) if within.types is not None else (0,),
            sorted(within.records) if within.records is not None else (None,),
        ):
            yield Ruling(
                place, first, permits, within.since, within.until, grantee, name, purpose, type, within.acts,
                within.labels, record,
            )  # fmt: skip


def _base(resource: dict[str, Any]) -> bool | None:
    if "policyRule" not in resource:
        return None
    codes = _codes(resource["policyRule"], _CODES)
    if codes == {"OPTIN"}:
        return True
    if codes == {"OPTOUT"}:
        return False
    raise Unenforceable("Consent.policyRule")


def _narrowed(node: dict[str, Any], path: str, within: _Within) -> _Within:
    for name in node:
        plain = name.lstrip("_")
        if plain not in _KNOWN or plain not in node:  # what stands without a value is not known, which is not "any"
            raise Unenforceable(f"{path}.{plain}")
    found = within
    if "actor" in node:
        actors = frozenset(_actor(one, f"{path}.actor[{n}]") for n, one in enumerate(node["actor"]))
        found = replace(found, actors=actors if found.actors is None else actors & found.actors)
    if "purpose" in node:
        purposes = frozenset(_purpose(one, f"{path}.purpose[{n}]") for n, one in enumerate(node["purpose"]))
        found = replace(found, purposes=purposes if found.purposes is None else purposes & found.purposes)
    if "class" in node:
        types = frozenset(_type(one, f"{path}.class[{n}]") for n, one in enumerate(node["class"]))
        found = replace(found, types=types if found.types is None else types & found.types)
    if "data" in node:
        records = frozenset(_record(one, f"{path}.data[{n}]") for n, one in enumerate(node["data"]))
        found = replace(found, records=records if found.records is None else records & found.records)
    if "action" in node:
        acts = 0
        for n, one in enumerate(node["action"]):
            acts |= _acts(one, f"{path}.action[{n}]")
        nothing = 1 << len(ACTIVITIES)
        found = replace(found, acts=acts & (found.acts or acts) or nothing)
    if "securityLabel" in node:
        if found.labels:  # a record would have to have one of these and one of those
            raise Unenforceable(f"{path}.securityLabel")
        labels = 0
        for n, one in enumerate(node["securityLabel"]):
            mask = given(one.get("system"), one.get("code"))
            if not mask:
                raise Unenforceable(f"{path}.securityLabel[{n}]")
            labels |= mask
        found = replace(found, labels=labels)
    if "period" in node:
        since, until = _period(node["period"], f"{path}.period")
        found = replace(found, since=max(since, found.since), until=min(until, found.until))
    return found


def _actor(one: dict[str, Any], path: str) -> tuple[Name | None, str]:
    codes = {coding.get("code") for coding in (one.get("role") or {}).get("coding", ())}
    if not codes or not codes <= _RECIPIENTS:
        raise Unenforceable(f"{path}.role")
    reference = one.get("reference")
    named = _named(reference, {"Organization", "Practitioner"})
    if named is not None:
        return named, ""
    identifier = (reference or {}).get("identifier") or {}
    if "reference" not in (reference or {}) and identifier.get("system") == FACILITY_CODE and identifier.get("value"):
        return None, f"facility/{identifier['value']}"
    raise Unenforceable(f"{path}.reference")


def _purpose(one: dict[str, Any], path: str) -> int:
    if one.get("system") != _REASONS or one.get("code") not in PURPOSES:
        raise Unenforceable(path)
    return PURPOSES.index(one["code"]) + 1


def _type(one: dict[str, Any], path: str) -> int:
    code = one.get("code")
    if one.get("system") != _TYPES or code not in load().type_number or code in FREE:
        raise Unenforceable(path)
    return load().type_number[code]


def _record(one: dict[str, Any], path: str) -> Name:
    if one.get("meaning") != "instance":
        raise Unenforceable(f"{path}.meaning")
    named = _named(one.get("reference"), None)
    if named is None or named[0] in FREE or named[0] not in load().type_number:
        raise Unenforceable(f"{path}.reference")
    return named


def _acts(concept: dict[str, Any], path: str) -> int:
    codes = _codes(concept, _ACTIONS)
    if not codes or not codes <= _DOES.keys():
        raise Unenforceable(path)
    found = 0
    for code in codes:
        found |= _DOES[str(code)]
    return found


def _period(period: dict[str, Any], path: str) -> tuple[int, int]:
    said = {name.lstrip("_") for name in period} & {"start", "end"}
    if not said or not said <= period.keys():
        raise Unenforceable(path)
    try:
        since = parse_span(period["start"]).low if "start" in period else OPEN_LOW
        until = parse_span(period["end"]).high if "end" in period else OPEN_HIGH
    except ValueError:
        raise Unenforceable(path) from None
    return since, until


def _codes(concept: Any, system: str) -> set[Any]:
    """The codes of a concept; with one of another system among them nothing is sure."""
    codings = (concept or {}).get("coding", ())
    return {one.get("code") if one.get("system") == system else None for one in codings}


def _named(reference: Any, types: set[str] | None) -> Name | None:
    text = reference.get("reference") if isinstance(reference, dict) else None
    parts = text.split("/") if isinstance(text, str) else []
    if len(parts) == 2 and all(parts) and (types is None or parts[0] in types):
        return parts[0], parts[1]
    return None
