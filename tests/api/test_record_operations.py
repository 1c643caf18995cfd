"""$meta and its changes, $lastn and $document over HTTP, on both engines."""

from __future__ import annotations

from typing import Any

from tests.access.audit.logs import sealer
from tests.api.caller import Answer, Caller

from hoso.store.record_store import RecordStore

TAG = {"system": "https://example.vn/tags", "code": "checked"}
OTHER = {"system": "https://example.vn/tags", "code": "printed"}
PROFILE = "https://example.vn/fhir/StructureDefinition/citizen"


def parameters(**meta: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def meta_of(answer: Answer) -> dict[str, Any]:
    (parameter,) = answer.json["parameter"]
    assert parameter["name"] == "return"
    return dict(parameter["valueMeta"])


def test_the_meta_of_a_record_is_read_added_to_and_taken_from(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "birthDate": "2020", "meta": {"tag": [OTHER]}})
    assert meta_of(call("GET", "Patient/p/$meta"))["tag"] == [OTHER]
    added = call("POST", "Patient/p/$meta-add", parameters(tag=[TAG, OTHER | {"display": "In"}], profile=[PROFILE]))
    assert (added.status, meta_of(added)["tag"], meta_of(added)["profile"]) == (200, [OTHER, TAG], [PROFILE])
    assert meta_of(added)["versionId"] == "2"
    assert meta_of(call("POST", "Patient/p/$meta-add", parameters(tag=[TAG])))["versionId"] == "2"
    assert call("GET", f"Patient?_tag={TAG['system']}|checked").resources[0]["id"] == "p"
    stale = call("POST", "Patient/p/$meta-delete", parameters(tag=[TAG]), If_Match='W/"1"')
    assert stale.status == 412
    taken = call("POST", "Patient/p/$meta-delete", parameters(tag=[TAG], profile=[PROFILE, "http://never.vn"]))
    assert (meta_of(taken).get("profile"), meta_of(taken)["tag"]) == (None, [OTHER])
    assert meta_of(call("POST", "Patient/p/$meta-delete", parameters(tag=[TAG])))["versionId"] == "3"
    assert meta_of(call("GET", "Patient/p/_history/2/$meta"))["profile"] == [PROFILE]
    assert call("GET", "Patient/p").json["birthDate"] == "2020"


def test_what_no_meta_operation_can_do_is_refused(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    assert call("POST", "Patient/p/$meta-add", parameters(versionId="9")).keys == ["rest.meta-lists"]
    assert call("POST", "Patient/p/$meta-add", parameters(source="urn:x")).keys == ["rest.meta-lists"]
    assert call("POST", "Patient/p/$meta-add", {"resourceType": "Parameters"}).keys == ["identity.no-parameter"]
    assert call("POST", "Patient/none/$meta-add", parameters(tag=[TAG])).status == 404
    assert call("GET", "Patient/none/$meta").status == 404
    assert call("GET", "Patient/p/$meta-add").status == 405
    assert call("POST", "Patient/p/$meta-add", parameters(tag=[{"code": "a  b"}])).status == 422
    call("DELETE", "Patient/p")
    assert call("GET", "Patient/p/$meta").status == 410
    assert call("POST", "Patient/p/$meta-add", parameters(tag=[TAG])).status == 404


def observation(id: str, date: str, *codes: str, **more: Any) -> dict[str, Any]:
    coding = [{"system": "http://loinc.org", "code": code} for code in codes]
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": coding} if codes else {"text": more.pop("text", "x")},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": date,
    } | more


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.resources]


def test_the_last_observations_of_each_kind(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    for one in (
        observation("w1", "2024-01-01", "29463-7"),
        observation("w2", "2025-01-01", "29463-7"),
        observation("w3", "2026-01-01", "29463-7", status="entered-in-error"),
        observation("g1", "2025-06-01", "15074-8"),
        observation("g2", "2024-06-01", "14749-6", "15074-8"),
        observation("g3", "2023-06-01", "14749-6"),
        observation("t1", "2022-01-01", text="Ngủ ngon"),
        observation("t2", "2021-01-01", text="ngủ ngon"),
        observation("o", "2026-01-01", "29463-7", subject={"reference": "Patient/q"}),
    ):
        call("PUT", f"Observation/{one['id']}", one)
    assert ids(call("GET", "Observation/$lastn?patient=p")) == ["g1", "w2", "t1"]
    assert ids(call("GET", "Observation/$lastn?subject=Patient/p&max=2")) == ["g1", "g2", "w2", "w1", "t1", "t2"]
    assert ids(call("GET", "Observation/$lastn?patient=p&code=http://loinc.org|29463-7&max=9")) == ["w2", "w1"]
    assert ids(call("GET", "Observation/$lastn?patient=p&code=29463-7&status=entered-in-error")) == ["w3"]
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueString": "p"}, {"name": "max", "valuePositiveInt": 1},
        {"name": "code", "valueCode": "15074-8"},
    ]}  # fmt: skip
    assert ids(call("POST", "Observation/$lastn", body)) == ["g1"]
    assert ids(call("GET", "Observation/$lastn?patient=nobody")) == []


def test_a_last_that_can_mean_nothing_is_refused(call: Caller) -> None:
    for query, key in (
        ("code=a", "rest.lastn-subject"),
        ("patient=p&max=0", "rest.lastn-max"),
        ("patient=p&max=1&max=2", "rest.lastn-max"),
        ("patient=p&_sort=code", "rest.unknown-parameter"),
        ("patient=p&pony=1", "search.unknown-parameter"),
    ):
        answer = call("GET", f"Observation/$lastn?{query}")
        assert (answer.status, answer.keys) == (400, [key])
    assert call("POST", "Observation/$lastn", {"resourceType": "Patient"}).keys == ["rest.wrong-type"]
    bad = {"resourceType": "Parameters", "parameter": [{"name": "patient", "valueHumanName": {"text": "a"}}]}
    assert call("POST", "Observation/$lastn", bad).keys == ["rest.lastn-parameter"]
    assert call("GET", "Patient/$lastn?patient=p").status == 404


COMPOSITION: dict[str, Any] = {
    "resourceType": "Composition",
    "id": "c",
    "status": "final",
    "type": {"text": "Tóm tắt"},
    "subject": {"reference": "Patient/p"},
    "date": "2026-11-26",
    "author": [{"reference": "http://hoso.test/fhir/Patient/p"}, {"display": "Trạm y tế"}],
    "title": "Tóm tắt hồ sơ",
    "section": [
        {"title": "Kết quả", "entry": [{"reference": "Observation/w1"}, {"reference": "Observation/w2/_history/1"}]}
    ],
}


def test_a_document_holds_what_the_composition_refers_to(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    for id in ("w1", "w2"):
        call("PUT", f"Observation/{id}", observation(id, "2026-01-01", "29463-7"))
    call("PUT", "Composition/c", COMPOSITION)
    answer = call("GET", "Composition/c/$document")
    assert [one["id"] for one in answer.resources] == ["c", "p", "w1", "w2"]
    assert answer.json["entry"][1]["fullUrl"] == "http://hoso.test/fhir/Patient/p"
    assert (answer.json["type"], "timestamp" in answer.json, "id" in answer.json) == ("document", True, False)
    assert call("POST", "Bundle/$validate", answer.json).keys == ["outcome.all-well"]
    assert call("GET", "Composition/c/$document?persist=true").keys == ["rest.document-persist"]
    kept = call("POST", "Composition/c/$document?persist=true")
    place = kept.headers["Location"].removeprefix("http://hoso.test/fhir/")
    assert call("GET", place).json["identifier"] == kept.json["identifier"]


def test_a_document_with_a_hole_is_refused_unless_asked_for(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    call("PUT", "Observation/w1", observation("w1", "2026-01-01", "29463-7"))
    call("PUT", "Composition/c", COMPOSITION)
    answer = call("GET", "Composition/c/$document")
    assert (answer.status, answer.keys) == (422, ["rest.document-missing"])
    assert "Observation/w2" in answer.json["issue"][0]["details"]["text"]
    lenient = call("GET", "Composition/c/$document", Prefer="handling=lenient")
    assert [one["id"] for one in lenient.resources] == ["c", "p", "w1"]
    assert call("GET", "Composition/none/$document").status == 404
    assert call("GET", "Composition/c/$document?graph=http://x").keys == ["rest.document-parameter"]
    assert call("GET", "Composition/c/$document?pony=1").keys == ["rest.unknown-parameter"]


def test_what_may_not_be_read_is_not_told_by_an_operation(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    call("PUT", "Observation/w1", observation("w1", "2026-01-01", "29463-7"))
    call("PUT", "Composition/c", {name: value for name, value in COMPOSITION.items() if name != "section"})
    writer = call.holding("system/Patient.u system/Composition.r")
    written = writer("POST", "Patient/p/$meta-add", parameters(tag=[TAG]))
    assert (written.status, written.body) == (200, b"")
    again = writer("POST", "Patient/p/$meta-add", parameters(tag=[TAG]))
    assert (again.body, again.headers["ETag"]) == (b"", 'W/"3"')
    assert writer("GET", "Patient/p/$meta").status == 403
    assert writer("GET", "Observation/$lastn?patient=p").status == 403
    assert set(writer("GET", "Composition/c/$document").keys) == {"rest.document-missing"}
    assert writer("POST", "Composition/c/$meta-add", parameters(tag=[TAG])).status == 403


def test_what_an_operation_shows_and_changes_is_in_the_log(call: Caller, store: RecordStore) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    call("PUT", "Observation/w1", observation("w1", "2026-01-01", "29463-7"))
    call("PUT", "Composition/c", {name: value for name, value in COMPOSITION.items() if name != "section"})
    reader = call.holding("system/*.cruds", "reader")
    for method, path, body in (
        ("GET", "Patient/p/$meta", None),
        ("GET", "Observation/$lastn?patient=p", None),
        ("GET", "Composition/c/$document", None),
        ("POST", "Patient/p/$meta-add", parameters(tag=[TAG])),
    ):
        assert reader(method, path, body).status == 200
    sealer(store).settle()
    events = call("GET", "AuditEvent?patient=Patient/p&agent=client/reader&_count=100").resources[::-1]
    told = [(one["subtype"][0]["code"], one["action"]) for one in events]
    assert told == [("read", "R"), ("search", "E"), ("read", "R"), ("read", "R"), ("update", "U")]


def test_the_capability_statement_names_the_operations(call: Caller) -> None:
    resources = {one["type"]: one for one in call("GET", "metadata").json["rest"][0]["resource"]}
    names = {type: {one["name"] for one in resources[type]["operation"]} for type in resources}
    assert {"meta", "meta-add", "meta-delete", "lastn"} <= names["Observation"]
    assert "document" in names["Composition"] and "lastn" not in names["Composition"]
    assert names["AuditEvent"] == {"validate"}
