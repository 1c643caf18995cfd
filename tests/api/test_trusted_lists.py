"""HoSo's lists and the operator's go before what others store, and a stored list answers to whoever may read it."""

from __future__ import annotations

import json
from typing import Any

from tests.api.caller import Caller

from hoso.access import Actor, Errand, Scopes
from hoso.store.record_store import RecordStore

ICD10, RESULT = "http://hl7.org/fhir/sid/icd-10", "https://hoso.vn/CodeSystem/treatment-result"
WHOLE = "http://hl7.org/fhir/ValueSet/icd-10"
OPERATOR = Errand(Actor("user/an", Scopes.parse("system/*.cruds")), "SYSADMIN", channel="command")


def system(url: str, code: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "CodeSystem", "id": "s", "url": url, "status": "active", "content": "complete",
            "concept": [{"code": code}], **more}  # fmt: skip


def valid(call: Caller, kind: str, url: str, code: str, **more: str) -> bool:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    answer = call("GET", f"{kind}/$validate-code?url={url}&code={code}{extra}")
    assert answer.status == 200, answer.body
    return bool(answer.json["parameter"][0]["valueBoolean"])


def test_what_is_stored_under_an_address_of_hoso_changes_no_answer(call: Caller) -> None:
    same = call("GET", "CodeSystem/hoso-icd-10").json["version"]
    for version in (same, "9999"):
        assert call("PUT", "CodeSystem/s", system(ICD10, "FALSE", version=version, valueSet=WHOLE)).status in (200, 201)
        assert not valid(call, "CodeSystem", ICD10, "FALSE")
        assert valid(call, "CodeSystem", ICD10, "I10") and valid(call, "ValueSet", WHOLE, "I10", system=ICD10)
    assert valid(call, "CodeSystem", ICD10, "FALSE", version="9999")  # by its own version it can be asked for
    include = [{"system": "urn:x", "concept": [{"code": "FALSE"}]}]
    value_set = {
        "resourceType": "ValueSet",
        "id": "w",
        "url": WHOLE,
        "status": "active",
        "compose": {"include": include},
    }
    assert call("PUT", "ValueSet/w", value_set).status == 201
    assert not valid(call, "ValueSet", WHOLE, "FALSE", system="urn:x")
    assert valid(call, "ValueSet", WHOLE, "I10", system=ICD10)


def test_the_operators_list_goes_before_hosos_and_nobody_else_writes_it(call: Caller) -> None:
    own = system(RESULT, "77", id="terms-1", version="2030")
    call.records.update(OPERATOR, "CodeSystem", "terms-1", json.dumps(own).encode())
    assert valid(call, "CodeSystem", RESULT, "77") and not valid(call, "CodeSystem", RESULT, "5")
    changed = {**own, "concept": [{"code": "666"}]}
    entry = {"resource": changed, "request": {"method": "PUT", "url": "CodeSystem/terms-1"}}
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    remove = [{"op": "remove", "path": "/concept"}]
    for answer in (
        call("PUT", "CodeSystem/terms-1", changed), call("POST", "", whole), call("DELETE", "CodeSystem/terms-1"),
        call("PATCH", "CodeSystem/terms-1", remove, Content_Type="application/json-patch+json"),
        call("PUT", "CodeSystem/terms-2", {**changed, "id": "terms-2"}),
    ):  # fmt: skip
        assert (answer.status, answer.keys) == (403, ["terminology.operators"])
    assert valid(call, "CodeSystem", RESULT, "77")


def test_a_stored_list_answers_to_whoever_may_read_it(call: Caller, store: RecordStore) -> None:
    include = [{"system": "urn:test:s"}]
    value_set = {"resourceType": "ValueSet", "id": "v", "url": "urn:test:v", "status": "active",
                 "compose": {"include": include}}  # fmt: skip
    for one in (system("urn:test:s", "1"), value_set):
        assert call("PUT", f"{one['resourceType']}/{one['id']}", one).status == 201
    asks = ("ValueSet/$expand?url=urn:test:v", "ValueSet/$validate-code?url=urn:test:v&system=urn:test:s&code=1",
            "ValueSet/v/$expand", "CodeSystem/$lookup?system=urn:test:s&code=1")  # fmt: skip
    for scope, statuses in (
        ("system/*.r", [200] * 4), ("system/Patient.rs", [404] * 4), ("system/ValueSet.r", [404, 404, 404, 404]),
        ("system/CodeSystem.r", [404, 404, 404, 200]), ("system/ValueSet.r system/CodeSystem.r", [200] * 4),
    ):  # fmt: skip
        other = call.holding(scope, scope)
        assert [other("GET", ask).status for ask in asks] == statuses, scope
        assert other("GET", f"CodeSystem/$validate-code?url={ICD10}&code=I10").status == 200
    named = {one["uri"] for one in call("GET", "metadata?mode=terminology").json["codeSystem"]}
    assert ICD10 in named and "urn:test:s" not in named  # whoever has no token may ask this
