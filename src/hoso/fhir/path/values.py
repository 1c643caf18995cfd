"""What a collection holds: FHIR elements as `Node`, System values as plain Python (bool, int, Decimal, str, …).

A primitive element turns into its System value only where an operator or function needs one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hoso.fhir.path.errors import PathError, execution
from hoso.fhir.path.quantity import Quantity
from hoso.fhir.path.shapes import Field, Shape, known, shape
from hoso.fhir.path.temporal import Temporal

UCUM = "http://unitsofmeasure.org"
MAX_EXPONENT = 400


class Node:
    """A FHIR element or resource: its JSON, its type, and for a primitive the JSON of `_field`.

    `place` is only set by a path that was compiled to tell places.
    """

    __slots__ = ("extra", "place", "shape", "value")
    place: Place

    def __init__(self, value: Any, shape: Shape, extra: Any = None) -> None:
        self.value = value
        self.shape = shape
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: `holder[key]`, or `holder[key][index]`; `name` is the element's of the type `owner`."""

    holder: dict[str, Any]
    key: str
    index: int | None
    owner: Shape | None = None
    name: str = ""


class Long(int):
    """A whole number of System type Long; elsewhere it works as any."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What type() gives."""

    namespace: str
    name: str


class Service(str):
    """What %terminologies stands for: something to ask, written as its name."""

    __slots__ = ()


Item = Any
Collection = list[Any]


def resource_node(value: dict[str, Any]) -> Node | None:
    """None when the JSON does not name a type of R4."""
    name = value.get("resourceType")
    return Node(value, shape(name)) if isinstance(name, str) and known(name) else None


def step(items: Collection, name: str) -> Collection:
    """All children of that name, in order."""
    found: Collection = []
    for item in items:
        if item.__class__ is Node:
            fields = item.shape.fields.get(name)
            if fields is not None:
                _children(item, fields, found)
        elif isinstance(item, Quantity | TypeInfo) and name in ("value", "unit", "namespace", "name"):
            part = getattr(item, name, None)
            if part is not None:
                found.append(part)
    return found


def _children(item: Node, fields: Any, found: Collection) -> None:
    holder = item.extra if item.shape.primitive else item.value
    if holder.__class__ is not dict:
        return
    for key, twin, kind in fields:
        value = holder.get(key)
        extra = holder.get(twin) if twin is not None else None
        if value is None and extra is None:
            continue
        if value.__class__ is list or extra.__class__ is list:
            _repeated(value or (), extra or (), kind, found)
        else:
            _one(value, extra, kind, found)


def _repeated(values: Any, extras: Any, kind: Shape | None, found: Collection) -> None:
    for n in range(max(len(values), len(extras))):
        value = values[n] if n < len(values) else None
        extra = extras[n] if n < len(extras) else None
        if value is not None or extra is not None:
            _one(value, extra, kind, found)


def _one(value: Any, extra: Any, kind: Shape | None, found: Collection) -> None:
    if kind is not None:
        found.append(Node(value, kind, extra))
    elif value.__class__ is dict:
        node = resource_node(value)
        if node is not None:
            found.append(node)


def step_placed(items: Collection, name: str) -> Collection:
    """As `step`, each element with its place."""
    found: Collection = []
    for item in items:
        if item.__class__ is not Node:
            continue
        holder = item.extra if item.shape.primitive else item.value
        for field in item.shape.fields.get(name, ()) if holder.__class__ is dict else ():
            start = len(found)
            _children(item, (field,), found)
            for node, index in zip(found[start:], _indexes(holder, field), strict=True):
                node.place = Place(holder, field.key, index, item.shape, name)
    return found


def _indexes(holder: dict[str, Any], field: Field) -> list[int | None]:
    value, extra = holder.get(field.key), holder.get(field.twin) if field.twin is not None else None
    if value.__class__ is not list and extra.__class__ is not list:
        return [None] if value is not None or extra is not None else []
    values, extras = value or (), extra or ()
    length = max(len(values), len(extras))
    return [n for n in range(length) if any(n < len(some) and some[n] is not None for some in (values, extras))]


def children(item: Item) -> Collection:
    if item.__class__ is not Node:
        return []
    found: Collection = []
    for fields in item.shape.fields.values():
        _children(item, fields, found)
    return found


def system(item: Item) -> Any:
    """The System value of an item; None for an element without a value; a complex element stays itself."""
    if item.__class__ is not Node:
        return item
    kind = item.shape.system
    if kind is None or item.value is None:
        return item if kind is None else None
    try:
        return _CONVERT[kind](item.value)
    except (ValueError, TypeError, ArithmeticError) as fault:  # of a resource that nobody has validated
        raise execution(f"A value is no {item.shape.name}") from fault


def _decimal(value: Any) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise PathError("limit", "A number is too large or too small to reckon with")
    return number


def _quantity(value: Any) -> Quantity | None:
    number = value.get("value")
    if number is None or value.get("comparator") is not None:
        return None
    unit = value.get("code") if value.get("system") == UCUM else value.get("unit") or value.get("code")
    return Quantity(_decimal(number), unit or "1")


_CONVERT: dict[str, Any] = {
    "String": str,
    "Boolean": bool,
    "Integer": int,
    "Decimal": _decimal,
    "Date": lambda text: Temporal.parse("Date", text) or text,
    "DateTime": lambda text: Temporal.parse("DateTime", text) or text,
    "Time": lambda text: Temporal.parse("Time", text) or text,
    "Quantity": _quantity,
}


def type_info(item: Item) -> TypeInfo:
    if item.__class__ is Node:
        return TypeInfo("FHIR", item.shape.public_name)
    if isinstance(item, bool):
        return TypeInfo("System", "Boolean")
    if isinstance(item, int):
        return TypeInfo("System", "Long" if item.__class__ is Long else "Integer")
    if isinstance(item, Temporal):
        return TypeInfo("System", item.kind)
    names = {Decimal: "Decimal", str: "String", Quantity: "Quantity", TypeInfo: "ClassInfo",
             Service: "TerminologyService"}  # fmt: skip
    return TypeInfo("System", names[type(item)])


def single(items: Collection, position: int = 0) -> Item | None:
    """The only item, None for an empty collection; more than one is an error."""
    if not items:
        return None
    if len(items) > 1:
        raise execution(f"One value is expected here, {len(items)} were found", position)
    return items[0]


def boolean(items: Collection, position: int = 0) -> bool | None:
    """Three-valued truth; a single value that is no boolean counts as true."""
    item = single(items, position)
    if item is None:
        return None
    value = system(item)
    return value if isinstance(value, bool) else True


def string(items: Collection, position: int = 0) -> str | None:
    value = system(single(items, position))
    if value is None or isinstance(value, str):
        return value
    raise execution("A string is expected here", position)


def integer(items: Collection, position: int = 0) -> int | None:
    value = system(single(items, position))
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise execution("An integer is expected here", position)
