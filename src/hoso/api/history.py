"""history of a record, a type and everything: newest first, in pages, with deletions."""

from __future__ import annotations

from hoso.api.doors import Doors
from hoso.api.links import address, split_page
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, history_entries, without_entries
from hoso.core.clock import to_ms
from hoso.core.dates import Span, parse_span
from hoso.core.errors import Refused
from hoso.fhir.search import MAX_COUNT

DEFAULT_COUNT = 100


def history(doors: Doors, request: Request) -> Response:
    """`path` is [_history], [Type, _history] or [Type, id, _history]."""
    check_format(request)
    where = request.path[:-1]
    type, id = (*where, None, None)[:2]
    pairs, token = split_page(request.pairs())
    since, at, count = _parameters(pairs, request.lenient)
    path = "/".join(request.path)
    cursor = doors.seal.cursor(request.actor.id, path, pairs, token) if token else None
    with doors.long.entered():
        page = doors.records.history(
            request.errand,
            type,
            id,
            since=since,
            at=at,
            count=count,
            cursor=cursor,
        )
    if id is not None and not page.versions and token is None and not _known(doors, request, str(type), id):
        raise Refused.because(404, "not-found", "rest.not-found", type=str(type), id=id[:64])
    links = [("self", address(request, path, [*pairs, ("_page", token)] if token else pairs))]
    if page.cursor is not None and count:
        following = doors.seal.token(request.actor.id, path, pairs, page.cursor)
        links.append(("next", address(request, path, [*pairs, ("_page", following)])))
    now = to_ms(doors.records.clock())
    entries = history_entries(request.base, page) if count else ()
    return Response(200, [CONTENT], without_entries(bundle("history", now, page.total, links, entries)))


def _known(doors: Doors, request: Request, type: str, id: str) -> bool:
    return doors.records.read(request.errand, type, id) is not None


def _parameters(pairs: list[tuple[str, str]], lenient: bool) -> tuple[int | None, tuple[int, int] | None, int]:
    since, at, count = None, None, DEFAULT_COUNT
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise Refused.because(400, "value", "rest.repeated", name=name[:80])
        seen.add(name)
        if name == "_since":
            since = read_span(name, value).low
        elif name == "_at":
            at = read_span(name, value)
        elif name == "_count":
            count = read_count(value)
        elif not lenient:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    return since, at, count


def read_count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 6 or int(value) > MAX_COUNT:
        raise Refused.because(400, "value", "rest.bad-count", value=value[:40], limit=str(MAX_COUNT))
    return int(value)


def read_span(name: str, value: str) -> Span:
    """A moment or a partial date. A plus that a query lost on its way is put back."""
    try:
        return parse_span(value.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise Refused.because(400, "value", "rest.bad-date", name=name, value=value[:40]) from error
