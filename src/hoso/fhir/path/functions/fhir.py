"""What FHIR adds to FHIRPath: extension, hasValue, resolve, memberOf, conformsTo, htmlChecks and others."""

from __future__ import annotations

from typing import Any

from hoso.fhir.model import Element, TypeDef, load
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.shapes import Shape, shape
from hoso.fhir.path.values import Collection, Node, Service, resource_node, single, step, string, system
from hoso.fhir.rules.narrative import fault_in

_SERVICE = 1_000
"""Steps that a question to the terminology service costs."""


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
    item, url = single(items), string(profile)
    if item is None or url is None:
        return []
    if item.__class__ is not Node:
        return [False]
    frame.run.spend(1)
    found = frame.run.knowledge.conforms(_root(frame, item), item, url)
    if found is None:
        raise execution(f"Unknown profile {url}")
    return [found]


def _root(frame: Frame, item: Node) -> dict[str, Any]:
    """The resource that references in the item are looked up in."""
    value: dict[str, Any] = frame.run.root.value if frame.run.root is not None else item.value
    return value


@function("memberOf", 1)
def member_of(frame: Frame, items: Collection, value_set: Collection) -> Collection:
    """Of a set that is not known nothing is said."""
    item, url = single(items), string(value_set)
    if item is None or url is None:
        return []
    frame.run.spend(1)
    return _told([frame.run.knowledge.member(url, system_url or "", code) for system_url, code in _codes(item)])


@function("subsumes", 1, 3)
def subsumes(frame: Frame, items: Collection, first: Collection, *more: Collection) -> Collection:
    """Of a code, whether it is the other or above it; of %terminologies, how two codes of a system stand."""
    item = single(items)
    if item.__class__ is Service:
        return _asked(frame, "subsumes", first, *more)
    if more:
        raise execution("subsumes() of a code takes one code")
    return _above(frame, item, single(first))


@function("expand", 1)
def expand(frame: Frame, items: Collection, value_set: Collection) -> Collection:
    return _of_service(frame, items, "expand", value_set)


@function("lookup", 1)
def lookup(frame: Frame, items: Collection, coded: Collection) -> Collection:
    return _of_service(frame, items, "lookup", [""], coded)


@function("validateVS", 2)
def validate_in_set(frame: Frame, items: Collection, value_set: Collection, coded: Collection) -> Collection:
    return _of_service(frame, items, "validateVS", value_set, coded)


@function("validateCS", 2)
def validate_in_system(frame: Frame, items: Collection, system: Collection, coded: Collection) -> Collection:
    return _of_service(frame, items, "validateCS", system, coded)


@function("translate", 2)
def translate(frame: Frame, items: Collection, map: Collection, coded: Collection) -> Collection:
    return _of_service(frame, items, "translate", map, coded)


def _of_service(frame: Frame, items: Collection, operation: str, *arguments: Collection) -> Collection:
    item = single(items)
    if item is not None and item.__class__ is not Service:
        raise execution(f"{operation}() is asked of %terminologies")
    return [] if item is None else _asked(frame, operation, *arguments)


def _asked(frame: Frame, operation: str, named: Collection, *coded: Collection) -> Collection:
    """Nothing where the service has no answer."""
    frame.run.spend(_SERVICE)
    what, (one, other) = single(named), [*map(_pairs, coded), (), ()][:2]
    address = what.value if what.__class__ is Node else what
    if address is None or (coded and not one):
        return []
    answer = frame.run.knowledge.ask(operation, address, one, other)
    if isinstance(answer, dict):
        return [Node(answer, shape(answer["resourceType"]))]
    return [] if answer is None else [answer]


def _pairs(coded: Collection) -> list[tuple[str, str]]:
    item = single(coded)
    return [] if item is None else [(url or "", code) for url, code in _codes(item)]


@function("subsumedBy", 1)
def subsumed_by(frame: Frame, items: Collection, code: Collection) -> Collection:
    return _above(frame, single(code), single(items))


def _above(frame: Frame, one: Any, other: Any) -> Collection:
    """Whether a code of the one is a code of the other or stands above it; codes of different systems never do."""
    if one is None or other is None:
        return []
    frame.run.spend(1)
    ask = frame.run.knowledge.subsumes
    pairs = [(a, b) for a in _codes(one) for b in _codes(other) if a[0] == b[0]]
    return _told([a[1] == b[1] or (ask(a[0], a[1], b[1]) if a[0] else None) for a, b in pairs])


def _told(answers: list[bool | None]) -> Collection:
    if True in answers:
        return [True]
    return [] if None in answers else [False]


@function("slice", 2)
def slice_of(frame: Frame, items: Collection, structure: Collection, name: Collection) -> Collection:
    """Those of the elements that belong to a slice of a profile."""
    url, wanted = string(structure), string(name)
    if url is None or wanted is None:
        return []
    frame.run.spend(len(items))
    answers = [(item, _in_slice(frame, item, url, wanted)) for item in items]
    if any(answer is None for _, answer in answers):
        raise execution(f"Unknown slice {wanted} of {url}")
    return [item for item, answer in answers if answer]


def _in_slice(frame: Frame, item: Any, url: str, name: str) -> bool | None:
    if item.__class__ is not Node or getattr(item, "place", None) is None:
        return None
    return frame.run.knowledge.sliced(_root(frame, item), item, url, name)


@function("elementDefinition")
def element_definition(frame: Frame, items: Collection) -> Collection:
    """What R4 itself says of each element: path, counts, types, and the set of a required binding."""
    return [Node(tree, shape("ElementDefinition")) for item in items if (tree := _definition(item)) is not None]


def _definition(item: Any) -> dict[str, Any] | None:
    if item.__class__ is not Node:
        return None
    place = getattr(item, "place", None)
    if place is None or place.owner is None:
        name = item.shape.name
        return {"id": name, "path": name, "min": 0, "max": "*"} if item.shape.kind == "resource" else None
    defined = next((one for one in _elements(place.owner) if one.name == place.name), None)
    if defined is None:
        return None
    path = f"{place.owner.name}.{place.name}" + ("[x]" if defined.choice else "")
    found: dict[str, Any] = {
        "id": path,
        "path": path,
        "min": defined.min,
        "max": "*" if defined.max is None else str(defined.max),
        "type": [
            {"code": ref.code.partition(".")[0] if "." not in ref.code else "BackboneElement"} for ref in defined.types
        ],
    }
    if defined.codes is not None:
        url = defined.codes if defined.codes.startswith("http") else f"http://hl7.org/fhir/ValueSet/{defined.codes}"
        found["binding"] = {"strength": "required", "valueSet": url}
    return found


def _elements(owner: Shape) -> list[Element]:
    """Those of the type and of what it is made from."""
    definition: TypeDef | None = load().types[owner.name]
    found: list[Element] = []
    while definition is not None:
        found.extend(definition.elements)
        definition = load().types[definition.base] if definition.base else None
    return found


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
