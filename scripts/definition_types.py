"""Turns StructureDefinition snapshots into the model's types: one per resource, data type and backbone element."""

from __future__ import annotations

from typing import Any

from definition_codes import CodeSets
from hoso.fhir.model import Element, Invariant, Kind, TypeDef, TypeRef

Resource = dict[str, Any]
PROFILE = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM = "http://hl7.org/fhirpath/System."
FHIR_TYPE = PROFILE + "structuredefinition-fhir-type"
KINDS: dict[str, Kind] = {"resource": "resource", "complex-type": "complex", "primitive-type": "primitive"}
BINDABLE = {"code", "Coding", "CodeableConcept", "uri", "string", "Quantity"}


def types(definitions: list[Resource], codes: CodeSets) -> dict[str, TypeDef]:
    found: dict[str, TypeDef] = {}
    for definition in definitions:
        if definition["resourceType"] != "StructureDefinition" or definition["kind"] not in KINDS:
            continue
        for made in _Snapshot(definition, codes).types():
            found[made.name] = made
    inherited = {i.key for name in ("Element", "Extension") for i in found[name].invariants}
    return {name: _own_rules(made, found, inherited) for name, made in found.items()}


def _own_rules(made: TypeDef, found: dict[str, TypeDef], inherited: set[str]) -> TypeDef:
    """An element repeats the rules of its type in the snapshot; the type applies them, so once is enough."""
    elements = []
    for element in made.elements:
        theirs = {i.key for ref in element.types if ref.code in found for i in found[ref.code].invariants} | inherited
        own = tuple(i for i in element.invariants if i.key not in theirs)
        elements.append(_replace(element, invariants=own))
    return _replace(made, elements=tuple(elements))


def _replace(struct: Any, **changes: Any) -> Any:
    return type(struct)(**{f: changes.get(f, getattr(struct, f)) for f in struct.__struct_fields__})


class _Snapshot:
    """One StructureDefinition, its element list grouped by parent path."""

    def __init__(self, definition: Resource, codes: CodeSets) -> None:
        self.definition, self.codes = definition, codes
        rows = definition["snapshot"]["element"]
        # Profiled types (SimpleQuantity) keep the paths of the type they constrain.
        self.root: str = rows[0]["path"]
        self.children: dict[str, list[Resource]] = {}
        self.row = {row["path"]: row for row in rows}
        for row in rows[1:]:
            self.children.setdefault(row["path"].rsplit(".", 1)[0], []).append(row)

    def types(self) -> list[TypeDef]:
        return [self._type(path) for path in (self.root, *(p for p in self.children if p != self.root))]

    def _type(self, path: str) -> TypeDef:
        definition, top = self.definition, path == self.root
        primitive = definition["kind"] == "primitive-type"
        rows = [] if primitive else self.children.get(path, [])
        return TypeDef(
            name=definition["name"] if top else path,
            kind=KINDS[definition["kind"]] if top else "backbone",
            base=definition.get("baseDefinition", "").removeprefix(PROFILE) or None if top else self._base(path),
            abstract=definition["abstract"] if top else False,
            elements=tuple(self._element(row) for row in rows),
            invariants=_invariants(self.row[path]),
        )

    def _base(self, path: str) -> str:
        return str(self.row[path]["type"][0]["code"])

    def _element(self, row: Resource) -> Element:
        name = row["path"].rsplit(".", 1)[1]
        refs = self._refs(row)
        if row["path"] == f"{self.root}.id" and self.definition["kind"] == "resource":
            refs = (TypeRef("id"),)  # the snapshot says string here; the R4 text says id
        return Element(
            name=name.removesuffix("[x]"),
            types=refs,
            min=row["min"],
            max=None if row["max"] == "*" else int(row["max"]),
            choice=name.endswith("[x]"),
            codes=self._codes(row, refs),
            summary=row.get("isSummary", False),
            modifier=row.get("isModifier", False),
            # A backbone's rules stand with its own type, so that a content reference to it keeps them.
            invariants=() if row["path"] in self.children or "contentReference" in row else _invariants(row),
        )

    def _refs(self, row: Resource) -> tuple[TypeRef, ...]:
        if "contentReference" in row:
            return (TypeRef(row["contentReference"].removeprefix("#")),)
        if row["path"] in self.children:
            return (TypeRef(row["path"]),)
        return tuple(TypeRef(_code(t), tuple(sorted(_targets(t))), _profile(t)) for t in row["type"])

    def _codes(self, row: Resource, refs: tuple[TypeRef, ...]) -> str | None:
        binding = row.get("binding", {})
        if binding.get("strength") != "required" or "valueSet" not in binding:
            return None
        if not any(ref.code in BINDABLE for ref in refs):
            return None
        return self.codes.closed(binding["valueSet"])


def _code(ref: Resource) -> str:
    for extension in ref.get("extension", []):
        if extension["url"] == FHIR_TYPE:
            return str(extension.get("valueUrl", extension.get("valueUri")))
    return str(ref["code"].removeprefix(SYSTEM).replace("String", "string"))


def _profile(ref: Resource) -> str | None:
    """Quantity is narrowed in places to SimpleQuantity or MoneyQuantity; its property name stays."""
    return str(ref["profile"][0].removeprefix(PROFILE)) if ref["code"] == "Quantity" and "profile" in ref else None


def _targets(ref: Resource) -> set[str]:
    found = {p.removeprefix(PROFILE) for p in ref.get("targetProfile", [])}
    return set() if "Resource" in found else found


def _invariants(row: Resource) -> tuple[Invariant, ...]:
    return tuple(
        Invariant(c["key"], c["expression"], c["severity"]) for c in row.get("constraint", []) if c.get("expression")
    )
