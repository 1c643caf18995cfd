"""AuditEvent: the audit log to be read and searched. It is a view; nobody writes it, for what happens writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hoso.access.audit.resource import INTERACTIONS, OUTCOMES, SIGN_IN, coding, resource
from hoso.access.trail import TYPE, Asked, Entry, Trail
from hoso.api.doors import Doors
from hoso.api.links import address, split_page, url
from hoso.api.message import CONTENT, Request, Response, version_headers
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, without_entries
from hoso.core.clock import to_ms
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.fhir.search.values import date, split, token, unescape
from hoso.fhir.systems import AUDIT_ACTOR, AUDIT_KIND

USUAL, MOST = 50, 500


def read(doors: Doors, request: Request) -> Response:
    check_format(request)
    if request.query and request.pairs():
        raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=request.pairs()[0][0][:80])
    id = request.path[1]
    trail = doors.with_trail()
    plain = id.isascii() and id.isdigit() and len(id) < 19 and str(int(id)) == id
    found = trail.read(request.errand, int(id)) if plain else None
    if found is None:
        raise Refused.because(404, "not-found", "rest.not-found", type=TYPE, id=id[:64])
    return Response(200, [CONTENT, *version_headers("1", found.event.time)], _body(trail, request, found))


def search(doors: Doors, request: Request) -> Response:
    """`path` is [AuditEvent] or [Patient, id, AuditEvent], with or without a closing _search."""
    check_format(request)
    trail = doors.with_trail()
    path = request.path[:-1] if request.path[-1] == "_search" else request.path
    place = "/".join(path)
    pairs, page = split_page(request.pairs())
    before = int(doors.seal.cursor(request.actor.id, place, pairs, page)) if page else None
    asked = _asked(request, pairs)
    asked = replace(asked, text=url("", place, pairs).removeprefix("/"))
    if len(path) == 3:
        whose = asked.patients
        asked = replace(asked, patients=(path[1],) if whose is None or path[1] in whose else ())
    with doors.long.entered():
        found = trail.search(request.errand, asked, before)
    links = [("self", address(request, place, [*pairs, ("_page", page)] if page else pairs))]
    if found.before is not None:
        following = doors.seal.token(request.actor.id, place, pairs, str(found.before))
        links.append(("next", address(request, place, [*pairs, ("_page", following)])))
    entries = [
        b'{"fullUrl":%b,"resource":%b,"search":{"mode":"match"}}'
        % (encode(f"{request.base}/{TYPE}/{one.seq}"), _body(trail, request, one))
        for one in found.entries
    ]
    now = to_ms(trail.clock())
    return Response(200, [CONTENT], without_entries(bundle("searchset", now, None, links, entries)))


def refuse(doors: Doors, request: Request) -> Response:
    """Whoever may write what, nobody writes this."""
    raise Refused.because(405, "not-supported", "rest.audit-is-a-view", method=request.method[:20])


def _body(trail: Trail, request: Request, entry: Entry) -> bytes:
    return encode(resource(entry.seq, entry.event, entry.patient, trail.log, request.base))


def _asked(request: Request, pairs: list[tuple[str, str]]) -> Asked:
    asked = Asked(count=USUAL)
    for name, value in pairs:
        reader = _PARAMETERS.get(name)
        if reader is not None:
            asked = reader(asked, name, value, request.base)
        elif not request.lenient:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
    return asked


def _values(value: str, name: str) -> list[str]:
    return [unescape(part, name) for part in split(value, ",")]


def _wrong(name: str, value: str) -> Refused:
    return Refused.because(400, "value", "rest.audit-parameter", name, name=name, value=value[:80])


def _patient(asked: Asked, name: str, value: str, base: str) -> Asked:
    ids = tuple(one.removeprefix(f"{base}/").removeprefix("Patient/") for one in _values(value, name))
    kept = ids if asked.patients is None else tuple(id for id in ids if id in asked.patients)
    return replace(asked, patients=kept)


def _entity(asked: Asked, name: str, value: str, base: str) -> Asked:
    names = [one.removeprefix(f"{base}/") for one in _values(value, name)]
    for one in names:
        if one.count("/") != 1 or not all(one.split("/")):
            raise _wrong(name, one)
    if all(one.startswith("Patient/") for one in names):
        return _patient(asked, name, value, base)
    if asked.records or any(one.startswith("Patient/") for one in names):
        raise _wrong(name, value)
    return replace(asked, records=tuple(names))


def _agent(asked: Asked, name: str, value: str, base: str) -> Asked:
    found = set()
    for one in _values(value, name):
        system, bar, code = one.rpartition("|")
        if bar and system != AUDIT_ACTOR:
            raise _wrong(name, one)
        found.add(code)
    return replace(asked, actors=frozenset(found & asked.actors if asked.actors else found) or frozenset({""}))


def _date(asked: Asked, name: str, value: str, base: str) -> Asked:
    """Every one must hold; alternatives and approximations are not offered."""
    found = date(value, name)
    begin, end = found.span.low, found.span.high
    since, until = {
        "eq": (begin, end), "ge": (begin, None), "gt": (end, None), "sa": (end, None),
        "le": (None, end), "lt": (None, begin), "eb": (None, begin),
    }.get(found.prefix, (None, None))  # fmt: skip
    if since is None and until is None:
        raise _wrong(name, value)
    if since is not None:
        asked = replace(asked, since=since if asked.since is None else max(since, asked.since))
    if until is not None:
        asked = replace(asked, until=until if asked.until is None else min(until, asked.until))
    return asked


def _action(asked: Asked, name: str, value: str, base: str) -> Asked:
    codes = frozenset(token(one, name).code or "" for one in split(value, ","))
    if not codes <= frozenset("CRUDE"):
        raise _wrong(name, value)
    return replace(asked, actions=_both(asked.actions, codes))


def _outcome(asked: Asked, name: str, value: str, base: str) -> Asked:
    named = {code: outcome for outcome, code in OUTCOMES.items()}
    codes = [token(one, name).code or "" for one in split(value, ",")]
    if not set(codes) <= set(named):
        raise _wrong(name, value)
    return replace(asked, outcomes=_both(asked.outcomes, frozenset(named[code] for code in codes)))


def _both(before: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    """Both must hold; what nothing can meet is no longer "not asked"."""
    return (before & now or frozenset({""})) if before else now


def _kind(asked: Asked, name: str, value: str, base: str) -> Asked:
    """type or subtype, as "code" or "system|code"; a kind of our own by its name."""
    place = 0 if name == "type" else 1
    tokens = [token(one, name) for one in split(value, ",")]
    found = {
        kind
        for kind in (*INTERACTIONS, *SIGN_IN)
        for one in tokens
        if one.code in (None, coding(kind)[place][1]) and one.system in (None, coding(kind)[place][0])
    }
    if place == 1:
        found |= {one.code for one in tokens if one.code and one.system in (None, AUDIT_KIND)} - set(INTERACTIONS)
    elif not found:
        raise _wrong(name, value)
    return replace(asked, kinds=frozenset(found if asked.kinds is None else found & asked.kinds))


def _count(asked: Asked, name: str, value: str, base: str) -> Asked:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0):
        raise _wrong(name, value)
    return replace(asked, count=min(int(value), MOST))


def _sort(asked: Asked, name: str, value: str, base: str) -> Asked:
    if value != "-date":
        raise _wrong(name, value)
    return asked


_PARAMETERS: dict[str, Callable[[Asked, str, str, str], Asked]] = {
    "patient": _patient,
    "entity": _entity,
    "agent": _agent,
    "altid": _agent,
    "date": _date,
    "action": _action,
    "outcome": _outcome,
    "type": _kind,
    "subtype": _kind,
    "_count": _count,
    "_sort": _sort,
}
PARAMETERS = frozenset(name for name in _PARAMETERS if not name.startswith("_"))
"""As the CapabilityStatement names them."""
