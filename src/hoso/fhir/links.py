"""Rewrites links between the entries of a transaction in a resource's tree and text; every other byte stays.

R4 names the places: References, elements of type uri, url, oid and uuid, and the narrative's links; never canonicals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from hoso.fhir.json import encode, exact
from hoso.fhir.model import load

_LINK = re.compile(rb'(?<!\\)"((?:urn:|https?://|[A-Z][A-Za-z]{2,40}[/?])[^"\\]*)"')
_HREF = re.compile(r"""((?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')""")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]{2,40}\?")
_WRITTEN_CONDITIONAL = re.compile(rb'"reference"\s*:\s*"[A-Z][A-Za-z]{2,40}\?')
_DANGLING = re.compile(rb'"reference"\s*:\s*"urn:')
_REWRITTEN = frozenset(("uri", "url", "oid", "uuid"))
_FEW = 12

Tree = dict[str, Any]
Spot = tuple[Any, Any, str, str]
"""(object or list, key or index, text, FHIR type of the text; "reference" for Reference.reference)."""


class Links(dict[str, str]):
    """Links and what they become, with how they begin: a text without any of their beginnings has none of them."""

    @cached_property
    def beginnings(self) -> tuple[bytes, ...] | None:
        """What stands before type and id, after a quotation mark. None when that tells too little."""
        found: set[str] = set()
        for link in self:
            found.add('"' + _beginning(link))
            if len(found) > _FEW:
                return None
        return tuple(one.encode("utf-8", "surrogatepass") for one in found)


def _beginning(link: str) -> str:
    if link.startswith("urn:"):
        return link[: link.rfind(":") + 1]
    path, mark, _ = link.partition("?")
    if mark or "/" not in path:
        return path + mark
    parts = path.split("/")
    return "/".join(parts[:-2] or parts[:1]) + "/"


def _surely_absent(body: bytes, links: Mapping[str, str]) -> bool:
    beginnings = links.beginnings if isinstance(links, Links) else None
    return beginnings is not None and _none_of(beginnings, body)


def _none_of(texts: Iterable[bytes], body: bytes) -> bool:
    for text in texts:  # noqa: SIM110  (a generator would cost more than the search)
        if text in body:
            return False
    return True


def conditional_references(body: bytes, tree: Tree) -> set[str]:
    """References written as a search (`Practitioner?identifier=…`), which the server must look up."""
    if b"?" not in body or (b"\\" not in body and not _WRITTEN_CONDITIONAL.search(body)):
        return set()  # with an escape in the text, a reference may be written in many ways
    return {text for _, _, text, type in _spots(tree) if type == "reference" and _CONDITIONAL.match(text)}


def dangling(body: bytes, tree: Tree) -> str | None:
    """A reference to an entry that is not in the bundle, after rewriting."""
    if b"\\" not in body and (b"urn:" not in body or not _DANGLING.search(body)):
        return None
    for _, _, text, type in _spots(tree):
        if type == "reference" and text.startswith(("urn:uuid:", "urn:oid:")):
            return text
    return None


def rewrite(body: bytes, tree: Tree, links: Mapping[str, str]) -> bytes:
    """The text with every link of `links` replaced; `tree` is changed alike."""
    # Whatever stands between two quotation marks, which is more than the links: mostly none of it is to be replaced.
    apart = _surely_absent(body, links) or links.keys().isdisjoint(body.decode().split('"'))
    found = () if apart else _LINK.finditer(body)
    written = [match for match in found if match[1].decode("utf-8", "replace") in links]
    escaped = b"\\" in body and (b"\\/" in body or b"\\u" in body)
    escaped = escaped or (b"<" in body and (b"href" in body or b"src" in body))
    if not written and not escaped:
        return body
    spots = [spot for spot in _spots(tree) if spot[3] == "xhtml" or spot[2] in links]
    narrative = any(spot[3] == "xhtml" and _relinked(spot[2], links) != spot[2] for spot in spots)
    plain = [spot for spot in spots if spot[3] != "xhtml"]
    if narrative or [spot[2] for spot in plain] != [match[1].decode() for match in written]:
        # A link inside escapes or in the narrative: write the tree anew, with the digits the decimals came with.
        if not _apply(tree, spots, links):
            return body
        whole = exact(body)
        _apply(whole, [s for s in _spots(whole) if s[3] == "xhtml" or s[2] in links], links)
        return encode(whole)
    edits = [(match, links[spot[2]]) for match, spot in zip(written, plain, strict=True) if _rewritten(spot[3])]
    _apply(tree, plain, links)
    return _edited(body, edits)


def _edited(body: bytes, edits: list[tuple[re.Match[bytes], str]]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for match, text in edits:
        parts += (body[at : match.start(1)], text.encode())
        at = match.end(1)
    parts.append(body[at:])
    return b"".join(parts)


def _apply(tree: Tree, spots: list[Spot], links: Mapping[str, str]) -> bool:
    changed = False
    for holder, key, text, type in spots:
        new = _relinked(text, links) if type == "xhtml" else links[text] if _rewritten(type) else text
        if new != text:
            holder[key] = new
            changed = True
    return changed


def _relinked(div: str, links: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        target = match[2] if match[2] is not None else match[3]
        return f'{match[1]}"{links[target]}"' if target in links else match[0]

    return _HREF.sub(replace, div)


def _rewritten(type: str) -> bool:
    return type == "reference" or type in _REWRITTEN


def _spots(tree: Tree) -> Iterator[Spot]:
    """Every string of a resource with its type, in the order of the text; in a Bundle only links that leave it."""
    types = load().types

    def walk(node: Tree, type: str) -> Iterator[Spot]:
        name = node.get("resourceType", type) if type in ("Resource", "DomainResource") else type
        definition = types.get(name) if isinstance(name, str) else None
        properties = definition.properties if definition is not None else {}
        for key, value in node.items():
            found = properties.get(key)
            code = found[1].code if found is not None else ""
            if name == "Reference" and key == "reference":
                code = "reference"
            if isinstance(value, str):
                yield node, key, value, code
            elif isinstance(value, dict):
                yield from walk(value, code)
            elif isinstance(value, list):
                for index, one in enumerate(value):
                    if isinstance(one, str):
                        yield value, index, one, code
                    elif isinstance(one, dict):
                        yield from walk(one, code)

    own = _own_links(tree)
    for spot in walk(tree, "Resource"):
        if not own or spot[2] not in own:
            yield spot


def _own_links(tree: Tree) -> frozenset[str]:
    """Links that a Bundle kept as a resource resolves by itself."""
    if tree.get("resourceType") != "Bundle":
        return frozenset()
    entries = tree.get("entry")
    found = [e.get("fullUrl") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return frozenset(link for link in found if isinstance(link, str))
