"""Nobody raises themselves: who may write what rights come from, tried through the FHIR API on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.api.caller import Caller
from tests.security.ward import NOW, asked_by, patient, staff, visit, ward

from hoso.access import Actor, Scopes
from hoso.access.organisation import Posts
from hoso.fhir.systems import FACILITY_CODE, FACILITY_LEVEL, ORGANISATION_CODE, ROLE
from hoso.store.record_store import RecordStore

Resource = dict[str, Any]


def place(id: str, code: str = "", under: str = "", kind: str = "", system: str = FACILITY_CODE) -> Resource:
    return {
        "resourceType": "Organization", "id": id, "name": id,
        **({"identifier": [{"system": system, "value": code}]} if code else {}),
        **({"partOf": {"reference": f"Organization/{under}"}} if under else {}),
        **({"type": [{"coding": [{"system": FACILITY_LEVEL, "code": kind}]}]} if kind else {}),
    }  # fmt: skip


def role(id: str, who: str, name: str = "", at: str = "f1", **more: Any) -> Resource:
    code = {"code": [{"coding": [{"system": ROLE, "code": name}]}]} if name else {}
    return {
        "resourceType": "PractitionerRole", "id": id, "practitioner": {"reference": f"Practitioner/{who}"},
        "organization": {"reference": f"Organization/{at}"}, **code, **more,
    }  # fmt: skip


def person(id: str, **more: Any) -> Resource:
    return {"resourceType": "Practitioner", "id": id, "name": [{"text": id}], **more}


WORLD = (
    place("soyte", "SYT35", kind="health_department", system=ORGANISATION_CODE),
    place("f1", "35001", under="soyte"), place("f2", "35002", under="soyte"), place("f9", "79001"),
    place("ward", under="f1"), place("ward2", under="f2"),
    *(person(one) for one in ("boss", "nurse", "other", "both", "officer", "top")),
    role("r-boss", "boss", "facility-administrator"), role("r-nurse", "nurse", "nurse", "ward"),
    role("r-other", "other", "doctor", "f2"), role("r-both", "both", "doctor"), role("r-both2", "both", "doctor", "f2"),
    role("r-officer", "officer", "privacy-officer"), role("r-top", "top", "facility-administrator", "soyte"),
)  # fmt: skip
BOSS = staff("boss", "facility-administrator", practitioner="boss")
TOP = staff("top", "facility-administrator", facility="SYT35", practitioner="top")
SYSTEM = Actor("client/his", Scopes.parse("system/*.cruds"), labels=frozenset())


@pytest.fixture
def by(store: RecordStore) -> Callable[[Actor], Caller]:
    first = ward(store, WORLD)
    return lambda actor: asked_by(first, store, actor)


FORBIDDEN: list[tuple[str, str, str, Resource | None]] = [
    ("oneself-new", "POST", "PractitionerRole", role("", "boss", "doctor")),
    ("oneself-changed", "PUT", "PractitionerRole/r-boss", role("r-boss", "boss", "privacy-officer")),
    ("oneself-longer", "PUT", "PractitionerRole/r-boss", role("r-boss", "boss", "facility-administrator", period={})),
    ("another's-made-mine", "PUT", "PractitionerRole/r-nurse", role("r-nurse", "boss", "doctor")),
    ("other-facility", "POST", "PractitionerRole", role("", "nurse", "nurse", "f2")),
    ("other-department", "POST", "PractitionerRole", role("", "nurse", "nurse", "ward2")),
    ("above", "POST", "PractitionerRole", role("", "nurse", "facility-administrator", "soyte")),
    ("taken-over", "PUT", "PractitionerRole/r-other", role("r-other", "other", "doctor", "f1")),
    ("sent-away", "PUT", "PractitionerRole/r-nurse", role("r-nurse", "nurse", "nurse", "f2")),
    ("reaches-all", "POST", "PractitionerRole", role("", "nurse", "steward")),
    ("national", "POST", "PractitionerRole", role("", "nurse", "national-health")),
    ("system", "POST", "PractitionerRole", role("", "nurse", "system")),
    ("citizen", "POST", "PractitionerRole", role("", "nurse", "citizen")),
    ("unknown-role", "POST", "PractitionerRole", role("", "nurse", "god")),
    ("officer-ended", "PUT", "PractitionerRole/r-officer", role("r-officer", "officer", "nurse")),
    ("officer-deleted", "DELETE", "PractitionerRole/r-officer", None),
    ("nobody", "POST", "PractitionerRole", {**role("", "nurse", "nurse"), "practitioner": {"display": "x"}}),
    ("elsewhere", "POST", "PractitionerRole",
     {**role("", "nurse", "nurse"), "practitioner": {"reference": "https://elsewhere.example/fhir/Practitioner/boss"}}),
    ("two-at-once", "POST", "PractitionerRole", {**role("", "nurse"), "code": [{"coding": [
        {"system": ROLE, "code": "nurse"}, {"system": ROLE, "code": "national-health"}]}]}),
    ("facility-number", "PUT", "Organization/f1", place("f1", "35002", under="soyte")),
    ("second-number", "PUT", "Organization/f1", {**place("f1", "35001", under="soyte"), "identifier": [
        {"system": FACILITY_CODE, "value": "35001"}, {"system": FACILITY_CODE, "value": "35002"}]}),
    ("own-place", "PUT", "Organization/f1", place("f1", "35001", under="f9")),
    ("own-kind", "PUT", "Organization/f1", place("f1", "35001", under="soyte", kind="ministry")),
    ("department-with-a-number", "PUT", "Organization/ward", place("ward", "35002", under="f1")),
    ("new-with-a-number", "POST", "Organization", place("", "35777", under="f1")),
    ("new-elsewhere", "POST", "Organization", place("", under="f2")),
    ("new-on-top", "POST", "Organization", place("")),
    ("their-department", "PUT", "Organization/ward2", place("ward2", under="f1")),
    ("ring", "PUT", "Organization/ward", place("ward", under="ward")),
    ("gone", "DELETE", "Organization/f2", None),
    ("their-person", "PUT", "Practitioner/other", person("other", active=False)),
    ("shared-person", "PUT", "Practitioner/both", person("both", active=False)),
    ("their-room", "POST", "Location",
     {"resourceType": "Location", "managingOrganization": {"reference": "Organization/f2"}}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_an_administrator_writes_nothing_beyond_their_facility_and_their_own_rights(
    by: Callable[[Actor], Caller], store: RecordStore, method: str, path: str, body: Resource | None
) -> None:
    before = store.read(*path.split("/")) if "/" in path else None
    sent = {name: value for name, value in body.items() if value != ""} if body else None
    answer = by(BOSS)(method, path, sent)
    assert answer.status in (403, 422), (answer.status, answer.body)
    assert ("/" not in path) or store.read(*path.split("/")) == before


@pytest.mark.parametrize("wrap", ["transaction", "batch"])
def test_nor_in_a_bundle_with_something_that_is_theirs(by: Callable[[Actor], Caller], wrap: str) -> None:
    entries = [
        {"resource": place("ward", under="f1"), "request": {"method": "PUT", "url": "Organization/ward"}},
        {"resource": role("r-boss", "boss", "doctor"), "request": {"method": "PUT", "url": "PractitionerRole/r-boss"}},
    ]
    answer = by(BOSS)("POST", "", {"resourceType": "Bundle", "type": wrap, "entry": entries})
    statuses = [e["response"]["status"][:3] for e in answer.json.get("entry", [])] or [str(answer.status)]
    assert statuses[-1] == "403"
    assert by(BOSS)("GET", "PractitionerRole/r-boss").json["meta"]["versionId"].split("-")[0] == "1"


def test_nor_by_a_patch_or_a_condition(by: Callable[[Actor], Caller]) -> None:
    change = [{"op": "replace", "path": "/code/0/coding/0/code", "value": "privacy-officer"}]
    patched = by(BOSS)("PATCH", "PractitionerRole/r-boss", change, Content_Type="application/json-patch+json")
    assert patched.status == 403, patched.body
    found = by(BOSS)("PUT", "PractitionerRole?practitioner=Practitioner/boss", role("r-boss", "boss", "doctor"))
    assert found.status == 403, found.body


def test_an_administrator_gives_and_ends_the_roles_of_their_own_facility(by: Callable[[Actor], Caller]) -> None:
    boss = by(BOSS)
    made = boss("POST", "PractitionerRole", {k: v for k, v in role("", "nurse", "doctor", "ward").items() if v})
    assert made.status == 201, made.body
    assert (
        boss("PUT", "PractitionerRole/r-nurse", role("r-nurse", "nurse", "nurse", "ward", active=False)).status == 200
    )
    assert boss("PUT", "Organization/ward", {**place("ward", under="f1"), "name": "Khoa Nội"}).status == 200
    assert boss("PUT", "Organization/f1", {**place("f1", "35001", under="soyte"), "name": "Trạm"}).status == 200
    assert boss("PUT", "Practitioner/nurse", person("nurse", gender="female")).status == 200


def test_whoever_governs_looks_after_all_below_and_nothing_else(by: Callable[[Actor], Caller]) -> None:
    top = by(TOP)
    made = top("POST", "PractitionerRole", {k: v for k, v in role("", "nurse", "privacy-officer", "f2").items() if v})
    assert made.status == 201, made.body
    assert top("POST", "Organization", {k: v for k, v in place("", "35003", under="soyte").items() if v}).status == 201
    taken = {k: v for k, v in place("", "79001", under="soyte").items() if v}
    assert top("POST", "Organization", taken).status == 403
    assert top("PUT", "Organization/f9", place("f9", "79001", under="soyte")).status == 403
    ring = top("PUT", "Organization/f1", place("f1", "35001", under="ward"))
    assert ring.status == 403
    beyond = {k: v for k, v in role("", "nurse", "national-health", "f1").items() if v}
    assert top("POST", "PractitionerRole", beyond).status == 403


@pytest.mark.parametrize("name", ["doctor", "steward", "privacy-officer", "receptionist", "national-health"])
def test_no_other_role_writes_any_of_it(by: Callable[[Actor], Caller], name: str) -> None:
    caller = by(staff("nurse", name, practitioner="nurse"))
    for path, body in (
        ("PractitionerRole/r-nurse", role("r-nurse", "nurse", "facility-administrator", "ward")),
        ("Organization/f1", place("f1", "35002")),
        ("Practitioner/nurse", person("nurse")),
    ):
        assert caller("PUT", path, body).status == 403


def test_a_system_keeps_its_directory_and_gives_no_rights(by: Callable[[Actor], Caller], store: RecordStore) -> None:
    system = by(SYSTEM)
    assert system("PUT", "PractitionerRole/his-1", role("his-1", "nurse")).status == 201
    assert system("PUT", "Practitioner/nurse", person("nurse", gender="female")).status == 200
    assert system("PUT", "Organization/f1", {**place("f1", "35001", under="soyte"), "name": "Trạm"}).status == 200
    for method, path, body in (
        ("PUT", "PractitionerRole/his-2", role("his-2", "nurse", "national-health")),
        ("PUT", "PractitionerRole/r-nurse", role("r-nurse", "nurse")),
        ("DELETE", "PractitionerRole/r-nurse", None),
        ("PUT", "Practitioner/nurse", person("nurse", active=False)),
        ("DELETE", "Practitioner/nurse", None),
        ("PUT", "Organization/f1", place("f1", "35002", under="soyte")),
        ("DELETE", "Organization/f1", None),
    ):
        assert system(method, path, body).status == 403, (method, path)
    assert [post.role for post in Posts(store, lambda: NOW).of("nurse")] == ["nurse"]


def test_an_app_of_an_administrator_may_no_more_than_they(by: Callable[[Actor], Caller]) -> None:
    app = by(replace(BOSS, client="app", labels=frozenset()))
    assert app("PUT", "PractitionerRole/r-boss", role("r-boss", "boss", "doctor")).status == 403


def test_whoever_holds_no_practitioner_gives_nothing(by: Callable[[Actor], Caller]) -> None:
    """So that nobody is taken for somebody else than the one about whom it is."""
    made = {k: v for k, v in role("", "boss", "doctor").items() if v}
    assert by(replace(BOSS, practitioner=""))("POST", "PractitionerRole", made).status == 403


def test_staff_of_a_school_see_whom_its_visits_tie_them_to(store: RecordStore) -> None:
    """A facility that is known by a code of the register, or by its GLN, is one like any other."""
    for code, system in (("TH01", ORGANISATION_CODE), ("8930000000019", "https://www.gs1.org/gln")):
        world = (place(f"at-{code}", code, system=system), patient(f"p-{code}", "An", "001180000001"),
                 visit(f"v-{code}", f"p-{code}", f"at-{code}"))  # fmt: skip
        nurse = ward(store, world, staff("n", "nurse", facility=code))
        assert nurse("GET", f"Patient/p-{code}").status == 200
        assert asked_by(nurse, store, staff("n", "nurse", facility="OTHER"))("GET", f"Patient/p-{code}").status == 404
