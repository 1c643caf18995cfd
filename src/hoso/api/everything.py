"""$everything of a Patient or of a Group's members: streamed without a cap, or page by page where `_count` is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from hoso.access import Version
from hoso.api.doors import Doors, Lane
from hoso.api.groups import patients
from hoso.api.history import read_count, read_span
from hoso.api.links import Pairs, address, split_page
from hoso.api.message import CONTENT, XML_CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, head, match_entries, without_entries
from hoso.api.reading import live
from hoso.core.clock import to_ms
from hoso.core.errors import Refused
from hoso.fhir.model import load
from hoso.fhir.xml import bundle_parts

WHOLE = 4_000_000
"""Bytes up to which the answer is made whole before it is sent, so that a slow reader holds nothing up."""

FLUSH = 256_000
MEMBERS = 200
"""Of a Group; a larger one is exported."""


@dataclass(frozen=True, slots=True)
class Asked:
    since: int | None = None
    types: tuple[str, ...] = ()
    count: int | None = None


def everything(doors: Doors, request: Request) -> Response:
    check_format(request)
    if request.method == "POST" and request.body:
        raise Refused.because(415, "not-supported", "rest.everything-body")
    type, id = request.path[:2]
    pairs, token = split_page(request.pairs())
    asked = _asked(pairs)
    head = live(doors.records.read(request.errand, type, id), type, id)
    found = _of_group(doors, request, head, asked) if type == "Group" else _of(doors, request, id, asked)
    if asked.count is None:
        return _stream(doors, request, pairs, found)
    with doors.long.entered():
        return _page(doors, request, pairs, token, asked.count, found)


def _of(doors: Doors, request: Request, id: str, asked: Asked) -> Iterator[Version]:
    return doors.records.everything(request.errand, id, since=asked.since, types=asked.types)


def _of_group(doors: Doors, request: Request, group: Version, asked: Asked) -> Iterator[Version]:
    """The Group, then each member that the caller may read; a record once."""
    members = patients(group.body)
    if len(members) > MEMBERS:
        raise Refused.because(400, "too-costly", "rest.everything-group", limit=str(MEMBERS))
    heads = doors.records.heads(request.errand, [("Patient", id) for id in members])
    seen = [id for id in members if ("Patient", id) in heads and not heads["Patient", id].deleted]
    records = [_of(doors, request, id, asked) for id in seen]
    whole = [group] if asked.types in ((), ("Group",)) and group.updated >= (asked.since or 0) else []
    return _once(chain(whole, *records))


def _once(found: Iterable[Version]) -> Iterator[Version]:
    sent: set[int] = set()
    for version in found:
        if version.rid not in sent:
            sent.add(version.rid)
            yield version


def _page(
    doors: Doors, request: Request, pairs: Pairs, token: str | None, count: int, found: Iterator[Version]
) -> Response:
    path = "/".join(request.path)
    cursor = doors.seal.cursor(request.actor.id, path, pairs, token) if token else None
    rest = _after(found, cursor) if cursor else found
    versions = list(islice(rest, count + 1))
    links = [("self", address(request, path, [*pairs, ("_page", token)] if token else pairs))]
    if len(versions) > count > 0:
        sealed = doors.seal.token(request.actor.id, path, pairs, str(versions[count - 1].rid))
        links.append(("next", address(request, path, [*pairs, ("_page", sealed)])))
    entries = [_entry(request, version) for version in versions[:count]]
    now = to_ms(doors.records.clock())
    return Response(200, [CONTENT], without_entries(bundle("searchset", now, None, links, entries)))


def _after(found: Iterator[Version], cursor: str) -> Iterator[Version]:
    """What follows the last record of the page before. If that one has been deleted since, the pages begin anew."""
    for version in found:
        if str(version.rid) == cursor:
            return found
    raise Refused.because(410, "expired", "rest.page-gone")


def _stream(doors: Doors, request: Request, pairs: Pairs, found: Iterator[Version]) -> Response:
    content = XML_CONTENT if request.xml else CONTENT
    links = [("self", address(request, "/".join(request.path), pairs))]
    start = head("searchset", to_ms(doors.records.clock()), None, links)
    entries = (_entry(request, version) for version in found)
    parts = bundle_parts(without_entries(start + b"]}"), entries) if request.xml else _joined(start, entries)
    pieces = _gathered(parts)
    whole: list[bytes] = []
    size = 0
    with doors.long.entered():
        for piece in pieces:
            whole.append(piece)
            size += len(piece)
            if size > WHOLE:
                break
        else:
            return Response(200, [content], without_entries(b"".join(whole)))
    return Response(200, [content], Held(chain(whole, pieces), doors.streams))


def _joined(start: bytes, entries: Iterable[bytes]) -> Iterator[bytes]:
    yield start
    for number, entry in enumerate(entries):
        yield b"," + entry if number else entry
    yield b"]}"


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces worth sending."""
    buffer = bytearray()
    for part in parts:
        buffer += part
        if len(buffer) >= FLUSH:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


class Held:
    """A long answer that keeps its place in a lane until it is sent or the caller is gone."""

    def __init__(self, pieces: Iterator[bytes], lane: Lane) -> None:
        lane.enter()
        self._pieces, self._lane, self._open = pieces, lane, True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        if self._open:
            self._open = False
            self._lane.leave()


def _entry(request: Request, version: Version) -> bytes:
    return match_entries(request.base, (version,), "match")[0]


def _asked(pairs: Pairs) -> Asked:
    since: int | None = None
    types: tuple[str, ...] = ()
    count: int | None = None
    for name, value in pairs:
        if name == "_since":
            since = read_span(name, value).low
        elif name == "_type":
            types = tuple(value.split(","))
        elif name == "_count":
            count = read_count(value)
        else:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    for type in types:
        if type not in load().type_number:
            raise Refused.because(400, "not-supported", "rest.unknown-type", name=type[:80])
    return Asked(since, types, count)
