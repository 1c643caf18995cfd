"""`_summary` and `_elements`: parts of a resource, marked SUBSETTED; numbers keep their digits."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from hoso.access import Version
from hoso.fhir.json import encode, exact
from hoso.fhir.model import TypeDef, load

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_ALWAYS = frozenset(("resourceType", "id", "meta"))

Tree = dict[str, Any]


def dresser(summary: str, elements: Collection[str]) -> Callable[[Version], bytes] | None:
    """What makes a stored text into the part asked for; None when the whole is."""
    if summary in ("true", "text", "data"):
        return lambda version: _marked(_SUMMARIES[summary](exact(version.body)))
    if elements:
        wanted = frozenset(name.rpartition(".")[2] for name in elements)
        return lambda version: _marked(_chosen(exact(version.body), wanted))
    return None


def _marked(tree: Tree) -> bytes:
    meta = dict(tree.get("meta") or {})
    meta["tag"] = [*meta.get("tag", []), SUBSETTED]
    marked: Tree = {}
    for name, value in tree.items():
        marked[name] = meta if name == "meta" else value
    marked.setdefault("meta", meta)
    return encode(marked)


def _chosen(tree: Tree, wanted: frozenset[str]) -> Tree:
    definition = load().types[tree["resourceType"]]
    return {name: value for name, value in tree.items() if _kept(definition, name, wanted)}


def _kept(definition: TypeDef, name: str, wanted: frozenset[str]) -> bool:
    plain = name.removeprefix("_")
    if plain in _ALWAYS or plain in wanted:
        return True
    found = definition.properties.get(plain)
    return found is not None and (found[0].name in wanted or found[0].min > 0 or found[0].modifier)


def _summary(tree: Tree) -> Tree:
    return _summarised(tree, load().types[tree["resourceType"]])


def _summarised(tree: Tree, definition: TypeDef) -> Tree:
    kept: Tree = {}
    for name, value in tree.items():
        plain = name.removeprefix("_")
        found = definition.properties.get(plain)
        if plain in _ALWAYS:
            kept[name] = value
        elif found is not None and (found[0].summary or found[0].min > 0 or found[0].modifier):
            kept[name] = _within(value, found[1].code)
    return kept


def _within(value: Any, type: str) -> Any:
    """Backbone elements have summary elements of their own; data types are given whole."""
    definition = load().types.get(type)
    if definition is None or definition.kind != "backbone":
        return value
    if isinstance(value, list):
        return [_summarised(one, definition) if isinstance(one, dict) else one for one in value]
    return _summarised(value, definition) if isinstance(value, dict) else value


def _text(tree: Tree) -> Tree:
    definition = load().types[tree["resourceType"]]
    return {name: value for name, value in tree.items() if _kept(definition, name, frozenset(("text",)))}


def _data(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if name != "text"}


_SUMMARIES: dict[str, Callable[[Tree], Tree]] = {"true": _summary, "text": _text, "data": _data}
