"""What FHIR adds to FHIRPath: extension, hasValue, resolve, memberOf, conformsTo, htmlChecks and others."""

from __future__ import annotations

from typing import Any

from hoso.fhir.model import load
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.shapes import known
from hoso.fhir.path.values import Collection, Node, resource_node, single, step, string, system
from hoso.fhir.rules.narrative import fault_in

_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
_VALUE_SET = "http://hl7.org/fhir/ValueSet/"


@function("extension", 1)
def extension(frame: Frame, items: Collection, url: Collection) -> Collection:
    wanted = string(url)
    return [node for node in step(items, "extension") if node.value.get("url") == wanted]


@function("hasValue")
def has_value(frame: Frame, items: Collection) -> Collection:
    return [len(items) == 1 and _primitive_value(items[0]) is not None]


@function("getValue")
def get_value(frame: Frame, items: Collection) -> Collection:
    return one(_primitive_value(items[0])) if len(items) == 1 else []


def _primitive_value(item: Any) -> Any:
    if item.__class__ is not Node:
        return item
    return system(item) if item.shape.primitive else None


@function("resolve")
def resolve(frame: Frame, items: Collection) -> Collection:
    found = []
    for item in items:
        node = _resolved(frame, item)
        if node is not None:
            found.append(node)
    return found


def _resolved(frame: Frame, item: Any) -> Node | None:
    target = item.value.get("reference") if item.__class__ is Node and isinstance(item.value, dict) else system(item)
    if not isinstance(target, str):
        return None
    inside = frame.run.inside(target)
    if inside is not None:
        return resource_node(inside)
    outside = frame.run.resolver(target) if frame.run.resolver is not None else None
    return resource_node(outside) if outside is not None else None


@function("conformsTo", 1)
def conforms_to(frame: Frame, items: Collection, profile: Collection) -> Collection:
    """Of profiles only R4's own types are known here."""
    item, url = single(items), string(profile)
    if item is None or url is None:
        return []
    name = url.removeprefix(_STRUCTURE)
    if not url.startswith(_STRUCTURE) or not known(name):
        raise execution(f"Unknown profile {url}")
    return [item.__class__ is Node and item.shape.is_a(name)]


@function("memberOf", 1)
def member_of(frame: Frame, items: Collection, value_set: Collection) -> Collection:
    """Only for R4's closed value sets; of any other nothing is known."""
    item, url = single(items), string(value_set)
    if item is None or url is None:
        return []
    codes = load().codes.get(url.partition("|")[0].removeprefix(_VALUE_SET))
    if codes is None:
        return []
    return [any(_is_member(codes, system_url, code) for system_url, code in _codes(item))]


def _is_member(codes: dict[str, tuple[str, ...]], system_url: str | None, code: str) -> bool:
    return any(code in members and system_url in (None, url) for url, members in codes.items())


def _codes(item: Any) -> list[tuple[str | None, str]]:
    if item.__class__ is not Node or item.shape.primitive:
        value = system(item)
        return [(None, value)] if isinstance(value, str) else []
    codings = item.value.get("coding", ()) if item.shape.name == "CodeableConcept" else (item.value,)
    return [(coding.get("system"), coding["code"]) for coding in codings if "code" in coding]


@function("htmlChecks")
def html_checks(frame: Frame, items: Collection) -> Collection:
    text = string(items)
    return [] if text is None else [fault_in(text) is None]


@function("checkModifiers", 1, 20)
def check_modifiers(frame: Frame, items: Collection, *urls: Collection) -> Collection:
    """An unknown modifier extension changes the meaning: stop."""
    accepted = {string(url) for url in urls}
    for node in step(items, "modifierExtension"):
        if node.value.get("url") not in accepted:
            raise execution(f"Unknown modifier extension {node.value.get('url')}")
    return items


@function("comparable", 1)
def comparable(frame: Frame, items: Collection, other: Collection) -> Collection:
    first, second = system(single(items)), system(single(other))
    if not isinstance(first, Quantity) or not isinstance(second, Quantity):
        return []
    return [first.compare(second) is not None]
