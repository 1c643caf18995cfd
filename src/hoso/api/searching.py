"""search at the system, on a type and in a compartment: the page found, as a Bundle of stored bytes with its links."""

from __future__ import annotations

from hoso.access import Page
from hoso.api.doors import Doors
from hoso.api.links import address, split_page
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, match_entries, outcome_entry, stored, without_entries
from hoso.api.subset import dresser
from hoso.core.clock import to_ms
from hoso.core.errors import Issue, Refused
from hoso.fhir.search import Query
from hoso.fhir.search import parse as parse_search


def search(doors: Doors, request: Request) -> Response:
    """`path` is [], [Type] or [Type, id, Type|*], with or without a closing _search."""
    check_format(request)
    query, token = read(doors, request)
    path = "/".join(_where(request))
    cursor = doors.seal.cursor(request.actor.id, path, query.self_pairs, token) if token else None
    doors.long.enter()
    try:
        page = doors.records.search(request.errand, query, cursor)
    finally:
        doors.long.leave()
    return Response(200, [CONTENT], searchset(doors, request, path, query, page, token))


def read(doors: Doors, request: Request) -> tuple[Query, str | None]:
    """What is searched for, and the place of the page. Raises Refused when the search can mean nothing."""
    type, compartment = _scope(_where(request))
    added = doors.records.parameters.offered()
    pairs, token = split_page(request.pairs())
    query = parse_search(type, pairs, lenient=request.lenient, compartment=compartment, base=request.base, added=added)
    return query, token


def searchset(doors: Doors, request: Request, path: str, query: Query, page: Page, token: str | None = None) -> bytes:
    pairs = list(query.self_pairs)
    links = [("self", address(request, path, [*pairs, ("_page", token)] if token else pairs))]
    if page.cursor is not None and not query.counts_only:
        following = doors.seal.token(request.actor.id, path, query.self_pairs, page.cursor)
        links.append(("next", address(request, path, [*pairs, ("_page", following)])))
    dress = dresser(query.summary, query.elements) or stored
    entries: list[bytes] = []
    if not query.counts_only:
        entries += match_entries(request.base, page.matches, "match", dress)
        entries += match_entries(request.base, page.included, "include", dress)
    if query.ignored:
        entries.append(outcome_entry(_ignored(query), request.language))
    now = to_ms(doors.records.clock())
    return without_entries(bundle("searchset", now, page.total, links, entries))


def _ignored(query: Query) -> list[Issue]:
    return [Issue("not-supported", "rest.ignored", {"name": name}, severity="warning") for name in query.ignored]


def _where(request: Request) -> tuple[str, ...]:
    return request.path[:-1] if request.path[-1:] == ("_search",) else request.path


def _scope(where: tuple[str, ...]) -> tuple[str | None, tuple[str, str] | None]:
    if len(where) == 3:
        return (None if where[2] == "*" else where[2]), (where[0], where[1])
    if len(where) > 1:
        raise Refused.because(404, "not-found", "rest.no-such-place", path="/".join(where)[:100])
    return (where[0] if where else None), None
