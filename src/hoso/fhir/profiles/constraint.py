"""The tree of what a profile asks for: one node per element or slice, the differential laid over its base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from hoso.fhir.model import load
from hoso.fhir.profiles.ranges import Bound, bounds

Strength = Literal["required", "extensible", "preferred", "example"]
Tree = dict[str, Any]
_WIDEST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_R4_OWN = frozenset({"ele-1", "ext-1", *(f"dom-{n}" for n in range(1, 7))})
"""Rules of R4 itself that snapshots repeat at every element."""


class Discriminator(NamedTuple):
    kind: str
    path: str


class Slicing(NamedTuple):
    discriminators: tuple[Discriminator, ...]
    rules: str
    ordered: bool


class Allowed(NamedTuple):
    """One allowed type. `profiles` of a Reference stand in `targets`."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Where what a Reference points to may be: contained, bundled, referenced; () for anywhere."""
    versioning: str = "either"


class Condition(NamedTuple):
    key: str
    expression: str
    severity: str
    human: str


@dataclass(slots=True)
class Constraint:
    name: str
    min: int | None = None
    max: int | None = None
    """None: not narrowed."""
    types: tuple[Allowed, ...] = ()
    fixed: Any = None
    pattern: Any = None
    binding: tuple[Strength, str] | None = None
    widest: str = ""
    """The set beyond which no code is allowed, where the binding itself is no required one."""
    conditions: dict[str, Condition] = field(default_factory=dict)
    must_support: bool = False
    longest: int | None = None
    limits: tuple[Bound, ...] = ()
    slicing: Slicing | None = None
    slices: dict[str, Constraint] = field(default_factory=dict)
    children: dict[str, Constraint] = field(default_factory=dict)

    def narrow(self, element: Tree) -> None:
        """Takes over what the element definition says; what it leaves out stays as it was."""
        if "min" in element:
            self.min = int(element["min"])
        if element.get("max", "*") != "*":
            self.max = int(element["max"])
        if "type" in element:
            self.types = tuple(_allowed(one) for one in element["type"])
        for key, value in element.items():
            if key.startswith("fixed"):
                self.fixed = value
            elif key.startswith("pattern"):
                self.pattern = value
        if "valueSet" in element.get("binding", {}):
            self.binding = (element["binding"].get("strength", "example"), element["binding"]["valueSet"])
            self.widest = next(
                (
                    str(one.get("valueCanonical") or one.get("valueUri") or "")
                    for one in element["binding"].get("extension", ())
                    if one["url"] == _WIDEST
                ),
                "",
            )
        for rule in element.get("constraint", ()):
            if rule.get("expression") and rule["key"] not in _R4_OWN:
                severity = rule.get("severity", "error")
                self.conditions[rule["key"]] = Condition(
                    rule["key"], rule["expression"], severity, rule.get("human", "")
                )
        self.must_support = bool(element.get("mustSupport", self.must_support))
        self.longest = element.get("maxLength", self.longest)
        fresh = bounds(element)
        self.limits = (*(one for one in self.limits if one.low not in {each.low for each in fresh}), *fresh)
        if "slicing" in element:
            self.slicing = _slicing(element["slicing"])


def _allowed(one: Tree) -> Allowed:
    code = one["code"]
    if code.startswith("http://hl7.org/fhirpath/System."):
        code = code.rsplit(".", 1)[1].lower()
    return Allowed(
        code,
        tuple(one.get("profile", ())),
        tuple(one.get("targetProfile", ())),
        tuple(one.get("aggregation", ())),
        str(one.get("versioning", "either")),
    )


def _slicing(one: Tree) -> Slicing:
    found = tuple(Discriminator(each["type"], each["path"]) for each in one.get("discriminator", ()))
    return Slicing(found, one.get("rules", "open"), bool(one.get("ordered", False)))


def lay(root: Constraint, type: str, elements: Iterable[Tree]) -> None:
    """Lays element definitions over the tree. Raises KeyError or ValueError for what is no element definition."""
    for element, id in _named(elements):
        node = root
        at: str | None = type
        for part in id.split(".")[1:]:
            node, at = _step(node, at, part)
        node.narrow(element)


def _step(node: Constraint, type: str | None, part: str) -> tuple[Constraint, str | None]:
    """`part` is "name", "name:slice", "value[x]:valueQuantity", or the short "valueQuantity"."""
    name, _, slice = part.partition(":")
    name = name.removesuffix("[x]")
    definition = load().types.get(type) if type else None
    if definition is not None and name not in definition.by_name and name in definition.properties:
        name, slice = definition.properties[name][0].name, name
    node = node.children.setdefault(name, Constraint(name))
    element = definition.by_name.get(name) if definition else None
    below = element.types[0].code if element and not element.choice else None
    if slice and element is not None and element.choice:
        below = next((ref.code for key, ref in element.spellings() if key == slice), None)
    steps = slice.split("/") if slice else []
    for count in range(1, len(steps) + 1):
        known = "/".join(steps[:count])
        node = node.slices.setdefault(known, Constraint(name))
    if slice and below and element is not None and element.choice and not node.types:
        node.types = (Allowed(below),)
    if below is None and len(node.types) == 1:
        below = node.types[0].code
    return node, below


def _named(elements: Iterable[Tree]) -> Iterator[tuple[Tree, str]]:
    """Each with its id; one that has none gets it from the path and the slices opened before."""
    slices: dict[str, str] = {}
    for element in elements:
        path = str(element["path"])
        if "sliceName" in element:
            slices = {place: name for place, name in slices.items() if not place.startswith(path + ".")}
            slices[path] = str(element["sliceName"])
        elif path in slices:
            del slices[path]
        yield element, str(element.get("id") or _id(path, slices))


def _id(path: str, slices: dict[str, str]) -> str:
    parts = path.split(".")
    places = [".".join(parts[: count + 1]) for count in range(len(parts))]
    return ".".join(
        f"{part}:{slices[place]}" if place in slices else part for part, place in zip(parts, places, strict=True)
    )
