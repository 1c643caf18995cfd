"""What all pages share: the node they serve, the signed-in person's door to records, and rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode

from hoso.access import Errand, Notes, Unavailable, trace, usual_purpose
from hoso.access.audit import Journal
from hoso.access.audit.log import AuditLog
from hoso.access.break_glass import BreakGlass
from hoso.access.citizen.desk import Desk
from hoso.access.counter import Counter
from hoso.access.inspecting import Inspection, inspects
from hoso.access.organisation.register import Organisation
from hoso.access.policy.matrix import role
from hoso.access.policy.scopes import scopes
from hoso.access.records import Records
from hoso.access.watching.watch import Watch
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.core.practice import is_practice
from hoso.core.printing import stamp
from hoso.exchange.intake import Intake
from hoso.identity.code import Codes
from hoso.identity.matching import Matching
from hoso.identity.steward import Steward
from hoso.sync.overview import Overview
from hoso.web.agreeing import line
from hoso.web.configure import TEXT_COOKIE, WebConfig
from hoso.web.door import Door
from hoso.web.oauth.identity import person, practitioner
from hoso.web.roles import actor, administers
from hoso.web.sqlite.secret import WebKeys


class WebNode(Protocol):
    @property
    def config(self) -> WebConfig: ...
    @property
    def records(self) -> Records: ...
    @property
    def codes(self) -> Codes: ...
    @property
    def steward(self) -> Steward: ...
    @property
    def matching(self) -> Matching: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def counter(self) -> Counter: ...
    @property
    def emergencies(self) -> BreakGlass: ...
    @property
    def watch(self) -> Watch: ...
    @property
    def inspection(self) -> Inspection: ...
    @property
    def citizens(self) -> Desk: ...
    @property
    def organisation(self) -> Organisation: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def agreement(self) -> Overview: ...
    @property
    def audit(self) -> AuditLog: ...


View = Callable[..., HttpResponse]
_serving: list[WebNode] = []


def serve(node: WebNode) -> None:
    _serving[:] = [node]
    stamp(["THỰC HÀNH · PRACTICE"] if practises() else [])


def practises() -> bool:
    """Whether everyone in this node is invented, and every page says so."""
    return bool(_serving) and is_practice(_serving[0].config.folder)


def node_name() -> str:
    return _serving[0].config.name if _serving else ""


def web_folder() -> Path:
    return _serving[0].config.folder


def audit() -> AuditLog:
    return _serving[0].audit


def web_keys() -> WebKeys:
    return _serving[0].config.keys


def records() -> Records:
    return _serving[0].records


def codes() -> Codes:
    return _serving[0].codes


def steward() -> Steward:
    return _serving[0].steward


def matching() -> Matching:
    return _serving[0].matching


def counter() -> Counter:
    return _serving[0].counter


def emergencies() -> BreakGlass:
    return _serving[0].emergencies


def watch() -> Watch:
    return _serving[0].watch


def inspection() -> Inspection:
    return _serving[0].inspection


def desk() -> Desk:
    return _serving[0].citizens


def organisation() -> Organisation:
    return _serving[0].organisation


def intake() -> Intake:
    return _serving[0].intake


def agreement() -> Overview:
    return _serving[0].agreement


def journal() -> Journal:
    return _serving[0].journal


def door(request: HttpRequest) -> Door:
    return Door(_serving[0].records, errand(request))


def errand(request: HttpRequest) -> Errand:
    """The one errand of a request to our own pages: staff read on a screen for treatment, a citizen for himself."""
    made: Errand | None = getattr(request, "errand", None)
    if made is None:
        from hoso.web.sign_in.assurance import multi  # allauth can be imported only once Django is settled

        user: Any = request.user
        who = actor(
            user.username, user.role, user.facility,
            practitioner=practitioner(user), person=person(user), assurance="multi" if multi(request) else "single",
        )  # fmt: skip
        session = trace(request.session.session_key or "")
        address = str(request.META.get("REMOTE_ADDR", ""))
        made = request.errand = Errand(  # type: ignore[attr-defined]
            who, usual_purpose(who), "screen", request=new_id(), session=session, address=address, notes=Notes()
        )
    return made


def tell(request: HttpRequest) -> None:
    """What the page is about to show of anybody. Raises Unavailable."""
    made: Errand | None = getattr(request, "errand", None)
    if made is not None:
        _serving[0].records.noted(made, request.get_full_path())


def signed_in(view: View) -> View:
    """Sends others to sign in first, and back here afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return HttpResponseRedirect("/?" + urlencode({"next": request.get_full_path()}))

    return guarded


def may(request: HttpRequest, what: Literal["identify", "emergency", "oversee"]) -> bool:
    """Whether the role receives people, opens records in an emergency, or looks at those that were opened."""
    user: Any = request.user
    row = role(user.role) if user and user.is_authenticated else None
    if row is None:
        return False
    return row.name == "privacy-officer" if what == "oversee" else row.identify if what == "identify" else row.emergency


def may_register(request: HttpRequest) -> bool:
    """Whether the role writes down who somebody is, and receives them, at a facility of its own."""
    who = errand(request).actor if request.user.is_authenticated else None
    row = role(who.role) if who and who.facility else None
    writes = row is not None and row.covers("write", "Patient") and row.covers("write", "Encounter")
    return row is not None and writes and row.identify and row.reach == "tied"


def may_print(request: HttpRequest, type: str = "") -> bool:
    """Whether the role puts records of a type on paper; without a type, any."""
    row = role(errand(request).actor.role)
    return row is None or (row.covers("print", type) if type else bool(row.types["print"]))


def _decides(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user and user.is_authenticated and scopes(user.role).permits("Linkage", "c"))


def _treats(request: HttpRequest) -> bool:
    """Whether the role reaches those it is tied to, and so takes codes at the counter and hands over."""
    user: Any = request.user
    row = role(user.role) if user and user.is_authenticated else None
    return row is not None and row.reach == "tied"


def _writes_visits(request: HttpRequest) -> bool:
    """Whether the role writes down what was found in a visit."""
    user: Any = request.user
    may = scopes(user.role) if user and user.is_authenticated else None
    return may is not None and all(may.permits(type, "c") for type in ("Encounter", "Observation"))


def _inspects(request: HttpRequest) -> bool:
    """Whether the role looks through the log of everybody."""
    user: Any = request.user
    return bool(user and user.is_authenticated and inspects(user.role))


def _administers(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user and user.is_authenticated and administers(user.role))


def decides_for_node(request: HttpRequest) -> bool:
    """Whether this is an administrator of the node, who decides about apps; not every facility's is."""
    user: Any = request.user
    return _administers(request) and organisation().decides(user.post)


@dataclass(frozen=True, slots=True)
class Waits:
    """What a privacy officer has yet to look at, for the bar of every page."""

    emergencies: int = 0
    unusual: int = 0
    cases: int = 0


def waiting(request: HttpRequest) -> Waits:
    """Nothing for who has not shown a second factor, and while nobody can say: a page is not lost for a number."""
    asking = errand(request)
    try:
        cases = [case for case in desk().cases.queue(asking) if case.state == "open"]
        return Waits(len(emergencies().queue(asking)), watch().waiting(asking), len(cases))
    except (Refused, Unavailable):
        return Waits()


def leading_to(response: HttpResponse, addresses: Iterable[str]) -> HttpResponse:
    """A browser lets a form be answered with a redirect only to where its page says (`middleware.POLICY`)."""
    targets = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)}
    response.form_targets = sorted(targets)  # type: ignore[attr-defined]
    return response


def page(request: HttpRequest, template: str, status: int = 200, **values: Any) -> HttpResponse:
    return render(request, template, values, status=status)


def shared(request: HttpRequest) -> dict[str, Any]:
    """What every template may ask for, also those that allauth fills."""
    return {
        "user": request.user,
        "node": node_name(),
        "decides": _decides(request),
        "administers": _administers(request),
        "decides_for_node": decides_for_node,
        "oversees": may(request, "oversee"),
        "overseen": waiting,
        "inspects": _inspects(request),
        "known_line": partial(line.known, agreement),
        "national": settings.NATIONAL,
        "emergency": getattr(request, "emergency", None),
        "hands_over": _treats(request),
        "writes_visits": _writes_visits(request),
        "prints": partial(may_print, request),
        "practises": practises(),
        "unread": getattr(request, "unread", ()),
        "large": request.COOKIES.get(TEXT_COOKIE) == "large",
        "degraded": getattr(request, "degraded", False),
    }
