"""From the pairs of a request to a `Query`: the one entrance of the search grammar.

What is not understood is refused with the parameter's name; only a caller who asked for it has it ignored, and is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hoso.core import Refused
from hoso.fhir.model import load
from hoso.fhir.search import filter
from hoso.fhir.search.conditions import UNKNOWN, Reader
from hoso.fhir.search.limits import MAX_LENGTH, MAX_PAIRS
from hoso.fhir.search.offered import NOTHING, Offered
from hoso.fhir.search.query import Compartment, Condition, Group, Match, Near, Query, SortKey
from hoso.fhir.search.result_params import INCLUDES, PASSED, SINGLE, Shape
from hoso.fhir.search.values import is_id, refuse

Pairs = list[tuple[str, str]]
FORGIVABLE = frozenset({UNKNOWN, "search.modifier", "search.sort", "search.named-query", "search.text-off"})


def parse(
    type: str | None,
    pairs: Pairs,
    *,
    lenient: bool = False,
    compartment: tuple[str, str] | None = None,
    base: str | None = None,
    added: Offered = NOTHING,
) -> Query:
    """`type` None searches the whole system (or the whole compartment). `base` is this server's own FHIR address.

    Raises Refused(400). `lenient` leaves out unknown parameters and modifiers and names them in `Query.ignored`.
    """
    _check_size(pairs)
    types = _types(type, pairs, compartment)
    reader = Reader(base, added)
    shape = Shape(types, reader)
    conditions: list[Condition] = [_compartment(types, compartment)] if compartment else []
    ran: Pairs = []
    ignored: list[str] = []
    for name, value in _once(pairs):
        try:
            _take(types, reader, shape, conditions, name, value, system=type is None)
            ran.append((name, value))
        except Refused as refused:
            if not lenient or refused.issues[0].key not in FORGIVABLE:
                raise
            ignored.append(name)
    shape.sort = tuple(_placed(key, conditions) for key in shape.sort)
    return _query(shape, conditions, ran, ignored, type is None and not _named(pairs))


def _placed(key: SortKey, conditions: list[Condition]) -> SortKey:
    """By distance is sorted from the place that is searched near, of which there must be one."""
    if key.kind != "near":
        return key
    places = [value for one in conditions if isinstance(one, Match) for value in one.values if isinstance(value, Near)]
    if len(places) != 1:
        raise refuse("search.near-sort", "_sort")
    return replace(key, near=places[0])


def _query(shape: Shape, conditions: list[Condition], ran: Pairs, ignored: list[str], all_types: bool) -> Query:
    return Query(
        types=shape.types,
        conditions=tuple(dict.fromkeys(conditions)),
        sort=shape.sort,
        count=shape.count,
        total=shape.total,
        summary=shape.summary,
        elements=shape.elements,
        includes=tuple(shape.includes),
        revincludes=tuple(shape.revincludes),
        ignored=tuple(ignored),
        self_pairs=tuple(ran),
        all_types=all_types,
    )


def _take(
    types: tuple[str, ...],
    reader: Reader,
    shape: Shape,
    conditions: list[Condition],
    name: str,
    value: str,
    *,
    system: bool,
) -> None:
    if not value:
        raise refuse("search.empty", name)
    base = name.partition(":")[0]
    if base in SINGLE or base in INCLUDES:
        shape.take(name, value)
    elif base == "_type":
        if not system:
            raise refuse("search.type-level", name, "not-supported")
    else:
        found = filter.read(reader, types, value) if name == filter.NAME else reader.condition(types, name, value)
        conditions.extend(found.conditions if isinstance(found, Group) and found.operator == "and" else [found])


def _once(pairs: Pairs) -> Iterable[tuple[str, str]]:
    """Pairs to run; a result parameter with one meaning may be given once."""
    seen: set[str] = set()
    for name, value in pairs:
        base = name.partition(":")[0]
        if base in PASSED:
            continue
        if base in SINGLE or base == "_type":
            if base in seen:
                raise refuse("search.twice", name)
            seen.add(base)
        yield name, value


def _check_size(pairs: Pairs) -> None:
    if len(pairs) > MAX_PAIRS:
        raise refuse("search.too-many-parameters", "", "too-costly", limit=str(MAX_PAIRS))
    if sum(len(name) + len(value) for name, value in pairs) > MAX_LENGTH:
        raise refuse("search.too-long", "", "too-costly", limit=str(MAX_LENGTH))
    for name, value in pairs:
        for text in (name, value):
            if "\0" in text or not _encodable(text):
                raise refuse("search.characters", "")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _named(pairs: Pairs) -> list[str]:
    return [part for name, value in pairs if name == "_type" for part in value.split(",")]


def _types(type: str | None, pairs: Pairs, compartment: tuple[str, str] | None) -> tuple[str, ...]:
    known = load().search_params
    if type is not None:
        if type not in known:
            raise refuse("search.unknown-type", "", type=type)
        return (type,)
    named = tuple(dict.fromkeys(_named(pairs)))
    for name in named:
        if name not in known:
            raise refuse("search.unknown-type", "_type", type=name)
    if named:
        return named
    if compartment:
        members = load().compartments.get(compartment[0], {})
        return tuple(t for t in load().resource_types if members.get(t) or t == compartment[0])
    return load().resource_types


def _compartment(types: tuple[str, ...], compartment: tuple[str, str]) -> Compartment:
    type, id = compartment
    members = load().compartments.get(type)
    if members is None or not is_id(id):
        raise refuse("search.compartment", "", "not-supported", type=type)
    for member in types:
        if not members.get(member) and member != type:
            raise refuse("search.not-in-compartment", "", "not-supported", type=member, compartment=type)
    return Compartment(type, id)
