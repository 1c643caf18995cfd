"""Which labels a resource says: by the codes it carries anywhere, by its type, and by hand in `meta.security`.

Nearly no record carries any of the codes, so the text is looked over for one first, and only then is the tree walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from hoso.fhir.labels.names import bits, labels, system, table

BROAD = ("icd10", "atc")
"""Kinds of systems in which a code stands for all below it; the first three letters are never less than a code."""

_CODE = re.compile(rb'"code"\s*:\s*"([^"]*)"')
_HIDDEN = re.compile(rb"\\u00[2-7]")
"""A plain letter written as an escape: nobody writes codes like that by accident."""


class Said(NamedTuple):
    """Masks: what the content says, what somebody wrote into `meta.security`, and what a server wrote there.

    The last is no news of a record that has these labels: it is what was read, sent back.
    """

    content: int
    hand: int
    echo: int = 0


NOTHING = Said(0, 0)


def said(body: bytes, resource: dict[str, Any]) -> Said:
    """Of a valid resource and the text it was read from."""
    return walked(resource) if may_say(body, resource.get("resourceType", "")) else NOTHING


def may_say(body: bytes, type: str) -> bool:
    """Whether a text is worth reading; of nearly all it is known at a glance that they say nothing."""
    if type in _types():
        return True
    for code in _CODE.findall(body):
        if _wants(code):
            return True
    return b"\\u00" in body and _HIDDEN.search(body) is not None


@lru_cache(65_536)
def _wants(code: bytes) -> bool:
    whole, starts = _wanted()
    return code in whole or code[:3].upper() in starts


def walked(resource: dict[str, Any]) -> Said:
    """The same without a look at the text."""
    type = resource.get("resourceType", "")
    content, hand, echo = _types().get(type, 0), 0, 0
    meta = resource.get("meta")
    security = meta.get("security", ()) if isinstance(meta, dict) else ()
    for one in security:
        if isinstance(one, dict):
            if one.get("userSelected") is False:
                echo |= given(one.get("system"), one.get("code"))
            else:
                hand |= given(one.get("system"), one.get("code"))
    if type not in silent():
        for kind, code in _codings(resource):
            content |= coded(kind, code)
    return Said(content, hand, echo)


def given(kind: Any, code: Any) -> int:
    """What one label of `meta.security` means here."""
    if kind == system():
        return bits().get(code, 0)
    name = table()["hand"]["codes"].get(kind, {}).get(code)
    return bits()[name] if name else 0


def coded(uri: str | None, code: str) -> int:
    """What a code of a system says; without a system each list is asked."""
    found = 0
    for kind in _kinds(uri):
        lists = _lists(kind)
        if kind in BROAD:
            plain = code.upper().replace(".", "")
            if any(plain[:n] in _without(kind) for n in range(3, len(plain) + 1)):
                continue
            for n in range(3, len(plain) + 1):
                found |= lists.get(plain[:n], 0)
        else:
            found |= lists.get(code, 0)
    return found


def _codings(node: Any) -> Iterator[tuple[str | None, str]]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            code = one.get("code")
            if isinstance(code, str):
                uri = one.get("system")
                yield uri if isinstance(uri, str) else None, code
            waiting += [value for value in one.values() if isinstance(value, dict | list)]
        elif isinstance(one, list):
            waiting += [value for value in one if isinstance(value, dict | list)]


@cache
def _kinds(uri: str | None) -> tuple[str, ...]:
    systems: dict[str, list[str]] = table()["systems"]
    if uri is None:
        return tuple(systems)
    if "icd-10" in uri.lower() or "icd10" in uri.lower():
        return ("icd10",)
    return tuple(kind for kind, known in systems.items() if uri.rstrip("/") in known)


@cache
def _lists(kind: str) -> dict[str, int]:
    """The mask of each code of one kind of system."""
    found: dict[str, int] = {}
    for label in labels():
        for code in label.lists.get(kind, ()):
            plain = code.replace(".", "") if kind in BROAD else code
            found[plain] = found.get(plain, 0) | label.bit
    return found


@cache
def _without(kind: str) -> frozenset[str]:
    return frozenset(code for label in labels() for code in label.lists.get(f"{kind}_without", ()))


@cache
def silent() -> frozenset[str]:
    """Types whose codes are about nobody."""
    return frozenset(table()["silent"]["types"])


@cache
def _types() -> dict[str, int]:
    return _lists("types")


@cache
def _wanted() -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Codes that may mean something, and beginnings of such."""
    hand = table()["hand"]["codes"]
    whole = {*bits(), *(code for codes in hand.values() for code in codes)}
    for kind in table()["systems"]:
        if kind not in BROAD:
            whole |= _lists(kind).keys()
    starts = {code[:3] for kind in BROAD for code in _lists(kind)}
    return frozenset(code.encode() for code in whole), frozenset(start.encode() for start in starts)
