"""FHIR resources as code systems, value sets and maps. Their concepts are read when they are first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from hoso.fhir.json import parse
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head, Value
from hoso.fhir.terminology.conceptmap import ConceptMap, Mapping, Scope
from hoso.fhir.terminology.library import Tree, ValueSet

EFFECTIVE = "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod"
TYPES = ("CodeSystem", "ValueSet", "ConceptMap")
_STARTS = ("from", "effectiveDate")
_ENDS = ("to", "deprecationDate")


def known(body: bytes, *, trusted: bool = True) -> CodeSystem | ValueSet | ConceptMap | None:
    """None for a resource without an address: nobody can ask for it by one."""
    return of_tree(parse(body), partial(parse, body), trusted=trusted)


def of_tree(
    tree: Tree, again: Callable[[], Tree], *, trusted: bool = True
) -> CodeSystem | ValueSet | ConceptMap | None:
    """The same; `again` gives the tree once more when its codes are asked for, which may be never."""
    if not tree.get("url"):
        return None
    head, type = replace(_head(tree), trusted=trusted), tree["resourceType"]
    if type == "CodeSystem":
        return CodeSystem(head, lambda: _concepts(again()))
    if type == "ConceptMap":
        scope = Scope(*(tree.get(f"{end}Canonical") or tree.get(f"{end}Uri") or "" for end in ("source", "target")))
        return ConceptMap(head, scope, lambda: _mappings(again()))
    return ValueSet(head, tree)


def _head(tree: Tree) -> Head:
    period: Tree = next(
        (one.get("valuePeriod", {}) for one in tree.get("extension", ()) if one["url"] == EFFECTIVE), {}
    )
    name = tree.get("title") or tree.get("name") or ""
    vietnamese = tree.get("language", "").startswith("vi")
    return Head(
        tree["url"], tree.get("version", ""), tree.get("id", ""),
        vi=name if vietnamese else "", en="" if vietnamese else name, content=tree.get("content", "complete"),
        start=period.get("start", "")[:10], end=period.get("end", "")[:10], value_set=tree.get("valueSet", ""),
        case_sensitive=tree.get("caseSensitive", True),
    )  # fmt: skip


def _concepts(tree: Tree) -> Iterator[Concept]:
    """A code stands under the one around it, and under those that its property `parent` or their `child` names."""
    vietnamese = tree.get("language", "").startswith("vi")
    found = []
    todo = [(one, "") for one in reversed(tree.get("concept", ()))]
    while todo:
        one, parent = todo.pop()
        if "code" not in one:
            continue
        found.append(_concept(one, parent, vietnamese))
        todo.extend((below, one["code"]) for below in reversed(one.get("concept", ())))
    over = defaultdict(list)
    for concept in found:
        for name, value in concept.properties:
            if name == "child":
                over[value].append(concept.code)
    whole = tree.get("content", "complete") == "complete"
    known = {concept.code for concept in found}
    for concept in found:
        named = [str(value) for name, value in concept.properties if name == "parent"] + over[concept.code]
        yield _under(concept, [code for code in named if whole or code in known]) if named else concept


def _under(concept: Concept, named: list[str]) -> Concept:
    first, *others = dict.fromkeys([*concept.parents, *named]) or [""]
    return structs.replace(concept, parent=first, others=tuple(others))


def _concept(one: Tree, parent: str, vietnamese: bool) -> Concept:
    names = {"vi": "", "en": ""}
    if "display" in one:
        names["vi" if vietnamese else "en"] = one["display"]
    words = []
    for said in one.get("designation", ()):
        language = said.get("language", "")[:2]
        if names.get(language) == "" and "use" not in said:
            names[language] = said.get("value", "")
        elif said.get("value") not in names.values():
            words.append(said.get("value", ""))
    properties = [(part["code"], _value(part)) for part in one.get("property", ()) if "code" in part]
    days = {name: str(value)[:10] for name, value in properties if name in (*_STARTS, *_ENDS)}
    start, end = (next((days[name] for name in some if name in days), "") for some in (_STARTS, _ENDS))
    kept = tuple((name, value) for name, value in properties if name not in days)
    return Concept(one["code"], names["vi"], names["en"], parent, start, end, tuple(words), kept)


def _value(part: dict[str, Any]) -> Value:
    for key, value in part.items():
        if key.startswith("value"):
            if isinstance(value, bool):
                return value
            return str(value.get("code", "")) if isinstance(value, dict) else str(value)
    return ""


def _mappings(tree: Tree) -> Iterator[Mapping]:
    for group in tree.get("group", ()):
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                yield Mapping(
                    group.get("source", ""), element.get("code", ""), group.get("target", ""),
                    target.get("code", ""), target.get("equivalence", "relatedto"), target.get("display", ""),
                    target.get("comment", ""),
                )  # fmt: skip
