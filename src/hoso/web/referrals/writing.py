"""A referral, an answer and a letter go into the record: all or nothing, however often a button is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.http import HttpRequest

from hoso.access import Conflict
from hoso.access.intake import accept
from hoso.access.scope import Right
from hoso.access.view import RIGHTS
from hoso.care.elements import Resource
from hoso.care.referrals.paper import Sender, answer
from hoso.fhir.json import encode
from hoso.web.door import Door
from hoso.web.oauth.identity import practitioner
from hoso.web.visits.gather import writes


def may_refer(reach: Door) -> bool:
    return bool(reach.errand.actor.facility) and all(
        writes(reach, type) for type in ("ServiceRequest", "DocumentReference", "Communication")
    )


def sender(request: HttpRequest, reach: Door, about: Resource) -> Sender:
    user: Any = request.user
    writer: Resource = {"display": user.name or user.username}
    if own := practitioner(user):
        writer = {"reference": f"Practitioner/{own}", **writer}
    return Sender(about, writer, reach.errand.actor.facility, reach.records.clock())


def made(reach: Door, resources: Sequence[Resource]) -> None:
    """Raises Refused. What is there already under these names was made by the same button."""
    rights: list[tuple[Right, str]] = [("c", type) for type in sorted({one["resourceType"] for one in resources})]
    drafts = [accept(encode(one), one["resourceType"]).draft("POST", one["id"], None) for one in resources]
    with suppress(Conflict):
        reach.records.save(reach.errand, rights, drafts)


def closed(reach: Door, request: Resource, answered: Resource | None) -> None:
    """The request is taken back, and with it what it opened; together with the answer that says why. Raises Refused."""
    body = {key: value for key, value in request.items() if key != "meta"} | {"status": "revoked"}
    if kept := {key: value for key, value in request.get("meta", {}).items() if key in ("tag", "profile")}:
        body["meta"] = kept
    drafts = [accept(encode(body), "ServiceRequest", body["id"]).draft("PUT", body["id"], "any")]
    if answered is not None:
        drafts.append(accept(encode(answered), "Communication").draft("POST", answered["id"], None))
    with suppress(Conflict):
        reach.records.save(reach.errand, [(RIGHTS[one.method], one.type) for one in drafts], drafts)


def answered(reach: Door, kind: str, request: Resource, why: str, who: Sender) -> None:
    made(reach, [answer(kind, request, why, who)])
