from __future__ import annotations

import pytest
from tests.api.caller import Caller

PATIENT = {"resourceType": "Patient", "id": "a"}


@pytest.mark.parametrize("token", [None, "", "pony", "hoso_" + "x" * 43, "hoso_\xff", "x" * 5000])
def test_nothing_but_the_statement_is_told_without_a_token(call: Caller, token: str | None) -> None:
    call("PUT", "Patient/a", PATIENT)
    call.token = token
    for method, path in (
        ("GET", "Patient/a"),
        ("GET", "Patient"),
        ("GET", "Pony/1"),
        ("PUT", "Patient/a"),
        ("POST", ""),
    ):
        answer = call(method, path, PATIENT if method == "PUT" else None)
        assert (answer.status, answer.keys) == (401, ["rest.token"])
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hoso"'
    assert call("GET", "/healthz").body == b"ok\n"


def test_another_scheme_proves_nothing(call: Caller) -> None:
    token, call.token = call.token, None
    assert call("GET", "Patient", Authorization=f"Basic {token}").status == 401
    assert call("GET", "Patient", Authorization=f"bearer {token}").status == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("system/Patient.r", {"read", "vread", "history"}),
        ("system/Patient.s", {"search", "type-history"}),
        ("system/Patient.c", {"create"}),
        ("system/Patient.u", {"update", "patch"}),
        ("system/Patient.d", {"delete"}),
        ("system/Patient.read", {"read", "vread", "history", "search", "type-history"}),
        ("system/Observation.cruds", set()),
        (
            "system/*.cruds",
            {"read", "vread", "history", "search", "type-history", "create", "update", "patch", "delete"},
        ),
    ],
)
def test_each_right_opens_its_interactions_and_no_other(call: Caller, scope: str, allowed: set[str]) -> None:
    call("PUT", "Patient/a", PATIENT)
    other = call.holding(scope)
    patch = [{"op": "add", "path": "/active", "value": True}]
    tries = {
        "read": lambda: other("GET", "Patient/a"),
        "vread": lambda: other("GET", "Patient/a/_history/1"),
        "history": lambda: other("GET", "Patient/a/_history"),
        "search": lambda: other("GET", "Patient"),
        "type-history": lambda: other("GET", "Patient/_history"),
        "create": lambda: other("POST", "Patient", {"resourceType": "Patient"}),
        "update": lambda: other("PUT", "Patient/a", PATIENT),
        "patch": lambda: other("PATCH", "Patient/a", patch, Content_Type="application/json-patch+json"),
        "delete": lambda: other("DELETE", "Patient/a"),
    }
    for name, attempt in tries.items():
        answer = attempt()
        assert (answer.status != 403) == (name in allowed), (name, answer.status)


def test_refused_looks_the_same_whether_the_record_is_there_or_not(call: Caller) -> None:
    call("PUT", "Patient/a", PATIENT)
    other = call.holding("system/Observation.cruds")
    there, absent = other("GET", "Patient/a"), other("GET", "Patient/b")
    assert (there.status, there.body, there.headers) == (absent.status, absent.body, absent.headers)


def test_a_conditional_write_needs_the_right_to_search(call: Caller) -> None:
    other = call.holding("system/Patient.c")
    assert other("POST", "Patient", PATIENT, If_None_Exist="identifier=x").status == 403


def test_chains_and_has_look_only_at_what_the_caller_may_see(call: Caller) -> None:
    call("PUT", "Patient/a", {**PATIENT, "gender": "male"})
    call.make("Observation", status="final", code={"text": "x"}, subject={"reference": "Patient/a"})
    assert len(call("GET", "Observation?patient.gender=male").resources) == 1
    narrow = call.holding("system/Observation.rs")
    assert narrow("GET", "Observation?patient.gender=male").json.get("entry") is None
    narrow = call.holding("system/Patient.rs", "third")
    assert narrow("GET", "Patient?_has:Observation:patient:status=final").json.get("entry") is None


def test_who_may_not_read_is_not_shown_what_was_there_before(call: Caller) -> None:
    known = {"identifier": [{"system": "urn:x", "value": "1"}], "name": [{"family": "Bí Mật"}]}
    id = call.make("Patient", **known)["id"]
    other = call.holding("system/Patient.cus", "blind")
    patch = [{"op": "add", "path": "/active", "value": True}]
    other_patch = other("PATCH", f"Patient/{id}", patch, Content_Type="application/json-patch+json")
    found = other("POST", "Patient", {"resourceType": "Patient"}, If_None_Exist="identifier=urn:x|1")
    assert (other_patch.status, other_patch.body) == (200, b"")
    assert (found.status, found.body) == (200, b"")
    again = {"resourceType": "Patient"}
    request = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|1"}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": request, "resource": again}]}
    assert "resource" not in other("POST", "", bundle, Prefer="return=representation").json["entry"][0]
    bundle["type"] = "batch"
    assert "resource" not in other("POST", "", bundle, Prefer="return=representation").json["entry"][0]
    assert call("POST", "", bundle, Prefer="return=representation").json["entry"][0]["resource"]["id"] == id
