"""Citizen codes lead where the projection says: a person's own to itself, that of one merged away to the survivor.

Codes have transactions of their own, so this is done after the one that decided; what a stop leaves undone is found by
`hoso doctor` and done by the next decision about the person, or by `rebuild`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from hoso.access import PeopleRows
from hoso.core import Refused
from hoso.identity.code import Codes

PAGE = 500


def align(codes: Codes, people: PeopleRows, persons: Collection[int]) -> None:
    """Lets the codes of some persons lead where they should."""
    for code, direct, _ in _wanted(people, persons):
        _lead(codes, code, direct)


def misled(codes: Codes, people: PeopleRows, persons: Iterable[int]) -> Iterator[tuple[str, str, str]]:
    """(code, where it leads, where it should lead) of those of the persons whose code leads elsewhere."""
    rest = iter(persons)
    while some := list(islice(rest, PAGE)):
        for code, _, end in _wanted(people, some):
            leads = codes.resolve(code)
            if leads != end:
                yield code, leads, end


def _wanted(people: PeopleRows, persons: Collection[int]) -> list[tuple[str, str, str]]:
    """(code, the code it was merged into, the code it leads to in the end); "" for one that is its own person."""
    known = people.persons(persons)
    survivors = people.persons_of(known.keys())
    others = people.persons({*survivors.values(), *(p.merged for p in known.values() if p.merged is not None)})
    return [
        (person.code, others[person.merged].code if person.merged else "", others[survivors[rid]].code)
        if rid in survivors
        else (person.code, "", person.code)
        for rid, person in sorted(known.items())
    ]


def _lead(codes: Codes, code: str, to: str) -> None:
    """Makes a code an alias of another, or with "" one that stands for itself."""
    if not to:
        codes.part(code)
        return
    try:
        codes.alias(code, to)
    except Refused as refused:
        key = refused.issues[0].key
        if key not in ("code.alias-elsewhere", "code.alias-circle"):
            raise
        codes.part(to if key == "code.alias-circle" else code)
        codes.alias(code, to)
