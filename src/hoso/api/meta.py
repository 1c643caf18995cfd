"""$meta, $meta-add, $meta-delete on a record: its profiles, labels and tags, read and changed apart from the rest.

A change is a new version like any other: no version is ever overwritten. What is there already, or not there to be
taken away, makes none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hoso.access import Version
from hoso.api.conditions import base_version
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Header, Request, Response, version_headers
from hoso.api.negotiate import check_format
from hoso.api.parameters import Form, given, required
from hoso.api.reading import live
from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact

Json = dict[str, Any]
FORMS = {"meta": Form("Meta")}
_LISTS = ("profile", "security", "tag")


class _Unchanged(Exception):
    """The record is as it was asked to be. Only said to those who may read it: others would learn what it holds."""


def read(doors: Doors, request: Request) -> Response:
    """`path` is [Type, id, $meta] or [Type, id, _history, version, $meta]."""
    check_format(request)
    for name, _ in request.pairs():
        raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    type, id, *rest = request.path[:-1]
    errand = request.errand
    found = doors.records.vread(errand, type, id, rest[1]) if rest else doors.records.read(errand, type, id)
    return _answer(live(found, type, id))


def add(doors: Doors, request: Request) -> Response:
    return _changed(doors, request, _joined)


def delete(doors: Doors, request: Request) -> Response:
    return _changed(doors, request, _parted)


def _changed(doors: Doors, request: Request, work: Callable[[Json, Json], bool]) -> Response:
    check_format(request)
    wanted = _wanted(request)
    type, id = request.path[:2]
    shown = request.actor.scopes.permits(type, "r")

    def change(body: bytes) -> bytes:
        tree: Json = exact(body)
        meta = tree.setdefault("meta", {})
        if not work(meta, wanted) and shown:
            raise _Unchanged
        return encode(tree)

    try:
        written = doors.records.patch(request.errand, type, id, change, base_version(request))
    except _Unchanged:
        return _answer(live(doors.records.read(request.errand, type, id), type, id))
    if written is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
    headers = version_headers(written.saved.version, written.saved.updated)
    return Response(200, [CONTENT, *headers], _parameters(written.saved.body)) if shown else Response(200, headers)


def _wanted(request: Request) -> Json:
    meta: Json = required(given(request, FORMS), "meta")
    other = next((name for name in meta if name not in _LISTS), None)
    if other is not None or not meta:
        place = "Parameters.parameter.value.ofType(Meta)"
        raise Refused.because(400, "invalid", "rest.meta-lists", place, name=str(other or "–")[:80])
    return meta


def _joined(meta: Json, more: Json) -> bool:
    """Adds what is not there yet."""
    changed = False
    for name, items in more.items():
        present = meta.setdefault(name, [])
        for item in items:
            if not any(_same(item, one) for one in present):
                present.append(item)
                changed = True
    return changed


def _parted(meta: Json, less: Json) -> bool:
    """Takes away what is there."""
    changed = False
    for name, items in less.items():
        present = meta.get(name, [])
        kept = [one for one in present if not any(_same(item, one) for item in items)]
        changed = changed or len(kept) < len(present)
        if kept:
            meta[name] = kept
        else:
            meta.pop(name, None)
    return changed


def _same(one: Any, other: Any) -> bool:
    """A profile by its address, a label or tag by system and code."""
    if isinstance(one, dict) and isinstance(other, dict):
        return (one.get("system"), one.get("code")) == (other.get("system"), other.get("code"))
    return bool(one == other)


def _answer(version: Version) -> Response:
    headers: list[Header] = [CONTENT, *version_headers(version.version, version.updated)]
    return Response(200, headers, _parameters(version.body))


def _parameters(body: bytes) -> bytes:
    meta = exact(body).get("meta", {})
    return encode({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta}]})
