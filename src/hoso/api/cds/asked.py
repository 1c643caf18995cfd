"""A request to a service, read strictly: what is wrong is named by its place ("context.patientId")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from hoso.care.elements import Resource, key_of
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import strict
from hoso.fhir.validate import validate

MOST_ORDERS = 50
MOST_PREFETCHED = 2_000
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z", re.ASCII)
_ORDERS = ("order-select", "order-sign")
_KINDS: dict[type[Any], str] = {dict: "object", list: "array", str: "text"}

Placed = tuple[str, Resource]
"""(place, resource)."""


@dataclass(frozen=True, slots=True)
class Asked:
    hook: str
    patient: str
    drafts: tuple[Placed, ...] = ()
    selected: frozenset[str] | None = None
    """Keys of the drafts that were just chosen; None when all are meant."""
    prefetched: tuple[Placed, ...] = ()


def read(service: str, body: bytes) -> Asked:
    """Raises Refused(400) naming the place."""
    tree = is_a(dict, strict(body), "request")
    hook = get(str, tree, "hook", "hook")
    if hook != service:
        raise Refused.because(400, "value", "cds.wrong-hook", "hook", service=service, hook=hook[:40])
    uuid(get(str, tree, "hookInstance", "hookInstance"), "hookInstance")
    context = get(dict, tree, "context", "context")
    patient = get(str, context, "patientId", "context.patientId").removeprefix("Patient/")
    if not _ID.match(patient):
        raise Refused.because(400, "value", "cds.bad-id", "context.patientId", value=patient[:80])
    drafts = tuple(_drafts(context)) if hook in _ORDERS else ()
    selected = _selected(context, drafts) if hook == "order-select" else None
    return Asked(hook, patient, drafts, selected, tuple(_prefetched(tree.get("prefetch"))))


def _drafts(context: dict[str, Any]) -> Iterator[Placed]:
    place = "context.draftOrders"
    entries = list(_bundle(get(dict, context, "draftOrders", place), place))
    _limit(entries, MOST_ORDERS, place)
    for where, resource in entries:
        _check(resource, where, needed=False)
        yield where, resource


def _selected(context: dict[str, Any], drafts: Sequence[Placed]) -> frozenset[str]:
    keys = {key_of(resource) for _, resource in drafts}
    chosen = get(list, context, "selections", "context.selections")
    for number, one in enumerate(chosen):
        place = f"context.selections[{number}]"
        if is_a(str, one, place) not in keys:
            raise Refused.because(400, "value", "cds.no-selection", place, value=one[:80])
    return frozenset(chosen)


def _prefetched(tree: Any) -> Iterator[Placed]:
    """Resources of whatever keys: a Bundle, a resource, or null for what the client could not get."""
    if tree is None:
        return
    found: list[Placed] = []
    for name, value in is_a(dict, tree, "prefetch").items():
        place = f"prefetch.{name[:40]}"
        if value is None:
            continue
        one = is_a(dict, value, place)
        found += _bundle(one, place) if one.get("resourceType") == "Bundle" else [(place, one)]
    _limit(found, MOST_PREFETCHED, "prefetch")
    for place, resource in found:
        if resource.get("resourceType") != "OperationOutcome":
            _check(resource, place)
            yield place, resource


def _bundle(bundle: dict[str, Any], place: str) -> Iterator[Placed]:
    if bundle.get("resourceType") != "Bundle":
        raise Refused.because(400, "value", "cds.wrong-kind", place, name=place, kind="Bundle")
    for number, entry in enumerate(is_a(list, bundle.get("entry", []), f"{place}.entry")):
        where = f"{place}.entry[{number}]"
        yield f"{where}.resource", get(dict, is_a(dict, entry, where), "resource", f"{where}.resource")


def _check(resource: Resource, place: str, *, needed: bool = True) -> None:
    """As R4 has it; a draft may still lack what is needed later. Raises Refused(400) with every fault's place."""
    faults = [one for one in validate(resource) if one.severity in ("error", "fatal")]
    wrong = [_moved(one, place) for one in faults if needed or one.key != "validate.required"]
    if wrong:
        raise Refused(400, *wrong)


def _moved(issue: Issue, place: str) -> Issue:
    _, dot, path = (issue.expression or "").partition(".")
    return replace(issue, expression=f"{place}{dot}{path}")


def uuid(text: str, place: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Refused.because(400, "value", "cds.bad-uuid", place, value=text[:80]) from error


def _limit(found: Sequence[Placed], most: int, place: str) -> None:
    if len(found) > most:
        raise Refused.because(413, "too-costly", "cds.too-many", place, name=place, limit=str(most))


def get(kind: type[Any], tree: dict[str, Any], name: str, place: str) -> Any:
    if name not in tree:
        raise Refused.because(400, "required", "cds.missing", place, name=place)
    return is_a(kind, tree[name], place)


def is_a(kind: type[Any], value: Any, place: str) -> Any:
    if not isinstance(value, kind):
        raise Refused.because(400, "structure", "cds.wrong-kind", place, name=place, kind=_KINDS[kind])
    return value
