"""What R4 asks of a Bundle as a whole: which entries its type needs, addresses that agree (bdl-1 to bdl-12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hoso.fhir.model import load
from hoso.fhir.rules.faults import LIMIT, Fault, Faults, one, shown

Node = dict[str, Any]
REQUESTED = frozenset({"batch", "transaction", "history"})
ANSWERED = frozenset({"batch-response", "transaction-response", "history"})
NEEDS_BODY = frozenset({"POST", "PUT", "PATCH"})

_ADDRESS = re.compile(r"(?:https?://\S*?/)?([A-Z][A-Za-z]*+)/([A-Za-z0-9\-.]{1,64})", re.ASCII).fullmatch


def entry_types(bundle: Node) -> dict[str, str]:
    """fullUrl → resource type, for references between entries. The Bundle need not be valid yet."""
    found: dict[str, str] = {}
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            url, name = entry.get("fullUrl"), entry["resource"].get("resourceType")
            if isinstance(url, str) and isinstance(name, str):
                found[url] = name
    return found


def bundle_faults(bundle: Node) -> Faults:
    """Faults of a Bundle that has passed its structural rules."""
    found: Faults = []
    for fault in (*_whole(bundle), *_same_urls(bundle), *_entries(bundle)):
        found.append(fault)
        if len(found) > LIMIT:
            break
    return found


def _whole(bundle: Node) -> Iterator[Fault]:
    kind, entries = bundle.get("type"), bundle.get("entry", [])
    first = entries[0].get("resource", {}).get("resourceType") if entries else None
    identifier = bundle.get("identifier", {})
    if "total" in bundle and kind not in ("searchset", "history"):
        yield from one("invariant", "invariant.bdl-1", ".total")
    if kind == "document" and not (identifier.get("system") and identifier.get("value")):
        yield from one("invariant", "invariant.bdl-9")
    if kind == "document" and "timestamp" not in bundle:
        yield from one("invariant", "invariant.bdl-10")
    if kind == "document" and entries and first != "Composition":
        yield from one("invariant", "invariant.bdl-11", ".entry[0]")
    if kind == "message" and entries and first != "MessageHeader":
        yield from one("invariant", "invariant.bdl-12", ".entry[0]")


def _same_urls(bundle: Node) -> Iterator[Fault]:
    """bdl-7: two entries share an address only as versions of one resource."""
    if bundle.get("type") == "history":
        return
    seen: set[tuple[str, str]] = set()
    for place, entry in enumerate(bundle.get("entry", ())):
        if "fullUrl" in entry:
            key = (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId", ""))
            if key in seen:
                yield from one("invariant", "invariant.bdl-7", f".entry[{place}].fullUrl", url=shown(key[0]))
            seen.add(key)


def _entries(bundle: Node) -> Iterator[Fault]:
    kind = bundle.get("type")
    for place, entry in enumerate(bundle.get("entry", ())):
        at = f".entry[{place}]"
        if "search" in entry and kind != "searchset":
            yield from one("invariant", "invariant.bdl-2", f"{at}.search")
        if ("request" in entry) != (kind in REQUESTED):
            yield from one("invariant", "invariant.bdl-3", at, type=str(kind))
        if ("response" in entry) != (kind in ANSWERED):
            yield from one("invariant", "invariant.bdl-4", at, type=str(kind))
        if not entry.keys() & {"resource", "request", "response"}:
            yield from one("invariant", "invariant.bdl-5", at)
        if "fullUrl" in entry:
            yield from _full_url(entry, at, kind)
        if "request" in entry and kind in ("batch", "transaction"):
            yield from _request(entry, at)


def _full_url(entry: Node, at: str, kind: object) -> Iterator[Fault]:
    url = entry["fullUrl"]
    if "/_history/" in url:
        yield from one("invariant", "invariant.bdl-8", f"{at}.fullUrl")
    elif not re.match(r"[a-zA-Z][a-zA-Z0-9+.\-]*+:", url):
        yield from one("value", "validate.full-url-relative", f"{at}.fullUrl", url=shown(url))
    match = _ADDRESS(url)
    resource = entry.get("resource")
    if match is None or resource is None or "id" not in resource or match.group(1) not in load().type_number:
        return
    if match.groups() != (resource["resourceType"], resource["id"]):
        there = f"{resource['resourceType']}/{resource['id']}"
        yield from one("value", "validate.full-url-differs", f"{at}.fullUrl", url=shown(url), resource=there)


def _request(entry: Node, at: str) -> Iterator[Fault]:
    """A write needs its resource, of the type and id that its url names."""
    method, url = entry["request"].get("method"), entry["request"].get("url", "")
    resource = entry.get("resource")
    if resource is None:
        if method in NEEDS_BODY:
            yield from one("required", "validate.entry-resource", at, method=str(method))
        return
    if method not in ("POST", "PUT"):
        return
    name = url.split("?", 1)[0].split("/", 1)[0]
    if name in load().type_number and name != resource["resourceType"] and "$" not in url:
        yield from one(
            "value", "validate.entry-type", f"{at}.request.url", url=shown(url), type=resource["resourceType"]
        )
        return
    match = _ADDRESS(url)
    if method == "PUT" and match and match.group(2) != resource.get("id"):
        yield from one(
            "value", "validate.entry-id", f"{at}.request.url", url=shown(url), id=str(resource.get("id", ""))
        )
