"""Code systems, value sets and maps as the FHIR resources they are."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.terminology.conceptmap import ConceptMap
from hoso.fhir.terminology.expansion import designations
from hoso.fhir.terminology.library import Tree, ValueSet


def resource(what: CodeSystem | ValueSet | ConceptMap) -> Tree:
    if isinstance(what, CodeSystem):
        return _code_system(what)
    return _value_set(what) if isinstance(what, ValueSet) else _concept_map(what)


def _head(type: str, head: Head) -> Tree:
    found: Tree = {"resourceType": type, "id": head.id, "url": head.url, "version": head.version, "title": head.en}
    if head.vi:
        found["name"] = "".join(part.capitalize() for part in head.id.replace(".", "-").split("-"))
        found["_title"] = _translated(head.vi)
    found |= {"status": "active", "copyright": head.copyright}
    return {key: value for key, value in found.items() if value}


def _translated(text: str) -> Tree:
    parts = [{"url": "lang", "valueCode": "vi"}, {"url": "content", "valueString": text}]
    return {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": parts}]}


def _code_system(system: CodeSystem) -> Tree:
    head = system.head
    found = _head("CodeSystem", head)
    if head.value_set:
        found["valueSet"] = head.value_set
    found |= {"caseSensitive": head.case_sensitive, "content": head.content}
    if head.content == "not-present":
        return found
    found["count"] = len(system.concepts)
    kinds = {name: type(value) for one in system.concepts.values() for name, value in _properties(one)}
    if kinds:
        found["property"] = [
            {"code": name, "type": "boolean" if kind is bool else "string"} for name, kind in sorted(kinds.items())
        ]
    found["concept"] = [_concept(system, one) for one in system.concepts.values() if not one.parent]
    return found


def _properties(concept: Concept) -> list[tuple[str, str | bool]]:
    days = [(name, day) for name, day in (("from", concept.start), ("to", concept.end)) if day]
    return [*concept.properties, *days]


def _concept(system: CodeSystem, concept: Concept) -> Tree:
    found: Tree = {"code": concept.code}
    if concept.en or concept.vi:
        found["display"] = concept.en or concept.vi
    if named := designations(concept):
        found["designation"] = named
    if properties := _properties(concept):
        found["property"] = [property(name, value) for name, value in properties]
    if below := system.children(concept.code):
        found["concept"] = [_concept(system, one) for one in below]
    return found


def property(name: str, value: str | bool) -> Tree:
    return {"code": name, ("valueBoolean" if isinstance(value, bool) else "valueString"): value}


def _value_set(value_set: ValueSet) -> Tree:
    return _head("ValueSet", value_set.head) | {"compose": value_set.tree["compose"]}


def _concept_map(map: ConceptMap) -> Tree:
    found = _head("ConceptMap", map.head)
    for name, url in (("sourceCanonical", map.scope.source), ("targetCanonical", map.scope.target)):
        if url:
            found[name] = url
    groups: dict[tuple[str, str], list[Any]] = {}
    for mappings in map.forward.values():
        for (source, target), some in groupby(mappings, key=lambda one: (one.source_system, one.target_system)):
            to = [
                {
                    key: text
                    for key, text in (
                        ("code", one.target),
                        ("display", one.display),
                        ("equivalence", one.equivalence),
                        ("comment", one.comment),
                    )
                    if text
                }
                for one in some
            ]
            groups.setdefault((source, target), []).append({"code": mappings[0].source, "target": to})
    found["group"] = [{"source": source, "target": target, "element": e} for (source, target), e in groups.items()]
    return found
