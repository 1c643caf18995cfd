"""Records that two sides changed apart, for whoever may write them: both versions beside each other, and the choice.

The matrix decides: an allergy is settled by who may write allergies of that person, a name by who keeps identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access import Draft, Version
from hoso.access.policy.matrix import role
from hoso.care.elements import concept_text, human_name
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.fhir.systems import RECORD_KIND
from hoso.sync.overview import Apart
from hoso.sync.showing import CONFLICT
from hoso.web.agreeing.fields import lines
from hoso.web.agreeing.words import OTHER_TYPE, TYPE_TITLES
from hoso.web.pages import agreement, door, errand, page, records, signed_in
from hoso.web.stewards import said

MOST = 50
"""Records on a list; those behind come up as these are settled."""


@dataclass(frozen=True, slots=True)
class Row:
    link: str
    kind: str
    what: str
    name: str
    sides: tuple[tuple[Any, str], ...]


@signed_in
def conflicts(request: HttpRequest) -> HttpResponse:
    if not _settles(request) or not agreement().agrees():
        raise Http404
    found = _theirs(request, agreement().conflicts())
    return page(
        request, "agreeing/conflicts.html", rows=_rows(request, found[:MOST]), count=len(found), most=MOST,
        done="done" in request.GET,
    )  # fmt: skip


@signed_in
def conflict(request: HttpRequest, type: str, id: str) -> HttpResponse:
    if not _settles(request) or not _may_write(request, type):
        raise Http404
    apart = agreement().conflict(type, id[:64])
    if apart is None:
        if request.method == "POST":  # somebody else was quicker, or it was sent twice
            return HttpResponseRedirect("/conflicts?done=1")
        raise Http404
    versions = _read(request, apart)
    problem, status = "", 200
    if request.method == "POST":
        try:
            return _settled(request, apart, versions)
        except Refused as refused:
            problem, status = said(refused), refused.status
    (row,) = _rows(request, [apart])
    return page(
        request,
        "agreeing/conflict.html",
        status,
        row=row,
        sides=[
            (side.change, time, who, side.deleted) for side, (time, who) in zip(apart.sides, row.sides, strict=True)
        ],
        lines=lines([orjson.loads(one.body) if one.body else {} for one in versions]),
        problem=problem,
    )


def _settles(request: HttpRequest) -> bool:
    user: Any = request.user
    row = role(user.role) if user.staff else None
    return row is not None and bool(row.types["write"])


def _may_write(request: HttpRequest, type: str) -> bool:
    """By kind: the role writes it, and is shown the whole of it."""
    asking = errand(request)
    row = role(asking.actor.role)
    return row is not None and not row.masks.get(type) and asking.actor.scopes.permits(type, "u")


def _theirs(request: HttpRequest, found: Iterable[Apart]) -> list[Apart]:
    """Those of people whom the reader meets; nothing is shown of any yet."""
    by_type: dict[str, list[Apart]] = defaultdict(list)
    for one in found:
        if _may_write(request, one.type):
            by_type[one.type].append(one)
    theirs: list[Apart] = []
    for type, some in by_type.items():
        met = records().among(errand(request), type, [one.id for one in some])
        theirs += [one for one in some if met is None or one.id in met]
    return theirs


def _read(request: HttpRequest, apart: Apart) -> list[Version]:
    """Each side as access shows it; all of them or nothing."""
    reach, found = door(request), []
    for side in apart.sides:
        version = records().vread(reach.errand, apart.type, apart.id, side.version) if side.version else None
        if version is None:
            raise Http404
        found.append(version)
    return found


def _settled(request: HttpRequest, apart: Apart, versions: list[Version]) -> HttpResponse:
    """Raises Refused for what the reader could not write by hand either."""
    keep = request.POST.get("keep", "")
    chosen = next((one for side, one in zip(apart.sides, versions, strict=True) if side.change == keep), None)
    if chosen is not None:
        asking = errand(request)
        standing = records().to_change(asking, None, apart.type, apart.id)
        if standing is None:
            raise Refused.because(403, "forbidden", "rest.not-yours", type=apart.type)
        records().rehearse(asking, [_as_written(chosen, standing)], lambda transaction, saved: None)
        agreement().settle(asking, apart.type, apart.id, keep)
        return HttpResponseRedirect("/conflicts?done=1")
    return HttpResponseRedirect(request.path)


def _as_written(chosen: Version, shown: Version) -> Draft:
    """The choice as its writer would type it over what is shown, whose mark of a conflict is not theirs to take."""
    if chosen.deleted:
        return Draft("DELETE", chosen.type, chosen.id, b"", None)
    resource, standing = orjson.loads(chosen.body), orjson.loads(shown.body) if shown.body else {}
    if _tags(resource) == _tags(standing) and (tags := standing.get("meta", {}).get("tag")):
        resource.setdefault("meta", {})["tag"] = tags
    return Draft("PUT", chosen.type, chosen.id, orjson.dumps(resource), resource)


def _tags(resource: dict[str, Any]) -> list[Any]:
    tags = resource.get("meta", {}).get("tag", ())
    return [tag for tag in tags if (tag.get("system"), tag.get("code")) != (RECORD_KIND, CONFLICT)]


def _rows(request: HttpRequest, found: list[Apart]) -> list[Row]:
    """What they are about and whose, in two questions."""
    asking, reach = errand(request), door(request)
    heads = records().heads(asking, [(one.type, one.id) for one in found]) if found else {}
    people = [("Patient", one.patient) for one in found if one.patient] if reach.may("Patient") else []
    named = records().heads(asking, people) if people else {}
    made = _who(request, {side.actor for one in found for side in one.sides})
    return [
        Row(
            f"/conflicts/{one.type}/{one.id}",
            TYPE_TITLES.get(one.type, OTHER_TYPE),
            _what(_body(heads.get((one.type, one.id)))),
            human_name(_body(named.get(("Patient", one.patient))).get("name")),
            tuple((from_ms(side.time), made.get(side.actor, "")) for side in one.sides),
        )
        for one in found
    ]


def _body(version: Version | None) -> dict[str, Any]:
    found = orjson.loads(version.body) if version is not None and version.body else {}
    return found if isinstance(found, dict) else {}


def _what(resource: dict[str, Any]) -> str:
    named = ("code", "vaccineCode", "medicationCodeableConcept")
    return next((text for name in named if (text := concept_text(resource.get(name)))), "")


def _who(request: HttpRequest, actors: Collection[str]) -> dict[str, str]:
    """Staff by the name in their record, which every node has; who has none is left out, such as a machine."""
    staff = [actor.partition("/")[2] for actor in actors if actor.startswith("Practitioner/")]
    found = {actor: actor.removeprefix("user/") for actor in actors if actor.startswith("user/")}
    if staff and door(request).may("Practitioner"):
        heads = records().heads(errand(request), [("Practitioner", id) for id in staff])
        named = {f"Practitioner/{id}": human_name(_body(heads.get(("Practitioner", id))).get("name")) for id in staff}
        found |= {actor: name for actor, name in named.items() if name}
    return found
