"""What an operation is told: Parameters in the body or plain ones in the query, held against what it knows.

Nothing is guessed and nothing is dropped: an unknown name, a wrong type or a value too many is refused with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hoso.api.message import Request
from hoso.api.negotiate import check_content
from hoso.core.errors import Refused
from hoso.fhir.json import parse
from hoso.fhir.validate import validate

Kind = Literal[
    "resource", "boolean", "integer", "string", "uri", "instant",
    "Identifier", "Reference", "Meta", "Coding", "CodeableConcept",
]  # fmt: skip
MANY = 10_000

_ASKED = 80
"""Characters of a faulty value that an answer repeats."""


@dataclass(frozen=True, slots=True)
class Form:
    """What one parameter may be, and how often."""

    kind: Kind
    max: int = 1


@dataclass(slots=True)
class Given:
    """The values by name, in the order they came; `places` says where in the Parameters each one stands."""

    values: dict[str, list[Any]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def one(self, name: str) -> Any | None:
        return next(iter(self.values.get(name, ())), None)

    def all(self, name: str) -> list[Any]:
        return self.values.get(name, [])

    def place(self, name: str) -> str | None:
        return next(iter(self.places.get(name, ())), None)

    def _add(self, name: str, value: Any, form: Form, place: str) -> None:
        values = self.values.setdefault(name, [])
        if len(values) >= form.max:
            raise Refused.because(400, "value", "rest.repeated", place or None, name=name)
        values.append(value)
        self.places.setdefault(name, []).append(place)


def given(request: Request, forms: Mapping[str, Form], *, bare: str = "") -> Given:
    """Reads the parameters of an operation. `bare` names the one that may be the body itself."""
    found = Given()
    for name, text in request.pairs():
        form = forms.get(name)
        if form is not None and form.kind in _PLAIN:
            found._add(name, _PLAIN[form.kind](name, text), form, "")
        elif not request.lenient:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:_ASKED])
    if request.body:
        check_content(request)
        _read_body(request, forms, bare, found)
    return found


def required(found: Given, name: str) -> Any:
    value = found.one(name)
    if value is None:
        raise Refused.because(400, "required", "identity.no-parameter", "Parameters.parameter", name=name)
    return value


def _read_body(request: Request, forms: Mapping[str, Form], bare: str, found: Given) -> None:
    tree = parse(request.body)
    if tree["resourceType"] != "Parameters":
        if not bare:
            raise Refused.because(400, "invalid", "rest.wrong-type", "resourceType", type="Parameters")
        _check(tree)
        found._add(bare, tree, forms[bare], str(tree["resourceType"]))
        return
    _check(tree)
    for number, part in enumerate(tree.get("parameter", ())):
        place, name = f"Parameters.parameter[{number}]", part["name"]
        form = forms.get(name)
        if form is not None:
            found._add(name, _value(part, name, form, place), form, place)
        elif not request.lenient:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", place, name=name[:_ASKED])


def _check(tree: dict[str, Any]) -> None:
    issues = validate(tree)
    if any(issue.severity in ("error", "fatal") for issue in issues):
        raise Refused(422, *issues)


def _value(part: Mapping[str, Any], name: str, form: Form, place: str) -> Any:
    for element in _ELEMENTS[form.kind]:
        if element in part:
            return part[element]
    raise Refused.because(400, "value", "identity.parameter-kind", place, name=name, kind=form.kind)


_ELEMENTS: Mapping[Kind, tuple[str, ...]] = {
    "resource": ("resource",),
    "boolean": ("valueBoolean",),
    "integer": ("valueInteger", "valuePositiveInt", "valueUnsignedInt"),
    "string": ("valueString", "valueCode", "valueId"),
    "uri": ("valueUri", "valueUrl", "valueCanonical"),
    "instant": ("valueInstant", "valueDateTime", "valueDate"),
    "Identifier": ("valueIdentifier",),
    "Reference": ("valueReference",),
    "Meta": ("valueMeta",),
    "Coding": ("valueCoding",),
    "CodeableConcept": ("valueCodeableConcept",),
}
"""Where the value of each kind stands; a near relation of the type is as good."""


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise Refused.because(400, "value", "identity.parameter-kind", name=name, kind="boolean")
    return text == "true"


def _integer(name: str, text: str) -> int:
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 10:
        raise Refused.because(400, "value", "identity.parameter-kind", name=name, kind="integer")
    return int(text)


def _token(name: str, text: str) -> dict[str, str]:
    system, bar, value = text.partition("|")
    if not bar:
        raise Refused.because(400, "value", "identity.parameter-token", name=name)
    return {key: part for key, part in (("system", system), ("value", value)) if part}


def _reference(name: str, text: str) -> dict[str, str]:
    return {"reference": text}


def _text(name: str, text: str) -> str:
    return text


_PLAIN: Mapping[Kind, Callable[[str, str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "string": _text,
    "uri": _text,
    "instant": _text,
    "Identifier": _token,
    "Reference": _reference,
}
"""How a value reads in a query; a resource cannot stand there."""
