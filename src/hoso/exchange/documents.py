"""A document in JSON or XML as the records it asks for: a Bundle of any kind that can be loaded, or one resource.

What cannot become a record is a `Fault` with its place. Nothing here reads or writes the store.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from hoso.core import Issue, Refused
from hoso.exchange import references, stable_ids
from hoso.exchange.tally import UNKNOWN
from hoso.fhir import consents, json, xml
from hoso.fhir.links import conditional_references, dangling, rewrite
from hoso.fhir.organisation import rights
from hoso.fhir.validate import validate

BOM = b"\xef\xbb\xbf"
REQUESTS = ("transaction", "batch")
SEPARATE = ("batch", "collection", "searchset", "document", "message")
"""Bundles whose resources are accepted or refused each on its own; a transaction is taken whole or not at all."""


@dataclass(slots=True)
class Arrived:
    """One resource to store. `original` is its text as it came, `entry` its place in a Bundle.

    `criteria` is the condition of a conditional create or update ("Organization?identifier=…"); `absent` that nothing
    meets it, `present` that a conditional create found its record there, so that nothing is to be written.
    """

    entry: int | None
    type: str
    id: str
    body: bytes
    resource: dict[str, Any]
    original: bytes
    method: str = "PUT"
    full_url: str | None = None
    criteria: str | None = None
    absent: bool = False
    present: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something refused with its reasons. `types` are the resources it stands for: a transaction's, or one."""

    entry: int | None
    types: tuple[str, ...]
    issues: tuple[Issue, ...]
    original: bytes


@dataclass(slots=True)
class Document:
    """`atomic`: all or nothing. `warnings` are what was taken though it looks odd.

    `in_order`: targets stand before what refers to them already. `facility` is whose records they are, by its code,
    and `label` what the sender calls the piece (MA_LK), where it says so. `as_read`: what arrived was made from what
    was here when it was read, and holds for that only.
    """

    atomic: bool
    data: bytes
    tree: dict[str, Any] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    in_order: bool = False
    as_read: bool = False
    facility: str = ""
    label: str = ""

    def types(self) -> tuple[str, ...]:
        """Also for a Bundle that is not well formed."""
        entries = self.tree.get("entry")
        listed = entries if isinstance(entries, list) else []
        return tuple(_type(entry.get("resource") if isinstance(entry, dict) else None) for entry in listed) or (
            UNKNOWN,
        )

    def refuse_whole(self, *issues: Issue) -> None:
        self.faults = [Fault(None, self.types(), issues, self.data)]
        self.arrived = []


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Envelope(msgspec.Struct):
    entry: list[_Entry] = []


_raw_entries = msgspec.json.Decoder(_Envelope)


def read(data: bytes) -> Document:
    """The document's resources with stable ids; references are still as they came (see `settle`)."""
    try:
        data = xml.read(data) if _is_xml(data) else data
        tree = json.parse(data)
    except Refused as refused:
        return Document(False, data, faults=[Fault(None, (UNKNOWN,), refused.issues, data)])
    if tree["resourceType"] != "Bundle":
        document = Document(False, data, tree)
        type = _type(tree)
        id = tree["id"] if stable_ids.is_id(tree.get("id")) else stable_ids.from_content(type, data.strip(), 1)
        document.arrived.append(Arrived(None, type, id, data.strip(), tree, data))
        return document
    document = Document(tree.get("type") == "transaction", data, tree)
    _read_bundle(document)
    return document


def _is_xml(data: bytes) -> bool:
    return data[:100].removeprefix(BOM).lstrip()[:1] == b"<"


def _read_bundle(document: Document) -> None:
    tree, kind = document.tree, document.tree.get("type")
    if kind not in SEPARATE and not document.atomic:
        return document.refuse_whole(Issue("not-supported", "load.bundle-type", {"type": str(kind)}, "Bundle.type"))
    issues = _blocking(tree) if document.atomic else _misshapen(tree)
    if issues:
        return document.refuse_whole(*issues)
    entries = tree.get("entry", [])
    digest = hashlib.sha256(document.data).hexdigest()
    seen: Counter[tuple[str, bytes]] = Counter()
    for place, (entry, raw) in enumerate(zip(entries, _raw_entries.decode(document.data).entry, strict=True)):
        if not _is_outcome(entry):
            _take(document, place, entry, bytes(raw.resource), digest, seen)


def _blocking(resource: dict[str, Any]) -> list[Issue]:
    found = [issue for issue in validate(resource) if issue.severity in ("error", "fatal")]
    return found or consents.issues(resource)


def _misshapen(tree: Mapping[str, Any]) -> list[Issue]:
    """Whether the Bundle can be taken apart at all; what is in it is then judged piece by piece."""
    entries = tree.get("entry", [])
    if isinstance(entries, list) and all(_is_entry(entry, tree["type"] == "batch") for entry in entries):
        return []
    return [Issue("structure", "bundle.bad-entries", {}, "Bundle.entry")]


def _is_entry(entry: object, requested: bool) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("fullUrl"), str | None):
        return False
    request = entry.get("request")
    if requested and not (
        isinstance(request, dict) and all(isinstance(request.get(k), str) for k in ("method", "url"))
    ):
        return False
    return isinstance(entry.get("search", {}), dict)


def _is_outcome(entry: Mapping[str, Any]) -> bool:
    """A note of the server that made a searchset, not a record."""
    return bool(entry.get("search", {}).get("mode") == "outcome")


def _take(
    document: Document, place: int, entry: Mapping[str, Any], raw: bytes, digest: str, seen: Counter[tuple[str, bytes]]
) -> None:
    resource, full_url = entry.get("resource"), entry.get("fullUrl")
    type = _type(resource)
    request = entry.get("request", {}) if document.tree["type"] in REQUESTS else {}
    issue = _unwanted(request, resource)
    if issue is None:
        assert isinstance(resource, dict)
        name = stable_ids.from_full_url(full_url, digest)
        id = _id(resource, request, name)
        if id is None:
            seen[type, raw] += 1
            id = stable_ids.from_content(type, raw, seen[type, raw])
        method, criteria = request.get("method", "PUT"), _criteria(request, type)
        issue = None if criteria else _mismatch(request, type, id)
        item = Arrived(place, type, id, raw, resource, raw, method, full_url, criteria)
    if issue is None:
        document.arrived.append(item)
    else:
        at = f"Bundle.entry[{place}]" + (f".{issue.expression}" if issue.expression else "")
        _refuse(document, Fault(place, (type,), (replace(issue, expression=at),), raw))


def _unwanted(request: Mapping[str, Any], resource: object) -> Issue | None:
    """What a file of records cannot ask for: changes that depend on versions of elsewhere, deletions, questions."""
    if request and request["method"] not in ("POST", "PUT"):
        return Issue("not-supported", "load.method", {"method": request["method"]}, "request.method")
    for name in ("ifMatch", "ifNoneMatch", "ifModifiedSince"):
        if name in request:
            return Issue("not-supported", "load.condition", {"name": name}, f"request.{name}")
    if not isinstance(resource, dict):
        return Issue("required", "load.no-resource", {}, "resource")
    return None


def _id(resource: Mapping[str, Any], request: Mapping[str, Any], name: str | None) -> str | None:
    """A POST leaves the id to us, so its own id means nothing; everywhere else the resource's id is its name."""
    if request.get("method") == "POST":
        return name
    return resource["id"] if stable_ids.is_id(resource.get("id")) else name


def _criteria(request: Mapping[str, Any], type: str) -> str | None:
    if request.get("method") == "POST" and request.get("ifNoneExist"):
        return f"{type}?{request['ifNoneExist'].removeprefix(type).lstrip('?')}"
    url = request.get("url", "")
    return url if request.get("method") == "PUT" and url.startswith(f"{type}?") else None


def _mismatch(request: Mapping[str, Any], type: str, id: str) -> Issue | None:
    meant = type if request.get("method") == "POST" else f"{type}/{id}"
    if not request or request["url"].strip("/") == meant:
        return None
    return Issue("invalid", "load.url", {"url": request["url"], "meant": meant}, "request.url")


def criteria(document: Document) -> set[str]:
    """Everything whose target must be looked up before `settle`: conditions and conditional references."""
    found = {item.criteria for item in document.arrived if item.criteria}
    for item in document.arrived:
        found |= conditional_references(item.body, item.resource)
    return found


def settle(document: Document, found: Mapping[str, str]) -> None:
    """Resolves names and references, then checks every resource; what does not hold becomes a fault.

    `found` has, for each of `criteria` that somebody matches, that record as "Type/id".
    """
    for item in document.arrived:
        if item.criteria and item.criteria in found:
            item.id = found[item.criteria].partition("/")[2]
            item.present = item.method == "POST"
        elif item.criteria:
            item.absent = True
    _forbid_doubles(document)
    literal = {**_names(document), **found}
    waiting, document.arrived = document.arrived, []
    for item in waiting:
        issues = () if item.present else _resolved_and_checked(item, literal, document.atomic)
        if not issues:
            item.resource["id"] = item.id
            document.arrived.append(item)
            continue
        _refuse(document, Fault(item.entry, (item.type,), issues, item.original))
        if document.atomic:
            return
    if not (document.atomic or document.in_order):
        document.arrived = references.ordered(document.arrived)


def refuse(document: Document, unfit: Sequence[tuple[Arrived, Sequence[Issue]]]) -> None:
    """What the store does not take, with its reasons: a transaction falls with all of them, else each for itself."""
    placed = [(item, tuple(_placed(issue, item) for issue in issues)) for item, issues in unfit]
    if document.atomic and placed:
        document.refuse_whole(*(issue for _, issues in placed for issue in issues))
        return
    document.faults += [Fault(item.entry, (item.type,), issues, item.original) for item, issues in placed]


def _names(document: Document) -> dict[str, str]:
    """What the names used inside the document stand for."""
    names: dict[str, str] = {}
    for item in document.arrived:
        if item.criteria:
            names[item.criteria] = f"{item.type}/{item.id}"
        if item.full_url:
            names[item.full_url] = f"{item.type}/{item.id}"
            if item.method == "POST" and item.full_url.startswith("http"):
                names["/".join(item.full_url.rsplit("/", 2)[-2:])] = f"{item.type}/{item.id}"
    return names


def _forbid_doubles(document: Document) -> None:
    """A transaction that has the same record twice says no single thing."""
    if not document.atomic:
        return
    names = Counter((item.type, item.id) for item in document.arrived if not item.present)
    double = next((item for item in document.arrived if names[item.type, item.id] > 1), None)
    if double:
        values = {"type": double.type, "id": double.id}
        document.refuse_whole(Issue("duplicate", "load.twice", values, f"Bundle.entry[{double.entry}]"))


def _resolved_and_checked(item: Arrived, literal: Mapping[str, str], checked: bool) -> tuple[Issue, ...]:
    """`checked`: the resource was found valid as part of its transaction."""
    if literal:
        item.body = rewrite(item.body, item.resource, literal)
    unknown = conditional_references(item.body, item.resource)
    if unknown:
        tree = json.exact(item.body)
        references.made_logical(tree, unknown)
        item.body = json.encode(tree)
        item.resource = json.parse(item.body)
    return tuple(_placed(issue, item) for issue in _issues(item, checked))


def _issues(item: Arrived, checked: bool) -> list[Issue]:
    found = [*([] if checked else _blocking(item.resource)), *rights(item.resource)]
    for reference in sorted(conditional_references(item.body, item.resource)):
        found.append(Issue("not-found", "load.unresolved", {"reference": reference}, item.type))
    if item.entry is not None and (missing := dangling(item.body, item.resource)):
        found.append(Issue("not-found", "bundle.dangling", {"link": missing}, item.type))
    return found


def _placed(issue: Issue, item: Arrived) -> Issue:
    if item.entry is None or not issue.expression:
        return issue
    return replace(issue, expression=f"Bundle.entry[{item.entry}].resource{issue.expression.removeprefix(item.type)}")


def _refuse(document: Document, fault: Fault) -> None:
    if document.atomic:
        document.refuse_whole(*fault.issues)
    else:
        document.faults.append(fault)


def _type(resource: Any) -> str:
    type = resource.get("resourceType") if isinstance(resource, dict) else None
    return type if isinstance(type, str) and type.isalpha() and len(type) < 64 else UNKNOWN
