"""Batch and transaction bundles: entries with their own bytes, R4's order of work, and ids for what is new.

Pure planning: what must be looked up in the store is named here and found elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import msgspec

from hoso.core.errors import Issue, Refused
from hoso.fhir.json import parse
from hoso.fhir.links import Links
from hoso.fhir.model import load

ENTRIES_LIMIT = 10_000
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_RESTFUL = re.compile(r"(https?://.+/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})\Z")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_CONDITIONS = ("ifMatch", "ifNoneMatch", "ifModifiedSince", "ifNoneExist")


@dataclass(slots=True)
class Entry:
    """One request of a bundle. `path` and `query` are its URL below the base; `body` its resource's own bytes."""

    place: int
    method: str
    path: tuple[str, ...]
    query: str
    full_url: str | None
    body: bytes
    resource: dict[str, Any] | None
    conditions: Mapping[str, str] = field(default_factory=dict)
    fault: Refused | None = None
    """Why an entry of a batch cannot be carried out; the others still can."""
    type: str = field(init=False)
    id: str | None = field(init=False)
    reads: bool = field(init=False)

    def __post_init__(self) -> None:
        self.type = self.path[0] if self.path else ""
        self.id = self.path[1] if len(self.path) == 2 else None
        self.reads = self.method in ("GET", "HEAD")

    @property
    def criteria(self) -> str | None:
        """The search that decides which record is meant, of a conditional entry."""
        if self.method == "POST":
            return self.conditions.get("ifNoneExist")
        return self.query if len(self.path) == 1 and not self.reads else None

    @property
    def expression(self) -> str:
        return f"Bundle.entry[{self.place}]"


@dataclass(frozen=True, slots=True)
class Parcel:
    kind: Literal["batch", "transaction"]
    entries: Sequence[Entry]


class _RawEntry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()


class _RawBundle(msgspec.Struct):
    entry: list[_RawEntry] = []


_raw = msgspec.json.Decoder(_RawBundle).decode


def read(body: bytes, base: str) -> Parcel:
    """The entries of a batch or transaction. `base` is this server's own address. Raises Refused(400, 413)."""
    tree = parse(body)
    _known(tree, "Bundle", "Bundle")
    kind = tree.get("type")
    if tree["resourceType"] != "Bundle" or kind not in ("batch", "transaction"):
        raise Refused.because(400, "invalid", "bundle.not-one", "Bundle.type")
    listed = tree.get("entry", [])
    if not isinstance(listed, list) or any(not isinstance(entry, dict) for entry in listed):
        raise Refused.because(400, "structure", "bundle.bad-entries", "Bundle.entry")
    if len(listed) > ENTRIES_LIMIT:
        raise Refused.because(413, "too-costly", "bundle.too-many", "Bundle.entry", limit=str(ENTRIES_LIMIT))
    raws = [bytes(entry.resource) for entry in _raw(body).entry]
    if kind == "transaction":
        return Parcel("transaction", [_entry(n, one, raws[n], base) for n, one in enumerate(listed)])
    return Parcel("batch", [_alone(n, one, raws[n], base) for n, one in enumerate(listed)])


def _alone(place: int, entry: dict[str, Any], raw: bytes, base: str) -> Entry:
    try:
        return _entry(place, entry, raw, base)
    except Refused as refused:
        return Entry(place, "GET", (), "", None, b"", None, fault=refused)


def _entry(place: int, entry: dict[str, Any], raw: bytes, base: str) -> Entry:
    where = f"Bundle.entry[{place}]"
    _known(entry, "Bundle.entry", where)
    request, resource, full_url = entry.get("request"), entry.get("resource"), entry.get("fullUrl")
    if not isinstance(request, dict):
        raise Refused.because(400, "required", "bundle.no-request", where)
    _known(request, "Bundle.entry.request", f"{where}.request")
    method, url = request.get("method"), request.get("url")
    if method not in _METHODS:
        raise Refused.because(400, "value", "bundle.bad-method", f"{where}.request.method")
    if not isinstance(url, str) or "\0" in url:
        raise Refused.because(400, "required", "bundle.bad-url", f"{where}.request.url", url=str(url)[:100])
    if (resource is not None and not isinstance(resource, dict)) or not isinstance(full_url, str | None):
        raise Refused.because(400, "structure", "bundle.bad-entries", where)
    if method in ("POST", "PUT", "PATCH") and resource is None and not url.endswith("_search"):
        raise Refused.because(400, "required", "bundle.no-resource", f"{where}.resource", method=str(method))
    conditions: dict[str, str] = {}
    if len(request) > 2:
        conditions = {name: request[name] for name in _CONDITIONS if name in request}
        if any(not isinstance(value, str) for value in conditions.values()):
            raise Refused.because(400, "structure", "bundle.bad-entries", f"{where}.request")
    path, query = _split(url, base, f"{where}.request.url")
    return Entry(place, str(method), path, query, full_url, raw, resource, conditions)


def _known(element: dict[str, Any], type: str, where: str) -> None:
    """Nothing but what R4 has there: a misspelt condition would otherwise be passed over in silence."""
    names = _names(type)
    if element.keys() <= names:
        return
    for name in element:
        if name != "resourceType" and name.removeprefix("_") not in load().types[type].properties:
            place = f"{where}.{name[:80]}"
            raise Refused.because(400, "structure", "bundle.unknown-element", place, name=name[:80])


@cache
def _names(type: str) -> frozenset[str]:
    return frozenset((*load().types[type].properties, "resourceType"))


def _split(url: str, base: str, where: str) -> tuple[tuple[str, ...], str]:
    """An absolute URL is taken only when it is ours: HoSo fetches nothing from elsewhere."""
    below = url.removeprefix(base) if url.startswith((base + "/", base + "?")) else url
    if ":" in below and "://" in below.split("?")[0]:
        raise Refused.because(400, "value", "bundle.foreign-url", where, url=url[:100])
    path, _, query = below.removeprefix("/").partition("?")
    path = path.removesuffix("/")
    return (tuple(path.split("/")) if path else ()), query


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """R4's order of a transaction: deletions, creations, updates and patches, reads."""
    return sorted(entries, key=lambda entry: _ORDER[entry.method])


def check_transaction(entries: Sequence[Entry]) -> None:
    """What must hold before anything is looked up: known targets, and no record or fullUrl twice."""
    known = load().type_number
    targets: set[tuple[str, str]] = set()
    urls: set[str] = set()
    for entry in entries:
        if entry.reads:
            continue
        shaped = len(entry.path) == 1 if entry.method == "POST" else len(entry.path) in (1, 2)
        if not shaped or entry.type not in known or (entry.id is not None and not _ID.match(entry.id)):
            raise _bad_target(entry)
        if len(entry.path) == 1 and entry.method != "POST" and not entry.query:
            raise _bad_target(entry)
        if entry.id is not None:
            _once(targets, (entry.type, entry.id), entry)
        if entry.full_url is not None and entry.method in ("POST", "PUT"):
            _once(urls, entry.full_url, entry)


def _once(seen: set[Any], key: Any, entry: Entry) -> None:
    if key in seen:
        text = "/".join(key) if isinstance(key, tuple) else str(key)
        raise Refused.because(400, "duplicate", "bundle.twice", entry.expression, target=text[:120])
    seen.add(key)


def _bad_target(entry: Entry) -> Refused:
    url = "/".join(entry.path)[:100]
    return Refused.because(400, "value", "bundle.bad-url", f"{entry.expression}.request.url", url=url)


def link_tables(targets: Mapping[int, str], entries: Sequence[Entry]) -> Callable[[Entry], Links]:
    """For each entry the links it may use and what they become; `targets`: place → "Type/id".

    A relative reference means the entry under the same root as the one that holds it (R4 bundle, resolving references).
    """
    absolute = Links()
    relative: dict[str, dict[str, str]] = {}
    for entry in entries:
        target = targets.get(entry.place)
        if target is None:
            continue
        if entry.full_url is not None:
            absolute[entry.full_url] = target
            match = _RESTFUL.match(entry.full_url)
            if match and match[2] != target:
                relative.setdefault(match[1], {})[match[2]] = target
        if entry.method == "POST" and entry.criteria:
            absolute[f"{entry.type}?{entry.criteria}"] = target
    merged = {root: Links({**absolute, **table}) for root, table in relative.items()}

    def table(entry: Entry) -> Links:
        match = _RESTFUL.match(entry.full_url) if merged and entry.full_url else None
        return merged.get(match[1], absolute) if match else absolute

    return table


def placed(refused: Refused, entry: Entry) -> Refused:
    """The same refusal, its places told from the bundle's point of view."""

    def moved(issue: Issue) -> Issue:
        below = (issue.expression or "").partition(".")[2]
        expression = f"{entry.expression}.resource.{below}" if below else entry.expression
        if issue.expression and issue.expression.startswith("Bundle.entry["):
            expression = issue.expression
        return Issue(issue.code, issue.key, issue.values, expression, issue.severity)

    return Refused(refused.status, *map(moved, refused.issues))
