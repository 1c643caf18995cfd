"""Words for what is wrong with an object or a primitive, out of the way of the rules that find most things right."""

from __future__ import annotations

from typing import Any

from hoso.fhir.model import TypeDef
from hoso.fhir.rules.faults import ALIGN, LIMIT, Faults, one, shown, under
from hoso.fhir.rules.siblings import aligned


def not_primitive(value: Any, name: str) -> Faults:
    if value is None:
        return one("structure", "validate.null")
    if type(value) is list:
        return one("structure", "validate.not-repeating")
    if value == "":
        return one("value", "validate.empty-text")
    return one("value", f"validate.primitive.{name}", value=shown(value))


def not_object(value: Any) -> Faults:
    if type(value) is list:
        return one("structure", "validate.not-repeating")
    return one("structure", "validate.null" if value is None else "validate.not-an-object", value=shown(value))


class Report:
    """Gathers the faults of one object; `found` is what there was before."""

    def __init__(self, definition: TypeDef) -> None:
        self.name = definition.name
        self.steps = {
            key: f"{e.name}.ofType({ref.code})" if e.choice else key
            for e in definition.elements
            for key, ref in e.spellings()
        }

    def unknown(self, found: Faults | None, key: str) -> Faults:
        return self._add(found, one("structure", "validate.unknown-element", name=shown(key), type=self.name))

    def missing(self, found: Faults | None, name: str) -> Faults:
        return self._add(found, one("required", "validate.required", name=name, type=self.name))

    def choice(self, found: Faults | None, present: frozenset[str], name: str, low: int) -> Faults | None:
        kinds = sorted({key.lstrip("_") for key in present})
        if len(kinds) > 1:
            return self._add(found, one("structure", "validate.choice", name=name, found=", ".join(kinds)))
        return self.missing(found, name + "[x]") if low and not kinds else found

    def inside(self, found: Faults | None, node: dict[str, Any], key: str, faults: Faults) -> Faults | None:
        plain = key.removeprefix("_")
        if faults is ALIGN:
            if key == plain and "_" + key in node:
                return found  # compared once, at the sibling
            faults = aligned(node.get(plain), node.get("_" + plain))
        return self._add(found, under("." + self.steps.get(plain, plain), faults)) if faults else found

    @staticmethod
    def _add(found: Faults | None, faults: Faults) -> Faults:
        return faults if found is None else (found + faults)[: LIMIT + 1]
