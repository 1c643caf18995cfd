"""A plain parameter with its modifier and values → the condition; which modifiers a kind takes stands here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from hoso.core import Refused, fold
from hoso.fhir.added import is_added, written
from hoso.fhir.model import SearchParam, load
from hoso.fhir.search import coded, values
from hoso.fhir.search.limits import MAX_VALUES
from hoso.fhir.search.query import (
    Condition,
    Ids,
    InList,
    Kind,
    Local,
    Match,
    Missing,
    Parts,
    Text,
    Token,
    Updated,
    Value,
)
from hoso.fhir.search.targets import joined, targets
from hoso.fhir.search.values import refuse

MODIFIERS: Mapping[str, frozenset[str]] = {
    "token": frozenset({"not", "text", "of-type", *coded.MODIFIERS}),
    "string": frozenset({"exact", "contains"}),
    "uri": frozenset({"above", "below"}),
    "reference": frozenset({"identifier"}),
    "date": frozenset(),
    "number": frozenset(),
    "quantity": frozenset(),
    "composite": frozenset(),
}
"""Besides `:missing`, which every parameter takes, and `:Type` of references."""

_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]+\Z")


def leaf(
    types: tuple[str, ...],
    param: SearchParam,
    modifier: str | None,
    value: str,
    name: str,
    base: str | None,
) -> Condition:
    if modifier == "missing" and param.code != "_list":
        if value not in ("true", "false"):
            raise refuse("search.missing", name, value=value)
        return Missing(param.code, value == "true")
    parts = values.split(value, ",")
    if len(parts) > MAX_VALUES:
        raise refuse("search.too-many-values", name, "too-costly", limit=str(MAX_VALUES))
    if "" in parts:
        raise refuse("search.empty", name)
    if param.code in ("_id", "_list"):
        return _by_id(param.code, modifier, parts, name)
    if param.code == "_lastUpdated":
        _check_modifier(param, modifier, name)
        return Updated(tuple(values.date(part, name) for part in parts))
    return _match(types, param, modifier, parts, name, base)


def _by_id(code: str, modifier: str | None, parts: list[str], name: str) -> Condition:
    if modifier and (code, modifier) != ("_id", "not"):
        raise _bad_modifier(code, modifier, name)
    ids = tuple(dict.fromkeys(values.unescape(part, name) for part in parts))
    if code == "_id":
        return Ids(ids, modifier == "not")
    if any(id.startswith("$") for id in ids):
        raise refuse("search.functional-list", name, "not-supported", value=", ".join(ids), lists="–")
    return InList(tuple(id.removeprefix("List/") for id in ids))


def _match(
    types: tuple[str, ...],
    param: SearchParam,
    modifier: str | None,
    parts: list[str],
    name: str,
    base: str | None,
) -> Match:
    if param.code == "near":
        _check_modifier(param, modifier, name)
        return Match(param.code, "near", _distinct(values.near(part, name) for part in parts))
    kind = cast("Kind", param.type)
    allowed = joined(types, param) if kind == "reference" else ()
    if kind == "reference" and modifier and _TYPE_NAME.match(modifier):
        if modifier not in allowed:
            raise refuse("search.reference-type", name, value=modifier, types=", ".join(allowed[:12]))
        return Match(param.code, kind, _distinct(_typed(part, name, modifier) for part in parts))
    _check_modifier(param, modifier, name)
    if kind == "composite":
        return Match(param.code, kind, _distinct(_composite(part, name, types[0], param, base) for part in parts))
    if kind == "reference" and modifier is None:
        return Match(param.code, kind, _distinct(values.reference(p, name, allowed, base) for p in parts))
    if kind == "token" and modifier in ("in", "not-in"):
        return Match(param.code, kind, _distinct(values.value_set(p, name, base) for p in parts), modifier)
    read = _MODIFIED.get((kind, modifier)) or _READERS[kind]
    found = _distinct(read(part, name) for part in parts)
    if kind == "uri" and modifier in ("below", "above"):
        _check_hierarchy(found, name)
    return Match(param.code, kind, found, modifier)


def _distinct(found: object) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(cast("tuple[Value, ...]", found)))


def _check_modifier(param: SearchParam, modifier: str | None, name: str) -> None:
    texts = modifier in ("text", "of-type", "identifier") and is_added(param.code)
    if modifier is not None and (texts or modifier not in MODIFIERS.get(param.type, frozenset())):
        raise _bad_modifier(param.code, modifier, name)


def _bad_modifier(code: str, modifier: str, name: str) -> Refused:
    return refuse("search.modifier", name, "not-supported", modifier=modifier, name=written(code))


def _typed(text: str, name: str, type: str) -> Local:
    id = values.unescape(text, name).removeprefix(type + "/")
    if not values.is_id(id):
        raise refuse("search.reference", name, value=text)
    return Local((type,), id)


def _folded(text: str, name: str) -> Text:
    plain = values.unescape(text, name)
    if not fold(plain):
        raise refuse("search.empty", name)
    return Text(plain)


def _exact(text: str, name: str) -> Text:
    return Text(values.unescape(text, name))


def _composite(text: str, name: str, type: str, param: SearchParam, base: str | None) -> Parts:
    parts = values.split(text, "$")
    if len(parts) != len(param.components):
        raise refuse("search.composite", name, count=str(len(param.components)))
    found: list[tuple[Kind, Value]] = []
    for part, (code, _) in zip(parts, param.components, strict=True):
        kind = component_kind(type, code)
        if kind == "reference":
            found.append((kind, values.reference(part, name, targets(type, code), base)))
        else:
            found.append((kind, _READERS[kind](part, name)))
    if isinstance(found[0][1], Token) and not found[0][1].code:
        raise refuse("search.composite-code", name)
    return Parts(tuple(found))


def component_kind(type: str, code: str) -> Kind:
    return cast("Kind", load().search_params[type][code].type)


def _check_hierarchy(found: tuple[Value, ...], name: str) -> None:
    """`:above` and `:below` are about URLs; a URN has no path to walk."""
    for value in found:
        if "://" not in getattr(value, "text", ""):
            raise refuse("search.no-url", name, value=getattr(value, "text", ""))


_READERS: Mapping[str, Callable[[str, str], Value]] = {
    "token": values.token,
    "string": _folded,
    "date": values.date,
    "number": values.number,
    "quantity": values.quantity,
    "uri": values.uri,
}
_MODIFIED: Mapping[tuple[str, str | None], Callable[[str, str], Value]] = {
    ("token", "text"): _folded,
    ("token", "above"): values.full_token,
    ("token", "below"): values.full_token,
    ("token", "of-type"): values.of_type,
    ("reference", "identifier"): values.token,
    ("string", "exact"): _exact,
}
